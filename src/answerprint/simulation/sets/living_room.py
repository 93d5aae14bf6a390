"""A living room: sofa, bookcase, rug, lamps, a window to the street."""

from __future__ import annotations

from answerprint.simulation.pieces import box, lathe
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Opening, Room, Side
from answerprint.simulation.stage import SetPlan

_PILE, _TRODDEN = 0.012, 0.008
"""How high a rug is, and where somebody stands on it, metres."""


def living_room(plan: SetPlan) -> Place:
    """A flat's living room: sofa, bookcase, rug, lamps, a window to the street."""
    r = Room(plan, (4.6, 5.6), (4.4, 5.2), (2.55, 3.0))
    wall = r.pick((0.42, 0.44, 0.40), (0.50, 0.42, 0.30), (0.20, 0.28, 0.30), (0.46, 0.34, 0.30), (0.30, 0.36, 0.28))
    r.material(
        "walls",
        r.pick("wallpaper", "paint", "paint"),
        wall,
        tuple(r.pick(0.5, 0.65, 0.78) * c for c in wall),
        pattern=r.between(0, 1),
    )
    r.material("dado", "paint", r.pick((0.1, 0.12, 0.13), (0.6, 0.58, 0.52), (0.15, 0.1, 0.07)))
    r.material("floor", "planks", (0.22, 0.125, 0.065), (0.12, 0.065, 0.035))
    r.material(
        "sofa",
        r.pick("fabric", "leather"),
        r.pick((0.16, 0.2, 0.26), (0.22, 0.09, 0.06), (0.27, 0.25, 0.2), (0.07, 0.13, 0.09)),
        None,
        wrinkle=10.0,
    )
    r.material("cushion", "fabric", r.pick((0.5, 0.3, 0.08), (0.42, 0.1, 0.08), (0.1, 0.25, 0.3)), (0.06, 0.05, 0.05), stripe=6.0)
    r.material("rug", "carpet", (0.28, 0.08, 0.06), (0.1, 0.06, 0.12), ornament=6.0, colour3=(0.45, 0.36, 0.22))
    r.material("curtain", "fabric", r.pick((0.4, 0.36, 0.28), (0.14, 0.2, 0.24), (0.32, 0.12, 0.1)), None, wrinkle=2.0)
    r.material("television", "screen", (0.1, 0.2, 0.4), (0.5, 0.3, 0.2), nits=60.0, seed=3.0)
    window = Opening(r.between(-0.5, 0.4), 1.7, 0.75, 1.45)
    entrance = Opening(-r.depth * 0.28, 0.86, 0.0, 2.05)
    r.shell("walls", "floor", "ceiling white", {"left": [window], "right": [entrance]},
            skirting=r.pick("white gloss", "dark wood"), split=r.pick(None, ("dado", 0.9)))  # fmt: skip
    r.window("left", window, 1900, curtain="curtain")
    r.hang("door", f.door(0.86, 2.04, r.pick("dark wood", "oak", "pine"), "white gloss", "brass"), "right", entrance.along, 0)
    r.sky(2600)
    back = r.depth / 2
    r.put("sofa", f.sofa(1.95, "sofa", "cushion"), -0.35, back - 0.62)
    r.put("rug", [box((2.5, 1.7, _PILE), "rug", bevel=0.005)], -0.3, back - 1.95, 0, r.between(-4, 4))
    r.put("coffee table", f.table(1.05, 0.55, 0.42, "oak", "dark wood"), -0.3, back - 1.75, _PILE)
    r.put("magazines", f.papers(r.random, 3), -0.55, back - 1.75, 0.422 + _PILE, needed=False)
    r.put("mug", f.mug("book 2"), -0.05, back - 1.62, 0.42 + _PILE, 40, needed=False)
    r.put(
        "bowl",
        [lathe([(0.05, 0), (0.14, 0.05), (0.13, 0.05), (0.045, 0.012)], "terracotta")],
        0.1,
        back - 1.85,
        0.42 + _PILE,
        needed=False,
    )
    r.hang("bookcase", f.shelf(1.1, 2.0, 0.3, 5, "dark wood", r.random, BOOKS), "back", r.width / 2 - 0.75, 0, out=0.17)
    r.put("armchair", f.sofa(0.98, "sofa", "cushion", 1), r.width / 2 - 0.85, 0.3, 0, -75)
    x, y = -r.width / 2 + 0.5, back - 0.5
    r.put("floor lamp", f.floor_lamp("brass", "lamp shade"), x, y)
    r.lamp("floor-lamp", x, y, 1.42, 900, 2700)
    r.hang(
        "television",
        [
            box((1.25, 0.05, 0.72), "black plastic", (0, -0.03, 0)),
            box((1.21, 0.004, 0.68), "television" if r.night else "dark glass", (0, -0.057, 0.02), bevel=0),
        ],
        "right",
        0.95,
        0.95,
        needed=False,
    )
    r.hang("sideboard", f.cabinet(1.4, 0.4, 0.6, "oak", "brass", 3), "right", 0.95, 0, out=0.23)
    r.put("table lamp", f.table_lamp("terracotta", "lamp shade"), r.width / 2 - 0.28, -1.3, 0.6)
    r.lamp("table-lamp", r.width / 2 - 0.28, -1.3, 0.96, 500, 2700)
    pictures: tuple[tuple[Side, float, float, float, float], ...] = (
        ("back", -0.75, 1.32, 0.75, 0.58), ("back", 0.15, 1.38, 0.46, 0.56), ("back", -1.5, 1.3, 0.44, 0.54),
        ("right", -0.4, 1.22, 0.5, 0.66), ("right", 0.1, 1.3, 0.36, 0.46),
    )  # fmt: skip
    for i, (side, along, z, w, h) in enumerate(pictures):
        frame, mount = r.pick("dark wood", "black plastic", "oak"), r.pick(0.0, 0.05, 0.08)
        r.hang("picture", f.framed(w, h, frame, f"art {i % 4}", mount), side, along, z, needed=i in (0, 3))
    r.hang("wall shelf", [box((1.1, 0.22, 0.025), "dark wood", (0, 0.0, 0)), *f.moved(f.books(1.04, 0.26, r.random, BOOKS), (0, 0, 0.025))],
           "back", -0.15, 1.98, out=0.11)  # fmt: skip
    r.put("plant", f.plant(1.15, "terracotta", r.random), -r.width / 2 + 0.45, -r.depth / 2 + 1.0, needed=False)
    r.put("ceiling rose", f.pendant(0.5, "brass", "shade inside", 0.2), -0.3, back - 1.75, r.height)
    r.lamp("pendant", -0.3, back - 1.75, r.height - 0.47, 700, 2800)
    r.mark("rug", -0.2, 0.05, 178, floor=_TRODDEN)
    r.mark("window", -r.width / 2 + 1.0, 0.2, 140)
    r.mark("door", r.width / 2 - 0.9, -1.3, 120)
    r.mark("sofa", -0.35, back - 0.73, 180, seat=0.46)
    r.view((0.7, -r.depth / 2 + 0.35, 1.45), (-0.3, 1.0, 1.15))
    r.view((-r.width / 2 + 0.5, -r.depth / 2 + 0.45, 1.5), (0.7, 0.8, 1.1))
    r.mood(170, 60)
    return r.place
