"""Colour temperature: how warm a light is (kelvin) and how far it is from a black body (Duv, green above zero).

Method: Y. Ohno, "Practical use and calculation of CCT and Duv", LEUKOS 10(1), 2014 (combined triangular and parabolic
solution), over a Planckian locus computed here from the CIE 1931 observer with Planck's second radiation constant
c2 = 1.4388e-2 m K (CIE 15:2018).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import ACES_WHITE_XYZ, AP1_TO_XYZ

Real = NDArray[np.float64]

# CIE 1931 2 degree standard observer, 5 nm (CIE 018:2019, table 6): wavelength in nm, x-bar, y-bar, z-bar.
_OBSERVER = np.fromstring(
    """
360 0.0001299 3.917e-06 0.0006061   365 0.0002321 6.965e-06 0.001086   370 0.0004149 1.239e-05 0.001946
375 0.0007416 2.202e-05 0.003486   380 0.001368 3.9e-05 0.006450001   385 0.002236 6.4e-05 0.01054999
390 0.004243 0.00012 0.02005001   395 0.00765 0.000217 0.03621   400 0.01431 0.000396 0.06785001
405 0.02319 0.00064 0.1102   410 0.04351 0.00121 0.2074   415 0.07763 0.00218 0.3713
420 0.13438 0.004 0.6456   425 0.21477 0.0073 1.0390501   430 0.2839 0.0116 1.3856
435 0.3285 0.01684 1.62296   440 0.34828 0.023 1.74706   445 0.34806 0.0298 1.7826
450 0.3362 0.038 1.77211   455 0.3187 0.048 1.7441   460 0.2908 0.06 1.6692
465 0.2511 0.0739 1.5281   470 0.19536 0.09098 1.28764   475 0.1421 0.1126 1.0419
480 0.09564 0.13902 0.8129501   485 0.05795001 0.1693 0.6162   490 0.03201 0.20802 0.46518
495 0.0147 0.2586 0.3533   500 0.0049 0.323 0.272   505 0.0024 0.4073 0.2123
510 0.0093 0.503 0.1582   515 0.0291 0.6082 0.1117   520 0.06327 0.71 0.07824999
525 0.1096 0.7932 0.05725001   530 0.1655 0.862 0.04216   535 0.2257499 0.9148501 0.02984
540 0.2904 0.954 0.0203   545 0.3597 0.9803 0.0134   550 0.4334499 0.9949501 0.008749999
555 0.5120501 1 0.005749999   560 0.5945 0.995 0.0039   565 0.6784 0.9786 0.002749999
570 0.7621 0.952 0.0021   575 0.8425 0.9154 0.0018   580 0.9163 0.87 0.001650001
585 0.9786 0.8163 0.0014   590 1.0263 0.757 0.0011   595 1.0567 0.6949 0.001
600 1.0622 0.631 0.0008   605 1.0456 0.5668 0.0006   610 1.0026 0.503 0.00034
615 0.9384 0.4412 0.00024   620 0.8544499 0.381 0.00019   625 0.7514 0.321 0.0001
630 0.6424 0.265 4.999999e-05   635 0.5419 0.217 3e-05   640 0.4479 0.175 2e-05
645 0.3608 0.1382 1e-05   650 0.2835 0.107 -1.90582413132e-21   655 0.2187 0.0816 0
660 0.1649 0.061 0   665 0.1212 0.04458 0   670 0.0874 0.032 0
675 0.0636 0.0232 0   680 0.04677 0.017 0   685 0.0329 0.01192 0
690 0.0227 0.00821 0   695 0.01584 0.005723 0   700 0.01135916 0.004102 0
705 0.008110916 0.002929 0   710 0.005790346 0.002091 0   715 0.004109457 0.001484 0
720 0.002899327 0.001047 0   725 0.00204919 0.00074 0   730 0.001439971 0.00052 0
735 0.0009999493 0.0003611 0   740 0.0006900786 0.0002492 0   745 0.0004760213 0.0001719 0
750 0.0003323011 0.00012 0   755 0.0002348261 8.48e-05 0   760 0.0001661505 6e-05 0
765 0.000117413 4.24e-05 0   770 8.307527e-05 3e-05 0   775 5.870652e-05 2.12e-05 0
780 4.150994e-05 1.499e-05 0
""",
    sep=" ",
).reshape(-1, 4)

# IEC 61966-2-1 white, D65.
_D65_XYZ = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
# Bradford cone responses (ICC.1:2022, annex E).
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def cct_duv(acescg: NDArray[np.floating], white: Literal["D65", "ACES"] = "D65") -> tuple[float, float]:
    """Correlated colour temperature in kelvin and Duv of one ACEScg colour (3,), usually a mean over a light or a grey.

    ``white`` is what an equal-RGB grey is seen as: ``D65`` as on a Rec.709 monitor (grey reads 6500 K), ``ACES`` as
    the working space encodes it (grey reads 6000 K). Both NaN where the colour has no light or no temperature (outside
    1000 to 25000 K, or farther than 0.05 from the locus, where CIE 15 gives CCT no meaning).
    """
    rgb = np.asarray(acescg, dtype=np.float64).reshape(3)
    xyz = AP1_TO_XYZ @ rgb
    if white == "D65":
        xyz = _aces_to_d65() @ xyz
    total = xyz[0] + 15 * xyz[1] + 3 * xyz[2]
    if not np.isfinite(xyz).all() or xyz[1] <= 0 or total <= 0:
        return float("nan"), float("nan")
    return _ohno(4 * xyz[0] / total, 6 * xyz[1] / total)


def blackbody_uv(kelvin: NDArray[np.floating] | float) -> Real:
    """CIE 1960 u, v (..., 2) of black bodies."""
    metres = _OBSERVER[:, 0] * 1e-9
    hot = np.asarray(kelvin, dtype=np.float64)[..., None]
    power = metres**-5 / np.expm1(1.4388e-2 / (metres * hot))
    xyz = power @ _OBSERVER[:, 1:]
    total = xyz[..., 0] + 15 * xyz[..., 1] + 3 * xyz[..., 2]
    return np.stack([4 * xyz[..., 0] / total, 6 * xyz[..., 1] / total], axis=-1)


@cache
def _locus() -> tuple[Real, Real]:
    """Temperatures 0.25 % apart and their u, v."""
    kelvin = np.asarray(950.0 * 1.0025 ** np.arange(1330), dtype=np.float64)
    return kelvin, blackbody_uv(kelvin)


def _ohno(u: float, v: float) -> tuple[float, float]:
    kelvin, locus = _locus()
    distance = np.hypot(locus[:, 0] - u, locus[:, 1] - v)
    m = int(np.argmin(distance))
    if not 0 < m < len(kelvin) - 1:
        return float("nan"), float("nan")
    t0, t1, t2 = kelvin[m - 1 : m + 2]
    d0, d1, d2 = distance[m - 1 : m + 2]
    chord = float(np.hypot(*(locus[m + 1] - locus[m - 1])))
    along = (d0**2 - d2**2 + chord**2) / (2 * chord)
    temperature = t0 + (t2 - t0) * along / chord
    foot_v = locus[m - 1, 1] + (locus[m + 1, 1] - locus[m - 1, 1]) * along / chord
    side = 1.0 if v >= foot_v else -1.0
    duv = side * float(np.sqrt(max(d0**2 - along**2, 0.0)))
    if abs(duv) >= 0.002:
        x = (t2 - t1) * (t0 - t2) * (t1 - t0)
        a = (t0 * (d2 - d1) + t1 * (d0 - d2) + t2 * (d1 - d0)) / x
        b = -(t0**2 * (d2 - d1) + t1**2 * (d0 - d2) + t2**2 * (d1 - d0)) / x
        c = -(d0 * (t2 - t1) * t1 * t2 + d1 * (t0 - t2) * t0 * t2 + d2 * (t1 - t0) * t0 * t1) / x
        temperature = -b / (2 * a)
        duv = side * (a * temperature**2 + b * temperature + c)
    if not 1000 <= temperature <= 25000 or abs(duv) > 0.05:
        return float("nan"), float("nan")
    return float(temperature), float(duv)


@cache
def _aces_to_d65() -> Real:
    gain = (_BRADFORD @ _D65_XYZ) / (_BRADFORD @ ACES_WHITE_XYZ)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD)
