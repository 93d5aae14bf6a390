"""How close a picture is to the truth: figures on display-encoded values, so that a decibel means what an eye would say.

Pictures are compared as camera code values 0..1 (scene-linear frames go through the Rec.709 camera curve first).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.colour.spaces import CAMERA_709, from_working

Plane = npt.NDArray[Any]
_FLOOR = 1e-10


def shown(codes: Plane, space: str | None = None) -> Plane:
    """Source code values as display-encoded 0..1 float32: integers by their range, floats through the Rec.709 camera curve."""
    if codes.dtype.kind == "f":
        codes = from_working(np.nan_to_num(codes.astype(np.float32), posinf=1e4, neginf=0.0), CAMERA_709, np.uint16)
    return np.asarray(codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max))


def mean_square(a: Plane, b: Plane, where: Plane | None = None) -> float:
    """Mean squared difference, over ``where`` (h, w) bool when given; 0 when that is empty."""
    difference = (a - b) ** 2
    chosen = difference if where is None else difference[where]
    return float(chosen.mean()) if chosen.size else 0.0


def psnr(a: Plane, b: Plane, where: Plane | None = None) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1.0, at most 100."""
    return decibels(mean_square(a, b, where))


def decibels(error: float) -> float:
    """A mean squared error as PSNR in dB for a peak of 1.0."""
    return round(-10 * float(np.log10(max(error, _FLOOR))), 3)


def ssim(a: Plane, b: Plane, where: Plane | None = None) -> float:
    """Structural similarity of the luma, Gaussian window of 1.5 pixels (Wang et al. 2004), mean over ``where``."""
    luma = np.array([0.2126, 0.7152, 0.0722], np.float32)
    x, y = a @ luma, b @ luma

    def blurred(p: Plane) -> Plane:
        return np.asarray(cv2.GaussianBlur(p.astype(np.float64), (11, 11), 1.5))

    mx, my = blurred(x), blurred(y)
    vx, vy, vxy = blurred(x * x) - mx * mx, blurred(y * y) - my * my, blurred(x * y) - mx * my
    index = (2 * mx * my + 1e-4) * (2 * vxy + 9e-4) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))
    return round(float(index.mean() if where is None else index[where].mean()), 5)
