"""Conform beyond reel and timecode: file UMIDs, digests, names without reels, black, and the change list on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from answerprint.cli.main import main
from answerprint.editorial.conform import MediaItem, conform
from answerprint.editorial.events import Cut, Event, Reposition
from answerprint.editorial.timeline import read_timeline
from answerprint.production import Timecode
from tests.made_footage import edl, exr_folder


def _event(reel: str = "A001", **more) -> Event:
    tc = lambda f: Timecode(f, Fraction(24))  # noqa: E731
    return Event(1, reel, tc(100), tc(124), tc(0), tc(24), **more)


def _item(name: str, reel: str = "A001", **more) -> MediaItem:
    return MediaItem(reel, name, Timecode(90, Fraction(24)), 100, Fraction(24), Path("/media") / name, **more)


def _conformed(event: Event, *media: MediaItem):
    return conform(Cut("t", Fraction(24), [event]), media).events


def test_a_umid_decides_between_originals_of_one_reel():
    one, two = _item("one.mxf", umid="urn:smpte:umid:01"), _item("two.mxf", umid="urn:smpte:umid:02")
    (found,) = _conformed(_event(umid="URN:SMPTE:UMID:02"), one, two)
    assert found.item is two and "UMID" in found.reason


def test_a_digest_decides_between_originals_of_one_reel():
    one, two = _item("one.mov", digest="a" * 64), _item("two.mov", digest="b" * 64)
    assert _conformed(_event(digest="B" * 64), one, two)[0].item is two


def test_an_original_with_another_digest_is_not_taken():
    (found,) = _conformed(_event(digest="c" * 64), _item("one.mov", digest="a" * 64))
    assert found.status == "missing" and "another digest" in found.reason


def test_digests_of_another_kind_are_not_compared():
    assert _conformed(_event(digest="c" * 32), _item("one.mov", digest="a" * 64))[0].status == "matched"


def test_an_event_without_a_reel_is_found_by_its_file():
    event = _event("", media="file://localhost/raid/My%20Clip.mov", clip_name="12A-3")
    assert _conformed(event, _item("My Clip.mov"), _item("other.mov"))[0].status == "matched"


def test_black_asks_for_no_original():
    assert _conformed(_event("BL")) == []


def test_a_reposition_is_handed_on():
    (found,) = _conformed(_event(reposition=Reposition(1.2, 1.2)), _item("one.mov"))
    assert found.document()["reposition"]["scale_x"] == 1.2


def test_an_otio_clip_of_version_one_without_a_medium_is_read(tmp_path):
    from answerprint.editorial.otio_write import to_otio

    document = json.loads(to_otio(Cut("t", Fraction(24), [_event()]))[0].to_json_string())
    clip = document["tracks"]["children"][0]["children"][0]
    del clip["media_references"], clip["active_media_reference_key"]
    clip["OTIO_SCHEMA"] = "Clip.1"
    (tmp_path / "old.otio").write_text(json.dumps(document))
    assert read_timeline(tmp_path / "old.otio").events == [replace(_event(), clip_name="")]


def test_conform_since_an_older_cut_lists_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exr_folder(tmp_path / "media" / "A001C001", 20, "01:00:00:00", reel="A001")
    (tmp_path / "old").mkdir()
    old = edl(tmp_path / "old" / "cut.edl", ("A001", "01:00:00:06", "01:00:00:10", "10:00:00:00", "10:00:00:04"))
    new = edl(tmp_path / "cut.edl", ("A001", "01:00:00:02", "01:00:00:10", "10:00:00:00", "10:00:00:08"))
    arguments = ["conform", str(new), "--media", str(tmp_path / "media"), "--out", str(tmp_path / "out"), "--fps", "24"]
    assert main([*arguments, "--handles", "2", "--since", str(old), "--json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert (change["kind"], change["head"], change["pull"], change["approval_survives"]) == ("extended", 4, True, False)
    assert json.loads((tmp_path / "out" / "changes.json").read_text())["pull"] == [1]


def test_an_otio_object_that_names_a_key_twice_is_read_or_refused_and_ends_nothing(tmp_path):
    from answerprint.editorial.otio_write import to_otio

    text = to_otio(Cut("t", Fraction(24), [_event()]))[0].to_json_string()
    again = text[text.index('"media_references"') : text.index('"active_media_reference_key"')]
    (tmp_path / "twice.otio").write_text(text.replace('"media_references"', again * 30 + '"media_references"', 1))
    for _ in range(50):  # what the library frees twice does not end the process every time
        assert len(read_timeline(tmp_path / "twice.otio").events) == 1
