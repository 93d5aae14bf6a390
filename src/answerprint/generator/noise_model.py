"""The noise of one clip, measured from the clip: how strong at each level of light, and how coarse.

Strength follows the sensor's law in scene-linear light, variance = b + a x + c x^2 (read noise, counted light, and what is
proportional to light: EMVA Standard 1288, section 2). Neighbouring frames are laid over one another by whole pixels, so
that nothing is interpolated, and compared where the picture is flat. In the ``steady`` domain, in which that law makes
noise equally strong everywhere (the integral of dx / deviation), its spectrum is kept as 8 by 8 cosine coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from scipy.fft import dctn
from scipy.optimize import nnls

from answerprint.graph.contract import Context, FrameReader, Picture
from answerprint.perception.flow import dense_flow

__all__ = ["BLOCK", "NoiseModel", "measure_noise_model", "opponent", "seen_by_flow"]

Real = npt.NDArray[np.float64]
BLOCK = 8
_LEVELS = 24
_FLAT = 0.35
"""Share of the blocks, those with the least texture, in which noise is read."""
_MEDIAN_OF_SQUARE = 0.45494
"""Median of the square of a standard normal number."""
_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [0.5, -1, 0.5]]) / np.sqrt(np.array([[3], [2], [1.5]]))
"""Orthonormal: brightness, red against blue, green against both."""


def opponent(picture: npt.NDArray[np.floating], back: bool = False) -> npt.NDArray[np.float32]:
    """Three channels (..., 3) as brightness and two colour differences, or back."""
    matrix = _OPPONENT if back else _OPPONENT.T
    return np.asarray(picture @ matrix.astype(np.float32), np.float32)


@dataclass(frozen=True)
class NoiseModel:
    """``law`` (3, 3): b, a, c for red, green, blue. ``spectrum`` (3, 8, 8): deviation of each cosine coefficient of the
    opponent channels in the steady domain (1 for white noise of the law's strength)."""

    law: Real
    spectrum: Real

    @cached_property
    def _tables(self) -> tuple[Real, Real]:
        """Light, and the steady value of each channel for it."""
        light = np.concatenate([-np.geomspace(8.0, 1e-6, 256), [0.0], np.geomspace(1e-6, 70000.0, 2048)])
        deviation = self.deviation(np.repeat(light[:, None], 3, axis=1))
        steps = np.diff(light)[:, None] * 2 / (deviation[1:] + deviation[:-1])
        value = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
        return light, value - value[256]

    def deviation(self, light: npt.NDArray[np.floating]) -> Real:
        """Standard deviation of the noise at scene-linear levels (..., 3)."""
        x = np.maximum(np.asarray(light, np.float64), 0)
        return np.asarray(np.sqrt(self.law[:, 0] + self.law[:, 1] * x + self.law[:, 2] * x * x))

    def steady(self, light: Picture) -> Picture:
        """Light (h, w, 3) in units of its own noise; NaN becomes that of no light."""
        table, value = self._tables
        clean = np.nan_to_num(light, nan=0.0, posinf=65504.0, neginf=-8.0)
        return np.stack([np.interp(clean[..., c], table, value[:, c]) for c in range(3)], axis=-1).astype(np.float32)

    def light(self, steady: Picture) -> Picture:
        """The light ``steady`` came from. Means are not corrected for the bend: at camera noise that is below a hundredth of
        its deviation, and noise that was added to code values has none."""
        table, value = self._tables
        return np.stack([np.interp(steady[..., c], value[:, c], table) for c in range(3)], axis=-1).astype(np.float32)

    @property
    def strength(self) -> float:
        """Deviation at middle grey (0.18), mean of the channels."""
        return float(self.deviation(np.full(3, 0.18)).mean())

    def arrays(self) -> dict[str, Real]:
        """As plain arrays to keep."""
        return {"noise_law": self.law, "noise_spectrum": self.spectrum}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.float64]]) -> NoiseModel:
        """Back from ``arrays``."""
        return cls(np.asarray(arrays["noise_law"]), np.asarray(arrays["noise_spectrum"]))


