"""Deflicker: jumps of light go, fades stay, and nobody who walks through the picture makes it pump."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generator.made_clips import Clip, rendered, same_bytes, texture

from answerprint.generator.deflicker import Deflicker

P = Deflicker.Parameters
H, W, COUNT = 60, 96, 24


@pytest.fixture(scope="module")
def jumps():
    return 1 + np.random.default_rng(2).normal(0, 0.06, (COUNT, 1, 1, 3)).astype(np.float32)


def steadied(frames, parameters=None, protect=None, order=None, chunk=1):
    inputs = {"plate": Clip(frames)} | ({"protect": Clip(protect, "protect")} if protect else {})
    return rendered(Deflicker(), inputs, parameters or P(), order or range(0, COUNT, chunk), chunk)


def fills(frames, results):
    return [r.fill if r.matte.any() else f for f, r in zip(frames, (results[i] for i in range(len(frames))), strict=True)]


def jumpiness(frames):
    """Mean change of a channel from frame to frame, against its neighbours on either side, in natural logarithms."""
    light = np.log(np.array([f[..., :].mean(axis=(0, 1)) for f in frames]))
    return np.abs(np.diff(light, 2, axis=0)).mean()


def test_light_that_jumps_in_brightness_and_colour_comes_to_rest(jumps):
    frames = [texture(H, W, 1) * j for j in jumps]
    assert jumpiness(fills(frames, steadied(frames))) < 0.1 * jumpiness(frames)


def test_a_fade_stays_a_fade():
    frames = [texture(H, W, 1) * np.float32(0.93**t) for t in range(COUNT)]
    made = fills(frames, steadied(frames))
    assert np.allclose([m.mean() / f.mean() for m, f in zip(made, frames, strict=True)], 1, atol=0.01)


def test_steady_light_is_left_to_the_last_bit():
    assert not any(r.matte.any() for r in steadied([texture(H, W, 1)] * COUNT).values())


def test_half_strength_takes_half(jumps):
    frames = [texture(H, W, 1) * j for j in jumps]
    assert jumpiness(fills(frames, steadied(frames, P(strength=0.5)))) == pytest.approx(0.5 * jumpiness(frames), rel=0.15)


def test_a_large_performer_who_walks_through_is_not_asked():
    frames, mattes = [], []
    for t in range(COUNT):
        frame, matte = texture(H, W, 1), np.zeros((H, W), np.float32)
        x = 4 * t
        frame[:, x : x + 60] = 0.4 + 0.05 * np.sin(t * 2.0)
        matte[:, x : x + 60] = 1
        frames.append(frame)
        mattes.append(matte)
    gains = [r.figures.get("gain_stops", 0.0) for r in steadied(frames, protect=mattes).values()]
    assert np.abs(gains).max() < 0.01


def test_bytes_do_not_depend_on_order_or_chunk_size(jumps):
    frames = [texture(H, W, 1) * j for j in jumps]
    one, many = steadied(frames, order=[20, 3, 11]), steadied(frames, chunk=7)
    assert all(same_bytes(one[at], many[at]) for at in one)
