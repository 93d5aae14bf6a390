"""Masters for other houses: DNxHR and HDR10, read again by MediaInfo and by FFmpeg."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pymediainfo import MediaInfo

from answerprint.media.hdr10 import Hdr10, add_boxes, light_levels
from answerprint.media.movie import write_dnxhr, write_hdr10, write_prores
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput

V, U = np.mgrid[0:144, 0:256].astype(np.float32)
PICTURE = np.stack([U / 255, V / 143, np.full_like(U, 0.25)], -1)
HDR = Hdr10(max_cll=987, max_fall=243)


def track(path: Path, kind: str = "Video") -> Any:
    return next(one for one in MediaInfo.parse(str(path)).tracks if one.track_type == kind)


@pytest.mark.parametrize(("profile", "worst"), [("444", 0.006), ("hqx", 0.006), ("sq", 0.03)])
def test_dnxhr_gives_the_picture_back(tmp_path: Path, profile: Any, worst: float) -> None:
    write_dnxhr(tmp_path / "a.mov", [PICTURE] * 3, 24, "01:00:00:00", "A001C003", profile=profile)
    movie = open_sequence(tmp_path / "a.mov")
    assert (movie.count, movie.start_timecode, movie.reel) == (3, "01:00:00:00", "A001C003")
    back = movie.read(1).rgb().astype(np.float64) / 65535
    assert np.abs(back - PICTURE)[4:-4, 4:-4].max() < worst


def test_mediainfo_calls_it_dnxhr_hqx_with_bt709(tmp_path: Path) -> None:
    write_dnxhr(tmp_path / "a.mov", [PICTURE] * 2, "24000/1001", "01:00:00:00")
    video = track(tmp_path / "a.mov")
    assert video.format == "VC-3"
    assert "HQX" in video.format_profile
    assert (video.color_primaries, video.bit_depth, video.chroma_subsampling) == ("BT.709", 10, "4:2:2")


def test_dnxhr_in_mxf_is_op1a_and_keeps_its_timecode(tmp_path: Path) -> None:
    write_dnxhr(tmp_path / "a.mxf", [PICTURE] * 2, 25, "10:00:00:05")
    general = track(tmp_path / "a.mxf", "General")
    assert (general.format, general.format_profile) == ("MXF", "OP-1a")
    assert track(tmp_path / "a.mxf", "Other").time_code_of_first_frame == "10:00:00:05"
    movie = open_sequence(tmp_path / "a.mxf")
    assert (movie.count, movie.start_timecode) == (2, "10:00:00:05")


def test_dnxhr_refuses_frames_smaller_than_it_knows(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="256x120"):
        write_dnxhr(tmp_path / "a.mov", [PICTURE[:64, :64]], 24)
    assert not list(tmp_path.iterdir())


def test_hdr10_stands_in_the_stream_and_in_the_container(tmp_path: Path) -> None:
    write_hdr10(tmp_path / "a.mp4", [PICTURE] * 3, 24, HDR, "01:00:00:00")
    video = track(tmp_path / "a.mp4")
    assert (video.codec_id, video.transfer_characteristics, video.color_primaries) == ("hvc1", "PQ", "BT.2020")
    assert video.mastering_display_luminance == "min: 0.0001 cd/m2, max: 1000 cd/m2"
    assert video.mastering_display_color_primaries == "Display P3"
    assert (video.maximum_content_light_level, video.maximum_frameaverage_light_level) == ("987 cd/m2", "243 cd/m2")
    data = (tmp_path / "a.mp4").read_bytes()
    assert HDR.boxes() in data
    with av.open(str(tmp_path / "a.mp4")) as container:
        kinds = {str(side.type) for side in next(container.decode(video=0)).side_data}
    assert any("MASTERING" in kind for kind in kinds) and any("LIGHT" in kind for kind in kinds)


def test_hdr10_gives_its_pq_picture_back(tmp_path: Path) -> None:
    soft = np.repeat(np.repeat(PICTURE[::8, ::8], 8, 0), 8, 1)
    write_hdr10(tmp_path / "a.mp4", [soft] * 2, 24, HDR, quality=4)
    back = open_sequence(tmp_path / "a.mp4").read(0).rgb().astype(np.float64) / 65535
    inside = np.abs(back - soft)[2::8, 3::8]
    assert np.median(inside) < 0.004


def test_prores_carries_the_monitor_in_its_container(tmp_path: Path) -> None:
    write_prores(tmp_path / "a.mov", [PICTURE] * 2, 24, "01:00:00:00", profile="hq", tags="bt2020_pq", hdr=HDR)
    video = track(tmp_path / "a.mov")
    assert video.format_profile == "422 HQ"
    assert video.mastering_display_luminance == "min: 0.0001 cd/m2, max: 1000 cd/m2"
    assert video.maximum_content_light_level == "987 cd/m2"
    assert open_sequence(tmp_path / "a.mov").count == 2


def test_light_levels_are_the_brightest_pixel_and_the_brightest_frame() -> None:
    # ST 2084: code 0.7518 is 1000 nits, 0.5081 is 100 nits.
    dark, lit = np.full((4, 4, 3), 0.5081), np.full((4, 4, 3), 0.5081)
    lit[0, 0, 1] = 0.7518
    cll, fall = light_levels([dark, lit])
    assert cll == pytest.approx(1000, abs=2)
    assert fall == pytest.approx((15 * 100 + 1000) / 16, abs=2)


def test_a_file_with_its_index_first_is_left_as_it_is(tmp_path: Path) -> None:
    from answerprint.media.movie import write_proxy

    write_proxy(tmp_path / "a.mp4", [PICTURE], 24)
    before = (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(ValueError, match="not at the end"):
        add_boxes(tmp_path / "a.mp4", HDR)
    assert (tmp_path / "a.mp4").read_bytes() == before


def test_a_film_shorter_than_the_encoders_reordering_is_written_each_time(tmp_path: Path) -> None:
    for number in range(30):
        write_hdr10(tmp_path / "short.mp4", [PICTURE[:64, :64]] * 2, 24, HDR, quality=4)
        with av.open(str(tmp_path / "short.mp4")) as film:
            assert [frame.pts * frame.time_base * 24 for frame in film.decode(video=0)] == [0, 1], number
