"""The stop that a random stage's camera is set to, and the level of its key, from what a meter would read."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.colour.view import display
from answerprint.simulation.generate import generate
from answerprint.simulation.light import exposure
from answerprint.simulation.lighting import pattern
from answerprint.simulation.metering import face_level, picture_level, set_exposure, set_key
from answerprint.simulation.place import Place
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import FAMILIES, Light, SetPlan, StageCamera

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


def test_a_face_is_metered_where_the_key_is_aimed() -> None:
    key, *others = pattern("butterfly", (0.0, 1.0, 1.6), (0.0, -1.0, 1.5), 117.6)
    level = face_level(CAMERA, Place(size=(60.0, 50.0, 30.0)), (key, *others))
    assert level == pytest.approx(0.0, abs=0.35)  # a cheek is turned from a key that stands high; the fill gives some of it back
    assert face_level(
        CAMERA, Place(size=(60.0, 50.0, 30.0)), (key.model_copy(update={"illuminance_lux": 235.2}), *others)
    ) == pytest.approx(level + 1.0, abs=1e-6)


def test_the_sun_is_not_metered_on_a_face() -> None:
    lamps = pattern("loop", (0.0, 1.0, 1.6), (0.0, -1.0, 1.5), 117.6)
    sun = Light(name="sun", kind="sun", translation=(0, -30, 20), aim=(0, 0, 0), illuminance_lux=30000)
    assert face_level(CAMERA, Place(lights=[sun]), lamps) == face_level(CAMERA, Place(), lamps)


def test_a_camera_opened_for_a_dark_room_finds_a_lower_key() -> None:
    lamps = pattern("loop", (0.0, 1.0, 1.6), (0.0, -1.0, 1.5), 100.0)
    lamps = (lamps[0].model_copy(update={"beam": 50.0}), *lamps[1:])
    hall = Place(size=(16.0, 14.0, 6.0), lights=[lit(15.0, "bulb").model_copy(update={"name": "bulb", "translation": (0, 4, 3)})])
    plan = SetPlan(family="workshop")
    opened, keyed = set_key(CAMERA, hall, lamps, plan)
    assert (keyed[0].illuminance_lux or 0.0) < 100.0
    assert keyed[1:] == lamps[1:]
    assert face_level(opened, hall, keyed) < face_level(set_exposure(CAMERA, hall, lamps, plan), hall, lamps)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("time", ["day", "night"])
def test_white_cloth_beside_a_face_keeps_its_form(family: str, time: str) -> None:
    for seed in range(40, 46):
        stage = generate(family, seed, time)  # type: ignore[arg-type]
        face = face_level(stage.cameras[0], build(stage.set), stage.lights)
        white = display(np.full((1, 1, 3), 0.8 * 2.0**face, dtype=np.float32)) * 255
        assert float(white.max()) < 235
        assert face > -1.6  # and whoever wears it can be seen


def test_the_key_of_a_random_stage_shapes_the_face() -> None:
    for seed in range(40, 48):
        stage = generate("bar", seed, "night")
        assert face_level(stage.cameras[0], Place(size=build(stage.set).size), stage.lights) > -1.6


@pytest.mark.parametrize("family", ["street", "garden"])
def test_white_cloth_in_the_sun_keeps_its_form(family: str) -> None:
    for seed in range(40, 46):
        stage = generate(family, seed, "day")  # type: ignore[arg-type]
        camera = stage.cameras[0]
        sun = next(lamp.illuminance_lux or 0.0 for lamp in build(stage.set).lights if lamp.kind == "sun")
        metered = np.pi / exposure(camera, camera.t_stop, 24.0)
        assert float(display(np.full((1, 1, 3), 0.8 * sun / metered, dtype=np.float32)).max()) * 255 < 235


def test_a_home_with_its_lamps_on_by_day_is_not_balanced_for_daylight() -> None:
    stages = [generate("living-room", seed) for seed in range(40, 60)]
    lit_by_lamps = [stage.cameras[0].white_balance_kelvin for stage in stages if stage.set.practicals]
    assert lit_by_lamps
    assert max(lit_by_lamps) < 4500
    assert max(stage.cameras[0].white_balance_kelvin for stage in stages if not stage.set.practicals) > 4500
