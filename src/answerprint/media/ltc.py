"""Linear timecode on a sound track, decoded (SMPTE ST 12-1:2014, section 9: 80 bits a frame, biphase mark)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SYNC = 0b0011111111111101
"""The last sixteen bits of a frame, first sent first."""
_BITS = 80


@dataclass(frozen=True)
class LtcFrame:
    """One decoded frame: its label's numbers, and the sample at which its first bit begins."""

    hours: int
    minutes: int
    seconds: int
    frames: int
    drop: bool
    sample: float

    @property
    def label(self) -> str:
        """HH:MM:SS:FF, with a semicolon for drop frame."""
        return f"{self.hours:02}:{self.minutes:02}:{self.seconds:02}{';' if self.drop else ':'}{self.frames:02}"


def decode_ltc(samples: NDArray[np.floating], sample_rate: int) -> list[LtcFrame]:
    """Every whole frame in a mono track (n,), in order of time; none where the track holds no timecode.

    Takes play at 0.7 to 1.4 times speed, either polarity, and levels down to what noise allows; damaged frames are passed over.
    """
    wave = np.asarray(samples, np.float64)
    crossings = _crossings(wave)
    if len(crossings) < 2 * _BITS:
        return []
    gaps = np.diff(crossings)
    # 24 to 30 frames of 80 bits a second, a little slower or faster: what lies outside is no timecode.
    shortest, longest = sample_rate / (30 * 80 * 2 * 1.4), sample_rate / (23.9 * 80 * 0.7)
    likely = gaps[(gaps > shortest) & (gaps < longest)]
    if len(likely) < _BITS:
        return []
    found = []
    bits: list[int] = []
    starts: list[float] = []
    window = 0
    for bit, start in _bits(crossings, gaps, _bit_length(likely)):
        bits.append(bit)
        starts.append(start)
        window = (window << 1 | bit) & 0xFFFF
        if bit < 0:
            bits, starts, window = [], [], 0
        elif window == _SYNC and len(bits) >= _BITS:
            frame = _frame(bits[-_BITS:], starts[-_BITS])
            if frame is not None:
                found.append(frame)
            bits, starts, window = [], [], 0
    return found


def _crossings(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times (samples, interpolated) where the wave changes sign, with a dead band against noise."""
    if wave.size < 2:
        return np.zeros(0)
    centred = wave - wave.mean()
    band = 0.2 * float(np.percentile(np.abs(centred), 90))
    if band <= 0:
        return np.zeros(0)
    sure = np.flatnonzero(np.abs(centred) > band)
    change = np.flatnonzero(np.diff(np.sign(centred[sure])) != 0)
    before, after = sure[change], sure[change + 1]
    # Between the last sure sample of one sign and the first of the other, a straight line.
    return np.asarray(before + (after - before) * np.abs(centred[before]) / (np.abs(centred[before]) + np.abs(centred[after])))


def _bit_length(gaps: NDArray[np.float64]) -> float:
    """Samples of a whole bit: gaps are halves and wholes, and the larger group are the wholes."""
    middle = float(gaps.min() + gaps.max()) / 2
    for _ in range(8):
        low, high = gaps[gaps < middle], gaps[gaps >= middle]
        if not len(low) or not len(high):
            return float(np.median(gaps))
        middle = float(np.median(low) + np.median(high)) / 2
    return float(np.median(gaps[gaps >= middle]))


def _bits(crossings: NDArray[np.float64], gaps: NDArray[np.float64], length: float) -> Iterator[tuple[int, float]]:
    """Bits with the time each begins; -1 where the train is broken. A one has a change of sign in its middle."""
    half_open: float | None = None
    for start, gap in zip(crossings[:-1].tolist(), gaps.tolist(), strict=True):
        if 0.75 * length < gap < 1.3 * length:
            length += 0.05 * (gap - length)
            if half_open is not None:
                yield -1, start
                half_open = None
            yield 0, start
        elif 0.3 * length < gap <= 0.75 * length:
            if half_open is None:
                half_open = start
            else:
                yield 1, half_open
                half_open = None
        else:
            yield -1, start
            half_open = None


def _frame(bits: list[int], start: float) -> LtcFrame | None:
    def digit(first: int, count: int) -> int:
        return sum(bits[first + place] << place for place in range(count))

    frames, seconds = digit(0, 4) + 10 * digit(8, 2), digit(16, 4) + 10 * digit(24, 3)
    minutes, hours = digit(32, 4) + 10 * digit(40, 3), digit(48, 4) + 10 * digit(56, 2)
    if frames > 29 or seconds > 59 or minutes > 59 or hours > 23:
        return None
    return LtcFrame(hours, minutes, seconds, frames, bool(bits[10]), start)
