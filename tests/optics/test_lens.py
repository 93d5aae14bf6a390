"""The lens record, its tables, and the files it is written to."""

import json
from pathlib import Path

import numpy as np
import pytest

from answerprint.optics.anamorphic import Anamorphic
from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Barrel, Glare, Iris, Lens, read_lens, write_lens
from answerprint.optics.sensor import Gain, Sensor
from answerprint.optics.table import LensState, Table
from answerprint.optics.ulens import read_ulens, write_ulens
from answerprint.production import BadInput

FAR = float("inf")
SENSOR = Sensor(resolution=(3840, 2160), dimensions=(24.9, 14.0))


def thin_lens(focal: float, metres: float) -> float:
    """The image distance of a thin lens of ``focal`` mm: what an unbreathed, all-moving lens has as its pinhole focal length."""
    return focal if metres == FAR else 1 / (1 / focal - 1 / (metres * 1000 - focal))


def breathing(focal: float, places: list[float]) -> Table:
    return Table.over(("focus_distance",), {(d,): (thin_lens(focal, d),) for d in places})


LENS = Lens(
    make="Answerprint",
    model="Test 40",
    pinhole_focal_length=breathing(40, [0.45, 0.6, 0.8, 1.2, 2, 5, FAR]),
    distortion=DistortionTable(
        axes=("focus_distance",),
        settings=(
            Setting(at=(0.45,), model=Distortion.from_opencv((-0.09, 0.02, 0.0001, 0.0, 0.001))),
            Setting(at=(2.0,), model=Distortion.from_opencv((-0.06, 0.01, 0.0001, 0.0, 0.001))),
            Setting(at=(FAR,), model=Distortion.from_opencv((-0.05, 0.01, 0.0001, 0.0, 0.001))),
        ),
    ),
    projection_offset=Table.constant(0.12, -0.05),
    entrance_pupil_offset=Table.over(("focus_distance",), {(0.45,): (0.11,), (FAR,): (0.1,)}),
    t_stops=Table.over(("f_number",), {(1.8,): (2.0,), (16.0,): (17.8,)}),
    iris=Iris(blades=8, curvature=0.3),
    barrel=Barrel(rim_radius=20, rim_distance=60),
    glare=Glare(share=0.01),
    attribution="made for a test",
    source="human",
)


def test_breathing_between_the_rows_is_the_thin_lens_field_of_view_within_two_permille() -> None:
    for metres in np.geomspace(0.45, 40, 200):
        state = LensState(focus_distance=float(metres))
        truth = 2 * np.degrees(np.arctan(24.9 / 2 / thin_lens(40, float(metres))))
        assert LENS.field_of_view(state, 24.9) == pytest.approx(truth, rel=0.002)


def test_a_row_of_a_table_comes_back_as_it_was_measured() -> None:
    for metres in (0.45, 1.2, FAR):
        assert LENS.focal_length(LensState(focus_distance=metres)) == pytest.approx(thin_lens(40, metres), rel=1e-12)
    assert LENS.distortion_at(LensState(focus_distance=2.0)).model_dump()["radial"][0] == -0.06


def test_a_lens_is_not_extrapolated_and_says_where_it_was_measured() -> None:
    near = LensState(focus_distance=0.2)
    assert LENS.focal_length(near) == pytest.approx(thin_lens(40, 0.45))
    assert not LENS.pinhole_focal_length.covers(near)
    assert LENS.pinhole_focal_length.covers(LensState(focus_distance=3.0))


def test_distortion_between_two_settings_lies_between_them() -> None:
    model = LENS.distortion_at(LensState(focus_distance=1.0))
    assert isinstance(model, Distortion)
    assert -0.09 < model.radial[0] < -0.06


def test_a_zoom_may_be_measured_at_other_focus_distances_for_each_focal_length() -> None:
    rows = {(24.0, 0.5): (24.6,), (24.0, FAR): (24.0,), (70.0, 0.4): (78.0,), (70.0, 1.0): (73.0,), (70.0, FAR): (70.0,)}
    table = Table.over(("focal_length", "focus_distance"), rows, "logarithmic")
    assert table.at(LensState(focal_length=70, focus_distance=1.0))[0] == pytest.approx(73)
    assert 24.0 < table.at(LensState(focal_length=41, focus_distance=2.0))[0] < 73
    assert table.at(LensState(focal_length=41, focus_distance=FAR))[0] == pytest.approx(41, rel=1e-6)


