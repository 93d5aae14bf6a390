"""What a camera wrote about its own clip: per-frame tables (ARRI Meta Extract) and clip listings (Blackmagic RAW).

Both become one row of a camera report, so that they join like any other; values that only say "none" are missing, not values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answerprint.ingest.lens_frames import read_lens_frames
from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput

_NONE = {"", "--", "n.a.", "n/a", "none", "no scene name", "unknown"}
_LARGEST_ANGLE = 360.0
"""Degrees; a tilt of 409.5 is the top of a 12-bit counter in eighths of a degree and means that there is no sensor."""
_BMD = {
    "clip_number": "clip", "reel_name": "reel", "scene": "scene", "take": "take", "camera_number": "camera", "good_take": "circled",
    "lens_type": "lens", "focal_length": "focal_length", "aperture": "t_stop", "iso": "iso", "white_balance_kelvin": "white_balance",
}  # fmt: skip


def said(value: str | None) -> str:
    """A cell without what only means "none"."""
    text = (value or "").strip()
    return "" if text.casefold() in _NONE else text


def is_per_frame(rows: list[dict[str, str]]) -> bool:
    """Whether a table has one row for each frame of one clip."""
    return {"index", "clip"} <= set(rows[0]) and len({row.get("clip") for row in rows}) == 1 and len(rows) > 1


def read_per_frame(path: Path, rows: list[dict[str, str]]) -> IngestedFile:
    """One report row from the first frame, and what changed over the clip: focus distance in metres, tilt and roll in degrees."""
    first = {key: said(value) for key, value in rows[0].items()}
    changes: dict[str, Any] = {"frames": len(rows)}
    distance = [_number(row.get("lens focus distance")) for row in rows]
    if any(value is not None for value in distance) and first.get("lens distance unit", "meter").casefold().startswith("met"):
        changes["focus_distance"] = {"unit": "m", "values": distance}
    problems = []
    for column in ("camera tilt", "camera roll"):
        values = [_number(row.get(column), lambda v: abs(v) <= _LARGEST_ANGLE) for row in rows]
        refused = sum(_number(row.get(column)) is not None for row in rows) - sum(value is not None for value in values)
        if refused:
            problems.append(f"{column} is beyond {_LARGEST_ANGLE:g} degrees on {refused} frames: taken as missing")
        if any(value is not None for value in values):
            changes[column.replace(" ", "_")] = {"unit": "degree", "values": values}
    kept = {key: value for key, value in first.items() if value and key != "index"}
    return IngestedFile(
        path, "report", scene=kept.get("scene", ""), take=kept.get("take", ""), timecode=kept.get("timecode", ""),
        metadata={"paper": "camera report", "rows": [kept], "per_frame": changes} | _lens(path, problems), problems=problems,
    )  # fmt: skip


def is_clip_listing(text: str) -> bool:
    """Whether text is the listing of a Blackmagic RAW clip."""
    return text.lstrip().startswith("Clip Metadata") and "clip_number:" in text


def read_clip_listing(path: Path, text: str) -> IngestedFile:
    """A Blackmagic clip listing as one report row; the first value of a name counts."""
    values: dict[str, str] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            values.setdefault(key.strip(), said(value))
    row = {ours: values[theirs] for theirs, ours in _BMD.items() if values.get(theirs)}
    if found := re.match(r"(\d+),(\d+)", values.get("sensor_rate", "")):
        row["fps"] = f"{found[1]}/{found[2]}" if found[2] != "1" else found[1]
    problems: list[str] = []
    return IngestedFile(
        path, "report", scene=row.get("scene", ""), take=row.get("take", ""), problems=problems,
        metadata={"paper": "camera report", "rows": [row], "camera_type": values.get("camera_type", "")} | _lens(path, problems),
    )  # fmt: skip


def _lens(path: Path, problems: list[str]) -> dict[str, Any]:
    """What the lens did over the clip, in one vocabulary with every tracker; nothing where the maker is not known."""
    try:
        return {"lens_track": read_lens_frames(path).document()}
    except BadInput as error:
        if "is no per-frame lens table" not in error.reason:
            problems.append(f"its lens columns cannot be read: {error.reason}")
        return {}


def _number(value: str | None, holds: Callable[[float], bool] = lambda _: True) -> float | None:
    try:
        number = float(said(value))
    except ValueError:
        return None
    return number if holds(number) else None
