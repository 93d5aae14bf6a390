"""Rolling shutter: every row of the sensor is read a little later than the row above, and what moves leans.

The picture as rendered is the one at mid-frame. The row y of h rows is read (y / (h - 1) - 1/2) of the readout time later.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.stmap import grid
from answerprint.optics.warp import Kernel, warp

Frame = NDArray[np.float32]
Real = NDArray[np.float64]


def row_times(height: int, readout_time: float) -> Real:
    """When each row is read, seconds after the middle row (h,)."""
    return (np.arange(height) / max(height - 1, 1) - 0.5) * readout_time


def read_rows(picture: Frame, velocity: NDArray[np.floating], times: NDArray[np.floating], kernel: Kernel = "cubic") -> Frame:
    """The picture (h, w, c) as read row by row.

    ``velocity`` (h, w, 2) is where each pixel's content goes, pixels per second right and down, at mid-frame; ``times``
    (h,) or (h, w) is when each pixel is read. Any (h, w, c) works; depth and identities with
    ``kernel="nearest"``. Edges are held.
    """
    height, width = picture.shape[:2]
    when = np.broadcast_to(np.asarray(times, dtype=np.float64).reshape(height, -1), (height, width))[..., None]
    here = grid(width, height)
    speed = np.nan_to_num(np.asarray(velocity, dtype=np.float32))
    source = here - speed * when
    # The speed is known where content is at mid-frame; three rounds find the content that is here when the row is read.
    for _ in range(3):
        source = here - warp(speed, source, edge="hold") * when
    return warp(picture, source, kernel, edge="hold")


def velocity_between(before: Camera, after: Camera, seconds: float, depth: NDArray[np.floating]) -> Real:
    """Pixels per second (h, w, 2) of a still scene between two poses ``seconds`` apart, seen from half way.

    ``depth`` (h, w) is metres along the axis at mid-frame; infinity is allowed. The pose half way is taken with half the
    turn and half the way, so turns between the two should stay under some 20 degrees. NaN where a camera sees nothing.
    """
    pan, tilt, roll = ((b + ((a - b + 180) % 360 - 180) / 2) for b, a in zip(before.rotation, after.rotation, strict=True))
    x, y, z = ((b + a) / 2 for b, a in zip(before.translation, after.translation, strict=True))
    middle = before.model_copy(update={"rotation": (pan, tilt, roll), "translation": (x, y, z)})
    middle = Camera.model_validate(middle.model_dump())
    origin, rays = middle.rays(grid(middle.width, middle.height))
    along = rays @ middle.world_to_camera[2]
    points = origin + rays * np.minimum(depth / along, 1e7)[..., None]
    return np.asarray((after.project(points) - before.project(points)) / seconds)
