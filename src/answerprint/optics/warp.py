"""Resampling of scene-linear pictures: the one place where a lens operation moves pixels.

A pixel that is fetched from exactly where it stands comes back bit for bit. Kernels: ``cubic`` (Keys' a = -1/2),
``lanczos`` (three lobes) and ``nearest``. The first two have negative lobes, which would draw dark rings round a highlight a thousand times as
bright as its neighbours; so a result is kept within what the four pixels around the place hold, give or take a twentieth,
which texture needs and the eye does not see.
R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29(6), 1981.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.compiled import njit

Frame = NDArray[np.float32]
Kernel = Literal["cubic", "lanczos", "nearest"]
Edge = Literal["black", "hold"]

_SLACK = 0.05
"""How far a result may leave the range of the four pixels around it, of the darker end of that range."""


def warp(frame: Frame, source: NDArray[np.floating], kernel: Kernel = "cubic", edge: Edge = "black", ring: bool = False) -> Frame:
    """The picture (h, w, c) float32 whose pixel (y, x) is fetched from ``source[y, x]`` = (x, y) of ``frame``.

    Where ``source`` is NaN the result is 0; outside the frame it is 0 (``black``) or the nearest edge pixel (``hold``).
    ``ring=True`` leaves the kernel's over- and undershoot in. Shapes: ``frame`` (H, W, c), ``source`` (h, w, 2).
    """
    flat = np.ascontiguousarray(frame, dtype=np.float32)
    places = np.ascontiguousarray(source, dtype=np.float64)
    if kernel == "nearest":  # for what must not be mixed: depth, identities
        places = np.round(places)
    reach = 3 if kernel == "lanczos" else 2
    return _warp(flat, places, reach, edge == "hold", ring)


def scaled(frame: Frame, width: int, height: int) -> Frame:
    """The whole picture (h, w, c) at another size, edges on edges; averaged over all it covers where it shrinks.

    A size divided by a whole number is the exact mean of each block; the same size is the same bits.
    """
    out = np.ascontiguousarray(frame, dtype=np.float32)
    for axis, size in ((1, width), (0, height)):
        if out.shape[axis] == size:
            continue
        moved = np.moveaxis(out, axis, 0)
        moved = _shrunk(moved, size) if size < out.shape[axis] else _grown(moved, size)
        out = np.ascontiguousarray(np.moveaxis(moved, 0, axis))
    return out


def _shrunk(lines: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    # The integral of the picture runs through every pixel edge, so whole ratios are exact means and no light is lost.
    # Between edges it is a cubic whose slopes are those of the picture there (exact for ramps), held to three times the
    # darker neighbour so that it never falls (F. Fritsch, R. Carlson, 1980) and no pixel comes out below black.
    light = lines.astype(np.float64)
    total = np.concatenate([np.zeros_like(light[:1]), np.cumsum(light, axis=0)])
    before, after = np.concatenate([light[:1], light]), np.concatenate([light, light[-1:]])
    darker = np.minimum(before, after)
    slope = (before + after) / 2
    slope = np.where(darker >= 0, np.minimum(slope, 3 * darker), slope)
    edges = np.linspace(0, len(lines), size + 1)
    low = np.minimum(edges.astype(int), len(lines) - 1)
    s = (edges - low).reshape(-1, *[1] * (lines.ndim - 1))
    at_edges = total[low] + light[low] * s * s * (3 - 2 * s) + s * (1 - s) * (slope[low] * (1 - s) - slope[low + 1] * s)
    return np.asarray(np.diff(at_edges, axis=0) * (size / len(lines)), dtype=np.float32)


def _grown(lines: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    place = (np.arange(size) + 0.5) * len(lines) / size - 0.5
    shape = lines.shape
    flat = np.ascontiguousarray(lines.reshape(shape[0], 1, -1), dtype=np.float32)
    source = np.stack([np.zeros(size), place], axis=-1)[:, None, :]
    return _warp(flat, source, 3, True, False).reshape(size, *shape[1:])


@njit(cache=True, nogil=True)
def _weights(offset: float, reach: int, out: NDArray[np.float64]) -> None:
    """Weights of the 2 * reach pixels round a place ``offset`` (0 to 1) past the middle left one; they sum to 1."""
    total = 0.0
    for n in range(2 * reach):
        d = abs(np.float64(n - (reach - 1)) - offset)
        if d < 1e-9:
            w = 1.0
        elif d >= reach:
            w = 0.0
        elif reach == 3:
            w = float(3.0 * np.sin(np.pi * d) * np.sin(np.pi * d / 3.0) / (np.pi * np.pi * d * d))
        elif d < 1:
            w = (1.5 * d - 2.5) * d * d + 1.0
        else:
            w = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
        out[n] = w
        total += w
    for n in range(2 * reach):
        out[n] /= total


@njit(cache=True, nogil=True)
def _warp(frame: Frame, source: NDArray[np.float64], reach: int, hold: bool, ring: bool) -> Frame:
    height, width, channels = frame.shape
    out = np.zeros((source.shape[0], source.shape[1], channels), dtype=np.float32)
    across, down = np.empty(6), np.empty(6)
    for row in range(source.shape[0]):
        for column in range(source.shape[1]):
            x, y = source[row, column, 0], source[row, column, 1]
            if not (np.isfinite(x) and np.isfinite(y)):
                continue
            if hold:
                x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
            elif x < -1 or y < -1 or x > width or y > height:
                continue
            left, top = int(np.floor(x)), int(np.floor(y))
            if x == left and y == top and 0 <= left < width and 0 <= top < height:
                for c in range(channels):
                    out[row, column, c] = frame[top, left, c]
                continue
            _weights(x - left, reach, across)
            _weights(y - top, reach, down)
            for c in range(channels):
                total, low, high = 0.0, np.inf, -np.inf
                for j in range(2 * reach):
                    v = top - reach + 1 + j
                    w = min(max(v, 0), height - 1)
                    line = 0.0
                    for i in range(2 * reach):
                        u = left - reach + 1 + i
                        p = min(max(u, 0), width - 1)
                        value = float(frame[w, p, c])
                        if not hold and (u != p or v != w):
                            value = 0.0
                        line += across[i] * value
                        if reach - 1 <= i <= reach and reach - 1 <= j <= reach:
                            low, high = min(low, value), max(high, value)
                    total += down[j] * line
                slack = _SLACK * min(abs(low), abs(high))
                out[row, column, c] = total if ring else min(max(total, low - slack), high + slack)
    return out
