"""Sweeps: one field moves, everything else is proved to stand still."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.production import BadInput, FaultFound
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.run import simulate
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import Stage
from answerprint.simulation.sweep_proof import GEOMETRY, check_measurable, check_pictures
from answerprint.simulation.sweeps import (
    Plan,
    Sweep,
    Tolerance,
    capture_plan,
    check_documents,
    coverage,
    differences,
    latin_hypercube,
    read_plan,
    read_sweep,
    varied,
)


def test_a_sweep_changes_its_field_and_no_other(small: Stage) -> None:
    stages = Sweep(baseline=small, field="lights.key.illuminance_lux", levels=(50.0, 100.0, 200.0)).stages()
    assert differences(stages[0], stages[2]) == ["lights.key.illuminance_lux"]
    check_documents(stages, "lights.key.illuminance_lux")


@pytest.mark.parametrize("field", ["lights.kick.kelvin", "lights.key.lux", "cameras.B.t_stop"])
def test_a_field_that_is_not_there_is_refused_with_what_is(small: Stage, field: str) -> None:
    with pytest.raises(BadInput, match="use one of"):
        varied(small, field, 1.0)


def test_a_value_that_the_field_does_not_take_is_refused(small: Stage) -> None:
    with pytest.raises(BadInput, match="t_stop"):
        varied(small, "cameras.A.t_stop", -1.0)


def test_levels_out_of_order_are_refused(small: Stage) -> None:
    with pytest.raises(BadInput, match="rise or fall"):
        read_sweep({"baseline": small.model_dump(mode="json"), "field": "cameras.A.t_stop", "levels": [2.8, 5.6, 4.0]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cameras.A.pinhole_focal_length", 36.0),
        ("cameras.A.translation", [0, -3, 1.6]),
        ("cameras.A.t_stop", 4.0),
        ("lights.fill.stops", -3.0),
        ("lights.key.tint", 0.004),
        ("set.items.card.at", [0, 0, 0.1]),
        ("set.materials.paint.colour", [0.1, 0.5, 0.45]),
        ("set.wear", 0.5),
        ("rig.wire.present", False),
        ("render.samples", 5),
        ("seed", 7),
        ("frame_rate", "25"),
    ],
)
def test_a_second_field_that_differs_in_the_documents_is_named(small: Stage, field: str, value: Any) -> None:
    stages = Sweep(baseline=small, field="lights.key.kelvin", levels=(3200.0, 5600.0)).stages()
    stages[1] = varied(stages[1], field, value)
    with pytest.raises(FaultFound, match=rf"{re.escape(field)} differs too"):
        check_documents(stages, "lights.key.kelvin")


@pytest.mark.parametrize("field", ["frame_count", "name", "cameras.A.active_sensor_resolution", "render.resolution_scale"])
def test_a_field_that_leaves_nothing_to_compare_is_refused(small: Stage, field: str) -> None:
    with pytest.raises(BadInput, match="cannot be compared"):
        check_measurable([small, small], field)


def test_a_sweep_without_a_pass_that_proves_it_is_refused_before_it_is_shot(small: Stage, tmp_path: Path) -> None:
    blind = small.model_copy(update={"render": small.render.model_copy(update={"passes": ("beauty", "groups")})})
    spec = tmp_path / "sweep.json"
    spec.write_text(Sweep(baseline=blind, field="lights.key.kelvin", levels=(3200.0, 5600.0)).model_dump_json())
    with pytest.raises(BadInput, match="add 'depth' to the passes"):
        simulate(spec, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_group_that_is_to_be_held_must_be_on_the_stage(small: Stage) -> None:
    with pytest.raises(BadInput, match="use one of: group:fill, group:key, lamp:fill, lamp:key"):
        check_measurable([small, small], "lights.key.kelvin", (Tolerance(field="group:kick"),))
    with pytest.raises(BadInput, match=r"tolerances\.0\.field"):
        read_sweep({"baseline": {}, "field": "seed", "levels": [1, 2], "tolerances": [{"field": "nonsense"}]})


def test_what_is_missing_of_a_sweep_is_asked_for_as_a_sweeps(tmp_path: Path) -> None:
    spec = tmp_path / "sweep.json"
    spec.write_text('{"baseline": {}, "field": "seed"}')
    with pytest.raises(BadInput, match="levels: field required;"):
        simulate(spec, tmp_path / "out")


@pytest.mark.parametrize("span", [[6500, 3000], [5000, 5000]])
def test_a_range_that_does_not_rise_is_refused(span: list[float]) -> None:
    with pytest.raises(BadInput, match=r"the range of lights\.key\.kelvin does not rise"):
        read_plan({"baseline": {}, "fields": {"lights.key.kelvin": span}, "count": 2})


def test_a_latin_hypercube_uses_each_slice_of_each_field_once() -> None:
    plan = latin_hypercube({"a": (0.0, 10.0), "b": (100.0, 200.0)}, 10, seed=4)
    assert sorted(int(setting["a"]) for setting in plan) == list(range(10))
    assert sorted(int((setting["b"] - 100) / 10) for setting in plan) == list(range(10))
    assert plan == latin_hypercube({"a": (0.0, 10.0), "b": (100.0, 200.0)}, 10, seed=4)


def test_a_plan_makes_stages_within_the_ranges(small: Stage) -> None:
    plan = Plan(baseline=small, fields={"lights.key.kelvin": (3000.0, 6000.0), "cameras.A.t_stop": (2.0, 8.0)}, count=5)
    stages = plan.stages()
    assert len(stages) == 5
    assert all(3000 <= stage.lights[0].kelvin <= 6000 for stage in stages)


def test_holes_in_the_coverage_are_listed() -> None:
    records = [{"kelvin": 3200.0, "stops": 1.0}, {"kelvin": 5600.0, "stops": 3.0}]
    found = coverage(records, {"kelvin": (3000.0, 6000.0), "stops": (0.0, 4.0)}, cells=2)
    assert found["fields"] == {"kelvin": [1, 1], "stops": [1, 1]}
    assert {"fields": ["kelvin", "stops"], "ranges": [[3000.0, 4500.0], [2.0, 4.0]]} in found["holes"]
    assert len(found["holes"]) == 2


def test_the_capture_plan_says_each_take_and_what_to_hold(small: Stage) -> None:
    lines = capture_plan(Sweep(baseline=small, field="lights.key.kelvin", levels=(3200.0, 5600.0), unit="K"))
    assert sum(line.startswith("TAKE") for line in lines) == 2
    assert any("35 mm, T2.8" in line for line in lines)


@pytest.fixture(scope="module")
def base(small: Stage) -> Stage:
    """The small stage, smaller still. Its fill has its own lux: set in stops it would follow the key by right."""
    own = small.lights[1].model_copy(update={"stops": None, "illuminance_lux": 25.0})
    eye = small.cameras[0].model_copy(update={"active_sensor_resolution": (48, 27)})
    # Without a clean plate nothing is kept between renders, and one process renders all levels.
    quick = small.render.model_copy(update={"samples": 2, "passes": ("beauty", "groups", *GEOMETRY, "mattes")})
    return small.model_copy(update={"lights": (small.lights[0], own), "cameras": (eye,), "render": quick})


def shot_levels(
    renderer: Renderer, base: Stage, out: Path, field: str, levels: tuple[float, float], drift: dict[str, Any] | None = None
) -> tuple[list[Path], list[Stage]]:
    """A sweep of two levels. With ``drift`` the second one's pictures have that as well, and its records do not know."""
    stages = Sweep(baseline=base, field=field, levels=levels).stages()
    folders = [out / "one", out / "two"]
    shoot_stage(stages[0], folders[0], renderer=renderer)
    shoot_stage(stages[1], folders[1], renderer=renderer)
    if drift:
        stage = stages[1]
        for path, value in drift.items():
            stage = varied(stage, path, value)
        shoot_stage(stage, out / "drifted", renderer=renderer)
        shutil.rmtree(out / "drifted" / "A" / "records")
        shutil.copytree(folders[1] / "A" / "records", out / "drifted" / "A" / "records")
        folders[1] = out / "drifted"
    return folders, stages


