"""Tables of poses: motion control, dolly and head encoders, one row a sample, columns by a profile or by their names."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.profiles import ANGLES, LENGTHS, Column, Profile
from answerprint.ingest.tracking.units import DEGREES, UNKNOWN, metres_per, number
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, Timecode, frame_rate

_NAMES = {
    "time": ("time", "t", "seconds"), "frame": ("frame", "frame no", "frameno", "f"), "timecode": ("timecode", "tc"),
    "x": ("x", "tx", "pos x", "position x", "camera x", "vtx"), "y": ("y", "ty", "pos y", "position y", "camera y", "vty"),
    "z": ("z", "tz", "pos z", "position z", "camera z", "height", "vtz"),
    "pan": ("pan", "yaw", "heading"), "tilt": ("tilt", "pitch"), "roll": ("roll",),
    "focal_length": ("focal length", "focal", "zoom mm"), "focus_distance": ("focus distance", "focus", "focus m"),
    "t_stop": ("t stop", "tstop", "iris"),
}  # fmt: skip
_HEADER = re.compile(r"^(?P<name>[^(\[]*?)\s*(?:[(\[](?P<unit>[^)\]]+)[)\]])?$")


def rows_of(path: Path, delimiter: str = "") -> list[list[str]]:
    """The rows of a table as text, its header first; comments that begin with # are left out. Raises BadInput for none."""
    text = "\n".join(line for line in read_text(path).split("\n") if line.strip() and not line.startswith("#"))
    found = delimiter or max(",;\t", key=text[:20000].count)
    if found not in text:
        rows = [line.split() for line in text.split("\n")]
    else:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=found) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise BadInput(path, "holds no rows", "export the table with its header line")
    return rows


def named_profile(header: list[str]) -> Profile | None:
    """The profile that a header speaks for itself: "X (mm), Y (mm), Z (mm), Pan (deg), Tilt (deg)". None where it does not."""
    columns: dict[str, Column] = {}
    for cell in header:
        said = _HEADER.match(cell.strip())
        if not said:
            continue
        plain = re.sub(r"[\s_\-]+", " ", said["name"].casefold()).strip()
        field = next((f for f, names in _NAMES.items() if plain in names), None)
        if field and field not in columns:
            columns[field] = Column(column=cell.strip(), unit=(said["unit"] or "").strip().casefold())
    if (
        not {"x", "y", "z"} <= set(columns)
        or not {"pan", "tilt"} <= set(columns)
        or not {"time", "frame", "timecode"} & set(columns)
    ):
        return None
    return Profile(name="by header", device="motion control", columns=columns)


def read_poses(path: Path, profile: Profile | None = None, rate: Any = None) -> CameraTrack:
    """A table as a track. Without a profile its header must say what the columns are.

    ``rate`` is frames in a second, for columns of frames and timecode. Raises BadInput for columns that are not there, for
    cells that are no numbers (with their row) and without time.
    """
    rows = rows_of(path, profile.delimiter if profile else "")
    chosen = profile or named_profile(rows[0])
    if chosen is None:
        raise BadInput(path, "its header does not say which columns are the pose", "give a profile that names them")
    problems: list[str] = []
    table: dict[str, Any] = {field: _cells(path, rows, chosen, field, problems) for field in chosen.columns if field != "timecode"}
    times, exact, start = _times(path, rows, chosen, table, rate or chosen.rate)
    n = len(rows) - 1
    none = np.full(n, UNKNOWN)
    xyz, turn, rings = (
        np.column_stack([table.get(f, none) for f in fields]) for fields in (("x", "y", "z"), ANGLES, ("focus", "iris", "zoom"))
    )
    return CameraTrack.of(
        times, xyz, turn, encoders=rings, focal_length_mm=table.get("focal_length", none),
        focus_distance_m=table.get("focus_distance", none), t_stop=table.get("t_stop", none), device=chosen.device or chosen.name,
        rate=exact, start=start, problems=tuple(problems), extra={"profile": chosen.name},
    )  # fmt: skip


def _cells(path: Path, rows: list[list[str]], profile: Profile, field: str, problems: list[str]) -> Any:
    column = profile.columns[field]  # type: ignore[index]
    at = _place(path, rows[0], column.column)
    factor = column.scale * _factor(path, field, column, problems)
    values = np.full(len(rows) - 1, UNKNOWN)
    for index, row in enumerate(rows[1:]):
        cell = row[at].strip() if at < len(row) else ""
        if cell in profile.none:
            continue
        try:
            values[index] = number(cell) * factor + column.offset
        except ValueError as error:
            raise BadInput(path, f"row {index + 1}, column {column.column}: {error}", "export the table again") from None
    return values


def _factor(path: Path, field: str, column: Column, problems: list[str]) -> float:
    unit = column.unit.casefold()
    if unit in ("", "count", "counts"):
        if not unit and field in LENGTHS:
            problems.append(f"column {column.column} names no unit: taken as metres")
        return 1.0
    if field in LENGTHS:
        return metres_per(unit, path)
    if field in ANGLES:
        if unit not in DEGREES and unit not in ("degrees", "°"):
            raise BadInput(path, f"{column.unit!r} is no unit of angle", "use degree or rad")
        return DEGREES.get(unit, 1.0)
    return {"ms": 0.001}.get(unit, 1.0) if field == "time" else 1.0


def _place(path: Path, header: list[str], name: str) -> int:
    plain = [cell.strip().casefold() for cell in header]
    if name.casefold() in plain:
        return plain.index(name.casefold())
    if name.isdecimal() and len(name) < 5 and 1 <= int(name) <= len(header):
        return int(name) - 1
    raise BadInput(path, f"has no column {name!r}", f"its columns: {', '.join(c.strip() for c in header)}")


def _times(
    path: Path, rows: list[list[str]], profile: Profile, table: dict[str, Any], rate: Any
) -> tuple[list[Fraction], Fraction | None, Timecode | None]:
    if "time" in table:
        return _exact(path, table["time"]), None, None
    if rate in (None, ""):
        raise BadInput(path, "says frames and no seconds", "give the frame rate")
    exact = frame_rate(rate)
    if "timecode" in profile.columns:
        at = _place(path, rows[0], profile.columns["timecode"].column)
        codes = [Timecode.parse(row[at] if at < len(row) else "", exact) for row in rows[1:]]
        return [Fraction(c.frame) / exact for c in codes], exact, codes[0]
    frames = table["frame"] if "frame" in table else range(len(rows) - 1)
    return [f / exact for f in _exact(path, frames)], exact, None


def _exact(path: Path, values: Any) -> list[Fraction]:
    """Times or frame numbers as written, to a nanosecond."""
    try:
        return [Fraction(str(round(float(v), 9))) for v in values]
    except ValueError:
        row = next(i for i, v in enumerate(values) if not np.isfinite(v))
        raise BadInput(path, f"row {row + 1} has no time", "export the table again") from None
