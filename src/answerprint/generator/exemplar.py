"""Inventing a part of the set that no camera saw, from patches of what stands around it.

Coarse to fine: at the coarsest scale the hole is closed from its edge inward, strong structure first (A. Criminisi et
al., "Region Filling and Object Removal by Exemplar-Based Image Inpainting", IEEE TIP 13(9), 2004); at each finer scale
every patch of the hole looks for its nearest patch outside and all patches vote for the pixels they cover (Y. Wexler
et al., "Space-Time Completion of Video", IEEE PAMI 29(3), 2007). Patches are compared by their principal components.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from answerprint.generator.stops import Log
from answerprint.graph.contract import Plane

PATCH = 7
COMPONENTS = 14
_COARSE_SIDE = 40
"""The hole's longer side at the coarsest scale, pixels."""
_TREE_PIXELS = 12_000
"""Holes up to this many pixels are matched by a search of all patches; larger ones refine the coarser scale's matches."""
_HALF = PATCH // 2

Match = NDArray[np.int32]


@dataclass(frozen=True)
class _Scale:
    colour: Log
    hole: Plane
    source: Plane


def exemplar_fill(colour: Log, hole: Plane, allowed: Plane, rng: np.random.Generator) -> Log:
    """``colour`` (h, w, 3, in stops) with ``hole`` (bool) closed by patches whose centres and all pixels are ``allowed``.

    Same input and seed, same bytes. Without a single whole patch to copy, the hole is closed smoothly.
    """
    if not hole.any():
        return colour.copy()
    scales = _pyramid(colour, hole, allowed)
    coarsest = scales[-1]
    if not coarsest.source.any():
        return smooth_fill(colour, hole)
    picture = _onion(coarsest)
    match: Match | None = None
    for level in range(len(scales) - 1, -1, -1):
        scale = scales[level]
        if match is not None:
            match = _upsampled(match, scales[level + 1], scale)
            picture = _vote(scale, match, None)
        rounds = 6 if level >= len(scales) - 2 else (3 if level else 2)
        picture, match = _settle(scale, picture, match, rounds, rng)
    return picture


def smooth_fill(colour: Log, hole: Plane) -> Log:
    """``hole`` closed by pushing and pulling averages through a pyramid of half sizes."""
    weight = (~hole).astype(np.float32)
    return _push_pull(np.where(hole[..., None], np.float32(0), colour), weight)


