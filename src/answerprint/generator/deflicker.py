"""Deflicker: light that jumps from frame to frame brought to its own slow course, by one gain a channel and frame.

How bright a frame is against the one before is the median of their ratios over the set; performers, who move and change,
are left out of it when their mattes are given. Only what is faster than ``smooth`` goes: a fade stays a fade.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    MatteReader,
    Operation,
    OperationParameters,
    Plane,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)

__all__ = ["Deflicker", "DeflickerParameters"]

_GRID = 96
"""Longest side of the picture in which light is compared: noise and small movements do not count."""
_DARKEST = 0.004
_CUT = 0.35
"""Natural logarithm of a ratio beyond which two frames do not show the same: half a stop."""
_LEAST = 1e-4


class DeflickerParameters(OperationParameters):
    """How steady the light shall be."""

    strength: float = Field(default=1.0, ge=0, le=1, description="1 takes the flicker out, 0 leaves it")
    smooth: float = Field(default=6.0, ge=1, le=100, description="changes of light slower than this many frames stay")
    colour: bool = Field(default=True, description="whether each channel has its own gain, for light that changes colour too")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "gentle": {"strength": 0.6},
        "standard": {},
        "time lapse": {"smooth": 20.0},
    }


class Deflicker(Operation):
    """Steady the light of a shot."""

    name = "deflicker"
    version = "1"
    summary = "Brings light that jumps from frame to frame to its own slow course, by one gain a channel and frame."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("matte", SocketType.MATTE, "where the light is steadied; everywhere without one", required=False),
        Socket("protect", SocketType.MATTE, "performers, who are not asked how bright a frame is", required=False),
    )
    Parameters = DeflickerParameters

    def analysis_parameters(self, parameters: DeflickerParameters) -> dict[str, Any]:
        """What the light did is the clip's own."""
        return {}

    def analyse(self, inputs: Inputs, parameters: DeflickerParameters, context: Context) -> Analysis:
        """How bright each frame is against the one before, in each channel."""
        plate: FrameReader = inputs["plate"]
        steps = np.zeros((plate.count, 3))
        before, sure = _seen(plate, inputs.get("protect"), 0)
        for frame in range(1, plate.count):
            context.check_cancelled()
            context.progress(frame, plate.count, "comparing light")
            here, free = _seen(plate, inputs.get("protect"), frame)
            steps[frame] = _brighter(before, here, sure & free)
            before, sure = here, free
        return Analysis(
            {"steps": steps},
            {"flicker_stops": float(np.abs(np.diff(steps[1:], axis=0)).mean() / np.log(2)) if plate.count > 2 else 0.0},
        )

    def render(self, chunk: Chunk, analysis: Analysis, parameters: DeflickerParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame by its gain."""
        gains = _gains(analysis.arrays["steps"], parameters)
        for frame in chunk.frames:
            context.check_cancelled()
            gain = gains[frame]
            if np.abs(np.log(gain)).max() < _LEAST:
                yield untouched(frame)
                continue
            picture = chunk.inputs["plate"].read(frame)
            height, width = picture.shape[:2]
            matte = np.ones((height, width), np.float32)
            if chunk.inputs.get("matte") is not None:
                matte = chunk.inputs["matte"].read(frame)
            yield FrameResult(
                frame,
                (0, 0, width, height),
                matte,
                picture * gain.astype(np.float32),
                np.ones((height, width), np.uint16),
                sources=[SourceUse("plate", frame)],
                figures={"gain_stops": float(np.log2(gain).mean())},
            )


def _gains(steps: npt.NDArray[np.float64], parameters: DeflickerParameters) -> npt.NDArray[np.float64]:
    """Gain (count, 3) of each frame: its slow course over its own."""
    course = np.cumsum(steps, axis=0)
    if not parameters.colour:
        course = np.repeat(course.mean(axis=1, keepdims=True), 3, axis=1)
    # Reflected about its ends as a point, so that a steady fade is smooth there too.
    reach = max(1, min(len(course) - 1, int(4 * parameters.smooth)))
    if len(course) < 2:
        return np.ones_like(course)
    long = np.concatenate([2 * course[0] - course[reach:0:-1], course, 2 * course[-1] - course[-2 : -reach - 2 : -1]])
    slow = gaussian_filter1d(long, parameters.smooth, axis=0, mode="nearest")[reach : reach + len(course)]
    return np.asarray(np.exp(parameters.strength * (slow - course)))


def _seen(plate: FrameReader, protect: MatteReader | None, frame: int) -> tuple[Plane, npt.NDArray[np.bool_]]:
    picture = np.nan_to_num(plate.read(frame), nan=0.0, posinf=0.0, neginf=0.0)
    scale = min(1.0, _GRID / max(plate.width, plate.height))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if protect is None:
        return small, np.ones(small.shape[:2], bool)
    guarded = cv2.resize(np.asarray(protect.read(frame), np.float32), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    return small, np.asarray(cv2.dilate(guarded, np.ones((3, 3), np.uint8)) < 0.05)


def _brighter(before: Plane, here: Plane, free: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Natural logarithm of the light of this frame over the one before (3,); 0 where too little is the same."""
    lit = free & (before.min(axis=2) > _DARKEST) & (here.min(axis=2) > _DARKEST)
    if lit.sum() < 16:
        return np.zeros(3)
    ratio = np.log(here[lit].astype(np.float64)) - np.log(before[lit].astype(np.float64))
    middle = np.median(ratio, axis=0)
    same = (np.abs(ratio - middle) < _CUT).all(axis=1)
    return np.asarray(np.median(ratio[same], axis=0)) if same.mean() > 0.3 else np.zeros(3)
