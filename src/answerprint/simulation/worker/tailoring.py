"""What clothes are sewn of: ribs, seams, plackets, lapels and buttons, drawn in a cloth's colour at their places on the body.

A photograph of a person tells a jacket from a jumper by these lines long before it shows a weave. They are drawn in the rest body's own places
(attribute ``flat``: width, height, depth), in metres, so that they move with the cloth; and in the colour, so that the filter keeps them. A
relief of the same lines would be worked out three times for each ray and be seen in close-ups alone.
"""

from __future__ import annotations

import garments
import numpy as np
import surfaces
from material_sheet import Sheet

_SEAM = 0.005
"""Metres that a seam's shadow is wide to each side."""
_RIBS = {"tshirt": 0.018, "jumper": 0.036}
"""Metres of ribbed band at collar, cuffs and hem."""
_PLACKET, _COLLAR, _CUFF = 0.017, 0.058, 0.06
"""Metres from a shirt's middle to the edge of its placket, of its collar's points below the neck, and of its cuffs."""
_DEEP, _WIDE, _LAPEL = 0.25, 0.062, 0.066
"""Metres from the neck down to a jacket's upper button, from its middle to the edge of a lapel at the neck, and across a lapel."""
_BUTTON = 0.0065
"""Metres of radius of a button."""
_LINEN, _DARK = (0.55, 0.54, 0.52), (0.035, 0.036, 0.042)
"""What is worn under a dark jacket, and under a light one."""


def sewn(name: str, about: dict, cut: garments.Cut):
    """The material of what is worn above, of the cut that ``about`` names: ``shirt``, ``tshirt``, ``jumper`` or ``jacket``."""
    sheet = Sheet(name, about)
    surfaces.fabric(sheet)
    drawing = _Drawing(sheet, cut)
    {"shirt": _shirt, "jacket": _jacket}.get(about["cut"], _knitted)(drawing, about)
    drawing.finish()
    return sheet.material


