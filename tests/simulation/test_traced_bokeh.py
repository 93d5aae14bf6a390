"""The ray tracer's blur is the thin lens's: measured in a traced picture of a shining card with a sharp corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import least_squares

from answerprint.media.exr import read_exr
from answerprint.optics.lens import Barrel, Iris, Lens
from answerprint.optics.pupil import Pupil, overlap
from answerprint.optics.table import Table
from answerprint.optics.thin_lens import Focus
from answerprint.simulation.pieces import Item, Material, Part, box
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import RenderSettings, SetPlan, Stage, StageCamera

PITCH = 2.8 / 96
FOCAL, STOP, SHARP = 50.0, 1.0, 2.0


def corner(metres: float, renderer: Renderer, out: Path, channels: str = "G", **camera: object) -> NDArray[np.float64]:
    """A picture (or one for each of ``channels``) of a card that shines from the middle to the left and down, ``metres`` in front of the lens."""
    card = Item(name="card", parts=(box((8, 0.002, 8), "light", (-4, metres + 0.001, -8), bevel=0.0),))
    eye = {
        "active_sensor_resolution": (96, 54),
        "pinhole_focal_length": FOCAL,
        "f_stop": STOP,
        "focus_distance": SHARP,
        "translation": (0, 0, 0),
        "active_sensor_physical_dimensions": (2.8, 1.575),
    }
    stage = Stage(
        name="corner",
        set=SetPlan(items=(card,), materials={"light": Material(kind="glow", colour=(1, 1, 1), nits=100)}),
        cameras=(StageCamera.model_validate({**eye, **camera}),),
        render=RenderSettings(samples=96, bounces=0, passes=("beauty",)),
    )
    shoot_stage(stage, out, renderer=renderer)
    planes = read_exr(pass_file(out, stage, stage.cameras[0], "beauty", 1001)).planes
    found = np.array([planes[channel] for channel in channels], dtype=np.float64)
    return found[0] if len(channels) == 1 else found


def diameter(profile: NDArray[np.float64]) -> float:
    """Pixels: the disc whose even spread of light makes this edge, by least squares over its size, place and height."""
    at = np.arange(len(profile)) - (len(profile) - 1) / 2

    def edge(p: NDArray[np.float64]) -> NDArray[np.float64]:
        t = np.clip((at - p[1]) / (p[0] / 2), -1, 1)
        return np.asarray(p[2] * (0.5 - (np.arcsin(t) + t * np.sqrt(1 - t * t)) / np.pi))

    found = least_squares(lambda p: edge(p) - profile, [12.0, 0.0, float(profile.max())])
    return float(found.x[0])


@pytest.mark.parametrize("metres", [1.3, 5.0])
def test_the_circle_of_confusion_in_a_traced_picture_is_the_thin_lens_one_within_two_percent(
    renderer: Renderer, tmp_path: Path, metres: float
) -> None:
    picture = corner(metres, renderer, tmp_path)
    textbook = abs(float(Focus(SHARP, FOCAL, FOCAL / STOP).confusion(metres))) / PITCH
    assert 20 < textbook < 30
    assert diameter(picture[48:].mean(axis=0)) == pytest.approx(textbook, rel=0.02)


def test_an_anamorphic_disc_in_a_traced_picture_is_as_much_narrower_as_the_squeeze_says(renderer: Renderer, tmp_path: Path) -> None:
    picture = corner(1.4, renderer, tmp_path, anamorphic_squeeze=2.0, f_stop=1.0)
    across, down = diameter(picture[44:].mean(axis=0)), diameter(picture[::-1, :24].mean(axis=1))
    assert down / across == pytest.approx(2.0, rel=0.02)


def test_red_that_focuses_behind_the_sensor_has_its_own_disc_and_green_stays_sharp(renderer: Renderer, tmp_path: Path) -> None:
    parted = Lens(pinhole_focal_length=Table.constant(FOCAL), longitudinal_colour=(0.6, 0.0, 0.0), cosine_power=0)
    planes = corner(SHARP, renderer, tmp_path, lens=parted.model_dump(), channels="RGB")
    textbook = abs(float(Focus(SHARP, FOCAL, FOCAL / STOP).confusion(SHARP, 0.6))) / PITCH
    assert textbook > 15
    assert diameter(planes[0][48:].mean(axis=0)) == pytest.approx(textbook, rel=0.02)
    assert all(abs(diameter(plane[48:].mean(axis=0))) < 2 for plane in planes[1:])


EYE = {"pinhole_focal_length": 50.0, "f_stop": 0.7, "focus_distance": 1.0, "translation": (0, 0, 0), "active_sensor_resolution": (192, 108),
       "active_sensor_physical_dimensions": (18.0, 10.125)}  # fmt: skip
PUPIL, RIM, AHEAD, FAR = 50.0 / 0.7 / 2, 36.0, 150.0, 4.0
BALL = 0.024
"""Radius, metres: small beside the disc, large enough that some ten thousand rays meet it."""


def cats_eye(aside: float, renderer: Renderer, out: Path, iris: Iris, squeeze: float) -> NDArray[np.float64]:
    """The picture of a small ball that shines, ``FAR`` metres away and ``aside`` (a tangent) to the right, through a barrel."""
    ball = Item(
        name="ball", at=(aside * FAR, FAR, 0), parts=(Part(shape="sphere", material="light", figures={"size": (2 * BALL,) * 3}),)
    )
    lens = Lens(
        pinhole_focal_length=Table.constant(50.0),
        cosine_power=0,
        barrel=Barrel(rim_radius=RIM, rim_distance=AHEAD),
        iris=iris,
        squeeze=squeeze,
    )
    stage = Stage(
        name="ball",
        set=SetPlan(items=(ball,), materials={"light": Material(kind="glow", colour=(1, 1, 1), nits=100)}),
        cameras=(StageCamera.model_validate({**EYE, "lens": lens.model_dump()}),),
        render=RenderSettings(samples=512, bounces=0, passes=("beauty",)),
    )
    shoot_stage(stage, out, renderer=renderer)
    planes = read_exr(pass_file(out, stage, stage.cameras[0], "beauty", 1001)).planes
    y, x = np.mgrid[:108, :192] + 0.5
    tangent, near = np.hypot(x - 96, y - 54) * (18.0 / 192) / 50.0, PUPIL * (1 - AHEAD / 1000)
    # Rays that pass are dealt out over what is open, and the barrel's falloff is put on afterwards: taken off, a disc of a round pupil is even.
    falloff = Pupil.of(Iris(), 1.0, lens.barrel, PUPIL).open_share(tangent) / overlap(1.0, RIM / near, tangent * AHEAD / near)
    return np.asarray(planes["G"], dtype=np.float64) / falloff


def analytic(aside: float, iris: Iris, squeeze: float) -> tuple[NDArray[np.float64], float]:
    """The share of each pixel (108, 192) on which a point's light falls through pupil and rim, and its width over its height.

    The pupil's outline is the record's own. With a squeeze, rim and pupil are as narrow, the one as the other.
    """
    y, x = np.mgrid[:432, :768] / 4 + 0.125
    chief = np.stack([x - 96, 54 - y], axis=-1) * (18.0 / 192) / 50.0
    pupil = (np.array([aside, 0.0]) - chief) / (1 / (FAR * 1000) - 1 / 1000) * (squeeze, 1)
    ahead = pupil * (1 - AHEAD / 1000) + chief * AHEAD
    outline = Pupil.of(iris, squeeze, None, PUPIL).outline
    angle = np.mod(np.degrees(np.arctan2(-pupil[..., 1], pupil[..., 0])) * 2, 720)
    reach = PUPIL * np.interp(angle, np.arange(721), np.append(outline, outline[0]))
    open_ = (np.hypot(*np.moveaxis(pupil, -1, 0)) < reach) & (np.hypot(*np.moveaxis(ahead, -1, 0)) < RIM)
    ball = (BALL / FAR * 50.0 / (18.0 / 192)) ** 2 / 4
    share = open_.reshape(108, 4, 192, 4).mean(axis=(1, 3))
    return share, float(np.sqrt((x[open_].var() + ball) / (y[open_].var() + ball)))


@pytest.mark.parametrize(
    ("iris", "squeeze"),
    [
        (Iris(), 1.0),
        pytest.param(Iris(blades=6), 1.0, marks=pytest.mark.slow),
        pytest.param(Iris(blades=5, rotation=20), 1.0, marks=pytest.mark.slow),
        pytest.param(Iris(), 2.0, marks=pytest.mark.slow),
        pytest.param(Iris(blades=6, rotation=30), 1.5, marks=pytest.mark.slow),
    ],
)
def test_a_cats_eye_in_a_traced_picture_has_the_area_and_the_shape_of_pupil_and_rim_within_two_percent(
    renderer: Renderer, tmp_path: Path, iris: Iris, squeeze: float
) -> None:
    picture = cats_eye(0.12, renderer, tmp_path, iris, squeeze)
    share, narrow = analytic(0.12, iris, squeeze)
    area, core = share.sum(), ndimage.binary_erosion(share > 0.999, iterations=4)
    assert picture.sum() / picture[core].mean() == pytest.approx(area, rel=0.02)
    if iris.blades:
        # Turned by a quarter of a blade or upside down, 7 to 15 % of it lies elsewhere; the ball's own size leaves 4 to 6.
        assert ((picture > 0.5 * picture[core].mean()) != (share > 0.5)).sum() < 0.06 * area
    y, x = np.mgrid[:108, :192]
    weights = picture / picture.sum()
    spread = [float(np.sqrt((weights * (v - (weights * v).sum()) ** 2).sum())) for v in (x, y)]
    assert spread[0] / spread[1] == pytest.approx(narrow, rel=0.02)
    assert narrow < 0.9


def test_a_barrel_traced_darkens_no_corner_by_itself(renderer: Renderer, tmp_path: Path) -> None:
    wall = Item(name="wall", parts=(box((20, 0.01, 20), "light", (0, 4, -10), bevel=0.0),))
    lens = Lens(pinhole_focal_length=Table.constant(50.0), cosine_power=0, barrel=Barrel(rim_radius=RIM, rim_distance=AHEAD))
    stage = Stage(
        name="wall",
        set=SetPlan(items=(wall,), materials={"light": Material(kind="glow", colour=(1, 1, 1), nits=100)}),
        cameras=(StageCamera.model_validate({**EYE, "active_sensor_resolution": (64, 36), "lens": lens.model_dump()}),),
        render=RenderSettings(samples=16, bounces=0, passes=("beauty", "depth", "vectors")),
    )
    shoot_stage(stage, tmp_path, renderer=renderer)
    planes = read_exr(pass_file(tmp_path, stage, stage.cameras[0], "beauty", 1001)).planes
    light = np.asarray(planes["G"], dtype=np.float64)
    y, x = np.mgrid[:36, :64] + 0.5
    tangent = np.hypot(x - 32, y - 18) * (18.0 / 64) / 50.0
    expected = Pupil.of(Iris(), 1.0, lens.barrel, PUPIL).open_share(tangent)
    assert np.abs(light / light[17:19, 31:33].mean() / expected - 1).max() < 0.01
    depth = read_exr(pass_file(tmp_path, stage, stage.cameras[0], "depth", 1001)).planes["Z"]
    assert np.abs(np.asarray(depth, dtype=np.float64) - 3.995).max() < 0.001
