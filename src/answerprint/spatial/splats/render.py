"""A picture of a splat cloud from any camera: light, coverage, depth and normals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from answerprint.jobs.executor import default_workers
from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.projection import BLUE, COLUMNS, RED, arrays, packed, project_range
from answerprint.spatial.splats.raster import B_, EXPECTED, MEDIAN, THROUGH, R, empty_planes, raster_range
from answerprint.spatial.splats.tiles import Tiles, tiles

KNOWN = 0.5
"""A pixel that splats cover less than this has no depth and no normal."""


@dataclass(frozen=True, eq=False)
class Rendered:
    """What a camera sees of a cloud, float32."""

    colour: Float
    """(h, w, 3) scene-linear ACEScg over black, that is multiplied by ``alpha``"""
    alpha: Float
    """(h, w) share of the pixel that the cloud covers, 0 to 1"""
    depth: Float
    """(h, w) metres along the optical axis, the mean over what covers the pixel; NaN where alpha is below 0.5"""
    median_depth: Float
    """(h, w) metres, where half of the light is stopped: at an edge one of the two surfaces, never between them; NaN as above"""
    normals: Float
    """(h, w, 3) unit vectors in stage axes, towards the camera; NaN as above; (0, 0, 3) where they were not asked for"""


def render(
    cloud: SplatCloud, camera: Camera, width: int | None = None, height: int | None = None, *, normals: bool = False,
    threads: int | None = None,
) -> Rendered:  # fmt: skip
    """The picture of ``cloud`` by ``camera``, at its own size or at ``width`` by ``height``.

    The lens is perfect: the camera's distortion, falloff and defocus are not drawn (`optics.lens` puts them on). The same
    bytes come out whatever the number of threads.
    """
    eye = camera if width is None or height is None else camera.resized(width, height)
    with ThreadPoolExecutor(threads or default_workers()) as pool:
        projected = projected_by(cloud, eye, pool)
        squares = tiles(projected, eye.width, eye.height)
        planes, _ = planes_of(projected, squares, pool)
        facing = np.zeros((0, 0, 3), dtype=np.float32)
        if normals:
            projected[:, RED : BLUE + 1] = facing_normals(cloud, eye)
            facing = _pixels(planes_of(projected, squares, pool)[0][R : B_ + 1], eye)
    planes = planes[:, : eye.height, : eye.width]
    alpha = 1 - planes[THROUGH]
    known = alpha >= KNOWN
    depth = np.where(known, planes[EXPECTED] / np.maximum(alpha, 1e-6), np.nan).astype(np.float32)
    median = np.where(known & (planes[MEDIAN] > 0), planes[MEDIAN], np.nan).astype(np.float32)
    if normals:
        length = np.linalg.norm(facing, axis=2, keepdims=True)
        facing = np.where(known[..., None] & (length > 1e-6), facing / np.maximum(length, 1e-6), np.nan).astype(np.float32)
    return Rendered(_pixels(planes[R : B_ + 1], eye), np.ascontiguousarray(alpha), depth, median, facing)


def facing_normals(cloud: SplatCloud, camera: Camera) -> Float:
    """(n, 3) the shortest axis of each splat in stage axes, turned towards the camera."""
    thin = np.argmin(cloud.log_scales, axis=1)
    normals = np.take_along_axis(cloud.axes, thin[:, None, None], axis=2)[:, :, 0]
    away = np.einsum("ni,ni->n", normals, cloud.means - camera.position.astype(np.float32)) > 0
    return np.asarray(np.where(away[:, None], -normals, normals), dtype=np.float32)


def projected_by(cloud: SplatCloud, camera: Camera, pool: ThreadPoolExecutor) -> Float:
    """(n, COLUMNS) of a cloud in a camera's picture, computed by the threads of ``pool``."""
    out = np.empty((len(cloud), COLUMNS), dtype=np.float32)
    cam, columns = packed(camera), arrays(cloud)
    side_by_side(pool, lambda a, b: project_range(a, b, cam, *columns, out), runs(len(cloud), pool))
    return out


def planes_of(projected: Float, squares: Tiles, pool: ThreadPoolExecutor) -> tuple[Float, Any]:
    """The raster (PLANES, rows, columns) of projected splats, and after which entry each square was finished."""
    out, ends = empty_planes(squares), np.empty(squares.wide * squares.high, dtype=np.int32)
    side_by_side(
        pool,
        lambda a, b: raster_range(a, b, squares.wide, squares.starts, squares.splats, projected, out, ends),
        squares.shares(4 * workers(pool)),
    )
    return out, ends


def workers(pool: ThreadPoolExecutor) -> int:
    """How many threads a pool has."""
    return int(pool._max_workers)


def runs(count: int, pool: ThreadPoolExecutor) -> list[tuple[int, int]]:
    """``count`` things in equal runs, two for each thread."""
    cuts = np.linspace(0, count, 2 * workers(pool) + 1).astype(int)
    return [(int(a), int(b)) for a, b in pairwise(cuts) if b > a]


def side_by_side(pool: ThreadPoolExecutor, work: Callable[[int, int], None], parts: Iterable[tuple[int, int]]) -> None:
    """Run ``work`` on each part by the threads of ``pool``; raises what any of them raises."""
    for done in [pool.submit(work, a, b) for a, b in parts]:
        done.result()


def _pixels(planes: Float, camera: Camera) -> Float:
    """Planes (channels, rows, columns) as a picture (h, w, channels) of the camera's size."""
    return np.ascontiguousarray(planes[:, : camera.height, : camera.width].transpose(1, 2, 0))
