"""Conform: each event of a cut matched to its original by reel and timecode, or reported with the reason it was not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote

from answerprint.editorial.edl import reel_matches
from answerprint.editorial.events import Cut, Event
from answerprint.production import Timecode, frame_rate

Status = Literal["matched", "missing", "ambiguous", "out_of_range"]


@dataclass(frozen=True)
class MediaItem:
    """An original: its reel, its name, the timecode of its first frame and how many frames it has.

    ``digest`` and ``umid`` identify the file itself, where they are known.
    """

    reel: str
    name: str
    start: Timecode
    frames: int
    rate: Fraction | str
    path: Path
    digest: str = ""
    umid: str = ""


@dataclass(frozen=True)
class ConformedEvent:
    """An event with what was found for it. ``handle_in`` and ``handle_out`` are the handles the original really has."""

    event: Event
    status: Status
    item: MediaItem | None = None
    reason: str = ""
    handle_in: int = 0
    handle_out: int = 0

    @property
    def number(self) -> int:
        return self.event.number

    @property
    def source_in(self) -> Timecode:
        """The first source frame it needs in the medium's order, its retime included."""
        return replace(self.event.source_in, frame=source_span(self.event)[0])

    @property
    def source_out(self) -> Timecode:
        """The source frame after the last it needs."""
        return replace(self.event.source_in, frame=source_span(self.event)[1])

    @property
    def record_in(self) -> Timecode:
        return self.event.record_in

    @property
    def record_out(self) -> Timecode:
        return self.event.record_out

    @property
    def media(self) -> Path | None:
        return self.item.path if self.item else None

    def document(self) -> dict[str, Any]:
        """The event as the `conform` command prints it."""
        e = self.event
        return {
            "number": e.number,
            "reel": e.reel,
            "clip_name": e.clip_name,
            "source_in": str(self.source_in),
            "source_out": str(self.source_out),
            "record_in": str(e.record_in),
            "record_out": str(e.record_out),
            "speed": e.speed,
            "status": self.status,
            "media": str(self.media) if self.media else None,
            "reason": self.reason,
            "handles": [self.handle_in, self.handle_out],
            "reposition": vars(e.reposition) if e.reposition else None,
        }


@dataclass(frozen=True)
class ConformResult:
    """Every event of the cut, in order."""

    events: list[ConformedEvent]

    def document(self) -> dict[str, Any]:
        """``{"events", "matched", "missing"}``; missing counts every event that was not matched."""
        matched = sum(e.status == "matched" for e in self.events)
        return {"events": [e.document() for e in self.events], "matched": matched, "missing": len(self.events) - matched}


def conform(cut: Cut, media: Sequence[MediaItem], handles: int = 0) -> ConformResult:
    """Match every picture event but black. Nothing is guessed: an event with no reel, or with two originals that both fit, is reported.

    An event is matched by its file's UMID where both sides know it, else by reel and timecode, or by name where it has no reel.
    A digest that the event carries must be the original's, where that is known in the same form.
    """
    shown = [event for event in cut.events if event.frames and event.is_picture]
    return ConformResult([_match(event, media, cut.rate, handles, _tail(event, shown)) for event in shown if not event.is_black])


def _tail(event: Event, shown: list[Event]) -> int:
    """Source frames the event plays on while the next one is dissolved or wiped in over it."""
    for after in shown:
        if after.transition[:1] in ("D", "W") and after.track == event.track and after.record_in == event.record_out:
            return math.ceil(after.transition_frames * abs(event.speed))
    return 0


def source_span(event: Event) -> tuple[int, int]:
    """The source frames an event needs, half-open, its retime included."""
    first, length = event.source_in.frame, event.frames
    if event.speed == 1.0:
        return first, first + length
    span = max(1, math.ceil(round(length * abs(event.speed), 6)))
    if event.speed >= 0:
        return first, first + span
    # Backwards, lists name either the frame played first and then the lower end, or both ends in the medium's order.
    last = event.source_out.frame if event.source_out.frame > first else first + 1
    return last - span, last


def _match(event: Event, media: Sequence[MediaItem], rate: Fraction, handles: int, tail: int = 0) -> ConformedEvent:
    candidates, by = _candidates(event, media)
    if not by:
        return ConformedEvent(event, "missing", reason=f"the event names no reel (it says {event.reel or 'nothing'!r})")
    if not candidates:
        return ConformedEvent(event, "missing", reason=f"no original has {by}")
    if wrong := [m for m in candidates if frame_rate(m.rate) != rate]:
        candidates = [m for m in candidates if frame_rate(m.rate) == rate]
        if not candidates:
            return ConformedEvent(
                event,
                "missing",
                reason=f"{wrong[0].path.name} runs at {float(frame_rate(wrong[0].rate)):g}, the cut at {float(rate):g} frames per second",
            )
    first, last = source_span(event)
    if event.speed < 0:
        first -= tail
    else:
        last += tail
    fitting = [m for m in candidates if m.start.frame <= first and last <= m.start.frame + m.frames]
    if len(fitting) > 1 and event.clip_name:
        named = [m for m in fitting if event.clip_name in (m.name, m.path.name, m.path.stem)]
        fitting = named or fitting
    if event.digest and (others := [m for m in fitting if len(m.digest) == len(event.digest)]):
        fitting = [m for m in others if m.digest.lower() == event.digest.lower()]
        if not fitting:
            names = ", ".join(m.path.name for m in others)
            return ConformedEvent(
                event, "missing", reason=f"{by} and timecode fit {names}, which has another digest than the event"
            )
        by += ", digest"
    if len({m.digest or str(m.path) for m in fitting}) > 1:
        return ConformedEvent(
            event, "ambiguous", reason=f"{by} and timecode fit {len(fitting)} originals: {', '.join(m.path.name for m in fitting)}"
        )
    if not fitting:
        near = candidates[0]
        return ConformedEvent(
            event,
            "out_of_range",
            reason=f"{near.path.name} holds {near.start} to {near.start + near.frames}, the event needs "
            f"{replace(event.source_in, frame=max(0, first))} to {Timecode(last, rate, event.source_in.drop)}"
            + (" with its transition" if tail else ""),
        )
    item = fitting[0]
    return ConformedEvent(
        event,
        "matched",
        item,
        f"{by} and timecode",
        min(handles, first - item.start.frame),
        min(handles, item.start.frame + item.frames - last),
    )


def _candidates(event: Event, media: Sequence[MediaItem]) -> tuple[list[MediaItem], str]:
    """The originals an event may mean, and by what; no reason where it names nothing that could be looked for."""
    if event.umid and (same := [m for m in media if m.umid and m.umid.lower() == event.umid.lower()]):
        return same, f"file UMID {event.umid[-17:]}"
    if event.reel and event.reel.upper() != "AX":
        return [m for m in media if reel_matches(m.reel, event.reel)], f"reel {event.reel}"
    names = {name for name in (event.clip_name, event.source_file, PurePosixPath(unquote(event.media)).name) if name}
    named = [m for m in media if names & {m.name, m.path.name, m.path.stem}]
    return named, f"clip name {event.clip_name or event.source_file}" if named else ""
