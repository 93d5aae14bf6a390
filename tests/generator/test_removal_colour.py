"""What a removal must not spoil: colour, exposure, light beyond white and below black, and what a four-level matte keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.generator.made_clips import Clip, texture, wire_matte

from answerprint.colour.difference import ciede2000
from answerprint.colour.temperature import cct_duv
from answerprint.generator.removal import Removal
from answerprint.generator.removal_lanes import QuadMatte
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.production import FrameRange

H, W, COUNT = 96, 192, 7


def removed(frames, mattes, at=3, **parameters):
    """The picture of frame ``at`` after the removal, and the result."""
    inputs = {"plate": Clip(frames), "matte": Clip(mattes, "matte")}
    operation, context = Removal(), SeededContext(5)
    chosen = Removal.Parameters(**parameters)
    analysis = operation.analyse(inputs, chosen, context)
    result = next(operation.render(Chunk(FrameRange(at, at + 1), inputs), analysis, chosen, context))
    matte = full_frame(result.matte, result, W, H)[..., None]
    return frames[at] * (1 - matte) + full_frame(result.fill, result, W, H) * matte, result


def grey_room(light=(0.18, 0.18, 0.18), noise=0.003, count=COUNT):
    """A grey wall with a little grain and a bright poster on it, a wire that sways before the wall, and the wire's mattes."""
    rng = np.random.default_rng(4)
    wall = np.full((H, W, 3), np.float32(light))
    wall[:, 140:] *= texture(H, W, 3)[:, 140:] + np.float32(0.3)
    mattes = [wire_matte((70 + 3 * at, -4), (96 + 3 * at, H + 4), 3.0, H, W) for at in range(count)]
    clean = [(wall + rng.normal(0, noise, (H, W, 3))).astype(np.float32) for _ in range(count)]
    return (
        clean,
        [(c * (1 - m[..., None]) + 0.01 * m[..., None]).astype(np.float32) for c, m in zip(clean, mattes, strict=True)],
        mattes,
    )


@pytest.mark.parametrize("light", [(0.18, 0.18, 0.18), (0.22, 0.18, 0.13), (0.9, 0.9, 0.9)])
def test_a_grey_wall_keeps_its_colour_and_exposure_under_a_fill(light):
    clean, frames, mattes = grey_room(light)
    made, _ = removed(frames, mattes)
    inside = mattes[3] > 0
    ours, wall = made[inside].mean(axis=0), clean[3][:, :130][~inside[:, :130]].mean(axis=0)
    assert float(ciede2000(ours[None], wall[None])[0]) < 0.5
    assert abs(np.log2(ours.mean() / wall.mean())) < 0.05
    assert abs(cct_duv(ours)[0] - cct_duv(wall)[0]) < 100


def test_grain_under_a_fill_is_as_strong_as_beside_it():
    _, frames, mattes = grey_room(noise=0.006)
    inside = mattes[3] > 0
    beside = (np.roll(inside, 30, axis=1) | np.roll(inside, -30, axis=1)) & ~inside
    made, _ = removed(frames, mattes)
    assert made[inside].std() == pytest.approx(frames[3][beside].std(), rel=0.1)


