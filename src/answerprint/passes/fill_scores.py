"""Figures of a fill beside its truth that PSNR does not tell: its edge, its restlessness, and the spectrum of its grain."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["border_error", "grain_distance"]

Codes = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BANDS = (0.0, 0.7, 1.4, 2.8)
"""Standard deviations, pixels, between which detail is counted: what is coarser is picture and not grain."""


def border_error(made: Codes, truth: Codes, inside: Mask) -> float:
    """Root mean square difference of the two pictures' slopes on the border of ``inside`` (two pixels either side), display codes
    0 to 1 a pixel: a seam is a slope that the truth does not have."""
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > cv2.erode(
        inside.astype(np.uint8), np.ones((5, 5), np.uint8)
    )
    total = np.zeros(inside.shape, np.float64)
    for across, down in ((1, 0), (0, 1)):
        one, other = (cv2.Sobel(p, cv2.CV_32F, across, down, scale=1 / 8) for p in (made, truth))
        total += ((one - other) ** 2).mean(axis=2)
    return float(np.sqrt(total[ring].mean())) if ring.any() else 0.0


def grain_distance(made: Codes, truth: Codes, inside: Mask) -> float:
    """How far the energies of fine detail inside a fill are from the truth's: the summed differences of three octaves over their
    sum, 0 equal, 1 when the fill has none."""
    energies = []
    for picture in (made, truth):
        layers = [picture if sigma == 0 else cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in _BANDS]
        energies.append([float(((a - b)[inside] ** 2).mean()) for a, b in itertools.pairwise(layers)])
    ours, wanted = np.array(energies[0]), np.array(energies[1])
    return float(np.abs(ours - wanted).sum() / max(float(wanted.sum()), 1e-12))
