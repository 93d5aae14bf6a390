"""AAF within AAF: effects inside effects and sequences inside sequences come out as events on their frames, what they lose is named."""

from __future__ import annotations

import uuid
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import pytest

from answerprint.editorial.events import Cut, Event, Marker
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.production import Timecode

RATE = Fraction(24)


def _tc(frame: int) -> Timecode:
    return Timecode(frame, RATE)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two clips of 48 frames from one hour on, with a marker."""
    events = [
        Event(n, reel, _tc(90000), _tc(90048), _tc(86400 + 48 * (n - 1)), _tc(86448 + 48 * (n - 1)), clip_name=f"clip {n}",
              media_start=_tc(89000), media_frames=4000, markers=(Marker(_tc(86410), "look", "RED"),) if n == 1 else ())
        for n, reel in ((1, "A001"), (2, "B001"))
    ]  # fmt: skip
    write_timeline(tmp_path / "plain.aaf", Cut("plain", RATE, events))
    return tmp_path / "plain.aaf"


def _operation(file: Any, name: str, time_warp: bool) -> Any:
    made = file.create.OperationDef(aaf2.auid.AUID(str(uuid.uuid5(uuid.NAMESPACE_URL, name))), name)
    file.dictionary.register_def(made)
    made.media_kind = "Picture"
    made["IsTimeWarp"].value = time_warp
    made["Bypass"].value = 1
    made["NumberInputs"].value = 1
    made["OperationCategory"].value = "OperationCategory_Effect"
    return made


def _wrapped(path: Path, *names: str) -> None:
    """Put the first picture clip of an AAF into effects, the first name outermost."""
    with aaf2.open(str(path), "rw") as file:
        mob = next(iter(file.content.toplevel()))
        sequence = next(s.segment for s in mob.slots if s.media_kind == "Picture" and hasattr(s.segment, "components"))
        parts = list(sequence.components)
        clip = parts[0]
        inner = clip.mob.create_source_clip(clip.slot_id, clip.start, clip.length, "picture")
        for name in reversed(names):
            _operation(file, name, "Freeze" in name)
            group = file.create.OperationGroup(name, clip.length, "Picture")
            group.segments.append(inner)
            inner = group
        sequence.components.clear()
        for part in (inner, *parts[1:]):
            sequence.components.append(part)


def _shown(path: Path) -> tuple[list[tuple[Any, ...]], list[str]]:
    cut = read_timeline(path)
    pictures = [e for e in cut.events if e.is_picture]
    return [(e.reel, e.source_in.frame, e.record_in.frame, e.frames, e.speed) for e in pictures], [item.what for item in cut.lost]


def test_an_effect_around_a_clip_leaves_the_clip_and_is_named(plain: Path) -> None:
    before, _ = _shown(plain)
    _wrapped(plain, "Video Resize")
    after, lost = _shown(plain)
    assert after == before and "effect Video Resize" in lost


def test_a_freeze_inside_two_effects_is_still_a_freeze_of_its_frame(plain: Path) -> None:
    _wrapped(plain, "Colour Effect", "Video Resize", "Freeze Frame")
    after, lost = _shown(plain)
    assert after == [("A001", 90000, 86400, 48, 0.0), ("B001", 90000, 86448, 48, 1.0)]
    assert {"effect Colour Effect", "effect Video Resize"} <= set(lost)


def test_a_sequence_inside_a_sequence_is_unfolded_and_cut_to_what_is_shown(plain: Path) -> None:
    with aaf2.open(str(plain), "rw") as file:
        inner = next(iter(file.content.toplevel()))
        slot = next(s for s in inner.slots if s.media_kind == "Picture" and hasattr(s.segment, "components"))
        outer = file.create.CompositionMob("outer")
        inner["UsageCode"].value = "Usage_LowerLevel"
        outer["UsageCode"].value = "Usage_TopLevel"
        file.content.mobs.append(outer)
        made = outer.create_timeline_slot(24)
        sequence = file.create.Sequence(media_kind="Picture", length=48)
        sequence.components.append(inner.create_source_clip(slot.slot_id, start=24, length=48, media_kind="Picture"))
        made.segment = sequence
    after, lost = _shown(plain)
    assert [row[:4] for row in after] == [("A001", 90024, 0, 24), ("B001", 90000, 24, 24)]
    assert any("nested sequence" in what for what in lost)


def test_a_marker_stays_on_its_frame(plain: Path) -> None:
    cut = read_timeline(plain)
    found = [*cut.markers, *(m for e in cut.events for m in e.markers)]
    assert [(m.at.frame, m.name) for m in found] == [(86410, "look")]
