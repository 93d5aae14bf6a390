"""Timelines in and out: OpenTimelineIO documents and edit lists, always with the list of what was lost."""

from __future__ import annotations

from fractions import Fraction
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
        return read_edl(path, rate or 24)
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
    raise BadInput(path, f"{suffix or 'a name without suffix'} cannot be written yet", "name the output .edl or .otio")


def convert(source: Path, target: Path, rate: Fraction | str | float | None = None) -> dict[str, Any]:
    """Convert between formats; returns the `convert` document, with what was lost."""
    cut = read_timeline(source, rate)
    lost = cut.lost + write_timeline(target, cut)
    return {
        "events": len(cut.events),
        "tracks": len({e.track for e in cut.events}),
        "rate": str(cut.rate),
        "start": str(cut.start),
        "lost": [vars(item) for item in lost],
        "warnings": cut.warnings,
    }


def to_otio(cut: Cut, media: dict[int, str]) -> Any:
    """The cut as an OTIO timeline: one video track, gaps where nothing is, CDL and reel in the metadata."""
    rate = float(cut.rate)
    timeline = schema.Timeline(cut.title, global_start_time=opentime.RationalTime(cut.start.frame, rate))
    track = schema.Track("V1", kind=schema.TrackKind.Video)
    at = cut.start.frame
    for event in sorted(cut.events, key=lambda e: e.record_in.frame):
        if event.record_in.frame > at:
            track.append(schema.Gap(duration=opentime.RationalTime(event.record_in.frame - at, rate)))
        if not event.frames:
            continue
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
            "comments": list(event.comments),
            "transition": event.transition,
            "transition_frames": event.transition_frames,
            "rate": str(cut.rate),
        }
        track.append(clip)
        at = event.record_out.frame
    timeline.tracks.append(track)
    return timeline


def _read_otio(path: Path, rate: Fraction | str | float | None) -> Cut:
    try:
        timeline = otio.adapters.read_from_file(str(path))
        tracks = [t for t in timeline.tracks if t.kind == schema.TrackKind.Video]
    except Exception as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise BadInput(path, f"cannot be read as OTIO ({reason})", "export it again from a current version") from None
    lost = [Lost("audio tracks", path.name, len(timeline.tracks) - len(tracks))] if len(tracks) != len(timeline.tracks) else []
    clips = [c for t in tracks for c in t.find_clips()]
    if not clips:
        raise BadInput(path, "holds no picture clip", "export the cut with its picture track")
    exact = frame_rate(rate) if rate else _rate_of(clips[0])
    start = timeline.global_start_time
    origin = round(start.value) if start is not None else 0
    events: list[Event] = []
    for number, track in enumerate(tracks, start=1):
        transitions = sum(isinstance(item, schema.Transition) for item in track)
        if transitions:
            lost.append(Lost("transitions (kept as cuts)", track.name or f"track {number}", transitions))
        for clip in track.find_clips():
            events.append(_event(clip, track, exact, origin, f"V{number}" if number > 1 else "V", len(events) + 1, lost))
    return Cut(timeline.name, exact, events, False, lost, [])


def _event(clip: Any, track: Any, rate: Fraction, origin: int, label: str, number: int, lost: list[Lost]) -> Event:
    kept = clip.metadata.get(_OURS, {})
    used = clip.trimmed_range()
    placed = clip.transformed_time_range(opentime.TimeRange(used.start_time, used.duration), track)
    speed = 1.0
    for effect in clip.effects:
        if isinstance(effect, schema.LinearTimeWarp):
            speed = float(effect.time_scalar)
        else:
            lost.append(Lost(f"effect {effect.effect_name or effect.name}", clip.name))
    frames = round(placed.duration.rescaled_to(float(rate)).value)
    source = round(used.start_time.rescaled_to(float(rate)).value)
    span = round(frames * abs(speed)) if speed != 1.0 else frames
    record = origin + round(placed.start_time.rescaled_to(float(rate)).value)
    cdl = clip.metadata.get("cdl", {})
    sop = cdl.get("asc_sop")
    grade = AscCdl(tuple(sop["slope"]), tuple(sop["offset"]), tuple(sop["power"]), float(cdl.get("asc_sat", 1.0))) if sop else None
    reel = clip.metadata.get("cmx_3600", {}).get("reel", "")
    return Event(
        int(kept.get("event", number)),
        reel,
        Timecode(source, rate),
        Timecode(source + span, rate),
        Timecode(record, rate),
        Timecode(record + frames, rate),
        label,
        str(kept.get("transition", "C")),
        int(kept.get("transition_frames", 0)),
        speed,
        clip.name,
        str(kept.get("source_file", "")),
        grade,
        tuple(kept.get("comments", ())),
    )


def _rate_of(clip: Any) -> Fraction:
    return frame_rate(clip.trimmed_range().duration.rate)
