"""How much room a part takes: the box around it along its own axes, and the one along its item's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.pieces import Part, Vector

Real = NDArray[np.float64]


def part_box(part: Part) -> tuple[Real, Real, Real]:
    """The box along a part's own axes: these as columns (3, 3) in its item, its middle (3,) there, half its size (3,); metres."""
    low, high = _own_ends(part)
    axes = turned(part.turn)
    return axes, axes @ ((low + high) / 2) + part.at, (high - low) / 2


def ends(part: Part) -> tuple[Real, Real]:
    """Two corners of the box around a part along its item's axes."""
    axes, middle, half = part_box(part)
    reach = np.abs(axes) @ half
    return middle - reach, middle + reach


def turned(turn: Vector) -> Real:
    """The rotation about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ about_y @ about_x


def _own_ends(part: Part) -> tuple[Real, Real]:
    figures = part.figures
    if part.shape == "tube":
        points = np.array(figures["points"], dtype=np.float64)
        return points.min(axis=0) - figures["radius"], points.max(axis=0) + figures["radius"]
    if part.shape in ("cylinder", "lathe"):
        profile = figures.get("profile") or [(figures["radius"], 0.0), (figures.get("top", figures["radius"]), figures["height"])]
        radius, heights = max(p[0] for p in profile), [p[1] for p in profile]
        return np.array([-radius, -radius, min(heights)]), np.array([radius, radius, max(heights)])
    if part.shape == "prism":
        outline, deep = np.array(figures["outline"], dtype=np.float64), figures["depth"] / 2
        (x, z), (right, top) = outline.min(axis=0), outline.max(axis=0)
        return np.array([x, -deep, z]), np.array([right, deep, top])
    if part.shape == "mesh":
        vertices = np.array(figures["vertices"], dtype=np.float64)
        return vertices.min(axis=0), vertices.max(axis=0)
    if part.shape == "ground":
        (w, d), h = figures["size"], figures.get("height", 0.1)
        return np.array([-w / 2, -d / 2, -h]), np.array([w / 2, d / 2, h])
    size = np.array(figures.get("size") or [2 * figures["radius"]] * 3, dtype=np.float64)
    base = np.array([0.0, 0.0, size[2] / 2]) if part.shape in ("box", "cloth") else np.zeros(3)
    return base - size / 2, base + size / 2
