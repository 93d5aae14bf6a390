"""Colour spaces: the way in, the way back, and what a picture is taken for."""

import hashlib

import numpy as np
import pytest

from answerprint.colour import config
from answerprint.colour.spaces import CAMERA_709, LINEAR_709, SRGB, default_space, from_working, resolve_space, to_working
from answerprint.colour.transform import cpu_between, run
from answerprint.production import BadInput

EXACT_SPACES = [SRGB, CAMERA_709, "ACEScct", "ARRI LogC3 (EI800)", "S-Log3 S-Gamut3.Cine", "V-Log V-Gamut", "sRGB - Display"]


def triples(count: int, dtype: type, seed: int = 7) -> np.ndarray:
    top = np.iinfo(dtype).max + 1
    grey = np.repeat(np.arange(top, dtype=dtype)[:, None], 3, axis=1)
    return np.concatenate([grey, np.random.default_rng(seed).integers(0, top, (count, 3), dtype=dtype)])


@pytest.mark.parametrize("space", EXACT_SPACES)
def test_every_8_bit_code_comes_back_as_itself(space: str) -> None:
    codes = triples(100_000, np.uint8)
    assert np.array_equal(from_working(to_working(codes, space), space, np.uint8), codes)


@pytest.mark.parametrize("space", EXACT_SPACES)
def test_every_16_bit_code_comes_back_within_one(space: str) -> None:
    codes = triples(50_000, np.uint16)
    back = from_working(to_working(codes, space), space, np.uint16)
    assert np.abs(back.astype(int) - codes.astype(int)).max() <= 1


def test_half_floats_of_a_rec709_picture_come_back_bit_for_bit_where_they_are_not_near_black() -> None:
    codes = np.random.default_rng(3).uniform(0.01, 40, (20_000, 3)).astype(np.float16)
    back = from_working(to_working(codes, LINEAR_709), LINEAR_709, np.float16)
    assert np.mean(back == codes) > 0.999
    assert np.allclose(back.astype(np.float32), codes.astype(np.float32), rtol=2**-10)


def test_highlights_above_one_and_negatives_are_not_clamped() -> None:
    light = np.array([[30.0, -0.2, 4.0]], np.float32)
    assert np.allclose(from_working(to_working(light, LINEAR_709), LINEAR_709, np.float32), light, atol=1e-4)


def test_a_nan_stays_in_its_own_pixel() -> None:
    light = np.array([[np.nan, 0.1, 0.2], [0.3, 0.4, 0.5]], np.float32)
    working = to_working(light, SRGB)
    assert np.isnan(working[0]).all()
    assert np.isfinite(working[1]).all()


def test_an_infinite_light_does_not_become_a_wrong_integer() -> None:
    assert from_working(np.full((1, 3), np.inf, np.float32), "ACEScg", np.uint8).tolist() == [[255, 255, 255]]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_does_not_change_a_bit(threads: int) -> None:
    picture = np.random.default_rng(5).uniform(-0.1, 3, (311, 701, 3)).astype(np.float32)
    bits = [hashlib.sha256(run(cpu_between("ACEScg", "ARRI LogC4"), picture, n).tobytes()).digest() for n in (1, threads)]
    assert bits[0] == bits[1]


def test_the_picture_given_is_left_as_it_was() -> None:
    picture = np.full((4, 4, 3), 0.5, np.float32)
    to_working(picture, SRGB)
    assert (picture == 0.5).all()


def test_a_mid_grey_of_the_bt709_camera_curve_is_the_light_the_standard_says() -> None:
    # ITU-R BT.709-6 item 1.2: V = 1.099 L^0.45 - 0.099, so L = 0.18 gives V = 0.40900; constants rounded to 4 digits there.
    code = np.full((1, 3), round(0.40900 * 65535), np.uint16)
    assert to_working(code, CAMERA_709) == pytest.approx(0.18, abs=2e-4)


