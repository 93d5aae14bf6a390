"""What two sides of a cut both show: one registration, the same patches of it, and what tells two pictures of one set apart.

Frames near the cut are averaged, so that sensor noise does not hide the set; a plane or a camera on one spot is assumed and
whatever parallax and people put elsewhere fails the likeness test.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.perception.flow import one_thread

Picture = NDArray[np.float32]
Real = NDArray[np.float64]

_SIFT_SIDE = 960
_FEWEST = 12
_LIKE = 0.7
_PATCHES = 40
_LEAST_ALIKE = 0.25
"""Of the patches both could show, how many must be alike; fewer, and the registration was of chance features."""
_LUMA = np.array([0.2722287, 0.6740818, 0.0536895], np.float32)


@dataclass(frozen=True)
class Shared:
    """Patches of the set seen on both sides of a cut, by their mean colours and places.

    ``first`` and ``second`` (n, 3) ACEScg; ``at_first`` and ``at_second`` (n, 2) where they lie, -1..1 from the middle over half the
    width; ``matrix`` takes pixels of the second side to the first; ``moved`` is the second side laid on the first, ``inside`` where it reaches.
    """

    first: Real
    second: Real
    at_first: Real
    at_second: Real
    matrix: Real
    moved: Picture
    inside: NDArray[np.bool_]
    inliers: int

    @property
    def scale(self) -> float:
        """How much closer the second side is framed: above 1 closer."""
        return float(1 / np.sqrt(max(abs(np.linalg.det(self.matrix[:2, :2])), 1e-9)))

    @property
    def overlap(self) -> float:
        """The share of the first side that the second shows as well."""
        return float(self.inside.mean())


def luminance(light: Picture) -> Picture:
    """Relative luminance of ACEScg (..., 3)."""
    return np.asarray(light @ _LUMA, np.float32)


def shared(first: Picture, second: Picture) -> Shared | None:
    """The patches that two pictures (h, w, 3) ACEScg of one width share; None where no common view is found."""
    with one_thread():
        found = registration(second, first)
        if found is None:
            return None
        matrix, inliers = found
        height, width = first.shape[:2]
        moved = cv2.warpPerspective(second, matrix, (width, height), flags=cv2.INTER_LINEAR)
        reach = cv2.warpPerspective(np.ones(second.shape[:2], np.float32), matrix, (width, height))
    inside = reach > 0.999
    step = max(6, width // _PATCHES)
    pairs, places, asked = [], [], 0
    for y in range(0, height - step + 1, step):
        for x in range(0, width - step + 1, step):
            part = np.s_[y : y + step, x : x + step]
            if not inside[part].all():
                continue
            asked += 1
            if alike(first[part], moved[part]):
                pairs.append((first[part].mean(axis=(0, 1)), moved[part].mean(axis=(0, 1))))
                places.append((x + step / 2, y + step / 2))
    if len(pairs) < max(_FEWEST, _LEAST_ALIKE * asked):
        return None
    one, other = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    here = np.array(places, np.float64)
    there = cv2.perspectiveTransform(here[None], np.linalg.inv(matrix))[0]
    return Shared(
        one, other, _centred(here, first), _centred(there, second), matrix, np.asarray(moved, np.float32), inside, inliers
    )


def registration(source: Picture, target: Picture) -> tuple[Real, int] | None:
    """The homography that takes pixels of ``source`` to ``target``, and how many features agree; None where too few do."""
    sift = cv2.SIFT_create(2500, contrastThreshold=0.008)
    scale = [max(1.0, _SIFT_SIDE / max(p.shape[:2])) for p in (source, target)]
    described = [sift.detectAndCompute(_detail(p, s), None) for p, s in zip((source, target), scale, strict=True)]
    (here, ours), (there, theirs) = described
    if ours is None or theirs is None or min(len(ours), len(theirs)) < _FEWEST:
        return None
    near = (pair for pair in cv2.BFMatcher().knnMatch(ours, theirs, k=2) if len(pair) == 2)
    pairs = [a for a, b in near if a.distance < 0.8 * b.distance]
    if len(pairs) < _FEWEST:
        return None
    points = (
        np.array([here[p.queryIdx].pt for p in pairs], np.float32) / np.float32(scale[0]),
        np.array([there[p.trainIdx].pt for p in pairs], np.float32) / np.float32(scale[1]),
    )
    cv2.setRNGSeed(1)
    matrix, kept = cv2.findHomography(*points, cv2.RANSAC, 3.0 / scale[1] + 0.5, maxIters=3000, confidence=0.999)
    if matrix is None or kept is None:
        return None
    count, whole = int(kept.sum()), np.asarray(matrix, np.float64)
    return (whole, count) if count >= max(_FEWEST, 0.15 * len(pairs)) and _sound(whole, source.shape[1]) else None


def _sound(matrix: Real, width: int) -> bool:
    """Whether two cameras could see a set so: hardly sheared, hardly tilted, at most five times as close."""
    sizes = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    return bool(sizes[1] > 0.2 and sizes[0] < 5 and sizes[0] < 1.5 * sizes[1] and np.abs(matrix[2, :2]).max() * width < 0.4)


def alike(a: Picture, b: Picture) -> bool:
    """Whether two patches show one surface, whatever light and balance: alike in detail, or both plain."""
    if min(a.mean(), b.mean()) < 5e-4:
        return False
    first, second = (np.log2(np.maximum(luminance(patch), 1e-4)) for patch in (a, b))
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((first**2).mean() * (second**2).mean()))
    plain = max(float(first.std()), float(second.std())) < 0.1
    return plain or (spread > 1e-6 and float((first * second).mean()) / spread > _LIKE)


def _detail(picture: Picture, scale: float) -> NDArray[np.uint8]:
    stops = np.log2(np.maximum(luminance(picture), 1e-4))
    low, high = np.percentile(stops, [0.5, 99.5])
    grey = np.clip((stops - low) / max(high - low, 1e-3) * 255, 0, 255).astype(np.uint8)
    if scale > 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(grey), np.uint8)


def _centred(places: Real, picture: Picture) -> Real:
    height, width = picture.shape[:2]
    return np.asarray((places - np.array([width, height]) / 2) / (width / 2))
