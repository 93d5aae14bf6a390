"""Where one shot ends and the next begins: colours jump and no point of the picture can be followed across."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from answerprint.captioner.glance import Glance
from answerprint.captioner.motion import followed

__all__ = ["difference", "first_frame_after_cut", "is_cut"]

_SUSPECT = 0.10
"""Frame differences below this never were a cut in the material looked at; following points costs more than this test."""


def difference(one: Glance, other: Glance) -> float:
    """How different two frames look, 0..1: the share of colours that changed and the change cell by cell, averaged."""
    colours = 0.5 * float(np.abs(one.histogram - other.histogram).sum())
    cells = float(np.abs(one.thumbnail - other.thumbnail).mean()) * 4
    return 0.5 * (colours + min(1.0, cells))


def is_cut(before: Glance, after: Glance) -> bool:
    """Whether a cut lies between two nearby frames: they look different, and points cannot be followed from one to the other.

    A fast pan keeps its colours, a passer-by keeps the points around him; a cut keeps neither.
    """
    looks = difference(before, after)
    if looks < _SUSPECT:
        return False
    share = followed(before.grey, after.grey)[2]
    return share < 0.15 or (looks > 0.35 and share < 0.35)


def first_frame_after_cut(before: Glance, after: Glance, look: Callable[[int], Glance]) -> int:
    """The first frame of the new shot, when a cut lies between two frames: halved until they are neighbours."""
    low, high = before, after
    while high.index - low.index > 1:
        middle = look((low.index + high.index) // 2)
        if difference(middle, before) <= difference(middle, after):
            low = middle
        else:
            high = middle
    return high.index
