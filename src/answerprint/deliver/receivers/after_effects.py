"""After Effects: a script (.jsx) that builds a comp for each shot: plate, fill through its matte, grain, the result to compare, markers.

The script is ExtendScript (ECMAScript 3) and was not run in After Effects.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint.deliver.laid import Laid, LaidShot, Run
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

SCRIPT = "after-effects/build_comps.jsx"
_PROGRAM = Path(__file__).with_name("after_effects_program.jsx.txt")


def write(laid: Laid) -> None:
    """Write the script with the package's shots in it."""
    data = {"title": laid.title, "rate": float(laid.rate), "shots": [_shot(one) for one in laid.shots]}
    text = _PROGRAM.read_text(encoding="utf-8").replace("@DATA@", json.dumps(data, ensure_ascii=True, indent=1))
    write_atomically(laid.folder / SCRIPT, text)


def _shot(one: LaidShot) -> dict[str, Any]:
    def path(run: Run | None) -> str:
        return run.file(run.first) if run is not None else ""

    shot = one.shot
    return {
        "name": one.name,
        "width": one.width,
        "height": one.height,
        "frames": len(shot.frames),
        "first": one.first,
        "result": path(one.frames),
        "plate": path(one.plate),
        "fill": path(one.layers.get("fill")),
        "matte": path(one.layers.get("matte")),
        "grain": path(one.layers.get("grain")),
        "others": [{"name": n, "path": path(r)} for n, r in sorted(one.layers.items()) if n not in ("fill", "matte", "grain")],
        "markers": _markers(one),
    }


def _markers(one: LaidShot) -> list[dict[str, Any]]:
    """Where the cut begins and ends, and each run of frames that was left as shot; ``at`` counts frames from the comp's first."""
    shot = one.shot
    found = [
        {"at": shot.cut.start - shot.frames.start, "length": 0, "text": "cut in"},
        {"at": shot.cut.end - 1 - shot.frames.start, "length": 0, "text": "cut out"},
    ]
    begin: int | None = None
    refused = set(shot.refused)
    for frame in range(shot.frames.start, shot.frames.end + 1):
        if frame in refused and begin is None:
            begin = frame
        elif frame not in refused and begin is not None:
            found.append(
                {"at": begin - shot.frames.start, "length": frame - begin, "text": "left as shot: a performer would have changed"}
            )
            begin = None
    return sorted(found, key=lambda m: int(str(m["at"])))


RECEIVER = Receiver(
    name="after-effects",
    title="Adobe After Effects",
    gets="a .jsx that builds a comp for each shot, ACEScg EXR of result and plate, each layer as an EXR sequence of plain RGB",
    edits=(".xml", ".edl"),
    grades=(".ccc",),
    pictures="ACEScg",
    plates=True,
    layers="separate",
    own=write,
    notes=(
        "after-effects/build_comps.jsx was checked for its syntax and not run in After Effects.",
        "Set the project to 32 bits a channel and OCIO with the configuration in colour/, working space ACEScg.",
    ),
)
