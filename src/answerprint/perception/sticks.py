"""The sticks of a slate seen to close: something long that moves in one frame and stands dead still from the next.

Camera movement is taken out between neighbouring frames first. What stops is judged by how much of the picture it swept, how long and
narrow that is, and whether anything else near by stops as suddenly. A bounded look around a clap that was heard, not a search.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
AROUND = 6
"""Frames looked at before and after the one in which the clap is heard."""
SURE = 0.6
"""Confidence from which the picture may contradict the sound; see docs/editorial.md for what it was measured on."""
_LONG_SIDE = 480
_STILL = 2
"""Frames that the sticks stay closed."""
_SMALLEST, _LARGEST = 4e-4, 0.15
"""Shares of the picture that sticks sweep in their last frame: a slate across the room, one held into the lens."""
_CUT = (0.12, 0.4)
"""A change of so much over such a share of the picture is another shot, or a light switched on."""
_QUIETER = 3.0
"""What has stopped changes by less than a third of what it did."""


@dataclass(frozen=True)
class Closing:
    """The first frame in which the sticks are closed, and how sure that is, 0 to 1."""

    frame: int
    confidence: float


def closing_near(read: Callable[[int], NDArray[np.uint8]], count: int, heard: int) -> Closing | None:
    """The closing of sticks within ``AROUND`` frames of ``heard``, in a clip of ``count`` frames; None where nothing stops.

    ``read`` gives a frame as display RGB or grey uint8.
    """
    first, last = max(0, heard - AROUND - 2), min(count - 1, heard + AROUND + _STILL)
    found = closing([_small(read(at)) for at in range(first, last + 1)])
    return None if found is None else Closing(found.frame + first, found.confidence)


def closing(pictures: Sequence[Grey]) -> Closing | None:
    """The frame of ``pictures`` (h, w), 0 to 1, in which something long first stands still; None where nothing does."""
    changes = [_change(one, two) for one, two in itertools.pairwise(pictures)]
    if any(float((change > _CUT[0]).mean()) > _CUT[1] for change in changes):
        return None
    stops = [_stop(changes, at) for at in range(1, len(changes) - _STILL)]
    if not stops or max(strength for strength, _ in stops) <= 0:
        return None
    best = max(range(len(stops)), key=lambda at: stops[at][0])
    strength, shape = stops[best]
    others = max((other for at, (other, _) in enumerate(stops) if abs(at - best) > 1), default=0.0)
    alone = min(1.0, max(0.0, (strength / max(others, 1e-6) - 1) / 3))
    return Closing(best + 2, round(0.95 * alone * shape, 3))


def _small(picture: NDArray[np.uint8]) -> Grey:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    scale = _LONG_SIDE / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32) / 255, (0, 0), 1.0), np.float32)


def _change(before: Grey, after: Grey) -> Grey:
    """How much each pixel of ``after`` differs from ``before`` once the camera's own movement is taken out."""
    height, width = after.shape
    moved = _camera(before, after)
    carried = cv2.warpAffine(before, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.abs(after - carried), np.float32)


def _camera(before: Grey, after: Grey) -> NDArray[np.float64]:
    """Shift, turn and scale from one frame to the next; none where too little can be followed."""
    still = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    one, two = (np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8) for picture in (before, after))
    points = cv2.goodFeaturesToTrack(one, 200, 0.01, 8)
    if points is None or len(points) < 12:
        return still
    there, seen, _ = cv2.calcOpticalFlowPyrLK(one, two, points, np.empty_like(points))
    kept = seen.ravel() == 1
    if kept.sum() < 12:
        return still
    found, _ = cv2.estimateAffinePartial2D(points[kept], there[kept], ransacReprojThreshold=1.0)
    return still if found is None else np.asarray(found, np.float64)


def _stop(changes: Sequence[Grey], at: int) -> tuple[float, float]:
    """How much of what changes in ``changes[at]`` stands still afterwards, and how like sticks it is in size and shape, 0 to 1."""
    moving = changes[at]
    near = np.ones((5, 5), np.uint8)
    after = cv2.dilate(np.maximum.reduce(list(changes[at + 1 : at + 1 + _STILL])), near)
    noise = 4 * float(np.median(moving)) + 3 / 255
    left = moving - np.maximum(_QUIETER * after, noise)
    mask = cv2.morphologyEx((left > 0).astype(np.uint8), cv2.MORPH_CLOSE, near)
    number, labels, facts, _ = cv2.connectedComponentsWithStats(mask)
    if number < 2:
        return 0.0, 0.0
    sums = np.bincount(labels.ravel(), np.maximum(left, 0).ravel())
    sums[0] = 0
    one = int(np.argmax(sums))
    share = float(facts[one, cv2.CC_STAT_AREA]) / mask.size
    if not _SMALLEST <= share <= _LARGEST:
        return 0.0, 0.0
    left_, top, wide, high = (int(value) for value in facts[one, :4])
    bottom, right = top + high, left_ + wide
    if min(left_, top) <= 1 or bottom >= mask.shape[0] - 1 or right >= mask.shape[1] - 1:
        return float(sums[one]), 0.0  # what leaves the picture stops in it as suddenly
    about = np.s_[max(0, top - high // 2) : bottom + high // 2, max(0, left_ - wide // 2) : right + wide // 2]
    still = 1 - float((changes[at + 1][about] > noise).sum()) / max(1.0, float((moving[about] > noise).sum()))
    places = np.argwhere(labels == one)[:, ::-1].astype(np.float32)
    _, sides, _ = cv2.minAreaRect(places)
    longness = max(sides) / max(min(sides), 1.0)
    return float(sums[one]), float(np.clip((longness - 1.3) / 1.5, 0, 1) * np.clip((still - 0.4) / 0.4, 0, 1))
