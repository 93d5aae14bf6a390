"""Files as other programs write them are read whole and right: every compression, layout, codec and container of the list."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from answerprint.media.exr import read_exr, read_header, write_exr
from answerprint.media.exr_header import COMPRESSIONS
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput

V, U = np.mgrid[0:96, 0:160].astype(np.float32)
SMOOTH = np.stack([U / 159 * 4, V / 95, 0.5 + 0.4 * np.sin(U / 30)], -1).astype(np.float16)


def by_oiio(path: Path, compression: str, tile: int = 0, kind: str = "half") -> None:
    spec = oiio.ImageSpec(160, 96, 3, kind)
    spec.attribute("compression", compression)
    if tile:
        spec.tile_width = spec.tile_height = tile
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(SMOOTH.astype(np.float32)), output.geterror()
    output.close()


def seen_by_oiio(path: Path) -> Any:
    opened = oiio.ImageInput.open(str(path))
    pixels = opened.read_image("half")
    opened.close()
    return pixels


def rgb(path: Path) -> Any:
    planes = read_exr(path).planes
    return np.stack([planes[name] for name in "RGB"], -1)


@pytest.mark.parametrize("tile", [0, 32], ids=["scanlines", "tiles"])
@pytest.mark.parametrize("compression", [c for c in COMPRESSIONS if c not in ("htj2k32", "lj2k")])
def test_exr_of_every_compression_in_lines_and_tiles_reads_as_openimageio_reads_it(
    tmp_path: Path, compression: str, tile: int
) -> None:
    by_oiio(tmp_path / "a.exr", compression, tile)
    header = read_header(tmp_path / "a.exr")[0]
    assert header.compression == compression
    assert np.array_equal(rgb(tmp_path / "a.exr"), seen_by_oiio(tmp_path / "a.exr"))


@pytest.mark.parametrize("compression", ["HTJ2K32", "HTJ2K256", "LJ2K", "ZSTD"])
def test_exr_of_the_newest_compressions_reads_as_its_own_library_reads_it(tmp_path: Path, compression: str) -> None:
    head = {"compression": getattr(OpenEXR, f"{compression}_COMPRESSION"), "type": OpenEXR.scanlineimage}
    with OpenEXR.File(head, {"RGB": np.ascontiguousarray(SMOOTH)}) as file:
        file.write(str(tmp_path / "a.exr"))
    with OpenEXR.File(str(tmp_path / "a.exr")) as file:
        assert np.array_equal(rgb(tmp_path / "a.exr"), file.channels()["RGB"].pixels)
    assert read_header(tmp_path / "a.exr")[0].compression == compression.lower()


def test_a_mipmapped_exr_gives_its_largest_picture(tmp_path: Path) -> None:
    oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, oiio.ImageBuf(SMOOTH.astype(np.float32)), str(tmp_path / "a.exr"))
    assert rgb(tmp_path / "a.exr").shape[:2] == seen_by_oiio(tmp_path / "a.exr").shape[:2]
    assert np.array_equal(rgb(tmp_path / "a.exr"), seen_by_oiio(tmp_path / "a.exr")[..., :3])


def test_layers_of_one_part_come_with_the_picture(tmp_path: Path) -> None:
    planes = {name: np.full((4, 6), number, np.float16) for number, name in enumerate(["R", "G", "B", "diffuse.R", "Z", "A"])}
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {n: OpenEXR.Channel(p, 1, 1) for n, p in planes.items()}) as file:
        file.write(str(tmp_path / "a.exr"))
    read = read_exr(tmp_path / "a.exr").planes
    assert set(read) == set(planes) and all(np.array_equal(read[name], planes[name]) for name in planes)


@pytest.mark.parametrize("window", [(-10, -6, 170, 102), (40, 30, 80, 60), (-500, -500, -400, -420)])
def test_a_data_window_larger_smaller_or_elsewhere_is_kept(tmp_path: Path, window: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = window
    spec = oiio.ImageSpec(x1 - x0, y1 - y0, 3, "half")
    spec.x, spec.y, spec.full_width, spec.full_height = x0, y0, 160, 96
    output = oiio.ImageOutput.create(str(tmp_path / "a.exr"))
    output.open(str(tmp_path / "a.exr"), spec)
    output.write_image(np.ones((y1 - y0, x1 - x0, 3), np.float32))
    output.close()
    frame = read_exr(tmp_path / "a.exr")
    assert (frame.header.data_window, frame.header.width, frame.header.height) == (window, 160, 96)
    assert frame.planes["R"].shape == (y1 - y0, x1 - x0)


@pytest.mark.parametrize("compression", ["none", "zip", "piz", "dwab"])
@pytest.mark.parametrize("kind", [np.float16, np.float32], ids=["half", "float"])
def test_what_we_write_has_its_colour_time_rate_and_provenance_for_two_other_readers(
    tmp_path: Path, compression: str, kind: Any
) -> None:
    from answerprint.media.exr import CHROMATICITIES

    notes: dict[str, Any] = {
        "chromaticities": CHROMATICITIES["lin_ap1_scene"],
        "colorInteropID": "lin_ap1_scene",
        "reelName": "A001",
    }
    made = {name: SMOOTH[..., i].astype(kind) for i, name in enumerate("RGB")}
    write_exr(
        tmp_path / "a.exr",
        made,
        attributes=notes | {"answerprint:provenance": '{"pixels":"00"}'},
        compression=compression,
        timecode="01:02:03:04",
        rate=Fraction(24000, 1001),
    )
    spec = oiio.ImageInput.open(str(tmp_path / "a.exr")).spec()
    assert str(spec.format) == {np.float16: "half", np.float32: "float"}[kind]
    assert spec["compression"].split(":")[0] == compression and spec["colorInteropID"] == "lin_ap1_scene"
    assert spec["chromaticities"] == pytest.approx(CHROMATICITIES["lin_ap1_scene"], abs=1e-6)
    assert spec.getattribute("FramesPerSecond") == (24000, 1001) and spec["answerprint:provenance"] == '{"pixels":"00"}'
    assert spec.get_string_attribute("smpte:TimeCode").startswith("01:02:03:04")
    with OpenEXR.File(str(tmp_path / "a.exr"), separate_channels=True) as file:
        read = file.channels()["G"].pixels
        stamp = file.header()["timeCode"]
    assert read.dtype == kind and (stamp.hours, stamp.frame) == (1, 4)
    assert np.allclose(read, made["G"], atol=0.02 if compression == "dwab" else 0)


def movie(path: Path, codec: str, layout: str, options: dict[str, str] | None = None, frames: int = 12) -> Path:
    """A movie by FFmpeg alone, its frames growing brighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = 320, 240, layout
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 20 * number, np.uint8), format="rgb24")
            frame = picture.reformat(format=layout, dst_colorspace=1)
            frame.pts, frame.time_base, frame.colorspace = number, Fraction(1, 25), 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "layout", "options"),
    [
        ("prores-422.mov", "prores_ks", "yuv422p10le", {"profile": "3"}),
        ("prores-4444.mov", "prores_ks", "yuva444p10le", {"profile": "4"}),
        ("prores.mxf", "prores_ks", "yuv422p10le", {"profile": "3"}),
        ("dnxhr.mov", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
        ("dnxhr.mxf", "dnxhd", "yuv422p", {"profile": "dnxhr_hq"}),
        # XAVC Intra: H.264 High 4:2:2 Intra in MXF OP1a; XAVC Long GOP and camera proxies: H.264 with B-frames.
        ("xavc-intra.mxf", "libx264", "yuv422p10le", {"x264-params": "keyint=1:colorprim=bt709:log-level=error", "preset": "ultrafast"}),
        ("xavc-long.mxf", "libx264", "yuv422p10le", {"x264-params": "keyint=12:bframes=2:log-level=error"}),
        ("camera.mp4", "libx264", "yuv420p", {"x264-params": "keyint=12:bframes=2:log-level=error"}),
        ("hevc.mov", "libx265", "yuv420p10le", {"x265-params": "log-level=error:keyint=12:bframes=2", "preset": "ultrafast"}),
        ("hevc-422.mp4", "libx265", "yuv422p10le", {"x265-params": "log-level=error:keyint=1", "preset": "ultrafast"}),
        ("mpeg2.mxf", "mpeg2video", "yuv422p", {"b": "20M", "g": "1"}),
    ],
)  # fmt: skip
def test_every_codec_and_container_of_the_list_gives_every_frame_and_its_rate(
    tmp_path: Path, name: str, codec: str, layout: str, options: dict[str, str]
) -> None:
    sequence = open_sequence(movie(tmp_path / name, codec, layout, options))
    assert (sequence.count, sequence.width, sequence.height, float(sequence.rate or 0)) == (12, 320, 240, 25.0)
    for number in (11, 0, 6):
        read = sequence.read(number).rgb()[100:140, 100:200].astype(float).mean() / 257
        assert read == pytest.approx(20 * number, abs=2.5), f"frame {number}"
    sequence.close()


