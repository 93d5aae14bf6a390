"""FCP7 XML, FCPXML and AAF: what they mean is read, what they cannot say is named, and others open what is written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from answerprint.editorial.edl import read_edl
from answerprint.editorial.events import Marker, Reposition
from answerprint.editorial.timeline import convert, read_timeline, write_timeline
from answerprint.production import BadInput

_CORPUS = Path(__file__).parent / "corpus"


def _labels(event) -> tuple[str, ...]:
    return tuple(str(t) for t in (event.source_in, event.source_out, event.record_in, event.record_out))


def test_final_cut_xml_is_read_with_its_rate_start_and_size():
    cut = read_timeline(_CORPUS / "nested.xml")
    assert (cut.rate, str(cut.start), cut.size) == (Fraction(24000, 1001), "01:00:00:00", (1920, 1080))


def test_a_dissolve_in_final_cut_xml_begins_where_the_transition_does():
    out, into = read_timeline(_CORPUS / "nested.xml").events[:2]
    assert _labels(out) == ("01:00:06:00", "01:00:08:00", "01:00:00:00", "01:00:02:00")
    assert (_labels(into)[2:], into.transition, into.transition_frames, into.outgoing_name) == (
        ("01:00:02:00", "01:00:04:00"),
        "D",
        12,
        "12A-3",
    )


def test_a_retime_in_final_cut_xml_is_read_from_its_time_map():
    fast = read_timeline(_CORPUS / "nested.xml").events[1]
    assert (fast.speed, *_labels(fast)[:2]) == (2.0, "01:00:05:20", "01:00:09:20")


def test_linked_sound_is_one_event_with_its_picture():
    assert read_timeline(_CORPUS / "nested.xml").events[0].track == "B"


def test_markers_repositions_and_comments_of_final_cut_xml_are_read():
    event = read_timeline(_CORPUS / "nested.xml").events[0]
    assert event.markers[0] == Marker(event.record_in + 6, "look", "RED", "boom in frame")
    assert event.reposition == Reposition(1.1, 1.1, pytest.approx(0.1 * 1920 / 1080), 0.05)
    assert event.comments == ("circled",)


def test_a_nested_sequence_is_unfolded_and_cut_to_what_is_shown():
    inner = read_timeline(_CORPUS / "nested.xml").events[2:]
    assert [(e.clip_name, *_labels(e)[2:]) for e in inner] == [
        ("inner", "01:00:04:00", "01:00:04:08"),
        ("inner 2", "01:00:04:08", "01:00:05:00"),
    ]
    assert str(inner[0].source_in) == "01:00:05:12"


def test_the_stock_reader_finds_the_same_frames_in_our_final_cut_xml(tmp_path):
    import opentimelineio as otio

    cut = read_edl(_CORPUS / "split_key_wipe.edl", 24)
    cut.events = [e for e in cut.events if e.number in (1, 3)]
    write_timeline(tmp_path / "out.xml", cut)
    other = otio.adapters.read_from_file(str(tmp_path / "out.xml"), adapter_name="fcp_xml")
    assert other.global_start_time.value == cut.start.frame
    assert [(c.source_range.start_time.value, c.source_range.duration.value) for c in other.video_tracks()[0].find_clips()] == [
        (e.source_in.frame, e.frames) for e in cut.events
    ]


def test_final_cut_xml_names_the_grade_it_keeps_as_a_note(tmp_path):
    lost = {item["what"] for item in convert(_CORPUS / "split_key_wipe.edl", tmp_path / "out.xml", 24)["lost"]}
    assert any(what.startswith("grade (kept as a log note") for what in lost) and "key" in lost
    assert read_timeline(tmp_path / "out.xml").events[0].cdl == read_edl(_CORPUS / "split_key_wipe.edl", 24).events[0].cdl


def test_characters_xml_cannot_hold_do_not_stop_the_writing(tmp_path):
    cut = read_edl(_CORPUS / "drop_frame.edl", "29.97")
    cut.events[0] = replace(cut.events[0], clip_name="bell \x07 and <tag> & more")
    write_timeline(tmp_path / "out.xml", cut)
    assert read_timeline(tmp_path / "out.xml").events[0].clip_name == "bell \ufffd and <tag> & more"


def test_fcpxml_is_read_in_frames_of_its_sequence():
    cut = read_timeline(_CORPUS / "multicam.fcpxml")
    one = next(e for e in cut.events if e.clip_name == "one")
    assert (cut.rate, str(cut.start), cut.title) == (Fraction(24000, 1001), "01:00:00:00", "Prj")
    assert (one.reel, one.umid, one.source_file) == ("A001", "UMID1", "A001C001.mov")
    assert _labels(one) == ("01:00:01:00", "01:00:01:18", "01:00:00:00", "01:00:00:18")


def test_a_transition_in_fcpxml_lies_over_the_cut_and_a_time_map_is_a_speed():
    two = next(e for e in read_timeline(_CORPUS / "multicam.fcpxml").events if e.clip_name == "two")
    assert (two.transition, two.transition_frames, two.speed) == ("D", 12, 2.0)
    assert _labels(two) == ("01:00:03:12", "01:00:06:00", "01:00:00:18", "01:00:02:00")


def test_connected_clips_and_multicam_angles_of_fcpxml_find_their_place():
    cut = read_timeline(_CORPUS / "multicam.fcpxml")
    assert [(e.track, e.source_file) for e in cut.events if e.track == "A2"] == [("A2", "music.wav")]
    angle = cut.events[-1]
    assert (_labels(angle)[0], _labels(angle)[2]) == ("01:00:01:00", "01:00:03:00")
    assert {"title (left as a gap)", "other angles of a multicam clip"} <= {item.what for item in cut.lost}


def test_fcpxml_is_refused_as_an_output(tmp_path):
    with pytest.raises(BadInput, match="FCPXML is read and not written"):
        write_timeline(tmp_path / "out.fcpxml", read_timeline(_CORPUS / "nested.xml"))


def test_xml_of_another_kind_is_one_clear_line(tmp_path):
    (tmp_path / "a.xml").write_text("<html/>")
    with pytest.raises(BadInput, match="is XML of another kind"):
        read_timeline(tmp_path / "a.xml")


def test_avid_retimes_are_read_exactly(footage):
    cut = read_timeline(footage / "conform/aaf/linear_speed_effects.aaf")
    # Five rows of one to four record frames each; row n shows n source frames, so its speeds are n over 1, 2, 3 and 4.
    assert [(e.frames, Fraction(e.speed).limit_denominator(9)) for e in cut.events] == [
        (length, Fraction(row, length)) for row in range(1, 6) for length in range(1, 5)
    ]


def test_avid_transitions_markers_and_start_are_read(footage):
    cut = read_timeline(footage / "conform/aaf/transitions.aaf")
    assert [(e.transition_frames, e.frames) for e in cut.events if e.is_picture] == [
        (12, 69),
        (48, 113),
        (24, 41),
        (48, 168),
        (0, 82),
        (48, 48),
    ]
    assert str(cut.start) == "01:00:00:00"
    markers = read_timeline(footage / "conform/aaf/multitrack.aaf").markers
    assert [(m.name, m.colour, str(m.at)) for m in markers] == [
        ("v1 red tech", "RED", "01:00:15:15"),
        ("v2 green hawk", "GREEN", "01:00:27:17"),
        ("v3 cyan filler", "CYAN", "01:00:45:20"),
    ]


def test_avid_clips_carry_their_file_their_umid_and_their_bins_columns(footage):
    event = read_timeline(footage / "conform/aaf/simple.aaf").events[0]
    assert (event.track, event.media_frames, str(event.media_start)) == ("AA/V", 720, "01:00:00:00")
    assert event.umid.startswith("urn:smpte:umid:") and event.columns[0][0] == "UNC Path"


def test_the_stock_reader_finds_the_same_frames_in_an_aaf(footage):
    import opentimelineio as otio

    cut = read_timeline(footage / "conform/aaf/simple.aaf")
    other = otio.adapters.read_from_file(str(footage / "conform/aaf/simple.aaf"), adapter_name="AAF")
    clips = list(other.video_tracks()[0].find_clips())
    assert [(c.source_range.start_time.value, c.source_range.duration.value) for c in clips] == [
        (e.source_in.frame, e.frames) for e in cut.events if e.is_picture
    ]


def test_the_stock_reader_finds_the_same_cuts_and_dissolves_in_our_aaf(tmp_path):
    import opentimelineio as otio

    text = (
        "001  A001 V C 01:00:05:00 01:00:06:00 01:00:00:00 01:00:01:00\n"
        "002  A001 V C 01:00:06:00 01:00:06:00 01:00:01:00 01:00:01:00\n"
        "002  B001 V D 024 01:00:05:00 01:00:07:00 01:00:01:00 01:00:03:00\n"
    )
    (tmp_path / "c.edl").write_text(text)
    convert(tmp_path / "c.edl", tmp_path / "c.aaf", 24)
    track = otio.adapters.read_from_file(str(tmp_path / "c.aaf"), adapter_name="AAF").video_tracks()[0]
    found = [
        (type(i).__name__, (i.in_offset + i.out_offset).value if isinstance(i, otio.schema.Transition) else i.duration().value)
        for i in track
    ]
    assert found == [("Clip", 24), ("Transition", 24), ("Clip", 48)]


def test_an_aaf_of_a_retime_is_refused_by_the_event_that_needs_it(tmp_path):
    with pytest.raises(BadInput, match=r"these events need more: .*2 \(retime\).*write .otio or .xml"):
        convert(_CORPUS / "split_key_wipe.edl", tmp_path / "c.aaf", 24)
    assert not list(tmp_path.iterdir())


def test_equal_cuts_make_equal_aafs(tmp_path):
    for name in ("a.aaf", "b.aaf"):
        convert(_CORPUS / "drop_frame.edl", tmp_path / name, "29.97")
    assert (tmp_path / "a.aaf").read_bytes() == (tmp_path / "b.aaf").read_bytes()


def test_what_is_no_aaf_is_one_clear_line(tmp_path):
    for content, reason in (
        (b"nothing", "is no AAF file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 4096, "cannot be read as AAF"),
    ):
        (tmp_path / "x.aaf").write_bytes(content)
        with pytest.raises(BadInput, match=reason):
            read_timeline(tmp_path / "x.aaf")
