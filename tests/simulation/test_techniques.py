"""Camera moves and lighting patterns measured against what their names promise."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.production import BadInput
from answerprint.simulation import cameras
from answerprint.simulation.lighting import PATTERNS, angles, pattern
from answerprint.simulation.stage import StageCamera
from answerprint.simulation.techniques import crane_over, dolly_zoom, handheld, push_in, rack_focus, whip_pan, with_keys

EYES = (0.2, 0.5, 1.6)
CAMERA = StageCamera(translation=(0.2, -3.5, 1.6), look_at=EYES, active_sensor_resolution=(960, 540))


def height_in_picture(camera: StageCamera, frame: int, metres: float) -> float:
    seen = cameras.record(cameras.at_frame(camera, frame))
    top, bottom = (seen.project(np.array([EYES[0], EYES[1], EYES[2] + s * metres / 2]))[1] for s in (1, -1))
    return float(bottom - top)


def test_a_dolly_zoom_keeps_the_subject_and_changes_what_is_behind() -> None:
    camera = with_keys(CAMERA, dolly_zoom(CAMERA, EYES, 2.0, 1, 25))
    sizes = [height_in_picture(camera, frame, 0.3) for frame in (1, 13, 25)]
    assert max(sizes) / min(sizes) < 1.001
    focal = [cameras.at_frame(camera, frame).pinhole_focal_length for frame in (1, 25)]
    assert focal[1] == pytest.approx(focal[0] / 2)


def test_a_dolly_zoom_through_its_subject_is_refused() -> None:
    with pytest.raises(BadInput, match=r"stop at least 0\.2 m"):
        dolly_zoom(CAMERA, EYES, 4.0, 1, 10)


def test_focus_moves_straight_in_dioptres_and_holds_at_both_ends() -> None:
    keys = rack_focus(CAMERA, 1.0, 4.0, 1, 21, hold=5)
    distance = [key.focus_distance for key in keys]
    assert distance[:6] == [pytest.approx(1.0)] * 6
    assert distance[-6:] == [pytest.approx(4.0)] * 6
    assert distance[10] == pytest.approx(1 / (0.5 / 1 + 0.5 / 4))


def test_a_push_in_keeps_the_subject_in_the_middle() -> None:
    camera = with_keys(CAMERA, push_in(CAMERA, EYES, 1.5, 0.4, 1, 12))
    for frame in (1, 6, 12):
        seen = cameras.record(cameras.at_frame(camera, frame))
        assert seen.project(np.array(EYES)) == pytest.approx([479.5, 269.5], abs=1e-6)
    tilt = [cameras.at_frame(camera, frame).rotation[1] for frame in (1, 12)]
    assert tilt[1] < tilt[0] - 5


def test_a_crane_ends_above_and_beyond_where_it_began() -> None:
    keys = crane_over(CAMERA, EYES, 2.5, 3.0, 1, 20)
    assert keys[-1].translation == pytest.approx((0.2, -0.5, 4.1))


def test_a_whip_pan_turns_by_its_angle_within_its_frames() -> None:
    keys = whip_pan(CAMERA, 90, 1, 24, move=6)
    pan = np.array([key.rotation[0] for key in keys if key.rotation is not None])
    assert pan[0] == pytest.approx(0)
    assert pan[-1] == pytest.approx(90, abs=2)
    assert np.abs(np.diff(pan)).max() > 20


def test_a_hand_shakes_the_same_for_the_same_seed_and_stays_small() -> None:
    keys = handheld(CAMERA, 1, 240, 24.0, seed=3)
    assert keys == handheld(CAMERA, 1, 240, 24.0, seed=3)
    moved = np.array([key.translation for key in keys]) - CAMERA.translation
    assert 0.002 < moved.std(axis=0).max() < 0.015
    assert np.abs(np.diff(moved, axis=0)).max() < 0.006


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_puts_the_key_where_its_name_says(name: str) -> None:
    key, fill, _ = pattern(name, EYES, CAMERA.translation, 120.0, side="right")  # type: ignore[arg-type]
    azimuth, elevation = angles(key, CAMERA.translation)
    assert azimuth == pytest.approx(PATTERNS[name].key_azimuth, abs=1e-6)
    assert elevation == pytest.approx(PATTERNS[name].key_elevation, abs=1e-6)
    assert fill.stops == PATTERNS[name].fill_stops


def test_lamps_stay_in_the_room_at_the_same_angle() -> None:
    corner = ((-1.0, -4.0, 0.3), (1.0, 3.0, 2.4))
    key, _, back = pattern("rembrandt", EYES, CAMERA.translation, 120.0, inside=corner)
    for lamp in (key, back):
        assert all(low - 1e-9 <= v <= high + 1e-9 for low, v, high in zip(corner[0], lamp.translation, corner[1], strict=True))
    assert angles(key, CAMERA.translation)[1] == pytest.approx(PATTERNS["rembrandt"].key_elevation, abs=1e-6)
