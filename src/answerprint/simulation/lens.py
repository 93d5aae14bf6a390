"""Where the lens acts on a picture that was rendered as a pinhole saw it.

Depth of field, iris blades, oval bokeh, squeeze and breathing happen in the ray tracer. What acts on the finished picture exactly and
without noise is a list of operations, applied here in the order light meets them and nowhere else: geometry (distortion and lateral
colour in one resampling, out of a picture rendered larger than the frame), falloff, ghosts, veil. All treat light linearly, so
light groups still add up to the beauty. Sensor noise and grain do not: they are put on the plate alone.

A camera has either a lens record or no more than a distortion; what the record has no figures for does nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.optics import glare
from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.grain import add_grain
from answerprint.optics.lateral_colour import parted_gains
from answerprint.optics.lens import Glare, Iris, Lens
from answerprint.optics.noise import add_noise
from answerprint.optics.pupil import Pupil
from answerprint.optics.rolling_shutter import row_times
from answerprint.optics.sensor import Sensor
from answerprint.optics.stmap import grid
from answerprint.optics.table import LensState, Table
from answerprint.optics.vignetting import falloff
from answerprint.optics.warp import warp
from answerprint.production import BadInput
from answerprint.simulation import cameras
from answerprint.simulation.passes import Picture, Rendered
from answerprint.simulation.stage import StageCamera

Real = NDArray[np.float64]

IN_RAY_TRACER = ("depth_of_field", "iris", "bokeh_squeeze", "breathing", "longitudinal_colour")
_REACH = 3
"""Pixels beyond the farthest place that is fetched: the kernel's reach and one for rounding."""
_WIDEST = 1.0
"""At most so many pictures' widths are rendered on each side; what a fisheye shows beyond is left dark and counted."""


@dataclass(frozen=True)
class View:
    """One camera at one moment as the picture sees it."""

    camera: StageCamera
    """as it stands at the frame, the lens resolved"""
    lens: Lens
    setting: LensState
    seen: tuple[Camera, Camera, Camera]
    """before, now and after, in the frame's pixels, without overscan"""
    pad: tuple[int, int]
    """pixels rendered beyond the frame on each side, across and down"""
    readout: float = 0.0
    """frames from the first row's reading to the last one's: the rolling shutter"""

    @classmethod
    def of(
        cls, camera: StageCamera, frame: int, focus_m: float | None, scale: float, pad: tuple[int, int], rate: float = 24.0
    ) -> View:
        """The view of a stage camera at a frame; ``focus_m`` as ``cameras.focus_distance`` gives it, ``rate`` in frames a second."""
        states = [cameras.at_frame(camera, moment) for moment in (frame - 1, frame, frame + 1)]
        resolved = [cameras.with_lens(state, focus_m) for state in states]
        before, now, after = (cameras.record(state, scale) for state in resolved)
        setting = cameras.lens_setting(states[1], focus_m)
        return cls(resolved[1], _record(resolved[1]), setting, (before, now, after), pad, camera.readout_time * rate)

    @property
    def now(self) -> Camera:
        return self.seen[1]

    @cached_property
    def pitch(self) -> Real:
        """Width and height of a pixel, mm."""
        return np.array(self.now.active_sensor_physical_dimensions) / self.now.active_sensor_resolution

    @property
    def axis(self) -> tuple[float, float]:
        return float(self.now.matrix[0, 2]), float(self.now.matrix[1, 2])

    @property
    def pupil(self) -> Pupil:
        far = self.setting.model_copy(update={"focus_distance": float("inf")})
        radius = self.lens.focal_length(far) / self.setting.f_number / 2
        return Pupil.of(self.lens.iris, self.lens.squeeze, self.lens.barrel, radius)

    def sources(self, points: Real, parted: bool) -> list[Real]:
        """Where in the frame's pixels (not counting overscan) a pinhole has what the lens shows at ``points`` (..., 2).

        One array for all channels, or with ``parted`` three where the lens parts them.
        """
        away = points - self.axis
        gains = parted_gains(self.lens, self.setting, np.hypot(*np.moveaxis(away * self.pitch, -1, 0))) if parted else None
        places = [points] if gains is None else [self.axis + away * gain[..., None] for gain in gains]
        return [self.now.undistort(place) for place in places]


@dataclass(frozen=True)
class LensOperation:
    """One property of a lens. It treats light linearly, so that light groups still add up to the beauty."""

    name: str
    acts: Callable[[View], bool]
    apply: Callable[[Rendered, View], Rendered]


