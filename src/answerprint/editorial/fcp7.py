"""Final Cut Pro 7 XML (xmeml 4 and 5), as Premiere, Resolve and Media Composer exchange it, read as a cut.

After Apple's "Final Cut Pro XML Interchange Format" reference: ``rate`` is a whole timebase and an ntsc flag; ``in`` and ``out`` count
from the medium's first frame, under a time remap in remapped frames; ``start`` or ``end`` is -1 beside a transition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from answerprint.editorial.channels import channel_name, channels
from answerprint.editorial.events import Cut, Event, Lost, Marker, Reposition, gathered
from answerprint.editorial.fcp7_parts import (
    along,
    colour_name,
    comments_of,
    effect_of,
    ends_black,
    grade_of,
    keyframes,
    rate_of,
    start_of,
    transition_code,
)
from answerprint.editorial.layout import unnested
from answerprint.editorial.safe_xml import number, parsed, text_of, whole
from answerprint.production import BadInput, Timecode

_DEEPEST_NEST = 8
_MOST_EVENTS = 200_000
_PLAIN_EFFECTS = ("timeremap", "basic", "opacity", "crop")


def read_fcp7(path: Path) -> Cut:
    """Read the first sequence of a document. Raises BadInput for what is no xmeml or names times that cannot be."""
    root = parsed(path, "xmeml", "Final Cut Pro XML")
    if root.get("version", "5")[:1] not in ("4", "5", "3"):
        raise BadInput(path, f"is xmeml version {root.get('version')}", "export it as version 4 or 5")
    sequences = [s for s in root.iter("sequence") if s.find("media") is not None]
    nested = {id(s) for item in root.iter("clipitem") for s in item.iter("sequence")}
    top = [s for s in sequences if id(s) not in nested]
    if not top:
        raise BadInput(path, "holds no sequence", "export the sequence, not a bin of clips")
    document = _Document(
        {f.get("id"): f for f in root.iter("file") if f.get("id") and len(f)},
        {s.get("id"): s for s in sequences if s.get("id")},
    )
    try:
        reading = _Sequence(document, top[0], 0)
        reading.read()
    except BadInput as error:
        raise BadInput(path, f"{error.subject}: {error.reason}", error.remedy) from None
    reading.lost += [Lost("another sequence of the document", text_of(s, "name") or "unnamed") for s in top[1:]]
    return reading.cut()


@dataclass
class _Document:
    files: dict[str, Any]
    sequences: dict[str, Any]
    spent: int = 0


@dataclass
class _Sequence:
    document: _Document
    element: Any
    depth: int
    events: list[Event] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    linked: dict[tuple[Any, ...], int] = field(default_factory=dict)
    rate: Fraction = Fraction(24)
    drop: bool = False
    origin: int = 0

    def read(self) -> None:
        self.rate = rate_of(self.element, None)
        start, _, self.drop = start_of(self.element.find("timecode"), self.rate)
        self.origin = start.frame
        media = self.element.find("media")
        for kind, holder in (("V", media.find("video")), ("A", media.find("audio"))):
            tracks = holder.findall("track") if holder is not None else []
            for at, track in enumerate(tracks, start=1):
                label = kind if at == 1 else f"{kind}{at}"
                if text_of(track, "enabled").upper() == "FALSE":
                    self.lost.append(Lost("disabled track (left out)", label))
                else:
                    self._track(track, label)
        for element in self.element.findall("marker"):
            self.markers.append(self._marker(element, self.origin))

    def cut(self) -> Cut:
        name = text_of(self.element, "name")
        if not self.events:
            raise BadInput(name or "sequence", "holds no clip", "export the sequence with its clips")
        events = sorted(self.events, key=lambda e: (e.record_in.frame, not e.is_picture))
        events = [replace(event, number=number) for number, event in enumerate(events, start=1)]
        first = Timecode(self.origin, self.rate, self.drop)
        shape = self.element.find("media/video/format/samplecharacteristics")
        size = (whole(text_of(shape, "width"), "width", 0), whole(text_of(shape, "height"), "height", 0))
        lost, leads = gathered(self.lost), first.frame < events[0].record_in.frame
        return Cut(
            name,
            self.rate,
            events,
            self.drop,
            lost,
            [],
            (),
            tuple(self.markers),
            first if leads else None,
            size if all(size) else None,
        )

    def _track(self, track: Any, label: str) -> None:
        items = [item for item in track if item.tag in ("clipitem", "generatoritem", "transitionitem")]
        before: tuple[int, str] | None = None
        for at, item in enumerate(items):
            if item.tag == "transitionitem":
                self._closing(items, at, label, before)
                continue
            lead = items[at - 1] if at and items[at - 1].tag == "transitionitem" and not ends_black(items[at - 1]) else None
            tail = items[at + 1] if at + 1 < len(items) and items[at + 1].tag == "transitionitem" else None
            start, end = self._span(item, lead, tail)
            if text_of(item, "enabled").upper() == "FALSE":
                self.lost.append(Lost("disabled clip (left as a gap)", text_of(item, "name") or label))
                continue
            if item.tag == "generatoritem":
                if text_of(item, "effect/effectid").lower() not in ("slug", "black"):
                    self.lost.append(Lost(f"generator {text_of(item, 'name')} (left as a gap)", label))
                continue
            if end <= start:
                self.lost.append(Lost("clip of no length", text_of(item, "name") or label))
                continue
            self._clip(item, start, end, label, lead, before[1] if before and before[0] == start else "")
            before = (end, text_of(item, "name"))

    def _span(self, item: Any, lead: Any, tail: Any) -> tuple[int, int]:
        """Where a clip stands: up to a transition's start for the outgoing clip, from it for the incoming one."""
        name = text_of(item, "name") or item.tag
        start, end = whole(text_of(item, "start"), name, -1), whole(text_of(item, "end"), name, -1)
        if lead is not None and (start < 0 or start <= whole(text_of(lead, "end"), name, -1)):
            start = whole(text_of(lead, "start"), name)
        if tail is not None and (end < 0 or end >= whole(text_of(tail, "start"), name, -1)):
            end = whole(text_of(tail, "start"), name)
        if start < 0 or end < 0:
            raise BadInput(name, "stands beside a transition that is not there", "export the sequence again")
        return start, end

    def _closing(self, items: list[Any], at: int, label: str, before: tuple[int, str] | None) -> None:
        """A transition that nothing follows leads to black, which is an event of its own."""
        after = items[at + 1] if at + 1 < len(items) else None
        start, end = (whole(text_of(items[at], key), "transition") for key in ("start", "end"))
        if (
            after is not None
            and after.tag == "clipitem"
            and not ends_black(items[at])
            and whole(text_of(after, "start"), "clip", -1) <= end
        ):
            return
        if before is None or before[0] != start or end <= start:
            self.lost.append(Lost("transition between no clips", label))
            return
        black = Timecode(0, self.rate)
        code = transition_code(items[at], self.lost, label)
        self._keep(
            Event(
                1,
                "BL",
                black,
                black + (end - start),
                self._at(start),
                self._at(end),
                label,
                code,
                end - start,
                outgoing_name=before[1],
            )
        )

    def _clip(self, item: Any, start: int, end: int, label: str, lead: Any, outgoing: str) -> None:
        name = text_of(item, "name")
        if item.find("sequence") is not None:
            self._nested(item, start, end, label)
            return
        file = item.find("file")
        file = self.document.files.get(file.get("id"), file) if file is not None else None
        file_rate = rate_of(file, rate_of(item, self.rate)) if file is not None else self.rate
        if file_rate != self.rate:
            self.lost.append(Lost(f"source rate {float(file_rate):g} (counted at {float(self.rate):g})", name))
        begin, reel, _ = start_of(file.find("timecode") if file is not None else None, self.rate)
        span, first = end - start, whole(text_of(item, "in"), name, 0)
        after = whole(text_of(item, "out"), name, first + span)
        if lead is not None and text_of(item, "start") not in ("-1", "") and whole(text_of(item, "start"), name) > start:
            first -= (
                whole(text_of(item, "start"), name) - start
            )  # it says its start at the cut point: its head lies under the transition
        held = whole(text_of(file, "duration"), name, 0) if file is not None else 0
        speed, low, high = self._retime(item, first, first + span, held, name, after)
        transition, frames = "C", 0
        if lead is not None:
            frames = whole(text_of(lead, "end"), name) - whole(text_of(lead, "start"), name)
            transition = transition_code(lead, self.lost, label)
        path = unquote(text_of(file, "pathurl")) if file is not None else ""
        event = Event(
            1, reel, begin + low, begin + high, self._at(start), self._at(end), label, transition, max(0, frames), speed, name,
            (text_of(file, "name") if file is not None else "") or PurePosixPath(path).name,
            grade_of(item), comments_of(item), outgoing if frames else "",
            tuple(self._marker(m, self.origin + start - first) for m in item.findall("marker")),
            self._reposition(item, name), (), text_of(file, "pathurl") if file is not None else "",
            begin if held else None, max(0, held), text_of(item, "uuid"),
        )  # fmt: skip
        self._other_effects(item, name)
        self._keep(event, item)

    def _keep(self, event: Event, item: Any = None) -> None:
        """Take an event; sound that is linked to its picture, or to other sound, and runs with it is one event with it."""
        self.document.spent += 1
        if self.document.spent > _MOST_EVENTS:
            raise BadInput("sequence", f"unfolds into more than {_MOST_EVENTS} clips", "export it without nested sequences")
        group = tuple(sorted(text_of(link, "linkclipref") for link in item.findall("link"))) if item is not None else ()
        key = (
            group,
            event.reel,
            event.source_in,
            event.source_out,
            event.record_in,
            event.record_out,
            event.transition,
            event.speed,
        )
        if group and key in self.linked:
            at = self.linked[key]
            together = (*channels(self.events[at].track), *channels(event.track))
            self.events[at] = replace(self.events[at], track=channel_name(together))
            return
        if group:
            self.linked[key] = len(self.events)
        self.events.append(event)

    def _nested(self, item: Any, start: int, end: int, label: str) -> None:
        name, inner = text_of(item, "name"), item.find("sequence")
        inner = self.document.sequences.get(inner.get("id"), inner)
        if self.depth >= _DEEPEST_NEST or inner.find("media") is None:
            self.lost.append(Lost("nested sequence that is not in the document (left as a gap)", name))
            return
        reading = _Sequence(self.document, inner, self.depth + 1)
        reading.read()
        if reading.rate != self.rate or effect_of(item, "timeremap") is not None:
            self.lost.append(Lost("retimed nested sequence (left as a gap)", name))
            return
        first = whole(text_of(item, "in"), name, 0) + reading.origin
        placed, lost = unnested(reading.events, first, end - start, self.origin + start, label)
        for event in placed:
            self._keep(
                replace(
                    event,
                    record_in=self._at(event.record_in.frame - self.origin),
                    record_out=self._at(event.record_out.frame - self.origin),
                )
            )
        self.lost += [Lost("nested sequence (its clips stand in its place)", name), *reading.lost, *lost]

    def _retime(self, item: Any, first: int, last: int, held: int, name: str, after: int) -> tuple[float, int, int]:
        """Speed, and first and end frame in the medium, of a clip whose in and out are ``first`` and ``last``."""
        if text_of(item, "stillframe").upper() == "TRUE":
            still = whole(text_of(item, "stillframeoffset"), name, first)
            return 0.0, still, still + 1
        effect = effect_of(item, "timeremap")
        if effect is None:
            return 1.0, first, last
        said = {text_of(p, "parameterid") or text_of(p, "name"): p for p in effect.findall("parameter")}
        try:
            speed = float(Decimal(text_of(said.get("speed"), "value", "100")).scaleb(-2))
        except (InvalidOperation, OverflowError):
            raise BadInput(name, "has a speed that is no number", "export the sequence again") from None
        if not math.isfinite(speed) or abs(speed) > 1e6:
            raise BadInput(name, "has a speed that is no number", "export the sequence again")
        speed = -speed if text_of(said.get("reverse"), "value").upper() == "TRUE" else speed
        keys = keyframes(said.get("graphdict"), name)
        if text_of(said.get("variablespeed"), "value") in ("1", "TRUE") and len(keys) > 1:
            self.lost.append(Lost("variable speed (kept as its average)", name))
            speed = (along(keys, last) - along(keys, first)) / (last - first)
        if len(keys) > 1:
            ends = sorted((along(keys, first), along(keys, last)))
            return speed, math.floor(ends[0] + 1e-6), max(math.floor(ends[0] + 1e-6) + 1, math.ceil(ends[1] - 1e-6))
        if speed >= 0:
            return speed, math.floor(first * speed), max(math.floor(first * speed) + 1, math.ceil(round(last * speed, 6)))
        whole_length = held or math.ceil(after * -speed)
        return speed, max(0, whole_length - math.ceil(last * -speed)), max(1, whole_length - math.floor(first * -speed))

    def _reposition(self, item: Any, name: str) -> Reposition | None:
        effect = effect_of(item, "basic")
        if effect is None:
            return None
        said = {text_of(p, "parameterid"): p for p in effect.findall("parameter")}
        if any(p.find("keyframe") is not None for p in said.values()):
            self.lost.append(Lost("keyframed reposition (its first values kept)", name))
        scale, turn = (number(text_of(said.get(key), "value"), name, base) for key, base in (("scale", 100.0), ("rotation", 0.0)))
        shape = self.element.find("media/video/format/samplecharacteristics")
        width, height = number(text_of(shape, "width"), name, 16.0), number(text_of(shape, "height"), name, 9.0)
        x = number(text_of(said.get("center"), "value/horiz"), name, 0.0) * width / (height or 1.0)
        y = -number(text_of(said.get("center"), "value/vert"), name, 0.0)
        found = Reposition(scale / 100, scale / 100, x, y, turn)
        return found if found != Reposition() else None

    def _other_effects(self, item: Any, name: str) -> None:
        for effect in item.findall("filter/effect"):
            if (text_of(effect, "effectid") or text_of(effect, "name")).lower() not in _PLAIN_EFFECTS:
                self.lost.append(Lost(f"effect {text_of(effect, 'name') or text_of(effect, 'effectid')}", name))
        if text_of(item, "compositemode", "normal").lower() != "normal":
            self.lost.append(Lost(f"composite mode {text_of(item, 'compositemode')}", name))

    def _marker(self, element: Any, shift: int) -> Marker:
        name = text_of(element, "name")
        first, last = whole(text_of(element, "in"), name or "marker", 0), whole(text_of(element, "out"), name or "marker", -1)
        at = Timecode(max(0, shift + first), self.rate, self.drop)
        return Marker(
            at, name, colour_name(element.find("color")), text_of(element, "comment"), max(0, last - first) if last >= 0 else 0
        )

    def _at(self, frame: int) -> Timecode:
        return Timecode(self.origin + frame, self.rate, self.drop)
