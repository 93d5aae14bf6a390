"""What the measurements on posed pictures share: the committed capture, its scan in place of true depth, and decibels as they are seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answerprint.colour.transform import cpu_between, run
from answerprint.spatial.splats.capture import Capture
from answerprint.spatial.splats.seeds import measured_depth
from answerprint.spatial.splats.view import View

Float = NDArray[np.float32]
CAPTURE = Path(__file__).parents[1] / "examples" / "capture" / "transforms.json"


def shown(light: Float) -> Float:
    """Display values 0 to 1 of ACEScg."""
    return np.clip(run(cpu_between("ACEScg", "sRGB Encoded Rec.709 (sRGB)"), np.ascontiguousarray(light, np.float32)), 0, 1)


def decibels(ours: Float, truth: Float, where: NDArray[np.bool_] | None = None) -> float:
    """PSNR of display values, over the pixels ``where``."""
    error = (shown(ours) - shown(truth)) ** 2
    return float(-10 * np.log10(np.mean(error if where is None else error[where])))


def with_scan(held: Capture) -> list[View]:
    """The views with the scan's depth in place of the true one."""
    assert held.points is not None
    return [replace(v, depth=measured_depth(held.points, v.camera)) for v in held.views]
