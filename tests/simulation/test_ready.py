"""What a stage asks in vain is one line, before a renderer is started and before anything lies in its folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from answerprint.production import BadInput
from answerprint.simulation import ready
from answerprint.simulation.performers import Performer
from answerprint.simulation.ready import check_stage, check_stages
from answerprint.simulation.run import simulate
from answerprint.simulation.stage import Stage
from answerprint.simulation.studio_files import model_file, sky_file
from answerprint.simulation.sweeps import read_plan


def written(tmp_path: Path, document: dict[str, Any]) -> Path:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(document))
    return spec


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"set": {"items": [{"name": "car", "file": "nowhere.gltf"}]}}, "nowhere.gltf: is not there"),
        ({"set": {"hdri": "nowhere.exr"}}, "nowhere.exr: is not there"),
        ({"performers": [{"name": "anna", "mark": "nowhere"}]}, "no mark 'nowhere'"),
        ({"performers": [{"name": "anna", "actions": [{"do": "walk", "start": 1001, "end": 1020, "to": "bar"}]}]}, "no mark 'bar'"),
        ({"rig": [{"name": "wire", "points": [[0, 0, 1]]}]}, "has no course"),
        ({"performers": [{"name": "anna"}], "rig": [{"name": "anna", "kind": "mark"}]}, "called 'anna'"),
        ({"render": {"mattes": ["sofa"]}}, "no thing 'sofa'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_stage_asks_in_vain_leaves_nothing_in_its_folder(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        simulate(written(tmp_path, change), tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_an_empty_stage_and_people_who_stand_are_let_through(small: Stage) -> None:
    check_stage(Stage())
    check_stage(small.model_copy(update={"performers": (Performer(name="anna"),)}))


def test_a_plan_is_looked_at_in_each_setting_that_changes_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Stage] = []
    monkeypatch.setattr(ready, "check_stage", looked_at.append)
    lamp = {"name": "key", "illuminance_lux": 100}
    for fields, times in (({"lights.key.kelvin": [3000, 6000]}, 1), ({"set.wear": [0, 1]}, 5)):
        looked_at.clear()
        check_stages(read_plan({"baseline": {"lights": [lamp]}, "fields": fields, "count": 5}).stages())
        assert len(looked_at) == times


@pytest.mark.parametrize("document", [{}, {"baseline": {}, "field": "seed", "levels": [1, 2]}], ids=["stage", "sweep"])
def test_an_output_that_is_a_file_is_refused_in_one_line(tmp_path: Path, document: dict[str, Any]) -> None:
    (tmp_path / "taken").touch()
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(BadInput, match="is a file"):
            simulate(written(tmp_path, document), out)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("car.glb", b"hello", "none inside"),
        ("car.gltf", b"{", "none inside"),
        ("car.gltf", b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "car.bin"}]}', "names car.bin"),
        ("car.usdc", b"PK\x03\x04", "none inside"),
        ("car.obj", b"# nothing", "no vertices"),
        ("car.fbx", b"Kaydara", "no model file"),
    ],
)
def test_a_model_that_no_renderer_could_read_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=said):
        model_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("car.gltf", b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "data:;base64,AA=="}, {"uri": "a%20b.bin"}]}'),
        ("car.glb", b"glTF\x02\0\0\0"),
        ("car.OBJ", b"# a car\nv 0 0 0\n"),
        ("car.usda", b"#usda 1.0\n"),
    ],
)
def test_a_model_is_known_by_how_it_begins(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "a b.bin").touch()
    (tmp_path / name).write_bytes(content)
    assert model_file(tmp_path / name) == (tmp_path / name).resolve()


def test_a_sky_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sky.exr").write_bytes(b"hello")
    with pytest.raises(BadInput, match="cannot be read as a picture"):
        sky_file(tmp_path / "sky.exr")


def test_the_speed_of_a_family_that_is_none_is_refused_with_those_there_are() -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "stage_speed.py"
    asked = subprocess.run([sys.executable, script, "--families", "living_room"], capture_output=True, text=True, check=False)
    assert asked.returncode == 2
    assert "no family 'living_room'; use living-room, kitchen" in asked.stderr
    assert "Traceback" not in asked.stderr
