"""Frames that are written as something else than their plate: a matte by itself, or scene-linear light for a finishing application."""

from __future__ import annotations

import numpy as np

from answerprint.colour.spaces import to_working
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import FrameResult
from answerprint.graph.layers import WORKING_ATTRIBUTES
from answerprint.media.frames import FrameHeader, SourceFrame


def matte_frame(source: SourceFrame, result: FrameResult, width: int, height: int) -> SourceFrame:
    """A matte as a one-channel half-float EXR of the plate's size."""
    matte = full_frame(np.asarray(result.matte, np.float16), result, width, height)
    old = source.header
    header = FrameHeader(
        old.width, old.height, storage="half", file_format="exr", compression="zip", timecode=old.timecode, rate=old.rate
    )
    return SourceFrame({"Y": matte}, header)


def working_frame(made: SourceFrame, space: str) -> SourceFrame:
    """A frame in ``space`` as half-float ACEScg, its timecode and rate kept; beyond half's range it is infinite."""
    with np.errstate(over="ignore"):
        picture = to_working(made.rgb(), space).astype(np.float16)
    old = made.header
    header = FrameHeader(
        old.width,
        old.height,
        storage="half",
        file_format="exr",
        compression="zip",
        timecode=old.timecode,
        rate=old.rate,
        pixel_aspect=old.pixel_aspect,
        attributes=dict(WORKING_ATTRIBUTES),
    )
    return SourceFrame({c: np.ascontiguousarray(picture[..., i]) for i, c in enumerate("RGB")}, header)
