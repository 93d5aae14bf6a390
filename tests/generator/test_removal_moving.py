"""Large holes before a moving camera: hidden pixels are followed to where they are seen, and weighed by what is to be expected."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.generator.log_light import decoded
from answerprint.generator.removal_choice import error_beside
from answerprint.generator.removal_expected import Brought, brought_errors, harmonic, harmonic_error, trial_error
from answerprint.generator.removal_follow import as_camera, behind, follow
from answerprint.generator.removal_moving import fill_moving, frames_followed
from answerprint.generator.removal_register import registration
from answerprint.generator.removal_window import Memory, Window

H, W = 120, 180
WHOLE = (0, 0, W, H)


def texture(seed, height=H, width=W):
    """Blots of several sizes, ACEScct 0.3 to 0.6."""
    rng = np.random.default_rng(seed)
    sizes = [
        cv2.resize(rng.random((height // s, width // s, 3)), (width, height), interpolation=cv2.INTER_CUBIC) for s in (4, 9, 20)
    ]
    return np.asarray(0.3 + 0.3 * np.mean(sizes, axis=0), np.float32)


class Clip:
    camera = None

    def __init__(self, frames, name):
        self.frames, self.count, self.clip, self.digest = frames, len(frames), name, name
        self.height, self.width = frames[0].shape[:2]

    def read(self, index):
        return self.frames[index].copy()


def window_on(plates, hole):
    """The frames ``plates`` (ACEScct) of which each hides the same pixels."""
    mattes = [hole.astype(np.float32)] * len(plates)
    return Window(Clip([decoded(one) for one in plates], "plate"), Clip(mattes, "matte"), 0.0, WHOLE, 12, Memory(), True)


def panned(scene, hole, count=9, step=6, gain=0.0):
    """A window that pans over ``scene`` (ACEScct), a hole that stays in the picture, and the truth."""
    truth = [np.ascontiguousarray(scene[:H, step * at : step * at + W]) + np.float32(gain * at) for at in range(count)]
    return window_on([np.where(hole[..., None], np.float32(0.9), one) for one in truth], hole), truth


@pytest.fixture(scope="module")
def hole():
    out = np.zeros((H, W), bool)
    out[40:76, 70:106] = True
    return out


@pytest.fixture(scope="module")
def scene():
    return texture(2, H, W + 60)


def rms(one, other, where):
    return float(np.sqrt(((one - other)[where] ** 2).mean()))


def test_a_hole_that_the_camera_passes_is_filled_with_what_stood_behind_it(scene, hole):
    window, truth = panned(scene, hole)
    fill = fill_moving(window, 4, range(9), None, hole)
    assert rms(fill.rgb, truth[4], hole) < 0.015  # a twentieth of the texture's own range; the smooth fill leaves 0.05
    assert (fill.support[hole] > 0).mean() > 0.95


def test_frames_of_another_exposure_are_brought_to_this_ones_light(scene, hole):
    window, truth = panned(scene, hole, gain=0.01)
    fill = fill_moving(window, 4, range(9), None, hole)
    assert abs(float((fill.rgb - truth[4])[hole].mean())) < 0.004


def test_a_thing_that_moves_by_itself_is_followed_along_its_own_way(hole):
    ground, thing = texture(3), texture(4)
    here, there = ground.copy(), ground.copy()
    here[20:96, 50:126] = thing[20:96, 50:126]
    there[20:96, 56:132] = thing[20:96, 50:126]  # six pixels to the right, with the hole in its middle
    window = window_on([here, there], hole)
    step = behind(window.look(0), window.look(1), np.eye(3), (W, H))(np.zeros((H, W, 2), np.float32), WHOLE)
    assert np.abs(step[hole] - [6, 0]).max() < 0.7


def test_what_left_the_picture_is_not_followed_back_into_it(hole):
    look = window_on([texture(5)], hole).look(0)
    away = [np.array([[1, 0, shift], [0, 1, 0], [0, 0, 1.0]]) for shift in (W, -W + 60)]
    found = follow(WHOLE, look, lambda _: look, lambda at: (as_camera(away[at]), None), range(2))
    assert not found.seen.any()


def test_the_harmonic_surface_carries_a_ramp_across_and_makes_no_new_extremes(hole):
    ramp = np.broadcast_to(np.linspace(0.2, 0.6, W, dtype=np.float32)[None, :, None], (H, W, 3))
    made = harmonic(np.where(hole[..., None], np.float32(9), ramp), hole)
    assert np.abs(made - ramp)[hole].max() < 0.002
    rough = texture(6)
    closed = harmonic(np.where(hole[..., None], np.float32(9), rough), hole)[hole]
    assert closed.max() <= rough[~hole].max()
    assert closed.min() >= rough[~hole].min()


def test_a_busy_frame_expects_less_of_a_smooth_fill_than_a_calm_one(hole):
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    trials = [trial_error(0.4 + share * (texture(7) - 0.4), hole, hole) for share in (1.0, 0.1)]
    busy, calm = (harmonic_error(depth, trial)[hole] for trial in trials)
    assert (busy > 2 * calm).all()


def test_an_offer_that_slipped_and_disagrees_with_the_rest_is_believed_less(hole):
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    real = texture(8)
    smooth = harmonic(real, hole)
    signs = np.full((H, W), 2, np.float32), np.full((H, W), 0.4, np.float32)
    slipped = signs[0], signs[1] + 4
    wrong = np.roll(real, 25, axis=0)
    offers = [Brought("flow", real, hole, signs), Brought("camera", real, hole, signs[:1]), Brought("flow", wrong, hole, slipped)]
    good, _, bad = brought_errors(offers, smooth, depth, 0.002)
    assert error_beside(wrong, real, hole, 3.0)[hole].mean() > 0.001
    assert (bad > 3 * good)[hole].mean() > 0.9


def test_frames_are_followed_less_far_in_large_pictures():
    assert frames_followed(24, 432, 240) == frames_followed(24, 1920, 1080) == 24
    assert frames_followed(24, 3840, 2160) == 12


def test_a_camera_that_cannot_be_told_leaves_pixels_in_place():
    flat = np.full((64, 64), 90, np.uint8)
    assert registration(flat, flat, np.zeros((0, 1, 2), np.float32), (64, 64)) is None
    assert not as_camera(None)(np.zeros((8, 8, 2), np.float32), (0, 0, 8, 8)).any()
