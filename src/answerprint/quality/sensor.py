"""Checks that need every pixel of some frames: dead and stuck pixels, lines at the edge of the picture."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.quality.finding import Finding
from answerprint.quality.view import FrameView

_FEWEST = 6
"""Frames that must have been looked at before a pixel is called dead."""
_STANDS_OUT = 20
"""8-bit codes by which a bad pixel lies beyond all sixteen pixels two steps from it, in every frame."""
_CHANGES = 40
"""8-bit codes by which the picture around it must have changed meanwhile: in a still picture a bad pixel looks like any small thing."""
_HOLDS, _HELD = 0.4, 24
"""Share of that change, and 8-bit codes, that the pixel itself may change by: what is part of the picture changes with it."""
_STEP_8, _OFTEN = 8, 0.2
"""8-bit codes from one looked-at frame to the next, and the share of frames with such a step, that make a picture that moves there."""
_LARGEST = 4
"""Pixels of one flaw, spread by a colour filter array's interpolation; what is larger is a thing."""
_MANY = 40
"""Found pixels from which on it is texture or a caption, and not a handful of bad ones."""
_LINES = 4
"""Rows or columns looked at along each edge."""
_STEP, _ALONG = 0.10, 0.7
"""Codes by which a line differs from the next, and the share of its length over which it does."""

_RING = np.pad(np.zeros((3, 3), np.uint8), 1, constant_values=1)
"""The sixteen pixels two steps away: a flaw spread over its neighbours does not reach them, a highlight's grain does."""

Codes = NDArray[np.uint8]


class BadPixels:
    """A pixel that stays brighter (in any channel) or darker (in every channel) than what passes around it, and hardly changes itself.

    Keeps fourteen numbers of one byte for each pixel.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen = 0
        self._stuck = _Standing()
        self._dead = _Standing()

    def see(self, view: FrameView) -> Iterator[Finding]:
        if view.sampled and min(view.picture.shape[:2]) >= 16:
            codes = view.bytes
            self._seen += 1
            top, bottom = (extreme(extreme(codes[..., 0], codes[..., 1]), codes[..., 2]) for extreme in (cv2.max, cv2.min))
            # Saturating subtraction: what goes the other way counts as nothing.
            self._stuck.take(top, cv2.subtract(top, cv2.dilate(top, _RING)))
            self._dead.take(bottom, cv2.subtract(cv2.erode(bottom, _RING), bottom))
        return iter(())

    def finish(self) -> Iterator[Finding]:
        if self._seen < _FEWEST:
            return
        for code, what, standing in (("stuck-pixel", "brighter", self._stuck), ("dead-pixel", "darker", self._dead)):
            places = standing.flaws()
            if 0 < len(places) <= _MANY:
                shown = ", ".join(f"{x},{y}" for x, y in places[:4]) + (" ..." if len(places) > 4 else "")
                message = f"{len(places)} pixels stay {what} than all that passes around them: at {shown}"
                yield Finding(code, "warn", message, self._where, None, float(len(places)))


class _Standing:
    """What stands out by how much at least, and how far it and its surroundings have ranged."""

    def __init__(self) -> None:
        self._least: Codes | None = None
        self._own = self._around = (np.zeros((0, 0), np.uint8),) * 2
        self._before = self._steps = np.zeros((0, 0), np.uint8)
        self._taken = 0

    def take(self, own: Codes, out: Codes) -> None:
        """``own`` are the pixels, ``out`` by how much they stand out."""
        around = cv2.medianBlur(own, 5)
        if self._least is None or self._least.shape != out.shape:
            self._least, self._own, self._around = out, (own.copy(), own.copy()), (around.copy(), around.copy())
            self._before, self._steps, self._taken = around, np.zeros_like(around), 1
            return
        self._taken += 1
        self._steps += cv2.absdiff(self._before, around) > _STEP_8
        self._before = around
        np.minimum(self._least, out, out=self._least)
        for (low, high), now in ((self._own, own), (self._around, around)):
            np.minimum(low, now, out=low)
            np.maximum(high, now, out=high)

    def flaws(self) -> list[tuple[int, int]]:
        """(x, y) of each flaw, in reading order."""
        if self._least is None:
            return []
        passed, moved = (high - low for low, high in (self._around, self._own))
        found = (self._least > _STANDS_OUT) & (passed > _CHANGES) & (moved < np.minimum(_HOLDS * passed, _HELD))
        found &= self._steps > max(2.0, _OFTEN * self._taken)
        _, _, boxes, centres = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
        small = [i for i in range(1, len(boxes)) if boxes[i, cv2.CC_STAT_AREA] <= _LARGEST]
        return sorted(((round(centres[i, 0]), round(centres[i, 1])) for i in small), key=lambda p: (p[1], p[0]))


class EdgeLines:
    """A row or column at the edge of the picture that differs from the next along most of its length, in every frame looked at."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen = 0
        self._least: dict[str, NDArray[np.float64]] = {}

    def see(self, view: FrameView) -> Iterator[Finding]:
        height, width = view.picture.shape[:2]
        if not view.sampled or min(height, width) < 8 * _LINES:
            return iter(())
        self._seen += 1
        depth = 2 * _LINES
        for side, strip in (
            ("top", view.picture[:depth]),
            ("bottom", view.picture[: -depth - 1 : -1]),
            ("left", view.picture[:, :depth].swapaxes(0, 1)),
            ("right", view.picture[:, : -depth - 1 : -1].swapaxes(0, 1)),
        ):
            codes = view.coded(strip.astype(np.float32).mean(axis=-1))
            step = codes[1:] - codes[:-1]
            # Share of the line's length on which the step goes one way, signed by that way.
            share = np.maximum((step > _STEP).mean(axis=1), (step < -_STEP).mean(axis=1))
            self._least[side] = np.minimum(self._least.get(side, share), share)
        return iter(())

    def finish(self) -> Iterator[Finding]:
        for side, least in self._least.items():
            steps = np.nonzero(least[:_LINES] > _ALONG)[0]
            # A bar has its one step deeper in, and a picture with strong lines throughout has steps there too.
            if self._seen and steps.size and not (least[_LINES:] > _ALONG).any():
                lines = int(steps[-1]) + 1
                message = f"{lines} lines along the {side} differ from the picture beside them"
                yield Finding("edge-line", "warn", message, self._where, None, float(lines))
