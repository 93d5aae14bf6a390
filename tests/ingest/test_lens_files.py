"""Lens files in a production's material: what they are taken for, and what they told."""

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.ingest.recognise import recognise
from answerprint.optics.lens import Lens, write_lens
from answerprint.optics.lens_profile import read_profile
from answerprint.optics.sensor import Sensor
from answerprint.optics.table import LensState, Table
from answerprint.optics.ulens import write_ulens
from answerprint.production import BadInput

LENS = Lens(model="Test 40", pinhole_focal_length=Table.over(("focus_distance",), {(0.5,): (43.0,), (float("inf"),): (40.0,)}))


def test_a_lens_file_is_taken_for_a_lens(tmp_path: Path) -> None:
    write_lens(tmp_path / "a.json", LENS)
    file = recognise(tmp_path / "a.json")
    assert (file.kind, file.problems) == ("lens", [])
    assert Lens.model_validate(file.metadata["lens"]) == LENS


def test_an_unreal_lens_file_is_taken_for_a_lens(tmp_path: Path) -> None:
    sensor = Sensor(resolution=(1920, 1080), dimensions=(24.9, 14.0))
    write_ulens(tmp_path / "a.ulens", LENS, sensor, [0.5, 2.0], [40.0], [2.8])
    file = recognise(tmp_path / "a.ulens")
    assert (file.kind, file.metadata["sensor"]["resolution"]) == ("lens", [1920, 1080])


def test_a_broken_lens_file_is_kept_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"pinhole_focal_length": {"rows": []}}))
    file = recognise(tmp_path / "a.json")
    assert file.kind == "unknown"
    assert "pinhole_focal_length.rows" in file.problems[0]


def test_a_lens_database_names_its_lenses_and_its_licence(footage: Path) -> None:
    file = recognise(footage / "metadata" / "lensfun_db" / "mil-sony.xml")
    assert file.kind == "lens"
    assert "Sony E 16mm f/2.8" in file.metadata["lenses"]
    assert "CC BY-SA" in file.metadata["attribution"]


def test_every_measured_cine_lens_gives_each_pixel_back_within_a_twentieth(footage: Path) -> None:
    profiles = sorted((footage / "metadata" / "lens_profiles").glob("*.json"))
    assert len(profiles) > 20
    for path in profiles:
        assert recognise(path).kind == "lens"
        lens, sensor = read_profile(path)
        camera = lens.camera(LensState(), sensor)
        places = np.stack(np.meshgrid(np.linspace(0, camera.width - 1, 17), np.linspace(0, camera.height - 1, 9)), axis=-1)
        back = camera.distort(camera.undistort(places))
        assert np.abs(back - places).max() < 0.05


def test_what_is_no_profile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"fisheye_params": {}, "calib_dimension": {}}')
    with pytest.raises(BadInput, match=r"a\.json"):
        read_profile(tmp_path / "a.json")
