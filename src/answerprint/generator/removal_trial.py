"""What the frame itself says about hidden pixels, and how far to believe it: known pixels beside the hole are made in the same
way, and compared with what is really there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import mean_square
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_look import Look
from answerprint.generator.removal_spatial import led_across, smoothest
from answerprint.graph.contract import Box

__all__ = ["LED_REACH", "Made", "made_from_itself"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)

_UNTRIED = np.float32(0.01)
"""Squared error taken for a single-frame fill that could not be tried beside the hole: 0.1 rms, nearly two stops."""
_REACH = 5.0
"""Radius (Gaussian sigma, pixels) over which trials count."""
LED_REACH = 34
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
    x0, y0 = max(0, cell[0] + inner[0] - LED_REACH), max(0, cell[1] + inner[1] - LED_REACH)
    x1, y1 = min(width, cell[0] + inner[2] + LED_REACH), min(height, cell[1] + inner[3] + LED_REACH)
    cut = np.s_[y0:y1, x0:x1]
    log, hidden, wanted = look.log((x0, y0, x1, y1)), look.hidden[cut], np.zeros((y1 - y0, x1 - x0), bool)
    here = np.s_[cell[1] + inner[1] - y0 : cell[1] + inner[3] - y0, cell[0] + inner[0] - x0 : cell[0] + inner[2] - x0]
    wanted[here] = need[cell[1] + inner[1] : cell[1] + inner[3], cell[0] + inner[0] : cell[0] + inner[2]]
    led = log.copy()
    led[wanted] = led_across(log, hidden, only=wanted)
    # A fixed scatter of the whole picture's pixels, so that it does not matter where the box begins.
    some = (np.arange(y0, y1)[:, None] + 2 * np.arange(x0, x1)) % 5 == 0
    count, errors = _tried(log, hidden, wanted, some)
    share = np.maximum(cv2.GaussianBlur(count, (0, 0), _REACH), np.float32(1e-4))
    return [
        Made(colour, np.where(share > 0.002, cv2.GaussianBlur(error, (0, 0), _REACH) / share, _UNTRIED), x0, y0)
        for colour, error in zip((log, led), errors, strict=True)
    ]


def _tried(log: Picture, hidden: Mask, wanted: Mask, some: Mask) -> tuple[Plane, tuple[Plane, Plane]]:
    """How often the ways were tried at a pixel, and their squared errors there, summed: the smoothest, and lines led across.

    The hole stays and the picture under it is moved to either side, so that one solution serves both."""
    near = cv2.dilate(wanted.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    hole = hidden & near
    moves = _to_either_side(hidden)
    pictures = [_moved(log, by) for by in moves]
    smooth = smoothest(np.dstack(pictures), hole)
    count = np.zeros(hidden.shape, np.float32)
    errors = np.zeros(hidden.shape, np.float32), np.zeros(hidden.shape, np.float32)
    for at, (by, picture) in enumerate(zip(moves, pictures, strict=True)):
        tried = hole & some & ~_moved(np.pad(hidden, 1, constant_values=True), by)[1:-1, 1:-1]
        truth, there = picture[tried], tuple(np.argwhere(tried).T + np.array(by)[:, None])
        picture[hole] = smooth[:, 3 * at : 3 * at + 3]
        count[there] += 1
        for error, made in zip(errors, (picture[tried], led_across(picture, hole, only=tried)), strict=True):
            error[there] += mean_square(made, truth)
    return count, errors


def _to_either_side(hidden: Mask) -> list[tuple[int, int]]:
    """Two moves (down, right) across the hole's longer direction, by its width and three pixels more."""
    rows, columns = np.nonzero(hidden)
    steep = np.ptp(rows) >= np.ptp(columns)
    width = len(rows) / max(1, len(np.unique(rows if steep else columns)))
    shift = max(4, round(width) + 3)
    return [(0, by) if steep else (by, 0) for by in (-shift, shift)]


def _moved(plane: npt.NDArray[Kind], by: tuple[int, int]) -> npt.NDArray[Kind]:
    """What lies ``by`` (down, right) from each pixel; the edges repeat."""
    rows, columns = (np.clip(np.arange(size) + step, 0, size - 1) for size, step in zip(plane.shape, by, strict=False))
    return plane[np.ix_(rows, columns)]
