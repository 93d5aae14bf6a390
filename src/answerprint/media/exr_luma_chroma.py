"""OpenEXR pictures stored as luminance and half-size chroma, brought back to R, G and B.

Y is the luminance under the file's own primaries; RY and BY are (R - Y) / Y and (B - Y) / Y at every second pixel of every
second line (OpenEXR technical introduction, "Luminance/Chroma Images"). Luminance comes back exactly; chroma between its samples is
interpolated, so a frame written from it cannot equal the file: it is a picture of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from answerprint.media.frames import Plane

_REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
NAMES = ("Y", "RY", "BY")


def is_luma_chroma(names: Iterable[str]) -> bool:
    """Whether channels are luminance and chroma."""
    return set(NAMES) <= set(names)


def rgb_names(names: Sequence[str]) -> list[str]:
    """The channel names after ``to_rgb``, in order."""
    return sorted([name for name in names if name not in NAMES] + ["R", "G", "B"])


def to_rgb(planes: dict[str, Plane], chromaticities: Sequence[float] | None) -> dict[str, Plane]:
    """Channels with R, G and B (float16, held within its range) in place of Y, RY and BY; the others as they were."""
    luma = planes["Y"].astype(np.float32)
    height, width = luma.shape
    ry, by = (_doubled(_doubled(planes[name].astype(np.float32), height).T, width).T for name in ("RY", "BY"))
    weight = luminance_weights(chromaticities or _REC709)
    red, blue = (ry + 1) * luma, (by + 1) * luma
    green = (luma - weight[0] * red - weight[2] * blue) / weight[1]
    made = {name: np.clip(plane, -65504, 65504).astype(np.float16) for name, plane in zip("RGB", (red, green, blue), strict=True)}
    made |= {name: plane for name, plane in planes.items() if name not in NAMES}
    return {name: made[name] for name in sorted(made)}


def luminance_weights(chromaticities: Sequence[float]) -> NDArray[np.float64]:
    """What red, green and blue count in luminance: the Y row of the matrix to XYZ (SMPTE RP 177), summing to 1."""
    points = np.array(chromaticities, np.float64).reshape(4, 2)
    xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in points])
    found = np.linalg.solve(xyz[:3].T, xyz[3])
    return np.asarray(found / found.sum())


def _doubled(half: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Lines between the lines there are, by the cubic through four of them; what is there stays."""
    wide = np.pad(half, ((1, 2), (0, 0)), mode="edge")
    count = len(half)
    between = (9 * (wide[1 : count + 1] + wide[2 : count + 2]) - wide[:count] - wide[3 : count + 3]) / 16
    out = np.empty((2 * count, half.shape[1]), np.float32)
    out[0::2], out[1::2] = half, between
    return out[:size]
