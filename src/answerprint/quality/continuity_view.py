"""What two sides of a cut both show: one registration, the same patches of it, and what tells two pictures of one set apart.

Frames near the cut are averaged, so that sensor noise does not hide the set. A plane is laid on a plane, what stands before or
behind it is followed a little way by flow, and whatever people and wider parallax put elsewhere fails the likeness test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.perception.flow import carry, dense_flow, one_thread

Picture = NDArray[np.float32]
Real = NDArray[np.float64]

_SIFT_SIDE = 960
_FEWEST = 12
_FEWEST_FLAT = 8
"""Features that must agree on a homography, and on a shift, turn and scale."""
_LIKE = 0.7
_PATCHES = 40
_LEAST_ALIKE = 0.25
"""Of the patches both could show, how many must be alike; fewer, and the registration was of chance features."""
_LEAST_DRAWN = 6
_FLAT = 0.1
"""Stops of scatter within a patch below which it is plain."""
_PARALLAX = 0.04
"""Of the width: how far from the plane's place what stands before or behind it is looked for."""
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

    @cached_property
    def similarity(self) -> Real:
        """(2, 3): the turn, scale and shift from places on the second side to those on the first that most patches agree on.

        ``matrix`` was fitted to features, and where few are found its tilt takes up what is wrong with it; the patches lie everywhere.
        """
        cv2.setRNGSeed(1)
        found, _ = cv2.estimateAffinePartial2D(self.at_second, self.at_first, method=cv2.LMEDS)
        return np.asarray(found, np.float64)

    @property
    def scale(self) -> float:
        """How much closer the second side is framed: above 1 closer."""
        return float(1 / np.hypot(*self.similarity[:, 0]))

    @property
    def aside(self) -> float:
        """How far the middle of the second side lies from the middle of the first, as a share of the width."""
        return float(np.hypot(*self.similarity[:, 2]) / 2)

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
        moved, inside, off = _laid(second, first, matrix)
    height, width = first.shape[:2]
    step = max(6, width // _PATCHES)
    pairs, places, offs, asked, drawn, same = [], [], [], 0, 0, 0
    for y in range(0, height - step + 1, step):
        for x in range(0, width - step + 1, step):
            part = np.s_[y : y + step, x : x + step]
            if not inside[part].all():
                continue
            asked += 1
            like, plain = alike(first[part], moved[part]), _plain(first[part], moved[part])
            drawn += not plain
            same += like and not plain
            if like:
                pairs.append((first[part].mean(axis=(0, 1)), moved[part].mean(axis=(0, 1))))
                places.append((x + step / 2, y + step / 2))
                offs.append(off[part].mean(axis=(0, 1)))
    # Plain walls are alike wherever one lays them: what is drawn on the set has to agree as well.
    if len(pairs) < max(_FEWEST, _LEAST_ALIKE * asked) or same < max(_LEAST_DRAWN, _LEAST_ALIKE * drawn):
        return None
    one, other = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    here = np.array(places, np.float64)
    there = cv2.perspectiveTransform((here + np.array(offs))[None], np.linalg.inv(matrix))[0]
    return Shared(
        one, other, _centred(here, first), _centred(there, second), matrix, np.asarray(moved, np.float32), inside, inliers
    )


def at_one_scale(view: Shared, first: Picture, second: Picture) -> tuple[Picture, Picture]:
    """What both sides show, cut out of each, at the size at which the wider framing shows it.

    The same edges are larger in the closer framing, and softer by as much where the set or the camera's own pixels limit them.
    """
    turn, move = view.similarity[:, :2], view.similarity[:, 2]
    back = np.asarray(np.linalg.inv(turn), np.float64)
    parts = _overlapping(first, turn, move), _overlapping(second, back, -back @ move)
    shrink = min(1.0, view.scale), min(1.0, 1 / view.scale)
    one, other = (
        part if by == 1 else cv2.resize(part, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
        for part, by in zip(parts, shrink, strict=True)
    )
    return np.asarray(one, np.float32), np.asarray(other, np.float32)


def _overlapping(picture: Picture, turn: Real, move: Real) -> Picture:
    """The upright part of ``picture`` that another of its shape covers; ``turn`` and ``move`` take places on that one to this."""
    height, width = picture.shape[:2]
    corners = np.array([[x, y] for x in (-1, 1) for y in (-height / width, height / width)]) @ turn.T + move
    pixels = corners * width / 2 + np.array([width, height]) / 2
    left, top = np.clip(np.ceil(pixels.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.floor(pixels.max(axis=0)), [left + 1, top + 1], [width, height]).astype(int)
    return picture[top:bottom, left:right]


def _laid(second: Picture, first: Picture, matrix: Real) -> tuple[Picture, NDArray[np.bool_], NDArray[np.float32]]:
    """The second picture on the first, where it reaches, and how far beside the plane each pixel was fetched (h, w, 2), pixels.

    What stands before or behind the plane is followed by flow, as far as `_PARALLAX` of the width.
    """
    height, width = first.shape[:2]
    flat = cv2.warpPerspective(second, matrix, (width, height), flags=cv2.INTER_LINEAR)
    reach = cv2.warpPerspective(np.ones(second.shape[:2], np.float32), matrix, (width, height))
    known = reach > 0.999
    off = dense_flow(_level(first, known), _level(flat, known), "medium")
    off = cv2.GaussianBlur(off, (0, 0), width / 160)
    off *= np.minimum(1.0, _PARALLAX * width / np.maximum(np.hypot(off[..., :1], off[..., 1:]), 1e-6))
    return carry(flat, off), known & (carry(reach, off) > 0.999), off


def _level(picture: Picture, known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Grey for flow, its middle tone the same whatever the exposure."""
    light = np.maximum(cv2.GaussianBlur(luminance(picture), (0, 0), 1.2), 0)
    middle = float(np.median(light[known])) if known.any() else 1.0
    return np.asarray(np.clip(np.cbrt(light / max(middle, 1e-6)) * 110, 0, 255), np.uint8)


def registration(source: Picture, target: Picture) -> tuple[Real, int] | None:
    """The homography that takes pixels of ``source`` to ``target``, and how many features agree; None where too few do.

    Where grain or blur leave few features for a homography, a shift, turn and scale are asked of coarser ones.
    """
    width = source.shape[1]
    for noise, likeness, whole in ((0.0, 0.8, True), (0.0, 0.8, False), (1.2, 0.9, False)):
        pairs = _pairs(source, target, noise, likeness)
        if len(pairs[0]) < _FEWEST:
            continue
        scale = max(1.0, _SIFT_SIDE / max(target.shape[:2]))
        cv2.setRNGSeed(1)
        if whole:
            matrix, kept = cv2.findHomography(*pairs, cv2.RANSAC, 3.0 / scale + 0.5, maxIters=3000, confidence=0.999)
        else:
            found, kept = cv2.estimateAffinePartial2D(
                *pairs, ransacReprojThreshold=5.0 / scale + 0.5, maxIters=5000, confidence=0.999
            )
            matrix = None if found is None else np.vstack([found, [0.0, 0.0, 1.0]])
        if matrix is None or kept is None:
            continue
        count, least = int(kept.sum()), max(_FEWEST, 0.15 * len(pairs[0])) if whole else max(_FEWEST_FLAT, 0.06 * len(pairs[0]))
        if count >= least and _sound(np.asarray(matrix, np.float64), width):
            return np.asarray(matrix, np.float64), count
    return None


def _pairs(source: Picture, target: Picture, noise: float, likeness: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places (n, 2) of features of both pictures that look alike; ``noise`` is what is smoothed away first, pixels."""
    sift = cv2.SIFT_create(2500, contrastThreshold=0.008)
    scale = [max(1.0, _SIFT_SIDE / max(p.shape[:2])) for p in (source, target)]
    smooth = [cv2.GaussianBlur(p, (0, 0), noise) if noise else p for p in (source, target)]
    described = [sift.detectAndCompute(_detail(p, s), None) for p, s in zip(smooth, scale, strict=True)]
    (here, ours), (there, theirs) = described
    if ours is None or theirs is None or min(len(ours), len(theirs)) < _FEWEST:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    near = (pair for pair in cv2.BFMatcher().knnMatch(ours, theirs, k=2) if len(pair) == 2)
    pairs = [a for a, b in near if a.distance < likeness * b.distance]
    return (
        np.array([here[p.queryIdx].pt for p in pairs], np.float32).reshape(-1, 2) / np.float32(scale[0]),
        np.array([there[p.trainIdx].pt for p in pairs], np.float32).reshape(-1, 2) / np.float32(scale[1]),
    )


def _sound(matrix: Real, width: int) -> bool:
    """Whether two cameras could see a set so: hardly sheared, hardly tilted, at most five times as close."""
    sizes = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    return bool(sizes[1] > 0.2 and sizes[0] < 5 and sizes[0] < 1.5 * sizes[1] and np.abs(matrix[2, :2]).max() * width < 0.4)


def _plain(a: Picture, b: Picture) -> bool:
    """Whether hardly anything is drawn on either patch."""
    return bool(max(float(np.log2(np.maximum(luminance(p), 1e-4)).std()) for p in (a, b)) < _FLAT)


def alike(a: Picture, b: Picture) -> bool:
    """Whether two patches show one surface, whatever light and balance: alike in detail, or both plain."""
    if min(a.mean(), b.mean()) < 5e-4:
        return False
    first, second = (np.log2(np.maximum(luminance(patch), 1e-4)) for patch in (a, b))
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((first**2).mean() * (second**2).mean()))
    plain = max(float(first.std()), float(second.std())) < _FLAT
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
