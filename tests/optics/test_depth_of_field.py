"""Depth of field: the size, shape and light of every disc."""

import math

import numpy as np
import pytest

from answerprint.optics.depth_of_field import defocus
from answerprint.optics.lens import Iris
from answerprint.optics.pupil import Pupil, overlap
from answerprint.optics.thin_lens import Focus
from answerprint.production import BadInput

MIDDLE = (20.0, 20.0)
PER_MM = 160.0


def rendered_point(depth: float, focus: Focus) -> np.ndarray:
    """A point of light at a depth in the dark, through a round pupil."""
    return disc_of(float(focus.confusion(depth)) * PER_MM / 2, Pupil())


def disc_of(radius: float, pupil: Pupil, axis: tuple[float, float] = (40.0, 40.0)) -> np.ndarray:
    """A point of light in the middle of a dark picture, spread over a disc of ``radius`` pixels."""
    frame = np.zeros((81, 81, 1), np.float32)
    frame[40, 40] = 1000.0
    return defocus(frame, np.full((81, 81), radius), pupil, axis, 2000.0)[..., 0]


def diameter(disc: np.ndarray) -> float:
    """The diameter of an even disc, from its light and its height."""
    return 2 * math.sqrt(disc.sum() / np.median(disc[disc > 0.5 * disc.max()]) / math.pi)


@pytest.mark.parametrize(("focal", "stop", "sharp", "depth"), [(50, 2.8, 3.0, 10.0), (35, 1.4, 2.0, 1.5), (85, 4.0, 5.0, 4.0)])
def test_a_rendered_points_disc_is_the_thin_lens_circle_within_two_percent(
    focal: float, stop: float, sharp: float, depth: float
) -> None:
    focus = Focus.thin(focal, stop, sharp)
    textbook = focal**2 / stop * abs(depth - sharp) / (depth * (sharp * 1000 - focal))
    assert abs(focus.confusion(depth)) == pytest.approx(textbook, rel=1e-9)
    disc = rendered_point(depth, focus)
    assert diameter(disc) / PER_MM == pytest.approx(textbook, rel=0.02)
    assert disc.sum() == pytest.approx(1000, rel=1e-3)  # no light is made or lost


def test_infinity_and_no_depth_are_the_same_disc() -> None:
    focus = Focus.thin(50, 2, 3)
    far = focus.confusion(np.array([np.inf, 1e9, 0.0, np.nan]))
    assert far == pytest.approx(np.full(4, 50**2 / 2 / (3000 - 50)), rel=1e-5)


def test_depth_of_field_ends_where_the_circle_reaches_its_limit() -> None:
    focus = Focus.thin(35, 5.6, 4)
    near, far = focus.sharp_between(0.02)
    assert np.abs(focus.confusion(np.array([near, far]))) == pytest.approx([0.02, 0.02])
    assert near < 4 < far
    hyperfocal = 35**2 / (5.6 * 0.02) / 1000
    assert math.isinf(Focus.thin(35, 5.6, hyperfocal + 0.5).sharp_between(0.02)[1])


def test_what_is_in_focus_comes_back_bit_for_bit() -> None:
    frame = np.random.default_rng(1).uniform(0, 40, (40, 60, 3)).astype(np.float32)
    radius = np.where(np.arange(60) < 20, 0.3, 0.5) * np.ones((40, 1))
    assert np.array_equal(defocus(frame, radius, Pupil(), MIDDLE, 1000.0), frame)


def test_an_even_picture_stays_even_out_of_focus_to_its_very_edges() -> None:
    frame = np.full((50, 70, 3), 7.0, np.float32)
    radius = np.linspace(-9, 14, 70) * np.ones((50, 1))
    pupil = Pupil(Iris(blades=6), rim=(1.2, 1.0))
    assert np.abs(defocus(frame, radius, pupil, (35.0, 25.0), 100.0) - 7).max() < 1e-4


def test_five_straight_blades_make_a_pentagon_of_the_same_area() -> None:
    round_disc, pentagon = (disc_of(24.0, Pupil(Iris(blades=n))) for n in (0, 5))
    assert diameter(pentagon) == pytest.approx(diameter(round_disc), rel=0.02)
    lit = pentagon > 0.5 * pentagon.max()
    corner = math.sqrt(math.pi / (2.5 * math.sin(math.radians(72))))  # how far a pentagon's corner is out if its area is pi
    flat = corner * math.cos(math.radians(36))
    row = np.flatnonzero(lit[40])
    assert row[-1] - 40 == pytest.approx(24 * corner, abs=1)
    assert 40 - row[0] == pytest.approx(24 * flat, abs=1)


