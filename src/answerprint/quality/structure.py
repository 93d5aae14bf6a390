"""Likeness of structure at several sizes at once: MS-SSIM."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["ms_ssim"]

Codes = npt.NDArray[np.float32]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(made: Codes, truth: Codes) -> float:
    """Multi-scale structural similarity of two frames (h, w, 3), display codes 0 to 1; 1 is the same.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", Asilomar 2003; Gaussian window of 1.5
    pixels, mean of the channels. A picture of fewer than 176 pixels a side uses fewer of the five scales.
    """
    product, total = 1.0, 0.0
    for at, weight in enumerate(_WEIGHTS):
        light, contrast = _maps(made, truth)
        height, width = made.shape[:2]
        last = at == len(_WEIGHTS) - 1 or min(height, width) < 22
        product *= max(float((light * contrast if last else contrast).mean()), 1e-6) ** weight
        total += weight
        if last:
            break
        size = (width // 2, height // 2)
        made, truth = (np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA)) for one in (made, truth))
    return float(product ** (1 / total))


def _maps(made: Codes, truth: Codes) -> tuple[Codes, Codes]:
    """The luminance and the contrast-structure term of SSIM for each pixel and channel."""

    def mean(picture: Codes) -> Codes:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT))

    a, b = made.astype(np.float32), truth.astype(np.float32)
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, both = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b) - mean_a * mean_b
    contrast = (2 * both + np.float32(0.03**2)) / (var_a + var_b + np.float32(0.03**2))
    light = (2 * mean_a * mean_b + np.float32(0.01**2)) / (mean_a**2 + mean_b**2 + np.float32(0.01**2))
    return np.asarray(light, np.float32), np.asarray(contrast, np.float32)
