"""People as the renderer poses them: where every point of body, clothes and shoes is at a moment of what they do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.order import Shoot
from answerprint.simulation.performers import Performer
from answerprint.simulation.poses import Marks, pose_at
from answerprint.simulation.stage import Stage

_POSED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, bpy, people
import numpy as np
about, file = json.loads(open('ORDER').read()), 'POINTS'
shown, known = [], {}
for person, poses in about:
    performer = known.get(str(person)) or people.Performer(person, bpy.context.scene.collection.objects.link, 1)
    known[str(person)] = performer
    for pose in poses:
        matrices = performer._matrices(pose)
        shown.append(np.concatenate([body.skinned(points, skin, matrices) for _, points, skin in performer.worn]).astype(np.float32))
np.savez(file, *shown)
print(json.dumps([len(shown)]))
"""


def posed(
    measured: Callable[[str], Any], scratch: Path, people: Sequence[tuple[Performer, Sequence[float]]], marks: Marks
) -> list[list[NDArray[np.float32]]]:
    """Points (n, 3) in metres of each performer at each of its frames, hair apart."""
    about = [(_person(performer), [pose_at(performer, frame, 24.0, marks) for frame in frames]) for performer, frames in people]
    (scratch / "order.json").write_text(json.dumps(about))
    measured(_POSED.replace("ORDER", str(scratch / "order.json")).replace("POINTS", str(scratch / "points.npz")))
    with np.load(scratch / "points.npz") as shown:
        every = [shown[name] for name in shown.files]
    out: list[list[NDArray[np.float32]]] = []
    for _, frames in people:
        out.append(every[: len(frames)])
        every = every[len(frames) :]
    return out


def _person(performer: Performer) -> dict[str, Any]:
    order = Shoot(Stage(name="alone", performers=(performer.model_copy(update={"hair": "none"}),))).build_order(1)
    person: dict[str, Any] = order["people"][0]
    return person
