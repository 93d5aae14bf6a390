"""Texture for the part of a plate that no frame ever shows, copied from the set beside it.

A smooth closing carries the least error and no texture. Here only what is finer than that is added: whole pieces of the set, each
moved by one shift that the picture round the hole bears out (the idea of few shifts: K. He, J. Sun, "Statistics of Patch Offsets for
Image Completion", ECCV 2012). Pieces stay sharp, where patches that vote would blur or smear.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.removal_expected import harmonic
from answerprint.generator.stops import Log
from answerprint.graph.contract import Box, Plane

__all__ = ["unseen_texture"]

Real = NDArray[np.float32]
Points = NDArray[np.intp]

_SIDE_PX = 48
"""The lengths below are for holes up to this many pixels across (the root of their area); for larger ones they grow with them."""
_DETAIL_PX = 4.0
"""Sigma of what counts as detail. On the tuning holes 10 costs 0.2 to 0.6 dB more than 4, and looks no better."""
_RING_PX = 8
"""Width of the picture round the hole that a shift must bear out."""
_PIECES = 10
_GRID = 16
"""Shifts that are tried along the hole's side: the best of them is then searched to the pixel."""
_MOST_ERROR = np.float32(1.5)
"""Squared stops beyond which worse is no worse: one lamp must not decide."""
_LEVEL = 3.0
"""What a shift up or down by the hole's side costs, in variances of the ring: things at one height are of one kind."""
_NEAREST_PX = 6
"""Shorter shifts would only drag the hole's edge inward."""
_COMPARED = 1500
_FADE_PX = 2.0
_RESTLESS = 0.15
"""Squared stops, 0.4 rms, between the samples of a plate: more, and something moved there."""
_BESIDE_PX = 7


@dataclass(frozen=True)
class _Ring:
    """The still pixels ``at`` (n, 2) row, column beside the hole, in stops (``colour``), how much they vary (squared stops); the hole's
    ``side`` in pixels, and the ``scale`` of all lengths that follows from it."""

    at: Points
    colour: Log
    variance: float
    side: float
    scale: float


def unseen_texture(colour: Log, missing: Plane, known: Plane, spread: Real) -> Log:
    """The detail (h, w, 3) in stops to be added to a smooth closing of ``missing`` (h, w) in the plate ``colour`` (h, w, 3, in stops).

    Only ``known`` pixels (h, w) at rest are copied: ``spread`` (h, w) is by how much the samples of each differ, squared stops. Zero
    outside ``missing``, at its border, where what stands beside it moves, and all over when nothing can be copied; nowhere stronger
    than the detail beside the hole. Same input, same bytes.
    """
    out = np.zeros_like(colour)
    if not missing.any():
        return out
    still = known & (cv2.dilate((spread > _RESTLESS).astype(np.uint8), np.ones((_BESIDE_PX, _BESIDE_PX), np.uint8)) == 0)
    side = float(np.sqrt(missing.sum()))
    x0, y0, x1, y1 = _around(missing, 3 * round(side))
    cut = np.s_[y0:y1, x0:x1]
    colour, missing, still = colour[cut], missing[cut], still[cut] & ~missing[cut]
    ring = _ring(colour, missing, still, side)
    if len(ring.at) < _RING_PX**2:
        return out
    shifts = _shifts(colour, missing, still, ring)
    if not shifts:
        return out
    box = _around(missing, round(2 * _RING_PX * ring.scale))
    copied, found = _pieced(colour, missing, still, ring, shifts, box)
    near = np.s_[box[1] : box[3], box[0] : box[2]]
    colour, missing, still = colour[near], missing[near], still[near]
    detail = np.where(found[..., None], copied - harmonic(colour, missing), 0).astype(np.float32)
    detail -= cv2.GaussianBlur(detail, (0, 0), _DETAIL_PX * ring.scale)
    share = _faded(found, missing, still, ring.scale) * _as_beside(detail, colour, missing, still, ring.scale)
    out[cut][near] = detail * share[..., None]
    return out


