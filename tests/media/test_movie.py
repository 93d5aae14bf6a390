"""Movies give every frame exactly, and those we write say what they are."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import pickle
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from answerprint.media.movie import write_prores, write_proxy, write_thumbnail
from answerprint.media.movie_reader import MovieReader
from answerprint.media.sequence import MovieSequence, open_sequence
from answerprint.media.write import output_name_and_format, write_frame
from answerprint.media.ycbcr import Encoding, from_rgb, halved_left, to_rgb16
from answerprint.production import BadInput

V, U = np.mgrid[0:72, 0:128].astype(np.float32)


def picture(number: int, height: int = 72, width: int = 128) -> Any:
    """A ramp with its number written in binary along the top, so that no two frames are alike."""
    out = np.stack([U / 127, V / 71, np.full_like(U, 0.25)], -1)[:height, :width].copy()
    for bit in range(8):
        out[:16, bit * 16 : bit * 16 + 16] = 1.0 if number >> bit & 1 else 0.0
    return out


def number_of(rgb: Any) -> int:
    return sum(int(rgb[4:12, bit * 16 + 4 : bit * 16 + 12].mean() > 32768) << bit for bit in range(8))


def numbers_seen(movie: Any, indices: list[int]) -> list[int]:
    return [number_of(movie.read(i).rgb()) for i in indices]


def long_gop(path: Path, frames: int = 60, rate: int = 24, rotation: int = 0, start: int = 0) -> Path:
    """An H.264 movie with B-frames and key frames 25 apart, as a camera would record it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"x264-params": "keyint=25:min-keyint=25:bframes=3:scenecut=0"})
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        for i in range(frames):
            y, cb, cr = from_rgb(picture(i), 8)
            frame = av.VideoFrame(128, 72, "yuv420p")
            for plane, samples in zip(frame.planes, (y, halved_left(cb), halved_left(cr)), strict=True):
                padded = np.zeros((plane.height, plane.line_size), np.uint8)
                padded[:, : samples.shape[1]] = samples
                plane.update(padded)
            frame.pts = i + start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_every_frame_is_found_in_any_order(tmp_path: Path, suffix: str) -> None:
    path = long_gop(tmp_path / f"clip{suffix}")
    movie = open_sequence(path)
    assert movie.count == 60
    order = [0, 59, 30, 29, 31, 5, 58, 24, 25, 26, 2, 1, 0, *range(40, 50), 10]
    assert [number_of(movie.read(i).rgb()) for i in order] == order


