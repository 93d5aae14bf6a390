"""Frames with numbers that no light is are told of when they come in."""

from pathlib import Path

import numpy as np

from answerprint.ingest.camera import read_footage
from answerprint.media.exr import write_exr


def test_nan_infinity_and_half_overflow_are_reported_by_frame_and_channel(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        planes = {name: np.full((4, 6), 0.5, np.float16) for name in "RGB"}
        if number == 3:
            planes["G"][0, 0], planes["G"][0, 1], planes["B"][1, 1] = np.nan, np.inf, 65504
        write_exr(tmp_path / "clip" / f"a.{number:04d}.exr", planes)
    problems = read_footage(tmp_path / "clip").problems
    assert problems == [
        "a.0003.exr, channel B: 1 at 65504, the end of half samples",
        "a.0003.exr, channel G: 1 NaN, 1 infinite samples",
    ]


def test_ordinary_frames_are_not_complained_of(tmp_path: Path) -> None:
    write_exr(tmp_path / "clip" / "a.0001.exr", {name: np.full((4, 6), 60000, np.float16) for name in "RGB"})
    assert read_footage(tmp_path / "clip").problems == []
