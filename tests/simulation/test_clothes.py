"""Clothes on the body: no gap between cloth and skin, in builds and poses that no stage was looked at for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from answerprint.simulation.order import Shoot
from answerprint.simulation.performers import Action, Build, Performer, Wardrobe
from answerprint.simulation.poses import pose_at
from answerprint.simulation.stage import Stage

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
                def uneven(ring):
                    # Of the radius against the mean of both neighbours', and of the height over the line's own plane.
                    at = points[ring] - points[ring].mean(axis=0)
                    radius = np.hypot(at[:, 0], at[:, 1])
                    plane = np.linalg.svd(at, full_matrices=False)[2][2]
                    return max(np.abs(radius - (np.roll(radius, 1) + np.roll(radius, -1)) / 2).max(), np.ptp(at @ plane))
                # The rows of a lip follow each other: the edge's own roll is the row before the last.
                roll = np.array(loop) - len(loop)
                high = points[loop][:, 2].mean() / height
                kind = "collar" if high > 0.8 else "cuff" if abs(points[loop][:, 0]).min() > 0.2 else "hem"
                out.append([kind, off(roll).min(), off(roll).max(), off(np.array(loop)).max(), uneven(roll)])
print(json.dumps(out))
"""


_HEMS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, bpy, garments, hems
import numpy as np
from mathutils.bvhtree import BVHTree
people, poses = json.loads('ORDER')
data = body.base()

def worn(points, faces, outer):
    # As it is rendered: subdivided once, and of its faces those that are seen from outside.
    mesh = bpy.data.meshes.new("cloth")
    mesh.from_pydata(points.tolist(), [], faces)
    mesh.polygons.foreach_set("material_index", (np.arange(len(faces)) >= outer).astype(np.int32))
    made = bpy.data.objects.new("cloth", mesh)
    bpy.context.scene.collection.objects.link(made)
    made.modifiers.new("smooth", "SUBSURF").levels = 1
    done = made.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    out = np.array([v.co[:] for v in done.vertices]), [list(p.vertices) for p in done.polygons if p.material_index == 0]
    bpy.data.objects.remove(made)
    return out

out = []
for person in people:
    rest = body.shape(person["shape"])
    heads = body.skeleton(rest)
    pieces = garments.dress(rest, data, person["wardrobe"])
    (top, top_faces, top_skin), (bottom, bottom_faces, bottom_skin) = pieces["top"], pieces["bottom"]
    outer = len(top_faces) - 2 * sum(map(len, hems.loops(top_faces)))
    hanging = worn(bottom, bottom_faces, len(bottom_faces))[0][:, 2]
    shirt, faces = worn(top, top_faces, outer)
    seen = np.unique(np.concatenate([np.array(f) for f in faces]))
    hem = shirt[seen][np.abs(shirt[seen][:, 0]) < 0.15][:, 2].min()
    under = np.flatnonzero((hanging > hem + 0.006) & (hanging < hem + 0.12))
    # Sleeves hang there too.
    trunk = [k for k, f in enumerate(faces) if np.abs(shirt[f][:, 0]).max() < 0.26 and shirt[f][:, 2].max() < hem + 0.25]
    for name, pose in poses.items():
        bones = body.pose(heads, pose)
        shirt, faces = worn(body.skinned(top, top_skin, bones), top_faces, outer)
        legs = worn(body.skinned(bottom, bottom_skin, bones), bottom_faces, len(bottom_faces))[0][under]
        tree = BVHTree.FromPolygons(shirt.tolist(), [faces[k] for k in trunk])
        depth = []
        for place in legs:
            near, normal, _, _ = tree.find_nearest(place.tolist())
            depth.append(float((place - np.array(near)) @ np.array(normal)))
        out.append([person["name"], name, sum(d > 0.001 for d in depth), max(depth), len(depth)])
