"""What lies in the air before a background: haze by distance, rain and snow, each as light of its own and as what it lets through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.graph.contract import Picture, Plane

__all__ = ["Falling", "Weather", "fallen", "haze"]

Weather = Literal["none", "rain", "snow"]

_CONTRAST = 3.912
"""ln 50: at the meteorological range (visibility) 2 % of the contrast is left (H. Koschmieder, 1924)."""
_VIEW = 0.65
"""Width of the view at one metre, metres: a 35 mm lens on a Super 35 sensor (24.9 mm wide) sees 0.71, a 40 mm lens 0.62."""


def haze(distance_m: Plane | float, visibility_m: float, air: npt.NDArray[np.floating]) -> tuple[Plane, Picture]:
    """What a haze lets through, (h, w) or (1, 1), and the light it adds, (h, w, 3) or (1, 1, 3), for surfaces at ``distance_m``.

    ``air`` (3,) is its own light, scene-linear. Koschmieder's law: seen = through * surface + (1 - through) * air.
    """
    through = np.exp(-_CONTRAST * np.atleast_2d(np.asarray(distance_m, np.float32)) / np.float32(visibility_m)).astype(np.float32)
    return through, ((1 - through)[..., None] * np.asarray(air, np.float32)).astype(np.float32)


@dataclass(frozen=True)
class Falling:
    """Drops or flakes between ``near_m`` and ``far_m`` metres: ``many`` of them in the picture, how fast they fall (m/s), how wide they are
    (m), how much of what is behind them they hide, and how far they drift (m/s)."""

    many: int
    speed: float
    wide: float
    hides: float
    drift: float
    near_m: float
    far_m: float

    @classmethod
    def of(cls, weather: Weather, amount: float, near_m: float, far_m: float) -> Falling:
        """``amount`` 1 is a steady shower; rain falls at 6.5 m/s (drops of 2 mm, drawn half as broad again; R. Gunn and G. Kinzer, 1949), snow at about 1 m/s."""
        if weather == "rain":
            return cls(round(4000 * amount), 6.5, 0.003, 0.5, 0.4, near_m, far_m)
        return cls(round(1600 * amount), 1.0, 0.006, 0.85, 0.5, near_m, far_m)


def fallen(
    what: Falling, shape: tuple[int, int], seconds: float, shutter: float, seed: int, light: npt.NDArray[np.floating]
) -> tuple[Plane, Picture]:
    """How much of the background is hidden, (h, w) 0..1, and the light of what hides it (already in that share), (h, w, 3).

    Each falls on its own straight way, so a frame depends on its time alone. ``shutter`` is how long it was open, seconds.
    """
    height, width = shape
    rng = np.random.Generator(np.random.PCG64(seed))
    distance = what.near_m * (what.far_m / what.near_m) ** rng.random(what.many)
    scale = width / (_VIEW * distance)  # pixels a metre there
    start, phase = rng.random((what.many, 2)), rng.normal(1.0, 0.12, what.many)
    tall, broad = height * 1.3, width * 1.3
    y = (start[:, 1] * tall + what.speed * phase * scale * seconds) % tall - 0.15 * height
    x = (start[:, 0] * broad + what.drift * scale * seconds) % broad - 0.15 * width
    long_ = np.stack([np.full(what.many, what.drift) * scale * shutter, what.speed * phase * scale * shutter], axis=1)
    across = what.wide * scale
    # A drop narrower than a pixel, or one that flew on while the shutter was open, hides its share of the pixels it passed.
    thick = np.maximum(1, np.rint(across)).astype(int)
    share = what.hides * np.minimum(1, across / thick) * np.minimum(1, (across + 1) / (np.hypot(*long_.T) + 1)) ** 0.5
    hidden = np.zeros(shape, np.float32)
    one = np.zeros(shape, np.uint8)
    for at in np.argsort(share, kind="stable"):
        first, last = np.rint(np.array([[x[at], y[at]], [x[at], y[at]] + long_[at]]) * 16).astype(int).tolist()
        low = [max(0, min(first[i], last[i]) // 16 - thick[at] - 1) for i in (0, 1)]
        high = [min(size, max(first[i], last[i]) // 16 + thick[at] + 2) for i, size in ((0, width), (1, height))]
        if low[0] >= high[0] or low[1] >= high[1]:
            continue
        box = slice(low[1], high[1]), slice(low[0], high[0])
        one[box] = 0
        cv2.line(one, first, last, 255, int(thick[at]), cv2.LINE_AA, 4)
        hidden[box] = np.maximum(hidden[box], one[box] * np.float32(share[at] / 255))
    return hidden, hidden[..., None] * np.asarray(light, np.float32)
