"""Which of several offered pixels to take: each candidate is judged by how well it agrees with what is really there.

A candidate brought from another frame is right in the hole if it is right beside the hole; a candidate made from the frame
itself is judged by making pixels beside the hole, that are known, in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["NOISE_FLOOR", "Candidate", "Chosen", "apart_beside", "beside", "choose", "error_beside", "mean_square"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

NOISE_FLOOR = np.float32(1e-5)
"""Squared ACEScct error (0.003 rms, a twentieth of a stop) below which candidates count as equally good."""
_SHARPNESS = 1.5
"""Weights fall with this power of the squared error: measured on the tuning clips, flat between 1 and 2."""
_UNKNOWN = np.float32(1.0)
_NEAR = np.float32(0.02)
_TINY = np.float32(1e-4)
"""Share of known pixels nearby from which on they are asked, and the least that is divided by."""
_LEAST = np.float32(1e-9)
_MEAN = np.full((1, 3), 1 / 3, np.float32)


@dataclass(frozen=True)
class Candidate:
    """Offered pixels ``colour`` (h, w, 3) ACEScct, expected squared ``error`` (h, w), where they are ``valid`` (h, w),
    and how many ``frames`` saw them (a number or (h, w); 0: made, not seen)."""

    colour: Picture
    error: Plane
    valid: Mask
    frames: int | npt.NDArray[np.integer]


@dataclass(frozen=True)
class Chosen:
    """The blend: ``colour``; ``error`` expected; ``support``, frames that really gave to a pixel (uint16);
    ``seen``, the share of the blend that was seen and not made; ``grain``, the share of its grain that the blend lost."""

    colour: Picture
    error: Plane
    support: npt.NDArray[np.uint16]
    seen: Plane
    grain: Plane


def error_beside(candidate: Picture, real: Picture, known: Mask, sigma: float) -> Plane:
    """Mean squared difference from the real picture over the ``known`` pixels nearby (Gaussian of ``sigma`` pixels);
    1 where none is near."""
    return beside(mean_square(candidate, real), known, sigma)


def beside(error: Plane, known: Mask, sigma: float) -> Plane:
    """Squared errors (h, w) averaged over the ``known`` pixels nearby (Gaussian of ``sigma`` pixels); 1 where none is near."""
    both = np.empty((*known.shape, 2), np.float32)
    both[..., 0] = known
    both[..., 1] = error * both[..., 0]
    spread = _spread(both, sigma)
    share = spread[..., 0]
    return np.where(share > _NEAR, spread[..., 1] / np.maximum(share, _TINY), _UNKNOWN)


def apart_beside(candidate: Picture, real: Picture, known: Mask, sigma: float, here: Mask) -> tuple[Plane, Picture]:
    """At the n pixels ``here``: ``error_beside`` (n), and by how much the candidate lies above the real picture in its level (n, 3).

    No more of that than the share which an even difference has in the error: detail that differs is another thing and not
    another light."""
    apart = candidate - real
    apart[~known] = 0
    planes = np.dstack([known.astype(np.float32), cv2.transform(cv2.multiply(apart, apart), _MEAN), apart])
    spread = _spread(planes, sigma)[here]
    share = spread[:, :1]
    near, mean = share > _NEAR, np.asarray(spread[:, 1:] / np.maximum(share, _TINY), np.float32)
    error, level = mean[:, :1], mean[:, 1:]
    even = mean_square(level, np.zeros(3, np.float32))[:, None]
    return np.where(near, error, _UNKNOWN)[:, 0], np.where(near, level * even / np.maximum(error, _LEAST), np.float32(0))


def _spread(planes: Picture, sigma: float) -> Picture:
    size = 2 * round(3 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(planes, (size, size), sigma), np.float32)


def mean_square(one: Picture, other: Picture) -> Plane:
    """The squared difference of two pictures, averaged over the channels: (h, w)."""
    difference = one - other
    return np.asarray(np.einsum("...c,...c->...", difference, difference) / np.float32(3), np.float32)


def choose(candidates: Sequence[Candidate], sharpness: float = _SHARPNESS) -> Chosen:
    """Blend by reliability: weight = (error + floor)^-sharpness, so that a clear winner takes nearly all; 1 is right where errors
    are expected and not measured."""
    weights = [np.where(c.valid, (c.error + NOISE_FLOOR) ** -sharpness, np.float32(0)).astype(np.float32) for c in candidates]
    total = np.maximum(np.sum(weights, axis=0), np.float32(1e-12))
    colour = np.sum([w[..., None] * c.colour for w, c in zip(weights, candidates, strict=True)], axis=0) / total[..., None]
    error = np.sum([w * c.error for w, c in zip(weights, candidates, strict=True)], axis=0) / total
    support = np.zeros(total.shape, np.uint16)
    seen = np.zeros(total.shape, np.float32)
    kept = np.zeros(total.shape, np.float32)
    for weight, candidate in zip(weights, candidates, strict=True):
        share = weight / total
        real = np.asarray(candidate.frames) > 0
        support += np.where(share > 0.02, candidate.frames, 0).astype(np.uint16)
        seen += np.where(real, share, 0)
        kept += np.where(np.asarray(candidate.frames) == 1, share**2, 0)
    support[seen < 0.5] = 0
    return Chosen(colour.astype(np.float32), error.astype(np.float32), support, seen, np.sqrt(np.clip(1 - kept, 0, 1)))
