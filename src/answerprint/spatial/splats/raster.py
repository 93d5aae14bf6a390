"""Splats into pixels: each square of the picture takes its splats from near to far until no light comes through.

The outer loop goes over splats, the inner one over a row of sixteen pixels without branches, so that the compiler makes
vector instructions of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.projection import (
    BLUE,
    DEPTH,
    GREEN,
    HALF_HEIGHT,
    LEAN_U,
    LEAN_V,
    OPACITY,
    REACH,
    RED,
    A,
    B,
    C,
    U,
    V,
    compiled,
)  # fmt: skip
from answerprint.spatial.splats.tiles import TILE, Tiles

THROUGH, R, G, B_, EXPECTED, MEDIAN, PLANES = range(7)
"""Planes of a raster: the share of light that comes through everything; colour over black; the sum of depth times weight;
the depth where less than half comes through (0 where more does)."""
MOST = 0.99
"""No splat hides more than this, so that what lies behind still has a gradient."""
DARK = 1e-4
"""A square through which less light than this comes anywhere is finished."""
_AREA = TILE * TILE
_COLUMN = PLANES * _AREA
_CHECK = 8
# Unsigned: an index that could be negative would be tested for it, and the loop not become vector instructions.
_ROW, _ACROSS = np.uint64(TILE), np.uint64(_COLUMN)
_AT_R, _AT_G, _AT_B, _AT_EXPECTED, _AT_MEDIAN = (np.uint64(k * _AREA) for k in (R, G, B_, EXPECTED, MEDIAN))

# exp(-q) for q from 0 to 0.7 as a polynomial (least squares of the relative error, which stays below 3e-6); its eighth power is exp(-8 q).
E0, E1, E2, E3, E4 = (np.float32(v) for v in (0.9999972, -0.99982156, 0.49808476, -0.15919466, 0.02918262))


def empty_planes(tiles: Tiles) -> Float:
    """(PLANES, rows, columns) for whole squares."""
    return np.empty((PLANES, tiles.high * TILE, tiles.wide * TILE), dtype=np.float32)


@compiled
def raster_range(
    first: int, last: int, wide: int, starts: NDArray[np.int32], splats: NDArray[np.int32], projected: Float, out: Float,
    ends: NDArray[np.int32],
) -> None:  # fmt: skip
    """Draw the squares ``first`` to ``last`` into ``out``; ``ends`` (squares,) says after which entry each was finished."""
    # One buffer with fixed distances: the compiler sees that rows do not overlap.
    buffer = np.empty(_COLUMN + TILE, dtype=np.float32)
    for i in range(TILE):
        buffer[_COLUMN + i] = np.float32(i)
    for tile in range(first, last):
        top, left = tile // wide * TILE, tile % wide * TILE
        for i in range(_AREA):
            buffer[i] = 1
        for i in range(_AREA, _COLUMN):
            buffer[i] = 0
        end = starts[tile + 1]
        for entry in range(starts[tile], starts[tile + 1]):
            n = splats[entry]
            _draw(buffer, projected[n], np.float32(left), np.float32(top))
            if (entry - starts[tile]) % _CHECK == _CHECK - 1:
                most = np.float32(0)
                for i in range(_AREA):
                    most = max(most, buffer[i])
                if most < np.float32(DARK):
                    end = entry + 1
                    break
        ends[tile] = end
        for plane in range(PLANES):
            for row in range(TILE):
                for i in range(TILE):
                    out[plane, top + row, left + i] = buffer[plane * _AREA + row * TILE + i]


@compiled
def _draw(buffer: Float, splat: Float, left: np.float32, top: np.float32) -> None:
    a, b, c, opacity, reach = splat[A], splat[B], splat[C], splat[OPACITY], splat[REACH]
    red, green, blue, centre = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH]
    lean_u, lean_v = splat[LEAN_U], splat[LEAN_V]
    from_left, from_top, half = left - splat[U], top - splat[V], splat[HALF_HEIGHT]
    first = max(0, int(np.ceil(-from_top - half)))
    last = min(TILE, int(np.floor(-from_top + half)) + 1)
    for row in range(first, last):
        dy = from_top + np.float32(row)
        b_dy, c_dy = b * dy, c * dy * dy
        row_depth = centre + lean_v * dy
        at = np.uint64(row * TILE)
        for i in range(_ROW):
            dx = np.float32(np.int32(i)) + from_left
            q = (a * dx + b_dy) * dx + c_dy
            t = min(q, np.float32(0.75))
            e = (((E4 * t + E3) * t + E2) * t + E1) * t + E0
            e *= e
            e *= e
            e *= e
            alpha = min(opacity * e, np.float32(MOST))
            alpha = alpha if q <= reach else np.float32(0)
            k = at + i
            depth = row_depth + lean_u * dx
            before = buffer[k]
            w = alpha * before
            after = before - w
            buffer[k] = after
            buffer[k + _AT_R] += w * red
            buffer[k + _AT_G] += w * green
            buffer[k + _AT_B] += w * blue
            buffer[k + _AT_EXPECTED] += w * depth
            median = buffer[k + _AT_MEDIAN]
            buffer[k + _AT_MEDIAN] = depth if (before > np.float32(0.5)) and (after <= np.float32(0.5)) else median
