"""Lateral chromatic aberration: red and blue are a little larger or smaller in the picture than green.

The series is that of lensfun's "poly3" model: a channel's radius is r (v + c r + b r^2) where green's is r, and r is 1 at the
record's ``lateral_radius``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.lens import Lens
from answerprint.optics.table import LensState

Real = NDArray[np.float64]


def parted_gains(lens: Lens, state: LensState, radius: NDArray[np.floating]) -> tuple[Real, Real, Real] | None:
    """For places ``radius`` mm from the axis: what to scale that by to find what red, green and blue show there, had they not parted.

    Three arrays of the shape of ``radius``; None for a lens without the aberration. Solved by Newton steps.
    """
    if lens.lateral_colour is None:
        return None
    series = np.asarray(lens.lateral_colour.at(state), dtype=np.float64)
    wanted = np.asarray(radius, dtype=np.float64) / lens.lateral_radius
    out = []
    for v, c, b in (series[:3], (1.0, 0.0, 0.0), series[3:]):
        found = wanted / v
        for _ in range(8):
            found -= (found * (v + found * (c + found * b)) - wanted) / (v + found * (2 * c + found * 3 * b))
        out.append(np.where(wanted > 0, found / np.where(wanted > 0, wanted, 1.0), 1.0))
    return out[0], out[1], out[2]
