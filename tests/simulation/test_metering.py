"""The stop that a random stage's camera is set to, from what a meter would read."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.simulation.generate import generate
from answerprint.simulation.metering import picture_level, set_exposure
from answerprint.simulation.place import Place
from answerprint.simulation.stage import Light, SetPlan, StageCamera

CAMERA = StageCamera(translation=(0, -1, 1.5), look_at=(0, 2.5, 1.5), pinhole_focal_length=200.0)
WALL = Place(size=(6.0, 5.0, 3.0))


def lit(lux: float, kind: str = "sun") -> Light:
    return Light(name="lamp", kind=kind, translation=(0, 0.5, 1.5), aim=(0, 2.5, 1.5), illuminance_lux=lux)  # type: ignore[arg-type]


def test_a_wall_lit_as_the_camera_is_exposed_is_on_the_level() -> None:
    # ISO 2720 at T2.8, ISO 800, a 48th of a second, C = 250: 250 * 2.8^2 * 48 / 800 lux.
    right = 250 * CAMERA.t_stop**2 * 48 / CAMERA.iso_speed
    assert picture_level(CAMERA, WALL, (lit(right),)) == pytest.approx(0.0, abs=0.01)
    assert picture_level(CAMERA, WALL, (lit(right / 4),)) == pytest.approx(-2.0, abs=0.01)


def test_what_the_walls_throw_back_is_metered_too() -> None:
    once = picture_level(CAMERA, WALL, (lit(100, "softbox"),))
    assert picture_level(CAMERA, WALL, (lit(200, "softbox"),)) == pytest.approx(once + 1.0, abs=1e-6)
    larger = Place(size=(24.0, 5.0, 12.0))
    assert picture_level(CAMERA, larger, (lit(100, "softbox"),)) < once - 0.05


@pytest.mark.parametrize("stops", [-3.0, 3.0])
def test_a_camera_set_wrong_is_brought_within_what_pictures_have(stops: float) -> None:
    plan, lamps = SetPlan(family="office"), (lit(117.6),)
    wrong = CAMERA.model_copy(update={"exposure_stops": stops})
    once = set_exposure(wrong, WALL, lamps, plan)
    assert np.sign(once.exposure_stops - stops) == -np.sign(stops)
    assert set_exposure(once, WALL, lamps, plan).exposure_stops == pytest.approx(once.exposure_stops, abs=1e-9)


def test_an_empty_stage_keeps_its_exposure() -> None:
    wrong = CAMERA.model_copy(update={"exposure_stops": -3.0})
    assert set_exposure(wrong, WALL, (lit(100),), SetPlan(family="none")) == wrong


def test_the_shot_size_does_not_change_the_stop() -> None:
    wide, close = (generate("office", 11, shot=shot).cameras[0].exposure_stops for shot in ("wide", "close"))  # type: ignore[arg-type]
    assert wide == close
