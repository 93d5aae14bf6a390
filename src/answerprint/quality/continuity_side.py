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
_BLOCK = 8
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
    def grain(self) -> float | None:
        """Noise at middle light as a share of the light: from what differs between neighbouring frames in still, flat blocks."""
        found = []
        for a, b in pairwise(self.frames):
            level = (luminance(np.asarray(a, np.float32)) + luminance(np.asarray(b, np.float32))) / 2
            # In the root of light the sensor's noise is nearly the same at every level.
            difference = np.sqrt(np.maximum(luminance(np.asarray(a, np.float32)), 0)) - np.sqrt(
                np.maximum(luminance(np.asarray(b, np.float32)), 0)
            )
            blocks = _blocks(np.asarray(difference, np.float32))
            lights = _blocks(np.asarray(level, np.float32)).mean(axis=1)
            fine = (blocks - blocks.mean(axis=1, keepdims=True)).std(axis=1) / np.sqrt(2)
            used = (lights > 0.03) & (lights < 1.0)
            if used.sum() >= 20:
                found.append(float(np.percentile(fine[used], 30)))
        return float(np.median(found)) if found else None

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


def edge_blur(picture: Picture) -> float | None:
    """Radius (sigma, pixels) of the sharpest edges of a picture: by how much blurring once more weakens them (S. Zhuo, T. Sim 2011).

    None where there are hardly any edges.
    """
    grey = np.log2(np.maximum(luminance(picture), 0) + 0.01).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.5)
    again = cv2.GaussianBlur(grey, (0, 0), 1.0)
    slope, weaker = (np.hypot(cv2.Sobel(p, cv2.CV_32F, 1, 0), cv2.Sobel(p, cv2.CV_32F, 0, 1)) for p in (grey, again))
    strong = slope > max(float(np.percentile(slope, 97)), 0.12)
    if strong.sum() < 60:
        return None
    ratio = np.maximum(slope[strong] / np.maximum(weaker[strong], 1e-6), 1.001)
    return float(1.0 / np.sqrt(float(np.percentile(ratio, 85)) ** 2 - 1))


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


def _blocks(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (size // _BLOCK * _BLOCK for size in plane.shape)
    cut = plane[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(-1, _BLOCK * _BLOCK)
