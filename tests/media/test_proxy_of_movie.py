"""A movie's proxy through a baked look is frame for frame what the exact way gives, within what 8 bits can hold."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.media.test_movie import long_gop, number_of

from answerprint.colour.camera_look import camera_look, has_camera_look
from answerprint.colour.lut import Lut
from answerprint.colour.spaces import CAMERA_709, to_working
from answerprint.colour.view import display
from answerprint.media.movie import write_prores, write_proxy
from answerprint.media.proxy_of_movie import CODES_TOP, proxy_size, takes_look, write_proxy_of_movie
from answerprint.media.sequence import MovieSequence, open_sequence
from answerprint.production import BadInput

STEPS = np.linspace(0, CODES_TOP, 65, dtype=np.float32)
NOTHING = Lut(
    np.clip(np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), -1), 0, 1), cube_domain=((0.0,) * 3, (CODES_TOP,) * 3)
)
"""The look that changes nothing."""


def opened(path: Path) -> MovieSequence:
    found = open_sequence(path)
    assert takes_look(found)
    return found


def smooth(height: int = 96, width: int = 160) -> Any:
    """Ramps of every hue, without edges that a chroma filter could be judged by."""
    v, u = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([u / (width - 1), v / (height - 1), 0.5 + 0.5 * np.cos(u / 40 + v / 60)], -1)


def raw_movie(path: Path, layout: str, matrix: int, full: bool) -> Path:
    """One picture stored without loss in a layout, tagged with its matrix and range."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, layout
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 2 if full else 1
        rgb = np.rint(smooth() * 65535).astype(np.uint16)
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb48le")
        frame = picture.reformat(format=layout, dst_colorspace={1: 1, 5: 5, 9: 9}[matrix], dst_color_range=2 if full else 1)
        frame.colorspace, frame.color_range, frame.pts, frame.time_base = matrix, 2 if full else 1, 0, Fraction(1, 24)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("layout", "matrix", "full"),
    [
        ("yuv422p10le", 1, False),
        ("yuv420p", 1, False),
        ("yuv444p12le", 1, False),
        ("yuv420p10le", 9, False),
        ("yuv422p", 5, False),
        ("yuv420p", 5, True),
        ("yuv444p", 1, True),
    ],
)
def test_every_layout_matrix_and_range_shows_what_the_exact_way_shows(tmp_path: Path, layout: str, matrix: int, full: bool) -> None:
    movie = opened(raw_movie(tmp_path / "in.mkv", layout, matrix, full))
    write_proxy_of_movie(tmp_path / "fast.mp4", movie, NOTHING, quality=0)
    write_proxy(tmp_path / "exact.mp4", [movie.read(0).rgb() / np.float32(65535)], 24, quality=0)
    fast, exact = (open_sequence(tmp_path / name).read(0).rgb().astype(int)[2:-2, 2:-2] for name in ("fast.mp4", "exact.mp4"))
    apart = np.abs(fast - exact) / 257
    # Either way rounds chroma to 8 bits at half size: one code of Cb or Cr is 1.8 of blue or red.
    assert apart.mean() < 0.65
    assert np.abs((fast - exact).mean((0, 1))).max() / 257 < 0.45
    assert np.quantile(apart, 0.999) < 3.9


def test_white_is_white_and_grey_is_grey(tmp_path: Path) -> None:
    grey = np.repeat(np.linspace(0, 1, 160, dtype=np.float32)[None, :, None], 96, 0).repeat(3, 2)
    write_prores(tmp_path / "in.mov", [grey], 24, profile="hq")
    write_proxy_of_movie(tmp_path / "out.mp4", opened(tmp_path / "in.mov"), NOTHING, quality=0)
    seen = open_sequence(tmp_path / "out.mp4").read(0).rgb()[48].astype(float) / 65535
    assert np.abs(seen - grey[48]).max() < 1.5 / 255
    assert abs((seen - grey[48]).mean()) < 0.1 / 255
    assert seen[-1].min() > 0.997


def test_frames_keep_their_order_count_and_timecode(tmp_path: Path) -> None:
    movie = opened(long_gop(tmp_path / "in.mp4"))
    told: list[int] = []
    assert write_proxy_of_movie(tmp_path / "out.mp4", movie, NOTHING, timecode="10:00:00:00", tell=told.append) == 60
    made = open_sequence(tmp_path / "out.mp4")
    assert [number_of(made.read(i).rgb()) for i in range(60)] == list(range(60)) == told
    assert made.start_timecode == "10:00:00:00"


def test_a_large_movie_becomes_a_small_proxy(tmp_path: Path) -> None:
    write_prores(tmp_path / "in.mov", [smooth(200, 320)], 24)
    movie = opened(tmp_path / "in.mov")
    write_proxy_of_movie(tmp_path / "out.mp4", movie, NOTHING, longest=160)
    made = open_sequence(tmp_path / "out.mp4")
    assert (made.width, made.height) == (160, 100) == proxy_size(320, 200, 160)
    half = smooth(200, 320).reshape(100, 2, 160, 2, 3).mean((1, 3))
    assert np.abs(made.read(0).rgb() / 65535 - half).mean() < 0.01


def test_a_baked_look_is_nearer_to_the_analytic_one_than_the_usual_33_points(tmp_path: Path) -> None:
    codes = smooth(64, 64)
    wanted = display(to_working(codes, CAMERA_709))
    ours = np.abs(camera_look(CAMERA_709, top=CODES_TOP).apply(codes) - wanted) * 255
    usual = np.abs(Lut.baked(lambda grid: display(to_working(grid, CAMERA_709)), 33).apply(codes) - wanted) * 255
    assert ours.mean() < 0.1 and np.quantile(ours, 0.99) < 0.8
    assert ours.mean() < usual.mean() / 2 and np.quantile(ours, 0.99) < np.quantile(usual, 0.99) / 2


def test_linear_spaces_have_no_look_and_log_spaces_do() -> None:
    assert has_camera_look("ARRI LogC4") and has_camera_look("Camera Rec.709") and not has_camera_look("ACEScg")
    with pytest.raises(BadInput, match="is linear"):
        camera_look("Linear Rec.709 (sRGB)")


def test_a_look_is_kept_in_the_cache_and_read_back_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    first = camera_look("ARRI LogC3 (EI800)").cube
    assert list(tmp_path.glob("look-sdr-*.lut"))
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / ".." / tmp_path.name))  # another name: nothing remembered
    again = camera_look("ARRI LogC3 (EI800)").cube
    assert first is not None and again is not None and np.array_equal(first, again) and again is not first


def test_a_frame_that_is_stopped_leaves_no_file(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(index: int) -> None:
        if index == 3:
            raise Stopped

    with pytest.raises(Stopped):
        write_proxy_of_movie(tmp_path / "out.mp4", opened(long_gop(tmp_path / "in.mp4")), NOTHING, tell=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def test_a_turned_movie_takes_the_exact_way(tmp_path: Path) -> None:
    assert not takes_look(open_sequence(long_gop(tmp_path / "turned.mov", rotation=90)))
