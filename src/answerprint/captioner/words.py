"""A shot's caption in words, made from its record alone, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["describe"]

_SIZES = {
    "ECU": "Extreme close-up",
    "CU": "Close-up",
    "MCU": "Medium close-up",
    "MS": "Medium shot",
    "MWS": "Medium wide shot",
    "FS": "Full shot",
    "WS": "Wide shot",
    "EWS": "Extreme wide shot",
}
_SURE = 0.4
"""Values less sure than this are left out of the words; they stay in the record."""


def describe(shot: Mapping[str, Any]) -> str:
    """One or two sentences. ``shot`` has ``fields`` and ``moves`` as the caption's JSON has them."""
    fields = shot["fields"]
    head = [_SIZES[size]] if (size := _known(fields, "shot_size")) else []
    if (framing := _known(fields, "framing")) is not None:
        head.append(str(framing).lower())
    if (people := _known(fields, "people")) is not None and framing is None:
        head.append("no figure seen" if people == 0 else f"{people} people" if people > 1 else "1 person")
    if (angle := _known(fields, "angle")) is not None:
        head.append(str(angle).lower())
    if (focal := _known(fields, "focal_length_35mm")) is not None:
        head.append(f"{focal:.0f} mm (35 mm equivalent)")
    sentence = ", ".join(head) or "Shot"
    light = []
    if (stops := _known(fields, "exposure")) is not None:
        light.append(f"exposed {stops:+.1f} stops from 18 % grey")
    if (kelvin := _known(fields, "cct")) is not None:
        light.append(f"about {kelvin:.0f} K")
    if (ratio := _known(fields, "key_fill_ratio")) is not None:
        light.append(f"key {ratio:.1f} stops over fill")
    parts = [sentence[0].upper() + sentence[1:], _camera(shot["moves"]), ", ".join(light)]
    return "; ".join(part for part in parts if part) + "."


def _known(fields: Mapping[str, Any], name: str) -> Any:
    field = fields.get(name)
    if field is None or not field["applicable"] or field["confidence"] < _SURE:
        return None
    return field["value"]


def _camera(moves: list[Mapping[str, Any]]) -> str:
    if not moves:
        return ""
    if len(moves) == 1 and moves[0]["move"] in ("static", "handheld"):
        return f"{moves[0]['move']} camera"
    told = []
    for move in moves:
        first, last = move["frames"]
        name = move["move"].replace("_", " ").replace("ccw", "anticlockwise").replace("cw", "clockwise")
        speed = f" at {move['rate']:.1f} {move['unit'].replace('degree', '°')}" if move["move"] != "static" else ""
        told.append(f"{name}{speed} (frames {first} to {last - 1})")
    return "camera " + ", ".join(told)
