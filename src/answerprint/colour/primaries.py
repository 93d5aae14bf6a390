"""Linear light whose primaries are known by their chromaticities alone, as an OpenEXR header gives them.

Such a space has the name ``chromaticities:rx,ry,gx,gy,bx,by,wx,wy`` (CIE 1931 xy). Its way to the working space is one matrix: to XYZ by its
primaries and white (SMPTE RP 177), to the ACES white by Bradford, to AP1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import ACES_WHITE_XYZ, AP1_TO_XYZ
from answerprint.production import BadInput

PREFIX = "chromaticities:"
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""ICC.1:2022, annex E.3."""


def is_by_primaries(name: str) -> bool:
    """Whether a name is of this kind."""
    return name.strip().lower().startswith(PREFIX)


def canonical(name: str) -> str:
    """The name in its one spelling. Raises BadInput where the numbers are no primaries."""
    to_acescg(name)
    return PREFIX + ",".join(f"{value:.5g}" for value in _numbers(name))


def to_acescg(name: str) -> NDArray[np.float64]:
    """The matrix (3, 3) from the space to ACEScg; white stays white. Raises BadInput where the numbers are no primaries."""
    points = np.array(_numbers(name)).reshape(4, 2)
    try:
        if not (points[:, 1] != 0).all():
            raise ValueError
        xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in points])
        to_xyz = xyz[:3].T * np.linalg.solve(xyz[:3].T, xyz[3])
        cone = _BRADFORD @ ACES_WHITE_XYZ / (_BRADFORD @ xyz[3])
        matrix = np.linalg.inv(AP1_TO_XYZ) @ np.linalg.inv(_BRADFORD) @ np.diag(cone) @ _BRADFORD @ to_xyz
        if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > 1e4:
            raise ValueError
    except (ValueError, np.linalg.LinAlgError):
        raise _refused(name) from None
    return np.asarray(matrix)


def _numbers(name: str) -> list[float]:
    try:
        values = [float(part) for part in name.strip()[len(PREFIX) :].split(",")]
    except ValueError:
        raise _refused(name) from None
    if len(values) != 8 or not np.isfinite(values).all():
        raise _refused(name)
    return values


def _refused(name: str) -> BadInput:
    return BadInput(
        f"colour space {name!r}", "gives no primaries and white", "name the footage's space with --set input_space=NAME"
    )
