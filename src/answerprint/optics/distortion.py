"""Brown-Conrady lens distortion: where the lens puts a point that a pinhole would have put elsewhere.

D. C. Brown, "Decentering distortion of lenses", Photogrammetric Engineering 32(3), 1966, in OpenCV's notation:
radial k1, k2, k3 (numerator) and k4, k5, k6 (denominator), tangential p1, p2. Coordinates are normalised image
coordinates (x/z to the right, y/z down, focal length 1), so coefficients have no unit and do not change when a
picture is resized or cropped. The direction is undistorted to distorted ("Brown-Conrady U-D" in OpenTrackIO).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.inverse import inverse

Real = NDArray[np.float64]


class Distortion(BaseModel):
    """The coefficients of one lens at one focus and zoom. All zero is a perfect lens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["Brown-Conrady U-D"] = "Brown-Conrady U-D"
    radial: tuple[float, ...] = Field(default=(), max_length=6, description="k1 to k6, no unit")
    tangential: tuple[float, ...] = Field(default=(), max_length=2, description="p1 and p2, no unit")

    def opencv(self) -> Real:
        """The eight numbers in OpenCV's order: k1 k2 p1 p2 k3 k4 k5 k6."""
        k = [*self.radial, *[0.0] * 6][:6]
        p = [*self.tangential, 0.0, 0.0][:2]
        return np.array([k[0], k[1], p[0], p[1], *k[2:]])

    @classmethod
    def from_opencv(cls, coefficients: NDArray[np.floating] | list[float] | tuple[float, ...]) -> Distortion:
        """From 4, 5 or 8 coefficients in OpenCV's order."""
        c = [float(v) for v in np.ravel(np.asarray(coefficients, dtype=np.float64))] + [0.0] * 8
        radial = (c[0], c[1], *c[4:8])
        while radial and radial[-1] == 0.0:
            radial = radial[:-1]
        return cls(radial=radial, tangential=(c[2], c[3]) if c[2] or c[3] else ())

    def distort(self, points: NDArray[np.floating]) -> Real:
        """Pinhole points (..., 2) as the lens shows them; NaN beyond the radius where the model folds back on itself."""
        xy = np.asarray(points, dtype=np.float64)
        if not (any(self.radial) or any(self.tangential)):
            return xy.copy()
        k1, k2, p1, p2, k3, k4, k5, k6 = self.opencv()
        x, y = xy[..., 0], xy[..., 1]
        with np.errstate(over="ignore", invalid="ignore"):
            r2 = x * x + y * y
            gain = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
            out = np.stack(
                [x * gain + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * gain + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y], axis=-1
            )
        out[r2 > self.fold_radius() ** 2] = np.nan
        return out

    def undistort(self, points: NDArray[np.floating]) -> Real:
        """Lens points (..., 2) as a pinhole would show them: the inverse of ``distort``, by Newton steps.

        NaN where no pinhole point reaches the place.
        """
        wanted = np.asarray(points, dtype=np.float64)
        if not (any(self.radial) or any(self.tangential)):
            return wanted.copy()
        return inverse(self.distort, wanted)

    def numbers(self) -> Real:
        """What a table interpolates: the eight coefficients in OpenCV's order."""
        return self.opencv()

    def with_numbers(self, numbers: NDArray[np.floating]) -> Distortion:
        """The same model with other ``numbers``."""
        return Distortion.from_opencv(numbers)

    def fold_radius(self) -> float:
        """The pinhole radius up to which points farther out stay farther out; infinity for a model that never folds.

        Beyond it a polynomial brings far points back into the picture, where they would be false.
        """
        k1, k2, _, _, k3, k4, k5, k6 = self.opencv()
        r = np.linspace(0, 5, 2001)[1:]
        r2 = r * r
        seen = r * (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
        falling = np.nonzero(np.diff(seen, prepend=0.0) <= 0)[0]
        return float(r[falling[0]]) if len(falling) else float("inf")
