"""Fisheye lenses: the angle off the axis, not its tangent, grows along the picture.

J. Kannala, S. Brandt, "A generic camera model and calibration method for conventional, wide-angle and fish-eye lenses",
IEEE PAMI 28(8), 2006, in the four-term form and order of OpenCV's fisheye module.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.inverse import Real


class Fisheye(BaseModel):
    """One fisheye lens at one focus. All zero is the equidistant lens, r = f times the angle in radians."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["OpenCV Fisheye"] = "OpenCV Fisheye"
    k: tuple[float, float, float, float] = Field(default=(0.0,) * 4, description="k1 to k4, no unit")

    def distort(self, points: NDArray[np.floating]) -> Real:
        """Pinhole points (..., 2), in focal lengths, as the lens shows them; NaN beyond ``fold_radius``."""
        xy = np.asarray(points, dtype=np.float64)
        radius = np.hypot(xy[..., 0], xy[..., 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(radius > 1e-9, self._reach(np.arctan(radius)) / radius, 1.0)
            gain = np.where(radius > self.fold_radius(), np.nan, gain)
        return xy * gain[..., None]

    def undistort(self, points: NDArray[np.floating]) -> Real:
        """Lens points (..., 2) as a pinhole would show them; NaN at 90 degrees off the axis and beyond, and past the fold."""
        xy = np.asarray(points, dtype=np.float64)
        reach = np.hypot(xy[..., 0], xy[..., 1])
        low, high = np.zeros_like(reach), np.full_like(reach, self._fold_angle)
        # Bisection never leaves the branch on which the angle grows; Newton's steps then make it exact.
        for _ in range(20):
            middle = (low + high) / 2
            beyond = self._reach(middle) > reach
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        angle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(4):
                angle = angle - (self._reach(angle) - reach) / self._slope(angle)
            known = (np.abs(self._reach(angle) - reach) < 1e-9) & (angle <= self._fold_angle + 1e-9) & (angle < np.pi / 2 - 1e-6)
            gain = np.where(reach > 1e-9, np.tan(angle) / reach, 1.0)
        return xy * np.where(known, gain, np.nan)[..., None]

    def fold_radius(self) -> float:
        """The pinhole radius up to which points farther out stay farther out; infinity up to 90 degrees off the axis."""
        return float(np.tan(self._fold_angle)) if self._fold_angle < np.pi / 2 - 1e-6 else float("inf")

    def numbers(self) -> Real:
        """What a table interpolates: the four coefficients."""
        return np.array(self.k)

    def with_numbers(self, numbers: NDArray[np.floating]) -> Fisheye:
        """The same model with other ``numbers``."""
        a, b, c, d = (float(v) for v in numbers)
        return Fisheye(k=(a, b, c, d))

    @cached_property
    def _fold_angle(self) -> float:
        angles = np.linspace(0, np.pi / 2, 2001)
        falling = np.flatnonzero(self._slope(angles) <= 0)
        return float(angles[max(falling[0] - 1, 0)]) if len(falling) else float(np.pi / 2)

    def _reach(self, angle: Real) -> Real:
        a2 = angle * angle
        k1, k2, k3, k4 = self.k
        return angle * (1 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))))

    def _slope(self, angle: Real) -> Real:
        a2 = angle * angle
        k1, k2, k3, k4 = self.k
        return 1 + a2 * (3 * k1 + a2 * (5 * k2 + a2 * (7 * k3 + a2 * 9 * k4)))
