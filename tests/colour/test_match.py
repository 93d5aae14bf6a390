"""Solving the grade that brings one camera to another."""

import numpy as np
import pytest

from answerprint.colour import cdl
from answerprint.colour.cdl import CDL
from answerprint.colour.difference import ciede2000
from answerprint.colour.match import solve_cdl
from answerprint.production import BadInput

TRUE = CDL(slope=(1.12, 1.0, 0.9), offset=(0.03, -0.01, -0.04), power=(1.05, 1.0, 0.97), saturation=0.85)


def surfaces(count: int = 200, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.18 * 2 ** rng.uniform(-4, 3, (count, 1)) * 2 ** rng.normal(0, 0.4, (count, 3))


def test_a_known_grade_is_undone_on_surfaces_it_was_not_fitted_on() -> None:
    source = surfaces()
    reference = cdl.apply(TRUE, source)
    match = solve_cdl(reference[:100], source[:100])
    left = ciede2000(cdl.apply(match.cdl, source[100:]), reference[100:])
    assert ciede2000(source[100:], reference[100:]).mean() > 8
    # A tenth of a just noticeable difference on average: the pull towards neutral costs no more than that.
    assert left.mean() < 0.3
    assert match.confidence > 0.8


def test_a_fifth_of_false_pairs_does_not_spoil_the_grade() -> None:
    source = surfaces()
    reference = np.array(cdl.apply(TRUE, source), dtype=float)
    reference[::5] = surfaces(seed=9)[::5]
    match = solve_cdl(reference, source)
    good = np.arange(len(source)) % 5 != 0
    assert ciede2000(cdl.apply(match.cdl, source[good]), reference[good].astype(np.float32)).mean() < 1.0
    assert match.agreeing < 0.9


def test_equal_cameras_get_a_neutral_grade() -> None:
    colours = surfaces()
    found = solve_cdl(colours, colours).cdl
    assert np.allclose([*found.slope, *found.power, found.saturation], 1, atol=1e-3)
    assert np.allclose(found.offset, 0, atol=1e-3)


def test_surfaces_of_one_grey_move_exposure_and_leave_contrast_nearly_alone() -> None:
    grey = np.full((60, 3), 0.18) * 2 ** np.random.default_rng(1).normal(0, 0.02, (60, 1))
    match = solve_cdl(grey * 2, grey)
    assert match.exposure_stops == pytest.approx(1.0, abs=0.05)
    stop = cdl.apply(match.cdl, np.full((1, 3), 0.36))[0, 1] / cdl.apply(match.cdl, np.full((1, 3), 0.18))[0, 1]
    assert np.log2(stop) == pytest.approx(1.0, abs=0.15)


def test_the_same_colours_give_the_same_numbers() -> None:
    source = surfaces()
    assert solve_cdl(cdl.apply(TRUE, source), source) == solve_cdl(cdl.apply(TRUE, source), source)


def test_a_weight_of_nothing_leaves_a_surface_out() -> None:
    source = surfaces()
    reference = np.array(cdl.apply(TRUE, source), dtype=float)
    spoiled = reference.copy()
    spoiled[:80] = 5.0
    weights = np.r_[np.zeros(80), np.ones(120)]
    assert solve_cdl(spoiled, source, weights).cdl.slope == solve_cdl(reference[80:], source[80:]).cdl.slope


def test_too_few_surfaces_are_refused() -> None:
    with pytest.raises(BadInput, match="only 5 corresponding"):
        solve_cdl(surfaces(5), surfaces(5))


def test_unrelated_colours_get_little_confidence() -> None:
    assert solve_cdl(surfaces(seed=1), surfaces(seed=2)).confidence < 0.3


def test_the_line_for_the_colourist_says_what_was_done() -> None:
    source = surfaces()
    why = solve_cdl(source * 2**0.5 * [1.15, 1.0, 0.8], source).why
    assert "0.5" in why
    assert "up" in why
    assert "warmer" in why
