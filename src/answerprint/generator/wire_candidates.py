"""Lines in a picture that may be wires: long, thin, straight or nearly so, and different from what stands on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Candidate", "candidates"]

Picture = npt.NDArray[np.float32]

_SHORTEST = 0.25
"""Least length, as a share of the picture's shorter side."""
_APART_PX, _APART_DEGREES = 14.0, 4.0


@dataclass(frozen=True)
class Candidate:
    """A line from ``points[0]`` to ``points[1]`` (x, y, pixels) and how much it looks like a wire, 0 to 1."""

    points: tuple[tuple[float, float], tuple[float, float]]
    score: float


def candidates(log: Picture, most: int = 6) -> list[Candidate]:
    """The likeliest wires of a picture (h, w, 3) in ACEScct, best first."""
    grey = cv2.transform(log, np.array([[0.27, 0.67, 0.06]], np.float32))
    ridge = _ridges(grey)
    level = float(np.percentile(ridge, 97))
    if level <= 0:
        return []
    binary = ((ridge > level) * np.uint8(255)).astype(np.uint8)
    shortest = _SHORTEST * min(grey.shape)
    found = cv2.HoughLinesP(binary, 1, np.pi / 720, round(shortest * 0.6), minLineLength=shortest, maxLineGap=shortest / 6)
    if found is None:
        return []
    scored = sorted((_judged(ridge, level, line) for line in np.asarray(found, np.float64).reshape(-1, 4)), key=lambda c: -c.score)
    kept: list[Candidate] = []
    for one in scored:
        if not any(_same(one, other) for other in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def _ridges(grey: Picture) -> Picture:
    """How much each pixel is a ridge at the scale of a wire: the larger curvature across, where there is little along."""
    best = np.zeros_like(grey)
    for sigma in (1.0, 2.0):
        soft = cv2.GaussianBlur(grey, (0, 0), sigma)
        xx, yy = cv2.Sobel(soft, cv2.CV_32F, 2, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 2)
        xy = cv2.Sobel(soft, cv2.CV_32F, 1, 1)
        half = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
        mean = (xx + yy) / 2
        strong, weak = np.maximum(np.abs(mean + half), np.abs(mean - half)), np.minimum(np.abs(mean + half), np.abs(mean - half))
        best = np.maximum(best, (strong - 2 * weak).clip(0) * np.float32(sigma**2))
    return best


def _judged(ridge: Picture, level: float, line: npt.NDArray[np.float64]) -> Candidate:
    x0, y0, x1, y1 = line
    length = float(np.hypot(x1 - x0, y1 - y0))
    at = np.linspace(0, 1, max(8, round(length)))
    x, y = (x0 + (x1 - x0) * at).astype(np.float32), (y0 + (y1 - y0) * at).astype(np.float32)
    along = cv2.remap(cv2.dilate(ridge, np.ones((3, 3), np.uint8)), x[None], y[None], cv2.INTER_LINEAR)[0]
    filled = float((along > level).mean())
    longest = float(np.hypot(*ridge.shape))
    return Candidate(((float(x0), float(y0)), (float(x1), float(y1))), round(filled * min(1.0, length / (0.5 * longest)), 4))


def _same(one: Candidate, other: Candidate) -> bool:
    (a, b), (c, d) = (np.array(k.points) for k in (one, other))
    turn = np.degrees(np.arctan2(*(b - a)[::-1]) - np.arctan2(*(d - c)[::-1])) % 180
    if min(turn, 180 - turn) > _APART_DEGREES:
        return False
    normal = np.array([-(d - c)[1], (d - c)[0]]) / max(np.hypot(*(d - c)), 1e-9)
    return bool(abs(((a + b) / 2 - c) @ normal) < _APART_PX)
