"""Timelines in and out: OpenTimelineIO documents and edit lists, always with the list of what was lost."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio import opentime, schema

from answerprint.editorial.edl import read_edl, write_edl
from answerprint.editorial.events import AscCdl, Cut, Event, Lost
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import write_atomically

_LATER = {".aaf", ".xml", ".fcpxml", ".ale"}
_OURS = "answerprint"


def read_timeline(path: Path, rate: Fraction | str | float | None = None) -> Cut:
    """Read an EDL or OTIO file as a cut. ``rate`` is needed for an EDL, which does not say its own."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise BadInput(path, "there is no such file", "check the path")
    if suffix == ".edl":
        cut = read_edl(path, rate or 24)
        if not rate:
            cut.warnings.insert(0, "an EDL does not say its frame rate and none was given: taken as 24")
        return cut
    if suffix == ".otio":
        return _read_otio(path, rate)
    if suffix in _LATER:
        raise BadInput(path, f"{suffix[1:].upper()} is read by a later layer", "export the cut as EDL or OTIO")
    raise BadInput(path, "is no timeline we know", "give an .edl or .otio file")


def write_timeline(path: Path, cut: Cut, media: dict[int, str] | None = None) -> list[Lost]:
    """Write a cut as EDL or OTIO by the name's suffix. ``media`` maps event numbers to file URLs or relative paths (OTIO)."""
    suffix = path.suffix.lower()
    if suffix == ".edl":
        return write_edl(path, cut)
    if suffix == ".otio":
        write_atomically(path, str(to_otio(cut, media or {}).to_json_string(indent=2)) + "\n")
        return []
    if suffix in _LATER:
        raise BadInput(path, f"{suffix[1:].upper()} is written by a later layer", "name the output .edl or .otio")
    raise BadInput(path, f"{suffix or 'a name without suffix'} is no timeline format", "name the output .edl or .otio")


def convert(source: Path, target: Path, rate: Fraction | str | float | None = None) -> dict[str, Any]:
    """Convert between formats; returns the `convert` document, with what was lost."""
    cut = read_timeline(source, rate)
    lost = cut.lost + write_timeline(target, cut)
    if target.suffix.lower() == ".otio":
        lost += _overlaps(cut)
    return {
        "events": len(cut.events),
        "tracks": len({e.track for e in cut.events}),
        "rate": str(cut.rate),
        "start": str(cut.start),
        "lost": [vars(item) for item in lost],
        "warnings": cut.warnings,
    }


def to_otio(cut: Cut, media: dict[int, str]) -> Any:
    """The cut as an OTIO timeline: one track for each channel, gaps where nothing is, CDL and reel in the metadata.

    A transition stands before its incoming clip and begins at the cut point, as a CMX3600 list counts it.
    """
    timeline = schema.Timeline(cut.title, global_start_time=opentime.RationalTime(cut.start.frame, float(cut.rate)))
    timeline.metadata[_OURS] = {"drop": cut.drop, "heading": list(cut.heading)}
    for name, events in _by_track(cut).items():
        kind = schema.TrackKind.Audio if name.startswith("A") else schema.TrackKind.Video
        track = schema.Track(name, kind=kind)
        _fill(track, events, cut, media)
        timeline.tracks.append(track)
    return timeline


def _by_track(cut: Cut) -> dict[str, list[Event]]:
    """The events of each track in record order, picture first. An event for picture and sound stands with the picture."""
    found: dict[str, list[Event]] = {}
    for event in sorted(cut.events, key=lambda e: e.record_in.frame):
        if event.frames:
            part = next((p for p in event.track.split("/") if p.startswith("V")), "V") if event.is_picture else event.track
            found.setdefault(f"{part}1" if part in ("V", "A") else part, []).append(event)
    return dict(sorted(found.items(), key=lambda item: (not item[0].startswith("V"), item[0])))


def _overlaps(cut: Cut) -> list[Lost]:
    """Events that begin before the one before them on their track ends: a track has no room for both."""
    return [
        Lost("overlap of two events on one track (moved behind it)", f"event {after.number}")
        for events in _by_track(cut).values()
        for before, after in pairwise(events)
        if after.record_in < before.record_out
    ]


