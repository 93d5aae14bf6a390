"""A trajectory log as RGB-D reconstructions exchange them: three whole numbers, then a 4x4 from camera to world, again and again.

Open3D and the Redwood indoor set write it (redwood-data.org/indoor/fileformat.html): metres, OpenCV camera axes.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from answerprint.ingest.text import read_text
from answerprint.optics.track import CameraTrack, angles_from_axes, axes_from_opencv
from answerprint.production import BadInput

_LINES = 5


def is_log(head: bytes) -> bool:
    """Whether a file begins with three whole numbers and a row of four numbers."""
    lines = head.split(b"\n")[:2]
    if len(lines) < 2 or len(lines[0].split()) != 3 or len(lines[1].split()) != 4:
        return False
    try:
        return all(float(cell) == float(cell) for cell in lines[1].split()) and all(int(cell) > -2 for cell in lines[0].split())
    except ValueError:
        return False


def read_log(path: Path) -> CameraTrack:
    """The poses by frame number, a second apart. Raises BadInput for a log that breaks off or whose rows are no pose."""
    lines = [line.split() for line in read_text(path).split("\n") if line.strip()]
    whole, rest = divmod(len(lines), _LINES)
    if rest or not whole:
        raise BadInput(path, f"breaks off after pose {whole}", "export the trajectory again")
    try:
        matrices = np.array([[[float(c) for c in row] for row in lines[i + 1 : i + _LINES]] for i in range(0, len(lines), _LINES)])
        frames = [int(lines[i][0]) for i in range(0, len(lines), _LINES)]
    except ValueError as error:
        raise BadInput(path, f"is no trajectory ({error})", "export the trajectory again") from None
    turns = matrices[:, :3, :3]
    if not np.allclose(turns.transpose(0, 2, 1) @ turns, np.eye(3), atol=1e-3):
        raise BadInput(path, "holds rows that are no rotation", "export the trajectory again")
    return CameraTrack.of(
        [Fraction(f) for f in frames], matrices[:, :3, 3], angles_from_axes(axes_from_opencv(turns)), device="trajectory log",
        source="solved", clock="frame number",
        problems=("a trajectory log has no clock and no up: frames are counted a second apart, the world is the solve's own",),
    )  # fmt: skip
