"""A frame between two frames: each surface half-way along its own motion, from the side that shows it.

The motion there and back is carried to the moment asked for; where the two do not agree a surface is hidden in one frame,
and the other one gives its pixels. Where neither is sure, the nearer frame shows through, and the support map says 0.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.noise_model import seen_by_flow
from answerprint.graph.contract import Picture
from answerprint.optics.compiled import njit
from answerprint.perception.flow import carry, dense_flow, one_thread, round_trip_error

Flow = npt.NDArray[np.float32]

_UNSURE_PX = 2.0
"""A round trip that ends farther from home than this, and a twentieth of the way, is that of a hidden surface."""


def in_between(first: Picture, second: Picture, part: float) -> tuple[Picture, npt.NDArray[np.uint16]]:
    """The frame at ``part`` (0 to 1) of the way from ``first`` to ``second``, scene-linear, and how many show each pixel."""
    here, there = seen_by_flow(first, 0.6), seen_by_flow(second, 0.6)
    forward, backward = dense_flow(here, there), dense_flow(there, here)
    doubt_first, doubt_second = _doubt(forward, backward), _doubt(backward, forward)
    motion = _at_moment(forward, backward, doubt_first, doubt_second, part)
    to_first, to_second = (-part * motion).astype(np.float32), ((1 - part) * motion).astype(np.float32)
    sure_first = np.exp(-carry(doubt_first, to_first, outside=9.0))
    sure_second = np.exp(-carry(doubt_second, to_second, outside=9.0))
    weight_first, weight_second = (1 - part) * sure_first + 1e-6, part * sure_second + 1e-6
    share = (weight_second / (weight_first + weight_second))[..., None]
    fill = _fetched(first, to_first) * (1 - share) + _fetched(second, to_second) * share
    support = (sure_first > 0.37).astype(np.uint16) + (sure_second > 0.37).astype(np.uint16)
    return np.asarray(fill, np.float32), support


def _doubt(there: Flow, back: Flow) -> npt.NDArray[np.float32]:
    """0 where the round trip comes home, 1 at the limit, growing with its square; little where it leaves the frame, which
    only this one frame can tell of."""
    height, width = there.shape[:2]
    x, y = there[..., 0] + np.arange(width), there[..., 1] + np.arange(height)[:, None]
    away = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    limit = _UNSURE_PX + 0.05 * np.hypot(there[..., 0], there[..., 1])
    return np.where(away, np.float32(0.3), np.minimum((round_trip_error(there, back) / limit) ** 2, 9.0)).astype(np.float32)


def _at_moment(
    forward: Flow, backward: Flow, doubt_first: npt.NDArray[np.float32], doubt_second: npt.NDArray[np.float32], part: float
) -> Flow:
    """The motion from first to second of what stands at each pixel at the moment ``part``."""
    height, width = forward.shape[:2]
    total, weight = np.zeros((height, width, 2), np.float32), np.zeros((height, width), np.float32)
    _splat(forward, forward, float(part), np.exp(-2 * doubt_first) * np.float32(1 - part) + np.float32(1e-4), total, weight)
    _splat(-backward, backward, float(1 - part), np.exp(-2 * doubt_second) * np.float32(part) + np.float32(1e-4), total, weight)
    known = weight > 1e-3
    if known.all():
        return np.asarray(total / weight[..., None], np.float32)
    with one_thread():
        for sigma in (2.0, 6.0, 18.0, 54.0, 162.0):
            near, share = cv2.GaussianBlur(total, (0, 0), sigma), cv2.GaussianBlur(weight, (0, 0), sigma)
            holes = ~known & (share > 1e-4)
            total[holes], weight[holes] = near[holes], share[holes]
            known |= holes
            if known.all():
                break
    return np.asarray(total / np.maximum(weight, 1e-12)[..., None], np.float32)


@njit(cache=True, nogil=True)
def _splat(
    value: Flow, along: Flow, part: float, weight: npt.NDArray[np.float32], total: Flow, weights: npt.NDArray[np.float32]
) -> None:
    """Lay each pixel's ``value`` down at ``part`` of its way ``along``, shared by the four pixels there."""
    height, width = weight.shape
    for row in range(height):
        for column in range(width):
            x, y = column + part * along[row, column, 0], row + part * along[row, column, 1]
            left, top = int(np.floor(x)), int(np.floor(y))
            for j in range(2):
                for i in range(2):
                    u, v = left + i, top + j
                    if 0 <= u < width and 0 <= v < height:
                        share = weight[row, column] * (1 - abs(x - u)) * (1 - abs(y - v))
                        total[v, u, 0] += share * value[row, column, 0]
                        total[v, u, 1] += share * value[row, column, 1]
                        weights[v, u] += share


def _fetched(picture: Picture, flow: Flow) -> Picture:
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    with one_thread():
        return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)
