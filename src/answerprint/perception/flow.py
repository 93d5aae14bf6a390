"""How pixels move between two frames: dense optical flow (OpenCV DIS), checked there and back.

Own sight, no trained network. Vectors are pixels (x, y), float32; single-threaded, so the same bytes each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

__all__ = ["carry", "dense_flow", "one_thread", "round_trip_error"]

_PRESETS = {
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
}


@contextmanager
def one_thread() -> Iterator[None]:
    """Run OpenCV on one thread: the stripes of its parallel code depend on the thread count, and so would the bytes."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def dense_flow(here: np.ndarray, there: np.ndarray, preset: str = "medium") -> np.ndarray:
    """Where each pixel of ``here`` is found in ``there``: (h, w, 2) offsets. Both grey uint8 (h, w), at least 16 px a side.

    Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """
    with one_thread():
        engine = cv2.DISOpticalFlow_create(_PRESETS[preset])
        return np.asarray(engine.calc(np.ascontiguousarray(here), np.ascontiguousarray(there), None), np.float32)


def carry(picture: np.ndarray, flow: np.ndarray, outside: float = 0.0) -> np.ndarray:
    """``picture`` of the other frame brought to this one along ``flow`` (this frame to the other); linear sampling."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    with one_thread():
        return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(outside,) * 4)


def round_trip_error(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """How far a pixel lands from its start after going along ``forward`` and back along ``backward``: (h, w) pixels."""
    home = carry(backward, forward)
    return np.hypot(forward[..., 0] + home[..., 0], forward[..., 1] + home[..., 1]).astype(np.float32)
