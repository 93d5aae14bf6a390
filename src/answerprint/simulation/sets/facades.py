"""Houses along a street: shops with something in their windows, doors, rows of windows, cornice and roof; their face at y 0."""

from __future__ import annotations

from answerprint.simulation.pieces import Part, box, cylinder, tube
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Room

_STOREY = 2.9
_RISER, _FASCIA = 0.55, 2.25
"""Where the glass of a shop begins and ends, metres above the ground."""


def house(r: Room, width: float, height: float, wall: str) -> list[Part]:
    """A facade of a width and a height: ground floor with a shop or windows, a door, storeys above it, cornice, roof, downpipe."""
    parts: list[Part] = [
        box((width, 6, height), wall, (0, 3, 0), bevel=0.0),
        box((width, 0.35, 0.3), "kerb", (0, 0, height - 0.3)),
        *f.moved(f.gable(width, 2.0, 6.2, "slate"), (0, 3, height)),
    ]
    if r.random.random() < 0.55:
        parts += f.moved(_shop(r, width * 0.62), (-width * 0.12, 0, 0.12))
    else:
        for x in (-width * 0.28, 0.0):
            parts += [
                box((1.2, 0.1, 1.6), "white gloss", (x, -0.02, 0.8)),
                box((1.06, 0.12, 1.46), "dark glass", (x, -0.02, 0.87)),
            ]
    leaf = r.pick("dark wood", "car paint 1", "book 2")
    parts += f.moved(f.door(0.95, 2.1, leaf, "white gloss", "brass"), (width * 0.36, -0.03, 0.12))
    columns = max(2, int(width / 2.0))
    for floor in range(1, int((height - 0.6) / _STOREY)):
        for k in range(columns):
            x = (k - (columns - 1) / 2) * width / columns
            parts += f.moved(_window(r.night and r.random.random() < 0.3), (x, 0, _STOREY * floor + 0.75))
    return [*parts, tube([(width / 2 - 0.15, -0.06, 0.12), (width / 2 - 0.15, -0.06, height - 0.3)], 0.045, "iron")]


def _window(lit: bool) -> list[Part]:
    """A sash window with its sill."""
    return [
        box((1.05, 0.14, 1.6), "white gloss"),
        box((0.9, 0.16, 1.45), "lit window" if lit else "dark glass", (0, 0, 0.07)),
        box((1.2, 0.24, 0.07), "kerb", (0, -0.05, -0.07)),
        box((0.05, 0.17, 1.45), "white gloss", (0, 0, 0.07)),
    ]


def _shop(r: Room, wide: float) -> list[Part]:
    """A shop front: the lit inside behind a frame of wood, goods before it, a fascia, often an awning and a sign."""
    inner = wide - 0.24
    parts = [
        box((inner, 0.02, _FASCIA - _RISER), "shop glow", (0, -0.02, _RISER), bevel=0),
        box((wide, 0.16, _RISER), "dark wood", (0, -0.06, 0)),
        *[box((0.12, 0.16, _FASCIA), "dark wood", (s * (wide - 0.12) / 2, -0.06, 0)) for s in (-1, 1)],
        *[box((0.05, 0.06, _FASCIA - _RISER), "dark wood", (inner / 4 * k, -0.11, _RISER), bevel=0.002) for k in (-1, 0, 1)],
        box((wide + 0.1, 0.2, 0.45), r.pick("dark wood", "book 1", "book 4"), (0, -0.06, _FASCIA)),
        *_goods(r, inner),
    ]
    if r.random.random() < 0.6:
        parts.append(box((wide, 1.1, 0.03), "awning", (0, -0.6, _FASCIA + 0.18), (14, 0, 0)))
    if r.random.random() < 0.5:
        parts.append(box((0.9, 0.06, 0.28), "sign glow", (0, -0.18, _FASCIA + 0.08), bevel=0.02))
    return parts


def _goods(r: Room, wide: float) -> list[Part]:
    """What stands in a shop's window and on the shelf behind it: boxes, jars and bolts of every height, seen against the light."""
    shelf = _RISER + r.between(0.75, 0.95)
    parts = [box((wide, 0.05, 0.025), "oak", (0, -0.055, shelf), bevel=0.002)]
    for base, tallest in ((_RISER, shelf - _RISER - 0.08), (shelf + 0.025, _FASCIA - shelf - 0.1)):
        x = -wide / 2 + 0.1
        while x < wide / 2 - 0.3:
            across, tall = r.between(0.08, 0.26), tallest * r.between(0.25, 0.95)
            shade, middle = r.pick(*BOOKS, "paper", "oak", "white plastic"), (x + across / 2, -0.055, base)
            round_ = across < 0.14
            parts.append(cylinder(0.024, tall, shade, middle) if round_ else box((across, 0.045, tall), shade, middle, bevel=0.004))
            x += across + r.between(0.02, 0.35)
    return parts
