"""What may happen to a performer's pixels without a performance being altered: other light, other colours, more or less noise.

Three questions to two pictures of the same size, asked tile by tile, so that nothing small hides in a large mean. All
planes are in the display range (0 to 1, more for highlights).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[Any]

TILE_OF_WIDTH = 0.04
LARGEST_RESIDUAL = 0.02
MOST_GATHERED = 0.05
"""Mean error over some ten pixels: a line or a patch that was put in gathers more."""
LARGEST_SHIFT_PX = 0.25
MOST_UNEVEN = 6.0
"""How much stronger than usual the removed noise may be in one place: light makes noise uneven, paint makes it more so."""
_SMOOTH_PX = 3.0
_WHITE = 1 / (2 * np.sqrt(np.pi) * _SMOOTH_PX)
"""What a Gaussian of that width leaves of the deviation of white noise."""


def is_recoloured(before: Plane, after: Plane, touched: Plane, limited: bool) -> bool:
    """Whether each tile of ``after`` (h, w, 3) is one smooth map of ``before``'s colours and the other way round.

    Both ways: what has lost its texture, or has a new one, is no change of light. A pixel that ran into the end of the
    code range (``limited``: it ends at 0 and 1) must be where the map of its tile takes it; nothing can lead back from there.
    """
    lost = ((after <= 0) | (after >= 1)) & ~((before <= 0) | (before >= 1)) & limited
    residual = np.zeros(touched.shape, np.float32)
    moved = np.zeros(touched.shape, np.float32)
    for tile in _tiles(touched):
        inside = touched[tile]
        if inside.sum() < 40:
            continue
        a, b, gone = before[tile][inside].astype(np.float64), after[tile][inside].astype(np.float64), lost[tile][inside]
        there = np.stack([_mapped(a, _curve(a, b, np.asarray(~gone[:, c])))[:, c] for c in range(3)], axis=1)
        there = np.where(gone, np.clip(there, 0, 1), there)
        back = np.where(gone, a, _mapped(b, _curve(b, a, np.asarray(~gone.any(axis=1)))))
        residual[tile][inside] = np.maximum(np.abs(there - b).max(axis=1), np.abs(back - a).max(axis=1))
        moved[tile][inside] = (there - b).mean(axis=1)
    grey = after.mean(axis=2).astype(np.float32)
    return is_small_everywhere(residual, touched) and _largest_shift(grey, moved, touched, 0.002) <= LARGEST_SHIFT_PX


def is_small_everywhere(residual: Plane, touched: Plane) -> bool:
    """Whether a plane of errors (h, w) is within bounds on nearly all that is touched, and nowhere gathers in one place."""
    if float(np.percentile(residual[touched], 99)) > LARGEST_RESIDUAL:
        return False
    gathered = cv2.GaussianBlur(np.where(touched, residual, 0).astype(np.float32), (0, 0), _SMOOTH_PX)
    return float(gathered.max()) <= MOST_GATHERED


def is_noise(before: Plane, after: Plane, touched: Plane) -> bool:
    """Whether the difference of two grey planes (h, w) is structureless: no mean, no place of its own, nothing displaced."""
    difference = np.where(touched, before - after, 0).astype(np.float32)
    weight = cv2.GaussianBlur(touched.astype(np.float32), (0, 0), _SMOOTH_PX) + 1e-6
    drift = (cv2.GaussianBlur(difference, (0, 0), _SMOOTH_PX) / weight)[touched]
    local = np.sqrt(cv2.GaussianBlur(difference * difference, (0, 0), 8.0) / (cv2.GaussianBlur(weight, (0, 0), 8.0)))[touched]
    usual, worst = float(np.median(local)), float(local.max())
    if _largest_shift(after.astype(np.float32), difference, touched, usual) > LARGEST_SHIFT_PX:
        return False
    if worst <= LARGEST_RESIDUAL / 2:
        return True
    if worst > MOST_UNEVEN * max(usual, LARGEST_RESIDUAL / 8):
        return False
    return float(np.percentile(np.abs(drift), 99)) <= max(LARGEST_RESIDUAL, 2.576 * 4.0 * _WHITE * usual)


def _largest_shift(picture: Plane, difference: Plane, touched: Plane, noise: float) -> float:
    """The 95th percentile of tile displacements (B. Lucas, T. Kanade, 1981) that are sure."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    found = []
    for tile in _tiles(touched, 32):
        inside = touched[tile]
        if inside.sum() < 64:
            continue
        g = np.stack([across[tile][inside], down[tile][inside]], axis=1).astype(np.float64)
        tensor = g.T @ g
        least = float(np.linalg.eigvalsh(tensor)[0])
        if least > 1e-9:  # twice what noise alone would look like is taken off
            shift = float(np.hypot(*np.linalg.solve(tensor, g.T @ difference[tile][inside])))
            found.append(shift - 2 * noise / np.sqrt(least))
    return float(np.percentile(found, 95)) if found else 0.0


def _curve(given: Plane, wanted: Plane, sound: Plane) -> Plane:
    """The quadratic map (10, 3) of ``given`` (n, 3) to ``wanted`` (n, 3) by least squares over the ``sound`` (n,), if these
    are enough: light is linear, codes are bent."""
    columns, target = _columns(given), wanted
    if sound.sum() >= 40:
        columns, target = columns[sound], wanted[sound]
    normal = columns.T @ columns + np.diag([1e-4] * 9 + [1e-9])
    return np.asarray(np.linalg.solve(normal, columns.T @ target))


def _columns(given: Plane) -> Plane:
    r, g, b = given.T
    return np.stack([r, g, b, r * r, g * g, b * b, r * g, g * b, b * r, np.ones_like(r)], axis=1)


def _mapped(given: Plane, curve: Plane) -> Plane:
    return np.asarray(_columns(given) @ curve)


def _tiles(touched: Plane, least: int = 12) -> Iterator[tuple[slice, slice]]:
    side = max(least, round(TILE_OF_WIDTH * touched.shape[1]))
    y, x = np.nonzero(touched.any(axis=1))[0], np.nonzero(touched.any(axis=0))[0]
    for top in range(int(y[0]), int(y[-1]) + 1, side):
        for left in range(int(x[0]), int(x[-1]) + 1, side):
            tile = (slice(top, top + side), slice(left, left + side))
            if touched[tile].any():
                yield tile
