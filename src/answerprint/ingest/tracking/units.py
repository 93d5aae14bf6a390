"""Lengths, angles and stops as devices write them, made metres, degrees and stop numbers; what means "no value" is NaN."""

from __future__ import annotations

import math
import re
from typing import Any

from answerprint.production import BadInput

METRES = {"m": 1.0, "meter": 1.0, "metre": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "in": 0.0254, "inch": 0.0254}  # fmt: skip
"""Metres in one of each unit: the international foot and inch of 1959."""
DEGREES = {"degree": 1.0, "deg": 1.0, "rad": math.degrees(1.0), "radian": math.degrees(1.0)}
UNKNOWN = math.nan

_NONE = {"", "-", "--", "n/a", "n.a.", "na", "none", "null", "nan", "unknown", "invalid", "not available"}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FOOT_INCH = re.compile(r"^(\d+)\s*(?:ft|')\s*(?:(\d+(?:\.\d+)?)\s*(?:in|\")?)?$")
_IN_TENTHS = re.compile(r"^[TFtf]?\s*(\d+(?:\.\d+)?)\s*\+?\s*(\d+)/10$")


def number(said: Any) -> float:
    """What a cell says as a number, its unit or prefix left out; NaN for what means "none". Raises ValueError for words."""
    if said is None or isinstance(said, bool):
        return UNKNOWN
    if isinstance(said, int | float):
        return float(said)
    text = str(said).strip()
    if text.casefold() in _NONE:
        return UNKNOWN
    found = _NUMBER.search(text)
    if not found:
        raise ValueError(f"{text!r} is no number")
    return float(found[0])


def metres_per(unit: str, subject: Any = "unit") -> float:
    """Metres in one ``unit``. Raises BadInput for a unit nobody knows: a guess would be wrong by a factor."""
    plain = unit.strip().casefold()
    factor = METRES.get(plain, METRES.get(plain.rstrip("s")))
    if factor is None:
        raise BadInput(subject, f"{unit!r} is no unit of length", f"use one of {', '.join(sorted(METRES))}")
    return factor


def distance(said: Any, unit: str = "m") -> float:
    """A focus distance in metres; a unit written in the cell counts more than ``unit``. "inf" is infinite, not unknown.

    >>> distance("991mm"), distance("6ft 6in"), distance("", "ft")
    (0.991, 1.9812, nan)
    """
    text = str(said if said is not None else "").strip()
    if text.casefold() in {"inf", "infinity", "∞"}:
        return math.inf
    if feet := _FOOT_INCH.match(text):
        return round(float(feet[1]) * 0.3048 + float(feet[2] or 0) * 0.0254, 9)
    written = re.search(r"(?<=[\d.\s])(mm|cm|m|ft|in)$", text)
    return number(text) * metres_per(written[1] if written else unit)


def stop_number(said: Any) -> float:
    """A stop as a number: "T2.3", "2.8", and tenths between stops as ARRI and Sony write them.

    "1.4 + 7/10" is seven tenths of a stop closed down from 1.4; 0 means that there is no value.

    >>> round(stop_number("1.4 + 7/10"), 3), stop_number("T2.3"), stop_number("")
    (1.803, 2.3, nan)
    """
    text = str(said if said is not None else "").strip()
    if tenths := _IN_TENTHS.match(text):
        whole = 2 ** (round(2 * math.log2(float(tenths[1]))) / 2)
        return whole * float(2 ** (int(tenths[2]) / 20))
    value = number(text)
    return value if value > 0 else UNKNOWN


def angle(said: Any, largest: float = 360.0) -> float:
    """Degrees; beyond ``largest`` it is a counter at its stop (ARRI writes 409.5 where there is no sensor), so unknown."""
    value = number(said)
    return value if abs(value) <= largest else UNKNOWN
