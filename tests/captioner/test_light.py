"""The key light read off a made face."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.captioner.light import shading


def egg(azimuth: float, elevation: float, key: float, fill: float) -> np.ndarray:
    """Luminance (200, 200) of a matt egg 100 wide and 140 high in a key light and an even fill."""
    y, x = np.mgrid[0:200, 0:200].astype(float) - 100
    x, y = x / 50, -y / 70
    depth = np.sqrt(np.clip(1 - x**2 - y**2, 0, None))
    a, e = np.radians([azimuth, elevation])
    cosine = x * np.sin(a) * np.cos(e) + y * np.sin(e) + depth * np.cos(a) * np.cos(e)
    return ((fill + key * np.clip(cosine, 0, None)) * (depth > 0)).astype(np.float32)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (40, 20), (-40, 30), (30, -20), (-60, 10)])
def test_the_side_and_height_of_the_key_are_found(azimuth: float, elevation: float) -> None:
    found = shading(egg(azimuth, elevation, 1.0, 0.2), np.array([100.0, 100.0]), 100, 140)
    assert found is not None
    # 15 degrees: past 45 degrees part of the egg is in its own shadow, which the linear model does not know
    assert found[1] == pytest.approx(azimuth, abs=15)
    assert found[2] == pytest.approx(elevation, abs=15)


def test_less_fill_means_a_higher_ratio() -> None:
    ratios = [
        found[0] for fill in (1.0, 0.3, 0.05) if (found := shading(egg(45, 15, 1.0, fill), np.array([100.0, 100.0]), 100, 140))
    ]
    assert ratios == sorted(ratios) and ratios[2] - ratios[0] > 1


def test_a_face_too_small_to_fit_is_not_measured() -> None:
    assert shading(np.ones((50, 50), np.float32), np.array([25.0, 25.0]), 12, 16) is None
