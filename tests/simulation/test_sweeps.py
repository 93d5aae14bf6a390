"""Sweeps: one field moves, everything else is proved to stand still."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.production import BadInput, FaultFound
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.run import simulate
from answerprint.simulation.shoot import shoot_stage
from answerprint.simulation.stage import Stage
from answerprint.simulation.sweeps import (
    Plan,
    Sweep,
    capture_plan,
    check_documents,
    check_pictures,
    coverage,
    differences,
    latin_hypercube,
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


def test_a_second_field_that_differs_is_named(small: Stage) -> None:
    stages = Sweep(baseline=small, field="lights.key.kelvin", levels=(3200.0, 5600.0)).stages()
    stages[1] = varied(stages[1], "cameras.A.pinhole_focal_length", 36.0)
    with pytest.raises(FaultFound, match=r"cameras\.A\.pinhole_focal_length differs too"):
        check_documents(stages, "lights.key.kelvin")


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


def test_a_key_sweep_holds_the_fill_and_a_drifting_fill_is_named(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    light = small.model_copy(update={"render": small.render.model_copy(update={"samples": 2})})
    # A fill set in stops follows its key by right; given its own lux it must hold still.
    own = light.lights[1].model_copy(update={"stops": None, "illuminance_lux": 25.0})
    base = light.model_copy(update={"lights": (light.lights[0], own)})
    stages = Sweep(baseline=base, field="lights.key.illuminance_lux", levels=(50.0, 200.0)).stages()
    folders = [tmp_path / "one", tmp_path / "two", tmp_path / "drifted"]
    for stage, folder in zip(stages, folders, strict=False):
        shoot_stage(stage, folder, renderer=renderer)
    drift = check_pictures(folders[:2], stages, "lights.key.illuminance_lux")
    assert drift["group:fill"] < 1e-5
    assert drift["depth"] == 0
    drifted = varied(stages[1], "lights.fill.illuminance_lux", 26.0)
    shoot_stage(drifted, folders[2], renderer=renderer)
    with pytest.raises(FaultFound, match="group:fill drifts"):
        check_pictures([folders[0], folders[2]], [stages[0], drifted], "lights.key.illuminance_lux")


def test_a_sweep_document_is_shot_level_by_level(renderer: Renderer, small: Stage, tmp_path: Path) -> None:
    quick = small.model_copy(update={"render": small.render.model_copy(update={"samples": 1})})
    spec = tmp_path / "sweep.json"
    spec.write_text(Sweep(baseline=quick, field="lights.key.kelvin", levels=(3200.0, 5600.0)).model_dump_json())
    shot = simulate(spec, tmp_path / "out")
    assert shot.frames == 2
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"level-01", "level-02", "sweep.json", "capture-plan.txt"}
    held = np.array(list(json.loads((tmp_path / "out" / "sweep.json").read_text())["held"].values()))
    assert held.max() < 1e-5