def _around(missing: Plane, room: int) -> Box:
    rows, columns = np.flatnonzero(missing.any(axis=1)), np.flatnonzero(missing.any(axis=0))
    return (
        max(0, int(columns[0]) - room),
        max(0, int(rows[0]) - room),
        min(missing.shape[1], int(columns[-1]) + room + 1),
        min(missing.shape[0], int(rows[-1]) + room + 1),
    )


def _ring(colour: Log, missing: Plane, still: Plane, side: float) -> _Ring:
    scale = max(1.0, side / _SIDE_PX)
    size = 2 * round(_RING_PX * scale) + 1
    at = np.argwhere((cv2.dilate(missing.astype(np.uint8), np.ones((size, size), np.uint8)) > 0) & still)
    own = colour[tuple(at.T)]
    variance = float(np.minimum(own.var(axis=0).mean(), _MOST_ERROR)) if len(at) else 0.0
    return _Ring(at, own, variance, side, scale)


def _moved(still: Plane, at: Points, shift: tuple[int, int]) -> tuple[tuple[Points, Points], Plane]:
    """Where points come to by a shift (rows, columns; kept inside), and whether they come to still pixels."""
    there = at + np.array(shift)
    inside = np.clip(there, 0, np.array(still.shape) - 1)
    index = inside[:, 0], inside[:, 1]
    return index, np.asarray((there == inside).all(axis=1) & still[index])


def _misses(colour: Log, still: Plane, at: Points, own: Log, shift: tuple[int, int]) -> tuple[Real, Plane]:
    """By how much the pixels ``at`` differ from those a shift away, squared stops, and where they can be compared."""
    index, fine = _moved(still, at, shift)
    return np.minimum(((colour[index] - own) ** 2).mean(axis=1), _MOST_ERROR).astype(np.float32), fine


