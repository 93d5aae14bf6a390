"""Film grain: density that varies from place to place, with the spectrum and the strength of a stock.

Grain lives in density, the logarithm of the light that passes. Its strength (RMS granularity, measured through a 48
micrometre hole) depends on the density itself, and its spectrum is what the stock's data sheet or a scan says
(P. Kowaliski, "Applied Photographic Theory", 1972, chapter 5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.fft import irfft2, rfft2
from scipy.interpolate import PchipInterpolator

from answerprint.optics.sensor import MIDDLE_GREY

Frame = NDArray[np.float32]
Real = NDArray[np.float64]


class Stock(BaseModel):
    """The grain of one film stock, scanned at one size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    spectrum: tuple[tuple[float, float], ...] = Field(
        default=((0.0, 1.0), (20.0, 0.9), (40.0, 0.55), (80.0, 0.12), (160.0, 0.0)),
        description="amplitude over spatial frequency, cycles per mm on the film; any scale",
    )
    deviation: tuple[tuple[float, float], ...] = Field(
        default=((-4.0, 0.02), (-1.0, 0.03), (0.0, 0.028), (2.0, 0.018), (5.0, 0.01)),
        description="standard deviation of density, per pixel, over exposure in stops from middle grey",
    )
    channels: tuple[float, float, float] = Field(default=(1.0, 0.9, 1.3), description="strength in red, green, blue layers")
    shared: float = Field(default=0.2, ge=0, le=1, description="part of the variance that all layers have in common")


def add_grain(frame: Frame, stock: Stock, pixels_per_mm: float, seed: int, number: int = 0) -> Frame:
    """The picture (h, w, 3) with grain; the mean light of an even area is unchanged, nothing is clamped.

    Values are scene-linear, 0.18 for a grey card; what is not above 0 has no density and stays as it is. The same
    ``seed`` and frame ``number`` give the same bits.
    """
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, number])))
    height, width, channels = frame.shape
    amplitude = _amplitude(stock, height, width, pixels_per_mm)
    common = _field(draw, amplitude, width)
    stops, deviation = np.array(stock.deviation).T
    strength = PchipInterpolator(stops, deviation)
    out = frame.copy()
    for c in range(channels):
        own = np.sqrt(1 - stock.shared) * _field(draw, amplitude, width) + np.sqrt(stock.shared) * common
        light = frame[..., c].astype(np.float64)
        lit = light > 0
        exposure = np.log2(np.where(lit, light, 1.0) / MIDDLE_GREY)
        width_of = strength(np.clip(exposure, stops[0], stops[-1])) * stock.channels[c]
        natural = np.log(10) * width_of
        # exp(-s^2 / 2) is the mean of exp(s n): without it grain would brighten the picture.
        out[..., c] = np.where(lit, light * np.exp(natural * own - natural**2 / 2), light)
    return out


def _amplitude(stock: Stock, height: int, width: int, pixels_per_mm: float) -> Real:
    """The spectrum on the grid of ``rfft2``, scaled so that the field made with it has a variance of 1."""
    frequencies, values = np.array(stock.spectrum).T
    across, down = np.fft.rfftfreq(width) * pixels_per_mm, np.fft.fftfreq(height) * pixels_per_mm
    radial = np.hypot(across[None, :], down[:, None])
    amplitude = PchipInterpolator(frequencies, values)(np.clip(radial, frequencies[0], frequencies[-1]))
    amplitude[0, 0] = 0.0  # grain never shifts a whole frame
    counted = np.full(across.shape, 2.0)
    counted[0] = 1.0
    if width % 2 == 0:
        counted[-1] = 1.0
    power = float((amplitude**2 * counted).sum() / (height * width))
    return np.asarray(amplitude / np.sqrt(power)) if power > 0 else amplitude


def _field(draw: np.random.Generator, amplitude: Real, width: int) -> Real:
    white = draw.standard_normal((amplitude.shape[0], width))
    return np.asarray(irfft2(rfft2(white) * amplitude, white.shape))
