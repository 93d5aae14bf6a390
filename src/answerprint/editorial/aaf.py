"""Avid's AAF read as a cut: retimes, nested effects, dissolves, markers, and each clip followed through its mobs to tape or file.

After the AAF Object Specification 1.1 and pyaaf2's model of it. A transition overlaps the clips beside it, so that the next clip begins
where the transition does; Avid's motion effects say their speed as a map from record to source frames.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from answerprint.editorial.aaf_source import Source, markers_of, number_of, source_of
from answerprint.editorial.channels import channel_name, channels
from answerprint.editorial.encodings import read_bytes
from answerprint.editorial.events import Cut, Event, Lost, Marker, gathered
from answerprint.editorial.layout import unnested
from answerprint.production import BadInput, Timecode, frame_rate

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DEEPEST = 24
_MOST_EVENTS = 200_000


def read_aaf(path: Path) -> Cut:
    """Read the top-level composition of an AAF. Raises BadInput for what is none, and where pyaaf2 is not installed."""
    aaf2 = library(path)
    if not read_bytes(path).startswith(_MAGIC):
        raise BadInput(path, "is no AAF file", "export the sequence as AAF (edit protocol, linked media)")
    try:
        with aaf2.open(str(path), "r") as file:
            return _composition(file)
    except BadInput as error:
        raise BadInput(path, f"{error.subject}: {error.reason}", error.remedy) from None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OSError, EOFError, struct.error, AssertionError,
            NotImplementedError, RecursionError, OverflowError, ZeroDivisionError, MemoryError, StopIteration, RuntimeError,
            aaf2.exceptions.AAFError) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(path, f"cannot be read as AAF ({reason})", "export the sequence again") from None


def library(path: Path) -> Any:
    """pyaaf2, imported when first needed. Raises BadInput where it is not installed."""
    try:
        import aaf2  # type: ignore[import-untyped]
        import aaf2.exceptions  # type: ignore[import-untyped]
    except ImportError:
        raise BadInput(path, "AAF needs the package pyaaf2", "install it with: pip install pyaaf2") from None
    return aaf2


def _composition(file: Any) -> Cut:
    mobs = list(file.content.toplevel()) or [
        mob for mob in file.content.compositionmobs() if "LowerLevel" not in str(mob.usage or "")
    ]
    if not mobs:
        raise BadInput("file", "holds no composition", "export the sequence, not a bin of clips")
    mob = mobs[0]
    timeline = [slot for slot in mob.slots if type(slot).__name__ == "TimelineMobSlot"]
    shown = [slot for slot in timeline if slot.media_kind == "Picture"] or [s for s in timeline if s.media_kind == "Sound"]
    if not shown:
        raise BadInput(mob.name or "composition", "has no picture and no sound track", "export the sequence with its tracks")
    rate = frame_rate(Fraction(number_of(shown[0].edit_rate)).limit_denominator(1001))
    start, drop = _start(timeline, rate)
    reading = _Reading(rate, drop, start)
    for kind, label in (("Picture", "V"), ("Sound", "A")):
        slots = [slot for slot in timeline if slot.media_kind == kind]
        for number, slot in enumerate(sorted(slots, key=_track_number), start=1):
            reading.segment(slot.segment, start, label if number == 1 else f"{label}{number}", rate, 0)
    markers = tuple(_markers(mob, reading))
    events = [replace(e, number=n) for n, e in enumerate(_folded(reading.events), start=1)]
    if not events:
        raise BadInput(mob.name or "composition", "holds no clip", "export the sequence with its clips")
    lost = [*reading.lost, *(Lost("another composition of the file", other.name or "unnamed") for other in mobs[1:])]
    first = Timecode(start, rate, drop)
    leads = start < min(e.record_in.frame for e in events)
    return Cut(mob.name or "", rate, events, drop, gathered(lost), [], (), markers, first if leads else None)


def _track_number(slot: Any) -> int:
    found = slot.get("PhysicalTrackNumber")
    return int(found.value) if found is not None and found.value is not None else int(slot.slot_id)


def _start(slots: list[Any], rate: Fraction) -> tuple[int, bool]:
    """The record's first frame and whether it counts drop-frame: from the first timecode track that counts as the picture does."""
    for slot in sorted((s for s in slots if type(s.segment).__name__ == "Timecode"), key=_track_number):
        if int(slot.segment.fps) == round(rate):
            drop = bool(slot.segment.drop) and rate.denominator == 1001 and not round(rate) % 30
            return int(slot.segment.start), drop
    return 0, False


