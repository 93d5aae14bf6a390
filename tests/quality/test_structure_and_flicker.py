"""Measures of structure and of flicker do what their names say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.quality.flicker import warp_error
from answerprint.quality.structure import ms_ssim


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(1)
    return np.clip(cv2.GaussianBlur(rng.random((200, 240, 3)).astype(np.float32), (0, 0), 2) * 3 - 1, 0, 1).astype(np.float32)


def test_the_same_picture_has_the_same_structure(picture):
    assert ms_ssim(picture, picture) == pytest.approx(1.0)


def test_blur_costs_more_structure_than_a_small_brightening(picture):
    assert ms_ssim(cv2.GaussianBlur(picture, (0, 0), 3), picture) < 0.95 < ms_ssim(picture * np.float32(0.97), picture)


def test_a_picture_too_small_for_five_scales_is_measured_on_fewer(picture):
    small = picture[:30, :30]
    assert ms_ssim(small, small) == pytest.approx(1.0)
    assert ms_ssim(1 - small, small) < 0.5


def test_a_panned_picture_does_not_flicker(picture):
    assert warp_error(picture[:, 4:-4], picture[:, 2:-6]) < 0.02


def test_a_pulse_of_light_is_measured_as_its_size(picture):
    here, there = picture[:, 4:-4], picture[:, 2:-6]
    assert warp_error(here, there + np.float32(0.1), guide=(here, there)) == pytest.approx(0.1, abs=0.015)


def test_flicker_outside_the_region_does_not_count(picture):
    where = np.zeros(picture.shape[:2], bool)
    where[:60] = True
    other = picture.copy()
    other[100:] += np.float32(0.2)
    assert warp_error(picture, other, where, guide=(picture, picture)) < 1e-3
