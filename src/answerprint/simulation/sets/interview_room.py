"""A police interview room: table, recorder, one-way mirror, hard lamp."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import Part, box, cylinder, lathe, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Opening, Room
from answerprint.simulation.stage import SetPlan

_MIRROR = (1.7, 0.95)
"""Width and height of the one-way mirror, metres."""


def interview_room(plan: SetPlan) -> Place:
    """A police interview room: two-tone paint, a bolted table, a one-way mirror, a recorder, one hard lamp."""
    r = Room(plan, (3.4, 4.2), (3.6, 4.4), (2.5, 2.8))
    low = r.pick((0.16, 0.22, 0.2), (0.2, 0.2, 0.23), (0.26, 0.22, 0.15))
    r.material("walls", "paint", (0.48, 0.47, 0.41), roughness=0.5)
    r.material("lower wall", "paint", low, roughness=0.35)
    r.material("floor", "speckle", (0.2, 0.2, 0.19), (0.11, 0.12, 0.13), roughness=0.35)
    r.material("table top", "plastic", (0.36, 0.33, 0.28), roughness=0.4)
    r.material("foam", "fabric", (0.05, 0.05, 0.055), None, wrinkle=3.0)
    r.material("cork", "concrete", (0.33, 0.21, 0.11), (0.24, 0.14, 0.07), scale=0.2)
    r.material("red light", "glow", (1, 0.03, 0.02), nits=120.0, kelvin=6500.0, wear=0.0)
    entrance = Opening(-0.9, 0.86, 0, 2.04)
    r.shell("walls", "floor", "ceiling white", {"left": [entrance]}, skirting="dark plastic", split=("lower wall", 1.15))
    r.hang("door", f.door(0.86, 2.03, "lower wall", "iron", "steel", glazed=True), "left", entrance.along, 0)
    r.hang("one-way mirror", f.framed(*_MIRROR, "iron", "mirror"), "back", 0.25, 1.2)
    r.hang(
        "acoustic panels",
        [box((0.58, 0.05, 0.58), "foam", (-0.6 + 0.6 * i, -0.025, 0.6 * j), bevel=0.02) for i in range(3) for j in range(2)],
        "right",
        0.2,
        1.25,
    )
    r.put(
        "table",
        [
            box((1.3, 0.75, 0.035), "table top", (0, 0, 0.71), bevel=0.008),
            cylinder(0.05, 0.71, "iron", (-0.4, 0, 0)),
            cylinder(0.05, 0.71, "iron", (0.4, 0, 0)),
            *[box((0.12, 0.5, 0.02), "iron", (s * 0.4, 0, 0)) for s in (-1, 1)],
        ],
        0.1,
        0.35,
        0,
        r.between(-3, 3),
    )
    for x, y, turn in ((0.1, 1.3, 3.0), (-0.25, -0.4, 178.0), (0.5, -0.42, 190.0)):
        r.put(
            "chair",
            [
                box((0.44, 0.42, 0.04), "lower wall", (0, 0, 0.43), bevel=0.015),
                box((0.42, 0.03, 0.32), "lower wall", (0, 0.2, 0.56), (-8, 0, 0), 0.012),
                *[tube([(s * 0.19, -0.18, 0.43), (s * 0.2, -0.2, 0)], 0.013, "iron") for s in (-1, 1)],
                *[tube([(s * 0.19, 0.2, 0.85), (s * 0.19, 0.18, 0.43), (s * 0.2, 0.22, 0)], 0.013, "iron") for s in (-1, 1)],
            ],
            x,
            y,
            0,
            turn,
        )
    r.put(
        "recorder",
        [
            box((0.3, 0.24, 0.09), "black plastic", bevel=0.008),
            *[box((0.05, 0.004, 0.03), "steel", (-0.1 + 0.07 * i, -0.122, 0.03), bevel=0) for i in range(3)],
            box((0.012, 0.004, 0.012), "red light", (0.12, -0.122, 0.05), bevel=0),
        ],
        0.55,
        0.55,
        0.745,
        -20,
    )
    r.put(
        "folder",
        [box((0.24, 0.32, 0.012), "book 4", bevel=0.002), *f.moved(f.papers(r.random, 3), (0.02, 0, 0.013))],
        -0.1,
        0.15,
        0.745,
        12,
    )
    r.put("cup", [lathe([(0.028, 0), (0.038, 0.09), (0.036, 0.09), (0.026, 0.006)], "paper")], 0.3, 0.62, 0.745)
    r.put("cup", [lathe([(0.028, 0), (0.038, 0.09), (0.036, 0.09), (0.026, 0.006)], "paper")], -0.4, 0.3, 0.745, needed=False)
    r.put("ashtray", [lathe([(0.06, 0), (0.07, 0.03), (0.06, 0.03), (0.05, 0.01)], "steel")], 0.05, 0.55, 0.745, needed=False)
    x, y = r.width / 2 - 0.12, r.depth / 2 - 0.12
    r.put(
        "camera",
        [
            box((0.08, 0.16, 0.08), "white plastic", (0, -0.1, 0), bevel=0.01),
            cylinder(0.03, 0.03, "black plastic", (0, -0.18, 0.04), turn=(90, 0, 0)),
            tube([(0, 0.09, 0.06), (0, -0.05, 0.06)], 0.014, "white plastic"),
        ],
        x + 0.05,
        y + 0.05,
        r.height - 0.3,
        -45,
    )
    r.hang("radiator", f.radiator(0.55), "left", r.depth / 2 - 0.46, 0, out=0.09)
    r.hang(
        "notice",
        [
            box((0.3, 0.005, 0.42), "paper", (0, -0.0025, 0), bevel=0),
            box((0.26, 0.003, 0.06), "book 1", (0, -0.0065, 0.32), bevel=0),
            *[box((0.24, 0.002, 0.008), "dark plastic", (0, -0.006, 0.06 + 0.035 * i), bevel=0) for i in range(6)],
        ],
        "left",
        r.depth / 2 - 0.46,
        1.35,
    )
    r.hang("clock", f.clock(0.14), "back", -1.15, 1.95)
    r.hang(
        "conduit",
        [
            tube([(0, -0.036, 0), (0, -0.036, r.height)], 0.012, "white plastic"),
            box((0.09, 0.04, 0.09), "white plastic", (0, -0.02, 1.2)),
        ],
        "back",
        -0.95,
        0,
    )
    r.put("pendant", f.pendant(r.height - 1.95, "iron", "shade inside", 0.22), 0.1, 0.4, r.height)
    r.lamp("pendant", 0.1, 0.4, 1.98, 1100, 3600, 0.04)
    r.panel(-0.9, -0.9, 0.58, 0.58, 60, 4200)
    # Rooms like this are never only paint.
    r.hang("case board", _case_board(r), "left", 0.35, 1.2)
    r.hang("files", f.shelf(0.9, 0.75, 0.28, 2, "iron", r.random, BOOKS), "left", 0.35, 0, out=0.16)
    seams = [(x, 2.15 if abs(x - 0.25) < _MIRROR[0] / 2 + 0.02 else 1.19) for x in np.arange(-1.45, 1.6, 0.6)]
    r.hang(
        "panel seams", [box((0.025, 0.008, r.height - low), "iron", (x, -0.004, low), bevel=0) for x, low in seams], "back", 0, 0
    )
    r.hang("rail", [box((r.width - 0.1, 0.02, 0.07), "dark plastic", (0, -0.01, 0), bevel=0.004)], "back", 0, 1.12)
    r.hang("rail", [box((r.depth - 0.1, 0.02, 0.07), "dark plastic", (0, -0.01, 0), bevel=0.004)], "right", 0, 1.12)
    r.mark("standing", -0.75, 0.95, 190)
    r.mark("table", 0.75, 1.15, 170)
    r.mark("suspect", 0.1, 1.3, 180, seat=0.47)
    r.view((0.2, -r.depth / 2 + 0.3, 1.45), (0.0, 1.0, 1.05))
    r.view((-r.width / 2 + 0.4, -r.depth / 2 + 0.35, 1.65), (0.4, 0.9, 1.0))
    r.mood(180, 120)
    return r.place


def _case_board(r: Room) -> list[Part]:
    """Cork with pictures, notes and the string between them."""
    pins = [(float(x), float(z)) for x, z in zip(r.random.uniform(-0.45, 0.45, 14), r.random.uniform(0.08, 0.68, 14), strict=True)]
    notes = [
        box(
            (0.1, 0.003, r.pick(0.08, 0.13)),
            r.pick("paper", "art 0", "art 2", "book 4"),
            (x, -0.0148 - 0.0008 * (n % 6), z - 0.05),
            (0, r.between(-8, 8), 0),
            0,
        )
        for n, (x, z) in enumerate(pins)
    ]
    string = tube([(x, -0.0245, z) for x, z in pins[:6]], 0.002, "book 0")
    return [*f.framed(1.1, 0.75, "oak", "cork"), *notes, string]
