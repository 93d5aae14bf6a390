"""Nuke's .chan: one line a frame, ``frame tx ty tz rx ry rz [vertical angle of view]``.

Axes are Nuke's: Y up, the camera looking along -Z, degrees, rotation order ZXY (Nuke's default: R = Ry Rx Rz on columns).
A .chan says neither unit nor frame rate: both are given by who knows, metres and 24 without.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.units import UNKNOWN, metres_per
from answerprint.optics.track import CameraTrack, angles_from_axes, axes_from_opengl
from answerprint.production import BadInput, frame_rate

# Nuke's stage (x right, y up, z towards us) in OpenTrackIO's (x right, y ahead, z up).
_STAGE = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def read_chan(
    path: Path, rate: Fraction | str | int = 24, unit: str = "m", vertical_aperture_mm: float | None = None, order: str = "ZXY"
) -> CameraTrack:
    """The camera's way. With ``vertical_aperture_mm`` the angle of view gives the focal length; ``order`` is the
    rotation order set in Nuke's node.

    Raises BadInput for a line that is none, and for frames out of order.
    """
    scale, exact = metres_per(unit, path), frame_rate(rate)
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            values = [float(v) for v in line.split()]
        except ValueError:
            raise BadInput(path, f"line {number} is not numbers", "export the camera as .chan again") from None
        if len(values) < 7 or not all(math.isfinite(v) for v in values):
            raise BadInput(path, f"line {number} has {len(values)} numbers where 7 or 8 belong", "export the camera as .chan again")
        rows.append([*values[:8], *[UNKNOWN] * (8 - len(values))])
    if not rows:
        raise BadInput(path, "holds no frame", "export the camera as .chan again")
    table = np.array(rows)
    # Nuke names an order by what is done first: ZXY turns about Z first, so the matrix is Ry Rx Rz.
    turn = Rotation.from_euler(order[::-1].upper(), table[:, [4 + "XYZ".index(a) for a in order[::-1].upper()]], degrees=True)
    view, frames = table[:, 7], table[:, 0]
    focal = np.full(len(table), UNKNOWN)
    problems = [f".chan names no unit: taken as {unit}, at {exact} frames in a second"]
    if vertical_aperture_mm is not None:
        focal = vertical_aperture_mm / (2 * np.tan(np.radians(np.where(view > 0, view, np.nan)) / 2))
    elif np.isfinite(view).any():
        problems.append("its angle of view needs the height of the sensor to become a focal length")
    return CameraTrack.of(
        [Fraction(f).limit_denominator(1000) / exact for f in frames],
        table[:, 1:4] * scale @ _STAGE.T,
        angles_from_axes(_STAGE @ axes_from_opengl(turn.as_matrix())),
        focal_length_mm=focal,
        device="Nuke .chan",
        source="solved",
        clock="frame number over rate",
        rate=exact,
        problems=tuple(problems),
    )
