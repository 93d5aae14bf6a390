"""What a grade rests on, and what is claimed for it."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.passes.grade_basis import chance, on_chart, on_shared_view
from answerprint.perception.colour_chart import ChartSeen, published
from answerprint.perception.shared_view import SharedView

OFF = CDL(slope=(1.1, 1.0, 0.93), offset=(0.02, 0.0, -0.02), power=(1.0, 1.05, 1.0))
CORNERS = np.array([[10.0, 10], [70, 10], [70, 50], [10, 50]])


def _chart(light: tuple[float, float, float] = (1, 1, 1), off: bool = False) -> ChartSeen:
    patches = np.maximum(published(), 1e-4) * np.array(light) * 0.6
    return ChartSeen(grades.apply(OFF, patches).astype(np.float64) if off else patches, CORNERS, 4.0)


def _view(count: int = 200) -> SharedView:
    seen = np.random.default_rng(4).uniform(0.02, 0.7, (count, 3))
    return SharedView(seen, grades.apply(OFF, seen).astype(np.float64), 0.4, 300)


def test_a_chart_that_the_set_bears_out_is_used() -> None:
    found = on_chart("A", "B", _chart(), _chart(off=True), _view(), one_take=False)
    assert found["method"] == "chart" and "bears it out" in found["why"] and found["confidence"] > 0.9


def test_a_chart_that_stood_in_other_light_is_left_out_and_that_is_said() -> None:
    found = on_chart("A", "B", _chart(), _chart((1.6, 1.3, 0.9), off=True), _view(), one_take=False)
    assert found["method"] == "overlapping views" and "stood in other light" in found["why"]
    assert found["cdl"] == on_shared_view("A", "B", _view())["cdl"]


@pytest.mark.parametrize(("one_take", "least", "most"), [(False, 0.3, 0.45), (True, 0.9, 1.0)])
def test_a_chart_alone_claims_little_unless_the_cameras_ran_together(one_take: bool, least: float, most: float) -> None:
    found = on_chart("A", "B", _chart(), _chart(off=True), None, one_take)
    assert least <= found["confidence"] <= most
    assert ("nothing else" in found["why"]) is not one_take


def test_what_is_claimed_falls_with_what_held_out_patches_leave() -> None:
    claims = [chance(left) for left in (0.2, 1.0, 2.0, 3.0, 5.0)]
    assert claims == sorted(claims, reverse=True)
    assert claims[0] == 0.99 and 0.3 < claims[3] < 0.5 and claims[4] < 0.05


def test_a_chart_is_taken_out_of_what_stands_still() -> None:
    mask = _chart().beside(np.ones((100, 120), np.bool_))
    assert not mask[6:54, 4:76].any() and mask[70:].all() and mask[:, 90:].all()
