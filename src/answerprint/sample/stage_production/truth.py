"""The sealed truth: what was planted, and for every frame where the camera was, how the lens stood, what shone and who was where.

It belongs to evaluation alone. Nothing in it is given to ingest, and the clean plates beside it may be read by no operation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint.optics.lens import write_lens
from answerprint.production.atomic import write_atomically
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.chart import FOCI, ZOOM
from answerprint.sample.stage_production.originals import GROUPS, camera_of
from answerprint.sample.stage_production.scan import NOISE_M, STATIONS
from answerprint.sample.stage_production.setups import CLIPS, FIRST, LAG_FRAMES, MARKERS, SCENE, TITLE, StageClip, stages
from answerprint.sample.stage_production.sound import HANDLE_FRAMES, SLATE_FRAME, clap_sample, sound_name, takes
from answerprint.sample.stage_production.tracking import SURVEY_NOISE_M, TRACKER_NOISE_DEG, TRACKER_NOISE_M
from answerprint.simulation.cameras import at_frame

LICENCE = "Rendered by Answerprint from its own documents; MakeHuman bodies CC0. Apache-2.0 and CC0-1.0, as you prefer."


def write_truth(render: Path, reference: Path) -> None:
    """``truth.json``, the lens and every stage document into the sealed tree."""
    reference.mkdir(parents=True, exist_ok=True)
    write_lens(reference / "lens.json", lens.LENS)
    for name, stage in stages().items():
        write_atomically(reference / "stages" / f"{name}.json", stage.json_text())
    write_atomically(reference / "truth.json", json.dumps(truth(render), indent=None) + "\n")


def truth(render: Path) -> dict[str, Any]:
    """All that is known; per-frame records come from the renderer's own."""
    return {
        "document": "truth",
        "use": "evaluation only",
        "licence": LICENCE,
        "title": TITLE,
        "planted": {
            "tracker_lag": {"clip": "A002C001_21B_T1", "frames": LAG_FRAMES, "meaning": "the tracker says late what the picture showed"},
            "continuity_error": {
                "what": "Mara's jumper is mustard in every clip but those of setup A take 2, where it is brick red",
                "performer": "Mara", "clips": ["A001C002_21A_T2", "B001C002_21A_T2"], "events": [[1, 2], [2, 3]],
            },
            "never_shot": {"setup": f"{SCENE}D"},
            "lines": {"clips": ["A001C001_21A_T1", "B001C001_21A_T1"], "names": [rig.name for rig in stages()["21A-1"].rig]},
            "uncircled_in_log": {"clip": "A001C002_21A_T2", "what": "the log circles take 2, the camera report only its B camera"},
        },
        "markers_m": MARKERS,
        "noise": {"scan_m": NOISE_M, "survey_m": SURVEY_NOISE_M, "tracker_m": TRACKER_NOISE_M, "tracker_degrees": TRACKER_NOISE_DEG},
        "scanner_stations_m": STATIONS,
        "lens_grids": {"zoom_mm": ZOOM, "focus_m": list(FOCI)},
        "sensor": lens.SENSOR.model_dump(mode="json"),
        "light_passes": {name: list(parts) for name, parts in GROUPS.items()},
        "sound": {
            sound_name(clip): {"clap_sample": clap_sample(clip), "slate_frame": SLATE_FRAME, "starts_frames_before": HANDLE_FRAMES}
            for clip in takes()
        },
        "clips": {clip.name: _clip(render, clip) for clip in CLIPS},
    }  # fmt: skip


def _clip(render: Path, clip: StageClip) -> dict[str, Any]:
    stage, camera = stages()[clip.shot], camera_of(clip)
    frames = []
    for frame in stage.frames:
        seen = at_frame(camera, frame)
        said: dict[str, Any] = {
            "frame": frame - FIRST,
            "translation": [round(v, 6) for v in seen.translation],
            "rotation": [round(v, 6) for v in seen.rotation],
            "pinhole_focal_length": round(seen.pinhole_focal_length, 5),
            "focus_distance": seen.focus_distance,
        }
        record = render / clip.shot / clip.camera / "records" / f"{stage.name}.{frame:04d}.json"
        if record.is_file():
            people = json.loads(record.read_text())["performers"]
            said["performers"] = {
                name: {"eyes": [round(v, 4) for v in about["eyes"]], "shot_size": about["shot_size"]}
                for name, about in people.items()
            }
        frames.append(said)
    return {
        "timecode": clip.timecode, "zoom": clip.zoom, "t_stop": camera.t_stop, "shutter_angle": camera.shutter_angle,
        "key_fill_stops": _key_fill(render, clip), "frames": frames,
    }  # fmt: skip


def _key_fill(render: Path, clip: StageClip) -> float | None:
    record = render / clip.shot / clip.camera / "records" / f"{clip.shot}.{FIRST:04d}.json"
    return json.loads(record.read_text())["key_fill_stops"] if record.is_file() else None
