"""Mattes of a few key frames carried to all others along the motion of the picture, from the key before and the key after."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.keyed_likeness import Likeness, answered, likeness
from answerprint.perception.flow import carry, dense_flow, one_thread, round_trip_error

__all__ = ["Foretold", "Shot", "cut_out", "foretold", "overlap"]

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
class Foretold:
    """What the keys say of one frame, planes (h, w): ``carried`` 0..1 along the motion, ``doubt`` 0..1 how far the two sides contradict
    one another in that; ``alike`` 0..1 as pixels of the same look answer, ``apart`` how unlike the best of them are (0 the same)."""

    carried: Plane
    doubt: Plane
    alike: Plane
    apart: Plane


def foretold(shot: Shot, keys: Mapping[int, Plane], frames: Iterable[int], look: bool = True) -> dict[int, Foretold]:
    """What the nearest key on either side says of each of ``frames``; at a key it is the key. Without ``look`` nothing is compared.

    Ways are put together before the key is sampled, so that a long way does not blur it. Where both sides know, the nearer and
    the surer counts more.
    """
    wanted = set(frames)
    with one_thread():
        sides = [_one_way(shot, keys, wanted, way, look) for way in (1, -1)]
    out = {}
    for frame in sorted(wanted):
        said = [side[frame] for side in sides if frame in side]
        alike, apart = answered([one.like for one in said])
        if len(said) == 1:
            doubt = np.asarray(1 - np.exp(-said[0].error / _DOUBT), np.float32)
            # With a key on one side alone, motion that comes back to where it set out is worth more than likeness.
            out[frame] = Foretold(said[0].matte, doubt, said[0].matte * (1 - doubt) + alike * doubt, apart)
            continue
        weights = [np.exp(-one.error / _DOUBT) / (0.5 + one.steps) + np.float32(1e-4) for one in said]
        carried = (said[0].matte * weights[0] + said[1].matte * weights[1]) / (weights[0] + weights[1])
        doubt = np.abs(said[0].matte - said[1].matte)
        out[frame] = Foretold(carried.astype(np.float32), doubt.astype(np.float32), alike, apart)
    return out


@dataclass(frozen=True)
class _Said:
    """One key's word: the matte carried, the round-trip error summed along the way, frames from the key, and what looks alike."""

    matte: Plane
    error: Plane
    steps: int
    like: Likeness


def _one_way(shot: Shot, keys: Mapping[int, Plane], wanted: set[int], way: int, look: bool) -> dict[int, _Said]:
    """What each key says onward, to the next key or the last frame that is asked about."""
    found: dict[int, _Said] = {}
    height, width = shot.frames[0].shape[:2]
    nothing = np.zeros((height, width), np.float32)
    for start, key in keys.items():
        until = start
        while 0 <= until + way < shot.count and until + way not in keys:
            until += way
        asked = [frame for frame in range(start, until + way, way) if frame in wanted]
        if start in wanted:
            found[start] = _Said(key, nothing, 0, (key, nothing))
        course, error = np.zeros((height, width, 2), np.float32), nothing
        for frame in range(start + way, asked[-1] + way, way) if asked else ():
            link = shot.back[frame - 1] if way > 0 else shot.ahead[frame]
            miss = shot.back_error[frame - 1] if way > 0 else shot.ahead_error[frame]
            course = link + carry(course, link)
            error = miss + carry(error, link, outside=9.0)
            if frame in wanted:
                laid = carry(key, course)
                like = likeness(shot.frames[frame], shot.frames[start], key, course) if look else (laid, nothing)
                found[frame] = _Said(laid, error, abs(frame - start), like)
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
