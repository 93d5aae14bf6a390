"""What a camera sees of a cloud, and who else saw it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.spatial.splats.made_scene import camera, cloud, decibels, points, views

from answerprint.production import BadInput
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.render import render
from answerprint.spatial.splats.seeds import flat_splats, measured_depth
from answerprint.spatial.splats.support import Eye, eyes, support
from answerprint.spatial.splats.view import View


def one(place: tuple[float, float, float], colour: tuple[float, float, float] = (1.0, 0.5, 0.2), spread: float = 0.2) -> SplatCloud:
    return SplatCloud.of_points(np.array([place]), np.array([colour]), np.array([spread]), opacity=0.999)


def joined(*clouds: SplatCloud) -> SplatCloud:
    names = ("means", "log_scales", "quaternions", "opacity_logits", "colours")
    means, scales, turns, logits, colours = (np.concatenate([getattr(c, name) for c in clouds]) for name in names)
    return SplatCloud(means, scales, turns, logits, colours)


def test_nothing_is_drawn_of_an_empty_cloud_or_behind_the_camera() -> None:
    nothing = one((0, 3, 0)).where(np.zeros(1, dtype=bool))
    for scene in (nothing, one((0, -9, 0))):
        drawn = render(scene, camera(0), normals=True)
        assert not drawn.alpha.any()
        assert not drawn.colour.any()
        assert np.isnan(drawn.depth).all()
        assert np.isnan(drawn.normals).all()


def test_what_is_near_hides_what_is_behind_whatever_their_order() -> None:
    near, far = one((0, 1.5, 0), (1, 0, 0)), one((0, 3, 0), (0, 1, 0))
    for scene in (joined(near, far), joined(far, near)):
        middle = render(scene, camera(0)).colour[20, 32]
        assert middle[0] > 0.9
        assert middle[1] < 0.1


def test_light_above_white_stays() -> None:
    assert render(one((0, 2, 0), (12.0, 8.0, 4.0)), camera(0)).colour.max() > 10


def test_depth_is_along_the_optical_axis() -> None:
    eye = camera(12)
    drawn = render(one((0.1, 2.2, 0.1)), eye)
    assert np.nanmin(np.abs(drawn.median_depth - eye.depth(np.array([0.1, 2.2, 0.1])))) < 0.01


def test_a_slanted_wall_has_the_depth_of_a_plane() -> None:
    x, z = (v.ravel() for v in np.meshgrid(np.linspace(-1.2, 1.2, 40), np.linspace(-0.9, 0.9, 30)))
    wall = np.stack([x, 2.5 + 0.8 * x, z], axis=1)
    scene = flat_splats(wall, np.full((len(x), 3), 0.5, dtype=np.float32))
    eye = camera(0)
    drawn = render(scene, eye, normals=True)
    rows, columns = np.mgrid[10:30, 22:42]
    origin, rays = eye.rays(np.stack([columns, rows], axis=-1).astype(float))
    normal = np.array([0.8, -1, 0]) / np.hypot(0.8, 1)
    along = ((np.array([0, 2.5, 0]) - origin) @ normal) / (rays @ normal)
    truth = along * (rays @ eye.world_to_camera[2])
    assert np.abs(drawn.depth[10:30, 22:42] / truth - 1).max() < 0.01
    assert (drawn.normals[10:30, 22:42] @ normal).min() > 0.98


def test_a_cloud_keeps_its_look_at_another_size() -> None:
    large = render(cloud(), camera(8, (256, 160))).colour
    small = render(cloud(), camera(8)).colour
    pooled = large.reshape(40, 4, 64, 4, 3).mean(axis=(1, 3))
    assert decibels(small, pooled) > 33


def test_the_size_may_be_chosen() -> None:
    drawn = render(cloud(), camera(0), 96, 60)
    assert drawn.colour.shape == (60, 96, 3)
    assert drawn.alpha.shape == drawn.depth.shape == (60, 96)


def test_support_counts_the_cameras_that_saw_each_pixel() -> None:
    shot = views((-20, -12, 20))
    drawn = render(cloud(), camera(8))
    count = support(drawn.median_depth, camera(8), eyes(cloud(), shot))
    assert count.max() == 3
    # The box hides a part of the wall from the two on the left, and another from the one on the right.
    assert (count[4:36, 20:44] >= 1).all()
    assert (count[16:24, 28:36] == 3).mean() > 0.9
    assert (count[np.isnan(drawn.median_depth)] == -1).all()


def test_a_place_that_only_a_performer_covered_has_no_support() -> None:
    eye = camera(0)
    drawn = render(cloud(), eye)
    weight = np.ones(drawn.alpha.shape, dtype=np.float32)
    weight[10:20, 20:40] = 0
    count = support(drawn.median_depth, eye, [Eye(eye, drawn.median_depth, weight)])
    assert (count[12:18, 22:38] <= 0).all()
    assert (count[25:30, 20:40] == 1).all()


def test_scanned_points_that_are_hidden_give_no_depth() -> None:
    eye = camera(0)
    depth = measured_depth(points(), eye, block=7)
    truth = render(cloud(), eye).median_depth
    both = np.isfinite(depth) & np.isfinite(truth)
    assert both.sum() > 500
    assert np.quantile(np.abs(depth[both] / truth[both] - 1), 0.95) < 0.02


def test_a_view_with_a_distorted_lens_is_refused() -> None:
    lens = camera(0).from_opencv(camera(0).matrix, (64, 40), coefficients=(0.1, 0.0, 0.0, 0.0))
    with pytest.raises(BadInput, match="distortion"):
        View(np.zeros((40, 64, 3), dtype=np.float32), lens)
