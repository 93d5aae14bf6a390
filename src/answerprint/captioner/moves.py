"""Camera moves as segments of time, from the picture's movement between frames.

A camera that pans right sends the picture left; tilts up, down; rolls clockwise, anticlockwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.captioner.motion import Pair

__all__ = ["Move", "find_moves", "still_pixels"]

Real = NDArray[np.float64]

_SLOWEST = 0.008
"""Slowest move told from none, picture sides per second. Clips labelled static by eye drift by less over their length."""
_LEAST = 0.012
"""Shortest way of a move, picture sides: less is a re-adjusted frame."""
_OVER_SHAKE = 4.0
"""How many standard deviations of the shake's own way a move must go, or it is a part of the shake."""
_SMOOTH = 0.4
"""Seconds over which intention is told from shake."""
_SHORTEST = 0.25
"""Shortest move, seconds."""
_SHAKE = 0.0018
"""Shake (standard deviation about the smoothed path, picture sides) from which a camera counts as handheld."""
_REACH = 0.38
"""Mean distance of a picture's points from its centre, picture sides: what a turn or growth of 1 moves them by."""

_NAMES = (("pan_right", "pan_left"), ("tilt_up", "tilt_down"), ("zoom_in", "zoom_out"), ("roll_cw", "roll_ccw"))


@dataclass(frozen=True)
class Move:
    """One move over frames ``first`` to before ``last``. ``rate`` is in ``unit``; of ``handheld`` it is the shake's rms."""

    first: int
    last: int
    move: str
    rate: float
    unit: str
    confidence: float

    def record(self) -> dict[str, Any]:
        """As the caption's JSON has it."""
        return {
            "frames": [self.first, self.last],
            "move": self.move,
            "rate": round(self.rate, 2),
            "unit": self.unit,
            "confidence": round(self.confidence, 2),
        }


def still_pixels(size: tuple[int, int], seconds: float) -> float:
    """How far a point may go in ``seconds`` and still count as standing, in pixels of a picture of ``size``."""
    return max(0.12, 0.5 * _SLOWEST * float(np.sqrt(size[0] * size[1])) * seconds)


def find_moves(
    pairs: list[Pair], frames: tuple[int, int], rate: Fraction, size: tuple[int, int], hfov: float | None = None
) -> list[Move]:
    """The moves of one shot, in order; times between them are ``static`` or ``handheld``. Moves at once may overlap.

    ``pairs`` are at most a few frames apart, in order; ``size`` (width, height) is that of the picture they were
    measured on; ``hfov`` in degrees turns pans and tilts from per cent of the picture into degrees.
    """
    usable = [pair for pair in pairs if pair.agreement > 0]
    if not usable:
        return []
    path = _speeds(usable, rate, size)
    seconds = np.array([(p.first + p.last) / 2 for p in usable]) / float(rate)
    smooth = _smoothed(path, seconds)
    steps = np.gradient(seconds)[:, None] if len(seconds) > 1 else np.ones((1, 1))
    least = np.maximum(_LEAST, _OVER_SHAKE * np.cumsum((path - smooth) * steps, axis=0).std(axis=0))
    found = [move for axis in range(4) for move in _axis_moves(axis, usable, smooth, float(least[axis]), frames, rate, size, hfov)]
    found += _rests(found, usable, path, smooth, frames, rate)
    return sorted(found, key=lambda one: (one.first, one.last, one.move))


def _speeds(pairs: list[Pair], rate: Fraction, size: tuple[int, int]) -> Real:
    """(n, 4) right, up, in, clockwise in picture sides per second."""
    side = float(np.sqrt(size[0] * size[1]))
    moved = np.array([[-p.shift[0] / side, p.shift[1] / side, p.growth * _REACH, -p.turn * _REACH] for p in pairs])
    lasted = np.array([p.last - p.first for p in pairs]) / float(rate)
    return moved / lasted[:, None]


def _smoothed(speeds: Real, seconds: Real) -> Real:
    half = _SMOOTH / 2
    # a whole window at the ends too: half a window there would take the last swing of a shake for a move
    middle = np.clip(seconds, min(seconds[0] + half, seconds.mean()), max(seconds[-1] - half, seconds.mean()))
    near = np.abs(middle[:, None] - seconds[None, :]) <= half + 1e-9
    near[np.arange(len(seconds)), np.abs(middle[:, None] - seconds[None, :]).argmin(axis=1)] = True
    return (near @ speeds) / near.sum(axis=1, keepdims=True)


