"""A street: facades, shops, lamp posts, cars; wet at night."""

from __future__ import annotations

from answerprint.simulation.pieces import Part, box, cylinder, lathe, prism, tube
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.sets.facades import house
from answerprint.simulation.sets.outdoors import outdoor_light, tree
from answerprint.simulation.sets.room import Room
from answerprint.simulation.stage import SetPlan

_END = 36.0
"""Where the house across the end of the street stands, metres along it."""


def street(plan: SetPlan) -> Place:
    """A street: facades with shops, kerbs, lamp posts, parked cars, bins; wet at night."""
    r = Room(plan, (16, 18), (24, 28), (9, 11))
    wet = 0.85 if r.night else r.pick(0.0, 0.0, 0.6)
    r.material("asphalt", "earth", (0.07, 0.07, 0.072), (0.045, 0.045, 0.047), grain=180.0, relief=4.0, wet=wet)
    r.material(
        "pavement",
        "tile",
        (0.3, 0.29, 0.27),
        (0.25, 0.24, 0.225),
        size=0.45,
        joint=0.008,
        mortar=(0.1, 0.1, 0.09),
        roughness=0.75 - 0.5 * wet,
    )
    r.material("kerb", "concrete", (0.36, 0.35, 0.33), (0.28, 0.27, 0.26))
    r.material("line", "paint", (0.6, 0.6, 0.56))
    for i in range(5):
        tone = r.pick((0.36, 0.14, 0.09), (0.5, 0.44, 0.33), (0.42, 0.4, 0.37), (0.3, 0.2, 0.15), (0.46, 0.34, 0.24))
        r.material(f"facade {i}", r.pick("brick", "concrete", "brick"), tone, tuple(0.78 * c for c in tone))
    for i, c in enumerate(((0.02, 0.05, 0.14), (0.3, 0.02, 0.02), (0.35, 0.36, 0.37), (0.015, 0.015, 0.017))):
        r.material(f"car paint {i}", "enamel", c, c, roughness=0.14)
    r.material("rubber", "plastic", (0.02, 0.02, 0.02), roughness=0.85)
    r.material("slate", "tile", (0.1, 0.1, 0.11), (0.075, 0.075, 0.085), size=0.2, aspect=1.4, offset=0.5, roughness=0.6)
    r.material("awning", "fabric", r.pick((0.35, 0.05, 0.04), (0.05, 0.16, 0.1), (0.5, 0.42, 0.25)), (0.55, 0.53, 0.48), stripe=3.0)
    r.material("shop glow", "glow", (1.0, 0.82, 0.58), nits=11.0 if r.night else 60.0, kelvin=3200.0, uneven=0.5, wear=0.0)
    r.material(
        "sign glow", "glow", r.pick((1.0, 0.2, 0.15), (0.15, 0.6, 1.0), (0.3, 1.0, 0.4)), nits=350.0, kelvin=6500.0, wear=0.0
    )
    r.material("lantern", "glow", (1.0, 0.9, 0.7), nits=1500.0 if r.night else 1.0, kelvin=2700.0, wear=0.0, carried=1.0)
    r.put("road", [box((7.4, 58, 0.1), "asphalt", (0, 7, -0.1), bevel=0)])
    r.put("road lines", [box((0.12, 1.6, 0.004), "line", (0, -10 + 4.2 * i, 0), bevel=0) for i in range(10)])
    for s in (-1, 1):
        r.put(
            "pavement",
            [
                box((3.2, 58, 0.12), "pavement", (s * 5.3, 7, 0), bevel=0),
                box((0.15, 58, 0.13), "kerb", (s * 3.72, 7, 0), bevel=0.01),
            ],
        )
        y = -9.0
        while y < _END:
            wide = r.between(5.5, 8.0)
            # The last of a row ends where the house across the end stands.
            wide = _END - y if _END - y - wide < 4.0 else wide
            r.put(
                "house",
                house(r, wide, r.between(7.5, 11.5), f"facade {r.random.integers(5)}"),
                s * 6.9,
                y + wide / 2,
                0,
                -90.0 * s,
                group="shops",
            )
            y += wide
    r.put("end house", house(r, 13.8, 10.0, "facade 0"), 0, _END, 0, group="shops")
    for i, (s, y) in enumerate(((-1, 0.5), (1, 6.0), (-1, 12.0), (1, 18.0))):
        x = s * 4.1
        r.put(
            "lamp post",
            [
                lathe([(0.12, 0), (0.12, 0.5), (0.06, 0.7), (0.05, 4.2)], "iron"),
                tube([(0, 0, 4.15), (-s * 0.35, 0, 4.4), (-s * 0.9, 0, 4.4)], 0.03, "iron"),
                lathe([(0.16, 4.22), (0.2, 4.28), (0.05, 4.42)], "iron", (-s * 0.9, 0, 0)),
                cylinder(0.12, 0.03, "lantern", (-s * 0.9, 0, 4.19)),
            ],
            x,
            y,
            0.12,
        )
        if r.night:
            r.lamp("street-lamp", x - s * 0.9, y, 4.2, 3800, 2300 if i % 2 else 3000, 0.12)
    for i, (s, y) in enumerate(((1, 1.8), (-1, 8.5), (1, 13.0))):
        if i == 0 or r.random.random() < plan.dressing:
            r.put(
                "parked car",
                _car(f"car paint {r.random.integers(4)}"),
                s * 2.52,
                y + r.between(-0.5, 0.5),
                0,
                90 + r.between(-2, 2),
            )
    r.put("litter bin", [lathe([(0.2, 0), (0.24, 0.75), (0.22, 0.78), (0.2, 0.75)], "iron")], -4.4, 3.4, 0.12)
    r.put("bollards", [cylinder(0.06, 0.85, "iron", (0, 1.4 * i, 0), top=0.045) for i in range(4)], 4.0, -1.5, 0.12)
    r.put(
        "crates",
        [box((0.5, 0.36, 0.28), "pine", (0.05 * i, 0.02 * i, 0.28 * i), (0, 0, 8 * i)) for i in range(3)],
        -6.3,
        1.6,
        0.12,
        10,
        needed=False,
    )
    r.put(
        "cafe table",
        [
            cylinder(0.3, 0.03, "steel", (0, 0, 0.71)),
            cylinder(0.025, 0.71, "iron"),
            lathe([(0.22, 0), (0.22, 0.02), (0.03, 0.04)], "iron"),
        ],
        -5.6,
        4.6,
        0.12,
    )
    for s in (-1, 1):
        r.put("cafe chair", f.chair("iron", "oak", slats=4), -5.6 + 0.55 * s, 4.65, 0.12, -90 * s, needed=s < 0)
    r.put("tree", tree(r, 5.5, spread=0.8), 4.6, 4.0, 0.12)
    r.put("tree", tree(r, 6.0, spread=0.75), -4.6, 9.5, 0.12, needed=False)
    r.put("manhole", [cylinder(0.33, 0.008, "iron")], 0.9, 1.6, 0.0)
    outdoor_light(r, plan, sun_lux=32000, sky_nits=4200)
    r.mark("pavement", -4.9, 1.2, 170, floor=0.12)
    r.mark("road", -1.1, 1.0, 178)
    r.mark("kerb", -3.2, 3.4, 160)
    r.view((-1.9, -3.4, 1.55), (-1.5, 6.0, 1.6))
    r.view((1.6, -3.2, 1.4), (-2.2, 4.0, 1.5))
    r.mood(7500, 28)
    return r.place


