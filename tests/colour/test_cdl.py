"""The grade as ten numbers: applied, written, read back."""

from pathlib import Path

import numpy as np
import pytest

from answerprint.colour import cdl
from answerprint.colour.cdl import CDL
from answerprint.production import BadInput

GRADE = CDL(
    slope=(1.1, 1.0, 1 / 3),
    offset=(0.01, 0.0, -0.02),
    power=(1.0, 1.1, 0.95),
    saturation=0.9,
    id="a.1",
    description='<warm> & "dry"',
)


def acescct(linear: np.ndarray) -> np.ndarray:
    """AMPAS S-2016-001, equation 2."""
    low = 10.5402377416545 * linear + 0.0729055341958355
    return np.where(linear <= 0.0078125, low, (np.log2(np.maximum(linear, 1e-9)) + 9.72) / 17.52)


def linear(code: np.ndarray) -> np.ndarray:
    """AMPAS S-2016-001, equation 3, without its clip at 65504."""
    return np.where(code <= 0.155251141552511, (code - 0.0729055341958355) / 10.5402377416545, 2 ** (code * 17.52 - 9.72))


def test_a_grade_is_what_the_published_formulas_say_without_clamping() -> None:
    light = np.random.default_rng(1).uniform(0, 20, (500, 3))
    work = acescct(light) * GRADE.slope + GRADE.offset
    work = np.where(work > 0, np.abs(work) ** np.array(GRADE.power), work)
    luma = work @ [0.2126, 0.7152, 0.0722]
    expected = linear(luma[:, None] + GRADE.saturation * (work - luma[:, None]))
    # float32 logarithms: 1e-5 in ACEScct is 1.2e-4 of a stop.
    assert np.allclose(acescct(cdl.apply(GRADE, light)), acescct(expected), atol=1e-5)


def test_a_neutral_grade_changes_nothing_you_could_see() -> None:
    light = np.random.default_rng(2).uniform(-0.1, 60, (1000, 3)).astype(np.float32)
    assert np.allclose(cdl.apply(CDL(), light), light, rtol=1e-5, atol=1e-6)


def test_highlights_survive_a_grade() -> None:
    assert cdl.apply(CDL(slope=(1.2, 1.2, 1.2)), np.full((1, 3), 300.0)).min() > 300


@pytest.mark.parametrize("ending", [".cc", ".ccc", ".cdl"])
def test_a_written_grade_reads_back_the_same(tmp_path: Path, ending: str) -> None:
    place = tmp_path / f"grade{ending}"
    cdl.write(place, GRADE)
    assert cdl.read(place) == [GRADE]


def test_a_rewritten_file_is_read_anew(tmp_path: Path) -> None:
    place = tmp_path / "grade.cc"
    cdl.write(place, CDL(saturation=0.5))
    assert cdl.read(place)[0].saturation == 0.5
    cdl.write(place, CDL(saturation=0.25))
    assert cdl.read(place)[0].saturation == 0.25


def test_a_collection_keeps_its_order_and_bytes(tmp_path: Path) -> None:
    grades = [CDL(id=f"shot{n}", saturation=1 - n / 10) for n in range(4)]
    cdl.write(tmp_path / "a.ccc", grades)
    cdl.write(tmp_path / "b.ccc", grades)
    assert cdl.read(tmp_path / "a.ccc") == grades
    assert (tmp_path / "a.ccc").read_bytes() == (tmp_path / "b.ccc").read_bytes()


def test_the_file_says_which_space_the_numbers_act_in(tmp_path: Path) -> None:
    cdl.write(tmp_path / "a.cc", CDL(working_space="ARRI LogC4"))
    assert "<InputDescription>Working space: ARRI LogC4</InputDescription>" in (tmp_path / "a.cc").read_text()
    assert cdl.read(tmp_path / "a.cc")[0].working_space == "ARRI LogC4"


def test_a_published_collection_reads(footage: Path) -> None:
    grades = cdl.read(footage / "grade" / "cdl_lut" / "cdl_test1.ccc")
    assert [g.id for g in grades] == ["cc0001", "cc0002", "cc0003", "", ""]
    assert grades[0].slope == (1.0, 1.0, 0.9)
    assert grades[0].saturation == 1.7


def test_a_file_that_is_no_grade_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.cc").write_text("<hello/>")
    with pytest.raises(BadInput, match=r"x\.cc: is not an ASC colour decision"):
        cdl.read(tmp_path / "x.cc")


@pytest.mark.parametrize(
    "numbers", [{"power": (1, 0, 1)}, {"slope": (-1, 1, 1)}, {"saturation": -0.1}, {"slope": (float("nan"), 1, 1)}]
)
def test_numbers_outside_the_standard_are_refused(numbers: dict) -> None:
    with pytest.raises(BadInput, match="does not allow"):
        cdl.apply(CDL(**numbers), np.ones((1, 3)))


@pytest.mark.parametrize(
    "sop",
    [
        "* ASC_SOP (1.1 1.0 0.9)(0.01 0 -0.02)(1 1.1 .95)",
        "*ASC_SOP: (1.1 1.0 0.9) (0.01 0.0 -2e-2) (1.0 1.1 0.95)",
        "* asc_sop ( 1,1 1,0 0,9 )( 0,01 0 -0,02 )( 1 1,1 0,95 )",
        "ASC_SOP(1.1 1.0 0.9)(0.01 0 -0.02)(1 1.1 0.95)",
    ],
)
def test_an_edl_grade_is_read_however_it_is_spaced(sop: str) -> None:
    found = cdl.parse_edl_lines(["* FROM CLIP NAME: X", sop, "* ASC_SAT: 0.8"])
    assert found == CDL(slope=(1.1, 1.0, 0.9), offset=(0.01, 0.0, -0.02), power=(1.0, 1.1, 0.95), saturation=0.8)


def test_an_event_without_a_grade_has_none() -> None:
    assert cdl.parse_edl_lines(["* FROM CLIP NAME: ASC_SOPHIE"]) is None


def test_a_broken_edl_grade_is_not_taken_for_none() -> None:
    with pytest.raises(BadInput, match="ASC_SOP"):
        cdl.parse_edl_lines(["* ASC_SOP (1 1)(0 0 0)(1 1 1)"])


def test_edl_lines_come_back_to_four_decimals() -> None:
    back = cdl.parse_edl_lines(cdl.edl_lines(GRADE))
    assert back is not None
    assert np.allclose([back.slope, back.offset, back.power], [GRADE.slope, GRADE.offset, GRADE.power], atol=5e-5)


def test_the_clamping_style_holds_working_values_within_0_and_1_and_is_kept_in_the_file(tmp_path: Path) -> None:
    clamping = CDL(slope=(2, 2, 2), working_space="ACEScg", style="asc-1.2")
    assert cdl.apply(clamping, np.full((1, 3), 0.8)) == pytest.approx(1.0)
    assert cdl.apply(clamping.model_copy(update={"style": "no-clamp"}), np.full((1, 3), 0.8)) == pytest.approx(1.6)
    cdl.write(tmp_path / "a.cdl", clamping)
    assert cdl.read(tmp_path / "a.cdl") == [clamping]
