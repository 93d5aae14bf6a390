"""Under a performer nothing is made: a thin thing there gives way to that performer's own pixels from near frames, or stays."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import error_beside
from answerprint.generator.removal_flow import Motion, free_along
from answerprint.generator.removal_look import BESIDE, Look, tiles

__all__ = ["restore_performer"]

Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_PIECE = 40
"""Pixels a restored piece must have."""
RESTORED_ERROR = 0.02
"""Largest rms ACEScct difference beside the wire (a third of a stop) at which a performer's own pixels are trusted."""
RESTORED_ROUND_TRIP = 0.75
"""Largest round-trip error of the flow, pixels, at which they are trusted."""


def restore_performer(
    look: Look, near: Mapping[int, tuple[Look, Motion]], performer: Mask, where: Mask
) -> tuple[Picture, npt.NDArray[np.int8]]:
    """The performer's own pixels from near frames (offset to look and motion), never mixed and never made.

    Each pixel of ``where`` is taken whole from the one frame whose flow-aligned picture agrees best with this frame on the
    performer's pixels beside it; the offset is returned (int8, 0: none agreed well enough and the pixel stays source).
    """
    picture, offsets = np.zeros(look.codes.shape, np.float32), np.zeros(look.hidden.shape, np.int8)
    hole = look.hidden & where
    for inner, outer in tiles(hole) if near else []:
        x0, y0, x1, y1 = outer
        cut = np.s_[y0:y1, x0:x1]
        least = np.full((y1 - y0, x1 - x0), np.float32(RESTORED_ERROR**2))
        real = look.log(outer)
        colour, offset = real.copy(), np.zeros(least.shape, np.int8)
        for step in sorted(near, key=lambda k: (abs(k), k)):
            other, motion = near[step]
            flow = motion.over(outer)
            offered = other.along(flow, x0, y0)
            valid = free_along(other.veil, flow, x0, y0)
            beside = valid & ~look.hidden[cut] & performer[cut]
            error = error_beside(offered, real, beside, BESIDE)
            better = valid & (error < least) & (motion.error_over(outer) < RESTORED_ROUND_TRIP)
            least[better], offset[better], colour[better] = error[better], step, offered[better]
        here = np.zeros(hole.shape, bool)
        here[inner[1] : inner[3], inner[0] : inner[2]] = hole[inner[1] : inner[3], inner[0] : inner[2]]
        local = here[cut]
        offsets[here] = offset[local]
        picture[here] = np.where(offset[local][:, None] != 0, colour[local], picture[here])
    offsets[_crumbs(offsets != 0)] = 0
    return picture, offsets


def _crumbs(found: Mask) -> Mask:
    """Pieces of what was found that are too small to be worth it: lone pixels amid a wire that stays only draw the eye."""
    _, labels, figures, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    small = figures[:, cv2.CC_STAT_AREA] < _LEAST_PIECE
    small[0] = False
    return np.asarray(small[labels])
