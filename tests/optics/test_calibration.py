"""Solving a lens from a chart: against truth, and against OpenCV on real frames."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.calibration import calibrate
from answerprint.optics.camera import Camera
from answerprint.optics.chart import Chart, View, find_chart, refine
from answerprint.optics.distortion import Distortion
from answerprint.optics.lens import read_lens, write_lens
from answerprint.optics.lens_grid import lens_of, solve_setting
from answerprint.optics.lens_model import LensModel
from answerprint.optics.table import LensState
from answerprint.production import BadInput

CHART = Chart(9, 6, 0.03)
SIZE = (640, 400)


def camera(
    model: LensModel, focal: float = 30.0, turn: tuple[float, ...] = (0, 0, 0), shift: tuple[float, ...] = (0, 0, 0.6)
) -> Camera:
    """A camera in the chart's coordinates, ``shift`` metres from the chart's middle."""
    rotation, _ = cv2.Rodrigues(np.array(turn, dtype=np.float64))
    middle = np.array([0.12, 0.075, 0.0])
    place = middle - rotation.T @ np.array(shift)
    pixels = focal * 640 / 24.9
    matrix = np.array([[pixels, 0, 316.0], [0, pixels, 203.0], [0, 0, 1]])
    found = Camera.from_opencv(matrix, SIZE, rotation, place, focal_length_mm=focal)
    return Camera.model_validate({**found.model_dump(), "distortion": model.model_dump()})  # type: ignore[attr-defined]


POSES = [
    (0.0, 0.0, 0.0),
    (0.5, 0.1, 0.05),
    (-0.5, 0.2, -0.1),
    (0.1, 0.55, 0.3),
    (0.15, -0.55, 1.2),
    (0.4, 0.4, -0.4),
    (-0.3, -0.4, 0.0),
]


def seen(model: LensModel, noise: float = 0.0) -> list[View]:
    draw = np.random.default_rng(8)
    views = []
    for n, turn in enumerate(POSES):
        corners = camera(model, turn=turn, shift=(0.02 * (n % 3 - 1), 0.01, 0.55 + 0.05 * (n % 2))).project(CHART.points)
        views.append(View(f"{n}", SIZE, CHART.points, corners + noise * draw.standard_normal(corners.shape)))
    return views


@cache
def sensor_rays(model: LensModel, focal: float) -> np.ndarray:
    """Directions (x, y, 1) of the pixels, in the camera's axes."""
    here = camera(model, focal)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    flat = (here.undistort(np.stack([x, y], axis=-1)) - here.matrix[:2, 2]) / [here.matrix[0, 0], here.matrix[1, 1]]
    return np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)


def rendered(model: LensModel, turn: tuple[float, ...], focal: float = 30.0) -> np.ndarray:
    """The chart as that camera sees it, its edges soft by about a pixel, 8 bits with noise."""
    here = camera(model, focal, turn, (0.0, 0.0, 0.02 * focal))
    rays = sensor_rays(model, focal) @ here.world_to_camera
    place = here.position[:2] - rays[..., :2] * (here.position[2] / rays[..., 2])[..., None]
    u, v = np.moveaxis(place / CHART.pitch, -1, 0)
    board = (u > -1) & (u < 9) & (v > -1) & (v < 6)
    bright = np.where(board, 0.43 - 0.37 * np.tanh(6 * np.sin(np.pi * u) * np.sin(np.pi * v)), 0.8)
    noisy = bright + 0.004 * np.random.default_rng(1).standard_normal(bright.shape)
    return np.clip(np.rint(255 * noisy), 0, 255).astype(np.uint8)


BROWN = Distortion.from_opencv((-0.18, 0.06, 0.0008, -0.0006, -0.01))


def test_exact_corners_give_back_the_exact_lens() -> None:
    solved = calibrate(seen(BROWN), sensor_width_mm=24.9)
    assert solved.rms < 1e-6
    assert solved.camera.matrix == pytest.approx(camera(BROWN).matrix, abs=1e-3)
    assert solved.camera.distortion.numbers() == pytest.approx(BROWN.numbers(), abs=1e-4)
    assert solved.camera.pinhole_focal_length == pytest.approx(30.0, abs=1e-4)


def test_the_true_lens_lies_within_the_stated_doubt() -> None:
    solved = calibrate(seen(BROWN, noise=0.1))
    assert solved.rms == pytest.approx(0.1 * 2**0.5, rel=0.1)
    truth = dict(
        zip(
            ("focal x", "focal y", "centre x", "centre y"),
            (camera(BROWN).matrix[i, j] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2))),
            strict=True,
        )
    )
    found = solved.camera.matrix
    for name, at in (("focal x", (0, 0)), ("focal y", (1, 1)), ("centre x", (0, 2)), ("centre y", (1, 2))):
        assert abs(found[at] - truth[name]) < 4 * solved.deviations[name]
        assert 0 < solved.deviations[name] < 5


def test_an_anamorphic_lens_is_solved_by_its_own_model_and_not_by_brown_conrady() -> None:
    half = float(np.hypot(640, 400) / 2 / (30 * 640 / 24.9))
    bent = Anamorphic(x=(-0.06, 0.02, 0.01, 0.0, 0.0), y=(-0.02, -0.01, 0.0, 0.005, 0.0), half_diagonal=half)
    views = seen(bent)[:5]
    assert calibrate(views, "3de4-anamorphic").rms < 0.002
    assert calibrate(views, "brown-conrady").rms > 0.02


