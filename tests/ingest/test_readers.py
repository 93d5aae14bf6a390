"""Each kind of paper and metadata is taken for what it is, and what only means "none" is never a value."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from answerprint.editorial.events import Cut, Event
from answerprint.editorial.timeline import write_timeline
from answerprint.ingest.join import join
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.recognise import recognise
from answerprint.ingest.script import parse_fountain
from answerprint.production import Timecode


def _clip(name: str, timecode: str = "01:00:00:00") -> IngestedFile:
    facts: dict[str, Any] = {"clip": name, "camera": name[0], "frames": 100, "width": 10, "height": 10, "rate": "60"}
    return IngestedFile(Path(f"{name}.mp4"), "camera", "12", "A", "2", timecode, facts)


def _paper(kind: str, paper: str, **row: str) -> IngestedFile:
    return IngestedFile(Path(f"{paper}.csv"), kind, metadata={"paper": paper, "rows": [row]})  # type: ignore[arg-type]


def test_a_per_frame_table_of_a_camera_is_one_row_with_its_focus_pull(footage):
    file = recognise(footage / "metadata/camera_reports/arri/B001C001_180327_R1ZA.mov.csv")
    (row,) = file.metadata["rows"]
    assert (file.kind, row["clip"], row["reel"], file.timecode) == ("report", "B001C001_180327_R1ZA", "B001R1ZA", "13:36:49:07")
    assert (row["fps"], row["lens"], row["iso"], row["white_balance"]) == ("24.000", "ARRI SP40 T1.8", "400", "3200")
    assert len(set(file.metadata["per_frame"]["focus_distance"]["values"])) == 183


def test_an_impossible_tilt_is_missing_and_not_a_value(footage):
    file = recognise(footage / "metadata/camera_reports/arri/B001C001_180327_R1ZA.mov.csv")
    assert "camera_tilt" not in file.metadata["per_frame"]
    assert "tilt is beyond 360 degrees on 500 frames" in file.problems[0]


def test_a_slate_that_says_there_is_none_is_no_slate(footage):
    file = recognise(footage / "metadata/camera_reports/arri/B001C001_180327_R1ZA.mov.csv")
    assert (file.scene, file.take) == ("", "")


def test_a_listing_of_a_raw_clip_is_a_camera_report(footage):
    file = recognise(footage / "metadata/camera_reports/bmd/metadata.txt")
    (row,) = file.metadata["rows"]
    assert (file.kind, row["clip"], row["take"], row["fps"], row["t_stop"]) == ("report", "A001_04190112_C102", "99", "48", "T2.3")


def test_a_sound_report_with_its_heading_and_old_line_ends_is_read(footage):
    file = recognise(footage / "metadata/sound_bwf/WaveAgentSoundReport.csv")
    assert (file.kind, file.metadata["paper"], len(file.metadata["rows"])) == ("report", "sound report", 9)
    assert file.metadata["rows"][2]["clip"] == "A101_1.WAV" and file.metadata["rows"][2]["timecode"] == "12:39:59:00"


@pytest.mark.parametrize("name", ["complete_dynamic", "complete_static", "recommended_dynamic", "recommended_static"])
def test_opentrackio_is_tracking_with_its_timecode(footage, name):
    file = recognise(footage / f"metadata/opentrackio_classic/examples/{name}_example.json")
    assert (file.kind, file.timecode, file.metadata["rate"]) == ("tracking", "01:02:03:04", "24000/1001")


def test_a_hash_list_names_its_files_with_size_and_hashes(footage):
    file = recognise(next((footage / "provenance/ascmhl/scenario_03/file_server").rglob("0002*.mhl")))
    assert file.kind == "hash-list" and len(file.metadata["entries"]) == 3
    first = file.metadata["entries"][0]
    assert (first["path"], first["size"]) == ("Clips/A002C006_141024_R2EC.mov", 5)
    assert first["hashes"] == {"md5": "f5ac8127b3b6b85cdc13f237c6005d80", "xxh64": "0ea03b369a463d9d"}


def test_a_lens_database_is_not_taken_for_a_calibration(footage):
    file = recognise(footage / "metadata/lensfun_db/misc.xml")
    assert file.kind == "lens" and "cameras" not in file.metadata


def test_an_edit_list_is_known_by_its_lines_whatever_its_name(tmp_path):
    path = tmp_path / "cut.txt"
    path.write_text("TITLE: x\nFCM: NON-DROP FRAME\n001  A V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n")
    assert recognise(path, 24).kind == "edit"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_camera_report_is_read_in_any_dress(tmp_path, encoding, end, delimiter):
    path = tmp_path / "report.csv"
    path.write_bytes(end.join(delimiter.join(row) for row in (["Clip", "Reel", "Notes"], ["a", "b", "Röle"])).encode(encoding))
    assert recognise(path).metadata["rows"] == [{"clip": "a", "reel": "b", "notes": "Röle"}]


@pytest.mark.parametrize("junk", [b"\x00\x01,\x02\n1,2\n", b"", b"\n\n\n", b'"', b"a"])
def test_a_table_that_is_none_is_unknown_with_a_reason(tmp_path, junk):
    (tmp_path / "t.csv").write_bytes(junk)
    file = recognise(tmp_path / "t.csv")
    assert file.kind == "unknown" and file.problems


def test_an_entity_bomb_in_a_script_is_refused(tmp_path):
    (tmp_path / "s.fdx").write_text(
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aa">]><FinalDraft><Content>&a;</Content></FinalDraft>'
    )
    assert recognise(tmp_path / "s.fdx").kind == "unknown"


def test_a_script_in_an_old_encoding_keeps_its_umlauts(tmp_path):
    (tmp_path / "s.fountain").write_bytes("INT. KÜCHE - TAG #1#\n\nÄLINE\nHallo.\n".encode("cp1252"))
    (scene,) = recognise(tmp_path / "s.fountain").metadata["scenes"]
    assert (scene["heading"], scene["characters"]) == ("INT. KÜCHE - TAG", ["ÄLINE"])


def test_every_form_of_scene_heading_is_one(footage):
    scenes = parse_fountain((footage / "script/fountain/SceneHeaders.fountain").read_text()).scenes
    assert [s.heading for s in scenes if s.heading.startswith("I./E.")] == ["I./E. HOUSE - DAY"]
    assert not {"ESTABLISHING", "... not a scene header.", ".. not a scene header."} & {s.heading for s in scenes}


def test_a_transition_at_the_top_is_no_title_page(footage):
    assert parse_fountain((footage / "script/fountain/Transitions.fountain").read_text()).title == {}


_SCENE = "INT. A #1#\n\n"


def test_a_note_over_several_lines_is_one_note_and_no_action():
    (scene,) = parse_fountain(_SCENE + "[[one\n  two]]\n\nHe [[softly]] goes.\n").scenes
    assert (scene.notes, scene.action) == (["one two", "softly"], ["He goes."])


def test_dual_dialogue_and_parentheticals_are_marked():
    (scene,) = parse_fountain(_SCENE + "ADAM\n(calm)\nYes.\n\nEVE ^\nNo.\n").scenes
    assert [(d["character"], d.get("parenthetical", False), d.get("dual", False)) for d in scene.dialogue] == [
        ("ADAM", True, False),
        ("ADAM", False, False),
        ("EVE", False, True),
    ]


def test_a_line_with_a_blank_after_to_is_no_transition():
    (scene,) = parse_fountain(_SCENE + "CUT TO: \n\nSMASH CUT TO:\n\n> BURN OUT.\n\n> THE END <\n").scenes
    assert scene.transitions == ["SMASH CUT TO:", "BURN OUT."] and scene.action == ["CUT TO:", "THE END"]


@pytest.mark.parametrize(("report", "log"), [("yes", "no"), ("no", "yes")])
def test_a_take_circled_in_one_paper_only_is_listed(report, log):
    papers = [
        _paper("report", "camera report", clip="A001C002_12A_T2.mp4", circled=report),
        _paper("notes", "continuity log", scene="12", setup="A", take="2", circled=log),
    ]
    assert "circled in one paper" in join([_clip("A001C002_12A_T2"), *papers]).problems[0]


def test_a_start_timecode_that_differs_from_the_reports_is_listed():
    report = _paper("report", "camera report", clip="A001C002_12A_T2.mp4", timecode="02:00:00:00")
    assert "the report says it starts at 02:00:00:00, the file 01:00:00:00" in join([_clip("A001C002_12A_T2"), report]).problems[0]


def test_an_impossible_timecode_is_a_problem_of_its_clip_and_stops_nothing():
    clip = _clip("A001C002_12A_T2", timecode="01:00:00;00")
    join([clip, _clip("B001C002_12A_T2")])
    assert "drop-frame" in clip.problems[0]


@pytest.mark.parametrize("name", ["aaf/simple.aaf", "ale/sample.ale"])
def test_an_edit_in_any_form_tells_its_events(footage: Path, name: str) -> None:
    file = recognise(footage / "conform" / name, 24)
    assert file.kind == "edit" and file.metadata["events"] > 0 and file.timecode


def test_an_xml_timeline_is_known_by_its_root(tmp_path: Path) -> None:
    at = [Timecode(frame, Fraction(24)) for frame in (24, 48, 86400, 86424)]
    cut = Cut("x", Fraction(24), events=[Event(1, "A001", *at)])
    write_timeline(tmp_path / "cut.xml", cut)
    file = recognise(tmp_path / "cut.xml", None)
    assert file.kind == "edit" and file.metadata["events"] == 1
