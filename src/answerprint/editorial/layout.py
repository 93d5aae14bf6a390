"""Events laid out on tracks as timelines hold them: nothing overlaps, and what had to move or go is listed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from answerprint.editorial.channels import channels
from answerprint.editorial.edl import reel_matches
from answerprint.editorial.events import Cut, Event, Lost


@dataclass
class Lane:
    """One track: its name (``V``, ``V2``, ``A``...) and its events in record order."""

    name: str
    events: list[Event] = field(default_factory=list)

    @property
    def is_picture(self) -> bool:
        return self.name.startswith("V")

    @property
    def end(self) -> int:
        """The record frame after the last event."""
        return self.events[-1].record_out.frame if self.events else -(1 << 60)


@dataclass
class Layout:
    """All tracks, picture first, and what laying them out lost."""

    lanes: list[Lane]
    lost: list[Lost]


def arrange(cut: Cut) -> Layout:
    """Lay a cut's events on tracks. An event for picture and sound stands on each of its tracks.

    Two events that overlap on one track (a key over its background) find room on a track above.
    The first of a transition's two lines has no length and stands on no track; it is listed where it said more than the timeline does.
    """
    lanes: dict[str, Lane] = {}
    lost: list[Lost] = []
    for event in sorted(cut.events, key=lambda e: e.record_in.frame):
        if not event.frames:
            continue
        tracks = channels(event.track, event.lines)
        if not tracks:
            lost.append(Lost("event on no track", f"event {event.number}"))
        for name in tracks:
            free = _free_lane(lanes, name, event)
            if free.name != name:
                what = "key over its background" if event.transition[:1] == "K" else "overlap of two events on one track"
                lost.append(Lost(f"{what} (moved to track {free.name})", f"event {event.number}"))
            free.events.append(event)
    lost += _unsaid_outgoing(cut.events)
    return Layout(sorted(lanes.values(), key=lambda lane: (not lane.is_picture, int(lane.name[1:] or 1))), lost)


def _free_lane(lanes: dict[str, Lane], name: str, event: Event) -> Lane:
    kind, number = name[0], int(name[1:] or 1)
    while True:
        label = kind if number == 1 else f"{kind}{number}"
        lane = lanes.setdefault(label, Lane(label))
        if lane.end <= event.record_in.frame:
            return lane
        number += 1


def _unsaid_outgoing(events: list[Event]) -> list[Lost]:
    """Transitions' first lines that name another source than the event before them ends in."""
    lost, before = [], dict[str, Event]()
    for event, after in zip(events, [*events[1:], None], strict=True):
        if event.frames:
            before[event.track] = event
            continue
        near = before.get(event.track)
        if after is None or after.number != event.number:
            lost.append(Lost("event of no length", f"event {event.number}"))
        elif near is None or near.record_out.frame != event.record_in.frame:
            if not event.is_black:
                lost.append(Lost("the source a transition leaves is not the clip before it", f"event {event.number}"))
        elif not reel_matches(near.reel, event.reel) or (near.speed > 0 and near.source_out.frame != event.source_in.frame):
            lost.append(Lost("the source a transition leaves is not the clip before it", f"event {event.number}"))
    return lost


def trimmed(event: Event, head: int, tail: int) -> Event:
    """The event without its first ``head`` and last ``tail`` record frames; a transition loses the frames cut from its head."""
    step = event.speed
    first, last = event.source_in, event.source_out
    if step >= 0:
        first, last = first + math.floor(round(head * step, 6)), last - math.floor(round(tail * step, 6))
    elif last.frame > first.frame:  # backwards, ends named in the medium's order
        first, last = first + math.floor(round(-tail * step, 6)), last - math.floor(round(-head * step, 6))
    else:
        first, last = first - math.floor(round(-head * step, 6)), last + math.floor(round(-tail * step, 6))
    length = max(0, event.transition_frames - head)
    return replace(
        event,
        record_in=event.record_in + head,
        record_out=event.record_out - tail,
        source_in=first,
        source_out=last,
        transition=event.transition if length or not head else "C",
        transition_frames=length if head else event.transition_frames,
    )


def unnested(events: Iterable[Event], first: int, frames: int, at: int, track: str) -> tuple[list[Event], list[Lost]]:
    """The events of a nested sequence as they stand in the cut that holds it.

    ``first`` and ``frames`` are the part of the nested sequence that is shown, in its own record frames; ``at`` is the record frame
    where it begins; ``track`` the track it lies on, its own upper tracks going above.
    """
    base, placed, lost = int(track[1:] or 1) - 1, [], list[Lost]()
    for event in events:
        head, tail = max(0, first - event.record_in.frame), max(0, event.record_out.frame - first - frames)
        tracks = [name for name in channels(event.track, event.lines) if name[0] == track[:1]]
        if head + tail >= event.frames or not tracks:
            continue
        if 0 < head < event.transition_frames:
            lost.append(Lost("part of a transition at the edge of a nested sequence", event.clip_name or f"event {event.number}"))
        part, number = trimmed(event, head, tail), int(tracks[0][1:] or 1) + base
        move = at - first
        placed.append(
            replace(
                part,
                record_in=part.record_in + move,
                record_out=part.record_out + move,
                track=track[0] if number == 1 else f"{track[0]}{number}",
                markers=tuple(replace(m, at=m.at + move) for m in part.markers if first <= m.at.frame < first + frames),
            )
        )
    return placed, lost


def crossed(before: Event | None, event: Event, lead: int, frames: int, code: str) -> tuple[Event | None, Event]:
    """The outgoing and incoming event with a transition of ``frames`` that begins ``lead`` frames before the cut between them.

    The cut moves to where the transition begins, as a CMX3600 list counts it; no frame that is shown changes.
    """
    if lead > 0:
        event = replace(trimmed(event, -lead, 0), transition=event.transition, transition_frames=event.transition_frames)
        if before is not None:
            before = replace(
                trimmed(before, 0, lead), transition_frames=min(before.transition_frames, max(0, before.frames - lead))
            )
    name = before.clip_name if before is not None and not event.outgoing_name else event.outgoing_name
    return before, replace(event, transition=code, transition_frames=frames, outgoing_name=name)
