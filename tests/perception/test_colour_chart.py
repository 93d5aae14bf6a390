"""The colour chart: found in a real photograph under any light, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.colour.difference import lab
from answerprint.colour.spaces import to_working
from answerprint.media.sequence import open_sequence
from answerprint.perception.colour_chart import WHITE_PATCH, find_chart, published


@pytest.fixture(scope="module")
def carrots(footage: Path) -> np.ndarray:
    """A photograph with a real chart in it."""
    return to_working(open_sequence(footage / "grade/exr_photos/Carrots.exr").read(0).rgb(), "Linear Rec.709 (sRGB)")


def test_the_published_colours_are_neutral_where_the_chart_is() -> None:
    grey = lab(published()[WHITE_PATCH:])
    assert np.abs(grey[:, 1:]).max() < 3.5 and (np.diff(grey[:, 0]) < -10).all()
    assert abs(grey[3, 0] - 50.76) < 0.3


def test_a_real_chart_is_found_with_its_colours_in_the_makers_order(carrots) -> None:
    seen = find_chart(carrots)
    assert seen is not None and seen.from_published < 10
    assert (np.diff(seen.patches[WHITE_PATCH:].mean(axis=1)) < 0).all()
    centre = seen.corners.mean(axis=0)
    assert np.abs(centre - (329, 183)).max() < 6


@pytest.mark.parametrize("gain", [(0.25, 0.25, 0.25), (3.0, 2.0, 1.0), (0.6, 1.0, 1.8)])
def test_exposure_and_the_colour_of_the_light_do_not_hide_it(carrots, gain) -> None:
    seen, plain = find_chart(carrots * np.array(gain, np.float32)), find_chart(carrots)
    assert seen is not None and plain is not None
    assert np.abs(seen.patches / np.array(gain) / plain.patches - 1).max() < 0.1


def test_a_turned_and_smaller_chart_is_found(carrots) -> None:
    turn = cv2.getRotationMatrix2D((300, 200), 25, 0.7)
    turned = cv2.warpAffine(carrots, turn, (600, 400), borderMode=cv2.BORDER_REFLECT)
    seen = find_chart(turned)
    assert seen is not None and seen.from_published < 12


def test_pictures_without_a_chart_have_none(footage) -> None:
    for name in ("Desk", "CandleGlass", "Cannon", "Tree"):
        picture = to_working(open_sequence(footage / f"grade/exr_photos/{name}.exr").read(0).rgb(), "Linear Rec.709 (sRGB)")
        assert find_chart(picture) is None, name
    board = np.kron(np.random.default_rng(1).uniform(0, 1, (4, 6, 3)), np.ones((60, 60, 1)))
    assert find_chart(np.pad(board, [(40, 40), (40, 40), (0, 0)]).astype(np.float32)) is None
