"""A frame as the checks look at it: its codes, and a small grey copy about as an eye would see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.media.frames import SourceFrame
from answerprint.quality.finding import Finding

SMALL = 320
"""Pixels on the longer side of the small copy: motion of a pixel at HD width is a sixth of one here, noise is averaged away."""
_LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
_SAMPLED = 48
"""Frames looked at in full where a check needs every pixel but not every frame."""


@dataclass
class FrameView:
    """Frame ``index`` of ``count``."""

    index: int
    count: int
    frame: SourceFrame

    @cached_property
    def picture(self) -> NDArray[Any]:
        """Native codes over the display window, (height, width, 3)."""
        return self.frame.rgb()

    @property
    def linear(self) -> bool:
        """Whether the codes are floats, and so proportional to light."""
        return bool(self.picture.dtype.kind == "f")

    @cached_property
    def small(self) -> NDArray[np.float32]:
        """Grey, at most `SMALL` on the longer side, codes 0 to 1 (linear light through a 1/2.2 power); no NaN."""
        height, width = self.picture.shape[:2]
        share = min(1.0, SMALL / max(height, width))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        picture = self.picture if self.picture.dtype in (np.uint8, np.uint16) else self._finite
        grey = cv2.transform(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32), _LUMA)
        grey = grey.reshape(grey.shape[:2])
        return self.coded(grey)

    @cached_property
    def bytes(self) -> NDArray[np.uint8]:
        """The picture as display codes of one byte, for checks that need every pixel and no precision."""
        if self.picture.dtype == np.uint8:
            return np.ascontiguousarray(self.picture)
        if self.picture.dtype == np.uint16:
            return np.asarray(np.right_shift(self.picture, 8), np.uint8)
        return np.asarray(np.minimum(self.coded(self.picture), 1.0) * 255, np.uint8)

    def coded(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Codes as shares of full scale; light as display codes."""
        if self.linear:
            return np.asarray(np.clip(np.nan_to_num(values.astype(np.float32)), 0.0, 4.0) ** np.float32(1 / 2.2), np.float32)
        return np.asarray(values, np.float32) / np.float32(np.iinfo(self.picture.dtype).max)

    @property
    def sampled(self) -> bool:
        """Whether this is one of the frames that are looked at in full."""
        return self.index % max(1, -(-self.count // _SAMPLED)) == 0

    @property
    def _finite(self) -> NDArray[np.float32]:
        return np.nan_to_num(self.picture.astype(np.float32), nan=0.0, posinf=65504.0, neginf=0.0)


class Watch(Protocol):
    """A check that sees every frame once, in order, and keeps no picture but the last few."""

    def see(self, view: FrameView) -> Iterator[Finding]:
        """What can be said at once."""
        ...

    def finish(self) -> Iterator[Finding]:
        """What can be said when all frames were seen."""
        ...


def small_size(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the small copy of a picture."""
    share = min(1.0, SMALL / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))