def _shifts(colour: Log, missing: Plane, still: Plane, ring: _Ring) -> list[tuple[int, int]]:
    """For each of a few parts of the hole the shift that the ring near it bears out best and that brings still pixels there."""
    depth = cv2.distanceTransform(missing.astype(np.uint8), cv2.DIST_L2, 5)
    points = np.argwhere(missing)
    cv2.setRNGSeed(1)
    parts = min(_PIECES, len(points))
    _, labels, middles = cv2.kmeans(points.astype(np.float32), parts, np.empty(0), (3, 20, 0.5), 1, cv2.KMEANS_PP_CENTERS)
    step = max(1, round(ring.side / _GRID))
    soft = cv2.GaussianBlur(colour, (0, 0), step / 2)
    some = ring.at[:: max(1, len(ring.at) // _COMPARED)]
    least = _NEAREST_PX * ring.scale
    grid = [(dy, dx) for dy in _steps(1.2 * ring.side, step) for dx in _steps(still.shape[1], step) if abs(dy) + abs(dx) >= least]
    rough = [_misses(soft, still, some, soft[tuple(some.T)], shift) for shift in grid]
    found = []
    for number, middle in enumerate(middles):
        near = _near(some, middle, float(depth[tuple(middle.astype(int))]) + least)
        own = points[labels[:, 0] == number]
        own = own[:: max(1, len(own) // 40)]
        start = _best(grid, rough, near, still, own, ring)
        if start is None:
            continue
        close = [(start[0] + dy, start[1] + dx) for dy in range(-step, step + 1) for dx in range(-step, step + 1)]
        exact = [_misses(colour, still, some, colour[tuple(some.T)], shift) for shift in close]
        found.append(_best(close, exact, near, still, own, ring) or start)
    return list(dict.fromkeys(found))


def _steps(reach: float, step: int) -> range:
    most = round(reach / step) * step
    return range(-most, most + 1, step)


def _near(at: Points, middle: Real, reach: float) -> Real:
    return np.exp(-((at - middle) ** 2).sum(axis=1) / (2 * reach**2)).astype(np.float32)


def _best(
    shifts: list[tuple[int, int]],
    misses: list[tuple[Real, Plane]],
    near: Real,
    still: Plane,
    own: Points,
    ring: _Ring,
) -> tuple[int, int] | None:
    """The shift of least error over the ring weighted by ``near``, of those that bring still pixels to nine tenths of ``own``."""
    scores = np.full(len(shifts), np.inf)
    for at, ((error, fine), shift) in enumerate(zip(misses, shifts, strict=True)):
        weight = float(near[fine].sum())
        if weight > 0.7 * float(near.sum()):
            scores[at] = float((error * near)[fine].sum()) / weight + _LEVEL * ring.variance * (shift[0] / ring.side) ** 2
    for at in np.argsort(scores, kind="stable"):
        if not np.isfinite(scores[at]):
            return None
        if _moved(still, own, shifts[at])[1].mean() > 0.9:
            return shifts[at]
    return None


def _pieced(colour: Log, missing: Plane, still: Plane, ring: _Ring, shifts: list[tuple[int, int]], box: Box) -> tuple[Log, Plane]:
    """Each missing pixel from the shift that the ring near it bears out best: the picture over ``box``, and where there is any."""
    start = np.array([box[1], box[0]])
    hole = missing[box[1] : box[3], box[0] : box[2]]
    here, points = tuple(np.argwhere(hole).T), np.argwhere(hole) + start
    least = _NEAREST_PX * ring.scale
    reach = 0.6 * float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max()) + least
    led = [_moved(still, points, shift) for shift in shifts]
    costs = np.full((len(shifts), len(points)), np.inf, np.float32)
    for at, shift in enumerate(shifts):
        error, compared = _misses(colour, still, ring.at, ring.colour, shift)
        spot, total, count = tuple((ring.at[compared] - start).T), *np.zeros((2, *hole.shape), np.float32)
        total[spot], count[spot] = error[compared], 1
        far = _spread_out(total, reach) / _spread_out(count, reach)
        # What stands near decides; where nothing does, the whole ring.
        cost = (_spread_out(total, least) + 1e-3 * far) / (_spread_out(count, least) + 1e-3)
        cost += _LEVEL * ring.variance * (shift[0] / ring.side) ** 2
        costs[at] = np.where(led[at][1], cost[here], np.inf)
    chosen = np.full(hole.shape, 255, np.uint8)
    chosen[here] = costs.argmin(axis=0)
    chosen = cv2.medianBlur(chosen, 5)
    copied, weight = np.zeros((*hole.shape, 3), np.float32), np.zeros(hole.shape, np.float32)
    for at, (there, fine) in enumerate(led):
        share = np.where(fine, cv2.GaussianBlur((chosen == at).astype(np.float32), (0, 0), 0.7)[here], 0)  # seams a pixel wide
        copied[here] += colour[there] * share[:, None]
        weight[here] += share
    return np.asarray(copied / np.maximum(weight, 1e-6)[..., None], np.float32), np.asarray(weight > 0.1)


def _spread_out(plane: Real, sigma: float) -> Real:
    """A sum or a count spread by a Gaussian, never zero."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma) + 1e-6, np.float32)


def _faded(found: Plane, missing: Plane, still: Plane, scale: float) -> Real:
    """1 well inside what was found, 0 at its border and beside what moves."""
    depth = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 5)
    rest = harmonic(np.repeat(still[..., None], 3, axis=2).astype(np.float32), missing)[..., 0]
    return np.asarray(np.clip(depth / (_FADE_PX * scale), 0, 1) * np.clip(2 * rest - 1, 0, 1), np.float32)


def _as_beside(detail: Log, colour: Log, missing: Plane, still: Plane, scale: float) -> Real:
    """The share of ``detail`` that makes it no stronger than the detail of the still picture nearby."""
    reach = float(cv2.distanceTransform(missing.astype(np.uint8), cv2.DIST_L2, 5).max()) + _RING_PX * scale
    fine = colour - cv2.GaussianBlur(colour, (0, 0), _DETAIL_PX * scale)
    beside, own = _power(fine, still, reach), _power(detail, missing, reach)
    return np.sqrt(np.clip(beside / np.maximum(own, np.float32(1e-9)), 0, 1)).astype(np.float32)


def _power(picture: Log, where: Plane, reach: float) -> Real:
    shown = where.astype(np.float32)
    total = cv2.GaussianBlur((picture**2).mean(axis=2) * shown, (0, 0), reach)
    return np.asarray(total / np.maximum(cv2.GaussianBlur(shown, (0, 0), reach), np.float32(1e-6)), np.float32)
