"""Sticks are seen to close in the frame they close in, and nothing else passes for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.drawn_sticks import closing_sticks

from answerprint.media.sequence import open_sequence
from answerprint.perception.sticks import SURE, closing_near

SEEDS = range(12)


@pytest.fixture(scope="module")
def seen() -> list[tuple[int, int | None, float]]:
    """Frames between the true closing and the one found, and its confidence, for slates drawn in many ways."""
    found = []
    for seed in SEEDS:
        closes = 7 + seed % 5
        pictures = closing_sticks(seed, closes=closes)
        told = closing_near(pictures.__getitem__, len(pictures), 8)
        found.append((seed, None if told is None else told.frame - closes, 0.0 if told is None else told.confidence))
    return found


def test_the_closing_is_found_within_a_frame_in_nine_of_ten_drawn_slates(seen: list[tuple[int, int | None, float]]) -> None:
    right = [off is not None and abs(off) <= 1 for _, off, _ in seen]
    assert sum(right) >= 0.9 * len(right)


def test_whatever_is_called_sure_is_right_and_a_third_is(seen: list[tuple[int, int | None, float]]) -> None:
    sure = [off for _, off, confidence in seen if confidence >= SURE]
    assert len(sure) >= len(seen) / 3 and all(off is not None and abs(off) <= 1 for off in sure)


@pytest.mark.parametrize("seed", range(4))
def test_closed_sticks_in_an_unsteady_hand_are_no_closing(seed: int) -> None:
    pictures = closing_sticks(seed, opens=False)
    told = closing_near(pictures.__getitem__, len(pictures), 8)
    assert told is None or told.confidence < SURE


def test_a_light_switched_on_is_no_closing() -> None:
    pictures = closing_sticks(1, opens=False)
    bright = pictures[:8] + [np.clip(picture.astype(np.int32) + 60, 0, 255).astype(np.uint8) for picture in pictures[8:]]
    told = closing_near(bright.__getitem__, len(bright), 8)
    assert told is None or told.confidence < SURE


def test_a_clip_of_two_frames_shows_nothing() -> None:
    pictures = closing_sticks(1)[:2]
    assert closing_near(pictures.__getitem__, 2, 0) is None


@pytest.mark.slow
def test_films_without_a_slate_show_none(footage: Path) -> None:
    for name in ("captioner/clips/bikes.mp4", "captioner/clips/bigbuckbunny.mp4", "removal/lime/input_video.mp4"):
        sequence = open_sequence(footage / name)
        frames = [(sequence.read(at).rgb()[::2, ::2] >> 8).astype(np.uint8) for at in range(min(sequence.count, 120))]
        for heard in range(8, len(frames) - 8, 12):
            told = closing_near(frames.__getitem__, len(frames), heard)
            assert told is None or told.confidence < SURE, (name, heard, told)
