"""The feature filter: less noise, linear in the light, blind to it."""

from __future__ import annotations

import numpy as np

from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.passes import Rendered


def noisy(gain: float = 1.0) -> Rendered:
    """Two walls of different colour that meet in the middle, lit by a noisy key and a noisy fill."""
    random = np.random.default_rng(3)
    albedo = np.full((24, 32, 3), 0.2, dtype=np.float32)
    albedo[:, 16:] = 0.6
    normal = np.zeros((24, 32, 3), dtype=np.float32)
    normal[:, :16, 0] = normal[:, 16:, 1] = 1
    depth = np.full((24, 32, 1), 3.0, dtype=np.float32)
    key, fill = (albedo * random.uniform(0.5, 1.5, (24, 32, 1)).astype(np.float32) * g for g in (gain, 0.25))
    return Rendered(key + fill, {"key": key, "fill": fill}, {"albedo": albedo, "normal": normal, "depth": depth}, {})


def test_noise_falls_and_the_edge_stays() -> None:
    frame = noisy()
    before = frame.beauty[4:20, 2:12, 0].std()
    smooth_by_features(frame)
    assert frame.beauty[4:20, 2:12, 0].std() < 0.35 * before
    assert frame.beauty[:, 18:, 0].mean() / frame.beauty[:, :14, 0].mean() > 2.7


def test_groups_still_add_up_and_one_lamp_does_not_touch_another() -> None:
    first, second = noisy(), noisy(gain=4.0)
    smooth_by_features(first)
    smooth_by_features(second)
    assert np.abs(first.groups["key"] + first.groups["fill"] - first.beauty).max() < 1e-6
    assert np.array_equal(first.groups["fill"], second.groups["fill"])
