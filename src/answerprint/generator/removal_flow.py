"""Pixels of near frames brought to this one along optical flow, measured there and back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.perception.flow import dense_flow, round_trip_error

__all__ = ["Motion", "brought", "free_along", "motion_between", "sight"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FLOW_PRESET = "medium"
"""The fast preset saves a fifth of the time and costs 0.1 to 0.4 dB on the tuning clips."""


@dataclass(frozen=True)
class Motion:
    """Where pixels of one frame are in another: ``flow`` (h, w, 2) pixels, ``error`` (h, w) of the round trip."""

    flow: Picture
    error: Plane

    def enlarged(self, size: tuple[int, int]) -> Motion:
        """The same motion for pictures of ``size`` (width, height), from flow measured on smaller ones."""
        height, width = self.flow.shape[:2]
        if (width, height) == size:
            return self
        scale = np.array([size[0] / width, size[1] / height], np.float32)
        flow = cv2.resize(self.flow, size, interpolation=cv2.INTER_LINEAR) * scale
        return Motion(flow, cv2.resize(self.error, size, interpolation=cv2.INTER_LINEAR) * scale[0])


def sight(log: Picture, longest: int) -> npt.NDArray[np.uint8]:
    """The grey 8-bit picture that flow is measured on: ACEScct luma, at most ``longest`` pixels on its long side."""
    grey = log @ np.array([0.27, 0.67, 0.06], np.float32)
    height, width = grey.shape
    scale = min(1.0, longest / max(height, width))
    if scale < 1:
        grey = cv2.resize(grey, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(grey * 380.0 - 10.0, 0, 255), np.uint8)


def motion_between(here: npt.NDArray[np.uint8], there: npt.NDArray[np.uint8], preset: str = FLOW_PRESET) -> tuple[Motion, Motion]:
    """The motion from ``here`` to ``there`` (``sight`` pictures), and back."""
    forward, backward = dense_flow(here, there, preset), dense_flow(there, here, preset)
    return Motion(forward, round_trip_error(forward, backward)), Motion(backward, round_trip_error(backward, forward))


def brought(picture: Picture, flow: Picture, x0: int = 0, y0: int = 0) -> Picture:
    """``picture`` sampled along ``flow``, which covers the rectangle at (x0, y0); cubic, so that grain keeps its bite."""
    x, y = _ends(flow, x0, y0)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def free_along(hole: Mask, flow: Picture, x0: int = 0, y0: int = 0) -> Mask:
    """Where sampling along ``flow`` meets no pixel of ``hole`` and stays in the picture."""
    x, y = _ends(flow, x0, y0)
    met = cv2.remap(hole.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
    return np.asarray(met < 0.01)


def _ends(flow: Picture, x0: int, y0: int) -> tuple[Plane, Plane]:
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(x0, x0 + width, dtype=np.float32)
    y = flow[..., 1] + np.arange(y0, y0 + height, dtype=np.float32)[:, None]
    return x, y
