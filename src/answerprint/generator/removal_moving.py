"""Large regions before a moving camera: filled from the frames that saw past them, laid over by the camera's own movement.

Near frames and the plate of the whole clip are weighed by how well each agrees with the picture round
the hole, and with itself over time: where things move by themselves, near frames count and the plate does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.removal_choice import Candidate, choose, error_beside, mean_square
from answerprint.generator.removal_flow import brought, free_along
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_look import Fill, Look, Offer
from answerprint.generator.seam import membrane

__all__ = ["fill_moving"]

Mask = npt.NDArray[np.bool_]
Picture = npt.NDArray[np.float32]

_RING_PX = 24
_LOCAL = 12.0
"""Radius (Gaussian sigma, pixels) within which a candidate is judged where there is something beside it."""
_UNKNOWN = np.float32(0.006)
"""Squared ACEScct error, 1.4 stops, of a smooth fill deep inside a hole: an offer that does worse is not taken."""
_MEET = np.float32(0.03)
"""A candidate that differs from the picture at the border by more than this (half a stop) shows another thing, and is not bent to it."""


def fill_moving(look: Look, offers: Sequence[Offer], where: Mask) -> Fill:
    """Fill ``where`` of ``look``; ``offers`` are near frames and plates laid over this one. Each is judged on the ring round the hole,
    near its edge by what stands right there, deep inside by the ring as a whole."""
    fill = Fill.of(look)
    box = enclosing(where, 2 * _RING_PX)
    if box is None:
        return fill
    x0, y0, x1, y1 = box
    cut = np.s_[y0:y1, x0:x1]
    hole, hidden, real = where[cut], look.hidden[cut], look.log(box)
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _RING_PX + 1, 2 * _RING_PX + 1), np.uint8)) > 0
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    trust = np.exp(-depth / np.float32(_LOCAL)).astype(np.float32)
    candidates = [Candidate(real, np.full(hole.shape, _UNKNOWN, np.float32), np.ones(hole.shape, bool), 0)]
    for offer in offers:
        assert offer.flow is not None
        flow = offer.flow(box)
        colour = offer.look.along(flow, x0, y0)
        valid = free_along(offer.look.veil, flow, x0, y0)
        known = valid & ~hidden & ring
        if not known.any():
            continue
        overall = np.float32(np.percentile(mean_square(colour, real)[known], 30) * 2)
        error = trust * error_beside(colour, real, known, _LOCAL) + (1 - trust) * overall
        if offer.spread is not None:
            error = error + brought(offer.spread, flow, x0, y0).clip(0)
        candidates.append(Candidate(_met(colour, real, hole, known), error, valid, offer.support))
    chosen = choose(candidates)
    seen = hole & (chosen.support > 0)
    # What nobody saw is closed from what was brought beside it, not from the hole's far edge.
    closed = smooth_fill(np.where(seen[..., None], chosen.colour, real).astype(np.float32), hole & ~seen)
    chosen = replace(chosen, colour=closed)
    fill.rgb[cut][hole] = chosen.colour[hole]
    fill.support[cut][hole] = chosen.support[hole]
    fill.error[cut][hole] = chosen.error[hole]
    fill.grain[cut][hole] = chosen.grain[hole]
    return fill


def _met(colour: Picture, real: Picture, hole: Mask, known: Mask) -> Picture:
    """A candidate bent so that its low frequencies meet the picture at the hole's border, where both show the same thing."""
    border = (cv2.dilate(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~hole & known
    weight = cv2.GaussianBlur(border.astype(np.float32), (0, 0), 2.0)
    blurred = cv2.GaussianBlur(np.where(border[..., None], real - colour, np.float32(0)), (0, 0), 2.0)
    difference = blurred / np.maximum(weight, np.float32(1e-4))[..., None]
    border &= np.abs(difference).max(axis=2) < _MEET
    return colour + membrane(difference, border, hole, reach=_LOCAL)