@pytest.mark.parametrize(
    ("storage", "file_format", "tag", "space"),
    [
        ("half", "exr", None, LINEAR_709),
        ("half", "exr", "lin_ap0_scene", "ACES2065-1"),
        ("half", "exr", "lin_ap1_scene", "ACEScg"),
        ("float", "tiff", None, LINEAR_709),
        ("uint16", "tiff", None, SRGB),
        ("uint8", "png", None, SRGB),
        ("uint8", "jpeg", "sRGB", SRGB),
        ("uint10", "dpx", None, SRGB),
        ("uint10", "dpx", "Printing density", "ADX10"),
        ("uint10", "dpx", "Linear", LINEAR_709),
        ("uint16", "movie", None, CAMERA_709),
        ("uint16", "movie", "bt709", CAMERA_709),
        ("uint16", "movie", "unspecified", CAMERA_709),
        ("uint16", "movie", "smpte2084", "Rec.2100-PQ - Display"),
        ("uint16", "movie", "ARRI LogC4", "ARRI LogC4"),
    ],
)
def test_a_picture_is_taken_for_what_its_file_says(storage: str, file_format: str, tag: str | None, space: str) -> None:
    assert default_space(storage, file_format, tag) == space


def test_a_movie_with_a_tag_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(BadInput, match="input_space"):
        default_space("uint16", "movie", "mystery-log-9")


@pytest.mark.parametrize("name", ["sRGB - Texture", "srgb_texture", "srgb_rec709_scene", "Utility - sRGB - Texture"])
def test_the_names_other_versions_use_still_mean_the_same_space(name: str) -> None:
    assert resolve_space(name) == SRGB


def test_an_unknown_space_is_answered_with_near_names() -> None:
    with pytest.raises(BadInput, match="ARRI LogC4"):
        resolve_space("ARRI LogC5")


def test_the_archived_configuration_has_the_digest_in_the_record(tmp_path) -> None:
    digest = config.archive(tmp_path)
    archived = next(tmp_path.glob("*.ocio"))
    assert hashlib.sha256(archived.read_bytes()).hexdigest() == digest == config.config_digest()
    assert config.archive(tmp_path) == digest


def test_another_configuration_in_the_archive_is_not_overwritten(tmp_path) -> None:
    config.archive(tmp_path)
    archived = next(tmp_path.glob("*.ocio"))
    archived.write_text("ocio_profile_version: 2\n")
    with pytest.raises(BadInput, match="another colour configuration"):
        config.archive(tmp_path)


# What the makers publish for a grey card of 18 %: ARRI LogC3 (2011) 0.391 and LogC4 specification (2022) 0.2784; Sony S-Log3
# technical summary, 10-bit code 420; Panasonic V-Log reference manual, 10-bit code 433; RED white paper 915-0187, one third;
# Canon Log gamma curves white paper, 39.8 % and 34.3 %; Blackmagic Generation 5 colour science 38.36 %; Apple Log profile white
# paper 48.83 %; DJI D-Log white paper 39.88 %; DaVinci Intermediate, Blackmagic 2021, 33.6 %.
@pytest.mark.parametrize(
    ("name", "space", "grey"),
    [
        ("LogC3", "ARRI LogC3 (EI800)", 0.391),
        ("ARRI LogC4", "ARRI LogC4", 0.2784),
        ("S-Log3", "S-Log3 S-Gamut3.Cine", 420 / 1023),
        ("S-Log3/S-Gamut3", "S-Log3 S-Gamut3", 420 / 1023),
        ("V-Log", "V-Log V-Gamut", 433 / 1023),
        ("Log3G10", "Log3G10 REDWideGamutRGB", 1 / 3),
        ("Canon Log 2", "CanonLog2 CinemaGamut D55", 0.398),
        ("C-Log3", "CanonLog3 CinemaGamut D55", 0.3434),
        ("BMD Film Gen 5", "BMDFilm WideGamut Gen5", 0.3836),
        ("Apple Log", "Apple Log", 0.4883),
        ("D-Log", "D-Log D-Gamut", 0.3988),
        ("DaVinci Intermediate", "DaVinci Intermediate WideGamut", 0.336),
    ],
)
def test_a_grey_card_in_a_camera_log_has_the_code_its_maker_publishes(name: str, space: str, grey: float) -> None:
    assert resolve_space(name) == space
    assert from_working(np.full((1, 3), 0.18), name, np.float32) == pytest.approx(grey, abs=5e-4)
    assert to_working(np.full((1, 3), grey, np.float32), name) == pytest.approx(0.18, rel=0.01)
