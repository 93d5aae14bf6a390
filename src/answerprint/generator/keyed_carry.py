"""Mattes of a few key frames carried to all others along the motion of the picture, from the key before and the key after."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.perception.flow import carry, dense_flow, one_thread, round_trip_error

__all__ = ["Carried", "Shot", "carried_keys", "cut_out", "overlap"]

Plane = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

_DOUBT = 1.5
"""Round-trip error, pixels summed along the way, at which a carried matte counts half."""


@dataclass(frozen=True)
class Shot:
    """A clip at the size it is studied at: ``frames`` (h, w, 3) uint8 display RGB, ``ahead[i]`` the flow from i to i + 1, ``back[i]`` that
    from i + 1 to i, and their round-trip errors as seen from i (``ahead_error``) and i + 1 (``back_error``)."""

    frames: list[Codes]
    ahead: list[Plane]
    back: list[Plane]
    ahead_error: list[Plane]
    back_error: list[Plane]

    @classmethod
    def studied(cls, read: Callable[[int], Codes], count: int) -> Shot:
        """Look at every frame and at the motion between neighbours."""
        frames = [read(at) for at in range(count)]
        grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in frames]
        ahead = [dense_flow(one, other) for one, other in itertools.pairwise(grey)]
        back = [dense_flow(other, one) for one, other in itertools.pairwise(grey)]
        ahead_error = [round_trip_error(a, b) for a, b in zip(ahead, back, strict=True)]
        back_error = [round_trip_error(b, a) for a, b in zip(ahead, back, strict=True)]
        return cls(frames, ahead, back, ahead_error, back_error)

    @property
    def count(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Carried:
    """One frame's matte (h, w) 0..1 as the keys say, and how far the two ways contradict one another, 0..1."""

    matte: Plane
    doubt: Plane


def carried_keys(shot: Shot, keys: Mapping[int, Plane]) -> list[Carried]:
    """Every frame's matte from the nearest key on either side; at a key it is the key.

    Ways are put together before the key is sampled, so that a long way does not blur it. Where both sides know, the nearer and
    the surer counts more.
    """
    with one_thread():
        earlier = _one_way(shot, keys, 1)
        later = _one_way(shot, keys, -1)
    out = []
    for frame in range(shot.count):
        sides = [side[frame] for side in (earlier, later) if frame in side]
        if len(sides) == 1:
            out.append(Carried(sides[0][0], 1 - np.exp(-sides[0][1] / _DOUBT)))
            continue
        weights = [np.exp(-error / _DOUBT) / (0.5 + steps) + np.float32(1e-4) for _, error, steps in sides]
        total = weights[0] + weights[1]
        matte = (sides[0][0] * weights[0] + sides[1][0] * weights[1]) / total
        out.append(Carried(matte.astype(np.float32), np.abs(sides[0][0] - sides[1][0]).astype(np.float32)))
    return out


def _one_way(shot: Shot, keys: Mapping[int, Plane], way: int) -> dict[int, tuple[Plane, Plane, int]]:
    """From each key onward to the next: matte, summed error, steps from the key."""
    found: dict[int, tuple[Plane, Plane, int]] = {}
    height, width = shot.frames[0].shape[:2]
    for start in keys:
        course, error = np.zeros((height, width, 2), np.float32), np.zeros((height, width), np.float32)
        found[start] = keys[start], error, 0
        frame = start
        while 0 <= frame + way < shot.count and frame + way not in keys:
            link = shot.back[frame] if way > 0 else shot.ahead[frame - 1]
            miss = shot.back_error[frame] if way > 0 else shot.ahead_error[frame - 1]
            course = link + carry(course, link)
            error = miss + carry(error, link, outside=9.0)
            frame += way
            found[frame] = carry(keys[start], course), error, abs(frame - start)
    return found


def cut_out(frame: Codes, guess: Plane, room: int, rounds: int = 3) -> Plane:
    """GrabCut from a guess: sure well inside and well outside it, open within ``room`` pixels of its edge; (h, w) 0 or 1.

    C. Rother et al., "GrabCut", SIGGRAPH 2004, as OpenCV has it.
    """
    inside = (guess > 0.5).astype(np.uint8)
    if not inside.any() or inside.all():
        return inside.astype(np.float32)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * room + 1, 2 * room + 1))
    marks = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[cv2.erode(inside, disc) > 0] = cv2.GC_FGD
    marks[cv2.dilate(inside, disc) == 0] = cv2.GC_BGD
    with one_thread():
        cv2.setRNGSeed(1)
        cv2.grabCut(np.ascontiguousarray(frame), marks, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    return np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def overlap(one: Plane, other: Plane) -> float:
    """J: the shared part of two mattes, cut at a half; 1 where both are empty."""
    a, b = one > 0.5, other > 0.5
    union = int((a | b).sum())
    return 1.0 if union == 0 else float((a & b).sum()) / union
