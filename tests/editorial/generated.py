"""Cuts made from a seed, with everything an edit can hold, so that a format's round trip is tried on what nobody thought of."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from answerprint.editorial.events import AscCdl, Cut, Event, Marker, Reposition
from answerprint.production import Timecode

RATES = [Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)]
_COLOURS = ["RED", "GREEN", "BLUE", "CYAN", "YELLOW", "PURPLE", "WHITE"]


def generated_cut(seed: int, count: int = 500, plain: bool = False) -> Cut:
    """``count`` events with gaps, dissolves, grades, markers and comments; unless ``plain`` also retimes, freezes, wipes and repositions."""
    rng = random.Random(seed)
    rate = rng.choice(RATES)
    drop = rate == Fraction(30000, 1001) and rng.random() < 0.5
    reels = [f"{rng.choice('ABC')}{n:03d}C{rng.randrange(1, 40):03d}" + rng.choice(["", "_241103_R1AB"]) for n in range(20)]
    held = 20_000

    def tc(frame: int) -> Timecode:
        return Timecode(frame, rate, drop)

    at = tc(0).nominal * 3600
    events: list[Event] = []
    for number in range(1, count + 1):
        frames, reel = rng.randrange(12, 240), rng.randrange(len(reels))
        if rng.random() < 0.05:
            at += rng.randrange(1, 100)
        speed = 1.0 if plain or rng.random() < 0.8 else rng.choice([2.0, 0.5, -1.0, 0.0, 1.25, -0.75, 47.56 / tc(0).nominal])
        start = tc(0).nominal * 3600 + reel * 100_000
        span = max(1, -int(-(frames * abs(speed)) // 1))
        first = start + rng.randrange(300, held - span - 600)
        near = bool(events) and events[-1].record_out.frame == at
        code = rng.choice(["D", "D", "W001" if not plain else "D"]) if near and rng.random() < 0.15 else "C"
        name = f"{rng.randrange(1, 120)}{rng.choice('ABC')}-{rng.randrange(1, 9)}"
        events.append(
            Event(
                number, reels[reel], tc(first), tc(first + span), tc(at), tc(at + frames),
                track=rng.choice(["V", "V", "V", "B", "AA/V"]),
                transition=code,
                transition_frames=rng.randrange(2, 12) if code != "C" else 0,
                speed=speed,
                clip_name=name,
                source_file=f"{reels[reel]}.mov",
                cdl=_grade(rng) if rng.random() < 0.5 else None,
                comments=tuple(f"note {rng.randrange(1000)}" for _ in range(rng.choice([0, 0, 1, 2]))),
                outgoing_name=events[-1].clip_name if code != "C" else "",
                markers=tuple(
                    Marker(tc(at + rng.randrange(frames)), f"look {rng.randrange(99)}", rng.choice(_COLOURS))
                    for _ in range(rng.choice([0, 0, 0, 1]))
                ),
                reposition=Reposition(1.5, 1.5, 0.25, -0.125, 2.0) if not plain and rng.random() < 0.05 else None,
                media=f"/media/{reels[reel]}.mov",
                media_start=tc(start),
                media_frames=held,
            )
        )  # fmt: skip
        at += frames
    return Cut(f"Generated {seed}", rate, events, drop)


def _grade(rng: random.Random) -> AscCdl:
    def three(low: float, high: float) -> tuple[float, float, float]:
        return (round(rng.uniform(low, high), 6), round(rng.uniform(low, high), 4), round(rng.uniform(low, high), 8))

    return AscCdl(three(0.5, 2), three(-0.2, 0.2), three(0.5, 2), round(rng.uniform(0, 2), 4))


def said(events: Iterable[Event], *names: str) -> list[tuple[Any, ...]]:
    """What events of some length say in the named fields, in record order."""
    shown = sorted((e for e in events if e.frames), key=lambda e: e.record_in.frame)
    return [tuple(getattr(e, name) for name in names) for e in shown]


def same(one: list[Any], other: list[Any]) -> str:
    """Empty where two lists are equal, else their first difference: whole cuts are too long to print."""
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} long"
    return next((f"{a}\nis not\n{b}" for a, b in zip(one, other, strict=True) if a != b), "")
