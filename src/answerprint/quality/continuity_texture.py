"""How grain and sharpness of two sides of a cut differ, each with the error that its own side's spread gives it.

Both are read off many small places. A difference counts only where it stands well over what one side differs by within itself: from
frame to frame, from dark to bright, from one part of the picture to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.quality.continuity_side import Side
from answerprint.quality.continuity_view import Picture, Real, luminance

_SURE = 3.0
_BLOCK = 8
_QUIET = 5
"""Percent of the blocks of one brightness that show least, of which grain is read: movement and texture only ever add to it."""
_DARKEST, _LEVELS = 0.03, 5
"""Linear light from which grain is compared, and how many stops of it, each on its own."""
_FEWEST_BLOCKS = 40
_CODING = 8e-4
"""Grain in the root of light that rounding to 8 bits alone leaves in luminance; below it a picture has none to compare."""
_ACROSS, _DOWN = 6, 4
_FEWEST_PLACES = 5
_FEWEST_EDGES = 12
_EDGE = 0.12
"""Slope in stops per pixel (Sobel's sum) from which something is an edge."""


@dataclass(frozen=True)
class TextureChange:
    """From the first side to the second: ``stops`` of amplitude or radius, and their standard error in stops."""

    stops: float
    error: float

    def strength(self, tolerated: float) -> float:
        """How many times over what is ``tolerated`` (stops) and what chance would give the change is."""
        return abs(self.stops) / float(np.hypot(tolerated, _SURE * self.error))


def grain_change(first: Side, second: Side, exposure: float) -> TextureChange | None:
    """The change of noise at equal brightness of the set, the second side being ``exposure`` stops brighter.

    None where neither neighbouring frames nor their levels can be compared, or where a side has no more than coding leaves.
    """
    tables = _grain(first, 0.0), _grain(second, exposure)
    both = np.isfinite(tables[0]).any(axis=0) & np.isfinite(tables[1]).any(axis=0)
    if not both.any():
        return None
    one, other = (np.nanmedian(table[:, both], axis=0) for table in tables)
    if min(float(np.median(one)), float(np.median(other))) < np.log2(_CODING):
        return None
    errors = [_shakes(tables[0][:, both]), _shakes(tables[1][:, both]), _error_of_median(other - one)]
    return TextureChange(float(np.median(other - one)), float(np.linalg.norm(errors)))


def sharpness_change(first: Picture, second: Picture) -> TextureChange | None:
    """The change of the radius of the sharpest edges, place by place over two pictures of one part of the set at one size.

    A car that came into one of them brings other edges to a place or two, not to most. None where too few places have edges in both.
    """
    change = np.log2(np.hypot(_edge_blurs(second), 0.5) / np.hypot(_edge_blurs(first), 0.5))
    change = change[np.isfinite(change)]
    return TextureChange(float(np.median(change)), _error_of_median(change)) if len(change) >= _FEWEST_PLACES else None


def _shakes(table: Real) -> float:
    """By how much grain differs from one pair of frames to the next, stops: what a codec spends on them, what movement leaves."""
    off = np.abs(table - np.nanmedian(table, axis=0))
    return float(np.median(1.48 * np.nanmedian(off, axis=0)))


def _error_of_median(values: Real) -> float:
    scatter = 1.48 * float(np.median(np.abs(values - np.median(values))))
    return 1.25 * scatter / float(np.sqrt(len(values)))


def _grain(side: Side, exposure: float) -> Real:
    """Noise (pairs of neighbouring frames, levels), log2 of its deviation in the root of light; NaN for levels that are not shown.

    In the root of light the noise of photons is the same at every level. What moves changes a block mostly by its level and
    slopes, which are taken off; noise has next to nothing of those.
    """
    table = np.full((max(0, len(side.frames) - 1), _LEVELS), np.nan)
    for row, (a, b) in enumerate(pairwise(side.frames)):
        one, other = (luminance(np.asarray(frame, np.float32)) for frame in (a, b))
        change = _blocks(np.asarray(np.sqrt(np.maximum(one, 0)) - np.sqrt(np.maximum(other, 0)), np.float32))
        rest = change - (change @ _slopes()) @ _slopes().T
        fine = np.sqrt((rest**2).sum(axis=1) / (_BLOCK**2 - _slopes().shape[1]) / 2)
        lights = _blocks(np.asarray((one + other) / 2, np.float32)).mean(axis=1)
        stops = np.floor(np.log2(np.maximum(lights, 1e-6) / _DARKEST) - exposure)
        for level in range(_LEVELS):
            used = fine[(stops == level) & (lights > _DARKEST) & (lights < 1.0)]
            if len(used) >= _FEWEST_BLOCKS:
                table[row, level] = np.log2(max(float(np.percentile(used, _QUIET)), 1e-6))
    return table


@cache
def _slopes() -> NDArray[np.float32]:
    """(pixels of a block, 3): its level and its slopes across and down, orthonormal."""
    y, x = np.mgrid[-1 : 1 : _BLOCK * 1j, -1 : 1 : _BLOCK * 1j]
    return np.asarray(np.linalg.qr(np.stack([np.ones(_BLOCK**2), x.ravel(), y.ravel()], axis=1))[0], np.float32)


def _blocks(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (size // _BLOCK * _BLOCK for size in plane.shape)
    cut = plane[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(-1, _BLOCK * _BLOCK)


def _edge_blurs(picture: Picture) -> Real:
    """Radius (sigma, pixels) of the sharpest edges in each part of a picture (down, across), NaN where it has hardly any: by how much
    blurring once more weakens them (S. Zhuo, T. Sim 2011)."""
    grey = np.log2(np.maximum(luminance(picture), 0) + 0.01).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.5)
    again = cv2.GaussianBlur(grey, (0, 0), 1.0)
    slope, weaker = (np.hypot(cv2.Sobel(p, cv2.CV_32F, 1, 0), cv2.Sobel(p, cv2.CV_32F, 0, 1)) for p in (grey, again))
    strong = max(0.6 * float(np.percentile(slope, 97)), _EDGE)
    found = np.full((_DOWN, _ACROSS), np.nan)
    for row, line in enumerate(zip(np.array_split(slope, _DOWN), np.array_split(weaker, _DOWN), strict=True)):
        for column, (here, then) in enumerate(zip(*(np.array_split(p, _ACROSS, axis=1) for p in line), strict=True)):
            edges = np.flatnonzero(here.ravel() > strong)
            if len(edges) < _FEWEST_EDGES:
                continue
            edges = edges[np.argsort(here.ravel()[edges])[-max(_FEWEST_EDGES, round(0.3 * len(edges))) :]]
            ratio = np.maximum(here.ravel()[edges] / np.maximum(then.ravel()[edges], 1e-6), 1.001)
            found[row, column] = 1.0 / np.sqrt(float(np.percentile(ratio, 85)) ** 2 - 1)
    return found
