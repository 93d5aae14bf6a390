"""A linear picture whose header gives primaries of no name is brought to the working space by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from answerprint.colour.camera_look import has_camera_look
from answerprint.colour.spaces import default_space, from_working, resolve_space, to_working
from answerprint.media.exr import CHROMATICITIES
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput

COLOURS = np.random.default_rng(3).random((200, 3)).astype(np.float32) * 4


@pytest.mark.parametrize(
    ("tag", "space"),
    [("lin_rec709_scene", "Linear Rec.709 (sRGB)"), ("lin_rec2020_scene", "Linear Rec.2020"), ("lin_p3d65_scene", "Linear P3-D65"),
     ("lin_ap0_scene", "ACES2065-1"), ("lin_ap1_scene", "ACEScg")],
)  # fmt: skip
def test_named_primaries_come_out_as_the_configuration_has_them(tag: str, space: str) -> None:
    name = "chromaticities:" + ",".join(map(str, CHROMATICITIES[tag]))
    assert np.allclose(to_working(COLOURS, name), to_working(COLOURS, space), rtol=2e-3, atol=2e-3)


def test_a_published_photograph_with_the_primaries_of_its_camera_is_read(footage: Path) -> None:
    frames = open_sequence(footage / "grade" / "exr_photos" / "Tree.exr")
    space = default_space(frames.storage, frames.file_format, frames.colour_tag)
    assert space.startswith("chromaticities:0.62955,")
    light = to_working(frames.read(0).rgb(), space)
    assert np.isfinite(light).all()
    white = to_working(np.ones((1, 3), np.float32), space)
    assert np.allclose(white, 1, atol=1e-4), "equal codes are white in either space"


def test_the_way_back_gives_the_same_numbers() -> None:
    name = resolve_space(" Chromaticities:0.63,0.34,0.29,0.61,0.15,0.07,0.3155,0.3317 ")
    assert np.allclose(from_working(to_working(COLOURS, name), name, np.float32), COLOURS, atol=2e-5)
    assert resolve_space(name) == name and not has_camera_look(name)


@pytest.mark.parametrize("numbers", ["", "1,2,3", "a,b,c,d,e,f,g,h", "0.6,0,0.3,0.6,0.1,0.1,0.3,0.3", "0.3,0.3,0.3,0.3,0.3,0.3,0.3,0.3",
                                     "nan,0.3,0.3,0.6,0.15,0.06,0.31,0.33"])  # fmt: skip
def test_numbers_that_are_no_primaries_are_refused(numbers: str) -> None:
    with pytest.raises(BadInput, match="gives no primaries"):
        resolve_space("chromaticities:" + numbers)
