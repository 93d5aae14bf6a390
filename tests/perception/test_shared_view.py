"""Two pictures of one set, without calibration: what both show is found, and nothing is found where nothing is shared."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.colour.spaces import to_working
from answerprint.media.sequence import open_sequence
from answerprint.perception.shared_view import shared_view


@pytest.fixture(scope="module")
def desk(footage: Path) -> np.ndarray:
    photo = to_working(open_sequence(footage / "grade" / "exr_photos" / "Desk.exr").read(0).rgb(), "Linear Rec.709 (sRGB)")
    return np.maximum(cv2.resize(photo, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA), 0).astype(np.float32)


def test_patches_of_two_overlapping_pictures_are_the_same_surfaces(desk: np.ndarray) -> None:
    width = desk.shape[1]
    found = shared_view(desk[:, : int(width * 0.7)], desk[:, int(width * 0.3) :] * np.float32(3.0))
    assert found is not None
    assert np.median(np.abs(np.log2(found.second / found.first) - np.log2(3.0))) < 0.02
    assert found.share > 0.3


def test_a_closer_lens_still_shows_the_same_surfaces(desk: np.ndarray) -> None:
    height, width = desk.shape[:2]
    inside = desk[height // 6 : -height // 6, width // 6 : -width // 6]
    closer = cv2.resize(inside, (width, height), interpolation=cv2.INTER_CUBIC)
    found = shared_view(desk, np.maximum(closer, 0))
    assert found is not None
    assert np.median(np.abs(np.log2(found.second / found.first))) < 0.05


def test_a_covered_place_is_left_out(desk: np.ndarray) -> None:
    covered = desk.copy()
    rng = np.random.default_rng(3)
    half = covered.shape[1] // 2
    covered[:, :half] = rng.uniform(0.05, 1, (covered.shape[0], half, 3)).astype(np.float32)
    found = shared_view(desk, covered)
    assert found is not None
    assert np.mean(np.abs(np.log2(found.second / found.first)).max(axis=1) > 0.2) < 0.05


def test_two_pictures_of_different_places_share_nothing(desk: np.ndarray, footage: Path) -> None:
    other = to_working(open_sequence(footage / "grade" / "exr_photos" / "Carrots.exr").read(0).rgb(), "Linear Rec.709 (sRGB)")
    assert shared_view(desk, np.maximum(other, 0)) is None


def test_the_same_pictures_give_the_same_patches(desk: np.ndarray) -> None:
    first, second = (shared_view(desk[:, :400], desk[:, 200:]) for _ in range(2))
    assert first is not None and second is not None
    assert np.array_equal(first.first, second.first)


def test_a_plain_wall_shares_nothing() -> None:
    wall = np.full((200, 300, 3), 0.4, np.float32)
    assert shared_view(wall, wall) is None
