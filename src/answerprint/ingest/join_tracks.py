"""Tracking and lens tables joined to the clip they were recorded with: by slate or name, else by the timecode that overlaps.

What belongs to a clip is kept with it as the file's name and digest and how it was found; samples stay in their file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput, Timecode

_ENDING = re.compile(r"\.(mov|mp4|mxf|exr|dpx)$", re.IGNORECASE)
_POSED_PICTURES = ("place in the file", "place by name")
"""Clocks of solves that pose pictures, not a clip's frames."""


def join_tracks(files: Sequence[IngestedFile], clips: Sequence[IngestedFile]) -> list[str]:
    """Join every track and lens table to its clip; returns what belongs to none, a line each.

    A clip gets ``tracking`` and ``lens_frames``, lists of ``{"name", "digest", "by", "device"}``.
    """
    problems = []
    for file in files:
        track = _track_of(file)
        if track is None or not clips:
            continue
        clip, by = _clip_for(file, track, clips)
        if clip is None:
            problems.append(f"{file.path.name} {by}")
            file.problems.append(by)
            continue
        file.metadata["clips"] = [clip.metadata["clip"]]
        what = "tracking" if file.kind == "tracking" else "lens_frames"
        said = {"name": file.path.name, "digest": file.digest, "by": by, "device": str(track.get("device", ""))}
        clip.metadata.setdefault(what, []).append(said)
    for clip in clips:
        if len(clip.metadata.get("tracking", [])) > 1:
            names = ", ".join(t["name"] for t in clip.metadata["tracking"])
            problems.append(f"{clip.path.name} has several tracks ({names}): the first is used")
    return problems


def _track_of(file: IngestedFile) -> dict[str, Any] | None:
    """What is known of a file's samples; None for files that hold no samples of one camera over time."""
    track = file.metadata.get("track")
    if track is not None and file.kind in ("tracking", "lens"):
        return None if track.get("clock") in _POSED_PICTURES else dict(track)
    if file.metadata.get("per_frame") and file.metadata.get("rows"):
        row = file.metadata["rows"][0]
        frames = int(file.metadata["per_frame"].get("frames", 0))
        return {"device": "camera report", "samples": frames, "label": row.get("camera", ""), "clip": row.get("clip", "")}
    return None


def _clip_for(file: IngestedFile, track: dict[str, Any], clips: Sequence[IngestedFile]) -> tuple[IngestedFile | None, str]:
    """The clip and how it was found, or None and why not."""
    named = [clip for clip in clips if _is_named(file, track, clip)]
    # A1 begins the name of A10's file as well: the longest name is meant.
    named = [clip for clip in named if len(_name(clip)) == max(len(_name(other)) for other in named)]
    if len(named) == 1:
        return named[0], "name"
    slate = _plain(str(file.metadata.get("slate", "")))
    slated = [clip for clip in named or clips if slate and slate in _slates(clip)]
    if len(slated) > 1:
        slated = _of_camera(slated, track) or slated
    if len(slated) == 1:
        return slated[0], "slate"
    span = _span(file, track)
    if span is None:
        return None, "says neither a clip, a slate nor a timecode that was given: it is joined to no clip"
    overlapping = [clip for clip in slated or named or clips if _overlap(span, clip) > 0]
    reel = _plain(str(file.metadata.get("reel", "")))
    of_reel = [clip for clip in overlapping if reel and _plain(str(clip.metadata.get("reel", ""))) == reel]
    found = of_reel or _of_camera(overlapping, track) or overlapping
    if len(found) == 1:
        return found[0], "reel and timecode" if of_reel else "timecode"
    if not found:
        return None, "was recorded when no clip that was given ran"
    return None, f"overlaps {', '.join(str(c.metadata['clip']) for c in found)} in time: name the file after its clip"


def _is_named(file: IngestedFile, track: dict[str, Any], clip: IngestedFile) -> bool:
    name = _name(clip)
    said = {_plain(_ENDING.sub("", str(v))) for v in (track.get("clip", ""), file.metadata.get("slate", ""))}
    return bool(name) and (name in said or _plain(file.path.stem).startswith(name))


def _name(clip: IngestedFile) -> str:
    return _plain(_ENDING.sub("", str(clip.metadata["clip"])))


def _slates(clip: IngestedFile) -> set[str]:
    """How people write a slate, letters and digits only."""
    if not clip.scene:
        return set()
    head, take = _plain(f"{clip.scene}{clip.setup}"), clip.take.lstrip("0") or clip.take
    return {f"{head}{between}{take}" for between in ("", "t", "tk", "take")}


def _of_camera(clips: Sequence[IngestedFile], track: dict[str, Any]) -> list[IngestedFile]:
    label = _plain(str(track.get("label", "")))
    return [clip for clip in clips if label and _plain(str(clip.metadata.get("camera", ""))) == label]


def _span(file: IngestedFile, track: dict[str, Any]) -> tuple[Fraction, Fraction] | None:
    """When a track runs, seconds from midnight; None where it does not say."""
    rate = track.get("rate") or file.metadata.get("rate")
    start = track.get("start") or file.timecode
    if not rate or not start:
        return None
    try:
        begin = Timecode.parse(str(start), str(rate))
    except BadInput:
        return None
    opens = Fraction(begin.frame) / begin.rate
    length = (track.get("duration") or {}).get("value")
    return opens, opens + (Fraction(str(length)) if length else Fraction(int(track.get("samples", 1))) / begin.rate)


def _overlap(span: tuple[Fraction, Fraction], clip: IngestedFile) -> Fraction:
    """Seconds that a clip and a track share."""
    if not clip.timecode or not clip.metadata.get("rate"):
        return Fraction(0)
    try:
        start = Timecode.parse(clip.timecode, clip.metadata["rate"])
    except BadInput:
        return Fraction(0)
    opens = Fraction(start.frame) / start.rate
    closes = opens + Fraction(int(clip.metadata["frames"])) / start.rate
    return max(Fraction(0), min(closes, span[1]) - max(opens, span[0]))


def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())
