"""Furniture, lamps and props as parts: standing on the floor at their own origin, their front towards -y."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.pieces import Part, Vector, box, cloth, cylinder, lathe, prism, sphere, tube

Random = np.random.Generator


def table(width: float, depth: float, height: float, top: str, leg: str, thick: float = 0.035) -> list[Part]:
    """A table with four legs and an apron."""
    x, y = width / 2 - 0.06, depth / 2 - 0.06
    legs = [box((0.055, 0.055, height - thick), leg, (sx * x, sy * y, 0)) for sx in (-1, 1) for sy in (-1, 1)]
    apron = [box((2 * x, 0.02, 0.06), leg, (0, sy * y, height - thick - 0.06)) for sy in (-1, 1)]
    return [box((width, depth, thick), top, (0, 0, height - thick), bevel=0.008), *legs, *apron]


def chair(frame: str, seat: str, back: float = 0.88, slats: int = 3) -> list[Part]:
    """A dining chair; its seat is 0.45 m high, its back towards +y."""
    legs = [box((0.035, 0.035, 0.43), frame, (sx * 0.19, -0.19, 0)) for sx in (-1, 1)]
    posts = [box((0.035, 0.035, back), frame, (sx * 0.19, 0.2, 0), (-4, 0, 0)) for sx in (-1, 1)]
    rails = [
        box((0.36, 0.018, 0.06), frame, (0, 0.215 + 0.02 * i, 0.55 + 0.28 * i / max(1, slats - 1)), (-4, 0, 0))
        for i in range(slats)
    ]
    return [*legs, *posts, *rails, box((0.43, 0.43, 0.04), seat, (0, 0, 0.41), bevel=0.014)]


def office_chair(shell: str, metal: str) -> list[Part]:
    """A swivel chair on five castors."""
    feet = []
    for k in range(5):
        a = 2 * np.pi * k / 5
        feet += [
            box((0.3, 0.04, 0.03), metal, (0.15 * np.cos(a), 0.15 * np.sin(a), 0.06), (0, 0, float(np.degrees(a)))),
            sphere((0.055, 0.055, 0.055), shell, (0.29 * np.cos(a), 0.29 * np.sin(a), 0.0275)),
        ]
    return [
        *feet, cylinder(0.025, 0.36, metal, (0, 0, 0.07)), box((0.48, 0.48, 0.08), shell, (0, 0, 0.42), bevel=0.03),
        box((0.05, 0.03, 0.35), metal, (0, 0.25, 0.42), (-8, 0, 0)), box((0.44, 0.06, 0.5), shell, (0, 0.28, 0.58), (-8, 0, 0), bevel=0.028),
    ]  # fmt: skip


def sofa(width: float, cloth_: str, cushion: str, seats: int = 2) -> list[Part]:
    """A sofa with arms, seat and back cushions and a few loose ones; the seat is 0.44 m high."""
    # Base and back end inside the arms: two faces in one plane would hide the light from each other, in black patches.
    parts = [
        box((width - 0.02, 0.835, 0.24), cloth_, (0, 0, 0.062), bevel=0.04),
        box((width - 0.012, 0.2, 0.776), cloth_, (0, 0.36, 0.064), bevel=0.06),
    ]
    parts += [box((0.18, 0.86, 0.56), cloth_, (s * (width / 2 - 0.09), 0, 0.06), bevel=0.06) for s in (-1, 1)]
    wide = (width - 0.38) / seats
    for i in range(seats):
        x = -width / 2 + 0.19 + wide * (i + 0.5)
        parts += [box((wide - 0.01, 0.66, 0.16), cloth_, (x, -0.08, 0.29), bevel=0.05)]
        parts += [box((wide - 0.02, 0.17, 0.42), cloth_, (x, 0.22, 0.43), (-12, 0, 0), bevel=0.06)]
    parts += [
        box((0.4, 0.12, 0.4), cushion, (x, 0.06, 0.45), (-18, s * 9, s * 8), bevel=0.055)
        for s, x in (((-1, 0.4 - width / 2), (1, width / 2 - 0.4)) if seats > 1 else ((1, 0.0),))
    ]
    parts += [cylinder(0.025, 0.06, "dark wood", (sx * (width / 2 - 0.1), sy * 0.36, 0)) for sx in (-1, 1) for sy in (-1, 1)]
    return parts


def books(width: float, height: float, random: Random, shades: list[str]) -> list[Part]:
    """A row of books between -width/2 and width/2, some leaning, with a gap at the end."""
    parts, x = [], -width / 2
    end = width / 2 - random.uniform(0.0, 0.35) * width
    while x < end - 0.05:
        thick = float(random.uniform(0.016, 0.048))
        tall, deep = float(height * random.uniform(0.66, 0.97)), float(random.uniform(0.12, 0.17))
        lean = float(random.choice([0, 0, 0, 0, 7]))
        parts.append(
            box(
                (thick, deep, tall),
                str(random.choice(shades)),
                (x + thick / 2, random.uniform(-0.01, 0.015), thick / 2 * float(np.sin(np.radians(lean)))),
                (0, lean, 0),
                0.002,
            )
        )
        x += thick + 0.001 + (0.02 if lean else 0.0)
    return parts


def book_lying(random: Random, shades: list[str]) -> list[Part]:
    """A book laid down: its cover, and the pages between."""
    tall, thick, shade = float(random.uniform(0.17, 0.21)), float(random.uniform(0.018, 0.035)), str(random.choice(shades))
    pages = box((0.126, tall - 0.008, thick - 0.006), "paper", (0.004, 0, 0.003), bevel=0.0)
    return [box((0.132, tall, 0.003), shade, (0, 0, z), bevel=0.001) for z in (0.0, thick - 0.003)] + [
        box((0.003, tall, thick), shade, (-0.0645, 0, 0), bevel=0.001), pages,
    ]  # fmt: skip


def shelf(
    width: float, height: float, depth: float, rows: int, wood: str, random: Random, shades: list[str], open_back: bool = False
) -> list[Part]:
    """A bookcase, filled: books, boxes, vases."""
    t = 0.022
    parts = [box((t, depth, height), wood, (s * (width / 2 - t / 2), 0, 0)) for s in (-1, 1)]
    if not open_back:
        parts.append(box((width, 0.012, height), wood, (0, depth / 2 - 0.006, 0), bevel=0.001))
    step = (height - t) / rows
    for row in range(rows + 1):
        parts.append(box((width - 2 * t, depth, t), wood, (0, 0, row * step)))
    for row in range(rows):
        z, kind = row * step + t, random.random()
        inner = width - 2 * t - 0.02
        if kind < 0.65:
            parts += moved(books(inner, step - t, random, shades), (0, 0, z))
        elif kind < 0.85:
            parts += moved(books(inner * 0.5, step - t, random, shades), (-inner * 0.25, 0, z))
            parts += moved(vase(min(0.22, step * 0.7), str(random.choice(shades))), (inner * 0.27, 0, z))
        else:
            tall = min(step * 0.75, 0.26)
            parts += [
                box((inner * 0.4, depth * 0.8, tall), str(random.choice(shades)), (s * inner * 0.24, 0, z), bevel=0.01)
                for s in (-1, 1)
            ]
    return parts


def vase(height: float, material: str) -> list[Part]:
    """A turned vase."""
    r = height * 0.28
    return [
        lathe([(r * 0.55, 0), (r, height * 0.35), (r * 0.8, height * 0.65), (r * 0.35, height * 0.85), (r * 0.5, height)], material)
    ]


def cabinet(width: float, depth: float, height: float, body: str, handle: str, doors: int = 2, drawers: bool = False) -> list[Part]:
    """A cupboard or chest with door fronts, gaps between them and handles."""
    parts = [
        box((width, depth, height - 0.06), body, (0, 0, 0.06)),
        box((width - 0.08, depth - 0.06, 0.06), "black plastic", (0, 0.01, 0)),
    ]
    for i in range(doors):
        if drawers:
            h = (height - 0.1) / doors
            z = 0.08 + h * i
            parts.append(box((width - 0.02, 0.02, h - 0.008), body, (0, -depth / 2 - 0.01, z)))
            parts.append(box((width * 0.3, 0.018, 0.014), handle, (0, -depth / 2 - 0.029, z + h * 0.5)))
        else:
            w = width / doors
            x = -width / 2 + w * (i + 0.5)
            parts.append(box((w - 0.008, 0.02, height - 0.1), body, (x, -depth / 2 - 0.01, 0.08)))
            side = 1 if i % 2 == 0 else -1
            parts.append(box((0.014, 0.02, 0.16), handle, (x + side * (w / 2 - 0.05), -depth / 2 - 0.03, height * 0.55)))
    return parts


def floor_lamp(metal: str, shade: str) -> list[Part]:
    """A standard lamp, 1.6 m; its bulb sits at 1.42 m."""
    return [
        lathe([(0.15, 0), (0.15, 0.02), (0.02, 0.035)], metal), cylinder(0.012, 1.36, metal, (0, 0, 0.03)),
        lathe([(0.22, 1.28), (0.15, 1.6)], shade, hollow=True),
    ]  # fmt: skip


def table_lamp(base: str, shade: str) -> list[Part]:
    """A lamp of 0.48 m; its bulb sits at 0.36 m."""
    return [
        lathe([(0.07, 0), (0.09, 0.05), (0.075, 0.14), (0.025, 0.2), (0.015, 0.28)], base),
        lathe([(0.15, 0.26), (0.1, 0.48)], shade, hollow=True),
    ]  # fmt: skip


def pendant(drop: float, metal: str, inside: str, radius: float = 0.18) -> list[Part]:
    """A lamp that hangs ``drop`` metres from its origin in the ceiling; its bulb sits 5 cm above the rim."""
    bell = [(radius, -drop), (radius * 0.96, -drop + 0.06), (radius * 0.5, -drop + 0.18), (0.04, -drop + 0.24)]
    return [
        tube([(0, 0, -drop + 0.2), (0, 0, 0)], 0.005, "black plastic"), cylinder(0.05, 0.03, metal, (0, 0, -0.03)),
        lathe(bell, metal, hollow=True), lathe([(r * 0.97, z - 0.002) for r, z in bell], inside, hollow=True),
    ]  # fmt: skip


def plant(height: float, pot: str, random: Random) -> list[Part]:
    """A pot plant with stems and leaves."""
    parts = [
        lathe([(0.1, 0), (0.15, 0.26), (0.16, 0.28), (0.135, 0.28), (0.13, 0.25)], pot),
        cylinder(0.13, 0.01, "soil", (0, 0, 0.24)),
    ]
    for _ in range(5):
        a, out = random.uniform(0, 6.28), random.uniform(0.05, 0.22)
        parts.append(
            tube(
                [
                    (0, 0, 0.24),
                    (out * 0.4 * np.cos(a), out * 0.4 * np.sin(a), height * 0.6),
                    (out * np.cos(a), out * np.sin(a), height),
                ],
                0.007,
                "bark",
            )
        )
    spread = height * 0.62
    figures = {"count": 170, "size": (spread, spread, height * 0.7), "leaf": 0.13, "seed": int(random.integers(1 << 30))}
    return [*parts, Part(shape="leaves", material="leaf", at=(0, 0, height * 0.78), figures=figures)]


def framed(width: float, height: float, frame: str, art: str, mount: float = 0.0) -> list[Part]:
    """A picture hanging with its back at y 0; ``mount`` metres of white card around it."""
    b = 0.03
    sides = [box((b, 0.03, height), frame, (s * (width - b) / 2, -0.015, 0)) for s in (-1, 1)]
    ends = [box((width - 2 * b, 0.03, b), frame, (0, -0.015, z)) for z in (0.0, height - b)]
    shown = box((width - 2 * (b + mount), 0.01, height - 2 * (b + mount)), art, (0, -0.008, b + mount), bevel=0.0)
    card = [box((width - 2 * b, 0.008, height - 2 * b), "paper", (0, -0.006, b), bevel=0.0)] if mount else []
    return [*sides, *ends, *card, shown]


def curtains(width: float, height: float, material: str, random: Random, open_share: float, out: float) -> list[Part]:
    """A pair of curtains on a rail ``out`` metres from the wall, drawn aside by ``open_share``; hangs from ``height`` to the floor, centred."""
    wide = width / 2 * (1 - open_share) + 0.12
    folds = max(3, round(wide / 0.1))
    end = width / 2 + 0.13
    parts = [tube([(-end - 0.02, 0, height), (end + 0.02, 0, height)], 0.012, "steel")]
    parts += [tube([(s * end, 0, height), (s * end, out, height)], 0.008, "steel") for s in (-1, 1)]
    for s in (-1, 1):
        parts.append(
            cloth(
                (wide, 0.09, height - 0.04),
                material,
                (s * (width / 2 + 0.1 - wide / 2), 0, 0.03),
                folds,
                int(random.integers(1 << 30)),
            )
        )
    return parts


def in_tray(random: Random) -> list[Part]:
    """Three letter trays on posts at their corners, with a few letters in the lowest."""
    trays = [box((0.27, 0.36, 0.01), "dark plastic", (0, 0, 0.012 + 0.07 * i)) for i in range(3)]
    posts = [box((0.012, 0.012, 0.17), "steel", (sx * 0.129, sy * 0.174, 0)) for sx in (-1, 1) for sy in (-1, 1)]
    return [*trays, *posts, *moved(papers(random, 2, 0.006, 0.006, 2.0), (0, 0, 0.023))]


def monitor(width: float, material: str) -> list[Part]:
    """A screen on a foot, facing -y."""
    h = width * 0.6
    return [
        box((0.22, 0.16, 0.012), "black plastic"), box((0.05, 0.03, 0.2), "black plastic", (0, 0.03, 0.01)),
        box((width, 0.035, h), "black plastic", (0, 0, 0.12), bevel=0.006), box((width - 0.03, 0.004, h - 0.04), material, (0, -0.0185, 0.14), bevel=0.0),
    ]  # fmt: skip


def keyboard(random: Random) -> list[Part]:
    """A keyboard and a mouse in front of a screen."""
    keys = [box((0.38, 0.018, 0.006), "dark plastic", (0, -0.045 + 0.03 * i, 0.014), bevel=0.002) for i in range(4)]
    return [
        box((0.42, 0.15, 0.014), "black plastic"),
        *keys,
        sphere((0.06, 0.1, 0.035), "black plastic", (0.3 + random.uniform(0, 0.05), 0, 0.0175)),
    ]


def mug(material: str) -> list[Part]:
    """A mug with a handle."""
    a = np.linspace(-1.4, 1.4, 8)
    handle: list[Vector] = [(0.04 + 0.025 * float(np.cos(t)), 0.0, 0.05 + 0.028 * float(np.sin(t))) for t in a]
    return [
        lathe([(0.036, 0), (0.04, 0.01), (0.04, 0.095), (0.036, 0.095), (0.034, 0.015)], material),
        tube(handle, 0.005, material),
    ]


def bottle(height: float, material: str, label: str, cap: str = "dark plastic") -> list[Part]:
    """A bottle with a label."""
    r = height * 0.125
    body = [(r * 0.9, 0), (r, 0.01), (r, height * 0.6), (r * 0.4, height * 0.76), (r * 0.36, height * 0.94)]
    return [
        lathe(body, material),
        cylinder(r * 1.012, height * 0.28, label, (0, 0, height * 0.16)),
        cylinder(r * 0.42, height * 0.07, cap, (0, 0, height * 0.93)),
    ]


def glass_(height: float) -> list[Part]:
    """A tumbler."""
    return [lathe([(0.03, 0), (0.036, height), (0.033, height), (0.027, 0.012)], "clear glass")]


def papers(random: Random, count: int = 4, across: float = 0.05, along: float = 0.05, turn: float = 40.0) -> list[Part]:
    """Sheets lying about on a table, each up to ``across`` and ``along`` metres and ``turn`` degrees from the pile's own place."""
    return [
        box(
            (0.21, 0.297, 0.0015),
            "paper",
            (random.uniform(-across, across), random.uniform(-along, along), 0.0016 * i),
            (0, 0, random.uniform(-turn, turn)),
            0.0,
        )
        for i in range(count)
    ]


