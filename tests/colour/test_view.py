"""Looking at the working space."""

import errno
from pathlib import Path

import numpy as np
import pytest

from answerprint.colour import kept_cube
from answerprint.colour.view import ViewLUT, display
from answerprint.production import BadInput
from answerprint.production.atomic import write_failure
from answerprint.production.home import cache_folder


def scene(seed: int = 1) -> np.ndarray:
    """Colours of a lit room: log-normal light, chroma of ordinary surfaces."""
    rng = np.random.default_rng(seed)
    return (0.18 * 2 ** rng.normal(0, 2, (4000, 1)) * 2 ** rng.normal(0, 0.35, (4000, 3))).astype(np.float32)


def test_mid_grey_shows_as_the_aces_2_rendering_has_it() -> None:
    # ACES 2.0 puts scene 0.18 at 10 nits of 100 (AMPAS S-2024, tone scale c_t = 10): (0.1) ** (1 / 2.4) = 0.383.
    assert display(np.full((1, 3), 0.18)) == pytest.approx(0.1 ** (1 / 2.4), abs=0.002)


def test_brighter_light_never_shows_darker() -> None:
    ramp = np.repeat(np.geomspace(1e-4, 500, 400)[:, None], 3, axis=1)
    assert (np.diff(display(ramp)[:, 1]) >= -1e-6).all()
    assert display(ramp).max() <= 1.0


def test_nan_and_infinity_show_as_black_and_white() -> None:
    shown = display(np.array([[np.nan, 0.2, 0.2], [np.inf, np.inf, np.inf]]))
    assert np.isfinite(shown).all()
    assert shown[1] == pytest.approx(1.0)


def test_the_two_views_are_one_rendering_on_two_screens() -> None:
    monitor, page = display(scene(), "sdr"), display(scene(), "srgb")
    lit = monitor.min(axis=1) > 0.2
    decoded = ((page[lit] + 0.055) / 1.055) ** 2.4
    assert np.allclose(monitor[lit] ** 2.4, decoded, atol=2e-3)


def test_the_baked_view_is_within_one_8_bit_code_on_ordinary_colours() -> None:
    error = np.abs(ViewLUT.bake().apply(scene()) - display(scene()))
    assert error.mean() < 1 / 255
    assert np.percentile(error, 99) < 2.5 / 255


def test_the_cube_is_kept_and_read_back_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    first = ViewLUT.cached()
    (kept,) = list(cache_folder().glob("view-sdr-*.lut"))
    before = kept.read_bytes()
    assert np.array_equal(ViewLUT.cached().cube, first.cube)
    damaged = bytearray(before)
    damaged[5000] ^= 255
    kept.write_bytes(bytes(damaged))
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache" / ".." / "cache"))  # another name: nothing remembered
    assert np.array_equal(ViewLUT.cached().cube, first.cube)
    assert kept.read_bytes() == before


def test_without_a_writable_cache_the_view_still_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(path: Path, *_: object) -> None:
        raise write_failure(path, OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    monkeypatch.setattr(kept_cube, "write_atomically", full)
    assert ViewLUT.cached().cube.shape == (65, 65, 65, 3)
    assert not list(tmp_path.iterdir())


def test_an_unknown_view_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="sdr, srgb, p3, hdr"):
        display(np.ones((1, 3)), "imax")


def pq_nits(code: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084:2014, equation 4."""
    power = np.maximum(code, 0) ** (1 / 78.84375)
    return 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)


def test_mid_grey_shows_at_the_same_luminance_in_p3_as_in_rec709() -> None:
    # 48-nit theatrical and 100-nit rendering share code-relative light: 0.10 of white.
    assert display(np.full((1, 3), 0.18), "p3") == pytest.approx(0.1 ** (1 / 2.6), abs=0.002)


def test_the_hdr_view_ends_at_1000_nits_and_lifts_mid_grey_to_about_15() -> None:
    # AMPAS S-2024: the ACES 2 tone scale puts 0.18 at 14.5 nits where the peak is 1000.
    grey, bright = pq_nits(display(np.array([[0.18] * 3, [5000.0] * 3]), "hdr"))[:, 1]
    assert grey == pytest.approx(14.5, abs=0.4)
    assert bright == pytest.approx(1000, rel=0.02)


def test_the_baked_hdr_view_stays_near_the_analytic_one() -> None:
    error = np.abs(ViewLUT.bake("hdr").apply(scene()) - display(scene(), "hdr"))
    assert np.percentile(error, 99) < 4 / 1023
