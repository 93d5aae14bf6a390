"""What a camera out of doors sees of the sun, and what is done where it sees none of it."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.simulation import shade
from answerprint.simulation.generate import generate
from answerprint.simulation.light import exposure
from answerprint.simulation.metering import Face, face_level, second_key, set_exposure, set_key, veil
from answerprint.simulation.pieces import Item, Material, box
from answerprint.simulation.place import Place
from answerprint.simulation.sets.registry import build
from answerprint.simulation.stage import Light, SetPlan, StageCamera

SUN = Light(name="sun", kind="sun", translation=(0.0, 0.0, 30.0), aim=(0, 0, 0), illuminance_lux=30_000)
GROUND = Item(name="ground", parts=(box((100, 100, 0.1), "grey", (0, 0, -0.1), bevel=0.0),))
ROOF = Item(name="roof", parts=(box((100, 100, 0.1), "grey", (0, 0, 4), bevel=0.0),))
DOWN = np.array([[0.0, 0.6, -0.8]])


def place(*items: Item, sky: float = 3000.0) -> Place:
    grey = Material(kind="paint", colour=(0.18, 0.18, 0.18))
    return Place(items=list(items), materials={"grey": grey}, lights=[SUN], sky={"radiance": sky}, size=(16.0, 26.0, 10.0))


def test_grey_ground_in_the_sun_is_as_bright_as_sun_and_sky_make_it() -> None:
    (found,), share = shade.seen(place(GROUND, sky=0.0), np.array([0.0, 0.0, 2.0]), DOWN)
    assert share == 1.0
    # A quarter of what falls on all that is seen comes back.
    assert found == pytest.approx(0.18 * 30_000 * 1.25 / np.pi, rel=1e-6)
    (open_sky,), _ = shade.seen(place(GROUND, sky=3000.0), np.array([0.0, 0.0, 2.0]), DOWN)
    # A dome whose zenith is darker gives a level surface seven tenths of what an even one would.
    assert open_sky - found == pytest.approx(0.18 * 3000 * 0.7 * 1.25, rel=0.02)


def test_under_a_roof_there_is_no_sun() -> None:
    (found,), share = shade.seen(place(GROUND, ROOF), np.array([0.0, 0.0, 2.0]), DOWN)
    assert share == 0.0
    assert found < 50


def test_where_nothing_stands_the_sky_is_seen() -> None:
    (found,), _ = shade.seen(place(GROUND), np.array([0.0, 0.0, 2.0]), np.array([[0.0, 0.6, 0.8]]))
    assert found == 3000.0


def test_a_camera_that_sees_shade_alone_asks_for_cloud_before_the_sun_and_one_in_the_sun_does_not() -> None:
    plan, camera = SetPlan(family="street"), StageCamera(translation=(0, 0, 2), look_at=(0, 4, 0), exposure_stops=-7.0)
    wall = Item(name="wall", parts=(box((100, 0.1, 30), "grey", (0, -3, 0), bevel=0.0),))
    low = SUN.model_copy(update={"translation": (0.0, -30.0, 20.0)})
    shaded, sunny = place(GROUND, wall), place(GROUND)
    shaded.lights = sunny.lights = [low]
    assert veil(camera, sunny, plan) == 0.0
    assert 1.0 < veil(camera, shaded, plan) <= 2.5
    assert veil(camera, shaded, plan.model_copy(update={"time": "night"})) == 0.0


def test_thin_cloud_dims_the_sun_and_brightens_the_sky() -> None:
    clear, veiled = (build(SetPlan(family="street", seed=3, veil_stops=v)) for v in (0.0, 2.0))
    assert (veiled.lights[0].illuminance_lux or 0) == pytest.approx((clear.lights[0].illuminance_lux or 0) / 4)
    assert clear.sky is not None
    assert veiled.sky is not None
    assert 1.2 < veiled.sky["radiance"] / clear.sky["radiance"] < 2.0
    assert veiled.items == clear.items


@pytest.mark.parametrize("seed", [2074, 2948, 2693, 5, 6, 7])
def test_no_street_by_day_is_metered_into_darkness(seed: int) -> None:
    stage = generate("street", seed)
    camera, street = stage.cameras[0], build(stage.set)
    again = set_exposure(camera, street, stage.lights, stage.set)
    # What the face asks for beside the picture is a third of a stop, and half a stop goes to the white cloth.
    assert camera.exposure_stops > again.exposure_stops - 0.6
    x = np.linspace(-0.5, 0.5, 9)
    wide, high = (side / camera.pinhole_focal_length for side in camera.active_sensor_physical_dimensions)
    ahead = np.subtract(camera.look_at or (0, 0, 0), camera.translation)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1])
    rays = np.array([ahead + wide * a * right + high * b * np.array([0, 0, 1]) for a in x for b in x])
    light, _ = shade.seen(street, np.array(camera.translation), rays / np.linalg.norm(rays, axis=1)[:, None])
    assert np.log2(np.minimum(light * exposure(camera, camera.t_stop, 24.0), 1).mean() / 0.18) > -0.9


def test_a_second_face_in_the_dark_gets_a_key_of_its_own_and_one_in_the_light_does_not() -> None:
    stage = next(s for s in (generate("living-room", n, "night", people=1) for n in range(20)) if s.performers)
    camera, room = stage.cameras[0], build(stage.set)
    x, y, _ = room.marks[str(stage.performers[0].mark)]
    beside = Face((x, y, 1.6), 0.2)
    assert second_key(camera, room, stage.lights, stage.set, beside, 2) == stage.lights
    dark = tuple(lamp.model_copy(update={"illuminance_lux": 0.01}) if lamp.name == "key" else lamp for lamp in stage.lights)
    room.lights = []
    lit = second_key(camera, room, dark, stage.set, beside, 2)
    assert [lamp.name for lamp in lit] == ["key", "fill", "back", "key-2"]
    assert lit[-1].group == "key"
    assert lit[-1].stops is not None
    assert second_key(camera, room, lit, stage.set, beside, 3) == lit


def test_dark_skin_gets_more_light_than_fair_skin() -> None:
    stage = generate("bedroom", 3, "night")
    camera, room = stage.cameras[0], build(stage.set)
    fair, dark = (set_key(camera, room, stage.lights, stage.set, Face(stage.lights[0].aim, share)) for share in (0.4, 0.04))
    assert face_level(dark[0], room, dark[1]) > face_level(fair[0], room, fair[1]) + 0.4
