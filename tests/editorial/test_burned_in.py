"""A cut of two hundred events conforms to the very frames it names: each frame of the media says its own number in its picture."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.editorial.conform import source_span
from answerprint.editorial.events import Cut, Event
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.pull import conform_folder
from answerprint.production import Timecode

_RATE = Fraction(24)
_REELS, _HELD, _BITS = 4, 30, 24


def _burned(number: int) -> np.ndarray:
    """A number as black and white cells, two pixels wide and high."""
    cells = np.array([number >> bit & 1 for bit in range(_BITS)], np.float16)
    return np.kron(cells[None, :], np.ones((8, 2), np.float16))


def _read_back(picture: np.ndarray) -> int:
    cells = picture.astype(float).reshape(8, _BITS, 2).mean(axis=(0, 2))
    return sum(1 << bit for bit, value in enumerate(cells) if value > 0.5)


def _start(reel: int) -> int:
    return 86400 + reel * 2400


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("burned")
    for reel in range(_REELS):
        name = f"A{reel:03d}C001"
        (folder / name).mkdir()
        for index in range(_HELD):
            label = str(Timecode(_start(reel) + index, _RATE))
            header = FrameHeader(
                2 * _BITS, 8, storage="half", compression="zip", timecode=label, rate=_RATE, attributes={"reelName": name}
            )
            cells = _burned(_start(reel) + index)
            write_frame(folder / name / f"{name}.{1001 + index:04d}.exr", SourceFrame(dict.fromkeys("RGB", cells), header))
    return folder


def _cut(seed: int) -> Cut:
    rng, at, events = random.Random(seed), 86400, list[Event]()
    for number in range(1, 201):
        reel, frames, speed = rng.randrange(_REELS), rng.randrange(1, 4), rng.choice([1.0, 1.0, 1.0, 2.0, 0.5, -1.0, 0.0])
        span = max(1, -int(-(frames * abs(speed)) // 1))
        first = _start(reel) + rng.randrange(_HELD - span)
        times = [Timecode(f, _RATE) for f in (first, first + span, at, at + frames)]
        events.append(Event(number, f"A{reel:03d}C001", *times, speed=speed, clip_name=f"A{reel:03d}C001"))
        at += frames
    return Cut("Burned in", _RATE, events)


@pytest.mark.parametrize("suffix", [".edl", ".xml"])
def test_two_hundred_events_conform_to_the_frames_they_name(media, tmp_path, suffix):
    cut = _cut(11)
    write_timeline(tmp_path / f"cut{suffix}", cut)
    if suffix == ".xml":  # the second list is matched only: its frames would be the same files
        assert [source_span(e) for e in read_timeline(tmp_path / "cut.xml").events] == [source_span(e) for e in cut.events]
        return
    document = conform_folder(tmp_path / "cut.edl", [media], tmp_path / "out", "24", 0, lambda *_: None)
    assert (document["matched"], document["missing"]) == (200, 0)
    for event in cut.events:
        pulled = open_sequence(tmp_path / "out" / f"{event.number:03d}_{event.clip_name}")
        shown = [_read_back(np.asarray(pulled.read(i).planes["G"])) for i in range(pulled.count)]
        assert shown == list(range(*source_span(event))), event
