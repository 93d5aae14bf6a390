"""A room under construction: shell with real openings, daylight through them, and things put down one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from answerprint.simulation.extent import ends
from answerprint.simulation.pieces import Colour, Item, Material, Part, Vector, box
from answerprint.simulation.place import Place
from answerprint.simulation.sets import furniture as f
from answerprint.simulation.stage import Light, SetPlan

Side = Literal["back", "left", "right", "front"]
Area = tuple[float, float, float, float]
"""What a thing takes of a wall: from and to along it, from and to above the floor; metres."""

CURTAINS_OUT = 0.18
"""Metres from a wall to the middle of the folds of its curtains."""


@dataclass(frozen=True)
class Opening:
    """A window or door in a wall: middle along the wall from its own middle, width, sill height, height; metres."""

    along: float
    width: float
    sill: float
    height: float


class Room:
    """Collects a place. Walls: back at +y, front at -y, left at -x, right at +x; the origin is the middle of the floor."""

    def __init__(self, plan: SetPlan, width: tuple[float, float], depth: tuple[float, float], height: tuple[float, float]) -> None:
        self.plan = plan
        self.random = np.random.default_rng([plan.seed, sum(map(ord, plan.family))])
        self.width, self.depth, self.height = (float(self.random.uniform(*span)) for span in (width, depth, height))
        self.place = Place(size=(self.width, self.depth, self.height))
        self.names: dict[str, int] = {}
        self.hung: dict[Side, list[Area]] = {}
        self.place.materials.update(_house(plan.wear, self.random))

    @property
    def night(self) -> bool:
        return self.plan.time == "night"

    def pick(self, *choices: Any) -> Any:
        """One of some, by the seed."""
        return choices[int(self.random.integers(len(choices)))]

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def material(self, name: str, kind: Any, colour: Colour, colour2: Colour | None = None, **more: Any) -> str:
        """Add a material; ``wear`` follows the plan unless given."""
        known = {k: more.pop(k) for k in ("roughness", "metallic", "scale", "wear", "nits", "kelvin") if k in more}
        known.setdefault("wear", self.plan.wear)
        self.place.materials[name] = Material(kind=kind, colour=colour, colour2=colour2, detail=more, **known)
        return name

    def put(
        self,
        name: str,
        parts: list[Part],
        x: float = 0.0,
        y: float = 0.0,
        z: float = 0.0,
        turn: float = 0.0,
        needed: bool = True,
        **more: Any,
    ) -> bool:
        """Put something down; what is not ``needed`` is left out when the plan wants less dressing."""
        if (not needed and self.random.random() > self.plan.dressing) or not parts:
            return False
        self.names[name] = self.names.get(name, 0) + 1
        number = self.names[name]
        label = name if number == 1 else f"{name} {number}"
        self.place.items.append(Item(name=label, at=(x, y, z), turn=(0, 0, turn), parts=tuple(parts), **more))
        return True

    def on_wall(self, side: Side, along: float, out: float = 0.0) -> tuple[float, float, float]:
        """x, y and turn for something that hangs or stands with its back to a wall, ``out`` metres from it."""
        w, d = self.width / 2 - out, self.depth / 2 - out
        return {"back": (along, d, 0.0), "left": (-w, along, 90.0), "right": (w, -along, -90.0), "front": (-along, -d, 180.0)}[side]

    def hang(self, name: str, parts: list[Part], side: Side, along: float, z: float, out: float = 0.0, needed: bool = True) -> bool:
        x, y, turn = self.on_wall(side, along, out)
        made = self.put(name, parts, x, y, z, turn, needed)
        if made:
            self.hung.setdefault(side, []).append(hung_area(parts, along, z))
        return made

    def free(self, parts: list[Part], side: Side, along: float, z: float, gap: float = 0.03) -> bool:
        """Whether parts would hang clear of all that hangs on that wall."""
        left, right, low, high = hung_area(parts, along, z)
        return all(
            left > b + gap or right < a - gap or low > top + gap or high < bottom - gap
            for a, b, bottom, top in self.hung.get(side, [])
        )

    def shell(
        self,
        walls: str,
        floor: str,
        ceiling: str,
        openings: dict[Side, list[Opening]],
        skirting: str | None = "white gloss",
        split: tuple[str, float] | None = None,
    ) -> None:
        """Floor, ceiling and four walls with their openings; ``split`` is a second material up to a height."""
        w, d, h = self.width, self.depth, self.height
        self.put("floor", [box((w + 0.4, d + 0.4, 0.1), floor, (0, 0, -0.1), bevel=0.0)])
        self.put("ceiling", [box((w + 0.4, d + 0.4, 0.1), ceiling, (0, 0, h), bevel=0.0)])
        sides: tuple[Side, ...] = ("back", "left", "right", "front")
        for side in sides:
            length = w if side in ("back", "front") else d
            x, y, turn = self.on_wall(side, 0.0)
            parts = _wall(length, h, openings.get(side, []), walls, split)
            if skirting is not None:
                parts += _skirting(length, openings.get(side, []), skirting)
            self.put(f"wall {side}", parts, x, y, 0, turn)

    def window(
        self, side: Side, opening: Opening, lux: float, frame: str = "white gloss", bars: int = 1, curtain: str | None = None
    ) -> None:
        """A glazed window in an opening of the shell, with the daylight or moonlight that comes through it."""
        w, h = opening.width, opening.height
        t = 0.055
        # A sill that ends behind the curtains: they hang in front of it, clear of a radiator below too.
        sill = 0.08 if curtain else 0.14
        parts = [box((t, 0.07, h), frame, (s * (w - t) / 2, 0.08, 0)) for s in (-1, 1)]
        parts += [box((w - 2 * t, 0.07, t), frame, (0, 0.08, z)) for z in (0.0, h - t)]
        parts += [box((0.035, 0.05, h - 2 * t), frame, ((i + 1) * w / (bars + 1) - w / 2, 0.08, t)) for i in range(bars)]
        parts += [
            box((w - 2 * t, 0.004, h - 2 * t), "window glass", (0, 0.08, t), bevel=0.0),
            box((w + 0.14, 0.1 + sill, 0.03), frame, (0, 0.05 - sill / 2, -0.03)),
        ]
        self.hang("window", parts, side, opening.along, opening.sill)
        if curtain:
            self.hang(
                "curtains",
                f.curtains(w, opening.sill + h + 0.12, curtain, self.random, self.between(0.55, 0.8), CURTAINS_OUT),
                side,
                opening.along,
                0.0,
                out=CURTAINS_OUT,
            )
        x, y, turn = self.on_wall(side, opening.along, -0.16)
        inward = np.array([np.sin(np.radians(turn)), -np.cos(np.radians(turn))])
        z = opening.sill + h / 2
        # At night a crew puts a daylight lamp outside: under bulbs the real sky would be electric blue on skin.
        kelvin = 5200.0 if self.night else self.pick(5600.0, 6300.0, 6800.0)
        level = lux * (0.012 if self.night else 1.0) * 2.0**self.plan.daylight_stops
        self.place.lights.append(
            Light(
                name=f"window-{side}-{len(self.place.lights)}",
                kind="softbox",
                group="daylight",
                translation=(x, y, z),
                size=(w * 0.95, h * 0.95),
                aim=(x + 2.0 * inward[0], y + 2.0 * inward[1], z - 0.4),
                illuminance_lux=level,
                kelvin=kelvin,
                beam=150.0,
            )
        )
        self._outside(side, opening)

    def lamp(self, name: str, x: float, y: float, z: float, lumens: float, kelvin: float = 2800.0, radius: float = 0.04) -> None:
        """A bulb that shines to all sides; off where the plan wants no practicals."""
        if self.plan.practicals:
            self.place.lights.append(
                Light(
                    name=f"{name}-{len(self.place.lights)}",
                    kind="bulb",
                    group="practicals",
                    translation=(x, y, z),
                    aim=(x, y, z - 1.0),
                    illuminance_lux=lumens / (4 * np.pi),
                    kelvin=kelvin,
                    size=(2 * radius, 2 * radius),
                )
            )

    def panel(self, x: float, y: float, width: float, depth: float, lux: float, kelvin: float = 4000.0) -> None:
        """A ceiling panel: its glowing face, and the light that it gives at table height below."""
        z = self.height - 0.02
        lit = self.plan.practicals
        frame = [
            box((width + 0.06, depth + 0.06, 0.02), "white gloss", (0, 0, 0), bevel=0.002),
            box((width, depth, 0.01), "panel glow" if lit else "paper", (0, 0, -0.008), bevel=0.0),
        ]
        self.material("panel glow", "glow", (1, 1, 1), nits=900.0, kelvin=kelvin, wear=0.0, carried=1.0)
        self.put("ceiling panel", frame, x, y, z, group="practicals")
        if lit:
            self.place.lights.append(
                Light(
                    name=f"panel-{len(self.place.lights)}",
                    kind="softbox",
                    group="practicals",
                    translation=(x, y, z - 0.03),
                    aim=(x, y, 0.8),
                    illuminance_lux=lux,
                    kelvin=kelvin,
                    size=(width, depth),
                    beam=170.0,
                )
            )

    def sky(self, nits: float) -> None:
        """What is seen through the windows."""
        from answerprint.simulation.light import light_colour

        blue, low = light_colour(14000.0), light_colour(7000.0)
        # By day crews lay a film of neutral density on panes that are in the picture: what lies outside is to be seen.
        level = nits * (0.004 if self.night else 0.25)
        self.place.sky = {
            "radiance": level, "zenith": [0.6 * c for c in blue], "horizon": list(low), "ground": [0.2, 0.19, 0.17],
            "cloud": self.between(0.1, 0.7), "cloud_colour": [0.95, 0.95, 0.97],
        }  # fmt: skip

    def mark(self, name: str, x: float, y: float, heading: float, seat: float | None = None, floor: float = 0.0) -> None:
        self.place.marks[name] = (x, y, heading)
        if floor:
            self.place.floors[name] = floor
        if seat is not None:
            self.place.seats[name] = seat

    def view(self, start: Vector, target: Vector) -> None:
        self.place.views.append((start, target))

    def mood(self, lux_day: float, lux_night: float) -> None:
        """What a meter reads where people stand."""
        self.place.mood["lux"] = lux_night if self.night else lux_day

    def _outside(self, side: Side, opening: Opening) -> None:
        """The houses across the street, as long as a glance along the wall reaches: one row for all windows of a wall, as two would hide each other."""
        x, y, turn = self.on_wall(side, opening.along, -9.0)
        name = self.pick("brick", "render", "brick")
        columns = 14
        parts = [box((2.4 * columns + 1.6, 0.3, 11), f"outside {name}", (0, 0, -3), bevel=0.0)]
        lit = self.random.random(24) < 0.3
        for row, column in itertools.product(range(4), range(columns)):
            cx, cz = (column - (columns - 1) / 2) * 2.4, row * 2.7 - 1.4
            glass = "lit window" if self.night and lit[(5 * row + 7 * column) % 24] else "dark glass"
            parts += [box((1.1, 0.05, 1.5), "white gloss", (cx, -0.16, cz)), box((0.98, 0.05, 1.38), glass, (cx, -0.18, cz + 0.06))]
        if not any(item.name.startswith("house opposite") and item.turn[2] == turn for item in self.place.items):
            self.put("house opposite", parts, x, y, 0, turn)


def hung_area(parts: Sequence[Part], along: float, z: float) -> Area:
    """What parts take of the wall that they hang on."""
    low, high = np.min([ends(part)[0] for part in parts], axis=0), np.max([ends(part)[1] for part in parts], axis=0)
    return along + float(low[0]), along + float(high[0]), z + float(low[2]), z + float(high[2])


def behind(parts: Sequence[Part]) -> float:
    """How far parts reach towards the wall at their back, metres."""
    return max(float(ends(part)[1][1]) for part in parts)


def _wall(length: float, height: float, openings: list[Opening], material: str, split: tuple[str, float] | None) -> list[Part]:
    """Boxes around the openings; the room's side of the wall is at y 0, it is 0.2 m thick."""
    bands = [(0.0, height, material)] if split is None else [(0.0, split[1], split[0]), (split[1], height, material)]
    edges = sorted(
        [
            -length / 2 - 0.2,
            length / 2 + 0.2,
            *(o.along - o.width / 2 for o in openings),
            *(o.along + o.width / 2 for o in openings),
        ]
    )
    parts = []
    for left, right in itertools.pairwise(edges):
        if right - left < 1e-6:
            continue
        middle = 0.5 * (left + right)
        hole = next((o for o in openings if abs(middle - o.along) < o.width / 2), None)
        spans = [(0.0, height)] if hole is None else [(0.0, hole.sill), (hole.sill + hole.height, height)]
        for low, high in spans:
            for start, end, name in bands:
                bottom, top = max(low, start), min(high, end)
                if top - bottom > 1e-4:
                    parts.append(box((right - left, 0.2, top - bottom), name, (middle, 0.1, bottom), bevel=0.0))
    return parts


