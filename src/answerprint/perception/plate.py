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


_STEADY = 14
"""Widest middle half of a free pixel's values, 8-bit levels, that still counts as the same surface: compression and light
flicker stay below 8 on locked cameras; an edge under a moving camera does not."""


def background_plate(frames: Sequence[np.ndarray], covered: Sequence[np.ndarray], least: int = 4) -> BackgroundPlate:
    """The lower median of ``frames`` (uint8 RGB) over those where ``covered`` (bool) is false.

    A pixel is ``seen`` when at least ``least`` free frames show it and agree on it, so a moving camera has no plate.
    """
    stack = np.stack(frames).astype(np.int16)
    hidden = np.stack(covered)
    stack[hidden] = 999
    free = (~hidden).sum(axis=0)
    stack.sort(axis=0)

    def ranked(part: int) -> np.ndarray:
        at = np.maximum((free - 1) * part // 4, 0)[None, ..., None]
        return np.asarray(np.take_along_axis(stack, at, axis=0)[0])

    colour = ranked(2)
    seen = (free >= least) & ((ranked(3) - ranked(1)).max(axis=-1) <= _STEADY)
    colour[~seen] = 0
    return BackgroundPlate(colour.astype(np.uint8), seen)
