"""Pixels on edges: what two things and their shares make, with the noise of all the rays around."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.optics.thin_lens import Focus
from answerprint.simulation.defocus import Defocus
from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.edges import Edges
from answerprint.simulation.passes import Rendered

HEIGHT, WIDTH = 40, 48


def shares() -> NDArray[np.float32]:
    """How much of each pixel a thing with a sloping edge covers."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.clip(0.5 + 24 - x + 0.3 * (y - 20), 0, 1)[..., None].astype(np.float32)


def guides(cover: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """A grey wall at 4 m and before it a dark thing at 2 m that is turned another way."""

    def mixed(thing: tuple[float, ...], wall: tuple[float, ...]) -> NDArray[np.float32]:
        return np.asarray(cover * np.array(thing) + (1 - cover) * np.array(wall), dtype=np.float32)

    return {
        "albedo": mixed((0.1, 0.1, 0.1), (0.6, 0.6, 0.6)),
        "normal": mixed((1, 0, 0), (0, 0, 1)),
        "shares": mixed((2.0,), (4.0,)),
    }


def on_edge(cover: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray((cover[..., 0] > 0) & (cover[..., 0] < 1))


def test_a_noisy_edge_gets_its_true_shares_and_less_than_half_of_the_noise() -> None:
    random, cover = np.random.default_rng(2), shares()
    true = np.repeat(cover * 0.05 + (1 - cover) * 0.8, 3, axis=2)
    light = (true * random.uniform(0.5, 1.5, (HEIGHT, WIDTH, 1))).astype(np.float32)
    where, fitted = on_edge(cover), ndimage.binary_dilation(on_edge(cover))
    made = Edges.of(guides(cover), fitted).fitted(light)
    assert np.std((made - true)[where]) < 0.45 * np.std((light - true)[where])
    assert abs(np.mean((made - true)[where])) < 0.02
    assert np.array_equal(made[~fitted], light[~fitted])


def test_a_straight_edge_that_few_rays_have_made_ragged_is_straight_again() -> None:
    random, cover = np.random.default_rng(4), shares()
    where = on_edge(cover)
    drawn = np.where(where[..., None], random.binomial(16, cover) / 16, cover).astype(np.float32)
    light = np.repeat(drawn * 0.9 + (1 - drawn) * 0.1, 3, axis=2)
    true = np.repeat(cover * 0.9 + (1 - cover) * 0.1, 3, axis=2)
    made = Edges.of(guides(drawn), ndimage.binary_dilation(where)).fitted(light)
    assert np.std((made - true)[where]) < 0.75 * np.std((light - true)[where])


def test_the_weights_of_a_pixel_sum_to_one() -> None:
    cover = shares()
    edges = Edges.of(guides(cover), on_edge(cover))
    for weights in (edges.narrow, edges.wide, edges.along):
        assert weights.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_thin_bright_line_that_few_rays_have_drawn_is_no_row_of_dashes() -> None:
    random = np.random.default_rng(6)
    cover = np.zeros((HEIGHT, WIDTH, 1), dtype=np.float32)
    cover[:, 24:26] = 0.06
    drawn = (random.binomial(32, cover) / 32).astype(np.float32)
    light = np.repeat(drawn * 8.0 + (1 - drawn) * 0.1, 3, axis=2)
    made = Edges.of(guides(drawn), ndimage.binary_dilation(cover[..., 0] > 0)).fitted(light)
    assert np.std(made[4:-4, 24:26]) < 0.55 * np.std(light[4:-4, 24:26])
    assert made[4:-4, 24:26].mean() == pytest.approx(light[4:-4, 24:26].mean(), rel=0.15)


def test_a_glint_that_no_guide_tells_is_not_drawn_out_where_there_is_little_noise() -> None:
    random, cover = np.random.default_rng(8), shares()
    true = np.full((HEIGHT, WIDTH, 3), 0.1, dtype=np.float32)
    true[19:21, 20:28] = 1.0
    light = (true * random.uniform(0.97, 1.03, (HEIGHT, WIDTH, 1))).astype(np.float32)
    flat = {name: np.full_like(value, value.mean()) for name, value in guides(cover).items()}
    made = Edges.of(flat, np.ones((HEIGHT, WIDTH), dtype=np.bool_)).fitted(light)
    assert made[19:21, 22:26].min() > 0.75
    assert made[[17, 22], 22:26].max() < 0.2


def test_beside_a_lamp_nothing_gets_darker_than_what_is_there() -> None:
    cover = shares()
    light = np.repeat(cover * 300.0 + (1 - cover) * 0.2, 3, axis=2).astype(np.float32)
    assert Edges.of(guides(np.round(cover)), on_edge(cover)).fitted(light).min() >= np.float32(0.2)


def frame(data: dict[str, NDArray[np.float32]], light: NDArray[np.float32]) -> Rendered:
    none = np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32)
    full = {
        "guide_gloss": none,
        "guide_dull": none[..., :1],
        "guide_shine": none,
        "guide_sky": none,
        "albedo": none,
        "normal": none,
        **data,
    }
    full.setdefault("depth", np.full((HEIGHT, WIDTH, 1), 3, dtype=np.float32))
    full.setdefault("guide_depth", full["depth"])
    full.setdefault("guide_normal", np.tile(np.array((0, 0, 1), np.float32), (HEIGHT, WIDTH, 1)))
    return Rendered(light, {}, full, {})


def test_what_a_mirror_shows_keeps_its_edges() -> None:
    random = np.random.default_rng(5)
    left = np.arange(WIDTH)[None, :, None] < 20
    seen = np.broadcast_to(np.where(left, np.float32(4), np.float32(9)), (HEIGHT, WIDTH, 1)).astype(np.float32)
    light = (np.where(left, 0.9, 0.1) * random.uniform(0.6, 1.4, (HEIGHT, WIDTH, 3))).astype(np.float32)
    made = frame({"guide_depth": seen, "guide_gloss": np.full((HEIGHT, WIDTH, 3), 0.85, np.float32)}, light)
    smooth_by_features(made)
    assert made.beauty[:, 18].mean() == pytest.approx(0.9, rel=0.05)
    assert made.beauty[:, 21].mean() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("features", [(20, slice(20, 24)), (20, slice(20, 22))])
def test_the_mouth_and_the_eye_of_a_small_face_stay_dark(features: tuple[int, slice]) -> None:
    random = np.random.default_rng(12)
    skin = np.full((HEIGHT, WIDTH, 3), 0.3, dtype=np.float32)
    skin[features] = 0.08
    gloss = np.full_like(skin, 0.05)
    light = skin * random.gamma(16, 1 / 16, (HEIGHT, WIDTH, 1)).astype(np.float32)
    made = frame({"albedo": skin, "guide_gloss": gloss}, light)
    smooth_by_features(made)
    assert made.beauty[features].mean() / made.beauty[16:25, 14:30].max() < 0.31


@pytest.mark.parametrize(("dull", "brighter"), [(1, 1.02), (0, 1.4)])
def test_a_fold_of_skin_seen_along_it_is_no_brighter_than_the_skin_beside_but_a_pane_s_may_be(dull: int, brighter: float) -> None:
    random = np.random.default_rng(13)
    skin = np.full((HEIGHT, WIDTH, 3), 0.05, dtype=np.float32)
    gloss = np.full_like(skin, 0.03)
    gloss[20:22] = 0.16
    made = frame(
        {"albedo": skin, "guide_gloss": gloss, "guide_dull": np.full((HEIGHT, WIDTH, 1), dull, np.float32)},
        skin * random.gamma(16, 1 / 16, (HEIGHT, WIDTH, 1)).astype(np.float32),
    )
    smooth_by_features(made)
    ratio = made.beauty[20:22].mean() / made.beauty[24:30].mean()
    assert (ratio < brighter) if dull else (ratio > brighter)


def test_the_layout_of_a_screen_stays_whatever_its_strength() -> None:
    layout = np.where(np.arange(WIDTH)[None, :, None] % 4 < 2, np.float32(0.8), np.float32(0.1))
    layout = np.broadcast_to(layout, (HEIGHT, WIDTH, 3)).astype(np.float32)
    made = frame({"guide_shine": layout}, layout * 40)
    smooth_by_features(made)
    assert made.beauty == pytest.approx(layout * 40, rel=0.25)


def test_guides_are_no_pass_of_the_result() -> None:
    made = frame({}, np.ones((HEIGHT, WIDTH, 3), dtype=np.float32))
    smooth_by_features(made)
    assert set(made.data) == {"albedo", "normal", "depth"}


def test_out_of_focus_before_the_sky_nothing_has_a_rim() -> None:
    random = np.random.default_rng(7)
    ramp = np.clip((np.arange(WIDTH, dtype=np.float32) - 18) / 12, 0, 1)
    cover = np.tile(ramp[None, :, None], (HEIGHT, 1, 1)).astype(np.float32)
    drawn = (random.binomial(16, cover) / 16).astype(np.float32)
    far = np.where(random.random(cover.shape) < drawn, np.float32(10), np.float32(np.inf))
    three = np.repeat(drawn, 3, axis=2)
    data = {"depth": far, "guide_depth": 10 * drawn, "albedo": 0.1 * three, "guide_sky": 40 * (1 - three)}
    made = frame(data, 0.05 * three + (1 - three))
    smooth_by_features(made, Defocus(Focus(2.0, 50.0, 50.0 / 1.4), 0.05, 16))
    assert made.beauty.max() < 1.03
    assert np.abs(made.beauty[..., 0].mean(axis=0) - (0.05 * cover + (1 - cover))[0, :, 0]).max() < 0.08


def test_a_sleeve_before_its_own_jumper_has_no_stairs() -> None:
    random, cover = np.random.default_rng(9), shares()
    sleeve, jumper = np.array((0.8, 0, 0.6), np.float32), np.array((-0.6, 0, 0.8), np.float32)
    light = np.repeat(cover * 0.9 + (1 - cover) * 0.2, 3, axis=2)
    grey = np.full((HEIGHT, WIDTH, 3), 0.4, dtype=np.float32)
    noise = random.uniform(0.8, 1.2, (HEIGHT, WIDTH, 1)).astype(np.float32)
    made = frame({"guide_normal": cover * sleeve + (1 - cover) * jumper, "albedo": grey}, light * noise)
    smooth_by_features(made)
    where = on_edge(cover)
    assert np.std((made.beauty - light)[where]) < 0.06


def test_a_dark_pane_that_mirrors_the_sky_out_of_focus_has_no_darker_rim() -> None:
    random = np.random.default_rng(11)
    cover = np.clip((np.arange(WIDTH, dtype=np.float32) - 21) / 4, 0, 1)[None, :, None] * np.ones((HEIGHT, 1, 1), np.float32)
    drawn = np.repeat((random.binomial(8, cover) / 8).astype(np.float32), 3, axis=2)
    light = (0.75 * drawn + 0.3 * (1 - drawn)) * random.gamma(64, 1 / 64, (HEIGHT, WIDTH, 1)).astype(np.float32)
    data = {"albedo": 0.7 * drawn + 0.02 * (1 - drawn), "depth": np.full((HEIGHT, WIDTH, 1), 9, np.float32)}
    made = frame(data, light)
    smooth_by_features(made, Defocus(Focus(2.0, 50.0, 50.0 / 2.8), 0.05, 8))
    assert made.beauty[4:-4, :30].min() > 0.27


def test_what_is_black_and_shines_does_not_run_over_the_white_beside_it() -> None:
    random = np.random.default_rng(13)
    cover = np.zeros((HEIGHT, WIDTH, 1), dtype=np.float32)
    cover[:, 24:26], cover[:, [23, 26]] = 1, 0.5
    drawn = np.repeat((random.binomial(8, cover) / 8).astype(np.float32), 3, axis=2)
    light = (0.6 * drawn + 0.4 * (1 - drawn)) * random.gamma(8, 1 / 8, (HEIGHT, WIDTH, 1)).astype(np.float32)
    made = frame({"albedo": 0.7 * (1 - drawn)}, light)
    smooth_by_features(made)
    assert made.beauty[4:-4].max() < 1.3
