"""What belongs together: clips joined to their reports, calibrations, script scenes and logs, and what does not add up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from answerprint.ingest.join_spaces import join_spaces
from answerprint.ingest.join_tracks import join_tracks
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.paperwork import is_true
from answerprint.ingest.slates import take_over_slates
from answerprint.production import BadInput, Timecode, frame_rate

_PAPER_TO_FIELD = {
    "reel": "reel",
    "camera": "camera",
    "fps": "report_rate",
    "lens": "lens",
    "t_stop": "t_stop",
    "iso": "iso",
    "white_balance": "white_balance",
    "date": "shoot_date",
}


@dataclass
class Joined:
    """The outcome: the same files with what the paper adds, groups of cameras that ran together, and the list of problems."""

    files: list[IngestedFile]
    groups: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def join(files: list[IngestedFile]) -> Joined:
    """Join by clip name first, then by scene, setup and take. Recorded values from the file itself are kept over the paper's."""
    joined = Joined(files)
    clips = [f for f in files if f.kind == "camera"]
    _duplicates(clips, joined)
    _reports(files, clips, joined)
    joined.problems += take_over_slates(clips)
    _calibrations(files, clips, joined)
    _strokes(files, clips, joined)
    _mattes(files, clips, joined)
    joined.problems += join_tracks(files, clips)
    joined.problems += join_spaces(files, clips)
    _logs(files, clips, joined)
    _groups(clips, joined)
    _planned(files, clips, joined)
    return joined


def rows_of(files: Sequence[IngestedFile], paper: str) -> list[dict[str, str]]:
    """All rows of one kind of paper."""
    return [row for f in files if f.metadata.get("paper") == paper for row in f.metadata.get("rows", [])]


def _stem(name: str) -> str:
    return re.sub(r"\.(mov|mp4|mxf|exr|dpx)$", "", name, flags=re.IGNORECASE).casefold()


def _duplicates(clips: list[IngestedFile], joined: Joined) -> None:
    names: dict[str, list[IngestedFile]] = defaultdict(list)
    for clip in clips:
        names[_stem(clip.metadata["clip"])].append(clip)
    for same in names.values():
        if len(same) > 1:
            joined.problems.append(
                f"clip name {same[0].metadata['clip']} is used by {len(same)} files: {', '.join(str(c.path) for c in same)}"
            )