def ring_spectrum(pictures, rings, bands=4):
    """Amplitude of the grain by radial frequency, up to half a cycle a pixel, over the pixels of each picture's ring. What is longer
    than 8 pixels is left out: that is how light and fill drift, no grain."""
    total = np.zeros(bands)
    radius = np.hypot(np.fft.fftfreq(H)[:, None], np.fft.fftfreq(W)[None, :])
    which = np.minimum((radius * 2 * bands).astype(int), bands - 1)
    for picture, ring in zip(pictures, rings, strict=True):
        grain = np.where(ring[..., None], picture - picture[ring].mean(axis=0), 0)
        power = (np.abs(np.fft.fft2(grain, axes=(0, 1))) ** 2).sum(axis=2)
        total += np.array([power[which == band].mean() for band in range(bands)])
    return np.sqrt(total[1:])


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_grain_where_fill_and_plate_mix_has_the_spectrum_of_the_plate(strength):
    """Mixed half and half, two grains would lose 29 % of their strength."""
    clean, _, _ = grey_room(count=20)
    apart = [np.abs(np.arange(W, dtype=np.float32) - 18 - 5 * at) for at in range(20)]
    # A wire of 5 pixels with a faint feather of 14 on either side, where fill and plate mix.
    feather = [np.where(a < 2.5, np.float32(1), np.clip((16.5 - a) / 14, 0, 1) * np.float32(0.03)) for a in apart]
    mattes = [np.tile(f.astype(np.float32), (H, 1)) for f in feather]
    at = (4, 9, 14)
    rings = [(mattes[a] > 0) & (mattes[a] < 0.03) for a in at]
    made = [removed(clean, mattes, a, strength=strength)[0] for a in at]
    ours, plate = ring_spectrum(made, rings), ring_spectrum([clean[a] for a in at], rings)
    assert ours == pytest.approx(plate, rel=0.1)
    assert all(np.array_equal(m[mattes[a] == 0], clean[a][mattes[a] == 0]) for m, a in zip(made, at, strict=True))
    assert np.mean([m[r].mean() for m, r in zip(made, rings, strict=True)]) == pytest.approx(0.18, rel=0.003)


def test_light_above_white_and_below_black_comes_through_a_fill():
    _, frames, mattes = grey_room()
    for frame, matte in zip(frames, mattes, strict=True):
        free = matte == 0
        frame[:48][free[:48]] = (6.0, 5.0, 4.0)
        frame[48:][free[48:]] = (-0.02, 0.01, 0.02)
    made, result = removed(frames, mattes, grain=0.0)
    inside = mattes[3] > 0
    assert np.median(made[:40][inside[:40]], axis=0) == pytest.approx((6.0, 5.0, 4.0), rel=0.03)
    assert np.median(made[56:][inside[56:]], axis=0) == pytest.approx((-0.02, 0.01, 0.02), abs=0.004)
    assert result.support.max() > 0


class Levels(Clip):
    """Codes of a four-level matte as a reader of files gives them."""

    def __init__(self, codes):
        super().__init__([np.asarray(c, np.float32) / 255 for c in codes], "quad")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0, 63, 127, 255]), min_size=12, max_size=12), st.integers(-24, 24))
def test_a_four_level_matte_keeps_exactly_what_is_255_however_it_wavers(levels, waver):
    codes = np.clip(np.array(levels).reshape(3, 4) + waver, 0, 255)
    read = QuadMatte(Levels([codes])).read(0)
    assert np.array_equal(read, (np.array(levels).reshape(3, 4) != 255).astype(np.float32))


def test_a_four_level_matte_removes_the_thing_and_its_shadow_and_touches_nothing_else():
    set_, frames, quad = texture(H, W, 7), [], []
    for at in range(COUNT):
        frame, codes = set_.copy(), np.full((H, W), 255.0)
        x = 20 + 20 * at
        frame[30:50, x : x + 14] = 1.2
        codes[30:50, x : x + 14] = 0
        frame[50:60, x : x + 14] *= 0.4
        codes[50:60, x : x + 14] = 127
        frames.append(frame)
        quad.append(codes)
    inputs = {"plate": Clip(frames), "matte": Levels(quad)}
    operation, context, chosen = Removal(), SeededContext(5), Removal.Parameters(matte="quad", grain=0.0)
    analysis = operation.analyse(inputs, chosen, context)
    result = next(operation.render(Chunk(FrameRange(3, 4), inputs), analysis, chosen, context))
    matte = full_frame(result.matte, result, W, H)
    assert np.array_equal(matte > 0, quad[3] < 255)
    made = frames[3] * (1 - matte[..., None]) + full_frame(result.fill, result, W, H) * matte[..., None]
    assert np.abs(made - set_)[50:60, 82:92].mean() < 0.02
