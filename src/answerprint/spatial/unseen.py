"""What no camera saw: marked with a hatch, and where a picture is wanted all the same, only the colours beside it, blurred."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
_PITCH = 0.02
"""Distance of the hatch's lines as a share of the picture's width."""


def hatch(unseen: NDArray[np.bool_]) -> Float:
    """(h, w) 0 or 1: slanted lines over what was never seen, as a finishing artist knows them."""
    height, width = unseen.shape
    pitch = max(4, round(_PITCH * width))
    y, x = np.indices((height, width))
    return (unseen & ((x + y) % pitch < max(1, pitch // 3))).astype(np.float32)


def continued(picture: Float, unseen: NDArray[np.bool_]) -> Float:
    """The picture (h, w, 3) with unseen pixels coloured by what lies beside them, wider and wider: no detail is made up.

    Push-pull (S. Gortler et al., "The Lumigraph", SIGGRAPH 1996): averages of what is known at half size, quarter size
    and so on, taken back up where nothing finer is known.
    """
    if not unseen.any() or unseen.all():
        return picture
    return np.where(unseen[..., None], _pulled(picture * ~unseen[..., None], (~unseen).astype(np.float32)), picture).astype(
        np.float32
    )


def _pulled(light: Float, weight: Float) -> Float:
    height, width = weight.shape
    if min(height, width) <= 2 or weight.min() > 0:
        total = max(float(weight.sum()), 1e-6)
        mean = light.reshape(-1, 3).sum(axis=0) / total
        return np.where(weight[..., None] > 0, light / np.maximum(weight[..., None], 1e-6), mean).astype(np.float32)
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    coarse_light = cv2.resize(light, half, interpolation=cv2.INTER_AREA)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    coarse = _pulled(coarse_light, coarse_weight)
    back = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    share = np.minimum(weight, 1)[..., None]
    return (light + back * (1 - share)).astype(np.float32)
