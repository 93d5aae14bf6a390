"""A hospital corridor: handrails, ward doors, trolley, chairs, panels."""

from __future__ import annotations

import itertools

import numpy as np

from answerprint.simulation.pieces import box, cylinder, sphere, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import Opening, Room
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
    r.material("sign", "glow", (0.1, 0.55, 0.25), nits=45.0, kelvin=6500.0)
    d = r.depth
    places = [-d / 2 + 2.0 + 3.1 * i for i in range(int((d - 3) // 3.1) + 1)]
    left = [Opening(a, 1.1, 0, 2.08) for a in places[::2]]
    right = [Opening(a, 1.1, 0, 2.08) for a in places[1::2]]
    end = Opening(0, 1.5, 0, 2.1)
    r.shell(
        "walls",
        "floor",
        "ceiling",
        {"left": left, "right": right, "back": [end]},
        skirting="dark plastic",
        split=("lower wall", 1.05),
    )
    for n, opening in enumerate(left):
        r.hang("ward door", f.door(1.1, 2.07, "door leaf", "cream enamel", "steel", glazed=True), "left", opening.along, 0)
        r.hang(
            "number",
            [box((0.14, 0.008, 0.1), "white plastic"), box((0.05, 0.004, 0.06), f"book {n % 7}", (0, -0.006, 0.02), bevel=0)],
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
                r.hang("handrail", rail, side, 0.5 * (a + b), 0.86)  # type: ignore[arg-type]
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
            *[tube([(0, 0, 0.06), (0.28 * np.cos(a), 0.28 * np.sin(a), 0.03)], 0.012, "steel") for a in np.linspace(0, 5.03, 5)],
            tube([(0, 0, 0.05), (0, 0, 1.95)], 0.012, "steel"),
            tube([(-0.12, 0, 1.93), (0.12, 0, 1.93)], 0.008, "steel"),
            sphere((0.1, 0.05, 0.2), "clear glass", (0.12, 0, 1.8)),
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
    for i in range(int(d // 2.4)):
        r.panel(0, -d / 2 + 1.2 + 2.4 * i, 0.58, 1.18, 210 if not r.night or i % 2 == 0 else 40, 4200)
    r.mark("corridor", 0.1, -0.6, 180)
    r.mark("chairs", -0.25, 0.9, 185)
    r.mark("far", 0.2, 3.2, 180)
    r.mark("chair", -r.width / 2 + 0.42, -0.14, -90, seat=0.46)
    r.view((0.3, -3.6, 1.5), (0.0, 2.0, 1.15))
    r.view((-r.width / 2 + 0.4, -3.2, 1.2), (0.35, 2.0, 1.2))
    r.mood(320, 170)
    return r.place
