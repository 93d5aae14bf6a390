"""Seeded faults in how frames follow one another, in the sensor and at the edge: each is found where it is, and alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from answerprint.media.exr import CHROMATICITIES
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.production import Timecode
from answerprint.quality.delivery import check_delivery

HEIGHT, WIDTH = 108, 192
Picture = NDArray[np.float32]


def scene() -> Picture:
    """A textured wall wider than the frame, codes 0.2 to 0.7."""
    noise = np.random.default_rng(7).normal(0, 1, (HEIGHT, WIDTH + 400)).astype(np.float32)
    wall = cv2.GaussianBlur(noise, (0, 0), 3)
    wall = (wall - wall.min()) / (wall.max() - wall.min())
    return np.asarray(0.2 + 0.5 * wall, np.float32)


def panned(count: int, step: float = 4.0, skip: tuple[int, ...] = ()) -> list[Picture]:
    """A steady pan with sensor noise; frames in ``skip`` are left out."""
    wall, random = scene(), np.random.default_rng(11)
    at = [n for n in range(count + len(skip)) if n not in skip]
    return [
        wall[:, round(n * step) : round(n * step) + WIDTH] + random.normal(0, 0.004, (HEIGHT, WIDTH)).astype(np.float32) for n in at
    ]


def sequence(folder: Path, pictures: list[Picture]) -> Path:
    folder.mkdir()
    for index, grey in enumerate(pictures):
        codes = np.rint(np.clip(grey, 0, 1) * 65535).astype(np.uint16)
        planes = dict(zip("RGB", codes if codes.ndim == 3 else (codes,) * 3, strict=True))
        label = str(Timecode.parse("01:00:00:00", 24) + index)
        write_frame(
            folder / f"f.{1001 + index}.tif",
            SourceFrame(
                planes, FrameHeader(WIDTH, HEIGHT, storage="uint16", file_format="tiff", timecode=label, rate=Fraction(24))
            ),
        )
    return folder


TOLD_ONCE = {"no-reel", "no-colour-tag"}


def found(path: Path, **options: Any) -> list[tuple[str, int | None]]:
    findings = check_delivery(path, "24", lambda done, total, what: None, **options)["findings"]
    return [(one["code"], one["frame"]) for one in findings if one["code"] not in TOLD_ONCE]


def test_a_steady_pan_with_noise_has_no_finding(tmp_path: Path) -> None:
    assert found(sequence(tmp_path / "f", panned(14))) == []


def test_a_locked_off_shot_with_noise_has_no_finding(tmp_path: Path) -> None:
    assert found(sequence(tmp_path / "f", panned(12, step=0.0))) == []


def test_a_frame_shown_twice_is_named(tmp_path: Path) -> None:
    pictures = panned(12)
    pictures[7] = pictures[6]
    assert found(sequence(tmp_path / "f", pictures)) == [("duplicate", 7)]


def test_repeats_at_regular_steps_are_one_cadence(tmp_path: Path) -> None:
    pictures = [picture for n, picture in enumerate(panned(20)) for _ in range(2 if n % 4 == 3 else 1)]
    assert found(sequence(tmp_path / "f", pictures)) == [("cadence", 4)]


def test_a_frame_left_out_of_a_steady_motion_is_named(tmp_path: Path) -> None:
    assert found(sequence(tmp_path / "f", panned(12, skip=(6,)))) == [("dropped", 6)]


def test_a_cut_is_no_dropped_frame(tmp_path: Path) -> None:
    pictures = [*panned(7), *(1.0 - picture[:, ::-1] for picture in panned(7))]
    assert found(sequence(tmp_path / "f", pictures)) == []


def test_a_freeze_is_a_warning_and_a_long_one_a_failure(tmp_path: Path) -> None:
    pictures = panned(6)
    assert found(sequence(tmp_path / "short", [*pictures, *[pictures[-1]] * 5])) == [("frozen", 5)]
    still = [*pictures, *[pictures[-1]] * 60]
    findings = check_delivery(sequence(tmp_path / "long", still), "24", lambda *told: None)["findings"]
    assert [(f["severity"], f["figure"]) for f in findings if f["code"] == "frozen"] == [("fail", 61.0)]


def test_light_that_pulses_is_flicker_and_a_slow_fade_is_not(tmp_path: Path) -> None:
    pulsing = [picture * (1.0 + 0.03 * (-1) ** n) for n, picture in enumerate(panned(14, step=0.0))]
    assert [code for code, _ in found(sequence(tmp_path / "pulse", pulsing))] == ["flicker"]
    fading = [picture * (0.6 + 0.03 * n) for n, picture in enumerate(panned(14, step=0.0))]
    assert found(sequence(tmp_path / "fade", fading)) == []


@pytest.mark.parametrize(("code", "value"), [("stuck-pixel", 0.98), ("dead-pixel", 0.0)])
def test_a_bad_pixel_is_found_where_it_is_while_the_picture_moves(tmp_path: Path, code: str, value: float) -> None:
    pictures = [0.45 + 2.0 * (picture - 0.45) for picture in panned(12, step=9.0)]
    for picture in pictures:
        np.clip(picture, 0.15, 0.8, out=picture)
        picture[40, 77] = value
    folder = sequence(tmp_path / "f", pictures)
    assert found(folder) == [(code, None)]
    assert "at 77,40" in next(
        f["message"] for f in check_delivery(folder, None, lambda *told: None)["findings"] if f["code"] == code
    )


def test_a_small_bright_thing_in_a_still_picture_is_no_bad_pixel(tmp_path: Path) -> None:
    pictures = panned(12, step=0.0)
    for picture in pictures:
        picture[40, 77] = 0.98
    assert found(sequence(tmp_path / "f", pictures)) == []


def test_a_line_at_the_edge_is_found_and_a_letterbox_is_not_one(tmp_path: Path) -> None:
    lined, boxed = panned(8), panned(8)
    for one, other in zip(lined, boxed, strict=True):
        one[:, -2:] = 0.0
        other[:14] = other[-14:] = 0.0
    assert found(sequence(tmp_path / "lined", lined)) == [("edge-line", None)]
    assert found(sequence(tmp_path / "boxed", boxed)) == []


def test_long_black_is_a_failure_and_a_night_scene_is_not_black(tmp_path: Path) -> None:
    pictures = [*panned(3), *[np.abs(p) * 0.004 for p in panned(50, step=0.3)]]
    findings = check_delivery(sequence(tmp_path / "f", pictures), "24", lambda *told: None)["findings"]
    assert [(f["severity"], f["frame"], f["figure"]) for f in findings if f["code"] == "black"] == [("fail", 3, 50.0)]
    assert found(sequence(tmp_path / "night", [picture * 0.12 for picture in panned(8)])) == []


def test_a_code_can_be_left_out_by_name(tmp_path: Path) -> None:
    pictures = panned(8)
    pictures[5] = pictures[4]
    assert found(sequence(tmp_path / "f", pictures), ignore=["duplicate"]) == []


def exr(file: Path, timecode: str = "01:00:00:00", compression: str = "zip", **attributes: Any) -> None:
    said = {"reelName": "A001", "colorInteropID": "lin_ap1_scene", "chromaticities": CHROMATICITIES["lin_ap1_scene"], **attributes}
    plane = np.random.default_rng(len(file.name) + int(file.stem[-2:])).uniform(0.1, 0.9, (20, 24)).astype(np.float16)
    header = FrameHeader(
        24, 20, storage="half", compression=compression, rate=Fraction(24), timecode=timecode,
        attributes={k: v for k, v in said.items() if v is not None},
    )  # fmt: skip
    write_frame(file, SourceFrame(dict.fromkeys("RGB", plane), header))


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("exr-attribute", {"chromaticities": None}),
        ("exr-attribute", {"colorInteropID": None}),
        ("exr-colour", {"chromaticities": CHROMATICITIES["lin_ap0_scene"]}),
        ("exr-compression", {"compression": "htj2k32"}),
    ],
)
def test_what_an_exr_header_lacks_or_contradicts_is_named(tmp_path: Path, code: str, changes: dict[str, Any]) -> None:
    (tmp_path / "f").mkdir()
    for index in range(3):
        exr(tmp_path / "f" / f"f.10{index:02d}.exr", f"01:00:00:0{index}", **changes)
    assert [c for c, _ in found(tmp_path / "f")] == [code]


def test_an_attribute_that_changes_on_the_way_is_a_failure_on_its_frame(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    for index in range(4):
        exr(tmp_path / "f" / f"f.10{index:02d}.exr", f"01:00:00:0{index}", reelName="B007" if index == 2 else "A001")
    assert found(tmp_path / "f") == [("exr-change", 2)]


def test_names_that_a_receiver_refuses_and_uneven_numbers_are_named(tmp_path: Path) -> None:
    (tmp_path / "Szene 4").mkdir()
    for index, number in enumerate(("0999", "01000")):
        exr(tmp_path / "Szene 4" / f"größe.{number}.exr", f"01:00:00:0{index}")
    codes = [c for c, _ in found(tmp_path / "Szene 4")]
    assert "name" in codes and "padding" in codes
