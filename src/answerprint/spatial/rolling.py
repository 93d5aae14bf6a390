"""A camera that reads its sensor row by row: each row of the picture is seen from where the camera was when that row was read.

A clip has one pose a frame, that of the middle row at mid-exposure; the row y of h rows is (y / (h - 1) - 1/2) of the readout time later
(`optics.rolling_shutter`). Poses between the frames lie on a smooth way through their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from answerprint.optics.camera import Camera
from answerprint.optics.rolling_shutter import row_times
from answerprint.optics.track import angles_from_axes, axes_from_angles
from answerprint.spatial.capture import ClipCameras
from answerprint.spatial.poses import PoseSpline

Real = NDArray[np.float64]
_NEIGHBOURS = 8
"""Frames on either side that the way between frames is laid through: further ones change it by less than 1e-4 of a pixel."""
_MOST_TURN = 2.0
"""Radians from the frame itself: neighbours turned further away are not looked at."""
_ROUNDS = 24
_SETTLED_ROWS = 1e-4


@dataclass(frozen=True, eq=False)
class RollingCamera:
    """One frame of a rolling shutter. ``middle`` is the camera of its middle row, ``places`` (h, 3) metres and ``axes`` (h, 3, 3) those of
    each row; the columns of an axis matrix are the camera's right, forward and up in the world.
    """

    middle: Camera
    places: Real
    axes: Real

    @classmethod
    def on(cls, middle: Camera, spline: PoseSpline, moment: float, readout_s: float) -> RollingCamera:
        """The frame whose middle row is seen at ``moment``, seconds on the clock of ``spline``. ``middle`` says the lens and the sensor.

        A row before the first or after the last sample is taken to be on the way that the camera has there.
        """
        times = moment + row_times(middle.height, readout_s)
        first, last = float(spline.times[0]), float(spline.times[-1])
        held = np.clip(times, first, last)
        places, axes = spline.at(held)
        beyond = np.abs(times - held) > 1e-9
        if beyond.any():
            # As far again on the other side of the end, turned about it.
            back, back_axes = spline.at(2 * held[beyond] - times[beyond])
            end, end_axes = places[beyond], axes[beyond]
            places[beyond] = 2 * end - back
            axes[beyond] = end_axes @ back_axes.transpose(0, 2, 1) @ end_axes
        return cls(middle, places, axes)

    def row(self, y: float) -> Camera:
        """The camera as it was when the row ``y`` was read: a camera like any other, right for that row alone."""
        places, axes = self._poses(np.array([y], dtype=np.float64))
        pan, tilt, roll = (float(v) for v in angles_from_axes(axes[0]))
        x, up, z = (float(v) for v in places[0])
        return Camera.model_validate(self.middle.model_dump() | {"translation": (x, up, z), "rotation": (pan, tilt, roll)})

    def project(self, xyz: NDArray[np.floating]) -> Real:
        """World points (..., 3) in metres as pixels (..., 2); NaN behind the camera, and where no row sees the point when it is read.

        The row decides the moment, and the moment the row: the two are settled by repetition, from the middle row on.
        """
        points = np.asarray(xyz, dtype=np.float64)
        flat = points.reshape(-1, 3)
        pixels = self.middle.project(flat)
        settled = np.zeros(len(flat), dtype=bool)
        for _ in range(_ROUNDS):
            seen = self.middle.project(self._as_middle(flat, pixels[:, 1]))
            with np.errstate(invalid="ignore"):
                settled = np.abs(seen[:, 1] - pixels[:, 1]) < _SETTLED_ROWS
            pixels = seen
            if (settled | ~np.isfinite(seen[:, 1])).all():
                break
        return np.where(settled[:, None], pixels, np.nan).reshape(*points.shape[:-1], 2)

    def rays(self, pixels: NDArray[np.floating]) -> tuple[Real, Real]:
        """Where the light that reached ``pixels`` (..., 2) was taken in (..., 3), each row from its own place, and the unit world directions it came from."""
        asked = np.asarray(pixels, dtype=np.float64)
        _, directions = self.middle.rays(asked)
        places, axes = self._poses(asked[..., 1])
        local = directions @ axes_from_angles(np.array(self.middle.rotation))
        return places, np.asarray((axes @ local[..., None])[..., 0])

    def points(self, pixels: NDArray[np.floating], metres: NDArray[np.floating]) -> Real:
        """World points (..., 3) seen at ``pixels`` (..., 2), ``metres`` (...) along the optical axis as it was for their row."""
        origins, directions = self.rays(pixels)
        _, axes = self._poses(np.asarray(pixels, dtype=np.float64)[..., 1])
        along = (directions * axes[..., :, 1]).sum(axis=-1)
        return np.asarray(origins + directions * (np.asarray(metres, dtype=np.float64) / along)[..., None])

    def _poses(self, rows: Real) -> tuple[Real, Real]:
        """Places and axes at any rows, between two of them straight: they are microseconds apart. Outside the picture, the nearest row's."""
        place = np.clip(np.nan_to_num(rows, nan=(self.middle.height - 1) / 2), 0, self.middle.height - 1)
        above = np.minimum(place.astype(np.int64), max(self.middle.height - 2, 0))
        below = np.minimum(above + 1, self.middle.height - 1)
        share = (place - above)[..., None]
        places = self.places[above] * (1 - share) + self.places[below] * share
        return places, self.axes[above] * (1 - share[..., None]) + self.axes[below] * share[..., None]

    def _as_middle(self, points: Real, rows: Real) -> Real:
        """The points (n, 3) moved so that the middle row's camera has each where the camera of its row (n,) has it."""
        places, axes = self._poses(rows)
        local = ((points - places)[:, None, :] @ axes)[:, 0]
        return np.asarray(local @ axes_from_angles(np.array(self.middle.rotation)).T + self.middle.position)


def rolling_camera(clip: ClipCameras, frame: int, readout_s: float | None = None) -> RollingCamera | None:
    """A clip's camera at ``frame`` with its rolling shutter; None where nobody knows its pose.

    ``readout_s`` is the clip's own where it is not given; unknown, every row has the frame's one pose.
    """
    middle = clip.cameras[frame]
    if middle is None:
        return None
    readout = clip.readout_s if readout_s is None else readout_s
    near = range(max(0, frame - _NEIGHBOURS), min(len(clip.cameras), frame + _NEIGHBOURS + 1))
    known = [(i, camera) for i in near if (camera := clip.cameras[i]) is not None]
    own = axes_from_angles(np.array(middle.rotation))
    turned = Rotation.from_matrix(own.T @ axes_from_angles(np.array([c.rotation for _, c in known]))).as_rotvec()
    # Turns are splined as seen from this frame, which is one to one up to half a turn, and good to the last frame of a clip.
    whole = np.linalg.norm(turned, axis=1) < _MOST_TURN
    if not readout or whole.sum() < 2:  # nobody knows where it went
        still = np.zeros((middle.height, 1))
        return RollingCamera(middle, middle.position + still, own + still[..., None])
    seconds = np.array([i - frame for i, _ in known])[whole] / float(clip.rate)
    moments = row_times(middle.height, readout)
    places = CubicSpline(seconds, np.array([c.translation for _, c in known])[whole])(moments)
    turns = Rotation.from_rotvec(CubicSpline(seconds, turned[whole])(moments)).as_matrix()
    return RollingCamera(middle, places, own @ turns)


__all__ = ["RollingCamera", "rolling_camera"]
