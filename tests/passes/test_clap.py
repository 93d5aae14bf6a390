"""A clap that is heard is confirmed or contested by the picture, and a person hears of it only where they disagree."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.media.movie import write_prores
from answerprint.passes.clap import contest, seen_with
from tests.drawn_sticks import closing_sticks


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sticks that close in frame 9 of a dim log-like ProRes."""
    place = tmp_path_factory.mktemp("clap") / "A001C001.mov"
    pictures = [0.2 + 0.2 * cv2.cvtColor(one, cv2.COLOR_GRAY2RGB).astype(np.float32) / 255 for one in closing_sticks(5, closes=9)]
    write_prores(place, pictures, 24, profile="hq", tags="untagged")
    return place


@pytest.mark.parametrize("heard", [8, 9, 10])
def test_a_clap_heard_within_a_frame_of_the_closing_is_confirmed(clip: Path, heard: int) -> None:
    seen = seen_with(clip, "24", heard)
    assert (seen["verdict"], seen["frame"]) == ("confirmed", 9)


@pytest.mark.parametrize(("heard", "said"), [(12, "3 frames late"), (6, "3 frames early")])
def test_a_clap_heard_elsewhere_is_contested_with_what_that_means(clip: Path, heard: int, said: str) -> None:
    seen = seen_with(clip, "24", heard)
    assert seen["verdict"] == "contested"
    assert said in contest("A001C001", heard, seen) and "close in frame 9" in contest("A001C001", heard, seen)


def test_a_picture_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.mov").write_bytes(b"no movie")
    assert seen_with(tmp_path / "x.mov", "24", 3)["verdict"] == "not seen"
