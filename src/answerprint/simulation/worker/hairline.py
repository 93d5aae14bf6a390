"""Where hair grows on a head, and how thin it is towards its line. Only numpy."""

from __future__ import annotations

import numpy as np

CLIPPED = ("crop", "short", "receding")
"""Styles whose hairline is seen."""
_THIN = {"crop": 0.02, "short": 0.018, "receding": 0.026, "curls": 0.014, "tied": 0.016}
"""Metres inside the hairline within which hair grows thinner and finer; 14 mm for styles that are not named."""
_FINE = 0.4
"""How thick hair is at its line, as a share."""


def scalp(points: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """How far inside the hairline each point of the head is, metres; negative outside. ``eye`` is the middle between the eyes."""
    x, y, z = (points - eye).T
    high, set_back = (0.055, 0.018) if style in CLIPPED else (0.051, 0.012)
    temples = set_back * np.clip((np.abs(x) - 0.03) / 0.03, 0, 1) * np.clip((y + 0.05) / 0.03, 0, 1)
    uneven = 0.003 * np.sin(150 * x + 1.0) + 0.001 * np.sin(390 * x + 260 * y)
    line = np.maximum(high + 0.72 * y + temples + uneven, -0.07)
    if style in (*CLIPPED, "curls"):
        # Down before the ears.
        line = line - 0.034 * np.exp(-(((y + 0.064) / 0.012) ** 2)) * np.clip((np.abs(x) - 0.045) / 0.012, 0, 1)
    if style == "receding":
        line += (0.022 + 0.016 * np.clip((np.abs(x) - 0.015) / 0.03, 0, 1)) * np.clip((0.072 - np.abs(x)) / 0.02, 0, 1)
    # Ears are off it; beside them, where the head is as wide, hair grows as thick as elsewhere.
    return np.minimum.reduce([z - line, 6 * (0.083 - np.abs(x)), z + 0.08])


def roots(corners: np.ndarray, eye: np.ndarray, style: str, count: int, random) -> tuple:
    """``count`` places where hair grows, the quad (``corners``, (n, 4, 3)) that each is on, and how far inside the line it is, metres.

    Each is asked for itself: asked quad by quad the hairline would have the quads' corners, a row of teeth.
    """
    area = np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
    chosen = random.choice(len(corners), 3 * count, p=area / area.sum())
    u, v = random.random((2, len(chosen), 1))
    quad = corners[chosen]
    place = (1 - u) * ((1 - v) * quad[:, 0] + v * quad[:, 1]) + u * ((1 - v) * quad[:, 3] + v * quad[:, 2])
    inside = scalp(place, eye, style)
    grown = np.flatnonzero(random.random(len(place)) < density(inside, style))[:count]
    return place[grown], chosen[grown], inside[grown]


def density(inside: np.ndarray, style: str) -> np.ndarray:
    """How much of its hair grows ``inside`` metres within the line, 0 to 1."""
    share = np.clip(inside / _THIN.get(style, 0.014), 0, 1)
    return np.where(inside > 0, 0.06 + 0.94 * share * share * (3 - 2 * share), 0.0)


def fineness(inside: np.ndarray, style: str) -> np.ndarray:
    """How thick hair is that grows ``inside`` metres within the line, as a share of the thickest."""
    return _FINE + (1 - _FINE) * np.clip(inside / _THIN.get(style, 0.014), 0, 1)
