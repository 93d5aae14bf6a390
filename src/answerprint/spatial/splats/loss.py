"""How far a drawn picture is from the real one, and which way each pixel should change.

Mean absolute difference and structural similarity (Z. Wang et al., 2004, with an even window of 7x7) of the tones, and of
the depth where it is known. The drawn light goes through the view's exposure, an affine change of colour, first.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.projection import compiled
from answerprint.spatial.splats.raster import B_, EXPECTED, THROUGH, R
from answerprint.spatial.splats.render import runs, side_by_side
from answerprint.spatial.splats.tone import KNEE, SPAN, toned

_RADIUS = 3
_AREA = np.float32((2 * _RADIUS + 1) ** 2)
_C1, _C2 = np.float32(0.01**2), np.float32(0.03**2)
_SOFT = np.float32(0.01)
"""Relative depth error under which the depth's pull fades."""
_SUMS = 14
"""Per row: 9 + 3 gradients by the exposure, the picture's error, the depth's."""


@dataclass(frozen=True, eq=False)
class Target:
    """What a view should look like, ready to be compared. Planes (3, h, w) and (h, w)."""

    tones: Float
    weight: Float
    depth: Float
    """0 where unknown"""
    means: Float
    """(3, h, w) window means of the tones"""
    powers: Float
    """(3, h, w) window means of their squares"""

    @classmethod
    def of(cls, picture: Float, weight: Float | None, depth: Float | None) -> Target:
        """From a scene-linear picture (h, w, 3), a weight and a depth (h, w) in metres, NaN where unknown."""
        tones = np.ascontiguousarray(toned(picture).transpose(2, 0, 1))
        size = tones.shape[1:]
        known = np.isfinite(tones).all(axis=0)
        whole: Float = np.asarray(np.where(known, 1 if weight is None else weight, 0), dtype=np.float32)
        tones = np.where(known, tones, 0).astype(np.float32)
        far = np.zeros(size, dtype=np.float32) if depth is None else np.where(np.isfinite(depth), depth, 0).astype(np.float32)
        means, powers = np.empty_like(tones), np.empty_like(tones)
        for c in range(3):
            _window(tones[c], means[c])
            _window(tones[c] * tones[c], powers[c])
        return cls(tones, whole, far, means, powers)


@dataclass(frozen=True, eq=False)
class Error:
    """What a drawn picture costs, and the gradients of that."""

    value: float
    """Without the depth's share"""
    depth: float
    """Mean relative depth error where depth is known, times its share of the picture"""
    planes: Float
    """(5, rows, columns) by THROUGH, R, G, B, EXPECTED of the raster, whole squares"""
    exposure: Float
    """(3, 4) by the exposure"""


def error_of(
    planes: Float, target: Target, exposure: Float, backdrop: Float, similarity: float, depth: float, pool: ThreadPoolExecutor
) -> Error:  # fmt: skip
    """Compare drawn ``planes`` with a target.

    ``exposure`` (3, 4) takes the scene's light to the view's; ``backdrop`` (3,) is the light behind everything;
    ``similarity`` from 0 to 1 is SSIM's share, ``depth`` the weight of the depth beside the picture.
    """
    height, width = target.weight.shape
    light, mixed = np.empty((3, height, width), dtype=np.float32), np.empty((3, height, width), dtype=np.float32)
    by_window = np.empty((3, 3, height, width), dtype=np.float32)
    gradients = np.zeros((5, *planes.shape[1:]), dtype=np.float32)
    sums = np.zeros((height, _SUMS), dtype=np.float64)
    share, pull = np.float32(similarity), np.float32(depth)
    parts = runs(height, pool)
    side_by_side(pool, lambda a, b: _expose(a, b, planes, exposure, backdrop, target.tones, target.weight, light, mixed), parts)
    side_by_side(pool, lambda a, b: _similar(a, b, mixed, target.tones, target.means, target.powers, share, by_window, sums), parts)
    side_by_side(
        pool,
        lambda a, b: _pixels_back(
            a,
            b,
            planes,
            exposure,
            backdrop,
            target.tones,
            target.weight,
            target.depth,
            light,
            mixed,
            by_window,
            share,
            pull,
            gradients,
            sums,
        ),
        parts,
    )
    total = sums.sum(axis=0)
    by_exposure = np.concatenate([total[:9].reshape(3, 3), total[9:12, None]], axis=1)
    return Error(float(total[12]), float(total[13]), gradients, by_exposure.astype(np.float32))


@compiled
def _expose(
    first: int, last: int, planes: Float, exposure: Float, backdrop: Float, tones: Float, weight: Float, light: Float, mixed: Float
) -> None:  # fmt: skip
    """The drawn light through the exposure, as tones; where the view has no weight it is the view's own picture."""
    knee, span = np.float32(KNEE), np.float32(SPAN)
    for row in range(first, last):
        for c in range(3):
            m0, m1, m2, m3 = exposure[c, 0], exposure[c, 1], exposure[c, 2], exposure[c, 3]
            for x in range(tones.shape[2]):
                t = planes[THROUGH, row, x]
                value = (
                    m0 * (planes[R, row, x] + t * backdrop[0])
                    + m1 * (planes[R + 1, row, x] + t * backdrop[1])
                    + m2 * (planes[B_, row, x] + t * backdrop[2])
                    + m3
                )
                light[c, row, x] = value
                size = np.log(np.float32(1) + np.abs(value) / knee) / span
                tone = size if value >= 0 else -size
                mixed[c, row, x] = weight[row, x] * tone + (np.float32(1) - weight[row, x]) * tones[c, row, x]


