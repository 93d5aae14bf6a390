"""Colour temperature against published values."""

import numpy as np
import pytest

from answerprint.colour.difference import AP1_TO_XYZ
from answerprint.colour.temperature import _aces_to_d65, blackbody_uv, cct_duv


def working(u: float, v: float) -> np.ndarray:
    """The ACEScg colour of unit luminance whose CIE 1960 u, v on a D65 screen is given."""
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    return np.linalg.solve(AP1_TO_XYZ, np.linalg.solve(_aces_to_d65(), xyz))


def test_equal_rgb_is_d65_on_a_monitor_and_d60_in_the_working_space() -> None:
    # D65: 6504 K, Duv +0.0032 (CIE 15:2018); ACES white lies near 6000 K (AMPAS TB-2018-001).
    assert cct_duv(np.ones(3)) == pytest.approx((6504, 0.0032), abs=2)
    assert cct_duv(np.ones(3))[1] == pytest.approx(0.0032, abs=1e-4)
    assert cct_duv(np.ones(3), "ACES")[0] == pytest.approx(6000, abs=5)


def test_illuminant_a_is_2856_kelvin_on_the_locus() -> None:
    # CIE 15:2018: x = 0.44758, y = 0.40745.
    x, y = 0.44758, 0.40745
    kelvin, duv = cct_duv(working(4 * x / (-2 * x + 12 * y + 3), 6 * y / (-2 * x + 12 * y + 3)))
    assert kelvin == pytest.approx(2856, abs=2)
    assert duv == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kelvin", [1200, 1700, 2700, 3200, 4300, 5600, 7500, 12000, 20000])
@pytest.mark.parametrize("duv", [-0.02, -0.003, 0.0, 0.003, 0.02])
def test_a_colour_moved_off_the_locus_keeps_its_temperature_and_shows_its_distance(kelvin: float, duv: float) -> None:
    here, ahead = blackbody_uv(kelvin), blackbody_uv(kelvin * 1.0001)
    along = (ahead - here) / np.linalg.norm(ahead - here)
    away = np.array([along[1], -along[0]])
    away *= np.sign(away[1])
    found = cct_duv(working(*(here + duv * away)))
    assert found[0] == pytest.approx(kelvin, rel=2e-3)
    assert found[1] == pytest.approx(duv, abs=1e-4)


@pytest.mark.parametrize("colour", [[0, 0, 0], [np.nan, 1, 1], [0, 5, 0], [5, 0, 5]])
def test_what_has_no_temperature_is_not_given_one(colour: list) -> None:
    assert np.isnan(cct_duv(np.array(colour, float))).all()


def test_warmer_light_has_fewer_kelvin() -> None:
    assert cct_duv(np.array([1.2, 1.0, 0.7]))[0] < 5500 < 7500 < cct_duv(np.array([0.85, 1.0, 1.3]))[0]
