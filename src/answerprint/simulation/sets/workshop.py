"""A workshop: bench, vice, tools, drill press, timber, strip lights."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import Part, box, cylinder, lathe, sphere, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Opening, Room, behind
from answerprint.simulation.stage import SetPlan


def workshop(plan: SetPlan) -> Place:
    """A workshop: bench with a vice, tools on a board, shelves of tins, planks against the wall, strip lights."""
    r = Room(plan, (5.5, 6.8), (5.2, 6.2), (2.9, 3.5))
    r.material("walls", r.pick("brick", "concrete"), (0.42, 0.36, 0.3), (0.32, 0.26, 0.21))
    r.material("floor", "concrete", (0.12, 0.115, 0.105), (0.05, 0.047, 0.044), roughness=0.6)
    r.material("bench", "wood", (0.36, 0.23, 0.12), (0.24, 0.14, 0.07), wear=0.9, roughness=0.65)
    board = r.pick((0.38, 0.27, 0.16), (0.62, 0.6, 0.55), (0.05, 0.11, 0.1))
    r.material("peg board", "wood", board, tuple(0.86 * c for c in board))
    r.material("red tool", "enamel", (0.45, 0.04, 0.03), (0.2, 0.2, 0.2))
    r.material("green machine", "enamel", (0.07, 0.2, 0.14), (0.25, 0.25, 0.25), wear=0.7)
    r.material("rubber", "plastic", (0.025, 0.025, 0.025), roughness=0.85)
    window = Opening(0.4, 1.8, 1.2, 1.1)
    gate = Opening(-0.2, 1.0, 0, 2.1)
    r.shell("walls", "floor", "ceiling white", {"left": [window], "right": [gate]}, skirting=None)
    r.window("left", window, 1500, "iron", bars=3)
    r.hang("door", f.door(1.0, 2.09, "green machine", "iron", "steel"), "right", gate.along, 0)
    r.sky(2600)
    back, w = r.depth / 2, r.width
    r.put(
        "workbench",
        [*f.table(2.6, 0.72, 0.88, "bench", "bench", 0.07), box((2.52, 0.62, 0.03), "bench", (0, 0, 0.22))],
        -0.4,
        back - 0.45,
    )
    r.put(
        "vice",
        [
            box((0.16, 0.24, 0.1), "green machine", bevel=0.015),
            box((0.16, 0.05, 0.14), "green machine", (0, -0.17, 0.03), bevel=0.01),
            tube([(0, -0.1, 0.07), (0, -0.34, 0.07)], 0.014, "steel"),
            tube([(-0.11, -0.33, 0.07), (0.11, -0.33, 0.07)], 0.008, "steel"),
        ],
        -1.3,
        back - 0.62,
        0.88,
    )
    r.hang("tool board", [box((2.3, 0.02, 1.0), "peg board", (0, -0.01, 0))], "back", -0.4, 1.2)
    for i in range(14):
        kind, x, z = int(r.random.integers(5)), -0.4 - 1.02 + 0.158 * i, 1.35 + 0.42 * (i % 2)
        handle = r.pick("red tool", "dark wood", "oak", "black plastic")
        tool = {
            0: [cylinder(0.014, 0.11, handle), cylinder(0.005, 0.14, "steel", (0, 0, 0.11))],
            1: [box((0.03, 0.02, 0.26), handle), box((0.11, 0.03, 0.035), "iron", (0, 0, 0.26))],
            2: [box((0.035, 0.008, 0.22), "steel"), lathe([(0.03, 0.2), (0.036, 0.22), (0.03, 0.26)], "steel")],
            3: [box((0.12, 0.02, 0.1), handle, (0, 0, 0.2)), box((0.09, 0.003, 0.24), "steel", (0, 0, -0.02))],
            4: [
                tube([(-0.03, 0, 0), (0, 0, 0.1), (0.03, 0, 0.2)], 0.01, handle),
                tube([(0.03, 0, 0), (0, 0, 0.1), (-0.03, 0, 0.2)], 0.01, handle),
            ],
        }[kind]
        # Its back against the board.
        r.put("tool", tool, x, back - 0.02 - behind(tool), z)
    _stores(r)
    r.hang("shelves", f.shelf(1.2, 2.1, 0.42, 5, "pine", r.random, BOOKS, open_back=True), "back", w / 2 - 0.75, 0, out=0.24)
    for i in range(6):
        r.put(
            "tin",
            [cylinder(0.06 + 0.012 * (i % 3), 0.16, f"book {i}"), cylinder(0.062 + 0.012 * (i % 3), 0.012, "steel", (0, 0, 0.16))],
            0.17 * i - 0.45,
            back - 0.25,
            0.88,
            needed=i < 3,
        )
    r.put(
        "drill press",
        [
            box((0.3, 0.4, 0.05), "iron"),
            cylinder(0.045, 1.0, "steel", (0, 0.1, 0.05)),
            box((0.2, 0.42, 0.26), "green machine", (0, 0.02, 0.82), bevel=0.03),
            cylinder(0.012, 0.2, "steel", (0, -0.12, 0.64)),
            cylinder(0.13, 0.02, "iron", (0, -0.1, 0.42)),
            box((0.05, 0.16, 0.03), "iron", (0, 0.0, 0.39)),
            *[tube([(0.1, 0, 0.9), (0.1 + 0.16, 0.1 * s, 0.9 + 0.1 * t)], 0.008, "steel") for s, t in ((1, 1), (-1, 0.5), (0, -1))],
        ],
        0.7,
        back - 0.42,
        0.88,
    )
    r.hang("planks", [_plank(0.215 * (i % 4) - 0.3, i // 4, 2.3 + 0.07 * (i % 3), r.pick("pine", "oak")) for i in range(6)],
           "left", back - 0.6, 0)  # fmt: skip
    for s in (-1, 1):
        r.put(
            "sawhorse",
            [
                box((0.9, 0.08, 0.09), "pine", (0, 0, 0.68)),
                *[tube([(a * 0.38, 0, 0.7), (a * 0.42, b * 0.28, 0.011)], 0.028, "pine") for a in (-1, 1) for b in (-1, 1)],
            ],
            0.95 + 0.35 * s,
            -0.55,
            0,
            90,
        )
    r.put("board on horses", [box((1.5, 0.55, 0.03), "oak", bevel=0.004)], 0.95, -0.55, 0.77)
    r.put(
        "plane",
        [
            box((0.07, 0.25, 0.05), "iron"),
            box((0.03, 0.08, 0.08), "dark wood", (0, 0.07, 0.05), (-15, 0, 0), 0.01),
            sphere((0.04, 0.04, 0.05), "dark wood", (0, -0.08, 0.07)),
        ],
        0.7,
        -0.5,
        0.8,
        35,
    )
    r.put(
        "toolbox",
        [
            box((0.5, 0.22, 0.2), "red tool", bevel=0.01),
            tube([(-0.15, 0, 0.2), (-0.13, 0, 0.27), (0.13, 0, 0.27), (0.15, 0, 0.2)], 0.009, "steel"),
        ],
        -1.6,
        -0.6,
        0,
        25,
    )
    r.put(
        "tyre",
        [tube([(0.3 * np.cos(a), 0, 0.3 + 0.09 + 0.3 * np.sin(a)) for a in np.linspace(0, 6.28, 28)], 0.09, "rubber")],
        w / 2 - 0.3,
        0.9,
        0,
        80,
        needed=False,
    )
    r.put("bucket", [lathe([(0.11, 0), (0.15, 0.28), (0.145, 0.28), (0.105, 0.01)], "steel")], -w / 2 + 0.6, -0.2, needed=False)
    r.put(
        "oil drum",
        [lathe([(0.28, 0), (0.29, 0.02), (0.28, 0.3), (0.29, 0.31), (0.28, 0.6), (0.29, 0.61), (0.28, 0.88)], "red tool")],
        w / 2 - 0.4,
        -1.4,
    )
    r.put(
        "shavings",
        [
            box(
                (r.between(0.02, 0.06), 0.012, 0.004),
                "pine",
                (r.between(-0.7, 0.7), r.between(-0.6, 0.6), 0),
                (0, 0, r.between(0, 180)),
                0,
            )
            for _ in range(60)
        ],
        0.9,
        -0.6,
        needed=False,
    )
    r.hang("calendar", f.framed(0.35, 0.5, "pine", "art 2"), "right", 1.2, 1.4)
    r.hang(
        "coil of cable",
        [
            tube(
                [((0.17 + 0.004 * a) * np.cos(a), -0.009, (0.17 + 0.004 * a) * np.sin(a)) for a in np.linspace(0, 20, 90)],
                0.009,
                "red tool",
            )
        ],
        "left",
        -1.2,
        1.7,
    )
    r.hang(
        "ladder",
        [
            *[box((0.07, 0.03, 2.4), "pine", (s * 0.2, -0.3, 0), (-5, 0, 0)) for s in (-1, 1)],
            *[box((0.36, 0.03, 0.03), "pine", (0, -0.3 + 0.0875 * (0.3 + 0.32 * i), 0.3 + 0.32 * i), (-5, 0, 0)) for i in range(7)],
        ],
        "right",
        -1.6,
        0,
        out=0.02,
    )
    for y in (-0.9, back - 1.1):
        r.panel(-0.3, y, 1.45, 0.14, 190, 4300)
    r.mark("bench", -0.6, back - 1.25, 20)
    r.mark("floor", -0.4, 0.35, 180)
    r.mark("horses", -0.1, -0.35, 200)
    r.view((0.6, -r.depth / 2 + 0.35, 1.5), (-0.3, 1.0, 1.15))
    r.view((-w / 2 + 0.5, -r.depth / 2 + 0.5, 1.6), (0.6, 1.0, 1.0))
    r.mood(260, 130)
    return r.place


def _plank(along: float, row: int, length: float, wood: str) -> Part:
    """A plank that leans against a wall at its back, in front of ``row`` others."""
    tilt = np.radians(7.0)
    away = 0.032 * row + 0.015 * np.cos(tilt) + length * np.sin(tilt)
    return box((0.2, 0.03, length), wood, (along, -float(away), 0.0025), (-7, 0, 0), 0.004)


def _stores(r: Room) -> None:
    """Over the tool board tins of what is seldom used, under the bench crates of what is heavy, each with its label."""
    tins = [
        part
        for i, wide in enumerate((0.05, 0.06, 0.07, 0.05, 0.06, 0.07, 0.05, 0.06, 0.07, 0.05, 0.06))
        for part in (
            cylinder(wide, 0.13 + 0.04 * (i % 2), f"book {(i * 3) % 7}", (0.2 * i - 1.0, 0, 0.03)),
            box((0.07, 0.004, 0.06), "paper", (0.2 * i - 1.0, -wide - 0.005, 0.07), bevel=0),
        )
    ]
    r.hang("tin shelf", [box((2.3, 0.2, 0.03), "dark wood"), *tins], "back", -0.4, 2.3, out=0.1)
    for i in range(5):
        crate = box((0.34, 0.38, r.between(0.2, 0.34)), f"book {i}" if i % 2 else "cream enamel", bevel=0.01)
        label = box((0.14, 0.006, 0.07), "paper", (0, -0.192, 0.09), bevel=0)
        r.put("crate", [crate, label], 0.48 * i - 1.4, r.depth / 2 - 0.42, 0.25)
