"""One pose a frame: a tracker's samples, at whatever rate and lag, as the camera stood in the middle of each exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.track import LENS_FIELDS, CameraTrack, angles_from_axes
from answerprint.production import BadInput, Timecode

Real = NDArray[np.float64]
_GAP_SECONDS = 0.25
"""Between samples further apart than this, a camera may have done anything: nothing is interpolated there."""


@dataclass(frozen=True, eq=False)
class PoseSpline:
    """A smooth way through the trusted samples of a track: cubic in position, and on SO(3) cubic with continuous angular
    acceleration (A. Kang, F. Park, "Cubic spline algorithms for orientation interpolation", 1999, as SciPy has it).

    Position and rotation are splined apart, in stage coordinates: a dolly that pans does not corkscrew.
    """

    times: Real
    places: CubicSpline | None
    turns: RotationSpline | None
    gap: float = _GAP_SECONDS

    @classmethod
    def through(cls, track: CameraTrack, gap: float = _GAP_SECONDS) -> PoseSpline:
        """Through every trusted pose of ``track``. Raises BadInput for a track without any."""
        kept = track.posed
        if not kept.any():
            raise BadInput(f"track {track.label or track.device}", "holds no pose to be trusted", "check the tracker's status")
        times = track.seconds[kept]
        # Key frames of a planned move stand seconds apart by intention.
        gap = max(gap, 2.5 * float(np.median(np.diff(times)))) if len(times) > 1 else gap
        if len(times) == 1:
            rotation = Rotation.from_euler("ZXY", np.repeat(track.rotation[kept], 2, axis=0), degrees=True)
            span = np.array([times[0] - 1e-6, times[0] + 1e-6])
            return cls(span, CubicSpline(span, np.repeat(track.translation[kept], 2, axis=0)), RotationSpline(span, rotation), gap)
        rotation = Rotation.from_euler("ZXY", track.rotation[kept], degrees=True)
        return cls(times, CubicSpline(times, track.translation[kept]), RotationSpline(times, rotation), gap)

    def known(self, seconds: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether each moment lies within the samples and not in a gap between them."""
        moments = np.asarray(seconds, dtype=np.float64)
        after = np.clip(np.searchsorted(self.times, moments), 1, len(self.times) - 1)
        near = self.times[after] - self.times[after - 1] <= self.gap
        touches = np.minimum(np.abs(moments - self.times[after]), np.abs(moments - self.times[after - 1])) < 1e-6
        inside = (moments >= self.times[0] - 1e-6) & (moments <= self.times[-1] + 1e-6)
        return np.asarray(inside & (near | touches))

    def at(self, seconds: NDArray[np.floating]) -> tuple[Real, Real]:
        """Positions (n, 3) in metres and camera axes (n, 3, 3) at moments in seconds; NaN where nothing is known."""
        moments = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        places, axes = np.full((len(moments), 3), np.nan), np.full((len(moments), 3, 3), np.nan)
        there = self.known(moments)
        if there.any() and self.places is not None and self.turns is not None:
            inside = np.clip(moments[there], self.times[0], self.times[-1])
            places[there], axes[there] = self.places(inside), self.turns(inside).as_matrix()
        return places, axes

    def turned(self, begin: NDArray[np.floating], end: NDArray[np.floating]) -> Real:
        """How the camera turned from ``begin`` to ``end``: rotation vectors (n, 3), radians about its own right, forward, up."""
        (_, first), (_, last) = self.at(begin), self.at(end)
        vectors = np.full((len(first), 3), np.nan)
        there = np.isfinite(first).all(axis=(1, 2)) & np.isfinite(last).all(axis=(1, 2))
        if there.any():
            vectors[there] = Rotation.from_matrix(first[there].transpose(0, 2, 1) @ last[there]).as_rotvec()
        return vectors


def mid_exposures(
    frames: Sequence[int] | range, rate: Fraction, shutter_deg: float = 180.0, start: Fraction = Fraction(0)
) -> list[Fraction]:
    """The middle of each frame's exposure, exact seconds: frame k opens at ``start + k / rate`` for ``shutter_deg / 360`` of it."""
    if not 0 < shutter_deg <= 360:
        raise BadInput("shutter", f"{shutter_deg:g} degrees is no shutter angle", "give 0 to 360 degrees")
    half = Fraction(str(shutter_deg)) / 720
    return [start + (Fraction(int(k)) + half) / rate for k in frames]


