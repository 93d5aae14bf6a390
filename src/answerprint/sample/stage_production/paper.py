"""The production's paper: what was written by hand is copied, what follows from the shoot (camera report, lighting plot, rights) is made."""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from answerprint.production.atomic import write_atomically
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.originals import clean_name
from answerprint.sample.stage_production.setups import CLIPS, SCENE, T_STOP, stages
from answerprint.sample.stage_production.tracking import write_table
from answerprint.simulation.light import lux_at_aim

_SEALED = ("retrieve", "train", "generate_from", "deliver")
SHOT_ON = "2026-11-20"
_WHY = "clean reference, for evaluation only: no operation may read it"


def write_paper(folder: Path, ending: str = "") -> None:
    """All papers into ``folder``; ``ending`` is that of the clips' files where they are movies."""
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("answerprint.sample.stage_production") / "paperwork") as source:
        for item in sorted(source.iterdir()):
            shutil.copyfile(item, folder / item.name)
    _camera_report(folder / "camera_report.csv", ending)
    _lighting_plot(folder / "lighting_plot.csv")
    _rights(folder / "rights.json", ending)


def reference_clips() -> list[str]:
    """Names of the clean plates that are shown to the catalogue, so that it can be seen to refuse them."""
    return [clean_name(clip) for clip in CLIPS if "clean" in stages()[clip.shot].render.passes]


def _camera_report(path: Path, ending: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "Clip": clip.name + ending, "Reel": clip.reel, "Camera": clip.camera, "Scene": SCENE, "Setup": clip.setup, "Take": clip.take,
            "Start TC": clip.timecode, "Date": SHOT_ON, "FPS": 24, "Focal Length": f"{clip.zoom:.0f} mm", "T-Stop": T_STOP, "ISO": f"{lens.ISO:.0f}",
            "WB": "4700", "Circled": "yes" if clip.circled else "no", "Comments": clip.note,
        }
        for clip in CLIPS
    ]  # fmt: skip
    for clip in CLIPS:
        if clean_name(clip) in reference_clips():
            row = dict.fromkeys(rows[0], "")
            known = {
                "Clip": clean_name(clip) + ending,
                "Reel": clip.reel,
                "Camera": clip.camera,
                "Start TC": clip.timecode,
                "Date": SHOT_ON,
                "FPS": 24,
            }
            rows.append(row | known | {"Circled": "no", "Comments": "clean reference, sealed"})
    write_table(path, rows)


def _lighting_plot(path: Path) -> None:
    """The gaffer's list: setups A and B share one light, C has its own places for key and fill."""
    rows = []
    for setup, shot in (("AB", "21A-1"), ("C", "21C-1")):
        for number, lamp in enumerate(stages()[shot].lights, start=1):
            x, y, z = lamp.translation
            rows.append(
                {
                    "Unit": f"{setup}{number}", "Fixture": lamp.kind, "Name": lamp.name, "Channel": number + (10 if setup == "C" else 0),
                    "Gel": "" if lamp.gel == "none" else lamp.gel, "CCT": f"{lamp.kelvin:.0f}", "Level": "100%",
                    "X (m)": f"{x:.2f}", "Y (m)": f"{y:.2f}", "Z (m)": f"{z:.2f}",
                    "Note": f"setup {setup}; {lux_at_aim(lamp, stages()[shot].lights):.0f} lux at the aim",
                }
            )  # fmt: skip
    write_table(path, rows)


def _rights(path: Path, ending: str) -> None:
    names = [name + ending for name in reference_clips()]
    document = {
        "document": "rights",
        "reference": names,
        "lines": [{"asset": name, "deny": list(_SEALED), "why": _WHY} for name in names],
    }
    write_atomically(path, json.dumps(document, indent=1) + "\n")
