"""Single-parameter variation: a baseline stage, one field, ordered levels, and a proof that nothing else moved.

A sweep is worth something only if the varied field alone differs. So the documents are compared field by field here and, once shot, pictures
and records in ``sweep_proof``; a sweep in which another field drifts is refused by that field's name.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator, model_validator

from answerprint.production import BadInput, FaultFound
from answerprint.simulation.cameras import at_frame
from answerprint.simulation.directed import lit
from answerprint.simulation.direction import PATTERN_LAMPS, Move
from answerprint.simulation.lighting import angles
from answerprint.simulation.pieces import Document, Name, Vector
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import Light, Stage, bad_field

Real = NDArray[np.float64]
Level = float | int | str | bool | tuple[float, ...]


class Tolerance(Document):
    """How far a measured field may move while another is varied."""

    field: str = Field(
        pattern=r"^(group:.+|lamp:.+|record:.+|people|things|light|(depth|normal|albedo|object_id)( beside .+)?)$",
        description="'group:NAME', 'lamp:NAME', 'record:PATH', 'people', 'things', 'light', or 'depth', 'normal', 'albedo', 'object_id', "
        "the last four also 'beside NAME', where that performer or rig thing has no part in the pixel",
    )
    relative: float = Field(default=1e-4, ge=0, description="of the baseline's own size")


class Sweep(Document):
    """A baseline and the levels of one of its fields."""

    version: int = Field(default=1, ge=1, le=1)
    name: Name = "sweep"
    baseline: Stage
    field: str = Field(description="path of the varied field, for example lights.key.illuminance_lux or cameras.A.t_stop")
    levels: tuple[Level, ...] = Field(min_length=2, description="in order")
    unit: str = ""
    tolerances: tuple[Tolerance, ...] = Field(
        default=(), description="fields to hold beside those that the varied one leaves alone by nature"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Sweep:
        numbers = [v for v in self.levels if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(numbers) == len(self.levels):
            steps = np.diff(np.array(numbers, dtype=np.float64))
            if not (np.all(steps > 0) or np.all(steps < 0)):
                raise ValueError("levels must rise or fall throughout")
        elif len(set(map(str, self.levels))) != len(self.levels):
            raise ValueError("a level is given twice")
        return self

    def stages(self) -> list[Stage]:
        """One stage for each level, in order. Raises BadInput where the field does not exist or cannot take a level."""
        return [varied(self.baseline, self.field, level) for level in self.levels]


class Plan(Document):
    """Several fields varied at once by Latin hypercube: for training data, beside the sweeps that isolate one field."""

    version: int = Field(default=1, ge=1, le=1)
    name: Name = "plan"
    baseline: Stage
    fields: dict[str, tuple[float, float]] = Field(min_length=1, description="path of each field and its range")
    count: int = Field(ge=1, le=100_000)
    seed: int = Field(default=1, ge=0)

    @field_validator("fields")
    @classmethod
    def _rising(cls, fields: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for path, (low, high) in fields.items():
            if not low < high:
                raise ValueError(f"the range of {path} does not rise; give the lower end first")
        return fields

    def stages(self) -> list[Stage]:
        """One stage for each setting."""
        out = []
        for setting in latin_hypercube(self.fields, self.count, self.seed):
            stage = self.baseline
            for path, value in setting.items():
                stage = varied(stage, path, value)
            out.append(stage)
        return out


def read_plan(data: dict[str, Any], subject: str = "plan") -> Plan:
    """A plan from a dictionary. Raises BadInput naming the first field that is wrong."""
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise bad_field(subject, error, "plan") from None


def read_sweep(data: dict[str, Any], subject: str = "sweep") -> Sweep:
    """A sweep from a dictionary. Raises BadInput naming the first field that is wrong."""
    try:
        return Sweep.model_validate(data)
    except ValidationError as error:
        raise bad_field(subject, error, "sweep") from None


def varied(stage: Stage, field: str, level: Any) -> Stage:
    """The stage with one field set; members of lists go by their name or label, or by number.

    Raises BadInput for a path that is not in the document and for a value that the field does not take.
    """
    parts = field.split(".")
    if parts[0] == "lights" and parts[1:2] and parts[1] in PATTERN_LAMPS:
        # A lamp of the pattern is varied by itself: the document then says the lamps, and no longer the pattern.
        stage = lit(stage, build(stage.set))
    document = stage.model_dump(mode="json")
    holder, last = _holder(document, field)
    holder[last] = list(level) if isinstance(level, tuple) else level
    try:
        return Stage.model_validate(document)
    except ValidationError as error:
        raise bad_field(f"sweep over {field}", error) from None


def differences(a: Stage, b: Stage) -> list[str]:
    """Paths of all fields in which two documents differ, members of lists by name."""
    return differing_paths(a.model_dump(mode="json"), b.model_dump(mode="json"))


def differing_paths(a: Any, b: Any) -> list[str]:
    """Paths in which two pieces of JSON differ, members of lists by name; an empty path where they differ as a whole."""
    return sorted(_differences(a, b, ""))


def path_by_names(stage: Stage, field: str) -> str:
    """A field's path with members of lists by their names, as ``differences`` writes it."""
    return _named(stage.model_dump(mode="json"), field)