@dataclass
class _Reading:
    rate: Fraction
    drop: bool
    origin: int
    events: list[Event] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    spent: list[int] = field(default_factory=lambda: [0])

    def segment(self, segment: Any, at: int, label: str, rate: Fraction, depth: int) -> list[int]:
        """Read a segment that begins at record frame ``at``; returns where the events it made stand in ``events``."""
        begin, kind = len(self.events), type(segment).__name__
        if depth > _DEEPEST:
            raise BadInput("composition", f"is nested more than {_DEEPEST} deep", "export a flattened sequence")
        if kind == "Sequence":
            self._sequence(segment, at, label, rate, depth)
        elif kind == "SourceClip":
            self._clip(segment, at, label, rate, depth)
        elif kind == "OperationGroup":
            self._operation(segment, at, label, rate, depth)
        elif kind == "Selector":
            self.segment(segment["Selected"].value, at, label, rate, depth + 1)
            others = segment.get("Alternates")
            if others is not None and len(list(others.value)):
                self.lost.append(Lost("alternatives of a clip", label, len(list(others.value))))
        elif kind == "NestedScope":
            for number, inner in enumerate(segment.slots):
                self.segment(inner, at, _above(label, number), rate, depth + 1)
        elif kind == "EssenceGroup":
            self.segment(next(iter(segment["Choices"].value)), at, label, rate, depth + 1)
        elif kind not in ("Filler", "ScopeReference", "Timecode", "EdgeCode"):
            self.lost.append(Lost(f"{kind} (left as a gap)", label))
        return list(range(begin, len(self.events)))

    def _sequence(self, sequence: Any, at: int, label: str, rate: Fraction, depth: int) -> None:
        pending, before = None, -1
        for part in sequence.components:
            length = int(part.length or 0)
            if type(part).__name__ == "Transition":
                at -= length
                self._cut_off(at, label)
                pending = part
                continue
            made = self.segment(part, at, label, rate, depth + 1)
            own = next((i for i in made if self.events[i].record_in.frame == at and channels(self.events[i].track) == (label,)), -1)
            if pending is not None:
                if own < 0 and before >= 0 and self.events[before].record_out.frame == at and length:
                    own = self._black(at, length, label)
                if own >= 0:
                    outgoing = self.events[before] if before >= 0 else None
                    touches = outgoing is not None and outgoing.record_out.frame == at
                    self.events[own] = replace(
                        self.events[own],
                        transition=self._code(pending, label),
                        transition_frames=int(pending.length),
                        outgoing_name=outgoing.clip_name if outgoing is not None and touches else "",
                    )
                else:
                    self.lost.append(Lost("transition between no clips", label))
            last = [i for i in made if channels(self.events[i].track) == (label,)]
            before, pending, at = own if own >= 0 and not made else (last[-1] if last else own), None, at + length

    def _cut_off(self, at: int, label: str) -> None:
        """End what runs on under a transition where the transition begins; the frames under it are the outgoing tail."""
        for index, event in enumerate(self.events):
            if (
                event.track[:1] == label[:1]
                and event.record_in.frame <= at < event.record_out.frame
                and _level(event) >= _level_of(label)
            ):
                rest = event.record_out.frame - at
                step = math.floor(round(rest * abs(event.speed), 6))
                low, high = (
                    (event.source_in + step, event.source_out) if event.speed < 0 else (event.source_in, event.source_out - step)
                )
                if event.speed == 0:
                    low, high = event.source_in, event.source_out
                self.events[index] = replace(event, record_out=self._at(at), source_in=low, source_out=high)

    def _black(self, at: int, length: int, label: str) -> int:
        zero = Timecode(0, self.rate)
        self.events.append(Event(1, "BL", zero, zero + length, self._at(at), self._at(at + length), label))
        return len(self.events) - 1

    def _code(self, transition: Any, label: str) -> str:
        group = transition.get("OperationGroup")
        name = str(group.value.operation.name if group is not None else "") or "unnamed"
        lower = name.lower()
        if "wipe" in lower:
            return "W001"
        if not any(word in lower for word in ("dissolve", "fade")) or "dip" in lower:
            self.lost.append(Lost(f"transition {name} (kept as a dissolve)", label))
        return "D"

    def _clip(self, clip: Any, at: int, label: str, rate: Fraction, depth: int) -> None:
        self.spent[0] += 1
        if self.spent[0] > _MOST_EVENTS:
            raise BadInput("composition", f"unfolds into more than {_MOST_EVENTS} clips", "export a flattened sequence")
        length, mob = int(clip.length or 0), clip.mob
        if length <= 0:
            return
        if mob is None:
            if clip.mob_id.int:
                self.lost.append(Lost("clip whose mob is not in the file (left as a gap)", label))
            return
        if type(mob).__name__ == "CompositionMob":
            self._nested(clip, mob, at, length, label, depth)
            return
        source = source_of(clip, rate, self.rate)
        for what in source.lost:
            self.lost.append(Lost(what, source.name))
        self.events.append(self._event(source, at, length, label))

    def _event(self, source: Source, at: int, length: int, label: str) -> Event:
        first = source.at
        markers = tuple(
            Marker(self._at(at + position), name, colour, comment)
            for position, name, colour, comment in source.markers
            if 0 <= position < length
        )
        return Event(
            1, source.reel, first, first + length, self._at(at), self._at(at + length), label, clip_name=source.name,
            source_file=PurePosixPath(unquote(source.media).replace("\\", "/")).name, markers=markers, media=source.media,
            media_start=source.start, media_frames=source.frames, umid=source.umid, columns=source.columns,
        )  # fmt: skip

    def _nested(self, clip: Any, mob: Any, at: int, length: int, label: str, depth: int) -> None:
        inner = _Reading(self.rate, self.drop, 0, spent=self.spent)
        slot = next((s for s in mob.slots if s.slot_id == clip.slot_id), None)
        if slot is None:
            self.lost.append(Lost("nested composition without its track (left as a gap)", mob.name or label))
            return
        inner.segment(slot.segment, 0, label[0], frame_rate(Fraction(number_of(slot.edit_rate)).limit_denominator(1001)), depth + 1)
        placed, lost = unnested(inner.events, int(clip.start or 0), length, at, label)
        if len(inner.events) > 1:
            self.lost.append(Lost("nested sequence (its clips stand in its place)", mob.name or label))
        self.events += placed
        self.lost += [*inner.lost, *lost]

    def _operation(self, group: Any, at: int, label: str, rate: Fraction, depth: int) -> None:
        name, length = str(group.operation.name or "unnamed"), int(group.length or 0)
        inputs = list(group.segments) if group.get("InputSegments") is not None else []
        motion = _motion(group, name)
        if not inputs:
            self.lost.append(Lost(f"effect {name} without a clip (left as a gap)", label))
            return
        if motion is not None:
            inner = _Reading(self.rate, self.drop, 0, spent=self.spent)
            inner.segment(inputs[0], 0, label[0], rate, depth + 1)
            self.lost += inner.lost
            self._retimed(inner.events, motion, at, length, label)
            return
        self.segment(inputs[-1 if _is_layered(name) else 0], at, label, rate, depth + 1)
        if len(inputs) > 1:
            self.lost.append(Lost(f"layers under effect {name}", label, len(inputs) - 1))
        self.lost.append(Lost(f"effect {name}", label))

    def _retimed(self, events: list[Event], motion: _Motion, at: int, length: int, label: str) -> None:
        if len(events) != 1 or not length:
            self.lost.append(Lost("motion effect over more than one clip (left as a gap)", label))
            return
        event = events[0]
        if motion.uneven:
            self.lost.append(Lost("variable speed (kept as its average)", event.clip_name))
        ends = (
            (motion.along(Fraction(0)), motion.along(Fraction(length))) if motion.points else (Fraction(0), motion.speed * length)
        )
        speed = (ends[1] - ends[0]) / length if len(motion.points) > 1 else motion.speed
        low = event.source_in.frame + math.floor(min(ends))
        if speed < 0 and not motion.points:
            low = event.source_out.frame - math.ceil(-speed * length)
        span = max(1, math.ceil(abs(speed) * length))
        self.events.append(
            replace(
                event,
                speed=float(speed),
                source_in=replace(event.source_in, frame=max(0, low)),
                source_out=replace(event.source_in, frame=max(0, low) + span),
                record_in=self._at(at),
                record_out=self._at(at + length),
                track=label,
                markers=(),
            )
        )

    def _at(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop)


