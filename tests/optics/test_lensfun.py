"""Reading lenses of the lensfun database."""

from pathlib import Path

import numpy as np
import pytest

from answerprint.optics.lensfun import lensfun_lenses, read_lensfun
from answerprint.optics.table import LensState
from answerprint.optics.vignetting import measured_falloff
from answerprint.production import BadInput

# Written for this test, with figures of its own.
DATABASE = """<!DOCTYPE lensdatabase SYSTEM "lensfun-database.dtd"><lensdatabase version="2">
<lens><maker>Test</maker><model>Zoom 20-40</model><mount>M</mount><cropfactor>1.5</cropfactor><calibration>
<distortion model="ptlens" focal="20" a="0.02" b="-0.06" c="0.01"/>
<distortion model="poly3" focal="40" k1="-0.004"/>
<tca model="poly3" focal="20" vr="1.0002" cr="0.0001" br="-0.0003" vb="0.9996"/>
<vignetting model="pa" focal="20" aperture="2.8" distance="10" k1="-1.0" k2="0.5" k3="-0.1"/>
<vignetting model="pa" focal="20" aperture="8" distance="10" k1="-0.4" k2="0.1" k3="0.0"/>
</calibration></lens>
<lens><maker>Test</maker><model>Five 28</model><aspect-ratio>4:3</aspect-ratio><cropfactor>2</cropfactor><calibration>
<distortion model="poly5" focal="28" k1="0.01" k2="-0.002"/></calibration></lens>
<lens><maker>Test</maker><model>Fish 8</model><type>fisheye</type><cropfactor>1</cropfactor><calibration>
<distortion model="poly3" focal="8" k1="0.01"/></calibration></lens>
<lens><maker>Test</maker><model>Bare 50</model><cropfactor>1</cropfactor></lens></lensdatabase>"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "test.xml").write_text(DATABASE)
    return tmp_path / "test.xml"


def test_a_ptlens_polynomial_bends_a_radius_as_its_formula_says(database: Path) -> None:
    lens = read_lensfun(database, "Zoom 20-40")
    half_height = np.hypot(36, 24) / 1.5 / 2 * 2 / np.hypot(3, 2)
    r = 1.3
    expected = r * (0.02 * r**3 - 0.06 * r**2 + 0.01 * r + 1 - 0.02 + 0.06 - 0.01)
    seen = lens.distortion_at(LensState(focal_length=20)).distort(np.array([r * half_height / 20, 0.0]))
    assert seen[0] * 20 / half_height == pytest.approx(expected, abs=1e-12)


def test_poly3_and_poly5_are_read_too(database: Path) -> None:
    r, half_height = 1.1, np.hypot(36, 24) / 1.5 / 2 * 2 / np.hypot(3, 2)
    three = read_lensfun(database, "Zoom").distortion_at(LensState(focal_length=40))
    assert three.distort(np.array([0.0, r * half_height / 40]))[1] * 40 / half_height == pytest.approx(
        r * (1 + 0.004 - 0.004 * r**2)
    )
    half_height = np.hypot(36, 24) / 2 / 2 * 3 / 5
    five = read_lensfun(database, "Five 28").distortion_at(LensState(focal_length=28))
    assert five.distort(np.array([r * half_height / 28, 0.0]))[0] * 28 / half_height == pytest.approx(
        r * (1 + 0.01 * r**2 - 0.002 * r**4)
    )


def test_lateral_colour_vignetting_and_attribution_come_along(database: Path) -> None:
    lens = read_lensfun(database, "zoom 20")
    assert lens.lateral_colour is not None
    assert lens.lateral_colour.at(LensState()) == pytest.approx([1.0002, 0.0001, -0.0003, 0.9996, 0, 0])
    assert lens.vignetting is not None
    half = lens.vignetting.at(LensState(focal_length=20, f_number=2.8 * (8 / 2.8) ** 0.5, focus_distance=10))
    assert half == pytest.approx([-0.7, 0.3, -0.05])
    assert measured_falloff(np.array([1.0]), half)[0] == pytest.approx(0.55)
    assert lens.cosine_power == 0
    assert "CC BY-SA 3.0" in lens.attribution


def test_only_calibrated_lenses_are_listed_and_a_fisheye_is_refused(database: Path) -> None:
    assert lensfun_lenses(database) == ["Test Zoom 20-40", "Test Five 28", "Test Fish 8"]
    with pytest.raises(BadInput, match="fisheye"):
        read_lensfun(database, "Fish")


@pytest.mark.parametrize("name", ["Test", "Nothing", "Bare"])
def test_a_name_that_does_not_fit_one_lens_is_refused(database: Path, name: str) -> None:
    with pytest.raises(BadInput, match="fits"):
        read_lensfun(database, name)


@pytest.mark.parametrize("text", ["", "<other/>", "<!DOCTYPE x [<!ENTITY a 'b'>]><lensdatabase>&a;</lensdatabase>"])
def test_what_is_no_database_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.xml").write_text(text)
    with pytest.raises(BadInput, match=r"bad\.xml"):
        lensfun_lenses(tmp_path / "bad.xml")


def test_every_rectilinear_lens_of_the_real_database_is_read_and_comes_back_from_its_distortion(footage: Path) -> None:
    worst, read = 0.0, 0
    for file in ("mil-sony.xml", "misc.xml"):
        path = footage / "metadata" / "lensfun_db" / file
        for name in dict.fromkeys(lensfun_lenses(path)):
            try:
                lens = read_lensfun(path, name)
            except BadInput as fault:
                assert "fisheye" in str(fault) or "fits" in str(fault)
                continue
            read += 1
            if lens.distortion is None:
                continue
            model = lens.distortion.settings[0].model
            reach = lens.lateral_radius / lens.pinhole_focal_length.rows[0].values[0]
            points = reach * np.array([[0.2, 0.1], [1.0, 0.0], [1.4, 0.9]])
            worst = max(worst, float(np.abs(model.undistort(model.distort(points)) - points).max() / reach * 1080))
    assert read > 40
    assert worst < 0.05  # pixels of a picture 2160 high
