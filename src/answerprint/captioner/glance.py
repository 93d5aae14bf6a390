"""One frame as the captioner sees it: small, in scene light, with the few figures that are taken of every frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LONG_SIDE", "Glance", "glance", "luminance"]

LONG_SIDE = 480
"""Longer side of the picture that is analysed, pixels."""

# Luminance of ACEScg (ACES TB-2014-004, AP1 to XYZ, second row).
_AP1_Y = np.array([0.2722287168, 0.6740817658, 0.0536895174], np.float32)

Light = NDArray[np.float32]
Grey = NDArray[np.uint8]


def luminance(acescg: Light) -> Light:
    """Relative luminance of ACEScg (..., 3); 0.18 is middle grey."""
    return np.asarray(acescg @ _AP1_Y)


@dataclass(frozen=True, eq=False)
class Glance:
    """A frame of the clip at ``LONG_SIDE``: ``light`` is ACEScg (h, w, 3) float32, finite, not below zero."""

    index: int
    light: Light

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.light.shape[1], self.light.shape[0]

    @cached_property
    def display(self) -> Grey:
        """The picture as eyes and networks trained on photographs expect it: uint8 (h, w, 3).

        Very dark and very bright pictures are brought to a middle exposure first; a plain 2.2 curve is enough here.
        """
        y = luminance(self.light)
        level = float(np.exp(np.log(np.maximum(y, 1e-4)).mean()))
        gain = float(np.clip(0.12 / max(level, 1e-6), 0.25, 4.0)) if not 0.03 < level < 0.5 else 1.0
        return np.asarray((np.clip(self.light * gain, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8))

    @cached_property
    def grey(self) -> Grey:
        """Luminance on the same 2.2 curve: uint8 (h, w); what movement is measured on."""
        return np.asarray((np.clip(luminance(self.light), 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8))

    @cached_property
    def histogram(self) -> NDArray[np.float64]:
        """Shares of 8 x 8 x 8 display colours, flat, sum 1."""
        cells = (self.display >> 5).astype(np.int64)
        flat = (cells[..., 0] << 6 | cells[..., 1] << 3 | cells[..., 2]).ravel()
        return np.bincount(flat, minlength=512) / flat.size

    @cached_property
    def thumbnail(self) -> Light:
        """The grey picture in at most 32 x 32 cells, 0 to 1."""
        width, height = min(32, self.size[0]), min(32, self.size[1])
        return np.asarray(cv2.resize(self.grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255)


def glance(index: int, acescg: NDArray[np.floating]) -> Glance:
    """Frame ``index`` reduced; what is not a number counts as black."""
    height, width = acescg.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    light = np.ascontiguousarray(acescg[..., :3], np.float32)
    small = light if size == (width, height) else cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    return Glance(index, np.clip(np.nan_to_num(small, nan=0.0, posinf=65504.0, neginf=0.0), 0.0, 65504.0))
