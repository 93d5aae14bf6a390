"""The part of the set that two pictures both show, found without calibration: matched features, one homography, like patches.

Where only says where: the colours come from the production's own pixels. One homography holds for a plane and for cameras on one
spot; what parallax or people put elsewhere fails the likeness test and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

_WORK = 960
"""Pixels of the longer side at which features are sought."""
_CELLS = 48
"""Patches along the longer side of the hero."""
_FEWEST = 16
_LIKE = 0.8
"""Correlation of detail below which two patches are not one surface."""
_RNG = 1


@dataclass(frozen=True)
class SharedView:
    """Colours of the same patches in both pictures, (n, 3) scene-linear, and the share of the hero that they cover."""

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    share: float
    inliers: int


def shared_view(hero: Picture, other: Picture, hero_mask: Mask | None = None, other_mask: Mask | None = None) -> SharedView | None:
    """Patches (ACEScg means) that two pictures (height, width, 3) share; None where no common view is found.

    ``hero_mask`` and ``other_mask`` are True where the set stands still. The same input gives the same patches.
    """
    first, second = _small(hero), _small(other)
    found = _homography(_detail(second), _detail(first), _where(other_mask, second), _where(hero_mask, first))
    if found is None:
        return None
    matrix, inliers = found
    height, width = first.shape[:2]
    size = (width, height)
    moved = cv2.warpPerspective(second, matrix, size, flags=cv2.INTER_LINEAR)
    reach = cv2.warpPerspective(np.ones(second.shape[:2], np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    good = reach > 0.999
    if hero_mask is not None:
        good &= cv2.resize(hero_mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    if other_mask is not None:
        small = cv2.resize(other_mask.astype(np.float32), second.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        good &= cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_NEAREST) > 0.5
    step = max(6, max(size) // _CELLS)
    pairs = [
        (first[y : y + step, x : x + step], moved[y : y + step, x : x + step])
        for y in range(0, height - step + 1, step)
        for x in range(0, width - step + 1, step)
        if good[y : y + step, x : x + step].all()
    ]
    kept = [(_mean(a), _mean(b)) for a, b in pairs if _alike(a, b)]
    if len(kept) < _FEWEST:
        return None
    here, there = (np.array(column, np.float64) for column in zip(*kept, strict=True))
    return SharedView(here, there, len(kept) * step * step / (height * width), inliers)


def _small(picture: Picture) -> Picture:
    scale = _WORK / max(picture.shape[:2])
    finite = np.nan_to_num(np.asarray(picture, np.float32), nan=0.0, posinf=65504.0, neginf=0.0)
    if scale >= 1:
        return finite
    return np.asarray(cv2.resize(finite, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def _detail(picture: Picture) -> NDArray[np.uint8]:
    """Log luminance with its local contrast evened out: exposure and grade drop away, edges stay."""
    stops = np.log2(np.maximum(picture @ np.array([0.27, 0.67, 0.06], np.float32), 1e-4))
    low, high = np.percentile(stops, [0.5, 99.5])
    grey = np.clip((stops - low) / max(high - low, 1e-3) * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.createCLAHE(4.0, (8, 8)).apply(grey), np.uint8)


def _where(mask: Mask | None, small: Picture) -> NDArray[np.uint8] | None:
    """Where features may be sought, at the working size: what moved is no landmark."""
    if mask is None or mask.all():
        return None
    return np.asarray(cv2.resize(mask.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _homography(
    source: NDArray[np.uint8], target: NDArray[np.uint8], source_in: NDArray[np.uint8] | None, target_in: NDArray[np.uint8] | None
) -> tuple[NDArray[np.float64], int] | None:
    sift = cv2.SIFT_create(3000)
    (here, ours), (there, theirs) = (sift.detectAndCompute(grey, held) for grey, held in ((source, source_in), (target, target_in)))
    if ours is None or theirs is None or min(len(ours), len(theirs)) < _FEWEST:
        return None
    near = (pair for pair in cv2.BFMatcher().knnMatch(ours, theirs, k=2) if len(pair) == 2)
    pairs = [a for a, b in near if a.distance < 0.75 * b.distance]
    if len(pairs) < _FEWEST:
        return None
    points = (
        np.array([here[p.queryIdx].pt for p in pairs], np.float32),
        np.array([there[p.trainIdx].pt for p in pairs], np.float32),
    )
    cv2.setRNGSeed(_RNG)
    matrix, inside = cv2.findHomography(*points, cv2.RANSAC, 2.5, maxIters=4000, confidence=0.999)
    if matrix is None:
        return None
    count = int(inside.sum())
    scale = abs(float(np.linalg.det(matrix[:2, :2])))
    sound = count >= _FEWEST and count >= 0.25 * len(pairs) and 0.05 < scale < 20
    return (np.asarray(matrix, np.float64), count) if sound else None


def _alike(a: Picture, b: Picture) -> bool:
    """Whether two patches show one surface: alike in detail, or both too plain to tell; none clipped or black."""
    if min(a.mean(), b.mean()) < 1e-3:
        return False
    first, second = (np.log2(np.maximum(patch[..., 1], 1e-4)) for patch in (a, b))
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((first**2).mean() * (second**2).mean()))
    plain = max(float(first.std()), float(second.std())) < 0.08
    return plain or (spread > 1e-6 and float((first * second).mean()) / spread > _LIKE)


def _mean(patch: Picture) -> NDArray[np.float64]:
    return np.asarray(patch.reshape(-1, 3).mean(axis=0), np.float64)