print(json.dumps(out))
"""

_LIES = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, garments, hems
import numpy as np
data = body.base()
out = []
for gender, height in ((0, 1.65), (1, 1.8)):
    rest = body.shape({"age": 30, "gender": gender, "muscle": 0.5, "weight": 0.5, "height": height, "ancestry": (0.2, 0.3, 0.5)})
    skin = hems.Skin(rest[:body.BODY], data["quads"], data["skin"][:body.BODY])
    cut = {"collar": "crew", "sleeves": "long", "top_hem": "hip", "ease": 0.018, "bottom": "trousers", "bottom_hem": "ankle", "flare": 0.02}
    points, _, weights = garments.dress(rest, data, cut)["top"]
    place, normal, _ = skin.below(points)
    off = ((points - place) * normal).sum(axis=1)
    shoulder = (normal[:, 2] > 0.75) & (np.abs(points[:, 0]) > 0.11) & (np.abs(points[:, 0]) < 0.2)
    side = (np.abs(normal[:, 2]) < 0.2) & (np.abs(points[:, 0]) < 0.16) & (points[:, 2] > 0.66 * height) & (points[:, 2] < 0.76 * height)
    out.append([float(off[shoulder].max()), float(np.ptp(off[side]))])
print(json.dumps(out))
"""

_BUILDS = {"anna": Build(age=28, gender=0.0, height=1.66), "ben": Build(age=50, gender=1.0, height=1.8, weight=0.75)}
_DOING = {
    "stand": (),
    "stride": (Action(do="walk", start=6, end=54, to=(0, 3)),),
    "step": (Action(do="walk", start=1, end=48, to=(0, 3)),),
    "turn": (Action(do="turn", start=1, end=40, heading=90),),
    "reach": (Action(do="reach", start=1, end=10, target=(0.3, 0.6, 1.6)),),
    "gesture": (Action(do="gesture", start=1, end=40),),
}


@pytest.fixture(scope="module")
def edges(measured: Callable[[str], Any]) -> list[tuple[str, float, float, float, float]]:
    """Each edge in each build and pose: kind, how far off the skin its roll is at least and most, the end of its lip, and how uneven its line is
    at rest, metres."""
    return [tuple(row) for row in measured(_MEASURE)]


def test_a_collar_lies_on_the_neck_whichever_way_the_head_turns(edges: list[tuple[str, float, float, float, float]]) -> None:
    collars = [(least, most) for kind, least, most, _, _ in edges if kind == "collar"]
    assert len(collars) == 24
    # Thicker than nothing, so that skin does not come through; thinner than a finger, so that nobody looks in.
    assert min(least for least, _ in collars) > 0.001
    assert max(most for _, most in collars) < 0.014


def test_the_line_of_a_collar_is_smooth(edges: list[tuple[str, float, float, float, float]]) -> None:
    assert max(uneven for kind, _, _, _, uneven in edges if kind == "collar") < 0.004


def test_behind_collars_and_cuffs_the_cloth_goes_under_the_skin(edges: list[tuple[str, float, float, float, float]]) -> None:
    lips = [end for kind, _, _, end, _ in edges if kind != "hem"]
    assert len(lips) == 72
    assert max(lips) < -0.0005


def test_cloth_lies_on_the_shoulders_and_hangs_in_folds_below_them(measured: Callable[[str], Any]) -> None:
    for on_shoulder, folds in measured(_LIES):
        # Where there was as much air as at the chest, it was a pillow of 29 to 32 mm.
        assert on_shoulder < 0.027
        assert folds > 0.015


def test_nothing_worn_below_sticks_through_what_is_worn_over_it_at_its_hem(measured: Callable[[str], Any]) -> None:
    people = [
        Performer(name=f"{name}-{top}-{bottom}", build=build, wardrobe=Wardrobe(top=top, bottom=bottom))
        for name, build in _BUILDS.items()
        for top in ("shirt", "tshirt", "jumper", "jacket")
        for bottom in ("trousers", "skirt")
        if (name, bottom) != ("ben", "skirt")
    ]
    worn = [
        {k: p[k] for k in ("name", "shape", "wardrobe")} for p in Shoot(Stage(performers=tuple(people))).build_order(1)["people"]
    ]
    poses = {k: pose_at(Performer(name="anna", actions=actions), 20, 24, {})["joints"] for k, actions in _DOING.items()}
    found = measured(_HEMS.replace("ORDER", json.dumps([worn, poses])))
    assert len(found) == len(people) * len(poses)
    assert min(looked_at for *_, looked_at in found) > 300
    assert [(who, pose, out, depth) for who, pose, out, depth, _ in found if out] == []