def _car(paint: str) -> list[Part]:
    """A parked saloon, its length along x."""
    body = [
        (-2.1, 0.32),
        (2.1, 0.32),
        (2.15, 0.6),
        (2.0, 0.82),
        (0.95, 0.92),
        (0.35, 1.4),
        (-0.95, 1.42),
        (-1.65, 0.95),
        (-2.1, 0.88),
        (-2.18, 0.6),
    ]
    sides = [(0.83, 0.95), (0.32, 1.34), (-0.9, 1.36), (-1.45, 0.97)]
    # Windscreen and rear window lie a finger's breadth over the slopes of the body.
    screens = [
        [(0.9, 0.96), (0.4, 1.36), (0.41, 1.372), (0.91, 0.972)],
        [(-1.02, 1.373), (-1.58, 0.997), (-1.59, 1.009), (-1.03, 1.385)],
    ]
    wheels: list[Part] = []
    for x in (-1.3, 1.3):
        for s in (-1, 1):
            wheels += [
                cylinder(0.31, 0.2, "rubber", (x, s * 0.82 + 0.1, 0.31), turn=(90, 0, 0)),
                cylinder(0.19, 0.21, "steel", (x, s * 0.82 + 0.105, 0.31), turn=(90, 0, 0)),
            ]
    lights = [
        box((0.04, 0.3, 0.12), m, (x, s * 0.6, 0.66), bevel=0.01)
        for x, m in ((2.1, "clear glass"), (-2.15, "car paint 1"))
        for s in (-1, 1)
    ]
    return [
        prism(body, 1.66, paint),
        prism(sides, 1.67, "dark glass"),
        *[prism(screen, 1.42, "dark glass") for screen in screens],
        *[box((0.12, 1.62, 0.13), "black plastic", (x, 0, 0.34), bevel=0.03) for x in (2.1, -2.12)],
        prism([(x * 0.97, z - 0.01) for x, z in body[5:8]] + [(0.8, 0.9)], 1.45, paint),
        *wheels,
        *lights,
        *[box((0.02, 0.5, 0.11), "white plastic", (x, 0, 0.48), bevel=0.004) for x in (2.145, -2.175)],
    ]
