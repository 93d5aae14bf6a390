"""The proof of a sweep in what was shot: records and pixels in which nothing but the varied field may have moved.

What must hold depends on what is varied. A lamp moves no geometry and no other lamp's light; an exposure is one gain for all pixels;
a camera finds every thing with the colour it had; a person leaves the pixels where they never stand alone. What drifts is named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.media.exr import read_exr
from answerprint.production import BadInput, FaultFound
from answerprint.simulation.direction import PATTERN_LAMPS
from answerprint.simulation.order import Shoot
from answerprint.simulation.stage import PASSES, Light, Stage
from answerprint.simulation.sweeps import Tolerance, differences, differing_paths, path_by_names

Real = NDArray[np.float64]

GEOMETRY = ("depth", "normal", "albedo", "object_id")
_AVERAGED = 1e-5
"""Normals and albedo are means over a pixel's samples, which the renderer adds in no fixed order; the others are one sample's."""
_EXPOSURE = ("iso_speed", "exposure_stops", "white_balance_kelvin")
_FORMAT = (
    "version", "name", "label", "first_frame", "frame_count", "frame_rate", "active_sensor_resolution", "resolution_scale", "passes", "storage",
)  # fmt: skip
"""Last parts of fields that change how many pictures there are, how large, or what they are called."""
_OF_PATTERN: dict[str, tuple[str, ...]] = {"ratio": ("fill",), "back_stops": ("back",), "size": ("key",)}
"""Fields of a lighting pattern that are about one of its lamps."""
_LEADING = ("illuminance_lux", "key_lux", "key_stops", "pattern")
"""Fields that change a level which other lamps are set against."""
_PLACES = ("translation", "size", "aim", "beam", "pattern", "subject", "seen_from", "side", "distance")
"""Fields of lamps and patterns by which a lamp moves or grows."""
_COUNTS = 0.02
"""Share of the picture that a thing must fill in both levels before its colour is compared."""


@dataclass(frozen=True)
class Level:
    """What was shot of one level: its folder and its document, and pictures read as they are asked for."""

    folder: Path
    stage: Stage

    @cached_property
    def lights(self) -> tuple[Light, ...]:
        """The lamps of the document, those of a lighting pattern with them."""
        return Shoot(self.stage).stage.lights

    @property
    def camera(self) -> Path:
        return self.folder / self.stage.cameras[0].label

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        names = (f"{self.stage.name}.{frame:04d}.json" for frame in self.stage.frames)
        return [json.loads((self.camera / "records" / name).read_text()) for name in names]

    def has(self, kind: str) -> bool:
        return (self.camera / kind / f"{self.stage.name}.{self.stage.first_frame:04d}.exr").is_file()

    def pictures(self, kind: str) -> Real:
        """(frames, height, width, channels). Raises BadInput where the pass was not rendered."""
        found = []
        for frame in self.stage.frames:
            path = self.camera / kind / f"{self.stage.name}.{frame:04d}.exr"
            if not path.is_file():
                raise BadInput(path, "is needed to prove the sweep and is not there", f"add {kind.split('/')[0]!r} to the passes")
            found.append(np.stack([np.asarray(p, dtype=np.float64) for p in read_exr(path).planes.values()], axis=-1))
        return np.array(found)


def check_measurable(stages: list[Stage], field: str, tolerances: tuple[Tolerance, ...] = ()) -> None:
    """Raise BadInput, before anything is shot, for a sweep whose proof could not be made.

    A field that changes how many pictures there are, how large or what they are called leaves nothing to compare; a pass that is
    held must be rendered; a group or lamp that is held must be on the stage; a lighting pattern or a camera's move must not follow
    what is varied.
    """
    first = stages[0]
    if path_by_names(first, field).split(".")[-1] in _FORMAT:
        raise BadInput(f"sweep over {field}", "makes pictures that cannot be compared", "shoot each as a stage of its own")
    _check_followers(stages, field)
    for held in (*held_by_nature(Level(Path(), first), field), *tolerances):
        kind = held.field.partition(":")[0].partition(" beside ")[0]
        needed = {"group": "groups", "light": "beauty"}.get(kind, kind)
        if needed in PASSES and needed not in first.render.passes:
            raise BadInput(
                f"sweep over {field}", f"is proved by {held.field}, which is not rendered", f"add {needed!r} to the passes"
            )
    shoot = Shoot(first)
    known = {f"group:{name}" for name in shoot.groups} | {f"lamp:{lamp.name}" for lamp in shoot.stage.lights}
    for held in tolerances:
        if held.field.startswith(("group:", "lamp:")) and held.field not in known:
            raise BadInput(f"sweep over {field}", f"there is no {held.field!r} to hold", f"use one of: {', '.join(sorted(known))}")


def check_pictures(
    folders: list[Path], stages: list[Stage], field: str, tolerances: tuple[Tolerance, ...] = ()
) -> dict[str, float]:
    """Measure every level's pictures and records against the first level's; returns the largest relative change of each held field.

    Held by nature is what the varied field cannot touch (``held_by_nature``), beside it the sweep's own ``tolerances``.
    Raises FaultFound naming the field that drifts, BadInput where a pass that is needed is missing.
    """
    levels = [Level(folder, stage) for folder, stage in zip(folders, stages, strict=True)]
    held = {t.field: t.relative for t in (*held_by_nature(levels[0], field), *tolerances)}
    drift: dict[str, float] = {}
    for number, level in enumerate(levels[1:], start=2):
        for name, limit in held.items():
            change, where = _changed(name, levels[0], level)
            drift[name] = max(drift.get(name, 0.0), change)
            if change > limit:
                by = "differs" if np.isinf(change) else f"drifts by {change:.2g}, {limit:.2g} is allowed,"
                raise FaultFound(f"sweep over {field}: {where} {by} at level {number}; hold it or widen its tolerance.")
    return drift


def held_by_nature(level: Level, field: str) -> list[Tolerance]:
    """What the varied field cannot touch, with how far it may seem to."""
    stage, parts = level.stage, field.split(".")
    exact = [_geometry(name, name) for name in GEOMETRY]
    still = [Tolerance(field=name, relative=0.0) for name in ("record:camera", "record:exposure", "people")]
    lamps = [Tolerance(field=f"lamp:{lamp.name}", relative=0.0) for lamp in level.lights]
    if parts[0] in ("lights", "lighting"):
        return [*exact, *still, *_beside_lamps(level, _moved_lamps(level, field), parts[-1], lamps)]
    if parts[0] == "cameras":
        people = [Tolerance(field="people", relative=0.0)]
        if parts[-1] in _EXPOSURE:
            return [
                *exact,
                *people,
                *lamps,
                Tolerance(field="record:camera", relative=0.0),
                Tolerance(field="light", relative=1e-4),
            ]
        # Distance and angle change which part of a thing is seen: its colour, not its pixels, is held.
        things = [Tolerance(field="things", relative=0.25)] if level.has("albedo") and level.has("object_id") else []
        exposure = [] if parts[-1] in ("t_stop", "shutter_angle", "keys") else [Tolerance(field="record:exposure", relative=0.0)]
        return [*people, *lamps, *exposure, *things]
    if parts[0] in ("performers", "rig"):
        name = path_by_names(stage, field).split(".")[1]
        followed = stage.cameras[0].focus_on == name
        shown = not followed and level.has(f"mattes/{name}")
        seen = [_geometry(f"{kind} beside {name}", kind) for kind in GEOMETRY if level.has(kind)] if shown else []
        records = [t for t in still if t.field != "people"]
        return [*records, *lamps, *seen]
    if parts[0] == "set":
        only_light = parts[-1] in ("daylight_stops", "hdri_turn", "hdri_nits")
        return [*(t for t in still if t.field != "people"), *lamps, *(exact if only_light else [])]
    return [*still, *lamps]


def _geometry(field: str, kind: str) -> Tolerance:
    return Tolerance(field=field, relative=_AVERAGED if kind in ("normal", "albedo") else 0.0)


def _check_followers(stages: list[Stage], field: str) -> None:
    """Raise BadInput where a pattern's lamps or a move's keys differ between levels of a field that is not theirs."""
    first = Shoot(stages[0]).stage
    own = path_by_names(stages[0], field).split(".")
    prefix = {"lighting": "lights", "cameras": f"cameras.{'.'.join(own[1:2])}"}.get(own[0], ".".join(own))
    for stage in stages[1:]:
        strays = [path for path in differences(first, Shoot(stage).stage) if path != prefix and not path.startswith(f"{prefix}.")]
        if strays:
            points = "subject and as seen_from of 'lighting'" if strays[0].startswith("lights") else "subject of the move"
            raise BadInput(f"sweep over {field}", f"{strays[0]} follows it", f"give a point as {points}")


def _moved_lamps(level: Level, field: str) -> list[Light]:
    """The lamps that a field of a lamp, or of a lighting pattern, is about, and those that are set against them."""
    last = field.split(".")[-1]
    if field.startswith("lighting."):
        names: tuple[str, ...] = _OF_PATTERN.get(last, PATTERN_LAMPS)
    else:
        names = (path_by_names(level.stage, field).split(".")[1],)
    own = [lamp for lamp in level.lights if lamp.name in names]
    follow = [lamp for lamp in level.lights if last in _LEADING and lamp.relative_to in names and lamp.stops is not None]
    return [*own, *(lamp for lamp in follow if lamp not in own)]


def _beside_lamps(level: Level, moved: list[Light], last: str, lamps: list[Tolerance]) -> list[Tolerance]:
    """The lamps and light groups beside those that are moved."""
    moving = {lamp.group or lamp.name for lamp in moved}
    folder = level.camera / "groups"
    groups = sorted({p.name for p in folder.iterdir()} if folder.is_dir() else {lamp.group or lamp.name for lamp in level.lights})
    # A lamp that moves or grows spends other random numbers, never light: the other groups stay as they are.
    near = 1e-2 if last in _PLACES else 1e-5
    beside = [t for t in lamps if t.field.removeprefix("lamp:") not in {lamp.name for lamp in moved}]
    return [*beside, *(Tolerance(field=f"group:{g}", relative=near) for g in groups if g not in moving)]


def _changed(name: str, first: Level, level: Level) -> tuple[float, str]:
    """The largest relative change of a held field, and the name of what changed most."""
    if name == "things":
        return _things(first, level)
    if name == "light":
        a, b = (_shares_of_light(one.pictures("beauty")) for one in (first, level))
        return _relative(a, b), "the light's distribution"
    if " beside " in name:
        kind, _, who = name.partition(" beside ")
        a, b = first.pictures(kind), level.pictures(kind)
        away = ~((first.pictures(f"mattes/{who}") > 0) | (level.pictures(f"mattes/{who}") > 0))
        return _relative(np.where(away, a, 0.0), np.where(away, b, 0.0)), name
    told = _TOLD.get(name.split(":")[0])
    if told is not None:
        found = [(told(a, name), told(b, name)) for a, b in zip(first.records, level.records, strict=True)]
        for a, b in found:
            paths = differing_paths(a, b)
            if paths:
                return float("inf"), f"{name}.{paths[0]}".rstrip(".")
        return 0.0, name
    kind = f"groups/{name.removeprefix('group:')}" if name.startswith("group:") else name
    return _relative(first.pictures(kind), level.pictures(kind)), name


def _things(first: Level, level: Level) -> tuple[float, str]:
    """How far the usual colour of a thing lies outside the colours that the first level shows of it, and of which thing most.

    Nearer or from elsewhere other parts of a thing are seen, in other shares: a seat, its legs. So its colours' range is held, not their mean.
    """
    worst, which = 0.0, "things"
    colours = []
    for one in (first, level):
        ids, albedo = one.pictures("object_id")[..., 0], one.pictures("albedo")
        known = one.records[0]["object_ids"]
        found = {name: albedo[ids == number] for name, number in known.items()}
        colours.append({name: np.percentile(c, [4, 50, 96], axis=0) for name, c in found.items() if len(c) >= _COUNTS * ids.size})
    for name in sorted(colours[0].keys() & colours[1].keys()):
        (low, was, high), now = colours[0][name], colours[1][name][1]
        change = float(np.maximum(low - now, now - high).max() / max(0.05, float(was.max())))
        if change > worst:
            worst, which = change, f"albedo of {name}"
    return worst, which


def _shares_of_light(pictures: Real) -> Real:
    """Each channel over its own mean: the same for any gain."""
    return np.asarray(pictures / np.maximum(pictures.mean(axis=(0, 1, 2)), 1e-12))


def _relative(a: Real, b: Real) -> float:
    """Largest change relative to the size of the first: 0 for equal pictures, infinite where one is and the other is not."""
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    finite = np.isfinite(a) & np.isfinite(b)
    if not (same | finite).all():
        return float("inf")
    return float(np.abs(a - b)[finite].max() / max(1e-12, float(np.abs(a[np.isfinite(a)]).max())))


def _of_record(record: dict[str, Any], name: str) -> Any:
    here: Any = record
    for part in name.removeprefix("record:").split("."):
        here = here[part]
    return here


def _of_lamp(record: dict[str, Any], name: str) -> Any:
    return next((lamp for lamp in record["lights"] if lamp["name"] == name.removeprefix("lamp:")), None)


def _of_people(record: dict[str, Any], _: str) -> Any:
    return {name: {key: about[key] for key in ("eyes", "low", "high")} for name, about in record["performers"].items()}


_TOLD: dict[str, Callable[[dict[str, Any], str], Any]] = {"record": _of_record, "lamp": _of_lamp, "people": _of_people}
