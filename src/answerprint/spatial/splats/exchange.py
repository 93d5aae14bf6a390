"""Colours as other programs' splat files hold them: spherical harmonics of display values, sRGB.

Light is taken to the display's encoding splat by splat; white stays 1 and what is brighter goes on above it on the same
curve, so that nothing is lost but the composite's arithmetic: other programs mix display values where ours mixes light.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.transform import cpu_between, run
from answerprint.spatial.splats.cloud import Float

C0 = 0.28209479177387814
C1 = 0.4886025119029199
"""Constants of the real spherical harmonics of degree 0 and 1: 1 / (2 sqrt(pi)) and sqrt(3 / (4 pi))."""
_SLOPE, _EDGE = 12.92, 0.0031308


def to_harmonics(colours: Float, slopes: Float, display: bool) -> tuple[Float, Float]:
    """Coefficients (n, 3) of degree 0 and (n or 0, 3, 3) [coefficient, channel] of degree 1, as the INRIA layout has them."""
    shown, derivative = _shown(colours) if display else (colours, None)
    turned = slopes
    if derivative is not None and len(slopes):
        turned = np.einsum("nac,ncd->nad", slopes, derivative)
    rest = np.stack([-turned[:, 1], turned[:, 2], -turned[:, 0]], axis=1) / C1 if len(slopes) else slopes
    return ((shown - 0.5) / C0).astype(np.float32), np.asarray(rest, dtype=np.float32)


def from_harmonics(base: Float, rest: Float, display: bool) -> tuple[Float, Float]:
    """Colours (n, 3) and slopes (n or 0, 3, 3) from the coefficients; the inverse of `to_harmonics`."""
    shown = np.asarray(0.5 + C0 * base, dtype=np.float32)
    slopes = np.stack([-rest[:, 2], -rest[:, 0], rest[:, 1]], axis=1) * np.float32(C1) if len(rest) else rest
    if not display:
        return shown, np.asarray(slopes, dtype=np.float32)
    linear = np.where(np.abs(shown) <= _SLOPE * _EDGE, shown / _SLOPE, np.sign(shown) * ((np.abs(shown) + 0.055) / 1.055) ** 2.4)
    colours = (linear @ np.linalg.inv(_to_srgb())).astype(np.float32)
    if len(slopes):
        slopes = np.einsum("nac,ncd->nad", slopes, np.linalg.inv(_shown(colours)[1]))
    return colours, np.asarray(slopes, dtype=np.float32)


def _shown(colours: Float) -> tuple[Float, Float]:
    """Display values (n, 3) of ACEScg, and their derivative (n, 3 of light, 3 of display)."""
    linear = colours @ _to_srgb()
    size = np.abs(linear)
    curved = size > _EDGE
    shown = np.sign(linear) * np.where(curved, 1.055 * np.maximum(size, _EDGE) ** (1 / 2.4) - 0.055, _SLOPE * size)
    steep = np.where(curved, 1.055 / 2.4 * np.maximum(size, _EDGE) ** (1 / 2.4 - 1), _SLOPE)
    return shown.astype(np.float32), (_to_srgb()[None] * steep[:, None, :]).astype(np.float32)


@cache
def _to_srgb() -> NDArray[np.float64]:
    """Row vectors of ACEScg to linear sRGB."""
    return np.asarray(run(cpu_between("ACEScg", "Linear Rec.709 (sRGB)"), np.eye(3, dtype=np.float32)[None])[0], dtype=np.float64)
