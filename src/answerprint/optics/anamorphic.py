"""Anamorphic lens distortion as 3DEqualizer4 solves it: "Anamorphic - Standard, Degree 4", with rotation and squeeze.

The polynomial runs from the picture to the pinhole (it removes distortion), in coordinates where half the filmback's
diagonal is 1, y up. Terms c_mn multiply r^n cos(m phi): Science-D-Visions, "tde4_ldm_standard", Lens Distortion
Plugin Kit. The order is theirs: out of the pixel aspect and the lens rotation, through the polynomial, into pixel
aspect, squeeze in y, squeeze in x, and back into the rotation.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.inverse import Real, fold_radius, inverse

TERMS = ("02", "22", "04", "24", "44")


class Anamorphic(BaseModel):
    """One anamorphic lens at one focus. All zero with squeezes of 1 is a perfect lens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["3DE4 Anamorphic - Standard, Degree 4"] = "3DE4 Anamorphic - Standard, Degree 4"
    x: tuple[float, float, float, float, float] = Field(default=(0.0,) * 5, description="Cx02 Cx22 Cx04 Cx24 Cx44, no unit")
    y: tuple[float, float, float, float, float] = Field(default=(0.0,) * 5, description="Cy02 Cy22 Cy04 Cy24 Cy44, no unit")
    rotation: float = Field(default=0.0, description="Lens Rotation, degrees, counter-clockwise in the picture")
    squeeze_x: float = Field(default=1.0, gt=0)
    squeeze_y: float = Field(default=1.0, gt=0)
    pixel_aspect: float = Field(default=1.0, gt=0, description="width of a pixel over its height, as the picture is shown")
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
        start = np.asarray(points, dtype=np.float64) / [self.squeeze_x, self.squeeze_y]
        return inverse(self.undistort, points, start)

    def fold_radius(self) -> float:
        """The radius in the picture, in focal lengths, up to which the polynomial keeps points apart."""
        return self._fold

    def numbers(self) -> Real:
        """What a table interpolates: coefficients, rotation, and logarithms of the scales."""
        scales = np.log([self.squeeze_x, self.squeeze_y, self.pixel_aspect, self.half_diagonal])
        return np.array([*self.x, *self.y, self.rotation, *scales])

    def with_numbers(self, numbers: NDArray[np.floating]) -> Anamorphic:
        """The same model with other ``numbers``."""
        n = [float(v) for v in numbers]
        s = [float(v) for v in np.exp(n[11:])]
        return Anamorphic(
            x=(n[0], n[1], n[2], n[3], n[4]),
            y=(n[5], n[6], n[7], n[8], n[9]),
            rotation=n[10],
            squeeze_x=s[0],
            squeeze_y=s[1],
            pixel_aspect=s[2],
            half_diagonal=s[3],
        )

    @cached_property
    def _fold(self) -> float:
        return fold_radius(self._remove)

    def _remove(self, xy: Real) -> Real:
        x, y = xy[..., 0] / self.half_diagonal, -xy[..., 1] / self.half_diagonal
        c, s = np.cos(np.radians(self.rotation)), np.sin(np.radians(self.rotation))
        x = x / self.pixel_aspect
        x, y = c * x + s * y, c * y - s * x
        r2, d2 = x * x + y * y, x * x - y * y
        # r^4 cos(4 phi) in x and y, so that no angle is ever taken
        terms = np.stack([r2, d2, r2 * r2, r2 * d2, 2 * d2 * d2 - r2 * r2], axis=-1)
        x = x * (1 + terms @ np.array(self.x)) * self.pixel_aspect * self.squeeze_x
        y = y * (1 + terms @ np.array(self.y)) * self.squeeze_y
        return np.stack([c * x - s * y, -(s * x + c * y)], axis=-1) * self.half_diagonal
