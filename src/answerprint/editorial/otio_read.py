"""OpenTimelineIO documents read as a cut, from any application; what an event cannot say is listed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio import schema

from answerprint.editorial.channels import channel_name, channels
from answerprint.editorial.encodings import decoded, read_bytes
from answerprint.editorial.events import AscCdl, Cut, Event, Lost, Marker, Reposition
from answerprint.editorial.layout import crossed, unnested
from answerprint.editorial.otio_write import OURS
from answerprint.production import BadInput, Timecode, frame_rate

_DEEPEST = 200
_MEDIUM = "DEFAULT_MEDIA"


def read_otio(path: Path, rate: Fraction | str | float | None) -> Cut:
    """Read an ``.otio`` document. Raises BadInput for what is none, or holds no clip."""
    timeline = _opened(path)
    clips = list(timeline.find_clips())
    if not clips:
        raise BadInput(path, "holds no clip", "export the cut with its picture track")
    try:
        return _cut(timeline, rate)
    except BadInput as error:
        raise BadInput(path, error.reason, "export the timeline again") from None
    except Exception as error:  # the library raises its own kinds, not all of which its module names
        raise BadInput(path, f"holds values no timeline has ({_short(error)})", "export the timeline again") from None


def _opened(path: Path) -> Any:
    text, _ = decoded(read_bytes(path), path, "OTIO")
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("it is no object")
        _checked(document)
        # Written anew, because the library's reader does not survive an object that names a key twice.
        timeline = otio.adapters.read_from_string(json.dumps(document), "otio_json")
    except Exception as error:
        raise BadInput(path, f"cannot be read as OTIO ({_short(error)})", "export it again from a current version") from None
    if not isinstance(timeline, schema.Timeline):
        raise BadInput(path, "cannot be read as OTIO (it holds no timeline)", "export the whole timeline")
    return timeline


def _checked(document: Any) -> None:
    """Refuse, with ValueError, what the library's own reader does not survive, and bring clips of version 1 up to version 2.

    A clip of version 1 without a medium ends the library's own conversion, and with it the process.
    """
    depth, layer = 0, [document]
    while layer:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("it is nested too deep")
        for one in layer:
            named = _schema_of(one) if isinstance(one, dict) and "OTIO_SCHEMA" in one else None
            if named == ("Clip", 1):
                reference = one.pop("media_reference", None) or {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": ""}
                one |= {"OTIO_SCHEMA": "Clip.2", "media_references": {_MEDIUM: reference}, "active_media_reference_key": _MEDIUM}
        layer = [
            inner for one in layer for inner in (one.values() if isinstance(one, dict) else one) if isinstance(inner, dict | list)
        ]


def _schema_of(document: dict[str, Any]) -> tuple[str, int]:
    """Name and version of an object's schema; versions count from 1, and a lower one ends the library and the process."""
    found = re.fullmatch(r"(\w+)\.([0-9]{1,4})", str(document["OTIO_SCHEMA"]))
    if found is None or int(found[2]) < 1:
        raise ValueError(f"it holds the schema {str(document['OTIO_SCHEMA'])[:40]!r}, which cannot be")
    return found[1], int(found[2])


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def _cut(timeline: Any, rate: Fraction | str | float | None) -> Cut:
    clips = [c for t in timeline.video_tracks() for c in t.find_clips()] or list(timeline.find_clips())
    exact, warnings = frame_rate(clips[0].trimmed_range().duration.rate), list[str]()
    if rate and frame_rate(rate) != exact:
        warnings.append(f"it counts {float(exact):g} frames per second, {float(frame_rate(rate)):g} was given: its own rate counts")
    ours = dict(timeline.metadata.get(OURS, {}))
    reading = _Reading(timeline, exact, bool(ours.get("drop", False)))
    for kind, tracks in (("V", timeline.video_tracks()), ("A", timeline.audio_tracks())):
        for number, track in enumerate(tracks, start=1):
            reading.track(track, kind if number == 1 else f"{kind}{number}")
    reading.loose(timeline.tracks, reading.origin)
    events = sorted(reading.folded(), key=lambda e: (e.record_in.frame, not e.is_picture))
    origin = Timecode(reading.origin, exact, reading.drop)
    size = tuple(int(side) for side in ours.get("size", ()))
    return Cut(
        timeline.name,
        exact,
        events,
        reading.drop,
        reading.lost,
        warnings,
        tuple(str(line) for line in ours.get("heading", ())),
        tuple(reading.markers),
        origin if events and origin.frame < events[0].record_in.frame else None,
        (size[0], size[1]) if len(size) == 2 else None,
    )


