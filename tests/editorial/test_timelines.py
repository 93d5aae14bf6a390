"""Edit lists and timelines come back as they went in, and say what they lost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.editorial.conform import MediaItem, conform
from answerprint.editorial.edl import read_edl
from answerprint.editorial.edl_write import write_edl
from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import BadInput, Timecode


def _event(number: int, source: int, record: int, frames: int, reel: str = "A001", **more) -> Event:
    tc = lambda f: Timecode(f, Fraction(24))  # noqa: E731
    return Event(number, reel, tc(source), tc(source + frames), tc(record), tc(record + frames), **more)


def _item(reel: str, start: int, frames: int, name: str = "clip.mov", rate: int = 24, digest: str = "") -> MediaItem:
    return MediaItem(reel, name, Timecode(start, Fraction(rate)), frames, Fraction(rate), Path("/media") / name, digest or name)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 80000), st.integers(1, 500), st.sampled_from(["A001", "B002C003_LONG_REEL", "Röle"])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([".edl", ".otio"]),
)
def test_a_cut_survives_a_round_trip(tmp_path_factory, specs, suffix):
    events, record = [], 86400
    for number, (source, frames, reel) in enumerate(specs, start=1):
        cdl = AscCdl((1.1, 1.0, 0.9), (0.01, 0.0, -0.02), (1.0, 1.05, 1.0), 0.9) if number % 2 else None
        events.append(_event(number, source, record, frames, reel, clip_name=f"shot {number}", cdl=cdl))
        record += frames
    path = tmp_path_factory.mktemp("cut") / f"cut{suffix}"
    write_timeline(path, Cut("Prüfstand", Fraction(24), events))
    assert read_timeline(path, 24).events == events


@pytest.mark.parametrize("suffix", [".edl", ".otio"])
@pytest.mark.parametrize("speed", [2.0, 0.5, -1.0, 0.0])
def test_a_retime_keeps_its_speed(tmp_path, suffix, speed):
    event = replace(_event(1, 100, 0, 48), speed=speed)
    write_timeline(tmp_path / f"cut{suffix}", Cut("t", Fraction(24), [event]))
    assert read_timeline(tmp_path / f"cut{suffix}", 24).events[0].speed == speed


def test_more_than_999_events_are_read(tmp_path):
    events = [_event(n, 10, n * 5, 5) for n in range(1, 1205)]
    write_edl(tmp_path / "long.edl", Cut("t", Fraction(24), events))
    assert [e.number for e in read_edl(tmp_path / "long.edl", 24).events] == list(range(1, 1205))


def test_a_gap_in_the_record_is_a_gap_in_the_timeline(tmp_path):
    cut = Cut("t", Fraction(24), [_event(1, 0, 100, 10), _event(2, 50, 130, 10)])
    write_timeline(tmp_path / "c.otio", cut)
    assert [e.record_in.frame for e in read_timeline(tmp_path / "c.otio").events] == [100, 130]


def test_real_edit_lists_are_read(footage):
    found = {f.name: read_timeline(f, 25 if f.name == "25fps.edl" else 24) for f in sorted((footage / "conform/edl").glob("*.edl"))}
    assert {name: len(cut.events) for name, cut in found.items()} == {
        "25fps.edl": 4,
        "avid_example.edl": 2,
        "cdl.edl": 2,
        "dissolve_test.edl": 4,
        "screening_example.edl": 9,
        "speed_effects_small.edl": 5,
    }
    assert found["cdl.edl"].events[0].cdl == AscCdl((0.1, 0.2, 0.3), (1.0, -0.0122, 0.0305), (1.0, 0.0, 1.0), 0.9)
    assert found["speed_effects_small.edl"].events[1].speed == 0.0


def test_an_edit_list_at_another_rate_names_the_line_and_the_remedy(footage):
    with pytest.raises(BadInput, match=r"line 13: .* does not exist at 24 frames per second; give the cut's frame rate with --fps"):
        read_timeline(footage / "conform/edl/25fps.edl", 24)


def test_a_timeline_of_an_unknown_schema_is_one_clear_line(footage):
    with pytest.raises(BadInput, match="cannot be read as OTIO"):
        read_timeline(footage / "conform/otio/screening_example.otio")


def test_an_event_whose_reel_is_missing_is_reported_and_not_guessed():
    cut = Cut("t", Fraction(24), [_event(1, 100, 0, 24, "A001"), _event(2, 100, 24, 24, "D999")])
    result = conform(cut, [_item("A001", 90, 100)], handles=8)
    assert [e.status for e in result.events] == ["matched", "missing"]
    assert "D999" in result.events[1].reason and result.events[1].media is None


def test_handles_stop_where_the_original_does():
    event = conform(Cut("t", Fraction(24), [_event(1, 93, 0, 24)]), [_item("A001", 90, 40)], handles=8).events[0]
    assert (event.handle_in, event.handle_out) == (3, 8)


def test_timecode_beyond_the_original_is_out_of_range():
    assert conform(Cut("t", Fraction(24), [_event(1, 100, 0, 24)]), [_item("A001", 90, 20)]).events[0].status == "out_of_range"


def test_two_originals_that_both_fit_are_ambiguous_unless_the_clip_name_decides():
    media = [_item("A001", 0, 500, "one.mov"), _item("A001", 0, 500, "two.mov")]
    assert conform(Cut("t", Fraction(24), [_event(1, 100, 0, 24)]), media).events[0].status == "ambiguous"
    named = conform(Cut("t", Fraction(24), [_event(1, 100, 0, 24, clip_name="two.mov")]), media).events[0]
    assert named.item is media[1]


def test_an_original_at_another_rate_is_not_matched():
    event = conform(Cut("t", Fraction(24), [_event(1, 100, 0, 24)]), [_item("A001", 0, 500, rate=25)]).events[0]
    assert event.status == "missing" and "25" in event.reason


def test_a_double_speed_event_needs_twice_the_source():
    fast = replace(_event(1, 100, 0, 24), speed=2.0)
    assert conform(Cut("t", Fraction(24), [fast]), [_item("A001", 100, 47)]).events[0].status == "out_of_range"
    assert conform(Cut("t", Fraction(24), [fast]), [_item("A001", 100, 48)]).events[0].status == "matched"


def test_two_hundred_events_conform_frame_accurately_but_for_the_missing_reel():
    media = [_item(f"A{n:03d}", 86400 + n * 1000, 900, f"clip{n}.mov") for n in range(20)]
    events = [_event(i + 1, 86400 + (i % 20) * 1000 + i, i * 30, 30, f"A{i % 20:03d}" if i != 77 else "X404") for i in range(200)]
    result = conform(Cut("t", Fraction(24), events), media)
    assert [e.number for e in result.events if e.status != "matched"] == [78]
    assert all(e.item is media[(e.number - 1) % 20] for e in result.events if e.status == "matched")
