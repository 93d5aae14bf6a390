"""A new cut in a production that is being worked on: each event finds the shot it was, and approvals hold where every frame was seen.

A shot keeps its name and its versions however often it moves in the cut. Where the new cut shows a frame nobody approved, or shows the
frames otherwise, the approval lapses; where it needs frames beyond those that were worked on, the shot grows and has to be made again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.editorial.changes import BEYOND, Change, changes
from answerprint.editorial.conform import ConformedEvent
from answerprint.editorial.events import Cut, Event
from answerprint.passes.new_angles import free_shot, is_new_angle, share_version
from answerprint.production import FrameRange, Timecode
from answerprint.production.tables import Clip, Shot, Version

STEP = 10
"""Shots are numbered in tens, so that what a later cut puts between them finds a number."""


@dataclass
class Recut:
    """What became of a shot in a new cut. ``lapsed`` are its versions whose approval no longer holds."""

    shot: str
    kind: str
    event: int | None
    before: int | None
    pull: bool
    why: str
    lapsed: list[int]
    approval: str = ""
    """survives, lapsed, or empty where there was none"""
    made: bool = False
    """a generated angle: what it lacks is made, not pulled"""

    def document(self) -> dict[str, Any]:
        """The change as the report and the `ingest` command have it."""
        return {name: value for name, value in vars(self).items() if name != "lapsed"} | {"said": self.line()}

    def line(self) -> str:
        """The change in words."""
        place = f"event {self.event}" if self.event else f"was event {self.before}"
        told = [
            f"{self.shot}: {self.kind}, {place}",
            (("make again" if self.made else "to pull" if self.kind == "new" else "pull again") if self.pull else ""),
            f"approval {self.approval}" if self.approval else "",
        ]
        return ", ".join(part for part in told if part) + (f" ({self.why})" if self.why else "")


def follow(
    session: Session, old: Cut | None, shots: Sequence[Shot], new: Cut, found: Sequence[tuple[ConformedEvent, Clip]], handles: int,
    lacking: dict[int, str] | None = None,
) -> tuple[dict[int, Shot], list[Recut]]:  # fmt: skip
    """Give each matched event of ``new`` its shot: the one it was in ``old``, or a new one. Returns the shots by event, and what changed.

    ``old`` None (the old cut's file is gone) compares frames alone. Shots no event asks for leave the cut and keep their versions.
    ``lacking`` says of events that found no original why: their shots move along and wait.
    """
    before = _by_digest(old, {shot.event or 0: shot.clip.asset.sha256 for shot in shots}) if old else _as_remembered(new, shots)
    after = _by_digest(new, {event.number: clip.asset.sha256 for event, clip in found})
    listed = changes(before, after, handles).changes
    were = {shot.event: shot for shot in shots}
    keeps = _keepers(listed, were)
    names = {name for (name,) in session.query(Shot.name)}
    matched = {event.number: (event, clip) for event, clip in found}
    placed = {number: _number(were[old_number].name) for number, old_number in keeps.items()}
    held: dict[int, Shot] = {}
    told: list[Recut] = []
    for change in listed:
        if change.after is None:
            continue
        if change.after.number not in matched:
            if change.after.number in keeps:
                told.append(_waits(were[keeps[change.after.number]], change, (lacking or {}).get(change.after.number, "")))
            continue
        event, clip = matched[change.after.number]
        used = frames_of(event, clip)
        shot = were[keeps[event.number]] if event.number in keeps else None
        if shot is None and (back := _left_out_before(session, clip, used, held)) is not None:
            shot = back
            told.append(_back_again(shot, event.number, used, handles))
        elif shot is None and (own := free_shot(session, clip)) is not None:
            shot = own
            told.append(_taken_up(shot, event.number, used, handles))
        elif shot is None:
            shot = _new_shot(event, clip, used, handles, _free_name(clip, event.number, placed, names))
            shot.clip = clip
            session.add(shot)
            share_version(session, shot)
            names.add(shot.name)
            placed[event.number] = _number(shot.name)
            pull = not is_new_angle(clip)
            told.append(Recut(shot.name, "new", event.number, None, pull, _split_from(change, were), [], made=not pull))
        else:
            told.append(_placed(shot, change.kind, event.number, used, handles, change.approved, change.why))
        held[event.number] = shot
    for number, shot in were.items():
        if number not in keeps.values():
            told.append(Recut(shot.name, "removed", None, shot.event, False, "the new cut does not use it", []))
            shot.event = None
            shot.details = {**(shot.details or {}), "omitted": True}
    return held, sorted(told, key=lambda one: (one.event is None, one.event or one.before or 0))


def frames_of(event: ConformedEvent, clip: Clip) -> FrameRange:
    """The frames of the clip that an event needs, half-open."""
    start = Timecode.parse(clip.start_timecode, clip.rate).frame
    return FrameRange(event.source_in.frame - start, event.source_out.frame - start)


def holds_the_cut(version: Version) -> bool:
    """Whether a version has every frame that the cut shows of its shot. One whose frames were made anew has none."""
    if version.figures.get("replaced"):
        return False
    first, last = version.figures.get("span", (version.shot.start, version.shot.end))
    return bool(first <= version.shot.cut_in and version.shot.cut_out <= last)


def _keepers(listed: Sequence[Change], were: dict[int | None, Shot]) -> dict[int, int]:
    """New event number: old event number. Of several events that came from one, the longest keeps the shot."""
    best: dict[int, Event] = {}
    for change in listed:
        if change.before is not None and change.after is not None and change.before.number in were:
            rival = best.get(change.before.number)
            if rival is None or change.after.frames > rival.frames:
                best[change.before.number] = change.after
    return {after.number: number for number, after in best.items()}


def _left_out_before(session: Session, clip: Clip, used: FrameRange, held: dict[int, Shot]) -> Shot | None:
    """The shot an earlier cut dropped that showed most of these frames."""
    dropped = select(Shot).where(Shot.clip_id == clip.id, Shot.event.is_(None)).order_by(Shot.id)
    near = [shot for shot in session.scalars(dropped) if (shot.details or {}).get("omitted") and shot not in held.values()]
    shared = {shot.id: min(shot.cut_out, used.end) - max(shot.cut_in, used.start) for shot in near}
    best = max(near, key=lambda shot: shared[shot.id], default=None)
    return best if best is not None and shared[best.id] > 0 else None


def _back_again(shot: Shot, number: int, used: FrameRange, handles: int) -> Recut:
    seen = shot.cut_in <= used.start and used.end <= shot.cut_out
    shot.details = {name: value for name, value in (shot.details or {}).items() if name != "omitted"}
    return _placed(shot, "back", number, used, handles, seen, "an earlier cut had left it out")


def _taken_up(shot: Shot, number: int, used: FrameRange, handles: int) -> Recut:
    """A generated angle comes into the cut: what was approved of it was approved whole."""
    seen = shot.cut_in <= used.start and used.end <= shot.cut_out
    beside = (shot.clip.asset.details or {}).get("beside", "")
    return _placed(shot, "new", number, used, handles, seen, f"a new angle beside {beside}")


def take_up(session: Session, event: ConformedEvent, clip: Clip, handles: int) -> Shot | None:
    """The shot of a generated angle, put in its place in the first cut there is; None for any other clip."""
    shot = free_shot(session, clip)
    if shot is not None:
        _taken_up(shot, event.number, frames_of(event, clip), handles)
    return shot


def _waits(shot: Shot, change: Change, reason: str) -> Recut:
    """The event asks for frames there are none of: the shot goes along to its place, and waits for them."""
    assert change.after is not None
    was, shot.event = shot.event, change.after.number
    shot.details = {**(shot.details or {}), "lacks": reason}
    approved = [version for version in shot.versions if version.status == "approved"]
    for version in approved:
        version.status = "to review"
    shot.status = "waiting"
    made = is_new_angle(shot.clip)
    said = "lapsed" if approved else ""
    return Recut(shot.name, change.kind, shot.event, was, True, reason or change.why, [v.id for v in approved], said, made)


def catch_up(shot: Shot, event: ConformedEvent, clip: Clip, handles: int) -> None:
    """Frames that a shot waited for are there: it shows what the cut asks for. What was approved before has lapsed already."""
    if "lacks" in (shot.details or {}):
        used = frames_of(event, clip)
        _widen(shot, used, handles)
        shot.cut_in, shot.cut_out = used.start, used.end
        shot.details = {name: value for name, value in shot.details.items() if name != "lacks"}


def _widen(shot: Shot, used: FrameRange, handles: int) -> bool:
    """Whether frames are needed beyond those that were worked on; the shot has them from now on, its versions keep theirs."""
    if shot.start <= used.start and used.end <= shot.end:
        return False
    for version in shot.versions:
        if "span" not in version.figures:
            version.figures = {**version.figures, "span": [shot.start, shot.end]}
    wide = used.grown(handles, FrameRange(0, shot.clip.frame_count))
    shot.start, shot.end = min(shot.start, wide.start), max(shot.end, wide.end)
    return True


def _placed(shot: Shot, kind: str, number: int, used: FrameRange, handles: int, seen: bool, why: str) -> Recut:
    """Put the shot in its place; ``seen`` says that every frame it shows there was approved as it is shown."""
    was, grows = shot.event, _widen(shot, used, handles)
    why = why if grows else why.replace(BEYOND, "frames that were worked on before")
    shot.details = {name: value for name, value in (shot.details or {}).items() if name != "lacks"}
    shot.event, shot.cut_in, shot.cut_out = number, used.start, used.end
    approved = [version for version in shot.versions if version.status == "approved"]
    lapsed = [] if seen and not grows else approved
    for version in lapsed:
        version.status = "to review"
    if grows and shot.versions:
        shot.status = "waiting"
    elif lapsed:
        shot.status = "to review"
    answer = "lapsed" if lapsed else "survives" if approved else ""
    made = is_new_angle(shot.clip)
    return Recut(shot.name, kind, number, was, grows, why, [version.id for version in lapsed], answer, made)


def _new_shot(event: ConformedEvent, clip: Clip, used: FrameRange, handles: int, name: str) -> Shot:
    wide = used.grown(handles, FrameRange(0, clip.frame_count))
    return Shot(
        name=name, clip_id=clip.id, start=wide.start, end=wide.end, cut_in=used.start, cut_out=used.end, event=event.number,
        status="waiting", details={},
    )  # fmt: skip


def _free_name(clip: Clip, event: int, placed: dict[int, int], names: set[str]) -> str:
    """A number between those of the shots before and after it in the cut, or the next ten at the end; never one that was given before.

    ``placed`` are the numbers of shots by their events in the new cut.
    """
    prefix = f"{clip.scene or 'X'}{clip.setup}_".replace("/", "-")
    low = max((number for at, number in placed.items() if at < event), default=0)
    # A generated angle keeps its clip's name, which has no number.
    high = min((number for at, number in placed.items() if at > event and number), default=0)
    taken = {_number(name) for name in names}
    wanted = [(low + high) // 2, *range(low + 1, high)] if high > low else []
    end = max([low, *taken]) // STEP * STEP + STEP
    return f"{prefix}{next(number for number in [*wanted, end] if number and number not in taken):04d}"


def _number(name: str) -> int:
    found = re.search(r"_(\d{4,})$", name)
    return int(found[1]) if found else 0


def _split_from(change: Change, were: dict[int | None, Shot]) -> str:
    parent = were.get(change.before.number) if change.before is not None else None
    return f"was part of {parent.name}" if parent is not None else change.why


def _by_digest(cut: Cut, digests: dict[int, str]) -> Cut:
    """The cut with each event's original by its digest: reel and clip name may be said otherwise in another format."""
    return replace(cut, events=[replace(e, digest=digests.get(e.number, e.digest)) if e.is_picture else e for e in cut.events])


def _as_remembered(new: Cut, shots: Sequence[Shot]) -> Cut:
    """The old cut as far as its shots remember it: frames and places, neither speeds nor grades nor transitions."""
    like = {event.number: event for event in new.events}
    events = []
    for shot in sorted(shots, key=lambda one: one.event or 0):
        start = Timecode.parse(shot.clip.start_timecode, shot.clip.rate)
        record = Timecode.parse(str((shot.details or {}).get("record_in") or new.start), new.rate)
        same = like.get(shot.event or 0)
        length = shot.cut_out - shot.cut_in
        events.append(
            Event(
                shot.event or 0, shot.clip.reel, start + shot.cut_in, start + shot.cut_out, record, record + length,
                digest=shot.clip.asset.sha256, cdl=same.cdl if same else None,
            )
        )  # fmt: skip
    return Cut(new.title, new.rate, events)
