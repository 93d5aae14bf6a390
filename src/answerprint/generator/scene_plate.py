"""The set without the subject, as a moving camera saw it: frames laid over each other by the camera's own movement.

One picture in the place of the clip's middle frame, only as large as the holes need, each pixel the median of frames spread over
the clip in which it was free. It holds for a camera that turns, zooms or looks at what is far or flat; where things stand at
different depths before a camera that travels, frames do not lie over each other, and the support there is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.stabilise import camera_steps
from answerprint.generator.static_plate import HIDDEN, OFFSET, STEPS_PER_UNIT, StaticPlate, median_of, spread
from answerprint.generator.stops import Log, to_log
from answerprint.graph.contract import Box, Context, FrameReader, MatteReader, Plane

__all__ = ["ScenePlate", "scene_plate"]

Real = NDArray[np.float64]

_MOST = 60
"""Frames that are looked at."""
_SLOTS = 9
"""Samples kept of each pixel: their median leaves two fifths of one frame's noise."""
_LARGEST = 8.0
"""Largest plate, in frames' areas: beyond it the camera turned so far that a flat picture cannot hold it."""
_FEWEST = 20
"""Points that must agree between each frame and the next."""
_BESIDE_PX = 8
"""Picture round what is covered that its smooth closing is made from."""


@dataclass(frozen=True)
class ScenePlate:
    """``clean`` is the plate, its ``box`` in pixels of the middle frame and perhaps outside it; ``to_plate`` (count, 3, 3) takes pixels of
    each frame to pixels of ``clean.colour``; ``wanted`` (h, w) where a hole ever lies on it; ``spread`` (h, w) the mean squared
    difference of the samples from their median, stops squared: large where something moved."""

    clean: StaticPlate
    to_plate: Real
    wanted: Plane
    spread: NDArray[np.float32]


