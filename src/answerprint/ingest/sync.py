"""Putting sound to picture: by timecode, by linear timecode on a track, by the sound itself, or by the clap of the slate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly
from scipy.stats import theilslopes

from answerprint.media.ltc import LtcFrame, decode_ltc
from answerprint.media.samples import has_sound, read_samples
from answerprint.media.sound import read_sound_header
from answerprint.production import BadInput, Timecode

Mono = NDArray[np.float64]
Method = Literal["timecode", "ltc", "waveform", "clap"]

_WORK_RATE = 8000
"""Samples a second at which waveforms are compared: speech lies below 4 kHz, and 0.02 of a sample is found between samples."""
_WINDOW_S, _STEPS, _SHORT_S = 8.0, 12, 1.0
_CLEAR = 1.6
"""How far the best peak must stand above the next before a window is believed."""

_NEAR_S = 0.05
_MOST_DRIFT = 0.006
_PULLED_PPM = 1000.0
"""How far two clocks are apart of which one counts 1000 where the other counts 1001."""


@dataclass(frozen=True)
class Sync:
    """Where a recording lies against a clip.

    ``offset_s`` is the time of the recording's first sample after the clip's first frame, seconds (negative: the recorder ran
    first). ``drift_ppm`` is how much faster the recorder's clock ran than the camera's, in millionths; None where it was not
    measured. ``confidence`` is 0 to 1.
    """

    method: Method
    offset_s: float
    drift_ppm: float | None
    confidence: float
    why: str

    def document(self) -> dict[str, Any]:
        """As the card report has it."""
        return asdict(self)


def by_timecode(start: Timecode, time_reference: int, sample_rate: int, midnights: bool = True) -> Sync:
    """From the clip's first label and the recording's bext time reference (samples since midnight at the file's own rate).

    Exact to a frame at best: nothing says that the two clocks agreed. A difference beyond 12 hours is taken through midnight.
    """
    offset = Fraction(time_reference, sample_rate) - Fraction(start.frame) / start.rate
    if midnights and abs(offset) > 43200:
        offset -= 86400 * (1 if offset > 0 else -1)
    return Sync("timecode", float(offset), None, 0.8, f"timecode: the recording starts {float(offset):+.3f} s from the clip")


def by_ltc(start: Timecode, frames: list[LtcFrame], sample_rate: int) -> Sync | None:
    """From timecode on a track of the recording: offset and drift against the clip's own labels. None where too little is read."""
    times, labels = [], []
    for one in frames:
        try:
            labels.append(float(Fraction(Timecode.parse(one.label, start.rate).frame - start.frame) / start.rate))
            times.append(one.sample / sample_rate)
        except BadInput:
            continue
    if len(times) < 5:
        return None
    wall, own = np.array(labels), np.array(times)
    span = own[-1] - own[0]
    slope, at_start, *_ = theilslopes(wall[:: max(1, len(wall) // 300)], own[:: max(1, len(own) // 300)])
    agree = float(np.mean(np.abs(wall - (at_start + slope * own)) < 0.5 / float(start.rate)))
    drift = (1 / slope - 1) * 1e6 if span >= 10 else None
    why = f"linear timecode: {len(times)} frames read, {agree:.0%} of them in step{_said(drift)}"
    return Sync("ltc", float(at_start), drift, round(min(0.99, agree), 3), why)


def by_waveform(picture: Mono, picture_rate: int, sound: Mono, sound_rate: int) -> Sync | None:
    """From the camera's own track and the recording, both mono: generalised cross-correlation with phase transform (Knapp and
    Carter 1976) in windows over the clip, and a line through where each was found. None where no two windows agree.
    """
    here, there = _prepared(picture, picture_rate), _prepared(sound, sound_rate)
    width = min(int(_WINDOW_S * _WORK_RATE), len(here), len(there))
    if width < _WORK_RATE // 2:
        return None
    starts = np.unique(np.linspace(0, max(0, len(here) - width), _STEPS if len(here) > 2 * width else 3).astype(int))
    found = [(start, *_window_offset(here[start : start + width], there)) for start in starts.tolist()]
    # The window that begins at `start` in the clip begins at `lag` in the recording: the recording's zero is at start - lag.
    middle = np.array([(start + width / 2) / _WORK_RATE for start, _, _ in found])
    zero = np.array([(start - lag) / _WORK_RATE for start, lag, _ in found])
    clear = np.array([peak for _, _, peak in found]) > _CLEAR
    if not clear.any():
        return None
    inlier = _in_line(middle, zero, clear)
    if (inlier & clear).sum() < min(2, len(found)) and inlier.sum() < 4:
        return None
    drift, offset = None, float(np.median(zero[inlier]))
    span = float(np.ptp(middle[inlier]))
    if inlier.sum() >= 4 and span >= 10:
        slope, offset, *_ = (float(v) for v in theilslopes(zero[inlier], middle[inlier]))
        slope, offset = _refined(here, there, slope, offset)
        # A recorder that runs fast has more samples a second: its zero seems to move back as the clip goes on.
        drift = -slope / (1 + slope) * 1e6
        offset = offset / (1 - slope)
    share = float(inlier.mean())
    told = f"waveform: {inlier.sum()} of {len(found)} windows agree{_said(drift)}"
    return Sync("waveform", offset, drift, round(min(0.97, share), 3), told)


def by_clap(picture: Mono, picture_rate: int, sound: Mono, sound_rate: int) -> Sync | None:
    """From the clap of the slate in both; None where either has none."""
    here, there = find_clap(picture, picture_rate), find_clap(sound, sound_rate)
    if here is None or there is None:
        return None
    return Sync("clap", here - there, None, 0.5, f"clap: {here:.3f} s into the clip, {there:.3f} s into the recording")


def find_clap(samples: Mono, rate: int) -> float | None:
    """The time (seconds) of the sharpest short knock in a mono track, as the sticks of a slate make it; None where there is none.

    A clap rises at least 20 dB within 3 ms over the 100 ms before, and is gone 12 dB within 150 ms.
    """
    step = max(1, rate // 1000)
    edge = np.diff(np.asarray(samples, np.float64), prepend=0.0)
    count = len(edge) // step
    if count < 300:
        return None
    level = 10 * np.log10((edge[: count * step].reshape(count, step) ** 2).mean(axis=1) + 1e-12)
    power = 10 ** (level / 10)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    places = np.arange(110, count - 160)
    before = 10 * np.log10((sums[places - 3] - sums[places - 103]) / 100 + 1e-12)
    after = 10 * np.log10((sums[places + 160] - sums[places + 100]) / 60 + 1e-12)
    now = np.maximum.reduce([level[places], level[places + 1], level[places + 2]])
    is_clap = (now - before > 20) & (now - after > 12) & (now > -70)
    if not is_clap.any():
        return None
    best = places[is_clap][np.argmax((now + 0.5 * (now - before))[is_clap])]
    piece = np.abs(edge[(best - 2) * step : (best + 4) * step])
    first = int(np.argmax(piece > 0.3 * piece.max()))
    return float(((best - 2) * step + first) / rate)


def synchronise(clip: Path, start: Timecode | None, sound: Path) -> Sync | None:
    """The best of what the two files allow: LTC and timecode say where to look, the waveform says exactly. None where nothing does.

    A waveform that disagrees with the timecode by more than a second wins only when it is confident; either way the line says so.
    """
    header = read_sound_header(sound)
    coarse = by_timecode(start, header.time_reference, header.sample_rate) if start is not None and header.time_reference else None
    if not has_sound(clip):
        return _from_ltc(start, sound) or coarse
    picture, picture_rate = read_samples(clip)
    recorded, sound_rate = read_samples(sound)
    ours, theirs = picture.mean(axis=1, dtype=np.float64), recorded.mean(axis=1, dtype=np.float64)
    fine = by_waveform(ours, picture_rate, theirs, sound_rate)
    if fine is not None and (coarse is None or abs(fine.offset_s - coarse.offset_s) <= 1.0 or fine.confidence >= 0.6):
        if coarse is not None and abs(fine.offset_s - coarse.offset_s) > 1.0:
            return Sync(**{**asdict(fine), "why": f"{fine.why}; the timecode is {coarse.offset_s - fine.offset_s:+.2f} s off"})
        return fine
    return _from_ltc(start, sound) or coarse or by_clap(ours, picture_rate, theirs, sound_rate)


def _from_ltc(start: Timecode | None, sound: Path) -> Sync | None:
    if start is None:
        return None
    samples, rate = read_samples(sound, seconds=60)
    decoded = (decode_ltc(samples[:, channel], rate) for channel in range(samples.shape[1]))
    return next((found for frames in decoded if frames and (found := by_ltc(start, frames, rate)) is not None), None)


def overlapping(clip: tuple[Fraction, Fraction], sounds: Iterable[tuple[str, Fraction, Fraction]]) -> list[str]:
    """Names of the recordings whose span of time (seconds since midnight) meets the clip's, the longest overlap first."""
    shared = [(min(clip[1], end) - max(clip[0], begin), name) for name, begin, end in sounds]
    return [name for span, name in sorted(shared, key=lambda pair: (-pair[0], pair[1])) if span > 0]


def _prepared(samples: Mono, rate: int) -> Mono:
    """Mono at the work rate, without level and rumble."""
    wave = np.asarray(samples, np.float64)
    exact = Fraction(_WORK_RATE, rate)
    if exact.denominator > 1 or exact.numerator > 1:
        wave = resample_poly(wave, exact.numerator, exact.denominator)
    return np.asarray(np.diff(wave - wave.mean(), prepend=0.0))


def _said(drift: float | None) -> str:
    """The drift in words, and what it means where it is that of a wrong rate."""
    if drift is None:
        return ""
    pulled = abs(abs(drift) - _PULLED_PPM) < 60
    rates = ", as between 23.976 and 24 frames or 48000 and 48048 samples a second: one of the two is at the wrong rate"
    return f", drift {drift:+.1f} ppm" + (rates if pulled else "")


def _in_line(times: Mono, zeros: Mono, clear: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The windows on the line that most of them share, through a clear one: two clocks drift apart, and a wrong rate drifts far.

    A drift of 1000 ppm blurs the peak of a window so that few stand out by themselves; that they lie on one line is what tells them.
    """
    best = clear & (np.abs(zeros - np.median(zeros[clear])) < _NEAR_S)
    for one in np.flatnonzero(clear):
        for other in np.flatnonzero(np.abs(times - times[one]) > 5.0):
            slope = (zeros[other] - zeros[one]) / (times[other] - times[one])
            near = np.abs(zeros - zeros[one] - slope * (times - times[one])) < _NEAR_S
            if abs(slope) <= _MOST_DRIFT and near.sum() > best.sum():
                best = near
    return np.asarray(best, np.bool_)


def _refined(here: Mono, there: Mono, slope: float, offset: float) -> tuple[float, float]:
    """The line again from many short windows near where it says: over eight seconds, drift itself blurs the peak."""
    width, margin = int(_SHORT_S * _WORK_RATE), int(0.02 * _WORK_RATE)
    times, zeros = [], []
    for start in np.linspace(0, len(here) - width, 60).astype(int).tolist():
        middle = (start + width / 2) / _WORK_RATE
        place = start - round((offset + slope * middle) * _WORK_RATE) - margin
        if place < 0 or place + width + 2 * margin > len(there):
            continue
        lag, peak = _window_offset(here[start : start + width], there[place : place + width + 2 * margin])
        if peak > _CLEAR and 0 <= lag <= 2 * margin:
            times.append(middle)
            zeros.append((start - place - lag) / _WORK_RATE)
    if len(times) < 8:
        return slope, offset
    better, at_zero, *_ = theilslopes(zeros, times)
    return float(better), float(at_zero)


def _window_offset(window: Mono, whole: Mono) -> tuple[float, float]:
    """Where in ``whole`` the window begins (samples, between samples), and how much its peak stands out over any other."""
    size = 1 << (len(window) + len(whole) - 1).bit_length()
    cross = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(window, size))
    magnitude = np.abs(cross)
    peaks = np.fft.irfft(cross / (magnitude + 0.05 * magnitude.mean() + 1e-20), size)
    best = int(np.argmax(peaks))
    a, b, c = (float(peaks[(best + step) % size]) for step in (-1, 0, 1))
    curve = a - 2 * b + c
    part = 0.5 * (a - c) / curve if curve < 0 else 0.0
    lag = (best if best < len(whole) else best - size) + part
    near = np.arange(best - 40, best + 41) % size
    others = peaks.copy()
    others[near] = 0
    return lag, b / max(float(others.max()), 1e-12)
