"""The performance class follows from the pixels."""

import cv2
import numpy as np
import pytest

from answerprint.quality.performance_class import PixelInspector

INSPECTOR = PixelInspector()


@pytest.fixture
def person() -> tuple[np.ndarray, np.ndarray]:
    texture = np.random.default_rng(3).random((160, 120, 3)).astype(np.float32)
    picture = (cv2.GaussianBlur(texture, (0, 0), 2.0) * 40000).astype(np.uint16)
    matte = np.zeros((160, 120), np.float32)
    matte[40:120, 30:90] = 1.0
    return picture, matte


def _classify(before, after, matte, restored=None):
    changed = (before != after).any(axis=2)
    return INSPECTOR.classify(before, after, changed, matte, np.zeros(changed.shape, bool) if restored is None else restored)


def test_a_change_beside_the_performer_is_class_a(person):
    picture, matte = person
    after = picture.copy()
    after[:20] = 0
    assert _classify(picture, after, matte) == "A"


def test_a_gain_on_the_performer_is_class_b(person):
    picture, matte = person
    after = np.round(picture * 1.2).astype(np.uint16)
    assert _classify(picture, after, matte) == "B"


def test_a_performer_moved_by_one_pixel_is_class_d(person):
    picture, matte = person
    assert _classify(picture, np.roll(picture, 1, axis=1), matte) == "D"


def test_new_pixels_on_the_performer_are_class_d(person):
    picture, matte = person
    after = picture.copy()
    after[60:80, 40:70] = 12345
    assert _classify(picture, after, matte) == "D"


def test_only_restored_pixels_are_class_r(person):
    picture, matte = person
    after = picture.copy()
    after[60:80, 50:53] += 900
    restored = np.zeros(matte.shape, bool)
    restored[60:80, 50:53] = True
    assert _classify(picture, after, matte, restored) == "R"
