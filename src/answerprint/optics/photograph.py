"""From a perfect pinhole picture with depth to what this lens, set like this, puts on this sensor.

The stages stand in the order in which light meets them, each a function of its own: rolling shutter (it moves content),
depth of field, geometry (breathing, distortion, lateral colour in one resampling), falloff, ghosts, veil, squeeze, noise.
Grain comes instead of sensor noise when a film stock is given. Nothing is clamped. A stage that the lens has no figures for
changes no bit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.optics import glare
from answerprint.optics.camera import Camera
from answerprint.optics.depth_of_field import defocus
from answerprint.optics.distortion import Distortion
from answerprint.optics.grain import Stock, add_grain
from answerprint.optics.lateral_colour import parted_gains
from answerprint.optics.lens import Lens
from answerprint.optics.noise import add_noise
from answerprint.optics.pupil import Pupil
from answerprint.optics.rolling_shutter import read_rows, row_times
from answerprint.optics.sensor import Sensor
from answerprint.optics.stmap import grid
from answerprint.optics.table import LensState
from answerprint.optics.thin_lens import Focus
from answerprint.optics.vignetting import falloff
from answerprint.optics.warp import Kernel, scaled, warp
from answerprint.production import BadInput

Frame = NDArray[np.float32]
Real = NDArray[np.float64]
Stage = Literal["rolling_shutter", "depth_of_field", "geometry", "falloff", "ghosts", "veil", "squeeze", "noise", "grain"]
STAGES: tuple[Stage, ...] = (
    "rolling_shutter",
    "depth_of_field",
    "geometry",
    "falloff",
    "ghosts",
    "veil",
    "squeeze",
    "noise",
    "grain",
)


@dataclass(frozen=True)
class LensChain:
    """One lens at one setting on one sensor, with its stages.

    Pictures are (h, w, c) float32 scene-linear, desqueezed: the sensor's height by its width times the squeeze. The
    picture that goes in may be larger by the same number of pixels on opposite sides (overscan), so that distortion and
    blur find light beyond the frame's edge. Its pixels are those of the sensor unless ``rendered_focal_length`` (mm) says
    that it was made with another focal length than the lens has at this focus: then breathing scales it.
    """

    lens: Lens
    sensor: Sensor
    state: LensState
    rendered_focal_length: float | None = None
    kernel: Kernel = "cubic"
    stock: Stock | None = None
    iso: float | None = None
    to_camera: tuple[tuple[float, float, float], ...] | None = field(default=None)
    """Working colours to the sensor's own (3 x 3), in which noise is counted."""
    linear: bool = False
    """Whether geometry must treat light linearly, so that light groups still add up to the beauty; highlights then ring."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the desqueezed picture, in pixels."""
        return round(self.sensor.resolution[0] * self.lens.squeeze), self.sensor.resolution[1]

    @property
    def pixels_per_mm(self) -> float:
        """Pixels of the desqueezed picture per mm of sensor height."""
        return self.sensor.pixels_per_mm[1]

    @cached_property
    def focus(self) -> Focus:
        """The thin lens that stands for this one at its setting."""
        image = self.lens.focal_length(self.state)
        offset = self.lens.pupil_offset(self.state)
        distance = self.state.focus_distance - (offset if offset is not None else image / 1000)
        if not distance > 0:
            raise BadInput(
                f"lens {self.lens.model}",
                f"cannot focus at {self.state.focus_distance:g} m, inside itself",
                "set a greater distance",
            )
        # The iris is rated at infinity focus: its diameter does not change when the lens breathes.
        far = self.state.model_copy(update={"focus_distance": float("inf")})
        return Focus(distance, image, self.lens.focal_length(far) / self.state.f_number)

    @cached_property
    def pupil(self) -> Pupil:
        return Pupil.of(self.lens.iris, self.lens.squeeze, self.lens.barrel, self.focus.pupil_diameter / 2)

    def rolling_shutter(self, picture: Frame, velocity: NDArray[np.floating], kernel: Kernel | None = None) -> Frame:
        """Read row by row; ``velocity`` (h, w, 2) in pixels per second. Rows count in the sensor's frame, not in overscan."""
        times = row_times(self.size[1], self.sensor.readout_time)
        over = (picture.shape[0] - self.size[1]) // 2
        step = times[1] - times[0] if len(times) > 1 else 0.0
        rows = times[0] + step * (np.arange(picture.shape[0]) - over)
        return read_rows(picture, velocity, rows, kernel or self.kernel)

    def depth_of_field(self, picture: Frame, depth: NDArray[np.floating]) -> Frame:
        """Out of focus by depth (h, w), metres along the axis; each channel by its own focus if the lens parts them."""
        shifts = self.lens.longitudinal_colour if picture.shape[2] == 3 else (0.0,)
        discs = [self.focus.confusion(depth, shift) * (self.pixels_per_mm / 2) for shift in dict.fromkeys(shifts)]
        radius = discs[0] if len(discs) == 1 else np.stack([discs[list(dict.fromkeys(shifts)).index(s)] for s in shifts], axis=-1)
        return defocus(picture, radius, self.pupil, self.axis(picture), self.focus.image_distance * self.pixels_per_mm)

    def geometry(self, picture: Frame, kernel: Kernel | None = None) -> Frame:
        """The pinhole picture, overscan and all, bent into the sensor's frame: breathing, distortion, lateral colour.

        Any number of channels goes the same way; lateral colour parts them only where there are three. Depth, identities
        and other passes that must not be mixed go with ``kernel="nearest"``, and then all channels as green does.
        """
        kernel = kernel or self.kernel
        width, height = self.size
        camera = self.camera
        lens_points = grid(width, height)
        scale = (self.rendered_focal_length or self.focus.image_distance) / self.focus.image_distance
        colours = self._lateral(lens_points) if picture.shape[2] == 3 and kernel != "nearest" else [lens_points]
        if scale == 1 and camera.distortion == Distortion() and len(colours) == 1:
            top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
            if top >= 0 and left >= 0:
                return np.ascontiguousarray(picture[top : top + height, left : left + width])
        # Breathing scales about the axis, and overscan lies evenly round the frame, whose middle the axis need not meet.
        axis, shift = camera.matrix[:2, 2], np.array(_middle(picture)) - [(width - 1) / 2, (height - 1) / 2]
        sources = [(camera.undistort(points) - axis) * scale + axis + shift for points in colours]
        if len(sources) == 1:
            return warp(picture, sources[0], kernel, ring=self.linear)
        return np.concatenate([warp(picture[..., c : c + 1], sources[c], kernel, ring=self.linear) for c in range(3)], axis=2)

    def falloff(self, picture: Frame) -> Frame:
        """Darker towards the corners; ``picture`` in the sensor's frame."""
        x, y = np.moveaxis((grid(picture.shape[1], picture.shape[0]) - self.axis(picture)) / self.pixels_per_mm, -1, 0)
        gain = falloff(self.lens, self.state, self.pupil, x, y)
        return (picture * gain[..., None]).astype(np.float32)

    def ghosts(self, picture: Frame) -> Frame:
        """With the reflections between surfaces."""
        return glare.ghosts(picture, self.lens.ghosts, self.pupil, self.axis(picture), self.pixels_per_mm, self.linear)

    def veil(self, picture: Frame) -> Frame:
        """With the light that strays."""
        return glare.veil(picture, self.lens.glare, self.pixels_per_mm)

    def squeeze(self, picture: Frame) -> Frame:
        """As the sensor has it: narrower by the squeeze."""
        return scaled(picture, *self.sensor.resolution)

    def noise(self, picture: Frame, seed: int, number: int = 0) -> Frame:
        """As the sensor records it at its ISO; without a measured ISO nothing changes."""
        gain = self.sensor.at(self.iso) if self.iso else None
        matrix = None if self.to_camera is None else np.array(self.to_camera)
        return picture if gain is None else add_noise(picture, gain, seed, number, matrix)

    def grain(self, picture: Frame, seed: int, number: int = 0) -> Frame:
        """As the film stock records it; without a stock nothing changes."""
        return picture if self.stock is None else add_grain(picture, self.stock, self.pixels_per_mm, seed, number)

    @cached_property
    def camera(self) -> Camera:
        """The camera of the desqueezed picture, at the origin."""
        width, height = self.size
        return Camera(
            active_sensor_resolution=(width, height),
            active_sensor_physical_dimensions=(width / self.pixels_per_mm, height / self.pixels_per_mm),
            pinhole_focal_length=self.focus.image_distance,
            projection_offset=self.lens.centre(self.state),
            distortion=self.lens.distortion_at(self.state),
        )

    def axis(self, picture: Frame) -> tuple[float, float]:
        """The pixel (x, y) of ``picture``, overscan or not, that the optical axis meets."""
        x, y = _middle(picture)
        right, up = self.lens.centre(self.state)
        return x + right * self.pixels_per_mm, y - up * self.pixels_per_mm

    def _lateral(self, points: Real) -> list[Real]:
        """Where the lens without lateral colour would have put what each channel shows at ``points``; one for all if it has none."""
        middle = self.camera.matrix[:2, 2]
        away = points - middle
        gains = parted_gains(self.lens, self.state, np.hypot(away[..., 0], away[..., 1]) / self.pixels_per_mm)
        return [points] if gains is None else [middle + away * gain[..., None] for gain in gains]


