"""Turning a lens model round: the point that a formula sends to a wanted place, and how far out the formula can be trusted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mapping = Callable[[Real], Real]

_STEP = 1e-6
"""Width of the finite differences, in focal lengths: errors of 1e-10 in the slopes, far below what Newton's steps notice."""


def inverse(forward: Mapping, wanted: NDArray[np.floating], start: Real | None = None, rounds: int = 25) -> Real:
    """The points (..., 2) that ``forward`` sends to ``wanted`` (..., 2), by damped Newton steps; NaN where none is found.

    ``start`` is a first guess of the same shape; without it ``wanted`` itself, which is near for every real lens.
    Coordinates are in focal lengths; found points are right to 1e-9.
    """
    target = np.asarray(wanted, dtype=np.float64)
    shape = target.shape
    target = target.reshape(-1, 2)
    found = target.copy() if start is None else np.array(start, dtype=np.float64).reshape(-1, 2)
    right, down = np.array([_STEP, 0.0]), np.array([0.0, _STEP])
    open_points = np.flatnonzero(np.isfinite(target).all(axis=1))
    for _ in range(rounds):
        here = found[open_points]
        miss = forward(here) - target[open_points]
        todo = ~(np.abs(miss).max(axis=1, initial=0.0) < 1e-12)
        if not todo.any():
            break
        open_points, here, miss = open_points[todo], here[todo], miss[todo]
        dx = (forward(here + right) - forward(here - right)) / (2 * _STEP)
        dy = (forward(here + down) - forward(here - down)) / (2 * _STEP)
        with np.errstate(divide="ignore", invalid="ignore"):
            area = dx[:, 0] * dy[:, 1] - dx[:, 1] * dy[:, 0]
            move = np.stack([miss[:, 0] * dy[:, 1] - miss[:, 1] * dy[:, 0], miss[:, 1] * dx[:, 0] - miss[:, 0] * dx[:, 1]], 1)
            move /= area[:, None]
            # A step longer than the point is far out jumps over the fold; it is cut back.
            reach = 0.5 * (np.linalg.norm(here, axis=1) + 0.1)
            move *= np.minimum(1.0, reach / np.maximum(np.linalg.norm(move, axis=1), 1e-300))[:, None]
        found[open_points] = here - move
    with np.errstate(invalid="ignore"):
        reached = np.abs(forward(found) - target).max(axis=1) < 1e-9
    found[~reached] = np.nan
    return found.reshape(shape)


def fold_radius(forward: Mapping, limit: float = 5.0) -> float:
    """The radius up to which ``forward`` keeps neighbours apart in every direction; infinity if it does so up to ``limit``.

    Found where the area of a small square, sent through the formula, first vanishes or turns over, on 64 rays.
    """
    right, down = np.array([_STEP, 0.0]), np.array([0.0, _STEP])
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    radii = np.linspace(0, limit, 1001)
    points = radii[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    with np.errstate(all="ignore"):
        dx = forward(points + right) - forward(points - right)
        dy = forward(points + down) - forward(points - down)
        area = dx[..., 0] * dy[..., 1] - dx[..., 1] * dy[..., 0]
    turned = np.flatnonzero(~((area > 0).all(axis=1)))
    return float(radii[turned[0]]) if len(turned) else float("inf")
