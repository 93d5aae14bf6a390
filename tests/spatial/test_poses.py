"""One pose a frame: resampling, rigs, rolling shutters, and the lag of a tracker behind the picture."""

from __future__ import annotations

import math
from fractions import Fraction

import cv2
import numpy as np
import pytest

from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack, Link, axes_from_angles
from answerprint.production import BadInput, Timecode
from answerprint.spatial.chain import Mount, Part, assembled, at_entrance_pupil, composed
from answerprint.spatial.latency import device_lag, picture_turns
from answerprint.spatial.latency_sight import follow, sight_lag
from answerprint.spatial.poses import PoseSpline, cameras, mid_exposures, opening, per_frame, row_poses

RATE = Fraction(24000, 1001)


def pan(t: np.ndarray) -> np.ndarray:
    """An operator's uneven pan and tilt, degrees."""
    return np.column_stack([20 * np.sin(0.9 * t) + 3 * np.sin(2.3 * t + 1), 6 * np.sin(1.4 * t), 1.5 * np.sin(0.7 * t)])


def place(t: np.ndarray) -> np.ndarray:
    """A crane's arc, metres."""
    return np.column_stack([2 * np.cos(0.4 * t), 2 * np.sin(0.4 * t), 1 + 0.3 * np.sin(0.6 * t)])


def tracked(seconds: float = 8.0, hertz: int = 100, late: float = 0.0, noise: float = 0.0, **lens: object) -> CameraTrack:
    stamps = [Fraction(i, hertz) for i in range(int(seconds * hertz))]
    t = np.array([float(s) for s in stamps]) - late
    jitter = np.random.default_rng(2).normal(0, noise, (len(t), 3)) if noise else 0.0
    return CameraTrack.of(stamps, place(t), pan(t) + jitter, **lens)


def test_mid_exposure_is_exact_at_a_fractional_rate():
    assert mid_exposures([0, 24], RATE)[1] == (24 + Fraction(1, 4)) / RATE


def test_a_frame_has_the_pose_of_the_middle_of_its_exposure():
    frames = per_frame(tracked(), range(5, 150), RATE, shutter_deg=172.8)
    t = (np.arange(5, 150) + 0.24) / float(RATE)
    assert np.abs(frames.translation - place(t)).max() < 1e-6 and np.abs(frames.rotation - pan(t)).max() < 1e-4


def test_samples_slower_than_the_frames_are_splined_within_a_millimetre():
    slow = per_frame(tracked(hertz=10), range(10, 150), RATE)
    assert np.abs(slow.translation - place(slow.seconds)).max() < 1e-3 and np.abs(slow.rotation - pan(slow.seconds)).max() < 0.02


def test_a_gap_and_the_time_beyond_the_samples_have_no_pose():
    track = tracked()
    holed = track.moved(valid=~((track.seconds > 2) & (track.seconds < 3)))
    frames = per_frame(holed, range(300), RATE)
    lost = frames.seconds[~frames.posed]
    assert ((lost > 2) & (lost < 3)).sum() == 24 and (lost > 7.9).any() and not ((lost > 3.1) & (lost < 7.9)).any()
    assert "frames have no pose" in frames.problems[-1]


def test_a_turn_through_180_degrees_takes_the_short_way():
    track = CameraTrack.of(
        [Fraction(i, 10) for i in range(20)], np.zeros((20, 3)), [[(175 + i + 180) % 360 - 180, 0, 0] for i in range(20)]
    )
    middle = per_frame(track, range(1, 40), Fraction(24)).rotation[:, 0] % 360
    assert np.all(np.diff(middle) > 0) and middle.min() > 174 and middle.max() < 195


def test_lens_columns_travel_with_the_poses_and_unknown_stays_unknown():
    focus = np.linspace(2, 4, 800)
    frames = per_frame(tracked(focal_length_mm=35.0, focus_distance_m=focus), range(1, 100), RATE)
    assert set(frames.focal_length_mm) == {35.0} and np.isnan(frames.t_stop).all()
    assert frames.focus_distance_m[50] == pytest.approx(2 + 2 * frames.seconds[50] / 7.99, abs=1e-9)


def test_a_track_without_a_trusted_pose_is_refused():
    with pytest.raises(BadInput, match="no pose to be trusted"):
        PoseSpline.through(tracked(1).moved(valid=np.zeros(100, dtype=bool)))


def test_rows_of_a_rolling_shutter_are_seen_one_after_the_other():
    places, axes = row_poses(tracked(), opens=1.0, rows=101, readout_s=0.010, exposure_s=0.02)
    moments = 1.01 + np.linspace(0, 0.010, 101)
    assert np.abs(places - place(moments)).max() < 1e-6 and np.abs(axes - axes_from_angles(pan(moments))).max() < 1e-6


