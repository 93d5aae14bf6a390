"""A move or a lighting pattern that a document asks for by name becomes plain keys and lamps, the same ones each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.media.exr import read_exr
from answerprint.production import BadInput, FaultFound
from answerprint.simulation import cameras
from answerprint.simulation.lighting import angles, pattern
from answerprint.simulation.order import Shoot
from answerprint.simulation.poses import eyes_at
from answerprint.simulation.ready import check_stages
from answerprint.simulation.records import frame_record
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.run import simulate
from answerprint.simulation.shoot import document_digest, shoot_stage
from answerprint.simulation.stage import Stage, StageCamera, read_stage
from answerprint.simulation.sweep_proof import Level, check_measurable, held_by_nature
from answerprint.simulation.sweeps import Plan, capture_plan, check_documents, read_sweep
from answerprint.simulation.techniques import dolly_zoom, handheld
from answerprint.simulation.unreal import camera_way

MAYA: dict[str, Any] = {"name": "maya", "mark": [0.2, 0.5], "heading": 180}
BEN: dict[str, Any] = {"name": "ben", "mark": [-0.6, 2.5], "heading": 180}
POINT = [0.2, 0.5, 1.6]


def document(move: dict[str, Any] | None = None, count: int = 12, **more: Any) -> dict[str, Any]:
    camera: dict[str, Any] = {"translation": [0.2, -3.0, 1.6], "look_at": [0.2, 0.5, 1.3], **({"move": move} if move else {})}
    return {"performers": [MAYA, BEN], "frame_count": count, "cameras": [camera], **more}


def shot(move: dict[str, Any], count: int = 12, **more: Any) -> StageCamera:
    return Shoot(read_stage(document(move, count, **more))).stage.cameras[0]


def seen(camera: StageCamera, frame: int, point: Any) -> Any:
    return cameras.record(cameras.at_frame(camera, frame)).project(np.array(point, dtype=float))


def test_a_move_asked_for_by_name_is_the_function_of_that_name() -> None:
    plain = read_stage(document()).cameras[0].model_copy(update={"look_at": (0.2, 0.5, 1.6)})
    asked = document({"technique": "dolly-zoom", "subject": POINT, "metres": 1.5})
    asked["cameras"][0]["look_at"] = POINT
    own = Shoot(read_stage(asked)).stage.cameras[0]
    expected = dolly_zoom(plain, (0.2, 0.5, 1.6), 1.5, 1001, 12)
    for key, other in zip(own.keys, expected, strict=True):
        assert key.translation == pytest.approx(other.translation)
        assert key.pinhole_focal_length == pytest.approx(other.pinhole_focal_length)
        assert key.focus_distance == pytest.approx(other.focus_distance)


@pytest.mark.parametrize(
    "move",
    [
        {"technique": "dolly-zoom", "subject": POINT, "metres": 2.0},
        {"technique": "push-in", "subject": POINT, "metres": 2.0, "rise": 0.5},
        {"technique": "crane-over", "subject": POINT, "rise": 2.0, "over": 2.5},
    ],
    ids=lambda move: move["technique"],
)
def test_a_subject_beside_the_middle_stays_where_it_was_framed(move: dict[str, Any]) -> None:
    asked = document(move)
    asked["cameras"][0] |= {"look_at": [0.5, 0.5, 1.3], "rotation": [0, 0, 4]}
    at_rest = seen(read_stage(asked).cameras[0].model_copy(update={"move": None}), 1001, POINT)
    camera = Shoot(read_stage(asked)).stage.cameras[0]
    assert camera.keys[0].translation == pytest.approx((0.2, -3.0, 1.6))
    for frame in (1001, 1006, 1012):
        assert seen(camera, frame, POINT) == pytest.approx(at_rest, abs=1e-6)


def test_a_dolly_zoom_keeps_a_face_off_the_axis_as_large() -> None:
    camera = shot({"technique": "dolly-zoom", "subject": POINT, "metres": 2.0})
    heights = []
    for frame in (1001, 1007, 1012):
        state = cameras.at_frame(camera, frame)
        depth = cameras.focus_distance(state.model_copy(update={"focus_on": "point"}), {"point": (0.2, 0.5, 1.6)})
        heights.append(state.pinhole_focal_length / float(depth or 0))
        assert state.focus_distance == pytest.approx(depth)
    assert max(heights) / min(heights) < 1.0001


def test_a_subject_who_is_not_in_the_picture_comes_to_its_middle() -> None:
    asked = document({"technique": "push-in", "subject": POINT, "metres": 1.0})
    asked["cameras"][0]["look_at"] = [9, -3, 1.6]
    camera = Shoot(read_stage(asked)).stage.cameras[0]
    assert seen(camera, 1012, POINT) == pytest.approx([159.5, 89.5], abs=1e-6)


def test_a_performer_who_walks_is_followed() -> None:
    walks = {**MAYA, "actions": [{"do": "walk", "start": 1001, "end": 1024, "to": [1.2, 0.9]}]}
    move = {"technique": "push-in", "subject": "maya", "metres": 1.0}
    stage = Shoot(read_stage(document(move, 24, performers=[walks]))).stage
    first, last = (seen(stage.cameras[0], f, eyes_at(stage.performers[0], f, 24.0, {})) for f in (1001, 1024))
    assert last == pytest.approx(first, abs=1e-6)


def test_a_move_lasts_as_long_as_it_is_told_and_the_camera_stands_before_and_after() -> None:
    camera = shot({"technique": "push-in", "subject": "maya", "metres": 1.0, "start": 1005, "end": 1008})
    places = [cameras.at_frame(camera, frame).translation for frame in range(1001, 1013)]
    assert places[:5] == [pytest.approx((0.2, -3.0, 1.6))] * 5
    assert places[7:] == [pytest.approx((0.2, -2.0, 1.6))] * 5


def test_a_hand_is_the_same_for_its_seed_and_moves_on_beyond_the_shot() -> None:
    one, again, other = (shot({"technique": "handheld", "seed": seed}) for seed in (3, 3, 4))
    assert one.keys == again.keys
    assert one.keys != other.keys
    plain = read_stage(document()).cameras[0]
    assert one.keys == handheld(plain, 1000, 14, 24.0, 3)


def test_focus_goes_from_one_performer_to_the_other() -> None:
    asked = document({"technique": "rack-focus", "focus_from": "maya", "focus_to": "ben", "hold": 2})
    asked["cameras"][0] |= {"focus_on": "maya", "look_at": [0.2, 0.5, 1.6]}
    camera = Shoot(read_stage(asked)).stage.cameras[0]
    near, far = (cameras.focus_distance(cameras.at_frame(camera, frame), {"maya": (0, 9, 1)}) for frame in (1001, 1012))
    assert near == pytest.approx(3.36, abs=0.02)
    assert far == pytest.approx(5.36, abs=0.05)


def test_focus_on_what_is_behind_the_camera_is_refused() -> None:
    with pytest.raises(BadInput, match="which is behind it"):
        shot({"technique": "rack-focus", "focus_from": "maya", "focus_to": [0, -5, 1.6]})


LIT = {"pattern": "rembrandt", "subject": POINT, "side": "right", "key_lux": 120.0}


def test_a_pattern_asked_for_by_name_is_the_function_of_that_name() -> None:
    stage = Shoot(read_stage(document(lighting=LIT, lights=[{"name": "kick", "stops": -1}]))).stage
    assert stage.lights[:3] == pattern("rembrandt", (0.2, 0.5, 1.6), (0.2, -3.0, 1.6), 120.0, "right")
    assert [lamp.name for lamp in stage.lights] == ["key", "fill", "back", "kick"]
    assert "key" in Shoot(stage).groups


def test_a_ratio_is_key_and_fill_to_fill_as_the_record_says() -> None:
    shoot = Shoot(read_stage(document(lighting={**LIT, "ratio": 4.0, "kelvin": 3200, "size": 0.2, "back_stops": -2})))
    record = frame_record(shoot, shoot.stage.cameras[0], 1001, {})
    assert record["key_fill_stops"] == pytest.approx(2.0)
    assert record["lighting"]["ratio"] == 4.0
    key, _, back = shoot.stage.lights
    assert {lamp.kelvin for lamp in shoot.stage.lights} == {3200}
    assert key.size == (0.2, 0.2)
    assert back.stops == -2


def test_a_key_without_a_level_is_metered_by_the_camera_it_is_seen_from() -> None:
    for stops, expected in ((None, 0.18), (-1.0, 0.09)):
        shoot = Shoot(read_stage(document(lighting={"pattern": "loop", "subject": "maya", "key_stops": stops})))
        record = frame_record(shoot, shoot.stage.cameras[0], 1001, {})
        lux = record["lights"][0]["illuminance_lux"]
        assert record["exposure"]["scene_linear_per_lux"] * lux * 0.18 == pytest.approx(expected)


def test_a_pattern_is_seen_from_the_camera_or_point_that_is_named() -> None:
    second = {"label": "B", "translation": [3, 0.5, 1.6]}
    asked = document(lighting={**LIT, "seen_from": "B"})
    asked["cameras"].append(second)
    for stage in (Shoot(read_stage(asked)).stage, Shoot(read_stage(document(lighting={**LIT, "seen_from": [3, 0.5, 1.6]}))).stage):
        assert angles(stage.lights[0], (3, 0.5, 1.6))[0] == pytest.approx(48)


def test_the_lamps_of_a_pattern_stay_in_the_room() -> None:
    place: dict[str, Any] = {"set": {"family": "hospital-corridor"}, "performers": [{**MAYA, "mark": [0.0, 0.5]}]}
    shoot = Shoot(read_stage(document(lighting={**LIT, "subject": "maya", "distance": 9.0}, **place)))
    half = np.array(shoot.place.size)[:2] / 2
    assert all((np.abs(lamp.translation[:2]) < half).all() for lamp in shoot.stage.lights)


def test_what_was_asked_is_kept_and_what_came_of_it_is_in_the_records() -> None:
    move = {"technique": "push-in", "subject": "maya", "metres": 1.0}
    stage = read_stage(document(move, lighting=LIT))
    assert read_stage(stage.json_text()) == stage
    shoot = Shoot(stage)
    record = frame_record(shoot, shoot.stage.cameras[0], 1012, {})
    assert record["move"]["technique"] == "push-in"
    assert record["camera"]["translation"] == pytest.approx([0.2, -2.0, 1.6])
    assert document_digest(stage) != document_digest(shoot.stage)


def test_a_document_without_either_is_written_as_before() -> None:
    stage = read_stage(document())
    assert Shoot(stage).stage is stage
    assert '"move"' not in stage.json_text()
    assert '"lighting"' not in stage.json_text()


def test_unreal_is_given_the_move_frame_by_frame() -> None:
    shoot = Shoot(read_stage(document({"technique": "push-in", "subject": "maya", "metres": 1.0})))
    way = camera_way(shoot, shoot.stage.cameras[0])
    assert way[-1][0].translation == pytest.approx((0.2, -2.0, 1.6))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (document({"technique": "zolly"}), "cameras.0.move: input tag 'zolly'"),
        (
            document({"technique": "dolly-zoom", "subject": "nobody", "metres": 1}),
            "about 'nobody', who is not among the performers",
        ),
        (document({"technique": "dolly-zoom", "subject": [0, 1], "metres": 1}), "move.dolly-zoom.subject.point"),
        (document({"technique": "dolly-zoom", "subject": "maya"}), "move.dolly-zoom.metres: field required"),
        (document({"technique": "whip-pan", "degrees": 40, "metres": 1}), "move.whip-pan.metres"),
        (document({"technique": "rack-focus", "focus_from": "maya", "focus_to": -1}), "focus_to.metres"),
        (document({"technique": "push-in", "subject": "maya", "metres": 9}), "moves 9 m towards a subject 3.36 m away"),
        (document({"technique": "dolly-zoom", "subject": "maya", "metres": 9}), "stop at least 0.2 m before it"),
        (document({"technique": "push-in", "subject": "maya", "metres": 1}, count=1), "push-in lasts 1 of the 2 frames"),
        (document({"technique": "handheld", "start": 1008, "end": 1008}), "at least 2 frames"),
        (document({"technique": "handheld", "start": 1040}), "handheld lasts 0 of the 2 frames"),
        (document({"technique": "whip-pan", "degrees": 40}, count=4), "takes 8 frames of 4"),
        (document({"technique": "rack-focus", "focus_from": 1, "focus_to": 2, "hold": 6}), "no frames to move in"),
        ({"cameras": [{"move": {"technique": "handheld"}, "keys": [{"frame": 1}]}]}, "keys and a move"),
        (document(lighting={"pattern": "clamshell", "subject": POINT}), "lighting.pattern"),
        (document(lighting={"pattern": "loop", "subject": "nobody"}), "lighting is about 'nobody'"),
        (document(lighting={**LIT, "seen_from": "C"}), "seen from 'C', which is no camera's label"),
        (document(lighting={**LIT, "key_stops": 1}), "key_lux and key_stops"),
        (document(lighting={**LIT, "ratio": 1.0}), "lighting.ratio"),
        (document(lighting=LIT, lights=[{"name": "fill", "illuminance_lux": 9}]), "a 'fill' of its own"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_directed_is_one_line_and_leaves_nothing(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    spec = tmp_path / "stage.json"
    spec.write_text(json.dumps(change))
    with pytest.raises(BadInput) as refused:
        simulate(spec, tmp_path / "out")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


PUSH = {"technique": "push-in", "subject": POINT, "metres": 1.0}


def levels(field: str, values: list[Any], **more: Any) -> list[Stage]:
    return read_sweep({"baseline": document(**{"move": PUSH, "lighting": LIT, **more}), "field": field, "levels": values}).stages()


@pytest.mark.parametrize(
    ("field", "values", "held", "free"),
    [
        ("lighting.ratio", [2, 4], {"lamp:key", "lamp:back", "group:key", "depth", "people", "record:camera"}, {"lamp:fill", "group:fill"}),
        ("lighting.pattern", ["loop", "split"], {"lamp:kick", "group:kick", "albedo", "people"}, {"lamp:key", "group:back"}),
        ("lighting.key_lux", [50, 90], {"depth", "record:exposure"}, {"lamp:fill"}),
        ("lighting.size", [0.2, 2.0], {"group:fill", "lamp:back"}, {"group:key"}),
        ("lights.back.kelvin", [3200, 5600], {"group:key", "lamp:fill", "lamp:key"}, {"lamp:back"}),
        ("cameras.A.move.metres", [0.5, 1.5], {"people", "lamp:key", "record:exposure"}, {"depth", "record:camera"}),
    ],
)  # fmt: skip
def test_what_a_sweep_of_a_move_or_a_pattern_leaves_alone_is_held(
    field: str, values: list[Any], held: set[str], free: set[str], tmp_path: Path
) -> None:
    kick = {"name": "kick", "illuminance_lux": 20}
    stages = levels(field, values, lights=[kick])
    check_documents(stages, field)
    check_measurable(stages, field)
    check_stages(stages)
    found = {one.field: one.relative for one in held_by_nature(Level(tmp_path, stages[0]), field)}
    assert held <= found.keys()
    assert not free & found.keys()
    # A lamp that moves or grows spends other random numbers for the others.
    nears = {"pattern": 1e-2, "size": 1e-2, "metres": None}
    assert found.get("group:kick") == nears.get(field.rpartition(".")[2], 1e-5)


def test_a_lamp_that_is_set_against_the_key_follows_its_level() -> None:
    stages = levels("lighting.key_lux", [50, 90], lights=[{"name": "kick", "stops": -2}])
    assert "lamp:kick" not in {one.field for one in held_by_nature(Level(Path(), stages[0]), "lighting.key_lux")}


@pytest.mark.parametrize(
    ("field", "values", "more", "said"),
    [
        (
            "performers.maya.mark",
            [[0.2, 0.5], [0.4, 0.5]],
            {"lighting": {**LIT, "subject": "maya"}},
            r"lights\.back\.aim follows it",
        ),
        ("performers.maya.build.height", [1.6, 1.8], {"move": {**PUSH, "subject": "maya"}}, r"cameras\.A\..* follows it"),
        ("cameras.A.translation", [[0, -3, 1.6], [1, -3, 1.6]], {}, "give a point as subject and as seen_from"),
    ],
)
def test_a_sweep_that_a_pattern_or_a_move_follows_is_refused_before_it_is_shot(
    field: str, values: list[Any], more: dict[str, Any], said: str
) -> None:
    stages = levels(field, values, **more)
    with pytest.raises(BadInput, match=said):
        check_measurable(stages, field)


def test_every_level_of_a_move_is_looked_at_before_it_is_shot() -> None:
    with pytest.raises(BadInput, match="moves 4 m towards a subject"):
        check_stages(levels("cameras.A.move.metres", [1, 4]))


def test_a_plan_varies_moves_and_patterns() -> None:
    fields = {"cameras.A.move.metres": (0.5, 2.0), "lighting.ratio": (2.0, 8.0)}
    stages = Plan(baseline=read_stage(document(PUSH, lighting=LIT)), fields=fields, count=6).stages()
    travelled = {round(Shoot(stage).stage.cameras[0].keys[-1].translation[1], 4) for stage in stages}  # type: ignore[index]
    assert len(travelled) == 6


def test_a_capture_plan_tells_the_move_and_the_lamps() -> None:
    sweep = read_sweep({"baseline": document(PUSH, lighting=LIT), "field": "cameras.A.move.metres", "levels": [0.5, 1.5]})
    lines = "\n".join(capture_plan(sweep))
    assert "MOVE camera A: push-in, subject (0.2, 0.5, 1.6), metres 1.0" in lines
    assert "HOLD lights: key softbox 120 lux" in lines
    assert "lock off" not in lines


def test_a_capture_plan_of_a_pattern_says_where_each_takes_lamps_stand() -> None:
    sweep = read_sweep({"baseline": document(lighting=LIT), "field": "lighting.pattern", "levels": ["loop", "rembrandt"]})
    first, second = (line for line in capture_plan(sweep) if line.startswith("TAKE"))
    assert "key softbox 120 lux 5600 K at 2.20 m, 32 degrees right, 32 up" in first
    assert "key softbox 120 lux 5600 K at 2.20 m, 48 degrees right, 42 up" in second
    ratio = read_sweep({"baseline": document(lighting=LIT), "field": "lighting.ratio", "levels": [2, 4]})
    lines = capture_plan(ratio)
    assert "HOLD lights: key softbox 120 lux 5600 K, back fresnel -0.5 stops to key 5600 K" in lines
    assert sum("fill softbox" in line for line in lines) == 2


def patches(folder: Path, camera: StageCamera) -> Any:
    """Luminance of the key's light on a face, by millimetres to the picture's right of and below the middle of the eyes."""
    record = json.loads((folder / "A" / "records" / "stage.1001.json").read_text())["performers"]["maya"]
    picture = read_exr(folder / "A" / "groups" / "key" / "stage.1001.exr").planes["G"]
    (x, y), pitch = record["eyes_pixel"], camera.active_sensor_physical_dimensions[0] / camera.active_sensor_resolution[0]
    scale = camera.pinhole_focal_length / pitch / record["distance"] / 1000

    def at(right: float, down: float) -> float:
        column, row = round(x + right * scale), round(y + down * scale)
        return float(np.mean(picture[row - 1 : row + 2, column - 1 : column + 2]))

    return at


@pytest.mark.slow
def test_the_shadow_of_the_nose_is_each_portrait_patterns_own(renderer: Renderer, tmp_path: Path) -> None:
    camera = {
        "translation": [0, -1.9, 1.62],
        "look_at": [0, 0.3, 1.6],
        "pinhole_focal_length": 150,
        "active_sensor_resolution": [160, 90],
    }
    asked = {"performers": [{**MAYA, "mark": [0, 0.3], "hair": "crop", "build": {"gender": 0.1, "height": 1.7}}], "cameras": [camera],
             "render": {"samples": 24, "passes": ["beauty", "groups"]}}  # fmt: skip
    key = {}
    for name in ("split", "rembrandt", "loop", "butterfly"):
        stage = read_stage({**asked, "lighting": {"pattern": name, "subject": "maya", "side": "left"}})
        shoot_stage(stage, tmp_path / name, renderer=renderer)
        key[name] = patches(tmp_path / name, stage.cameras[0])
    split, rembrandt, loop, butterfly = key.values()
    # The far half of the face is dark.
    assert split(30, 30) < 0.02 * split(-30, 50)
    # A triangle of light on the far cheek, with shadow towards the nose, the temple and the mouth: nose and cheek are joined.
    assert rembrandt(30, 30) > 1.5 * rembrandt(10, 30)
    assert rembrandt(30, 30) > 3 * max(rembrandt(58, 30), rembrandt(20, 55), rembrandt(30, 62))
    # A shadow beside the nose that ends on a lit cheek.
    assert loop(30, 35) > 1.5 * loop(10, 40)
    assert loop(20, 55) > 5 * rembrandt(20, 55)
    # A shadow under the nose, both sides alike.
    assert butterfly(30, 30) == pytest.approx(butterfly(-30, 30), rel=0.25)
    assert max(butterfly(-10, 40), butterfly(10, 40)) < 0.6 * min(butterfly(-30, 30), butterfly(30, 30))


@pytest.mark.parametrize(
    ("field", "values"),
    [("lighting.pattern", ["rembrandt", "split"]), ("lighting.ratio", [2.0, 8.0]), ("cameras.A.move.metres", [0.2, 0.6])],
)
def test_a_sweep_of_a_move_or_a_pattern_holds_in_its_pixels(
    renderer: Renderer, small: Stage, tmp_path: Path, field: str, values: list[Any]
) -> None:
    baseline = small.model_dump(mode="json")
    baseline["lights"] = [{"name": "kick", "kind": "bulb", "translation": [2, -2, 2], "illuminance_lux": 20, "size": [0.1, 0.1]}]
    baseline["lighting"] = {"pattern": "rembrandt", "subject": [0, 0, 1.5], "key_lux": 100}
    baseline["frame_count"], baseline["rig"] = 2, []
    baseline["cameras"][0] |= {"active_sensor_resolution": [48, 27], "move": {**PUSH, "subject": [0, 0, 1.5]}}
    baseline["render"] |= {"samples": 2}
    spec = tmp_path / "sweep.json"
    spec.write_text(json.dumps({"baseline": baseline, "field": field, "levels": values}))
    assert simulate(spec, tmp_path / "out").frames == 4
    held = json.loads((tmp_path / "out" / "sweep.json").read_text())["held"]
    assert held["people"] == 0
    if field != "cameras.A.move.metres":
        assert held["depth"] == 0
        assert held["group:kick"] < (1e-2 if field == "lighting.pattern" else 1e-5)


def test_a_pattern_whose_lamps_drift_in_the_records_is_named(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    baseline = small.model_dump(mode="json") | {
        "lights": [],
        "lighting": {"pattern": "loop", "subject": [0, 0, 1.5], "key_lux": 90},
    }
    baseline["render"] |= {"samples": 1, "passes": ["beauty", "groups", "depth", "normal", "albedo", "object_id"]}
    spec, out = tmp_path / "sweep.json", tmp_path / "out"
    spec.write_text(json.dumps({"baseline": baseline, "field": "lighting.ratio", "levels": [2.0, 4.0]}))
    simulate(spec, out)
    record = out / "level-02" / "A" / "records" / "small.1001.json"
    told = json.loads(record.read_text())
    told["lights"][0]["illuminance_lux"] *= 1.1
    record.write_text(json.dumps(told))
    with pytest.raises(FaultFound, match=r"lamp:key\.illuminance_lux differs"):
        simulate(spec, out)
