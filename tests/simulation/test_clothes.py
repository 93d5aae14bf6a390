"""Clothes on the body: no gap between cloth and skin, in builds and poses that no stage was looked at for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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


@pytest.fixture(scope="module")
def edges(measured: Callable[[str], Any]) -> list[tuple[str, float, float, float]]:
    """Each edge in each build and pose: kind, how far off the skin its roll is at least and most, and the end of its lip, metres."""
    return [tuple(row) for row in measured(_MEASURE)]


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
