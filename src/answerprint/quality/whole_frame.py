"""Whether a frame was moved as a whole (class C), and no performer within it: measured, not taken on trust.

The places that an operation says it fetched from must be one smooth map over the whole frame (a camera's: homographies
and lenses are; a face made slimmer is not), and the pixels must be what stands there.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.quality.photometric_change import is_small_everywhere

Plane = npt.NDArray[Any]

DEGREE = 7
"""Of the polynomial in x and y that a camera's map follows: a lens of six radial terms over a frame needs as much."""
LARGEST_BEND_PX = 0.5
"""Largest distance from that polynomial."""
_SEAM_PX = 3


def is_whole_frame(before: Plane, after: Plane, places: Plane, performer: Plane | None) -> bool:
    """``before``, ``after`` (h, w, 3) in the display range, ``places`` (h, w, 2) with NaN where no pixel of this frame stands
    behind, the performers' mattes (h, w) of the frame as it was. False also where a performer would go on beyond the seam.
    """
    known = np.asarray(np.isfinite(places).all(axis=2))
    if not known.any() or not _is_one_map(places, known):
        return False
    x, y = (np.where(known, places[..., i], -8).astype(np.float32) for i in (0, 1))
    expected = cv2.remap(before.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    expected[~known] = np.asarray(after, np.float32)[~known]
    inner = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    error = cv2.GaussianBlur(np.clip(expected, 0, 1), (0, 0), 1.5) - cv2.GaussianBlur(np.clip(after, 0, 1), (0, 0), 1.5)
    if inner.any() and not is_small_everywhere(np.abs(error).max(axis=2).astype(np.float32), inner):
        return False
    if performer is None or known.all():
        return True
    there = cv2.remap(performer.astype(np.float32), x, y, cv2.INTER_LINEAR) > 0.5
    near = cv2.dilate(there.astype(np.uint8), np.ones((2 * _SEAM_PX + 1,) * 2, np.uint8)) > 0
    carried = ~known & (np.asarray(after, np.float32).max(axis=2) > 0)
    return not bool((near & carried).any())


def _is_one_map(places: Plane, known: Plane) -> bool:
    height, width = known.shape
    y, x = np.nonzero(known)
    step = max(1, len(x) // 40_000)
    sample = places[y[::step], x[::step]]
    basis = _basis(2 * x[::step] / max(width - 1, 1) - 1, 2 * y[::step] / max(height - 1, 1) - 1)
    fitted, *_ = np.linalg.lstsq(basis, sample, rcond=None)
    return float(np.abs(basis @ fitted - sample).max()) <= LARGEST_BEND_PX


def _basis(x: Plane, y: Plane) -> Plane:
    return np.stack([x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)], axis=1)
