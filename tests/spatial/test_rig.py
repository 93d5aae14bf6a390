"""Grading a whole rig to its hero."""

import numpy as np

from answerprint.colour import cdl
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.spatial.rig import match_rig
from answerprint.spatial.surfaces import Correspondences, SharedPatches

LOOKS = {"A": CDL(), "B": CDL(slope=(1.1, 1, 0.92), offset=(0.02, 0, -0.02)), "C": CDL(offset=(-0.05, -0.04, 0.02), saturation=0.9)}


def shared(*pairs: tuple[str, str]) -> Correspondences:
    found = {}
    for seed, (one, other) in enumerate(pairs):
        rng = np.random.default_rng(seed)
        scene = 0.18 * 2 ** rng.uniform(-3, 2, (120, 1)) * 2 ** rng.normal(0, 0.35, (120, 3))
        sides = [cdl.apply(LOOKS[name], scene).astype(float) for name in (one, other)]
        found[one, other] = SharedPatches(np.zeros((120, 3)), sides[0], sides[1], np.ones(120), np.ones((120, 2)))
    return Correspondences(found, (0.0,))


def left_over(grade: CDL, name: str) -> float:
    scene = 0.18 * 2 ** np.random.default_rng(77).uniform(-3, 2, (200, 1)) * np.array([1.2, 1.0, 0.8])
    return float(ciede2000(cdl.apply(grade, cdl.apply(LOOKS[name], scene)), scene).mean())


def test_a_camera_that_shares_nothing_with_the_hero_is_matched_through_its_neighbour() -> None:
    grades = match_rig("A", "ABC", shared(("A", "B"), ("B", "C")))
    assert left_over(CDL(), "C") > 5
    assert left_over(grades["C"].cdl, "C") < 1.0
    assert left_over(grades["B"].cdl, "B") < 0.6


def test_the_hero_is_not_graded() -> None:
    assert "A" not in match_rig("A", "ABC", shared(("A", "B"), ("B", "C")))


def test_a_camera_that_shares_nothing_with_anyone_is_left_out() -> None:
    assert sorted(match_rig("A", "ABC", shared(("A", "B")))) == ["B"]


def test_the_order_cameras_are_named_in_does_not_matter() -> None:
    evidence = shared(("A", "B"), ("B", "C"), ("A", "C"))
    assert match_rig("A", "ABC", evidence) == match_rig("A", "CBA", evidence)