def test_pictures_that_are_decoded_out_of_order_are_all_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a stream whose header says that it reorders nothing, and whose frames do."""
    in_order = MovieReader._pictures

    def shuffled(reader: MovieReader, container: Any, stream: Any) -> Iterator[Any]:
        pictures = list(in_order(reader, container, stream))
        for at in range(0, len(pictures), 4):
            yield from (pictures[n] for n in (at, at + 3, at + 1, at + 2) if n < len(pictures))

    monkeypatch.setattr(MovieReader, "_pictures", shuffled)
    movie = open_sequence(long_gop(tmp_path / "a.mp4"))
    order = [*range(60), 31, 7, 58]
    assert numbers_seen(movie, order) == order


def test_a_seek_gives_the_very_codes_of_a_run_through(tmp_path: Path) -> None:
    path = long_gop(tmp_path / "clip.mp4", start=7)
    through = [hashlib.sha256(open_sequence(path).read(i).rgb().tobytes()).digest() for i in range(0, 60, 7)]
    movie = open_sequence(path)
    backward = [hashlib.sha256(movie.read(i).rgb().tobytes()).digest() for i in reversed(range(0, 60, 7))]
    assert backward == through[::-1]


def test_the_count_is_what_decoding_gives(footage: Path) -> None:
    for name in ("captioner/clips/bikes.mp4", "removal/BigBen/input_video.mp4"):
        with av.open(str(footage / name)) as container:
            decoded = sum(1 for _ in container.decode(video=0))
        assert open_sequence(footage / name).count == decoded


def test_a_movie_beyond_its_end_raises(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        open_sequence(long_gop(tmp_path / "c.mp4", 3)).read(3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotated_movie_stands_upright(tmp_path: Path, degrees: int) -> None:
    plain = open_sequence(long_gop(tmp_path / "a.mp4", 2)).read(1).rgb()
    path = long_gop(tmp_path / "b.mp4", 2, rotation=degrees)
    turned = open_sequence(path)
    assert (turned.width, turned.height) == ((128, 72) if degrees == 180 else (72, 128))
    with av.open(str(path)) as container:
        counter_clockwise = round(next(container.decode(video=0)).rotation / 90) % 4
    assert counter_clockwise == degrees // 90 or counter_clockwise == 4 - degrees // 90
    assert np.array_equal(turned.read(1).rgb(), np.rot90(plain, counter_clockwise))


def test_a_movie_without_timecode_opens(tmp_path: Path) -> None:
    movie = open_sequence(long_gop(tmp_path / "a.mp4", 2))
    assert (movie.start_timecode, movie.timecode(1), movie.reel, movie.rate) == (None, None, None, 24)


def test_a_movie_sequence_travels_to_another_process(tmp_path: Path) -> None:
    movie = open_sequence(long_gop(tmp_path / "a.mp4", 30))
    movie.read(3)
    assert number_of(pickle.loads(pickle.dumps(movie)).read(17).rgb()) == 17


def test_a_forked_child_and_its_parent_read_side_by_side(tmp_path: Path) -> None:
    movie = open_sequence(long_gop(tmp_path / "a.mp4", 30))
    movie.read(3)
    gc.collect()  # decoders other tests left behind: a child that collects them waits for threads it does not have
    fork = multiprocessing.get_context("fork")
    answer = fork.Queue()
    child = fork.Process(target=lambda: answer.put(numbers_seen(movie, [20, 4, 5])))
    child.start()
    assert numbers_seen(movie, [4, 5, 6, 22]) == [4, 5, 6, 22]
    assert answer.get(timeout=60) == [20, 4, 5]
    child.join()


def test_a_cut_off_movie_is_refused(tmp_path: Path) -> None:
    write_proxy(tmp_path / "a.mp4", (picture(i) for i in range(20)), 24)
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(BadInput, match=r"b\.mp4: is cut off: \d+ of 20 frames are whole"):
        open_sequence(tmp_path / "b.mp4")


def test_a_damaged_frame_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    write_proxy(tmp_path / "a.mp4", (picture(i) for i in range(20)), 24)
    with av.open(str(tmp_path / "a.mp4")) as container:
        packet = [p for p in container.demux(video=0) if p.size][9]
        at, size = packet.pos, packet.size
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    data[at : at + size] = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).tobytes()
    (tmp_path / "a.mp4").write_bytes(data)
    movie = open_sequence(tmp_path / "a.mp4")
    with pytest.raises(BadInput, match=r"a\.mp4: frame 9 "):
        movie.read(9)
    assert [number_of(movie.read(i).rgb()) for i in (8, 10, 19)] == [8, 10, 19]


@pytest.mark.parametrize(("matrix", "rgb"), [(1, (0.75, 0.1, 0.2)), (6, (0.1, 0.75, 0.2)), (9, (0.2, 0.1, 0.75))])
def test_the_matrix_that_is_named_is_undone(matrix: int, rgb: tuple[float, float, float]) -> None:
    flat = np.full((4, 4, 3), rgb, np.float32)
    back = to_rgb16(*from_rgb(flat, 10, matrix), Encoding(matrix, 10))
    # Half a 10-bit step of each of Y', Cb and Cr through the widest inverse coefficient (1.9) is 0.002.
    assert np.allclose([p[0, 0] / 65535 for p in back], rgb, atol=0.002)


def test_black_and_white_are_exact_in_limited_and_full_range() -> None:
    grey = np.full((2, 2), 128, np.uint8)
    for full, black, white in ((False, 16, 235), (True, 0, 255)):
        y = np.array([[black, white], [black, white]], np.uint8)
        for plane in to_rgb16(y, grey, grey, Encoding(1, 8, full)):
            assert plane.tolist() == [[0, 65535], [0, 65535]]


@pytest.mark.parametrize("siting", ["left", "top_left", "centre"])
def test_chroma_is_put_where_the_siting_says(siting: Any) -> None:
    """A linear ramp sampled at the chroma positions must come back as the same ramp at the luma positions."""
    x0, y0 = {"left": (0.0, 0.5), "top_left": (0.0, 0.0), "centre": (0.5, 0.5)}[siting]
    across, down = np.meshgrid(np.arange(16) * 2 + x0, np.arange(16) * 2 + y0)
    cr = (128 + 2 * across + 1 * down).astype(np.float64) * 4
    luma = np.full((32, 32), 500, np.uint16)
    red, _, _ = to_rgb16(luma, np.full((16, 16), 512, np.uint16), np.rint(cr).astype(np.uint16), Encoding(1, 10, False, siting))
    want_x, want_y = np.meshgrid(np.arange(32), np.arange(32))
    want = (500 - 64) / 876 + 1.5748 * ((128 + 2.0 * want_x + want_y) * 4 - 512) / 896
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(red / 65535 - np.clip(want, 0, 1))[inner].max() < 1e-4


@pytest.mark.parametrize(("rate", "start", "last"), [
    ("24000/1001", "01:00:00:00", "01:00:00:04"), ("30000/1001", "00:59:59;28", "01:00:00;02"), ("60", "10:11:12:58", "10:11:13:02"),
    ("120", "01:00:00:118", "01:00:01:002"),
])  # fmt: skip
def test_prores_carries_timecode_reel_notes_and_colour(tmp_path: Path, rate: str, start: str, last: str) -> None:
    path = tmp_path / "sortie – été.mov"
    written = write_prores(
        path, (picture(i) for i in range(5)), Fraction(rate), start, "A001C003", {"org.answerprint.note": '{"a": 1}'}
    )
    movie = open_sequence(path)
    assert isinstance(movie, MovieSequence)
    assert (written, movie.count, movie.rate, movie.start_timecode, movie.timecode(4)) == (5, 5, Fraction(rate), start, last)
    assert (movie.reel, movie.metadata["org.answerprint.note"], movie.colour_tag, movie.codec) == (
        "A001C003",
        '{"a": 1}',
        "bt709",
        "prores",
    )
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.codec_tag == "ap4h"
    # Frame header of ProRes (SMPTE RDD 36, 5.1.1): primaries, transfer and matrix are three bytes, 14 after the mark 'icpf'.
    data = path.read_bytes()
    assert data[data.index(b"icpf") + 18 :][:3] == b"\x01\x01\x01"


def test_prores_4444_comes_back_within_ten_bit_coding(tmp_path: Path) -> None:
    write_prores(tmp_path / "a.mov", [picture(0)], 24)
    back = open_sequence(tmp_path / "a.mov").read(0).rgb() / 65535
    # 10-bit quantisation through the matrix is 0.002; the DCT at this data rate adds about as much.
    assert np.abs(back - picture(0))[20:].max() < 0.006


def test_pq_tags_are_named_and_an_untagged_movie_names_nothing(tmp_path: Path) -> None:
    write_prores(tmp_path / "pq.mov", [picture(0)], 24, tags="bt2020_pq")
    write_prores(tmp_path / "log.mov", [picture(0)], 24, tags="untagged")
    assert open_sequence(tmp_path / "pq.mov").colour_tag == "smpte2084"
    assert open_sequence(tmp_path / "log.mov").colour_tag is None
    assert b"colr" not in (tmp_path / "log.mov").read_bytes()


def test_a_label_that_does_not_exist_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for rate, label in (("29.97", "00:01:00;00"), ("23.976", "01:00:00;00"), ("24", "01:00:00:24")):
        with pytest.raises(BadInput):
            write_prores(tmp_path / "a.mov", [picture(0)], rate, label)
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_is_key_frames_only_silent_and_in_step(tmp_path: Path) -> None:
    count = write_proxy(tmp_path / "a.mp4", (picture(i, 71, 127) for i in range(12)), "23.976", "01:00:00:00")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [s.type for s in container.streams if s.type != "data"] == ["video"]
        packets = [p for p in container.demux(video=0) if p.size]
        assert all(p.is_keyframe for p in packets)
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    movie = open_sequence(tmp_path / "a.mp4")
    assert (count, movie.count, movie.start_timecode, movie.timecode(11)) == (12, 12, "01:00:00:00", "01:00:00:11")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert [number_of(movie.read(i).rgb()) for i in (11, 0, 6)] == [11, 0, 6]


def test_movies_are_written_the_same_twice(tmp_path: Path) -> None:
    for name, write in (("a.mov", write_prores), ("a.mp4", write_proxy)):
        written = []
        for _ in range(2):
            write(tmp_path / name, (picture(i) for i in range(6)), 25, "10:00:00:00")
            written.append((tmp_path / name).read_bytes())
        assert written[0] == written[1]


def test_no_frames_or_mixed_sizes_leave_no_movie(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there are no frames"):
        write_proxy(tmp_path / "a.mp4", [], 24)
    with pytest.raises(BadInput, match="frame 1 is"):
        write_prores(tmp_path / "a.mov", [picture(0), picture(1, 40)], 24)
    assert list(tmp_path.iterdir()) == []


def test_a_movies_frames_come_back_as_sixteen_bit_tiff_with_timecode(tmp_path: Path) -> None:
    write_prores(tmp_path / "a.mov", (picture(i) for i in range(3)), 60, "01:00:00:58")
    movie = open_sequence(tmp_path / "a.mov")
    name, kind = output_name_and_format(movie, 2)
    assert (name, kind) == ("a.000002.tif", "tiff")
    write_frame(tmp_path / "out" / name, movie.read(2))
    back = open_sequence(tmp_path / "out")
    assert (back.start_timecode, back.rate, back.storage) == ("01:00:01:00", 60, "uint16")
    assert np.array_equal(back.read(0).rgb(), movie.read(2).rgb())


def test_a_thumbnail_is_small_and_true(tmp_path: Path) -> None:
    write_thumbnail(tmp_path / "t.jpg", picture(5), 64)
    seen = cv2.imread(str(tmp_path / "t.jpg"))
    assert seen.shape == (36, 64, 3)
    # Colour after JPEG at quality 85 stays within a few codes on a smooth ramp.
    assert np.abs(seen[30, 40, ::-1] / 255 - picture(5)[60, 80]).max() < 0.04
