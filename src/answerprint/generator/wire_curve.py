"""The course of a wire through one frame: found near where it is expected, to a fraction of a pixel, with its thickness and softness.

A wire is a ridge: it differs from the picture on both of its sides in the same sense. Along a curve across which the picture is
sampled the best path is found by dynamic programming, and a smooth curve (a catenary is one) is laid through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.special import ndtr

__all__ = ["Course", "covered", "followed", "resampled"]

Real = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]
Picture = npt.NDArray[np.float32]

_STEP = 4.0
"""Pixels between the places along a wire where it is looked for."""
_DEGREE = 5
_FLANK = 2.5
"""How far beside the wire's edge its surroundings are read, pixels."""
_FIRST_WIDTHS = (2.0, 4.0, 8.0)
_COLOUR = 1.5
"""Weight of the colour on the frame before against standing out: a sheer wire takes the colour of what is behind it."""
_AWAY = 1.0
"""Cost of lying as far from where it is expected as is looked."""
_BEND = 0.35
"""Cost of a sideways step between neighbouring places, in units of the noise."""
_SEEN = 3.0
"""A ridge this many times the picture's own roughness is seen."""
_WIDTHS = np.arange(1.0, 16.5, 0.5)
_SOFT = np.array([0.35, 0.45, 0.6, 0.8, 1.1, 1.5, 2.0, 3.0, 4.5])


@dataclass(frozen=True)
class Course:
    """``points`` (n, 2) x, y in pixels, evenly spaced; ``width`` and ``soft`` in pixels: a box of that width blurred by a Gaussian of
    that deviation, which holds the lens and the motion while the shutter was open; ``sure`` (n,) 0..1 where the wire was seen;
    ``colour`` (n, 3) what it looks like there, ACEScct."""

    points: Real
    width: float
    soft: float
    sure: Real
    colour: Picture

    @property
    def confidence(self) -> float:
        """The share of its length on which it was seen."""
        return float(self.sure.mean())


def resampled(points: npt.ArrayLike, step: float = _STEP) -> Real:
    """A polyline with points every ``step`` pixels, at least 8 of them."""
    line = np.asarray(points, np.float64)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    count = max(8, round(float(length[-1]) / step) + 1)
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, line[:, axis]) for axis in (0, 1)], axis=1)


def followed(log: Picture, expected: Real, reach: float, like: Course | None) -> Course:
    """The wire in a frame ``log`` (h, w, 3) ACEScct, expected along ``expected`` (n, 2) and at most ``reach`` pixels aside of it.

    ``like`` is the wire as it was on the frame before: its width is tried first and its colour counts.
    """
    points = resampled(expected)
    colour = None if like is None else _stretched(like.colour, len(points))
    tried = _FIRST_WIDTHS if like is None else (float(np.clip(like.width, 1.5, 12)),)
    found = [_pass(log, points, reach, one, colour) for one in tried]
    points, weight, width, soft, _ = max(found, key=lambda one: one[-1])
    for distance in (6.0, 3.0):
        points, weight, width, soft, _ = _pass(log, points, distance + width / 2, max(1.5, width), colour)
    points = resampled(points)
    colour = _across(log, points, _normals(points), np.array([0.0]))[:, 0]
    return Course(points, width, soft, _stretched(weight[:, None], len(points))[:, 0].astype(np.float64), colour)