def test_a_mosaic_without_camera_colour_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mosaic.nut"), "w") as container:
        stream = container.add_stream("rawvideo", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bayer_rggb16le"
        frame = av.VideoFrame(64, 48, "bayer_rggb16le")
        frame.planes[0].update(np.zeros((48, 64), np.uint16))
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(BadInput, match="is a sensor's mosaic"):
        open_sequence(tmp_path / "mosaic.nut")


@pytest.mark.parametrize(
    "names",
    [
        ["1001.exr", "1002.exr", "1004.exr"],
        ["sh010_v003.1001.exr", "sh010_v003.1002.exr", "sh010_v003.1004.exr"],
        ["A001C002_0001.exr", "A001C002_0002.exr", "A001C002_0004.exr"],
        ["plate-1.exr", "plate-2.exr", "plate-4.exr"],
        ["plate9.exr", "plate10.exr", "plate12.exr"],
        ["A001_C002_0101AB.00086399.exr", "A001_C002_0101AB.00086400.exr", "A001_C002_0101AB.00086402.exr"],
        ["sh010.1001.left.exr", "sh010.1002.left.exr", "sh010.1004.left.exr"],
        ["Szene 4 (1).exr", "Szene 4 (2).exr", "Szene 4 (4).exr"],
        ["frame1001_v2.exr", "frame1002_v2.exr", "frame1004_v2.exr"],
    ],
    ids=lambda names: names[0],
)
def test_numbers_in_any_style_are_frame_numbers_and_a_gap_is_listed(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        write_exr(tmp_path / name, {c: np.zeros((4, 6), np.float16) for c in "RGB"})
    sequence = open_sequence(tmp_path)
    assert sequence.names == names
    assert len(sequence.missing) == 1 and sequence.number(2) == sequence.number(0) + 3


_UHD = """
import sys, resource
import numpy as np
from answerprint.colour.camera_look import camera_look
from answerprint.colour.spaces import CAMERA_709
from answerprint.media.proxy_of_movie import CODES_TOP, write_proxy_of_movie
from answerprint.media.sequence import open_sequence
movie = open_sequence(sys.argv[1])
write_proxy_of_movie(sys.argv[2], movie, camera_look(CAMERA_709, top=CODES_TOP))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_memory_at_uhd_does_not_grow_with_length(tmp_path: Path) -> None:
    peaks = []
    for frames in (4, 24):
        with av.open(str(tmp_path / "uhd.mp4"), "w") as container:
            stream = container.add_stream(
                "libx264", rate=24, options={"preset": "ultrafast", "x264-params": "keyint=12:log-level=error"}
            )
            stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuv420p"
            frame = av.VideoFrame(3840, 2160, "yuv420p")
            for number in range(frames):
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        told = subprocess.run([sys.executable, "-c", _UHD, str(tmp_path / "uhd.mp4"), str(tmp_path / "out.mp4")],
                              capture_output=True, text=True, check=True)  # fmt: skip
        peaks.append(int(told.stdout))
    assert peaks[1] - peaks[0] < 80 and peaks[1] < 900, f"MiB: {peaks}"


def test_a_uhd_exr_is_read_and_written_in_a_few_times_its_own_size(tmp_path: Path) -> None:
    program = (
        "import sys, resource, numpy as np\n"
        "from pathlib import Path\n"
        "from answerprint.media.exr import read_exr, write_exr\n"
        "place = Path(sys.argv[1])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "write_exr(place, {c: np.zeros((2160, 3840), np.float16) for c in 'RGB'}, compression='none')\n"
        "read_exr(place)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    told = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.exr")], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 5 * 3840 * 2160 * 3 * 2 / 2**20
