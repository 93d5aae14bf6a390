"""Delivery checks find what a receiving house would send back, and nothing in what is sound."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.media.exr import CHROMATICITIES, read_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.movie import write_prores
from answerprint.media.write import write_frame
from answerprint.production import BadInput, Timecode
from answerprint.quality.delivery import check_delivery


def codes(path: Path, severity: str | None = None) -> list[tuple[str, int | None]]:
    found = check_delivery(path, None, lambda done, total, what: None)["findings"]
    return [(one["code"], one["frame"]) for one in found if severity in (None, one["severity"])]


def frames(folder: Path, count: int = 4, **header: Any) -> list[Path]:
    folder.mkdir()
    random = np.random.default_rng(5)
    made = []
    for index in range(count):
        said = {
            "attributes": {
                "reelName": "A001",
                "colorInteropID": "lin_ap1_scene",
                "chromaticities": CHROMATICITIES["lin_ap1_scene"],
            },
            "rate": Fraction(24),
            "compression": "zip",
            "timecode": str(Timecode.parse("01:00:00:00", 24) + index),
            "storage": "half",
            **header,
        }
        planes = {name: random.uniform(0.01, 1.0, (12, 16)).astype(np.float16) for name in "RGB"}
        made.append(folder / f"f.{1000 + index}.exr")
        write_frame(made[-1], SourceFrame(planes, FrameHeader(16, 12, **said)))
    return made


def change(file: Path, **changes: Any) -> None:
    frame = read_exr(file)
    planes = {name: changes[name](plane.copy()) if name in changes else plane for name, plane in frame.planes.items()}
    header = replace(frame.header, timecode=changes["timecode"], native=()) if "timecode" in changes else frame.header
    file.unlink()
    write_frame(file, SourceFrame(planes, header))


def test_a_sound_sequence_has_no_finding(tmp_path: Path) -> None:
    frames(tmp_path / "f")
    assert codes(tmp_path / "f") == []


def test_a_missing_frame_is_a_failure(tmp_path: Path) -> None:
    frames(tmp_path / "f")[2].unlink()
    assert codes(tmp_path / "f", "fail") == [("missing-frames", None)]


def test_a_frame_cut_off_is_named(tmp_path: Path) -> None:
    made = frames(tmp_path / "f")
    made[1].write_bytes(made[1].read_bytes()[:-40])
    with pytest.raises(BadInput, match=r"f\.1001\.exr"):
        codes(tmp_path / "f")


def test_a_frame_whose_pixels_cannot_be_read_is_a_failure_and_the_others_are_checked(tmp_path: Path) -> None:
    made = frames(tmp_path / "f")
    change(made[3], R=lambda plane: np.full_like(plane, np.nan))
    data = bytearray(made[1].read_bytes())
    data[-200:] = bytes(200)
    made[1].write_bytes(data)
    assert codes(tmp_path / "f", "fail")[:2] == [("unreadable", 1), ("not-finite", 3)]


def test_values_that_are_no_numbers_are_a_failure_on_their_frame(tmp_path: Path) -> None:
    def spoiled(plane: Any) -> Any:
        plane[0, 0], plane[1, 1] = np.nan, np.inf
        return plane

    change(frames(tmp_path / "f")[1], G=spoiled)
    found = check_delivery(tmp_path / "f", None, lambda done, total, what: None)["findings"]
    assert [(one["code"], one["frame"], one["figure"]) for one in found] == [("not-finite", 1, 2.0)]


def test_timecode_that_jumps_is_a_failure(tmp_path: Path) -> None:
    change(frames(tmp_path / "f")[3], timecode="01:00:00:09")
    assert codes(tmp_path / "f", "fail") == [("timecode-jump", 3)]


def test_black_and_frozen_pictures_are_pointed_out(tmp_path: Path) -> None:
    for file in frames(tmp_path / "f", 5)[1:4]:
        change(file, **dict.fromkeys("RGB", np.zeros_like))
    assert codes(tmp_path / "f") == [("black", 1), ("frozen", 1)]


def test_what_nobody_recorded_is_pointed_out(tmp_path: Path) -> None:
    frames(tmp_path / "f", attributes={}, timecode=None, rate=None)
    assert {code for code, _ in codes(tmp_path / "f", "warn")} == {"no-rate", "no-timecode", "no-colour-tag", "exr-attribute"}


def test_a_clipped_picture_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    picture = np.full((12, 16), 30000, np.uint16)
    picture[:6] = 65535
    write_frame(
        tmp_path / "f" / "f.0001.png",
        SourceFrame(dict.fromkeys("RGB", picture), FrameHeader(16, 12, storage="uint16", file_format="png")),
    )
    assert ("clipped", 0) in codes(tmp_path / "f", "warn")


def test_every_movie_and_frame_folder_of_a_package_is_checked(tmp_path: Path) -> None:
    (tmp_path / "package" / "frames").mkdir(parents=True)
    frames(tmp_path / "package" / "frames" / "010")[1].unlink()
    pictures = (np.full((32, 48, 3), 0.1 + 0.1 * index, np.float32) for index in range(3))
    write_prores(tmp_path / "package" / "reference.mov", pictures, Fraction(24), "01:00:00:00", "A001")
    document = check_delivery(tmp_path / "package", None, lambda done, total, what: None)
    assert [Path(path).name for path in document["checked"]] == ["010", "reference.mov"]
    assert [(one["code"], one["path"]) for one in document["findings"] if one["severity"] == "fail"] == [("missing-frames", "010")]


def test_a_folder_without_pictures_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no movie and no frames"):
        codes(tmp_path)


def test_a_channel_at_the_half_float_limit_and_much_negative_light_are_pointed_out_once(tmp_path: Path) -> None:
    for file in frames(tmp_path / "f")[1:3]:
        change(file, R=lambda plane: np.where(plane > 0.5, np.float16(65504.0), plane), B=lambda plane: -plane)
    assert codes(tmp_path / "f") == [("half-limit", 1), ("negative", 1)]


def test_timecode_on_some_frames_alone_is_a_failure(tmp_path: Path) -> None:
    change(frames(tmp_path / "f")[2], timecode=None)
    assert codes(tmp_path / "f", "fail") == [("timecode-gap", 2)]
