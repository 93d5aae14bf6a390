"""One side of a cut: the frames next to it, brought to one width, and what can be measured on them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.perception.flow import carry, dense_flow
from answerprint.quality.continuity_view import Picture, luminance

WIDTH = 640
"""Both sides are compared at the width of the narrower, and at most this: a delivered cut is shown at one size."""
_CROSSES = 12.0
"""Thousandths of the width a frame from which a movement goes somewhere; below it hands and heads go to and fro."""


@dataclass
class Side:
    """``frames`` (h, w, 3) ACEScg in order, those next to the cut; ``name`` of the shot; ``facts`` what is known besides (camera, clip)."""

    frames: Sequence[NDArray[np.floating]]
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def at(self, width: int) -> Side:
        """The same side ``width`` pixels wide, finite."""
        return Side([_sized(frame, width) for frame in self.frames], self.name, self.facts)

    @cached_property
    def mean(self) -> Picture:
        """Its frames carried onto the middle one and averaged where they agree with it, so that noise does not hide the set and
        neither parallax nor people smear it."""
        middle = len(self.frames) // 2
        here = np.asarray(self.frames[middle], np.float32)
        height, width = here.shape[:2]
        total, share = here.copy(), np.ones((height, width, 1), np.float32)
        mine = _soft(here)
        for number, frame in enumerate(self.frames):
            if number == middle:
                continue
            carried = carry(np.asarray(frame, np.float32), dense_flow(_grey(here), _grey(frame), "fast"))
            off = np.abs(_soft(carried) - mine)
            # What noise alone leaves differs by about the median; what the flow did not find differs by much more.
            alike = np.exp(-((off / max(4.0 * float(np.median(off)), 0.01)) ** 2))[..., None].astype(np.float32)
            total += carried * alike
            share += alike
        return np.asarray(total / share, np.float32)

    @cached_property
    def _flows(self) -> list[NDArray[np.float32]]:
        greys = [_grey(frame) for frame in self.frames]
        return [dense_flow(a, b, "fast") for a, b in pairwise(greys)]

    @cached_property
    def travel(self) -> float | None:
        """Which way what moves goes across the picture, in thousandths of its width a frame (right above 0); None when it does not."""
        steps = []
        for flow in self._flows:
            moved = flow - np.median(flow.reshape(-1, 2), axis=0)
            fast = np.hypot(moved[..., 0], moved[..., 1]) > 0.003 * flow.shape[1]
            if fast.mean() < 0.004:
                return None
            steps.append(float(np.median(moved[..., 0][fast])) / flow.shape[1] * 1000)
        if len(steps) < 3:
            return None
        middle = float(np.median(steps))
        return middle if abs(middle) > _CROSSES and all(np.sign(s) == np.sign(middle) for s in steps) else None

    @cached_property
    def display(self) -> NDArray[np.uint8]:
        """The averaged picture as networks that look for people expect it: uint8."""
        level = float(np.exp(np.log(np.maximum(luminance(self.mean), 1e-4)).mean()))
        gain = float(np.clip(0.14 / max(level, 1e-6), 0.25, 4.0))
        picture = (np.clip(self.mean * gain, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
        scale = max(1.0, 900 / picture.shape[1])
        return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def width_for(first: Side, second: Side) -> int:
    """The width at which two sides are compared."""
    return min(WIDTH, *(frame.shape[1] for side in (first, second) for frame in side.frames[:1]))


def _sized(frame: NDArray[np.floating], width: int) -> Picture:
    # Noise below zero stays: cut off, it would lift the black of noisy footage.
    light = np.clip(np.nan_to_num(np.asarray(frame, np.float32), nan=0.0, posinf=65504.0, neginf=0.0), -0.1, 65504)
    if light.shape[1] == width:
        return light
    size = (width, max(1, round(light.shape[0] * width / light.shape[1])))
    return np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)


def _grey(frame: NDArray[np.floating]) -> NDArray[np.uint8]:
    soft = cv2.GaussianBlur(luminance(np.asarray(frame, np.float32)), (0, 0), 1.2)
    return np.asarray(np.clip(np.cbrt(np.clip(soft, 0, 8)) * 200, 0, 255), np.uint8)


def _soft(frame: NDArray[np.floating]) -> NDArray[np.float32]:
    """Cube root of light, so that a difference means about the same in the dark, with the finest noise taken off."""
    soft = cv2.GaussianBlur(luminance(np.asarray(frame, np.float32)), (0, 0), 1.5)
    return np.asarray(np.cbrt(np.maximum(soft, 0)), np.float32)
