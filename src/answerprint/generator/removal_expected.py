"""How wrong an offered pixel is likely to be, told from what can be measured without knowing the truth.

The logarithm of the expected squared error is a weighted sum of the logarithms of what is measured. The weights were fitted (gamma
regression) on the four tuning clips of the removal benchmark, six holes in each, four frames of each hole. Fitted on three clips and
tried on the fourth, the blend that follows from them is 0.1 to 0.3 dB less good than on what it was fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import error_beside, mean_square
from answerprint.generator.seam import membrane

__all__ = ["Brought", "brought_errors", "evidence", "harmonic", "harmonic_error", "harmonic_evidence", "trial_error"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Kind = Literal["flow", "camera", "plate"]

_RIM_PX = 3
_TINY = np.float32(1e-4)
"""Squared ACEScct, 0.01 rms: differences below it say nothing."""
_MOST = np.float32(0.1)
_UNCOMPARED = np.float32(0.05)
_UNCOUNTED = np.float32(0.02)
_CELLS = 800
"""Pixels to which a hole is made smaller for its trials: the smooth fill has no detail to lose."""
_SHIFTS = ((-0.7, 0.0), (0.7, 0.0), (0.0, -0.6), (0.0, 0.6), (-1.1, -0.4), (1.1, 0.4))
"""Where a hole is tried, in its own widths and heights."""

_WEIGHTS: dict[Kind, tuple[float, ...]] = {
    "flow": (-1.9, 0.07, -0.31, 0.42, 0.58, 0.32, 0.35, 0.54),
    "camera": (-3.52, 0.16, -0.67, 0.88, 0.26, 0.28, 0.53),
    "plate": (-1.93, 0.29, -0.56, 0.94, 0.2, 0.24, 0.03),
}
"""For each kind: constant, depth, trial error, mean disagreement, difference from the smooth fill, difference at the rim; then age
and slip along the flow, age by the camera, and the spread of a plate."""
_SMOOTH = (-4.12, 0.84, 0.68)
"""Of the smooth fill: constant, depth, trial error."""


@dataclass(frozen=True)
class Brought:
    """What some way of looking brought into the hole: ``colour`` (h, w, 3) ACEScct where ``seen`` (h, w), the ``kind`` of way, its
    own ``signs`` of trouble (each (h, w), positive), and how many ``frames`` saw a pixel."""

    kind: Kind
    colour: Picture
    seen: Mask
    signs: tuple[Plane, ...]
    frames: int | npt.NDArray[np.integer] = 1


def harmonic(real: Picture, hole: Mask) -> Picture:
    """``real`` with ``hole`` closed by the harmonic surface through its border: of all fills without knowledge the one that is least
    wrong (15.5 dB on the tuning holes; Telea 14.4, averages of a pyramid 15.0, patches 13.3)."""
    border = (cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hole
    if not border.any():
        return real.copy()
    middle = real[border].mean(axis=0)
    return np.where(hole[..., None], membrane(real - middle, border, hole) + middle, real).astype(np.float32)


def trial_error(real: Picture, hidden: Mask, hole: Mask) -> float:
    """The squared error of the harmonic surface on holes of this shape elsewhere in the frame, where the truth is known: the median of
    those trials; 0.02 where there is no room for any."""
    factor = max(1.0, float(np.sqrt(hole.sum() / _CELLS)))
    size = max(16, round(hole.shape[1] / factor)), max(16, round(hole.shape[0] / factor))
    small = cv2.resize(real, size, interpolation=cv2.INTER_AREA)
    taken, shape = (cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5 for plane in (hidden, hole))
    rows, columns = np.nonzero(shape)
    if not len(rows):
        return float(_UNCOUNTED)
    errors = []
    for across, down in _SHIFTS:
        y, x = rows + round(down * (np.ptp(rows) + 1)), columns + round(across * (np.ptp(columns) + 1))
        inside = (y >= 0) & (y < size[1]) & (x >= 0) & (x < size[0])
        moved = np.zeros_like(taken)
        moved[y[inside], x[inside]] = True
        known = moved & ~taken
        if known.sum() >= 0.5 * len(rows):
            errors.append(float(mean_square(harmonic(small, taken | moved), small)[known].mean()))
    return float(np.median(errors)) if errors else float(_UNCOUNTED)


def harmonic_evidence(depth: Plane, trial: float) -> Plane:
    """(h, w, 3): what the smooth fill's error is told from. ``depth`` is the distance to the border in pixels."""
    return np.dstack([np.ones_like(depth), np.log(depth + 2), np.full_like(depth, np.log(trial + _TINY))])


def harmonic_error(depth: Plane, trial: float) -> Plane:
    """The smooth fill's expected squared error (h, w)."""
    return _expected(harmonic_evidence(depth, trial), _SMOOTH)


def evidence(offers: Sequence[Brought], smooth: Picture, depth: Plane, trial: float) -> list[Plane]:
    """For each offer (h, w, n): what its error is told from."""
    rim = (depth > 0) & (depth <= _RIM_PX)
    apart = _disagreements(offers)
    found = []
    for at, offer in enumerate(offers):
        total, count = np.zeros_like(depth), np.zeros_like(depth)
        for pair, (error, both) in apart.items():
            if at in pair:
                total += np.where(both, error, 0)
                count += both
        mean = np.where(count > 0, total / np.maximum(count, 1), _UNCOUNTED)
        bent = np.minimum(error_beside(offer.colour, smooth, offer.seen, 5.0), _MOST)
        measured = [mean, bent, _at_the_rim(offer, smooth, rim), *offer.signs]
        planes = [*np.moveaxis(harmonic_evidence(depth, trial), -1, 0), *(np.log(plane + _TINY) for plane in measured)]
        found.append(np.stack(planes, axis=-1).astype(np.float32))
    return found


def brought_errors(offers: Sequence[Brought], smooth: Picture, depth: Plane, trial: float) -> list[Plane]:
    """The expected squared ACEScct error (h, w) of each offer."""
    told = evidence(offers, smooth, depth, trial)
    return [_expected(planes, _WEIGHTS[offer.kind]) for planes, offer in zip(told, offers, strict=True)]


def _expected(told: Plane, weights: tuple[float, ...]) -> Plane:
    return np.exp(np.clip(told @ np.array(weights, np.float32), -12, 0)).astype(np.float32)


def _disagreements(offers: Sequence[Brought]) -> dict[tuple[int, int], tuple[Plane, Mask]]:
    """The squared difference of each two offers, averaged over a few pixels, and where both see something."""
    found = {}
    for one in range(len(offers)):
        for two in range(one + 1, len(offers)):
            both = offers[one].seen & offers[two].seen
            if both.any():
                found[one, two] = np.minimum(error_beside(offers[one].colour, offers[two].colour, both, 3.0), _MOST), both
    return found


def _at_the_rim(offer: Brought, smooth: Picture, rim: Mask) -> Plane:
    """How far an offer differs, just inside the hole, from what stands just outside: near each pixel, or all along the rim."""
    here = rim & offer.seen
    if here.sum() < 20:
        return np.full(rim.shape, _UNCOUNTED, np.float32)
    overall = mean_square(offer.colour, smooth)[here].mean()
    near = error_beside(offer.colour, smooth, here, 8.0)
    return np.where(near < 1, near, overall)
