"""Locks: which strands are one, how they close up, curl and face. Only numpy."""

from __future__ import annotations

import numpy as np

_OWN_WAY, _ROUNDED = 0.4, 0.3
"""How far a lock, and a strand in it, may turn from the way the head faces there; tangents."""


def nearest(root: np.ndarray, count: int, random) -> np.ndarray:
    """The lock that each root belongs to: the nearest of some roots."""
    middle = root.mean(axis=0)
    heads = (root[random.choice(len(root), count, replace=False)] - middle).astype(np.float32)
    # Of the squared distance only what depends on the head decides.
    return ((heads**2).sum(axis=1) - 2 * (root - middle).astype(np.float32) @ heads.T).argmin(axis=1)


def gathered(points: np.ndarray, lock: np.ndarray, much: float) -> np.ndarray:
    """Strands of one lock drawn together towards its tip."""
    count = np.bincount(lock)[:, None, None]
    mean = np.zeros((len(count), *points.shape[1:]))
    np.add.at(mean, lock, points)
    share = much * np.linspace(0, 1, points.shape[1])[None, :, None] ** 0.7
    return points + share * ((mean / np.maximum(count, 1))[lock] - points)


def curled(points: np.ndarray, lock: np.ndarray, style: str, random) -> np.ndarray:
    """Waves or curls across each lock, the same for its strands."""
    wide, turns = {"curls": (0.0075, 3.2), "waves": (0.009, 3.0), "long": (0.004, 1.3), "bob": (0.004, 1.0)}.get(style, (0.0, 0.0))
    if not wide:
        return points
    locks = lock.max() + 1
    share = np.linspace(0, 1, points.shape[1])
    phase = (random.uniform(0, 6.28, locks)[lock][:, None]) + 6.28 * turns * random.uniform(0.8, 1.2, locks)[lock][:, None] * share
    ahead = np.gradient(points, axis=1)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=2, keepdims=True), 1e-9)
    across = np.cross(ahead, random.normal(size=(locks, 3))[lock][:, None])
    across /= np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    # Curls are not all as wide as each other: alike they would be a carpet's.
    own = random.uniform(0.35, 0.9, locks)[lock][:, None, None] if style == "curls" else 1.0
    wide = wide * own * np.minimum(1, 4 * share)[None, :, None]
    return points + wide * (np.cos(phase)[..., None] * across + np.sin(phase)[..., None] * np.cross(ahead, across))


def facing(points: np.ndarray, lock: np.ndarray, centre: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """Outward from the head, below it outward from the neck, each lock turned a little its own way and rounded across.

    Both together stay within 45 degrees: a lock that faced away from its neighbours would be a hole in the light.
    """
    axis = np.broadcast_to(centre, points.shape).copy()
    axis[..., 2] = np.minimum(points[..., 2], centre[2])
    out = points - axis
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    count = np.bincount(lock)[:, None, None]
    mean = np.zeros((len(count), *points.shape[1:]))
    np.add.at(mean, lock, points)
    round_ = (points - (mean / np.maximum(count, 1))[lock]) / 0.006
    ahead = np.gradient(points, axis=1)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=2, keepdims=True), 1e-9)
    round_ -= (round_ * ahead).sum(axis=2, keepdims=True) * ahead
    own = _bounded(random.normal(size=(lock.max() + 1, 3)) / 2.5, _OWN_WAY)[lock]
    over = out + own[:, None] + _bounded(0.4 * round_, _ROUNDED)
    return over / np.linalg.norm(over, axis=2, keepdims=True)


def _bounded(vectors: np.ndarray, most: float) -> np.ndarray:
    """The ``vectors`` (..., 3), those longer than ``most`` shortened to it."""
    return vectors * np.minimum(1.0, most / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
