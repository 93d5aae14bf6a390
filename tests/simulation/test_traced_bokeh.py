"""The ray tracer's blur is the thin lens's: measured in a traced picture of a shining card with a sharp corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import least_squares

from answerprint.media.exr import read_exr
from answerprint.optics.lens import Lens
from answerprint.optics.table import Table
from answerprint.optics.thin_lens import Focus
from answerprint.simulation.pieces import Item, Material, box
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
