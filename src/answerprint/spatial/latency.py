"""How much later a tracker says what the picture already showed: its lag, found by turning the two against each other.

Whenever the camera turns, the picture shows by how much from frame to frame; so does the tracker, but later. The lag is
the shift at which the two agree best. It needs a camera that turns unevenly: a steady pan looks the same at every shift.
Right for heads, tripods and far backgrounds, or with turns that a solve gives; past near walls use `latency_sight`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.spatial.latency_sight import contrast
from answerprint.spatial.poses import PoseSpline

Real = NDArray[np.float64]
_LEAST_TURN_DEG = 0.02
"""Degrees a frame, root mean square: below it tracker noise outweighs the move."""
_LEAST_AGREEMENT = 0.6
_SURE = 3.0
_CORNERS = 400
_FORWARD = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
"""Rotation vectors of OpenCV axes (right, down, forward) in right, forward, up."""


@dataclass(frozen=True)
class Lag:
    """``seconds`` that the device is behind the picture (negative: ahead). ``agreement`` is the correlation there, 1 at best;
    ``sharpness`` how far it falls one frame to either side. Not ``believable`` where that fall is lost in the noise: then
    the move was too even to tell."""

    seconds: float
    frames: float
    agreement: float
    sharpness: float
    believable: bool


def device_lag(
    track: CameraTrack, moments: Sequence[Fraction], turns: NDArray[np.floating], rate: Fraction, most_frames: float = 24.0
) -> Lag:
    """The lag of ``track`` behind the picture.

    ``moments`` (n) are the frames' mid-exposures on the track's clock, ``turns`` (n - 1, 3) how the picture says the camera
    turned between them, radians about its own right, forward, up (NaN where it could not tell). Raises BadInput where the
    camera hardly turns, and where too few frames are common to both.
    """
    times, said = np.array([float(t) for t in moments]), np.asarray(turns, dtype=np.float64)
    if said.shape != (len(times) - 1, 3):
        raise BadInput("latency", f"{said.shape} turns for {len(times)} frames", "give one turn between each two frames")
    if np.degrees(np.sqrt(np.nanmean(np.sum(said**2, axis=1)))) < _LEAST_TURN_DEG:
        raise BadInput("latency", "the camera hardly turns in this take", "use a take with an uneven pan or tilt")
    spline, step = PoseSpline.through(track), float(1 / rate)
    whole = np.arange(-most_frames, most_frames + 1e-9, 0.5)
    scores = np.array([_agreement(spline, times, said, shift * step) for shift in whole])
    if not np.isfinite(scores).any():
        raise BadInput("latency", "tracker and picture share too few frames", "check the track's clock against the take's timecode")
    best = float(whole[int(np.nanargmax(scores))])
    fine = np.arange(-1.0, 1.0 + 1e-9, 0.05)
    close = np.array([_agreement(spline, times, said, (best + shift) * step) for shift in fine])
    lag = best + float(np.clip(_vertex(fine, close), -1.0, 1.0))
    top, *beside = (_agreement(spline, times, said, (lag + side) * step) for side in (0.0, -1.0, 1.0))
    sharpness = top - float(np.nanmax(beside))
    # A correlation over n values wanders by about (1 - r) / sqrt(n).
    sure = top >= _LEAST_AGREEMENT and sharpness > _SURE * (1 - top) / np.sqrt(said.size)
    return Lag(lag * step, lag, top, sharpness, bool(sure))


def picture_turns(frames: Iterable[NDArray[np.floating]], camera: Camera) -> Real:
    """How the camera turned from each frame to the next, (n - 1, 3) radians about its right, forward, up; NaN where unseen.

    ``frames`` are grey or RGB pictures of ``camera``'s size, 0 to 1. Corners are followed by Lucas-Kanade flow, put through
    the lens, and turned onto each other by the rotation that most of them agree on: right for a camera that turns more
    than it travels, and near enough beside a far background, for all that matters here is when.
    """
    turns, before = [], None
    for frame in frames:
        grey = contrast(frame)
        if before is not None:
            turns.append(_turn(before, grey, camera))
        before = grey
    return np.array(turns).reshape(-1, 3)


def _agreement(spline: PoseSpline, times: Real, said: Real, shift: float) -> float:
    tracked = spline.turned(times[:-1] + shift, times[1:] + shift)
    both = np.isfinite(tracked).all(axis=1) & np.isfinite(said).all(axis=1)
    if both.sum() < max(8, 0.4 * len(said)):
        return float("nan")
    a, b = tracked[both] - tracked[both].mean(axis=0), said[both] - said[both].mean(axis=0)
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > 0 else float("nan")


def _vertex(shifts: Real, values: Real) -> float:
    """Where the parabola through all the values is highest: tracker noise ripples them, and their top with it."""
    there = np.isfinite(values)
    bend, slope, _ = np.polyfit(shifts[there], values[there], 2)
    return float(-slope / (2 * bend)) if bend < 0 else float(shifts[there][np.argmax(values[there])])


def _turn(before: NDArray[np.uint8], after: NDArray[np.uint8], camera: Camera) -> Real:
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.01, 5)
    if corners is None or len(corners) < 12:
        return np.full(3, np.nan)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, np.zeros_like(corners))
    kept = found[:, 0] == 1
    if kept.sum() < 12:
        return np.full(3, np.nan)
    here, there = (_rays(camera, points[kept, 0]) for points in (corners, moved))
    turn = np.eye(3)
    weight = np.ones(len(here))
    for _ in range(8):  # reweighted until what moves by itself no longer counts
        u, _, vt = np.linalg.svd((there * weight[:, None]).T @ here)
        turn = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
        off = np.linalg.norm(there - here @ turn.T, axis=1)
        weight = 1.0 / (1.0 + (off / max(1e-9, 1.5 * float(np.median(off)))) ** 2)
    # What the world turned in the picture, the camera turned the other way.
    return np.asarray(_FORWARD @ Rotation.from_matrix(turn.T).as_rotvec())


def _rays(camera: Camera, pixels: NDArray[np.floating]) -> Real:
    flat = np.asarray(pixels, dtype=np.float64)
    k = camera.matrix
    straight = camera.undistort(flat)
    rays = np.column_stack([(straight - k[:2, 2]) / [k[0, 0], k[1, 1]], np.ones(len(flat))])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))
