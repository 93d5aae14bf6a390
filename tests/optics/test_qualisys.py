"""Reading a Qualisys calibration."""

from pathlib import Path

import numpy as np
import pytest

from answerprint.optics.qualisys import read_qca
from answerprint.production import BadInput

# Written for this test: a camera 4 m in front of the origin on -Y, 1 m up, looking along +Y, level.
LEVEL = """<?xml version='1.0'?><calibration><cameras><camera active="1" serial="A">
<fov_video bottom="1079" left="0" right="1919" top="0"/>
<transform r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0" x="0" y="-4000" z="1000"/>
<intrinsic centerPointU="61408" centerPointV="34528" focalLengthU="96000" focalLengthV="96000" focallength="24"
 radialDistortion1="-0.05" radialDistortion2="0.1" radialDistortion3="0" sensorMaxU="122816" sensorMaxV="69056"
 sensorMinU="0" sensorMinV="0" skew="0" tangentalDistortion1="0" tangentalDistortion2="0"/></camera>
<camera active="0" serial="B"/></cameras></calibration>"""


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    place = tmp_path / "level.qca.txt"
    place.write_text(LEVEL)
    return place


def test_a_level_camera_looks_where_it_should(calibration: Path) -> None:
    camera = read_qca(calibration)["A"]
    assert camera.active_sensor_resolution == (1920, 1080)
    assert camera.translation == (0.0, -4.0, 1.0)
    assert camera.rotation == pytest.approx((0, 0, 0))
    assert camera.pinhole_focal_length == 24
    assert camera.project(np.array([[0.0, 0.0, 1.0]]))[0] == pytest.approx([959.5, 539.5])
    assert camera.project(np.array([[0.4, 0.0, 1.4]]))[0] == pytest.approx([959.5 + 149.856, 539.5 - 149.856], abs=1e-6)


def test_a_camera_that_was_switched_off_is_left_out(calibration: Path) -> None:
    assert list(read_qca(calibration)) == ["A"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<calibration/>",
        LEVEL.replace('focalLengthU="96000"', ""),
        LEVEL.replace('skew="0"', 'skew="2"'),
        '<!DOCTYPE x [<!ENTITY a "b">]><calibration>&a;</calibration>',
    ],
)
def test_a_file_that_is_no_calibration_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    place = tmp_path / "bad.qca.txt"
    place.write_text(text)
    with pytest.raises(BadInput, match=r"bad\.qca\.txt"):
        read_qca(place)
