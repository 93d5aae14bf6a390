"""Distortion that only moves points along their radius, by a polynomial with odd powers too: what the lensfun database holds.

Its poly3, poly5 and ptlens models are written as one series, distorted radius = radius x (c0 + c1 R + c2 R^2 + ...), with
R the pinhole radius over a unit length of the calibration (https://lensfun.github.io/manual/latest/group__Lens.html).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.inverse import Real, inverse


class RadialPolynomial(BaseModel):
    """One lens at one focus and zoom, pinhole to picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["Radial polynomial"] = "Radial polynomial"
    series: tuple[float, float, float, float, float] = Field(default=(1.0, 0.0, 0.0, 0.0, 0.0), description="c0 to c4, no unit")
    unit: float = Field(gt=0, description="the pinhole radius, in focal lengths, at which R is 1")

    def distort(self, points: NDArray[np.floating]) -> Real:
        """Pinhole points (..., 2), in focal lengths, as the lens shows them; NaN beyond ``fold_radius``."""
        xy = np.asarray(points, dtype=np.float64)
        radius = np.hypot(xy[..., 0], xy[..., 1])
        gain = np.polynomial.polynomial.polyval(radius / self.unit, self.series)
        with np.errstate(invalid="ignore"):
            return xy * np.where(radius > self._fold, np.nan, gain)[..., None]

    def undistort(self, points: NDArray[np.floating]) -> Real:
        """Lens points (..., 2) as a pinhole would show them: the inverse of ``distort``."""
        return inverse(self.distort, points)

    def fold_radius(self) -> float:
        """The pinhole radius, in focal lengths, up to which points farther out stay farther out."""
        return self._fold

    def numbers(self) -> Real:
        """What a table interpolates: the series, and the logarithm of the unit."""
        return np.array([*self.series, float(np.log(self.unit))])

    def with_numbers(self, numbers: NDArray[np.floating]) -> RadialPolynomial:
        """The same model with other ``numbers``."""
        a, b, c, d, e, unit = (float(v) for v in numbers)
        return RadialPolynomial(series=(a, b, c, d, e), unit=float(np.exp(unit)))

    @cached_property
    def _fold(self) -> float:
        r = np.linspace(0, 5, 2001)
        slope = np.polynomial.polynomial.polyval(r / self.unit, [n * c for n, c in enumerate(self.series, 1)])
        falling = np.flatnonzero(slope <= 0)
        return float(r[falling[0]]) if len(falling) else float("inf")
