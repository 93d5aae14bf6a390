"""Spill is listed where it is."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.clean_plate import spill


def test_a_shadow_beside_the_matte_is_listed_with_its_box() -> None:
    clean = np.full((20, 30, 3), 0.4, dtype=np.float32)
    beauty, matte = clean.copy(), np.zeros((20, 30, 1), dtype=np.float32)
    beauty[2:18, 10] = 0.05
    matte[2:18, 10] = 1
    beauty[15:18, 20:25] *= 0.9
    found = spill(beauty, clean, matte)
    assert found["spill"] == [[20, 15, 25, 18, 15]]
    assert found["outside_matte_share"] == 15 / 600
    assert found["changed_share"] == 31 / 600
