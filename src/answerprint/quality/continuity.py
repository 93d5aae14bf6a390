"""Continuity of a cut: what changed between two shots that the audience is to take for one moment.

Each finding carries its size over what is tolerated (``strength``), what it was measured on, and a job that would mend it. No job is
ever run by it: a change may be meant. What cannot be compared is said, not guessed. docs/continuity.md explains each kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from answerprint.quality.continuity_colour import Person, changed_thing, matched, people_on
from answerprint.quality.continuity_light import LightChange, light_change
from answerprint.quality.continuity_place import (
    LEAST_DEGREES,
    LEAST_SIZE,
    Station,
    action_between,
    change_of_angle,
    crosses_line,
    looks_for,
)
from answerprint.quality.continuity_side import Side, width_for
from answerprint.quality.continuity_texture import grain_change, sharpness_change
from answerprint.quality.continuity_view import Shared, at_one_scale, registration, shared
from answerprint.quality.finding import Severity

__all__ = ["Comparison", "CutFinding", "Side", "compare_cut"]

TOLERANCE = {
    "exposure": 0.25,
    "colour-temperature": 13.0,
    "black-level": 0.006,
    "grain": 0.55,
    "sharpness": 0.2,
    "key-direction": 0.35,
    "lens": 0.3,
    "screen-direction": 1.0,
    "jump": 1.0,
    "line": 1.0,
    "eyeline": 1.0,
    "colour": 11.0,
}
"""What is taken for the same, in each kind's unit: stop, mired, linear light, stops of amplitude, stops of radius, stop, stop, -, -, -, -,
CIEDE2000. Chosen on the tuning half of benchmarks/continuity.json."""
UNITS = {
    "exposure": "stop", "colour-temperature": "mired", "black-level": "linear light", "grain": "stop", "sharpness": "stop",
    "key-direction": "stop", "lens": "stop", "screen-direction": "", "jump": "degree", "line": "degree", "eyeline": "", "colour": "CIEDE2000",
}  # fmt: skip
GRAVE = 2.0
"""Times the tolerance from which a finding is a fault that holds a delivery, not a remark."""
_AGREE = 0.1
"""Stops of scatter between patches below which they are surely the same surfaces."""
_NEVER_GRAVE = frozenset({"jump", "screen-direction", "eyeline", "sharpness", "grain", "lens"})
"""Often meant, or an artist's choice of lens and stock: remarked upon, never a fault."""


