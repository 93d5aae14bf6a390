"""Edit lists as editing systems really write them: what they mean is kept, and nothing is changed without a word."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from answerprint.editorial.conform import MediaItem, conform
from answerprint.editorial.edl import read_edl
from answerprint.editorial.edl_write import write_edl
from answerprint.editorial.events import Cut
from answerprint.editorial.timeline import convert, read_timeline, write_timeline
from answerprint.production import BadInput, Timecode

_HEAD = "TITLE: t\nFCM: NON-DROP FRAME\n"
_PLAIN = "001  A V C 01:00:05:00 01:00:06:00 01:00:00:00 01:00:01:00\n"
_DISSOLVE = (
    _PLAIN + "* FROM CLIP NAME: one\n"
    "002  A V C 01:00:06:00 01:00:06:00 01:00:01:00 01:00:01:00\n"
    "002  B V D 024 01:00:05:00 01:00:07:00 01:00:01:00 01:00:03:00\n"
    "* FROM CLIP NAME: one\n* TO CLIP NAME: two\n"
)


@pytest.fixture
def read(tmp_path):
    def reader(text: str | bytes, rate: object = 24) -> Cut:
        path = tmp_path / "list.edl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_edl(path, rate)  # type: ignore[arg-type]

    return reader


def _item(reel: str, start: str, frames: int, rate: Fraction | str = Fraction(24)) -> MediaItem:
    return MediaItem(reel, reel, Timecode.parse(start, rate), frames, rate, Path("/media") / reel, reel)


def test_a_drop_frame_line_makes_colon_labels_drop_frame(read):
    text = "TITLE: t\nFCM: DROP FRAME\n001  A V C 01:01:00:02 01:01:01:02 01:00:00:00 01:00:01:00\n"
    assert str(read(text, "29.97").events[0].source_in) == "01:01:00;02"


def test_a_drop_frame_line_at_24_is_a_warning_and_not_an_error(read):
    assert "read as non-drop" in read("TITLE: t\nFCM: DROP FRAME\n" + _PLAIN).warnings[0]


def test_labels_with_semicolons_throughout_are_read(read):
    assert read("001  A V C 01;00;00;02 01;00;01;02 01;00;00;02 01;00;01;02\n", "29.97").events[0].frames == 30


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_clip_name_survives_the_encoding_of_its_list(read, encoding):
    assert read((_HEAD + _PLAIN + "* FROM CLIP NAME: Prüfstand\r\n").encode(encoding)).events[0].clip_name == "Prüfstand"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_matter(read, end):
    assert len(read((_HEAD + _DISSOLVE).replace("\n", end)).events) == 3


def test_what_is_no_text_is_one_clear_line(read):
    with pytest.raises(BadInput, match="is not a text file"):
        read(b"\x00\x01\x02" * 50)


def test_a_list_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        read_edl(tmp_path / "none.edl", 24)


def test_speed_counts_in_labelled_frames_also_at_23976(read):
    text = _PLAIN.replace("01:00:06:00 01:00:00:00", "01:00:07:00 01:00:00:00") + "M2   A       048.0    01:00:05:00\n"
    assert read(text, "23.976").events[0].speed == 2.0


def test_a_speed_line_without_its_entry_timecode_counts(read):
    assert read(_PLAIN + "M2   A  012.0\n").events[0].speed == 0.5


def test_speeds_with_two_decimals_come_back_the_same(read, tmp_path):
    cut = read(_PLAIN + "M2   A  047.56  01:00:05:00\n")
    write_edl(tmp_path / "out.edl", cut)
    assert read_edl(tmp_path / "out.edl", 24).events[0].speed == pytest.approx(cut.events[0].speed, abs=1e-9)


@pytest.mark.parametrize("ends", ["01:00:05:23 01:00:04:23", "01:00:05:00 01:00:06:00"])
def test_a_reverse_event_needs_the_same_frames_whichever_end_it_names_first(read, ends):
    cut = read(f"001  A V C {ends} 01:00:00:00 01:00:01:00\nM2   A  -024.0  01:00:05:23\n")
    event = conform(cut, [_item("A", "01:00:05:00", 24)]).events[0]
    assert (event.status, str(event.source_in), str(event.source_out)) == ("matched", "01:00:05:00", "01:00:06:00")


def test_decimal_commas_in_a_grade_are_read_as_decimals(read):
    cdl = read(_PLAIN + "* ASC_SOP (1,1 1,0 0,9)(0,0 0,01 0,0)(1,0 1,0 1,0)\n* ASC_SAT 0,9\n").events[0].cdl
    assert cdl is not None and (cdl.slope, cdl.saturation) == ((1.1, 1.0, 0.9), 0.9)


def test_a_grade_keeps_every_digit(read, tmp_path):
    cut = read(_PLAIN + "* ASC_SOP (1.12345678 1 1)(0 0 -0.00001234)(1 1 1)\n* ASC_SAT 1\n")
    write_edl(tmp_path / "out.edl", cut)
    assert read_edl(tmp_path / "out.edl", 24).events[0].cdl == cut.events[0].cdl


def test_comments_before_the_first_event_are_kept(read, tmp_path):
    write_edl(tmp_path / "out.edl", read(_HEAD + "* from the assistant\n" + _PLAIN))
    assert read_edl(tmp_path / "out.edl", 24).heading == ("from the assistant",)


def test_a_dissolve_survives_list_to_otio_to_list(read, tmp_path):
    write_timeline(tmp_path / "c.otio", read(_HEAD + _DISSOLVE))
    convert(tmp_path / "c.otio", tmp_path / "c.edl")
    lines = (tmp_path / "c.edl").read_text().split("\n")
    assert [" ".join(line.split()) for line in lines if line[:3] == "002"] == [
        "002 A V C 01:00:06:00 01:00:06:00 01:00:01:00 01:00:01:00",
        "002 B V D 024 01:00:05:00 01:00:07:00 01:00:01:00 01:00:03:00",
    ]
    event = read_edl(tmp_path / "c.edl", 24).events[-1]
    assert (event.outgoing_name, event.clip_name) == ("one", "two")


def test_a_dissolve_needs_the_tail_of_the_source_it_leaves(read):
    cut = read(_DISSOLVE)
    incoming = _item("B", "01:00:05:00", 48)
    assert conform(cut, [_item("A", "01:00:05:00", 47), incoming]).events[0].status == "out_of_range"
    assert conform(cut, [_item("A", "01:00:05:00", 48), incoming]).events[0].status == "matched"


def test_a_transition_centred_on_the_cut_becomes_one_that_begins_earlier(footage, tmp_path):
    done = convert(footage / "conform/otio/transition.otio", tmp_path / "t.edl")
    events = read_timeline(tmp_path / "t.edl", 24).events
    into = next(e for e in events if e.transition == "D")
    assert (str(into.record_in), into.transition_frames, into.outgoing_name, into.clip_name) == (
        "00:00:00:07",
        5,
        "Clip-002",
        "Clip-003",
    )
    assert not [item for item in done["lost"] if "transition" in item["what"]]


def test_a_timeline_without_reels_writes_a_list_that_can_be_read_and_says_so(footage, tmp_path):
    lost = convert(footage / "conform/otio/simple_cut.otio", tmp_path / "t.edl")["lost"]
    assert len([item for item in lost if item["what"].startswith("no reel is known")]) == 4
    assert all(event.reel for event in read_timeline(tmp_path / "t.edl", 24).events)


def test_a_second_picture_track_keeps_its_place_in_time(read, tmp_path):
    write_timeline(tmp_path / "c.otio", read(_PLAIN + _PLAIN.replace("001  A V", "002  B V2")))
    found = read_timeline(tmp_path / "c.otio").events
    assert [(e.reel, e.track, str(e.record_in)) for e in found] == [("A", "V", "01:00:00:00"), ("B", "V2", "01:00:00:00")]


def test_sound_stays_sound_and_is_not_looked_for_among_originals(read, tmp_path):
    cut = read(_PLAIN + _PLAIN.replace("001  A V", "002  S A"))
    write_timeline(tmp_path / "c.otio", cut)
    assert [e.track for e in read_timeline(tmp_path / "c.otio").events] == ["V", "A"]
    assert [e.event.reel for e in conform(cut, [_item("A", "01:00:05:00", 24)]).events] == ["A"]


def test_events_that_overlap_on_one_track_are_listed_as_lost(read, tmp_path):
    read(_PLAIN + "002  B V C 01:00:05:00 01:00:06:00 01:00:00:12 01:00:01:12\n")
    assert "overlap" in convert(tmp_path / "list.edl", tmp_path / "c.otio", 24)["lost"][0]["what"]


def test_a_nested_sequence_is_listed_and_leaves_a_gap(footage, tmp_path):
    done = convert(footage / "conform/otio/nested_example.otio", tmp_path / "n.edl")
    assert sum(item["what"].startswith("nested sequence") for item in done["lost"]) == 3 and done["events"] == 4


def test_a_clip_cut_in_two_gets_a_number_of_its_own(read, tmp_path):
    import opentimelineio as otio

    write_timeline(tmp_path / "c.otio", read(_PLAIN))
    timeline = otio.adapters.read_from_file(str(tmp_path / "c.otio"))
    timeline.tracks[0].append(timeline.tracks[0][0].clone())
    otio.adapters.write_to_file(timeline, str(tmp_path / "c.otio"))
    assert [e.number for e in read_timeline(tmp_path / "c.otio").events] == [1, 2]


def test_an_otio_that_is_no_timeline_is_one_clear_line(tmp_path):
    (tmp_path / "c.otio").write_text('{"OTIO_SCHEMA": "Clip.1"}')
    with pytest.raises(BadInput, match="it holds no timeline"):
        read_timeline(tmp_path / "c.otio")


def test_media_whose_rate_is_written_as_text_is_matched(read):
    assert conform(read(_PLAIN), [_item("A", "01:00:05:00", 24, rate="24")]).events[0].status == "matched"


def test_a_list_read_without_a_rate_says_which_was_taken(tmp_path):
    (tmp_path / "c.edl").write_text(_PLAIN)
    assert "taken as 24" in read_timeline(tmp_path / "c.edl").warnings[0]
