"""Delivering again: names and events stay, an artist's file is never written over, and what changed counts up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from answerprint.colour import cdl
from answerprint.deliver.package import write_package
from answerprint.editorial.events import AscCdl
from answerprint.editorial.timeline import read_timeline
from answerprint.production import BadInput
from answerprint.provenance.keys import own_signer
from answerprint.provenance.verify import verify

from .made import delivery, silent


def deliver(folder: Path, receiver: str = "nuke", **changed: object) -> dict[str, object]:
    return write_package(delivery(folder, **changed), receiver, folder / "out", own_signer(), silent, movie=False)  # type: ignore[arg-type]


def test_a_re_run_with_the_same_pictures_keeps_names_and_events(tmp_path: Path) -> None:
    first = deliver(tmp_path)
    events = [(e.number, e.reel, e.record_in) for e in read_timeline(tmp_path / "out" / "edit" / "DerPrufstand.edl", 24).events]
    again = deliver(tmp_path, version="v002", number=2)
    assert again["shots"] == first["shots"]
    assert [
        (e.number, e.reel, e.record_in) for e in read_timeline(tmp_path / "out" / "edit" / "DerPrufstand.edl", 24).events
    ] == events
    assert verify(tmp_path / "out").intact


def test_other_pictures_get_the_next_version_and_the_other_shots_keep_theirs(tmp_path: Path) -> None:
    deliver(tmp_path)
    again = deliver(tmp_path, version="v002", change=0.25, number=2)
    assert again["shots"] == {"7A_0010": "DerPrufstand_7A_0010_cleanup_AP_v002", "7B_0020": "DerPrufstand_7B_0020_plate_AP_v001"}


def test_a_plate_keeps_its_version_while_the_result_over_it_changes(tmp_path: Path) -> None:
    deliver(tmp_path, "netflix-vfx")
    deliver(tmp_path, "netflix-vfx", version="v002", change=0.25, number=2)
    assert [p.name for p in (tmp_path / "out" / "plates").iterdir()] == ["DerPrufstand_7A_0010_PL01_v001"]
    assert (tmp_path / "out" / "finals" / "DerPrufstand_7A_0010_cleanup_AP_v002").is_dir()


def test_what_an_artist_added_and_changed_is_kept_byte_for_byte(tmp_path: Path) -> None:
    name = str(deliver(tmp_path)["shots"]["7A_0010"])  # type: ignore[index]
    out = tmp_path / "out"
    painted, script, fixed = (
        out / "artist" / "7A_0010" / "comp.1001.exr",
        out / "nuke" / f"{name}.nk",
        out / "frames" / name / f"{name}.1002.exr",
    )
    painted.write_bytes(b"paint")
    script.write_text(script.read_text() + "# my comp\n")
    fixed.write_bytes(b"a repaired frame")
    again = deliver(tmp_path, version="v002", number=2)
    assert (
        painted.read_bytes() == b"paint"
        and script.read_text().endswith("# my comp\n")
        and fixed.read_bytes() == b"a repaired frame"
    )
    assert sorted(again["kept"]) == sorted(p.relative_to(out).as_posix() for p in (painted, script, fixed))  # type: ignore[call-overload]
    assert (out / "redelivered" / fixed.relative_to(out)).is_file()
    assert verify(out).intact, verify(out).faults[:2]
    assert json.loads((out / "manifest.json").read_text())["kept"] == again["kept"]
    third = deliver(tmp_path, version="v003", number=3)
    assert painted.read_bytes() == b"paint" and set(again["kept"]) <= set(third["kept"])  # type: ignore[call-overload]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="new or empty"):
        deliver(tmp_path)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def test_the_package_of_another_receiver_is_left_alone(tmp_path: Path) -> None:
    deliver(tmp_path)
    ours = delivery(tmp_path, version="v002")
    with pytest.raises(BadInput, match="for nuke"):
        write_package(ours, "flame", tmp_path / "out", own_signer(), silent, movie=False)


def test_the_grade_that_came_with_the_cut_stays_in_the_edit_and_ours_lies_beside_it(tmp_path: Path) -> None:
    theirs = AscCdl((0.9, 1.0, 1.1), saturation=0.8)
    made = delivery(tmp_path)
    first = made.shots[0]
    graded = replace(made, shots=[replace(first, event=replace(first.event, cdl=theirs)), *made.shots[1:]])
    told = write_package(graded, "resolve", tmp_path / "out", own_signer(), silent, movie=False)
    edit = read_timeline(tmp_path / "out" / "edit" / "DerPrufstand.edl", 24)
    assert edit.events[0].cdl == theirs
    (ours,) = cdl.read(tmp_path / "out" / "grades" / "DerPrufstand.ccc")
    assert ours.slope == pytest.approx((1.1, 1.0, 0.9)) and any("Two layers" in line for line in told["attention"])
