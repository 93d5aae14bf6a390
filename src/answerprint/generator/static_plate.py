"""The set without the subject, as a locked camera saw it: the temporal median of the frames where each pixel was free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.stops import Log, to_log
from answerprint.graph.compositor import grown, scaled_to_hd
from answerprint.graph.contract import Box, FrameReader, MatteReader, Plane

SUBJECT_MARGIN_PX_AT_HD = 7
"""How far mattes are grown before a pixel counts as free: codecs smear an edge over about one 8x8 block."""
SAMPLES = 24
"""Frames in the median; it leaves a quarter of one frame's noise."""
LOCKED_PX = 0.4
"""Largest movement of the picture's corners, pixels, that still counts as a locked camera."""
_MOTION_CHECKS = 5
_SCAN = 120
_MOVED_STOPS = 0.35
STEPS_PER_UNIT = 2048.0
OFFSET = np.float32(3.0)
HIDDEN = np.uint16(65535)


@dataclass(frozen=True)
class StaticPlate:
    """``colour`` (h, w, 3) in stops over ``box``; ``seen`` (h, w) uint16, how many frames saw the pixel (0: none).

    ``samples`` are a few of the sampled frames as they went into the median, packed: (k, h, w, 3) uint16.
    ``frames`` are those in the median, ``scanned`` those whose mattes were looked at.
    """

    colour: Log
    seen: Plane
    samples: NDArray[np.uint16]
    box: Box
    frames: tuple[int, ...]
    scanned: tuple[int, ...]

    def residuals(self) -> Iterator[Log]:
        """How each of the samples differs from the plate, stops (h, w, 3), NaN where somebody stood."""
        return (_residual(one, self.colour) for one in self.samples)

    def without_samples(self) -> StaticPlate:
        """The plate alone: samples are 12 MB a frame at HD."""
        return replace(self, samples=self.samples[:0].copy())


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` frame numbers spread evenly over ``count``, first and last among them."""
    return sorted({round(float(at)) for at in np.linspace(0, count - 1, min(count, most))})


def camera_motion(plate: FrameReader, free: Callable[[int], Plane]) -> float:
    """How far the picture's corners move over the clip, pixels: the largest over a few frames against the first.

    A similarity is fitted to tracked corners of the free background (RANSAC). With nothing to track there is nothing
    that could be seen to move, and the answer is 0.
    """
    frames = spread(plate.count, _MOTION_CHECKS)
    first = _grey(plate.read(frames[0]))
    clear = np.ones((15, 15), np.uint8)
    mask = cv2.erode(free(frames[0]).astype(np.uint8), clear)
    points = cv2.goodFeaturesToTrack(first, 400, 0.01, 12, mask=mask, blockSize=5)
    if points is None or len(points) < 12:
        return 0.0
    corners = np.array([[0, 0], [plate.width, 0], [0, plate.height], [plate.width, plate.height]], np.float64)
    worst = 0.0
    for frame in frames[1:]:
        moved, found, _ = cv2.calcOpticalFlowPyrLK(first, _grey(plate.read(frame)), points, None, winSize=(21, 21), maxLevel=3)
        at = np.clip(np.rint(moved[:, 0]).astype(int), 0, [plate.width - 1, plate.height - 1])
        keep = (found[:, 0] > 0) & (cv2.erode(free(frame).astype(np.uint8), clear)[at[:, 1], at[:, 0]] > 0)
        if keep.sum() < 12:
            continue
        cv2.setRNGSeed(1)
        fit, inliers = cv2.estimateAffinePartial2D(points[keep, 0], moved[keep, 0], ransacReprojThreshold=1.0)
        if fit is None or inliers.mean() < 0.3:
            return float("inf")
        worst = max(worst, float(np.linalg.norm(corners @ fit[:, :2].T + fit[:, 2] - corners, axis=1).max()))
    return worst


def _grey(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    log = to_log(picture).mean(axis=2)
    return np.asarray(np.clip((log - np.median(log)) * 26.0 + 128.0, 0, 255), np.uint8)


def hidden_by(mattes: list[MatteReader], frame: int, width: int, height: int) -> Plane:
    """Where somebody covers the set on a frame, mattes grown a little: (h, w) bool."""
    out = np.zeros((height, width), bool)
    for matte in mattes:
        out |= grown(matte.read(frame), scaled_to_hd(SUBJECT_MARGIN_PX_AT_HD, width, height))
    return out


def static_plate(
    plate: FrameReader, hidden: Callable[[int], Plane], box: Box, step: Callable[[int, int], None] | None = None, most: int = _SCAN
) -> StaticPlate:
    """The clean plate of ``box``. ``hidden(frame)`` is (h, w) bool over the full frame; it is asked once a frame,
    of at most ``most`` frames.

    Frames are chosen so that pixels seldom free are in the median too; a global change of exposure between frames is
    taken out first.
    """
    x0, y0, x1, y1 = box
    scanned = spread(plate.count, most)
    covered = np.stack([hidden(frame)[y0:y1, x0:x1] for frame in scanned])
    chosen = _choose(covered)
    stack = np.empty((len(chosen), y1 - y0, x1 - x0, 3), np.uint16)
    first: Log | None = None
    for at, index in enumerate(chosen):
        light = plate.read(scanned[index])[y0:y1, x0:x1]
        finite, picture = np.isfinite(light).all(axis=2), to_log(light)
        first = picture if first is None else first
        free = ~(covered[index] | covered[chosen[0]])
        picture -= _exposure(picture, first, free)
        bad = covered[index] | ~finite
        code = np.rint((picture + OFFSET) * STEPS_PER_UNIT)
        stack[at] = np.clip(code, 0, 65534)
        stack[at][bad] = HIDDEN
        if step:
            step(at + 1, len(chosen))
    colour, usable = median_of(stack)
    seen = np.where(usable, (~covered).sum(axis=0), 0)
    shown = list(range(0, len(chosen), max(1, len(chosen) // 4)))
    return StaticPlate(colour, seen.astype(np.uint16), stack[shown].copy(), box, tuple(scanned[i] for i in chosen), tuple(scanned))


def _residual(codes: NDArray[np.uint16], colour: Log) -> Log:
    out = codes.astype(np.float32) / np.float32(STEPS_PER_UNIT) - OFFSET - colour
    out[codes == HIDDEN] = np.nan
    return out


def unsteady(whole: StaticPlate) -> Plane:
    """Where a frame or more differ from the median of a locked camera: somebody walked there; gaps inside are closed."""
    moved = np.zeros(whole.colour.shape[:2], np.float32)
    for one in whole.residuals():
        moved = np.maximum(moved, np.nan_to_num(np.abs(cv2.blur(one, (9, 9))).max(axis=2), nan=9.0))
    spots = cv2.morphologyEx((moved > _MOVED_STOPS).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    size = round(scaled_to_hd(40, whole.colour.shape[1], whole.colour.shape[0])) | 1
    closed = cv2.morphologyEx(spots, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    return np.asarray(cv2.dilate(closed, np.ones((9, 9), np.uint8)) > 0)


def _choose(covered: Plane) -> list[int]:
    """Which of the scanned frames to use: half spread evenly, half where pixels seldom seen are free."""
    count = len(covered)
    if count <= SAMPLES:
        return list(range(count))
    chosen = spread(count, SAMPLES // 2)
    small = ~covered[:, ::4, ::4]
    times = small[chosen].sum(axis=0)
    for _ in range(SAMPLES - len(chosen)):
        want = (times < 5) / (1.0 + times)
        gain = [-1.0 if at in chosen else float(want[small[at]].sum()) for at in range(count)]
        best = int(np.argmax(gain))
        chosen.append(best)
        times = times + small[best]
    return sorted(chosen)


def _exposure(picture: Log, first: Log, free: Plane) -> NDArray[np.float32]:
    difference = (picture - first)[::4, ::4][free[::4, ::4]]
    difference = difference[np.isfinite(difference).all(axis=1)]
    return np.median(difference, axis=0).astype(np.float32) if len(difference) > 50 else np.zeros(3, np.float32)


def median_of(stack: NDArray[np.uint16], least: int | None = None) -> tuple[Log, Plane]:
    """The median over the free samples, in bands of rows to spare memory, and where there are enough of them to believe."""
    height, width = stack.shape[1:3]
    colour = np.zeros((height, width, 3), np.float32)
    usable = np.zeros((height, width), bool)
    # One or two frames of many that say a pixel was free are as often a matte's edge that missed somebody.
    if least is None:
        least = 1 if len(stack) < 3 else 2 if len(stack) < 12 else 3
    for row in range(0, height, 64):
        part = np.ascontiguousarray(np.moveaxis(stack[:, row : row + 64], 0, -1))
        part.sort(axis=-1)
        free = (part[..., 0, :] != HIDDEN).sum(axis=-1)
        low = np.broadcast_to((np.maximum(free - 1, 0) // 2)[..., None, None], (*part.shape[:3], 1))
        high = np.broadcast_to((free // 2).clip(max=len(stack) - 1)[..., None, None], low.shape)
        middle = (
            np.take_along_axis(part, low, -1)[..., 0].astype(np.float32)
            + np.take_along_axis(part, np.minimum(high, np.maximum(free - 1, 0)[..., None, None]), -1)[..., 0]
        )
        usable[row : row + 64] = free >= least
        colour[row : row + 64] = middle / np.float32(2 * STEPS_PER_UNIT) - OFFSET
    colour[~usable] = 0.0
    return colour, usable
