"""A bar: counter, stools, bottles before a mirror, pendants, neon."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import Part, box, cylinder, lathe, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.room import Opening, Room, Side
from answerprint.simulation.stage import SetPlan


def bar(plan: SetPlan) -> Place:
    """A bar: counter with stools, bottles before a mirror, brick, pendants, a neon line, small tables."""
    r = Room(plan, (5.5, 6.5), (5.6, 6.6), (2.8, 3.3))
    # Bare brick, painted brick, wood or plaster: half of the bars would swallow their lamps' light and leave only faces lit.
    kind, wall = r.pick(
        ("brick", (0.34, 0.17, 0.115)), ("brick", (0.3, 0.34, 0.31)), ("wood", (0.36, 0.22, 0.13)), ("paint", (0.24, 0.3, 0.27))
    )
    r.material("walls", kind, wall, tuple(0.7 * c for c in wall))
    r.material("panelling", "wood", (0.36, 0.2, 0.12), (0.25, 0.14, 0.085), roughness=0.3)
    r.material("floor", "planks", (0.26, 0.17, 0.11), (0.18, 0.11, 0.07), roughness=0.4)
    r.material("ceiling", "paint", (0.15, 0.13, 0.12))
    r.material("counter", "marble", (0.11, 0.095, 0.085), (0.3, 0.26, 0.2), roughness=0.42)
    r.material("stool seat", "leather", r.pick((0.25, 0.05, 0.04), (0.06, 0.1, 0.07), (0.2, 0.11, 0.05)), None)
    r.material("neon", "glow", r.pick((1.0, 0.12, 0.2), (0.1, 0.6, 1.0), (1.0, 0.35, 0.05)), nits=450.0, kelvin=6500.0, wear=0.0)
    for i, c in enumerate(((0.02, 0.06, 0.02), (0.2, 0.09, 0.015), (0.45, 0.47, 0.46), (0.05, 0.03, 0.02))):
        r.material(f"bottle {i}", "plastic", c, roughness=0.06)
    window = Opening(-1.2, 1.5, 0.8, 1.6)
    r.shell("walls", "floor", "ceiling", {"right": [window]}, skirting="dark wood")
    # Behind nets, as bars have them: a clear pane beside wood so dark is too much for any camera.
    r.window("right", window, 150, "dark wood", bars=2)
    r.sky(250)
    back, w = r.depth / 2, r.width
    r.hang(
        "panelling",
        [
            box((w - 0.1, 0.03, 1.05), "panelling"),
            *[box((0.04, 0.02, 1.0), "dark wood", (-w / 2 + 0.3 + 0.6 * i, -0.02, 0)) for i in range(int(w / 0.6))],
        ],
        "back",
        0,
        0,
        out=0.03,
    )
    r.put(
        "bar counter",
        [
            box((w * 0.72, 0.55, 1.04), "panelling"),
            box((w * 0.74, 0.68, 0.05), "counter", (0, -0.05, 1.04), bevel=0.012),
            tube([(-w * 0.36, -0.42, 0.22), (w * 0.36, -0.42, 0.22)], 0.022, "brass"),
            *[
                box((0.5, 0.02, 0.7), "panelling", (-w * 0.3 + 0.62 * i, -0.285, 0.2), bevel=0.006)
                for i in range(int(w * 0.6 / 0.62) + 1)
            ],
        ],
        -0.3,
        back - 1.55,
    )
    r.hang(
        "back shelf",
        [
            box((2.9, 0.34, 0.9), "panelling"),
            box((2.95, 0.36, 0.04), "counter", (0, 0, 0.9)),
            box((2.8, 0.02, 1.25), "mirror", (0, 0.15, 1.0), bevel=0),
            *[box((2.8, 0.22, 0.03), "dark wood", (0, 0.04, 1.35 + 0.4 * i)) for i in range(3)],
            *[box((0.05, 0.24, 1.3), "dark wood", (s * 1.42, 0.04, 0.94)) for s in (-1, 1)],
        ],
        "back",
        -0.3,
        0,
        out=0.24,
    )
    for shelf in range(4):
        for i in range(17):
            if r.random.random() < 0.12:
                continue
            z = 0.94 if shelf == 0 else 0.98 + 0.4 * shelf
            r.put(
                "bottle",
                f.bottle(r.between(0.26, 0.33), f"bottle {r.random.integers(4)}", f"art {r.random.integers(4)}"),
                -0.3 - 1.28 + 0.16 * i + r.between(-0.02, 0.02),
                back - 0.24 - (0.08 if shelf == 0 else 0.0),
                z,
            )
    r.hang(
        "neon",
        [
            tube(
                [(0.5 * np.cos(a) * (1 + 0.25 * np.cos(3 * a)), -0.05, 0.32 * np.sin(a)) for a in np.linspace(0, 6.28, 48)],
                0.011,
                "neon",
            ),
            *[tube([(x, 0, z), (x, -0.05, z)], 0.006, "clear glass") for x, z in ((0.625, 0), (-0.3, 0.27), (-0.3, -0.27))],
        ],
        "left",
        0.245,
        1.85,
    )
    for i in range(3):
        x = -1.5 + 1.2 * i
        r.put("pendant", f.pendant(r.height - 2.05, "brass", "shade inside", 0.14), x, back - 1.6, r.height)
        r.lamp("pendant", x, back - 1.6, 2.08, 150, 2400, 0.03)
    # A gap between the last two: there somebody stands at the counter.
    stools = [x + r.between(-0.1, 0.1) for x in (-1.7, -0.85, 0.0, 1.5)]
    for x in stools:
        r.put("bar stool", f.stool(0.76, "stool seat", "iron"), x, back - 2.25, 0, r.between(0, 90))
    for x, y in ((-w / 2 + 0.98, -0.6), (1.5, -0.4)):
        r.put(
            "bar table",
            [
                cylinder(0.34, 0.035, "dark wood", (0, 0, 0.72)),
                cylinder(0.03, 0.72, "iron"),
                lathe([(0.25, 0), (0.25, 0.02), (0.03, 0.05)], "iron"),
            ],
            x,
            y,
        )
        r.put("table pendant", f.pendant(r.height - 1.85, "brass", "shade inside", 0.16), x, y, r.height)
        r.lamp("table-pendant", x, y, 1.88, 200, 2500, 0.03)
        r.put("candle", [*f.glass_(0.09), cylinder(0.02, 0.04, "paper", (0, 0, 0.01))], x + 0.05, y, 0.755)
        r.lamp("candle", x + 0.05, y, 0.9, 25, 2000, 0.02)
        r.put("glass", f.glass_(0.12), x - 0.12, y + 0.08, 0.755, needed=False)
        r.put("beer mat", [box((0.1, 0.1, 0.002), "paper", bevel=0)], x - 0.1, y - 0.1, 0.755, 20, needed=False)
        for s in (-1, 1):
            r.put("chair", f.chair("dark wood", "stool seat", slats=2), x + s * 0.6, y, 0, -90 * s + r.between(-15, 15))
    for i in range(4):
        r.put("tumbler", f.glass_(0.11), -1.4 + 0.62 * i, back - 1.62, 1.09, needed=False)
    r.put(
        "beer tap",
        [
            box((0.3, 0.12, 0.3), "brass", bevel=0.02),
            *[tube([(x, -0.05, 0.26), (x, -0.15, 0.26), (x, -0.15, 0.2)], 0.012, "steel") for x in (-0.08, 0.08)],
            *[box((0.03, 0.03, 0.16), "dark wood", (x, 0, 0.3)) for x in (-0.08, 0.08)],
        ],
        0.55,
        back - 1.5,
        1.09,
    )
    for i, (along, z) in enumerate(((-1.0, 1.4), (-0.3, 1.65), (1.6, 1.5))):
        r.hang("poster", f.framed(0.45, 0.6, "dark wood", f"art {i}"), "left", along - 0.4, z - 0.1, needed=i == 0)
    r.hang("poster", f.framed(0.5, 0.7, "black plastic", "art 3"), "right", 1.2, 1.3)
    # Shaded lamps on the walls: what a bar has against corners in which nothing can be seen.
    sconces: tuple[tuple[Side, float], ...] = (
        ("right", 0.6), ("left", -1.9), ("right", -2.6), ("left", 1.9), ("back", 0.45 - w / 2), ("back", w / 2 - 0.45),
    )  # fmt: skip
    for side, along in sconces:
        x, y, _ = r.on_wall(side, along, 0.14)
        r.hang("sconce", _sconce(), side, along, 1.62)
        r.lamp("sconce", x, y, 1.72, 420, 3200, 0.04)
    r.place.items = [i.model_copy(update={"group": "neon"}) if i.name == "neon" else i for i in r.place.items]
    r.mark("counter", 0.75, back - 2.35, 170)
    r.mark("floor", -0.6, 0.0, 180)
    r.mark("behind", -0.3, back - 0.72, 180)
    r.mark("stool", stools[1], back - 2.25, 0, seat=0.77)
    r.view((1.0, -r.depth / 2 + 0.5, 1.5), (-0.3, 1.0, 1.2))
    r.view((-w / 2 + 0.5, -r.depth / 2 + 0.6, 1.45), (0.6, 1.2, 1.2))
    r.mood(60, 24)
    return r.place


def _sconce() -> list[Part]:
    """A small shaded lamp on a brass arm."""
    shade = [(0.05, 0.12), (0.085, 0.0), (0.083, 0.0), (0.048, 0.119)]
    return [
        box((0.07, 0.02, 0.14), "brass", (0, -0.01, 0), bevel=0.006),
        tube([(0, -0.02, 0.03), (0, -0.14, 0.03), (0, -0.14, 0.09)], 0.008, "brass"),
        lathe(shade, "lamp shade", (0, -0.14, 0.05)),
    ]
