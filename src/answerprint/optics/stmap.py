"""STMaps: for every pixel of a picture where to fetch it from, the form in which any compositor takes a lens.

Red is s (0 at the left edge, 1 at the right), green is t (0 at the bottom, 1 at the top), both at pixel centres, of the
source picture; blue is 0. Written as 32-bit float EXR: half floats are a third of a pixel off at 2K.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera

Direction = Literal["undistort", "distort"]


def stmap(camera: Camera, direction: Direction, overscan: float = 1.0) -> NDArray[np.float32]:
    """An STMap (h, w, 3) float32 for a camera's lens.

    ``undistort`` makes a pinhole picture ``overscan`` times as large on every side of the centre out of the plate;
    ``distort`` takes such a pinhole picture back to the plate's frame. Where the lens shows nothing, s and t are -1,
    which every compositor treats as outside.
    """
    wide = (round(camera.width * overscan), round(camera.height * overscan))
    pad = ((wide[0] - camera.width) / 2, (wide[1] - camera.height) / 2)
    if direction == "undistort":
        source = camera.distort(grid(*wide) - pad)
        size = (camera.width, camera.height)
    else:
        source = camera.undistort(grid(camera.width, camera.height)) + pad
        size = wide
    s, t = (source[..., 0] + 0.5) / size[0], 1 - (source[..., 1] + 0.5) / size[1]
    out = np.stack([s, t, np.zeros_like(s)], axis=-1)
    out[~np.isfinite(s)] = (-1.0, -1.0, 0.0)
    return out.astype(np.float32)


def from_stmap(picture: NDArray[np.floating], width: int, height: int) -> NDArray[np.float64]:
    """The source pixels (h, w, 2) that an STMap points at in a picture of ``width`` by ``height``; NaN outside."""
    s, t = picture[..., 0].astype(np.float64), picture[..., 1].astype(np.float64)
    out = np.stack([s * width - 0.5, (1 - t) * height - 0.5], axis=-1)
    out[(s < 0) | (s > 1) | (t < 0) | (t > 1)] = np.nan
    return out


def needed_overscan(camera: Camera) -> float:
    """How many times as large the pinhole picture must be to hold all that the lens shows; at least 1."""
    x = np.linspace(0, camera.width - 1, 65)
    y = np.linspace(0, camera.height - 1, 65)
    top, bottom = (np.stack([x, np.full_like(x, v)], 1) for v in (0, camera.height - 1))
    left, right = (np.stack([np.full_like(y, v), y], 1) for v in (0, camera.width - 1))
    centre = np.array([(camera.width - 1) / 2, (camera.height - 1) / 2])
    reach = np.abs(camera.undistort(np.concatenate([top, bottom, left, right])) - centre) + 0.5
    return max(1.0, float(np.nanmax(reach / [camera.width / 2, camera.height / 2])))


def grid(width: int, height: int) -> NDArray[np.float64]:
    """The centres of all pixels (height, width, 2) as x and y."""
    return np.stack(np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)), axis=-1)
