"""The guide of what is closed in, and the filter that keeps the light's fall there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.nooks import NOOK, nooks
from answerprint.simulation.passes import Picture, Rendered

_HEIGHT, _WIDTH = 192, 128
_CAMERA: dict[str, Any] = {
    # At a height of a metre, looking along +Y: columns right, up, backwards, place.
    "matrix": [[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 1]], "focal_mm": 24.0, "sensor_mm": [24.0, 36.0], "shift": [0.0, 0.0],
}  # fmt: skip
_WALL_M = 3.0


@pytest.fixture(scope="module")
def corner() -> dict[str, Picture]:
    """A floor a metre below the camera and a wall three metres before it."""
    down = (np.arange(_HEIGHT) + 0.5 - _HEIGHT / 2) / _HEIGHT * 36 / 24
    on_floor = down > 1 / _WALL_M
    depth = np.where(on_floor, 1 / np.maximum(down, 1e-6), _WALL_M).astype(np.float32)
    normal = np.where(on_floor[:, None], np.array([0, 0, 1], dtype=np.float32), np.array([0, -1, 0], dtype=np.float32))
    return {
        "depth": np.ascontiguousarray(np.broadcast_to(depth[:, None, None], (_HEIGHT, _WIDTH, 1))),
        "normal": np.ascontiguousarray(np.broadcast_to(normal[:, None], (_HEIGHT, _WIDTH, 3))),
        "albedo": np.full((_HEIGHT, _WIDTH, 3), 0.3, dtype=np.float32),
    }


def _on_floor(corner: dict[str, Picture]) -> NDArray[np.float32]:
    """Metres from the wall of each row of the floor, the row beside the wall first."""
    return _WALL_M - corner["depth"][corner["normal"][:, 0, 2] > 0.5, 0, 0]


def test_a_floor_is_closed_in_beside_a_wall_and_nowhere_else(corner: dict[str, Picture]) -> None:
    closed = nooks(corner, _CAMERA)[:, _WIDTH // 2, 0][corner["normal"][:, 0, 2] > 0.5]
    away = _on_floor(corner)
    assert closed[away < 0.08].min() > 0.15
    assert (np.diff(closed) <= 1e-3).all()
    assert closed[away > 0.55].max() == 0


def test_a_surface_with_relief_closes_nothing_in(corner: dict[str, Picture]) -> None:
    rough = corner["normal"] + np.random.default_rng(1).normal(0, 0.05, corner["normal"].shape).astype(np.float32)
    closed = nooks({**corner, "normal": rough}, _CAMERA)[corner["normal"][:, 0, 2] > 0.5]
    assert np.mean(closed[_on_floor(corner) > 0.55]) < 0.002


def test_the_filter_keeps_a_faint_shadow_in_a_nook(corner: dict[str, Picture]) -> None:
    floor = corner["normal"][:, :1, 2:] > 0.5
    shade = np.where(floor, 1 - 0.3 * np.exp(-((_WALL_M - corner["depth"]) / 0.2)), 1).astype(np.float32)
    noisy = 0.3 * shade * np.random.default_rng(2).gamma(2.5, 1 / 2.5, (_HEIGHT, _WIDTH, 3)).astype(np.float32)
    beside = np.flatnonzero(floor[:, 0, 0])[1:6]
    wrong = []
    for guide in ({}, {NOOK: nooks(corner, _CAMERA)}):
        picture = Rendered(noisy.copy(), {}, {**corner, **guide}, {})
        smooth_by_features(picture)
        wrong.append(np.abs(picture.beauty[beside].mean(axis=(1, 2)) / (0.3 * shade[beside, 0, 0]) - 1).max())
        assert NOOK not in picture.data
    without, kept = wrong
    assert kept < 0.05 < without


def test_a_corner_in_even_light_has_no_more_blotches_for_being_one(corner: dict[str, Picture]) -> None:
    floor = np.flatnonzero(corner["normal"][:, 0, 2] > 0.5)[1:9]
    noisy = 0.3 * np.random.default_rng(3).gamma(0.3, 1 / 0.3, (_HEIGHT, _WIDTH, 3)).astype(np.float32)
    uneven = []
    for guide in ({}, {NOOK: nooks(corner, _CAMERA)}):
        picture = Rendered(noisy.copy(), {}, {**corner, **guide}, {})
        smooth_by_features(picture)
        uneven.append(float(picture.beauty[floor, 8:-8].std(axis=1).mean()))
    without, guided = uneven
    assert guided < 1.5 * without
