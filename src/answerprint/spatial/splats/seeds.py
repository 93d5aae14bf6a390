"""The first cloud: a splat at each point of a scan or of a triangulation, as wide as its neighbours are far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from answerprint.optics.camera import Camera
from answerprint.production import BadInput
from answerprint.spatial.splats.cloud import Float, SplatCloud
from answerprint.spatial.splats.view import View

_OPACITY = 0.6
_CLOSING = 0.6
"""Standard deviation of a disc in distances to its three nearest neighbours."""
_NEIGHBOURS = 9
_FLAT = 0.25
"""Thickness of a disc in its standard deviations: a scan's noise keeps it from being thinner."""
_HIDDEN = 1.03
"""A point this much farther than what else falls on its pixel is behind it."""


def seed_cloud(xyz: NDArray[np.floating], views: Sequence[View], most: int, seed: int, colours: Float | None = None) -> SplatCloud:
    """Round splats at points (n, 3) in metres, at most ``most`` of them, with the colours the views saw there.

    ``colours`` (n, 3) ACEScg are taken where no view sees a point. Raises BadInput where no view sees any.
    """
    points = np.asarray(xyz, dtype=np.float64)
    there = np.isfinite(points).all(axis=1)
    points = points[there]
    if len(points) > most:
        keep = np.sort(np.random.default_rng(seed).choice(len(points), most, replace=False))
        points = points[keep]
        colours = None if colours is None else colours[there][keep]
    elif colours is not None:
        colours = colours[there]
    light, count = seen_colours(points, views)
    if not (count > 0).any():
        raise BadInput("seed points", "none lies in any view", "check that points and cameras have the same axes and unit")
    if colours is not None:
        light = np.where(count[:, None] > 0, light, colours)
        kept = np.ones(len(points), dtype=bool)
    else:
        kept = count > 0
    points, light = points[kept], light[kept]
    return flat_splats(points, light)


def flat_splats(points: NDArray[np.floating], light: Float) -> SplatCloud:
    """A disc at each point (n, 3), lying in the plane of its neighbours, that just closes the surface."""
    near = min(_NEIGHBOURS, len(points))
    distance, index = cKDTree(points).query(points, k=near, workers=1)
    if near < 4:
        return SplatCloud.of_points(points, light, np.full(len(points), 0.01), _OPACITY)
    spread = np.sqrt((distance[:, 1:4] ** 2).mean(axis=1))
    spread = np.clip(spread, 1e-4, np.quantile(spread, 0.98)) * _CLOSING
    around = points[index] - points[index].mean(axis=1, keepdims=True)
    # Columns: the neighbourhood's axes from the thinnest to the longest; as a rotation.
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    axes[:, :, 2] *= np.sign(np.linalg.det(axes))[:, None]
    cloud = SplatCloud.of_points(points, light, spread, _OPACITY)
    scales = cloud.log_scales.copy()
    scales[:, 0] += np.float32(np.log(_FLAT))
    turns = Rotation.from_matrix(axes).as_quat()[:, [3, 0, 1, 2]].astype(np.float32)
    return replace(cloud, log_scales=scales, quaternions=turns)


def seen_colours(points: NDArray[np.floating], views: Sequence[View]) -> tuple[Float, NDArray[np.int32]]:
    """The mean light (n, 3) of points in the views that see them, and how many do (n,)."""
    light, count, weights = np.zeros((len(points), 3)), np.zeros(len(points), dtype=np.int32), np.zeros(len(points))
    for view in views:
        x, y, z, there = _pixels(points, view.camera)
        nearest = depth_of_points(points, view.camera)
        there[there] = z[there] <= nearest[y[there], x[there]] * _HIDDEN
        if view.weight is not None:
            there[there] = view.weight[y[there], x[there]] > 0.5
        there[there] = np.isfinite(view.picture[y[there], x[there]]).all(axis=1)
        # A near camera knows a point's colour better: its pixel is smaller.
        near = 1 / z[there] ** 2
        light[there] += view.picture[y[there], x[there]] * near[:, None]
        weights[there] += near
        count[there] += 1
    return (light / np.maximum(weights, 1e-12)[:, None]).astype(np.float32), count


def depth_of_points(points: NDArray[np.floating], camera: Camera, block: int = 3) -> Float:
    """(h, w) metres to the nearest point within ``block`` pixels, infinite where there is none."""
    x, y, z, there = _pixels(points, camera)
    nearest = np.full((camera.height, camera.width), np.inf, dtype=np.float32)
    reach = block // 2
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            u, v = x[there] + dx, y[there] + dy
            inside = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height)
            np.minimum.at(nearest, (v[inside], u[inside]), z[there][inside].astype(np.float32))
    return nearest


def measured_depth(points: NDArray[np.floating], camera: Camera, block: int = 5) -> Float:
    """(h, w) metres where a scanned point falls on a pixel and nothing nearer lies around it; NaN elsewhere."""
    x, y, z, there = _pixels(points, camera)
    around = depth_of_points(points, camera, block)
    there[there] = z[there] <= around[y[there], x[there]] * _HIDDEN
    depth = np.full((camera.height, camera.width), np.inf, dtype=np.float32)
    np.minimum.at(depth, (y[there], x[there]), z[there].astype(np.float32))
    return np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)


def _pixels(
    points: NDArray[np.floating], camera: Camera
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Column, row and depth of each point, and whether it lies in the picture."""
    depth = camera.depth(points)
    with np.errstate(invalid="ignore"):
        pixels = np.rint(np.nan_to_num(camera.project(points), nan=-1e6).clip(-1e6, 1e6)).astype(np.intp)
    x, y = pixels[:, 0], pixels[:, 1]
    return x, y, depth, (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height) & (depth > 0)
