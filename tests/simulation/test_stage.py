"""The stage description: what it says, what it refuses, and what follows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from answerprint.colour.temperature import cct_duv
from answerprint.production import BadInput
from answerprint.simulation import cameras, light
from answerprint.simulation.cryptomatte import coverage, identity, murmur3
from answerprint.simulation.order import Shoot
from answerprint.simulation.passes import relit
from answerprint.simulation.performers import Performer
from answerprint.simulation.poses import pose_at
from answerprint.simulation.stage import CameraKey, Light, LightKey, RigObject, Stage, StageCamera, read_stage


def test_a_stage_is_the_same_after_a_round_trip(small: Stage) -> None:
    assert read_stage(small.json_text()) == small


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"lights": [{"name": "key", "lux": 3}]}, "lights.0.lux"),
        ({"cameras": [{"t_stop": -3}]}, "cameras.0.t_stop"),
        ({"lights": [{"name": "key"}]}, "illuminance_lux or stops"),
        ({"lights": [{"name": "fill", "stops": -2}]}, "relative to 'key'"),
        ({"cameras": [{"focus_on": "nobody"}]}, "nobody"),
        ({"performers": [{"name": "a"}, {"name": "a"}]}, "given twice"),
        ({"frame_rate": "fast"}, "frame rate"),
        ({"set": {"family": "castle"}}, "set.family"),
        ({"lights": [{"name": "key", "illuminance_lux": 9, "aim": [0, 0, 1], "translation": [0, 0, 1]}]}, "stands where it aims"),
        ({"lights": [{"name": "key", "illuminance_lux": 9, "size": [0, 1]}]}, "shines from a surface"),
        ({"lights": [{"name": "key", "illuminance_lux": 9, "size": [-1, 1]}]}, "lights.0.size.0"),
        ({"lights": [{"name": "key", "illuminance_lux": 9, "group": "../key"}]}, "lights.0.group"),
        ({"cameras": [{"active_sensor_physical_dimensions": [0, 9]}]}, "active_sensor_physical_dimensions.0"),
        ({"cameras": [{"translation": [0, 1, 2], "look_at": [0, 1, 2]}]}, "looks at the point where it stands"),
        ({"performers": [{"name": "a", "hair_colour": [90, 40, 20]}]}, "hair_colour.0"),
        ({"performers": [{"name": "a", "build": {"ancestry": [0, 0, 0]}}]}, "ancestry"),
        ({"performers": [{"name": "a", "actions": [{"do": "walk", "start": 1, "end": 9}]}]}, "walk needs 'to'"),
        ({"performers": [{"name": "a", "actions": [{"do": "turn", "start": 1, "end": 9}]}]}, "turn needs 'heading'"),
        ({"performers": [{"name": "a", "actions": [{"do": "reach", "start": 1, "end": 9}]}]}, "reach needs 'target'"),
        ({"set": {"items": [{"name": "b", "parts": [{"shape": "box", "material": "m"}]}]}}, "a box needs 'size'"),
    ],
)
def test_a_wrong_document_is_refused_by_the_name_of_its_field(document: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_stage(document)
    assert field in str(refused.value)
    assert "\n" not in str(refused.value)


def test_one_wrong_field_is_counted_once() -> None:
    with pytest.raises(BadInput) as refused:
        read_stage({"cameras": [{"zoom": 3}]})
    assert "more)" not in str(refused.value)


def test_text_that_is_no_json_is_one_line() -> None:
    with pytest.raises(BadInput, match="is not JSON"):
        read_stage("{")


def test_a_metered_grey_card_comes_out_at_18_percent() -> None:
    camera = StageCamera(iso_speed=800, shutter_angle=180)
    lux = 250 * 2.8**2 * 48 / 800
    assert light.exposure(camera, 2.8, 24.0) / np.pi * lux * 0.18 == pytest.approx(0.18)


def test_two_stops_are_four_times_the_lux() -> None:
    key = Light(name="key", illuminance_lux=200)
    fill = Light(name="fill", stops=-2)
    assert light.lux_at_aim(fill, (key, fill)) == pytest.approx(50)


def test_a_dimmer_runs_straight_between_its_keys() -> None:
    keys = (LightKey(frame=10, stops=0), LightKey(frame=20, stops=-4))
    assert [light.key_stops(keys, f) for f in (0, 15, 30)] == [0, -2, -4]


@pytest.mark.parametrize("kelvin", [2800, 3200, 5600, 9000])
@pytest.mark.parametrize("tint", [0.0, 0.008, -0.008])
def test_a_light_has_the_colour_temperature_and_tint_it_says(kelvin: float, tint: float) -> None:
    found, duv = cct_duv(np.array(light.light_colour(kelvin, tint)), white="ACES")
    assert found == pytest.approx(kelvin, rel=0.004)
    assert duv == pytest.approx(tint, abs=2e-4)


def test_the_white_balance_makes_its_own_temperature_neutral() -> None:
    rgb = np.array(light.light_colour(3200)) * light.balance(3200)
    assert np.ptp(rgb) < 1e-9


def test_a_camera_points_where_it_is_told_to() -> None:
    camera = StageCamera(translation=(1, -3, 2), look_at=(0.2, 1, 1.1))
    seen = cameras.record(cameras.at_frame(camera, 1))
    middle = [(seen.width - 1) / 2, (seen.height - 1) / 2]
    assert seen.project(np.array([0.2, 1, 1.1])) == pytest.approx(middle, abs=1e-6)


def test_a_camera_stands_between_its_keys() -> None:
    camera = StageCamera(keys=(CameraKey(frame=1, translation=(0, 0, 1)), CameraKey(frame=5, translation=(4, 0, 1))))
    assert cameras.at_frame(camera, 2).translation == (1.0, 0.0, 1.0)
    assert cameras.at_frame(camera, 9).translation == (4.0, 0.0, 1.0)


def test_focus_follows_the_eyes_along_the_axis() -> None:
    camera = StageCamera(translation=(0, -3, 1.5), focus_on="anna")
    assert cameras.focus_distance(camera, {"anna": (1.0, 0.5, 1.5)}) == pytest.approx(3.5)


def test_groups_scaled_by_one_are_the_beauty_and_scaled_by_nothing_are_dark() -> None:
    groups = {"key": np.full((2, 2, 3), 0.3, np.float32), "fill": np.full((2, 2, 3), 0.1, np.float32)}
    assert relit(groups, {}) == pytest.approx(np.full((2, 2, 3), 0.4))
    assert relit(groups, {"key": 0.0}) == pytest.approx(np.full((2, 2, 3), 0.1))
    with pytest.raises(KeyError, match="no light group 'kick'"):
        relit(groups, {"kick": 2.0})


def test_names_hash_as_the_published_vectors_of_murmur3_say() -> None:
    assert murmur3(b"") == 0
    assert murmur3(b"", 1) == 0x514E28B7
    assert murmur3(b"test", 0x9747B28C) == 0x704B81DC
    assert murmur3(b"Hello, world!", 0x9747B28C) == 0x24884CBA


def test_a_matte_is_the_coverage_of_its_names_alone() -> None:
    ids = np.array([[identity("a"), identity("b")]], dtype=np.uint32).view(np.float32)
    shares = np.array([[0.75, 0.5]], dtype=np.float32)
    assert coverage([(ids, shares)], ["a"]).tolist() == [[0.75, 0.0]]


def test_only_rig_that_is_present_is_on_the_stage(small: Stage) -> None:
    gone = small.model_copy(update={"rig": (small.rig[0].model_copy(update={"present": False}),)})
    assert "wire" in Shoot(small).object_ids
    assert "wire" not in Shoot(gone).object_ids
    assert Shoot(gone).hidden_for_clean == []


def test_a_thing_of_an_unknown_material_is_refused_by_name(small: Stage) -> None:
    bare = small.model_copy(update={"set": small.set.model_copy(update={"materials": {}})})
    with pytest.raises(BadInput, match="no material 'grey'"):
        Shoot(bare).build_order(1)


def test_a_wire_without_a_course_is_refused() -> None:
    with pytest.raises(BadInput, match="has no course"):
        Shoot(Stage(rig=(RigObject(name="wire"),))).items  # noqa: B018


def test_a_performer_on_an_unknown_mark_is_refused() -> None:
    shoot = Shoot(Stage(performers=(Performer(name="anna", mark="sofa"),)))
    with pytest.raises(BadInput, match="no mark 'sofa'"):
        shoot.frame_order(1001)


def test_a_left_hand_reaches_as_the_right_one_does_in_a_mirror() -> None:
    def joints(x: float, **hand: str) -> dict[str, Any]:
        reach = {"do": "reach", "start": 1, "end": 9, "target": [x, 0.6, 1.5], **hand}
        performer = Performer.model_validate({"name": "anna", "heading": 0, "actions": [reach]})
        return dict(pose_at(performer, 9, 24.0, {})["joints"])

    right, left, rest = joints(0.3), joints(-0.3, hand="left"), joints(0.3, hand="left")
    assert left["upperarm_l"] == pytest.approx(right["upperarm_r"])
    assert left["spine"][2] == pytest.approx(-right["spine"][2])
    assert left["head"][2] == pytest.approx(-right["head"][2])
    assert left["upperarm_r"] == rest["upperarm_r"] != right["upperarm_r"]
