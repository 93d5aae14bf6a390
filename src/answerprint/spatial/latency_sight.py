"""A tracker's lag for a camera that travels: the shift at which its poses best explain how points of the set move.

`latency` compares turns alone, which a crane past near walls falsifies. Here corners are followed through half a second of
picture; for each possible lag the tracker's poses say where every corner must have gone, its one unknown being its
depth, which is solved for and must be the same in all those frames. What is left over is least at the true lag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.spatial.poses import PoseSpline

Real = NDArray[np.float64]
_LONG, _EVERY = 12, 6
"""Frames that a corner is followed, and frames between two beginnings."""
_CORNERS = 250
_BACK_PX = 0.3
"""A corner followed there and back must come home within this."""
_NEAREST_M = 0.4
_OUTLIER_PX = 3.0
_TO_OPENCV = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
_RISE = 0.15
"""How much more error a lag one frame off must leave, as a share, for the lag to be believed."""
_SEEN_PX = 0.05
"""And how much more in pixels: less is the noise of the tracker on a camera that stands still."""


@dataclass(frozen=True, eq=False)
class Followed:
    """Corners followed from ``first``: (n, frames, 2) undistorted image coordinates, focal length 1, x right and y down."""

    first: int
    points: Real


@dataclass(frozen=True)
class SightLag:
    """``seconds`` that the device is behind the picture. ``error_px`` is what the poses leave unexplained at that lag;
    ``rise`` how much more a lag one frame off leaves, as a share. Not ``believable`` where that is too little to be seen: the camera stood still, or moved too evenly."""

    seconds: float
    frames: float
    error_px: float
    rise: float

    @property
    def believable(self) -> bool:
        worse_px = self.error_px * (float(np.sqrt(1 + max(0.0, self.rise))) - 1)
        return self.rise >= _RISE and worse_px >= _SEEN_PX


def follow(frames: Iterable[NDArray[np.floating]], camera: Camera) -> list[Followed]:
    """Corners followed through windows of half a second, by Lucas-Kanade flow checked there and back.

    ``frames`` are grey or RGB pictures of ``camera``'s size, 0 to 1.
    """
    greys = [contrast(frame) for frame in frames]
    found = []
    for first in range(0, max(0, len(greys) - _LONG + 1), _EVERY):
        corners = cv2.goodFeaturesToTrack(greys[first], _CORNERS, 0.01, 5)
        if corners is None:
            continue
        path, kept = [corners[:, 0]], np.ones(len(corners), dtype=bool)
        for before, after in zip(greys[first : first + _LONG - 1], greys[first + 1 : first + _LONG], strict=True):
            here = np.ascontiguousarray(path[-1][:, None])
            there, ok, _ = cv2.calcOpticalFlowPyrLK(before, after, here, here.copy())
            home, ok_back, _ = cv2.calcOpticalFlowPyrLK(after, before, there, there.copy())
            kept &= (ok[:, 0] == 1) & (ok_back[:, 0] == 1) & (np.linalg.norm(home - here, axis=-1)[:, 0] < _BACK_PX)
            path.append(there[:, 0])
        if kept.sum() >= 8:
            pixels = np.stack(path, axis=1)[kept].astype(np.float64)
            k = camera.matrix
            found.append(Followed(first, (camera.undistort(pixels) - k[:2, 2]) / [k[0, 0], k[1, 1]]))
    return found


def sight_lag(
    track: CameraTrack,
    moments: Sequence[Fraction],
    followed: Sequence[Followed],
    camera: Camera,
    rate: Fraction,
    most_frames: float = 24.0,
) -> SightLag:
    """The lag of ``track`` behind the picture, whose frames' mid-exposures on the track's clock are ``moments``.

    Raises BadInput where nothing was followed, and where track and picture share too few frames.
    """
    if not followed:
        raise BadInput("latency", "no corner of the set could be followed", "use a take with texture and without whip pans")
    spline, step = PoseSpline.through(track), float(1 / rate)
    times = np.array([float(t) for t in moments])
    limit = _OUTLIER_PX / camera.matrix[0, 0]

    def left(shift: float) -> float:
        return _left_over(spline, times + shift * step, followed, limit)

    coarse = np.arange(-most_frames, most_frames + 1e-9, 0.5)
    errors = np.array([left(shift) for shift in coarse])
    if not np.isfinite(errors).any():
        raise BadInput("latency", "tracker and picture share too few frames", "check the track's clock against the take's timecode")
    best = float(coarse[int(np.nanargmin(errors))])
    fine = np.linspace(-1.0, 1.0, 17)
    close = np.array([left(best + shift) for shift in fine])
    there = np.isfinite(close)
    bend, slope, _ = np.polyfit(fine[there], close[there], 2)
    lag = best + float(np.clip(-slope / (2 * bend), -1, 1)) if bend > 0 else best
    lowest, *beside = (left(lag + side) for side in (0.0, -1.0, 1.0))
    rise = float(np.nanmin(beside) / max(lowest, 1e-12) - 1)
    return SightLag(lag * step, lag, float(np.sqrt(lowest)) * float(camera.matrix[0, 0]), rise)


def _left_over(spline: PoseSpline, times: Real, followed: Sequence[Followed], limit: float) -> float:
    """Mean squared error, outliers cut off, that poses at ``times`` leave; NaN where too few windows are known."""
    total, count, known = 0.0, 0, 0
    for window in followed:
        places, axes = spline.at(times[window.first : window.first + window.points.shape[1]])
        if not np.isfinite(places).all():
            continue
        known += 1
        to_camera = _TO_OPENCV @ axes.transpose(0, 2, 1)
        error = _unexplained(window.points, to_camera @ to_camera[0].T, np.einsum("fij,fj->fi", to_camera, places[0] - places))
        total += float(np.minimum(error, limit**2).sum())
        count += error.size
    return total / count if known >= max(1, len(followed) // 2) else float("nan")


def _unexplained(points: Real, turns: Real, shifts: Real) -> Real:
    """Squared errors (n, frames - 1) of followed points under relative poses, each point at its own best depth.

    A point seen along q in the first frame is along R q + r t in a later one, r its inverse depth: linear in r once
    the later sighting is multiplied out, so that the best r is a quotient of two sums.
    """
    first = np.concatenate([points[:, 0], np.ones((len(points), 1))], axis=1)
    ahead = np.einsum("fij,nj->nfi", turns[1:], first)
    seen = points[:, 1:]
    fixed = seen * ahead[..., 2:] - ahead[..., :2]
    slope = seen * shifts[None, 1:, 2:] - shifts[None, 1:, :2]
    inverse = -(fixed * slope).sum(axis=(1, 2)) / ((slope**2).sum(axis=(1, 2)) + 1e-12)
    inverse = np.clip(inverse, 0.0, 1.0 / _NEAREST_M)[:, None, None]
    depth = ahead[..., 2:] + inverse * shifts[None, 1:, 2:]
    return np.asarray((((fixed + inverse * slope) / np.maximum(depth, 0.1)) ** 2).sum(axis=-1))


def contrast(frame: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A grey or RGB picture of 0 to 1 as eight bits for following corners, (h, w)."""
    picture = np.asarray(frame, dtype=np.float32)
    if picture.ndim == 3:
        picture = picture[..., :3].mean(axis=-1)
    # Followed corners want contrast, not light: a square root keeps shadows in eight bits. Only analysis sees these.
    return np.asarray(np.round(np.sqrt(np.clip(picture, 0, 1)) * 255), dtype=np.uint8)
