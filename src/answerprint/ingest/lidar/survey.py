"""Surveyed points: what a laser locator or total station measured, by name, in metres."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answerprint.ingest.tracking.tables import rows_of
from answerprint.ingest.tracking.units import metres_per, number
from answerprint.production import BadInput

_NAMES = {"name": ("name", "point", "id", "point id", "no", "mark", "target"), "x": ("x", "easting", "e", "east"),
          "y": ("y", "northing", "n", "north"), "z": ("z", "elevation", "height", "h", "up")}  # fmt: skip


def columns_of(header: list[str]) -> dict[str, int] | None:
    """Where name, x, y and z stand in a header; None where it is no list of surveyed points."""
    plain = [re.sub(r"\s*[(\[].*", "", cell.strip().casefold().replace("_", " ")).strip() for cell in header]
    found = {field: next((i for i, cell in enumerate(plain) if cell in names), -1) for field, names in _NAMES.items()}
    return found if min(found.values()) >= 0 and len(set(found.values())) == 4 and not {"pan", "tilt"} & set(plain) else None


def read_survey(path: Path, unit: str | None = None) -> dict[str, NDArray[np.float64]]:
    """Each point by its name, (3,) metres; the unit is the header's ("X (mm)") or ``unit``, metres without either.

    Raises BadInput for a table that is no survey, for a name that comes twice and for a coordinate that is none.
    """
    rows = rows_of(path)
    known = columns_of(rows[0])
    if known is None:
        raise BadInput(path, "is no list of surveyed points", "export name, x, y, z")
    found = re.search(r"[(\[](\w+)[)\]]", rows[0][known["x"]])
    scale = metres_per(found[1] if found else unit or "m", path)
    points: dict[str, NDArray[np.float64]] = {}
    for index, row in enumerate(rows[1:], start=1):
        try:
            name, place = row[known["name"]].strip(), [number(row[known[axis]]) * scale for axis in "xyz"]
        except (IndexError, ValueError) as error:
            raise BadInput(path, f"row {index}: {error}", "correct the list") from None
        if name in points:
            raise BadInput(path, f"names point {name} twice", "keep one of the two")
        if any(math.isnan(v) for v in place):
            raise BadInput(path, f"row {index}: point {name} lacks a coordinate", "correct the list")
        points[name] = np.array(place)
    return points
