"""A small made scene: a painted wall with a box before it, and cameras on an arc about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.render import render
from answerprint.spatial.splats.tone import toned
from answerprint.spatial.splats.view import View

SIZE = (64, 40)


def cloud() -> SplatCloud:
    """About 1,500 splats: a wall at y = 3 with bright and dark fields, a red box at y = 2."""
    x, z = (v.ravel() for v in np.meshgrid(np.linspace(-1.6, 1.6, 48), np.linspace(-1.1, 1.1, 32)))
    wall = np.stack([x, np.full_like(x, 3.0), z], axis=1)
    fields = 0.1 + 0.7 * ((np.floor(x * 2.2) + np.floor(z * 2.2)) % 2)
    paint = fields[:, None] * np.stack([np.ones_like(x), 0.8 + 0.2 * np.sin(3 * x), 0.6 + 0.3 * np.cos(4 * z)], axis=1)
    bx, bz = (v.ravel() for v in np.meshgrid(np.linspace(-0.3, 0.3, 12), np.linspace(-0.3, 0.3, 12)))
    box = np.stack([bx, np.full_like(bx, 2.0), bz], axis=1)
    points = np.concatenate([wall, box])
    colours = np.concatenate([paint, np.tile([1.5, 0.2, 0.1], (len(box), 1))])
    spread = np.concatenate([np.full(len(wall), 0.05), np.full(len(box), 0.035)])
    return SplatCloud.of_points(points, colours, spread, opacity=0.95)


def camera(degrees: float, size: tuple[int, int] = SIZE) -> Camera:
    """On an arc of 2.6 m about the box, ``degrees`` to the right."""
    a = np.radians(degrees)
    return Camera(
        active_sensor_resolution=size, active_sensor_physical_dimensions=(24, 24 * size[1] / size[0]), pinhole_focal_length=26,
        translation=(2.6 * np.sin(a), 2.2 - 2.6 * np.cos(a), 0.1), rotation=(degrees, -2.0, 0.0), label=f"{degrees:g}",
    )  # fmt: skip


def views(angles: tuple[float, ...] = (-20, -12, -4, 4, 12, 20)) -> list[View]:
    """What the cameras at these angles see."""
    scene = cloud()
    return [View(render(scene, camera(a), threads=1).colour, camera(a), name=f"{a:g}") for a in angles]


def points(step: float = 0.004) -> NDArray[np.float64]:
    """A scan of the scene with noise."""
    scene = cloud()
    return scene.means + np.random.default_rng(5).normal(0, step, scene.means.shape)


def decibels(ours: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """PSNR of tones, 1 is peak."""
    error = np.mean((toned(np.asarray(ours, np.float32)) - toned(np.asarray(truth, np.float32))) ** 2)
    return float(-10 * np.log10(error))