def calm_fill(colour: Log, hole: Plane, unknown: Plane) -> Log:
    """``hole`` closed by carrying the lines that reach its edge inward, softer the deeper it gets; no texture, no things.

    A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method", J. Graphics Tools 9(1), 2004, per channel at
    half the size; ``unknown`` pixels outside the hole are not looked at.
    """
    size = ((hole.shape[1] + 1) // 2, (hole.shape[0] + 1) // 2)
    empty = (cv2.resize((hole | unknown).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
    drawn = np.dstack([cv2.inpaint(np.ascontiguousarray(small[..., one]), empty, 5, cv2.INPAINT_TELEA) for one in range(3)])
    depth = cv2.distanceTransform(empty, cv2.DIST_L2, 5)
    # The first ring that marching draws is specked, so even the edge is a little softened.
    soft, reach = cv2.GaussianBlur(drawn, (0, 0), 1.5), 3.0
    for sigma in (4.0, 9.0):
        share = np.clip((depth - reach) / (2 * sigma), 0, 1)[..., None]
        soft, reach = soft * (1 - share) + cv2.GaussianBlur(drawn, (0, 0), sigma) * share, reach + 2 * sigma
    full = cv2.resize(soft.astype(np.float32), hole.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(hole[..., None], full, colour).astype(np.float32)


def _push_pull(total: Log, weight: NDArray[np.float32]) -> Log:
    height, width = weight.shape
    if min(height, width) <= 2 or (weight > 0).all():
        mean = (total * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(weight[..., None] > 0, total, mean).astype(np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    low_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    low = cv2.resize(total * weight[..., None], size, interpolation=cv2.INTER_AREA)
    low = np.where(low_weight[..., None] > 1e-6, low / np.maximum(low_weight[..., None], 1e-6), np.float32(0))
    pulled = cv2.resize(
        _push_pull(low.astype(np.float32), (low_weight > 1e-6).astype(np.float32)), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return np.where(weight[..., None] > 0, total, pulled).astype(np.float32)


def _pyramid(colour: Log, hole: Plane, allowed: Plane) -> list[_Scale]:
    """Half sizes until the hole's longer side is small; a coarse pixel is known only where all below it are."""
    box = np.argwhere(hole)
    longest = int((box.max(axis=0) - box.min(axis=0)).max()) + 1
    scales = [_scale(colour, hole, allowed)]
    while longest > _COARSE_SIDE and min(scales[-1].hole.shape) >= 4 * PATCH:
        last = scales[-1]
        size = ((last.hole.shape[1] + 1) // 2, (last.hole.shape[0] + 1) // 2)
        known = (~last.hole).astype(np.float32)
        weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        blurred = cv2.resize(last.colour * known[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(
            weight[..., None], 1e-6
        )
        fine = cv2.resize(allowed.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        allowed = fine > 0.99
        scale = _scale(blurred.astype(np.float32), weight < 0.5, allowed & (weight > 0.99))
        if not scale.source.any() or not scale.hole.any():
            break
        scales.append(scale)
        longest = (longest + 1) // 2
    return scales


def _scale(colour: Log, hole: Plane, allowed: Plane) -> _Scale:
    whole = cv2.erode(
        (allowed & ~hole).astype(np.uint8), np.ones((PATCH, PATCH), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return _Scale(colour, hole, whole > 0)


def _onion(scale: _Scale) -> Log:
    """The hole closed from its edge inward at a small size: the border patch with most structure and most known first."""
    picture, known = np.where(scale.hole[..., None], np.float32(0), scale.colour), ~scale.hole
    centres = np.argwhere(scale.source)
    source = _patches(scale.colour, centres)
    confidence = known.astype(np.float32)
    height, width = known.shape
    offsets = np.argwhere(np.ones((PATCH, PATCH), bool)) - _HALF
    while not known.all():
        edge = np.argwhere(~known & (cv2.dilate(known.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0))
        if not len(edge):
            return smooth_fill(picture, ~known)
        sure = cv2.boxFilter(confidence, -1, (PATCH, PATCH), borderType=cv2.BORDER_CONSTANT)
        structure = _isophotes(picture, known)
        priority = sure[tuple(edge.T)] * (0.05 + structure[tuple(edge.T)])
        at = edge[int(np.argmax(priority))]
        spots = at + offsets
        inside = (spots >= 0).all(axis=1) & (spots < [height, width]).all(axis=1)
        spots = np.clip(spots, 0, [height - 1, width - 1])
        usable = inside & known[tuple(spots.T)]
        wanted = picture[tuple(spots.T)]
        cost = ((source[:, usable] - wanted[usable]) ** 2).sum(axis=(1, 2))
        best = int(np.argmin(cost))
        new = inside & ~known[tuple(spots.T)]
        picture[tuple(spots[new].T)] = source[best][new]
        confidence[tuple(spots[new].T)] = sure[tuple(at)]
        known[tuple(spots[new].T)] = True
    return picture


def _isophotes(picture: Log, known: Plane) -> NDArray[np.float32]:
    """How strong the brightness step near each pixel is, only over what is known: (h, w), largest 1."""
    grey = smooth_fill(picture, ~known).mean(axis=2)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) * known
    near = cv2.dilate(slope, np.ones((5, 5), np.uint8))
    return np.asarray(near / max(float(near.max()), 1e-6), np.float32)


def _patches(picture: Log, centres: NDArray[np.intp]) -> Log:
    """(n, 49, 3) the patches round ``centres``, mirrored at the picture's edge."""
    padded = cv2.copyMakeBorder(picture, _HALF, _HALF, _HALF, _HALF, cv2.BORDER_REFLECT)
    view = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    return np.ascontiguousarray(np.moveaxis(view[tuple(centres.T)], 1, -1)).reshape(len(centres), PATCH * PATCH, 3)


def _basis(scale: _Scale) -> NDArray[np.float32]:
    """(147, k) principal directions of the source patches, weighted a little to the patch's middle."""
    centres = np.argwhere(scale.source)
    sample = _patches(scale.colour, centres[:: max(1, len(centres) // 4000)]).reshape(-1, PATCH * PATCH * 3)
    sample = sample - sample.mean(axis=0)
    _, vectors = np.linalg.eigh((sample.T @ sample).astype(np.float64))
    kept = vectors[:, ::-1][:, :COMPONENTS]
    signs = np.where(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])] < 0, -1.0, 1.0)
    return (kept * signs).astype(np.float32)


def _features(picture: Log, basis: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every pixel's patch by its principal components: (h, w, k)."""
    kernels = basis.T.reshape(-1, PATCH, PATCH, 3)
    out = np.empty((*picture.shape[:2], len(kernels)), np.float32)
    planes = [np.ascontiguousarray(picture[..., c]) for c in range(3)]
    for at, kernel in enumerate(kernels):
        parts = [
            cv2.filter2D(planes[c], cv2.CV_32F, np.ascontiguousarray(kernel[..., c]), borderType=cv2.BORDER_REFLECT)
            for c in range(3)
        ]
        out[..., at] = parts[0] + parts[1] + parts[2]
    return out


def _centres(scale: _Scale) -> NDArray[np.intp]:
    """The patches that reach into the hole: every pixel whose patch does."""
    return np.argwhere(cv2.dilate(scale.hole.astype(np.uint8), np.ones((PATCH, PATCH), np.uint8)) > 0)


def _settle(scale: _Scale, picture: Log, match: Match | None, rounds: int, rng: np.random.Generator) -> tuple[Log, Match]:
    """Match and vote in turn until the picture is as coherent as the rounds allow."""
    basis = _basis(scale)
    centres = _centres(scale)
    source = np.argwhere(scale.source)
    known = _features(scale.colour, basis)
    small = len(centres) <= _TREE_PIXELS
    low = np.maximum(centres.min(axis=0) - PATCH, 0)
    high = centres.max(axis=0) + PATCH + 1
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    tree = cKDTree(known[scale.source]) if small else None
    for _ in range(rounds):
        wanted = _features(picture[window], basis)[tuple((centres - low).T)]
        if tree is not None:
            _, nearest = tree.query(wanted, k=1, eps=0.3)
            match = source[nearest].astype(np.int32)
        else:
            match = _improve(scale, centres, known, wanted, match, rng)
        distance = ((wanted - known[tuple(match.T)]) ** 2).sum(axis=1)
        picture = _vote(scale, match, distance)
    assert match is not None
    return picture, match


def _improve(
    scale: _Scale,
    centres: NDArray[np.intp],
    known: NDArray[np.float32],
    target: NDArray[np.float32],
    match: Match | None,
    rng: np.random.Generator,
) -> Match:
    """Better matches among the neighbours' shifts and a few pixels around (C. Barnes et al., "PatchMatch", 2009), in parallel."""
    height, width = scale.hole.shape
    source = np.argwhere(scale.source).astype(np.int32)
    if match is None:
        match = source[rng.integers(0, len(source), len(centres))]
    index = np.full((height, width), -1, np.int64)
    index[tuple(centres.T)] = np.arange(len(centres))
    best, cost = match.copy(), ((target - known[tuple(match.T)]) ** 2).sum(axis=1)

    def consider(candidate: NDArray[np.int32], who: NDArray[np.intp]) -> None:
        candidate = np.clip(candidate, 0, [height - 1, width - 1])
        fine = scale.source[tuple(candidate.T)]
        candidate, who = candidate[fine], who[fine]
        new = ((target[who] - known[tuple(candidate.T)]) ** 2).sum(axis=1)
        better = new < cost[who]
        best[who[better]], cost[who[better]] = candidate[better], new[better]

    everyone = np.arange(len(centres))
    for reach in (4, 1):
        for dy, dx in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
            spot = np.clip(centres + np.array([dy, dx]), 0, [height - 1, width - 1])
            other = index[tuple(spot.T)]
            who = everyone[other >= 0]
            consider(best[other[other >= 0]] - np.array([dy, dx], np.int32), who)
    for radius in (2, 12):
        consider(best + rng.integers(-radius, radius + 1, best.shape).astype(np.int32), everyone)
    return best


def _upsampled(match: Match, coarse: _Scale, scale: _Scale) -> Match:
    """The coarser scale's shifts carried to this one; where a shift leads outside the source, the nearest source patch."""
    shifts = np.zeros((*coarse.hole.shape, 2), np.float32)
    reached = np.zeros(coarse.hole.shape, bool)
    old = _centres(coarse)
    shifts[tuple(old.T)], reached[tuple(old.T)] = match - old, True
    nearest = distance_transform_edt(~reached, return_distances=False, return_indices=True)
    centres = _centres(scale)
    below = np.minimum(centres // 2, np.array(coarse.hole.shape) - 1)
    below = np.stack([nearest[axis][tuple(below.T)] for axis in (0, 1)], axis=1)
    wanted = centres + (2 * shifts[tuple(below.T)]).astype(np.int64)
    wanted = np.clip(wanted, 0, np.array(scale.hole.shape) - 1)
    fine = distance_transform_edt(~scale.source, return_distances=False, return_indices=True)
    return np.stack([fine[axis][tuple(wanted.T)] for axis in (0, 1)], axis=1).astype(np.int32)


def _vote(scale: _Scale, match: Match, distance: NDArray[np.float32] | None) -> Log:
    """Each hole pixel as the mean of what the patches over it say, good patches counting more; known pixels stay."""
    centres = _centres(scale)
    height, width = scale.hole.shape
    weight = np.ones(len(centres), np.float32)
    if distance is not None:
        weight = np.exp(-distance / max(float(np.percentile(distance, 75)), 1e-6)).astype(np.float32) + np.float32(1e-4)
    total = np.zeros((height + 2 * _HALF, width + 2 * _HALF, 4), np.float32)
    for dy in range(-_HALF, _HALF + 1):
        for dx in range(-_HALF, _HALF + 1):
            share = weight * np.float32(np.exp(-(dy * dy + dx * dx) / (2 * 1.6**2)))
            taken = scale.colour[match[:, 0] + dy, match[:, 1] + dx]
            where = (centres[:, 0] + dy + _HALF, centres[:, 1] + dx + _HALF)
            total[where[0], where[1], :3] += taken * share[:, None]
            total[where[0], where[1], 3] += share
    inner = total[_HALF : _HALF + height, _HALF : _HALF + width]
    mean = inner[..., :3] / np.maximum(inner[..., 3:], 1e-8)
    return np.where(scale.hole[..., None], mean, scale.colour).astype(np.float32)
