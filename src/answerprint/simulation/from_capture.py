"""A stage document of what was really there: the scanned room, the tracked cameras frame by frame, the lamps of the plot.

So a shot of the production can be lit, cleaned or seen from beside with exact truth, in its own room and through its own cameras. What
the records do not say is assumed, and every assumption is listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from answerprint.ingest.lights.record import LightRecord
from answerprint.optics.distortion import Distortion
from answerprint.optics.lens import Lens
from answerprint.optics.lens_model import AnyDistortion
from answerprint.optics.table import LensState
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.simulation.pieces import Item, Vector
from answerprint.simulation.scanned_room import ScannedRoom
from answerprint.simulation.stage import CameraKey, Light, RigObject, SetPlan, Stage, StageCamera

_LUX = 100.0
"""Lux at the aim of a lamp at full level of which nobody wrote down how bright it is."""
_SAID_LUX = re.compile(r"(\d+(?:\.\d+)?)\s*(?:lux|lx)\b", re.IGNORECASE)
_SAID_SETUP = re.compile(r"\bsetups?\s+([A-Z]+)\b")
_KINDS: dict[str, str] = {
    "softbox": "softbox",
    "fresnel": "fresnel",
    "panel": "panel",
    "tube": "tube",
    "bulb": "bulb",
    "sun": "sun",
}


@dataclass(frozen=True)
class CapturedCamera:
    """One clip's camera: a pose for each frame (``spatial.poses.per_frame``), the picture's size, its lens record if there is one."""

    label: str
    track: CameraTrack
    size: tuple[int, int]
    lens: Lens | None = None
    distortion: AnyDistortion | None = None
    """where it is known without a record"""
    iso_speed: float | None = None
    white_balance_kelvin: float | None = None


@dataclass(frozen=True)
class Captured:
    """A stage out of records, and what had to be assumed for it."""

    stage: Stage
    assumed: list[str] = field(default_factory=list)
    surfaces: list[dict[str, Any]] = field(default_factory=list)
    """Each plane of the room: kind, distance from the origin in metres, how well its points fit"""


def lamps_of_setups(lights: Sequence[LightRecord], setups: Sequence[str]) -> tuple[list[LightRecord], list[LightRecord]]:
    """The lamps that burned in these setups and those that did not: a note like ``setup AB`` says for which a lamp was hung."""
    burned: list[LightRecord] = []
    others: list[LightRecord] = []
    for record in lights:
        said = _SAID_SETUP.search(record.note)
        used = said is None or not setups or any(setup and setup in said[1] for setup in setups)
        (burned if used else others).append(record)
    return burned, others


def stage_from_capture(
    name: str,
    room: ScannedRoom | None,
    cameras: Sequence[CapturedCamera],
    lights: Sequence[LightRecord] = (),
    marks: Mapping[str, Sequence[float]] | None = None,
    frame_rate: str = "24",
    first_frame: int = 1001,
) -> Captured:
    """The document. All cameras run from ``first_frame``, the longest decides how many frames there are.

    ``marks`` (surveyed points, metres) become trackers. Raises BadInput without any posed camera.
    """
    assumed: list[str] = []
    found = [made for camera in cameras if (made := _camera(camera, first_frame, assumed)) is not None]
    if not found:
        raise BadInput(name, "has no camera with a pose", "ingest its tracking, or solve it")
    items: tuple[Item, ...] = ()
    plan = SetPlan()
    if room is not None:
        items, materials = room.items()
        plan = SetPlan(items=items, materials=materials)
        assumed.append("walls are whole: windows and doors of the scan are closed; things are blocks of one colour")
    aim = _aim(cameras)
    lamps = tuple(lamp for record in lights if (lamp := _lamp(record, aim, assumed)) is not None)
    if not lamps:
        lamps = (Light(name="day", kind="sky", illuminance_lux=_LUX),)
        assumed.append(f"no lamp is known: an even sky of {_LUX:g} lux")
    rig = tuple(
        RigObject(name=_plain(mark), kind="tracker", points=(_vector(place),), diameter=0.04, colour=(0.7, 0.7, 0.7))
        for mark, place in (marks or {}).items()
    )
    count = max(len(camera.track) for camera in cameras)
    stage = Stage(
        name=_plain(name), frame_rate=frame_rate, first_frame=first_frame, frame_count=count, set=plan, cameras=tuple(found), lights=lamps, rig=rig,
    )  # fmt: skip
    planes = room.planes if room is not None else ()
    surfaces = [
        {"kind": p.kind, "normal": p.normal, "offset_m": p.offset, "rms_mm": p.rms * 1000, "points": p.points} for p in planes
    ]
    return Captured(stage, assumed, surfaces)


def _camera(camera: CapturedCamera, first: int, assumed: list[str]) -> StageCamera | None:
    track = camera.track
    posed = track.posed & np.isfinite(track.focal_length_mm)
    if not posed.any():
        assumed.append(f"camera {camera.label}: no frame has a pose and a focal length; it is left out")
        return None
    if not posed.all():
        assumed.append(
            f"camera {camera.label}: {int((~posed).sum())} of {len(posed)} frames have no pose; it runs straight over them"
        )
    sensor = track.sensor_mm
    if sensor is None:
        sensor = (36.0, 36.0 * camera.size[1] / camera.size[0])
        assumed.append(f"camera {camera.label}: nobody says its sensor; 36 mm wide is taken")
    pans = np.degrees(np.unwrap(np.radians(track.rotation[posed]), axis=0))
    keys = []
    for number, turn in zip(np.flatnonzero(posed), pans, strict=True):
        focus, stop = float(track.focus_distance_m[number]), float(track.t_stop[number])
        keys.append(
            CameraKey(
                frame=first + int(number),
                translation=_vector(track.translation[number]),
                rotation=_vector(turn),
                pinhole_focal_length=float(track.focal_length_mm[number]),
                focus_distance=focus if np.isfinite(focus) and focus > 0 else None,
                t_stop=stop if np.isfinite(stop) and stop > 0 else None,
            )
        )
    start = keys[0]
    more = {"iso_speed": camera.iso_speed, "white_balance_kelvin": camera.white_balance_kelvin}
    return StageCamera(
        label=_plain(camera.label),
        active_sensor_resolution=camera.size,
        active_sensor_physical_dimensions=(float(sensor[0]), float(sensor[1])),
        pinhole_focal_length=start.pinhole_focal_length or 35.0,
        distortion=_bent(camera, start),
        translation=start.translation or (0.0, 0.0, 0.0),
        rotation=start.rotation or (0.0, 0.0, 0.0),
        focus_distance=start.focus_distance,
        t_stop=start.t_stop or 2.8,
        keys=tuple(keys),
        **{known: value for known, value in more.items() if value is not None},
    )


def _bent(camera: CapturedCamera, start: CameraKey) -> AnyDistortion:
    """The lens's distortion where the shot begins; the focal length is the track's own, breathing included."""
    if camera.lens is None or camera.lens.distortion is None:
        return camera.distortion or Distortion()
    state = LensState(focal_length=start.pinhole_focal_length or 35.0, focus_distance=start.focus_distance or float("inf"))
    return camera.lens.distortion_at(state)


def _lamp(record: LightRecord, aim: Vector, assumed: list[str]) -> Light | None:
    label = _plain(f"{record.id}-{record.name}" if record.name else record.id)
    if record.position is None:
        assumed.append(f"lamp {label}: nobody says where it hangs; it is left out")
        return None
    target = aim
    if record.direction is not None:
        reach = max(0.5, float(np.dot(np.subtract(aim, record.position), record.direction)))
        target = _vector(np.add(record.position, np.multiply(record.direction, reach)))
    else:
        assumed.append(f"lamp {label}: nobody says where it points; it is aimed at what the cameras look at")
    said = _SAID_LUX.search(record.note)
    level = 1.0 if record.intensity is None else record.intensity
    if said:
        lux = float(said[1])
    elif record.luminous_flux_lm and record.beam_degree:
        # Even light within the beam: the solid angle of a cone of that full angle.
        cone = 2 * np.pi * (1 - np.cos(np.radians(record.beam_degree / 2)))
        lux = level * record.luminous_flux_lm / cone / float(np.sum(np.subtract(target, record.position) ** 2))
    else:
        lux = level * _LUX
        assumed.append(f"lamp {label}: nobody says how bright it is; {lux:g} lux at its aim are taken")
    if record.cct_kelvin is None:
        assumed.append(f"lamp {label}: nobody says its colour temperature; 5600 K is taken")
    kind = next((known for word, known in _KINDS.items() if word in record.fixture.lower()), "fresnel")
    known = {"beam": record.field_degree or record.beam_degree} if record.field_degree or record.beam_degree else {}
    return Light.model_validate(
        {"name": label, "kind": kind, "translation": record.position, "aim": target, "illuminance_lux": float(lux),
         "kelvin": record.cct_kelvin or 5600.0, **known}
    )  # fmt: skip


def _aim(cameras: Sequence[CapturedCamera]) -> Vector:
    """What the cameras look at: the middle of the points in focus, or two metres ahead of those that say no focus."""
    points = []
    for camera in cameras:
        posed = np.flatnonzero(camera.track.posed)
        for number in posed[:: max(1, len(posed) // 8)]:
            focus = float(camera.track.focus_distance_m[number])
            away = focus if np.isfinite(focus) and focus > 0 else 2.0
            points.append(camera.track.translation[number] + camera.track.axes[number][:, 1] * away)
    return _vector(np.mean(points, axis=0)) if points else (0.0, 0.0, 1.5)


def _plain(name: str) -> str:
    """A name as a document takes it."""
    said = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:60]
    return said or "unnamed"


def _vector(v: Sequence[float] | np.ndarray) -> Vector:
    x, y, z = (float(c) for c in v)
    return x, y, z
