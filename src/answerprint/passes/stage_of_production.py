"""A virtual stage of a scene that was shot: the catalogue's scans, the cameras of the spatial pass, the lamps of the plot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from answerprint.ingest.lights.record import LightRecord
from answerprint.passes.footage import located, require
from answerprint.passes.spatial import cameras_file
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip
from answerprint.simulation.from_capture import Captured, CapturedCamera, lamps_of_setups, stage_from_capture
from answerprint.simulation.scanned_room import ScannedRoom, understand
from answerprint.spatial.capture import read_clip_cameras
from answerprint.spatial.stage_report import track_of

_POINTS = 2_000_000


def stage_of_scene(production: Production, scene: str) -> Captured:
    """The stage document of a scene, or of one setup of it (``21`` or ``21A``), with what had to be assumed.

    Raises BadInput where no clip of it has cameras, Refused for a scan that may not be used.
    """
    cameras, setups = _cameras(production, scene)
    lights: list[LightRecord] = []
    marks: dict[str, list[float]] = {}
    with production.reading() as session:
        for asset in session.scalars(select(Asset).where(Asset.origin != "made").order_by(Asset.path)):
            lights += [LightRecord.model_validate(light) for light in asset.details.get("lights", []) if isinstance(light, dict)]
            marks |= asset.details.get("survey") or {}
    burned, others = lamps_of_setups(lights, setups)
    found = stage_from_capture(f"scene-{scene}", _room(production), cameras, burned, marks, frame_rate=str(production.rate))
    found.assumed.extend(f"lamp {lamp.id}: hung for another setup; it is left out" for lamp in others)
    return found


def write_stage_of_scene(found: Captured, out: Path) -> Path:
    """The document and beside it what was assumed; returns the document's path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{found.stage.name}.json"
    write_atomically(path, found.stage.json_text())
    said: dict[str, Any] = {"stage": path.name, "surfaces": found.surfaces, "assumed": found.assumed}
    write_atomically(out / f"{found.stage.name}.assumed.json", json.dumps(said, indent=1) + "\n")
    return path


def _cameras(production: Production, scene: str) -> tuple[list[CapturedCamera], list[str]]:
    with production.reading() as session:
        clips = [c for c in session.scalars(select(Clip).order_by(Clip.name)) if scene in (c.scene, f"{c.scene}{c.setup}")]
        known = sorted({c.scene for c in session.scalars(select(Clip)) if c.scene})
    if not scene or not clips:
        raise BadInput(f"scene {scene or '(none)'}", "no clip belongs to it", f"give one of: {', '.join(known) or 'none is known'}")
    solved = [clip for clip in clips if cameras_file(production, clip.name).is_file()]
    if not solved:
        raise BadInput(f"scene {scene}", "no clip has cameras", f"run `answerprint run {production.root} spatial` first")
    # The circled takes stand for their setups.
    chosen = [clip for clip in solved if clip.circled] or solved
    cameras = []
    for clip in chosen:
        found = read_clip_cameras(cameras_file(production, clip.name))
        first = next((c for c in found.cameras if c is not None), None)
        track = replace(track_of(found), focus_distance_m=found.focus_distance_m, t_stop=found.t_stop)
        bent = first.distortion if first is not None else None
        cameras.append(CapturedCamera(clip.name, track, (clip.width, clip.height), distortion=bent))
    return cameras, sorted({clip.setup for clip in chosen if clip.setup})


def _room(production: Production) -> ScannedRoom | None:
    """All scans of the production together, as they stand on the stage; None where nothing was scanned."""
    from answerprint.ingest.lidar.open import open_scan

    points, colours = [], []
    with production.reading() as session:
        scans = list(session.scalars(select(Asset).where(Asset.kind == "lidar").order_by(Asset.path)))
        for asset in scans:
            require(asset, "index")
            found = open_scan(located(production, asset)).thinned(_POINTS // len(scans))
            points.append(found.xyz)
            colours.append(found.colour)
    if not points:
        return None
    whole = [c for c in colours if c is not None]
    return understand(np.concatenate(points), np.concatenate(whole) if len(whole) == len(points) else None)
