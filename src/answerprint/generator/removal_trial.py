"""What the frame itself says about hidden pixels, and how far to believe it: known pixels beside the hole are made in the same
way, and compared with what is really there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import mean_square
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_look import Look
from answerprint.generator.removal_spatial import led_across, smoothest
from answerprint.graph.contract import Box

__all__ = ["Made", "made_from_itself"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_UNTRIED = np.float32(0.01)
"""Squared error taken for a single-frame fill that could not be tried beside the hole: 0.1 rms, nearly two stops."""
_REACH = 5.0
"""Radius (Gaussian sigma, pixels) over which trials count."""
_LED_REACH = 34
"""Pixels round a gap that leading lines across it looks at."""


@dataclass(frozen=True)
class Made:
    """One single-frame fill over the rectangle at (``left``, ``top``): ``colour`` (h, w, 3) ACEScct, expected squared ``error`` (h, w)."""

    colour: Picture
    error: Plane
    left: int
    top: int


def made_from_itself(look: Look, need: Mask, cell: Box) -> list[Made]:
    """The two single-frame fills of the pixels ``need`` (part of what is hidden) in the rectangle ``cell``: the smoothest, and
    lines led across. Nothing when it holds none."""
    inner = enclosing(need[cell[1] : cell[3], cell[0] : cell[2]])
    if inner is None:
        return []
    height, width = need.shape
    x0, y0 = max(0, cell[0] + inner[0] - _LED_REACH), max(0, cell[1] + inner[1] - _LED_REACH)
    x1, y1 = min(width, cell[0] + inner[2] + _LED_REACH), min(height, cell[1] + inner[3] + _LED_REACH)
    cut = np.s_[y0:y1, x0:x1]
    log, hidden, wanted = look.log((x0, y0, x1, y1)), look.hidden[cut], np.zeros((y1 - y0, x1 - x0), bool)
    here = np.s_[cell[1] + inner[1] - y0 : cell[1] + inner[3] - y0, cell[0] + inner[0] - x0 : cell[0] + inner[2] - x0]
    wanted[here] = need[cell[1] + inner[1] : cell[1] + inner[3], cell[0] + inner[0] : cell[0] + inner[2]]
    led = log.copy()
    led[wanted] = led_across(log, hidden, only=wanted)
    near = cv2.dilate(wanted.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    errors = [np.zeros(hidden.shape, np.float32), np.zeros(hidden.shape, np.float32)]
    count = np.zeros(hidden.shape, np.float32)
    # A fixed scatter of the whole picture's pixels, so that it does not matter where the box begins.
    some = (np.arange(y0, y1)[:, None] + 2 * np.arange(x0, x1)) % 5 == 0
    for shifted in (moved & near for moved in _beside(hidden)):
        trial = log.copy()
        trial[shifted] = smoothest(log, shifted)
        known = shifted & ~hidden & some
        made_led = led_across(trial, shifted, only=known)
        count += known
        for error, made in zip(errors, (trial[known], made_led), strict=True):
            error[known] += mean_square(made, log[known])
    share = np.maximum(cv2.GaussianBlur(count, (0, 0), _REACH), np.float32(1e-4))
    return [
        Made(colour, np.where(share > 0.002, cv2.GaussianBlur(error, (0, 0), _REACH) / share, _UNTRIED), x0, y0)
        for colour, error in zip((log, led), errors, strict=True)
    ]


def _beside(hidden: Mask) -> list[Mask]:
    """The hole moved to either side, across its longer direction, by its width and three pixels more."""
    rows, columns = np.nonzero(hidden)
    steep = np.ptp(rows) >= np.ptp(columns)
    width = len(rows) / max(1, len(np.unique(rows if steep else columns)))
    shift = max(4, round(width) + 3)
    found = []
    for by in (-shift, shift):
        moved = np.zeros_like(hidden)
        kept = max(0, (hidden.shape[1] if steep else hidden.shape[0]) - shift)
        target, origin = (slice(shift, shift + kept), slice(0, kept)) if by > 0 else (slice(0, kept), slice(shift, shift + kept))
        if steep:
            moved[:, target] = hidden[:, origin]
        else:
            moved[target] = hidden[origin]
        found.append(moved)
    return found