class _Reading:
    """Turns tracks into events and lists what an event cannot say."""

    def __init__(self, timeline: Any, rate: Fraction, drop: bool, origin: int | None = None) -> None:
        self.rate, self.drop = rate, drop
        begin = timeline.global_start_time if origin is None else None
        self.origin = origin if origin is not None else (self._frames(begin) if begin is not None else 0)
        self.events: list[Event] = []
        self.lanes: list[str] = []
        self.numbered: dict[int, list[str]] = {}
        self.markers: list[Marker] = []
        self.lost: list[Lost] = []

    def track(self, track: Any, label: str) -> None:
        at, transition, before = self.origin, None, None
        if not track.enabled:
            self.lost.append(Lost("disabled track (left out)", track.name or label))
            return
        self.loose(track, self.origin)
        for item in track:
            if isinstance(item, schema.Transition):
                transition = item
                continue
            length = self._frames(item.trimmed_range().duration)
            if length < 0:
                raise BadInput("timeline", f"an item on {label} has a negative length", "export it again")
            event = self._stands(item, at, length, label)
            if event is None and transition is not None:
                event = self._black(at, length, label)
            if event is not None:
                if transition is not None:
                    event, before = self._across(transition, event, before)
                elif before is not None and event.transition[:1] in (
                    "D",
                    "W",
                ):  # whoever worked on the timeline took the transition away
                    event = replace(event, transition="C", transition_frames=0, outgoing_name="")
                self._add(event, label if item.metadata.get(OURS, {}).get("lane") == label else "")
            transition, at, before = None, at + length, event
        if transition is not None and before is not None:
            closing = self._frames(transition.in_offset) + self._frames(transition.out_offset)
            self._add(self._across(transition, self._black(at, max(0, closing), label), before)[0])

    def _add(self, event: Event, lane: str = "") -> None:
        """Keep an event; ``lane`` is the track it still stands on where we put it there ourselves."""
        self.events.append(event)
        self.lanes.append(lane)
        self.numbered.setdefault(event.number, []).append(lane)

    def _stands(self, item: Any, at: int, length: int, label: str) -> Event | None:
        """The event an item is; None for a gap, for what is listed as lost, and for a nested sequence, whose events are added."""
        if isinstance(item, schema.Clip) and item.enabled:
            return self._event(item, at, length, label)
        if isinstance(item, schema.Gap):
            if OURS in item.metadata and length:
                return self._event(item, at, length, label)
            self.loose(item, at - self._frames(item.trimmed_range().start_time))
            return None
        if isinstance(item, schema.Clip):
            self.lost.append(Lost("disabled clip (left as a gap)", item.name or label))
        elif not item.enabled or item.effects:
            what = "disabled nested sequence" if not item.enabled else "nested sequence with effects"
            self.lost.append(Lost(f"{what} (left as a gap)", item.name or label))
        else:
            self._nested(item, at, length, label)
        return None

    def _nested(self, item: Any, at: int, length: int, label: str) -> None:
        inner = _Reading(None, self.rate, self.drop, 0)
        tracks = [item] if isinstance(item, schema.Track) else [child for child in item if isinstance(child, schema.Track)]
        if isinstance(item, schema.Stack) and len(tracks) != len(item):
            self.lost.append(
                Lost("clips stacked without a track in a nested sequence", item.name or label, len(item) - len(tracks))
            )
        for number, track in enumerate(tracks, start=1):
            inner.track(track, label[0] if number == 1 else f"{label[0]}{number}")
        placed, lost = unnested(inner.events, self._frames(item.trimmed_range().start_time), length, at, label)
        taken = {event.number for event in self.events}
        for event in placed:
            number = event.number if event.number not in taken else max(taken, default=0) + 1
            taken.add(number)
            self._add(replace(event, number=number))
        self.lost += [Lost("nested sequence (its clips stand in its place)", item.name or label), *inner.lost, *lost]

    def _black(self, at: int, frames: int, label: str) -> Event:
        source, number = Timecode(0, self.rate), max(self.numbered, default=0) + 1
        return Event(number, "BL", source, source + frames, self._record(at), self._record(at + frames), label)

    def _across(self, transition: Any, event: Event, before: Event | None) -> tuple[Event, Event | None]:
        """The incoming event with its transition; what of it lies before the cut point is taken from the outgoing one."""
        lead, tail = self._frames(transition.in_offset), self._frames(transition.out_offset)
        code = "D" if transition.transition_type == schema.TransitionTypes.SMPTE_Dissolve else "W001"
        if code != "D" and transition.transition_type != "SMPTE_Wipe":
            self.lost.append(
                Lost(f"transition {transition.name or transition.transition_type} (kept as a dissolve)", f"event {event.number}")
            )
            code = "D"
        kept = event.transition if event.transition[:1] == code[:1] else code
        named = transition.name if re.fullmatch(r"W\d{1,3}", transition.name or "") and code[0] == "W" else ""
        out, event = crossed(before, event, lead, max(0, lead + tail), named or kept)
        if out is not None and before is not None:
            at = next(i for i in range(len(self.events) - 1, -1, -1) if self.events[i] is before)
            self.events[at] = out
        return event, out

    def _event(self, clip: Any, at: int, frames: int, label: str) -> Event:
        kept = dict(clip.metadata.get(OURS, {}))
        used, speed = clip.trimmed_range(), self._speed(clip)
        if abs(used.start_time.rate - float(self.rate)) > 0.01:
            self.lost.append(Lost(f"source rate {used.start_time.rate:g} (counted at {float(self.rate):g})", clip.name))
        source = self._frames(used.start_time)
        span = max(1, math.ceil(round(frames * abs(speed), 6)))
        if kept.get("frames") == frames:  # nobody trimmed it since
            span = int(kept.get("source_span", span))
        drop = bool(kept.get("source_drop", self.drop))
        stays = kept.get("lane", label) == label
        media, start, length = self._medium(clip, drop)
        return Event(
            self._number(kept, label),
            reel_of(clip),
            Timecode(source, self.rate, drop),
            Timecode(source + span, self.rate, drop),
            self._record(at),
            self._record(at + frames),
            str(kept.get("track", label)) if stays else label,
            str(kept.get("transition", "C")),
            int(kept.get("transition_frames", 0)),
            speed,
            str(kept.get("clip_name", clip.name)),
            str(kept.get("source_file", "")),
            self._grade(clip),
            tuple(str(line) for line in kept.get("comments", ())),
            str(kept.get("outgoing_name", "")),
            self._marked(clip, at - source),
            _reposition(kept.get("reposition")),
            tuple(str(line) for line in kept.get("lines", ())),
            media,
            start,
            length,
            str(kept.get("umid", "")),
            str(kept.get("digest", "")),
            tuple((str(name), str(value)) for name, value in kept.get("columns", ())),
        )

    def folded(self) -> list[Event]:
        """The events, those that one event of an edit list made on several tracks being one again."""
        whole: dict[tuple[Any, ...], tuple[Event, list[str]]] = {}
        for event, lane in zip(self.events, self.lanes, strict=True):
            one = (event.number, event.track, event.reel, event.transition, event.record_in, event.record_out, event.source_in)
            key: tuple[Any, ...] = one if lane else (id(event),)
            whole.setdefault(key, (event, []))[1].append(lane)
        done = []
        for event, lanes in whole.values():
            said = set(channels(event.track, event.lines))
            moved = lanes[0] and set(lanes) != said and len(said) > 1
            done.append(replace(event, track=channel_name(lanes)) if moved else event)
        return done

    def loose(self, item: Any, shift: int) -> None:
        """Markers that stand on no clip: on the timeline, a track or a gap."""
        self.markers += self._marked(item, shift)

    def _marked(self, item: Any, shift: int) -> tuple[Marker, ...]:
        return tuple(
            Marker(
                self._record(max(0, self._frames(m.marked_range.start_time) + shift)),
                m.name,
                str(m.metadata[OURS].get("colour", m.color) if OURS in m.metadata else m.color or ""),
                m.comment or "",
                max(0, self._frames(m.marked_range.duration)),
            )
            for m in item.markers
        )

    def _speed(self, clip: Any) -> float:
        speed = 1.0
        for effect in clip.effects:
            if isinstance(effect, schema.LinearTimeWarp):
                speed *= float(effect.time_scalar)
            else:
                self.lost.append(Lost(f"effect {effect.effect_name or effect.name}", clip.name))
        exact = float(clip.metadata.get(OURS, {}).get("speed", speed))
        if abs(exact - speed) < 1e-9:
            return exact
        if not math.isfinite(speed) or abs(speed) > 1e6:
            raise BadInput("timeline", f"a clip runs at {speed} times its speed", "export it again")
        return speed

    def _medium(self, clip: Any, drop: bool) -> tuple[str, Timecode | None, int]:
        reference = getattr(clip, "media_reference", None)
        if reference is None:
            return "", None, 0
        if isinstance(reference, schema.ImageSequenceReference):
            url = (
                reference.target_url_for_image_number(0)
                if reference.rate and reference.available_range
                else reference.target_url_base
            )
        else:
            url = str(getattr(reference, "target_url", "") or "")
        held = reference.available_range
        if held is None:
            return url, None, 0
        return url, Timecode(self._frames(held.start_time), self.rate, drop), max(0, self._frames(held.duration))

    def _number(self, kept: dict[str, Any], label: str) -> int:
        """The number the event had, unless a clip was cut in two; else the next free one."""
        number = int(kept.get("event", 0))
        lanes = self.numbered.get(number)
        if number and (lanes is None or (kept.get("lane") == label and label not in lanes and all(lanes))):
            return number
        return max(self.numbered, default=0) + 1

    def _grade(self, clip: Any) -> AscCdl | None:
        cdl = clip.metadata.get("cdl", {})
        try:
            sop = cdl["asc_sop"]
            (a, b, c), (d, e, f), (g, h, i) = ([float(v) for v in sop[key]] for key in ("slope", "offset", "power"))
            return AscCdl((a, b, c), (d, e, f), (g, h, i), float(cdl.get("asc_sat", 1.0)))
        except KeyError:
            return None
        except (TypeError, ValueError):
            self.lost.append(Lost("a grade that does not read as an ASC CDL", clip.name))
            return None

    def _record(self, frame: int) -> Timecode:
        return Timecode(frame, self.rate, self.drop)

    def _frames(self, time: Any) -> int:
        """A time as a count of frames: its own count where it runs at our rate, else the nearest frame."""
        same = abs(time.rate - float(self.rate)) < 0.01
        count: int = round(time.value if same else time.rescaled_to(float(self.rate)).value)
        if abs(count) > 1 << 40:
            raise BadInput("timeline", f"holds a time of {count} frames", "export it again")
        return count


def reel_of(clip: Any) -> str:
    """The clip's reel: where an EDL left it, else any reel or tape that its or its medium's metadata names, else empty."""
    reel = clip.metadata.get("cmx_3600", {}).get("reel", "")
    if reel:
        return str(reel)
    reference = getattr(clip, "media_reference", None)
    for metadata in (clip.metadata, reference.metadata if reference is not None else {}):
        for key, value in _texts(metadata):
            if re.sub(r"[\s_]", "", key.lower()) in ("reel", "reelname", "tape", "tapename", "tapeid") and value:
                return value
    return ""


def _reposition(kept: Any) -> Reposition | None:
    if not kept:
        return None
    names = ("scale_x", "scale_y", "x", "y", "rotation_degrees")
    return Reposition(*(float(kept.get(name, default)) for name, default in zip(names, (1, 1, 0, 0, 0), strict=True)))


def _texts(metadata: Any) -> Iterator[tuple[str, str]]:
    for key in metadata:
        value = metadata[key]
        if hasattr(value, "keys"):
            yield from _texts(value)
        elif isinstance(value, str):
            yield str(key), value