def measure_noise_model(plate: FrameReader, context: Context) -> NoiseModel:
    """The noise of a clip from up to six pairs of neighbouring frames (or, of a still, from its finest detail)."""
    pairs = sorted({round(i * (plate.count - 2) / 5) for i in range(6)}) if plate.count > 1 else [0]
    levels, differences = [], []
    for frame in pairs:
        context.check_cancelled()
        here = np.nan_to_num(plate.read(frame), nan=0.0, posinf=65504.0, neginf=0.0)
        there = np.nan_to_num(plate.read(min(frame + 1, plate.count - 1)), nan=0.0, posinf=65504.0, neginf=0.0)
        level, difference = _flat_blocks(here, there)
        levels.append(level)
        differences.append(difference)
    level, difference = np.concatenate(levels), np.concatenate(differences)
    law = np.stack([_law(level[:, c], difference[..., c]) for c in range(3)])
    plain = NoiseModel(law, np.ones((3, BLOCK, BLOCK)))
    scaled = difference / np.maximum(plain.deviation(level), 1e-9)[:, None, None, :]
    spectrum = dctn(opponent(scaled), axes=(1, 2), norm="ortho") ** 2
    deviation = np.sqrt(np.median(spectrum, axis=0) / _MEDIAN_OF_SQUARE).transpose(2, 0, 1)
    deviation[:, 0, 0] = np.minimum(deviation[:, 0, 0], deviation[:, 0, 1] + deviation[:, 1, 0])  # light that flickers is no grain
    return NoiseModel(law, np.maximum(deviation, 0.05))


def seen_by_flow(picture: Picture, blur: float) -> npt.NDArray[np.uint8]:
    """A picture as optical flow should see it: grey, its bend taken out, noise blurred away, 8 bit."""
    grey = np.cbrt(np.clip(np.nan_to_num(picture, nan=0.0, posinf=8.0), 0, 8).mean(axis=2)).astype(np.float32)
    if blur > 0.3:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    return np.clip(grey * 200, 0, 255).astype(np.uint8)


def _flat_blocks(here: Picture, there: Picture) -> tuple[Real, Real]:
    """Mean level (n, 3) and difference over the square root of 2 (n, 8, 8, 3) of the flattest blocks."""
    height, width = (size // BLOCK * BLOCK for size in here.shape[:2])
    flow = dense_flow(seen_by_flow(here, 1.5), seen_by_flow(there, 1.5))
    y, x = np.mgrid[0:height:BLOCK, 0:width:BLOCK]
    motion = flow[y + BLOCK // 2, x + BLOCK // 2]
    # The same whole number of pixels for a block; a block that would leave the frame is not asked.
    to_y, to_x = y + np.rint(motion[..., 1]).astype(int), x + np.rint(motion[..., 0]).astype(int)
    fits = (to_y >= 0) & (to_x >= 0) & (to_y + BLOCK <= here.shape[0]) & (to_x + BLOCK <= here.shape[1])
    smooth = cv2.GaussianBlur(here, (0, 0), 2.5)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)).max(axis=2)
    relative = slope / (np.sqrt(np.maximum(smooth.mean(axis=2), 0)) + 0.03)
    busy = cv2.resize(relative[:height, :width], (width // BLOCK, height // BLOCK), interpolation=cv2.INTER_AREA)
    # Per brightness, so that the dark parts, flat only because they are dark, are not all there is.
    level = cv2.resize(smooth[:height, :width].mean(axis=2), busy.shape[::-1], interpolation=cv2.INTER_AREA)
    chosen = np.zeros(busy.shape, bool)
    edges = np.unique(np.quantile(level, np.linspace(0, 1, 9)))
    for low, high in pairwise(edges):
        part = fits & (level >= low) & (level <= high)
        if part.any():
            chosen |= part & (busy <= np.quantile(busy[part], _FLAT))
    inside = np.arange(BLOCK)
    rows, columns = (y[chosen][:, None, None] + inside[:, None]), (x[chosen][:, None, None] + inside)
    rows_to, columns_to = (to_y[chosen][:, None, None] + inside[:, None]), (to_x[chosen][:, None, None] + inside)
    first, second = here[rows, columns].astype(np.float64), there[rows_to, columns_to].astype(np.float64)
    return (first + second).mean(axis=(1, 2)) / 2, (first - second) / np.sqrt(2)


def _law(level: Real, difference: Real) -> Real:
    """b, a, c of one channel by non-negative least squares on medians of the variance over levels."""
    order = np.argsort(level, kind="stable")
    fine = difference - difference.mean(axis=(1, 2), keepdims=True)
    variance = (fine**2).sum(axis=(1, 2)) / (BLOCK * BLOCK - 1)
    x, v = [], []
    for part in np.array_split(order, _LEVELS):
        if len(part) >= 4:
            x.append(max(float(np.median(level[part])), 0.0))
            v.append(max(float(np.median(variance[part])), 1e-12))
    if not x:
        return np.array([1e-8, 0.0, 0.0])
    lights, variances = np.array(x), np.array(v)
    columns = np.stack([np.ones_like(lights), lights, lights**2], axis=1) / variances[:, None]
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-12)
    found, _ = nnls(columns / scale, np.ones_like(variances))
    law = found / scale
    law[0] = max(law[0], 1e-3 * variances.min(), 1e-10)
    return np.asarray(law)
