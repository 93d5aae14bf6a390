"""What a frame's pixels look like on a keyed frame: each asks the places around where the motion leads, and those like it answer.

A limb that swung in front of another, or moved too fast for optical flow, is still the same cloth: around the place on the key to which
the motion leads, every offset is compared by a small patch of colour, and the key's matte there counts by how alike the two are
(non-local means of A. Buades et al., CVPR 2005, with labels in place of colours; keyed frames as in Q. Fan et al., "JumpCut",
ACM TOG 34(6), 2015).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.perception.flow import one_thread

__all__ = ["Likeness", "answered", "likeness"]

Plane = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

_COARSE = 2
"""Pixels of the study to one of the search."""
_REACH = 8
"""Offsets asked either way, in pixels of the search: 16 of 432."""
_PATCH = 5
_SPREAD = 72.0
"""Mean squared difference of two patches (CIE Lab) at which the answer counts a third as much."""
_FAR = 0.08
"""Added to that for each squared pixel off the place where the motion leads."""

Likeness = tuple[Plane, Plane]
"""The matte as one key answers, (h, w) 0..1, and how unlike the most alike patch is (mean squared difference, Lab)."""


def likeness(here: Codes, there: Codes, key: Plane, course: Plane) -> Likeness:
    """The matte of ``here`` (h, w, 3 display RGB) from ``key``, the matte of ``there``; ``course`` (h, w, 2) leads from here to there."""
    height, width = key.shape
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    own = _colour(here, size)
    asked = np.dstack([_colour(there, size), cv2.resize(key, size, interpolation=cv2.INTER_AREA)])
    led = cv2.resize(course, size, interpolation=cv2.INTER_AREA) / np.float32(_COARSE)
    x = led[..., 0] + np.arange(size[0], dtype=np.float32)
    y = led[..., 1] + np.arange(size[1], dtype=np.float32)[:, None]
    with one_thread():
        answers, best = _offset(asked, own, x, y, 0, 0)
        weights = np.maximum(np.exp(best * np.float32(-1 / _SPREAD)), np.float32(1e-20))
        answers = answers * weights
        near = _near(answers > 0.02 * weights)
        for down in range(-_REACH, _REACH + 1) if near is not None else ():
            for across in range(-_REACH, _REACH + 1):
                if down or across:
                    said, apart = _offset(asked, own[near], x[near], y[near], across, down)
                    weight = np.exp((apart + np.float32(_FAR * (across * across + down * down))) * np.float32(-1 / _SPREAD))
                    answers[near] += weight * said
                    weights[near] += weight
                    best[near] = np.minimum(best[near], apart)
        matte, apart = (cv2.resize(p, (width, height), interpolation=cv2.INTER_LINEAR) for p in (answers / weights, best))
    return np.clip(matte, 0, 1), np.maximum(apart, 0)


def answered(sides: list[Likeness]) -> Likeness:
    """One matte of what the keys on either side answer: that which finds more alike counts more."""
    if len(sides) == 1:
        return sides[0]
    trust = [np.exp(-apart / np.float32(_SPREAD)) + np.float32(1e-4) for _, apart in sides]
    matte = (sides[0][0] * trust[0] + sides[1][0] * trust[1]) / (trust[0] + trust[1])
    return matte.astype(np.float32), np.minimum(sides[0][1], sides[1][1])


def _offset(asked: Plane, own: Plane, x: Plane, y: Plane, across: int, down: int) -> tuple[Plane, Plane]:
    """The key's matte one offset off the place where the motion leads, and how unlike the patch around it is."""
    laid = cv2.remap(asked, x + np.float32(across), y + np.float32(down), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return laid[..., 3], cv2.boxFilter(_squared(laid, own), -1, (_PATCH, _PATCH))


def _near(matte: npt.NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """The box in which another answer than the motion's is possible: the carried matte and twice the reach around it."""
    rows, columns = np.flatnonzero(matte.any(axis=1)), np.flatnonzero(matte.any(axis=0))
    if not len(rows):
        return None
    room = 2 * _REACH
    return slice(max(0, rows[0] - room), rows[-1] + room + 1), slice(max(0, columns[0] - room), columns[-1] + room + 1)


def _colour(picture: Codes, size: tuple[int, int]) -> Plane:
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)


def _squared(one: Plane, other: Plane) -> Plane:
    a, b, c = (one[..., at] - other[..., at] for at in range(3))
    return np.asarray(a * a + b * b + c * c, np.float32)
