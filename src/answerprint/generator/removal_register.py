"""How a frame lies over another when the camera alone moved: a homography from points tracked outside the mattes."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["corners", "laid_over", "registration", "step_of"]

Mask = npt.NDArray[np.bool_]
Real = npt.NDArray[np.float64]
Points = npt.NDArray[np.float32]

_POINTS = 300
_FEWEST = 24
_TRACKING = {"winSize": (17, 17), "maxLevel": 4, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.005)}


def corners(here: npt.NDArray[np.uint8], hidden: Mask) -> Points:
    """Points of a ``sight`` picture that can be followed, (n, 1, 2), none on ``hidden`` (of any size)."""
    if hidden.shape != here.shape:
        hidden = cv2.resize(hidden.view(np.uint8), here.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    allowed = np.where(cv2.dilate(hidden.view(np.uint8), np.ones((5, 5), np.uint8)) > 0, 0, 255).astype(np.uint8)
    found = cv2.goodFeaturesToTrack(here, _POINTS, 0.005, 7, mask=allowed)
    return np.zeros((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)


def registration(here: npt.NDArray[np.uint8], there: npt.NDArray[np.uint8], start: Points, size: tuple[int, int]) -> Real | None:
    """The 3x3 homography that takes pixels of ``here`` to pixels of ``there``, for pictures of ``size`` (width, height).

    ``here`` and ``there`` are ``sight`` pictures, perhaps smaller than ``size``; ``start`` are the ``corners`` of ``here``. None
    when fewer than 24 points agree. Points must come home within half a pixel.
    """
    if len(start) < _FEWEST:
        return None
    end, found, _ = cv2.calcOpticalFlowPyrLK(here, there, start, None, **_TRACKING)
    home, again, _ = cv2.calcOpticalFlowPyrLK(there, here, end, None, **_TRACKING)
    good = (found[:, 0] > 0) & (again[:, 0] > 0) & (np.abs(home - start).max(axis=(1, 2)) < 0.5)
    if int(good.sum()) < _FEWEST:
        return None
    cv2.setRNGSeed(1)
    matrix, inliers = cv2.findHomography(start[good], end[good], cv2.RANSAC, 0.7, maxIters=500, confidence=0.999)
    if matrix is None or int(inliers.sum()) < max(_FEWEST, 0.4 * good.sum()):
        return None
    scale_x, scale_y = size[0] / here.shape[1], size[1] / here.shape[0]
    grow = np.array([[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, (scale_y - 1) / 2], [0, 0, 1]])
    return np.asarray(grow @ matrix @ np.linalg.inv(grow))


def laid_over(matrix: Real, x0: int, y0: int, width: int, height: int) -> npt.NDArray[np.float32]:
    """The flow (h, w, 2) that a homography is over the rectangle at (x0, y0)."""
    x = np.arange(x0, x0 + width, dtype=np.float64)[None, :]
    y = np.arange(y0, y0 + height, dtype=np.float64)[:, None]
    return step_of(matrix, x, y)


def step_of(matrix: Real, x: Real, y: Real) -> npt.NDArray[np.float32]:
    """The step (..., 2) in pixels that a homography takes from each place (x, y)."""
    bottom = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / bottom - x
    v = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / bottom - y
    return np.stack([u, v], axis=-1).astype(np.float32)
