"""The shot's own grain put back on what was blended: a fill without grain is the classic tell."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.frame_noise import FrameNoise
from answerprint.generator.log_light import decoded, encoded
from answerprint.generator.removal_look import Fill, Look, tiles
from answerprint.generator.stops import STOPS

__all__ = ["even_out", "regrained"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_NEAR = 1e-3
"""Share of known pixels nearby below which they do not speak for the grain."""
_THIRD = np.full(3, 1 / 3, np.float32)


def regrained(fill: Fill, look: Look, where: Mask, noise: FrameNoise, amount: float, rng: np.random.Generator) -> Fill:
    """``fill`` with the shot's own grain put back in ``where`` as far as blending took it away, and never more of it than the
    picture beside it shows: a codec leaves less grain on what moves."""
    rgb = fill.rgb.copy()
    for inner, _ in tiles(where):
        x0, y0, x1, y1 = inner
        cut = np.s_[y0:y1, x0:x1]
        grain = _as_beside(fill.over(look, where, inner), look.log(inner), ~look.hidden[cut], noise, rng)
        share = np.where(where[cut], np.float32(amount) * fill.grain[cut], np.float32(0))
        rgb[cut] += grain * share[..., None]
    return Fill(rgb, fill.support, fill.error, fill.grain)


def even_out(
    fill: Picture, plate: Picture, opacity: Plane, where: Mask, noise: FrameNoise, amount: float, rng: np.random.Generator
) -> None:
    """Give ``fill`` (h, w, 3), scene-linear, more grain in ``where`` it will be mixed with ``plate`` at ``opacity`` m, between 0 and 1.

    The grains of fill and plate are independent: mixed, they keep m^2 + (1 - m)^2 of the variance. The fill gets what lacks,
    2 m (1 - m), divided by m^2, since only m of it is seen. It is added to the light, so that the mean stays."""
    soft = where & (opacity > 0) & (opacity < 1)
    for (x0, y0, x1, y1), _ in tiles(soft):
        cut = np.s_[y0:y1, x0:x1]
        log, here, mixed = encoded(fill[cut]), soft[cut], opacity[cut][soft[cut]]
        grain = _as_beside(log, encoded(plate[cut]), opacity[cut] == 0, noise, rng)
        more = np.float32(amount) * np.sqrt(2 * (1 - mixed) / mixed)
        fill[cut][here] += (decoded(log + grain) - decoded(log))[here] * more[:, None]


def _as_beside(picture: Picture, plate: Picture, known: Mask, noise: FrameNoise, rng: np.random.Generator) -> Picture:
    """The shot's grain for ``picture``, ACEScct, no stronger than what the ``known`` pixels of ``plate`` near it show."""
    grain = noise.grain(picture * STOPS, rng) / STOPS
    made = np.float32(max(1e-6, float(_detail(grain).mean())))
    shown = known.astype(np.float32)
    near = cv2.GaussianBlur(shown, (0, 0), 6.0)
    beside = cv2.GaussianBlur(_detail(plate) * shown, (0, 0), 6.0) / np.maximum(near, np.float32(1e-6))
    return np.asarray(grain * np.where(near > _NEAR, np.minimum(beside / made, 1), np.float32(1))[..., None], np.float32)


def _detail(picture: Picture) -> Plane:
    """What is finer than a pixel and a half."""
    return np.asarray(np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 1.5)) @ _THIRD)
