"""A small face keeps its features: eyes, brows and mouth are as dark against the cheek as those of real faces of the same size.

The bands are the 10th to the 90th of a hundred in a hundred real faces (the ``lfw_subset`` of scikit-image 0.24: Labeled Faces in the Wild,
25x25), brought to 6.4 pixels between the eyes by means of areas in linear light and measured as here. Two photographs with known tone curves
lie inside: eyes 0.34 and 0.48, brows 0.40 and 0.61, mouth 0.47 and 0.61.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from answerprint.media.exr import read_exr
from answerprint.simulation.performers import Build, Performer
from answerprint.simulation.pieces import Item, Material, box
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import pass_file, shoot_stage
from answerprint.simulation.stage import Light, RenderSettings, SetPlan, Stage, StageCamera

_REAL = {"eyes": (0.23, 0.59), "brows": (0.31, 0.74), "mouth": (0.21, 0.64)}
_APART = 6.4
"""Pixels between the eyes: 64 mm at 100 pixels a metre, a face of 14 pixels."""
_PEOPLE = {
    "fair woman": Build(age=28, gender=0.0, ancestry=(0.0, 0.0, 1.0), skin=0.15, height=1.72),
    "fair man": Build(age=44, gender=1.0, ancestry=(0.0, 0.0, 1.0), skin=0.2, height=1.72),
    "brown woman": Build(age=35, gender=0.0, ancestry=(0.0, 1.0, 0.0), skin=0.35, height=1.72),
    "dark man": Build(age=28, gender=1.0, ancestry=(1.0, 0.0, 0.0), skin=0.85, height=1.72),
}


def portrait(build: Build) -> Stage:
    """A head 3 m away in front of a grey wall, lit from the camera."""
    eyes = 0.935 * build.height - 0.03
    return Stage(
        name="portrait",
        set=SetPlan(
            items=(Item(name="wall", parts=(box((6, 0.1, 4), "grey", (0, 2, 0)),)),),
            materials={"grey": Material(kind="paint", colour=(0.18, 0.18, 0.18))},
        ),
        performers=(
            Performer(
                name="anna", build=build, hair="short", hair_colour=(0.03, 0.02, 0.012), eye_colour=(0.12, 0.2, 0.28), heading=180
            ),
        ),
        lights=(
            Light(name="key", kind="softbox", translation=(0, -3.2, 1.9), aim=(0, 0, eyes), illuminance_lux=100, size=(1.6, 1.6)),
        ),
        cameras=(
            StageCamera(
                active_sensor_resolution=(80, 80), active_sensor_physical_dimensions=(28, 28), pinhole_focal_length=105,
                translation=(0, -3, eyes), look_at=(0, 0, eyes),
            ),
        ),
        render=RenderSettings(samples=24, bounces=2, passes=("beauty",), denoise="features"),
    )  # fmt: skip


def luminance(out: Path, stage: Stage) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """ACEScg luminance and the pixel between the eyes."""
    camera = stage.cameras[0]
    planes = read_exr(pass_file(out, stage, camera, "beauty", stage.first_frame)).planes
    record = json.loads(pass_file(out, stage, camera, "records", stage.first_frame).read_text())
    picture = sum(k * np.asarray(planes[c], dtype=np.float32) for k, c in zip((0.2722, 0.6741, 0.0537), "RGB", strict=True))
    return np.asarray(picture, dtype=np.float32), record["performers"]["anna"]["eyes_pixel"]


def ratios(picture: NDArray[np.float32], eyes: tuple[float, float]) -> dict[str, float]:
    """The darkest of each feature over the brightest of the cheeks, means of small boxes on 25x25 with the eyes at x 6 and 14.3, y 8.3."""
    step = _APART / 8.3
    at = np.array([[step, 0, eyes[0] - 0.5 - 10.15 * step], [0, step, eyes[1] - 0.5 - 8.3 * step]], dtype=np.float32)
    face = cv2.warpAffine(picture, at, (25, 25), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)

    def boxes(top: int, bottom: int, left: int, right: int, high: int, wide: int) -> list[float]:
        rows, columns = range(top, bottom - high + 2), range(left, right - wide + 2)
        return [float(face[y : y + high, x : x + wide].mean()) for y in rows for x in columns]

    cheek = 0.5 * (max(boxes(10, 13, 3, 7, 2, 2)) + max(boxes(10, 13, 13, 18, 2, 2)))
    return {
        "eyes": 0.5 * (min(boxes(7, 9, 4, 8, 2, 2)) + min(boxes(7, 9, 12, 16, 2, 2))) / cheek,
        "brows": 0.5 * (min(boxes(5, 7, 5, 8, 1, 4)) + min(boxes(5, 7, 12, 15, 1, 4))) / cheek,
        "mouth": min(boxes(16, 19, 7, 14, 1, 4)) / cheek,
    }


@pytest.mark.parametrize("who", _PEOPLE)
def test_a_face_of_14_pixels_has_the_eyes_brows_and_mouth_of_real_faces_after_the_filter(
    who: str, renderer: Renderer, tmp_path: Path
) -> None:
    stage = portrait(_PEOPLE[who])
    shoot_stage(stage, tmp_path, renderer=renderer)
    found = ratios(*luminance(tmp_path, stage))
    print(who, {name: round(value, 2) for name, value in found.items()})
    outside = {name: value for name, value in found.items() if not _REAL[name][0] <= value <= _REAL[name][1]}
    assert not outside
