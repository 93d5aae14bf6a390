"""Steadying a shot: the camera's own movement from points followed through the clip, and a smoother path for it.

Each frame's path is the weighted mean of where the corners of the frames around it lie in its own picture, so nothing
drifts with the length of the clip and every frame can be made alone.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.colour.spaces import from_working
from answerprint.generator.virtual_camera import projected
from answerprint.graph.contract import Context, FrameReader, MatteReader
from answerprint.perception.flow import one_thread

Real = npt.NDArray[np.float64]
Motion = Literal["shift", "similarity", "perspective"]

_LOOK_AT = 960
"""Longest side of the picture in which points are followed, pixels."""
_POINTS, _FEWEST = 600, 12
_STILL = 0.06
"""Median movement of points, in pixels of the picture they are followed in, below which the camera stood: noise moves
points that much, and following it would make a locked shot tremble."""
_DISPLAY = "sRGB Encoded Rec.709 (sRGB)"


def camera_steps(plate: FrameReader, protect: MatteReader | None, context: Context) -> tuple[Real, npt.NDArray[np.int64]]:
    """How each frame lies in the next: homographies (count, 3, 3), the last one identity, in full-size pixels; and how many
    points agree with each. Points on performers are not followed."""
    steps = np.tile(np.eye(3), (plate.count, 1, 1))
    agreeing = np.zeros(plate.count, np.int64)
    before: np.ndarray | None = None
    scale = min(1.0, _LOOK_AT / max(plate.width, plate.height))
    with one_thread():
        for frame in range(plate.count):
            context.check_cancelled()
            context.progress(frame, plate.count, "following the camera")
            grey = _grey(plate, frame, scale)
            if before is not None:
                free = _free(protect, frame - 1, grey.shape)
                steps[frame - 1], agreeing[frame - 1] = _step(before, grey, free, scale)
            before = grey
    return steps, agreeing


def steadied(steps: Real, width: int, height: int, motion: Motion, smooth: float, strength: float) -> Real:
    """For each frame the map (count, 3, 3) from the steady picture into it.

    ``smooth`` is the standard deviation of the weights in frames, 0 holds the camera still for the whole clip;
    ``strength`` 0 to 1 is the share of the way to the smooth path.
    """
    count = len(steps)
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float64)
    to_first = np.tile(np.eye(3), (count, 1, 1))
    for frame in range(1, count):
        to_first[frame] = to_first[frame - 1] @ np.linalg.inv(steps[frame - 1])
        to_first[frame] /= to_first[frame, 2, 2]
    maps = np.tile(np.eye(3), (count, 1, 1))
    for frame in range(count):
        reach = count if smooth == 0 else int(np.ceil(3 * smooth))
        # The same reach either way, so that the path does not lean at the ends of the clip.
        reach = reach if smooth == 0 else min(reach, max(frame, count - 1 - frame))
        around = range(max(0, frame - reach), min(count, frame + reach + 1))
        weight = np.array([1.0 if smooth == 0 else np.exp(-0.5 * ((s - frame) / smooth) ** 2) for s in around])
        home = np.linalg.inv(to_first[frame])
        quads = np.stack([projected(home @ to_first[s], corners) for s in around])
        mean = (quads * weight[:, None, None]).sum(axis=0) / weight.sum()
        maps[frame] = _fitted(corners, corners + strength * (mean - corners), motion)
    return maps


def _fitted(corners: Real, wanted: Real, motion: Motion) -> Real:
    if motion == "perspective":
        return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), wanted.astype(np.float32)).astype(np.float64))
    middle, there = corners.mean(axis=0), wanted.mean(axis=0)
    a = b = 0.0
    if motion == "similarity":  # least squares: S. Umeyama, IEEE TPAMI 13(4), 1991, in the plane
        p, q = corners - middle, wanted - there
        a = float((p * q).sum() / (p * p).sum()) - 1.0
        b = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / (p * p).sum())
    linear = np.array([[1 + a, -b], [b, 1 + a]])
    out = np.eye(3)
    out[:2, :2], out[:2, 2] = linear, there - linear @ middle
    return out


def _step(here: np.ndarray, there: np.ndarray, free: np.ndarray, scale: float) -> tuple[Real, int]:
    """The homography of one frame into the next, full-size pixels, and how many points agree."""
    points = cv2.goodFeaturesToTrack(here, _POINTS, 0.005, 9, mask=free)
    if points is None or len(points) < _FEWEST:
        return np.eye(3), 0
    window = {"winSize": (21, 21), "maxLevel": 4, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 0.003)}
    found, good, _ = cv2.calcOpticalFlowPyrLK(here, there, points, None, **window)
    back, good_back, _ = cv2.calcOpticalFlowPyrLK(there, here, found, None, **window)
    kept = (good[:, 0] == 1) & (good_back[:, 0] == 1) & (np.abs(back - points).max(axis=(1, 2)) < 0.5)
    if kept.sum() < _FEWEST:
        return np.eye(3), 0
    a, b = points[kept][:, 0], found[kept][:, 0]
    if float(np.median(np.hypot(*(b - a).T))) < _STILL:
        return np.eye(3), len(a)
    matrix, agree = cv2.findHomography(a, b, cv2.RANSAC, 1.0, maxIters=2000, confidence=0.999)
    if matrix is None or int(agree.sum()) < _FEWEST:
        return np.eye(3), 0
    # The centre of the small picture's first pixel is not that of the full one's.
    up = np.array([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, 0.5 / scale - 0.5], [0, 0, 1.0]])
    full = up @ matrix.astype(np.float64) @ np.linalg.inv(up)
    return np.asarray(full / full[2, 2]), int(agree.sum())


def _grey(plate: FrameReader, frame: int, scale: float) -> np.ndarray:
    picture = plate.read(frame)
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(from_working(np.ascontiguousarray(picture), _DISPLAY, np.uint8), cv2.COLOR_RGB2GRAY))


def _free(protect: MatteReader | None, frame: int, shape: tuple[int, ...]) -> np.ndarray:
    if protect is None:
        return np.full(shape, 255, np.uint8)
    small = cv2.resize(np.asarray(protect.read(frame), np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.where(cv2.dilate(small, np.ones((9, 9), np.uint8)) > 0.05, 0, 255).astype(np.uint8)