def check_documents(stages: list[Stage], field: str) -> None:
    """Raise FaultFound naming any field but ``field`` that differs between neighbouring levels."""
    own = path_by_names(stages[0], field)
    for number, (a, b) in enumerate(pairwise(stages), start=1):
        strays = [path for path in differences(a, b) if path != own and not path.startswith(f"{own}.")]
        if strays:
            raise FaultFound(
                f"sweep over {field}: {strays[0]} differs too between levels {number} and {number + 1}; vary one field alone."
            )
        if not differences(a, b):
            raise FaultFound(
                f"sweep over {field}: levels {number} and {number + 1} are the same document; give levels that differ."
            )


def latin_hypercube(fields: dict[str, tuple[float, float]], count: int, seed: int) -> list[dict[str, float]]:
    """``count`` settings of several fields at once, each field's range cut into ``count`` slices used once each.

    M. D. McKay and others, "A comparison of three methods for selecting values of input variables", Technometrics 21(2), 1979.
    """
    if count < 1:
        raise BadInput("plan", f"asks for {count} settings", "ask for at least 1")
    random = np.random.default_rng(seed)
    columns = {
        name: low + (high - low) * (random.permutation(count) + random.random(count)) / count
        for name, (low, high) in fields.items()
    }
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(count)]


def coverage(records: list[dict[str, float]], fields: dict[str, tuple[float, float]], cells: int = 4) -> dict[str, Any]:
    """How well records cover the ranges of fields: counts for each field and each pair, and the holes as sentences' worth of data."""
    table = {name: _cells([r[name] for r in records if name in r], low, high, cells) for name, (low, high) in fields.items()}
    counts = {name: np.bincount(column[column >= 0], minlength=cells).tolist() for name, column in table.items()}
    names = list(fields)
    pairs: dict[str, list[list[int]]] = {}
    holes: list[dict[str, Any]] = [
        {"field": n, "range": _edges(fields[n], cells, i)} for n in names for i in range(cells) if counts[n][i] == 0
    ]
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            grid = np.zeros((cells, cells), dtype=int)
            for record in records:
                if a in record and b in record:
                    x, y = (int(_cells([record[n]], *fields[n], cells)[0]) for n in (a, b))
                    if x >= 0 and y >= 0:
                        grid[x, y] += 1
            pairs[f"{a} x {b}"] = grid.tolist()
            holes += [
                {"fields": [a, b], "ranges": [_edges(fields[a], cells, int(x)), _edges(fields[b], cells, int(y))]}
                for x, y in np.argwhere(grid == 0)
            ]
    return {"fields": counts, "pairs": pairs, "holes": holes}


def capture_plan(sweep: Sweep) -> list[str]:
    """The sweep as lines of a call sheet, so that a crew can shoot it on a real stage."""
    base, levels = sweep.baseline, [lit(stage, build(stage.set)).lights for stage in sweep.stages()]
    camera, seen_from = base.cameras[0], at_frame(base.cameras[0], base.first_frame).translation
    varied_lamps = sweep.field.startswith("lighting.")
    still = [lamp for lamp in levels[0] if not varied_lamps or all(lamp in lights for lights in levels)]
    lines = [
        f"SWEEP {sweep.name}: {sweep.field.replace('.', ' ')}, {len(sweep.levels)} levels, {base.frame_count} frames each at {base.frame_rate} fps",
        f"HOLD camera {camera.label}: {camera.pinhole_focal_length:g} mm, T{camera.t_stop:g}, ISO {camera.iso_speed:g}, {camera.shutter_angle:g} degrees, "
        f"{camera.white_balance_kelvin:g} K, lens height {camera.translation[2]:.2f} m; {'mark the move' if camera.move else 'lock off'}, tape focus",
        *([f"MOVE camera {camera.label}: {_in_words(camera.move)}"] if camera.move else []),
        f"HOLD lights: {', '.join(map(_lamp_in_words, still)) or 'as they are'}",
        f"HOLD people: {', '.join(f'{p.name} on mark {p.mark}' for p in base.performers) or 'nobody in frame'}",
        "SHOOT grey card and colour chart at the face, level 1 settings",
    ]
    for number, (level, lights) in enumerate(zip(sweep.levels, levels, strict=True), start=1):
        rigged = [f"{_lamp_in_words(lamp)} {_placed(lamp, seen_from)}" for lamp in lights if lamp not in still]
        rig = f" ({', '.join(rigged)})" if varied_lamps and rigged else ""
        lines.append(
            f"TAKE {number}: set {sweep.field.split('.')[-1].replace('_', ' ')} to {level} {sweep.unit}".rstrip()
            + f"{rig}; slate, roll, repeat the action"
        )
    return [*lines, "REPEAT take 1 at the end: it must match, or something else moved"]


