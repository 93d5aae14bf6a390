"""The stage drawn to scale, and the angles that a rig allows."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from answerprint.ingest.lights.record import LightRecord
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.spatial.planner import parallax_deg, plan
from answerprint.spatial.stage_view import Stage, draw, write_stage_view

LENS = Camera(active_sensor_resolution=(192, 108), active_sensor_physical_dimensions=(36, 20.25), pinhole_focal_length=35)


def standing(azimuth: float, distance: float = 4.0, height: float = 1.5) -> Camera:
    a = np.radians(azimuth)
    place = (float(distance * np.cos(a)), float(distance * np.sin(a)), height)
    return LENS.model_copy(update={"translation": place, "rotation": (float(azimuth + 90), 0.0, 0.0)})


def path(azimuths: np.ndarray, label: str = "A") -> CameraTrack:
    a = np.radians(azimuths)
    places = np.column_stack([4 * np.cos(a), 4 * np.sin(a), np.full(len(a), 1.5)])
    return CameraTrack.of(
        [Fraction(i, 24) for i in range(len(a))], places, np.column_stack([azimuths + 90, 0 * a, 0 * a]), label=label
    )


def test_parallax_is_the_angle_at_the_subject():
    assert parallax_deg(np.array([4.0, 0, 0]), np.array([0, 2.0, 0]), np.zeros(3)) == pytest.approx(90)


def test_angles_within_the_limit_of_a_real_camera_are_allowed_and_no_others():
    found = plan({"A": standing(0), "B": standing(30)}, (0, 0, 1.5), 4.0, azimuths=range(-180, 180, 2), elevations=(0.0,))
    assert [a.azimuth_deg for a in found.allowed] == [*range(-8, 9, 2), *range(22, 39, 2)]
    assert all(a.verdict == "background only" for a in found.angles if a not in found.allowed)
    assert {a.nearest for a in found.allowed if a.azimuth_deg > 15} == {"B"}


def test_a_height_counts_as_an_angle_too():
    found = plan({"A": standing(0)}, (0, 0, 1.5), 4.0, azimuths=(0.0,), elevations=(0.0, 7.0, 20.0))
    assert [a.verdict for a in found.angles] == ["allowed", "allowed", "background only"]


def test_a_camera_that_moves_away_allows_its_first_angle_only_for_part_of_the_take():
    (angle,) = plan({"A": path(np.linspace(0, 40, 41))}, (0, 0, 1.5), 4.0, azimuths=(0.0,), elevations=(0.0,)).angles
    assert (
        angle.verdict == "background only"
        and angle.share_of_moments == pytest.approx(9 / 41)
        and angle.parallax_deg == pytest.approx(40)
    )


def test_one_more_camera_is_put_where_it_allows_the_most():
    found = plan({"A": standing(0)}, (0, 0, 1.5), 4.0, azimuths=range(0, 41, 2), elevations=(0.0,), extra_cameras=2)
    with_them = plan(
        {"A": standing(0), **{f"X{i}": standing(a.azimuth_deg) for i, a in enumerate(found.extra)}},
        (0, 0, 1.5), 4.0, azimuths=range(0, 41, 2), elevations=(0.0,),
    )  # fmt: skip
    assert len(found.extra) == 2 and len(with_them.allowed) == len(found.allowed) + 16


def walls(count: int = 20000) -> np.ndarray:
    """A round set about the subject, five metres across the radius, with nothing in the middle."""
    rng = np.random.default_rng(0)
    a = rng.uniform(-np.pi, np.pi, count)
    return np.column_stack([5 * np.cos(a), 5 * np.sin(a), rng.uniform(0, 3, count)])


def test_an_angle_whose_background_nobody_saw_is_not_seen():
    found = plan(
        {"A": standing(0), "B": standing(10)},
        (0, 0, 1.5),
        4.0,
        azimuths=(5.0, 40.0, 180.0),
        elevations=(0.0,),
        scene=walls(),
        lens=LENS,
    )
    assert [a.verdict for a in found.angles] == ["allowed", "background only", "not seen"]
    assert found.angles[0].seen_share > 0.9 and found.angles[2].seen_share < 0.1


def test_what_stands_in_the_way_hides_what_is_behind_it():
    rng = np.random.default_rng(1)
    screen = np.column_stack([np.full(9000, 2.0), rng.uniform(-1.2, 1.2, 9000), rng.uniform(0, 3, 9000)])
    clear, hidden = (
        plan({"A": standing(0)}, (0, 0, 1.5), 4.0, azimuths=(45.0,), elevations=(0.0,), scene=scene, lens=LENS).angles[0].seen_share
        for scene in (walls(), np.concatenate([walls(), screen]))
    )
    assert clear is not None and hidden is not None and clear > 0.4 and hidden < clear / 2


@pytest.mark.parametrize("rig", [{}, {"A": path(np.arange(3.0)), "B": path(np.arange(4.0))}])
def test_a_rig_that_is_none_is_refused(rig):
    with pytest.raises(BadInput, match="capture planner"):
        plan(rig, (0, 0, 1.5), 4.0)


# -- the drawing ---------------------------------------------------------------------------------------------------------


def whole_stage() -> Stage:
    return Stage(
        tracks=[path(np.linspace(-30, 20, 60), "A"), path(np.array([60.0]), "B")], scan=walls(), marks={"M1": (0, 0, 0), "M2": (1, 1, 0)},
        lights=[LightRecord(id="1", name="Key", position=(2, -2, 4), direction=(-0.6, 0.6, -0.53))], title="12A take 2",
    )  # fmt: skip


def test_the_stage_is_a_picture_of_the_size_asked_for(tmp_path):
    write_stage_view(tmp_path / "s.png", whole_stage(), 1200, 675)
    assert cv2.imread(str(tmp_path / "s.png")).shape == (675, 1200, 3)


def test_the_same_stage_is_drawn_with_the_same_bytes():
    assert np.array_equal(draw(whole_stage(), 640, 360), draw(whole_stage(), 640, 360))


def test_a_path_is_drawn_in_its_own_colour_and_shape():
    picture = draw(Stage(tracks=[path(np.linspace(-90, 90, 90))]), 1600, 900)
    violet = np.abs(picture[60:850, :790].astype(int) - (167, 139, 250)).max(axis=-1) < 30
    rows, columns = np.nonzero(violet)
    # Half a circle of 4 m radius, to scale: twice as high as wide, its middle bulging to the right.
    assert 1.7 < np.ptp(rows) / np.ptp(columns) < 2.3 and violet.sum() > 1000


def test_an_empty_stage_is_refused():
    with pytest.raises(BadInput, match="nothing to draw"):
        draw(Stage())
