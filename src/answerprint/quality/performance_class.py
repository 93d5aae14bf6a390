"""The performance class of a frame, computed from its pixels: was a performer altered, and how.

A: no performer pixel changed. B: changed in brightness or colour only, nothing moved. R: only pixels restored from the
performer's own near frames. C: the whole frame was moved by one smooth map, as a camera would. D: anything else.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.quality.photometric_change import is_noise, is_recoloured, is_small_everywhere
from answerprint.quality.whole_frame import is_whole_frame

Plane = npt.NDArray[Any]

SMOOTHNESS_OF_WIDTH = 0.02
"""A photometric change is smooth at 2 % of the picture width."""
MOST_GAIN_STOPS = 2.0
LARGEST_FLOW_PX = 0.25


class PixelInspector:
    """Implements the runner's ``FrameInspector``."""

    def classify(self, before: Plane, after: Plane, changed: Plane, performer: Plane | None, restored: Plane) -> str:
        """Class of one frame from source code values before and after ``(h, w, 3)``, the changed pixels ``(h, w)`` bool,
        the performers' mattes 0..1 (None: nobody is known to be in the frame) and the pixels restored."""
        if performer is None:
            return "A"
        touched = changed & (performer > 0.5)
        if not touched.any():
            return "A"
        if not (touched & ~restored).any():
            return "R"
        if is_photometric(before, after, touched):
            return "B"
        first, second = _display_range(before), _display_range(after)
        limited = bool(np.issubdtype(before.dtype, np.integer))
        if _largest_gain(first, second, touched) <= MOST_GAIN_STOPS and is_recoloured(first, second, touched, limited):
            return "B"
        return "B" if is_noise(first.mean(axis=2), second.mean(axis=2), touched) else "D"

    def classify_moved(self, before: Plane, after: Plane, places: Plane, performer: Plane | None) -> str:
        """Class of a frame that an operation says it moved as a whole, from where each pixel was fetched ``(h, w, 2)``."""
        first, second = _display_range(before), _display_range(after)
        return "C" if is_whole_frame(first, second, places, performer) else "D"


def is_photometric(before: Plane, after: Plane, touched: Plane) -> bool:
    """Whether the touched pixels differ from before by a smooth gain alone, with nothing displaced."""
    y, x = np.nonzero(touched)
    pad = 16
    rows = slice(max(0, int(y.min()) - pad), int(y.max()) + pad + 1)
    columns = slice(max(0, int(x.min()) - pad), int(x.max()) + pad + 1)
    first, second, mask = _grey(before[rows, columns]), _grey(after[rows, columns]), touched[rows, columns]
    sigma = max(2.0, SMOOTHNESS_OF_WIDTH * before.shape[1])
    gain = np.log2((second + 1e-3) / (first + 1e-3))
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) + 1e-6
    smooth = cv2.GaussianBlur((gain * mask).astype(np.float32), (0, 0), sigma) / weight
    if float(np.abs(smooth[mask]).max()) > MOST_GAIN_STOPS:
        return False
    predicted = (first + 1e-3) * np.exp2(smooth) - 1e-3
    if not is_small_everywhere(np.abs(predicted - second), mask):
        return False
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(_eight_bit(predicted), _eight_bit(second), None)
    return bool(np.percentile(np.hypot(flow[..., 0], flow[..., 1])[mask], 99) <= LARGEST_FLOW_PX)


def _largest_gain(before: Plane, after: Plane, touched: Plane) -> float:
    """Stops of the largest smooth gain (all but the last hundredth) on what is touched."""
    sigma = max(2.0, SMOOTHNESS_OF_WIDTH * before.shape[1])
    means = [cv2.GaussianBlur((p.mean(axis=2) * touched).astype(np.float32), (0, 0), sigma)[touched] for p in (before, after)]
    return float(np.percentile(np.abs(np.log2((np.maximum(means[1], 0) + 1e-3) / (np.maximum(means[0], 0) + 1e-3))), 99))


def _display_range(codes: Plane) -> Plane:
    scale = float(np.iinfo(codes.dtype).max) if np.issubdtype(codes.dtype, np.integer) else 1.0
    return np.asarray(np.nan_to_num(codes.astype(np.float32) / np.float32(scale), nan=0.0, posinf=1.0, neginf=0.0))


def _grey(codes: Plane) -> Plane:
    scale = float(np.iinfo(codes.dtype).max) if np.issubdtype(codes.dtype, np.integer) else 1.0
    grey = np.nan_to_num(codes.astype(np.float32).mean(axis=2) / scale, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.maximum(grey, 0.0))


def _eight_bit(picture: Plane) -> Plane:
    return np.clip(picture * 255.0, 0, 255).astype(np.uint8)
