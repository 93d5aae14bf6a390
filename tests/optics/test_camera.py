"""Cameras: from the world to the picture and back."""

import cv2
import numpy as np
import pytest

from answerprint.optics.camera import Camera, Plane
from answerprint.optics.distortion import Distortion

LENS = (-0.28, 0.09, 0.0006, -0.0004, -0.011)


def looking(x: float, y: float, z: float, pan: float = 20.0, tilt: float = -25.0, roll: float = 7.0, lens: tuple = LENS) -> Camera:
    return Camera(
        label="A",
        active_sensor_resolution=(1920, 1080),
        active_sensor_physical_dimensions=(24.9, 14.0),
        pinhole_focal_length=24.0,
        projection_offset=(0.3, -0.2),
        distortion=Distortion.from_opencv(lens),
        translation=(x, y, z),
        rotation=(pan, tilt, roll),
    )


def pixels(count: int = 400) -> np.ndarray:
    return np.random.default_rng(4).uniform([0, 0], [1919, 1079], (count, 2))


def test_with_all_angles_zero_the_camera_looks_along_plus_y_with_z_up_in_the_picture() -> None:
    camera = looking(0, 0, 0, 0, 0, 0, ())
    centre, right, above = camera.project(np.array([[0, 5, 0], [1, 5, 0], [0, 5, 1]]))
    assert right[0] > centre[0]
    assert right[1] == pytest.approx(centre[1])
    assert above[1] < centre[1]
    assert above[0] == pytest.approx(centre[0])


def test_a_positive_pan_turns_left_a_positive_tilt_up_and_a_positive_roll_lifts_the_left_side() -> None:
    ahead = np.array([[0.0, 5.0, 0.0]])
    straight = looking(0, 0, 0, 0, 0, 0, ()).project(ahead)[0]
    assert looking(0, 0, 0, 10, 0, 0, ()).project(ahead)[0, 0] > straight[0]
    assert looking(0, 0, 0, 0, 10, 0, ()).project(ahead)[0, 1] > straight[1]
    aside = np.array([[1.0, 5.0, 0.0]])
    assert looking(0, 0, 0, 0, 0, 10, ()).project(aside)[0, 1] < looking(0, 0, 0, 0, 0, 0, ()).project(aside)[0, 1]


def test_projection_agrees_with_opencv() -> None:
    camera = looking(0.5, -3, 1.7)
    xyz = np.random.default_rng(1).uniform([-2, 1, -1], [1, 6, 1], (200, 3))
    turn, _ = cv2.Rodrigues(camera.world_to_camera)
    expected, _ = cv2.projectPoints(xyz, turn, -camera.world_to_camera @ camera.position, camera.matrix, np.array(LENS))
    seen = camera.project(xyz)
    ahead = np.isfinite(seen).all(axis=1)
    assert ahead.sum() > 150
    assert np.abs(seen - expected[:, 0])[ahead].max() < 1e-6


def test_every_pixel_comes_back_through_its_ray() -> None:
    camera = looking(0.5, -3, 1.7)
    origin, rays = camera.rays(pixels())
    assert np.abs(camera.project(origin + 3.7 * rays) - pixels()).max() < 1e-6


def test_undistorting_and_distorting_is_nothing() -> None:
    camera = looking(0, 0, 0)
    assert np.abs(camera.distort(camera.undistort(pixels())) - pixels()).max() < 1e-6


def test_a_point_behind_the_camera_is_nowhere_in_the_picture() -> None:
    assert np.isnan(looking(0, 0, 0, 0, 0, 0).project(np.array([[0.0, -4.0, 0.0]]))).all()


def test_a_point_far_outside_the_field_does_not_fold_back_into_the_picture() -> None:
    camera = looking(0, 0, 0, 0, 0, 0, (-0.4, 0.0, 0, 0))
    sideways = np.array([[x, 1.0, 0.0] for x in np.linspace(1.0, 6.0, 50)])
    assert not camera.inside(camera.project(sideways)).any()
    assert np.isfinite(Distortion.from_opencv((-0.4, 0, 0, 0)).fold_radius())


def test_what_lies_on_a_plane_moves_between_cameras_as_the_homography_says() -> None:
    one, other = looking(0.5, -3, 1.7), looking(2.0, -2.5, 2.2, 45, -30, -4)
    floor = Plane.horizontal(0.1)
    h = one.plane_homography(floor, other)
    here = one.undistort(pixels())
    there = np.concatenate([here, np.ones((len(here), 1))], axis=1) @ h.T
    direct = one.transfer(pixels(), floor, other)
    seen = np.isfinite(direct).all(axis=1) & other.inside(direct)
    assert seen.sum() > 50
    assert np.abs(other.distort(there[:, :2] / there[:, 2:]) - direct)[seen].max() < 1e-6


@pytest.mark.parametrize("size", [(960, 540), (1280, 1080)])
def test_a_resized_picture_shows_the_same_points(size: tuple[int, int]) -> None:
    camera = looking(0, 0, 0)
    _, rays = camera.rays(pixels())
    scale = np.array(size) / [1920, 1080]
    assert np.abs(camera.resized(*size).project(rays) - ((pixels() + 0.5) * scale - 0.5)).max() < 1e-6


def test_a_cropped_picture_shows_the_same_points_moved() -> None:
    camera = looking(0, 0, 0)
    _, rays = camera.rays(pixels())
    assert np.abs(camera.cropped(100, -20, 1000, 800).project(rays) - (pixels() - [100, -20])).max() < 1e-6


def test_a_fitted_picture_is_scaled_evenly_and_centred() -> None:
    camera = looking(0, 0, 0, lens=())
    fitted = camera.fitted(960, 600)
    assert fitted.matrix[0, 0] == pytest.approx(camera.matrix[0, 0] / 2)
    assert fitted.matrix[1, 1] == pytest.approx(camera.matrix[1, 1] / 2)
    _, rays = camera.rays(np.array([[0.0, 0.0]]))
    assert fitted.project(rays)[0] == pytest.approx([-0.25, 30 - 0.25])


def test_angles_survive_the_way_through_a_matrix() -> None:
    camera = looking(1, 2, 3, -171.3, 33.1, -98.4)
    back = Camera.from_opencv(camera.matrix, (1920, 1080), camera.world_to_camera, camera.position, LENS, "A", 24.0)
    assert back.rotation == pytest.approx(camera.rotation)
    assert back.active_sensor_physical_dimensions == pytest.approx(camera.active_sensor_physical_dimensions)
    assert back.projection_offset == pytest.approx(camera.projection_offset)


def test_the_record_is_written_under_the_standard_names_and_reads_back() -> None:
    camera = looking(1, 2, 3)
    text = camera.model_dump_json(by_alias=True)
    assert '"pinholeFocalLength":24.0' in text
    assert Camera.model_validate_json(text) == camera