def test_a_false_corner_is_left_out_and_counted() -> None:
    views = seen(BROWN, noise=0.02)
    views[2].corners[17] += (5.0, -3.0)
    solved = calibrate(views, reject=6)
    assert solved.left_out == 1
    assert not solved.views[2].kept[17]
    assert solved.rms < 0.04


def test_corners_are_found_in_a_soft_noisy_frame_within_a_thirtieth_of_a_pixel() -> None:
    turn = (0.35, 0.3, 0.1)
    truth = camera(BROWN, turn=turn)
    grey = rendered(BROWN, turn)
    view = find_chart(grey, CHART)
    assert view is not None
    fitted = refine(grey, view, truth, CHART.pitch)
    expected = truth.project(CHART.points)
    if np.abs(view.corners - expected).max() > 5:  # the board may be read from its other end
        expected = expected[::-1]
        fitted = refine(grey, View("", SIZE, CHART.points[::-1], view.corners), truth, CHART.pitch)
    miss = fitted.corners - expected
    assert np.sqrt((miss**2).mean()) < 0.033


def test_a_chart_is_found_in_scene_linear_light_as_well() -> None:
    turn = (0.35, 0.3, 0.1)
    grey = rendered(BROWN, turn)
    linear = (grey / 255.0).astype(np.float32) ** 2.2 * 6
    as_codes, as_light = find_chart(grey, CHART), find_chart(linear, CHART)
    assert as_codes is not None
    assert as_light is not None
    assert np.abs(as_codes.corners - as_light.corners).max() < 0.5


def test_a_grid_of_dots_is_found_where_the_lens_put_it() -> None:
    chart = Chart(9, 6, 0.03, kind="dots")
    here = camera(BROWN, turn=(0.2, 0.15, 0.05))
    rays = sensor_rays(BROWN, 30.0) @ here.world_to_camera
    place = here.position[:2] - rays[..., :2] * (here.position[2] / rays[..., 2])[..., None]
    nearest = np.clip(np.rint(place / chart.pitch), 0, (8, 5)) * chart.pitch
    away = np.hypot(*np.moveaxis(place - nearest, -1, 0)) / chart.pitch
    grey = np.rint(255 * (0.45 + 0.35 * np.tanh((away - 0.22) * 18))).astype(np.uint8)
    view = find_chart(grey, chart)
    assert view is not None
    truth = here.project(chart.points)
    miss = min(np.abs(view.corners - truth).max(), np.abs(view.corners[::-1] - truth).max())
    assert miss < 0.3  # a dot's middle is not quite the middle of its picture


def test_a_zoom_and_focus_series_becomes_a_lens_file_that_finds_each_setting_again(tmp_path: Path) -> None:
    series = {(30.0, 1.0): -0.18, (30.0, 3.0): -0.15, (42.0, 1.0): -0.1}
    solved = []
    for (focal, metres), k1 in series.items():
        model = Distortion.from_opencv((k1, 0.04, 0.0, 0.0, 0.0))
        frames = [(f"{n}.png", rendered(model, turn, focal)) for n, turn in enumerate(POSES[:4])]
        frames.append(("black.png", np.zeros((400, 640), np.uint8)))
        solved.append(solve_setting(frames, CHART, LensState(focal_length=focal, focus_distance=metres), 24.9))
    assert all(s.unread == ("black.png",) for s in solved)
    assert max(s.calibration.rms for s in solved) < 0.1
    write_lens(tmp_path / "lens.json", lens_of(solved, model="Zoom"))
    lens = read_lens(tmp_path / "lens.json")
    assert lens.pinhole_focal_length.axes == ("focal_length", "focus_distance")
    edge = np.array([[0.19, 0.11]])  # as far out as the chart reached
    for (focal, metres), k1 in series.items():
        at = LensState(focal_length=focal, focus_distance=metres)
        truth = focal * Distortion.from_opencv((k1, 0.04)).distort(edge * 30 / focal)
        found = lens.focal_length(at) * lens.distortion_at(at).distort(edge * 30 / focal)
        assert np.abs(found - truth).max() * 640 / 24.9 < 0.5


@pytest.mark.parametrize("side", ["left", "right"])
def test_on_real_frames_the_error_is_opencvs_or_less_for_the_same_corners_and_model(footage: Path, side: str) -> None:
    chart = Chart(9, 6, 0.025)
    files = sorted((footage / "coverage" / "stereo_checkerboards").glob(f"{side}*.jpg"))
    pictures = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
    found = [find_chart(picture, chart, file.name) for picture, file in zip(pictures, files, strict=True)]
    views = [view for view in found if view is not None]
    assert len(views) == len(files) == 6
    shapes, corners = [v.points.astype(np.float32) for v in views], [v.corners.astype(np.float32)[:, None] for v in views]
    theirs = cv2.calibrateCamera(shapes, corners, views[0].size, None, None)[0]
    ours = calibrate(views)
    assert ours.rms <= theirs * 1.00001
    fitted = [refine(p, v, ours.at(n), chart.pitch) for n, (p, v) in enumerate(zip(pictures, views, strict=True))]
    assert calibrate(fitted).rms < 0.93 * theirs  # the same frames and model, corners fitted as edges


def test_too_few_views_are_refused_in_one_line() -> None:
    with pytest.raises(BadInput, match="2 usable views of 3"):
        calibrate(seen(BROWN)[:2])
