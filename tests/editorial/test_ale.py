"""Logs of bins: any encoding, any line end, every column in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerprint.editorial.ale import ale_of, read_ale, write_ale
from answerprint.editorial.events import AscCdl
from answerprint.editorial.timeline import convert, read_timeline, write_timeline
from answerprint.production import BadInput

_CORPUS = Path(__file__).parent / "corpus"
_LOG = (
    "Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t1080\nFPS\t24\n\nColumn\nName\tTape\tStart\tEnd\tWetter\t\n\nData\n"
    "Café Müller\tA001\t01:00:00:00\t01:00:02:00\tnaß\t\n"
)


@pytest.fixture
def read(tmp_path):
    def reader(raw: bytes | str):
        (tmp_path / "log.ale").write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return read_ale(tmp_path / "log.ale")

    return reader


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "mac_roman"])
def test_names_survive_every_encoding(read, encoding):
    assert read(_LOG.encode(encoding)).rows[0][:2] == ["Café Müller", "A001"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "mac_roman"])
def test_a_log_is_written_again_byte_for_byte(read, tmp_path, end, encoding):
    raw = _LOG.replace("\n", end).encode(encoding)
    write_ale(tmp_path / "again.ale", read(raw))
    assert (tmp_path / "again.ale").read_bytes() == raw


def test_real_logs_are_converted_byte_for_byte(footage, tmp_path):
    for path in sorted((footage / "conform/ale").glob("*.ale")):
        assert convert(path, tmp_path / "again.ale")["lost"] == []
        assert (tmp_path / "again.ale").read_bytes() == path.read_bytes()


def test_unknown_columns_survive_another_format_in_their_order(footage, tmp_path):
    source = footage / "conform/ale/sample.ale"
    convert(source, tmp_path / "log.otio")
    convert(tmp_path / "log.otio", tmp_path / "again.ale")
    one, two = read_ale(source), read_ale(tmp_path / "again.ale")
    assert (one.columns, one.rows) == (two.columns, two.rows)


def test_columns_a_format_has_no_place_for_are_named(footage, tmp_path):
    lost = convert(footage / "conform/ale/sample_cdl.ale", tmp_path / "log.edl")["lost"]
    assert {"what": "log column", "where": "R3D.ToneMap", "count": 4} in lost


def test_grades_are_read_from_their_columns(footage):
    event = read_timeline(footage / "conform/ale/sample_cdl.ale").events[0]
    assert event.cdl == AscCdl((0.8714, 0.9334, 0.9947), (-0.087, -0.0922, -0.0808), (0.9988, 1.0218, 1.0101), 0.9)


def test_a_custom_video_format_is_named_as_the_trap_it_is():
    assert any("CUSTOM" in warning for warning in read_timeline(_CORPUS / "custom.ale").warnings)


def test_a_frame_that_is_no_named_format_is_written_as_custom():
    cut = read_timeline(_CORPUS / "nested.xml")
    assert ale_of(cut)[0].said("VIDEO_FORMAT") == "1080"
    cut.size = (4096, 2160)
    assert ale_of(cut)[0].said("VIDEO_FORMAT") == "CUSTOM"


def test_a_rate_its_video_format_does_not_have_is_a_warning(footage):
    assert "does not run at FPS 23.976" in read_timeline(footage / "conform/ale/sample_cdl.ale").warnings[0]


def test_the_rate_of_the_heading_counts_and_none_is_asked_for(read, tmp_path):
    read(_LOG.replace("FPS\t24\n", ""))
    with pytest.raises(BadInput, match="does not say its FPS; give the frame rate with --fps"):
        read_timeline(tmp_path / "log.ale")
    assert read_timeline(tmp_path / "log.ale", 25).rate == 25


def test_a_drop_frame_label_that_does_not_exist_leaves_its_clip_out_and_says_so(read, tmp_path):
    read(_LOG.replace("FPS\t24", "FPS\t29.97").replace("01:00:02:00", "01:01:00;01") + "B\tA002\t01:00:00;02\t01:00:04;02\t\t\n")
    cut = read_timeline(tmp_path / "log.ale")
    assert len(cut.events) == 1 and cut.lost[0].what == "clip whose timecode cannot be read"


def test_a_clip_without_an_end_is_as_long_as_its_duration():
    assert [e.frames for e in read_timeline(_CORPUS / "custom.ale").events] == [96, 48]


def test_a_log_that_is_none_is_one_clear_line(read):
    with pytest.raises(BadInput, match="Heading, Column and Data"):
        read("Heading\nFPS\t24\n")


def test_an_independent_reader_opens_what_is_written(tmp_path):
    import opentimelineio as otio
    import otio_ale_adapter

    assert otio_ale_adapter

    write_timeline(tmp_path / "out.ale", read_timeline(_CORPUS / "custom.ale"))
    clips = list(otio.adapters.read_from_file(str(tmp_path / "out.ale"), adapter_name="ale", fps=24).find_clips())
    assert next((c.name, c.source_range.start_time.value, c.source_range.duration.value) for c in clips) == ("12A-3", 86520, 96)