def test_a_take_is_found_on_the_trackers_clock_by_its_timecode():
    start = Timecode.parse("10:00:00:00", 24)
    stamped = tracked(start=start, clock="PTP epoch")
    assert opening(stamped, start + 36) == Fraction(3, 2)
    assert opening(tracked(clock="timecode from midnight"), start) == 36000
    with pytest.raises(BadInput, match="carries no timecode"):
        opening(tracked(), start)


def test_a_track_becomes_cameras_and_what_is_unknown_becomes_none():
    focal = np.full(100, 35.0)
    focal[7] = np.nan
    made = cameras(tracked(1, focal_length_mm=focal, sensor_mm=(36.0, 24.0)), (960, 640))
    assert made[7] is None and len(made) == 100 and made[3] is not None
    ahead = place(np.array([0.03]))[0] + 5 * axes_from_angles(pan(np.array([0.03]))[0])[:, 1]
    assert np.allclose(made[3].project(ahead), [479.5, 319.5], atol=1e-6) and made[3].matrix[0, 0] == pytest.approx(35 / 36 * 960)
    with pytest.raises(BadInput, match="says no sensor"):
        cameras(tracked(1), (960, 640))


# -- rigs ----------------------------------------------------------------------------------------------------------------


def test_a_head_on_a_dolly_carries_its_camera_with_it():
    links = [
        Link("dolly", np.array([[0.0, 5, 0]]), np.array([[90.0, 0, 0]])),
        Link("head", np.array([[0.0, 0.5, 1]]), np.array([[0.0, 30, 0]])),
    ]
    position, rotation = composed(links)
    assert np.allclose(position, [[-0.5, 5, 1]]) and np.allclose(rotation, [[90, 30, 0]])


def test_parts_at_their_own_rates_and_lags_make_one_camera():
    t50, t100 = [Fraction(i, 50) for i in range(400)], [Fraction(i, 100) for i in range(800)]
    seconds = np.array([float(t) for t in t50])
    dolly = CameraTrack.of(t50, np.column_stack([np.zeros(400), 0.5 * (seconds - 0.04), np.zeros(400)]))
    head = CameraTrack.of(t100, rotation=pan(np.array([float(t) for t in t100])), focal_length_mm=50.0)
    moments = [Fraction(i, 24) + Fraction(1, 48) for i in range(5, 150)]
    camera = assembled([Part("dolly", dolly, latency_s=0.04), Part("head", head, Mount((0, 0, 1.6)))], moments)
    t = np.array([float(m) for m in moments])
    assert np.abs(camera.translation - np.column_stack([0 * t, 0.5 * t, 0 * t + 1.6])).max() < 1e-6
    assert np.abs(camera.rotation - pan(t)).max() < 1e-4 and set(camera.focal_length_mm) == {50.0} and len(camera.chain) == 4


def test_the_entrance_pupil_lies_ahead_along_the_optical_axis():
    track = CameraTrack.of([Fraction(0)], [[1, 2, 3]], [[90, 0, 0]], entrance_pupil_offset_m=0.1)
    assert (
        np.allclose(at_entrance_pupil(track).translation, [[0.9, 2, 3]])
        and at_entrance_pupil(track).entrance_pupil_offset_m[0] == 0
    )
    assert "unknown" in at_entrance_pupil(tracked(0.1)).problems[0]


# -- latency -------------------------------------------------------------------------------------------------------------


def seen(moments: list[Fraction], noise_deg: float = 0.0) -> np.ndarray:
    t = np.array([float(m) for m in moments])
    turns = PoseSpline.through(tracked(10)).turned(t[:-1], t[1:])
    return turns + np.random.default_rng(1).normal(0, math.radians(noise_deg), turns.shape)


@pytest.mark.parametrize("frames", [7.0, 2.4, 0.0, -3.3])
def test_a_planted_lag_is_found_within_a_quarter_of_a_frame(frames):
    moments = mid_exposures(range(40, 140), RATE)
    lag = device_lag(tracked(late=frames / float(RATE), noise=0.005), moments, seen(moments, noise_deg=0.03), RATE)
    assert abs(lag.frames - frames) < 0.25 and lag.believable


def test_correcting_the_lag_gives_the_poses_back():
    late = tracked(late=7 / float(RATE))
    moments = mid_exposures(range(40, 140), RATE)
    lag = device_lag(late, moments, seen(moments), RATE)
    fixed = per_frame(late, range(40, 140), RATE, latency_s=lag.seconds)
    assert np.abs(fixed.rotation - pan(fixed.seconds)).max() < 0.05


def test_a_locked_camera_cannot_tell_its_lag():
    still = CameraTrack.of([Fraction(i, 100) for i in range(500)], np.zeros((500, 3)), np.zeros((500, 3)))
    with pytest.raises(BadInput, match="hardly turns"):
        device_lag(still, mid_exposures(range(10, 100), RATE), np.zeros((89, 3)), RATE)


