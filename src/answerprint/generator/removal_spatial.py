"""What a single frame says about the pixels under a thin thing: the surroundings carried across it.

Two ways, each right where the other fails: the smoothest surface through the rim (bending least), and lines led across
the gap in the direction in which its two banks agree best, so that edges cross it unbroken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.linalg import solve_banded
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import splu

__all__ = ["led_across", "smoothest"]

Picture = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]

_BENDING = (
    (0, 0, 20), (0, 1, -8), (0, -1, -8), (1, 0, -8), (-1, 0, -8), (1, 1, 2), (1, -1, 2), (-1, 1, 2), (-1, -1, 2),
    (0, 2, 1), (0, -2, 1), (2, 0, 1), (-2, 0, 1),
)  # fmt: skip
"""The 13-point biharmonic operator: (down, right, weight)."""


def smoothest(picture: Picture | Codes, hole: Mask) -> Picture:
    """The pixels of the hole, (n, 3) in row order, on the surface through ``picture`` round it that bends least.

    Biharmonic, the exact sparse solution. A rim beyond the picture's edge is taken to repeat the edge.
    """
    rows, columns = np.nonzero(hole)
    count = len(rows)
    if count == 0:
        return np.zeros((0, picture.shape[2]), np.float32)
    # Numbered across the hole's shorter way, a wire's pixels lie near their neighbours in the list.
    order = np.arange(count) if np.ptp(rows) >= np.ptp(columns) else np.lexsort((rows, columns))
    rows, columns = rows[order], columns[order]
    width = hole.shape[1] + 4
    number = np.full((hole.shape[0] + 4, width), -1, np.int32)
    number[rows + 2, columns + 2] = np.arange(count, dtype=np.int32)
    number = np.pad(number[2:-2, 2:-2], 2, mode="edge").ravel()
    at = ((rows + 2) * width + columns + 2).astype(np.int32)
    edges = np.pad(np.arange(hole.size, dtype=np.int32).reshape(hole.shape), 2, mode="edge").ravel()
    known = picture.reshape(hole.size, -1)
    system, right_side = _System(count), np.zeros((count, picture.shape[2]))
    for down, right, weight in _BENDING:
        there = at + np.int32(down * width + right)
        other = number[there]
        outside = np.flatnonzero(other < 0)
        right_side[outside] -= weight * known[edges[there[outside]]].astype(np.float64)
        system.add(other, weight)
    solved = np.empty(right_side.shape, np.float32)
    solved[order] = system.solved(right_side)
    return solved


_WIDEST_BAND = 120


class _System:
    """The equations of a hole's pixels, one a pixel, as they are put together."""

    def __init__(self, count: int) -> None:
        self._count, self._each = count, np.arange(count, dtype=np.int32)
        self._of: list[npt.NDArray[np.int32]] = []
        self._on: list[npt.NDArray[np.int32]] = []
        self._weights: list[npt.NDArray[np.float64]] = []

    def add(self, other: npt.NDArray[np.int32], weight: float) -> None:
        """Each pixel's equation holds ``weight`` times pixel ``other``, where that is in the hole (0 or more)."""
        inside = other >= 0
        self._of.append(self._each[inside])
        self._on.append(other[inside])
        self._weights.append(np.full(len(self._of[-1]), weight, np.float64))

    def solved(self, right_side: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The solution, by a banded factorisation where the pixels' order leaves a narrow band, as it does in a wire."""
        of, on, weights = np.concatenate(self._of), np.concatenate(self._on), np.concatenate(self._weights)
        if int(np.abs(of - on).max()) <= _WIDEST_BAND:
            return _banded(of, on, weights, right_side)
        system = sparse.csr_matrix((weights, (of, on)), (self._count, self._count))
        order = reverse_cuthill_mckee(system, symmetric_mode=False)
        place = np.empty(self._count, np.int32)
        place[order] = self._each
        if int(np.abs(place[of] - place[on]).max()) <= _WIDEST_BAND:
            return np.asarray(_banded(place[of], place[on], weights, right_side[order])[place])
        ridge = sparse.identity(self._count, format="csc") * 1e-9
        return np.asarray(splu(system.tocsc() + ridge, permc_spec="MMD_AT_PLUS_A").solve(right_side))


def _banded(
    of: npt.NDArray[np.int32],
    on: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float64],
    right_side: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    count, band = len(right_side), int(np.abs(of - on).max())
    places = (band + of - on).astype(np.int64) * count + on
    diagonals = np.bincount(places, weights, (2 * band + 1) * count).reshape(-1, count)
    diagonals[band] += 1e-9
    return np.asarray(solve_banded((band, band), diagonals, right_side, overwrite_ab=True, overwrite_b=True, check_finite=False))


@dataclass(frozen=True)
class _Chords:
    """For each hole pixel and direction, the straight line across the gap: distances to its two banks, and if it is one."""

    ahead: Picture
    behind: Picture
    valid: Mask


_DIRECTIONS = 16
_ANGLES = np.arange(_DIRECTIONS, dtype=np.float32) * np.float32(np.pi / _DIRECTIONS)
_RIGHT, _DOWN = np.cos(_ANGLES), np.sin(_ANGLES)
_NEAR, _BLOCK, _ACROSS = 4, 40, 1 << 20
_ROWS = 16_000
"""Most rows that OpenCV samples at once."""
_LONGEST = 26
"""Longest chord half searched, pixels: a 12 px rod crossed at 30 degrees."""
_TOLERANCE = np.float32(0.03)
"""Difference between the banks, in ACEScct (half a stop), at which a direction counts for little."""


def led_across(base: Picture, hole: Mask, only: Mask | None = None) -> Picture:
    """The pixels of the hole (of ``hole & only``), (n, 3) in row order, from the two banks of the gap, along the directions
    in which the banks agree.

    ``base`` is the picture with a first fill (``smoothest``): samples near the rim lean on it. Directions are weighed by
    how well short profiles of the banks match, smoothed along the wire, and by shortness. Along a direction the value
    follows a cubic through both banks' values and slopes, at half strength.
    """
    wanted = hole if only is None else hole & only
    rows, columns = np.nonzero(wanted)
    if len(rows) == 0:
        return np.zeros((0, base.shape[2]), np.float32)
    chords = _chords(rows, columns, hole)
    front, back = (_Bank.of(base, rows, columns, along, sign) for along, sign in ((chords.ahead, 1), (chords.behind, -1)))
    # What is averaged over dozens of pixels need be asked of half of them only.
    asked = (rows + columns) % 2 == (rows + columns)[0] % 2
    cost = _smoothed(_disagreement(front.only(asked), back.only(asked)), asked, rows, columns)
    length = chords.ahead + chords.behind
    shortest = np.where(chords.valid, length, np.inf).min(axis=1, keepdims=True)
    cost += np.float32(0.5) * _TOLERANCE * (length / shortest - 1)
    cost[~chords.valid] = np.inf
    least = cost.min(axis=1, keepdims=True)
    reached = np.isfinite(least[:, 0])
    weight = np.where(chords.valid, np.exp((np.where(reached[:, None], least, 0) - cost) / _TOLERANCE), 0) / length
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), np.float32(1e-12))
    value = _carried(front, back, chords, np.asarray(weight, np.float32))
    return np.where(reached[:, None], value, base[rows, columns]).astype(np.float32)


