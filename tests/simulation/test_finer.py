"""Small pictures are rendered and filtered at twice their size, then halved."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.simulation.generate import generate
from answerprint.simulation.order import Shoot
from answerprint.simulation.passes import Rendered, halved
from answerprint.simulation.stage import Stage


def plane(height: int = 8, width: int = 12) -> Rendered:
    """A slanted plane, half of it before the sky, lit by two lamps."""
    random = np.random.default_rng(5)
    row, column = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    depth = 1 / (0.2 + 0.001 * row + 0.0005 * column)
    depth[:, width // 2 + 1 :] = np.inf
    key, fill = random.uniform(0, 4, (2, height, width, 3)).astype(np.float32)
    ids = np.where(np.isfinite(depth), 7, 0).astype(np.float32)[..., None]
    vectors = np.stack([2 * column, 2 * row, column, row], axis=-1)
    data = {"depth": depth[..., None].astype(np.float32), "object_id": ids, "vectors": vectors}
    return Rendered(key + fill, {"key": key, "fill": fill}, data, {"plane": (ids > 0).astype(np.float32)})


def test_halved_light_is_the_mean_and_groups_still_add_up() -> None:
    small = halved(plane())
    assert small.beauty.shape == (4, 6, 3)
    assert np.allclose(small.beauty[1, 2], plane().beauty[2:4, 4:6].mean(axis=(0, 1)))
    assert np.abs(small.groups["key"] + small.groups["fill"] - small.beauty).max() < 1e-6


def test_halved_depth_is_the_planes_own_and_never_between_it_and_the_sky() -> None:
    small = halved(plane()).data
    row, column = 2 * (np.mgrid[0:4, 0:6] + 0.5)
    assert np.abs(small["depth"][:, :3, 0] * (0.2 + 0.001 * row + 0.0005 * column)[:, :3] - 1).max() < 1e-6
    assert np.isinf(small["depth"][:, 4:]).all()
    assert np.array_equal(small["depth"][:, 3], plane().data["depth"][::2, 6])
    assert set(np.unique(small["object_id"])) == {0, 7}


def test_halved_vectors_count_the_smaller_pictures_pixels() -> None:
    small = halved(plane()).data["vectors"]
    assert np.allclose(small[1, 1], [3.0, 3.0, 1.5, 1.5])


def test_a_halved_matte_is_the_share_that_is_covered() -> None:
    assert halved(plane()).mattes["plane"][0, :, 0].tolist() == [1, 1, 1, 0.5, 0, 0]


@pytest.mark.parametrize(
    ("size", "denoise", "asked", "rendered", "samples"),
    [
        ((320, 180), "features", 32, (640, 360), 8),
        ((320, 180), "features", 30, (640, 360), 8),
        ((320, 180), "features", 4, (320, 180), 4),
        ((320, 180), "none", 32, (320, 180), 32),
        ((1920, 1080), "features", 32, (1920, 1080), 32),
    ],
)
def test_small_filtered_pictures_are_rendered_at_twice_their_size_with_as_many_paths(
    size: tuple[int, int], denoise: str, asked: int, rendered: tuple[int, int], samples: int
) -> None:
    made = generate("office", 3)
    camera = made.cameras[0].model_copy(update={"active_sensor_resolution": size})
    render = made.render.model_copy(update={"denoise": denoise, "samples": asked})
    stage: Stage = made.model_copy(update={"cameras": (camera,), "render": render})
    job = Shoot(stage).camera_job(camera, stage.first_frame, {p.name: (0.0, 0.0, 1.6) for p in stage.performers})
    assert (job["width"], job["height"]) == rendered
    assert Shoot(stage).samples(camera) == samples
