"""Who saw what: for each splat and for each pixel of a new camera, how many of the real cameras saw it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.drawing import drawn
from answerprint.spatial.splats.raster import MEDIAN, THROUGH
from answerprint.spatial.splats.view import View

SLACK = 0.02
"""A place this much (of its distance) behind what a camera sees there is hidden from it."""
_NEIGHBOURS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, eq=False)
class Eye:
    """A real camera, how far it sees at each pixel, and where it saw the set rather than a performer."""

    camera: Camera
    depth: Float
    """(h, w) metres along the optical axis, NaN where unknown"""
    weight: Float | None = None
    """(h, w) 0 to 1"""


def eyes(cloud: SplatCloud, views: Sequence[View], threads: int | None = None) -> list[Eye]:
    """The views' cameras with the depth at which the cloud stops their light."""
    with ThreadPoolExecutor(threads) as pool:
        return [Eye(view.camera, _median(cloud, view.camera, pool), view.weight) for view in views]


def support(depth: Float, camera: Camera, by: Sequence[Eye], slack: float = SLACK) -> NDArray[np.int16]:
    """(h, w) how many cameras saw the place that each pixel of ``camera`` shows; -1 where its ``depth`` (h, w) is NaN.

    0 is a place that no camera saw: what is drawn there is a guess.
    """
    known = np.isfinite(depth)
    rows, columns = np.nonzero(known)
    _, rays = camera.rays(np.stack([columns, rows], axis=1))
    along = depth[known][:, None] / (rays @ camera.world_to_camera[2])[:, None]
    count = np.full(depth.shape, -1, dtype=np.int16)
    count[known] = seen_points(camera.position + rays * along, by, slack).astype(np.int16)
    return count


def seen_points(xyz: NDArray[np.floating], by: Sequence[Eye], slack: float = SLACK) -> NDArray[np.int32]:
    """(n,) how many cameras saw points (n, 3)."""
    count = np.zeros(len(xyz), dtype=np.int32)
    for eye in by:
        pixels, far = eye.camera.project(xyz), eye.camera.depth(xyz)
        there = eye.camera.inside(pixels) & (far > 0)
        corner = np.floor(pixels[there]).astype(int)
        # At an edge one of the four pixels around sees past it: the farthest of them decides.
        reach = np.zeros(int(there.sum()))
        for dy, dx in _NEIGHBOURS:
            y, x = np.minimum(corner[:, 1] + dy, eye.camera.height - 1), np.minimum(corner[:, 0] + dx, eye.camera.width - 1)
            here = np.nan_to_num(eye.depth[y, x], nan=0.0)
            if eye.weight is not None:
                here = np.where(eye.weight[y, x] > 0.5, here, 0)
            reach = np.maximum(reach, here)
        count[there] += far[there] <= reach * (1 + slack)
    return count


def seen_by(cloud: SplatCloud, views: Sequence[View], pool: ThreadPoolExecutor) -> NDArray[np.int32]:
    """(n,) how many views saw each splat's centre."""
    found = [Eye(view.camera, _median(cloud, view.camera, pool), view.weight) for view in views]
    return seen_points(cloud.means.astype(np.float64), found, 2 * SLACK)


def _median(cloud: SplatCloud, camera: Camera, pool: ThreadPoolExecutor) -> Float:
    planes = drawn(cloud, camera, pool).planes[:, : camera.height, : camera.width]
    return np.where((planes[THROUGH] < 0.5) & (planes[MEDIAN] > 0), planes[MEDIAN], np.nan).astype(np.float32)
