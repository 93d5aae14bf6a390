"""Regrain: a clip's own grain, measured and made anew, put on a picture that lost it or never had it.

Strength follows the level of light and the spectrum that of the reference, so that what was made stands beside what was
filmed. Each frame draws from a stream of its own: the same seed gives the same grain, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.fft import dctn, irfft2, rfft2
from scipy.interpolate import RegularGridInterpolator

from answerprint.generator.noise_model import BLOCK, NoiseModel, measure_noise_model, opponent
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

__all__ = ["Regrain", "RegrainParameters", "amplitudes", "made_grain"]

Real = npt.NDArray[np.float64]
_ROUNDS, _TRIAL = 8, 256


class RegrainParameters(OperationParameters):
    """How much grain."""

    strength: float = Field(default=1.0, ge=0, le=4, description="1 is as strong as in the reference")

    presets: ClassVar[dict[str, dict[str, Any]]] = {"half": {"strength": 0.5}, "standard": {}, "double": {"strength": 2.0}}


class Regrain(Operation):
    """Put grain on a shot."""

    name = "regrain"
    version = "1"
    summary = "Puts the measured grain of a reference clip on a shot, by level of light and with its own spectrum."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("matte", SocketType.MATTE, "where grain is put on; everywhere without one", required=False),
        Socket("reference", SocketType.FRAME_SEQUENCE, "the clip whose grain it shall have; its own without one", required=False),
    )
    Parameters = RegrainParameters

    def analysis_parameters(self, parameters: RegrainParameters) -> dict[str, Any]:
        """The grain is the reference's, however much of it is wanted."""
        return {}

    def analyse(self, inputs: Inputs, parameters: RegrainParameters, context: Context) -> Analysis:
        """The grain of the reference."""
        model = measure_noise_model(inputs.get("reference") or inputs["plate"], context)
        return Analysis(model.arrays() | {"amplitude": amplitudes(model)}, {"strength": model.strength})

    def render(self, chunk: Chunk, analysis: Analysis, parameters: RegrainParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame with grain of its own."""
        model = NoiseModel.from_arrays(analysis.arrays)
        for frame in chunk.frames:
            context.check_cancelled()
            if parameters.strength == 0:
                yield untouched(frame)
                continue
            picture = chunk.inputs["plate"].read(frame)
            grain = made_grain(picture, model, analysis.arrays["amplitude"], context.generator("regrain", frame)) * np.float32(
                parameters.strength
            )
            height, width = picture.shape[:2]
            matte = np.ones((height, width), np.float32)
            if chunk.inputs.get("matte") is not None:
                matte = chunk.inputs["matte"].read(frame)
            yield FrameResult(
                frame,
                (0, 0, width, height),
                matte,
                picture + grain,
                np.ones((height, width), np.uint16),
                layers={"grain": grain},
                sources=[SourceUse("plate", frame)],
                figures={"noise_at_grey": model.strength * parameters.strength},
            )


def made_grain(picture: Picture, model: NoiseModel, amplitude: Real, rng: np.random.Generator) -> Picture:
    """Grain (h, w, 3) in scene-linear light for a picture of these levels; ``amplitude`` is that of ``amplitudes``."""
    height, width = picture.shape[:2]
    fields = [_field(amplitude[c], height, width, rng) for c in range(3)]
    unit = opponent(np.stack(fields, axis=-1).astype(np.float32), back=True)
    light = np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(unit * model.deviation(light), np.float32)


def amplitudes(model: NoiseModel) -> Real:
    """The filter (3, 8, 8), at frequencies k / 16 cycles a pixel, whose noise has the model's spectrum when it is measured.

    A block of eight pixels sees each frequency in several coefficients, so the spectrum is not yet the filter: it is
    corrected by what a made field measures, until both agree.
    """
    found = model.spectrum.copy()
    for channel in range(3):
        for _ in range(_ROUNDS):
            field = _field(found[channel], _TRIAL, _TRIAL, np.random.Generator(np.random.PCG64(1)))
            blocks = field.reshape(_TRIAL // BLOCK, BLOCK, _TRIAL // BLOCK, BLOCK).transpose(0, 2, 1, 3)
            measured = np.sqrt((dctn(blocks, axes=(2, 3), norm="ortho") ** 2).mean(axis=(0, 1)))
            found[channel] *= np.clip(model.spectrum[channel] / np.maximum(measured, 1e-6), 0.5, 2.0)
    return found


def _field(amplitude: Real, height: int, width: int, rng: np.random.Generator) -> Real:
    """White noise through a filter given at k / 16 cycles a pixel, (h, w)."""
    down = np.minimum(np.abs(np.fft.fftfreq(height)) * 2 * BLOCK, BLOCK - 1)
    across = np.minimum(np.fft.rfftfreq(width) * 2 * BLOCK, BLOCK - 1)
    places = np.arange(BLOCK, dtype=np.float64)
    grid = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1)
    through = RegularGridInterpolator((places, places), amplitude)(grid)
    return np.asarray(irfft2(rfft2(rng.standard_normal((height, width))) * through, (height, width)))