KEY = ("lights.key.illuminance_lux", (50.0, 200.0))
ISO = ("cameras.A.iso_speed", (400.0, 800.0))
ZOOM = ("cameras.A.pinhole_focal_length", (30.0, 35.0))
WIRE = ("rig.wire.diameter", (0.03, 0.06))
DAY = ("set.daylight_stops", (0.0, 1.0))


@pytest.mark.parametrize(
    ("sweep", "drift", "named"),
    [
        (KEY, {"lights.fill.illuminance_lux": 26.0}, "group:fill drifts"),
        (KEY, {"lights.fill.kelvin": 5400.0}, "group:fill drifts"),
        (KEY, {"lights.fill.translation": [1.5, -2, 2]}, "group:fill drifts"),
        (KEY, {"cameras.A.translation": [0.01, -3, 1.5]}, "depth drifts"),
        (KEY, {"cameras.A.pinhole_focal_length": 35.5}, "depth drifts"),
        (KEY, {"set.materials.paint.colour": [0.4, 0.5, 0.48]}, "albedo drifts"),
        (KEY, {"set.items.card.at": [0.1, 0, 0]}, "depth drifts"),
        (KEY, {"rig.wire.diameter": 0.06}, "depth drifts"),
        (KEY, {"seed": 2}, "depth drifts|albedo drifts|normal drifts|group:fill drifts"),
        (ISO, {"lights.key.illuminance_lux": 110.0}, "the light's distribution drifts"),
        (ISO, {"lights.key.kelvin": 4000.0}, "the light's distribution drifts"),
        (ZOOM, {"set.materials.paint.colour": [0.5, 0.2, 0.1]}, "albedo of wall drifts"),
        (WIRE, {"set.items.card.at": [0.1, 0, 0]}, "depth beside wire drifts"),
        (WIRE, {"set.materials.paint.colour": [0.4, 0.5, 0.48]}, "albedo beside wire drifts"),
        (DAY, {"set.items.card.at": [0.1, 0, 0]}, "depth drifts"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else value[0] if isinstance(value, tuple) else "",
)
def test_a_field_that_drifts_in_the_pixels_alone_is_named(
    renderer: Renderer, base: Stage, tmp_path: Path, sweep: tuple[str, tuple[float, float]], drift: dict[str, Any], named: str
) -> None:
    folders, stages = shot_levels(renderer, base, tmp_path, *sweep, drift)
    with pytest.raises(FaultFound, match=named):
        check_pictures(folders, stages, sweep[0])


@pytest.mark.parametrize(
    "sweep", [KEY, ISO, ZOOM, WIRE, DAY, ("lights.key.translation", ((0, -2.5, 1.5), (0.5, -2.5, 1.5)))], ids=lambda s: s[0]
)
def test_an_honest_sweep_holds_in_its_pixels(
    renderer: Renderer, base: Stage, tmp_path: Path, sweep: tuple[str, tuple[float, float]]
) -> None:
    folders, stages = shot_levels(renderer, base, tmp_path, *sweep)
    drift = check_pictures(folders, stages, sweep[0])
    assert drift
    if sweep == KEY:
        assert drift["group:fill"] < 1e-5
        assert drift["depth"] == 0


def test_a_field_that_drifts_in_the_records_is_named_to_its_last_part(renderer: Renderer, base: Stage, tmp_path: Path) -> None:
    folders, stages = shot_levels(renderer, base, tmp_path, *KEY)
    path = next((folders[1] / "A" / "records").iterdir())
    whole = json.loads(path.read_text())
    for change, named in (
        (("exposure", "isoSpeed"), r"record:exposure\.isoSpeed differs"),
        (("camera", "translation"), r"record:camera\.translation"),
    ):
        record = json.loads(json.dumps(whole))
        record[change[0]][change[1]] = [9.0, 9.0, 9.0]
        path.write_text(json.dumps(record))
        with pytest.raises(FaultFound, match=named):
            check_pictures(folders, stages, KEY[0])


def test_a_sweep_document_is_shot_level_by_level(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    quick = small.model_copy(update={"render": small.render.model_copy(update={"samples": 1})})
    spec = tmp_path / "sweep.json"
    spec.write_text(Sweep(baseline=quick, field="lights.key.kelvin", levels=(3200.0, 5600.0)).model_dump_json())
    shot = simulate(spec, tmp_path / "out")
    assert shot.frames == 2
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "level-01",
        "level-02",
        "sweep.json",
        "capture-plan.txt",
        "contact-sheet.png",
    }
    held = np.array(list(json.loads((tmp_path / "out" / "sweep.json").read_text())["held"].values()))
    assert held.max() < 1e-5
