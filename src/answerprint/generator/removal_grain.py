"""The shot's own grain put back on what was blended: a fill without grain is the classic tell."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.frame_noise import FrameNoise
from answerprint.generator.removal_look import Fill, Look, tiles
from answerprint.generator.stops import STOPS

__all__ = ["regrained"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_THIRD = np.full(3, 1 / 3, np.float32)


def regrained(fill: Fill, look: Look, where: Mask, noise: FrameNoise, amount: float, rng: np.random.Generator) -> Fill:
    """``fill`` with the shot's own grain put back in ``where`` as far as blending took it away, and never more of it than the
    picture beside it shows: a codec leaves less grain on what moves."""
    rgb = fill.rgb.copy()
    for inner, _ in tiles(where):
        x0, y0, x1, y1 = inner
        cut = np.s_[y0:y1, x0:x1]
        grain = noise.grain(fill.over(look, where, inner) * STOPS, rng) / STOPS
        beside = _busyness(look.log(inner), ~look.hidden[cut]) / np.maximum(_busyness(grain, None), np.float32(1e-6))
        share = np.where(where[cut], np.float32(amount) * fill.grain[cut] * np.minimum(beside, 1), np.float32(0))
        rgb[cut] += grain * share[..., None]
    return Fill(rgb, fill.support, fill.error, fill.grain)


def _busyness(picture: Picture, known: Mask | None) -> Plane:
    """Mean fine detail (finer than a pixel and a half) near each pixel, over the known ones."""
    detail = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 1.5)) @ _THIRD
    if known is None:
        return np.full(detail.shape, detail.mean(), np.float32)
    shown = known.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(detail * shown, (0, 0), 6.0) / (cv2.GaussianBlur(shown, (0, 0), 6.0) + np.float32(1e-6)))
