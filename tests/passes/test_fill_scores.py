"""The figures of a fill: a seam, missing grain and nothing wrong are told apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.passes.fill_scores import border_error, grain_distance


@pytest.fixture
def scene():
    rng = np.random.default_rng(2)
    truth = (0.4 + rng.normal(0, 0.02, (80, 100, 3))).astype(np.float32)
    inside = np.zeros((80, 100), bool)
    inside[20:60, 30:70] = True
    return truth, inside


def test_the_truth_itself_has_no_error(scene):
    truth, inside = scene
    assert border_error(truth, truth, inside) == 0 and grain_distance(truth, truth, inside) == 0


def test_a_step_at_the_border_counts_and_one_elsewhere_does_not(scene):
    truth, inside = scene
    stepped, elsewhere = truth.copy(), truth.copy()
    stepped[inside] += 0.1
    elsewhere[5:8] += 0.1
    assert border_error(stepped, truth, inside) > 0.01 > border_error(elsewhere, truth, inside)


def test_a_fill_without_grain_is_a_whole_spectrum_away(scene):
    truth, inside = scene
    smooth = np.where(inside[..., None], cv2.GaussianBlur(truth, (0, 0), 6), truth).astype(np.float32)
    assert grain_distance(smooth, truth, inside) > 0.8


def test_other_grain_of_the_same_kind_is_within_a_tenth(scene):
    truth, inside = scene
    other = (0.4 + np.random.default_rng(9).normal(0, 0.02, truth.shape)).astype(np.float32)
    assert grain_distance(other, truth, inside) < 0.1
