"""A stage for Unreal: a USD scene, lens files, and a script for Unreal's editor that builds the Level Sequence.

The scene is in centimetres, so that USD's tenths of a unit for focal length and aperture are millimetres; Z is up as in Unreal (Y on
request, the whole stage turned about X). Cameras carry a sample for each frame and the true shutter, open and shut as parts of a frame
about its moment. The script repeats the cameras as Sequencer keys, in Unreal's left-handed axes as its USD importer has them (X the
same, Y turned round), because Unreal does not turn a USD camera's samples into a Sequencer that can be edited.

What was tried: the USD is read back with usd-core and compared, and the script is run against a stand-in that knows only names of
Unreal's published Python interface. Nothing of this has been loaded into Unreal itself: how bright its importer makes a light, whether
it takes ``.ulens``, and its camera's limits (f-number, focal length) are not known here. Clothed performers, textures and soft
gradients of the sky are not carried: a performer is a marker of their height, a surface its plain colour, the sky its zenith.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.media.exr import write_exr
from answerprint.optics.distortion import Distortion
from answerprint.optics.lens import Lens
from answerprint.optics.sensor import Sensor
from answerprint.optics.stmap import needed_overscan, stmap
from answerprint.optics.table import Table
from answerprint.optics.track import axes_from_angles
from answerprint.optics.ulens import write_ulens
from answerprint.production.atomic import write_atomically
from answerprint.simulation import cameras
from answerprint.simulation.order import Shoot
from answerprint.simulation.poses import eyes_at
from answerprint.simulation.stage import Stage, StageCamera
from answerprint.simulation.usd_stage import UpAxis, write_usd

Real = NDArray[np.float64]
_FOCUS_RING = (0.5, 1.0, 2.0, 4.0, 8.0, float("inf"))
_IRIS_RING = (1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0, 22.0)


@dataclass(frozen=True)
class Exchange:
    """What was written, and what Unreal will not find in it."""

    stage: Path
    script: Path
    lenses: tuple[Path, ...]
    notes: tuple[str, ...]


def write_unreal(stage: Stage, folder: Path, up: UpAxis = "Z") -> Exchange:
    """Write ``NAME.usdc``, ``NAME.sequence.json``, ``import_into_unreal.py`` and a ``.ulens`` (or STMaps) for each lens that bends.

    Raises BadInput without usd-core (extra ``spatial``), and for what the stage asks in vain.
    """
    shoot = Shoot(stage)
    folder.mkdir(parents=True, exist_ok=True)
    scene = folder / f"{stage.name}.usdc"
    ways = {camera.label: camera_way(shoot, camera) for camera in shoot.stage.cameras}
    # USD picks its format by the ending, so the unfinished file keeps it.
    unfinished = folder / f".{uuid.uuid4().hex}.usdc"
    try:
        notes = write_usd(shoot, ways, unfinished, up)
        unfinished.replace(scene)
    finally:
        unfinished.unlink(missing_ok=True)
    lenses: list[Path] = []
    for camera in shoot.stage.cameras:
        written, said = _write_lens(shoot, camera, ways[camera.label], folder)
        lenses += written
        notes += said
    plan = sequence_plan(stage, ways, scene.name, [path.name for path in lenses if path.suffix == ".ulens"])
    write_atomically(folder / f"{stage.name}.sequence.json", json.dumps(plan, indent=1, allow_nan=False) + "\n")
    script = folder / "import_into_unreal.py"
    program = files("answerprint.simulation").joinpath("unreal_program.py.txt").read_text(encoding="utf-8")
    write_atomically(script, program.replace("@PLAN@", f"{stage.name}.sequence.json"))
    return Exchange(scene, script, tuple(lenses), tuple(notes))


def camera_way(shoot: Shoot, camera: StageCamera) -> list[tuple[StageCamera, float | None]]:
    """The camera with its lens resolved, and its focus in metres, at every frame of the stage.

    A focus that follows a performer's eyes is worked out from their pose (``poses.eyes_at``), as no renderer has measured them.
    """
    way, rate = [], float(shoot.stage.rate)
    for frame in shoot.stage.frames:
        state = cameras.at_frame(camera, frame)
        eyes = {p.name: eyes_at(p, frame, rate, shoot.place.marks) for p in shoot.stage.performers if p.name == camera.focus_on}
        focus = cameras.focus_distance(state, eyes)
        way.append((cameras.with_lens(state, focus), focus))
    return way


def sequence_plan(
    stage: Stage, ways: dict[str, list[tuple[StageCamera, float | None]]], scene: str, lenses: Iterable[str]
) -> dict[str, Any]:
    """What the script builds: centimetres, degrees, millimetres, in Unreal's axes; one entry of ``keys`` for a frame."""
    return {
        "name": stage.name,
        "scene": scene,
        "lenses": list(lenses),
        "rate": [stage.rate.numerator, stage.rate.denominator],
        "start": stage.first_frame,
        "end": stage.first_frame + stage.frame_count,
        "cameras": [
            {
                "label": camera.label,
                "sensor_mm": list(camera.active_sensor_physical_dimensions),
                "shutter_angle": camera.shutter_angle,
                "keys": [_key(frame, *state) for frame, state in zip(stage.frames, ways[camera.label], strict=True)],
            }
            for camera in stage.cameras
        ],
    }


