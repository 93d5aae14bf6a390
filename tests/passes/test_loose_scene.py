"""Splats and cameras from loose pictures, by command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from answerprint.cli.main import main
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.tracking.nerfstudio import read_cameras, read_pictures
from answerprint.media.exr import read_exr, write_exr
from answerprint.media.sequence import open_sequence
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


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory):
    """Two frames of a folder as one clip, and the depth that survey writes for it."""
    home = tmp_path_factory.mktemp("surveyed")
    document = json.loads(CAPTURE.read_text())
    (home / "plate").mkdir()
    rows = sorted(document["frames"], key=lambda row: row["file_path"])[:2]
    for number, row in enumerate(rows):
        picture = CAPTURE.parent / row["file_path"]
        shutil.copy(picture, home / "plate" / f"p.{number:04d}{picture.suffix}")
    frames = [
        {k: v for k, v in row.items() if k != "depth_file_path"} | {"file_path": "plate", "clip_frame": n}
        for n, row in enumerate(rows)
    ]
    document |= {"frames": frames, "ply_file_path": str(CAPTURE.parent / document["ply_file_path"])}
    document.pop("train_filenames", None)
    (home / "transforms.json").write_text(json.dumps(document))
    settings = ["scene=fit", "depth=true", "steps=4", "splats=2000", "height=36"]
    pairs = [x for s in settings for x in ("--set", s)]
    assert main(["survey", str(home / "transforms.json"), "--out", str(home / "out"), *pairs, "-q"]) == 0
    return home


def test_each_frame_of_a_clip_has_its_own_depth(surveyed):
    assert [p.name for p in sorted((surveyed / "out" / "depth").iterdir())] == ["plate.000000.exr", "plate.000001.exr"]


def test_surveyed_depth_lights_the_plate_it_was_drawn_for(surveyed, tmp_path):
    camera = next(c.camera for c in read_pictures(surveyed / "transforms.json"))
    (tmp_path / "camera.json").write_text(camera.model_dump_json(by_alias=True))
    rig = [{"id": i, "position": [x, 0.2, 0.8], "aim": [0, 3, 0], "lux": 100} for i, x in (("key", -1.5), ("fill", 1.5))]
    rig[0]["gain_stops"] = -2.0
    arguments = ["--plate", str(surveyed / "plate"), "--depth", str(surveyed / "out" / "depth"), "--out", str(tmp_path / "made")]
    arguments += ["--camera", str(tmp_path / "camera.json"), "--set", f"rig={json.dumps(rig)}"]
    assert main(["apply", "relight_geometry", *arguments, "--fps", "24", "-q"]) == 0
    made, plate = (open_sequence(d, 24).read(1).rgb().astype(float) for d in (tmp_path / "made", surveyed / "plate"))
    assert made.mean() < 0.95 * plate.mean()


def test_surveyed_depth_puts_a_new_background_in_haze(surveyed, tmp_path):
    write_exr(tmp_path / "matte.exr", {c: np.ones((180, 320), np.float32) for c in "RGB"})
    arguments = ["apply", "background", "--plate", str(surveyed / "plate"), "--scene", str(surveyed / "plate")]
    arguments += [
        "--matte",
        str(tmp_path / "matte.exr"),
        "--depth",
        str(surveyed / "out" / "depth"),
        "--out",
        str(tmp_path / "made"),
    ]
    settings = [x for s in ("visibility=10", "distance=1000", "grain=0", "output=acescg") for x in ("--set", s)]
    assert main([*arguments, *settings, "--fps", "24", "-q"]) == 0
    layers = read_exr(sorted((tmp_path / "made" / "layers").glob("*.exr"))[0]).planes
    through = next(v for k, v in layers.items() if "haze_through" in k)
    metres = read_exr(surveyed / "out" / "depth" / "plate.000000.exr").planes["Z"]
    expected = np.where(metres > 0, np.exp(-3.912 * metres / 10), 0)
    assert 0.02 < np.median(through) < 0.9 and np.abs(through - expected).max() < 0.01


def test_depth_is_refused_by_what_has_no_use_for_it(surveyed, tmp_path, capsys):
    arguments = ["--plate", str(surveyed / "plate"), "--depth", str(surveyed / "out" / "depth"), "--out", str(tmp_path / "made")]
    assert main(["apply", "denoise", *arguments, "--fps", "24", "-q"]) == 2
    assert "denoise takes no depth" in capsys.readouterr().err


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
