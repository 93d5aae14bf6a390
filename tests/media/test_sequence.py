"""Folders, stills and movies open as one kind of thing, and bad ones say what is the matter in one line."""

from __future__ import annotations

import errno
import os
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerprint.media.exr import write_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import output_name_and_format, write_frame
from answerprint.production import BadInput, atomic


def exr(path: Path, value: float = 0.5, size: tuple[int, int] = (4, 6), **more: Any) -> None:
    write_exr(path, {c: np.full(size, value, np.float16) for c in "RGB"}, **more)


def png(path: Path, value: int = 7) -> None:
    write_frame(
        path,
        SourceFrame({c: np.full((4, 6), value, np.uint8) for c in "RGB"}, FrameHeader(6, 4, storage="uint8", file_format="png")),
    )


def one_line(error: pytest.ExceptionInfo[BadInput]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_frames_come_in_number_order_even_without_leading_zeros(tmp_path: Path) -> None:
    for n in (1, 2, 9, 10, 11):
        exr(tmp_path / f"shot.{n}.exr", n / 16)
    found = open_sequence(tmp_path)
    assert found.names == [f"shot.{n}.exr" for n in (1, 2, 9, 10, 11)]
    assert [float(found.read(i).rgb()[0, 0, 0]) * 16 for i in range(5)] == [1, 2, 9, 10, 11]


def test_gaps_in_the_numbering_are_listed(tmp_path: Path) -> None:
    for n in (1001, 1002, 1005):
        exr(tmp_path / f"plate_{n}.exr", timecode="01:00:00:00", rate=Fraction(24))
    found = open_sequence(tmp_path)
    assert (found.count, found.missing) == (3, [1003, 1004])
    assert found.number(2) == 1005
    assert found.timecode(2) == "01:00:00:04"


def test_names_in_any_script_work(tmp_path: Path) -> None:
    folder = tmp_path / "été – 撮影 №1"
    folder.mkdir()
    for n in range(2):
        exr(folder / f"Größe 画像 {n:04d}.exr")
        png(tmp_path / "é" / f"кадр{n}.png")
    assert open_sequence(folder).read(1).rgb().shape == (4, 6, 3)
    assert open_sequence(tmp_path / "é").read(1).rgb()[0, 0, 0] == 7


def test_a_single_still_is_a_sequence_of_one(tmp_path: Path) -> None:
    png(tmp_path / "still.png")
    found = open_sequence(tmp_path / "still.png")
    assert (found.count, found.width, found.height, found.file_format, found.storage) == (1, 6, 4, "png", "uint8")


def test_hidden_files_and_notes_are_passed_over(tmp_path: Path) -> None:
    exr(tmp_path / "a.0001.exr")
    (tmp_path / "._a.0001.exr").write_bytes(b"resource fork")
    (tmp_path / "report.txt").write_text("x")
    assert open_sequence(tmp_path).names == ["a.0001.exr"]


def test_mixed_sizes_name_the_file_that_differs(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr")
    exr(tmp_path / "a.2.exr", size=(8, 8))
    with pytest.raises(BadInput) as error:
        open_sequence(tmp_path)
    assert one_line(error) == f"{tmp_path / 'a.2.exr'}: is 8x8 where a.1.exr is 6x4; keep frames of one size in a folder."


def test_data_windows_may_differ_from_frame_to_frame(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr", display_window=(0, 0, 6, 4))
    exr(tmp_path / "a.2.exr", display_window=(0, 0, 6, 4), data_window=(2, 1, 8, 5))
    assert open_sequence(tmp_path).read(1).rgb()[0].max() == 0


@pytest.mark.parametrize("keep", [0, 3, 40, 200, -1, -30])
def test_a_cut_off_exr_is_refused_by_name(tmp_path: Path, keep: int) -> None:
    exr(tmp_path / "a.1.exr", size=(64, 64))
    exr(tmp_path / "a.2.exr", size=(64, 64))
    data = (tmp_path / "a.2.exr").read_bytes()
    (tmp_path / "a.2.exr").write_bytes(data[:keep])
    with pytest.raises(BadInput, match=r"a\.2\.exr: ") as error:
        open_sequence(tmp_path)
    one_line(error)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".dpx"])
def test_a_cut_off_still_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    form: Any = {".png": "png", ".tif": "tiff", ".dpx": "dpx"}[suffix]
    noise = np.random.default_rng(0).integers(0, 65536, (64, 64), dtype=np.uint16)
    write_frame(
        tmp_path / f"a{suffix}", SourceFrame(dict.fromkeys("RGB", noise), FrameHeader(64, 64, storage="uint16", file_format=form))
    )
    data = (tmp_path / f"a{suffix}").read_bytes()
    for keep in (0, 10, len(data) // 2):
        (tmp_path / f"a{suffix}").write_bytes(data[:keep])
        with pytest.raises(BadInput, match=rf"a\{suffix}: ") as error:
            open_sequence(tmp_path / f"a{suffix}").read(0)
        one_line(error)


def test_an_empty_folder_says_what_belongs_in_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no frames; give a folder of EXR, DPX"):
        open_sequence(tmp_path)
    with pytest.raises(BadInput, match="does not exist"):
        open_sequence(tmp_path / "nowhere")


def test_mixed_formats_are_refused(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr")
    png(tmp_path / "a.2.png")
    with pytest.raises(BadInput, match=r"several formats \(exr, png\)"):
        open_sequence(tmp_path)


def test_an_unreadable_movie_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_bytes(b"hello" * 500)
    with pytest.raises(BadInput, match=r"a\.mov: is not a movie that can be read") as error:
        open_sequence(tmp_path / "a.mov")
    one_line(error)


def test_a_rate_that_is_given_wins(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr", rate=Fraction(24))
    assert open_sequence(tmp_path).rate == 24
    assert open_sequence(tmp_path, "23.976").rate == Fraction(24000, 1001)


def test_a_sequence_travels_to_another_process(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr", 0.25)
    assert pickle.loads(pickle.dumps(open_sequence(tmp_path))).read(0).rgb()[0, 0, 0] == 0.25


def test_output_keeps_the_plates_name_and_a_jpeg_becomes_png(tmp_path: Path, footage: Path) -> None:
    exr(tmp_path / "a.1001.exr")
    assert output_name_and_format(open_sequence(tmp_path)) == ("a.1001.exr", "exr")
    photos = open_sequence(footage / "coverage" / "lund_29views" / "images")
    assert (photos.count, photos.names[0]) == (29, "01.jpg")
    assert output_name_and_format(photos, 4) == ("05.png", "png")


@pytest.mark.parametrize("suffix", ["exr", "png"])
@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "the disk is full; free some space"), (errno.EROFS, "cannot be written")]
)
def test_a_failed_write_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, code: int, words: str
) -> None:
    exr(tmp_path / "in.exr") if suffix == "exr" else png(tmp_path / "in.png")
    frame = open_sequence(tmp_path).read(0)
    out = tmp_path / "out"

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(BadInput, match=words) as error:
        write_frame(out / f"x.{suffix}", frame)
    one_line(error)
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    exr(tmp_path / "in.exr")
    frame = open_sequence(tmp_path).read(0)
    (tmp_path / "file").write_text("not a folder")
    for place in (Path("/proc/answerprint/x.exr"), tmp_path / "file" / "x.exr"):
        with pytest.raises(BadInput) as error:
            write_frame(place, frame)
        assert str(place) in one_line(error)


def test_a_frame_that_failed_leaves_the_older_one_standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exr(tmp_path / "x.exr", 0.5)
    before = (tmp_path / "x.exr").read_bytes()
    monkeypatch.setattr(atomic, "_flush", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(BadInput):
        exr(tmp_path / "x.exr", 0.75)
    assert (tmp_path / "x.exr").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
