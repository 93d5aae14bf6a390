"""Weighted sums over a pixel's 25 neighbours at a gap, as an a-trous filter takes them, a band of rows at a time so that it stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.passes import Picture

MIDDLE = 12
"""The pixel itself among its neighbours."""
_BAND = 16


@dataclass(frozen=True)
class Neighbours:
    """How much each of a pixel's 25 neighbours (rows of five, ``gap`` pixels apart, itself in the middle) counts."""

    weights: NDArray[np.float32]
    """(25, height, width)"""
    gap: int

    @cached_property
    def total(self) -> NDArray[np.float32]:
        """Sum of the weights, (height, width)."""
        return self.weights.sum(axis=0)

    def mean(self, stack: Picture) -> Picture:
        """The weighted mean of ``stack`` (height, width, n)."""
        out = np.empty_like(stack)
        for rows, taps in self.bands(stack):
            total = np.zeros(taps[0][1].shape, dtype=np.float32)
            part = np.empty_like(total)
            for weight, moved in taps:
                np.multiply(weight, moved, out=part)
                total += part
            out[rows] = np.moveaxis(total / self.total[rows], 0, 2)
        return out

    def bands(self, stack: Picture) -> Iterator[tuple[slice, list[tuple[NDArray[np.float32], NDArray[np.float32]]]]]:
        """Some rows, and of each neighbour its weights (rows, width) and what it shows (n, rows, width); the picture's edge is repeated."""
        height, width = stack.shape[:2]
        reach = 2 * self.gap
        planes = np.pad(np.moveaxis(stack, 2, 0), ((0, 0), (reach, reach), (reach, reach)), mode="edge")
        for top in range(0, height, _BAND):
            rows = slice(top, min(top + _BAND, height))
            taps = []
            for number, weight in enumerate(self.weights):
                down, across = number // 5 * self.gap, number % 5 * self.gap
                taps.append((weight[rows], planes[:, rows.start + down : rows.stop + down, across : across + width]))
            yield rows, taps


def shifted(picture: NDArray[np.float32], dy: int, dx: int) -> NDArray[np.float32]:
    """The picture moved by whole pixels, its edge repeated."""
    h, w = picture.shape[:2]
    y, x = min(abs(dy), h - 1), min(abs(dx), w - 1)
    out = np.empty_like(picture)
    to_y, from_y = (slice(0, h - y), slice(y, h)) if dy >= 0 else (slice(y, h), slice(0, h - y))
    to_x, from_x = (slice(0, w - x), slice(x, w)) if dx >= 0 else (slice(x, w), slice(0, w - x))
    out[to_y, to_x] = picture[from_y, from_x]
    if y:
        edge, row = (slice(h - y, h), slice(h - 1, h)) if dy > 0 else (slice(0, y), slice(0, 1))
        out[edge, to_x] = picture[row, from_x]
    if x:
        edge, column = (slice(w - x, w), slice(w - x - 1, w - x)) if dx > 0 else (slice(0, x), slice(x, x + 1))
        out[:, edge] = out[:, column]
    return out
