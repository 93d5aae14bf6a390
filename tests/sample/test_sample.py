"""The sample production's paper agrees with itself but for the faults put there on purpose, and its wires are what they say."""

from __future__ import annotations

import json
import zipfile
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from answerprint.editorial.timeline import read_timeline
from answerprint.ingest.paperwork import read_table
from answerprint.ingest.recognise import recognise
from answerprint.production import BadInput
from answerprint.sample import builder, footage
from answerprint.sample.wires import WIRES, coverage


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    builder._paperwork(folder)
    builder._edit(folder)
    return folder


def test_every_paper_is_recognised_without_a_fault(paper: Path) -> None:
    found = {f.name: recognise(f, 60) for f in sorted(paper.rglob("*")) if f.is_file()}
    assert {n: f.problems for n, f in found.items() if f.problems or f.kind == "unknown"} == {}
    assert sorted({f.kind for f in found.values()}) == ["edit", "notes", "report", "script"]


def test_the_script_runs_to_two_pages_and_has_the_scene_that_was_shot(paper: Path) -> None:
    script = recognise(paper / "pruefstand.fountain").metadata
    scenes = {s["number"]: s for s in script["scenes"]}
    assert script["title"]["title"] == "Der Prüfstand"
    assert {"TOMAS", "DR. ANSELM"} <= set(scenes["12"]["characters"])
    assert 8 <= sum(s["eighths"] for s in script["scenes"]) <= 24


def test_the_cut_says_the_same_as_edl_and_as_otio_and_names_one_reel_that_does_not_exist(paper: Path) -> None:
    edl, otio = read_timeline(paper / "pruefstand_v1.edl", 60), read_timeline(paper / "pruefstand_v1.otio")
    assert [(e.reel, e.source_in, e.source_out, e.record_in) for e in edl.events] == [
        (e.reel, e.source_in, e.source_out, e.record_in) for e in otio.events
    ]
    reels = {row["reel"] for row in read_table(paper / "camera_report.csv")}
    assert {e.reel for e in edl.events} - reels == {"D999"}
    assert all(e.cdl for e in edl.events)


def test_clean_up_stays_within_three_hundred_frames() -> None:
    assert sum(end - first + 16 for reel, _, _, first, end in builder._CUT if reel != "D999") <= 300


def test_strokes_name_the_woman_and_a_performer_in_each_camera(paper: Path) -> None:
    for letter in "ABCD":
        strokes = json.loads((paper / "strokes" / f"{letter}001C002_12A_T2.strokes.json").read_text())
        names = [p["name"] for p in strokes["seeds"]["performers"]]
        assert names[0] == "woman" and len(names) > 1


def test_wires_are_thin_and_move() -> None:
    first, later = (np.stack([coverage(w, f, 1088, 1920) for w in WIRES]) for f in (0, 20))
    widths = (first > 0).sum(axis=2).max(axis=1)
    assert (widths <= 8).all() and (widths >= 3).all(), "at most 12 px at HD width, or it would not count as thin"
    assert (first != later).any(axis=(1, 2)).all()


def test_a_wheel_that_is_not_the_one_we_know_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    other = tmp_path / "pose2sim-0.10.49-py3-none-any.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(BadInput, match="SHA-256 differs"):
        footage.wheel_in_cache(footage.FOOTAGE, other)
    with pytest.raises(BadInput, match="no such file"):
        footage.wheel_in_cache(footage.FOOTAGE, tmp_path / "nothing.whl")


def test_paper_is_part_of_the_package() -> None:
    with as_file(files("answerprint.sample") / "paperwork") as folder:
        assert (folder / "consent.json").is_file() and (folder / "rights.json").is_file()