def _skirting(length: float, openings: list[Opening], material: str) -> list[Part]:
    """Boards along the foot of a wall, up to the frames of its doors."""
    doors = [(o.along, o.width / 2 + f.DOOR_FRAME) for o in openings if o.sill < 0.1]
    edges = sorted([-length / 2, length / 2, *(e for along, half in doors for e in (along - half, along + half))])
    spans = list(itertools.pairwise(edges))[::2]
    return [box((b - a, 0.016, 0.1), material, (0.5 * (a + b), -0.008, 0)) for a, b in spans if b - a > 0.02]


def _house(wear: float, random: np.random.Generator) -> dict[str, Material]:
    """Materials that every place may need."""

    def m(kind: Any, colour: Colour, colour2: Colour | None = None, **more: Any) -> Material:
        known = {k: more.pop(k) for k in ("roughness", "metallic", "scale", "nits", "kelvin") if k in more}
        return Material(kind=kind, colour=colour, colour2=colour2, wear=wear, detail=more, **known)

    tone = float(random.uniform(0.8, 1.2))
    made = {
        "dark wood": m("wood", (0.10 * tone, 0.05, 0.028), (0.04, 0.02, 0.012), roughness=0.38),
        "oak": m("wood", (0.42 * tone, 0.27, 0.15), (0.27, 0.16, 0.08), roughness=0.42),
        "pine": m("wood", (0.55, 0.40, 0.23), (0.40, 0.26, 0.13), roughness=0.5),
        "white gloss": m("enamel", (0.72, 0.71, 0.67), (0.5, 0.45, 0.36), roughness=0.28),
        "ceiling white": m("paint", (0.74, 0.73, 0.70)),
        "black plastic": m("plastic", (0.02, 0.02, 0.022), roughness=0.42),
        "dark plastic": m("plastic", (0.055, 0.055, 0.06), roughness=0.4),
        "white plastic": m("plastic", (0.62, 0.62, 0.6), roughness=0.35),
        "cream enamel": m("enamel", (0.66, 0.62, 0.52), (0.4, 0.3, 0.2), roughness=0.3),
        "steel": m("metal", (0.52, 0.52, 0.53), (0.38, 0.38, 0.4), roughness=0.5),
        "brass": m("metal", (0.62, 0.42, 0.16), (0.42, 0.27, 0.1), roughness=0.42),
        "iron": m("metal", (0.12, 0.12, 0.125), (0.22, 0.14, 0.09), roughness=0.5),
        # Seen straight a pane shows no room and no lamps: crews tilt it or turn a polariser, and a few rays would make specks of them.
        "window glass": m("glass", (0.93, 0.96, 0.95), reflects=0.0),
        "clear glass": m("glass", (0.9, 0.94, 0.93), roughness=0.25),
        "dark glass": m("plastic", (0.012, 0.014, 0.016), roughness=0.08),
        # Silvered glass; the least roughness would blur what is metres behind, and a few rays would fray it.
        "mirror": m("glass", (0.0, 0.0, 0.0), roughness=0.0, reflects=1.0),
        "lit window": m("glow", (1.0, 0.85, 0.62), nits=5.0, kelvin=2900.0, uneven=0.6, carried=1.0),
        "paper": m("plastic", (0.68, 0.66, 0.6), roughness=0.85),
        "leaf": m("foliage", (0.06, 0.15, 0.035), (0.12, 0.24, 0.05)),
        "bark": m("wood", (0.12, 0.08, 0.05), (0.06, 0.04, 0.025), roughness=0.85),
        "soil": m("earth", (0.06, 0.04, 0.025), (0.035, 0.022, 0.014)),
        "terracotta": m("concrete", (0.42, 0.16, 0.085), (0.32, 0.12, 0.06), scale=0.3),
        "outside brick": m("brick", (0.33, 0.13, 0.08), (0.25, 0.1, 0.065)),
        "outside render": m("concrete", (0.5, 0.46, 0.38), (0.42, 0.38, 0.31)),
        "lamp shade": m("shade", (0.75, 0.66, 0.5), through=0.55, carried=1.0),
        "shade inside": m("enamel", (0.8, 0.78, 0.72), (0.7, 0.65, 0.55), roughness=0.4, carried=1.0),
    }  # fmt: skip
    for i in range(7):
        r, g, b = (c * float(random.uniform(0.7, 1.3)) for c in _BINDINGS[int(random.integers(len(_BINDINGS)))])
        made[f"book {i}"] = m("fabric" if i % 2 else "plastic", (r, g, b), (r * 0.7, g * 0.7, b * 0.7), roughness=0.6, wrinkle=0.5)
    for i in range(4):
        a, c = random.uniform(0.05, 0.6, 3), random.uniform(0.03, 0.5, 3)
        made[f"art {i}"] = m(
            "picture",
            (float(a[0]), float(a[1]), float(a[2])),
            (float(c[0]), float(c[1]), float(c[2])),
            seed=float(random.integers(99)),
        )
    return made


_BINDINGS: tuple[Colour, ...] = (
    (0.32, 0.05, 0.035), (0.05, 0.09, 0.2), (0.06, 0.14, 0.08), (0.42, 0.36, 0.24), (0.03, 0.03, 0.035), (0.4, 0.22, 0.05), (0.22, 0.12, 0.07),
    (0.5, 0.48, 0.44), (0.1, 0.22, 0.25), (0.24, 0.04, 0.09), (0.16, 0.16, 0.17), (0.45, 0.3, 0.12),
)  # fmt: skip
"""Reflectances of cloth and paper bindings, linear Rec.709."""

BOOKS = [f"book {i}" for i in range(7)]