def _lamp_in_words(lamp: Light) -> str:
    level = f"{lamp.stops:+g} stops to {lamp.relative_to}" if lamp.illuminance_lux is None else f"{lamp.illuminance_lux:g} lux"
    return f"{lamp.name} {lamp.kind} {level} {lamp.kelvin:g} K"


def _placed(lamp: Light, camera: Vector) -> str:
    """Where a lamp stands around what it is aimed at, as its gaffer sees it from the camera."""
    azimuth, elevation = angles(lamp, camera)
    away = float(np.linalg.norm(np.subtract(lamp.translation, lamp.aim)))
    return f"at {away:.2f} m, {abs(azimuth):.0f} degrees {'right' if azimuth > 0 else 'left'}, {elevation:.0f} up"


def _in_words(move: Move) -> str:
    told = move.model_dump(exclude={"technique"}, exclude_none=True)
    return f"{move.technique}, " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items())


def _holder(document: Any, field: str) -> tuple[Any, Any]:
    """The container and key of a field's path."""
    here, parts = document, field.split(".")
    for number, part in enumerate(parts):
        key: Any = part
        if isinstance(here, list):
            key = _member(here, part)
        known = key is not None and (key in here if isinstance(here, dict) else True)
        if not isinstance(here, (dict, list)) or not known:
            where = ".".join(parts[:number]) or "the stage"
            options = ", ".join(_names(here)) or "none"
            raise BadInput(f"sweep over {field}", f"{where} has no {part!r}", f"use one of: {options}")
        if number == len(parts) - 1:
            return here, key
        here = here[key]
    raise BadInput("sweep", "names no field", "give a path like lights.key.kelvin")


def _member(members: list[Any], part: str) -> int | None:
    for index, member in enumerate(members):
        if isinstance(member, dict) and part in (member.get("name"), member.get("label")):
            return index
    return int(part) if part.isdigit() and int(part) < len(members) else None


def _names(here: Any) -> list[str]:
    if isinstance(here, dict):
        return sorted(here)
    if isinstance(here, list):
        return [str(m.get("name", m.get("label", i))) if isinstance(m, dict) else str(i) for i, m in enumerate(here)]
    return []


def _named(document: Any, field: str) -> str:
    """The path with members of lists by their name, as ``differences`` writes it."""
    here, out = document, []
    for part in field.split("."):
        if isinstance(here, list):
            index = _member(here, part)
            out.append(_names(here)[index] if index is not None else part)
            here = here[index] if index is not None else None
        else:
            out.append(part)
            here = here.get(part) if isinstance(here, dict) else None
    return ".".join(out)


def _differences(a: Any, b: Any, path: str) -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for key in sorted({*a, *b}) for d in _differences(a.get(key), b.get(key), f"{path}.{key}".lstrip("."))]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and any(isinstance(m, dict) for m in a):
        return [d for name, x, y in zip(_names(a), a, b, strict=True) for d in _differences(x, y, f"{path}.{name}")]
    return [] if a == b else [path]


def _cells(values: list[float], low: float, high: float, cells: int) -> NDArray[np.int64]:
    """The cell of each value; -1 outside the range."""
    array = np.asarray(values, dtype=np.float64)
    index = np.floor((array - low) / (high - low) * cells).astype(np.int64)
    index = np.where(array == high, cells - 1, index)
    return np.where((index < 0) | (index >= cells), -1, index)


def _edges(span: tuple[float, float], cells: int, index: int) -> list[float]:
    low, high = span
    return [low + (high - low) * index / cells, low + (high - low) * (index + 1) / cells]
