"""Own sight: flow, edges, the empty set, and what a person drew."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.perception.edges import follow_edges
from answerprint.perception.flow import carry, dense_flow, one_thread, round_trip_error
from answerprint.perception.plate import background_plate
from answerprint.perception.seeds import Mark, painted, read_seeds
from answerprint.production import BadInput


def texture(width: int = 160, height: int = 120, seed: int = 3) -> np.ndarray:
    """Blobs of a few pixels over the whole range of 8 bits, as a furnished room has them."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 50 * blobs / blobs.std(), 0, 255).astype(np.uint8)


def test_flow_finds_a_shift_within_a_quarter_pixel() -> None:
    grey = cv2.cvtColor(texture(), cv2.COLOR_RGB2GRAY)
    moved = np.roll(grey, (2, 5), axis=(0, 1))
    inner = dense_flow(grey, moved)[20:-20, 20:-20]
    assert np.abs(np.median(inner.reshape(-1, 2), axis=0) - (5, 2)).max() < 0.25


def test_what_is_carried_along_the_flow_lies_where_it_went() -> None:
    grey = cv2.cvtColor(texture(), cv2.COLOR_RGB2GRAY)
    moved = np.roll(grey, 4, axis=1)
    back = carry(moved.astype(np.float32), dense_flow(grey, moved))
    assert np.abs(back - grey)[20:-20, 20:-20].mean() < 1.0  # of 255: only resampling is left


def test_the_round_trip_gives_uncovered_pixels_away() -> None:
    wall = cv2.cvtColor(texture(), cv2.COLOR_RGB2GRAY)
    card = cv2.cvtColor(texture(seed=9), cv2.COLOR_RGB2GRAY)
    here, there = wall.copy(), wall.copy()
    here[40:80, 40:80], there[40:80, 52:92] = card[40:80, 40:80], card[40:80, 40:80]
    error = round_trip_error(dense_flow(here, there), dense_flow(there, here))
    assert error[45:75, 81:91].mean() > 4 * error[90:115, 10:150].mean() + 0.5


def test_flow_does_not_depend_on_the_thread_count() -> None:
    grey = cv2.cvtColor(texture(640, 360), cv2.COLOR_RGB2GRAY)
    moved = np.roll(grey, 3, axis=1)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = dense_flow(grey, moved)
        cv2.setNumThreads(4)
        assert np.array_equal(one, dense_flow(grey, moved))
        with one_thread():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 4
    finally:
        cv2.setNumThreads(before)


def test_a_rough_mask_snaps_to_the_edge_of_the_picture() -> None:
    picture = np.full((60, 80, 3), 0.2, np.float32)
    picture[:, 40:] = 0.8
    rough = np.zeros((60, 80), np.float32)
    rough[:, 38:] = 1.0  # two pixels too far
    fitted = follow_edges(picture, rough, 6, 1e-4)
    assert np.abs(fitted[:, 41:50] - 1).max() < 0.1
    assert fitted[30, 38:40].max() < 0.5 < fitted[30, 41]


def test_a_small_map_fits_the_large_picture() -> None:
    large = np.full((120, 160, 3), 0.1, np.float32)
    large[:, 83:] = 0.9
    small = cv2.resize(large, (80, 60), interpolation=cv2.INTER_AREA)
    fitted = follow_edges(small, (small[..., 0] > 0.5).astype(np.float32), 3, 1e-4, large)
    assert fitted.shape == (120, 160)
    assert fitted[60, 86] > 0.9
    assert fitted[60, 79] < 0.1


def test_the_empty_set_is_what_the_free_frames_agree_on() -> None:
    wall = texture()
    frames, covered = [], []
    for at in range(9):
        frame, hidden = wall.copy(), np.zeros(wall.shape[:2], bool)
        frame[:, at * 10 : at * 10 + 30], hidden[:, at * 10 : at * 10 + 30] = 255, True
        frames.append(frame)
        covered.append(hidden)
    plate = background_plate(frames, covered)
    assert plate.seen.all()
    assert np.array_equal(plate.colour, wall)


def test_a_moving_camera_has_no_empty_set_where_there_are_edges() -> None:
    wall = texture(400, 120)
    frames = [wall[:, at * 20 : at * 20 + 160] for at in range(9)]
    plate = background_plate(frames, [np.zeros((120, 160), bool)] * 9)
    assert plate.seen.mean() < 0.2


def test_a_stroke_covers_its_width_at_the_working_size() -> None:
    plane = painted(Mark(frame=0, points=[(20, 40), (180, 40)], radius=10), 0.5, 100, 60)
    assert plane[:, 50].sum() == pytest.approx(10, abs=1)
    assert not plane[:5].any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ('{"performers": [{"name": "A", "marks": [{"frame": -1, "points": [[1, 1]]}]}]}', "frame"),
        ('{"performers": [{"name": "A"}, {"name": "A"}]}', "same name"),
    ],
)
def test_seeds_that_make_no_sense_are_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as fault:
        read_seeds(text)
    assert "\n" not in str(fault.value)
