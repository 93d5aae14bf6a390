"""The feature filter: less noise, each light group by itself, whatever the strength of its lamp."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.optics.thin_lens import Focus
from answerprint.simulation import denoise
from answerprint.simulation.defocus import Defocus
from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.passes import Rendered


def noisy(gain: float = 1.0) -> Rendered:
    """Two walls of different colour that meet in the middle, lit by a noisy key and a noisy fill."""
    random = np.random.default_rng(3)
    albedo = np.full((24, 32, 3), 0.2, dtype=np.float32)
    albedo[:, 16:] = 0.6
    normal = np.zeros((24, 32, 3), dtype=np.float32)
    normal[:, :16, 0] = normal[:, 16:, 1] = 1
    depth = np.full((24, 32, 1), 3.0, dtype=np.float32)
    key, fill = (albedo * random.uniform(0.5, 1.5, (24, 32, 1)).astype(np.float32) * g for g in (gain, 0.25))
    return Rendered(key + fill, {"key": key, "fill": fill}, {"albedo": albedo, "normal": normal, "depth": depth}, {})


def test_noise_falls_and_the_edge_stays() -> None:
    frame = noisy()
    before = frame.beauty[4:20, 2:12, 0].std()
    smooth_by_features(frame)
    assert frame.beauty[4:20, 2:12, 0].std() < 0.35 * before
    assert frame.beauty[:, 18:, 0].mean() / frame.beauty[:, :14, 0].mean() > 2.7


def test_groups_still_add_up_and_one_lamp_does_not_touch_another() -> None:
    first, second = noisy(), noisy(gain=4.0)
    smooth_by_features(first)
    smooth_by_features(second)
    assert np.abs(first.groups["key"] + first.groups["fill"] - first.beauty).max() < 1e-6
    assert np.array_equal(first.groups["fill"], second.groups["fill"])


def test_a_lamp_as_bright_again_in_another_colour_gives_the_same_picture_times_that() -> None:
    frame, warmer = noisy(), noisy()
    gains = np.array([4.0, 2.0, 0.5], dtype=np.float32)
    warmer.groups["key"] *= gains
    smooth_by_features(frame)
    smooth_by_features(warmer)
    assert np.abs(warmer.groups["key"] - frame.groups["key"] * gains).max() < 1e-5 * warmer.groups["key"].max()


def test_a_bright_speck_leaves_no_blotch() -> None:
    frame, specked = noisy(), noisy()
    specked.groups["key"][10, 7] = 50.0
    smooth_by_features(frame)
    smooth_by_features(specked)
    assert np.abs(specked.beauty - frame.beauty).max() < 0.15 * frame.beauty.mean()


def test_the_edge_of_a_hard_shadow_stays_where_noise_does_not_hide_it() -> None:
    frame = noisy()
    frame.groups["key"][12:] *= np.float32(0.05)
    smooth_by_features(frame)
    lit, dark = frame.groups["key"][2:9, 4:12, 0].mean(), frame.groups["key"][15:22, 4:12, 0].mean()
    assert dark / lit < 0.12


def test_a_screen_does_not_shine_on_its_frame() -> None:
    frame = noisy()
    material = np.ones((24, 32, 1), dtype=np.float32)
    material[:, 16:] = 2
    frame.data["material_id"] = material
    for name in ("albedo", "normal"):
        frame.data[name][:] = frame.data[name][:, :1]
    frame.groups["key"][:, 16:] = 40.0
    smooth_by_features(frame)
    assert frame.groups["key"][:, :14].max() < 0.5


def test_a_speck_in_a_puddle_leaves_nothing() -> None:
    frame, specked = noisy(), noisy()
    seen = np.random.default_rng(4).uniform(3, 5, (24, 32, 1)).astype(np.float32)
    for each in (frame, specked):
        each.data["depth"] = seen
    specked.groups["key"][10, 7] = 50.0
    smooth_by_features(frame)
    smooth_by_features(specked)
    assert np.abs(specked.beauty - frame.beauty).max() < 0.5 * frame.beauty.mean()


def test_a_ceiling_that_is_seen_at_a_grazing_angle_is_as_smooth_as_a_wall() -> None:
    wall, ceiling = noisy(), noisy()
    rows = np.arange(24, dtype=np.float32)[:, None, None]
    ceiling.data["depth"] = np.broadcast_to(6 / (1 + rows), (24, 32, 1)).astype(np.float32)
    for frame in (wall, ceiling):
        smooth_by_features(frame)
    assert ceiling.beauty[4:20, 2:12].std() < 1.3 * wall.beauty[4:20, 2:12].std()


def test_a_soft_shadow_in_noise_has_fewer_blotches_than_of_one_narrow_mean() -> None:
    shade = np.clip((28 - np.arange(48, dtype=np.float32)) / 10, 0.05, 1)[:, None, None]
    uneven = []
    for seed in range(4):
        light = shade * np.random.default_rng(seed).gamma(0.4, 2.5, (48, 64, 1)) * np.ones(3)
        flat = {"albedo": (0.6, 0.6, 0.6), "normal": (0.0, 0.0, 1.0), "depth": (3.0,)}
        wall = {name: np.tile(np.array(value, dtype=np.float32), (48, 64, 1)) for name, value in flat.items()}
        frame = Rendered(light.astype(np.float32), {}, wall, {})
        smooth_by_features(frame)
        uneven.append(frame.beauty[20:34, 6:-6, 0].std(axis=1).mean())
    assert np.mean(uneven) < 0.0325


def tall(height: int = 900) -> Rendered:
    """A strip of textured tiles under two noisy lamps, with a sky at its top."""
    random = np.random.default_rng(8)
    tiles = random.uniform(0.1, 0.7, (height // 20, 2, 3)).repeat(20, axis=0).repeat(12, axis=1).astype(np.float32)
    normal = np.zeros_like(tiles)
    normal[..., 2] = 1
    depth = np.linspace(2, 6, height, dtype=np.float32)[:, None, None] + np.zeros((1, 24, 1), dtype=np.float32)
    depth[:50] = np.inf
    key, fill = (tiles * random.gamma(2, 0.5, (height, 24, 1)).astype(np.float32) for _ in range(2))
    return Rendered(key + fill, {"key": key, "fill": fill}, {"albedo": tiles, "normal": normal, "depth": depth}, {})


def test_a_large_picture_is_filtered_in_bands_and_no_pixel_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, banded = tall(), tall()
    blur = Defocus(Focus(5.5, 50.0, 1.4), 0.01, 8)
    smooth_by_features(whole, blur)
    monkeypatch.setattr(denoise, "_AT_ONCE", 24 * 500)
    assert len(list(denoise._bands(900, 24))) > 3
    smooth_by_features(banded, blur)
    assert np.abs(banded.beauty - whole.beauty).max() < 1e-6
    assert np.abs(banded.groups["key"] - whole.groups["key"]).max() < 1e-6
