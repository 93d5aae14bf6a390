"""Checks of one frame's values: numbers that are none, the half-float limit, negative light, clipping, black."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from answerprint.quality.finding import Finding, Severity
from answerprint.quality.view import FrameView

_HALF_LIMIT = 65504.0
"""The largest finite half-float number: a picture that reaches it was cut off there."""
_BLACK = 0.02
"""Display code under which 99.9 % of a black frame's grey lies: 5 of 255, what a display in a dim room shows as nothing."""
_CLIPPED = 0.05
"""Share of a frame's values at the top code that is worth a look (a lamp is smaller, a cut-off sky is larger)."""
_NEGATIVE = 0.05
_LONG_S = 2.0
"""Seconds of black that automated inspection sends back."""


class Values:
    """Every channel of every frame. What holds for a run of frames is said once, with its length."""

    def __init__(self, where: str, rate: Fraction | None) -> None:
        self._where, self._rate = where, rate
        self._runs: dict[str, tuple[int, int, float]] = {}

    def see(self, view: FrameView) -> Iterator[Finding]:
        index = view.index
        for name, plane in view.frame.planes.items():
            if plane.dtype.kind != "f":
                continue
            bad = int(np.size(plane) - np.count_nonzero(np.isfinite(plane)))
            if bad:
                message = f"channel {name} holds {bad} values that are no numbers"
                yield Finding("not-finite", "fail", message, self._where, index, float(bad))
            elif plane.dtype == np.float16 and float(np.abs(plane).max(initial=0.0)) >= _HALF_LIMIT:
                yield from self._run("half-limit", index, True, _HALF_LIMIT)
        yield from self._run("half-limit", index, None, 0)
        picture = view.picture
        if view.linear:
            with np.errstate(invalid="ignore"):
                share = float((picture < 0).any(axis=-1).mean())
            yield from self._run("negative", index, share > _NEGATIVE, share)
        else:
            top = float(np.iinfo(picture.dtype).max)
            share = float(cv2.countNonZero(cv2.inRange(picture, (top,) * 3, (top,) * 3)) / picture[..., 0].size)
            yield from self._run("clipped", index, share > _CLIPPED, share)
        brightest = float(np.quantile(view.small, 0.999))
        yield from self._run("black", index, brightest < _BLACK, brightest)

    def finish(self) -> Iterator[Finding]:
        for code in sorted(self._runs):
            yield self._told(code)

    def _run(self, code: str, index: int, holds: bool | None, figure: float) -> Iterator[Finding]:
        """Begin, lengthen or end a run of frames for which ``code`` holds; None ends one that this frame did not lengthen."""
        begun = self._runs.get(code)
        if holds:
            first = begun[0] if begun else index
            self._runs[code] = (first, index, max(figure, begun[2]) if begun else figure)
        elif begun and begun[1] < index:
            yield self._told(code)
            del self._runs[code]

    def _told(self, code: str) -> Finding:
        first, last, figure = self._runs[code]
        count = last - first + 1
        long = f", {count} frames" if count > 1 else ""
        said: dict[str, tuple[Severity, str]] = {
            "half-limit": ("warn", "a channel reaches the largest half-float number"),
            "negative": ("warn", f"{figure:.1%} of the picture has a negative value"),
            "clipped": ("warn", f"{figure:.1%} of the picture is at the top code in every channel"),
            "black": ("warn", "nothing can be seen"),
        }
        severity, message = said[code]
        if code == "black":
            figure = float(count)
            severity = "fail" if self._rate and count > _LONG_S * self._rate else "warn"
        return Finding(code, severity, message + long, self._where, first, figure)
