"""A cut as AAF: cuts and dissolves over offline clips that name their tape, timecode and file. What AAF cannot say here is refused.

After the AAF Object Specification 1.1: composition, master and source mobs; the dissolves are the specification's own
(VideoDissolve, MonoAudioDissolve). Equal cuts give equal mob identities.
"""

from __future__ import annotations

import hashlib
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from answerprint.editorial.aaf import library
from answerprint.editorial.channels import channels
from answerprint.editorial.events import Cut, Event, Lost, gathered
from answerprint.editorial.layout import Lane, arrange
from answerprint.production import BadInput, Timecode
from answerprint.production.atomic import sync_folder

_DISSOLVES = {
    "Picture": ("0c3bea40-fc05-11d2-8a29-0050040ef7d2", "VideoDissolve"),
    "Sound": ("0c3bea41-fc05-11d2-8a29-0050040ef7d2", "MonoAudioDissolve"),
}
_LEVEL = "e4962320-2267-11d3-8a4c-0050040ef7d2"
_WHEN = datetime(2000, 1, 1)
_SAID = ("Name", "Tracks", "Start", "End", "Duration")
"""Log columns that mobs say themselves; the others are written as the master mob's comments, which are a bin's columns."""


def write_aaf(path: Path, cut: Cut) -> list[Lost]:
    """Write ``cut``; returns what it could not carry.

    Raises BadInput, naming the events, for retimes, wipes and keys: a file with plain cuts in their place would show other frames.
    """
    refused = [f"{e.number} ({what})" for e in cut.events if (what := _unwritable(e))]
    if refused:
        more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
        raise BadInput(
            path,
            f"AAF is written with cuts and dissolves only, and these events need more: {', '.join(refused[:5])}{more}",
            "write .otio or .xml, or have these events rendered first",
        )
    aaf2, layout = library(path), arrange(cut)
    lost = layout.lost
    unfinished = path.with_name(f".{path.name[:80]}.part")
    try:
        with aaf2.open(str(unfinished), "w") as file:
            _Writing(aaf2, file, cut, lost).write(layout.lanes)
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)
    return gathered(lost)


def _unwritable(event: Event) -> str:
    if not event.frames:
        return ""
    if event.speed != 1.0:
        return "freeze" if event.speed == 0 else "retime"
    return {"W": "wipe", "K": "key"}.get(event.transition[:1], "")


@dataclass
class _Medium:
    """A master mob and the source frame its first frame stands for."""

    mob: Any
    first: int
    slots: dict[str, int]