def test_a_steady_pan_is_not_believed():
    t = np.arange(500) / 100
    track = CameraTrack.of([Fraction(i, 100) for i in range(500)], np.zeros((500, 3)), np.column_stack([10 * t, 0 * t, 0 * t]))
    moments = mid_exposures(range(30, 90), RATE)
    turns = np.tile([0, 0, math.radians(10 / float(RATE))], (59, 1)) + np.random.default_rng(0).normal(0, 1e-4, (59, 3))
    assert not device_lag(track, moments, turns, RATE).believable


def view(angles: np.ndarray, scene: np.ndarray, camera: Camera) -> np.ndarray:
    """A far background seen by a turned camera."""
    k, far = camera.matrix, np.diag([900.0, 900.0, 1.0]) + np.array([[0, 0, 800.0], [0, 0, 600], [0, 0, 0]])
    to_cv = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    turn = to_cv @ axes_from_angles(angles).T @ to_cv.T
    return cv2.warpPerspective(scene, k @ turn @ np.linalg.inv(far), (camera.width, camera.height), flags=cv2.INTER_LINEAR)


def test_a_planted_seven_frame_lag_is_found_from_the_pictures_themselves():
    camera = Camera(active_sensor_resolution=(240, 135), active_sensor_physical_dimensions=(36, 20.25), pinhole_focal_length=50)
    noise = np.random.default_rng(4).uniform(0, 1, (1200, 1600)).astype(np.float32)
    scene = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 1, cv2.NORM_MINMAX)
    moments = mid_exposures(range(20, 80), RATE)
    turns = picture_turns((view(a, scene, camera) for a in pan(np.array([float(m) for m in moments]))), camera)
    lag = device_lag(tracked(late=7 / float(RATE), noise=0.005), moments, turns, RATE)
    assert abs(lag.frames - 7) < 0.25 and lag.agreement > 0.99


# -- latency of a camera that travels ------------------------------------------------------------------------------------


def crane(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A crane that travels a metre a second past a wall four metres away, and turns as it goes."""
    turn = np.column_stack([10 * np.sin(0.9 * t) + 2 * np.sin(2.3 * t + 1), 4 * np.sin(1.4 * t), 0 * t])
    return np.column_stack([2 * np.sin(0.5 * t), 0 * t, 0 * t + 1]), turn


def wall_seen(scene: np.ndarray, position: np.ndarray, angles: np.ndarray, camera: Camera) -> np.ndarray:
    """A wall at y = 4 m, a hundred pixels to the metre."""
    here = Camera(**{**camera.model_dump(), "translation": tuple(position), "rotation": tuple(angles)})
    corners = np.array([[-2, 4, 0], [2, 4, 0], [2, 4, 2], [-2, 4, 2.0]])
    flat = (corners - here.position) @ here.world_to_camera.T
    pixels = flat[:, :2] / flat[:, 2:] * [here.matrix[0, 0], here.matrix[1, 1]] + here.matrix[:2, 2]
    texture = np.array([[x * 100 + 1200, 800 - (z - 1) * 100] for x, _, z in corners])
    shape = cv2.getPerspectiveTransform(texture.astype(np.float32), pixels.astype(np.float32))
    return cv2.warpPerspective(scene, shape, (camera.width, camera.height))


@pytest.mark.parametrize("frames", [7.0, -2.6])
def test_the_lag_of_a_crane_past_a_near_wall_is_found_within_a_quarter_of_a_frame(frames):
    camera = Camera(active_sensor_resolution=(240, 135), active_sensor_physical_dimensions=(36, 20.25), pinhole_focal_length=35)
    noise = np.random.default_rng(4).uniform(0, 1, (1600, 2400)).astype(np.float32)
    scene = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 1, cv2.NORM_MINMAX)
    moments = mid_exposures(range(20, 70), RATE)
    pictures = [wall_seen(scene, p, a, camera) for p, a in zip(*crane(np.array([float(m) for m in moments])), strict=True)]
    stamps = [Fraction(i, 100) for i in range(600)]
    place_, turn_ = crane(np.array([float(s) for s in stamps]) - frames / float(RATE))
    late = CameraTrack.of(stamps, place_, turn_ + np.random.default_rng(0).normal(0, 0.005, turn_.shape))
    lag = sight_lag(late, moments, follow(pictures, camera), camera, RATE, most_frames=10)
    assert abs(lag.frames - frames) < 0.25 and lag.believable and lag.error_px < 0.2


def test_a_camera_that_stands_still_cannot_tell_its_lag_by_sight_either():
    camera = Camera(active_sensor_resolution=(240, 135), active_sensor_physical_dimensions=(36, 20.25), pinhole_focal_length=35)
    picture = cv2.GaussianBlur(np.random.default_rng(4).uniform(0, 1, (135, 240)).astype(np.float32), (0, 0), 2)
    still = CameraTrack.of(
        [Fraction(i, 100) for i in range(300)], np.zeros((300, 3)), np.random.default_rng(0).normal(0, 0.005, (300, 3))
    )
    moments = mid_exposures(range(20, 45), RATE)
    assert not sight_lag(still, moments, follow([picture] * 25, camera), camera, RATE, most_frames=6).believable
