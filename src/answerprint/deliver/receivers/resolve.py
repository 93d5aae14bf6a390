"""DaVinci Resolve: OTIO, EDL, a log and CDLs, and a script that builds the project through Resolve's own scripting interface.

The script uses only functions that Resolve's scripting README lists. It was not run in Resolve: no licence is at hand where this is
built; it is tested against a stand-in that knows those names and no others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint.deliver.laid import Laid, LaidShot
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.editorial.asc_cdl import decimal
from answerprint.production.atomic import write_atomically

SCRIPT = "resolve/build_project.py"
_PROGRAM = Path(__file__).with_name("resolve_program.py.txt")


def write(laid: Laid) -> None:
    """Write the script with the package's shots in it."""
    data = {
        "title": laid.title,
        "rate": f"{float(laid.rate):.3f}".rstrip("0").rstrip("."),
        "timeline": next((edit for edit in laid.edits if edit.endswith(".otio")), ""),
        "fallback": next((edit for edit in laid.edits if edit.endswith(".edl")), ""),
        "shots": [_shot(one) for one in laid.shots],
    }
    text = _PROGRAM.read_text(encoding="utf-8").replace("@DATA@", json.dumps(data, ensure_ascii=True, indent=1))
    write_atomically(laid.folder / SCRIPT, text)


def _shot(laid: LaidShot) -> dict[str, Any]:
    shot = laid.shot
    grade = shot.grade

    def three(values: tuple[float, float, float]) -> str:
        return " ".join(decimal(value) for value in values)

    return {
        "name": laid.name,
        "clip": shot.event.clip_name or shot.clip,
        "event": shot.event.number,
        "reel": shot.event.reel,
        "scene": shot.scene,
        "start": str(shot.start + shot.frames.start),
        "record": shot.event.record_in.frame,
        "runs": [
            {"bin": label, "pattern": run.printf, "first": run.first, "last": run.last}
            for label, run in [("Shots", laid.frames), *((f"Layers {name}", run) for name, run in laid.layers.items())]
            if run is not None
        ],
        "cdl": None
        if grade is None
        else {
            "Slope": three(grade.slope),
            "Offset": three(grade.offset),
            "Power": three(grade.power),
            "Saturation": decimal(grade.saturation),
        },
        "note": f"{len(shot.refused)} frames left as shot: a performer would have changed" if shot.refused else "",
        "version": f"{shot.task} {shot.version}, approved by {shot.approved_by}" if shot.version else "as shot",
    }


RECEIVER = Receiver(
    name="resolve",
    title="DaVinci Resolve",
    gets="frames, layers as EXR sequences, OTIO, EDL, ALE, CDL (.ccc and .cdl), and resolve/build_project.py",
    edits=(".otio", ".edl", ".ale"),
    grades=(".ccc", ".cdl"),
    layers="separate",
    own=write,
    notes=(
        "resolve/build_project.py uses Resolve's documented scripting interface and was not run in Resolve.",
        "The CDLs act in ACEScct: set the project to ACEScct (or convert before and after the CDL node).",
    ),
    editorial=True,
)
