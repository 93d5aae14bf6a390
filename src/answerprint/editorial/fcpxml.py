"""Final Cut Pro's FCPXML (1.8 to 1.11 and their neighbours), read as a cut; it is never written.

After Apple's "FCPXML Reference": times are rational seconds, counted here in frames of the sequence's format; a spine holds its items one
behind the other; a connected clip's ``offset`` counts in its parent's own time. Containers (compound, multicam and synchronised clips)
are taken apart, and what has no place in a cut is listed.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from answerprint.editorial.channels import channel_name
from answerprint.editorial.events import Cut, Event, Lost, Marker, Reposition, gathered
from answerprint.editorial.layout import crossed, unnested
from answerprint.editorial.safe_xml import number, parsed
from answerprint.production import BadInput, Timecode, frame_rate

_TIME = re.compile(r"(-?\d{1,18})(?:/(\d{1,12}))?s|(-?\d{1,9}\.\d{1,9})s")
_DEEPEST = 8
_MOST_EVENTS = 200_000
_ITEMS = (
    "asset-clip",
    "clip",
    "video",
    "audio",
    "ref-clip",
    "mc-clip",
    "sync-clip",
    "gap",
    "title",
    "audition",
    "transition",
    "spine",
)
_UNSAID = {
    "filter-video": "video effect",
    "filter-audio": "audio effect",
    "adjust-volume": "volume",
    "adjust-crop": "crop",
    "adjust-corners": "distortion",
    "adjust-blend": "opacity or blend mode",
    "adjust-stabilization": "stabilisation",
    "keyword": "keyword",
    "caption": "caption",
    "conform-rate": "rate conform",
}


def read_fcpxml(path: Path) -> Cut:
    """Read the first project of a document. Raises BadInput for what is no FCPXML, or names times that cannot be."""
    root = parsed(path, "fcpxml", "FCPXML")
    sequences = [(p.get("name", ""), s) for p in root.iter("project") for s in p.findall("sequence")]
    sequences = sequences or [("", s) for s in root.iter("sequence") if s.find("spine") is not None]
    if not sequences:
        raise BadInput(path, "holds no project", "export the project, not an event of clips")
    name, sequence = sequences[0]
    try:
        resources = {r.get("id"): r for r in root.findall("resources/*") if r.get("id")}
        cut = _cut(name, sequence, resources)
    except BadInput as error:
        raise BadInput(path, f"{error.subject}: {error.reason}", error.remedy) from None
    cut.lost += [Lost("another project of the document", other or "unnamed") for other, _ in sequences[1:]]
    if (version := root.get("version", "")) not in {f"1.{minor}" for minor in range(8, 14)}:
        cut.warnings.append(f"FCPXML version {version or 'unknown'} is not one of those tested (1.8 to 1.11)")
    return cut


def _cut(name: str, sequence: Any, resources: dict[str, Any]) -> Cut:
    form = resources.get(sequence.get("format", ""))
    if form is None or not form.get("frameDuration") or _seconds(form.get("frameDuration"), "format") <= 0:
        raise BadInput("format", "does not say its frameDuration", "export the project again")
    rate = frame_rate(1 / _seconds(form.get("frameDuration"), "format"))
    drop = sequence.get("tcFormat") == "DF" and rate.denominator == 1001 and not round(rate) % 30
    reading = _Reading(resources, rate, drop, _Spent())
    start = reading.frames(sequence.get("tcStart"), "tcStart")
    spine = sequence.find("spine")
    reading.spine(spine if spine is not None else [], start, 0, 0)
    if not reading.events:
        raise BadInput(name or "sequence", "holds no clip", "export the project with its clips")
    events = sorted(reading.events, key=lambda e: (e.record_in.frame, not e.is_picture))
    events = [replace(event, number=number) for number, event in enumerate(events, start=1)]
    if reading.rounded:
        reading.lost.append(Lost("times between frames (taken as the nearest)", name, reading.rounded))
    first = Timecode(start, rate, drop)
    size = (int(number(form.get("width", ""), "width", 0)), int(number(form.get("height", ""), "height", 0)))
    return Cut(
        name, rate, events, drop, gathered(reading.lost), [], (), tuple(reading.markers),
        first if start < events[0].record_in.frame else None, size if all(size) else None,
    )  # fmt: skip


@dataclass
class _Spent:
    """How many clips were unfolded in all: containers can hold one another many times over."""

    events: int = 0


@dataclass
class _Reading:
    resources: dict[str, Any]
    rate: Fraction
    drop: bool
    spent: _Spent
    events: list[Event] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    rounded: int = 0

    def frames(self, text: str | None, what: str) -> int:
        exact = _seconds(text or "0s", what) * self.rate
        if exact.denominator != 1:
            self.rounded += 1
        return round(exact)

    def spine(self, spine: Any, at: int, lane: int, depth: int) -> None:
        """Items one behind the other from record frame ``at``; transitions lie over the cuts between them."""
        items = [item for item in spine if item.tag in _ITEMS]
        origin = next((self.frames(i.get("offset"), "offset") for i in items if i.get("offset") and i.tag != "transition"), at)
        shift, before, pending = at - origin, -1, None
        for item in items:
            if item.tag == "transition":
                pending = item
                continue
            length = self.frames(item.get("duration"), item.get("name", item.tag))
            count = len(self.events)
            self.item(item, at, length, lane, depth)
            own = next((i for i in range(count, len(self.events)) if self.events[i].record_in.frame == at), -1)
            if pending is not None:
                own = self._across(pending, before, own, at, shift)
            before, pending, at = own, None, at + length
        if pending is not None:
            self._across(pending, before, -1, at, shift)

    def _across(self, transition: Any, before: int, own: int, at: int, shift: int) -> int:
        length = self.frames(transition.get("duration"), "transition")
        begin = self.frames(transition.get("offset"), "transition") + shift if transition.get("offset") else at - length // 2
        name = transition.get("name", "")
        if "dissolve" not in name.lower() and name:
            self.lost.append(Lost(f"transition {name} (kept as a dissolve)", str(Timecode(max(0, begin), self.rate, self.drop))))
        if own < 0:
            if before < 0 or length <= 0:
                self.lost.append(Lost("transition between no clips", name or "unnamed"))
                return own
            black = Timecode(0, self.rate)
            tail = max(1, begin + length - at)
            self.events.append(Event(1, "BL", black, black + tail, self._at(at), self._at(at + tail), self.events[before].track))
            own = len(self.events) - 1
        out, into = crossed(self.events[before] if before >= 0 else None, self.events[own], max(0, at - begin), max(0, length), "D")
        self.events[own] = into
        if out is not None:
            self.events[before] = out
        return own

    def item(self, item: Any, at: int, length: int, lane: int, depth: int) -> None:
        """One item at record frame ``at``, and everything connected to it."""
        name = item.get("name", item.tag)
        asset = self.resources.get(item.get("ref", ""))
        begin = item.get("start") or (
            asset.get("start") if asset is not None and item.tag in ("asset-clip", "video", "audio") else None
        )
        start = self.frames(begin, name)
        if item.get("enabled") == "0":
            self.lost.append(Lost("disabled clip (left as a gap)", name))
        elif item.tag == "audition":
            choices = [child for child in item if child.tag in _ITEMS]
            if choices:
                self.item(choices[0], at, self.frames(choices[0].get("duration"), name), lane, depth)
                self.lost += [Lost("alternatives of an audition", name, len(choices) - 1)] * (len(choices) > 1)
            return
        elif item.tag in ("asset-clip", "video", "audio") and asset is not None and asset.tag == "asset":
            self._clip(item, asset, at, length, start, lane)
        elif item.tag in ("title", "video"):
            self.lost.append(Lost(f"{'title' if item.tag == 'title' else 'generator'} (left as a gap)", name))
        elif item.tag in ("clip", "sync-clip", "ref-clip", "mc-clip"):
            self._container(item, at, length, start, lane, depth)
        elif item.tag != "gap":
            self.lost.append(Lost("clip whose medium is not in the document (left as a gap)", name))
        if item.tag not in ("asset-clip", "clip"):
            self._marked(item, at, start, loose=True)
        for child in item:
            if child.tag in _ITEMS and child.get("lane"):
                self._connected(child, at, start, lane, depth)

    def _connected(self, child: Any, at: int, start: int, lane: int, depth: int) -> None:
        own = lane + round(number(child.get("lane", "0"), "lane", 0.0))
        where = at + self.frames(child.get("offset"), "offset") - start
        if abs(own) > 98 or where < 0:
            raise BadInput(child.get("name", child.tag), "is connected beyond the timeline", "export the project again")
        if child.tag == "spine":
            self.spine(child, where, own, depth)
        else:
            self.item(child, where, self.frames(child.get("duration"), child.tag), own, depth)

    def _clip(self, item: Any, asset: Any, at: int, length: int, start: int, lane: int) -> None:
        self.spent.events += 1
        if self.spent.events > _MOST_EVENTS:
            raise BadInput("project", f"unfolds into more than {_MOST_EVENTS} clips", "export it without compound clips")
        name = item.get("name") or asset.get("name", "")
        if length <= 0:
            self.lost.append(Lost("clip of no length", name))
            return
        held, holds = self.frames(asset.get("start"), name), self.frames(asset.get("duration"), name)
        speed, low, high = self._retime(item, start, length, held, name)
        drop = item.get("tcFormat") == "DF" and self.rate.denominator == 1001 and not round(self.rate) % 30
        representation = asset.find("media-rep")
        media = asset.get("src") or (representation.get("src", "") if representation is not None else "")
        self.events.append(
            Event(
                1, _reel(item, asset), Timecode(low, self.rate, drop), Timecode(high, self.rate, drop), self._at(at),
                self._at(at + length), self._tracks(item, asset, lane, name), speed=speed, clip_name=name,
                source_file=PurePosixPath(unquote(media)).name, comments=tuple(n.text.strip() for n in item.findall("note") if n.text and n.text.strip()),
                markers=self._marked(item, at, start), reposition=_reposition(item, name), media=media,
                media_start=Timecode(held, self.rate, drop) if holds else None, media_frames=max(0, holds), umid=asset.get("uid", ""),
            )
        )  # fmt: skip
        for child in item:
            if child.tag in _UNSAID:
                self.lost.append(Lost(_UNSAID[child.tag] + (f" {child.get('name')}" if child.get("name") else ""), name))

    def _tracks(self, item: Any, asset: Any, lane: int, name: str) -> str:
        enabled = item.get("srcEnable", "all")
        picture = item.tag == "video" or (item.tag == "asset-clip" and asset.get("hasVideo") == "1" and enabled in ("all", "video"))
        sound = item.tag == "audio" or (item.tag == "asset-clip" and asset.get("hasAudio") == "1" and enabled in ("all", "audio"))
        if lane < 0 and picture:
            self.lost.append(Lost("picture below the primary storyline (moved above it)", name))
        track = abs(lane) + 1
        kinds = "V" * picture + "A" * sound or "V"
        return channel_name(kind if track == 1 else f"{kind}{track}" for kind in kinds)

    def _retime(self, item: Any, start: int, length: int, held: int, name: str) -> tuple[float, int, int]:
        """Speed, first and end frame in the medium's timecode."""
        points = [
            (_seconds(p.get("time", ""), name) * self.rate, _seconds(p.get("value", ""), name) * self.rate)
            for p in item.findall("timeMap/timept")
        ]
        points = sorted(dict(points).items())
        if len(points) < 2:
            return 1.0, start, start + length
        if held and points[-1][0] <= start:  # counted from the clip's head, not in the medium's time
            points = [(when + held, value) for when, value in points]
        if held and max(value for _, value in points) < held:
            points = [(when, value + held) for when, value in points]
        first, last = _along(points, Fraction(start)), _along(points, Fraction(start + length))
        if len(points) > 2 and len({(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(points)}) > 1:
            inside = [value for when, value in points if start < when < start + length]
            if inside:
                self.lost.append(Lost("variable speed (kept as its average)", name))
        low, high = min(first, last), max(first, last)
        return float((last - first) / length), math.floor(low), max(math.floor(low) + 1, math.ceil(high))

    def _container(self, item: Any, at: int, length: int, start: int, lane: int, depth: int) -> None:
        name = item.get("name", item.tag)
        inner = _Reading(self.resources, self.rate, self.drop, self.spent)
        if depth >= _DEEPEST or item.find("timeMap") is not None:
            why = "nested too deep" if depth >= _DEEPEST else "retimed"
            self.lost.append(Lost(f"{why} {item.tag} (left as a gap)", name))
            return
        if not self._open(item, inner, start, depth):
            self.lost.append(Lost(f"{item.tag} whose content is not in the document (left as a gap)", name))
            return
        kinds = {"clip": "", "ref-clip": "compound clip", "mc-clip": "multicam clip", "sync-clip": "synchronised clip"}
        if kinds[item.tag]:
            self.lost.append(Lost(f"{kinds[item.tag]} (its parts stand in its place)", name))
        number = abs(lane) + 1
        for kind in ("V", "A"):
            placed, lost = unnested(inner.events, start, length, at, kind if number == 1 else f"{kind}{number}")
            self.events += placed
            inner.lost += lost
        if markers := self._marked(item, at, start):
            self.markers += markers
        self.lost += inner.lost
        self.rounded += inner.rounded

    def _open(self, item: Any, inner: _Reading, start: int, depth: int) -> bool:
        """Read a container's content into ``inner``, in the container's own time. False where there is none."""
        if item.tag in ("clip", "sync-clip"):
            for child in item:
                if child.tag in _ITEMS and not child.get("lane"):
                    where = self.frames(child.get("offset"), "offset") if child.get("offset") else start
                    if child.tag == "spine":
                        inner.spine(child, where, 0, depth + 1)
                    else:
                        inner.item(child, where, self.frames(child.get("duration"), "duration"), 0, depth + 1)
            return True
        media = self.resources.get(item.get("ref", ""))
        if media is None:
            return False
        if item.tag == "ref-clip":
            sequence = media.find("sequence")
            if sequence is None or sequence.find("spine") is None:
                return False
            inner.spine(sequence.find("spine"), self.frames(sequence.get("tcStart"), "tcStart"), 0, depth + 1)
            return True
        multicam, sources = media.find("multicam"), item.findall("mc-source")
        shown = next((s.get("angleID") for s in sources if s.get("srcEnable", "all") in ("all", "video")), None)
        angles = multicam.findall("mc-angle") if multicam is not None else []
        angle = next((a for a in angles if shown is None or a.get("angleID") == shown), None)
        if angle is None:
            return False
        inner.spine(angle, self.frames(multicam.get("tcStart"), "tcStart"), 0, depth + 1)
        inner.lost += [Lost("other angles of a multicam clip", item.get("name", ""), len(angles) - 1)] * (len(angles) > 1)
        return True

    def _marked(self, item: Any, at: int, start: int, loose: bool = False) -> tuple[Marker, ...]:
        found = tuple(
            Marker(
                self._at(max(0, at + self.frames(m.get("start"), "marker") - start)),
                m.get("value", ""),
                {"marker": "", "chapter-marker": "ORANGE"}[m.tag],
                m.get("note", ""),
                max(0, self.frames(m.get("duration"), "marker") - 1),
            )
            for m in item
            if m.tag in ("marker", "chapter-marker")
        )
        if loose and item.tag in ("gap", "title"):
            self.markers += found
        return found

    def _at(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop)


def _seconds(text: str, what: str) -> Fraction:
    """A rational time such as ``1001/24000s``. Raises BadInput for anything else."""
    found = _TIME.fullmatch((text or "").strip())
    if not found or (found[2] and not int(found[2])):
        raise BadInput(what, f"{(text or '')[:30]!r} is not a time such as 1001/24000s", "export the project again")
    value = Fraction(found[3]) if found[3] else Fraction(int(found[1]), int(found[2] or 1))
    if abs(value) > 10_000_000:
        raise BadInput(what, f"{text[:30]!r} is beyond any timeline", "export the project again")
    return value


def _along(points: list[tuple[Fraction, Fraction]], when: Fraction) -> Fraction:
    at = next((i for i, point in enumerate(points[1:-1], start=1) if when <= point[0]), len(points) - 1)
    (x0, y0), (x1, y1) = points[at - 1], points[at]
    return y0 + (when - x0) * (y1 - y0) / (x1 - x0)


def _reel(item: Any, asset: Any) -> str:
    for holder in (item, asset):
        for md in holder.findall("metadata/md"):
            if md.get("key", "").lower().rsplit(".", 1)[-1] in ("reel", "reelname", "reel_name", "cameraroll"):
                return str(md.get("value", ""))
    return ""


def _reposition(item: Any, name: str) -> Reposition | None:
    found = item.find("adjust-transform")
    if found is None:
        return None
    x, y = ([*(found.get("position") or "0 0").split(), "0", "0"])[:2]
    sx, sy = ([*(found.get("scale") or "1 1").split(), "1", "1"])[:2]
    moved = Reposition(
        number(sx, name),
        number(sy, name),
        number(x, name) / 100,
        number(y, name) / 100,
        number(found.get("rotation", ""), name, 0.0),
    )
    return moved if moved != Reposition() else None
