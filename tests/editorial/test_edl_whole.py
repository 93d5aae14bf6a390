"""CMX3600 with all it can say: retimes on both sides of a transition, keys, channels, markers, counting that changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerprint.editorial.channels import channel_name, channels
from answerprint.editorial.edl import read_edl
from answerprint.editorial.edl_write import write_edl
from answerprint.editorial.events import Marker
from answerprint.editorial.timeline import convert, read_timeline, write_timeline
from answerprint.production import BadInput, Timecode

_CORPUS = Path(__file__).parent / "corpus"
_PLAIN = "001  A V C 01:00:05:00 01:00:06:00 01:00:00:00 01:00:01:00\n"


@pytest.fixture
def read(tmp_path):
    def reader(text: str, rate: object = 24):
        (tmp_path / "list.edl").write_text(text)
        return read_edl(tmp_path / "list.edl", rate)  # type: ignore[arg-type]

    return reader


def test_everything_a_list_says_is_in_the_list_written_from_it(tmp_path):
    source = _CORPUS / "split_key_wipe.edl"
    write_edl(tmp_path / "again.edl", read_edl(source, 24))
    squeezed = [{" ".join(line.split()) for line in path.read_text().splitlines()} for path in (source, tmp_path / "again.edl")]
    assert squeezed[0] - squeezed[1] == set()


def test_each_side_of_a_dissolve_has_its_own_speed():
    out, into = (e for e in read_edl(_CORPUS / "split_key_wipe.edl", 24).events if e.number == 2)
    assert (out.frames, out.speed, into.speed) == (0, 0.5, 2.0)


def test_a_speed_goes_to_the_line_whose_reel_it_names(read):
    cut = read(
        "002  A V C 01:00:06:00 01:00:06:00 01:00:01:00 01:00:01:00\n"
        "002  B V D 024 01:00:05:00 01:00:07:00 01:00:01:00 01:00:03:00\n"
        "M2   A  048.0  01:00:06:00\nM2   B  -024.0  01:00:05:00\n"
    )
    assert [e.speed for e in cut.events] == [2.0, -1.0]


@pytest.mark.parametrize(
    ("name", "tracks"),
    [
        ("V", ("V",)),
        ("B", ("V", "A")),
        ("AA/V", ("V", "A", "A2")),
        ("A2/V", ("V", "A2")),
        ("NONE", ()),
        ("A1A2V", ("V", "A", "A2")),
    ],
)
def test_a_channel_name_means_its_tracks(name, tracks):
    assert channels(name) == tracks and channels(channel_name(tracks)) == tracks


def test_aud_lines_add_sound_tracks_to_an_event_without_a_channel():
    event = next(e for e in read_edl(_CORPUS / "split_key_wipe.edl", 24).events if e.track == "NONE")
    assert channels(event.track, event.lines) == ("A3", "A4") and not event.is_picture


def test_a_key_becomes_a_layer_above_its_background_and_is_listed(tmp_path):
    lost = write_timeline(tmp_path / "k.otio", read_edl(_CORPUS / "split_key_wipe.edl", 24))
    assert [item.what for item in lost] == ["key over its background (moved to track V2)"]
    keyed = [e for e in read_timeline(tmp_path / "k.otio").events if e.number == 5]
    assert [(e.reel, e.transition) for e in keyed] == [("D004", "KB"), ("E005", "K")]


def test_markers_are_markers_and_come_back(read, tmp_path):
    cut = read(_PLAIN + "* LOC: 01:00:00:12 RED     ANIM FIX NEEDED\n |C:ResolveColorBlue |M:Marker 1 |D:4\n")
    write_edl(tmp_path / "out.edl", cut)
    found = read_edl(tmp_path / "out.edl", 24).events[0].markers
    assert found == (
        Marker(Timecode.parse("01:00:00:12", 24), "ANIM FIX NEEDED", "RED"),
        Marker(Timecode.parse("01:00:00:00", 24), "Marker 1", "ResolveColorBlue", "", 4),
    )


def test_counting_that_changes_within_a_list_holds_for_the_sources_after_it():
    one, two = read_edl(_CORPUS / "drop_frame.edl", "29.97").events
    assert (one.source_in.drop, two.source_in.drop, two.record_in.drop) == (True, False, True)


def test_a_list_of_colons_changes_counting_by_its_fcm_lines(read):
    cut = read(
        "FCM: NON-DROP FRAME\n" + _PLAIN + "FCM: DROP FRAME\n" + _PLAIN.replace("001", "002").replace(":05:", ":06:"), "29.97"
    )
    assert [e.source_in.drop for e in cut.events] == [False, True] and not any(e.record_in.drop for e in cut.events)
    assert any("FCM changes to drop" in warning for warning in cut.warnings)


def test_a_drop_frame_label_that_does_not_exist_is_refused_with_its_line(read):
    with pytest.raises(BadInput, match="line 1: '01:01:00;00' is a label that drop-frame counting leaves out"):
        read("001 A V C 01:01:00;00 01:01:01;00 01:00:00;00 01:00:01;00\n", "29.97")


def test_a_reel_that_final_cut_shortened_is_whole_again():
    assert read_edl(_CORPUS / "drop_frame.edl", "29.97").events[1].reel == "B001C002_LONG_NAME"


def test_a_cut_over_midnight_goes_on_counting(read):
    cut = read(
        "001 A V C 23:59:59:12 00:00:00:12 23:59:59:00 00:00:00:00\n002 A V C 00:00:00:12 00:00:01:12 00:00:00:00 00:00:01:00\n"
    )
    assert [e.frames for e in cut.events] == [24, 24] and cut.events[1].record_in == cut.events[0].record_out
    assert str(cut.events[1].record_out) == "00:00:01:00"


def test_a_line_nobody_understands_is_kept_where_it_stood(read, tmp_path):
    cut = read(_PLAIN + "EFFECTS NAME IS ROTATE\nWHATEVER THIS IS\n")
    write_edl(tmp_path / "out.edl", cut)
    assert "WHATEVER THIS IS" in (tmp_path / "out.edl").read_text() and "not understood" in cut.warnings[0]


def test_a_second_name_for_one_clip_is_kept_as_a_comment(read):
    event = read(_PLAIN + "* FROM CLIP NAME: one\n* FROM CLIP NAME: other\n").events[0]
    assert (event.clip_name, event.comments) == ("one", ("FROM CLIP NAME: other",))


def test_grades_separated_by_commas_are_read(read):
    cdl = read(_PLAIN + "* ASC_SOP (1.1, 1.0, 0.9) (0.0, 0.01, 0.0) (1, 1, 1)\n").events[0].cdl
    assert cdl is not None and cdl.slope == (1.1, 1.0, 0.9)


def test_what_a_list_has_no_line_for_is_named(tmp_path):
    lost = {item["what"] for item in convert(_CORPUS / "nested.xml", tmp_path / "out.edl")["lost"]}
    assert {"reposition", "nested sequence (its clips stand in its place)", "generator Title (left as a gap)"} <= lost


def test_names_with_line_ends_cannot_forge_events(read, tmp_path):
    from dataclasses import replace

    cut = read(_PLAIN)
    cut.events[0] = replace(cut.events[0], clip_name="one\r\n002 B V C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00")
    write_edl(tmp_path / "out.edl", cut)
    assert len(read_edl(tmp_path / "out.edl", 24).events) == 1
