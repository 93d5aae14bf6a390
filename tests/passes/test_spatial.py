"""The spatial pass on the rendered sample production, and the same from loose files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from answerprint.cli.main import main
from answerprint.ingest.into_catalogue import ingest
from answerprint.passes.spatial import _lens_of
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip

MATERIAL = Path(__file__).parents[2] / "examples" / "stage" / "material"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crane's clip, its track and its lens table, the scan and the survey."""
    home = tmp_path_factory.mktemp("stage")
    for part in ("camera/21B/A002C001_21B_T1.mp4", "tracking/A002C001_21B_T1.opentrackio.json", "lens/A002C001_21B_T1_lens.csv",
                 "survey/markers.csv", "paper/rights.json", "paper/lighting_plot.csv"):  # fmt: skip
        (home / "material" / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(MATERIAL / part, home / "material" / part)
    return home


def posed(home: str) -> int:
    with Production.open(home) as production, production.reading() as session:
        (clip,) = session.query(Clip).all()
        return int(clip.asset.details["cameras"]["posed"])


def test_the_pass_gives_every_frame_a_camera_and_status_says_how_late_the_tracker_is(folder, capsys):
    home = str(folder / "production")
    assert main(["new", home, "--name", "P", "--fps", "24", "-q"]) == 0
    main(["ingest", home, str(folder / "material"), "--no-proxies", "--no-hash-list", "-q"])
    assert main(["run", home, "spatial", "-q"]) == 0
    assert posed(home) == 24
    capsys.readouterr()
    assert main(["status", home, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert abs(said["cameras"]["latency"][0]["solved"]["frames"] - 7) < 0.25
    assert {"stage.png", "report.json", "report.md"} <= {p.name for p in (folder / "production" / "spatial").iterdir()}


def test_cameras_outlive_further_material(folder):
    home = str(folder / "production")
    further = folder / "further"
    further.mkdir()
    shutil.copy(MATERIAL / "paper" / "shot_list.csv", further)
    main(["ingest", home, str(further), "--no-proxies", "--no-hash-list", "-q"])
    assert posed(home) == 24


def test_loose_files_are_surveyed_and_a_fault_is_exit_code_3(folder, tmp_path):
    rows = (MATERIAL / "survey" / "markers.csv").read_text().splitlines()
    twisted = "\n".join(row.replace("M3,0", "M3,1") for row in rows)
    assert twisted != "\n".join(rows)
    (tmp_path / "tracker_marks.csv").write_text(twisted)
    code = main(["survey", str(MATERIAL / "survey"), str(tmp_path / "tracker_marks.csv"), "--out", str(tmp_path / "out"), "-q"])
    assert code == 3 and (tmp_path / "out" / "stage.png").is_file()


def test_nothing_of_a_stage_is_bad_input(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    assert main(["survey", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"), "-q"]) == 2


def test_the_readout_time_comes_from_the_clip_or_the_profile_of_its_lens(tmp_path):
    profile = {
        "camera_brand": "Y", "camera_model": "Z", "lens_model": "Prime 35", "calib_dimension": {"w": 1920, "h": 1080}, "frame_readout_time": 16.5,
        "fisheye_params": {"camera_matrix": [[1800, 0, 960], [0, 1800, 540], [0, 0, 1]], "distortion_coeffs": [0, 0, 0, 0]},
    }  # fmt: skip
    (tmp_path / "material").mkdir()
    (tmp_path / "material" / "prime.json").write_text(json.dumps(profile))
    with Production.create(tmp_path / "production", "P", 24) as made:
        ingest(made, [tmp_path / "material"], hash_list=False)
        with made.session() as session:
            held = Asset(path="A001", kind="camera", sha256="a" * 64, role="material", details={"lens": "Y Prime 35 mm"})
            clip = Clip(
                asset=held, name="A001", rate="24", start_timecode="", frame_count=1, width=1920, height=1080, input_space="ACEScg"
            )
            session.add(clip)
            session.flush()
            assert _lens_of(session, clip)[1] == pytest.approx(0.0165)
            held.details = {"lens": "Y Prime 35 mm", "readout_time": 0.01}
            assert _lens_of(session, clip)[1] == 0.01
            held.details = {"lens": "another"}
            assert _lens_of(session, clip) == (None, None)