def test_an_anamorphic_disc_is_higher_than_wide_by_the_squeeze() -> None:
    disc = disc_of(32.0, Pupil(squeeze=2.0))
    y, x = np.mgrid[-40:41, -40:41]
    assert math.sqrt((disc * y**2).sum() / (disc * x**2).sum()) == pytest.approx(2.0, rel=0.01)


def test_the_pupil_is_turned_round_in_front_of_the_focus() -> None:
    behind, before = (disc_of(sign * 12.0, Pupil(Iris(blades=3))) for sign in (1, -1))
    assert np.abs(behind - before[::-1, ::-1]).max() < 1e-4 * behind.max()
    assert np.abs(behind - before).max() > 0.9 * behind.max()


def test_a_cats_eye_is_cut_on_the_outer_side_and_keeps_its_light() -> None:
    # The axis is 200 px to the left at a focal length of 2000 px: the rim stands 0.6 pupil radii off.
    eye = disc_of(20.0, Pupil(rim=(1.3, 6.0)), axis=(-160.0, 40.0))
    edges = np.flatnonzero((eye > 0.5 * eye.max()).any(axis=0))
    assert edges[0] == pytest.approx(20, abs=1)
    assert edges[-1] == pytest.approx(40 + 20 * (1.3 - 0.6), abs=1)
    assert eye.sum() == pytest.approx(1000, rel=0.05)  # the rim moves on across the disc itself


def test_two_discs_share_the_area_that_counting_finds() -> None:
    y, x = np.mgrid[-2:2:2001j, -2:2:2001j]
    counted = ((x**2 + y**2 < 1) & ((x - 0.9) ** 2 + y**2 < 1.3**2)).sum() * (4 / 2000) ** 2 / math.pi
    assert overlap(1.0, 1.3, np.array([0.9]))[0] == pytest.approx(counted, rel=1e-3)


def test_a_blurred_edge_in_front_covers_the_sharp_background_by_half() -> None:
    frame = np.zeros((60, 120, 1), np.float32)
    frame[:, :60] = 1.0
    radius = np.where(np.arange(120) < 60, -12.0, 0.0) * np.ones((60, 1))
    row = defocus(frame, radius, Pupil(), (60.0, 30.0), 1000.0)[30, :, 0]
    assert row[40] == pytest.approx(1.0, abs=1e-3)
    assert row[75] == pytest.approx(0.0, abs=1e-3)
    assert (row[59] + row[60]) / 2 == pytest.approx(0.5, abs=0.03)
    assert (np.diff(row[45:75]) < 1e-4).all()  # falls steadily: no seam at the edge


def test_a_sharp_edge_in_front_is_not_smeared_by_what_lies_behind() -> None:
    frame = np.zeros((60, 120, 1), np.float32)
    frame[:, :60] = 0.5
    frame[::7, 60:] = 50.0
    radius = np.where(np.arange(120) < 60, 0.0, 12.0) * np.ones((60, 1))
    out = defocus(frame, radius, Pupil(), (60.0, 30.0), 1000.0)
    assert np.abs(out[:, :60] - 0.5).max() < 1e-5


def test_a_slope_through_the_focus_shows_no_bands() -> None:
    frame = np.full((20, 400, 1), 1.0, np.float32)
    frame[:, ::40] = 30.0
    radius = np.linspace(-12, 12, 400) * np.ones((20, 1))
    row = defocus(frame, radius, Pupil(), (200.0, 10.0), 1000.0)[10, :, 0]
    steps = np.abs(np.diff(row[300:]))
    assert steps.max() < 0.6 * row[300:].max()
    assert row.min() > 0.9  # and no dark seam where near turns to far


def test_a_disc_too_wide_to_make_is_refused_in_one_line() -> None:
    with pytest.raises(BadInput, match="stop down"):
        defocus(np.zeros((8, 8, 1), np.float32), np.full((8, 8), 500.0), Pupil(), (4.0, 4.0), 100.0)
