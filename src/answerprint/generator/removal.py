"""Removal: wires, rigs, marks and people taken out of a shot, filled with what the production's own cameras saw.

Thin things are filled frame by frame from near frames, a clean plate and the frame itself, whichever agrees best with what
stands beside them; larger things from one clean plate of the set. Under a performer nothing is made: a thin thing there
gives way to that performer's own pixels from at most three frames away, or stays.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from answerprint.generator.frame_noise import FrameNoise
from answerprint.generator.large_region import fill_large, prepare_large
from answerprint.generator.log_light import decoded
from answerprint.generator.removal_choice import NOISE_FLOOR
from answerprint.generator.removal_grain import even_out, regrained
from answerprint.generator.removal_lanes import Lanes, QuadMatte, enclosing, opacity, overview
from answerprint.generator.removal_look import Fill, Look, Offer
from answerprint.generator.removal_moving import fill_moving, frames_followed
from answerprint.generator.removal_register import laid_over
from answerprint.generator.removal_restore import restore_performer
from answerprint.generator.removal_still import noise_of, prepare_still, still_plate
from answerprint.generator.removal_thin import DOUBT, fill_thin
from answerprint.generator.removal_window import Memory, Window
from answerprint.generator.stops import STOPS
from answerprint.graph.compositor import RESTORE_REACH
from answerprint.graph.contract import (
    Analysis,
    Box,
    Chunk,
    Context,
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

__all__ = ["Removal", "RemovalParameters"]

_FLOW_REACH = 3
_TILES_PX = 56
"""How far the tiles that hold a pixel reach round it."""
_GOOD_FLOORS = 4.0
"""In a shot without grain an offer is good up to this many times the noise floor: 0.006 rms ACEScct, a tenth of a stop."""
_STEPS = {"gentle": (1, 2, 3), "standard": (1, 2, 3, 5), "thorough": (1, 2, 3, 5, 8, 12)}
_FARTHER = {"gentle": (), "standard": (8, 12), "thorough": (18,)}
"""Frames that are asked only about what nearer ones do not know."""
_FOLLOWED = {"gentle": 12, "standard": 24, "thorough": 36}
"""Frames either way that the pixels of a large hole are followed before a moving camera: 12 lose 0.15 dB against 24, 18 lose 0.05."""


class RemovalParameters(OperationParameters):
    """What a person may choose for a removal."""

    preset: Literal["gentle", "standard", "thorough"] = Field(
        default="standard",
        description="how far to look either way: gentle 3 frames; standard 5, and 12 where those do not know; thorough 12 and 18 (slower);"
        " behind large things before a moving camera 12, 24 and 36, as memory allows",
    )
    strength: float = Field(default=1.0, ge=0.0, le=1.0, description="1 takes it out, 0 leaves it, between lets it shine through")
    matte: Literal["plain", "quad"] = Field(
        default="plain", description="quad: a four-level matte, 0 remove, 63 overlap, 127 affected such as a shadow, 255 keep"
    )
    edge_px: float = Field(
        default=0.0,
        ge=0.0,
        le=8.0,
        description="pixels (at HD width) round a thin matte that show the wire too: more than 0 where mattes are drawn too tight",
    )
    grain: float = Field(
        default=1.0, ge=0.0, le=2.0, description="share of the shot's own grain put back where blending took it away"
    )

    unseen: Literal["texture", "smooth"] = Field(
        default="texture",
        description="what no frame of a moving camera ever shows: texture of the set beside it, which is made up, or smooth (least error)",
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "gentle": {"preset": "gentle"},
        "standard": {"preset": "standard"},
        "thorough": {"preset": "thorough"},
    }


@dataclass
class _Canvas:
    """One frame in the making, all planes full size."""

    picture: Picture
    fill: Picture
    support: npt.NDArray[np.uint16]
    restored: npt.NDArray[np.int8]
    sources: set[SourceUse] = field(default_factory=set)

    def within(self, part: tuple[slice, slice]) -> _Canvas:
        """The part of the frame, sharing its memory and its sources."""
        return _Canvas(self.picture[part], self.fill[part], self.support[part], self.restored[part], self.sources)


class Removal(Operation):
    """Take what the matte covers out of the shot."""

    name = "removal"
    version = "6"
    summary = "Takes wires, rigs, marks and people out of a shot and brings back what was behind them."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("matte", SocketType.MATTE, "what to take out: white inside, greys are soft edges, black is never touched"),
        Socket("protect", SocketType.MATTE, "the performers, without anyone who is to be removed", required=False),
        Socket(
            "takes",
            SocketType.FRAME_SEQUENCE,
            "other takes by the same camera, for what this one never shows",
            required=False,
            many=True,
        ),
        Socket("witnesses", SocketType.FRAME_SEQUENCE, "other calibrated cameras of the same moment", required=False, many=True),
    )
    Parameters = RemovalParameters

    def __init__(self) -> None:
        self._memory = Memory()

    def halo(self, parameters: RemovalParameters) -> int:
        """The farthest frame that is asked."""
        return max(_FOLLOWED[parameters.preset], _farthest(parameters))

    def analyse(self, inputs: Inputs, parameters: RemovalParameters, context: Context) -> Analysis:
        """Where the mattes are, whether the camera is locked, and the clean plates."""
        inputs = _plain(inputs, parameters)
        plate, matte, protect = inputs["plate"], inputs["matte"], inputs.get("protect")
        seen = overview(plate, matte, context)
        analysis = Analysis(facts={"box": None if seen.box is None else list(seen.box)})
        if seen.box is None:
            return analysis
        if seen.large:
            arrays, analysis.facts["large"] = prepare_large(
                plate, matte, protect, list(inputs.get("witnesses") or []), context, list(inputs.get("takes") or [])
            )
            analysis.arrays |= {f"large_{name}": array for name, array in arrays.items()}
        if seen.thin or not analysis.facts["large"]["static"]:
            arrays, analysis.facts["still"] = prepare_still(
                plate, matte, protect, seen.box, parameters.edge_px, context, list(inputs.get("takes") or [])
            )
            analysis.arrays |= {f"still_{name}": array for name, array in arrays.items()}
            if not analysis.facts["still"]["locked"]:
                # What a hole shows may have come from far away, and the camera's movement is told from the whole picture.
                analysis.facts["box"] = [0, 0, plate.width, plate.height]
        frames = {at for part in ("large", "still") for at in analysis.facts.get(part, {}).get("frames", [])}
        analysis.sources = [SourceUse("plate", at) for at in sorted(frames)]
        heard = {(at, n) for part in ("large", "still") for n, used in analysis.facts.get(part, {}).get("takes", []) for at in used}
        analysis.sources += [SourceUse("takes", at, number) for at, number in sorted(heard, key=lambda one: one[::-1])]
        analysis.sources += _witnesses_used(inputs, analysis.facts.get("large", {}))
        return analysis

    def render(self, chunk: Chunk, analysis: Analysis, parameters: RemovalParameters, context: Context) -> Iterator[FrameResult]:
        """Fill each frame. A frame's result depends on the analysis and the frames within the halo, on nothing else."""
        inputs = _plain(chunk.inputs, parameters)
        for frame in chunk.frames:
            context.check_cancelled()
            yield self._frame(frame, inputs, analysis, parameters, context)

    def _frame(
        self, frame: int, inputs: Inputs, analysis: Analysis, parameters: RemovalParameters, context: Context
    ) -> FrameResult:
        wanted = np.asarray(inputs["matte"].read(frame), np.float32)
        box = enclosing(wanted > 0)
        if box is None:
            return untouched(frame)
        protect = inputs.get("protect")
        lanes = Lanes.on(wanted, None if protect is None else protect.read(frame))
        picture = np.asarray(inputs["plate"].read(frame), np.float32)
        shape = wanted.shape
        canvas = _Canvas(picture, picture.copy(), np.zeros(shape, np.uint16), np.zeros(shape, np.int8))
        if lanes.large.any() and analysis.facts["large"]["static"]:
            self._fill_large(frame, analysis, lanes, canvas, context)
        elif lanes.large.any():
            self._fill_from_frames(frame, inputs, analysis, lanes.all_as_thin(), canvas, parameters, context, large=True)
        if lanes.thin.any():
            self._fill_from_frames(frame, inputs, analysis, lanes, canvas, parameters, context)
        x0, y0, x1, y1 = box
        cut = np.s_[y0:y1, x0:x1]
        matte = opacity(wanted[cut]) * np.float32(parameters.strength)
        noise = noise_of(_named(analysis, "large_")) or noise_of(_named(analysis, "still_"))
        fill = canvas.fill[cut].copy()
        if noise is not None and parameters.grain > 0:
            made = ~lanes.guarded[cut] & (canvas.restored[cut] == 0)
            even_out(fill, canvas.picture[cut], matte, made, noise, parameters.grain, context.generator("removal", "edge", frame))
        invented = (wanted > 0) & (canvas.support == 0) & ~lanes.guarded
        return FrameResult(
            frame,
            box,
            matte=matte,
            fill=fill,
            support=canvas.support[cut],
            restored=canvas.restored[cut],
            sources=sorted(canvas.sources),
            figures={
                "thin_px": float(lanes.thin.sum()),
                "large_px": float(lanes.large.sum()),
                "invented_px": float(invented.sum()),
                "restored_px": float((canvas.restored != 0).sum()),
            },
        )

    def _fill_large(self, frame: int, analysis: Analysis, lanes: Lanes, canvas: _Canvas, context: Context) -> None:
        box = enclosing(lanes.large)
        assert box is not None
        x0, y0, x1, y1 = box
        facts = analysis.facts["large"]
        rng = context.generator("removal", "large", frame)
        made, support = fill_large(canvas.picture, lanes.wanted, box, _named(analysis, "large_"), facts, rng)
        here = lanes.large[y0:y1, x0:x1]
        canvas.fill[y0:y1, x0:x1][here] = made[here]
        canvas.support[y0:y1, x0:x1][here] = support[here]
        canvas.sources |= set(analysis.sources)

    def _fill_from_frames(
        self, frame: int, inputs: Inputs, analysis: Analysis, lanes: Lanes, canvas: _Canvas, parameters: RemovalParameters,
        context: Context, large: bool = False,
    ) -> None:  # fmt: skip
        """Thin things, or (``large``) a hole before a moving camera: what other frames show, and of performers only what is their own."""
        x0, y0, x1, y1 = box = tuple(analysis.facts["box"])
        cut = np.s_[y0:y1, x0:x1]
        reach = frames_followed(_FOLLOWED[parameters.preset], x1 - x0, y1 - y0)
        window = self._window(inputs, analysis, parameters, box, reach)
        near = _either_way(frame, _STEPS[parameters.preset], inputs["plate"].count)
        guarded = lanes.guarded[cut]
        free, over = lanes.thin[cut] & ~guarded, lanes.thin[cut] & guarded
        if free.any():
            asked: Sequence[int]
            noise = noise_of(_named(analysis, "still_"))
            if large:
                asked = range(max(0, frame - reach), min(inputs["plate"].count, frame + reach + 1))
                made = fill_moving(window, frame, asked, _scene(frame, analysis, parameters), free)
            else:
                farther = _either_way(frame, _FARTHER[parameters.preset], inputs["plate"].count)
                asked = [*near, *farther]
                made = _thin_made(frame, near, farther, window, analysis, free, _good(noise))
            if noise is not None and parameters.grain > 0:
                rng = context.generator("removal", "grain", frame)
                made = regrained(made, window.look(frame), free, noise, parameters.grain, rng)
            canvas.fill[cut][free], canvas.support[cut][free] = decoded(made.rgb[free]), made.support[free]
            canvas.sources |= {SourceUse("plate", at) for at in asked}
            canvas.sources |= {SourceUse("plate", at) for at in analysis.facts.get("still", {}).get("frames", [])}
            canvas.sources |= {use for use in analysis.sources if use.socket == "takes"}
        if over.any() and not large:
            _restore(frame, [at for at in near if abs(at - frame) <= RESTORE_REACH], window, guarded, over, canvas.within(cut))

    def _window(self, inputs: Inputs, analysis: Analysis, parameters: RemovalParameters, box: Box, reach: int) -> Window:
        """What is kept in memory of the frames round the one in work."""
        following = not analysis.facts.get("large", {}).get("static", True)
        kept = reach if following else _farthest(parameters)
        return Window(inputs["plate"], inputs["matte"], parameters.edge_px, box, kept, self._memory, "large" in analysis.facts)


