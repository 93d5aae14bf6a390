"""Where the cameras of a cut stood towards the action: the 30-degree rule, the line of action, eyelines.

Positions are metres in one frame, z up. The line goes through the two people of a scene; a camera that crosses it turns screen
left into screen right. Angles are on plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
LEAST_DEGREES = 30.0
LEAST_SIZE = 1.2
"""A change of size below this (focal length over distance) does not by itself make a cut."""
_ON_THE_LINE = 8.0
"""Degrees within which a camera counts as standing on the line: it may follow either side."""


@dataclass(frozen=True)
class Station:
    """A camera beside a cut: ``position`` (3,) m, ``axis`` (3,) where it looks, ``focal_mm`` over ``sensor_mm`` its horizontal view."""

    position: Real
    axis: Real
    focal_mm: float
    sensor_mm: float

    def sees(self, point: Real) -> tuple[float, float]:
        """Where a point lies across the picture (-1 left edge to 1 right edge) and how deep, m; depth at or below 0 is behind."""
        axis = self.axis / np.linalg.norm(self.axis)
        right = np.cross(axis, np.array([0.0, 0.0, 1.0]))
        right /= max(float(np.linalg.norm(right)), 1e-9)
        ray = point - self.position
        depth = float(ray @ axis)
        return float(ray @ right) / max(abs(depth), 1e-9) * 2 * self.focal_mm / self.sensor_mm, depth

    def shows(self, point: Real) -> bool:
        """Whether a point is in the picture, by its width."""
        across, depth = self.sees(point)
        return depth > 0.1 and abs(across) < 1.0


def change_of_angle(first: Station, second: Station, action: Real) -> tuple[float, float]:
    """Degrees on plan between the views of ``action`` (3,), and how much larger the second shows it."""
    one, other = ((action - s.position)[:2] for s in (first, second))
    cosine = float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9)
    sizes = [s.focal_mm / s.sensor_mm / max(float(np.linalg.norm(action - s.position)), 1e-6) for s in (first, second)]
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))), sizes[1] / sizes[0]


def side_of_line(station: Station, one: Real, other: Real) -> float:
    """Which side of the line through two people a camera stands on: degrees off it, the sign is the side."""
    along = (other - one)[:2]
    middle = (one[:2] + other[:2]) / 2
    away = station.position[:2] - middle
    cross = float(along[0] * away[1] - along[1] * away[0])
    sine = cross / max(float(np.linalg.norm(along) * np.linalg.norm(away)), 1e-9)
    return float(np.degrees(np.arcsin(np.clip(sine, -1, 1))))


def crosses_line(first: Station, second: Station, one: Real, other: Real) -> float | None:
    """How far beyond the line the second camera stands, degrees; None where both stand on one side or one on the line."""
    sides = [side_of_line(s, one, other) for s in (first, second)]
    if min(abs(s) for s in sides) < _ON_THE_LINE or sides[0] * sides[1] > 0:
        return None
    return abs(sides[1])


def action_between(first: Station, second: Station, people: dict[str, Real]) -> Real:
    """The middle of the people both show; without any, the point where the views meet on plan, or 3 m before the first camera."""
    seen = [p for p in people.values() if first.shows(p) and second.shows(p)] or [p for p in people.values() if second.shows(p)]
    if seen:
        return np.asarray(np.mean(seen, axis=0))
    axes = np.column_stack([first.axis[:2], -second.axis[:2]])
    if abs(float(np.linalg.det(axes))) > 0.05:
        reach = np.linalg.solve(axes, (second.position - first.position)[:2])
        if 0.5 < reach[0] < 30 and 0.5 < reach[1] < 30:
            return np.asarray(first.position + reach[0] * first.axis)
    return np.asarray(first.position + 3.0 * first.axis / np.linalg.norm(first.axis))


def looks_for(station: Station, partner: Real) -> float:
    """Which way someone in the picture should look to meet ``partner``: -1 left, 1 right, 0 where the partner stands about behind the camera."""
    across, depth = station.sees(partner)
    if depth <= 0.1:
        # Behind the camera: the side is what the partner is off the axis.
        axis = station.axis / np.linalg.norm(station.axis)
        right = np.cross(axis, np.array([0.0, 0.0, 1.0]))
        across = float((partner - station.position) @ right)
        return float(np.sign(across)) if abs(across) > 0.5 else 0.0
    return float(np.sign(across)) if abs(across) > 0.6 else 0.0
