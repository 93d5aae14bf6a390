"""Means along straight edges and thin things."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.simulation.lines import Where, means_along

HEIGHT, WIDTH = 60, 64


def cover(distance: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of each pixel a pole of two pixels covers, by its distance from the middle of the pole, (height, width, 1)."""
    return np.clip(1.5 - np.abs(distance), 0, 1)[..., None].astype(np.float32)


def pole(slope: float) -> NDArray[np.float32]:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return cover((x - 30 - slope * (y - 30)) / np.hypot(1, slope))


def places(mask: NDArray[np.bool_]) -> Where:
    rows, columns = np.nonzero(mask)
    return rows, columns


def averaged(guide: NDArray[np.float32], light: NDArray[np.float32]) -> NDArray[np.float32]:
    """``light`` (height, width, 1) averaged along what a guide of one channel shows."""
    where = places(ndimage.binary_dilation(guide[..., 0] > 0, iterations=2))
    out = light.copy()
    out[where] = means_along(2 * guide, where) @ light.reshape(-1, 1)
    return out


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.5, 1.7])
def test_a_pole_whose_light_is_uneven_by_chance_is_even(slope: float) -> None:
    random, true = np.random.default_rng(3), pole(slope)
    light = (true * random.uniform(0.4, 1.6, true.shape)).astype(np.float32)
    inside = true[10:-10, 4:-4] == 1
    made = averaged(true, light)[10:-10, 4:-4][inside]
    assert np.std(made) < 0.35 * np.std(light[10:-10, 4:-4][inside])
    # Between two pixels a step takes their mean: a thin line gets a little wider.
    assert made.mean() == pytest.approx(1, abs=0.13)


def test_a_pole_ends_where_it_ends() -> None:
    true = pole(0.0)
    true[30:] = 0
    made = averaged(true, true)
    assert made[26, 30, 0] == pytest.approx(1, abs=0.02)
    assert made[32:].max() < 0.02


def test_a_ring_stays_as_thin_as_it_is() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    true = cover(np.hypot(x - 32, y - 30) - 18)
    made = averaged(true, true)
    assert made[true == 1].mean() > 0.9
    assert made[cover(np.hypot(x - 32, y - 30) - 18)[..., 0] == 0].max() < 0.35


def test_what_changes_in_all_directions_is_left_alone() -> None:
    leaves = np.random.default_rng(5).integers(0, 2, (HEIGHT, WIDTH, 1)).astype(np.float32)
    weights = means_along(leaves, places(np.ones((HEIGHT, WIDTH), dtype=np.bool_)))
    assert np.median(weights.diagonal()) > 0.95


def test_a_lines_weights_sum_to_one_at_the_pictures_edge_too() -> None:
    weights = means_along(pole(0.5), places(np.ones((HEIGHT, WIDTH), dtype=np.bool_)))
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
