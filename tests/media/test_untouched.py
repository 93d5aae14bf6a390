"""Pixels outside the mask come back as the codes that were read, whatever they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerprint.media.exr import CHROMATICITIES, read_exr, write_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.stills import read_still
from answerprint.media.write import write_frame

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LOSSLESS = ["none", "rle", "zips", "zip", "piz", "htj2k32", "zstd"]


def any_bits(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> Any:
    """Every bit pattern may occur: NaNs with payloads, infinities, negatives, denormals, values above 1."""
    size = np.dtype(kind).itemsize
    bits = rng.integers(0, 256**size, shape, dtype=f"u{size}")
    special = rng.random(shape) < 0.2
    top = {2: 0x7C01, 4: 0x7F800001}.get(size, 0)
    if np.dtype(kind).kind == "f":
        bits[special] = rng.choice([top, top - 1, top | 1 << (8 * size - 1), 1, 0, 1 << (8 * size - 1)], int(special.sum()))
    return bits.view(kind)


def bits_of(plane: Any) -> Any:
    return plane.view(f"u{plane.dtype.itemsize}")


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["float16", "float32"]),
    primaries=st.sampled_from(["lin_ap0_scene", "lin_ap1_scene"]),
    compression=st.sampled_from(LOSSLESS),
    corner=st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    display=st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(1, 16), st.integers(1, 16)),
)
def test_exr_keeps_every_code_outside_the_mask(
    tmp_path: Path, seed: int, kind: str, primaries: str, compression: str, corner: Any, size: Any, display: Any
) -> None:
    rng = np.random.default_rng(seed)
    (x, y), (w, h) = corner, size
    dx, dy, dw, dh = display
    kinds = {"R": kind, "G": kind, "B": kind, "A": "float16", "Z": "float32", "id": "uint32", "diffuse.R": "float16"}
    planes = {name: any_bits(rng, (h, w), k) for name, k in kinds.items()}
    path, out = tmp_path / "plate.exr", tmp_path / "out.exr"
    write_exr(path, planes, attributes={"chromaticities": CHROMATICITIES[primaries], "owner": "é", "stops": 0.1, "n": (1.5, 2.5)},
              display_window=(dx, dy, dx + dw, dy + dh), data_window=(x, y, x + w, y + h), compression=compression,
              pixel_aspect=2.0, timecode="10:20:30:12", rate=Fraction(24000, 1001))  # fmt: skip
    plate = read_exr(path)
    where = rng.random((dh, dw)) < 0.3
    codes = any_bits(rng, (dh, dw * 3), kind).reshape(dh, dw, 3)
    write_frame(out, plate.with_rgb(codes, where))
    back = read_exr(out)

    inside = np.zeros((h, w), bool)
    for v, u in zip(*np.nonzero(where), strict=True):
        if 0 <= v + dy - y < h and 0 <= u + dx - x < w:
            inside[v + dy - y, u + dx - x] = True
    for name, plane in planes.items():
        kept = ~inside if name in "RGB" else np.ones_like(inside)
        assert np.array_equal(bits_of(back.planes[name])[kept], bits_of(plane)[kept]), name
    reached = np.zeros((dh, dw), bool)
    reached[max(0, y - dy) : max(0, y + h - dy), max(0, x - dx) : max(0, x + w - dx)] = True
    changed = where & reached
    assert np.array_equal(bits_of(np.ascontiguousarray(back.rgb()))[changed], bits_of(codes)[changed])
    assert back.header == plate.header


def still(kind: str, bits: int, names: str, rng: np.random.Generator) -> SourceFrame:
    dtype = {8: np.uint8, 16: np.uint16, 32: np.float32}.get(bits, np.uint16)
    planes: dict[str, Any] = {}
    for name in names:
        if bits == 32:
            planes[name] = any_bits(rng, (13, 17), "float32")
        else:
            codes = rng.integers(0, 2**bits, (13, 17)).astype(np.uint32)
            planes[name] = (codes if bits in (8, 16) else codes << (16 - bits) | codes >> (2 * bits - 16)).astype(dtype)
    storage: Any = {8: "uint8", 10: "uint10", 12: "uint12", 16: "uint16", 32: "float"}[bits]
    form: Any = kind
    return SourceFrame(planes, FrameHeader(17, 13, storage=storage, file_format=form, timecode="01:02:03:04", rate=Fraction(24)))


CASES = [("png", 8, "RGB"), ("png", 8, "RGBA"), ("png", 16, "RGBA"), ("dpx", 10, "RGB"), ("dpx", 12, "RGB"), ("dpx", 16, "RGB"),
         ("dpx", 10, "RGBA"), ("tiff", 8, "RGB"), ("tiff", 16, "RGBA"), ("tiff", 32, "RGB"), ("png", 8, "Y"), ("tiff", 16, "Y")]  # fmt: skip


@QUICK
@given(seed=st.integers(0, 2**32 - 1), case=st.sampled_from(CASES))
def test_stills_keep_every_code_outside_the_mask(tmp_path: Path, seed: int, case: tuple[str, int, str]) -> None:
    kind, bits, names = case
    rng = np.random.default_rng(seed)
    path, out = tmp_path / f"plate.{kind}", tmp_path / f"out.{kind}"
    write_frame(path, still(kind, bits, names, rng))
    plate = read_still(path)
    offered = still(kind, bits, names, rng)
    where = rng.random((13, 17)) < 0.3
    write_frame(out, plate.with_rgb(offered.rgb(), where))
    back = read_still(out)
    for name, plane in plate.planes.items():
        kept = np.ones_like(where) if name == "A" else ~where
        assert np.array_equal(bits_of(back.planes[name])[kept], bits_of(plane)[kept]), name
    assert np.array_equal(bits_of(back.rgb())[where], bits_of(offered.rgb())[where])
    assert back.header.attributes == plate.header.attributes
    assert (back.header.timecode, back.header.rate, back.header.storage) == ("01:02:03:04", Fraction(24), plate.header.storage)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_still_reads_back_as_it_was_written(tmp_path: Path, case: tuple[str, int, str]) -> None:
    kind, bits, names = case
    frame = still(kind, bits, names, np.random.default_rng(3))
    path = tmp_path / f"x.{kind}"
    write_frame(path, frame)
    back = read_still(path)
    assert list(back.planes) == list(names)
    assert all(np.array_equal(bits_of(back.planes[n]), bits_of(frame.planes[n])) for n in names)


@pytest.mark.parametrize("compression", ["dwaa", "dwab", "b44", "b44a", "pxr24", "lj2k"])
def test_a_plate_in_lossy_compression_is_written_without_loss(tmp_path: Path, compression: str) -> None:
    rng = np.random.default_rng(1)
    header = FrameHeader(32, 32, compression=compression, storage="float")
    frame = SourceFrame({c: rng.random((32, 32), np.float32) for c in "RGB"}, header)
    write_frame(tmp_path / "x.exr", frame)
    back = read_exr(tmp_path / "x.exr")
    assert np.array_equal(back.rgb(), frame.rgb())
    assert back.header.compression == "zip"


def test_real_plates_come_back_with_all_their_header(footage: Path, tmp_path: Path) -> None:
    for name in ("Carrots", "Tree", "CandleGlass", "GammaChart"):
        plate = read_exr(footage / "grade" / "exr_photos" / f"{name}.exr")
        write_frame(tmp_path / "x.exr", plate)
        back = read_exr(tmp_path / "x.exr")
        assert back.header == plate.header
        assert all(np.array_equal(bits_of(back.planes[n]), bits_of(p)) for n, p in plate.planes.items())