def overscan(camera: StageCamera, frames: range, scale: float, rate: float = 24.0) -> tuple[int, int]:
    """Pixels to render beyond the frame on each side, across and down, so that the lens finds light at every corner.

    The same for all of a camera's frames, whatever its zoom and focus do in them; (0, 0) for a camera whose lens bends nothing.
    """
    if camera.lens is None and camera.distortion == Distortion() and not camera.readout_time:
        return 0, 0
    moments = {frames[round(i)] for i in np.linspace(0, len(frames) - 1, min(len(frames), 24))} if camera.keys else {frames[0]}
    moments |= {key.frame for key in camera.keys if key.frame in frames}
    wide, bends = np.zeros(2), False
    for moment in sorted(moments):
        state = cameras.at_frame(camera, moment)
        # Whom the eyes follow is not known yet: near, middle and far stand for all that can be in focus.
        for focus in [state.focus_distance] if state.focus_distance else [0.5, 2.0, None] if camera.focus_on else [None]:
            view = View.of(camera, moment, focus, scale, (0, 0), rate)
            if _bends(view):
                wide, bends = np.maximum(wide, _beyond(view)), True
    if not bends:
        return 0, 0
    size = np.array(cameras.size(camera, scale))
    pads = np.minimum(np.ceil(wide) + _REACH, np.round(_WIDEST * size))
    return int(pads[0]), int(pads[1])


def through_lens(rendered: Rendered, view: View) -> Rendered:
    """The frame as the lens delivers it: every pass in the sensor's frame, light passes bent and dimmed, truth passes bent alike."""
    for operation in OPERATIONS:
        if operation.acts(view):
            rendered = operation.apply(rendered, view)
    return rendered


def plate(beauty: Picture, view: View, seed: int, frame: int) -> Picture | None:
    """The beauty as sensor or film records it at the camera's ISO; None for a camera without noise and grain."""
    camera = view.camera
    own = seed ^ zlib.crc32(camera.label.encode())
    if camera.grain is not None:
        return add_grain(beauty, camera.grain, 1 / float(view.pitch[1]), own, frame)
    gain = _sensor(camera).at(camera.iso_speed)
    return None if gain is None else add_noise(beauty, gain, own, frame)


def applied(view: View) -> dict[str, Any]:
    """What was put on the picture, for the record."""
    gain = _sensor(view.camera).at(view.camera.iso_speed)
    noise = "grain" if view.camera.grain is not None else None if gain is None else gain.model_dump(mode="json")
    source = view.sources(grid(*view.now.active_sensor_resolution), False)[0]
    return {
        "record": f"{view.lens.make} {view.lens.model}".strip() or None,
        "attribution": view.lens.attribution or None,
        "operations": [*(["rolling_shutter"] if view.readout else []), *(o.name for o in OPERATIONS if o.acts(view))],
        "in_ray_tracer": [*IN_RAY_TRACER, *(["cats_eyes"] if view.lens.barrel is not None else [])],
        "overscan": list(view.pad),
        "unfilled_share": float(1 - _held(source, view).mean()),
        "noise": noise,
        "noise_on": "plate" if noise is not None else None,
    }


def _bends(view: View) -> bool:
    return view.pad != (0, 0) or view.readout > 0 or view.now.distortion != Distortion() or view.lens.lateral_colour is not None


def _geometry(rendered: Rendered, view: View) -> Rendered:
    """Rolling shutter, distortion and lateral colour, once for all passes."""
    points = _read_late(rendered, view)
    plain = view.sources(points, False)[0]
    parted = view.sources(points, True)
    held = _held(plain, view)

    def light(picture: Picture) -> Picture:
        if len(parted) == 1:
            return warp(picture, parted[0] + view.pad, ring=True)
        return np.concatenate([warp(picture[..., c : c + 1], parted[c] + view.pad, ring=True) for c in range(3)], axis=2)

    def exact(picture: Picture, nothing: float) -> Picture:
        out = warp(picture, plain + view.pad, "nearest")
        out[~held] = nothing
        return out

    data = {name: exact(picture, np.inf if name == "depth" else 0.0) for name, picture in rendered.data.items()}
    if "vectors" in data:
        data["vectors"] = _vectors(data["vectors"], plain, points, view)

    def cover(matte: Picture) -> Picture:
        # The share of a pixel's weights that fall on a thing, undershoot included, in any channel: so a matte covers all that it changes.
        seen = np.mean([np.abs(warp(matte, places + view.pad, ring=True)) for places in parted], axis=0)
        return np.asarray(np.minimum(seen, 1), dtype=np.float32)

    mattes = {name: cover(matte) for name, matte in rendered.mattes.items()}
    groups = {name: light(picture) for name, picture in rendered.groups.items()}
    return Rendered(light(rendered.beauty), groups, data, mattes)


def _read_late(rendered: Rendered, view: View) -> Real:
    """For each pixel of the sensor the place in the moment's picture whose content has come there when its row is read.

    Rows are read one after the other, the middle one at the picture's moment. Speed is the mean of the ways from the frame before and to
    the next; it is known where content is now, so the place is looked for in a few rounds.
    """
    here = grid(*view.now.active_sensor_resolution)
    if not view.readout or "vectors" not in rendered.data:
        return here
    source = view.sources(here, False)[0]
    ways = _vectors(warp(rendered.data["vectors"], source + view.pad, "nearest"), source, here, view)
    speed = ((ways[..., 2:] - ways[..., :2]) / 2).astype(np.float32)
    when = row_times(here.shape[0], view.readout)[:, None, None]
    place: Real = np.asarray(here - speed * when)
    for _ in range(4):
        place = np.asarray(here - warp(speed, place, edge="hold") * when)
    return place


