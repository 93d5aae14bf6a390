"""Frames of a camera that is not the plate's: nothing of the plate's picture remains, only its time, its format and its space.

An operation that declares ``new_view`` gives pictures of its own size, and a layer ``performers``: where pixels of a performer
went. By it the class is known: a performer from an angle that nobody filmed is class D, however near a real camera stood.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.graph.contract import FrameResult, Plane
from answerprint.media.frames import FrameHeader, SourceFrame

PERFORMERS = "performers"
_SOME = 1.0 / 255.0
_OF_THE_SPACE = ("chromaticities", "colorInteropID", "acesImageContainerFlag", "whiteLuminance", "adoptedNeutral")
"""Header attributes that say what the codes mean; the others are the plate's camera's."""


def blank(source: SourceFrame, width: int, height: int) -> SourceFrame:
    """An empty frame of another size with the plate's depth, format, timecode and rate, its colours alone."""
    old = source.header
    kept = {name: value for name, value in old.attributes.items() if name in _OF_THE_SPACE}
    header = FrameHeader(
        width, height, storage=old.storage, file_format=old.file_format, compression=old.compression, timecode=old.timecode,
        rate=old.rate, attributes=kept,
    )  # fmt: skip
    kind = np.result_type(*(source.planes[name].dtype for name in source.colour_names))
    planes: dict[str, Plane] = {name: np.zeros((height, width), kind) for name in "RGB"}
    return SourceFrame(planes, header)


def class_of(result: FrameResult) -> str:
    """A where no performer is in the new picture, else D."""
    seen: Any = result.layers.get(PERFORMERS)
    return "D" if seen is not None and bool((np.asarray(seen) > _SOME).any()) else "A"
