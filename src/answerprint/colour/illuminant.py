"""The light a scene is seen under, changed: from one colour temperature and tint to another, exactly, in linear light.

A white is named by its correlated colour temperature (kelvin) and Duv, its distance from the black body in CIE 1960 u, v
(green above zero): the inverse of what ``temperature.cct_duv`` reads. Surfaces follow by von Kries' rule in Bradford
cone responses (ICC.1:2022, annex E): each response is multiplied by the ratio of the two whites. Luminance of a neutral
surface, to an eye adapted to D65, does not change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import AP1_TO_XYZ
from answerprint.colour.temperature import blackbody_uv

Real = NDArray[np.float64]

# IEC 61966-2-1 white, D65: what equal red, green and blue are seen as.
_D65_XYZ = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def white_xyz(kelvin: float = 0.0, duv: float = 0.0) -> Real:
    """XYZ (3,), Y = 1, of the white at ``kelvin`` and ``duv``; kelvin 0 is D65, from which ``duv`` is counted on.

    The point lies ``duv`` from the locus, at a right angle to it (Y. Ohno, LEUKOS 10(1), 2014).
    """
    if kelvin <= 0:
        x, y, z = _D65_XYZ
        u, v = 4 * x / (x + 15 * y + 3 * z), 6 * y / (x + 15 * y + 3 * z)
        kelvin_here = 6504.0
    else:
        u, v = blackbody_uv(kelvin)
        kelvin_here = kelvin
    if duv:
        lower, upper = blackbody_uv(np.array([kelvin_here * 0.999, kelvin_here * 1.001]))
        along = (upper - lower) / np.hypot(*(upper - lower))
        # Along the locus u falls as it gets hotter; turned by a right angle it points to green (larger v).
        green = np.array([-along[1], along[0]])
        green = green if green[1] > 0 else -green
        u, v = u + duv * green[0], v + duv * green[1]
    total = 2 * u - 8 * v + 4
    x, y = 3 * u / total, 2 * v / total
    return np.array([x / y, 1.0, (1 - x - y) / y])


def adaptation(before: Real, after: Real) -> Real:
    """The 3x3 on scene-linear ACEScg columns that takes a surface seen under the white ``before`` to ``after`` (XYZ, Y = 1)."""
    gain = (_BRADFORD @ after) / (_BRADFORD @ before)
    through = np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD
    return np.asarray(np.linalg.inv(AP1_TO_XYZ) @ through @ AP1_TO_XYZ)
