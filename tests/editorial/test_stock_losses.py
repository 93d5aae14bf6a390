"""What the stock adapters of OpenTimelineIO lose or get wrong, and we do not."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import Timecode

_FORMATS = pytest.mark.parametrize("suffix", [".edl", ".otio", ".xml"])


def _event(number: int, reel: str, source: int, record: int, frames: int, speed: float = 1.0, **more) -> Event:
    tc = lambda f: Timecode(f, Fraction(24))  # noqa: E731
    span = max(1, round(frames * abs(speed)))
    return Event(number, reel, tc(source), tc(source + span), tc(record), tc(record + frames), speed=speed, **more)


def _again(tmp_path, suffix: str, *events: Event) -> Cut:
    write_timeline(tmp_path / f"cut{suffix}", Cut("t", Fraction(24), list(events)))
    return read_timeline(tmp_path / f"cut{suffix}", 24)


@_FORMATS
def test_the_record_starts_where_it_started(tmp_path, suffix):
    assert str(_again(tmp_path, suffix, _event(1, "A001", 100, 86400, 24)).start) == "01:00:00:00"


@_FORMATS
def test_double_speed_over_fifty_frames_takes_a_hundred_source_frames(tmp_path, suffix):
    event = _again(tmp_path, suffix, _event(1, "A001", 1000, 86400, 50, 2.0)).events[0]
    assert (event.speed, event.source_out.frame - event.source_in.frame) == (2.0, 100)


@_FORMATS
def test_a_dissolve_gives_the_incoming_clip_its_own_medium_and_moves_no_neighbour(tmp_path, suffix):
    cut = _again(
        tmp_path,
        suffix,
        _event(1, "A001", 1000, 86400, 48, clip_name="one", source_file="one.mov"),
        _event(
            2,
            "B002",
            2000,
            86448,
            48,
            clip_name="two",
            source_file="two.mov",
            transition="D",
            transition_frames=12,
            outgoing_name="one",
        ),
        _event(3, "C003", 3000, 86496, 48, clip_name="three", source_file="three.mov"),
    )
    shown = [e for e in cut.events if e.frames]
    assert [(e.reel, e.source_file, e.source_in.frame, e.record_in.frame, e.frames) for e in shown] == [
        ("A001", "one.mov", 1000, 86400, 48),
        ("B002", "two.mov", 2000, 86448, 48),
        ("C003", "three.mov", 3000, 86496, 48),
    ]
    assert (shown[1].transition_frames, shown[1].outgoing_name) == (12, "one")


@_FORMATS
def test_a_grade_stays_with_its_event(tmp_path, suffix):
    grade = AscCdl((1.1, 1.0, 0.9), (0.01, 0.0, -0.02), (1.0, 1.05, 1.0), 0.9)
    assert _again(tmp_path, suffix, _event(1, "A001", 100, 86400, 24, cdl=grade)).events[0].cdl == grade


@_FORMATS
def test_a_freeze_stays_a_freeze_of_its_frame(tmp_path, suffix):
    event = _again(tmp_path, suffix, replace(_event(1, "A001", 1000, 86400, 50), speed=0.0)).events[0]
    assert (event.speed, event.source_in.frame, event.frames) == (0.0, 1000, 50)


@_FORMATS
def test_a_reel_longer_than_eight_characters_stays_whole(tmp_path, suffix):
    assert _again(tmp_path, suffix, _event(1, "A001C003_241103_R1AB", 100, 86400, 24)).events[0].reel == "A001C003_241103_R1AB"