def _axis_moves(
    axis: int,
    pairs: list[Pair],
    smooth: Real,
    least: float,
    frames: tuple[int, int],
    rate: Fraction,
    size: tuple[int, int],
    hfov: float | None,
) -> list[Move]:
    own = smooth[:, axis]
    # a little of one move always leaks into the others: what is small beside the whole is none of its own
    active = (np.abs(own) > _SLOWEST) & (np.abs(own) > 0.25 * np.linalg.norm(smooth, axis=1))
    found = []
    for first, last in _runs(np.where(active, np.sign(own), 0).astype(int)):
        begin, end = _span(first, last, pairs, frames)
        lasts = (end - begin) / float(rate)
        speed = float(own[first:last].mean())
        if lasts < _SHORTEST or abs(speed) * lasts < least:
            continue
        steady = float((np.sign(own[first:last]) == np.sign(speed)).mean())
        agreement = float(np.mean([p.agreement for p in pairs[first:last]]))
        number, unit = _rate(axis, speed, size, hfov)
        found.append(
            Move(begin, end, _NAMES[axis][speed < 0], number, unit, float(np.clip(0.35 + 0.6 * agreement * steady, 0, 0.95)))
        )
    return found


def _runs(signs: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Stretches of one sign other than 0, half-open; a single opposite or empty sample within one does not break it."""
    filled = signs.copy()
    for at in range(1, len(signs) - 1):
        if signs[at - 1] == signs[at + 1] != 0:
            filled[at] = signs[at - 1]
    edges = [0, *(np.flatnonzero(np.diff(filled)) + 1).tolist(), len(filled)]
    return [(a, b) for a, b in pairwise(edges) if filled[a] != 0]


def _span(first: int, last: int, pairs: list[Pair], frames: tuple[int, int]) -> tuple[int, int]:
    """Frames from the middle before a run's first pair to the middle after its last; whole to the shot's ends."""
    middle = [(p.first + p.last) / 2 for p in pairs]
    begin = frames[0] if first == 0 else round((middle[first - 1] + middle[first]) / 2)
    end = frames[1] if last == len(pairs) else round((middle[last - 1] + middle[last]) / 2)
    return int(begin), int(max(begin + 1, end))


def _rate(axis: int, speed: float, size: tuple[int, int], hfov: float | None) -> tuple[float, str]:
    """How fast a move is, from signed picture sides per second, in the unit it is spoken of."""
    if axis == 3:
        return float(np.degrees(abs(speed) / _REACH)), "degree/s"
    if axis == 2:
        return 100 * abs(float(np.expm1(speed / _REACH))), "%/s"
    pixels = abs(speed) * float(np.sqrt(size[0] * size[1]))
    if hfov is None:
        return 100 * pixels / size[axis], "%/s"
    # a turning pinhole moves its picture by f (1 + x^2 / f^2): the mean over the picture, not the centre, was measured
    focal = size[0] / 2 / np.tan(np.radians(hfov) / 2)
    return float(np.degrees(pixels / focal / (1 + (size[axis] / 2 / focal) ** 2 / 3))), "degree/s"


def _rests(found: list[Move], pairs: list[Pair], speeds: Real, smooth: Real, frames: tuple[int, int], rate: Fraction) -> list[Move]:
    """What the camera did where it made no move."""
    busy = np.zeros(frames[1] - frames[0], bool)
    for move in found:
        busy[move.first - frames[0] : move.last - frames[0]] = True
    rests = []
    for first, last in _runs((~busy).astype(int)):
        inside = [at for at, p in enumerate(pairs) if first <= (p.first + p.last) / 2 - frames[0] < last]
        if not inside or ((last - first) / float(rate) < _SHORTEST and found):
            continue
        lasted = np.array([pairs[at].last - pairs[at].first for at in inside])[:, None] / float(rate)
        rough = (speeds - smooth)[inside]
        shake = float(np.linalg.norm((rough * lasted).std(axis=0)))
        agreement = float(np.mean([pairs[at].agreement for at in inside]))
        name, speed = ("handheld", 100 * float(np.sqrt((rough**2).sum(axis=1).mean()))) if shake > _SHAKE else ("static", 0.0)
        sure = float(np.clip(0.5 + 0.5 * agreement, 0, 0.97))
        rests.append(Move(frames[0] + first, frames[0] + last, name, speed, "%/s", sure))
    return rests
