"""Means along straight edges and thin things, so that what a few rays have drawn ragged or dashed is even again.

The share that a few rays give a pixel on a sharp edge is itself uncertain, which makes a straight edge ragged and a thin line a row of
dashes. Along it the shares change evenly, so a mean over both sides keeps them. It goes on along the one direction in which the guides
change least, as far as they stay what they are at the pixel: to the line's end, to where it bends, to what stands before it. Where the
guides change in all directions (a corner, leaves) there is no mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from answerprint.simulation.passes import Picture

_LENGTH, _SHORTEST, _ENDS = np.float32(5.0), np.float32(0.05), 9
"""Standard deviations in pixels of the mean where the line is straight and where nothing is, and the steps to each side at which it ends."""
_ON = np.float32(1e-4)
"""By how much less than a whole pixel a step may come to lie on it."""
_ALIKE, _FAINT = np.float32(0.6), np.float32(0.02)
"""Squared difference of the guides by which a pixel counts for 1/e: of how much they change around, as few rays draw strong edges more
uneven, and what is always allowed."""
_BENT, _STRAIGHT = 0.25, 0.7
"""Coherence of the guides' changes up to which there is no mean along an edge, and from which there is all of it."""
_GRADIENT, _TENSOR = 0.7, 3.5
"""Standard deviations, pixels, of the means before and after the guides' changes are taken: a line of few rays is a row of dots to a closer look,
and the corner of an eye is as straight as a jamb."""

Where = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class _Course:
    """Which way a line runs through each pixel on it, as rows and columns to the next step: one of the two is 1."""

    where: Where
    down: Picture
    right: Picture

    def at(self, step: int, size: tuple[int, int]) -> tuple[NDArray[np.int32], Picture]:
        """Numbers (pixels, 2) of the two pixels that the line passes between at a step, and how much each counts, summing to one."""
        y, x = (start + np.float32(step) * go for start, go in zip(self.where, (self.down, self.right), strict=True))
        top, left = np.floor(y + _ON), np.floor(x + _ON)
        second = np.maximum(y - top, x - left).astype(np.float32)
        beside = [(top, left), (top + (self.down != 1), left + (self.down == 1))]
        numbers = [np.clip(row, 0, size[0] - 1) * size[1] + np.clip(column, 0, size[1] - 1) for row, column in beside]
        return np.stack(numbers, axis=1).astype(np.int32), np.stack([1 - second, second], axis=1)


def means_along(seen: Picture, where: Where) -> sparse.csr_array:
    """Weights (pixels, height * width), each pixel's summing to one.

    ``seen`` (height, width, n) are guides of which 1 is a large difference, ``where`` the rows and columns of the pixels on edges.
    """
    seen = ndimage.gaussian_filter(seen, (_GRADIENT, _GRADIENT, 0), mode="nearest")
    course, straight, change = _courses(seen, where)
    size, guides = seen.shape[:2], seen.reshape(-1, seen.shape[2])
    own, allowed = seen[where], _ALIKE * change + _FAINT
    # Squares of the distance that a step goes, in standard deviations.
    gone = (course.down**2 + course.right**2) / (_SHORTEST + _LENGTH * straight) ** 2
    taps = [(*course.at(0, size), np.ones_like(gone))]
    for way in (1, -1):
        alike = np.ones_like(gone)
        for step in range(1, _ENDS + 1):
            numbers, shares = course.at(way * step, size)
            nearest = np.where(shares[:, 1] > 0.5, numbers[:, 1], numbers[:, 0])
            # What has once become another thing stays one.
            alike = np.minimum(alike, np.exp(-((guides[nearest] - own) ** 2).sum(axis=1) / allowed))
            taps.append((numbers, shares, alike * np.exp(-(step**2) * gone / 2)))
    columns = np.stack([numbers for numbers, _, _ in taps], axis=1)
    weights = np.stack([shares * weight[:, None] for _, shares, weight in taps], axis=1)
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    rows = np.arange(len(own) + 1, dtype=np.int32) * np.int32(2 * len(taps))
    return sparse.csr_array((weights.ravel(), columns.ravel(), rows), shape=(len(own), size[0] * size[1]))


def _courses(seen: Picture, where: Where) -> tuple[_Course, Picture, Picture]:
    """The direction of least change around each pixel; how straight it is, 0 to 1; the guides' change for a pixel, squared."""
    down, across = np.gradient(seen, axis=(0, 1))
    yy, xx, xy = (
        ndimage.gaussian_filter((a * b).sum(axis=-1), _TENSOR, mode="nearest", truncate=2.5)[where]
        for a, b in ((down, down), (across, across), (down, across))
    )
    most = 0.5 * np.arctan2(2 * xy, xx - yy)
    coherence = ((xx - yy) ** 2 + 4 * xy**2) / np.maximum((xx + yy) ** 2, np.float32(1e-12))
    straight = np.clip((coherence - _BENT) / (_STRAIGHT - _BENT), 0, 1)
    y, x = np.cos(most), -np.sin(most)
    steep = np.abs(y) >= np.abs(x)
    longer = np.where(steep, y, x)
    return _Course(where, np.where(steep, 1, y / longer), np.where(steep, x / longer, 1)), straight, xx + yy