def photograph(
    beauty: Frame,
    depth: NDArray[np.floating] | None,
    chain: LensChain,
    seed: int,
    number: int = 0,
    velocity: NDArray[np.floating] | None = None,
    leave_out: Collection[Stage] = (),
) -> Frame:
    """The picture the chain's lens and sensor make of a pinhole picture, (h, w, c) float32 at the sensor's resolution.

    ``beauty`` (H, W, 3) scene-linear with any overscan; ``depth`` (H, W) metres along the axis (without it nothing is out of
    focus); ``velocity`` (H, W, 2) pixels per second (without it rows are read at once). ``number`` is the frame's number:
    the same seed and number give the same bits. Raises BadInput where sizes do not fit.
    """
    _fits(beauty, depth, velocity, chain)
    out = np.ascontiguousarray(beauty, dtype=np.float32)
    if velocity is not None and chain.sensor.readout_time > 0 and "rolling_shutter" not in leave_out:
        out = chain.rolling_shutter(out, velocity)
        if depth is not None:
            depth = chain.rolling_shutter(np.asarray(depth, dtype=np.float32)[..., None], velocity, "nearest")[..., 0]
    if depth is not None and "depth_of_field" not in leave_out:
        out = chain.depth_of_field(out, depth)
    if "geometry" not in leave_out:
        out = chain.geometry(out)
    for stage, step in (("falloff", chain.falloff), ("ghosts", chain.ghosts), ("veil", chain.veil), ("squeeze", chain.squeeze)):
        if stage not in leave_out:
            out = step(out)
    if "noise" not in leave_out and chain.stock is None:
        out = chain.noise(out, seed, number)
    if "grain" not in leave_out:
        out = chain.grain(out, seed, number)
    return out


def _fits(beauty: Frame, depth: NDArray[np.floating] | None, velocity: NDArray[np.floating] | None, chain: LensChain) -> None:
    width, height = chain.size
    wide, high = beauty.shape[1] - width, beauty.shape[0] - height
    if beauty.ndim != 3 or min(wide, high) < 0 or wide % 2 or high % 2:
        raise BadInput(
            "photograph",
            f"a picture of {beauty.shape[1]}x{beauty.shape[0]} does not lie evenly over the sensor's {width}x{height}",
            "render it at that size, or larger by the same number of pixels on opposite sides",
        )
    for name, plane in (("depth", depth), ("velocity", velocity)):
        if plane is not None and plane.shape[:2] != beauty.shape[:2]:
            raise BadInput(
                "photograph", f"{name} is {plane.shape[1]}x{plane.shape[0]}, the picture is not", "render both at one size"
            )


def _middle(picture: Frame) -> tuple[float, float]:
    return (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2