def radiator(width: float) -> list[Part]:
    """A column radiator under a window."""
    count = max(4, round(width / 0.07))
    ribs = [box((0.045, 0.1, 0.56), "cream enamel", ((i - (count - 1) / 2) * 0.066, 0, 0.1), bevel=0.018) for i in range(count)]
    end = (count - 1) * 0.033
    return [
        *ribs,
        tube([(-end, 0, 0.6), (end, 0, 0.6)], 0.016, "cream enamel"),
        tube([(-end, 0, 0.14), (end, 0, 0.14)], 0.016, "cream enamel"),
        *[
            tube(
                [(s * end, 0, 0.14), (s * (width / 2 + 0.1), 0, 0.14), (s * (width / 2 + 0.1), 0, 0)],
                0.012,
                "cream enamel",
            )
            for s in (-1, 1)
        ],
    ]


DOOR_FRAME = 0.07
"""Metres of frame on each side of a door."""


def door(width: float, height: float, leaf: str, frame: str, handle: str, glazed: bool = False) -> list[Part]:
    """A closed door in its frame, its face at y 0."""
    b = DOOR_FRAME
    jambs = [box((b, 0.05, height + b), frame, (s * (width + b) / 2, -0.01, 0)) for s in (-1, 1)]
    parts = [*jambs, box((width, 0.05, b), frame, (0, -0.01, height)), box((width - 0.006, 0.04, height), leaf, (0, 0.01, 0))]
    if glazed:
        parts.append(box((width * 0.3, 0.046, height * 0.35), "dark glass", (width * 0.1, 0.01, height * 0.5), bevel=0.002))
    else:
        parts += [
            box((width * 0.62, 0.012, height * h), leaf, (0, -0.012, height * z), bevel=0.005)
            for z, h in ((0.08, 0.36), (0.54, 0.38))
        ]
    side = width / 2 - 0.08
    return [
        *parts,
        cylinder(0.028, 0.012, handle, (side, -0.012, 1.02), turn=(90, 0, 0)),
        tube([(side, -0.02, 1.02), (side, -0.06, 1.02), (side - 0.11, -0.06, 1.02)], 0.009, handle),
    ]


