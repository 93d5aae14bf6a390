"""Denoise: the clip's own noise taken out along the motion, and kept as a layer that can be put back bit by bit.

Nothing is learned and nothing comes from elsewhere: each frame is made of itself and of up to ``reach`` frames either way
of the same clip. The grain layer is plate less result, in scene-linear light; ``grain`` puts a share of it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from answerprint.generator.denoise_blocks import shrink, shrink_twice
from answerprint.generator.noise_domain import NoiseDomain, measure_noise_domain
from answerprint.generator.noise_model import NoiseModel, opponent, seen_by_flow
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
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
from answerprint.perception.flow import dense_flow, one_thread

__all__ = ["Denoise", "DenoiseParameters"]


class DenoiseParameters(OperationParameters):
    """How much noise goes."""

    strength: float = Field(default=1.0, ge=0, le=2, description="1 takes out the noise that was measured, 0 none, 2 more")
    reach: int = Field(default=3, ge=0, le=5, description="frames either way that are looked at; 0 treats each frame alone")
    grain: float = Field(default=0.0, ge=0, le=1, description="share of the taken noise that is put back")
    passes: int = Field(default=2, ge=1, le=2, description="2 weighs with what a first pass found: better, and twice the time")
    step: int = Field(default=4, ge=1, le=8, description="pixels between blocks: fewer is finer and slower")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "gentle": {"grain": 0.5, "reach": 2},
        "standard": {},
        "quick": {"passes": 1, "reach": 1, "step": 5},
        "thorough": {"reach": 4, "step": 2},
    }


class Denoise(Operation):
    """Take a clip's noise out."""

    name = "denoise"
    version = "2"
    summary = "Takes a clip's own noise out along the motion, in scene-linear light, and keeps it as a layer."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("matte", SocketType.MATTE, "where noise is taken out; everywhere without one", required=False),
    )
    Parameters = DenoiseParameters

    def halo(self, parameters: DenoiseParameters) -> int:
        """The farthest frame that is asked."""
        return parameters.reach

    def analysis_parameters(self, parameters: DenoiseParameters) -> dict[str, Any]:
        """The noise is the clip's, whatever is done about it."""
        return {}

    def analyse(self, inputs: Inputs, parameters: DenoiseParameters, context: Context) -> Analysis:
        """The noise of the clip."""
        domain = measure_noise_domain(inputs["plate"], context)
        return Analysis(dict(domain.arrays()), {"strength": domain.model.strength})

    def render(self, chunk: Chunk, analysis: Analysis, parameters: DenoiseParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame from itself and its neighbours."""
        domain = NoiseDomain.from_arrays(analysis.arrays)
        plate: FrameReader = chunk.inputs["plate"]
        ready: dict[int, Ready] = {}
        for frame in chunk.frames:
            context.check_cancelled()
            if parameters.strength == 0 or parameters.grain == 1:
                yield untouched(frame)
                continue
            around = [at for at in range(frame - parameters.reach, frame + parameters.reach + 1) if 0 <= at < plate.count]
            picture = plate.read(frame)
            ready = {at: ready[at] if at in ready else Ready.of(plate.read(at), domain) for at in around}
            clean = denoised([ready[at] for at in around], around.index(frame), domain, parameters)
            grain = np.nan_to_num(picture - clean, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
            fill = np.where(np.isfinite(picture), clean + np.float32(parameters.grain) * grain, picture).astype(np.float32)
            height, width = picture.shape[:2]
            matte = np.ones((height, width), np.float32)
            if chunk.inputs.get("matte") is not None:
                matte = chunk.inputs["matte"].read(frame)
            yield FrameResult(
                frame,
                (0, 0, width, height),
                matte,
                fill,
                np.full((height, width), len(around), np.uint16),
                layers={"grain": grain},
                sources=[SourceUse("plate", at) for at in around],
                figures={
                    "noise_at_grey": domain.model.strength,
                    "taken_rms": float(np.sqrt((grain.astype(np.float64) ** 2).mean())),
                },
            )


@dataclass(frozen=True)
class Ready:
    """A frame as it is worked on, (h, w, 3) in units of its noise, and as optical flow sees it; neighbours in a chunk share it."""

    steady: Picture
    seen: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, picture: Picture, domain: NoiseDomain) -> Ready:
        """From scene-linear light."""
        return cls(domain.steady(picture), seen_by_flow(picture, flow_blur(domain.model)))


def denoised(frames: list[Ready], centre: int, domain: NoiseDomain, parameters: DenoiseParameters) -> Picture:
    """The frame ``centre`` of ``frames`` without its noise, scene-linear."""
    model = domain.model
    height, width = frames[centre].steady.shape[:2]
    stack = np.empty((3, len(frames), height, width), np.float32)
    for at, one in enumerate(frames):
        laid = one.steady if at == centre else _laid(one.steady, dense_flow(frames[centre].seen, one.seen))
        stack[:, at] = opponent(laid).transpose(2, 0, 1)
    if parameters.passes == 1:
        limit = THRESHOLD * parameters.strength
        planes = [shrink(stack[c], centre, model.spectrum[c], limit, parameters.step) for c in range(3)]
    else:
        planes = [
            shrink_twice(stack[c], centre, model.spectrum[c], parameters.strength, PILOT_THRESHOLD, parameters.step)
            for c in range(3)
        ]
    clean = np.stack(planes, axis=-1)
    return domain.light(opponent(clean, back=True))


THRESHOLD = 2.0
"""Deviations under which a coefficient is taken for noise; best of 1.8 to 3.0 on moving clips at sigma 10 to 50."""
PILOT_THRESHOLD = 2.2
"""The same for the first of two passes."""


def flow_blur(model: NoiseModel) -> float:
    """How much flow must blur before it sees the picture rather than the noise, pixels."""
    return float(np.clip(model.strength / 0.18 * 8.0, 0.6, 2.0))


def _laid(picture: Picture, flow: np.ndarray) -> Picture:
    """A neighbour laid over this frame, cubic, so that its detail stays."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    with one_thread():
        return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)
