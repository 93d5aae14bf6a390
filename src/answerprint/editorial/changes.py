"""The change list between two cuts: what to pull again, which approvals survive, what only moved, what is new and what is gone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from answerprint.editorial.conform import source_span
from answerprint.editorial.edl import reel_matches
from answerprint.editorial.events import Cut, Event

Kind = Literal["same", "moved", "shortened", "extended", "changed", "new", "removed"]
BEYOND = "beyond the handles"


@dataclass(frozen=True)
class Change:
    """What became of one event.

    ``head`` and ``tail`` are source frames it shows that the old cut did not, before and after the old ones. ``pull`` is true where they
    lie beyond the handles that were pulled; ``approved`` where every frame is shown as it was approved.
    """

    kind: Kind
    before: Event | None
    after: Event | None
    pull: bool
    approved: bool
    head: int = 0
    tail: int = 0
    why: str = ""

    def document(self) -> dict[str, Any]:
        """The change as the `conform` command prints it."""
        event = self.after or self.before
        assert event is not None
        return {
            "kind": self.kind,
            "number": self.after.number if self.after else None,
            "before": self.before.number if self.before else None,
            "reel": event.reel,
            "clip_name": event.clip_name,
            "record_in": str(event.record_in),
            "pull": self.pull,
            "approval_survives": self.approved,
            "head": self.head,
            "tail": self.tail,
            "why": self.why,
        }


@dataclass(frozen=True)
class ChangeList:
    """Every event of the new cut in its order, then the events that are gone."""

    changes: list[Change]

    @property
    def to_pull(self) -> list[Event]:
        """The new cut's events that need frames nobody pulled for the old one."""
        return [c.after for c in self.changes if c.pull and c.after is not None]

    def document(self) -> dict[str, Any]:
        """``{"changes", "counts", "pull", "approvals_lapsed"}``; the last two are event numbers of the new cut."""
        return {
            "changes": [c.document() for c in self.changes],
            "counts": dict(Counter(c.kind for c in self.changes)),
            "pull": [c.after.number for c in self.changes if c.pull and c.after],
            "approvals_lapsed": [c.after.number for c in self.changes if c.after and not c.approved and c.kind != "new"],
        }


def changes(old: Cut, new: Cut, handles: int = 0) -> ChangeList:
    """Compare two cuts picture event by picture event. ``handles`` are the frames that were pulled on either side of each old event.

    An event answers to the old event of the same original whose frames it shares most of, or else lies nearest to; one old event may
    have become several.
    """
    before, after = _shown(old), _shown(new)
    tails_old, tails_new = _tails(before), _tails(after)
    found, answered = list[Change](), set[int]()
    for place, event in enumerate(after):
        at = _ancestor(event, before, answered)
        if at is None:
            found.append(Change("new", None, event, True, False, why="the old cut does not use this original here"))
            continue
        answered.add(at)
        found.append(_compare(before[at], event, tails_old[at], tails_new[place], handles))
    gone = [event for at, event in enumerate(before) if at not in answered]
    found += [Change("removed", event, None, False, False, why="the new cut does not use it") for event in gone]
    return ChangeList(found)


def _shown(cut: Cut) -> list[Event]:
    return [event for event in cut.events if event.frames and event.is_picture and not event.is_black]


def _tails(events: Sequence[Event]) -> list[int]:
    """Source frames each event plays on under the transition that leaves it."""
    into = {(e.track, e.record_in.frame): e.transition_frames for e in events if e.transition[:1] in ("D", "W")}
    return [math.ceil(into.get((e.track, e.record_out.frame), 0) * abs(e.speed)) for e in events]


def _same_original(one: Event, other: Event) -> bool:
    if one.digest and other.digest and len(one.digest) == len(other.digest):
        return one.digest == other.digest
    if one.umid and other.umid:
        return one.umid == other.umid
    if one.reel and other.reel and one.reel.upper() != "AX":
        return reel_matches(one.reel, other.reel)
    return bool(one.clip_name or one.source_file) and (one.clip_name, one.source_file) == (other.clip_name, other.source_file)


def _ancestor(event: Event, before: Sequence[Event], answered: set[int]) -> int | None:
    first, last = source_span(event)

    def likeness(at: int) -> tuple[int, bool, int]:
        a, b = source_span(before[at])
        shared = min(last, b) - max(first, a)
        return max(shared, 0), at not in answered, -abs(before[at].record_in.frame - event.record_in.frame)

    near = [at for at, old in enumerate(before) if _same_original(old, event)]
    near = [at for at in near if likeness(at)[0] or at not in answered]
    best = max(near, key=likeness, default=None)
    if best is None:
        return None
    a, b = source_span(before[best])
    return best if likeness(best)[0] or min(abs(first - b), abs(a - last)) <= max(b - a, last - first) else None


def _compare(old: Event, new: Event, tail_old: int, tail_new: int, handles: int) -> Change:
    a, b = _needed(old, tail_old)
    first, last = _needed(new, tail_new)
    head, tail = max(0, a - first), max(0, last - b)
    pull = head > handles or tail > handles
    differs = [
        what
        for what, one, other in (
            ("speed", old.speed, new.speed),
            ("grade", old.cdl, new.cdl),
            ("reposition", old.reposition, new.reposition),
            ("transition", (old.transition, old.transition_frames), (new.transition, new.transition_frames)),
        )
        if one != other
    ]
    same_frames = (a, b) == (first, last)
    moved = old.record_in.frame != new.record_in.frame
    said = [f"{what} differs" for what in differs]
    if head or tail:
        said.append(f"{head} frames more before, {tail} after: " + (BEYOND if pull else f"inside the handles of {handles}"))
    kind: Kind = (
        "changed" if differs else "extended" if head or tail else "shortened" if not same_frames else "moved" if moved else "same"
    )
    if kind == "shortened":
        said.append("every frame it shows was approved")
    elif kind == "moved":
        said.append(f"from {old.record_in}")
    return Change(kind, old, new, pull, not differs and not head and not tail, head, tail, "; ".join(said))


def _needed(event: Event, tail: int) -> tuple[int, int]:
    first, last = source_span(event)
    return (first - tail, last) if event.speed < 0 else (first, last + tail)
