"""Distortion models: there and back, and against formulas written in another way."""

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.lens_model import AnyDistortion, LensModel
from answerprint.optics.radial_decentred import RadialDecentred
from answerprint.optics.radial_polynomial import RadialPolynomial

# Half the diagonal of a 24.9 x 14 mm picture over a 32 mm lens.
HALF_DIAGONAL = float(np.hypot(24.9, 14.0) / 2 / 32)
ANAMORPHIC = Anamorphic(
    x=(-0.061, 0.024, 0.013, -0.008, 0.005),
    y=(-0.032, -0.017, 0.006, 0.009, -0.004),
    rotation=1.3,
    squeeze_x=1.021,
    squeeze_y=0.987,
    pixel_aspect=1.9,
    half_diagonal=HALF_DIAGONAL,
)
RADIAL = RadialDecentred(
    degree_2=-0.083,
    degree_4=0.021,
    u=(0.004, -0.001),
    v=(-0.003, 0.002),
    bend_direction=25,
    bend=0.013,
    half_diagonal=HALF_DIAGONAL,
)
MODELS: dict[str, LensModel] = {
    "barrel": Distortion.from_opencv((-0.28, 0.09, 0.0006, -0.0004, -0.011)),
    "pincushion": Distortion.from_opencv((0.12, -0.03, -0.0003, 0.0005)),
    "rational": Distortion.from_opencv((0.3, 0.1, 0.0004, 0.0002, 0.01, 0.35, 0.05, 0.002)),
    "anamorphic": ANAMORPHIC,
    "radial": RADIAL,
    "fisheye": Fisheye(k=(-0.02, 0.011, -0.004, 0.0006)),
    "ptlens": RadialPolynomial(series=(0.94871, 0.03513, -0.0892, 0.02897, 0.0), unit=0.44),
}


def picture() -> np.ndarray:
    """Pixels all over a 4096 x 2304 frame, corners included."""
    return np.stack(np.meshgrid(np.linspace(0, 4095, 33), np.linspace(0, 2303, 19)), axis=-1)


def camera(model: LensModel) -> Camera:
    return Camera(
        active_sensor_resolution=(4096, 2304),
        active_sensor_physical_dimensions=(24.9, 14.0),
        pinhole_focal_length=32.0,
        projection_offset=(0.1, -0.05),
        distortion=model,
    )


@pytest.mark.parametrize("name", MODELS)
def test_distorting_what_was_undistorted_brings_every_pixel_back(name: str) -> None:
    here = camera(MODELS[name])
    flat = here.undistort(picture())
    assert np.abs(flat - picture()).max() > 3  # the lens does something
    assert np.abs(here.distort(flat) - picture()).max() < 0.001  # far inside the 0.05 px a matchmove allows


@pytest.mark.parametrize("name", MODELS)
def test_undistorting_what_was_distorted_brings_every_pixel_back(name: str) -> None:
    here = camera(MODELS[name])
    bent = here.distort(picture())
    seen = np.isfinite(bent).all(axis=-1)
    assert seen.mean() > 0.9
    assert np.abs(here.undistort(bent) - picture())[seen].max() < 0.001


@pytest.mark.parametrize("name", MODELS)
def test_a_camera_keeps_its_model_through_json(name: str) -> None:
    here = camera(MODELS[name])
    assert Camera.model_validate_json(here.model_dump_json(by_alias=True)) == here


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_its_numbers(name: str) -> None:
    model = MODELS[name]
    again = model.with_numbers(model.numbers())
    points = np.array([[0.31, -0.12], [-0.2, 0.19]])
    assert np.abs(again.distort(points) - model.distort(points)).max() < 1e-9


def test_the_fisheye_is_opencvs() -> None:
    model = MODELS["fisheye"]
    assert isinstance(model, Fisheye)
    points = np.random.default_rng(1).uniform(-2.5, 2.5, (300, 2))
    expected = cv2.fisheye.distortPoints(points[:, None], np.eye(3), np.array(model.k))[:, 0]
    assert np.abs(model.distort(points) - expected).max() < 1e-9


def test_the_anamorphic_polynomial_is_the_cosine_series_of_the_angle() -> None:
    plain = ANAMORPHIC.model_copy(update={"rotation": 0.0, "squeeze_x": 1.0, "squeeze_y": 1.0, "pixel_aspect": 1.0})
    plain = Anamorphic.model_validate(plain.model_dump())
    r, phi = 0.7, np.radians(34.0)
    point = HALF_DIAGONAL * r * np.array([np.cos(phi), -np.sin(phi)])
    terms = [r**2, r**2 * np.cos(2 * phi), r**4, r**4 * np.cos(2 * phi), r**4 * np.cos(4 * phi)]
    gain = 1 + np.array([np.dot(terms, plain.x), np.dot(terms, plain.y)])
    assert plain.undistort(point) == pytest.approx(point * gain, abs=1e-12)


def test_squeeze_and_rotation_act_about_the_rotated_axes() -> None:
    model = Anamorphic(rotation=90.0, squeeze_x=1.25, half_diagonal=HALF_DIAGONAL)
    assert model.undistort(np.array([0.1, 0.2])) == pytest.approx([0.1, 0.25])


def test_the_beam_splitter_bend_keeps_areas() -> None:
    model = RadialDecentred(bend_direction=25, bend=0.1, half_diagonal=HALF_DIAGONAL)
    corner, right, down = model.undistort(np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]]))
    area = np.linalg.det(np.stack([right - corner, down - corner]))
    assert area == pytest.approx(0.01)
    assert np.hypot(*right) > 0.1  # nearer to the bend's direction than across it


FOLDING: list[LensModel] = [
    Distortion(radial=(-0.4,)),
    Anamorphic(x=(-0.4, 0.1, 0.0, 0.0, 0.0), half_diagonal=HALF_DIAGONAL),
    RadialDecentred(degree_2=-0.5, half_diagonal=HALF_DIAGONAL),
    Fisheye(k=(-0.4, 0.0, 0.0, 0.0)),
    RadialPolynomial(series=(1.0, 0.0, -0.4, 0.0, 0.0), unit=1.0),
]


@pytest.mark.parametrize("model", FOLDING, ids=lambda model: type(model).__name__)
def test_no_point_beyond_the_fold_comes_back_into_the_picture(model: LensModel) -> None:
    radius = model.fold_radius()
    assert np.isfinite(radius)
    far = (radius * 1.01 + 0.01) * np.array([[1.0, 0.0], [0.0, 1.0], [-0.7, 0.8]])
    first = model.undistort if isinstance(model, Anamorphic | RadialDecentred) else model.distort
    assert np.isnan(first(far)).all()
    assert np.isfinite(first(far * 0.8)).all()


def test_a_record_without_a_model_name_is_brown_conrady() -> None:
    assert TypeAdapter(AnyDistortion).validate_python({"radial": [-0.1]}) == Distortion(radial=(-0.1,))