@dataclass(frozen=True)
class _Motion:
    """A motion effect: its speed, and the map from record to source frames where it has one."""

    speed: Fraction
    points: tuple[tuple[Fraction, Fraction], ...] = ()

    @property
    def uneven(self) -> bool:
        slopes = {(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(self.points, self.points[1:], strict=False)}
        return len(slopes) > 1 and max(slopes) - min(slopes) > Fraction(1, 1000)

    def along(self, when: Fraction) -> Fraction:
        if len(self.points) < 2:
            return (self.points[0][1] if self.points else Fraction(0)) + self.speed * when
        at = next((i for i, p in enumerate(self.points[1:-1], start=1) if when <= p[0]), len(self.points) - 1)
        (x0, y0), (x1, y1) = self.points[at - 1], self.points[at]
        return y0 + (when - x0) * (y1 - y0) / (x1 - x0)


def _motion(group: Any, name: str) -> _Motion | None:
    """The retime an operation makes, or None where it makes none."""
    said = {p.name: p for p in group.parameters} if group.get("Parameters") is not None else {}
    if "PARAM_SPEED_OFFSET_MAP_U" in said or "PARAM_SPEED_MAP_U" in said:
        offsets, speeds = _points(said.get("PARAM_SPEED_OFFSET_MAP_U")), _points(said.get("PARAM_SPEED_MAP_U"))
        speed = speeds[0][1] if speeds else Fraction(1)
        return _Motion(speed, offsets if len(offsets) > 1 else ())
    lower = name.lower()
    if "freeze" in lower or "video repeat" in lower:
        return _Motion(Fraction(0))
    if "speed" in lower or "motion control" in lower:
        ratio = Fraction(number_of(said["SpeedRatio"].value)) if "SpeedRatio" in said else Fraction(1)
        return _Motion(1 / ratio if ratio else Fraction(0))
    return None


def _points(value: Any) -> tuple[tuple[Fraction, Fraction], ...]:
    if value is None or not hasattr(value, "pointlist"):
        return ()
    found = {Fraction(number_of(p.time)): Fraction(number_of(p.value)).limit_denominator(10**6) for p in value.pointlist}
    return tuple(sorted(found.items()))


def _is_layered(name: str) -> bool:
    """Whether an effect lays its last input over its first, as a key or a picture in picture does."""
    return any(word in name.lower() for word in ("key", "picture-in-picture", "pip", "superimpose", "title"))


def _above(label: str, number: int) -> str:
    level = _level_of(label) + number
    return label[0] if level == 1 else f"{label[0]}{level}"


def _level_of(label: str) -> int:
    return int(label[1:] or 1)


def _level(event: Event) -> int:
    return min((_level_of(track) for track in channels(event.track)), default=1)


def _folded(events: list[Event]) -> Iterator[Event]:
    """Picture and sound of the same clip over the same frames as one event, as a list says it."""
    whole: dict[tuple[Any, ...], list[Event]] = {}
    for event in sorted(events, key=lambda e: (e.record_in.frame, not e.is_picture)):
        key = (
            event.umid or (event.is_black or id(event)),
            event.reel,
            event.clip_name,
            event.source_in,
            event.record_in,
            event.record_out,
        )
        whole.setdefault((*key, event.transition, event.transition_frames, event.speed, event.umid == ""), []).append(event)
    for group in whole.values():
        tracks = [event.track for event in group]
        if len(set(tracks)) == len(tracks):
            yield replace(group[0], track=channel_name(tracks) if len(tracks) > 1 else tracks[0])
        else:
            yield from group


def _markers(mob: Any, reading: _Reading) -> Iterator[Marker]:
    for position, name, colour, comment in markers_of(mob):
        yield Marker(reading._at(reading.origin + position), name, colour, comment)