def test_a_table_with_two_rows_for_one_place_is_refused() -> None:
    with pytest.raises(ValueError, match="number of values"):
        Table.over(("focus_distance",), {(1.0,): (1.0,), (2.0,): (1.0, 2.0)})


def test_the_anamorphic_scale_follows_the_zoom_exactly() -> None:
    def model(focal: float) -> Anamorphic:
        return Anamorphic(x=(-0.05, 0, 0, 0, 0), half_diagonal=14 / focal)

    table = DistortionTable(axes=("focal_length",), settings=tuple(Setting(at=(f,), model=model(f)) for f in (40.0, 55.0, 80.0)))
    between = table.at(LensState(focal_length=61.3))
    assert isinstance(between, Anamorphic)
    assert between.half_diagonal == pytest.approx(14 / 61.3, rel=1e-9)


def test_a_lens_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_lens(tmp_path / "test.json", LENS)
    assert read_lens(tmp_path / "test.json") == LENS


def test_a_broken_lens_file_is_refused_naming_the_field(tmp_path: Path) -> None:
    document = json.loads(LENS.model_dump_json())
    document["iris"]["blades"] = -3
    (tmp_path / "bad.json").write_text(json.dumps(document))
    with pytest.raises(BadInput, match=r"bad\.json.*iris\.blades"):
        read_lens(tmp_path / "bad.json")


def test_an_unreal_lens_file_reads_back_into_the_same_lens(tmp_path: Path) -> None:
    focus = [0.45, 1.2, 5.0, FAR]
    write_ulens(tmp_path / "test.ulens", LENS, SENSOR, focus, [40.0], [2.0, 2.8, 4.0])
    again, sensor = read_ulens(tmp_path / "test.ulens")
    assert sensor.resolution == SENSOR.resolution
    for metres in focus:
        state = LensState(focus_distance=metres, focal_length=40)
        assert again.focal_length(state) == pytest.approx(LENS.focal_length(state), rel=1e-9)
        assert again.distortion_at(state).numbers() == pytest.approx(LENS.distortion_at(state).numbers(), abs=1e-9)
        assert again.centre(state) == pytest.approx(LENS.centre(state))
        assert again.pupil_offset(state) == pytest.approx(LENS.pupil_offset(state))
    assert again.attribution == LENS.attribution


def test_an_unreal_lens_file_is_refused_for_a_lens_it_cannot_carry(tmp_path: Path) -> None:
    bent = DistortionTable(settings=(Setting(model=Anamorphic(half_diagonal=0.5)),))
    with pytest.raises(BadInput, match="STMaps"):
        write_ulens(tmp_path / "a.ulens", LENS.model_copy(update={"distortion": bent}), SENSOR, [1.0], [40.0], [4.0])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": {"fxFyUnits": "Pixels"}}'])
def test_what_is_no_unreal_lens_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.ulens").write_text(text)
    with pytest.raises(BadInput, match=r"bad\.ulens"):
        read_ulens(tmp_path / "bad.ulens")


def test_an_anamorphic_lens_makes_a_camera_that_sees_squeeze_times_the_width() -> None:
    camera = Lens(pinhole_focal_length=Table.constant(50.0), squeeze=2.0).camera(LensState(), SENSOR)
    right, up = camera.project(np.array([[1.0, 10.0, 0.0], [0.0, 10.0, 1.0]])) - camera.matrix[:2, 2]
    assert right[0] == pytest.approx(0.1 * 50 * SENSOR.pixels_per_mm[0] / 2)
    assert up[1] == pytest.approx(-0.1 * 50 * SENSOR.pixels_per_mm[1])


def test_twice_the_iso_is_half_the_light_beyond_what_was_measured() -> None:
    sensor = SENSOR.model_copy(update={"gains": (Gain(iso=800, electrons_at_grey=600, read_noise=4),)})
    assert sensor.at(1600) == Gain(iso=1600, electrons_at_grey=300, read_noise=4)
    assert SENSOR.at(800) is None
