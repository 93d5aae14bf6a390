"""A hospital corridor: handrails, ward doors, trolley, chairs, panels."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from answerprint.simulation.pieces import Part, box, cylinder, sphere, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import Opening, Room, Side
from answerprint.simulation.stage import SetPlan


def hospital_corridor(plan: SetPlan) -> Place:
    """A ward corridor: vinyl floor, handrails, glazed doors, a trolley, a row of chairs, panels along the ceiling."""
    r = Room(plan, (2.5, 2.9), (13.0, 16.0), (2.45, 2.7))
    lower = r.pick((0.2, 0.36, 0.33), (0.25, 0.33, 0.42), (0.45, 0.4, 0.28))
    r.material("walls", "paint", (0.62, 0.63, 0.58), roughness=0.4)
    r.material("lower wall", "paint", lower, roughness=0.35)
    r.material("floor", "speckle", (0.32, 0.34, 0.33), (0.18, 0.23, 0.25), roughness=0.14)
    r.material(
        "ceiling", "tile", (0.7, 0.7, 0.68), (0.67, 0.67, 0.65), size=0.6, joint=0.012, mortar=(0.52, 0.52, 0.5), roughness=0.9
    )
    r.material("leaf", "foliage", (0.06, 0.15, 0.035), (0.12, 0.24, 0.05))
    r.material("door leaf", "wood", r.pick((0.5, 0.36, 0.2), (0.3, 0.38, 0.42)), None, roughness=0.35)
    r.material("sheet", "fabric", (0.66, 0.67, 0.66), None, wrinkle=12.0)
    r.material("green cloth", "fabric", (0.12, 0.3, 0.27), None, wrinkle=12.0)
    r.material("red enamel", "enamel", (0.42, 0.03, 0.02), (0.2, 0.02, 0.015), roughness=0.3)
    r.material("sign", "glow", (0.1, 0.55, 0.25), nits=45.0, kelvin=6500.0)
    d = r.depth
    places = [-d / 2 + 2.0 + 3.1 * i for i in range(int((d - 3) // 3.1) + 1)]
    left = [Opening(a, 1.1, 0, 2.08) for a in places[::2]]
    windows = [Opening(a, 1.5, 1.0, 1.15) for a in places[1::2]]
    right = [Opening(a, 1.1, 0, 2.08) for a in places[1::2]]
    end = Opening(0, 1.5, 0, 2.1)
    r.shell(
        "walls",
        "floor",
        "ceiling",
        {"left": [*left, *windows], "right": right, "back": [end]},
        skirting="dark plastic",
        split=("lower wall", 1.05),
    )
    for window in windows:
        r.window("left", window, 650, "steel", bars=1)
    r.sky(2200)
    for n, opening in enumerate(left):
        r.hang("ward door", f.door(1.1, 2.07, "door leaf", "cream enamel", "steel", glazed=True), "left", opening.along, 0)
        r.hang(
            "number",
            [
                box((0.14, 0.008, 0.1), "white plastic", (0, -0.004, 0)),
                box((0.05, 0.004, 0.06), f"book {n % 7}", (0, -0.01, 0.02), bevel=0),
            ],
            "left",
            opening.along + 0.75,
            1.6,
        )
    for opening in right:
        r.hang("ward door", f.door(1.1, 2.07, "door leaf", "cream enamel", "steel", glazed=True), "right", opening.along, 0)
    r.hang("fire door", f.door(1.5, 2.09, "door leaf", "cream enamel", "steel", glazed=True), "back", 0, 0)
    r.hang(
        "exit sign",
        [box((0.36, 0.06, 0.16), "white plastic", (0, -0.03, 0)), box((0.33, 0.004, 0.13), "sign", (0, -0.063, 0.015), bevel=0)],
        "back",
        0,
        2.2,
    )
    for side, openings in (("left", left), ("right", right)):
        edges = [-d / 2, *[e for o in openings for e in (o.along - 0.65, o.along + 0.65)], d / 2]
        for a, b in list(itertools.pairwise(edges))[::2]:
            if b - a > 0.3:
                rail = [
                    box((b - a - 0.1, 0.035, 0.12), "door leaf", (0, -0.06, 0), bevel=0.016),
                    *[box((0.04, 0.05, 0.05), "steel", (x, -0.025, 0.03)) for x in ((a - b) / 2 + 0.2, (b - a) / 2 - 0.2)],
                ]
                r.hang("handrail", rail, side, 0.5 * (a + b), 0.84)  # type: ignore[arg-type]
    r.put(
        "trolley bed",
        [
            box((0.72, 1.95, 0.06), "steel", (0, 0, 0.62)),
            box((0.68, 1.9, 0.14), "sheet", (0, 0, 0.68), bevel=0.05),
            box((0.7, 1.0, 0.06), "green cloth", (0, -0.35, 0.81), bevel=0.028),
            box((0.5, 0.34, 0.12), "sheet", (0, 0.72, 0.82), (12, 0, 0), 0.055),
            *[tube([(s * 0.34, t * 0.8, 0.62), (s * 0.3, t * 0.7, 0.1)], 0.018, "steel") for s in (-1, 1) for t in (-1, 1)],
            *[
                cylinder(0.07, 0.035, "black plastic", (s * 0.3 + 0.0175, t * 0.7, 0.07), turn=(0, -90, 0))
                for s in (-1, 1)
                for t in (-1, 1)
            ],
        ],
        r.width / 2 - 0.46,
        1.4,
    )
    for i in range(3):
        r.put(
            "waiting chair",
            [
                box((0.46, 0.44, 0.035), "book 3", (0, 0, 0.43), (-3, 0, 0), 0.015),
                box((0.46, 0.03, 0.36), "book 3", (0, 0.22, 0.5), (-10, 0, 0), 0.013),
                *[tube([(s * 0.16, 0.19, 0.445), (s * 0.16, 0.235, 0.56)], 0.011, "steel") for s in (-1, 1)],
                *[tube([(s * 0.2, t * 0.18, 0.43), (s * 0.2, t * 0.2, 0)], 0.012, "steel") for s in (-1, 1) for t in (-1, 1)],
            ],
            -r.width / 2 + 0.42,
            -0.7 + 0.56 * i,
            0,
            90,
        )
    r.put(
        "drip stand",
        [
            *[tube([(0, 0, 0.08), (0.28 * np.cos(a), 0.28 * np.sin(a), 0.055)], 0.012, "steel") for a in np.linspace(0, 5.03, 5)],
            *[
                sphere((0.05, 0.05, 0.05), "black plastic", (0.28 * np.cos(a), 0.28 * np.sin(a), 0.025))
                for a in np.linspace(0, 5.03, 5)
            ],
            tube([(0, 0, 0.05), (0, 0, 1.95)], 0.012, "steel"),
            tube([(-0.12, 0, 1.93), (0.12, 0, 1.93)], 0.008, "steel"),
            sphere((0.1, 0.05, 0.2), "clear glass", (0.12, 0, 1.825)),
        ],
        r.width / 2 - 0.35,
        2.75,
        needed=False,
    )
    r.hang("dispenser", [box((0.12, 0.1, 0.24), "white plastic", (0, -0.05, 0), bevel=0.015)], "left", places[0] + 1.0, 1.15)
    for i, along in enumerate((places[0] + 1.55, places[2] + 1.55 if len(places) > 2 else 0.0)):
        r.hang(
            "notice board",
            [
                *f.framed(1.0, 0.7, "oak", "green cloth"),
                *[
                    box(
                        (0.17, 0.006, 0.23),
                        f"art {(i + k) % 4}" if k % 2 else "paper",
                        (-0.32 + 0.22 * k, -0.016, 0.2 + 0.08 * (k % 3)),
                        bevel=0,
                    )
                    for k in range(4)
                ],
            ],
            "left" if i else "right",
            along if i else -d / 2 + 1.2,
            1.25,
        )
    _along_the_walls(r, {"left": [*left, *windows], "right": right})
    for i in range(int(d // 2.4)):
        # By day some tubes are out and the windows light one side; at night every other one is dimmed.
        dim = r.random.random() < 0.4 if not r.night else i % 2 == 1
        r.panel(0, -d / 2 + 1.2 + 2.4 * i, 0.58, 1.18, 40 if dim else 210, 4200)
    r.mark("corridor", 0.1, -0.6, 180)
    r.mark("chairs", -0.25, 0.9, 185)
    r.mark("far", 0.2, 3.2, 180)
    r.mark("chair", -r.width / 2 + 0.42, -0.14, -90, seat=0.46)
    r.view((0.3, -3.6, 1.5), (0.0, 2.0, 1.15))
    r.view((-r.width / 2 + 0.4, -3.2, 1.2), (0.35, 2.0, 1.2))
    r.mood(320, 170)
    return r.place


def _along_the_walls(r: Room, openings: dict[Side, list[Opening]]) -> None:
    """What a ward hangs up and parks along its walls, a metre apart, where there is no door and no window; and the lines on its floor."""
    made: list[tuple[str, float, Callable[[], list[Part]]]] = [
        ("print", 1.3, lambda: f.framed(r.between(0.4, 0.62), r.between(0.4, 0.55), r.pick("oak", "steel"), f"art {r.random.integers(4)}")),
        ("leaflets", 1.12, lambda: _leaflets(r)),
        ("extinguisher", 0.28, _extinguisher),
        ("sign", 1.55, lambda: _ward_sign(r)),
        ("trunking", 1.02, lambda: [box((0.8, 0.03, 0.06), "white plastic", (0, -0.015, 0), bevel=0.004),
                                    *[box((0.08, 0.01, 0.05), "cream enamel", (x, -0.034, 0.005)) for x in (-0.25, 0.05, 0.2)]]),
        ("clock", 1.75, lambda: f.clock(0.15)),
    ]  # fmt: skip
    for side, taken in openings.items():
        along, number = -r.depth / 2 + 0.6, int(r.random.integers(len(made)))
        while along < r.depth / 2 - 0.5:
            if all(abs(along - o.along) > o.width / 2 + 0.42 for o in taken):
                name, high, parts = made[number % len(made)]
                number += 1
                # On the right wall places along it count the other way round.
                thing = parts()
                if r.free(thing, side, along, high):
                    r.hang(name, thing, side, along, high, needed=number % 3 > 0)
            along += r.between(0.8, 1.15)
    for x, shade in ((-0.42, "book 1"), (-0.34, "book 4")):
        r.put("floor line", [box((0.06, r.depth - 0.1, 0.002), shade, (x, 0, 0.0), bevel=0)])
    r.put("linen cart", [box((0.5, 0.8, 0.04), "steel", (0, 0, 0.16 + 0.36 * i)) for i in range(3)]
          + [tube([(sx * 0.23, sy * 0.38, 0), (sx * 0.23, sy * 0.38, 1.1)], 0.014, "steel") for sx in (-1, 1) for sy in (-1, 1)]
          + [box((0.2, 0.34, 0.07), ("sheet", "green cloth")[(i + j) % 2], (0.11 * (-1) ** j, -0.18 + 0.36 * (j // 2), 0.2 + 0.36 * i), bevel=0.02)
             for i in range(3) for j in range(4)], -r.width / 2 + 0.41, 2.4)  # fmt: skip


def _leaflets(r: Room) -> list[Part]:
    """A rack of leaflets, four rows."""
    back = box((0.62, 0.02, 0.72), "oak", (0, -0.01, 0))
    return [back, *[box((0.1, 0.015, 0.15), r.pick("paper", "book 0", "book 2", "book 5", "art 1"), (-0.24 + 0.12 * i, -0.03, 0.03 + 0.17 * j),
                        (-8, 0, 0), 0.001) for i in range(5) for j in range(4)]]  # fmt: skip


def _extinguisher() -> list[Part]:
    """An extinguisher on its hook with the plate above it."""
    return [
        cylinder(0.075, 0.45, "red enamel", (0, -0.1, 0)),
        cylinder(0.025, 0.09, "black plastic", (0, -0.1, 0.45)),
        tube([(0, -0.1, 0.5), (0.09, -0.1, 0.48), (0.1, -0.1, 0.2)], 0.012, "black plastic"),
        box((0.2, 0.006, 0.2), "red enamel", (0, -0.004, 0.95), bevel=0),
        box((0.07, 0.003, 0.12), "paper", (0, -0.008, 0.99), bevel=0),
    ]


def _ward_sign(r: Room) -> list[Part]:
    """A board of directions: lines of words, an arrow block for each."""
    lines = [
        part
        for k in range(4)
        for part in (
            box((r.between(0.2, 0.42), 0.003, 0.035), "paper", (0.04, -0.014, 0.06 + 0.1 * k), bevel=0),
            box((0.05, 0.003, 0.05), "book 4", (-0.27, -0.014, 0.053 + 0.1 * k), bevel=0),
        )
    ]
    return [box((0.7, 0.012, 0.46), "dark plastic", (0, -0.006, 0), bevel=0.002), *lines]
