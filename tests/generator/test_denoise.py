"""Noise is measured, taken out along the motion, kept as data, and made again with the same strength and spectrum."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import Clip, decibels, rendered, same_bytes, texture

from answerprint.colour.spaces import from_working, to_working
from answerprint.generator.denoise import Denoise
from answerprint.generator.noise_domain import NoiseDomain, measure_noise_domain
from answerprint.generator.noise_model import NoiseModel, measure_noise_model, opponent
from answerprint.generator.regrain import Regrain
from answerprint.graph.runner import SeededContext
from answerprint.quality.performance_class import PixelInspector

P = Denoise.Parameters
SRGB = "sRGB Encoded Rec.709 (sRGB)"
H, W, COUNT = 96, 144, 7
READ, COUNTED = 0.004, 0.0004
"""Deviation of read noise; variance of counted light for each unit of it."""


def set_(seed=1):
    """Even walls of several brightnesses, an edge, and a patch of texture, larger than the frame."""
    picture = np.zeros((H, W + 40, 3), np.float32)
    for i in range(8):
        picture[:, i * 23 : (i + 1) * 23] = 0.03 * 1.7**i
    picture[:30, 60:110] = texture(30, 50, seed) * 0.5
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def clean(speed=2):
    return [np.ascontiguousarray(set_()[:, speed * t : speed * t + W]) for t in range(COUNT)]


def noisy(frames, coarse=0.0, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for frame in frames:
        white = rng.standard_normal(frame.shape)
        if coarse:
            white = cv2.GaussianBlur(white, (0, 0), coarse)
            white /= white.std()
        out.append((frame + white * np.sqrt(READ**2 + COUNTED * np.maximum(frame, 0))).astype(np.float32))
    return out


@pytest.fixture(scope="module")
def model():
    return measure_noise_model(Clip(noisy(clean())), SeededContext(0))


@pytest.mark.parametrize("level", [0.05, 0.18, 0.6])
def test_the_measured_noise_is_the_noise_that_was_put_in(model, level):
    true = np.sqrt(READ**2 + COUNTED * level)
    assert np.abs(model.deviation(np.full(3, level)) / true - 1).max() < 0.1


def test_white_noise_is_found_white(model):
    assert np.abs(model.spectrum[:, 1:, 1:] - 1).mean() < 0.1


def test_coarse_grain_is_found_coarse():
    found = measure_noise_model(Clip(noisy(clean(), coarse=1.0)), SeededContext(0))
    assert found.spectrum[0, 1, 1] > 3 * found.spectrum[0, 5, 5]


def test_in_the_steady_domain_noise_is_equally_strong_everywhere(model):
    rng = np.random.default_rng(3)
    for level in (0.02, 0.2, 2.0):
        light = level + rng.standard_normal((200, 200, 3)) * np.sqrt(READ**2 + COUNTED * level)
        assert 0.85 < model.steady(light.astype(np.float32)).std(axis=(0, 1)).mean() < 1.15


def test_the_steady_domain_gives_back_highlights_and_negatives(model):
    light = np.array([[[-0.01, 0.0, 0.18], [1.0, 40.0, 3000.0]]], np.float32)
    assert np.allclose(model.light(model.steady(light)), light, rtol=1e-3, atol=1e-4)


def test_opponent_channels_are_a_turn():
    picture = texture(8, 8, 1)
    assert np.allclose(opponent(opponent(picture), back=True), picture, atol=1e-6)


def made(frames, parameters=None, order=(3,), chunk=1):
    return rendered(Denoise(), {"plate": Clip(frames)}, parameters or P(), order, chunk)


def test_noise_goes_and_the_picture_stays():
    truth = clean()
    frames = noisy(truth)
    result = made(frames)[3]
    assert decibels(result.fill, truth[3]) > decibels(frames[3], truth[3]) + 8


def test_neighbours_take_out_more_than_the_frame_alone():
    truth = clean()
    frames = noisy(truth)
    assert decibels(made(frames)[3].fill, truth[3]) > decibels(made(frames, P(reach=0))[3].fill, truth[3]) + 1.5


def test_something_that_only_this_frame_shows_is_not_smeared_away():
    frames = clean()
    frames[3][60:70, 50:60] = (0.9, 0.1, 0.1)
    result = made(noisy(frames))[3]
    assert np.abs(result.fill[61:69, 51:59] - frames[3][61:69, 51:59]).mean() < 0.02


def test_other_frames_leave_no_ghost():
    frames = clean()
    for t in (2, 4):
        frames[t][60:70, 50:60] = (0.9, 0.1, 0.1)
    result = made(noisy(frames))[3]
    assert np.abs(result.fill[60:70, 50:60] - frames[3][60:70, 50:60]).mean() < 0.02


def test_plate_is_result_and_grain_together():
    frames = noisy(clean())
    result = made(frames)[3]
    assert np.abs(result.fill + result.layers["grain"] - frames[3]).max() < 1e-6


def test_grain_put_back_whole_is_the_plate_and_touches_nothing():
    assert not made(noisy(clean()), P(grain=1))[3].matte.any()
    assert not made(noisy(clean()), P(strength=0))[3].matte.any()


def test_bytes_do_not_depend_on_order_or_chunk_size():
    frames = noisy(clean())
    one, many = made(frames, P(reach=2), (6, 1, 3)), made(frames, P(reach=2), (0, 4), chunk=4)
    assert all(same_bytes(one[at], many[at]) for at in one)


def test_a_denoised_performer_is_class_b():
    frames = noisy(clean())
    after = made(frames)[3].fill
    every = np.ones((H, W), bool)
    assert PixelInspector().classify(frames[3], after, every, every.astype(np.float32), ~every) == "B"


def grainy(plate, reference=None, strength=1.0, order=(0,)):
    inputs = {"plate": Clip(plate)} | ({"reference": Clip(reference, "reference")} if reference else {})
    return rendered(Regrain(), inputs, Regrain.Parameters(strength=strength), order)


@pytest.mark.parametrize("coarse", [0.0, 0.8])
def test_new_grain_is_within_a_tenth_of_the_old_in_strength_and_spectrum(coarse):
    reference = noisy(clean(), coarse)
    made_ = [grainy(clean(), reference, order=range(COUNT))[t].fill for t in range(COUNT)]
    old, new = (measure_noise_model(Clip(f), SeededContext(0)) for f in (reference, made_))
    assert abs(new.strength / old.strength - 1) < 0.1
    strong = old.spectrum > 0.3
    assert abs(np.mean(new.spectrum[strong] / old.spectrum[strong]) - 1) < 0.1


def test_grain_is_new_in_each_frame_and_the_same_each_time():
    frames = [clean()[0]] * 2
    first, second = grainy(frames, noisy(clean()), order=(0, 1)), grainy(frames, noisy(clean()), order=(1, 0))
    assert same_bytes(first[1], second[1])
    assert np.corrcoef(first[0].layers["grain"].ravel(), first[1].layers["grain"].ravel())[0, 1] < 0.05


def test_no_grain_touches_nothing():
    assert not grainy(noisy(clean()), strength=0.0)[0].matte.any()


def test_a_model_survives_being_kept(model):
    again = NoiseModel.from_arrays(model.arrays())
    assert again.strength == model.strength


def in_codes(frames, sigma, seed=3):
    rng = np.random.default_rng(seed)
    codes = [from_working(f, SRGB, np.uint8).astype(np.float64) for f in frames]
    return [to_working(np.clip(np.rint(c + rng.normal(0, sigma, c.shape)), 0, 255).astype(np.uint8), SRGB) for c in codes]


def test_noise_cut_off_at_black_leaves_the_blacks_where_they_were():
    dark = [f * np.float32(0.12) for f in clean()]
    frames = in_codes(dark, 40.0)
    result = made([np.asarray(f, np.float32) for f in frames])[3].fill
    codes, truth = (from_working(np.asarray(p, np.float32), SRGB, np.uint8).astype(float) for p in (result, dark[3]))
    raised = np.mean([from_working(np.asarray(f, np.float32), SRGB, np.uint8) for f in frames]) - truth.mean()
    assert raised > 4 and abs((codes - truth).mean()) < 0.4 * raised


def test_noise_of_display_codes_is_measured_in_the_displays_primaries_and_of_a_sensor_in_the_working_ones():
    coded = [np.asarray(f, np.float32) for f in in_codes(clean(), 12.0)]
    assert not np.array_equal(measure_noise_domain(Clip(coded), SeededContext(0)).matrix, np.eye(3))
    assert np.array_equal(measure_noise_domain(Clip(noisy(clean())), SeededContext(0)).matrix, np.eye(3))


def test_a_domain_survives_being_kept():
    domain = measure_noise_domain(Clip([np.asarray(f, np.float32) for f in in_codes(clean(), 40.0)]), SeededContext(0))
    again = NoiseDomain.from_arrays(domain.arrays())
    picture = clean()[0]
    assert np.array_equal(again.light(again.steady(picture)), domain.light(domain.steady(picture)))
