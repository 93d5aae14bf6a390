"""The set as another take of the same setup saw it: found to lie over this one, brought to its light, believed where both agree.

A camera that stood still is seldom nudged between takes, and now and then is: one homography from points of the set that
both show says where. People, moved props and a changed light show as disagreement beside the hole, and bar what lies near them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.removal_flow import luma, sight
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_register import corners, registration
from answerprint.generator.seam import frame_gain, joined
from answerprint.generator.static_plate import LOCKED_PX, camera_motion, static_plate, unsteady
from answerprint.generator.stops import STOPS, Log
from answerprint.graph.compositor import scaled_to_hd
from answerprint.graph.contract import Box, Context, FrameReader

__all__ = ["TakeWord", "other_takes"]

Mask = NDArray[np.bool_]

_FRAMES = 24
_SIGHT = 1280
"""Longer side of the pictures that are registered."""
_AGREE_STOPS = 0.2
"""How far the two sets' smoothed colours may differ, beside the hole, where they show the same thing."""
_NEAR_PX_AT_HD = 24
"""What disagrees bars as far as this; what agrees speaks for the hole as far as four times this."""
_FEWEST = 400
"""Pixels both saw that must agree before a take is heard."""
_BETTER = 0.9
"""A nudge counts where the two sets differ by less than this share of what they differ by without it."""
_PARTED = 0.1
"""Share of a hole's rim on which the sets may disagree for its middle, far from any evidence, to be believed."""


@dataclass(frozen=True)
class TakeWord:
    """What other takes say of what this one never saw: ``colour`` (h, w, 3) in stops, ``count`` (h, w) uint16, the frames behind it (0: none),
    and for each take heard its place among those given and its frames."""

    colour: Log
    count: NDArray[np.uint16]
    heard: tuple[tuple[int, tuple[int, ...]], ...]


def other_takes(
    takes: list[FrameReader], box: Box, plate: Log, known: Mask, missing: Mask, size: tuple[int, int], context: Context
) -> TakeWord:
    """What ``takes`` saw of ``missing`` in ``box`` of this take's picture of ``size`` (width, height); ``plate`` (stops, over the
    box) is right where ``known``. Takes are asked in their order while something is missing."""
    colour, count = np.zeros_like(plate), np.zeros(missing.shape, np.uint16)
    heard = []
    for number, take in enumerate(takes):
        left = missing & (count == 0)
        if not left.any():
            break
        context.check_cancelled()
        context.progress(number, len(takes), f"the set in {take.clip}")
        found = _heard(take, box, plate, known, left, size)
        if found is None:
            continue
        there, believed, frames = found
        use = left & believed
        if use.any():
            met = joined(there, np.where(known[..., None], plate, there), use, known)
            colour[use], count[use] = met[use], len(frames)
            heard.append((number, frames))
    return TakeWord(colour, count, tuple(heard))


def _heard(
    take: FrameReader, box: Box, plate: Log, known: Mask, missing: Mask, size: tuple[int, int]
) -> tuple[Log, Mask, tuple[int, ...]] | None:
    """One take over the box: its colours in this one's light, where they are believed, and its frames."""
    if (take.width, take.height) != size or take.count < 2:
        return None
    if camera_motion(take, lambda _: np.ones((take.height, take.width), bool)) > LOCKED_PX:
        return None
    nobody = np.zeros((take.height, take.width), bool)
    whole = static_plate(take, lambda _: nobody, (0, 0, take.width, take.height), most=_FRAMES)
    steady = ~unsteady(whole)
    matrix = _laid(whole.colour, steady, plate, known, box)
    there = _over(whole.colour, matrix, plate.shape)
    shape, back = (plate.shape[1], plate.shape[0]), cv2.WARP_INVERSE_MAP
    veil = np.where(steady, np.uint8(0), np.uint8(255))
    seen = (
        cv2.warpPerspective(veil, matrix, shape, flags=cv2.INTER_LINEAR | back, borderMode=cv2.BORDER_CONSTANT, borderValue=255) < 3
    )
    both = known & seen
    if int(both.sum()) < _FEWEST:
        return None
    gain, _ = frame_gain(plate - there, both)
    there = np.asarray(there + gain, np.float32)
    return there, seen & _agreed(plate, there, both, missing, size), whole.frames


def _laid(theirs: Log, steady: Mask, ours: Log, known: Mask, box: Box) -> NDArray[np.float64]:
    """The homography from the box's pixels to the take's; exactly the box's corner where the camera was not touched."""
    still = np.array([[1, 0, box[0]], [0, 1, box[1]], [0, 0, 1.0]])
    cut = np.s_[box[1] : box[3], box[0] : box[2]]
    both = known & steady[cut]
    if not both.any():
        return still
    gain = np.median((ours - theirs[cut])[both], axis=0).astype(np.float32)
    # What is not seen on both sides must not look like anything to follow.
    here, there = (sight(luma(smooth_fill(plate, ~both) / STOPS), _SIGHT) for plate in (ours, theirs[cut] + gain))
    size = (box[2] - box[0], box[3] - box[1])
    matrix = registration(here, there, corners(here, ~both), size)
    if matrix is None:
        return still
    nudged = still @ matrix
    apart = [float(np.median(np.abs(_over(theirs, one, ours.shape) + gain - ours)[both])) for one in (still, nudged)]
    return nudged if apart[1] < _BETTER * apart[0] else still


def _over(theirs: Log, matrix: NDArray[np.float64], shape: tuple[int, ...]) -> Log:
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(theirs, matrix, shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _agreed(plate: Log, there: Log, both: Mask, missing: Mask, size: tuple[int, int]) -> Mask:
    """Where the two sets agree beside what is missing; what disagrees bars its neighbourhood, and nothing speaks for far pixels."""
    near = max(3.0, scaled_to_hd(_NEAR_PX_AT_HD, *size))
    room = enclosing(missing, round(4 * near))
    assert room is not None
    cut = np.s_[room[1] : room[3], room[0] : room[2]]
    here = both[cut]
    weight = cv2.GaussianBlur(here.astype(np.float32), (0, 0), near / 12)
    off = np.where(here[..., None], plate[cut] - there[cut], np.float32(0))
    off = np.abs(cv2.GaussianBlur(off, (0, 0), near / 12) / np.maximum(weight, np.float32(1e-3))[..., None]).max(axis=2)
    bad = cv2.morphologyEx((here & (off > _AGREE_STOPS)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    spots = np.stack([here.astype(np.float32), (here & (bad > 0)).astype(np.float32)], axis=-1)
    close, wide = cv2.GaussianBlur(spots, (0, 0), near / 3), cv2.GaussianBlur(spots, (0, 0), near)
    open_to_doubt = (close[..., 1] > 0.15 * close[..., 0]) | (wide[..., 1] > 0.3 * wide[..., 0])
    near_enough = wide[..., 0] > 0.02
    out = np.zeros(missing.shape, bool)
    out[cut] = near_enough & ~open_to_doubt
    # Far from any evidence a hole's middle goes with its rim.
    count, parts = cv2.connectedComponents(missing.astype(np.uint8), connectivity=8)
    rim = np.zeros_like(out)
    rim[cut] = near_enough & missing[cut]
    for part in range(1, count):
        whole = parts == part
        if (whole & rim).any() and float((~out)[whole & rim].mean()) <= _PARTED:
            out |= whole & ~rim
    return out
