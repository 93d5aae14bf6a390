"""A cut as Final Cut Pro 7 XML (xmeml 5), which Premiere, Resolve and Media Composer import, with what it cannot carry.

After Apple's "Final Cut Pro XML Interchange Format" reference. A retime's exact frames stand in its time map's keyframes, because
``in`` and ``out`` count in whole remapped frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from lxml import etree

from answerprint.editorial.asc_cdl import decimal, sop_text
from answerprint.editorial.channels import channels
from answerprint.editorial.conform import source_span
from answerprint.editorial.events import Cut, Event, Lost, Marker, gathered, lost_columns
from answerprint.editorial.fcp7_parts import COLOURS
from answerprint.editorial.layout import Lane, arrange
from answerprint.editorial.safe_xml import element, written
from answerprint.production import Timecode

_CARRIED = ("Name", "Tape", "Tracks", "Start", "End", "Duration", "Source File", "Source Path", "ASC_SOP", "ASC_SAT", "UMID")


def write_fcp7(path: Path, cut: Cut) -> list[Lost]:
    """Write ``cut`` as one sequence; returns what it could not carry."""
    writing = _Writing(cut)
    written(path, writing.document(), "<!DOCTYPE xmeml>")
    return gathered([*writing.lost, *lost_columns(cut.events, _CARRIED)])


@dataclass
class _Medium:
    """A source file: where its first frame lies, how long it must be, and whether it stands in the document already."""

    id: str
    name: str
    start: Timecode
    end: int
    known: bool
    kinds: set[str]
    stands: bool = False


@dataclass
class _Writing:
    cut: Cut
    lost: list[Lost] = field(default_factory=list)
    media: dict[tuple[str, str], _Medium] = field(default_factory=dict)
    places: dict[int, list[tuple[str, str, int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begin = self.cut.start.frame

    def document(self) -> Any:
        layout = arrange(self.cut)
        self.lost += layout.lost
        self._gather(layout.lanes)
        root = etree.Element("xmeml", version="5")
        sequence = element(root, "sequence", id="sequence-1")
        element(sequence, "name", self.cut.title)
        ends = [e.record_out.frame for e in self.cut.events]
        element(sequence, "duration", max(ends, default=0) - self.begin)
        self._rate(sequence)
        self._timecode(sequence, self.cut.start, "")
        media = element(sequence, "media")
        video, audio = element(media, "video"), element(media, "audio")
        shape = element(element(video, "format"), "samplecharacteristics")
        self._rate(shape)
        width, height = self.cut.size or (1920, 1080)
        element(shape, "width", width)
        element(shape, "height", height)
        for lane in self._whole(layout.lanes):
            self._track(element(video if lane.is_picture else audio, "track"), lane)
        for marker in self.cut.markers:
            self._marker(sequence, marker, marker.at.frame - self.begin)
        for event in self.cut.events:
            if event.frames:
                self._unsaid(event)
        return root

    def _whole(self, lanes: list[Lane]) -> list[Lane]:
        """The lanes with empty ones between them: a track's place is its number."""
        done = []
        for kind in ("V", "A"):
            named = {int(lane.name[1:] or 1): lane for lane in lanes if lane.name[0] == kind}
            done += [named.get(n, Lane(kind if n == 1 else f"{kind}{n}")) for n in range(1, max(named, default=0) + 1)]
        return done

    def _gather(self, lanes: list[Lane]) -> None:
        """Every medium with the frames used of it, and where each event's clips will stand, for their links."""
        for event in self.cut.events:
            if event.is_black or not event.frames:
                continue
            first, last = source_span(event)
            key, start = self._key(event), event.media_start
            first, last = (
                min(first, start.frame) if start else first,
                max(last, start.frame + event.media_frames) if start else last,
            )
            found = self.media.get(key)
            at = Timecode(first if found is None else min(found.start.frame, first), self.cut.rate, event.source_in.drop)
            name = event.source_file or PurePosixPath(event.media).name or event.clip_name or event.reel
            end, known = max(last, found.end if found else last), start is not None and bool(event.media_frames)
            kinds = (found.kinds if found else set()) | {t[0] for t in channels(event.track, event.lines)}
            self.media[key] = _Medium(found.id if found else f"file-{len(self.media) + 1}", name, at, end, known, kinds)
        for medium, reel in ((m, k[0]) for k, m in self.media.items() if not m.known):
            self.lost.append(Lost("where the original begins (its first used frame is written)", f"{reel} {medium.name}".strip()))
        tallies = {"video": 0, "audio": 0}
        for lane in self._whole(lanes):
            kind = "video" if lane.is_picture else "audio"
            tallies[kind] += 1
            shown = [event for event in lane.events if not event.is_black]
            for index, event in enumerate(shown, start=1):
                place = (f"clipitem-{event.number}-{lane.name}-{index}", kind, tallies[kind], index)
                self.places.setdefault(id(event), []).append(place)

    def _key(self, event: Event) -> tuple[str, str]:
        return event.reel, event.media or event.source_file or ("" if event.reel else event.clip_name)

    def _track(self, track: Any, lane: Lane) -> None:
        index, taken = 0, 0
        for before, event, after in zip([None, *lane.events], lane.events, [*lane.events[1:], None], strict=False):
            into = self._into(event)
            if into:
                touching = before is not None and not before.is_black and before.record_out == event.record_in
                self._transition(track, event, "end-black" if event.is_black else "start" if touching else "start-black")
            if not event.is_black:
                index += 1
                leaves = after is not None and after.record_in == event.record_out
                tail = self._into(after) if after is not None and leaves else 0
                self._clip(track, event, lane, index, into, tail)
            taken = max(taken, event.record_out.frame)
        element(track, "enabled", "TRUE")
        element(track, "locked", "FALSE")
        if not lane.is_picture:
            element(track, "outputchannelindex", int(lane.name[1:] or 1))

    @staticmethod
    def _into(event: Event) -> int:
        return event.transition_frames if event.transition[:1] in ("D", "W") else 0

    def _clip(self, track: Any, event: Event, lane: Lane, index: int, into: int, tail: int) -> None:
        medium = self.media[self._key(event)]
        own = next(p for p in self.places[id(event)] if p[0].endswith(f"-{lane.name}-{index}"))
        clip = element(track, "clipitem", id=own[0])
        element(clip, "masterclipid", f"master-{medium.id}")
        element(clip, "name", event.clip_name or event.reel)
        element(clip, "enabled", "TRUE")
        low, high = source_span(event)
        scale = abs(event.speed) or 1.0
        first = round((low - medium.start.frame) / scale)
        element(clip, "duration", max(1, round((medium.end - medium.start.frame) / scale)))
        self._rate(clip)
        element(clip, "start", -1 if into else event.record_in.frame - self.begin)
        element(clip, "end", -1 if tail else event.record_out.frame - self.begin)
        element(clip, "in", first)
        element(clip, "out", first + event.frames + tail)
        if event.speed == 0:
            element(clip, "stillframe", "TRUE")
            element(clip, "stillframeoffset", low - medium.start.frame)
        if event.umid:
            element(clip, "uuid", event.umid)
        self._file(clip, medium, event)
        if event.speed not in (0.0, 1.0):
            self._time_map(clip, event, first, low - medium.start.frame, high - medium.start.frame)
        if event.reposition is not None:
            self._motion(clip, event)
        source = element(clip, "sourcetrack")
        element(source, "mediatype", own[1])
        element(source, "trackindex", 1 if lane.is_picture else int(lane.name[1:] or 1))
        self._links(clip, event)
        if event.cdl is not None:
            note = f"ASC_SOP {sop_text(event.cdl)} ASC_SAT {decimal(event.cdl.saturation)}"
            element(element(clip, "logginginfo"), "lognote", note)
        if event.comments:
            element(element(clip, "comments"), "mastercomment1", "\n".join(event.comments))
        if own == self.places[id(event)][0]:
            for marker in event.markers:
                self._marker(clip, marker, first + marker.at.frame - event.record_in.frame)

    def _links(self, clip: Any, event: Event) -> None:
        places = self.places[id(event)]
        for name, kind, track, index in places if len(places) > 1 else []:
            link = element(clip, "link")
            element(link, "linkclipref", name)
            element(link, "mediatype", kind)
            element(link, "trackindex", track)
            element(link, "clipindex", index)

    def _file(self, clip: Any, medium: _Medium, event: Event) -> None:
        file = element(clip, "file", id=medium.id)
        if medium.stands:
            return
        medium.stands = True
        element(file, "name", medium.name)
        if event.media:
            element(file, "pathurl", _url(event.media))
        self._rate(file)
        element(file, "duration", medium.end - medium.start.frame)
        self._timecode(file, medium.start, event.reel)
        media = element(file, "media")
        for kind, label in (("V", "video"), ("A", "audio")):
            if kind in medium.kinds:
                element(media, label)

    def _time_map(self, clip: Any, event: Event, first: int, low: int, high: int) -> None:
        effect = element(element(clip, "filter"), "effect")
        element(effect, "name", "Time Remap")
        element(effect, "effectid", "timeremap")
        element(effect, "effectcategory", "motion")
        element(effect, "effecttype", "motion")
        element(effect, "mediatype", "video")
        percent = f"{Decimal(repr(abs(event.speed))).scaleb(2):f}"
        for name, said in (
            ("variablespeed", "0"),
            ("speed", percent),
            ("reverse", "TRUE" if event.speed < 0 else "FALSE"),
            ("frameblending", "FALSE"),
        ):
            _parameter(effect, name, said)
        graph = _parameter(effect, "graphdict", "0")
        span = Decimal(event.frames) * Decimal(repr(abs(event.speed)))
        start, end = (Decimal(low), low + span) if event.speed > 0 else (Decimal(high), high - span)
        for when, value, flag in ((first, start, "speedkfin"), (first + event.frames, end, "speedkfout")):
            key = element(graph, "keyframe")
            element(key, "when", when)
            element(key, "value", f"{value:f}")
            element(key, flag, "TRUE")

    def _motion(self, clip: Any, event: Event) -> None:
        moved = event.reposition
        assert moved is not None
        effect = element(element(clip, "filter"), "effect")
        element(effect, "name", "Basic Motion")
        element(effect, "effectid", "basic")
        element(effect, "effectcategory", "motion")
        element(effect, "effecttype", "motion")
        element(effect, "mediatype", "video")
        _parameter(effect, "scale", repr(moved.scale_x * 100))
        _parameter(effect, "rotation", repr(moved.rotation_degrees))
        width, height = self.cut.size or (1920, 1080)
        centre = element(effect, "parameter")
        element(centre, "parameterid", "center")
        element(centre, "name", "Center")
        value = element(centre, "value")
        element(value, "horiz", repr(moved.x * height / width))
        element(value, "vert", repr(-moved.y))
        if moved.scale_x != moved.scale_y:
            self.lost.append(Lost("a reposition's own vertical scale", f"event {event.number}"))

    def _transition(self, track: Any, event: Event, alignment: str) -> None:
        item, begin = element(track, "transitionitem"), event.record_in.frame - self.begin
        element(item, "start", begin)
        element(item, "end", begin + event.transition_frames)
        element(item, "alignment", alignment)
        self._rate(item)
        effect = element(item, "effect")
        wipe = event.transition[:1] == "W"
        element(effect, "name", "Edge Wipe" if wipe else "Cross Dissolve")
        element(effect, "effectid", "Edge Wipe" if wipe else "Cross Dissolve")
        element(effect, "effectcategory", "Wipe" if wipe else "Dissolve")
        element(effect, "effecttype", "transition")
        element(effect, "mediatype", "video" if event.is_picture else "audio")
        if wipe:
            element(effect, "wipecode", int(event.transition[1:] or 1))

    def _rate(self, parent: Any) -> None:
        rate = element(parent, "rate")
        element(rate, "timebase", round(self.cut.rate))
        element(rate, "ntsc", "TRUE" if self.cut.rate.denominator == 1001 else "FALSE")

    def _timecode(self, parent: Any, start: Timecode, reel: str) -> None:
        timecode = element(parent, "timecode")
        self._rate(timecode)
        element(timecode, "string", str(start))
        element(timecode, "frame", start.frame)
        element(timecode, "source", "source")
        element(timecode, "displayformat", "DF" if start.drop else "NDF")
        if reel:
            element(element(timecode, "reel"), "name", reel)

    def _marker(self, parent: Any, marker: Marker, first: int) -> None:
        made = element(parent, "marker")
        element(made, "comment", marker.comment)
        element(made, "name", marker.name)
        element(made, "in", first)
        element(made, "out", first + marker.frames if marker.frames else -1)
        if marker.colour in COLOURS:
            colour = element(made, "color")
            for key, value in zip(("red", "green", "blue"), COLOURS[marker.colour], strict=True):
                element(colour, key, value)
        elif marker.colour:
            self.lost.append(Lost(f"marker colour {marker.colour}", marker.name or str(marker.at)))

    def _unsaid(self, event: Event) -> None:
        where = f"event {event.number}"
        self.lost += [Lost("line of an edit list", where, len(event.lines))] * bool(event.lines)
        self.lost += [Lost("digest", where)] * bool(event.digest)
        self.lost += [Lost("key", where)] * (event.transition[:1] == "K")
        self.lost += [Lost("grade (kept as a log note, which no system applies)", where)] * (event.cdl is not None)
        span = abs(event.source_out.frame - event.source_in.frame)
        needed = max(1, math.ceil(round(event.frames * abs(event.speed), 6)))
        if span != needed and not event.is_black:
            self.lost.append(Lost(f"source length of {span} frames ({needed} are shown)", where))


def _parameter(effect: Any, name: str, value: str) -> Any:
    made = element(effect, "parameter")
    element(made, "parameterid", name)
    element(made, "name", name)
    element(made, "value", value)
    return made


def _url(media: str) -> str:
    """A file URL as the format wants it; what is one already is left as it is."""
    if "://" in media or not media.startswith("/"):
        return media
    return "file://localhost" + quote(media)
