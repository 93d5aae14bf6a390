"""The rasteriser forwards and backwards against formulas written down plainly, in double precision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.spatial.splats.dense import Columns, planes

from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.drawing import Drawn, drawn, gradients_of

CAMERA = Camera(
    active_sensor_resolution=(44, 27), active_sensor_physical_dimensions=(24, 24 * 27 / 44), pinhole_focal_length=20,
    translation=(0.2, -0.1, 0.05), rotation=(9.0, -4.0, 6.0), projection_offset=(0.4, -0.3),
)  # fmt: skip
COLUMNS = ("means", "log_scales", "quaternions", "opacity_logits", "colours", "slopes")


def columns(n: int = 14) -> Columns:
    """Splats of all sorts in front of the camera; the last two reach in from outside the picture, the first is nearly opaque."""
    random = np.random.default_rng(3)
    depth = random.uniform(1.2, 4.0, n)
    means = np.stack([random.uniform(-0.5, 0.4, n) * depth, depth, random.uniform(-0.4, 0.3, n) * depth], axis=1)
    means[-2:, 0] = [1.05 * depth[-2], -1.2 * depth[-1]]
    scales = np.log(random.uniform(0.01, 0.2, (n, 3)) * depth[:, None] / 3)
    scales[-2:] = np.log(0.5)
    return {
        "means": means, "log_scales": scales, "quaternions": random.normal(size=(n, 4)) * 1.7,
        "opacity_logits": np.concatenate([[6.0], random.normal(0.3, 1.5, n - 1)]),
        "colours": random.uniform(0.2, 2.0, (n, 3)), "slopes": random.normal(0, 0.15, (n, 3, 3)),
    }  # fmt: skip


def cloud(of: Columns) -> SplatCloud:
    means, scales, quaternions, logits, colours, slopes = (of[name].astype(np.float32) for name in COLUMNS)
    return SplatCloud(means, scales, quaternions, logits, colours, slopes)


def drawn_by(threads: int) -> Drawn:
    with ThreadPoolExecutor(threads) as pool:
        return drawn(cloud(columns()), CAMERA, pool)


def test_the_picture_is_that_of_the_formulas() -> None:
    ours = drawn_by(1).planes[:5, : CAMERA.height, : CAMERA.width]
    truth = planes(columns(), CAMERA)
    # A splat ends where it adds less than a 255th: rounding decides on a pixel at that very edge.
    assert np.quantile(np.abs(ours - truth), 0.995) < 3e-5 * np.abs(truth).max()
    assert np.abs(ours - truth).max() < 0.02


@pytest.mark.parametrize("name", COLUMNS)
def test_gradients_are_the_differences_of_the_formulas(name: str) -> None:
    weights = np.random.default_rng(4).normal(size=(5, CAMERA.height, CAMERA.width))
    smooth = np.zeros((5, 32, 48), dtype=np.float32)
    smooth[:, : CAMERA.height, : CAMERA.width] = weights
    with ThreadPoolExecutor(2) as pool:
        ours = getattr(gradients_of(drawn_by(2), smooth, pool), name)
    at, step = columns(), 1e-6
    truth = np.zeros(at[name].shape)
    for index in np.ndindex(at[name].shape):
        sides = []
        for way in (step, -step):
            moved = {key: column.copy() for key, column in at.items()}
            moved[name][index] += way
            sides.append(np.sum(weights * planes(moved, CAMERA)))
        truth[index] = (sides[0] - sides[1]) / (2 * step)
    error = np.abs(ours - truth) / (np.abs(truth) + 0.02 * np.abs(truth).max())
    assert error.max() < 5e-3, (error.max(), ours.reshape(14, -1)[error.reshape(14, -1).max(axis=1).argmax()])


def test_the_bytes_do_not_depend_on_the_number_of_threads() -> None:
    weights = np.random.default_rng(4).normal(size=(5, 32, 48)).astype(np.float32)
    said = []
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            gradients = gradients_of(drawn_by(threads), weights, pool)
        said.append([drawn_by(threads).planes.tobytes(), *(column.tobytes() for column in gradients.arrays())])
    assert said[0] == said[1]
