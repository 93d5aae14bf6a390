"""CinemaDNG, developed linear: a sensor's grey is grey, twice the light is twice the number."""

from __future__ import annotations

import builtins
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.colour.spaces import default_space
from answerprint.media.sequence import open_sequence
from answerprint.media.write import as_format, output_name_and_format, write_frame
from answerprint.production import BadInput

NEUTRAL = (0.5, 1.0, 0.625)


def dng(path: Path, light: np.ndarray, timecode: bytes = bytes.fromhex("0500000100000000")) -> Path:
    """A 16-bit Bayer CinemaDNG (RGGB) of a grey scene whose light is ``light`` (height, width), 1.0 at the sensor's end."""
    height, width = light.shape
    sensor = light * NEUTRAL[1]
    sensor[0::2, 0::2] = (light * NEUTRAL[0])[0::2, 0::2]
    sensor[1::2, 1::2] = (light * NEUTRAL[2])[1::2, 1::2]
    pixels = np.rint(sensor * 60000).astype("<u2").tobytes()
    matrix = [3.2404542, -1.5371385, -0.4985314, -0.969266, 1.8760108, 0.041556, 0.0556434, -0.2040259, 1.0572252]
    srational = b"".join(struct.pack("<ii", round(v * 10000), 10000) for v in matrix)
    neutral = b"".join(struct.pack("<II", round(v * 10000), 10000) for v in NEUTRAL)
    entries: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)), (256, 4, 1, struct.pack("<I", width)), (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<HH", 16, 0)), (259, 3, 1, struct.pack("<HH", 1, 0)), (262, 3, 1, struct.pack("<HH", 32803, 0)),
        (271, 2, 5, b"Test\0"), (272, 2, 5, b"Test\0"), (273, 4, 1, b""), (274, 3, 1, struct.pack("<HH", 1, 0)),
        (277, 3, 1, struct.pack("<HH", 1, 0)), (278, 4, 1, struct.pack("<I", height)), (279, 4, 1, struct.pack("<I", len(pixels))),
        (284, 3, 1, struct.pack("<HH", 1, 0)), (33421, 3, 2, struct.pack("<HH", 2, 2)), (33422, 1, 4, bytes([0, 1, 1, 2])),
        (50706, 1, 4, bytes([1, 4, 0, 0])), (50707, 1, 4, bytes([1, 1, 0, 0])), (50708, 2, 5, b"Test\0"),
        (50710, 1, 3, bytes([0, 1, 2, 0])), (50711, 3, 1, struct.pack("<HH", 1, 0)), (50714, 4, 1, struct.pack("<I", 0)),
        (50717, 4, 1, struct.pack("<I", 60000)), (50721, 10, 9, srational), (50728, 5, 3, neutral),
        (50778, 3, 1, struct.pack("<HH", 21, 0)), (51043, 1, 8, timecode), (51044, 10, 1, struct.pack("<ii", 24000, 1001)),
        (51105, 2, 5, b"A007\0"),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    extra, table = b"", b""
    offset = start + sum(len(v) + len(v) % 2 for _, _, _, v in entries if len(v) > 4)
    for tag, kind, count, value in entries:
        body = struct.pack("<I", offset) if tag == 273 else value
        if len(body) > 4:
            table += struct.pack("<HHII", tag, kind, count, start + len(extra))
            extra += body + b"\0" * (len(body) % 2)
        else:
            table += struct.pack("<HHI", tag, kind, count) + body.ljust(4, b"\0")
    path.write_bytes(
        b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + table + struct.pack("<I", 0) + extra + pixels
    )
    return path


def test_grey_is_grey_and_light_is_linear(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0.02, 0.4, 64)[None, :], 48, axis=0)
    frame = open_sequence(dng(tmp_path / "a.dng", ramp)).read(0)
    rgb = frame.rgb().astype(np.float64)[8:-8, 8:-8]
    assert rgb.dtype == np.float64
    assert np.abs(rgb.max(axis=-1) / rgb.min(axis=-1) - 1).max() < 0.03
    columns = rgb.mean(axis=(0, 2))
    assert np.allclose(columns / columns[20], ramp[0, 8:-8] / ramp[0, 28], rtol=0.02)


def test_time_rate_and_reel_come_from_the_cinema_tags(tmp_path: Path) -> None:
    sequence = open_sequence(dng(tmp_path / "a.dng", np.full((48, 64), 0.2)))
    assert (sequence.start_timecode, sequence.rate, sequence.reel) == ("01:00:00:05", Fraction(24000, 1001), "A007")
    assert default_space(sequence.storage, sequence.file_format, sequence.colour_tag) == "ACES2065-1"


def test_a_folder_of_dng_is_a_clip_and_its_results_are_exr(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        dng(tmp_path / f"A007_{number:06d}.dng", np.full((48, 64), 0.2))
    sequence = open_sequence(tmp_path)
    assert (sequence.count, sequence.missing) == (3, [3])
    name, kind = output_name_and_format(sequence, 0)
    assert (name, kind) == ("A007_000001.exr", "exr")
    write_frame(tmp_path / "out" / name, as_format(sequence.read(0), kind))
    assert np.array_equal(open_sequence(tmp_path / "out" / name).read(0).rgb(), sequence.read(0).rgb())


def test_a_cut_off_dng_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(b"II*\0 nonsense")
    with pytest.raises(BadInput, match=r"a\.dng: is no DNG"):
        open_sequence(tmp_path / "a.dng")


def test_without_the_extra_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "rawpy":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    place = dng(tmp_path / "a.dng", np.full((48, 64), 0.2))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInput, match=r"pip install 'answerprint\[raw\]'"):
        open_sequence(place)