def scene_plate(
    plate: FrameReader,
    matte: MatteReader,
    everyone: MatteReader,
    hidden: Callable[[int], Plane],
    margin: int,
    context: Context,
) -> ScenePlate | None:
    """The plate behind ``matte``. ``everyone`` covers all that moves by itself; ``hidden(frame)``, (h, w) bool, what the plate may not
    show.

    None when the camera's movement cannot be told from frame to frame, or leads too far.
    """
    steps, agreeing = camera_steps(plate, everyone, context)
    if plate.count > 1 and int(agreeing[:-1].min()) < _FEWEST:
        return None
    to_middle = _to_middle(steps)
    frames = spread(plate.count, _MOST)
    box = _reach(plate, matte, to_middle, frames, margin)
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) > _LARGEST * plate.width * plate.height:
        return None
    to_plate = np.array([[1, 0, -box[0]], [0, 1, -box[1]], [0, 0, 1.0]]) @ to_middle
    size = (box[2] - box[0], box[3] - box[1])
    stack = np.full((min(_SLOTS, len(frames)), size[1], size[0], 3), HIDDEN, np.uint16)
    filled, times = np.zeros((size[1], size[0]), np.uint8), np.zeros((size[1], size[0]), np.uint16)
    wanted = np.zeros((size[1], size[0]), bool)
    total, weight = np.zeros((size[1], size[0], 3), np.float32), np.zeros((size[1], size[0]), np.float32)
    for at, frame in enumerate(_coarse_first(frames)):
        context.check_cancelled()
        context.progress(at, len(frames), "the set as the camera moved")
        picture, free = _laid(plate, frame, hidden, to_plate[frame], size)
        wanted |= cv2.warpPerspective(matte.read(frame), to_plate[frame], size, flags=cv2.INTER_LINEAR) > 0.01
        both = free & (weight > 0)
        if at and both.any():
            difference = (picture - total / np.maximum(weight, 1)[..., None])[both]
            picture -= np.median(difference[:: max(1, len(difference) // 20_000)], axis=0).astype(np.float32)
        total[free] += picture[free]
        weight[free] += 1
        times[free] += 1
        code = np.clip(np.rint((picture + OFFSET) * STEPS_PER_UNIT), 0, int(HIDDEN) - 1).astype(np.uint16)
        for slot in range(len(stack)):
            here = free & (filled == slot)
            stack[slot][here] = code[here]
            filled[here] = slot + 1
            free = free & ~here
    colour, usable = median_of(stack, least=1)
    seen = np.where(usable, times, 0).astype(np.uint16)
    return ScenePlate(
        StaticPlate(colour, seen, stack[:4].copy(), box, tuple(frames), tuple(frames)), to_plate, wanted, _spread(stack, colour)
    )


def _spread(stack: NDArray[np.uint16], colour: Log) -> NDArray[np.float32]:
    total, count = np.zeros(colour.shape[:2], np.float32), np.zeros(colour.shape[:2], np.float32)
    for codes in stack:
        free = codes[..., 0] != HIDDEN
        off = codes.astype(np.float32) / np.float32(STEPS_PER_UNIT) - OFFSET - colour
        total += np.where(free, (off**2).mean(axis=2), 0)
        count += free
    return cv2.GaussianBlur(total, (0, 0), 3.0) / np.maximum(cv2.GaussianBlur(count, (0, 0), 3.0), np.float32(1e-3))


def _to_middle(steps: Real) -> Real:
    """Each frame's pixels in the middle frame, from each frame's in the next."""
    count = len(steps)
    middle, out = count // 2, np.tile(np.eye(3), (count, 1, 1))
    for frame in range(middle - 1, -1, -1):
        out[frame] = out[frame + 1] @ steps[frame]
    for frame in range(middle + 1, count):
        out[frame] = out[frame - 1] @ np.linalg.inv(steps[frame - 1])
    return out / out[:, 2:, 2:]


def _reach(plate: FrameReader, matte: MatteReader, to_middle: Real, frames: list[int], margin: int) -> Box | None:
    """The box, in pixels of the middle frame, that holds every hole with room."""
    corners = []
    for frame in frames:
        inside = matte.read(frame) > 0
        if not inside.any():
            continue
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        x0, x1 = max(0, columns[0] - margin), min(plate.width - 1, columns[-1] + margin)
        y0, y1 = max(0, rows[0] - margin), min(plate.height - 1, rows[-1] + margin)
        there = to_middle[frame] @ np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1, 1, 1, 1]], np.float64)
        if (there[2] <= 0.05).any():
            return None
        corners.append((there[:2] / there[2]).T)
    if not corners:
        return None
    every = np.concatenate(corners)
    low, high = np.floor(every.min(axis=0)).astype(int), np.ceil(every.max(axis=0)).astype(int) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _coarse_first(frames: list[int]) -> list[int]:
    """The frames, far apart ones first, so that a pixel's samples are spread over the clip."""
    order, step = [], 1
    while step < len(frames):
        step *= 2
    while step >= 1:
        order += [frame for at, frame in enumerate(frames) if at % step == 0 and frame not in order]
        step //= 2
    return order


def _laid(plate: FrameReader, frame: int, hidden: Callable[[int], Plane], matrix: Real, size: tuple[int, int]) -> tuple[Log, Plane]:
    """One frame on the plate, in stops, and where it shows the set."""
    light = plate.read(frame)
    covered = hidden(frame) | ~np.isfinite(light).all(axis=2)
    log = _closed(to_log(light), covered)
    picture = cv2.warpPerspective(log, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    veil = covered.astype(np.uint8) * np.uint8(255)
    met = cv2.warpPerspective(veil, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    return np.asarray(picture, np.float32), np.asarray(met < 3)


def _closed(log: Log, covered: Plane) -> Log:
    """What is covered closed smoothly, so that sampling beside it does not ring: the plate may then use pixels up to its edge."""
    box = enclosing(covered, _BESIDE_PX)
    if box is not None:
        cut = np.s_[box[1] : box[3], box[0] : box[2]]
        log[cut] = smooth_fill(log[cut], covered[cut])
    return log