def bed(width: float, frame: str, sheet: str, cover: str, pillow: str) -> list[Part]:
    """A bed with its head at +y: frame, mattress, a duvet over the edge, pillows."""
    parts = [box((width, 2.05, 0.26), frame, (0, 0, 0.1)), box((width, 0.06, 0.98), frame, (0, 1.03, 0.0), bevel=0.015)]
    parts += [box((width - 0.04, 1.98, 0.22), sheet, (0, 0, 0.34), bevel=0.06)]
    # The cover lies over the mattress and its skirts hang down outside the frame, at both sides and at the foot.
    skirt, half, foot, head = 0.34, width / 2 + 0.04, -1.065, 0.355
    parts += [
        box((2 * half + 0.03, head - foot + 0.015, 0.09), cover, (0, (head + foot) / 2 - 0.007, 0.525), bevel=0.042),
        cloth((2 * half, 0.03, skirt), cover, (0, foot, 0.58 - skirt), 5, 1),
        *[
            cloth((head - foot, 0.03, skirt), cover, (s * half, (head + foot) / 2, 0.58 - skirt), 5, 2 + s, (0, 0, 90))
            for s in (-1, 1)
        ],
        box((width + 0.1, 0.3, 0.06), sheet, (0, 0.42, 0.565), (0, 0, 0.6), bevel=0.028),
    ]
    parts += [box((width * 0.42, 0.36, 0.16), pillow, (s * width * 0.24, 0.72, 0.55), (22, 0, s * 5), bevel=0.07) for s in (-1, 1)]
    return parts


