"""What no frame shows is given the texture of the set beside it, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.generator.plate_texture import unseen_texture
from answerprint.generator.removal_expected import harmonic

H, W = 110, 200
CALM = np.zeros((H, W), np.float32)


@pytest.fixture(scope="module")
def missing():
    out = np.zeros((H, W), bool)
    out[40:70, 80:115] = True
    return out


@pytest.fixture(scope="module")
def tiles():
    """A tiled wall, in stops: a bright joint every 13 pixels across and every 11 down."""
    wall = np.zeros((H, W), np.float32)
    wall[:, ::13] = wall[::11] = 1
    return np.repeat(cv2.GaussianBlur(wall, (0, 0), 0.8)[..., None], 3, axis=2)


def test_a_pattern_beside_the_hole_is_continued_through_it(tiles, missing):
    hidden = np.where(missing[..., None], np.float32(0), tiles)
    smooth = harmonic(hidden, missing)
    made = smooth + unseen_texture(hidden, missing, ~missing, CALM)
    inside = cv2.erode(missing.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    error, without = (float(((one - tiles)[inside] ** 2).mean()) for one in (made, smooth))
    assert error < 0.35 * without


def test_texture_stays_inside_the_hole_and_keeps_its_mean(tiles, missing):
    texture = unseen_texture(tiles, missing, ~missing, CALM)
    assert not texture[~missing].any()
    assert abs(float(texture[missing].mean())) < 0.1 * float(tiles.std())


def test_nothing_is_copied_from_what_moves_nor_put_beside_it(tiles, missing):
    assert not unseen_texture(tiles, missing, ~missing, CALM + 1).any()
    moving = CALM.copy()
    moving[:, 100:] = 1
    texture = np.abs(unseen_texture(tiles, missing, ~missing, moving)).max(axis=2)
    assert texture[45:65, 84:92].mean() > 5 * texture[45:65, 108:114].mean()


def test_texture_is_no_stronger_than_what_stands_beside_the_hole(tiles, missing):
    beside = cv2.dilate(missing.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    faint = np.where(beside[..., None], 0.1 * tiles, tiles).astype(np.float32)
    assert unseen_texture(faint, missing, ~missing, CALM)[missing].std() < 0.2 * tiles.std()
