"""How the pixels' error reaches the projected splats: the raster walked through once more, from near to far.

For a pixel with error gradients g over its colour C, depth sum E and the light T that comes through everything, a splat of
opacity a behind which T' of the light was left has

    dL/da = T' (c . g) - (what lies behind it . g) / (1 - a)

and what lies behind is the pixel's total less what was met so far, so that one pass from near to far is enough.
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
from answerprint.spatial.splats.raster import E0, E1, E2, E3, E4, EXPECTED, MOST, THROUGH, R
from answerprint.spatial.splats.tiles import TILE

D_U, D_V, D_A, D_B, D_C, D_OPACITY, D_RED, D_GREEN, D_BLUE, D_DEPTH, D_LEAN_U, D_LEAN_V, GRADIENTS = range(13)
"""Columns of what one square says of one splat: the error's gradient by U, V, A, B, C, OPACITY, colour, DEPTH and lean."""

_AREA = TILE * TILE
_BUFFER = 6 * _AREA
_TILE, _FOUR, _FIFTEEN = np.uint64(TILE), np.uint64(4), np.uint64(TILE - 1)
_AT_REST, _AT_R, _AT_G, _AT_B, _AT_E = (np.uint64(k * _AREA) for k in range(1, 6))


@compiled
def raster_back_range(
    first: int, last: int, wide: int, starts: NDArray[np.int32], splats: NDArray[np.int32], slots: NDArray[np.int32],
    ends: NDArray[np.int32], projected: Float, planes: Float, gradients: Float, out: Float,
) -> None:  # fmt: skip
    """Fill ``out`` (slots, GRADIENTS) for the squares ``first`` to ``last``.

    ``planes`` are what `raster_range` drew with the same entries; ``gradients`` (5, rows, columns) the error's gradient by
    the planes THROUGH, R, G, B and EXPECTED. Slots of entries that nobody saw are set to 0.
    """
    buffer = np.empty(_BUFFER, dtype=np.float32)
    for tile in range(first, last):
        top, left = tile // wide * TILE, tile % wide * TILE
        for row in range(TILE):
            for i in range(TILE):
                k, y, x = row * TILE + i, top + row, left + i
                rest = planes[THROUGH, y, x] * gradients[THROUGH, y, x]
                for plane in range(R, EXPECTED + 1):
                    rest += planes[plane, y, x] * gradients[plane, y, x]
                    buffer[(plane + 1) * _AREA + k] = gradients[plane, y, x]
                buffer[k] = 1
                buffer[_AREA + k] = rest
        for entry in range(starts[tile], ends[tile]):
            _gather(buffer, projected[splats[entry]], np.float32(left), np.float32(top), out[slots[entry]])
        for entry in range(ends[tile], starts[tile + 1]):
            for column in range(GRADIENTS):
                out[slots[entry], column] = 0


@compiled
def _gather(buffer: Float, splat: Float, left: np.float32, top: np.float32, out: Float) -> None:
    a, b, c, opacity, reach = splat[A], splat[B], splat[C], splat[OPACITY], splat[REACH]
    red, green, blue, centre = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH]
    lean_u, lean_v = splat[LEAN_U], splat[LEAN_V]
    from_left, from_top, half = left - splat[U], top - splat[V], splat[HALF_HEIGHT]
    first = max(0, int(np.ceil(-from_top - half)))
    last = max(first, min(TILE, int(np.floor(-from_top + half)) + 1))
    zero = np.float32(0)
    v, vx, vy, vxx, vxy, vyy = zero, zero, zero, zero, zero, zero
    sum_r, sum_g, sum_b, sum_e, sum_ex, sum_ey = zero, zero, zero, zero, zero, zero
    # Rows in one run of pixels: the sums stay in vector registers to the end.
    for k in range(np.uint64(first * TILE), np.uint64(last * TILE)):
        dx = np.float32(np.int32(k & _FIFTEEN)) + from_left
        dy = np.float32(np.int32(k >> _FOUR)) + from_top
        q = (a * dx + b * dy) * dx + c * dy * dy
        t = min(q, np.float32(0.75))
        e = (((E4 * t + E3) * t + E2) * t + E1) * t + E0
        e *= e
        e *= e
        e *= e
        full = opacity * e
        alpha = min(full, np.float32(MOST))
        alpha = alpha if q <= reach else zero
        before = buffer[k]
        w = alpha * before
        buffer[k] = before - w
        g_r, g_g, g_b, g_e = buffer[k + _AT_R], buffer[k + _AT_G], buffer[k + _AT_B], buffer[k + _AT_E]
        depth = centre + lean_u * dx + lean_v * dy
        seen = red * g_r + green * g_g + blue * g_b + depth * g_e
        rest = buffer[k + _AT_REST] - w * seen
        buffer[k + _AT_REST] = rest
        by_alpha = before * seen - rest / (np.float32(1) - alpha)
        s = by_alpha * alpha
        s = s if full < np.float32(MOST) else zero
        sx, sy = s * dx, s * dy
        v += s
        vx += sx
        vy += sy
        vxx += sx * dx
        vxy += sx * dy
        vyy += sy * dy
        sum_r += w * g_r
        sum_g += w * g_g
        sum_b += w * g_b
        far = w * g_e
        sum_e += far
        sum_ex += far * dx
        sum_ey += far * dy
    eight, two = np.float32(8), np.float32(2)
    out[D_U] = eight * (two * a * vx + b * vy) - lean_u * sum_e
    out[D_V] = eight * (b * vx + two * c * vy) - lean_v * sum_e
    out[D_A], out[D_B], out[D_C] = -eight * vxx, -eight * vxy, -eight * vyy
    out[D_OPACITY] = v / opacity
    out[D_RED], out[D_GREEN], out[D_BLUE], out[D_DEPTH] = sum_r, sum_g, sum_b, sum_e
    out[D_LEAN_U], out[D_LEAN_V] = sum_ex, sum_ey
