"""The noise of a clip's own frames, measured against its clean plate, and more of the same.

Compressed noise is blotchy and shared by the channels: besides its strength by brightness, the correlation of
neighbouring pixels and of channels is measured and made again (in stops).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.stops import Log

BINS = 12
_ENOUGH = 400_000
"""Pixels that are measured: their medians are good to half a percent in each bin."""
_EDGES = np.linspace(1.0, 11.0, BINS + 1)


@dataclass(frozen=True)
class FrameNoise:
    """``strength`` (12, 3) standard deviation per brightness bin and channel; ``mix`` (3, 3) a Cholesky factor of the
    channels' correlation; ``blur`` the standard deviation in pixels of the Gaussian that gives the measured grain size."""

    strength: NDArray[np.float32]
    mix: NDArray[np.float32]
    blur: float

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """As plain arrays to keep."""
        return {"noise_strength": self.strength, "noise_mix": self.mix, "noise_blur": np.array([self.blur], np.float32)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.float32]]) -> FrameNoise:
        """Back from ``arrays``."""
        return cls(arrays["noise_strength"], arrays["noise_mix"], float(arrays["noise_blur"][0]))

    def grain(self, picture: Log, rng: np.random.Generator) -> Log:
        """Noise (h, w, 3) for a picture of this brightness."""
        noise = rng.standard_normal(picture.shape, np.float32)
        if self.blur > 0.2:
            noise = cv2.GaussianBlur(noise, (0, 0), self.blur, borderType=cv2.BORDER_REFLECT)
            noise /= max(float(noise.std()), 1e-6)
        noise = noise @ self.mix.T
        middle = (_EDGES[1:] + _EDGES[:-1]) / 2
        level = picture.mean(axis=2)
        for channel in range(3):
            noise[..., channel] *= np.interp(level, middle, self.strength[:, channel]).astype(np.float32)
        return np.asarray(noise, np.float32)


def measure_noise(residual: Log, plate: Log) -> FrameNoise:
    """From ``residual`` (k, h, w, 3), frames minus plate, NaN where not free. Robust: half the middle spread."""
    level = np.broadcast_to(plate.mean(axis=2), residual.shape[:3])
    good: NDArray[np.bool_] = np.asarray(np.isfinite(residual).all(axis=3))
    flat = np.stack([_fine(one, where) for one, where in zip(residual, good, strict=True)])
    good &= np.abs(flat).max(axis=3) < 0.7
    some = np.flatnonzero(good)
    some = some[:: max(1, len(some) // _ENOUGH)]
    values, levels = flat.reshape(-1, 3)[some], level.reshape(-1)[some]
    strength = np.zeros((BINS, 3), np.float32)
    have = np.zeros(BINS, bool)
    which = np.clip(np.digitize(levels, _EDGES) - 1, 0, BINS - 1)
    for at in range(BINS):
        own = values[which == at]
        if len(own) >= 200:
            strength[at] = 1.4826 * np.median(np.abs(own), axis=0)
            have[at] = True
    if not have.any():
        return FrameNoise(strength, np.eye(3, dtype=np.float32), 0.0)
    for channel in range(3):
        strength[:, channel] = np.interp(np.arange(BINS), np.flatnonzero(have), strength[have, channel])
    return FrameNoise(strength, _mix(values), _blur(flat, good))


def _fine(residual: Log, good: NDArray[np.bool_]) -> Log:
    """The residual less its mean over some 8 pixels: what a codec lets drift over whole blocks is no grain."""
    weight = cv2.GaussianBlur(good.astype(np.float32), (0, 0), 4.0)
    clean = np.where(good[..., None], residual, np.float32(0))
    return np.asarray(
        clean - cv2.GaussianBlur(clean, (0, 0), 4.0) / np.maximum(weight, 1e-3)[..., None] * good[..., None], np.float32
    )


def _mix(values: Log) -> NDArray[np.float32]:
    sample = values[:: max(1, len(values) // 100_000)].astype(np.float64)
    spread = np.maximum(np.percentile(np.abs(sample), 95, axis=0), 1e-6)
    sample = np.clip(sample, -spread, spread)
    deviation = np.maximum(sample.std(axis=0), 1e-9)
    correlation = (sample / deviation).T @ (sample / deviation) / len(sample)
    np.fill_diagonal(correlation, 1.0 + 1e-6)
    factor = np.linalg.cholesky(np.clip(correlation, -0.995, 0.995) * (1 - np.eye(3)) + np.eye(3) * (1 + 1e-3))
    return np.asarray(factor / np.linalg.norm(factor, axis=1, keepdims=True), np.float32)


def _blur(residual: Log, good: NDArray[np.bool_]) -> float:
    """From the correlation r of neighbours along a row: a Gaussian of s pixels leaves r = exp(-1 / (4 s^2))."""
    grey = np.nan_to_num(residual.mean(axis=3))
    pair = good[:, :, 1:] & good[:, :, :-1]
    a, b = grey[:, :, 1:][pair], grey[:, :, :-1][pair]
    limit = float(np.percentile(np.abs(a), 95)) if len(a) else 0.0
    if len(a) < 500 or limit <= 0:
        return 0.0
    a, b = np.clip(a, -limit, limit), np.clip(b, -limit, limit)
    r = float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-12))
    return 0.0 if r < 0.02 else float(min(2.5, np.sqrt(-1.0 / (4.0 * np.log(min(r, 0.97))))))