class _Drawing:
    """A cloth's colour, to which lines and fields are added one after another."""

    def __init__(self, sheet: Sheet, cut: garments.Cut) -> None:
        self.sheet, self.cut, self.do = sheet, cut, sheet.sum
        place = sheet.node("SeparateXYZ", Vector=sheet.where()).outputs
        self.side, self.up, self.ahead = place[0], place[1], place[2]
        self.out = self.do(self.side, 0.0, "ABSOLUTE")
        self.colour = sheet.surface.inputs["Base Color"].links[0].from_socket
        shoulder = cut.shoulder
        self.trunk = self.below(self.out, shoulder[0] + 0.02)
        self.front = self.both(self.above(self.ahead, shoulder[1] + 0.01), self.below(self.out, shoulder[0] - 0.02))
        below, base = np.hypot(1, cut.slope), cut.collar
        self.under_collar = self.do(self.less(base, self.plus(self.up, self.do(self.ahead, cut.slope))), 1 / below)
        # Over the shoulders cloth runs along the collar's plane, away from the neck.
        middle, radius = cut.neck
        round_neck = self.plus(self.do(self.side, 2.0, "POWER"), self.do(self.less(self.ahead, middle), 2.0, "POWER"))
        self.from_collar = self.do(self.under_collar, self.less(self.do(round_neck, 0.5, "POWER"), radius), "MAXIMUM")
        arm = cut.hand - shoulder
        length = float(np.linalg.norm(arm))
        along = 0.0
        for value, origin, way in zip((self.out, self.ahead, self.up), shoulder, arm / length, strict=True):
            along = self.plus(along, self.do(self.less(value, float(origin)), float(way)))
        self.from_cuff = self.plus(self.less(cut.sleeve * length, along), self.do(self.below(self.out, shoulder[0] + 0.02), 9.0))

    def less(self, a, b):
        return self.do(a, b, "SUBTRACT")

    def plus(self, a, b):
        return self.do(a, b, "ADD")

    def above(self, value, least, soft: float = 0.0015):
        """1 where a value exceeds another, else 0, over ``soft`` metres to each side."""
        return self.sheet.spread(self.less(value, least), -soft, soft)

    def below(self, value, most, soft: float = 0.0015):
        """1 where a value falls short of another, else 0."""
        return self.sheet.spread(self.less(value, most), -soft, soft, 1, 0)

    def near(self, distance, wide: float = _SEAM):
        """1 where a distance is nothing, 0 from ``wide`` metres to each side."""
        return self.sheet.spread(self.do(distance, 0.0, "ABSOLUTE"), 0.25 * wide, wide, 1, 0)

    def both(self, *fields):
        """Where all of some fields hold."""
        out = fields[0]
        for field in fields[1:]:
            out = self.do(out, field)
        return out

    def tint(self, where, left: float) -> None:
        """The colour times ``left`` in a place: a seam or an edge lies in its own shade."""
        self.colour = self.sheet.mix(where, self.colour, (left, left, left, 1), "MULTIPLY")

    def field(self, where, colour) -> None:
        """Another cloth in a place."""
        self.colour = self.sheet.mix(where, self.colour, (*colour, 1))

    def ribs(self, where, across) -> None:
        """A knitted band with ribs 12 mm apart, side by side along ``across``."""
        self.tint(where, 0.88)
        self.tint(self.do(where, self.sheet.spread(self.do(self.do(across, 2 * np.pi / 0.012), 0.0, "SINE"), -0.5, 1.0)), 0.85)

    def buttons(self, heights, colour) -> None:
        """Round buttons in the middle of the front."""
        for height in heights:
            off = self.do(
                self.plus(self.do(self.side, 2.0, "POWER"), self.do(self.less(self.up, height), 2.0, "POWER")), 0.5, "POWER"
            )
            where = self.both(self.below(off, _BUTTON), self.front)
            self.tint(self.both(self.near(self.less(off, _BUTTON), 0.004), self.front), 0.6)
            self.field(where, colour)

    def finish(self) -> None:
        """Give the cloth what was drawn."""
        self.sheet.set("Base Color", self.colour)


def _sleeves(d: _Drawing) -> None:
    """The seams at which sleeves are set in, over the shoulder and under the arm."""
    x, _, z = d.cut.shoulder
    d.tint(d.both(d.near(d.less(d.out, x - 0.012)), d.above(d.up, z - 0.13)), 0.75)


def _knitted(d: _Drawing, about: dict) -> None:
    """A jumper with ribbed bands, a T-shirt with narrow ones."""
    wide = _RIBS[about["cut"]]
    _sleeves(d)
    d.ribs(d.below(d.from_collar, wide), d.side)
    d.tint(d.near(d.less(d.from_collar, wide)), 0.72)
    hem = d.less(d.up, d.cut.hem)
    if about["cut"] == "jumper":
        d.ribs(d.both(d.below(hem, 1.6 * wide), d.trunk), d.side)
        d.ribs(d.below(d.from_cuff, 1.6 * wide), d.up)
    d.tint(d.both(d.near(d.less(hem, 1.6 * wide)), d.trunk), 0.75)
    d.tint(d.near(d.less(d.from_cuff, 1.6 * wide)), 0.75)


def _shirt(d: _Drawing, about: dict) -> None:
    """A collar with its points, a buttoned placket, a pocket, cuffs."""
    _sleeves(d)
    _points(d, _COLLAR)
    under = d.both(d.front, d.above(d.from_collar, 0.03))
    d.tint(d.both(d.near(d.less(d.side, _PLACKET)), under), 0.7)
    d.tint(d.both(d.near(d.plus(d.side, _PLACKET)), under), 0.8)
    d.tint(d.near(d.less(d.from_cuff, _CUFF)), 0.72)
    neck = d.cut.collar - 0.14
    d.buttons([neck - 0.09 * k for k in range(5)], [0.1 + 0.75 * c for c in about["colour"][:3]])
    box = d.do(d.do(d.do(d.less(d.side, -0.085), 0.0, "ABSOLUTE"), 0.052, "SUBTRACT"),
               d.do(d.do(d.less(d.up, neck - 0.16), 0.0, "ABSOLUTE"), 0.06, "SUBTRACT"), "MAXIMUM")  # fmt: skip
    d.tint(d.both(d.near(box, 0.004), d.front), 0.8)


