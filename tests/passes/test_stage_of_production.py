"""A stage document from a production's catalogue: by the command, from the rendered sample's own material."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from answerprint.cli.main import main
from answerprint.simulation.stage import read_stage

MATERIAL = Path(__file__).parents[2] / "examples" / "stage" / "material"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A production with the close-up's clip, its track, the scan, the survey and the plot, and its cameras solved."""
    folder = tmp_path_factory.mktemp("scanned")
    for part in ("camera/21C/A003C001_21C_T1.mp4", "tracking/A003C001_21C_T1.opentrackio.json", "lens/A003C001_21C_T1_lens.csv",
                 "lidar/living_room.e57", "survey/markers.csv", "paper/rights.json", "paper/lighting_plot.csv"):  # fmt: skip
        (folder / "material" / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(MATERIAL / part, folder / "material" / part)
    production = folder / "production"
    assert main(["new", str(production), "--name", "P", "--fps", "24", "-q"]) == 0
    main(["ingest", str(production), str(folder / "material"), "--no-proxies", "--no-hash-list", "-q"])
    return production


def test_before_the_spatial_pass_the_remedy_is_said(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--from-production", str(home), "--scene", "21", "--out", str(tmp_path)]) == 2
    assert "spatial" in capsys.readouterr().err


def test_a_scene_becomes_a_stage_with_its_room_its_camera_and_the_lamps_of_its_setup(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", str(home), "spatial", "-q"])
    capsys.readouterr()
    assert main(["simulate", "--from-production", str(home), "--scene", "21C", "--out", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    stage = read_stage(Path(said["stage"]).read_text())
    assert [camera.label for camera in stage.cameras] == ["A003C001_21C_T1"]
    assert len(stage.cameras[0].keys) == stage.frame_count == 8
    assert sorted(lamp.name for lamp in stage.lights) == ["C1-key", "C2-fill", "C3-back", "C4-practical"]
    assert sorted(surface["kind"] for surface in said["surfaces"]) == ["ceiling", "floor", "wall", "wall", "wall", "wall"]
    assert any("AB1" in line and "another setup" in line for line in said["assumed"])


def test_a_scene_that_nobody_shot_is_refused_with_those_that_are_known(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--from-production", str(home), "--scene", "99", "--out", str(tmp_path)]) == 2
    assert "give one of: 21" in capsys.readouterr().err


def test_without_a_document_the_command_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--out", str(tmp_path)]) == 2
    assert "names no document" in capsys.readouterr().err
