"""Which splats touch which square of the picture, nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.projection import DEPTH, HALF_HEIGHT, HALF_WIDTH, OPACITY, U, V, compiled

TILE = 16
"""Pixels on the side of a square: a row of it is one AVX-512 register of float32."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """The squares of a picture row by row, and their splats from near to far."""

    wide: int
    high: int
    starts: NDArray[np.int32]
    """(squares + 1,) where each square's entries begin"""
    splats: NDArray[np.int32]
    """(entries,) which splat"""
    slots: NDArray[np.int32]
    """(entries,) the entry's place when entries are counted splat by splat, so that what the squares say of one splat is
    summed in the same order whoever computed them"""
    slot_starts: NDArray[np.int32]
    """(n + 1,) where each splat's slots begin"""

    def shares(self, parts: int) -> list[tuple[int, int]]:
        """Runs of squares with about equally many entries each."""
        total, squares = int(self.starts[-1]), self.wide * self.high
        weight = self.starts.astype(np.int64) + np.arange(squares + 1) * max(1, total // (8 * squares))
        cuts = np.searchsorted(weight, np.linspace(0, weight[-1], parts + 1))
        cuts[0], cuts[-1] = 0, squares
        return [(int(a), int(b)) for a, b in pairwise(cuts) if b > a]


def tiles(projected: Float, width: int, height: int) -> Tiles:
    """Sort projected splats (n, COLUMNS) into the squares of a picture."""
    wide, high = -(-width // TILE), -(-height // TILE)
    n = len(projected)
    there = np.flatnonzero(projected[:, OPACITY] > 0)
    # Depth and number in one key: the order is the same on every machine, equal depths included.
    keys = (np.ascontiguousarray(projected[there, DEPTH]).view(np.uint32).astype(np.uint64) << np.uint64(32)) | there.astype(
        np.uint64
    )
    keys.sort()
    order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int32)
    boxes = np.zeros((n, 4), dtype=np.int32)
    starts, slot_starts = np.zeros(wide * high + 1, dtype=np.int32), np.zeros(n + 1, dtype=np.int32)
    entries = _count(projected, order, wide, high, boxes, starts, slot_starts)
    splats, slots = np.empty(entries, dtype=np.int32), np.empty(entries, dtype=np.int32)
    _fill(order, wide, boxes, starts.copy(), slot_starts, splats, slots)
    return Tiles(wide, high, starts, splats, slots, slot_starts)


@compiled
def _count(
    projected: Float, order: NDArray[np.int32], wide: int, high: int, boxes: NDArray[np.int32], starts: NDArray[np.int32],
    slot_starts: NDArray[np.int32],
) -> int:  # fmt: skip
    inv = np.float32(1.0 / TILE)
    for n in order:
        u, v = projected[n, U], projected[n, V]
        x0 = max(int(np.floor((u - projected[n, HALF_WIDTH]) * inv)), 0)
        x1 = min(int(np.floor((u + projected[n, HALF_WIDTH]) * inv)) + 1, wide)
        y0 = max(int(np.floor((v - projected[n, HALF_HEIGHT]) * inv)), 0)
        y1 = min(int(np.floor((v + projected[n, HALF_HEIGHT]) * inv)) + 1, high)
        boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = x0, x1, y0, y1
        slot_starts[n + 1] = max(0, x1 - x0) * max(0, y1 - y0)
        for y in range(y0, y1):
            for x in range(x0, x1):
                starts[y * wide + x + 1] += 1
    for k in range(1, len(starts)):
        starts[k] += starts[k - 1]
    for k in range(1, len(slot_starts)):
        slot_starts[k] += slot_starts[k - 1]
    return int(starts[-1])


@compiled
def _fill(
    order: NDArray[np.int32], wide: int, boxes: NDArray[np.int32], at: NDArray[np.int32], slot_starts: NDArray[np.int32],
    splats: NDArray[np.int32], slots: NDArray[np.int32],
) -> None:  # fmt: skip
    for n in order:
        slot = slot_starts[n]
        for y in range(boxes[n, 2], boxes[n, 3]):
            for x in range(boxes[n, 0], boxes[n, 1]):
                k = at[y * wide + x]
                splats[k], slots[k] = n, slot
                at[y * wide + x] = k + 1
                slot += 1
