"""A kitchen: fitted units, sink under the window, hob, fridge, a table with chairs."""

from __future__ import annotations

from answerprint.simulation.pieces import box, cylinder, lathe, sphere, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import Opening, Room
from answerprint.simulation.stage import SetPlan


def kitchen(plan: SetPlan) -> Place:
    """A fitted kitchen along the back wall, a table in front, a window over the sink."""
    r = Room(plan, (4.2, 5.2), (4.2, 5.0), (2.5, 2.8))
    front = r.pick((0.12, 0.2, 0.17), (0.55, 0.54, 0.5), (0.1, 0.14, 0.22), (0.46, 0.36, 0.22))
    r.material("walls", "paint", r.pick((0.58, 0.55, 0.47), (0.45, 0.5, 0.5), (0.6, 0.5, 0.35)))
    r.material("fronts", r.pick("enamel", "wood"), front, tuple(0.6 * c for c in front), roughness=0.35)
    r.material(
        "top",
        r.pick("marble", "wood", "speckle"),
        *r.pick(((0.42, 0.4, 0.37), (0.2, 0.17, 0.14)), ((0.06, 0.058, 0.055), (0.03, 0.03, 0.03))),
        roughness=0.2,
    )
    r.material("splash", "tile", (0.62, 0.62, 0.58), (0.55, 0.56, 0.53), size=0.1, aspect=r.pick(1.0, 2.0), offset=r.pick(0.0, 0.5))
    r.material(
        "floor",
        "tile",
        *r.pick(((0.3, 0.22, 0.16), (0.25, 0.18, 0.13)), ((0.34, 0.32, 0.28), (0.05, 0.05, 0.055))),
        size=0.3,
        roughness=0.35,
        mortar=(0.16, 0.14, 0.12),
    )
    r.material("fruit", "plastic", (0.5, 0.08, 0.03), roughness=0.4)
    r.material("lemon", "plastic", (0.65, 0.45, 0.05), roughness=0.5)
    r.material("towel", "fabric", (0.5, 0.2, 0.15), (0.6, 0.58, 0.5), stripe=14.0)
    window = Opening(0.2, 1.3, 1.1, 1.1)
    entrance = Opening(r.between(0.3, 0.9), 0.86, 0, 2.05)
    r.shell("walls", "floor", "ceiling white", {"back": [window], "left": [entrance]})
    r.window("back", window, 2300, bars=1)
    r.hang("door", f.door(0.86, 2.04, "oak", "white gloss", "steel", glazed=True), "left", entrance.along, 0)
    r.sky(3000)
    back, w = r.depth / 2, r.width
    units = int((w - 0.75) // 0.6)
    for i in range(units):
        x = -w / 2 + 0.32 + 0.6 * i
        r.put(
            "base unit",
            f.cabinet(0.6, 0.58, 0.86, "fronts", "steel", r.pick(1, 2, 3), drawers=r.pick(True, False)),
            x,
            back - 0.307,
        )
        if abs(x - window.along) > 0.98:
            r.put("wall unit", f.moved(f.cabinet(0.6, 0.34, 0.72, "fronts", "steel", 1), (0, 0, 0)), x, back - 0.18, 1.42)
    run = 0.6 * units + 0.02
    middle = -w / 2 + run / 2
    r.put("worktop", [box((run, 0.63, 0.04), "top", bevel=0.006)], middle, back - 0.315, 0.86)
    r.put("splashback", [box((run, 0.012, 0.17), "splash", bevel=0)], middle, back - 0.006, 0.9)
    for s in (-1, 1):
        left, right = (-w / 2, window.along - 0.72) if s < 0 else (window.along + 0.72, -w / 2 + run)
        if right - left > 0.1:
            r.put("tiles", [box((right - left, 0.012, 0.35), "splash", bevel=0)], (left + right) / 2, back - 0.006, 1.07)
    r.put(
        "sink",
        [
            box((0.6, 0.44, 0.012), "steel", bevel=0.004),
            box((0.5, 0.31, 0.004), "iron", (0, -0.02, 0.011), bevel=0.0),
            tube([(0, 0.165, 0), (0, 0.165, 0.26), (0, 0.085, 0.31), (0, -0.015, 0.27)], 0.013, "steel"),
        ],
        window.along,
        back - 0.33,
        0.9,
    )
    hob = -w / 2 + 0.9
    r.put(
        "hob",
        [
            box((0.56, 0.5, 0.012), "dark glass"),
            *[cylinder(0.08, 0.012, "iron", (sx * 0.14, sy * 0.13, 0.012)) for sx in (-1, 1) for sy in (-1, 1)],
        ],
        hob,
        back - 0.31,
        0.9,
    )
    r.put(
        "pan",
        [
            lathe([(0.1, 0), (0.11, 0.12), (0.105, 0.12), (0.095, 0.01)], "steel"),
            tube([(0.11, 0, 0.1), (0.28, 0, 0.12)], 0.01, "black plastic"),
        ],
        hob - 0.14,
        back - 0.18,
        0.926,
        200,
        needed=False,
    )
    fridge = w / 2 - 0.36
    r.put(
        "fridge",
        [
            box((0.62, 0.62, 1.86), "white gloss", bevel=0.02),
            box((0.02, 0.04, 0.7), "steel", (-0.25, -0.33, 0.95)),
            *f.moved(f.papers(r.random, 1), (0, 0, 1.862)),
        ],
        fridge,
        back - 0.33,
    )
    r.put("note", [box((0.15, 0.003, 0.2), "art 1", bevel=0)], fridge + 0.05, back - 0.645, 1.4, needed=False)
    for i in range(4):
        r.put(
            "jar",
            [cylinder(0.05, 0.14 + 0.02 * i, f"book {i}"), cylinder(0.052, 0.02, "steel", (0, 0, 0.14 + 0.02 * i))],
            window.along - 0.42 - 0.11 * i,
            back - 0.2,
            0.9,
            needed=i < 2,
        )
    r.put(
        "kettle",
        [
            lathe([(0.09, 0), (0.1, 0.03), (0.07, 0.2), (0.03, 0.22)], "steel"),
            tube([(0.08, 0, 0.05), (0.15, 0, 0.12), (0.07, 0, 0.2)], 0.01, "black plastic"),
        ],
        hob + 0.42,
        back - 0.3,
        0.9,
        30,
        needed=False,
    )
    rail = tube([(-0.2, 0.05, 0.42), (-0.2, 0, 0.42), (0.2, 0, 0.42), (0.2, 0.05, 0.42)], 0.008, "steel")
    r.put("tea towel", [rail, box((0.3, 0.024, 0.42), "towel", (0, 0, 0.012), bevel=0.008)], hob, back - 0.666, 0.38, needed=False)
    seat = r.pick("oak", "dark wood")
    r.put("table", f.table(1.35, 0.8, 0.75, seat, "white gloss"), 0.3, -0.33)
    for x, y, turn in ((-0.02, 0.67, 0.0), (0.75, 0.37, -8.0), (1.3, -0.28, -95.0), (-0.6, -0.43, 82.0)):
        r.put("chair", f.chair(seat, seat), x, y, 0, turn)
    r.put(
        "fruit bowl",
        [
            lathe([(0.06, 0), (0.17, 0.07), (0.16, 0.07), (0.05, 0.012)], "white plastic"),
            *[
                sphere((0.075, 0.075, 0.07), n, (0.06 * a, 0.06 * b, 0.06))
                for n, a, b in (("fruit", 1, 0), ("fruit", -1, 0.4), ("lemon", 0, -1), ("lemon", 0.1, 0.9))
            ],
        ],
        0.35,
        -0.28,
        0.75,
    )
    r.put("mug", f.mug("book 4"), 0.0, -0.53, 0.75, 20, needed=False)
    r.put("newspaper", f.papers(r.random, 2, 0.04, 0.04), 0.72, -0.48, 0.752, 15, needed=False)
    r.put("pendant", f.pendant(0.75, "cream enamel", "shade inside", 0.2), 0.3, -0.33, r.height)
    r.lamp("pendant", 0.3, -0.33, r.height - 0.72, 900, 2800)
    r.lamp("under-cabinet", -w / 2 + 0.7, back - 0.28, 1.38, 300, 3000, 0.03)
    r.hang("clock", f.clock(0.15), "right", -0.4, 1.75)
    r.hang("calendar", f.framed(0.4, 0.55, "oak", "art 0"), "right", 0.6, 1.25, needed=False)
    r.hang("picture", f.framed(0.5, 0.4, "white gloss", "art 2"), "left", -0.75, 1.45, needed=False)
    r.hang("dresser", f.cabinet(1.1, 0.4, 0.9, "pine", "brass", 3), "right", 0.9, 0, out=0.23)
    r.put("plant", f.plant(0.5, "terracotta", r.random), w / 2 - 0.3, -0.9, 0.9, needed=False)
    r.mark("sink", window.along, back - 0.98, 0)
    r.mark("room", -0.9, 0.95, 200)
    r.mark("table", -0.02, 0.67, 180, seat=0.45)
    r.view((1.1, -r.depth / 2 + 0.35, 1.5), (-0.3, 1.0, 1.1))
    r.view((-w / 2 + 0.45, -r.depth / 2 + 0.5, 1.5), (0.7, 0.9, 1.05))
    r.mood(190, 80)
    return r.place
