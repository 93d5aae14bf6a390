"""Look-up tables out and in, each read again by a reader that is not ours."""

from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.colour.config import config
from answerprint.colour.lut import Lut, write_3dl, write_clf, write_cube
from answerprint.colour.lut_read import CommonLut, read_3dl, read_clf, read_cube, read_lut
from answerprint.production import BadInput

CODES = np.random.default_rng(4).uniform(0, 1, (500, 3)).astype(np.float32)


def warm(codes: np.ndarray) -> np.ndarray:
    mixed = codes @ np.array([[0.9, 0.1, 0], [0, 0.85, 0.02], [0.05, 0, 0.8]], np.float32)
    return mixed**0.8


def by_library(path: Path, codes: np.ndarray = CODES) -> np.ndarray:
    ocio.ClearAllCaches()
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    out = codes.copy()
    config().getProcessor(transform).getDefaultCPUProcessor().applyRGB(out)
    return out


@pytest.mark.parametrize("flavour", ["resolve", "adobe"])
def test_a_cube_of_either_flavour_is_read_the_same_by_another_reader(tmp_path: Path, flavour: str) -> None:
    lut = Lut.baked(warm, 17, title='warm "dailies"')
    write_cube(tmp_path / "a.cube", lut, flavour)
    assert np.allclose(by_library(tmp_path / "a.cube"), lut.apply(CODES), atol=2e-6)
    back = read_cube(tmp_path / "a.cube")
    assert np.allclose(back.cube, lut.cube, atol=1e-7)
    assert back.title == "warm 'dailies'"


def test_red_runs_fastest_in_a_cube(tmp_path: Path) -> None:
    write_cube(tmp_path / "a.cube", Lut.baked(lambda codes: codes, 2))
    rows = [line for line in (tmp_path / "a.cube").read_text().splitlines() if line[:1].isdigit()]
    assert rows[1] == "1.0 0.0 0.0"


def test_a_shaper_and_a_cube_share_a_resolve_file(tmp_path: Path) -> None:
    steps = np.linspace(0, 1, 64)[:, None].repeat(3, 1).astype(np.float32)
    lut = Lut(Lut.baked(warm, 9).cube, steps**0.5, shaper_domain=((-1.0,) * 3, (3.0,) * 3))
    write_cube(tmp_path / "a.cube", lut)
    wide = CODES * 4 - 1
    assert np.allclose(by_library(tmp_path / "a.cube", wide), lut.apply(wide), atol=2e-6)
    assert np.allclose(read_cube(tmp_path / "a.cube").apply(wide), lut.apply(wide), atol=2e-6)
    with pytest.raises(BadInput, match="Adobe flavour"):
        write_cube(tmp_path / "b.cube", lut, "adobe")


def test_a_domain_of_its_own_for_each_channel_needs_the_adobe_flavour(tmp_path: Path) -> None:
    lut = Lut(Lut.baked(warm, 5).cube, cube_domain=((0, 1, 0), (2, 2, 1)))
    with pytest.raises(BadInput, match="one input range"):
        write_cube(tmp_path / "a.cube", lut, "resolve")
    write_cube(tmp_path / "a.cube", lut, "adobe")
    assert read_cube(tmp_path / "a.cube").cube_domain == lut.cube_domain


def test_values_beyond_the_domain_take_the_end_of_the_table() -> None:
    assert Lut.baked(warm, 5).apply(np.full((1, 3), 7.0)) == pytest.approx(warm(np.ones((1, 3))), abs=1e-6)


@pytest.mark.parametrize("name", ["iridas_3d.cube", "resolve_1d3d.cube", "lustre_33x33x33.3dl"])
def test_published_tables_come_out_as_another_reader_has_them(footage: Path, name: str) -> None:
    place = footage / "grade" / "cdl_lut" / name
    codes = CODES * 2 if name.endswith("cube") else CODES
    assert np.allclose(read_lut(place).apply(codes), by_library(place, codes), atol=2e-5)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_a_3dl_is_read_the_same_by_another_reader(tmp_path: Path, bits: int) -> None:
    lut = Lut.baked(warm, 17)
    write_3dl(tmp_path / "a.3dl", lut, bits)
    step = 1 / (2**bits - 1)
    assert np.allclose(read_3dl(tmp_path / "a.3dl").cube, lut.cube, atol=0.51 * step)
    assert np.allclose(by_library(tmp_path / "a.3dl"), lut.apply(CODES), atol=1.01 * step)


def test_a_3dl_refuses_what_it_cannot_say(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="17, 33 or 65"):
        write_3dl(tmp_path / "a.3dl", Lut.baked(warm, 20))


def test_a_published_clf_reads_with_its_steps(footage: Path) -> None:
    look = read_lut(footage / "grade" / "cdl_lut" / "cdl_all_styles.clf")
    assert isinstance(look, CommonLut)
    assert look.steps == ("ASC_CDL",) * 4
    assert np.isfinite(look.apply(CODES)).all()


def test_a_clf_carries_a_cdl_and_a_cube_and_says_what_goes_in(tmp_path: Path) -> None:
    group = ocio.GroupTransform()
    group.appendTransform(ocio.CDLTransform(slope=[1.2, 1.0, 0.9], sat=0.8))
    group.appendTransform(Lut.baked(warm, 9).transform())
    write_clf(tmp_path / "a.clf", group, "show look <1>", ("ACEScct", "ACEScct"))
    back = read_clf(tmp_path / "a.clf")
    assert (back.title, back.input_space, back.output_space) == ("show look <1>", "ACEScct", "ACEScct")
    assert back.steps[0] == "ASC_CDL"
    expected = config().getProcessor(group).getDefaultCPUProcessor()
    want = CODES.copy()
    expected.applyRGB(want)
    assert np.allclose(back.apply(CODES), want, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LUT_3D_SIZE 2\n0 0 0\n", "holds 1 rows where its sizes say 8"),
        ("LUT_3D_SIZE 99999\n", "LUT_3D_SIZE"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 nan 1\n", "not finite"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 x 1\n", "not three numbers"),
        ("LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 1 0\n0 0 0\n1 1 1\n", "ends before it begins"),
        ("hello", "neither LUT_1D_SIZE"),
        ("", "neither LUT_1D_SIZE"),
    ],
)
def test_a_damaged_cube_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.cube").write_text(text)
    with pytest.raises(BadInput, match=message):
        read_cube(tmp_path / "a.cube")


_SEEDS = (
    b'TITLE "x"\nLUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\nLUT_3D_SIZE 2\n' + b"0 0.5 1\n" * 10,
    b"3DMESH\nMesh 1 12\n0 512 1023\n" + b"1 2 4095\n" * 27,
    b'<ProcessList id="a" compCLFversion="3"><Matrix inBitDepth="32f" outBitDepth="32f"><Array dim="3 3">1 0 0 0 1 0 0 0 1</Array>'
    b"</Matrix></ProcessList>",
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_SEEDS), st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=6)), max_size=4))
def test_no_mutated_table_does_worse_than_be_refused(tmp_path_factory: pytest.TempPathFactory, seed: bytes, edits: list) -> None:
    data = bytearray(seed)
    for place, put in edits:
        data[place : place + len(put)] = put
    folder = tmp_path_factory.mktemp("fuzz")
    for ending in (".cube", ".3dl", ".clf"):
        file = folder / f"a{ending}"
        file.write_bytes(data)
        try:
            read_lut(file)
        except BadInput:
            continue