def _fill(track: Any, events: list[Event], cut: Cut, media: dict[int, str]) -> None:
    rate, at = float(cut.rate), cut.start.frame
    for event in events:
        if event.record_in.frame > at:
            track.append(schema.Gap(duration=opentime.RationalTime(event.record_in.frame - at, rate)))
        if event.transition[:1] in ("D", "W") and event.transition_frames and len(track):
            kind = schema.TransitionTypes.SMPTE_Dissolve if event.transition[:1] == "D" else "SMPTE_Wipe"
            length = opentime.RationalTime(event.transition_frames, rate)
            track.append(schema.Transition(event.transition, kind, opentime.RationalTime(0, rate), length))
        track.append(_clip(event, cut, media))
        at = max(at, event.record_in.frame) + event.frames


def _clip(event: Event, cut: Cut, media: dict[int, str]) -> Any:
    rate = float(cut.rate)
    start = opentime.RationalTime(event.source_in.frame, rate)
    reference = schema.ExternalReference(media[event.number]) if event.number in media else schema.MissingReference()
    reference.name = event.source_file or event.clip_name
    clip = schema.Clip(
        event.clip_name or event.reel, reference, opentime.TimeRange(start, opentime.RationalTime(event.frames, rate))
    )
    if event.speed != 1.0:
        clip.effects.append(schema.FreezeFrame() if event.speed == 0 else schema.LinearTimeWarp(time_scalar=event.speed))
    clip.metadata["cmx_3600"] = {"reel": event.reel}
    if event.cdl:
        clip.metadata["cdl"] = {
            "asc_sat": event.cdl.saturation,
            "asc_sop": {"slope": list(event.cdl.slope), "offset": list(event.cdl.offset), "power": list(event.cdl.power)},
        }
    clip.metadata[_OURS] = {
        "event": event.number,
        "source_file": event.source_file,
        "source_span": event.source_out.frame - event.source_in.frame,
        "frames": event.frames,
        "clip_name": event.clip_name,
        "outgoing_name": event.outgoing_name,
        "comments": list(event.comments),
        "track": event.track,
        "transition": event.transition,
        "transition_frames": event.transition_frames,
        "rate": str(cut.rate),
    }
    return clip


def _read_otio(path: Path, rate: Fraction | str | float | None) -> Cut:
    try:
        timeline = otio.adapters.read_from_file(str(path))
    except Exception as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise BadInput(path, f"cannot be read as OTIO ({reason})", "export it again from a current version") from None
    if not isinstance(timeline, schema.Timeline):
        raise BadInput(path, "cannot be read as OTIO (it holds no timeline)", "export the whole timeline")
    clips = [c for t in timeline.video_tracks() for c in t.find_clips()]
    if not clips:
        raise BadInput(path, "holds no picture clip", "export the cut with its picture track")
    exact, warnings = _rate_of(clips[0]), list[str]()
    if rate and frame_rate(rate) != exact:
        warnings.append(f"it counts {float(exact):g} frames per second, {float(frame_rate(rate)):g} was given: its own rate counts")
    ours = dict(timeline.metadata.get(_OURS, {}))
    reading = _OtioReading(timeline, exact, bool(ours.get("drop", False)))
    for kind, tracks in (("V", timeline.video_tracks()), ("A", timeline.audio_tracks())):
        for number, track in enumerate(tracks, start=1):
            reading.track(track, kind if number == 1 else f"{kind}{number}")
    events = sorted(reading.events, key=lambda e: (e.record_in.frame, not e.is_picture))
    return Cut(timeline.name, exact, events, reading.drop, reading.lost, warnings, tuple(ours.get("heading", ())))


