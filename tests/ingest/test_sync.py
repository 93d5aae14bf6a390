"""Sound to picture: known offsets and drifts found again."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from answerprint.ingest.sync import by_clap, by_ltc, by_timecode, by_waveform, find_clap, overlapping
from answerprint.media.ltc import decode_ltc
from answerprint.production import Timecode

RATE = 48000


def room(seconds: float, seed: int = 1, rate: int = RATE) -> np.ndarray:
    """Something like speech: noise bursts of varying colour and level, with pauses."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    level = np.repeat(rng.gamma(0.5, 1.0, int(seconds * 8) + 1), rate // 8)[:count]
    noise = rng.normal(0, 1, count)
    return np.convolve(noise, np.hanning(12), "same") * level * 0.05


def ltc(label: tuple[int, int, int, int], frames: int, fps: float, drop: bool = False, rate: int = RATE) -> np.ndarray:
    """A biphase mark track, written from SMPTE ST 12-1, frames counted within one minute."""
    h, m, s, f = label
    bits: list[int] = []
    for number in range(frames):
        count = round(fps)
        ff, ss = (f + number) % count, s + (f + number) // count
        word = [0] * 80
        for first, width, value in ((0, 4, ff % 10), (8, 2, ff // 10), (16, 4, ss % 10), (24, 3, ss // 10), (32, 4, m % 10),
                                    (40, 3, m // 10), (48, 4, h % 10), (56, 2, h // 10)):  # fmt: skip
            for place in range(width):
                word[first + place] = value >> place & 1
        word[10] = int(drop)
        word[64:] = [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1]
        bits += word
    level, halves = 1, []
    for bit in bits:
        level = -level
        halves.append(level)
        level = -level if bit else level
        halves.append(level)
    edges = np.arange(len(halves)) * rate / (fps * 160)
    times = np.arange(int(len(halves) * rate / (fps * 160)))
    wave = np.array(halves, float)[np.searchsorted(edges, times, side="right") - 1]
    return np.convolve(wave, np.ones(4) / 4, "same")


@pytest.mark.parametrize(("fps", "drop"), [(24, False), (24000 / 1001, False), (25, False), (30000 / 1001, True)])
@pytest.mark.parametrize("polarity", [1, -1])
def test_linear_timecode_is_read_frame_for_frame(fps: float, drop: bool, polarity: int) -> None:
    track = polarity * 0.3 * ltc((1, 2, 3, 5), 40, fps, drop)
    track += np.random.default_rng(2).normal(0, 0.01, len(track))
    found = decode_ltc(track, RATE)
    assert len(found) >= 37
    mark = ";" if drop else ":"
    assert f"01:02:03{mark}10" in [one.label for one in found]
    ten = next(one for one in found if one.label.endswith(f"03{mark}10"))
    assert ten.sample == pytest.approx(5 * RATE / fps, abs=4)


def test_speech_and_silence_hold_no_timecode() -> None:
    assert decode_ltc(room(3), RATE) == []
    assert decode_ltc(np.zeros(RATE), RATE) == []


def test_linear_timecode_places_the_recording_and_tells_its_drift() -> None:
    track = ltc((1, 0, 10, 0), 24 * 14, 24 * (1 - 50e-6))  # the recorder is 50 ppm fast: it stretches what it hears
    found = by_ltc(Timecode.parse("01:00:00:00", Fraction(24)), decode_ltc(track, RATE), RATE)
    assert found is not None
    assert found.offset_s == pytest.approx(10, abs=1e-3)
    assert found.drift_ppm == pytest.approx(50, abs=8)


def test_timecode_places_a_recording_by_its_own_sample_rate() -> None:
    start = Timecode.parse("10:00:00:00", Fraction(24000, 1001))
    # 23.976 counts 24 labels a second: 10 hours of labels are 36036 seconds.
    found = by_timecode(start, 36036 * 48000 + 24000, 48000)
    assert found.offset_s == pytest.approx(0.5)
    assert by_timecode(start, 36036 * 48048 + 24024, 48048).offset_s == pytest.approx(0.5)


def test_a_recording_begun_before_midnight_lies_before_a_clip_begun_after_it() -> None:
    found = by_timecode(Timecode.parse("00:00:10:00", Fraction(25)), 86390 * 48000, 48000)
    assert found.offset_s == pytest.approx(-20)


@pytest.mark.parametrize(("offset", "ppm"), [(-3.2, 0.0), (1.7, 0.0), (-0.4, 80.0), (2.25, -45.0)])
def test_the_waveform_finds_offset_and_drift(offset: float, ppm: float) -> None:
    world = room(46, seed=5)
    seconds = np.arange(int(30 * RATE)) / RATE
    ticks = np.arange(len(world)) / RATE
    rng = np.random.default_rng(8)
    camera = np.interp(seconds + 8, ticks, world) + rng.normal(0, 0.01, len(seconds))
    # The recorder begins `offset` after the camera and takes its samples at a rate that is off by so many millionths.
    own = np.arange(int(30 * RATE)) / (RATE * (1 + ppm * 1e-6))
    recorder = np.interp(own + 8 + offset, ticks, world)
    found = by_waveform(camera, RATE, 0.3 * recorder, RATE)
    assert found is not None
    assert found.offset_s == pytest.approx(offset, abs=0.001)
    assert found.drift_ppm == pytest.approx(ppm, abs=3)
    assert found.confidence > 0.6


@pytest.mark.parametrize("ppm", [1000.0, -1000.0])
def test_a_recorder_at_the_wrong_rate_is_placed_to_the_millisecond_and_named(ppm: float) -> None:
    rate = 8000
    world, own = room(140, seed=9, rate=rate), rate * (1 + ppm * 1e-6)
    ticks = np.arange(len(world)) / rate
    camera = np.interp(np.arange(120 * rate) / rate + 8, ticks, world)
    recorder = np.interp(np.arange(int(130 * own)) / own + 2, ticks, world)
    found = by_waveform(camera, rate, recorder, rate)
    assert found is not None
    assert found.offset_s == pytest.approx(-6, abs=0.001)
    assert found.drift_ppm == pytest.approx(ppm, abs=5) and "wrong rate" in found.why


def test_linear_timecode_at_another_rate_than_the_clips_is_named() -> None:
    frames = decode_ltc(ltc((1, 0, 0, 0), 24 * 15, 24000 / 1001, rate=16000), 16000)
    found = by_ltc(Timecode.parse("01:00:00:00", 24), frames, 16000)
    assert found is not None and abs(abs(found.drift_ppm or 0) - 1000) < 20 and "wrong rate" in found.why


def test_recordings_of_different_rates_are_compared() -> None:
    slow = room(20, seed=3, rate=16000)
    camera = np.interp(np.arange(12 * 48000) / 48000 + 2, np.arange(len(slow)) / 16000, slow)
    found = by_waveform(camera, 48000, slow, 16000)
    assert found is not None
    assert found.offset_s == pytest.approx(-2, abs=0.001)


def test_two_places_that_never_heard_each_other_are_not_matched() -> None:
    assert by_waveform(room(25, seed=1), RATE, room(25, seed=2), RATE) is None


def clapped(at: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    track = rng.normal(0, 0.002, int(6 * RATE))
    decay = np.exp(-np.arange(int(0.08 * RATE)) / (0.008 * RATE))
    place = int(at * RATE)
    track[place : place + len(decay)] += 0.6 * decay * rng.normal(0, 1, len(decay))
    track[int(4.5 * RATE) : int(5.5 * RATE)] += 0.1 * np.sin(np.arange(RATE) * 0.05)  # a voice is no clap
    return track


def test_a_clap_is_found_to_the_millisecond_and_a_tone_is_none() -> None:
    assert find_clap(clapped(2.345, 1), RATE) == pytest.approx(2.345, abs=0.001)
    assert find_clap(np.sin(np.arange(3 * RATE) * 0.05) * 0.3, RATE) is None


def test_two_claps_place_the_recording() -> None:
    found = by_clap(clapped(3.0, 1), RATE, clapped(1.25, 2), RATE)
    assert found is not None
    assert found.offset_s == pytest.approx(1.75, abs=0.002)


def test_recordings_that_overlap_come_longest_first() -> None:
    spans = [("a", Fraction(0), Fraction(12)), ("b", Fraction(11), Fraction(30)), ("c", Fraction(40), Fraction(50))]
    assert overlapping((Fraction(10), Fraction(20)), spans) == ["b", "a"]
