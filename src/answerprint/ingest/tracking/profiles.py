"""What the columns of a device's table mean: one profile for each kind of encoder or motion-control export.

A production adds its own as JSON beside the material: ``{"name": "panther-7", "rate": "50", "columns": {"y": {"column":
"Travel", "unit": "mm"}, "z": {"column": "Lift", "unit": "count", "scale": 0.00012}}, "none": ["-1"]}``. ``unit`` is a unit
of length or angle, or "count" with the ``scale`` that makes it metres or degrees; ``scale`` may be negative where an axis runs
the other way, ``offset`` is added last, in metres or degrees.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.production import BadInput

TableField = Literal[
    "time", "frame", "timecode", "x", "y", "z", "pan", "tilt", "roll", "focal_length", "focus_distance", "t_stop",
    "focus", "iris", "zoom",
]  # fmt: skip
LENGTHS = ("x", "y", "z", "focus_distance")
ANGLES = ("pan", "tilt", "roll")


class Column(BaseModel):
    """One column: where it stands, in what unit, and how it becomes ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(description="the name in the header line, or its number from 1")
    unit: str = Field(default="", description="m, mm, cm, ft, in; degree, rad; s, ms; count; empty: ours")
    scale: float = Field(default=1.0, description="what a value is multiplied with, after its unit")
    offset: float = Field(default=0.0, description="what is added then, in metres, degrees or millimetres")


class Profile(BaseModel):
    """How one device writes its table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: dict[TableField, Column]
    rate: str = Field(default="", description="rows in a second, where no column says the time")
    delimiter: str = Field(default="", description="empty: found in the file")
    none: tuple[str, ...] = Field(default=(), description="values that mean there is none")
    device: str = ""


def _dolly(name: str, **columns: tuple[str, str]) -> Profile:
    return Profile(name=name, device=name, columns={f: Column(column=c, unit=u) for f, (c, u) in columns.items()})


PROFILES = {
    p.name: p
    for p in (
        _dolly("panther", time=("Time", "s"), y=("Travel", "mm"), z=("Column", "mm")),
        _dolly("dolly", time=("Time", "s"), y=("Track", "mm"), z=("Boom", "mm"), pan=("Pan", "degree"), tilt=("Tilt", "degree")),
        _dolly("head", time=("Time", "s"), pan=("Pan", "degree"), tilt=("Tilt", "degree"), roll=("Roll", "degree")),
    )
}
"""Starting points. Makers publish no file format for their encoders: these hold for tables exported with such columns,
and a production's own profile goes before them."""


def profile(name: str | Path) -> Profile:
    """A profile by its name or from a JSON file. Raises BadInput for one that nobody knows and for a broken one."""
    if str(name) in PROFILES:
        return PROFILES[str(name)]
    path = Path(name)
    if not path.is_file():
        raise BadInput(str(name), "is no profile", f"use one of {', '.join(sorted(PROFILES))}, or a profile's JSON file")
    try:
        return Profile.model_validate(json.loads(path.read_text()))
    except (ValueError, ValidationError, RecursionError) as error:
        raise BadInput(path, f"is no profile ({str(error).splitlines()[0]})", "see the columns of a built-in profile") from None
