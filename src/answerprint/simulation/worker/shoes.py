"""A pair of shoes around the feet: an upper, and under it a sole with a rim, a heel and a toe that rises, as light shows them on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from body import BODY

_STATIONS, _ARCH = 25, 11
"""Cross-sections from heel to toe, and points of the upper in each."""
_REST, _WELT = -0.016, 0.004
"""Heights of the floor and of the sole's upper side, metres, where the bare sole of the foot is at 0."""
_RIM, _UNDERCUT = 0.004, 0.003
"""Metres by which the sole stands out from the upper, and by which its lower edge lies within its upper one."""
_HOLLOW, _BREAST, _BALL = 0.009, 0.3, (0.42, 0.8)
"""Metres between floor and sole before the heel; where along the shoe the heel ends; from where to where the ball stands on the floor."""
_SPRING = 0.012
"""Metres that the tip of the toe is above the floor."""


@dataclass(frozen=True)
class Shoes:
    """A left and a right shoe as one mesh."""

    vertices: np.ndarray
    faces: list
    skin: np.ndarray
    sole: np.ndarray
    """of each face, whether it is the sole's"""

    @property
    def feet(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Vertices and skin weights of the left and of the right one."""
        return list(zip(np.split(self.vertices, 2), np.split(self.skin, 2), strict=True))


def shoes(rest: np.ndarray, data: dict) -> Shoes:
    """Shoes for a body at rest, on soles of 2 cm."""
    vertices, faces, skins, sole = [], [], [], []
    for side in ("l", "r"):
        upper, under = _rings(*_outline(rest, data, side))
        for rings, below in ((upper, False), (under, True)):
            strip = [[sum(map(len, vertices)) + v for v in face] for face in _strip(len(rings), rings.shape[1])]
            vertices.append(rings.reshape(-1, 3))
            skins.append(_moved_by(rest, data, side, vertices[-1]))
            faces += strip
            sole += [below] * len(strip)
    return Shoes(np.concatenate(vertices), faces, np.concatenate(skins), np.array(sole))


def _outline(rest: np.ndarray, data: dict, side: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each station from heel to toe: how far ahead, middle, half width and top of the upper, metres."""
    names = data["names"]
    feet = data["skin"][:BODY, [names.index(f"foot_{side}"), names.index(f"ball_{side}")]].sum(axis=1)
    ankle = rest[data["joints"][f"joint-{side}-ankle"]].mean(axis=0)
    points = rest[np.flatnonzero((feet > 0.5) & (rest[:BODY, 2] < ankle[2] + 0.03))]
    start, end = points[:, 1].min() - 0.006, points[:, 1].max() + 0.012
    # Closer to each other at heel and toe, where the outline turns.
    ahead = start + (end - start) * (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, _STATIONS)))
    low, high = [], []
    for y in ahead:
        away = np.abs(points[:, 1] - y)
        near = points[away < max(0.02, np.partition(away, 24)[24])]
        low.append(near.min(axis=0)), high.append(near.max(axis=0))
    low, high = np.array(low), np.array(high)
    reach = np.clip(np.minimum(ahead - start, end - ahead) / 0.03, 0, 1)
    half = (0.5 * (high[:, 0] - low[:, 0]) + 0.007) * (0.35 + 0.65 * np.sqrt(reach * (2 - reach)))
    return ahead, 0.5 * (low[:, 0] + high[:, 0]), half, 0.018 + (high[:, 2] - 0.01) * (0.6 + 0.4 * reach)


def _rings(ahead: np.ndarray, middle: np.ndarray, half: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-sections (stations, points, 3) of the upper, rounded, and of the sole, with corners."""
    turn = np.linspace(0, np.pi, _ARCH)
    upper = np.stack(np.broadcast_arrays(
        middle[:, None] + half[:, None] * np.cos(turn),
        ahead[:, None],
        _WELT + (top[:, None] - _WELT) * np.sin(turn) ** 0.75,
    ), axis=-1)  # fmt: skip
    share = (ahead - ahead[0]) / (ahead[-1] - ahead[0])
    hollow = (share > _BREAST) * np.clip((_BALL[0] - share) / 0.08, 0, 1)
    rise = np.clip((share - _BALL[1]) / (1 - _BALL[1]), 0, 1) ** 2
    floor = _REST + _HOLLOW * hollow + _SPRING * rise
    wide, narrow = half + _RIM, half + _RIM - _UNDERCUT
    # The sole goes round heel and toe a rim further than the upper.
    along = ahead + _RIM * np.sign(share - 0.5) * (np.abs(share - 0.5) == 0.5)
    sole = np.stack([
        np.stack([middle + way * out, along, height], axis=1)
        for way, out, height in ((1, wide, np.full_like(floor, _WELT)), (-1, wide, np.full_like(floor, _WELT)), (-1, narrow, floor), (1, narrow, floor))
    ], axis=1)  # fmt: skip
    return upper, sole


def _strip(stations: int, sides: int) -> list[list[int]]:
    """Faces of rings one behind another, closed at both ends."""
    faces = [
        [r * sides + k, r * sides + (k + 1) % sides, (r + 1) * sides + (k + 1) % sides, (r + 1) * sides + k]
        for r in range(stations - 1)
        for k in range(sides)
    ]
    last = (stations - 1) * sides
    return [*faces, list(range(sides))[::-1], list(range(last, last + sides))]


def _moved_by(rest: np.ndarray, data: dict, side: str, points: np.ndarray) -> np.ndarray:
    """Skin weights: the toe bends where the foot's does."""
    names = data["names"]
    bend = rest[data["joints"][f"joint-{side}-foot-1"]].mean(axis=0)[1]
    toe = np.clip((points[:, 1] - bend) / 0.02 + 0.5, 0, 1)
    skin = np.zeros((len(points), len(names)))
    skin[:, names.index(f"ball_{side}")], skin[:, names.index(f"foot_{side}")] = toe, 1 - toe
    return skin
