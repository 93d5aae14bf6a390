"""Dark corners: the cosine law every lens obeys, the barrel that cuts the pupil, and what was measured on a chart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.lens import Lens
from answerprint.optics.pupil import Pupil
from answerprint.optics.table import LensState

Real = NDArray[np.float64]


def natural_falloff(tangent: NDArray[np.floating], power: float = 4.0) -> Real:
    """Light at field angles of this tangent over light on the axis: the cosine to the fourth of a thin lens.

    Two cosines for the pupil seen aslant and one for the light falling aslant, and one more squared distance less one
    (S. Ray, "Applied Photographic Optics", 3rd ed., chapter 14). Retrofocus lenses may be measured nearer to 3.
    """
    t = np.asarray(tangent, dtype=np.float64)
    return np.asarray((1 + t * t) ** (-power / 2))


def measured_falloff(radius: NDArray[np.floating], coefficients: NDArray[np.floating]) -> Real:
    """1 + k1 r^2 + k2 r^4 + k3 r^6: the series of Adobe's camera model, which lensfun's "pa" samples use."""
    r2 = np.asarray(radius, dtype=np.float64) ** 2
    k1, k2, k3 = (float(k) for k in coefficients)
    return np.asarray(1 + r2 * (k1 + r2 * (k2 + r2 * k3)))


def falloff(lens: Lens, state: LensState, pupil: Pupil, x: NDArray[np.floating], y: NDArray[np.floating]) -> Real:
    """The light that reaches sensor places ``x``, ``y`` (mm from the axis, desqueezed) over that on the axis.

    The product of the natural law, the barrel's cut at this aperture, and the measured table; not below 0.
    """
    radius = np.hypot(x, y)
    tangent = radius / lens.focal_length(state)
    gain = natural_falloff(tangent, lens.cosine_power) * pupil.open_share(tangent)
    if lens.vignetting is not None:
        gain = gain * measured_falloff(radius / lens.vignetting_radius, lens.vignetting.at(state))
    return np.asarray(np.maximum(gain, 0.0))
