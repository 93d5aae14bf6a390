"""What is sharp and what is not: the circle of confusion, and the distances between which it stays small.

For a lens that focuses on the distance s, seen from its entrance pupil of diameter A, with the image plane F behind it
(its pinhole focal length, breathing included), a point at the distance z makes a disc of diameter A F |1/s - 1/z|. That is
the thin lens formula A f |z - s| / (z (s - f)) of every textbook (S. Ray, "Applied Photographic Optics", 3rd ed.,
chapter 22), with F = f s / (s - f) put in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Focus:
    """One focus and iris setting. Distances in front of the lens are metres from the entrance pupil, the rest is mm."""

    distance: float
    """What is sharp; infinity is allowed."""
    image_distance: float
    """From the pupil to the image plane: the pinhole focal length."""
    pupil_diameter: float
    """Focal length over f-number; 0 is a pinhole, in which everything is sharp."""

    @classmethod
    def thin(cls, focal_length: float, f_number: float, distance: float) -> Focus:
        """A thin lens of ``focal_length`` mm focused at ``distance`` metres in front of it."""
        image = focal_length if math.isinf(distance) else 1 / (1 / focal_length - 1 / (distance * 1000))
        return cls(distance, image, focal_length / f_number)

    def confusion(self, depth: NDArray[np.floating] | float, shift: float = 0.0) -> Real:
        """Diameter of the disc of confusion on the sensor, mm; positive behind what is sharp, negative in front of it.

        ``depth`` is metres along the axis; 0 and less, infinity and NaN count as infinitely far. ``shift`` is how far
        behind the sensor the light comes to its focus (longitudinal colour), mm.
        """
        z = np.asarray(depth, dtype=np.float64) * 1000
        with np.errstate(divide="ignore", invalid="ignore"):
            nearness = np.where(z > 0, 1 / z, 0.0)
        vergence = 1 / (self.distance * 1000) - nearness
        sharp = self.image_distance * vergence
        return np.asarray(self.pupil_diameter * (sharp - shift * (1 / self.image_distance + vergence)))

    def sharp_between(self, confusion: float) -> tuple[float, float]:
        """The nearest and farthest distance, metres from the pupil, whose disc is at most ``confusion`` mm wide."""
        if self.pupil_diameter == 0:
            return 0.0, math.inf
        slack = confusion / (self.pupil_diameter * self.image_distance)
        near, far = 1 / (self.distance * 1000) + slack, 1 / (self.distance * 1000) - slack
        return 1 / near / 1000, 1 / far / 1000 if far > 0 else math.inf
