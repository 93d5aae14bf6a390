"""Splats and cameras from loose pictures, by command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.cli.main import main
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.tracking.nerfstudio import read_cameras
from answerprint.media.exr import read_exr
from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.passes.loose_scene import point_cloud, posed
from answerprint.spatial.splats.ply import read_ply
from answerprint.spatial.splats.spz import read_spz

CAPTURE = Path(__file__).parents[2] / "examples" / "capture" / "transforms.json"


def test_a_transforms_json_becomes_splats_in_both_formats(tmp_path, capsys):
    arguments = ["survey", str(CAPTURE), "--out", str(tmp_path), "--set", "scene=fit", "--set", "steps=12", "--set", "splats=4000"]
    assert main([*arguments, "--set", "height=36", "--set", "depth=true", "--json", "-q"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["scene"] == "fit" and said["figures"]["pictures"] == 41 and said["figures"]["steps"] == 12
    ply, spz = read_ply(tmp_path / "scene.ply")[0], read_spz(tmp_path / "scene.spz")[0]
    assert len(ply) == len(spz) == said["figures"]["splats"] <= 4000
    assert not (tmp_path / "scene.fit").exists()
    depths = sorted((tmp_path / "depth").glob("*.exr"))
    metres = read_exr(depths[0]).planes["Z"]
    assert len(depths) == 41 and metres.shape == (180, 320) and 1.5 < np.median(metres) < 6


def test_a_scene_without_points_is_refused_in_one_line(tmp_path, capsys):
    document = json.loads(CAPTURE.read_text())
    del document["ply_file_path"]
    for frame in document["frames"]:
        for key in ("file_path", "depth_file_path"):
            if key in frame:
                frame[key] = str(CAPTURE.parent / frame[key])
    document.pop("train_filenames", None)
    (tmp_path / "transforms.json").write_text(json.dumps(document))
    assert main(["survey", str(tmp_path / "transforms.json"), "--out", str(tmp_path / "out"), "--set", "scene=fit", "-q"]) == 2
    assert "ply_file_path" in capsys.readouterr().err


@pytest.mark.parametrize(("pair", "reason"), [("scene=paint", "fit"), ("stepz=2", "stepz")])
def test_a_setting_that_is_none_is_refused(tmp_path, capsys, pair, reason):
    assert main(["survey", str(CAPTURE), "--out", str(tmp_path), "--set", "scene=fit", "--set", pair, "-q"]) == 2
    error = capsys.readouterr().err
    assert reason in error and len(error.strip().splitlines()) == 1


def test_a_solved_camera_written_is_the_camera_read(tmp_path):
    camera = Camera(
        active_sensor_resolution=(160, 90), active_sensor_physical_dimensions=(36.0, 20.25), pinhole_focal_length=30.0,
        translation=(1.0, -2.0, 1.5), rotation=(20.0, -5.0, 2.0), distortion=Distortion(radial=(-0.1, 0.02)),
    )  # fmt: skip
    (tmp_path / "transforms.json").write_text(json.dumps({"frames": [{"file_path": "a.png", **posed(camera)}]}))
    again = read_cameras(tmp_path / "transforms.json")["a.png"]
    points = np.array([[0.0, 3.0, 1.0], [1.0, 2.0, 1.2]])
    assert np.allclose(again.project(points), camera.project(points), atol=1e-6)


def test_points_written_are_points_read(tmp_path):
    points = np.array([[0.5, 1.25, -2.0], [3.0, 0.0, 1.0]])
    (tmp_path / "points.ply").write_bytes(point_cloud(points))
    assert np.allclose(open_scan(tmp_path / "points.ply").points().xyz, points)
