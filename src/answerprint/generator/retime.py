"""Retime: a shot faster, slower or along a curve, with the frames between made of the two that stand on either side.

A performance with another timing is another performance: wherever a performer is seen, these frames are class D and need
approval. Frames that fall on a frame of the plate are that frame, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from answerprint.generator.in_between import in_between
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.production import BadInput

__all__ = ["Retime", "RetimeParameters"]

_WHOLE = 1e-6


class TimeKey(BaseModel):
    """One point of a timing curve."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame: int = Field(ge=0, description="frame of the result")
    shows: float = Field(ge=0, description="frame of the plate it shows")


class RetimeParameters(OperationParameters):
    """The timing a person asks for."""

    speed: float = Field(default=1.0, ge=0.05, le=20, description="2 is twice as fast, 0.5 half as fast")
    keys: tuple[TimeKey, ...] = Field(default=(), description="a timing curve in place of one speed, straight between its keys")
    method: Literal["flow", "blend", "nearest"] = Field(
        default="flow", description="frames between: made along the motion, mixed, or the nearest frame repeated"
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "half speed": {"speed": 0.5},
        "double speed": {"speed": 2.0},
        "stepped": {"speed": 0.5, "method": "nearest"},
    }

    @model_validator(mode="after")
    def _curve(self) -> RetimeParameters:
        frames = [key.frame for key in self.keys]
        if self.keys and (frames[0] != 0 or any(b <= a for a, b in pairwise(frames))):
            raise ValueError("the curve's keys start at frame 0 and rise")
        return self


class Retime(Operation):
    """Change a shot's timing."""

    name = "retime"
    version = "1"
    summary = "Makes a shot faster, slower or follow a timing curve. Alters the performance: needs approval where one is seen."
    inputs = (Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),)
    retimes = True
    Parameters = RetimeParameters

    def frame_count(self, parameters: RetimeParameters, count: int) -> int:
        """As many as reach the plate's last frame, or the curve's last key."""
        if parameters.keys:
            return parameters.keys[-1].frame + 1
        return math.floor((count - 1) / parameters.speed + _WHOLE) + 1

    def source_place(self, frame: int, parameters: RetimeParameters) -> float:
        """Along the curve, or frame times speed; a whole number where it is one."""
        place = frame * parameters.speed
        if parameters.keys:
            place = float(np.interp(frame, [k.frame for k in parameters.keys], [k.shows for k in parameters.keys]))
        whole = math.floor(place + 0.5)
        return float(whole) if abs(place - whole) < _WHOLE or parameters.method == "nearest" else place

    def analyse(self, inputs: Inputs, parameters: RetimeParameters, context: Context) -> Analysis:
        """Nothing to find out; the curve must stay within the plate."""
        count = inputs["plate"].count
        for key in parameters.keys:
            if key.shows > count - 1:
                raise BadInput("retime", f"frame {key.frame} shows frame {key.shows:g} of {count}", f"keep to 0 to {count - 1}")
        return Analysis()

    def render(self, chunk: Chunk, analysis: Analysis, parameters: RetimeParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame from the plate's frames on either side of where it stands."""
        plate = chunk.inputs["plate"]
        for frame in chunk.frames:
            context.check_cancelled()
            place = self.source_place(frame, parameters)
            if place == int(place):
                yield untouched(frame)
                continue
            before = math.floor(place)
            part = place - before
            first, second = plate.read(before), plate.read(before + 1)
            if parameters.method == "blend":
                fill = (first * np.float32(1 - part) + second * np.float32(part)).astype(np.float32)
                support = np.full(fill.shape[:2], 2, np.uint16)
            else:
                fill, support = in_between(first, second, part)
            height, width = support.shape
            yield FrameResult(
                frame,
                (0, 0, width, height),
                np.ones((height, width), np.float32),
                fill,
                support,
                sources=[SourceUse("plate", before), SourceUse("plate", before + 1)],
                figures={"unsure_share": float((support == 0).mean())},
            )
