"""Continuity of a cut, on a drawn set with known changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.quality.continuity import TOLERANCE, Side, compare_cut
from answerprint.quality.continuity_place import (
    Station,
    change_of_angle,
    crosses_line,
    looks_for,
)
from answerprint.quality.continuity_texture import grain_change

WIDTH, HEIGHT = 448, 252


def the_set() -> np.ndarray:
    """A wall with many marks and a red thing on it, scene-linear, twice the size of a side."""
    rng = np.random.default_rng(4)
    picture = np.full((2 * HEIGHT, 2 * WIDTH, 3), 0.2, np.float32)
    for _ in range(260):
        x, y = int(rng.integers(0, 2 * WIDTH)), int(rng.integers(0, 2 * HEIGHT))
        size, tone = int(rng.integers(5, 40)), rng.uniform(0.01, 0.6, 1) * rng.uniform(0.85, 1.15, 3)
        cv2.rectangle(picture, (x, y), (x + size, y + int(size * rng.uniform(0.4, 1.6))), tone.tolist(), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (380, 180), (520, 330), (0.35, 0.08, 0.06), -1)
    cv2.rectangle(picture, (300, 360), (640, 420), (0.012, 0.01, 0.009), -1)
    return picture


def side(picture: np.ndarray, share: float = 1.0, noise: float = 0.003, seed: int = 0, x: float = 0.5) -> Side:
    """Six frames of the set, framed to a share of its width, each with its own noise."""
    height, width = picture.shape[:2]
    left, top = (width - share * width) * x, (height - share * height) / 2
    scale = WIDTH / (share * width)
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    framed = cv2.warpAffine(cv2.GaussianBlur(picture, (0, 0), 0.5 / scale), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    rng = np.random.default_rng(seed)
    return Side([(framed + rng.normal(0, noise, framed.shape)).astype(np.float32) for _ in range(4)])


def kinds(first: Side, second: Side) -> set[str]:
    """What is found at this cut."""
    return {one.kind for one in compare_cut(first, second).findings}


@pytest.fixture(scope="module")
def wide() -> Side:
    """The outgoing side of every cut here."""
    return side(the_set())


def test_a_cut_to_a_closer_framing_of_the_same_set_has_no_finding(wide: Side) -> None:
    assert kinds(wide, side(the_set(), 0.65, seed=1)) == set()


def test_half_a_stop_is_found_and_the_proposed_relight_takes_it_back(wide: Side) -> None:
    found = compare_cut(wide, side(the_set() * np.float32(2**0.5), 0.65, seed=1)).findings
    assert [one.kind for one in found] == ["exposure"]
    assert found[0].figure == pytest.approx(0.5, abs=0.05)
    assert found[0].proposal is not None and found[0].proposal["settings"]["exposure"] == pytest.approx(-0.5, abs=0.05)


def test_a_warmer_balance_is_found_as_colour_temperature_alone(wide: Side) -> None:
    warmer = the_set() * np.exp2(np.array([0.2, 0.0, -0.3], np.float32))
    assert kinds(wide, side(warmer, 0.65, seed=1)) == {"colour-temperature"}


def test_raised_black_is_told_from_more_exposure(wide: Side) -> None:
    assert "black-level" in kinds(wide, side(the_set() + np.float32(0.03), 0.65, seed=1))


def test_light_from_another_side_is_found(wide: Side) -> None:
    other = side(the_set(), 0.65, seed=1)
    slope = np.exp2(np.linspace(-0.9, 0.9, WIDTH, dtype=np.float32))[None, :, None]
    assert "key-direction" in kinds(wide, Side([frame * slope for frame in other.frames]))


def test_four_times_the_grain_is_found(wide: Side) -> None:
    assert kinds(wide, side(the_set(), 0.65, noise=0.012, seed=1)) == {"grain"}


def shaded(step: float, noise: float, seed: int) -> Side:
    """Four frames of soft hills of light that go ``step`` pixels a frame across the picture."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    rng = np.random.default_rng(seed)
    hills = [0.25 + 0.15 * np.sin((x + step * at) / 12) * np.sin(y / 14) for at in range(4)]
    return Side([(hill[..., None] + rng.normal(0, noise, (HEIGHT, WIDTH, 3))).astype(np.float32) for hill in hills])


def test_movement_is_not_told_as_grain() -> None:
    moving = shaded(3, 0.003, 2)
    same, more = (grain_change(moving, shaded(0, noise, 1), exposure=0.0) for noise in (0.003, 0.0075))
    assert same is not None and same.strength(TOLERANCE["grain"]) < 0.5
    assert more is not None and more.stops == pytest.approx(np.log2(2.5), abs=0.15)


def test_a_picture_without_grain_is_not_compared_in_grain(wide: Side) -> None:
    assert "grain" in compare_cut(wide, side(the_set(), 0.65, noise=0.0)).not_compared