def _points(d: _Drawing, deep: float) -> None:
    """The leaves of a collar: from the middle of the neck they fall to a point on each side, and round the neck behind."""
    edge = d.do(d.plus(d.do(d.out, 1.1), 0.008), d.less(1.35 * deep, d.do(d.out, 0.55)), "MINIMUM")
    d.tint(d.both(d.near(d.less(d.under_collar, edge)), d.above(d.from_collar, 0.0)), 0.55)


def _jacket(d: _Drawing, about: dict) -> None:
    """Lapels over what is worn below, two buttons, fronts that part below them, pockets, set-in sleeves."""
    _sleeves(d)
    top, low = d.cut.collar - 0.09, d.cut.collar - 0.09 - _DEEP
    share = d.do(d.less(d.up, low), 1 / _DEEP)
    # Half the width of what is open: to the button a V with a slight belly, below the buttons a gap that grows.
    open_above = d.do(d.do(d.do(share, 0.0, "MAXIMUM"), 0.8, "POWER"), _WIDE)
    open_below = d.do(d.do(d.less(low - 0.12, d.up), 0.0, "MAXIMUM"), 0.16)
    half = d.plus(open_above, open_below)
    lapel = d.plus(half, d.do(d.do(d.do(share, 3.2), 1.0, "MINIMUM"), _LAPEL))
    on_lapel = d.both(d.front, d.above(share, 0.0), d.below(d.out, lapel))
    d.tint(on_lapel, 0.88)
    d.tint(d.both(d.near(d.less(d.out, lapel), 0.007), d.front, d.above(share, 0.0)), 0.4)
    # The notch between collar and lapel.
    notch = d.less(d.up, d.plus(top - 0.075, d.do(d.out, 0.45)))
    d.tint(d.both(d.near(notch), on_lapel, d.above(d.out, d.less(lapel, 0.04))), 0.4)
    bright = float(np.dot(about["colour"][:3], (0.2722, 0.6741, 0.0537)))
    opening = d.both(d.front, d.below(d.out, half))
    d.field(opening, _DARK if bright > 0.2 else _LINEN)
    shirt = d.both(opening, d.above(share, 0.0))
    d.tint(d.both(d.near(d.side), shirt), 0.75)
    d.tint(d.both(d.near(d.less(d.from_collar, d.plus(d.do(d.out, 0.9), 0.012))), shirt), 0.6)
    # The edges lie over what is below and shade it.
    d.tint(d.both(d.near(d.less(d.out, half), 0.009), d.front, d.above(d.do(share, 0.0, "ABSOLUTE"), 0.001)), 0.35)
    closed = d.both(d.front, d.below(d.up, low), d.above(d.up, low - 0.13))
    d.tint(d.both(d.near(d.less(d.side, 0.014), 0.006), closed), 0.4)
    d.buttons((low - 0.012, low - 0.118), [0.25 * c + 0.006 for c in about["colour"][:3]])
    for height, left, right in ((low - 0.15, 0.075, 0.165), (low + 0.12, 0.085, 0.15)):
        mouth = d.both(d.near(d.less(d.up, height), 0.006), d.above(d.out, left), d.below(d.out, right), d.front)
        d.tint(mouth if height < low else d.both(mouth, d.below(d.side, 0.0)), 0.45)
    d.tint(d.near(d.less(d.from_cuff, 0.1), 0.004), 0.85)
