"""What the lens has blurred may be averaged, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.optics.thin_lens import Focus
from answerprint.simulation.defocus import Defocus, averaged
from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.passes import Rendered

LENS = Defocus(Focus.thin(85.0, 2.0, 2.5), 27.0 / 320, 9)


def blurred_edge(depth: float) -> Rendered:
    """A dark thing before a bright one, both at about ``depth``, each pixel of 9 rays that meet one or the other by chance."""
    random = np.random.default_rng(1)
    share = np.clip((np.arange(64) - 24) / 16, 0, 1)[None, :].repeat(40, axis=0)
    bright = (random.binomial(9, share) / 9).astype(np.float32)[..., None]
    albedo = np.repeat(0.1 + 0.7 * bright, 3, axis=-1)
    normal = np.zeros((40, 64, 3), dtype=np.float32)
    normal[..., 1] = 1
    one = (random.random((40, 64, 1)) < share[..., None]).astype(np.float32)
    data = {"albedo": albedo, "normal": normal, "depth": depth + 0.6 * one, "material_id": 1 + one}
    light = albedo * np.float32(2)
    return Rendered(light.copy(), {"key": light.copy()}, data, {})


def roughness(frame: Rendered) -> float:
    """How much the blurred edge differs from row to row."""
    return float(frame.beauty[4:-4, 26:38, 0].std(axis=0).mean())


def test_an_edge_out_of_focus_is_as_smooth_as_the_blur_that_made_it() -> None:
    with_lens, without = blurred_edge(6.0), blurred_edge(6.0)
    smooth_by_features(with_lens, LENS)
    smooth_by_features(without)
    assert roughness(with_lens) < 0.5 * roughness(without)


def before_the_sky(slant: float) -> Rendered:
    """A fence's edge 7 m away, spread over ten pixels, before a sky that its few rays meet or not: 32 of light and guides, one of depth."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[:48, :64].astype(np.float32)
    open_ = np.clip((x - slant * (y - 24) - 27) / 10, 0, 1)[..., None]
    share = (random.binomial(32, open_) / 32).astype(np.float32)
    ray = random.random(open_.shape) < open_
    normal = np.zeros((48, 64, 3), dtype=np.float32)
    normal[..., 1] = 1
    three = np.repeat(share, 3, axis=2)
    data = {
        "albedo": 0.3 * (1 - three), "normal": normal * (1 - three), "depth": np.where(ray, np.float32(np.inf), np.float32(7)),
        "material_id": np.where(ray, np.float32(0), np.float32(4)), "guide_depth": 7 * (1 - share), "guide_normal": normal * (1 - three),
        "guide_gloss": 0 * three, "guide_dull": 0 * share, "guide_shine": 0 * three, "guide_sky": 3 * three,
    }  # fmt: skip
    light = (0.06 * (1 - three) * random.gamma(8, 1 / 8, open_.shape) + 0.6 * three).astype(np.float32)
    return Rendered(light, {}, data, {})


@pytest.mark.parametrize("slant", [0, 1])
def test_an_edge_out_of_focus_before_the_sky_is_an_even_ramp_and_no_comb(slant: int) -> None:
    frame = before_the_sky(slant / 2)
    smooth_by_features(frame, Defocus(LENS.focus, LENS.pitch_mm, 32))
    stops = np.log2(frame.beauty[..., 1])
    along = np.roll(stops, (2, slant), (0, 1)) + np.roll(stops, (-2, -slant), (0, 1))
    assert np.abs(stops - 0.5 * along)[6:-6, 16:48].max() < 0.12


def test_what_is_in_focus_is_filtered_as_without_a_lens() -> None:
    with_lens, without = blurred_edge(2.4), blurred_edge(2.4)
    for frame in (with_lens, without):
        frame.data["depth"] = np.full_like(frame.data["depth"], 2.5)
    smooth_by_features(with_lens, LENS)
    smooth_by_features(without)
    assert np.array_equal(with_lens.beauty, without.beauty)


def test_the_mean_keeps_all_light_and_crosses_into_nothing_sharp() -> None:
    random = np.random.default_rng(2)
    light = random.uniform(0, 9, (20, 30, 3)).astype(np.float32)
    spread = np.full((20, 30, 1), 2.0, dtype=np.float32)
    spread[:, :10] = 0
    mean = averaged(light, spread)
    assert np.array_equal(mean[:, :10], light[:, :10])
    assert abs(float(mean.sum(dtype=np.float64) / light.sum(dtype=np.float64)) - 1) < 1e-6
    assert mean[:, 14:].std() < 0.5 * light[:, 14:].std()


def test_more_samples_need_less_averaging() -> None:
    far = np.full((8, 8, 1), 40.0, dtype=np.float32)
    many = Defocus(LENS.focus, LENS.pitch_mm, 64)
    assert many.spread(far).max() < 0.2 * LENS.spread(far).max()