def stool(height: float, seat: str, metal: str) -> list[Part]:
    """A bar stool."""
    legs = [
        tube([(0.09 * c, 0.09 * s, height - 0.04), (0.2 * c, 0.2 * s, 0.003)], 0.012, metal)
        for c, s in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    ring = [(0.235 * float(np.cos(a)), 0.235 * float(np.sin(a)), 0.24) for a in np.linspace(0, 2 * np.pi, 17)]
    return [
        *legs,
        tube([(x, y, z) for x, y, z in ring], 0.01, metal),
        lathe([(0.15, height - 0.05), (0.18, height - 0.03), (0.17, height), (0.05, height + 0.005)], seat),
    ]


def clock(radius: float) -> list[Part]:
    """A wall clock, its back at y 0."""
    face = [
        cylinder(radius, 0.035, "black plastic", (0, 0, 0), turn=(90, 0, 0)),
        cylinder(radius * 0.92, 0.002, "paper", (0, -0.035, 0), turn=(90, 0, 0)),
    ]
    hands = [
        box((0.012, 0.003, radius * 0.55), "black plastic", (0, -0.039, 0), (0, 62, 0), 0),
        box((0.008, 0.003, radius * 0.8), "black plastic", (0, -0.041, 0), (0, -140, 0), 0),
    ]
    return face + hands


def gable(width: float, height: float, depth: float, material: str) -> list[Part]:
    """A pitched roof."""
    return [prism([(-width / 2, 0), (width / 2, 0), (0, height)], depth, material)]


def moved(parts: list[Part], by: Vector) -> list[Part]:
    """Parts shifted in their item."""
    return [part.model_copy(update={"at": (part.at[0] + by[0], part.at[1] + by[1], part.at[2] + by[2])}) for part in parts]