def _chords(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], hole: Mask) -> _Chords:
    ahead, behind = (_march(rows, columns, hole, sign) for sign in (1, -1))
    length = ahead + behind
    valid = np.isfinite(length) & (length <= 3 * length.min(axis=1, keepdims=True))
    one = np.float32(1)
    return _Chords(np.where(valid, ahead, one), np.where(valid, behind, one), valid)


def _march(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], hole: Mask, sign: int) -> Picture:
    """Steps from each hole pixel until the hole ends, for each direction; infinite when it does not within reach."""
    room = _LONGEST + 1
    wide = np.full((hole.shape[0] + 2 * room, hole.shape[1] + 2 * room), 2, np.uint8)
    wide[room:-room, room:-room] = ~hole
    steps = sign * np.arange(1, _LONGEST + 1)[:, None]
    leaps = (np.rint(steps * _DOWN) * wide.shape[1] + np.rint(steps * _RIGHT)).astype(np.int32)
    start = ((rows + room) * wide.shape[1] + columns + room).astype(np.int32)
    count, flat = len(rows), wide.ravel()
    distance = np.full(count * _DIRECTIONS, np.inf, np.float32)
    active = np.arange(count * _DIRECTIONS, dtype=np.int32)
    places, ways = np.repeat(start, _DIRECTIONS), np.tile(np.arange(_DIRECTIONS, dtype=np.int32), count)
    for step in range(_LONGEST):
        found = flat[places + leaps[step][ways]]
        distance[active[found == 1]] = step + 1
        on = found == 0
        active, places, ways = active[on], places[on], ways[on]
        if not len(active):
            break
    return distance.reshape(count, _DIRECTIONS)