class _Writing:
    def __init__(self, aaf2: Any, file: Any, cut: Cut, lost: list[Lost]) -> None:
        self.aaf2, self.file, self.cut, self.lost = aaf2, file, cut, lost
        self.rate = f"{cut.rate.numerator}/{cut.rate.denominator}"
        self.media: dict[tuple[str, str], _Medium] = {}
        self.mobs = 0

    def write(self, lanes: list[Lane]) -> None:
        self._definitions()
        self._media()
        composition = self._mob(self.file.create.CompositionMob(), self.cut.title or "Cut", "composition")
        composition.usage = "Usage_TopLevel"
        length = max(e.record_out.frame for e in self.cut.events) - self.cut.start.frame
        slot = composition.create_timeline_slot(self.rate)
        slot["PhysicalTrackNumber"].value = 1
        slot.segment = self._timecode(self.cut.start, length)
        numbers = {"Picture": 0, "Sound": 0}
        described = set()
        for lane in lanes:
            kind = "Picture" if lane.is_picture else "Sound"
            numbers[kind] += 1
            slot = composition.create_timeline_slot(self.rate)
            slot["PhysicalTrackNumber"].value = int(lane.name[1:] or 1)
            slot.name = f"{lane.name}1" if lane.name in ("V", "A") else lane.name
            slot.segment = self._sequence(lane, kind, length)
            described |= {slot.slot_id} if kind == "Picture" else set()
        self._markers(composition, described)
        for event in self.cut.events:
            if event.frames:
                self._unsaid(event)
        self._dates()

    def _dates(self) -> None:
        """Fixed times and a generation that follows from the cut, where the library writes the moment and chance."""
        header = self.file.header
        header["LastModified"].value = _WHEN
        digest = hashlib.sha256(repr(self.cut).encode()).digest()
        for identification in header["IdentificationList"].value:
            identification["Date"].value = _WHEN
            identification["GenerationAUID"].value = self.aaf2.auid.AUID(bytes_le=bytearray(digest[:16]))

    def _definitions(self) -> None:
        create, dictionary = self.file.create, self.file.dictionary
        linear = create.InterpolationDef(self.aaf2.misc.LinearInterp, "LinearInterp", "Linear keyframe interpolation")
        dictionary.register_def(linear)
        level = create.ParameterDef(self.aaf2.auid.AUID(_LEVEL), "Level", "", dictionary.lookup_typedef("Rational"))
        dictionary.register_def(level)
        for kind, (identity, name) in _DISSOLVES.items():
            made = create.OperationDef(self.aaf2.auid.AUID(identity), name)
            dictionary.register_def(made)
            made.media_kind = kind
            made["IsTimeWarp"].value = False
            made["Bypass"].value = 1
            made["NumberInputs"].value = 2
            made["OperationCategory"].value = "OperationCategory_Effect"
            made["ParametersDefined"].append(level)

    def _mob(self, mob: Any, name: str, role: str) -> Any:
        """Give a mob its name, an identity that follows from what it is, and fixed times."""
        self.mobs += 1
        digest = hashlib.sha256("\0".join([self.cut.title, str(self.cut.start), name, role, str(self.mobs)]).encode()).digest()
        identity = self.aaf2.mobid.MobID.new()
        identity.material = self.aaf2.auid.AUID(bytes_le=bytearray(uuid.UUID(bytes=digest[:16], version=4).bytes_le))
        mob.mob_id, mob.name = identity, name
        mob["CreationTime"].value = mob["LastModified"].value = _WHEN
        self.file.content.mobs.append(mob)
        return mob

    def _media(self) -> None:
        """Master and source mobs for every original, from the first to the last frame that is used of it."""
        spans: dict[tuple[str, str], list[Event]] = {}
        for event in self.cut.events:
            if event.frames and not event.is_black:
                spans.setdefault(self._key(event), []).append(event)
        for key, events in spans.items():
            starts = [e.media_start.frame for e in events if e.media_start is not None]
            first = min([*starts, *(e.source_in.frame for e in events)])
            tail = max(e.transition_frames for e in self.cut.events)
            ends = [e.media_start.frame + e.media_frames for e in events if e.media_start is not None]
            last = max([*ends, *(e.source_in.frame + e.frames + tail for e in events)])
            if not starts:
                self.lost.append(Lost("where the original begins (its first used frame is written)", " ".join(key).strip()))
            self.media[key] = self._medium(events, first, last - first)

    @staticmethod
    def _key(event: Event) -> tuple[str, str]:
        return event.reel, event.umid or event.media or event.source_file or event.clip_name

    def _medium(self, events: list[Event], first: int, length: int) -> _Medium:
        create, event = self.file.create, events[0]
        tracks = {track for e in events for track in channels(e.track, e.lines)}
        kinds = {"Picture": any(t[0] == "V" for t in tracks), "Sound": any(t[0] == "A" for t in tracks)}
        source = self._mob(create.SourceMob(), event.reel or event.source_file or event.clip_name or "source", "source")
        if event.reel:
            source.descriptor = create.TapeDescriptor()
        else:
            source.descriptor = create.ImportDescriptor()
        if event.media:
            locator = create.NetworkLocator()
            locator["URLString"].value = event.media
            source.descriptor["Locator"].append(locator)
        master = self._mob(create.MasterMob(), event.clip_name or event.source_file or event.reel or "clip", "master")
        slots = {}
        for kind in (kind for kind, wanted in kinds.items() if wanted):
            held = source.create_empty_slot(self.rate, kind.lower())
            held.segment.length = length
            slot = master.create_timeline_slot(self.rate)
            slot.segment = source.create_source_clip(held.slot_id, 0, length, kind.lower())
            slots[kind] = slot.slot_id
        timecode = source.create_timeline_slot(self.rate)
        timecode.segment = self._timecode(Timecode(first, self.cut.rate, event.source_in.drop), length)
        for name, value in {**dict(event.columns), "Tape": event.reel}.items():
            if value.strip() and name not in _SAID:
                master.comments[name] = value
        return _Medium(master, first, slots)

    def _timecode(self, start: Timecode, length: int) -> Any:
        made = self.file.create.Timecode(start.nominal, start.drop, length)
        made.start = start.frame
        return made

    def _sequence(self, lane: Lane, kind: str, length: int) -> Any:
        """The lane's clips, longer by the dissolve that leaves them, with the dissolve laid over both."""
        create, at = self.file.create, self.cut.start.frame
        sequence, parts = create.Sequence(media_kind=kind, length=length), list[Any]()
        for event, after in zip(lane.events, [*lane.events[1:], None], strict=True):
            begin = event.record_in.frame
            into = event.transition_frames if event.transition == "D" else 0
            if begin > at or (into and not parts):
                parts.append(create.Filler(kind, begin - at + (into if not parts or begin > at else 0)))
            elif into and parts and not self._leaves(lane, event):
                parts.append(create.Filler(kind, into))
            if into:
                parts.append(self._dissolve(kind, into))
            tail = (
                after.transition_frames
                if after is not None and after.transition == "D" and after.record_in == event.record_out
                else 0
            )
            parts.append(self._part(event, kind, event.frames + tail))
            at = event.record_out.frame
        end = self.cut.start.frame + length
        if at < end:
            parts.append(create.Filler(kind, end - at))
        sequence.components.extend(parts)
        return sequence

    @staticmethod
    def _leaves(lane: Lane, event: Event) -> bool:
        return any(before.record_out == event.record_in for before in lane.events)

    def _part(self, event: Event, kind: str, length: int) -> Any:
        if event.is_black:
            return self.file.create.Filler(kind, length)
        medium = self.media[self._key(event)]
        return medium.mob.create_source_clip(medium.slots[kind], event.source_in.frame - medium.first, length, kind.lower())

    def _dissolve(self, kind: str, frames: int) -> Any:
        create = self.file.create
        level = create.VaryingValue(self.file.dictionary.lookup_parameterdef("Level"), "LinearInterp")
        points = []
        for when in (0, 1):
            point = create.ControlPoint()
            point["EditHint"].value = "Proportional"
            point.time, point.value = when, when
            points.append(point)
        level["PointList"].extend(points)
        group = create.OperationGroup(_DISSOLVES[kind][1], frames, kind)
        group.parameters.append(level)
        made = create.Transition(kind, frames)
        made["OperationGroup"].value = group
        made.cutpoint = 0
        return made

    def _markers(self, composition: Any, described: set[int]) -> None:
        create, marks = self.file.create, [*self.cut.markers, *(m for e in self.cut.events for m in e.markers)]
        if not marks:
            return
        slot = create.EventMobSlot()
        slot.slot_id = max(s.slot_id for s in composition.slots) + 1
        slot["EditRate"].value = self.rate
        slot["PhysicalTrackNumber"].value = 1
        parts = []
        for mark in sorted(marks, key=lambda m: m.at.frame):
            made = create.DescriptiveMarker()
            made["Position"].value = mark.at.frame - self.cut.start.frame
            made["Comment"].value = " ".join(text for text in (mark.name, mark.comment) if text)
            made["CommentMarkerAttributeList"].extend(
                [
                    create.TaggedValue("_ATN_CRM_COLOR", mark.colour.capitalize()),
                    create.TaggedValue("_ATN_CRM_COM", made["Comment"].value),
                ]
            )
            made["DescribedSlots"].value = described or {1}
            parts.append(made)
            if mark.frames > 1:
                self.lost.append(Lost("a marker's length", mark.name or str(mark.at)))
            if mark.name and mark.comment:
                self.lost.append(Lost("a marker's name and comment are written as one", str(mark.at)))
        sequence = create.Sequence(media_kind="DescriptiveMetadata")
        sequence.components.extend(parts)
        slot.segment = sequence
        composition.slots.append(slot)

    def _unsaid(self, event: Event) -> None:
        where = f"event {event.number}"
        for what, said in (
            ("grade", event.cdl),
            ("comment", event.comments),
            ("line of an edit list", event.lines),
            ("reposition", event.reposition),
            ("digest", event.digest),
        ):
            if said:
                self.lost.append(Lost(what, where, len(said) if isinstance(said, tuple) else 1))