def _pass(
    log: Picture, points: Real, distance: float, width: float, colour: Picture | None
) -> tuple[Real, Real, float, float, float]:
    """One search at most ``distance`` aside for a wire about ``width`` wide: the curve, where it was seen, its width and softness as
    measured, and how strongly it stands out, ACEScct."""
    normals = _normals(points)
    offsets = np.arange(-distance, distance + 0.25, 0.5)
    profile = _across(log, points, normals, np.arange(-24.0, len(offsets) + 24.0) * 0.5 - distance)
    ridge, centre = _ridge(profile, len(offsets), width)
    inside = _inside(points, log.shape)
    noise = max(1e-4, float(np.median(np.abs(ridge[inside]))) if inside.any() else 1e-4)
    score = np.minimum(np.abs(ridge) / noise, 8.0)
    if colour is not None:
        score -= _COLOUR * np.minimum(np.abs(centre - colour[:, None]).mean(axis=2) / 0.05, 3.0)
    score -= _AWAY * (offsets / distance) ** 2
    score[~inside] = 0.0
    path = _best_path(score)
    strength = np.abs(ridge[np.arange(len(points)), path])
    weight = np.where(inside, np.clip(strength / noise / _SEEN, 0, 1), 0.0)
    moved = _smooth(points + normals * offsets[path][:, None], weight)
    measured, soft = _thickness(_across(log, moved, _normals(moved), np.arange(-14, 14.25, 0.5)), weight)
    return moved, weight, measured, soft, float(strength[inside].mean()) if inside.any() else 0.0


def covered(course: Course, shape: tuple[int, int], grow: float = 0.0) -> Plane:
    """How much of each pixel the wire covers, (h, w) 0..1; ``grow`` pixels are added on either side."""
    height, width = shape
    out = np.zeros((height, width), np.float32)
    half = course.width / 2 + grow
    reach = half + 3 * course.soft + 1.5
    fine = resampled(_lengthened(course.points, 4.0), 0.5)
    near = np.zeros((height, width), np.uint8)
    drawn = np.round(fine[::2] * 16).astype(np.int32)
    cv2.polylines(near, [drawn], False, 1, max(1, 2 * int(np.ceil(reach)) + 1), lineType=cv2.LINE_8, shift=4)
    rows, columns = np.nonzero(near)
    if not len(rows):
        return out
    distance, nearest = cKDTree(fine).query(np.stack([columns, rows], axis=1))
    normals = _normals(fine)
    aside = np.abs(((np.stack([columns, rows], axis=1) - fine[nearest]) * normals[nearest]).sum(axis=1))
    aside = np.where(distance > aside + 1.0, distance, aside)
    value = ndtr((aside + half) / course.soft) - ndtr((aside - half) / course.soft)
    out[rows, columns] = np.where(value < 0.02, 0.0, value)
    return out


def _normals(points: Real) -> Real:
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    return np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)