def test_a_soft_close_up_is_found_and_a_blow_up_of_the_wide_is_not(wide: Side) -> None:
    low, high = HEIGHT // 6, HEIGHT - HEIGHT // 6
    left, right = WIDTH // 6, WIDTH - WIDTH // 6
    blown_up = Side([cv2.resize(f[low:high, left:right], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for f in wide.frames])
    assert "sharpness" not in kinds(wide, blown_up)
    soft = Side([cv2.GaussianBlur(frame, (0, 0), 1.6) for frame in side(the_set(), 0.65, seed=1).frames])
    assert "sharpness" in kinds(wide, soft)


def test_a_mirrored_picture_is_found_as_screen_direction(wide: Side) -> None:
    other = side(the_set(), 0.65, seed=1)
    assert "screen-direction" in kinds(wide, Side([np.ascontiguousarray(frame[:, ::-1]) for frame in other.frames]))


def test_the_same_framing_again_looks_like_a_jump(wide: Side) -> None:
    assert "jump" in kinds(wide, side(the_set(), 0.99, seed=1))


def test_a_thing_that_changed_its_colour_is_found_where_it_is(wide: Side) -> None:
    changed = the_set()
    cv2.rectangle(changed, (380, 180), (520, 330), (0.07, 0.12, 0.3), -1)
    found = [one for one in compare_cut(wide, side(changed, 0.7, seed=1)).findings if one.kind == "colour"]
    assert len(found) == 1 and "50% across" in found[0].message


def test_corners_that_fall_off_are_told_as_the_lens_and_not_as_a_lamp(wide: Side) -> None:
    other = side(the_set(), 0.65, seed=1)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j].astype(np.float32)
    falloff = np.exp2(-0.6 * (x**2 + (y * HEIGHT / WIDTH) ** 2) / (1 + (HEIGHT / WIDTH) ** 2))[..., None]
    assert kinds(wide, Side([frame * falloff for frame in other.frames])) == {"lens"}


def test_a_little_raised_black_is_found_though_nothing_on_the_set_is_black(wide: Side) -> None:
    lit = the_set() + np.float32(0.05)
    found = compare_cut(side(lit), side(lit + np.float32(0.012), 0.65, seed=1)).figures
    assert found["black-level"][0] == pytest.approx(0.012, abs=0.003)


def test_grain_that_came_with_the_exposure_is_told_as_exposure_alone(wide: Side) -> None:
    brighter = Side([frame * np.float32(4) for frame in side(the_set(), 0.65, noise=0.004, seed=1).frames])
    assert kinds(wide, brighter) == {"exposure"}


def test_what_moves_is_not_smeared_over_the_set_by_averaging() -> None:
    rng = np.random.default_rng(3)
    frames = []
    for at in range(6):
        frame = cv2.resize(the_set(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        cv2.circle(frame, (120 + 14 * at, 120), 26, (0.7, 0.5, 0.1), -1, cv2.LINE_AA)
        frames.append((frame + rng.normal(0, 0.004, frame.shape)).astype(np.float32))
    clean = cv2.resize(the_set(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    cv2.circle(clean, (120 + 14 * 3, 120), 26, (0.7, 0.5, 0.1), -1, cv2.LINE_AA)
    off = np.abs(Side(frames).mean - clean)
    assert np.median(off) < 0.7 * np.median(np.abs(frames[3] - clean))
    assert np.percentile(off, 99.5) < 0.05


def test_the_other_side_of_a_near_thing_is_followed_beside_the_wall(wide: Side) -> None:
    moved = the_set()
    near = moved[330:504, 560:800].copy()
    moved[330:504, 576:816] = near
    assert kinds(wide, side(moved, 0.7, seed=1)) == set()


def test_what_cannot_be_compared_is_said(wide: Side) -> None:
    other = Side([np.full((HEIGHT, WIDTH, 3), 0.3, np.float32)] * 3)
    said = compare_cut(wide, other)
    assert said.findings == [] and "exposure" in said.not_compared


MARA, IDRIS = np.array([1.0, 0.0, 1.6]), np.array([-1.0, 0.0, 1.7])


def at(x: float, y: float, focal_mm: float = 32.0, aim: np.ndarray | None = None) -> Station:
    """A camera on plan that looks at the middle between two people, or at ``aim``."""
    place = np.array([x, y, 1.5])
    return Station(place, (np.zeros(3) + np.array([0, 0, 1.5]) if aim is None else aim) - place, focal_mm, 28.0)


def test_a_camera_beyond_the_two_people_has_crossed_the_line() -> None:
    assert crosses_line(at(0, -3), at(0.4, 3), IDRIS, MARA) is not None
    assert crosses_line(at(-1, -3), at(1, -3), IDRIS, MARA) is None


def test_a_camera_on_the_line_may_follow_either_side() -> None:
    assert crosses_line(at(0, -3), at(-4, 0.1), IDRIS, MARA) is None


def test_the_angle_between_two_cameras_is_measured_on_plan_at_the_action() -> None:
    degrees, size = change_of_angle(at(0, -3), at(3, 0, focal_mm=64), np.array([0.0, 0, 1.5]))
    assert degrees == pytest.approx(90) and size == pytest.approx(2.0)


def test_someone_in_a_single_should_look_to_where_the_partner_stands() -> None:
    assert looks_for(at(0.5, -3, 75, MARA), IDRIS) == -1
    assert looks_for(at(-0.5, -3, 75, IDRIS), MARA) == 1