def unreal_pose(camera: StageCamera) -> tuple[Real, Real]:
    """Place in centimetres and (roll, pitch, yaw) in degrees in Unreal's axes: Z up, left-handed, Y opposite to the stage's.

    From Unreal's rotator: forward is (cos p cos y, cos p sin y, sin p), and sin r of the right and cos r of the up vector lie along Z.
    """
    right, forward, up = axes_from_angles(np.array(camera.rotation)).T * [1.0, -1.0, 1.0]
    pitch = np.degrees(np.arctan2(forward[2], np.hypot(forward[0], forward[1])))
    yaw = np.degrees(np.arctan2(forward[1], forward[0]))
    roll = np.degrees(np.arctan2(-right[2], up[2]))
    place = np.array(camera.translation) * [100.0, -100.0, 100.0]
    return place, np.array([roll, pitch, yaw])


def _key(frame: int, camera: StageCamera, focus: float | None) -> dict[str, Any]:
    place, turn = unreal_pose(camera)
    return {
        "frame": frame,
        "location": [float(v) for v in place],
        "rotation": [float(v) for v in turn],
        "focal_length": camera.pinhole_focal_length,
        "aperture": cameras.f_stop(camera),
        "focus": None if focus is None else focus * 100.0,
    }


def _write_lens(
    shoot: Shoot, camera: StageCamera, way: list[tuple[StageCamera, float | None]], folder: Path
) -> tuple[list[Path], list[str]]:
    """A ``.ulens`` where it can carry the lens, STMaps of the first frame where it cannot, nothing where nothing bends."""
    models = [state.distortion for state, _ in way]
    if all(model == Distortion() for model in models):
        return [], []
    width, height = camera.active_sensor_physical_dimensions
    if all(isinstance(model, Distortion) and len(model.radial) <= 3 for model in models):
        lens = camera.lens or _plain_lens(camera, way)
        zooms = sorted({cameras.at_frame(camera, frame).pinhole_focal_length for frame in shoot.stage.frames})
        sensor = Sensor(resolution=camera.active_sensor_resolution, dimensions=(width / lens.squeeze, height))
        path = folder / f"{shoot.stage.name}.{camera.label}.ulens"
        chosen = [zooms[round(i)] for i in np.linspace(0, len(zooms) - 1, min(8, len(zooms)))]
        write_ulens(path, lens, sensor, list(_FOCUS_RING), chosen, list(_IRIS_RING))
        return [path], []
    seen = cameras.record(way[0][0])
    overscan = needed_overscan(seen)
    paths = []
    for name, picture in (("undistort", stmap(seen, "undistort", overscan)), ("distort", stmap(seen, "distort", overscan))):
        paths.append(folder / f"{shoot.stage.name}.{camera.label}.{name}.exr")
        write_exr(paths[-1], {c: np.ascontiguousarray(picture[..., i]) for i, c in enumerate("RGB")})
    moving = " of its first frame, though it changes" if any(model != models[0] for model in models) else ""
    return paths, [
        f"camera {camera.label}: .ulens does not carry its distortion; STMaps{moving} stand in (overscan {overscan:.4f})"
    ]


def _plain_lens(camera: StageCamera, way: list[tuple[StageCamera, float | None]]) -> Lens:
    """A camera without a record as one: every focal length it has in the shot, one distortion."""
    from answerprint.optics.distortion_table import DistortionTable, Setting

    zooms: dict[tuple[float, ...], tuple[float, ...]] = {
        (state.pinhole_focal_length,): (state.pinhole_focal_length,) for state, _ in way
    }
    return Lens(
        model=f"camera {camera.label}",
        pinhole_focal_length=Table.over(("focal_length",), zooms, "logarithmic"),
        distortion=DistortionTable(settings=(Setting(model=camera.distortion),)),
    )
