"""Conform on loose material: matched by reel and timecode, pulled with handles, the rest reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from answerprint.editorial.timeline import read_timeline
from answerprint.media.sequence import open_sequence
from answerprint.passes.pull import REPORT, conform_folder
from answerprint.production import BadInput
from tests.made_footage import edl, exr_folder, movie


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


@pytest.fixture
def media(tmp_path: Path) -> Path:
    exr_folder(tmp_path / "media" / "A001C001", 20, "01:00:00:00", reel="A001")
    movie(tmp_path / "media" / "B001C001.mp4", 20, start="02:00:00:00")
    return tmp_path / "media"


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    return edl(
        tmp_path / "cut é.edl",
        ("A001", "01:00:00:06", "01:00:00:10", "10:00:00:00", "10:00:00:04"),
        ("B001", "02:00:00:00", "02:00:00:05", "10:00:00:04", "10:00:00:09"),
        ("D999", "01:00:00:00", "01:00:00:05", "10:00:00:09", "10:00:00:14"),
    )


def test_matched_events_come_with_the_handles_there_are(tmp_path: Path, media: Path, cut: Path) -> None:
    conform_folder(cut, [media], tmp_path / "out", "24", 3, quiet)
    first = open_sequence(tmp_path / "out" / "001_A001C001")
    assert (first.names[0], first.count, first.start_timecode) == ("A001C001.1004.exr", 10, "01:00:00:03")
    second = open_sequence(tmp_path / "out" / "002_B001C001", 24)
    assert (second.file_format, second.storage, second.count, second.start_timecode) == ("tiff", "uint16", 8, "02:00:00:00")


def test_frames_of_a_folder_are_the_originals_own_bytes(tmp_path: Path, media: Path, cut: Path) -> None:
    conform_folder(cut, [media], tmp_path / "out", "24", 0, quiet)
    pulled = sorted((tmp_path / "out" / "001_A001C001").iterdir())
    assert len(pulled) == 4
    assert all(frame.read_bytes() == (media / "A001C001" / frame.name).read_bytes() for frame in pulled)


def test_a_reel_that_is_not_there_is_reported_and_not_guessed(tmp_path: Path, media: Path, cut: Path) -> None:
    document = conform_folder(cut, [media], tmp_path / "out", "24", 0, quiet)
    assert [event["status"] for event in document["events"]] == ["matched", "matched", "missing"]
    assert (document["matched"], document["missing"]) == (2, 1)
    assert "D999" in document["events"][2]["reason"]
    assert json.loads((tmp_path / "out" / REPORT).read_text())["missing"] == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["001_A001C001", "002_B001C001"]


def test_a_cut_at_another_rate_matches_nothing(tmp_path: Path, media: Path, cut: Path) -> None:
    document = conform_folder(cut, [media], tmp_path / "out", "25", 0, quiet)
    assert document["matched"] == 0
    assert "runs at 24, the cut at 25" in document["events"][0]["reason"]


def test_the_conformed_cut_links_to_its_frames(tmp_path: Path, media: Path, cut: Path) -> None:
    conform_folder(cut, [media], tmp_path / "out", "24", 0, quiet)
    linked = tmp_path / "out" / "cut é.otio"
    assert len(read_timeline(linked).events) == 3
    assert "001_A001C001" in linked.read_text()


def test_pulling_again_goes_on_where_it_stopped(tmp_path: Path, media: Path, cut: Path) -> None:
    conform_folder(cut, [media], tmp_path / "out", "24", 0, quiet)
    frames = sorted((tmp_path / "out" / "002_B001C001").iterdir())
    before = [frame.read_bytes() for frame in frames]
    frames[1].unlink()
    times = [frame.stat().st_mtime_ns for frame in frames[2:]]
    conform_folder(cut, [media], tmp_path / "out", "24", 0, quiet)
    assert [frame.read_bytes() for frame in frames] == before
    assert [frame.stat().st_mtime_ns for frame in frames[2:]] == times


def test_handles_cannot_be_less_than_none(tmp_path: Path, media: Path, cut: Path) -> None:
    with pytest.raises(BadInput, match="--handles"):
        conform_folder(cut, [media], tmp_path / "out", "24", -1, quiet)
    assert not (tmp_path / "out").exists()
