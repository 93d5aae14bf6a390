"""Clothes and hair on the body: no gap between cloth and skin, no hair in a shoulder, in builds and poses that no stage was looked at for."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from typing import Any

import pytest

from answerprint.production import BadInput
from answerprint.simulation.renderer import interpreter

_MEASURE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, garments, hems
import numpy as np
data = body.base()
quads = np.array([[c[0] for c in f] for f in data["groups"]["body"]])
N = body.BODY
poses = [{}, {"head": (25, 10, 50), "spine": (15, 5, 20)}, {"head": (-20, -12, -45), "lowerarm_l": (130, 40), "wrist_l": 30},
         {"thigh_l": (90, 8), "knee_l": 90, "thigh_r": (90, 8), "knee_r": 90, "lowerarm_r": (100, -40)}]
out = []
for gender, age, weight, height in ((0, 30, 0.5, 1.65), (1, 44, 0.9, 1.85), (0, 67, 0.2, 1.6)):
    rest = body.shape({"age": age, "gender": gender, "muscle": 0.5, "weight": weight, "height": height, "ancestry": (0.2, 0.3, 0.5)})
    heads = body.skeleton(rest)
    for collar, ease in (("crew", 0.013), ("high", 0.026)):
        worn = garments.dress(rest, data, {"collar": collar, "sleeves": "long", "top_hem": "hip", "ease": ease, "bottom": "trousers",
                                           "bottom_hem": "ankle", "flare": 0.02})
        points, faces, weights = worn["top"]
        for pose in poses:
            bones = body.pose(heads, pose)
            skin = hems.Skin(body.skinned(rest[:N], data["skin"][:N], bones), quads, data["skin"][:N])
            cloth = body.skinned(points, weights, bones)
            for loop in hems.loops(faces):
                def off(ring):
                    place, normal, _ = skin.below(cloth[ring])
                    return ((cloth[ring] - place) * normal).sum(axis=1)
                # The rows of a lip follow each other: the edge's own roll is the row before the last.
                roll = np.array(loop) - len(loop)
                high = points[loop][:, 2].mean() / height
                kind = "collar" if high > 0.8 else "cuff" if abs(points[loop][:, 0]).min() > 0.2 else "hem"
                out.append([kind, off(roll).min(), off(roll).max(), off(np.array(loop)).max()])
print(json.dumps(out))
"""


_HAIR = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, hair, hems
import numpy as np
data = body.base()
rest = body.shape({"age": 30, "gender": 0.1, "muscle": 0.5, "weight": 0.6, "height": 1.7, "ancestry": (0.2, 0.3, 0.5)})
skin = hems.Skin(rest[:body.BODY], data["quads"], data["skin"][:body.BODY])
eye = np.mean([rest[np.unique([c[0] for f in data["groups"]["helper-%s-eye" % side] for c in f])].mean(axis=0) for side in "lr"], axis=0)
out = {}
for style in ("bob", "waves", "long", "tied"):
    strands = hair.grow(rest, data["quads"], eye, style, 3)["points"]
    hanging = strands[strands[..., 2] < eye[2] - 0.2]
    place, normal, _ = skin.below(hanging) if len(hanging) else (hanging, hanging, None)
    reach = np.linalg.norm(strands[:, -1] - strands[:, 0], axis=1)
    out[style] = {"below": len(hanging), "inside": int((((hanging - place) * normal).sum(axis=1) < 0).sum()),
                  "short": int((reach < 0.02).sum())}
print(json.dumps(out))
"""


def _measured(program: str) -> Any:
    """What a program says beside the renderer's own modules; skipped, with the reason, where their environment is missing."""
    try:
        python = interpreter()
    except BadInput as missing:
        pytest.skip(str(missing))
    worker = str(files("answerprint.simulation").joinpath("worker"))
    return json.loads(subprocess.run([str(python), "-I", "-c", program, worker], capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="module")
def edges() -> list[tuple[str, float, float, float]]:
    """Each edge in each build and pose: kind, how far off the skin its roll is at least and most, and the end of its lip, metres."""
    return [tuple(row) for row in _measured(_MEASURE)]


def test_hanging_hair_goes_past_the_shoulders_and_tied_hair_leaves_short_hairs_at_its_line() -> None:
    styles = _measured(_HAIR)
    for style in ("bob", "waves", "long"):
        assert styles[style]["inside"] <= 0.01 * max(styles[style]["below"], 1)
    assert styles["long"]["below"] > 1000
    assert styles["tied"]["short"] > 300


def test_a_collar_lies_on_the_neck_whichever_way_the_head_turns(edges: list[tuple[str, float, float, float]]) -> None:
    collars = [(least, most) for kind, least, most, _ in edges if kind == "collar"]
    assert len(collars) == 24
    # Thicker than nothing, so that skin does not come through; thinner than a finger, so that nobody looks in.
    assert min(least for least, _ in collars) > 0.001
    assert max(most for _, most in collars) < 0.014


def test_behind_collars_and_cuffs_the_cloth_goes_under_the_skin(edges: list[tuple[str, float, float, float]]) -> None:
    lips = [end for kind, _, _, end in edges if kind != "hem"]
    assert len(lips) == 72
    assert max(lips) < -0.0005
