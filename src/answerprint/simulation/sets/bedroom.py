"""A bedroom: bed, bedside lamps, wardrobe, drawers, mirror, curtains."""

from __future__ import annotations

from answerprint.simulation.pieces import box
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import BOOKS, Opening, Room
from answerprint.simulation.stage import SetPlan


def bedroom(plan: SetPlan) -> Place:
    """A bedroom: bed, bedside lamps, wardrobe, chest of drawers, mirror, curtains."""
    r = Room(plan, (4.0, 4.8), (4.3, 5.0), (2.45, 2.8))
    wall = r.pick((0.35, 0.38, 0.46), (0.5, 0.4, 0.38), (0.38, 0.42, 0.34), (0.55, 0.5, 0.4))
    r.material("walls", r.pick("wallpaper", "paint"), wall, tuple(0.8 * c for c in wall), pattern=r.between(0, 1))
    r.material("floor", r.pick("carpet", "planks"), (0.36, 0.29, 0.22), (0.28, 0.21, 0.15))
    r.material("sheet", "fabric", (0.66, 0.65, 0.62), (0.6, 0.59, 0.57), wrinkle=14.0)
    r.material("duvet", "fabric", r.pick((0.2, 0.27, 0.38), (0.48, 0.44, 0.38), (0.3, 0.14, 0.14)), None, wrinkle=28.0)
    r.material("pillow", "fabric", (0.6, 0.58, 0.53), None, wrinkle=18.0)
    r.material("curtain", "fabric", r.pick((0.3, 0.26, 0.34), (0.5, 0.46, 0.38), (0.12, 0.18, 0.2)), None, wrinkle=2.0)
    r.material("rug", "carpet", (0.45, 0.4, 0.32), (0.3, 0.12, 0.1), ornament=9.0, colour3=(0.16, 0.16, 0.2))
    # Its curtains end before the chest of drawers.
    window = Opening(r.between(-0.75, -0.2), 1.5, 0.85, 1.3)
    entrance = Opening(-1.2, 0.82, 0, 2.0)
    r.shell("walls", "floor", "ceiling white", {"right": [window], "left": [entrance]})
    r.window("right", window, 1500, curtain="curtain")
    r.hang("door", f.door(0.82, 1.99, "white gloss", "white gloss", "steel"), "left", entrance.along, 0)
    r.sky(2400)
    back = r.depth / 2
    r.put("bed", f.bed(1.5, "dark wood", "sheet", "duvet", "pillow"), -0.1, back - 1.1)
    for s in (-1, 1):
        x, y = -0.1 + s * 1.08, back - 0.3
        r.put("bedside table", f.cabinet(0.46, 0.4, 0.52, "dark wood", "brass", 2, drawers=True), x, y)
        if s < 0 or r.random.random() < 0.6:
            r.put("bedside lamp", f.table_lamp("white plastic", "lamp shade"), x - 0.09, y + 0.04, 0.52)
            r.lamp("bedside", x - 0.09, y + 0.04, 0.88, 420, 2600)
        r.put("book", f.book_lying(r.random, BOOKS), x + 0.13, y - 0.06, 0.52, 10, needed=False)
    r.put("rug", [box((2.3, 1.4, 0.012), "rug", bevel=0.005)], -0.1, back - 2.4)
    r.hang("wardrobe", f.cabinet(1.3, 0.6, 2.05, "oak", "brass", 2), "left", 0.75, 0, out=0.33)
    r.hang("chest of drawers", f.cabinet(0.95, 0.45, 0.85, "oak", "brass", 4, drawers=True), "right", 1.25, 0, out=0.25)
    r.hang("mirror", f.framed(0.6, 0.8, "brass", "mirror"), "right", 1.25, 1.05)
    r.put("flowers", f.plant(0.4, "white plastic", r.random), r.width / 2 - 0.28, -1.45, 0.85, needed=False)
    r.put("chair", f.chair("white gloss", "duvet"), -r.width / 2 + 0.42, -0.35, 0, 110, needed=False)
    r.hang("picture", f.framed(0.9, 0.55, "oak", "art 1"), "back", -0.1, 1.45)
    r.hang("picture", f.framed(0.35, 0.45, "white gloss", "art 3"), "back", 1.25, 1.4, needed=False)
    r.hang("radiator", f.radiator(0.9), "right", window.along, 0, out=0.065)
    r.put(
        "slippers",
        [box((0.09, 0.26, 0.05), "book 1", (s * 0.07, 0, 0), bevel=0.02) for s in (-1, 1)],
        0.93,
        back - 0.95,
        0,
        12,
        needed=False,
    )
    r.put("ceiling lamp", f.pendant(0.45, "lamp shade", "shade inside", 0.22), 0, 0, r.height)
    r.lamp("ceiling", 0, 0, r.height - 0.42, 600, 2800)
    r.mark("bedside", 1.15, back - 1.6, 165)
    r.mark("foot", -0.2, back - 2.75, 175, floor=0.008)
    r.mark("bed", 0.68, back - 1.3, 262, seat=0.57)
    r.view((-r.width / 2 + 0.6, -r.depth / 2 + 0.35, 1.5), (0.4, 1.0, 0.9))
    r.view((0.9, -r.depth / 2 + 0.3, 1.4), (-0.2, 1.0, 0.85))
    r.mood(150, 45)
    return r.place