def per_frame(
    track: CameraTrack, frames: Sequence[int] | range, rate: Fraction, *, shutter_deg: float = 180.0,
    start: Fraction = Fraction(0), latency_s: float = 0.0,
) -> CameraTrack:  # fmt: skip
    """The track with one sample a frame, at mid-exposure.

    ``start`` is the first frame's opening on the track's clock; ``latency_s`` is how much later the device says what it
    saw, so that a frame at t is looked up at t + latency. A frame beyond the samples, or in a gap, has no pose.
    """
    moments = mid_exposures(frames, rate, shutter_deg, start)
    asked = np.array([float(t - track.times[0]) for t in moments]) + float(track.times[0]) + latency_s
    spline = PoseSpline.through(track)
    places, axes = spline.at(asked)
    lens: dict[str, Any] = {name: _between(track.seconds, getattr(track, name), asked) for name in LENS_FIELDS}
    rings = [
        np.column_stack([_between(track.seconds, table[:, i], asked) for i in range(3)])
        for table in (track.encoders, track.raw_encoders)
    ]
    missing = int((~np.isfinite(places).all(axis=1)).sum())
    problems = (*track.problems, *((f"{missing} of {len(moments)} frames have no pose",) if missing else ()))
    return CameraTrack.of(
        moments, places, angles_from_axes(axes), encoders=rings[0], raw_encoders=rings[1], valid=np.isfinite(places).all(axis=1),
        label=track.label, device=track.device, source=track.source, clock=track.clock, rate=rate, start=track.start,
        sensor_mm=track.sensor_mm, extra={**track.extra, "latency_s": latency_s}, problems=problems, **lens,
    )  # fmt: skip


def opening(track: CameraTrack, timecode: Timecode) -> Fraction:
    """When the frame labelled ``timecode`` opens, on the track's clock: for ``per_frame``'s ``start``.

    Raises BadInput for a track that carries no timecode.
    """
    if track.clock == "timecode from midnight":
        return Fraction(timecode.frame) / timecode.rate
    if track.start is None:
        raise BadInput(
            f"track {track.label or track.device}", "carries no timecode", "give the time of the first frame on its clock"
        )
    return track.times[0] + Fraction(timecode.frame) / timecode.rate - Fraction(track.start.frame) / track.start.rate


def cameras(
    track: CameraTrack, size: tuple[int, int], sensor_mm: tuple[float, float] | None = None, distortion: Distortion | None = None
) -> list[Camera | None]:
    """A camera for each sample, with a picture of ``size`` pixels; None where pose or focal length is unknown.

    ``sensor_mm`` is what of the sensor the picture shows, where the track does not say. Poses are taken as they stand:
    see `spatial.chain.at_entrance_pupil`. Raises BadInput where nobody knows the sensor.
    """
    sensor = sensor_mm or track.sensor_mm
    if sensor is None:
        raise BadInput(f"track {track.label or track.device}", "says no sensor", "give its width and height in mm")
    made: list[Camera | None] = []
    for index in range(len(track)):
        if not track.posed[index] or not track.focal_length_mm[index] > 0:
            made.append(None)
            continue
        x, y, z = (float(v) for v in track.translation[index])
        pan, tilt, roll = (float(v) for v in track.rotation[index])
        made.append(
            Camera(
                label=track.label, active_sensor_resolution=size, active_sensor_physical_dimensions=sensor,
                pinhole_focal_length=float(track.focal_length_mm[index]), distortion=distortion or Distortion(),
                translation=(x, y, z), rotation=(pan, tilt, roll),
            )
        )  # fmt: skip
    return made


def row_poses(track: CameraTrack, opens: float, rows: int, readout_s: float, exposure_s: float = 0.0) -> tuple[Real, Real]:
    """Where the camera was for each row of one frame of a rolling shutter: positions (rows, 3) and axes (rows, 3, 3).

    ``opens`` is when the first row begins, seconds on the track's clock; the last row begins ``readout_s`` later, and
    each is taken in the middle of its exposure.
    """
    if rows < 1 or readout_s < 0:
        raise BadInput("rolling shutter", f"{rows} rows in {readout_s:g} s", "give the rows and the seconds of one readout")
    moments = opens + readout_s * np.arange(rows) / max(1, rows - 1) + exposure_s / 2
    return PoseSpline.through(track).at(moments)


def _between(times: Real, values: Real, asked: Real) -> Real:
    """Straight between the two samples on either side; unknown where either of them is."""
    if len(times) == 1:
        return np.where(np.abs(asked - times[0]) < 1e-6, values[0], np.nan) if len(asked) else np.zeros(0)
    after = np.clip(np.searchsorted(times, asked), 1, len(times) - 1)
    share = (asked - times[after - 1]) / (times[after] - times[after - 1])
    with np.errstate(invalid="ignore"):
        mixed = np.where(values[after] == values[after - 1], values[after], values[after - 1] * (1 - share) + values[after] * share)
    return np.asarray(np.where((asked >= times[0] - 1e-9) & (asked <= times[-1] + 1e-9), mixed, np.nan))
