"""An office: desks with screens, binders, whiteboard, ceiling panels."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import box, lathe, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Opening, Room
from answerprint.simulation.stage import SetPlan


def office(plan: SetPlan) -> Place:
    """An open office: desks with screens, binders, a whiteboard, ceiling panels, windows on one side."""
    r = Room(plan, (6.5, 8.0), (6.4, 7.2), (2.6, 2.9))
    r.material("walls", "paint", r.pick((0.6, 0.6, 0.57), (0.5, 0.54, 0.56), (0.58, 0.55, 0.48)))
    r.material("floor", "carpet", r.pick((0.12, 0.13, 0.15), (0.16, 0.15, 0.13), (0.1, 0.14, 0.13)), (0.08, 0.09, 0.1))
    r.material(
        "ceiling", "tile", (0.68, 0.68, 0.65), (0.66, 0.66, 0.63), size=0.6, joint=0.012, mortar=(0.5, 0.5, 0.48), roughness=0.9
    )
    r.material("desk", "wood", r.pick((0.6, 0.56, 0.5), (0.45, 0.3, 0.17)), (0.5, 0.45, 0.38), roughness=0.4)
    r.material("partition", "fabric", r.pick((0.05, 0.08, 0.13), (0.09, 0.09, 0.09), (0.18, 0.06, 0.05)), None, wrinkle=1.0)
    r.material("blind", "plastic", (0.55, 0.54, 0.5), roughness=0.5)
    for i in range(3):
        r.material(
            f"screen {i}",
            "screen",
            ((0.1, 0.25, 0.5), (0.6, 0.6, 0.6), (0.1, 0.1, 0.14))[i],
            (0.8, 0.8, 0.8),
            nits=140.0,
            seed=float(i),
        )
    windows = [Opening(a, 1.5, 0.9, 1.4) for a in (-1.8, 0.0, 1.8)]
    entrance = Opening(-1.6, 0.9, 0, 2.05)
    r.shell("walls", "floor", "ceiling", {"left": windows, "back": [entrance]}, skirting="dark plastic")
    for window in windows:
        r.window("left", window, 1300, "steel", bars=1)
        slats = [box((1.46, 0.03, 0.003), "blind", (0, 0, 1.36 - 0.045 * i), (28, 0, 0), 0.0) for i in range(int(r.between(4, 26)))]
        rods = [tube([(s * 0.55, 0, 1.38), (s * 0.55, 0, 1.36 - 0.045 * (len(slats) - 1))], 0.002, "blind") for s in (-1, 1)]
        slats += [box((1.48, 0.05, 0.03), "blind", (0, 0.005, 1.375), bevel=0.002), *rods]
        r.hang("blind", slats, "left", window.along, window.sill, out=0.03, needed=False)
    r.hang("door", f.door(0.9, 2.04, "desk", "white gloss", "steel", glazed=True), "back", entrance.along, 0)
    r.sky(3000)
    for row, y in enumerate((1.2, -0.9)):
        for column, x in enumerate((-1.5, 0.7)):
            turn = 180.0 if row == 0 else 0.0
            r.put("desk", f.table(1.6, 0.8, 0.73, "desk", "steel", 0.028), x, y)
            back = 1 if row == 0 else -1
            r.put(
                "partition",
                [box((1.6, 0.04, 0.57), "partition", bevel=0.01), box((1.6, 0.05, 0.02), "steel", (0, 0, 0.57))],
                x,
                y - back * 0.42,
                0.58,
            )
            r.put(
                "monitor",
                f.monitor(0.56, f"screen {(row + column) % 3}"),
                x + r.between(-0.15, 0.15),
                y - back * 0.2,
                0.73,
                turn + r.between(-12, 12),
            )
            r.put("keyboard", f.keyboard(r.random), x - 0.05, y + back * 0.12, 0.73, turn + 180)
            seat = (x + r.between(-0.2, 0.2), y + back * (0.72 if row == 0 else 1.02), turn + r.between(-50, 50))
            r.put("office chair", f.office_chair("black plastic", "steel"), *seat[:2], 0, seat[2] + 180)
            r.put("papers", f.papers(r.random, 5), x + 0.55, y + back * 0.1, 0.732, needed=False)
            r.put("mug", f.mug(f"book {r.random.integers(7)}"), x - 0.5, y + back * 0.25, 0.73, r.between(0, 360), needed=False)
            r.put(
                "in-tray",
                f.in_tray(r.random),
                x - 0.62,
                y - back * 0.15,
                0.73,
                needed=False,
            )
    r.hang("binders", f.shelf(1.8, 1.6, 0.34, 4, "desk", r.random, BOOKS), "back", 0.6, 0, out=0.19)
    r.hang("filing cabinet", f.cabinet(0.46, 0.6, 1.3, "cream enamel", "steel", 4, drawers=True), "right", -1.6, 0, out=0.33)
    r.hang("filing cabinet", f.cabinet(0.46, 0.6, 1.3, "cream enamel", "steel", 4, drawers=True), "right", -1.1, 0, out=0.33)
    r.hang(
        "whiteboard",
        [
            *f.framed(1.8, 1.0, "steel", "white plastic"),
            *[
                tube([(x, -0.02, z), (x + 0.35, -0.02, z + 0.12), (x + 0.6, -0.02, z - 0.02)], 0.004, "book 1")
                for x, z in ((-0.7, 0.6), (-0.1, 0.7), (-0.4, 0.3))
            ],
        ],
        "right",
        0.6,
        1.0,
    )
    r.put("plant", f.plant(1.3, "white plastic", r.random), r.width / 2 - 0.5, r.depth / 2 - 0.5)
    r.hang("picture", f.framed(0.7, 0.5, "black plastic", "art 1"), "back", 2.3, 1.5, needed=False)
    r.hang("clock", f.clock(0.16), "back", -0.75, 2.1)
    r.material("full bottle", "plastic", (0.2, 0.36, 0.5), roughness=0.12)
    r.put(
        "water cooler",
        [
            box((0.32, 0.32, 0.95), "white plastic", bevel=0.02),
            lathe([(0.13, 0), (0.14, 0.05), (0.14, 0.32), (0.05, 0.38)], "full bottle", (0, 0, 0.95)),
        ],
        -r.width / 2 + 0.35,
        r.depth / 2 - 0.4,
        needed=False,
    )
    for x in (-1.6, 0.8):
        for y in (-1.4, 1.4):
            r.panel(x, y, 0.58, 1.18, 160)
    r.mark("aisle", -0.4, 0.2, 178)
    r.mark("whiteboard", r.width / 2 - 0.85, -0.3, 120)
    r.mark("door", -1.6, r.depth / 2 - 0.4, 180)
    ahead = np.radians(seat[2])
    r.mark("desk", seat[0] - 0.06 * np.sin(ahead), seat[1] + 0.06 * np.cos(ahead), seat[2], seat=0.5)
    r.view((1.2, -r.depth / 2 + 0.35, 1.55), (-0.5, 1.0, 1.0))
    r.view((-r.width / 2 + 0.6, -r.depth / 2 + 0.6, 1.5), (1.0, 1.0, 1.0))
    r.mood(420, 300)
    return r.place
