"""Folds of cloth on a body that stands: drags from the armpits, rolls at the waist, rings at elbow, cuff, knee and ankle. Only numpy.

Cloth folds where it has more length than the body under it, across the direction in which it is pushed together: round a bent limb, over a
waistband, above a cuff or a shoe. The mesh of the clothes is three centimetres wide, and its subdivision halves what is
four of them long.
"""

from __future__ import annotations

import numpy as np
from body import BODY

_WIDE = 0.125
"""Metres from one fold to the next."""
_ROUND = 0.16
"""Radius of a trunk, metres: what its angles are turned into lengths with."""


def above(rest: np.ndarray, arm: np.ndarray, along: np.ndarray, length: float, waist: float) -> np.ndarray:
    """How far out folds lift a top from the body at rest, metres, for each vertex.

    ``arm`` is how much each belongs to an arm, ``along`` how far down it is (0 shoulder, 1 wrist), ``length`` the arm's, metres.
    """
    random = _own(rest)
    angle = np.arctan2(rest[:, 0], rest[:, 1])
    across, up = _ROUND * angle, rest[:, 2]
    sway = random.uniform(0, 6, 4)
    drags = _folds(0.8 * up + 0.6 * across + 0.03 * np.sin(across / 0.05 + sway[0]), 1.3 * _WIDE) * (
        0.55 + 0.45 * np.sin(angle) ** 2
    )
    rolls = _folds(up + 0.25 * across + 0.02 * np.sin(across / 0.06 + sway[1]), 1.1 * _WIDE) * _around(up, waist + 0.06, 0.09)
    trunk = 0.016 * drags + 0.018 * rolls
    turn = np.arctan2(rest[:, 1], up - rest[:, 2].mean())
    rings = _folds(along * length + 0.025 * np.sin(turn * 2 + sway[2]), _WIDE)
    sleeve = rings * (0.02 * _around(along, 0.52, 0.16) + 0.012 * _around(along, 0.95, 0.1) + 0.014 * _around(along, 0.05, 0.12))
    return np.where(arm > 0.5, sleeve, trunk)


def below(rest: np.ndarray, knee: float, end: float) -> np.ndarray:
    """The same for trousers that end at a height of ``end``, with the knee at ``knee``, metres."""
    sway = _own(rest).uniform(0, 6, 2)
    up, turn = rest[:, 2], np.arctan2(np.abs(rest[:, 0]) - 0.1, rest[:, 1])
    rings = _folds(up + 0.02 * np.sin(turn + sway[0]) + 0.01 * np.sin(3 * turn + sway[1]), _WIDE)
    return rings * (0.018 * _around(up, end + 0.08, 0.09) + 0.014 * _around(up, knee, 0.1))


def _folds(way: np.ndarray, wide: float) -> np.ndarray:
    """Narrow ridges, 1 high, between broad hollows, along a way in metres."""
    return (0.5 + 0.5 * np.sin(2 * np.pi * way / wide)) ** 2


def _around(value: np.ndarray, middle: float, reach: float) -> np.ndarray:
    return np.exp(-(((value - middle) / reach) ** 2))


def _own(rest: np.ndarray) -> np.random.Generator:
    """Everybody's folds are their own."""
    return np.random.default_rng(round(rest[:BODY, 2].max() * 1e4))