@dataclass(frozen=True)
class CutFinding:
    """One thing that does not hold over a cut. ``figure`` is in ``unit``; ``proposal`` is a pass with settings for the incoming shot."""

    kind: str
    figure: float
    strength: float
    message: str
    seen_on: str
    proposal: dict[str, Any] | None = None

    @property
    def severity(self) -> Severity:
        """``fail`` from `GRAVE` times the tolerance for what nobody means, else ``warn``."""
        return "fail" if self.strength >= GRAVE and self.kind not in _NEVER_GRAVE else "warn"

    def document(self) -> dict[str, Any]:
        """As the pass keeps it."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "figure": round(self.figure, 4),
            "unit": UNITS[self.kind],
            "strength": round(self.strength, 2),
            "message": self.message,
            "seen_on": self.seen_on,
            "proposal": self.proposal,
        }


@dataclass
class Comparison:
    """What was found at a cut, gravest first, what each kind was compared on with its figure and strength, and what could not be and why."""

    findings: list[CutFinding] = field(default_factory=list)
    compared: dict[str, str] = field(default_factory=dict)
    figures: dict[str, tuple[float, float]] = field(default_factory=dict)
    not_compared: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, figure: float, message: str, seen_on: str, proposal: dict[str, Any] | None = None, strength: float | None = None) -> None:  # fmt: skip
        """Note that ``kind`` was compared, and keep it as a finding where it passes its tolerance."""
        self.compared[kind] = seen_on
        size = abs(figure) / TOLERANCE[kind] if strength is None else strength
        if size >= self.figures.get(kind, (0.0, -1.0))[1]:
            self.figures[kind] = (figure, size)
        if size > 1.0:
            self.findings.append(CutFinding(kind, figure, size, message, seen_on, proposal))


def compare_cut(
    first: Side, second: Side, stations: tuple[Station, Station] | None = None, blocking: dict[str, np.ndarray] | None = None
) -> Comparison:
    """Compare the last frames of one shot with the first of the next.

    ``stations`` are both cameras where their poses are known, ``blocking`` where people stand (name to (3,) m in the same frame).
    """
    width = width_for(first, second)
    one, other = first.at(width), second.at(width)
    found = Comparison()
    view = shared(one.mean, other.mean)
    mirrored = _mirrored(one, other, view)
    if mirrored is not None:
        found.add("screen-direction", 1.0, "the incoming picture is the outgoing set mirrored: left and right are swapped", f"{mirrored} features", None, 2.0)  # fmt: skip
        other = Side([np.ascontiguousarray(f[:, ::-1]) for f in other.frames], other.name, other.facts)
        view = shared(one.mean, other.mean)
    change = None if view is None else light_change(view, one.mean)
    _light(found, view, change)
    _texture(found, one, other, view, 0.0 if change is None else change.exposure)
    people = (people_on(one), people_on(other))
    gain = np.ones(3) if view is None else np.median(view.second / np.maximum(view.first, 1e-5), axis=0)
    _colour(found, one, view, gain, people)
    if mirrored is None:
        _direction(found, one, other, view, people, gain)
    _angles(found, one, other, view, stations, blocking or {}, people)
    found.findings.sort(key=lambda f: (-f.strength, f.kind))
    return found


def _mirrored(first: Side, second: Side, view: Shared | None) -> int | None:
    """How many features agree once the second side is mirrored, where that is many more than as it stands, or it has no view as it stands."""
    if view is not None and view.inliers >= 60:
        return None
    turned = np.ascontiguousarray(second.mean[:, ::-1])
    if view is None:
        seen = shared(first.mean, turned)
        return None if seen is None else seen.inliers
    flipped = registration(turned, first.mean)
    return flipped[1] if flipped is not None and flipped[1] >= 20 and flipped[1] > 2.5 * view.inliers else None


def _light(found: Comparison, view: Shared | None, change: LightChange | None) -> None:
    kinds = ("exposure", "colour-temperature", "key-direction", "lens", "black-level")
    if view is None or change is None:
        found.not_compared |= dict.fromkeys(kinds, "the two sides share too little of the set")
        return
    on = f"{change.patches} shared patches"
    lens = change.falloff
    found.add("exposure", change.exposure, f"{abs(change.exposure):.2f} stop {'brighter' if change.exposure > 0 else 'darker'}", on,
              _job("relight", exposure=round(-change.exposure, 3)))  # fmt: skip
    warm = change.mired
    found.add("colour-temperature", warm, f"{abs(warm):.0f} mired {'warmer' if warm > 0 else 'cooler'}", on,
              _job("relight", cct=_kelvin(-warm), cct_from=6500.0), max(abs(warm) / TOLERANCE["colour-temperature"], abs(change.duv) / 0.012))  # fmt: skip
    tilt = float(np.hypot(*change.gradient))
    way = ("right" if change.gradient[0] > 0 else "left") if abs(change.gradient[0]) > abs(change.gradient[1]) else (
        "below" if change.gradient[1] > 0 else "above")  # fmt: skip
    # What is left of the light's pattern speaks of lamps only where the patches themselves agree; parallax makes them differ.
    pattern = max(tilt, change.pattern if change.spread < _AGREE else 0.0)
    found.add("key-direction", pattern, f"more light from {way}: {tilt:.2f} stop from the middle to the edge", on, _job("relight"))
    found.add("lens", lens, f"the corners are {abs(lens):.2f} stop {'darker' if lens > 0 else 'brighter'}", on, None)
    found.add("black-level", change.black, f"black lies {change.black:+.4f} of linear light off", on, _job("grade"))


def _kelvin(mired: float) -> float:
    return float(np.clip(round(1e6 / (1e6 / 6500 + mired)), 1000, 25000))


def _job(name: str, **settings: Any) -> dict[str, Any]:
    return {"pass": name, "settings": settings}


def _texture(found: Comparison, first: Side, second: Side, view: Shared | None, exposure: float) -> None:
    grain = grain_change(first, second, exposure)
    if grain is None:
        found.not_compared["grain"] = "there are not two neighbouring frames with parts of one brightness, or one side has no grain"
    else:
        # A picture that was lifted or taken down brought its grain along, by half in the root of light: told as exposure. So did a
        # blow-up, by about half of how much closer it is framed.
        stops = _beyond(grain.stops, 0.5 * exposure)
        stops = _beyond(stops, 0.5 * float(np.log2(view.scale)) if view is not None else 0.0)
        job = _job("denoise") if stops > 0 else _job("regrain")
        found.add("grain", stops, f"{2 ** abs(stops):.1f} times {'more' if stops > 0 else 'less'} grain", "quiet blocks of one brightness",
                  job, replace(grain, stops=stops).strength(TOLERANCE["grain"]))  # fmt: skip
    edges = None if view is None else sharpness_change(*at_one_scale(view, first.mean, second.mean))
    if edges is None:
        found.not_compared["sharpness"] = "too few edges of the same set on both sides"
        return
    message = f"edges are {2 ** abs(edges.stops):.1f} times {'softer' if edges.stops > 0 else 'crisper'}"
    seen_on = "the sharpest edges of what both show, place by place at one size"
    found.add("sharpness", edges.stops, message, seen_on, None, edges.strength(TOLERANCE["sharpness"]))


def _beyond(change: float, brought: float) -> float:
    """What is left of a change besides as much of it as another cause may have brought along."""
    return change - float(np.copysign(min(abs(brought), abs(change)), brought)) if change * brought > 0 else change


def _colour(
    found: Comparison, first: Side, view: Shared | None, gain: np.ndarray, people: tuple[list[Person], list[Person]]
) -> None:
    pairs = matched(*people, gain, view) if len(people[0]) == len(people[1]) >= 1 else []
    worn = [(a, b, d) for a, b, d in pairs if min(a.pixels, b.pixels) > 60]
    told = False
    if len(worn) >= 2 and worn[-1][2] > TOLERANCE["colour"] > worn[0][2]:
        who, _, difference = worn[-1]
        side = "left" if who.head[0] < 0.5 else "right"
        found.add("colour", difference, f"the person on the {side} wears another colour (CIEDE2000 {difference:.0f})", "trunks of people", _job("matte", subject="everyone"))  # fmt: skip
        told = True
    if view is None:
        if not worn:
            found.not_compared["colour"] = "neither a shared set nor the same people are seen"
        return
    found.compared.setdefault("colour", f"{view.overlap:.0%} of the picture")
    thing = None if told else changed_thing(view, first.mean, gain)
    if thing is not None:
        where = f"{thing.place[0]:.0%} across, {thing.place[1]:.0%} down"
        found.add("colour", thing.difference, f"something of {thing.share:.1%} of the picture changed colour ({where}), CIEDE2000 {thing.difference:.0f}", f"{view.overlap:.0%} of the picture", _job("matte", subject="everyone"))  # fmt: skip


def _direction(
    found: Comparison, first: Side, second: Side, view: Shared | None, people: tuple[list[Person], list[Person]], gain: np.ndarray
) -> None:
    pairs = [p for p in matched(*people, gain) if p[2] < TOLERANCE["colour"]]
    if len(pairs) >= 2:
        (a1, b1, _), (a2, b2, _) = pairs[:2]
        apart = [(x.head[0] - y.head[0]) for x, y in ((a1, a2), (b1, b2))]
        unlike = all(abs(v) > 0.08 for v in apart) and _differ(a1, a2)
        swapped = unlike and apart[0] * apart[1] < 0
        found.add("line", 180.0 if swapped else 0.0, "two people changed sides: the line of action is crossed", "people by what they wear", None, 3.0 if swapped else 0.0)  # fmt: skip
    ways = first.travel, second.travel
    if ways[0] is not None and ways[1] is not None:
        against = ways[0] * ways[1] < 0
        found.add("screen-direction", ways[1], f"what moved {_way(ways[0])} moves {_way(ways[1])}", "movement against the set", None, 1.5 if against else 0.0)  # fmt: skip


def _differ(a: Person, b: Person) -> bool:
    return matched([a], [b], np.ones(3))[0][2] > 1.5 * TOLERANCE["colour"]


def _way(travel: float) -> str:
    return "right" if travel > 0 else "left"


def _angles(
    found: Comparison, first: Side, second: Side, view: Shared | None, stations: tuple[Station, Station] | None,
    blocking: dict[str, np.ndarray], people: tuple[list[Person], list[Person]],
) -> None:  # fmt: skip
    if stations is not None:
        degrees, size = change_of_angle(*stations, action_between(*stations, blocking))
        near = degrees < LEAST_DEGREES and max(size, 1 / size) < LEAST_SIZE
        message = f"the camera moves by {degrees:.0f} degrees and the size by {max(size, 1 / size):.2f}: it looks like a jump"
        found.add("jump", degrees, message, "camera poses", None, 1.0 + (LEAST_DEGREES - degrees) / LEAST_DEGREES if near else 0.0)
        _line(found, stations, blocking, people[1])
        return
    if view is None:
        found.not_compared["jump"] = "no camera poses, and no shared view"
        return
    size = max(view.scale, 1 / view.scale)
    near = size < LEAST_SIZE and view.aside < 0.2
    found.add("jump", 0.0, f"the framing hardly changes (size {size:.2f}, {view.aside:.0%} of the width aside): it looks like a jump", "shared view", None, 1.6 if near else 0.0)  # fmt: skip


def _line(found: Comparison, stations: tuple[Station, Station], blocking: dict[str, np.ndarray], seen: list[Person]) -> None:
    names = sorted(blocking)
    if len(names) < 2:
        found.not_compared["line"] = "it is not known where two people stand"
        return
    one, other = blocking[names[0]], blocking[names[1]]
    beyond = crosses_line(*stations, one, other)
    found.add("line", beyond or 0.0, f"the camera crossed the line between {names[0]} and {names[1]} by {beyond or 0:.0f} degrees", "camera poses and blocking", None, 3.0 if beyond else 0.0)  # fmt: skip
    shown = [n for n in names[:2] if stations[1].shows(blocking[n])]
    if len(shown) == 1 and len(seen) == 1:
        partner = names[1] if shown[0] == names[0] else names[0]
        wanted = looks_for(stations[1], blocking[partner])
        wrong = wanted != 0 and abs(seen[0].looks) > 0.25 and np.sign(seen[0].looks) != wanted
        found.add("eyeline", seen[0].looks, f"{shown[0]} looks {_way(seen[0].looks)}, {partner} stands to the {_way(wanted)}", "pose and blocking", None, 1.5 if wrong else 0.0)  # fmt: skip
