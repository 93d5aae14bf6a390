"""A built place: everything of a set that the renderer draws, and what the crew needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from answerprint.simulation.pieces import Item, Material, Vector
from answerprint.simulation.stage import Light


@dataclass
class Place:
    """``marks`` are x, y and heading where a person may stand; ``seats`` the same with the height of the seat;
    ``floors`` how high the ground lies at marks that are not at height 0.

    ``size`` is width (x), depth (y) and height in metres with the origin in the middle of the floor; ``views`` are good
    camera places (where from, where to); ``sky`` is the dome in the renderer's terms.
    """

    items: list[Item] = field(default_factory=list)
    materials: dict[str, Material] = field(default_factory=dict)
    lights: list[Light] = field(default_factory=list)
    marks: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    seats: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    views: list[tuple[Vector, Vector]] = field(default_factory=list)
    size: Vector = (6.0, 5.0, 2.7)
    sky: dict[str, Any] | None = None
    mood: dict[str, float] = field(default_factory=dict)
    """Figures of the place's own light: 'lux' a meter reads at the marks, 'kelvin'"""
