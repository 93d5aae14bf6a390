"""Lighting patterns as a gaffer names them: where key, fill and back stand around a face, and how far apart they are in stops.

Angles are measured at the face, from the direction of the camera: azimuth to the side, elevation upwards. The portrait patterns are
defined by the shadow of the nose (B. Brown, "Cinematography: Theory and Practice", 3rd ed. 2016, chapter on lighting sources): butterfly under it, loop
beside it, Rembrandt joining the cheek's shadow, split half the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from answerprint.simulation.direction import PatternName
from answerprint.simulation.pieces import Vector
from answerprint.simulation.place import Place
from answerprint.simulation.stage import OUTDOORS, Light, SetPlan

_NEAREST_LAMP = 0.55
"""Metres that a lamp keeps from the face, though the wall were nearer."""


@dataclass(frozen=True)
class Pattern:
    """Degrees at the face, stops below the key, colour temperatures in kelvin, size of the key in metres."""

    key_azimuth: float
    key_elevation: float
    fill_stops: float
    back_stops: float
    key_size: float = 0.6
    kelvin: float = 5600.0
    fill_kelvin: float = 5600.0
    back_kelvin: float = 5600.0
    level_stops: float = 0.0


PATTERNS: dict[str, Pattern] = {
    "rembrandt": Pattern(48, 42, -3.0, -0.5),
    "loop": Pattern(32, 32, -2.0, -0.5),
    "split": Pattern(90, 12, -4.0, -1.5),
    "butterfly": Pattern(2, 50, -1.5, -1.0, key_size=0.4),
    "high-key": Pattern(30, 28, -0.6, 0.3, key_size=1.6),
    "low-key": Pattern(75, 35, -5.0, 0.0, key_size=0.3),
    "day-for-night": Pattern(125, 45, -2.5, -1.0, key_size=0.5, kelvin=8500, fill_kelvin=9500, back_kelvin=8500, level_stops=-2.2),
}


def pattern(
    name: PatternName,
    eyes: Vector,
    camera: Vector,
    key_lux: float,
    side: Literal["left", "right"] = "left",
    distance: float = 2.2,
    fill_stops: float | None = None,
    inside: tuple[Vector, Vector] | None = None,
) -> tuple[Light, Light, Light]:
    """Key, fill and back light for a face at ``eyes`` seen from ``camera``.

    ``key_lux`` at the face; ``fill_stops`` (below zero) overrides the pattern's ratio; ``side`` is the key's as the camera sees it;
    ``inside`` are two corners of the room that the lamps must stay in: they come closer, at the same angle and level.
    """
    p = PATTERNS[name]
    turn = 1.0 if side == "right" else -1.0
    lux = key_lux * 2.0**p.level_stops

    def where(azimuth: float, elevation: float, away: float) -> Vector:
        return _around(eyes, camera, azimuth, elevation, away, inside)

    key = Light(name="key", kind="softbox", translation=where(turn * p.key_azimuth, p.key_elevation, distance), aim=eyes,
                illuminance_lux=lux, kelvin=p.kelvin, size=(p.key_size, p.key_size))  # fmt: skip
    fill = Light(name="fill", kind="softbox", translation=where(-turn * 38, 12, distance * 1.25), aim=eyes,
                 stops=p.fill_stops if fill_stops is None else fill_stops, kelvin=p.fill_kelvin, size=(1.4, 1.4))  # fmt: skip
    back = Light(name="back", kind="fresnel", translation=where(-turn * 150, 42, distance * 1.1), aim=eyes,
                 stops=p.back_stops, kelvin=p.back_kelvin, size=(0.2, 0.2), beam=40.0)  # fmt: skip
    return key, fill, back


def angles(light: Light, camera: Vector) -> tuple[float, float]:
    """Azimuth from the camera's direction (positive to the camera's right) and elevation of a light at its aim, degrees."""
    to_camera, to_light = np.subtract(camera, light.aim), np.subtract(light.translation, light.aim)
    seen = np.degrees(np.arctan2(to_light[1], to_light[0]) - np.arctan2(to_camera[1], to_camera[0]))
    azimuth = float((seen + 180) % 360 - 180)
    return azimuth, float(np.degrees(np.arctan2(to_light[2], np.hypot(to_light[0], to_light[1]))))


def space_for_lamps(plan: SetPlan, place: Place) -> tuple[Vector, Vector] | None:
    """Two corners of the room that lamps stay in, clear of walls, floor and ceiling; None where there are no walls."""
    if plan.family == "none" or plan.family in OUTDOORS:
        return None
    w, d, h = place.size
    return (-w / 2 + 0.35, -d / 2 + 0.3, 0.5), (w / 2 - 0.35, d / 2 - 0.3, h - 0.3)


def _around(
    eyes: Vector, camera: Vector, azimuth: float, elevation: float, distance: float, inside: tuple[Vector, Vector] | None
) -> Vector:
    start = np.arctan2(camera[1] - eyes[1], camera[0] - eyes[0])
    a, e = start + np.radians(azimuth), np.radians(elevation)
    way = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)]) * distance
    if inside is not None:
        low, high = np.array(inside[0]), np.array(inside[1])
        with np.errstate(divide="ignore"):
            room = np.where(way > 0, (high - eyes) / way, np.where(way < 0, (low - eyes) / way, np.inf))
        way = way * max(min(0.25, _NEAREST_LAMP / distance), min(1.0, float(np.min(room))))
    x, y, z = (float(v) for v in np.add(eyes, way))
    return x, y, z