def _reports(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    by_name = {_stem(c.metadata["clip"]): c for c in clips}
    reported = set()
    for row in rows_of(files, "camera report"):
        name = _stem(row.get("clip", ""))
        reported.add(name)
        clip = by_name.get(name)
        if clip is None:
            joined.problems.append(f"the camera report lists clip {row.get('clip')} and no such file was given")
            continue
        _take_over(clip, row, joined)
    if reported:
        for clip in clips:
            if _stem(clip.metadata["clip"]) not in reported:
                joined.problems.append(f"{clip.path.name} is in no camera report")
                clip.problems.append("in no camera report")


def _take_over(clip: IngestedFile, row: dict[str, str], joined: Joined) -> None:
    name = clip.metadata["clip"]
    for ours in ("scene", "setup", "take"):
        said, have = row.get(ours, ""), getattr(clip, ours)
        if said and have and said.casefold() != have.casefold():
            joined.problems.append(f"{name}: the report says {ours} {said}, the clip name {have}")
            clip.problems.append(f"{ours} {said} in the camera report, {have} in the clip name")
        setattr(clip, ours, have or said)
    for column, key in _PAPER_TO_FIELD.items():
        if row.get(column) and not clip.metadata.get(key):
            clip.metadata[key] = row[column]
    if row.get("circled", "").strip():
        clip.metadata["circled"] = is_true(row["circled"])
    rate = clip.metadata.get("rate") or row.get("fps", "")
    try:
        if row.get("fps") and clip.metadata.get("rate") and frame_rate(row["fps"]) != Fraction(clip.metadata["rate"]):
            joined.problems.append(f"{name}: the report says {row['fps']} frames per second, the file {clip.metadata['rate']}")
            clip.problems.append(f"frame rate {row['fps']} in the camera report, {clip.metadata['rate']} in the file")
        if rate and not clip.metadata.get("rate"):
            clip.metadata["rate"] = str(frame_rate(rate))
        if row.get("timecode") and not clip.timecode:
            clip.timecode = str(Timecode.parse(row["timecode"], rate or 24))
            clip.metadata["timecode_source"] = "camera report"
        elif row.get("timecode") and Timecode.parse(row["timecode"], rate or 24) != Timecode.parse(clip.timecode, rate or 24):
            joined.problems.append(f"{name}: the report says it starts at {row['timecode']}, the file {clip.timecode}")
            clip.problems.append(f"starts at {row['timecode']} in the camera report, {clip.timecode} in the file")
    except BadInput as error:
        joined.problems.append(f"{name}: {error}")


def _calibrations(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    """A calibration names cameras; the report's camera column, or the calibration's own order, says which letter each is."""
    for lens in (f for f in files if f.kind == "lens"):
        cameras: dict[str, dict[str, Any]] = lens.metadata.get("cameras", {})
        letters = {chr(ord("A") + index): name for index, name in enumerate(sorted(cameras))}
        used = set()
        for clip in clips:
            name = letters.get(str(clip.metadata.get("camera", "")))
            if name is None:
                continue
            record = dict(cameras[name])
            size = record.get("activeSensorResolution") or record.get("active_sensor_resolution")
            if size and abs(size[0] - clip.metadata["width"]) > 16:
                joined.problems.append(f"{clip.path.name} is {clip.metadata['width']} pixels wide, its calibration {size[0]}")
                continue
            clip.metadata["calibration"], clip.metadata["calibration_name"] = record, name
            used.add(name)
        for name in sorted(set(cameras) - used):
            joined.problems.append(f"{lens.path.name} calibrates {name}, and no clip of that camera was given")


def _strokes(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    by_name = {_stem(c.metadata["clip"]): c for c in clips}
    for paper in (f for f in files if f.metadata.get("paper") == "strokes"):
        clip = by_name.get(_stem(str(paper.metadata.get("clip", ""))))
        if clip is None:
            joined.problems.append(f"{paper.path.name} holds strokes for {paper.metadata.get('clip')}, which was not given")
        else:
            clip.metadata["seeds"] = paper.metadata["seeds"]


def _mattes(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    by_name = {_stem(c.metadata["clip"]): c for c in clips}
    for matte in (f for f in files if f.kind == "matte"):
        clip = by_name.get(_stem(matte.metadata["clip"]))
        if clip is None:
            joined.problems.append(f"{matte.path.name} is a matte for {matte.metadata['clip']}, which was not given")
            continue
        matte.metadata["clip"] = clip.metadata["clip"]
        if (matte.metadata["width"], matte.metadata["height"]) != (clip.metadata["width"], clip.metadata["height"]):
            matte.problems.append("not the size of its clip")
            joined.problems.append(f"{matte.path.name} is not the size of {clip.path.name}")


def _logs(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    taken: dict[tuple[str, str, str], list[IngestedFile]] = defaultdict(list)
    for clip in clips:
        taken[_slate(clip.scene, clip.setup, clip.take)].append(clip)
    for row in rows_of(files, "continuity log"):
        slate = _slate(row.get("scene", ""), row.get("setup", ""), row.get("take", ""))
        if slate not in taken:
            joined.problems.append(f"the continuity log has {_name(slate)} and no clip of it was given")
            continue
        for clip in taken[slate]:
            clip.metadata.setdefault("continuity", []).append(row.get("notes", ""))
            circled = is_true(row.get("circled", ""))
            if "circled" in row and circled != bool(clip.metadata.get("circled", circled)):
                joined.problems.append(f"{_name(slate)}: circled in one paper and not in the other ({clip.path.name})")
            clip.metadata.setdefault("circled", circled)
    numbers = {str(s["number"]) for f in files if f.kind == "script" for s in f.metadata.get("scenes", [])}
    for scene in sorted({c.scene for c in clips if c.scene}):
        if numbers and scene not in numbers:
            joined.problems.append(f"scene {scene} was shot and is not in the script")


def _groups(clips: list[IngestedFile], joined: Joined) -> None:
    """Cameras of one scene, setup and take whose timecode overlaps ran together."""
    slates: dict[tuple[str, str, str], list[IngestedFile]] = defaultdict(list)
    for clip in clips:
        if clip.scene:
            slates[_slate(clip.scene, clip.setup, clip.take)].append(clip)
    for slate, members in sorted(slates.items()):
        spans = [_span(c) for c in members]
        apart = [
            c
            for c, s in zip(members, spans, strict=True)
            if s and not any(o and o is not s and s[0] < o[1] and o[0] < s[1] for o in spans)
        ]
        if len(members) > 1:
            for clip in apart:
                joined.problems.append(f"{clip.path.name} does not overlap the other cameras of {_name(slate)} in time")
        letters = sorted(str(c.metadata.get("camera", "?")) for c in members)
        joined.groups.append(
            {
                "scene": slate[0],
                "setup": slate[1],
                "take": slate[2],
                "cameras": letters,
                "clips": sorted(c.metadata["clip"] for c in members),
            }
        )


def _span(clip: IngestedFile) -> tuple[int, int] | None:
    if not clip.timecode or not clip.metadata.get("rate"):
        return None
    try:
        start = Timecode.parse(clip.timecode, clip.metadata["rate"]).frame
    except BadInput as error:
        clip.problems.append(f"{error.subject}: {error.reason}")
        return None
    return start, start + int(clip.metadata["frames"])


def _planned(files: list[IngestedFile], clips: list[IngestedFile], joined: Joined) -> None:
    planned = {(r.get("scene", ""), r.get("setup", "")): r for r in rows_of(files, "shot list")}
    shot = {(c.scene, c.setup) for c in clips if c.scene}
    for (scene, setup), row in planned.items():
        if (scene, setup) not in shot:
            joined.problems.append(
                f"setup {scene}{setup} was planned ({row.get('description') or row.get('size') or 'no description'}) and not shot"
            )
    for scene, setup in sorted(shot - set(planned)):
        if planned:
            joined.problems.append(f"setup {scene}{setup} was shot and is not on the shot list")


def _slate(scene: str, setup: str, take: str) -> tuple[str, str, str]:
    return scene.strip(), setup.strip().upper(), take.strip().lstrip("0") or take.strip()


def _name(slate: tuple[str, str, str]) -> str:
    return f"{slate[0]}{slate[1]} take {slate[2]}"
