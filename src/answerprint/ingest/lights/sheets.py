"""Lights on paper: the gaffer's list of lamps, and a desk's DMX cues, as tables."""

from __future__ import annotations

import math
import re
from pathlib import Path

from answerprint.ingest.lights.record import LightRecord
from answerprint.ingest.tracking.tables import rows_of
from answerprint.ingest.tracking.units import distance, number
from answerprint.production import BadInput

_LIST = {
    "id": ("unit", "no", "number", "id", "#", "lamp", "fixture id"), "fixture": ("fixture", "type", "instrument", "lamp type"),
    "name": ("name", "purpose", "use", "function"), "channel": ("channel", "chan", "ch"), "gel": ("gel", "colour", "color", "filter"),
    "cct": ("cct", "kelvin", "colour temperature", "color temperature", "k"), "level": ("level", "intensity", "dimmer", "%"),
    "dmx": ("dmx", "address", "dmx address", "patch"), "x": ("x",), "y": ("y",), "z": ("z", "height"), "note": ("note", "notes", "remarks"),
    "power": ("watts", "power", "w"),
}  # fmt: skip
_CUE = {"cue": ("cue", "q", "cue number"), "channel": ("channel", "chan", "ch"), "level": ("level", "value", "intensity", "%")}


def is_gaffers_list(header: list[str]) -> bool:
    """Whether a header names lamps: a type and a unit or channel, and at least one thing about their light."""
    have = _known(header, _LIST)
    return "fixture" in have and bool({"id", "channel"} & set(have)) and bool({"gel", "cct", "level", "dmx", "power"} & set(have))


def is_cue_list(header: list[str]) -> bool:
    """Whether a header is a desk's cues: cue, channel, level."""
    return set(_CUE) == set(_known(header, _CUE))


def read_gaffers_list(path: Path) -> list[LightRecord]:
    """One record a lamp. Levels are percent where they exceed 1 or carry %; lengths carry their unit in the header or are metres."""
    rows = rows_of(path)
    known = _known(rows[0], _LIST)
    units = {f: m[1] if (m := re.search(r"[(\[](\w+)[)\]]", rows[0][at])) else "m" for f, at in known.items() if f in "xyz"}
    lights = []
    for index, row in enumerate(rows[1:], start=1):
        said = {field: row[at].strip() if at < len(row) else "" for field, at in known.items()}
        try:
            place = [distance(said.get(axis), units.get(axis, "m")) for axis in "xyz"]
            universe, address = _patch(said.get("dmx", ""))
            lights.append(
                LightRecord(
                    id=said.get("id") or said.get("channel") or str(index), name=said.get("name", ""), fixture=said.get("fixture", ""),
                    channel=said.get("channel", ""), gel=said.get("gel", ""), note=said.get("note", ""), universe=universe, address=address,
                    cct_kelvin=_known_number(said.get("cct")), intensity=level(said.get("level")), power_w=_known_number(said.get("power")),
                    position=(place[0], place[1], place[2]) if not any(math.isnan(v) for v in place) else None,
                )
            )  # fmt: skip
        except ValueError as error:
            raise BadInput(path, f"row {index}: {str(error).splitlines()[0]}", "correct the list") from None
    return lights


def read_cues(path: Path) -> dict[str, dict[str, float]]:
    """Cue by cue, the level (0 to 1) of each channel that it sets. Raises BadInput for a level that is none."""
    rows = rows_of(path)
    known = _known(rows[0], _CUE)
    cues: dict[str, dict[str, float]] = {}
    for index, row in enumerate(rows[1:], start=1):
        try:
            found = level(row[known["level"]])
        except (ValueError, IndexError) as error:
            raise BadInput(path, f"row {index}: {error}", "export the cues again") from None
        if found is not None:
            cues.setdefault(row[known["cue"]].strip(), {})[row[known["channel"]].strip()] = found
    return cues


def level(said: str | None) -> float | None:
    """A dimmer's level between 0 and 1: "50%", "50", "FL" and "full", or 0 to 1 with a decimal point. None is unknown."""
    text = (said or "").strip().casefold()
    if text in ("fl", "full", "ff"):
        return 1.0
    value = number(text.rstrip("%"))
    if math.isnan(value):
        return None
    share = value if "." in text and "%" not in text and value <= 1 else value / 100.0
    if not 0 <= share <= 1:
        raise ValueError(f"{said!r} is no level between 0 and 100 %")
    return share


def _known(header: list[str], names: dict[str, tuple[str, ...]]) -> dict[str, int]:
    plain = [re.sub(r"\s*[(\[].*", "", re.sub(r"[\s_]+", " ", cell.strip().casefold())).strip() for cell in header]
    return {
        field: next(i for i, cell in enumerate(plain) if cell in known) for field, known in names.items() if set(plain) & set(known)
    }


def _patch(said: str) -> tuple[int | None, int | None]:
    found = re.match(r"^(?:(\d+)\s*[./:]\s*)?(\d+)$", said)
    return (int(found[1] or 1), int(found[2])) if found else (None, None)


def _known_number(said: str | None) -> float | None:
    value = number(said)
    return value if value > 0 else None
