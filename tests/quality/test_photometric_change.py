"""Other light, other colours and other noise leave a performance as it was; anything put in, taken out or moved does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.colour.illuminant import adaptation, white_xyz
from answerprint.colour.spaces import SRGB, from_working, to_working
from answerprint.quality.performance_class import PixelInspector


@pytest.fixture(scope="module")
def plate():
    """A busy picture in 8-bit sRGB, far from both ends of the range."""
    rng = np.random.default_rng(4)
    layers = [cv2.GaussianBlur(rng.random((240, 320, 3)).astype(np.float32), (0, 0), s) for s in (1.5, 6, 25)]
    light = sum((layer - layer.mean()) / layer.std() for layer in layers)
    return np.clip(110 + 25 * light, 30, 190).astype(np.uint8)


def grade(before, after):
    changed = (before != after).any(axis=2)
    return PixelInspector().classify(before, after, changed, np.ones(changed.shape, np.float32), np.zeros(changed.shape, bool))


@pytest.mark.parametrize(("stops", "kelvin"), [(0.5, 0), (-1.5, 0), (0, 4000), (-0.5, 9000), (-0.6, 3200)])
def test_a_change_of_light_is_class_b(plate, stops, kelvin):
    light = to_working(plate, SRGB) @ (adaptation(white_xyz(0), white_xyz(kelvin)) * 2**stops).T.astype(np.float32)
    assert grade(plate, from_working(light, SRGB, np.uint8)) == "B"


def noisy(plate, sigma):
    return np.clip(plate + np.random.default_rng(1).normal(0, sigma, plate.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [3, 10, 30])
def test_less_noise_or_more_is_class_b(plate, sigma):
    assert grade(noisy(plate, sigma), plate) == "B"
    assert grade(plate, noisy(plate, sigma)) == "B"


def painted(plate):
    after = plate.copy()
    cv2.line(after, (120, 80), (220, 90), (30, 30, 30), 3)
    return after


def softened(plate):
    after = plate.copy()
    after[100:150, 140:190] = cv2.GaussianBlur(plate, (0, 0), 6)[100:150, 140:190]
    return after


def swapped(plate):
    after = plate.copy()
    after[100:150, 140:190] = plate[20:70, 20:70]
    return after


def moved(plate):
    return np.roll(plate, 1, axis=1)


@pytest.mark.parametrize("change", [painted, softened, swapped, moved])
@pytest.mark.parametrize("cover", [lambda p: p, lambda p: noisy(p, 8), lambda p: (p * 0.8).astype(np.uint8)])
def test_what_is_put_in_taken_out_or_moved_is_class_d_even_under_noise_or_another_exposure(plate, change, cover):
    assert grade(plate, cover(change(plate))) == "D"
