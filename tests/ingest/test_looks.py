"""Looks, framings and the colour space a clip was recorded in, as they come with the material."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from answerprint.colour.amf import amf_for
from answerprint.colour.amf_write import write_amf
from answerprint.colour.cdl import CDL
from answerprint.ingest.into_catalogue import ingest
from answerprint.ingest.recognise import recognise
from answerprint.media.framing import framed, write_fdl
from answerprint.media.movie import write_prores
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip

UUID = "948e6925-2b2b-4825-8540-368304288a06"


def amf(path: Path, clip: str, space: str) -> None:
    write_amf(path, amf_for(clip, space, CDL(slope=(1.1, 1.0, 0.9), id=clip), "sdr", "2026-01-01T08:00:00Z", UUID, f"{clip}.mov"))


def clips_of(folder: Path, *material: Path) -> tuple[dict[str, str], list[str]]:
    production = Production.create(folder, "show", "24")
    report = ingest(production, material, hash_list=False)
    with production.reading() as session:
        return {clip.name: clip.input_space for clip in session.query(Clip)}, report.problems


@pytest.fixture
def log_clip(tmp_path: Path) -> Path:
    write_prores(tmp_path / "A001C001.mov", [np.full((48, 64, 3), 0.4, np.float32)] * 3, 24, "10:00:00:00", profile="hq")
    return tmp_path / "A001C001.mov"


def test_every_published_look_is_told_by_what_is_in_it(footage: Path) -> None:
    for path in sorted((footage / "grade" / "cdl_lut").glob("*.*")):
        told = recognise(path)
        assert told.kind == "look" and told.metadata["look"] in ("CDL", "table", "CLF"), (path.name, told.problems)
    told = recognise(footage / "grade" / "amf" / "LogCEI800-Rec.709100nitsdim.amf")
    assert (told.kind, told.metadata["look"], told.metadata["input_space"]) == ("look", "AMF", "ARRI LogC3 (EI800)")


def test_a_look_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.cube").write_text("LUT_3D_SIZE 2\n0 0 0\n")
    told = recognise(tmp_path / "a.cube")
    assert told.kind == "unknown" and "holds 1 rows" in told.problems[0]


def test_the_mark_of_a_finished_copy_is_nothing_to_complain_of(tmp_path: Path) -> None:
    (tmp_path / "copy-complete").touch()
    assert (recognise(tmp_path / "copy-complete").kind, recognise(tmp_path / "copy-complete").problems) == ("report", [])


def test_a_framing_is_told(tmp_path: Path) -> None:
    write_fdl(tmp_path / "a.fdl", [framed("A001C002", (4608, 3164), (239, 100))], "Answerprint", UUID)
    told = recognise(tmp_path / "a.fdl")
    assert (told.kind, told.metadata["paper"]) == ("notes", "framing decisions")
    assert told.metadata["framings"][0]["canvas"] == [4608, 3164]


def test_a_clips_amf_names_the_space_it_was_recorded_in(tmp_path: Path, log_clip: Path) -> None:
    amf(tmp_path / "A001C001.amf", "A001C001", "ARRI LogC4")
    assert clips_of(tmp_path / "show", log_clip, tmp_path / "A001C001.amf")[0] == {"A001C001": "ARRI LogC4"}


@pytest.mark.parametrize(
    ("columns", "cells", "space"),
    [
        ("Color Space,Gamma", "S-Gamut3.Cine,S-Log3", "S-Log3 S-Gamut3.Cine"),
        ("Gamma", "LogC3", "ARRI LogC3 (EI800)"),
        ("Gamma", "V-Log", "V-Log V-Gamut"),
        ("Colour Space", "ARRI LogC4", "ARRI LogC4"),
        ("Color Space,Gamma", "REDWideGamutRGB,Log3G10", "Log3G10 REDWideGamutRGB"),
    ],
)
def test_a_camera_report_names_the_space_where_the_file_does_not_know(
    tmp_path: Path, log_clip: Path, columns: str, cells: str, space: str
) -> None:
    (tmp_path / "report.csv").write_text(f"Clip Name,Reel,{columns}\nA001C001,A001,{cells}\n")
    assert clips_of(tmp_path / "show", log_clip, tmp_path / "report.csv")[0] == {"A001C001": space}


def test_a_space_nobody_knows_is_told_and_changes_nothing(tmp_path: Path, log_clip: Path) -> None:
    (tmp_path / "report.csv").write_text("Clip Name,Reel,Gamma\nA001C001,A001,Quux-Log\n")
    spaces, problems = clips_of(tmp_path / "show", log_clip, tmp_path / "report.csv")
    assert spaces == {"A001C001": "Camera Rec.709"}
    assert any("'Quux-Log'" in problem for problem in problems)