@dataclass(frozen=True)
class _Bank:
    """Where the chords meet the picture on one side of the gap: ``x`` and ``y`` (n, directions), pixels; ``right`` and ``down``
    (directions) lead away from the gap."""

    base: Picture
    x: Picture
    y: Picture
    right: Picture
    down: Picture

    @classmethod
    def of(cls, base: Picture, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], along: Picture, sign: int) -> _Bank:
        right, down = np.float32(sign) * _RIGHT, np.float32(sign) * _DOWN
        x, y = (start[:, None].astype(np.float32) + along * way for start, way in ((columns, right), (rows, down)))
        return cls(base, x, y, right, down)

    def only(self, some: Mask) -> _Bank:
        return replace(self, x=self.x[some], y=self.y[some])

    def at(self, beyond: float, aside: float = 0.0) -> Picture:
        """Colours ``beyond`` pixels into the bank and ``aside`` pixels to the chord's side, the same for both banks: (n, directions, 3)."""
        x = self.x + (np.float32(beyond) * self.right - np.float32(aside) * _DOWN)
        y = self.y + (np.float32(beyond) * self.down + np.float32(aside) * _RIGHT)
        found = [
            cv2.remap(self.base, x[i : i + _ROWS], y[i : i + _ROWS], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for i in range(0, len(x), _ROWS)
        ]
        return found[0] if len(found) == 1 else np.concatenate(found)


def _disagreement(front: _Bank, back: _Bank) -> Picture:
    """Mean difference between short profiles on the two banks, (n, directions)."""
    total, weights = np.zeros(front.x.shape, np.float32), 0.0
    for aside in range(-2, 3):
        for beyond, share in ((0.35, 1.0), (1.35, 0.5)):
            weight = share * float(np.exp(-0.5 * (aside / 1.5) ** 2))
            apart = cv2.absdiff(front.at(beyond, aside), back.at(beyond, aside))
            total += cv2.transform(apart, np.full((1, 3), weight / 3, np.float32))
            weights += weight
    return total / np.float32(weights)


def _smoothed(cost: Picture, asked: Mask, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Picture:
    """Costs averaged (Gaussian, sigma 2) with those of nearby hole pixels: an edge that crosses here crosses beside as well.

    ``cost`` is that of the pixels ``asked``; the answer is for all. Far from any that was asked it is 0."""
    taps = np.exp(-(np.arange(-_NEAR, _NEAR + 1, dtype=np.float32) ** 2) / np.float32(8))
    number = np.cumsum(asked) - 1
    out = np.empty((len(rows), cost.shape[1]), np.float32)
    # Block by block, for a slanted wire's own box is mostly not wire.
    for block in np.unique((rows // _BLOCK) * _ACROSS + columns // _BLOCK):
        top, left = block // _ACROSS * _BLOCK, block % _ACROSS * _BLOCK
        reach = _BLOCK + _NEAR
        near = np.flatnonzero((rows >= top - _NEAR) & (rows < top + reach) & (columns >= left - _NEAR) & (columns < left + reach))
        y, x = rows[near], columns[near]
        own = (y >= top) & (y < top + _BLOCK) & (x >= left) & (x < left + _BLOCK)
        y, x, some = y - y.min(), x - x.min(), asked[near]
        plane = np.zeros((int(y.max()) + 1, int(x.max()) + 1, cost.shape[1] + 1), np.float32)
        plane[y[some], x[some], :-1], plane[y[some], x[some], -1] = cost[number[near[some]]], 1
        spread = cv2.sepFilter2D(plane, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_CONSTANT)[y[own], x[own]]
        out[near[own]] = spread[:, :-1] / np.maximum(spread[:, -1:], np.float32(1e-6))
    return out


def _carried(front: _Bank, back: _Bank, chords: _Chords, weight: Picture) -> Picture:
    """Values (n, 3) on the chords, mixed by ``weight`` (n, directions): halfway between the straight line through both banks'
    values and the cubic through their values and slopes."""
    length = chords.ahead + chords.behind
    u = chords.behind / length
    front_slope, back_slope = (u**3 - u**2) * length, (u**3 - 2 * u**2 + u) * length
    shares = (
        (front.at(0), u + 3 * u**2 - 2 * u**3 - front_slope),
        (front.at(1), front_slope),
        (back.at(0), 2 - u - 3 * u**2 + 2 * u**3 + back_slope),
        (back.at(1), -back_slope),
    )
    half = np.float32(0.5) * weight
    return np.asarray(sum(np.einsum("nw,nwc->nc", half * share, colour) for colour, share in shares), np.float32)
