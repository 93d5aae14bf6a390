"""What a locked camera sees when nobody stands there: the temporal median of the frames where a pixel is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BackgroundPlate", "background_plate"]


@dataclass(frozen=True)
class BackgroundPlate:
    """``colour`` (h, w, 3) uint8; ``seen`` (h, w) bool, where enough free frames agree on it."""

    colour: np.ndarray
    seen: np.ndarray


def background_plate(frames: Sequence[np.ndarray], covered: Sequence[np.ndarray], least: int = 4) -> BackgroundPlate:
    """The lower median of ``frames`` (uint8 RGB) over those where ``covered`` (bool) is false; at least ``least`` of them."""
    stack = np.stack(frames).astype(np.int16)
    hidden = np.stack(covered)
    stack[hidden] = 999
    free = (~hidden).sum(axis=0)
    stack.sort(axis=0)
    middle = np.maximum((free - 1) // 2, 0)[None, ..., None]
    colour = np.take_along_axis(stack, middle, axis=0)[0]
    seen = free >= least
    colour[~seen] = 0
    return BackgroundPlate(colour.astype(np.uint8), seen)
