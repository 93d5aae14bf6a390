"""How far a pixel may be averaged because the lens has blurred it already: out of focus a picture holds no detail finer than its disc.

With few samples a blurred edge is drawn by a handful of rays, each of which meets another thing: it looks furry, and no guide tells what it
shows. But the lens itself has spread it, so light and guides may be averaged over a small part of the disc and nothing is lost that was there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from answerprint.optics.thin_lens import Focus
from answerprint.simulation.passes import Picture

_SHARE = 0.45
"""Standard deviation of the mean at most, of the disc's radius: the edge of a disc gets 10 % wider (its variance is a quarter of the radius squared)."""
_ENOUGH = 1024.0
"""Samples that a mean shall hold: with as many a share of one half is known to 1.6 %, and a blurred edge is smooth to the eye."""
_STEP = np.float32(0.2)
"""Share of the difference to each of four neighbours that one step takes; below 0.25 it cannot swing. It widens by twice that, pixels squared."""
_SEEN = 1.5
"""Pixels of radius from which what is nearer than the focus is spread visibly over what is sharp behind it."""


@dataclass(frozen=True)
class Defocus:
    """The lens's focus and iris, the width of a pixel on the sensor, and how many samples a pixel has."""

    focus: Focus
    pitch_mm: float
    samples: int

    def radius(self, depth: Picture) -> Picture:
        """Radius in pixels of the thin lens's disc for depths in metres (infinite: the sky)."""
        return np.asarray(np.abs(self.focus.confusion(depth)) / (2 * self.pitch_mm), dtype=np.float32)

    def spread(self, depth: Picture) -> Picture:
        """Variance, pixels squared, that a mean around each pixel may have; ``depth`` and result are (height, width, 1).

        Beside what is sharp nothing is averaged; over what is sharp behind a blurred edge that stands before it, it is.
        """
        radius = self.radius(depth)[..., 0]
        before = np.where((depth[..., 0] < self.focus.distance) & (radius >= _SEEN), radius, 0)
        radius = np.maximum(ndimage.minimum_filter(radius, 3), ndimage.maximum_filter(before, 5))
        most = _ENOUGH / (4 * np.pi * self.samples)
        return np.asarray(np.minimum((_SHARE * radius) ** 2, most), dtype=np.float32)[..., None]


def averaged(stack: Picture, spread: Picture) -> Picture:
    """``stack`` (height, width, n) averaged by as much as ``spread`` (height, width, 1) allows on both sides of each exchange.

    Neighbours give each other equal shares, so no light is lost or made, and what may not be averaged neither gives nor takes.
    """
    if not spread.any():
        return stack
    stack, gain = stack.copy(), np.float32(2 * _STEP)
    for step in range(int(np.ceil(float(spread.max()) / gain))):
        open_ = np.clip(spread / gain - np.float32(step), 0, 1)
        flow = _STEP * np.minimum(open_[1:], open_[:-1]) * (stack[1:] - stack[:-1])
        aside = _STEP * np.minimum(open_[:, 1:], open_[:, :-1]) * (stack[:, 1:] - stack[:, :-1])
        stack[:-1] += flow
        stack[1:] -= flow
        stack[:, :-1] += aside
        stack[:, 1:] -= aside
    return stack
