"""How the whole picture moved between two frames: points followed there and back, one turn, scale and shift through them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Pair", "followed", "global_motion"]

Real = NDArray[np.float64]

_GRID = 4
_POINTS_PER_CELL = 25
_FEWEST = 16
_FAINTEST = 2e-4
"""Least eigenvalue of a corner worth following: above the grain, below what a defocused background still has."""


@dataclass(frozen=True)
class Pair:
    """The movement of the picture from frame ``first`` to frame ``last``.

    ``shift`` is where the picture's centre went, pixels right and down; ``growth`` the natural logarithm of the scale;
    ``turn`` the picture's rotation in radians, clockwise on screen; ``agreement`` the share 0..1 of the points that
    moved so (0: nothing could be followed). ``slip`` is how far the points off that movement are from it, in pixels.
    """

    first: int
    last: int
    shift: tuple[float, float]
    growth: float
    turn: float
    agreement: float
    slip: float = 0.0


def followed(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> tuple[Real, Real, float]:
    """Points of ``here`` and where they are in ``there``, both (n, 2), and the share of corners that could be followed.

    Pyramidal Lucas-Kanade (J.-Y. Bouguet, 2000); a point must come home within half a pixel.
    """
    nothing = np.zeros((0, 2))
    if min(here.shape) < 16:
        return nothing, nothing, 0.0
    start = _corners(here)
    if not len(start):
        return nothing, nothing, 0.0
    options = {"winSize": (17, 17), "maxLevel": 4, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)}
    end, found, _ = cv2.calcOpticalFlowPyrLK(here, there, start, None, **options)
    home, again, _ = cv2.calcOpticalFlowPyrLK(there, here, end, None, **options)
    good = (found[:, 0] > 0) & (again[:, 0] > 0) & (np.abs(home - start).max(axis=(1, 2)) < 0.5)
    return start[good, 0].astype(np.float64), end[good, 0].astype(np.float64), float(good.mean())


def global_motion(here: NDArray[np.uint8], there: NDArray[np.uint8], first: int, last: int, still: float) -> Pair:
    """The movement that the camera gave the whole picture. Two greys of one size; ``still`` pixels count as none.

    Points that stand still all round the picture mean a standing camera, whatever crosses in front of it: a moving one
    leaves no such points.
    """
    start, end, _ = followed(here, there)
    if len(start) < _FEWEST:
        return Pair(first, last, (0.0, 0.0), 0.0, 0.0, 0.0)
    moved = np.hypot(*(end - start).T)
    height, width = here.shape
    cv2.setRNGSeed(1)
    reach = 0.6 + 0.03 * float(np.median(moved))
    matrix, kept = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=reach, maxIters=500, confidence=0.999
    )
    inliers = int(kept.sum()) if matrix is not None else 0
    at_rest = moved < still
    if at_rest.sum() >= 0.6 * inliers or (at_rest.mean() > 0.15 and _all_round(start[at_rest], width, height)):
        return Pair(first, last, (0.0, 0.0), 0.0, 0.0, float(at_rest.mean()))
    if inliers < _FEWEST:
        return Pair(first, last, (0.0, 0.0), 0.0, 0.0, 0.0)
    off = np.hypot(*(start @ matrix[:, :2].T + matrix[:, 2] - end).T)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    x, y = matrix[:, :2] @ centre + matrix[:, 2] - centre
    growth, turn = np.log(np.hypot(matrix[0, 0], matrix[1, 0])), np.arctan2(matrix[1, 0], matrix[0, 0])
    return Pair(first, last, (float(x), float(y)), float(growth), float(turn), inliers / len(start), float(np.median(off)))


def _corners(here: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The best corners (n, 1, 2) of each cell, so that a sharp thing in front does not outvote a soft background."""
    strength = cv2.cornerMinEigenVal(here, 3)
    peak = (strength == cv2.dilate(strength, np.ones((7, 7), np.uint8))) & (strength > _FAINTEST)
    peak[:4], peak[-4:], peak[:, :4], peak[:, -4:] = False, False, False, False
    y, x = np.nonzero(peak)
    cell = (y * _GRID // here.shape[0]) * _GRID + x * _GRID // here.shape[1]
    order = np.lexsort((x, y, -strength[y, x], cell))
    rank = np.arange(len(order)) - np.searchsorted(cell[order], cell[order])
    chosen = order[rank < _POINTS_PER_CELL]
    return np.stack([x[chosen], y[chosen]], axis=1).astype(np.float32)[:, None]


def _all_round(points: Real, width: int, height: int) -> bool:
    """Whether points lie in at least half of the cells along the picture's border."""
    cells = np.floor(points / [width / _GRID, height / _GRID]).clip(0, _GRID - 1).astype(int)
    border = {(x, y) for x, y in cells.tolist() if x in (0, _GRID - 1) or y in (0, _GRID - 1)}
    return 2 * len(border) >= 4 * (_GRID - 1)
