"""Leaves grow where they belong and close what they cover."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulation.solids import leaves

from answerprint.simulation.pieces import Item
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import SetPlan

HEDGE_TOP = 1.3
"""Metres of the hedge's closed body; its leaves stand on it."""


@pytest.fixture(scope="module")
def hedge() -> Item:
    place = build(SetPlan(family="garden", seed=5, time="day"))
    return next(item for item in place.items if item.name.startswith("hedge"))


def test_no_leaf_floats_above_its_hedge(hedge: Item) -> None:
    grown = leaves(hedge).reshape(-1, 4, 3) - hedge.at
    assert grown[..., 2].min(axis=1).max() < HEDGE_TOP + 0.03


def test_a_hedges_leaves_make_a_skin(hedge: Item) -> None:
    """Fewer are seen one by one: along the top as a row of dashes, on the sides as specks."""
    grown = leaves(hedge).reshape(-1, 4, 3)
    areas = np.linalg.norm(np.cross(grown[:, 2] - grown[:, 0], grown[:, 3] - grown[:, 1]), axis=1) / 2
    size = np.ptp(grown.reshape(-1, 3), axis=0)
    skin = 2 * max(size[:2]) * size[2] + size[0] * size[1]
    assert areas.sum() > 0.2 * skin
