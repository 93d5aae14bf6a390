"""Measurements into the stage: exact without noise, honest with it, and a fault over ten millimetres."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from answerprint.ingest.tracking.read import read_track
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, FaultFound
from answerprint.spatial.registration import register_points, register_scan, umeyama

TURN = Rotation.from_euler("ZXY", [140, 8, -5], degrees=True).as_matrix()
SHIFT = np.array([12.0, -7.0, 1.5])
MARKS = np.random.default_rng(8).uniform([-6, -4, 0], [6, 4, 4], (8, 3))


def marks(points):
    return {f"M{i}": p for i, p in enumerate(points)}


def test_without_noise_the_stage_is_found_to_a_micrometre():
    found = register_points(marks(MARKS), marks(MARKS @ TURN.T + SHIFT))
    assert np.abs(found.apply(MARKS) - (MARKS @ TURN.T + SHIFT)).max() < 1e-6 and found.rms_m < 1e-6 and not found.faults()


def test_three_millimetres_of_noise_are_reported_as_two_to_five():
    rms = []
    for seed in range(20):
        noisy = MARKS + np.random.default_rng(seed).normal(0, 0.003 / np.sqrt(3), MARKS.shape)
        rms.append(register_points(marks(noisy), marks(MARKS @ TURN.T + SHIFT)).rms_m)
    assert 0.002 < np.mean(rms) < 0.005


def test_a_solve_without_a_unit_finds_its_scale():
    _, scale = umeyama(MARKS / 37.5, MARKS @ TURN.T + SHIFT, scaled=True)
    assert scale == pytest.approx(37.5)


def test_a_mirror_is_never_taken_for_a_turn():
    matrix, _ = umeyama(MARKS * [1, 1, -1], MARKS)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)


def test_over_ten_millimetres_is_a_fault_that_names_the_worst_mark():
    wrong = MARKS.copy()
    wrong[3] += [0, 0, 0.08]
    found = register_points(marks(wrong), marks(MARKS))
    assert "M3 is off by" in found.faults()[0]
    with pytest.raises(FaultFound, match=r"mm root mean square, over 10 mm; M3"):
        found.require()


@pytest.mark.parametrize("points", [MARKS[:2], np.outer(np.arange(5.0), [1, 2, 3])])
def test_too_few_points_or_a_line_of_them_is_refused(points):
    with pytest.raises(BadInput, match="registration"):
        register_points(marks(points), marks(points))


def test_a_track_is_carried_to_the_stage_with_its_cameras():
    track = CameraTrack.of([Fraction(0)], [MARKS[0]], [[0, 0, 0]])
    moved = register_points(marks(MARKS), marks(MARKS @ TURN.T + SHIFT)).place(track)
    assert np.allclose(moved.translation[0], TURN @ MARKS[0] + SHIFT) and np.allclose(moved.rotation[0], [140, 8, -5])


def room(seed: int, count: int = 24000, noise: float = 0.003) -> np.ndarray:
    """Scanned surfaces of a set: floor, two walls, a plinth; 3 mm of noise."""
    rng = np.random.default_rng(seed)
    u = rng.uniform(0, 1, (count, 2))
    which = rng.integers(0, 4, count)
    faces = [np.column_stack([u[:, 0] * 6, u[:, 1] * 5, 0 * u[:, 0]]), np.column_stack([u[:, 0] * 6, 0 * u[:, 0] + 5, u[:, 1] * 3]),
             np.column_stack([0 * u[:, 0], u[:, 0] * 5, u[:, 1] * 3]), np.column_stack([2 + u[:, 0], 2 + u[:, 1] * 1.5, 0 * u[:, 0] + 0.8])]  # fmt: skip
    return np.choose(which[:, None], faces) + rng.normal(0, noise, (count, 3))


def test_a_scan_settles_on_another_within_two_millimetres():
    truth = np.eye(4)
    truth[:3, :3], truth[:3, 3] = Rotation.from_euler("z", 1.2, degrees=True).as_matrix(), [0.05, -0.04, 0.03]
    scan = (room(1) - truth[:3, 3]) @ truth[:3, :3]
    far = np.array([100.0, -250.0, 7.0])
    offset = np.eye(4)
    offset[:3, 3] = far
    found = register_scan(scan, room(2) + far, offset, reach_m=0.25, voxel_m=0.05)
    assert np.linalg.norm(found.apply(scan) - (room(1) + far), axis=1).mean() < 0.002
    assert 0.0005 < found.rms_m < 0.006 and found.pairs > 1000 and not found.faults()


def depth_cloud(folder, track: CameraTrack, index: int) -> np.ndarray:
    """A depth picture of a posed camera as points of its world (525 px focal length, millimetres, as the set is published)."""
    depth = cv2.imread(str(folder / f"depth/{index:05d}.png"), cv2.IMREAD_UNCHANGED) / 1000.0
    matrix = np.array([[525, 0, 319.5], [0, 525, 239.5], [0, 0, 1.0]])
    turn = track.axes[index] @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    camera = Camera.from_opencv(matrix, (640, 480), turn.T, track.translation[index])
    rows, columns = (part[::7] for part in np.nonzero(depth > 0))
    origin, rays = camera.rays(np.column_stack([columns, rows]).astype(float))
    return origin + rays * (depth[rows, columns] / (rays @ camera.world_to_camera[2]))[:, None]


def test_posed_depth_pictures_fall_on_each_other(footage):
    folder = footage / "spatial/rgbd_redwood"
    track = read_track(folder / "trajectory.log")
    first, last = depth_cloud(folder, track, 0), depth_cloud(folder, track, 4)
    apart, _ = cKDTree(first).query(last)
    assert np.median(apart) < 0.008, "about the distance between the points themselves"


def test_scans_of_different_places_are_refused():
    with pytest.raises(BadInput, match="meet the stage"):
        register_scan(room(1, 3000), room(2, 3000) + np.array([50.0, 0, 0]))
