"""Between two cuts: what has to be pulled again, and which approvals still stand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from answerprint.editorial.changes import changes
from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.production import Timecode


def _event(number: int, source: int, record: int, frames: int, reel: str = "A001", **more) -> Event:
    tc = lambda f: Timecode(f, Fraction(24))  # noqa: E731
    return Event(number, reel, tc(source), tc(source + frames), tc(record), tc(record + frames), **more)


def _cut(*events: Event) -> Cut:
    return Cut("t", Fraction(24), list(events))


_OLD = _event(1, 1000, 0, 48)


def _one(event: Event, old: Event = _OLD, handles: int = 8):
    (change,) = changes(_cut(old), _cut(event), handles).changes
    return change


def test_what_stays_needs_nothing():
    change = _one(_OLD)
    assert (change.kind, change.pull, change.approved) == ("same", False, True)


def test_what_only_moves_keeps_its_approval():
    change = _one(_event(7, 1000, 480, 48))
    assert (change.kind, change.pull, change.approved) == ("moved", False, True)


def test_what_is_shortened_keeps_its_approval():
    change = _one(_event(1, 1010, 0, 20))
    assert (change.kind, change.pull, change.approved) == ("shortened", False, True)


def test_what_grows_inside_its_handles_is_not_pulled_again_but_must_be_seen_again():
    change = _one(_event(1, 995, 0, 60))
    assert (change.kind, change.head, change.tail, change.pull, change.approved) == ("extended", 5, 7, False, False)


def test_what_grows_beyond_its_handles_is_pulled_again():
    change = _one(_event(1, 1000, 0, 57))
    assert (change.tail, change.pull, change.approved) == (9, True, False)


def test_a_new_grade_ends_the_approval_and_pulls_nothing():
    change = _one(replace(_OLD, cdl=AscCdl(saturation=0.9)))
    assert (change.kind, change.pull, change.approved, change.why) == ("changed", False, False, "grade differs")


def test_a_new_speed_is_pulled_again_where_it_needs_more_source():
    assert _one(replace(_OLD, speed=2.0)).pull and not _one(replace(_OLD, speed=0.5)).pull
    assert not _one(replace(_OLD, speed=0.5)).approved


def test_a_dissolve_put_after_an_event_asks_for_its_tail():
    after = _event(2, 5000, 48, 48, "B001", transition="D", transition_frames=12)
    old = _cut(_OLD, replace(after, transition="C", transition_frames=0))
    first = changes(old, _cut(_OLD, after), handles=8).changes[0]
    assert (first.tail, first.pull) == (12, True)


def test_new_and_removed_events_are_told_apart():
    found = changes(_cut(_OLD, _event(2, 5000, 48, 24, "B001")), _cut(_OLD, _event(2, 100, 48, 24, "C001")))
    assert [c.kind for c in found.changes] == ["same", "new", "removed"]
    assert [e.reel for e in found.to_pull] == ["C001"]


def test_one_event_split_in_two_asks_for_nothing():
    found = changes(_cut(_OLD), _cut(_event(1, 1000, 0, 20), _event(2, 1030, 20, 18)), handles=0)
    assert [(c.kind, c.pull, c.approved) for c in found.changes] == [("shortened", False, True)] * 2


def test_the_same_original_far_away_is_a_new_event():
    assert [c.kind for c in changes(_cut(_OLD), _cut(_event(1, 50_000, 0, 48))).changes] == ["new", "removed"]


def test_a_digest_tells_originals_of_one_reel_apart():
    old, new = replace(_OLD, digest="a" * 64), replace(_OLD, digest="b" * 64)
    assert [c.kind for c in changes(_cut(old), _cut(new)).changes] == ["new", "removed"]


def test_the_document_counts_what_is_to_be_done():
    document = changes(_cut(_OLD), _cut(_event(1, 1000, 0, 80)), handles=8).document()
    assert document["pull"] == [1] and document["approvals_lapsed"] == [1] and document["counts"] == {"extended": 1}
