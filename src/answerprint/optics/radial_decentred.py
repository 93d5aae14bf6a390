"""Spherical lens distortion as 3DEqualizer4 solves it: "Radial - Standard, Degree 4", with decentring and beam-splitter bend.

The polynomial runs from the picture to the pinhole (it removes distortion), in coordinates where half the filmback's
diagonal is 1, y up (Science-D-Visions, "tde4_ldm_standard", Lens Distortion Plugin Kit).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.inverse import Real, fold_radius, inverse


class RadialDecentred(BaseModel):
    """One spherical lens at one focus. All zero is a perfect lens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["3DE4 Radial - Standard, Degree 4"] = "3DE4 Radial - Standard, Degree 4"
    degree_2: float = Field(default=0.0, description="Distortion - Degree 2, no unit")
    degree_4: float = Field(default=0.0, description="Quartic Distortion - Degree 4, no unit")
    u: tuple[float, float] = Field(default=(0.0, 0.0), description="U of degree 2 and 4: decentring to the right")
    v: tuple[float, float] = Field(default=(0.0, 0.0), description="V of degree 2 and 4: decentring up")
    bend_direction: float = Field(default=0.0, description="Phi - Cylindric Direction, degrees")
    bend: float = Field(default=0.0, gt=-1, description="B - Cylindric Bending, no unit")
    half_diagonal: float = Field(gt=0, description="half the filmback's diagonal in focal lengths (mm over mm)")

    def undistort(self, points: NDArray[np.floating]) -> Real:
        """Lens points (..., 2), in focal lengths, y down, as a pinhole would show them; NaN beyond ``fold_radius``."""
        xy = np.asarray(points, dtype=np.float64)
        out = self._remove(xy)
        with np.errstate(invalid="ignore"):
            out[np.hypot(xy[..., 0], xy[..., 1]) > self._fold] = np.nan
        return out

    def distort(self, points: NDArray[np.floating]) -> Real:
        """Pinhole points (..., 2) as the lens shows them: the inverse of ``undistort``; NaN where it shows them nowhere."""
        return inverse(self.undistort, points)

    def fold_radius(self) -> float:
        """The radius in the picture, in focal lengths, up to which the polynomial keeps points apart."""
        return self._fold

    def numbers(self) -> Real:
        """What a table interpolates: coefficients, and the logarithm of the scale."""
        scale = float(np.log(self.half_diagonal))
        return np.array([self.degree_2, self.degree_4, *self.u, *self.v, self.bend_direction, self.bend, scale])

    def with_numbers(self, numbers: NDArray[np.floating]) -> RadialDecentred:
        """The same model with other ``numbers``."""
        n = [float(v) for v in numbers]
        return RadialDecentred(
            degree_2=n[0],
            degree_4=n[1],
            u=(n[2], n[3]),
            v=(n[4], n[5]),
            bend_direction=n[6],
            bend=n[7],
            half_diagonal=float(np.exp(n[8])),
        )

    @cached_property
    def _fold(self) -> float:
        return fold_radius(self._remove)

    def _remove(self, xy: Real) -> Real:
        x, y = xy[..., 0] / self.half_diagonal, -xy[..., 1] / self.half_diagonal
        r2 = x * x + y * y
        gain = 1 + r2 * (self.degree_2 + r2 * self.degree_4)
        u, v = self.u[0] + self.u[1] * r2, self.v[0] + self.v[1] * r2
        p = x * gain + (r2 + 2 * x * x) * u + 2 * x * y * v
        q = y * gain + (r2 + 2 * y * y) * v + 2 * x * y * u
        # A plate at an angle stretches along its direction and shrinks across it by the same factor.
        stretch = np.sqrt(1 + self.bend)
        c, s = np.cos(np.radians(self.bend_direction)), np.sin(np.radians(self.bend_direction))
        xx, xy_, yy = c * c * stretch + s * s / stretch, (stretch - 1 / stretch) * c * s, c * c / stretch + s * s * stretch
        return np.stack([xx * p + xy_ * q, -(xy_ * p + yy * q)], axis=-1) * self.half_diagonal
