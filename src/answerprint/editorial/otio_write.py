"""A cut as an OpenTimelineIO document, which keeps all of it: what the schema has no place for stands in the metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio import opentime, schema

from answerprint.editorial.events import AscCdl, Cut, Event, Lost, Marker
from answerprint.editorial.layout import Lane, arrange
from answerprint.production.atomic import write_atomically

OURS = "answerprint"


def write_otio(path: Path, cut: Cut, media: Mapping[int, str] | None = None) -> list[Lost]:
    """Write ``cut``; ``media`` maps event numbers to URLs or relative paths, without it each event keeps the medium it names."""
    timeline, lost = to_otio(cut, media)
    write_atomically(path, str(timeline.to_json_string(indent=2)) + "\n")
    return lost


def to_otio(cut: Cut, media: Mapping[int, str] | None = None) -> tuple[Any, list[Lost]]:
    """The cut as an OTIO timeline, and what it cannot say: one track for each channel, gaps where nothing is.

    A transition stands before its incoming clip and begins at the cut point, as a CMX3600 list counts it.
    """
    rate = float(cut.rate)
    timeline = schema.Timeline(cut.title, global_start_time=opentime.RationalTime(cut.start.frame, rate))
    timeline.metadata[OURS] = {"drop": cut.drop, "heading": list(cut.heading), "size": list(cut.size or ())}
    layout = arrange(cut)
    for lane in layout.lanes:
        kind = schema.TrackKind.Video if lane.is_picture else schema.TrackKind.Audio
        track = schema.Track(f"{lane.name}1" if lane.name in ("V", "A") else lane.name, kind=kind)
        _fill(track, lane, cut, media)
        timeline.tracks.append(track)
    timeline.tracks.markers.extend(_marker(marker, marker.at.frame - cut.start.frame, rate) for marker in cut.markers)
    return timeline, layout.lost


def _fill(track: Any, lane: Lane, cut: Cut, media: Mapping[int, str] | None) -> None:
    rate, at = float(cut.rate), cut.start.frame
    for event in lane.events:
        if event.record_in.frame > at:
            track.append(schema.Gap(duration=opentime.RationalTime(event.record_in.frame - at, rate)))
        if event.transition[:1] in ("D", "W") and event.transition_frames:
            if not len(track):  # a transition stands between two things
                track.append(schema.Gap(duration=opentime.RationalTime(0, rate)))
            kind = schema.TransitionTypes.SMPTE_Dissolve if event.transition[:1] == "D" else "SMPTE_Wipe"
            length = opentime.RationalTime(event.transition_frames, rate)
            track.append(schema.Transition(event.transition, kind, opentime.RationalTime(0, rate), length))
        track.append(_item(event, lane.name, cut, media))
        at = event.record_out.frame


def _item(event: Event, lane: str, cut: Cut, media: Mapping[int, str] | None) -> Any:
    rate = float(cut.rate)
    used = opentime.TimeRange(opentime.RationalTime(event.source_in.frame, rate), opentime.RationalTime(event.frames, rate))
    if event.is_black:
        item = schema.Gap(name=event.clip_name, source_range=used)
    else:
        item = schema.Clip(event.clip_name or event.reel, _reference(event, cut, media), used)
    if event.speed != 1.0:
        item.effects.append(schema.FreezeFrame() if event.speed == 0 else schema.LinearTimeWarp(time_scalar=event.speed))
    item.markers.extend(
        _marker(marker, marker.at.frame - event.record_in.frame + event.source_in.frame, rate) for marker in event.markers
    )
    item.metadata["cmx_3600"] = {"reel": event.reel}
    if event.cdl:
        item.metadata["cdl"] = _grade(event.cdl)
    item.metadata[OURS] = _kept(event, lane, cut)
    return item


def _reference(event: Event, cut: Cut, media: Mapping[int, str] | None) -> Any:
    url = event.media if media is None else media.get(event.number, "")
    reference = schema.ExternalReference(url) if url else schema.MissingReference()
    reference.name = event.source_file or event.clip_name
    if event.media_start is not None and event.media_frames and media is None:
        rate = float(cut.rate)
        reference.available_range = opentime.TimeRange(
            opentime.RationalTime(event.media_start.frame, rate), opentime.RationalTime(event.media_frames, rate)
        )
    return reference


def _grade(cdl: AscCdl) -> dict[str, Any]:
    return {
        "asc_sat": cdl.saturation,
        "asc_sop": {"slope": list(cdl.slope), "offset": list(cdl.offset), "power": list(cdl.power)},
    }


def _kept(event: Event, lane: str, cut: Cut) -> dict[str, Any]:
    """What OTIO's own fields have no room for; empty ones are left out."""
    said = {
        "event": event.number,
        "source_file": event.source_file,
        "source_span": event.source_out.frame - event.source_in.frame,
        "source_drop": event.source_in.drop,
        "frames": event.frames,
        "clip_name": event.clip_name,
        "outgoing_name": event.outgoing_name,
        "comments": list(event.comments),
        "track": event.track,
        "lane": lane,
        "transition": event.transition,
        "transition_frames": event.transition_frames,
        "rate": str(cut.rate),
    }
    said |= {key: list(value) for key, value in (("lines", event.lines),) if value}
    said |= {key: value for key, value in (("umid", event.umid), ("digest", event.digest)) if value}
    if event.speed not in (0.0, 1.0):
        said["speed"] = repr(event.speed)  # the library writes numbers with a digit less than they have
    if event.columns:
        said["columns"] = [list(cell) for cell in event.columns]
    if event.reposition is not None:
        said["reposition"] = vars(event.reposition)
    return said


def _marker(marker: Marker, frame: int, rate: float) -> Any:
    span = opentime.TimeRange(opentime.RationalTime(frame, rate), opentime.RationalTime(marker.frames, rate))
    made = schema.Marker(marker.name, span, marker.colour or otio.schema.MarkerColor.WHITE, comment=marker.comment)
    made.metadata[OURS] = {"colour": marker.colour}
    return made
