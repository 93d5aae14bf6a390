"""What every distortion model can do, and the models there are."""

from __future__ import annotations

from typing import Annotated, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Tag

from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.distortion import Distortion
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.inverse import Real
from answerprint.optics.radial_decentred import RadialDecentred
from answerprint.optics.radial_polynomial import RadialPolynomial


class LensModel(Protocol):
    """Points are (..., 2) in focal lengths from the optical axis, x right, y down. What a lens shows nowhere is NaN."""

    def distort(self, points: NDArray[np.floating]) -> Real:
        """Where the lens puts what a pinhole would put at ``points``."""

    def undistort(self, points: NDArray[np.floating]) -> Real:
        """Where a pinhole would have put what the lens shows at ``points``."""

    def fold_radius(self) -> float:
        """How far out the model's own formula can be trusted, in focal lengths, on the side it starts from."""

    def numbers(self) -> Real:
        """The parameters as a vector that may be interpolated between two settings of one lens."""

    def with_numbers(self, numbers: NDArray[np.floating]) -> Self:
        """The same model with other ``numbers``."""


def _kind(value: Any) -> str:
    name = value.get("model", "") if isinstance(value, dict) else getattr(value, "model", "")
    return str(name) or "Brown-Conrady U-D"


AnyDistortion = Annotated[
    Annotated[Distortion, Tag("Brown-Conrady U-D")]
    | Annotated[Anamorphic, Tag("3DE4 Anamorphic - Standard, Degree 4")]
    | Annotated[RadialDecentred, Tag("3DE4 Radial - Standard, Degree 4")]
    | Annotated[Fisheye, Tag("OpenCV Fisheye")]
    | Annotated[RadialPolynomial, Tag("Radial polynomial")],
    Discriminator(_kind),
]
"""Any of the models, told apart by its ``model``; without one it is Brown-Conrady."""
