"""A garden: lawn, hedges, trees, beds, shed, the house behind."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import Part, box, cylinder, lathe, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.outdoors import outdoor_light, tree
from answerprint.simulation.sets.room import Room
from answerprint.simulation.stage import SetPlan


def garden(plan: SetPlan) -> Place:
    """A garden: lawn, path, hedge, trees, flower beds, a bench, a shed, a house behind."""
    r = Room(plan, (18, 22), (18, 22), (8, 8))
    r.material("lawn", "earth", (0.07, 0.15, 0.03), (0.12, 0.17, 0.045), grain=260.0, relief=14.0)
    r.material("blade", "foliage", (0.08, 0.17, 0.03), (0.14, 0.22, 0.05))
    r.material("hedge", "foliage", (0.03, 0.085, 0.022), (0.06, 0.13, 0.03))
    r.material("flower a", "foliage", r.pick((0.5, 0.06, 0.1), (0.5, 0.3, 0.03), (0.3, 0.1, 0.4)), (0.5, 0.4, 0.1))
    r.material("flower b", "foliage", (0.55, 0.52, 0.45), (0.6, 0.55, 0.2))
    r.material("gravel", "earth", (0.35, 0.31, 0.25), (0.27, 0.24, 0.19), grain=90.0, relief=12.0)
    r.material("stone", "concrete", (0.34, 0.32, 0.28), (0.26, 0.24, 0.21))
    r.material("boards", "planks", (0.3, 0.22, 0.14), (0.24, 0.17, 0.1), wear=0.8, roughness=0.8)
    r.material("slate", "tile", (0.16, 0.09, 0.07), (0.13, 0.075, 0.06), size=0.22, aspect=1.2, offset=0.5, roughness=0.7)
    r.material("lantern", "glow", (1.0, 0.8, 0.5), nits=240.0 if r.night else 1.0, kelvin=2500.0, wear=0.0, carried=1.0)
    ground = Part(
        shape="ground", material="lawn", figures={"size": (34, 34), "height": 0.1, "level": 11.0, "steps": 90, "seed": plan.seed}
    )
    r.put("lawn", [ground], 0, 4)
    tufts = [Part(shape="leaves", material="blade", at=(float(x), float(y), 0.0), figures={"count": 60, "size": (1.3, 1.3, 0.1), "leaf": 0.1, "seed": i})
             for i, (x, y) in enumerate(r.random.uniform((-6, -4), (6, 8), (46, 2)))]  # fmt: skip
    r.put("grass tufts", tufts, 0, 0, 0.02)
    path = [
        box(
            (r.between(0.5, 0.62), r.between(0.38, 0.46), 0.05),
            "stone",
            (0.25 * np.sin(i * 0.5), -4 + 0.62 * i, 0),
            (0, 0, r.between(-9, 9)),
            0.014,
        )
        for i in range(18)
    ]
    r.put("stepping stones", path, 1.2, 0, -0.032)
    length = 15.1
    for s in (-1, 1):
        r.put(
            "hedge",
            [
                box((0.6, length, 1.3), "hedge", bevel=0.1),
                Part(
                    shape="leaves",
                    material="hedge",
                    at=(0, 0, 0.65),
                    figures={"count": 9000, "size": (0.66, length + 0.06, 1.36), "leaf": 0.09, "seed": 5 + s, "clipped": True},
                ),
            ],
            s * 7.2,
            11.25 - length / 2,
            0,
        )
    r.put(
        "fence",
        [
            *[box((0.158, 0.025, 1.75), "boards", (-8 + 0.16 * i, 0, 0), bevel=0.003) for i in range(100)],
            *[box((16, 0.04, 0.09), "boards", (0, 0.03, z)) for z in (0.4, 1.3)],
        ],
        0,
        11.5,
    )
    for i, (x, y, h) in enumerate(((-4.6, 7.2, 5.2), (4.9, 8.6, 6.0), (-6.0, 2.0, 4.4), (5.8, 1.8, 4.2))):
        r.put("tree", tree(r, h), x, y, 0, needed=i < 2)
    r.put(
        "shed",
        [
            box((2.4, 2.0, 2.0), "boards", bevel=0.005),
            *f.moved(f.gable(2.7, 0.8, 2.3, "slate"), (0, 0, 2.0)),
            *f.moved(f.door(0.8, 1.8, "boards", "white gloss", "iron"), (-0.3, -1.02, 0)),
            box((0.5, 0.03, 0.45), "dark glass", (0.7, -1.01, 1.1)),
        ],
        -3.2,
        9.8,
        0,
        12,
    )
    r.put(
        "house",
        [
            box((9, 5, 5.4), "outside brick", bevel=0.0),
            *f.moved(f.gable(9.8, 2.6, 5.8, "slate"), (0, 0, 5.4)),
            *[
                p
                for i in range(4)
                for z in (0.9, 3.4)
                for p in (
                    box((1.15, 0.06, 1.35), "white gloss", (-3.3 + 2.2 * i, -2.51, z)),
                    box(
                        (1.0, 0.07, 1.2),
                        "lit window" if r.night and (i + int(z)) % 3 == 0 else "dark glass",
                        (-3.3 + 2.2 * i, -2.52, z + 0.07),
                    ),
                )
            ],
        ],
        4.0,
        17.5,
        0,
        -8,
    )
    seat = [
        *[box((1.5, 0.09, 0.03), "oak", (0, -0.14 + 0.11 * i, 0.43)) for i in range(4)],
        *[box((1.5, 0.025, 0.09), "oak", (0, 0.24 + 0.02 * i, 0.55 + 0.13 * i), (-10, 0, 0)) for i in range(3)],
    ]
    r.put("bench", [*seat, *[box((0.06, 0.5, 0.43), "iron", (s * 0.65, 0.02, 0)) for s in (-1, 1)],
                    *[box((0.06, 0.03, 0.45), "iron", (s * 0.65, 0.246, 0.42), (-9, 0, 0)) for s in (-1, 1)]], -2.2, 4.6, 0, 12)  # fmt: skip
    for n, (x, y) in enumerate(((-0.7, 6.6), (3.8, 5.4), (-4.2, 3.9))):
        beds = [Part(shape="leaves", material=m, at=(0, 0, z), figures={"count": c, "size": (1.9, 0.8, h), "leaf": leaf, "seed": 40 + n})
                for m, z, c, h, leaf in (("hedge", 0.18, 420, 0.45, 0.1), ("flower a", 0.4, 130, 0.3, 0.06), ("flower b", 0.34, 90, 0.3, 0.05))]  # fmt: skip
        r.put("flower bed", [box((2.0, 0.9, 0.08), "soil", bevel=0.03), *beds], x, y, 0, r.between(-20, 20), needed=n == 0)
    r.put(
        "pots",
        [p for i in range(3) for p in f.moved(f.plant(0.5 + 0.15 * i, "terracotta", r.random), (0.5 * i, 0.1 * i, 0))],
        3.2,
        2.6,
        0.0,
    )
    r.put(
        "watering can",
        [
            lathe([(0.11, 0), (0.12, 0.02), (0.11, 0.26)], "steel"),
            tube([(0.1, 0, 0.06), (0.3, 0, 0.3)], 0.016, "steel"),
            tube([(-0.1, 0, 0.24), (-0.16, 0, 0.33), (0.04, 0, 0.36), (0.08, 0, 0.27)], 0.009, "steel"),
        ],
        0.2,
        3.9,
        0.0,
        30,
        needed=False,
    )
    for i in range(3):
        r.put(
            "lantern",
            [
                cylinder(0.02, 0.5, "iron"),
                box((0.12, 0.12, 0.16), "lantern", (0, 0, 0.5)),
                *f.moved(f.gable(0.16, 0.06, 0.16, "iron"), (0, 0, 0.66)),
            ],
            2.0 + 0.15 * i,
            0.5 + 2.2 * i,
        )
        if r.night:
            r.lamp("lantern", 2.0 + 0.15 * i, 0.5 + 2.2 * i, 0.58, 450, 2400, 0.05)
    outdoor_light(r, plan, sun_lux=48000, sky_nits=4500)
    r.mark("path", 0.2, 1.2, 178)
    r.mark("lawn", -1.2, 2.4, 160)
    r.mark("bench", -2.2, 4.55, 180, seat=0.46)
    r.view((0.9, -3.0, 1.5), (-0.3, 4.0, 1.4))
    r.view((-1.8, -2.8, 1.3), (0.6, 4.0, 1.4))
    r.mood(15000, 12)
    return r.place
