"""A rolling shutter in pose use: points and pixels by the time of each row, against the way the camera really took."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.spatial.test_poses import pan, place, tracked

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.spatial.capture import ClipCameras, read_clip_cameras
from answerprint.spatial.poses import PoseSpline
from answerprint.spatial.rolling import RollingCamera, rolling_camera

WIDTH, HEIGHT = 1920, 1080
READOUT = 1 / 60
RATE = Fraction(24)


def true_camera(seconds: float) -> Camera:
    """Where the camera really was at a moment."""
    at = np.array([seconds])
    return Camera(
        active_sensor_resolution=(WIDTH, HEIGHT), active_sensor_physical_dimensions=(36.0, 20.25), pinhole_focal_length=35.0,
        translation=tuple(place(at)[0]), rotation=tuple(pan(at)[0]), distortion=Distortion(radial=(-0.05, 0.01)),
    )  # fmt: skip


def clip(frames: int = 48, readout: float | None = READOUT) -> ClipCameras:
    """One exact pose a frame, at the moment of its middle row."""
    unknown = np.full(frames, np.nan)
    cameras = tuple(true_camera(n / 24) for n in range(frames))
    return ClipCameras("A001", RATE, "", cameras, unknown, unknown, "recorded", "made", readout_s=readout)


def scattered(frame: int, count: int = 40) -> np.ndarray:
    """Points before the camera, two to twelve metres away."""
    rng = np.random.default_rng(5)
    pixels = rng.uniform((60, 40), (WIDTH - 60, HEIGHT - 40), (count, 2))
    origin, directions = true_camera(frame / 24).rays(pixels)
    return np.asarray(origin + directions * rng.uniform(2, 12, (count, 1)))


def true_pixel(point: np.ndarray, frame: int, readout: float = READOUT) -> np.ndarray:
    """The pixel whose row is read at the moment at which the camera has the point in that row, by bisection over the rows."""

    def seen(row: float) -> np.ndarray:
        return true_camera(frame / 24 + (row / (HEIGHT - 1) - 0.5) * readout).project(point)

    low, high = -0.5, HEIGHT - 0.5
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if seen(middle)[1] > middle else (low, middle)
    return seen(low)


@pytest.mark.parametrize("frame", [0, 20, 47])
def test_points_are_seen_where_their_own_row_saw_them(frame: int) -> None:
    points, held = scattered(frame), rolling_camera(clip(), frame)
    assert held is not None
    truth = np.array([true_pixel(point, frame) for point in points])
    assert np.abs(held.project(points) - truth).max() < 0.05
    assert np.abs(true_camera(frame / 24).project(points) - truth).max() > 1.5, "one pose for all rows would be wrong"


def test_a_tracker_faster_than_the_frames_is_followed_between_them() -> None:
    moment = 1.2345
    held = RollingCamera.on(true_camera(moment), PoseSpline.through(tracked()), moment, READOUT)
    points = scattered(round(moment * 24))
    truth = np.array([true_pixel(point, moment * 24) for point in points])  # type: ignore[arg-type]
    assert np.abs(held.project(points) - truth).max() < 0.05


def test_light_is_traced_back_from_where_the_camera_was_for_the_row() -> None:
    held = rolling_camera(clip(), 20)
    assert held is not None
    pixels = np.array([[100.0, 0.0], [960.0, 539.5], [1800.0, 1079.0], [400.0, 300.25]])
    origins, directions = held.rays(pixels)
    for pixel, origin, direction in zip(pixels, origins, directions, strict=True):
        truth = true_camera(20 / 24 + (pixel[1] / (HEIGHT - 1) - 0.5) * READOUT)
        place_then, way = truth.rays(pixel)
        assert np.abs(origin - place_then).max() < 1e-5 and np.abs(direction - way).max() < 1e-5
    metres = np.array([2.0, 3.0, 8.0, 5.0])
    assert np.abs(held.project(held.points(pixels, metres)) - pixels).max() < 1e-3
    row = held.row(300.25)
    assert row.depth(held.points(pixels, metres)[3]) == pytest.approx(5.0, abs=1e-6)


def test_without_a_readout_time_every_row_has_the_frames_pose() -> None:
    held = rolling_camera(clip(readout=None), 20)
    assert held is not None
    points = scattered(20)
    assert np.abs(held.project(points) - true_camera(20 / 24).project(points)).max() < 1e-6


def test_a_point_behind_the_camera_and_a_frame_without_a_pose_have_nothing() -> None:
    made = clip()
    held = rolling_camera(made, 20)
    assert held is not None
    origin, direction = true_camera(20 / 24).rays(np.array([960.0, 540.0]))
    assert np.isnan(held.project(origin - 3 * direction)).all()
    assert rolling_camera(replace(made, cameras=(*made.cameras[:20], None, *made.cameras[21:])), 20) is None


def test_the_readout_time_is_kept_with_the_clips_cameras(tmp_path: Path) -> None:
    clip().write(tmp_path / "a.json")
    clip(readout=None).write(tmp_path / "b.json")
    assert read_clip_cameras(tmp_path / "a.json").readout_s == READOUT
    assert read_clip_cameras(tmp_path / "b.json").readout_s is None


def test_neighbours_turned_right_round_are_not_looked_at() -> None:
    made = clip()
    turned = [c and c.model_copy(update={"rotation": (c.rotation[0] + 179, *c.rotation[1:])}) for c in made.cameras]
    held = rolling_camera(replace(made, cameras=(*turned[:20], made.cameras[20], *turned[21:])), 20)
    assert held is not None and np.abs(held.project(scattered(20)) - true_camera(20 / 24).project(scattered(20))).max() < 1e-6
