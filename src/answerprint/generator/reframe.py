"""Reframe: a virtual camera on the plate: crop, pan and scan, level, stabilise, take a lens off or put it on, longer lens.

Nothing is invented. What the new frame would show beyond the plate is zoomed away, fetched from the frames before and
after, or left black and marked as never seen, as the person chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from answerprint.generator.stabilise import camera_steps, steadied
from answerprint.generator.virtual_camera import Framing, VirtualCamera, border, framing_at, inside, lens_at, projected
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Picture,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.graph.geometry import STMAP, Places, as_stmap
from answerprint.optics.camera import Camera
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp
from answerprint.production import BadInput

__all__ = ["Reframe", "ReframeParameters"]

_NOTHING = 1e-6
"""Pixels: what rounding leaves of a map that moves nothing."""


class ReframeParameters(OperationParameters):
    """The framing a person asks for."""

    centre_x: float = Field(default=0.5, ge=-1, le=2, description="middle of the framing, share of the plate's width from its left")
    centre_y: float = Field(default=0.5, ge=-1, le=2, description="middle of the framing, share of the plate's height from its top")
    width: float = Field(default=1.0, ge=0.05, le=4, description="width of the framing, share of the plate's width")
    rotate: float = Field(default=0.0, ge=-180, le=180, description="degrees by which the picture turns clockwise")
    aspect: float = Field(
        default=0.0,
        ge=0,
        le=20,
        description="width over height, in pixels of the plate, outside which the picture is black; 0 shows all",
    )
    keys: tuple[Framing, ...] = Field(
        default=(), description="framings at certain frames (pan and scan), in place of the one above"
    )
    stabilise: float = Field(default=0.0, ge=0, le=1, description="0 leaves the camera's movement, 1 gives it the smooth path")
    motion: Literal["shift", "similarity", "perspective"] = Field(
        default="similarity", description="what of the movement is smoothed: place; place, roll and size; or perspective too"
    )
    smooth: float = Field(default=12.0, ge=0, le=200, description="how smooth, frames; 0 holds the camera still")
    lens: Literal["keep", "undistort", "redistort"] = Field(
        default="keep", description="keep the lens as it is, make it perfect, or put it on a picture without one (--camera)"
    )
    camera: Camera | None = Field(default=None, description="the lens; without it the one recorded with the plate")
    focal: float = Field(default=1.0, ge=0.25, le=8, description="new focal length over the old one")
    edges: Literal["zoom", "fill", "mark", "refuse"] = Field(
        default="zoom",
        description="beyond the plate: zoom in until nothing is missing (not for lens work), fill from near frames, "
        "leave black and mark, or refuse",
    )
    most_zoom: float = Field(default=1.3, ge=1, le=4, description="the most that edges=zoom may enlarge; what is left is marked")
    reach: int = Field(default=12, ge=1, le=48, description="frames either way that edges=fill may look")
    kernel: Literal["lanczos", "cubic"] = Field(default="lanczos", description="how pixels are resampled, in scene-linear light")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "punch in": {"width": 0.8},
        "steady": {"stabilise": 1.0},
        "tripod": {"stabilise": 1.0, "smooth": 0.0},
    }

    def framings(self) -> tuple[Framing, ...]:
        """The keys, or the one framing for the whole clip."""
        return self.keys or (Framing(centre_x=self.centre_x, centre_y=self.centre_y, width=self.width, rotate=self.rotate),)


class Reframe(Operation):
    """A virtual camera on the plate."""

    name = "reframe"
    version = "1"
    summary = "Crops, pans and scans, levels, stabilises, undistorts and redistorts inside what the camera saw."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("protect", SocketType.MATTE, "performers, whose movement is not the camera's", required=False),
    )
    moves_frame = True
    Parameters = ReframeParameters

    def __init__(self) -> None:
        self._static: tuple[Any, Places] | None = None

    def halo(self, parameters: ReframeParameters) -> int:
        """How far margins are looked for."""
        return parameters.reach if parameters.edges == "fill" else 0

    def analyse(self, inputs: Inputs, parameters: ReframeParameters, context: Context) -> Analysis:
        """The camera's movement, its smooth path, and how far to zoom in."""
        plate: FrameReader = inputs["plate"]
        analysis = Analysis(facts={"zoom": 1.0})
        camera = _camera(plate, parameters, 1.0)
        if parameters.stabilise > 0 or parameters.edges == "fill":
            steps, agreeing = camera_steps(plate, inputs.get("protect"), context)
            analysis.arrays["steps"], analysis.facts["fewest_points"] = steps, int(agreeing[:-1].min()) if len(steps) > 1 else 0
        if parameters.stabilise > 0:
            analysis.arrays["steady"] = steadied(
                analysis.arrays["steps"], plate.width, plate.height, parameters.motion, parameters.smooth, parameters.stabilise
            )
        if parameters.edges == "zoom" and parameters.lens == "keep":
            analysis.facts["zoom"] = _zoom(plate, parameters, analysis)
        if parameters.edges == "refuse":
            for frame in range(plate.count):
                if not _covered(camera, frame, _steady(analysis, frame)):
                    raise BadInput(
                        f"reframe, frame {frame}", "the framing reaches beyond what the camera saw", "frame tighter, or set edges"
                    )
        return analysis

    def render(self, chunk: Chunk, analysis: Analysis, parameters: ReframeParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame through the virtual camera, resampled once."""
        plate: FrameReader = chunk.inputs["plate"]
        camera = _camera(plate, parameters, float(analysis.facts["zoom"]))
        for frame in chunk.frames:
            context.check_cancelled()
            yield self._frame(frame, plate, camera, analysis, parameters)

    def _frame(
        self, frame: int, plate: FrameReader, camera: VirtualCamera, analysis: Analysis, parameters: ReframeParameters
    ) -> FrameResult:
        places = self._places(camera, frame, _steady(analysis, frame))
        shown = _band(plate.width, plate.height, parameters.aspect)
        if np.abs(places - grid(plate.width, plate.height)).max() < _NOTHING and shown.all():
            return untouched(frame)
        seen = inside(places, plate.width, plate.height)
        places[~(seen & shown)] = np.nan
        # What is a rounding error beyond the outermost pixel is that pixel.
        places[..., 0] = np.clip(places[..., 0], 0, plate.width - 1)
        places[..., 1] = np.clip(places[..., 1], 0, plate.height - 1)
        fill = warp(plate.read(frame), places, parameters.kernel, edge="hold")
        support = seen.astype(np.uint16)
        sources = [SourceUse("plate", frame)]
        if parameters.edges == "fill" and not seen.all():
            beyond = self._places(camera, frame, _steady(analysis, frame))
            sources += _fill(frame, plate, beyond, seen, analysis.arrays["steps"], parameters, fill, support)
        height, width = seen.shape
        fill[~shown] = 0
        # Black by choice: the plate stands behind it, nothing is missing there.
        support[~shown] = np.maximum(support[~shown], 1)
        return FrameResult(
            frame,
            (0, 0, width, height),
            np.ones((height, width), np.float32),
            fill,
            support,
            layers={STMAP: as_stmap(places, width, height)},
            sources=sources,
            figures={
                "zoom": camera.zoom,
                "never_seen_px": float((support == 0).sum()),
                "from_near_px": float((~seen & (support > 0)).sum()),
            },
        )

    def _places(self, camera: VirtualCamera, frame: int, steady: npt.NDArray[np.float64] | None) -> Places:
        if steady is not None:
            return camera.places(frame, steady)
        key = (camera, framing_at(camera.keys, frame).model_copy(update={"frame": 0}))
        if self._static is None or self._static[0] != key:
            self._static = (key, camera.places(frame))
        return self._static[1].copy()


def _camera(plate: FrameReader, parameters: ReframeParameters, zoom: float) -> VirtualCamera:
    lens = parameters.camera or plate.camera
    if parameters.lens != "keep" and lens is None:
        raise BadInput("reframe", f"lens={parameters.lens} without a lens", "give its camera or lens file with --camera")
    wanted = lens if parameters.lens != "keep" or parameters.focal != 1 else None
    fitted = None if wanted is None else lens_at(wanted, plate.width, plate.height)
    return VirtualCamera(plate.width, plate.height, parameters.framings(), parameters.lens, parameters.focal, fitted, zoom)


def _band(width: int, height: int, aspect: float) -> npt.NDArray[np.bool_]:
    """The largest centred rectangle of ``aspect``, to whole pixels, as (h, w)."""
    band = np.zeros((height, width), bool)
    rows, columns = (
        (round(height * min(1.0, width / (aspect * height))), round(width * min(1.0, aspect * height / width)))
        if aspect
        else (height, width)
    )
    top, left = (height - rows) // 2, (width - columns) // 2
    band[top : top + rows, left : left + columns] = True
    return band


def _steady(analysis: Analysis, frame: int) -> npt.NDArray[np.float64] | None:
    maps = analysis.arrays.get("steady")
    return None if maps is None else maps[frame]


def _covered(camera: VirtualCamera, frame: int, steady: npt.NDArray[np.float64] | None) -> bool:
    round_it = camera.through(border(camera.width, camera.height), frame, steady)
    return bool(inside(round_it, camera.width, camera.height, 1e-3).all())


def _zoom(plate: FrameReader, parameters: ReframeParameters, analysis: Analysis) -> float:
    """The least zoom, in steps of a thousandth, at which no frame shows anything beyond the plate."""

    def enough(zoom: float) -> bool:
        camera = _camera(plate, parameters, zoom)
        return all(_covered(camera, frame, _steady(analysis, frame)) for frame in range(plate.count))

    if enough(1.0):
        return 1.0
    low, high = 0, round((parameters.most_zoom - 1) * 1000)
    if not enough(1 + high / 1000):
        return parameters.most_zoom
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(1 + middle / 1000) else (middle, high)
    return 1 + high / 1000


def _fill(
    frame: int,
    plate: FrameReader,
    places: Places,
    seen: npt.NDArray[np.bool_],
    steps: npt.NDArray[np.float64],
    parameters: ReframeParameters,
    fill: Picture,
    support: npt.NDArray[np.uint16],
) -> list[SourceUse]:
    """Bring what lies beyond the frame from the nearest frames that show it; count how many show it."""
    rows, columns = np.nonzero(~seen)
    wanted = places[rows, columns]
    used = []
    to = {0: np.eye(3)}
    for step in range(1, parameters.reach + 1):
        for sign in (-1, 1):
            at = frame + sign * step
            if not 0 <= at < plate.count:
                continue
            before = to[sign * (step - 1)] if step > 1 else to[0]
            to[sign * step] = (steps[at - 1] if sign > 0 else np.linalg.inv(steps[at])) @ before
            there = projected(to[sign * step], wanted)
            shown = inside(there, plate.width, plate.height) & np.isfinite(there).all(axis=-1)
            new = shown & (support[rows, columns] == 0)
            if new.any():
                brought = warp(plate.read(at), there[new][None], parameters.kernel, edge="hold")[0]
                fill[rows[new], columns[new]] = brought
                used.append(SourceUse("plate", at))
            support[rows[shown], columns[shown]] += 1
    return used