def _vectors(pinhole: Picture, source: Real, points: Real, view: View) -> Picture:
    """Motion in the bent picture: where the lens of the other moment puts the pinhole's place, less the pixel itself."""
    out = pinhole.copy()
    for first, other in ((0, view.seen[0]), (2, view.seen[2])):
        there = other.distort(source + pinhole[..., first : first + 2]) - points
        out[..., first : first + 2] = np.where(np.isfinite(there), there, pinhole[..., first : first + 2])
    return out


def _dims(view: View) -> bool:
    return view.lens.cosine_power > 0 or view.lens.barrel is not None or view.lens.vignetting is not None


def _falloff(rendered: Rendered, view: View) -> Rendered:
    # The ray tracer weighs every ray alike and has no barrel, so nothing of this is in the picture yet.
    away = (grid(*view.now.active_sensor_resolution) - view.axis) * view.pitch
    gain = falloff(view.lens, view.setting, view.pupil, away[..., 0], away[..., 1])[..., None].astype(np.float32)
    return _on_light(rendered, lambda picture: np.asarray(picture * gain, dtype=np.float32))


def _ghosts(rendered: Rendered, view: View) -> Rendered:
    per_mm = _square(view)
    return _on_light(rendered, lambda picture: glare.ghosts(picture, view.lens.ghosts, view.pupil, view.axis, per_mm, linear=True))


def _veil(rendered: Rendered, view: View) -> Rendered:
    per_mm = _square(view)
    return _on_light(rendered, lambda picture: glare.veil(picture, view.lens.glare, per_mm))


OPERATIONS: tuple[LensOperation, ...] = (
    LensOperation("geometry", _bends, _geometry),
    LensOperation("falloff", _dims, _falloff),
    LensOperation("ghosts", lambda view: bool(view.lens.ghosts), _ghosts),
    LensOperation("veil", lambda view: view.lens.glare.share + view.lens.glare.streak > 0, _veil),
)
"""In the order light meets them."""


def _on_light(rendered: Rendered, change: Callable[[Picture], Picture]) -> Rendered:
    groups = {name: change(picture) for name, picture in rendered.groups.items()}
    return replace(rendered, beauty=change(rendered.beauty), groups=groups)


def _square(view: View) -> float:
    """Pixels per mm. Raises BadInput where pixels are not square: stray light is worked out in square ones."""
    if abs(view.pitch[0] / view.pitch[1] - 1) > 1e-3:
        raise BadInput(
            f"camera {view.camera.label}",
            "has stray light in its lens record and pixels that are not square",
            "give it a resolution of the picture's own shape, or take ghosts and glare out of the record",
        )
    return 1 / float(view.pitch[1])


def _held(source: Real, view: View) -> NDArray[np.bool_]:
    """Where the rendered picture, overscan included, has what the lens shows."""
    low = -np.array(view.pad) - 0.5
    high = np.array(view.now.active_sensor_resolution) + view.pad - 0.5
    with np.errstate(invalid="ignore"):
        return np.asarray(((source >= low) & (source < high)).all(axis=-1))


def _beyond(view: View) -> Real:
    """How many pixels beyond the frame the lens fetches, across and down."""
    width, height = view.now.active_sensor_resolution
    edge = grid(width, height)
    border = np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])
    found = np.concatenate(view.sources(border, True))
    high = np.nanmax(found, axis=0, initial=0.0) - [width - 1, height - 1]
    return np.asarray(np.maximum(0.0, np.maximum(-np.nanmin(found, axis=0, initial=0.0), high)) + _moved_in(view, border))


def _moved_in(view: View, border: Real) -> Real:
    """How far what is beyond the border comes in while the rows are read: of a still scene two metres away and of the sky."""
    if not view.readout:
        return np.zeros(2)
    ways = []
    for away in (2.0, 1e4):
        origin, rays = view.now.rays(border)
        points = origin + rays * away
        ways.append(np.abs(view.seen[2].project(points) - view.seen[0].project(points)))
    return np.asarray(np.nanmax(np.concatenate(ways), axis=0, initial=0.0) / 2 * view.readout / 2)


def _record(camera: StageCamera) -> Lens:
    """The camera's lens record; for a camera without one a perfect lens with no more than its distortion."""
    if camera.lens is not None:
        return camera.lens
    table = None if camera.distortion == Distortion() else DistortionTable(settings=(Setting(model=camera.distortion),))
    return Lens(
        pinhole_focal_length=Table.constant(camera.pinhole_focal_length),
        distortion=table,
        cosine_power=0.0,
        iris=Iris(blades=camera.iris_blades),
        glare=Glare(),
    )


def _sensor(camera: StageCamera) -> Sensor:
    return Sensor(
        resolution=camera.active_sensor_resolution,
        dimensions=camera.active_sensor_physical_dimensions,
        gains=camera.sensor_gains,
    )
