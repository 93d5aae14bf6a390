"""What the tracker, the lens and the surveyor wrote: OpenTrackIO samples, a table of the lens frame by frame, surveyed points.

The crane's tracker is late by ``LAG_FRAMES``: its sample of a timecode says where the camera was that many frames before. The
two-shot's and the close-up's are in time. All have the noise of a good optical tracker.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.production import Timecode
from answerprint.production.atomic import write_atomically
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.originals import camera_of, focus_at
from answerprint.sample.stage_production.setups import CLIPS, LAG_FRAMES, MARKERS, RATE, T_STOP, StageClip, stages
from answerprint.simulation.cameras import at_frame

TRACKER_NOISE_M, TRACKER_NOISE_DEG = 0.0003, 0.005
SURVEY_NOISE_M = 0.0005
_BEFORE, _AFTER = 12, 12
_MID_EXPOSURE = 0.25
"""The picture, rendered in one moment, stands for the middle of a 180 degree exposure: a quarter of a frame after its timecode."""


def lag_of(clip: StageClip) -> int:
    """Frames by which a clip's tracker is late."""
    return LAG_FRAMES if clip.setup == "B" else 0


def write_tracks(folder: Path) -> None:
    """One OpenTrackIO file a clip, recorded from before the clip until after it."""
    for number, clip in enumerate(CLIPS):
        samples = _samples(clip, np.random.default_rng([401, number]))
        write_atomically(folder / f"{clip.name}.opentrackio.json", json.dumps(samples, indent=None) + "\n")


def _samples(clip: StageClip, draw: np.random.Generator) -> list[dict[str, Any]]:
    stage, camera = stages()[clip.shot], camera_of(clip)
    rate = {"num": RATE.numerator, "denom": RATE.denominator}
    made: list[dict[str, Any]] = []
    for frame in range(stage.first_frame - _BEFORE, stage.first_frame + stage.frame_count + _AFTER):
        seen = at_frame(camera, frame - lag_of(clip) - _MID_EXPOSURE)
        place = np.array(seen.translation) + draw.normal(0, TRACKER_NOISE_M, 3)
        turn = np.array(seen.rotation) + draw.normal(0, TRACKER_NOISE_DEG, 3)
        sample: dict[str, Any] = {
            "protocol": {"name": "OpenTrackIO", "version": [1, 0, 1]},
            "tracker": {"slate": clip.name, "status": "Optical Good", "recording": True},
            "timing": {"mode": "external", "sampleRate": rate, "timecode": _timecode(clip.start + (frame - stage.first_frame))},
            "lens": {
                "pinholeFocalLength": round(seen.pinhole_focal_length, 5),
                "focusDistance": round(float(seen.focus_distance or 0), 5),
                "tStop": seen.t_stop,
            },
            "transforms": [
                {
                    "id": "Camera",
                    "translation": {axis: round(float(v), 6) for axis, v in zip("xyz", place, strict=True)},
                    "rotation": {name: round(float(v), 6) for name, v in zip(("pan", "tilt", "roll"), turn, strict=True)},
                }
            ],
        }
        if not made:
            width, height = lens.SENSOR_MM
            sample["static"] = {
                "camera": {"label": clip.camera, "activeSensorPhysicalDimensions": {"width": width, "height": height}}
            }
        made.append(sample)
    return made


def _timecode(label: Timecode) -> dict[str, Any]:
    hours, minutes, seconds, frames = (int(part) for part in str(label).split(":"))
    rate = {"num": RATE.numerator, "denom": RATE.denominator}
    return {"hours": hours, "minutes": minutes, "seconds": seconds, "frames": frames, "frameRate": rate}


def write_lens_tables(folder: Path) -> None:
    """One table a clip with the columns of ARRI's Meta Extract: focus, focal length and iris of every frame."""
    for clip in CLIPS:
        stage = stages()[clip.shot]
        rows = [
            {
                "Index": index, "Master TC": str(clip.start + index), "Project FPS": "24.000", "Camera Clip Name": clip.name,
                "Reel": clip.reel, "Camera Index": clip.camera, "Scene": "21", "Take": clip.take, "Lens Model": lens.LENS.model,
                "Lens Distance Unit": "Meter", "Lens Focus Distance": f"{focus_at(clip, frame):.3f}",
                "Lens Focal Length": f"{clip.zoom:.1f}", "Lens Iris": f"T {T_STOP}", "Exposure Index ASA": f"{lens.ISO:.0f}",
            }
            for index, frame in enumerate(stage.frames)
        ]  # fmt: skip
        write_table(folder / f"{clip.name}_lens.csv", rows)


def write_survey(path: Path) -> None:
    """The markers as a total station measured them."""
    draw = np.random.default_rng(402)
    rows = []
    for name, place in MARKERS.items():
        x, y, z = np.array(place) + draw.normal(0, SURVEY_NOISE_M, 3)
        rows.append({"Point": name, "X (m)": f"{x:.4f}", "Y (m)": f"{y:.4f}", "Z (m)": f"{z:.4f}"})
    write_table(path, rows)


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows of one kind as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())
