"""Relight: exposure, colour temperature and tint in scene-linear light, and any mix of the lamps a shot has passes of.

    out = A (plate + sum over lamps of (gain - 1) pass) 2^exposure

Light adds up, so the mix is exact; what no pass holds, and the plate's own grain, stay as filmed. ``A`` is the change of
white (``colour.illuminant``). Nothing moves: each pixel depends on the same pixel of plate and passes alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from answerprint.colour.illuminant import adaptation, white_xyz
from answerprint.generator.light_passes import Light, check_plausible, weights
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Picture,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.production import BadInput

__all__ = ["Relight", "RelightParameters"]


class RelightParameters(OperationParameters):
    """The light a person asks for."""

    exposure: float = Field(default=0.0, ge=-10, le=10, description="stops brighter or darker")
    cct: float = Field(
        default=0.0, ge=0, le=25000, description="colour temperature a neutral surface shall have, kelvin; 0 leaves it as it is"
    )
    cct_from: float = Field(
        default=0.0,
        ge=0,
        le=25000,
        description="colour temperature it has now, kelvin; 0: neutral is equal red, green and blue (6500 K)",
    )
    tint: float = Field(default=0.0, ge=-0.05, le=0.05, description="Duv: above 0 greener, below 0 more magenta")
    lights: tuple[Light, ...] = Field(default=(), description="each lamp of the passes and its new gain")
    strength: float = Field(default=1.0, ge=0, le=1, description="1 relights, 0 leaves the shot, between mixes the two")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "warm": {"cct": 4800.0},
        "cool": {"cct": 8000.0},
        "down a stop": {"exposure": -1.0},
    }

    @field_validator("cct", "cct_from")
    @classmethod
    def _a_temperature(cls, value: float) -> float:
        if 0 < value < 1000:
            raise ValueError("a colour temperature is 1000 to 25000 kelvin, or 0")
        return value

    def change_of_white(self) -> np.ndarray | None:
        """The 3x3 on ACEScg for exposure, temperature and tint; None for no change at all."""
        gain = np.exp2(self.exposure)
        if not (self.cct or self.cct_from or self.tint):
            return None if self.exposure == 0 else np.eye(3) * gain
        before = white_xyz(self.cct_from)
        after = white_xyz(self.cct or self.cct_from, self.tint)
        return np.asarray(adaptation(before, after) * gain)


class Relight(Operation):
    """Change the light of a shot."""

    name = "relight"
    version = "1"
    summary = "Changes exposure, colour temperature and tint, and mixes light passes anew, in scene-linear light."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("matte", SocketType.MATTE, "where the light changes; all of the picture without one", required=False),
        Socket("passes", SocketType.FRAME_SEQUENCE, "one scene-linear pass for each of the lights", required=False, many=True),
    )
    Parameters = RelightParameters

    def analysis_parameters(self, parameters: RelightParameters) -> dict[str, Any]:
        """The passes are looked at the same whatever the gains."""
        return {"lights": [light.id for light in parameters.lights]}

    def analyse(self, inputs: Inputs, parameters: RelightParameters, context: Context) -> Analysis:
        """Whether there is a pass for each light, and whether the passes can be of this plate."""
        passes = list(inputs.get("passes") or [])
        if len(passes) != len(parameters.lights):
            raise BadInput(
                "relight", f"{len(parameters.lights)} lights and {len(passes)} passes", "give one pass for each light (--scene)"
            )
        return Analysis(facts=check_plausible(inputs["plate"], passes, parameters.lights) if passes else {})

    def render(self, chunk: Chunk, analysis: Analysis, parameters: RelightParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame from its own pixels and those of its passes."""
        for frame in chunk.frames:
            context.check_cancelled()
            yield _relit(frame, chunk.inputs, analysis, parameters)


def _relit(frame: int, inputs: Inputs, analysis: Analysis, parameters: RelightParameters) -> FrameResult:
    white = parameters.change_of_white()
    mix = weights(parameters.lights) if parameters.lights else np.zeros((0, 3), np.float32)
    if parameters.strength == 0 or (white is None and not mix.any()):
        return untouched(frame)
    plate: Picture = inputs["plate"].read(frame)
    made = plate.astype(np.float64)
    sources = [SourceUse("plate", frame)]
    for item, weight in enumerate(mix):
        if weight.any():
            light = np.nan_to_num(inputs["passes"][item].read(frame), nan=0.0, posinf=0.0, neginf=0.0)
            made += light.astype(np.float64) * weight
            sources.append(SourceUse("passes", frame, item))
    if white is not None:
        made = made @ white.T
    fill = np.ascontiguousarray(made, np.float32)
    matte = np.full(plate.shape[:2], parameters.strength, np.float32)
    if inputs.get("matte") is not None:
        matte *= inputs["matte"].read(frame)
    # Where no light came or went the picture is copied.
    matte[(fill == plate).all(axis=2)] = 0
    height, width = plate.shape[:2]
    figures = {"explained_share": float(analysis.facts["explained_share"])} if "explained_share" in analysis.facts else {}
    return FrameResult(
        frame, (0, 0, width, height), matte, fill, np.ones((height, width), np.uint16), sources=sources, figures=figures
    )