def _across(log: Picture, points: Real, normals: Real, offsets: Real) -> Picture:
    """The picture sampled across the curve: (n, m, 3)."""
    places = points[:, None] + normals[:, None] * offsets[None, :, None]
    x, y = places[..., 0].astype(np.float32), places[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(log, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _ridge(profile: Picture, count: int, width: float) -> tuple[Real, Picture]:
    """For each place and offset how far the middle differs from both sides in one sense (0 when it does not), and its colour.

    ``profile`` (n, count + 48, 3), half a pixel between samples."""
    room = 24
    half = max(1, round(width))
    far = half + round(2 * _FLANK)
    total = np.cumsum(np.pad(profile, ((0, 0), (1, 0), (0, 0))), axis=1)

    def mean(low: int, high: int) -> Picture:
        at = room + np.arange(count)
        return (total[:, at + high + 1] - total[:, at + low]) / np.float32(high - low + 1)

    middle = mean(-(half // 2), half // 2)
    left, right = mean(-far - 2, -far + 1), mean(far - 1, far + 2)
    weights = np.array([0.27, 0.67, 0.06], np.float32)
    one, other = (middle - left) @ weights, (middle - right) @ weights
    ridge = np.where(one * other > 0, np.sign(one) * np.minimum(np.abs(one), np.abs(other)), 0.0)
    return ridge.astype(np.float64), middle


def _best_path(score: Real) -> npt.NDArray[np.intp]:
    """The offsets that together score most, a sideways step costing more the wider it is (at most two samples a place)."""
    count, states = score.shape
    best, came = score[0].copy(), np.zeros((count, states), np.int8)
    steps = (-2, -1, 0, 1, 2)
    for at in range(1, count):
        options = np.full((len(steps), states), -np.inf)
        for row, step in enumerate(steps):
            low, high = max(0, step), min(states, states + step)
            options[row, low - step : high - step] = best[low:high] - _BEND * step * step
        chosen = options.argmax(axis=0)
        came[at] = np.array(steps, np.int8)[chosen]
        best = options[chosen, np.arange(states)] + score[at]
    path = np.zeros(count, np.intp)
    path[-1] = int(best.argmax())
    for at in range(count - 1, 0, -1):
        path[at - 1] = path[at] + came[at, path[at]]
    return path


def _smooth(points: Real, weight: Real) -> Real:
    """A smooth curve through the points, those off it counting ever less."""
    count = len(points)
    at = np.linspace(-1, 1, count)
    terms = np.polynomial.chebyshev.chebvander(at, min(_DEGREE, max(1, count // 6)))
    trust = weight + 1e-3
    out = points
    for _ in range(6):
        fit, *_ = np.linalg.lstsq(terms * np.sqrt(trust)[:, None], points * np.sqrt(trust)[:, None], rcond=None)
        out = terms @ fit
        off = np.hypot(*(points - out).T)
        scale = max(0.4, 1.5 * float(np.median(off)))
        trust = (weight + 1e-3) / (1 + (off / scale) ** 2)
    return np.asarray(out)


def _thickness(profile: Picture, weight: Real) -> tuple[float, float]:
    """Width and softness from the mean profile over the places where the wire was seen."""
    weights = np.array([0.27, 0.67, 0.06], np.float32)
    grey = profile @ weights
    count = grey.shape[1]
    aside = (np.arange(count) - count // 2) * 0.5
    level = np.linspace(0, 1, count)[None]
    flank = slice(0, 8), slice(count - 8, count)
    left, right = np.median(grey[:, flank[0]], axis=1), np.median(grey[:, flank[1]], axis=1)
    lifted = grey - (left[:, None] * (1 - level) + right[:, None] * level)
    sign = np.sign(lifted[:, count // 2 - 1 : count // 2 + 2].mean(axis=1))
    seen = weight > 0.5
    if seen.sum() < 4:
        return 3.0, 0.8
    shape = np.median(lifted[seen] * sign[seen][:, None], axis=0)
    near = np.abs(aside) <= 10
    wanted = shape[near] - shape[near].mean()
    best = (np.inf, 3.0, 0.8)
    for width in _WIDTHS:
        for soft in _SOFT:
            model = ndtr((aside[near] + width / 2) / soft) - ndtr((aside[near] - width / 2) / soft)
            model -= model.mean()
            gain = float(model @ wanted / max(model @ model, 1e-9))
            # Of two that fit alike the narrower is meant: what lies beside a wire is seldom as flat as the model.
            error = float(((wanted - gain * model) ** 2).sum()) + 0.004 * (width + 2.5 * soft) * float(wanted @ wanted)
            if gain > 0 and error < best[0]:
                best = (error, float(width), float(soft))
    return best[1], best[2]


def _inside(points: Real, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.asarray((points[:, 0] >= 0) & (points[:, 0] <= shape[1] - 1) & (points[:, 1] >= 0) & (points[:, 1] <= shape[0] - 1))


def _stretched(values: npt.NDArray[np.floating], count: int) -> Picture:
    old, new = np.linspace(0, 1, len(values)), np.linspace(0, 1, count)
    return np.stack([np.interp(new, old, values[:, i]) for i in range(values.shape[1])], axis=1).astype(np.float32)


def _lengthened(points: Real, by: float) -> Real:
    """The line drawn out straight at both ends."""
    first, last = points[0] - points[1], points[-1] - points[-2]
    first, last = first / max(np.hypot(*first), 1e-9), last / max(np.hypot(*last), 1e-9)
    return np.concatenate([[points[0] + by * first], points, [points[-1] + by * last]])
