"""Hair: strands that grow in locks from a scalp of their own colour, combed, curled, tied back or thinning. Only numpy.

A lock is what the eye sees at a film frame's distance: strands of one lock share their length, lift, shade and the way they lie, and close
up towards its tip. Each point also says which way the lock faces (``over``), so that hair is lit as a volume.
"""

from __future__ import annotations

import combing
import locks
import numpy as np
import tied_hair
from hairline import CLIPPED, fineness, roots, scalp

LENGTHS = combing.LENGTHS
"""Metres of hair, by style."""
_COUNT = {"crop": 13000, "receding": 13000, "short": 10000, "curls": 10000}
"""Strands; 8000 in styles that are not named."""
_RADIUS = {"crop": 0.00042, "receding": 0.00042, "short": 0.0005, "curls": 0.00052}
"""Metres from the middle to the side of a strand, at its root; 0.65 mm in styles that are not named. A strand stands for several hairs."""
_PER_LOCK = {"crop": 5, "short": 7, "receding": 7, "curls": 7, "bob": 14, "waves": 16, "long": 14}
_CLOSED = {"crop": 0.1, "receding": 0.15, "short": 0.28, "curls": 0.7, "tied": 0.3, "bob": 0.3, "long": 0.2, "waves": 0.4}
"""How far the strands of a lock close up at its tip: long hair that closed more would end in rat-tails."""
_STREAKS = 40
"""Lighter and darker parts of a head of hair."""
_POINTED = {"crop": 0.5, "receding": 0.5, "short": 0.7, "curls": 0.5}
"""How much thinner than at its root a strand is at its tip, as a share; short hair that were finer would let the scalp be seen."""
_BELOW_LINE = {"curls": 0.02}
"""Metres below the hairline that hair may come on the forehead; 2 mm in styles that are not named."""


def widths(style: str, steps: int) -> np.ndarray:
    """How thick a strand is along its ``steps`` points, as shares of its root: pointed at the end, curls all along or they would shade each other."""
    return 1 - _POINTED.get(style, 0.93) * np.linspace(0, 1, steps) ** (1 if style == "curls" else 3)


def grow(rest: np.ndarray, faces: np.ndarray, eye: np.ndarray, style: str, seed: int, grey: float = 0.0) -> dict:
    """``points`` (n, steps, 3), ``over`` of the same shape, ``shade`` (n,) and ``radius`` (n,) in metres: strands of a style on the quads of a body.

    ``grey`` (0 to 1) is how much white hair grows among the dark: locks and strands of it differ more in shade.
    """
    random = np.random.default_rng(seed)
    torso = rest[np.unique(faces)]
    corners = rest[faces]
    corners = corners[scalp(corners.reshape(-1, 3), eye, style).reshape(-1, 4).max(axis=1) > 0]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    centre = np.array([0.0, eye[1] - 0.085, eye[2] + 0.03])
    normal[((corners.mean(axis=1) - centre) * normal).sum(axis=1) < 0] *= -1
    root, quad, inside = roots(corners, eye, style, _COUNT.get(style, 8000), random)
    normal = normal[quad]
    if style == "tied":
        lock = tied_hair.meridians(root, eye, random)
        points = tied_hair.pulled_back(root, normal, inside, lock, centre, eye, random)
    else:
        lock = locks.nearest(root, len(root) // _PER_LOCK[style], random)
        points = combing.walk(root, normal, inside, lock, centre, torso, eye, style, random)
    points = locks.gathered(points, lock, _CLOSED.get(style, 0.5))
    points = locks.curled(points, lock, style, random)
    points = combing.finished(points, torso, eye, style, random)
    shade = _shades(root, lock, style, grey, random)
    over = locks.facing(points, lock, centre, eye, random)
    radius = _RADIUS.get(style, 0.00065) * fineness(inside, style)
    if style == "tied":
        more, facing = tied_hair.not_pulled_back(root, normal, inside, centre, eye, points.shape[1], random)
        points, over = np.concatenate([points, more]), np.concatenate([over, facing])
        shade = np.concatenate([shade, random.normal(0, 0.3, len(more))])
        radius = np.concatenate([radius, np.full(len(more), 0.8 * _RADIUS.get(style, 0.00065))])
    own = _clear_of_the_face(points, eye, style)
    shade = np.exp(np.clip(shade, -0.8 - 0.4 * grey, 0.7 + 0.3 * grey))
    return {"points": points[own], "over": over[own], "shade": shade[own], "radius": radius[own]}


def _shades(root: np.ndarray, lock: np.ndarray, style: str, grey: float, random) -> np.ndarray:
    """How light each strand is, natural logarithm: streaks, locks and hairs.

    Streaks 2 to 3 cm wide are what is left of locks where a head is 20 pixels high. In short grey hair white hairs stand among the dark; whole
    white locks would be patches, and on curls specks.
    """
    streak, of_lock, of_hair = (0.08, -0.01, 0.16) if style in CLIPPED or style == "curls" else (0.08, 0.12, 0.08)
    streaks = random.normal(0, 0.26 + streak * grey, _STREAKS)[locks.nearest(root, _STREAKS, random)]
    each = random.normal(0, (0.18 if style in CLIPPED else 0.24) + of_lock * grey, lock.max() + 1)[lock]
    return each + streaks + random.normal(0, 0.1 + of_hair * grey, len(root))


def _clear_of_the_face(points: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """Which strand stands in each one's place: its own, or the nearest other where it would lie across the forehead below the hairline."""
    before = (points[..., 1] > eye[1] - 0.045) & (np.abs(points[..., 0]) < 0.05)
    under = np.zeros(before.shape, dtype=bool)
    under[before] = scalp(points[before], eye, style) < -_BELOW_LINE.get(style, 0.002)
    own, low = np.arange(len(points)), under.any(axis=1)
    kept = np.flatnonzero(~low)
    for strand in np.flatnonzero(low):
        own[strand] = kept[((points[kept, 0] - points[strand, 0]) ** 2).sum(axis=1).argmin()]
    return own
