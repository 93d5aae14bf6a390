"""Weighted means over a pixel's neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.simulation.neighbours import Neighbours, shifted


@pytest.mark.parametrize("gap", [1, 2, 8])
def test_the_mean_is_that_of_the_picture_moved_to_each_neighbour(gap: int) -> None:
    random = np.random.default_rng(1)
    weights = random.random((25, 37, 50)).astype(np.float32)
    picture = random.random((37, 50, 3)).astype(np.float32)
    moved = [shifted(picture, (n // 5 - 2) * gap, (n % 5 - 2) * gap) for n in range(25)]
    wanted = sum(w[..., None] * m for w, m in zip(weights, moved, strict=True)) / weights.sum(axis=0)[..., None]
    assert np.abs(Neighbours(weights, gap).mean(picture) - wanted).max() < 1e-6


def test_a_picture_moved_down_repeats_its_first_row() -> None:
    rows = np.arange(5, dtype=np.float32)[:, None, None]
    assert shifted(rows, -2, 0).ravel().tolist() == [0, 0, 0, 1, 2]
