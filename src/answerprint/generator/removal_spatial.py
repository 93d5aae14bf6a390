"""What a single frame says about the pixels under a thin thing: the surroundings carried across it.

Two ways, each right where the other fails: the smoothest surface through the rim (bending least), and lines led across
the gap in the direction in which its two banks agree best, so that edges cross it unbroken.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.linalg import solve_banded
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import splu

__all__ = ["led_across", "smoothest"]

Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BENDING = (
    (0, 0, 20), (0, 1, -8), (0, -1, -8), (1, 0, -8), (-1, 0, -8), (1, 1, 2), (1, -1, 2), (-1, 1, 2), (-1, -1, 2),
    (0, 2, 1), (0, -2, 1), (2, 0, 1), (-2, 0, 1),
)  # fmt: skip
"""The 13-point biharmonic operator: (down, right, weight)."""


def smoothest(picture: Picture, hole: Mask) -> Picture:
    """The pixels of the hole, (n, 3) in row order, on the surface through ``picture`` round it that bends least.

    Biharmonic, the exact sparse solution. A rim beyond the picture's edge is taken to repeat the edge.
    """
    rows, columns = np.nonzero(hole)
    count = len(rows)
    if count == 0:
        return np.zeros((0, picture.shape[2]), np.float32)
    height, width = hole.shape
    number = np.full(hole.shape, -1, np.int32)
    number[rows, columns] = np.arange(count)
    entries: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.int32], npt.NDArray[np.float64]]] = []
    right_side = np.zeros((count, picture.shape[2]))
    for down, right, weight in _BENDING:
        y = np.clip(rows + down, 0, height - 1)
        x = np.clip(columns + right, 0, width - 1)
        other = number[y, x]
        inside = other >= 0
        entries.append((np.nonzero(inside)[0], other[inside], np.full(int(inside.sum()), float(weight))))
        right_side[~inside] -= weight * picture[y[~inside], x[~inside]]
    data = (
        np.concatenate([e[2] for e in entries]),
        (np.concatenate([e[0] for e in entries]), np.concatenate([e[1] for e in entries])),
    )
    return np.asarray(_solved(sparse.csr_matrix(data, (count, count)), right_side), np.float32)


_WIDEST_BAND = 120


def _solved(system: sparse.csr_matrix, right_side: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The solution, by a banded factorisation where an order along the hole leaves a narrow band, as it does in a wire."""
    order = reverse_cuthill_mckee(system, symmetric_mode=False)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    entries = system.tocoo()
    down, right = place[entries.row], place[entries.col]
    band = int(np.abs(down - right).max())
    if band > _WIDEST_BAND:
        ridge = sparse.identity(len(order), format="csc") * 1e-9
        return np.asarray(splu(system.tocsc() + ridge, permc_spec="MMD_AT_PLUS_A").solve(right_side))
    diagonals = np.zeros((2 * band + 1, len(order)))
    diagonals[band + down - right, right] = entries.data
    diagonals[band] += 1e-9
    found = solve_banded((band, band), diagonals, right_side[order], overwrite_ab=True, overwrite_b=True, check_finite=False)
    return np.asarray(found[place])


@dataclass(frozen=True)
class _Chords:
    """For each hole pixel and direction, the straight line across the gap: distances to its two banks, and if it is one."""

    ahead: Picture
    behind: Picture
    valid: Mask


_DIRECTIONS = 16
_ANGLES = np.arange(_DIRECTIONS, dtype=np.float32) * np.float32(np.pi / _DIRECTIONS)
_THIRD = np.full(3, 1 / 3, np.float32)
_RIGHT, _DOWN = np.cos(_ANGLES), np.sin(_ANGLES)
_NEAR = 4
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
    sampler = _Sampler(base, columns[:, None].astype(np.float32), rows[:, None].astype(np.float32))
    cost = _smoothed(_disagreement(sampler, chords), rows, columns)
    length = chords.ahead + chords.behind
    shortest = np.where(chords.valid, length, np.inf).min(axis=1, keepdims=True)
    cost = cost + np.float32(0.5) * _TOLERANCE * (length / shortest - 1)
    cost = np.where(chords.valid, cost, np.inf)
    least = cost.min(axis=1, keepdims=True)
    reached = np.isfinite(least[:, 0])
    weight = np.where(chords.valid, np.exp(-(cost - np.where(np.isfinite(least), least, 0)) / _TOLERANCE), 0) / length
    value = (weight[..., None] * _along(sampler, chords)).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)[:, None]
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
class _Sampler:
    base: Picture
    x: Picture
    y: Picture

    def at(self, along: Picture, aside: float = 0.0) -> Picture:
        """Colours ``along`` pixels ahead in each direction and ``aside`` pixels to its left: (n, directions, 3)."""
        x = (self.x + along * _RIGHT - np.float32(aside) * _DOWN).astype(np.float32, copy=False)
        y = (self.y + along * _DOWN + np.float32(aside) * _RIGHT).astype(np.float32, copy=False)
        found = [
            cv2.remap(self.base, x[i : i + 16000], y[i : i + 16000], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for i in range(0, len(x), 16000)
        ]
        return np.concatenate(found)


def _disagreement(sampler: _Sampler, chords: _Chords) -> Picture:
    """Mean difference between short profiles on the two banks, (n, directions)."""
    total, weights = np.zeros(chords.ahead.shape, np.float32), 0.0
    for aside in range(-2, 3):
        for beyond, share in ((0.35, 1.0), (1.35, 0.5)):
            weight = share * float(np.exp(-0.5 * (aside / 1.5) ** 2))
            difference = sampler.at(chords.ahead + beyond, aside) - sampler.at(-chords.behind - beyond, aside)
            total += np.float32(weight) * np.abs(difference) @ _THIRD
            weights += weight
    return total / np.float32(weights)


def _smoothed(cost: Picture, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Picture:
    """Costs averaged (Gaussian, sigma 2) with those of nearby hole pixels: an edge that crosses here crosses beside as well."""
    top, left = int(rows.min()), int(columns.min())
    plane = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1, cost.shape[1] + 1), np.float32)
    at = rows - top, columns - left
    plane[at[0], at[1], :-1], plane[at[0], at[1], -1] = cost, 1
    taps = np.exp(-(np.arange(-_NEAR, _NEAR + 1, dtype=np.float32) ** 2) / np.float32(8))
    spread = cv2.sepFilter2D(plane, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_CONSTANT)[at]
    return np.asarray(spread[:, :-1] / spread[:, -1:], np.float32)


def _along(sampler: _Sampler, chords: _Chords) -> Picture:
    """Values on the chords: halfway between the straight line and the cubic through the banks' values and slopes."""
    front, back = sampler.at(chords.ahead), sampler.at(-chords.behind)
    slope_front = sampler.at(chords.ahead + 1) - front
    slope_back = back - sampler.at(-chords.behind - 1)
    length = (chords.ahead + chords.behind)[..., None]
    u = chords.behind[..., None] / length
    straight = (1 - u) * back + u * front
    cubic = (
        (2 * u**3 - 3 * u**2 + 1) * back
        + (u**3 - 2 * u**2 + u) * length * slope_back
        + (3 * u**2 - 2 * u**3) * front
        + (u**3 - u**2) * length * slope_front
    )
    return np.asarray(0.5 * straight + 0.5 * cubic, np.float32)
