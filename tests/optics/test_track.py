"""The one record of a camera's way: units, axes, and what is unknown."""

from fractions import Fraction

import numpy as np
import pytest

from answerprint.optics import track as tracks
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

ANGLES = np.array([[180.0, 90.0, 45.0], [30, -20, 5], [-170, 10, -60], [0, 0, 0]])


def test_angles_come_back_from_their_axes():
    back = tracks.axes_from_angles(tracks.angles_from_axes(tracks.axes_from_angles(ANGLES)))
    assert np.allclose(back, tracks.axes_from_angles(ANGLES), atol=1e-12)
    assert np.allclose(tracks.angles_from_axes(tracks.axes_from_angles(ANGLES[1:])), ANGLES[1:])


def test_the_track_and_the_camera_agree_on_what_an_angle_means():
    camera = Camera(
        active_sensor_resolution=(100, 50),
        active_sensor_physical_dimensions=(36, 18),
        pinhole_focal_length=35,
        rotation=(30, -20, 5),
    )
    _, forward = camera.rays(np.array([[49.5, 24.5]]))
    assert np.allclose(tracks.axes_from_angles(np.array([30.0, -20, 5]))[:, 1], forward[0])


def test_opengl_and_opencv_cameras_look_where_they_looked():
    gl = np.eye(3)  # right, up, backwards: looks along -Z with +Y up
    assert np.allclose(tracks.axes_from_opengl(gl)[:, 1], [0, 0, -1]) and np.allclose(tracks.axes_from_opengl(gl)[:, 2], [0, 1, 0])
    cv = np.eye(3)  # right, down, forward: looks along +Z with -Y up
    assert np.allclose(tracks.axes_from_opencv(cv)[:, 1], [0, 0, 1]) and np.allclose(tracks.axes_from_opencv(cv)[:, 2], [0, -1, 0])


def test_what_nobody_said_is_unknown_and_never_zero():
    track = CameraTrack.of([Fraction(0), Fraction(1, 24)], focal_length_mm=35.0)
    assert np.isnan(track.translation).all() and np.isnan(track.t_stop).all() and not track.posed.any()
    assert np.isnan(track.quaternions).all() and np.isnan(track.axes).all()
    assert track.document()["lens"]["t_stop"] == {"unit": "stop number", "least": None, "most": None}
    assert track.document()["lens"]["focal_length_mm"]["least"] == 35.0


def test_samples_out_of_order_are_refused():
    with pytest.raises(BadInput, match="time order"):
        CameraTrack.of([Fraction(1), Fraction(1)])


def test_a_column_of_another_length_is_refused():
    with pytest.raises(BadInput, match="focal_length_mm has 3 values for 2 samples"):
        CameraTrack.of([Fraction(0), Fraction(1)], focal_length_mm=[1, 2, 3])
