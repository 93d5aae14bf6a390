"""How people stand and sit: soles on the floor, hands clear of the legs, in builds and moves that no stage was looked at for; their shoes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from answerprint.simulation.performers import Action, Build, Performer
from answerprint.simulation.poses import pose_at

_MEASURE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, garments, hems
import numpy as np
from footing import Footing
from shoes import shoes
data, out = body.base(), []
hands = np.flatnonzero(data["skin"][:body.BODY, [i for i, n in enumerate(data["names"]) if n.startswith(("index", "middle", "ring", "pinky"))]].sum(1) > 0.9)
cut = {"collar": "crew", "sleeves": "long", "top_hem": "hip", "ease": 0.018, "bottom": "trousers", "bottom_hem": "ankle", "flare": 0.02}
for shape, poses in json.loads('ORDER'):
    rest = body.shape(shape)
    heads = body.skeleton(rest)
    pair = shoes(rest, data)
    points, faces, weights = garments.dress(rest, data, cut)["bottom"]
    corners = np.array([[f[0], f[1], f[2], f[-1]] for f in faces])
    footing = Footing(rest, heads, pair.feet)
    soles, uppers = (np.unique(np.concatenate([np.array(f) for f, s in zip(pair.faces, pair.sole) if s == which])) for which in (True, False))
    left = pair.vertices[[v for v in soles if v < len(pair.vertices) // 2]]
    ahead = (left[:, 1] - left[:, 1].min()) / np.ptp(left[:, 1])
    profile = [float(left[(ahead >= a) & (ahead <= b), 2].min() - left[:, 2].min()) for a, b in ((0, 0.2), (0.32, 0.38), (0.5, 0.75), (0.97, 1))]
    rim = float(np.ptp(left[:, 0]) - np.ptp(pair.vertices[[v for v in uppers if v < len(pair.vertices) // 2]][:, 0]))
    rows, deep = [], []
    for name, pose in poses.items():
        bones = footing.matrices(pose)
        rows.append([name, *(float(body.skinned(*foot, bones)[:, 2].min()) for foot in pair.feet)])
        cloth = hems.Skin(body.skinned(points, weights, bones), corners, weights)
        fingers = body.skinned(rest[hands], data["skin"][hands], bones)
        place, normal, _ = cloth.below(fingers)
        beside = np.linalg.norm(fingers - place, axis=1) < 0.08
        deep.append(float(-((fingers - place) * normal).sum(axis=1)[beside].min(initial=1.0)))
    out.append({"feet": rows, "deep": deep, "profile": profile, "rim": rim})
print(json.dumps(out))
"""

_BUILDS = (
    Build(age=28, gender=0.0, height=1.58),
    Build(age=50, gender=1.0, height=1.88, weight=0.75),
    Build(age=9, gender=0.5, height=1.32),
)
_DOING: dict[str, tuple[Action, ...]] = {
    "stand": (),
    "turn": (Action(do="turn", start=1, end=40, heading=90),),
    "gesture": (Action(do="gesture", start=1, end=40),),
    "reach": (Action(do="reach", start=1, end=10, target=(0.3, 0.6, 1.6)),),
    "sit": (Action(do="sit", start=1, end=10),),
    "stride": (Action(do="walk", start=6, end=54, to=(0, 3)),),
}


@pytest.fixture(scope="module")
def people(measured: Callable[[str], Any]) -> list[dict[str, Any]]:
    """Of each person: heights of both soles in each pose, the sole's profile from heel to toe, and by how much its rim stands out, metres."""
    order = []
    for number, build in enumerate(_BUILDS):
        shape = build.model_dump(include={"age", "gender", "height", "weight", "muscle", "ancestry"})
        doing = {
            what: Performer(name=f"someone{number}", build=build, floor=0.2, seat=0.27 * build.height, actions=actions)
            for what, actions in _DOING.items()
        }
        order.append((shape, {what: pose_at(performer, 20, 24, {}) for what, performer in doing.items()}))
    return list(measured(_MEASURE.replace("ORDER", json.dumps(order))))


def test_both_feet_of_who_stands_or_sits_are_on_the_floor(people: list[dict[str, Any]]) -> None:
    soles = [sole for person in people for what, *both in person["feet"] if what != "stride" for sole in both]
    assert len(soles) == len(people) * 5 * 2
    # A millimetre is a thirtieth of a pixel in a full shot of 180 rows.
    assert np.abs(np.array(soles) - 0.2).max() < 0.001


def test_no_finger_goes_into_a_leg(people: list[dict[str, Any]]) -> None:
    assert max(deep for person in people for deep in person["deep"]) < 0.001


def test_who_walks_lifts_a_foot(people: list[dict[str, Any]]) -> None:
    for person in people:
        low, high = sorted(sole for what, *both in person["feet"] if what == "stride" for sole in both)
        assert abs(low - 0.2) < 0.001
        assert high > 0.21


def test_a_shoe_stands_on_heel_and_ball_under_a_rim(people: list[dict[str, Any]]) -> None:
    for person in people:
        heel, hollow, ball, toe = person["profile"]
        assert max(heel, ball) < 0.001
        assert hollow > 0.005
        assert toe > 0.005
        assert person["rim"] > 0.004
