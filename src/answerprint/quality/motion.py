"""Checks of how frames follow one another: frozen and repeated pictures, frames left out, flicker of the whole picture, cadence."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.quality.finding import Finding
from answerprint.quality.view import FrameView

_FROZEN = 3
"""Equal pictures in a row that are no longer a held frame of the camera."""
_LONG_S = 2.0
_SAME = 2e-4
"""Mean difference of two small copies, in codes, below which no camera delivered both: sensor noise alone is some ten times more."""
_MOVES = 8.0
"""How much more than a repeated frame its neighbours must differ, so that a locked-off shot is not taken for repeats."""
_JUMP = (1.7, 4.5)
"""Displacement over the frame before's where one to three frames of a steady motion are missing; the frame after has its inverse."""
_INVERSE = 0.25
"""How far the two ratios' product may lie from 1."""
_TOGETHER, _OF_THE_PICTURE = 0.6, 0.08
"""Share of the moving pixels that must keep to the same ratio, and share of the picture that must move."""
_FLOW_PX = 0.6
"""Displacement at the small size below which a ratio cannot be measured."""
_CUT = 0.12
"""Mean difference left after motion is taken out, in codes, from which on two frames are two shots."""
_FLICKER, _SWINGS = 0.006, 6
"""Amplitude, in codes of the mean, and number of swings in a row, of a light that visibly pulses from frame to frame."""


class Motion:
    """Small copies of neighbouring frames; keeps two of them and three numbers for each frame."""

    def __init__(self, where: str, rate: Fraction | None) -> None:
        self._where, self._rate = where, rate
        self._before: NDArray[np.float32] | None = None
        self._last: NDArray[np.generic] | None = None
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._difference: list[float] = []
        self._equal: list[bool] = []
        self._steps: list[tuple[float, float]] = []
        self._before_flow: NDArray[np.float32] | None = None
        self._cut: list[bool] = []
        self._mean: list[float] = []

    def see(self, view: FrameView) -> Iterator[Finding]:
        here, before = view.small, self._before
        self._mean.append(float(here.mean()))
        if before is not None and self._last is not None and before.shape == here.shape:
            change = float(np.abs(here - before).mean())
            equal = change < _SAME and bool(np.array_equal(view.picture, self._last, equal_nan=view.linear))
            self._difference.append(change)
            self._equal.append(equal)
            step, cut = ((0.0, 0.0), False) if change < _SAME else self._motion(before, here)
            self._steps.append(step)
            self._cut.append(cut)
        else:
            self._difference.append(1.0)
            self._equal.append(False)
            self._steps.append((0.0, 0.0))
            self._cut.append(True)
        self._before, self._last = here, view.picture
        return iter(())

    def finish(self) -> Iterator[Finding]:
        yield from self._frozen()
        yield from self._repeated()
        yield from self._dropped()
        yield from self._flicker()

    def _motion(self, before: NDArray[np.float32], here: NDArray[np.float32]) -> tuple[tuple[float, float], bool]:
        """((this step's displacement over the step before's, share of the moving pixels that keep to it), whether this is a cut)."""
        if min(here.shape) < 16:
            return (0.0, 0.0), False
        one, other = (np.asarray(np.clip(p, 0, 1) * 255, np.uint8) for p in (before, here))
        flow: NDArray[np.float32] = self._flow.calc(other, one, None)
        rows, columns = np.mgrid[0 : here.shape[0], 0 : here.shape[1]].astype(np.float32)
        carried = cv2.remap(before, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cut = float(np.abs(carried - here).mean()) > _CUT
        last, self._before_flow = self._before_flow, flow
        if last is None or last.shape != flow.shape or cut:
            return (0.0, 0.0), cut
        square = (last**2).sum(axis=-1)
        moving = (square > _FLOW_PX**2) & ((flow**2).sum(axis=-1) > _FLOW_PX**2)
        if moving.mean() < _OF_THE_PICTURE:
            return (0.0, 0.0), cut
        ratio = (flow * last).sum(axis=-1)[moving] / square[moving]
        middle = float(np.median(ratio))
        return (middle, float((np.abs(ratio - middle) < 0.25 * abs(middle)).mean())), cut

    def _frozen(self) -> Iterator[Finding]:
        start: int | None = None
        for index, equal in enumerate([*self._equal, False]):
            if equal and start is None:
                start = index - 1
            elif not equal and start is not None:
                count = index - start
                if count >= _FROZEN:
                    long = self._rate is not None and count > _LONG_S * self._rate
                    message = f"{count} equal pictures in a row"
                    yield Finding("frozen", "fail" if long else "warn", message, self._where, start, float(count))
                start = None

    def _repeated(self) -> Iterator[Finding]:
        """A picture shown twice between pictures that move; where that comes at regular steps, the cadence is named once."""
        found = [
            i
            for i in range(2, len(self._difference) - 1)
            if self._difference[i] < _SAME
            and not (self._equal[i - 1] or self._equal[i + 1])
            and min(self._difference[i - 1], self._difference[i + 1]) > _MOVES * _SAME
        ]
        steps = {b - a for a, b in pairwise(found)}
        if len(found) >= 4 and len(steps) == 1:
            step = steps.pop()
            yield Finding("cadence", "warn", f"every {step}th picture is a repeat", self._where, found[0], float(step))
            return
        for index in found:
            yield Finding("duplicate", "warn", "the picture before it is shown again", self._where, index, self._difference[index])

    def _dropped(self) -> Iterator[Finding]:
        """A step of a motion that is two to four times the one before, and the next one shorter by the same: frames were left out."""
        for i in range(2, len(self._steps) - 1):
            (longer, together), (shorter, after) = self._steps[i], self._steps[i + 1]
            if any(self._cut[i - 1 : i + 2]) or min(together, after) < _TOGETHER:
                continue
            if _JUMP[0] < longer < _JUMP[1] and abs(longer * shorter - 1) < _INVERSE and self._difference[i - 1] > _MOVES * _SAME:
                message = f"the motion jumps by {longer:.1f} steps: {max(1, round(longer) - 1)} frames seem to be missing before it"
                yield Finding("dropped", "warn", message, self._where, i, round(longer, 2))

    def _flicker(self) -> Iterator[Finding]:
        """The mean going up and down from frame to frame, several times in a row."""
        mean = self._mean
        swing = [0.0] + [mean[i] - (mean[i - 1] + mean[i + 1]) / 2 for i in range(1, len(mean) - 1)]
        start, worst = 0, 0.0
        for i in range(1, len(swing) + 1):
            going = i < len(swing) and abs(swing[i]) > _FLICKER / 2 and (i == start or swing[i] * swing[i - 1] < 0)
            if going and not self._cut[i]:
                worst = max(worst, abs(swing[i]))
                continue
            if i - start >= _SWINGS and worst > _FLICKER:
                message = f"the light pulses over {i - start} frames by {worst:.1%} of full scale"
                yield Finding("flicker", "warn", message, self._where, start, round(worst, 4))
            start, worst = i, abs(swing[i]) if i < len(swing) and abs(swing[i]) > _FLICKER / 2 else 0.0
