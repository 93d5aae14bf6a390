"""Synced bins and the string-out: cameras above each other, the sound under them, on the very frame."""

from __future__ import annotations

from fractions import Fraction

import pytest

from answerprint.editorial.ale import read_ale, write_ale
from answerprint.editorial.bins import BinClip, BinSound, bin_log, string_out, synced_bin
from answerprint.editorial.events import AscCdl
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import Timecode

RATE = Fraction(24)
START = Timecode.parse("10:00:00:00", RATE)


def _sound(offset_s: float, seconds: int = 10) -> BinSound:
    begins = Fraction(START.frame, 24) + Fraction(offset_s).limit_denominator(48000)
    return BinSound("7A-T01.wav", "/s/7A-T01.wav", "SR001", begins, Fraction(seconds), offset_s, ("Boom", "Ada"), "waveform")


def _clip(name: str = "A001C001", camera: str = "A", take: str = "1", start: Timecode = START, frames: int = 48, **more) -> BinClip:
    return BinClip(name, name[:4], f"/m/{name}.mov", "7", "A", take, camera, start, frames, **more)


def _rows(cut):
    return [(e.track, e.reel, e.source_in.frame - START.frame, e.record_in.frame - 86400, e.frames) for e in cut.events]


def test_cameras_of_a_take_stand_above_each_other_at_their_own_timecode():
    cut = synced_bin("b", RATE, [_clip(), _clip("B001C001", "B", start=START + 10), _clip("A001C002", take="2", start=START + 500)])
    assert _rows(cut) == [("V", "A001", 0, 0, 48), ("V2", "B001", 10, 10, 48), ("V", "A001", 500, 58, 48)]


@pytest.mark.parametrize(("offset_s", "begins", "label", "frames"), [(-2.0, 0, 0, 48), (0.5, 12, 12, 36), (-9.0, 0, 0, 24)])
def test_the_sound_lies_under_its_clip_on_the_frame_it_was_recorded(offset_s, begins, label, frames):
    assert _rows(synced_bin("b", RATE, [_clip(sound=_sound(offset_s))]))[1] == ("A", "SR001", label, begins, frames)


def test_sound_between_two_frames_is_laid_on_the_nearest_and_the_rest_is_said():
    clock_off = BinSound("s.wav", "/s.wav", "SR001", Fraction(36000), Fraction(10), -1.01, ())
    event = synced_bin("b", RATE, [_clip(sound=clock_off)]).events[1]
    assert event.source_in.frame == 36000 * 24 + 24 and "-10.0 ms" in event.comments[0]


def test_sound_that_does_not_meet_its_clip_is_not_laid():
    assert len(synced_bin("b", RATE, [_clip(sound=_sound(-20))]).events) == 1


def test_a_clip_of_another_rate_is_left_out_and_listed():
    cut = synced_bin("b", RATE, [_clip(), _clip("C001C001", start=Timecode.parse("10:00:00:00", 25))])
    assert len(cut.events) == 1 and cut.lost[0].where == "C001C001"


def test_the_log_marries_each_clip_to_its_sound_and_says_what_the_papers_say(tmp_path):
    clips = [_clip(circled=True, sound=_sound(-2.0), grade=AscCdl(saturation=0.9), notes="Wind", date="2026-11-20")]
    table, lost = bin_log(synced_bin("b", RATE, clips), clips)
    write_ale(tmp_path / "b.ale", table)
    ale = read_ale(tmp_path / "b.ale")
    row = dict(zip(ale.columns, ale.rows[0], strict=True))
    wanted = {"Tape": "A001", "Tracks": "VA1A2", "Start": "10:00:00:00", "End": "10:00:02:00", "Scene": "7", "Setup": "A", "Take": "1",
              "Circled": "yes", "Soundroll": "SR001", "Sound File": "7A-T01.wav", "Sound TC": "10:00:00:00", "Comments": "Wind",
              "ASC_SAT": "0.9000", "CDL Space": "ACEScct", "Shoot Date": "2026-11-20"}  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted and not lost


@pytest.mark.parametrize("suffix", [".otio", ".edl"])
def test_a_string_out_comes_back_as_it_was_laid(tmp_path, suffix):
    cut = string_out("s", RATE, [_clip(circled=True, sound=_sound(0.0), digest="ab" * 32), _clip("B001C001", "B", circled=True)])
    write_timeline(tmp_path / f"s{suffix}", cut)
    again = sorted(read_timeline(tmp_path / f"s{suffix}", 24).events, key=lambda e: (e.record_in.frame, not e.is_picture))
    assert [(e.track, e.reel, e.source_in, e.record_in, e.frames) for e in again] == [
        (e.track, e.reel, e.source_in, e.record_in, e.frames) for e in cut.events
    ]
    assert again[0].markers[0].name.startswith("circled") and again[0].digest == "ab" * 32


def test_the_clap_is_marked_on_its_frame_beside_the_circle():
    (event,) = synced_bin("b", RATE, [_clip(circled=True, clap=3)]).events
    assert [(m.name, m.at.frame - event.record_in.frame) for m in event.markers] == [("circled", 0), ("clap", 3)]
