"""A new angle becomes a camera of its take: in the catalogue, in bins and logs, and for conform."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from answerprint.cli.main import main
from answerprint.passes.coverage import virtual_name
from answerprint.passes.review import decide
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip
from answerprint.spatial.capture import read_clip_cameras

MATERIAL = Path(__file__).parents[2] / "examples" / "stage" / "material"
CLIPS = ("A001C001_21A_T1", "B001C001_21A_T1")


def test_a_new_angle_is_named_after_the_clip_it_stands_beside():
    assert virtual_name(Clip(name="A001C001_21A_T1", camera_label="A"), "V") == "V001C001_21A_T1_GEN"
    assert virtual_name(Clip(name="take seven", camera_label=""), "V") == "V_take seven_GEN"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two cameras of setup A with their tracks, the scan and the papers; their cameras solved."""
    folder = tmp_path_factory.mktemp("coverage")
    for clip in CLIPS:
        for part in (f"camera/21A/{clip}.mp4", f"tracking/{clip}.opentrackio.json", f"lens/{clip}_lens.csv"):
            (folder / "material" / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(MATERIAL / part, folder / "material" / part)
    for part in ("lidar", "paper"):
        shutil.copytree(MATERIAL / part, folder / "material" / part)
    place = folder / "production"
    assert main(["new", str(place), "--name", "P", "--fps", "24", "-q"]) == 0
    main(["ingest", str(place), str(folder / "material"), "--no-proxies", "--no-hash-list", "-q"])
    assert main(["run", str(place), "spatial", "-q"]) == 0
    return place


def target(home: Path, frames: int) -> Path:
    """Half way between the two cameras."""
    a, b = (read_clip_cameras(home / "spatial" / "cameras" / f"{name}.json").cameras[0] for name in CLIPS)
    assert a is not None and b is not None
    between = a.model_copy(update={"translation": tuple(np.add(a.translation, b.translation) / 2)})
    file = home.parent / f"target-{frames}.json"
    file.write_text(json.dumps([between.model_dump(mode="json", by_alias=True)] * frames))
    return file


@pytest.mark.slow
def test_the_new_camera_stands_in_bins_and_conforms_like_a_take(home, tmp_path, capsys):
    settings = ["camera=" + str(target(home, 2)), "height=72", "time_budget=4", "splats=false", "performers=background"]
    shots = Production.open(home)
    with shots.reading() as session:
        name = session.query(Clip).filter(Clip.name == CLIPS[0]).one().shots
    chosen = ["--shot", name[0].name] if name else []
    assert main(["run", str(home), "coverage", *chosen, *(x for s in settings for x in ("--set", s)), "-q"]) == 0
    with Production.open(home) as production, production.reading() as session:
        made = session.query(Clip).filter(Clip.name == "V001C001_21A_T1_GEN").one()
        assert (made.reel, made.camera_label, made.start_timecode, made.height) == ("V001", "V", "10:00:00:00", 72)
        assert {p.purpose for p in made.asset.permissions if p.allowed} <= {"index", "retrieve", "deliver"}
        (version,) = made.shots[0].versions
        assert (version.operation, version.status, version.number) == ("coverage", "to review", 1)
        assert [f["frame"] for f in version.figures["frames"]] == [0, 1] and (home / made.asset.details["proxy"]).is_file()
    assert decide(production, version.id, "Ada", "approved").status == "approved"
    assert main(["run", str(home), "editorial", "-q"]) == 0
    bins = list((home / "editorial" / "bins").iterdir())
    for ending in (".otio", ".ale"):
        assert any("V001C001_21A_T1_GEN" in p.read_text() for p in bins if p.suffix == ending)
    edl = tmp_path / "cut.edl"
    edl.write_text("TITLE: T\nFCM: NON-DROP FRAME\n001  V001     V     C        10:00:00:00 10:00:00:02 01:00:00:00 01:00:00:02\n"
                   "* FROM CLIP NAME: V001C001_21A_T1_GEN\n")  # fmt: skip
    capsys.readouterr()
    assert (
        main(
            [
                "conform",
                str(edl),
                "--media",
                str(home / "spatial" / "coverage"),
                "--out",
                str(tmp_path / "pulled"),
                "--fps",
                "24",
                "--json",
                "-q",
            ]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["matched"] == 1


def test_without_solved_cameras_the_pass_says_what_to_run_first(home, tmp_path, capsys):
    with Production.open(home) as production, production.session() as session:
        clip = session.query(Clip).filter(Clip.name == CLIPS[0]).one()
        kept = clip.asset.details
        clip.asset.details = {k: v for k, v in kept.items() if k != "cameras"}
    assert main(["run", str(home), "coverage", "--set", f"camera={target(home, 1)}", "-q"]) == 2
    assert "run the spatial pass first" in capsys.readouterr().err
    with Production.open(home) as production, production.session() as session:
        session.query(Clip).filter(Clip.name == CLIPS[0]).one().asset.details = kept
