"""Slates read off drawn boards: straight, tilted, dim, upside down; and what is not a slate."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from tests.drawn_slate import board, held, need_text_networks

from answerprint.perception.models import ModelCard
from answerprint.perception.slate import find_slate, frames_to_look_at, slate_in
from answerprint.perception.text import CARDS, read_words


@pytest.fixture(autouse=True)
def networks() -> None:
    need_text_networks()


@pytest.mark.parametrize(
    ("tilt", "light", "size", "grain"), [(0, 1.0, 0.9, 3), (12, 1.0, 0.9, 3), (-20, 0.3, 0.9, 6), (8, 0.12, 0.5, 1)]
)
def test_scene_take_and_roll_are_read_tilted_dim_and_small(tilt: float, light: float, size: float, grain: float) -> None:
    slate = slate_in(held(board(), tilt, light, size, grain))
    assert slate is not None
    assert (slate.scene, slate.setup, slate.take, slate.roll, slate.tail) == ("21", "A", "3", "A007", False)
    assert slate.confidence > 0.8


def test_a_board_held_upside_down_is_a_tail_slate() -> None:
    slate = slate_in(held(board("104", "12"), tilt=172, light=0.5))
    assert slate is not None
    assert (slate.scene, slate.setup, slate.take, slate.tail) == ("104", "", "12", True)


def test_writing_that_is_no_slate_gives_none() -> None:
    sign = np.full((420, 600, 3), 235, np.uint8)
    for text, down in (("SCENE SHOP", 120), ("TAKE AWAY 24", 220), ("OPEN 7 TO 19", 320)):
        cv2.putText(sign, text, (20, down), cv2.FONT_HERSHEY_DUPLEX, 1.6, (20, 20, 20), 3, cv2.LINE_AA)
    words = {word.text for word in read_words(held(sign))}
    assert {"SCENE", "TAKE"} <= words
    assert slate_in(held(sign)) is None
    assert slate_in(held(None)) is None


def test_a_clip_is_looked_at_in_its_first_and_last_seconds_only() -> None:
    assert frames_to_look_at(2400, Fraction(24)) == [*range(0, 73, 12), *range(2327, 2400, 12)]
    assert frames_to_look_at(1, Fraction(24)) == [0]


def test_the_frame_is_the_one_where_the_slate_is_seen() -> None:
    empty, slated = held(None), held(board(), tilt=5)
    slate = find_slate(lambda at: slated if at == 12 else empty, 30, Fraction(24))
    assert slate is not None
    assert (slate.frame, slate.take) == (12, "3")


def test_reading_is_the_same_with_one_thread_and_with_two() -> None:
    picture, before = held(board(), tilt=12), cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        once = read_words(picture)
        cv2.setNumThreads(2)
        assert read_words(picture) == once
    finally:
        cv2.setNumThreads(before)


def test_the_cards_say_what_the_networks_are() -> None:
    for card in CARDS:
        assert isinstance(card, ModelCard)
        assert card.kind == "analysis-only"
        assert card.licence == "Apache-2.0"
        assert card.training_data
