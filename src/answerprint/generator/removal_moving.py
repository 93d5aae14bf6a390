"""Large regions before a moving camera: filled from the frames that saw past them, laid over by the camera's own movement.

There is no one clean plate then. What no frame within reach saw is closed smoothly and marked as invented; it is the weakest
fill there is, and shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import Candidate, choose, error_beside, mean_square
from answerprint.generator.removal_flow import brought, free_along
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_look import Fill, Look, Offer

__all__ = ["fill_moving"]

Mask = npt.NDArray[np.bool_]

_RING_PX = 24
_LOCAL = 12.0
"""Radius (Gaussian sigma, pixels) within which a candidate is judged where there is something beside it."""
_NEVER = np.float32(4.0)


def fill_moving(look: Look, offers: Sequence[Offer], where: Mask) -> Fill:
    """Fill ``where`` of ``look``; ``offers`` are near frames laid over this one. Each is judged on the ring round the hole,
    near its edge by what stands right there, deep inside by the ring as a whole."""
    fill = Fill.of(look)
    box = enclosing(where, 2 * _RING_PX)
    if box is None:
        return fill
    x0, y0, x1, y1 = box
    cut = np.s_[y0:y1, x0:x1]
    hole, hidden, real = where[cut], look.hidden[cut], look.log[cut]
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _RING_PX + 1, 2 * _RING_PX + 1), np.uint8)) > 0
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    trust = np.exp(-depth / np.float32(_LOCAL)).astype(np.float32)
    candidates = [Candidate(real, np.full(hole.shape, _NEVER, np.float32), np.ones(hole.shape, bool), 0)]
    for offer in offers:
        assert offer.flow is not None
        flow = offer.flow(box)
        colour = brought(offer.look.log, flow, x0, y0)
        valid = free_along(offer.look.veil, flow, x0, y0)
        known = valid & ~hidden & ring
        if not known.any():
            continue
        overall = np.float32(np.median(mean_square(colour, real)[known]) * 2)
        local = error_beside(colour, real, known, _LOCAL)
        candidates.append(Candidate(colour, trust * local + (1 - trust) * overall, valid, 1))
    chosen = choose(candidates)
    fill.rgb[cut][hole] = chosen.colour[hole]
    fill.support[cut][hole] = chosen.support[hole]
    fill.error[cut][hole] = chosen.error[hole]
    fill.grain[cut][hole] = chosen.grain[hole]
    return fill
