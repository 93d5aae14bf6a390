"""Where light has little room: how much of a pixel's surroundings is closed off by what stands near it, from depth and normals alone.

Beside a foot on the floor, a cup on a table or a collar on a neck the light falls off within a few pixels. A few rays tell that badly, and a
filter that knows only surfaces averages it away with the open floor. This guide is free of the light's noise. It is an ambient occlusion in
the picture (the idea of M. Mittring, "Finding next gen: CryEngine 2", SIGGRAPH 2007 course 28, taken along directions as by L. Bavoil and
others, "Image-space horizon-based ambient occlusion", SIGGRAPH 2008 talks): what no pixel sees closes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.neighbours import Neighbours, shifted
from answerprint.simulation.passes import Picture

NOOK = "guide_nook"
"""Name of the guide among a picture's data."""
_APART = np.float32(0.07)
"""Difference at which a neighbour weighs 1/e: with less, a corner of a room keeps the noise of few rays as soot; with more, shadows beside shoes fill."""
_STEEP = np.float32(4)
"""How much more the difference from what is around counts than being closed in."""
_REACH_M = 0.5
"""Metres from which a thing closes nothing: a foot and the shin over it darken about that much of a floor."""
_WAYS, _STEPS = 8, (0.06, 0.2, 0.5, 1.0)
"""Directions in the picture that are looked in, and how far, as shares of the reach."""
_MOST = 80
"""Pixels looked away at most."""
_FLAT = np.float32(0.15)
"""Sine of the angle over a surface up to which what is seen there is the surface itself with its relief."""


def nooks(data: Mapping[str, Picture], camera: Mapping[str, Any]) -> Picture:
    """How closed in each pixel is, (height, width, 1): 0 in the open, towards 1 in a corner.

    ``data`` has depth in metres along the axis and normals in stage axes, (height, width, n); ``camera`` is the renderer's state of it.
    """
    places, normals = _seen(data, camera)
    height, width = places.shape[1:]
    reach = np.clip(_REACH_M * camera["focal_mm"] / camera["sensor_mm"][0] * width / places[2], 0, _MOST)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    total = np.zeros((height, width), dtype=np.float32)
    for angle in np.arange(_WAYS) * (2 * np.pi / _WAYS):
        closed = np.zeros_like(total)
        for step in _STEPS:
            y = np.clip(rows + np.float32(step * np.sin(angle)) * reach + np.float32(0.5), 0, height - 1).astype(np.intp)
            x = np.clip(columns + np.float32(step * np.cos(angle)) * reach + np.float32(0.5), 0, width - 1).astype(np.intp)
            np.maximum(closed, _closed(places, normals, places[:, y, x]), out=closed)
        total += closed
    return np.asarray(total[..., None] / np.float32(_WAYS), dtype=np.float32)


def falling_off(closed: Picture, wide: Sequence[Neighbours]) -> Picture:
    """Where the light falls off into a nook, (height, width, 1): closed in, and more or less so than the surface around.

    What is closed in all over (a bedspread's side over the floor) is evenly lit, and as little to be believed as what is open.
    """
    around = closed
    for neighbours in wide:
        around = neighbours.mean(around)
    return np.asarray(np.minimum(closed, _STEEP * np.abs(closed - around)), dtype=np.float32)


def kept_apart(neighbours: Neighbours, closed: Picture) -> Neighbours:
    """The neighbours, with less weight for those that are closed in more or less than a pixel; ``closed`` is (height, width, 1)."""
    weights = np.empty_like(neighbours.weights)
    for number, weight in enumerate(neighbours.weights):
        down, across = (number // 5 - 2) * neighbours.gap, (number % 5 - 2) * neighbours.gap
        apart = ((closed - shifted(closed, down, across))[..., 0] / _APART) ** 2
        np.multiply(weight, np.exp(-np.minimum(apart, 30)), out=weights[number])
    return Neighbours(weights, neighbours.gap)


def _closed(places: NDArray[np.float32], normals: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much ``others`` close off the places, 0 to 1, all (3, height, width): the sine of how high they stand, less with distance."""
    way = others - places
    square = (way * way).sum(axis=0)
    sine = (way * normals).sum(axis=0) / np.sqrt(square + np.float32(1e-9))
    near = np.maximum(1 - square / np.float32(_REACH_M**2), 0)
    return np.asarray(np.maximum(sine - _FLAT, 0) / (1 - _FLAT) * near, dtype=np.float32)


def _seen(data: Mapping[str, Picture], camera: Mapping[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places (metres) and unit normals of what is seen, both (3, height, width) along the camera's right, up and forward."""
    depth = data["depth"][..., 0]
    depth = np.where(np.isfinite(depth), depth, np.float32(1e6))
    height, width = depth.shape
    (across, down), focal = camera["sensor_mm"], camera["focal_mm"]
    right = ((np.arange(width) + 0.5) / width - 0.5 + camera["shift"][0]) * across / focal
    up = ((0.5 - (np.arange(height) + 0.5) / height) * down + camera["shift"][1] * across) / focal
    places = np.stack([depth * right.astype(np.float32), depth * up.astype(np.float32)[:, None], depth])
    axes = np.array(camera["matrix"], dtype=np.float32)[:, :3] * np.array([1, 1, -1], dtype=np.float32)
    normals = np.moveaxis(data["normal"] @ axes, 2, 0)
    return places, normals / np.maximum(np.linalg.norm(normals, axis=0), np.float32(1e-6))