def _thin_made(
    frame: int, near: list[int], farther: list[int], window: Window, analysis: Analysis, free: npt.NDArray[np.bool_], good: float
) -> Fill:
    """A thin hole filled: from what costs little first, then along flow, then, if the camera moves, from farther away."""
    offers = _cheap(frame, near, window, analysis)
    further = _along_flow(frame, near, window)
    if farther and not analysis.facts["still"]["locked"]:
        further.append(lambda _: _by_camera(frame, farther, window, DOUBT))
    return fill_thin(window.look(frame), offers, free, further, good)


def _restore(
    frame: int, near: list[int], window: Window, guarded: npt.NDArray[np.bool_], over: npt.NDArray[np.bool_], canvas: _Canvas
) -> None:
    """A performer's own pixels from near frames, where a thing crosses the performer; ``canvas`` is the window's part of the frame."""
    where = enclosing(over, _TILES_PX)
    assert where is not None
    close = {at - frame: (window.look(at), window.motion(frame, at, where, True)) for at in near}
    own, offsets = restore_performer(window.look(frame), close, guarded, over)
    found = offsets != 0
    canvas.fill[found], canvas.support[found], canvas.restored[found] = decoded(own[found]), 1, offsets[found]
    canvas.sources |= {SourceUse("plate", frame + int(step)) for step in np.unique(offsets[found])}


