"""Framing decisions: what of the canvas is meant to be seen."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.media.framing import Framing, framed, read_fdl, write_fdl
from answerprint.production import BadInput

UUID = "948e6925-2b2b-4825-8540-368304288a06"


def test_a_scope_frame_sits_in_the_middle_of_its_canvas() -> None:
    found = framed("A001C002", (4608, 3164), (239, 100))
    x, y, width, height = found.frame
    assert width == 4608
    assert width / height == pytest.approx(2.39, abs=0.003)
    assert (x, y) == (0, pytest.approx((3164 - height) / 2))


def test_an_anamorphic_frame_is_half_as_wide_before_the_desqueeze() -> None:
    _, _, width, height = framed("A001C002", (2880, 2400), (239, 100), squeeze=2.0).frame
    assert width * 2 / height == pytest.approx(2.39, abs=0.003)


def test_protection_holds_a_share_of_the_picture_back() -> None:
    found = framed("A001C002", (4000, 3000), (4, 3), protection=0.1)
    assert found.frame[2] == pytest.approx(3600, abs=2)
    assert found.protected is not None
    assert found.protected[2] == pytest.approx(4000)


def test_framings_come_back_from_the_file_as_they_were(tmp_path: Path) -> None:
    one = framed("A001C002", (4608, 3164), (239, 100), 0.05, file="A001C002.mxf")
    two = Framing("B001C001", (1920, 1080), (16, 9), (0.0, 0.0, 1920.0, 1080.0), "full", file="B001C001.mov")
    write_fdl(tmp_path / "a.fdl", [one, two], "Answerprint", UUID)
    assert read_fdl(tmp_path / "a.fdl") == [one, two]
    first = (tmp_path / "a.fdl").read_bytes()
    write_fdl(tmp_path / "a.fdl", [one, two], "Answerprint", UUID)
    assert (tmp_path / "a.fdl").read_bytes() == first


def test_what_is_written_has_the_keys_of_the_published_schema(tmp_path: Path) -> None:
    write_fdl(tmp_path / "a.fdl", [framed("A", (1920, 1080), (2, 1))], "Answerprint", UUID)
    document = json.loads((tmp_path / "a.fdl").read_text())
    assert document["version"] == {"major": 2, "minor": 0}
    decision = document["contexts"][0]["canvases"][0]["framing_decisions"][0]
    assert decision["dimensions"] == {"width": 1920.0, "height": 960.0}
    assert decision["anchor_point"] == {"x": 0.0, "y": 60.0}


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"uuid": 3}', "\0", '{"version": {"major": 2, "minor": 0}, "contexts": [{}]}'])
def test_what_is_no_framing_list_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.fdl").write_text(text)
    with pytest.raises(BadInput, match="no ASC framing decision list"):
        read_fdl(tmp_path / "a.fdl")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1500), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_no_mutated_list_does_worse_than_be_refused(tmp_path_factory: pytest.TempPathFactory, edits: list) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "a.fdl"
    write_fdl(file, [framed("A", (1920, 1080), (2, 1), 0.1)], "Answerprint", UUID)
    data = bytearray(file.read_bytes())
    for place, put in edits:
        data[place : place + len(put)] = put
    file.write_bytes(data)
    try:
        read_fdl(file)
    except BadInput:
        return


@pytest.mark.parametrize("number", ["999999999999999999999999", "1e99", "-4294967296", "1e309", "NaN"])
def test_a_number_no_framing_has_is_refused_and_the_process_lives(tmp_path: Path, number: str) -> None:
    write_fdl(tmp_path / "a.fdl", [framed("A001C002", (4608, 3164), (239, 100))], "Answerprint", UUID)
    text = (tmp_path / "a.fdl").read_text()
    (tmp_path / "a.fdl").write_text(text.replace('"minor":0', f'"minor":{number}').replace('"minor": 0', f'"minor": {number}'))
    assert number in (tmp_path / "a.fdl").read_text()
    with pytest.raises(BadInput, match="is no ASC framing decision list"):
        read_fdl(tmp_path / "a.fdl")