@compiled
def _sum_rows(plane: Float, row: int, out: Float) -> None:
    """``out`` (width + 6,) = the sum of the rows within reach, with three zeros on either side."""
    width = plane.shape[1]
    out[:] = 0
    for y in range(max(0, row - _RADIUS), min(plane.shape[0], row + _RADIUS + 1)):
        for x in range(width):
            out[x + _RADIUS] += plane[y, x]


@compiled
def _across(line: Float, x: int) -> np.float32:
    return (line[x] + line[x + 1] + line[x + 2] + line[x + 3] + line[x + 4] + line[x + 5] + line[x + 6]) / _AREA


@compiled
def _window(plane: Float, out: Float) -> None:
    """Mean over the window; outside the picture is 0, so that the filter is its own adjoint."""
    line = np.empty(plane.shape[1] + 2 * _RADIUS, dtype=np.float32)
    for row in range(plane.shape[0]):
        _sum_rows(plane, row, line)
        for x in range(plane.shape[1]):
            out[row, x] = _across(line, x)


@compiled
def _similar(
    first: int, last: int, mixed: Float, tones: Float, means: Float, powers: Float, share: np.float32, by_window: Float,
    sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """The structural similarity of each pixel's window, and its gradients by the window's three means."""
    height, width = mixed.shape[1], mixed.shape[2]
    one, two = np.float32(1), np.float32(2)
    lines = np.empty((3, width + 2 * _RADIUS), dtype=np.float32)
    line, squares, products = lines[0], lines[1], lines[2]
    scale = share / np.float32(3 * height * width)
    for row in range(first, last):
        for c in range(3):
            lines[:] = 0
            for y in range(max(0, row - _RADIUS), min(height, row + _RADIUS + 1)):
                for x in range(width):
                    value = mixed[c, y, x]
                    line[x + _RADIUS] += value
                    squares[x + _RADIUS] += value * value
                    products[x + _RADIUS] += value * tones[c, y, x]
            total = np.float32(0)
            for x in range(width):
                m, power, product = _across(line, x), _across(squares, x), _across(products, x)
                mean = means[c, row, x]
                n1, n2 = two * m * mean + _C1, two * (product - m * mean) + _C2
                d1, d2 = m * m + mean * mean + _C1, power - m * m + powers[c, row, x] - mean * mean + _C2
                below = one / (d1 * d2)
                s = n1 * n2 * below
                total += one - s
                by_window[0, c, row, x] = -scale * (two * mean * (n2 - n1) * below + two * m * s * (one / d2 - one / d1))
                by_window[1, c, row, x] = scale * s / d2
                by_window[2, c, row, x] = -scale * two * n1 * below
            sums[row, 12] += scale * total


@compiled
def _pixels_back(
    first: int, last: int, planes: Float, exposure: Float, backdrop: Float, tones: Float, weight: Float, depth: Float, light: Float,
    mixed: Float, by_window: Float, share: np.float32, pull: np.float32, gradients: Float, sums: NDArray[np.float64],
) -> None:  # fmt: skip
    """From the windows back to the pixels, through the tone curve and the exposure to the raster's planes."""
    height, width = mixed.shape[1], mixed.shape[2]
    zero, one, two = np.float32(0), np.float32(1), np.float32(2)
    knee, span = np.float32(KNEE), np.float32(SPAN)
    pixels = np.float32(height * width)
    plain = (one - share) / (np.float32(3) * pixels)
    lines = np.empty((3, width + 2 * _RADIUS), dtype=np.float32)
    by_light = np.empty(width, dtype=np.float32)
    for row in range(first, last):
        for c in range(3):
            for k in range(3):
                _sum_rows(by_window[k, c], row, lines[k])
            total = zero
            for x in range(width):
                value, want = mixed[c, row, x], tones[c, row, x]
                away = value - want
                total += np.abs(away)
                by_tone = _across(lines[0], x) + two * value * _across(lines[1], x) + want * _across(lines[2], x)
                by_tone += plain if away > zero else (-plain if away < zero else zero)
                by_light[x] = by_tone * weight[row, x] / ((np.abs(light[c, row, x]) + knee) * span)
            sums[row, 12] += plain * total
            s0, s1, s2, s3 = zero, zero, zero, zero
            for x in range(width):
                g, t = by_light[x], planes[THROUGH, row, x]
                gradients[R, row, x] += exposure[c, 0] * g
                gradients[R + 1, row, x] += exposure[c, 1] * g
                gradients[B_, row, x] += exposure[c, 2] * g
                s0 += g * (planes[R, row, x] + t * backdrop[0])
                s1 += g * (planes[R + 1, row, x] + t * backdrop[1])
                s2 += g * (planes[B_, row, x] + t * backdrop[2])
                s3 += g
            sums[row, 3 * c] += s0
            sums[row, 3 * c + 1] += s1
            sums[row, 3 * c + 2] += s2
            sums[row, 9 + c] += s3
        far = zero
        for x in range(width):
            behind = zero
            for k in range(3):
                behind += gradients[R + k, row, x] * backdrop[k]
            gradients[THROUGH, row, x] = behind
            metres = depth[row, x]
            if metres > zero:
                off = (planes[EXPECTED, row, x] - (one - planes[THROUGH, row, x]) * metres) / metres
                g = pull * weight[row, x] / pixels * min(max(off / _SOFT, -one), one)
                gradients[EXPECTED, row, x] = g / metres
                gradients[THROUGH, row, x] += g
                far += np.abs(off) * weight[row, x]
        sums[row, 13] += far / pixels