def _farthest(parameters: RemovalParameters) -> int:
    """The farthest frame that a wire asks."""
    return max(_STEPS[parameters.preset] + _FARTHER[parameters.preset])


def _either_way(frame: int, steps: tuple[int, ...], count: int) -> list[int]:
    return [at for step in steps for at in (frame - step, frame + step) if 0 <= at < count]


def _plain(inputs: Inputs, parameters: RemovalParameters) -> Inputs:
    """The inputs with the matte read as the parameters say."""
    return inputs if parameters.matte == "plain" else {**inputs, "matte": QuadMatte(inputs["matte"])}


def _good(noise: FrameNoise | None) -> float:
    """The squared ACEScct error beside the hole up to which an offer is as good as the shot's own grain lets anything be."""
    grain = 0.0 if noise is None else float(np.median(noise.strength)) / float(STOPS)
    return _GOOD_FLOORS * float(NOISE_FLOOR) + 4 * grain**2


def _cheap(frame: int, near: list[int], window: Window, analysis: Analysis) -> list[Offer]:
    """What costs little to ask: the clean plate and near frames in the same place behind a locked camera, else near frames as the
    camera's own movement lays them over this one."""
    if analysis.facts["still"]["locked"]:
        return [still_plate(_named(analysis, "still_")), *(Offer(window.look(at), None, at - frame) for at in near)]
    return _by_camera(frame, near, window)


