"""Every format gives back, frame for frame, what it was given; what it cannot carry it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from answerprint.editorial.conform import source_span
from answerprint.editorial.events import Cut, Event
from answerprint.editorial.timeline import WRITABLE, read_timeline, write_timeline
from answerprint.production import BadInput
from tests.editorial.generated import generated_cut, said, same

_SEEDS = st.integers(0, 2**32 - 1)
_NO_SHRINKING = (Phase.explicit, Phase.generate)  # a seed has no simpler neighbour
_EVERYTHING = (
    "reel", "source_in", "record_in", "record_out", "track", "transition", "transition_frames", "speed", "clip_name", "source_file",
    "cdl", "comments", "outgoing_name", "markers",
)  # fmt: skip


def _spans(events: list[Event]) -> list[tuple[int, int]]:
    return [source_span(e) for e in sorted(events, key=lambda e: e.record_in.frame) if e.frames]


@settings(max_examples=4, deadline=None, phases=_NO_SHRINKING)
@given(_SEEDS)
def test_five_hundred_events_survive_an_edit_list(tmp_path_factory, seed):
    cut, path = generated_cut(seed), tmp_path_factory.mktemp("cut") / "cut.edl"
    write_timeline(path, cut)
    again = read_timeline(path, cut.rate)
    assert not same(said(again.events, *_EVERYTHING), said(cut.events, *_EVERYTHING))
    assert again.drop == cut.drop


@settings(max_examples=4, deadline=None, phases=_NO_SHRINKING)
@given(_SEEDS)
def test_five_hundred_events_survive_otio_with_nothing_lost(tmp_path_factory, seed):
    cut, path = generated_cut(seed), tmp_path_factory.mktemp("cut") / "cut.otio"
    assert write_timeline(path, cut) == []
    assert not same([e for e in read_timeline(path).events if e.frames], cut.events)


@settings(max_examples=4, deadline=None, phases=_NO_SHRINKING)
@given(_SEEDS)
def test_five_hundred_events_survive_final_cut_xml(tmp_path_factory, seed):
    cut, path = generated_cut(seed), tmp_path_factory.mktemp("cut") / "cut.xml"
    write_timeline(path, cut)
    again = read_timeline(path)
    kept = tuple(name for name in _EVERYTHING if name != "source_in")
    assert not same(said(again.events, *kept), said(cut.events, *kept))
    assert not same(_spans(again.events), _spans(cut.events))
    assert [e.reposition is None for e in again.events] == [e.reposition is None for e in cut.events]


@settings(max_examples=1, deadline=None, phases=_NO_SHRINKING)
@given(_SEEDS)
def test_five_hundred_cuts_and_dissolves_survive_aaf(tmp_path_factory, seed):
    cut, path = generated_cut(seed, plain=True), tmp_path_factory.mktemp("cut") / "cut.aaf"
    write_timeline(path, cut)
    again = read_timeline(path)
    kept = ("reel", "source_in", "source_out", "record_in", "record_out", "track", "transition", "transition_frames", "media")
    assert not same(said(again.events, *kept), said(cut.events, *kept))
    assert [m.at for m in again.markers] == sorted((m.at for e in cut.events for m in e.markers), key=lambda t: t.frame)


@settings(max_examples=4, deadline=None, phases=_NO_SHRINKING)
@given(_SEEDS)
def test_five_hundred_sources_survive_a_log(tmp_path_factory, seed):
    cut, path = generated_cut(seed, plain=True), tmp_path_factory.mktemp("cut") / "cut.ale"
    lost = write_timeline(path, cut)
    kept = ("reel", "source_in", "source_out", "clip_name", "source_file", "cdl", "media")
    assert not same(said(read_timeline(path).events, *kept), said(cut.events, *kept))
    assert "transition" in {item.what for item in lost} or not any(e.transition_frames for e in cut.events)


@pytest.fixture(scope="module")
def real(footage: Path) -> dict[str, Cut]:
    """Every real file but one, whose schema is of no current version and which is refused."""
    paths = (p for p in (footage / "conform").rglob("*") if p.suffix in (".edl", ".ale", ".otio", ".aaf"))
    return {
        p.name: read_timeline(p, 25 if p.name == "25fps.edl" else 24) for p in sorted(paths) if p.name != "screening_example.otio"
    }


@pytest.mark.parametrize("target", WRITABLE)
def test_every_real_file_survives_every_format(real, tmp_path, target):
    tried = 0
    for name, cut in real.items():
        try:
            write_timeline(tmp_path / f"x{target}", cut)
        except BadInput as error:
            assert target == ".aaf" and "need more" in str(error) and any(e.speed != 1.0 for e in cut.events)
            continue
        again, tried = read_timeline(tmp_path / f"x{target}", cut.rate), tried + 1
        names = ("source_in",) if target == ".ale" else ("source_in", "record_in", "record_out", "transition_frames")
        before, after = ([e for e in c.events if e.is_picture and not e.is_black] for c in (cut, again))
        assert sorted(said(before, *names)) == sorted(said(after, *names)), name
        if target != ".ale":
            assert [round(s, 6) for (s,) in said(before, "speed")] == [round(s, 6) for (s,) in said(after, "speed")]
    assert tried >= 13


def test_more_than_fits_a_strict_list_is_said(tmp_path):
    cut = generated_cut(7, 1200, plain=True)
    lost = write_timeline(tmp_path / "long.edl", cut)
    assert next(item.count for item in lost if "999" in item.what) == 201
    assert len([e for e in read_timeline(tmp_path / "long.edl", cut.rate).events if e.frames]) == 1200