class _OtioReading:
    """Turns tracks into events and lists what an event cannot say."""

    def __init__(self, timeline: Any, rate: Fraction, drop: bool) -> None:
        self.rate, self.drop = rate, drop
        begin = timeline.global_start_time
        self.origin = self._frames(begin) if begin is not None else 0
        self.events: list[Event] = []
        self.lost: list[Lost] = []

    def track(self, track: Any, label: str) -> None:
        at, transition, before = self.origin, None, None
        markers = len(track.markers) + sum(len(item.markers) for item in track if isinstance(item, otio.core.Item))
        if markers:
            self.lost.append(Lost("markers", track.name or label, markers))
        for item in track:
            if isinstance(item, schema.Transition):
                transition = item
                continue
            length = self._frames(item.trimmed_range().duration)
            if isinstance(item, schema.Clip) and item.enabled:
                event = self._event(item, at, length, label)
                if transition is not None:
                    event, before = self._across(transition, event, before)
                elif before is not None:  # whoever worked on the timeline took the transition away
                    event = replace(event, transition="C", transition_frames=0, outgoing_name="")
                self.events.append(event)
                before = event
            else:
                if not isinstance(item, schema.Gap):
                    what = "disabled clip" if isinstance(item, schema.Clip) else "nested sequence"
                    self.lost.append(Lost(f"{what} (left as a gap)", item.name or label))
                if transition is not None:
                    self.lost.append(Lost("transition to or from black", track.name or label))
                before = None
            transition, at = None, at + length

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
        event = replace(event, transition=kept, transition_frames=lead + tail)
        if lead:
            event = replace(event, record_in=event.record_in - lead, source_in=event.source_in - math.ceil(lead * abs(event.speed)))
            if before is not None:
                shorter = replace(
                    before, record_out=before.record_out - lead, source_out=before.source_out - math.ceil(lead * abs(before.speed))
                )
                self.events[self.events.index(before)] = before = shorter
        if before is not None and not event.outgoing_name:
            event = replace(event, outgoing_name=before.clip_name)
        return event, before

    def _event(self, clip: Any, at: int, frames: int, label: str) -> Event:
        kept = dict(clip.metadata.get(_OURS, {}))
        used = clip.trimmed_range()
        speed = 1.0
        for effect in clip.effects:
            if isinstance(effect, schema.LinearTimeWarp):
                speed *= float(effect.time_scalar)
            else:
                self.lost.append(Lost(f"effect {effect.effect_name or effect.name}", clip.name))
        if abs(used.start_time.rate - float(self.rate)) > 0.01:
            self.lost.append(Lost(f"source rate {used.start_time.rate:g} (counted at {float(self.rate):g})", clip.name))
        source = self._frames(used.start_time)
        span = max(1, math.ceil(round(frames * abs(speed), 6)))
        if kept.get("frames") == frames:  # nobody trimmed it since
            span = int(kept.get("source_span", span))
        return Event(
            self._number(kept),
            reel_of(clip),
            Timecode(source, self.rate, self.drop),
            Timecode(source + span, self.rate, self.drop),
            Timecode(at, self.rate, self.drop),
            Timecode(at + frames, self.rate, self.drop),
            str(kept.get("track", label)),
            str(kept.get("transition", "C")),
            int(kept.get("transition_frames", 0)),
            speed,
            str(kept.get("clip_name", clip.name)),
            str(kept.get("source_file", "")),
            self._grade(clip),
            tuple(kept.get("comments", ())),
            str(kept.get("outgoing_name", "")),
        )

    def _number(self, kept: dict[str, Any]) -> int:
        """The number the event had, unless a clip was cut in two; else the next free one."""
        used = {event.number for event in self.events}
        number = int(kept.get("event", 0))
        return number if number and number not in used else max(used, default=0) + 1

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

    def _frames(self, time: Any) -> int:
        """A time as a count of frames: its own count where it runs at our rate, else the nearest frame."""
        same = abs(time.rate - float(self.rate)) < 0.01
        count: int = round(time.value if same else time.rescaled_to(float(self.rate)).value)
        return count


def reel_of(clip: Any) -> str:
    """The clip's reel: where an EDL left it, else any reel or tape that its or its medium's metadata names, else empty."""
    reel = clip.metadata.get("cmx_3600", {}).get("reel", "")
    if reel:
        return str(reel)
    reference = clip.media_reference
    for metadata in (clip.metadata, reference.metadata if reference is not None else {}):
        for key, value in _texts(metadata):
            if re.sub(r"[\s_]", "", key.lower()) in ("reel", "reelname", "tape", "tapename", "tapeid") and value:
                return value
    return ""


def _texts(metadata: Any) -> Iterator[tuple[str, str]]:
    for key in metadata:
        value = metadata[key]
        if hasattr(value, "keys"):
            yield from _texts(value)
        elif isinstance(value, str):
            yield str(key), value


def _rate_of(clip: Any) -> Fraction:
    return frame_rate(clip.trimmed_range().duration.rate)