def _by_camera(frame: int, others: list[int], window: Window, doubt: float = 1.0) -> list[Offer]:
    """Other frames as the camera's own movement lays them over this one."""
    offers = []
    for at in others:
        matrix = window.camera(frame, at)
        if matrix is not None:
            offers.append(Offer(window.look(at), functools.partial(_laid, matrix), at - frame, doubt))
    return offers


def _scene(frame: int, analysis: Analysis, parameters: RemovalParameters) -> Offer | None:
    """The plate of a moving camera, as this frame sees it, if there is one."""
    arrays = _named(analysis, "large_")
    if "to_plate" not in arrays:
        return None
    log = np.asarray(arrays["plate"] / STOPS, np.float32)
    error = np.asarray(arrays["spread"] / STOPS**2, np.float32)
    texture = np.asarray(arrays["texture"] / STOPS, np.float32) if parameters.unseen == "texture" else None
    lay = functools.partial(_laid, arrays["to_plate"][frame])
    return Offer(Look.of_plate(log, arrays["support"] == 0), lay, 0, support=2, spread=error, texture=texture)


def _laid(matrix: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.float32]:
    return laid_over(matrix, box[0], box[1], box[2] - box[0], box[3] - box[1])


def _along_flow(frame: int, near: list[int], window: Window) -> list[Callable[[Box], list[Offer]]]:
    """Near frames along optical flow, the nearest first, measured over the rectangle that still lacks something."""

    def at_distance(step: int, where: Box) -> list[Offer]:
        return [
            Offer(window.look(at), window.motion(frame, at, where).over, at - frame, DOUBT)
            for at in near
            if abs(at - frame) == step
        ]

    return [functools.partial(at_distance, step) for step in range(1, _FLOW_REACH + 1)]


def _named(analysis: Analysis, prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in analysis.arrays.items() if name.startswith(prefix)}


def _witnesses_used(inputs: Inputs, facts: dict[str, Any]) -> list[SourceUse]:
    clips = [reader.clip for reader in inputs.get("witnesses") or []]
    return [
        SourceUse("witnesses", frame, clips.index(heard["clip"]))
        for heard in facts.get("witnesses", [])
        if heard["clip"] in clips
        for frame in heard["frames"]
    ]
