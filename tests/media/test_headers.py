"""What a frame's header says survives, exactly, and says the right thing."""

from __future__ import annotations

import struct
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from answerprint.media.exr import CHROMATICITIES, colour_tag, encode_exr, read_exr, write_exr
from answerprint.media.exr_header import encode, with_attributes
from answerprint.media.exr_luma_chroma import to_rgb
from answerprint.media.frames import FrameHeader, NativeAttribute, SourceFrame
from answerprint.media.stills import read_still
from answerprint.media.write import write_frame
from answerprint.production import BadInput

BLACK = {c: np.zeros((4, 6), np.float16) for c in "RGB"}


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "48", "50", "60000/1001", "60", "120"])
def test_a_timecode_label_survives_in_exr_at_any_rate(tmp_path: Path, rate: str) -> None:
    exact = Fraction(rate)
    for frame in (0, 1, round(exact) // 2, round(exact) - 1):
        label = f"23:59:58:{frame:0{3 if exact > 100 else 2}d}"
        write_exr(tmp_path / "x.exr", BLACK, timecode=label, rate=exact)
        header = read_exr(tmp_path / "x.exr").header
        assert (header.timecode, header.rate) == (label, exact)


def test_above_thirty_frames_the_number_is_halved_and_the_field_marked(tmp_path: Path) -> None:
    write_exr(tmp_path / "x.exr", BLACK, timecode="01:02:03:47", rate=Fraction(60))
    spec = oiio.ImageInput.open(str(tmp_path / "x.exr")).spec()
    assert spec.getattribute("answerprint:timecode") == "01:02:03:47"
    with OpenEXR.File(str(tmp_path / "x.exr"), header_only=True) as file:
        stored = file.header()["timeCode"]
        assert (stored.hours, stored.minutes, stored.seconds, stored.frame, stored.fieldPhase) == (1, 2, 3, 23, True)


def test_a_high_rate_timecode_of_another_maker_is_read_as_the_true_label(tmp_path: Path) -> None:
    write_exr(tmp_path / "x.exr", BLACK, timecode="01:00:00:51", rate=Fraction(60))
    frame = read_exr(tmp_path / "x.exr")
    native = tuple(a for a in frame.header.native if a.name != "answerprint:timecode")
    (tmp_path / "y.exr").write_bytes(with_attributes(encode_exr(frame), [*native]))
    file = tmp_path / "y.exr"
    assert read_exr(file).header.timecode == "01:00:00:51"


def test_drop_frame_labels_keep_their_semicolon(tmp_path: Path) -> None:
    write_exr(tmp_path / "x.exr", BLACK, timecode="01:00:00;02", rate=Fraction(30000, 1001))
    assert read_exr(tmp_path / "x.exr").header.timecode == "01:00:00;02"


def test_attributes_of_every_type_pass_through_byte_for_byte(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", BLACK)
    given = [
        encode("a rational", (24000, 1001), "rational"),
        NativeAttribute("double", "double", struct.pack("<d", 0.1)),
        NativeAttribute("nan", "float", b"\x01\x00\x80\x7f"),
        NativeAttribute("makers:own", "someMakersType", bytes(range(200))),
        encode("matrix", tuple(float(i) for i in range(16)), "m44f"),
        encode("a name of more than thirty-one characters", "long"),
        encode("words", ("a", "bé", ""), "stringvector"),
        encode("keys", (1, 2, 3, 4, 5, 4, 64), "keycode"),
    ]
    (tmp_path / "b.exr").write_bytes(with_attributes((tmp_path / "a.exr").read_bytes(), given))
    plate = read_exr(tmp_path / "b.exr")
    write_frame(tmp_path / "c.exr", plate)
    back = {a.name: (a.type, a.data) for a in read_exr(tmp_path / "c.exr").header.native}
    assert all(back[a.name] == (a.type, a.data) for a in given)
    with OpenEXR.File(str(tmp_path / "c.exr"), separate_channels=True) as file:
        assert file.channels()["R"].pixels.shape == (4, 6)


def test_a_changed_attribute_keeps_its_type_and_a_removed_one_is_gone(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", BLACK, attributes={"exposure": 1.5, "take": 3, "gone": "x"})
    frame = read_exr(tmp_path / "a.exr")
    frame.header.attributes["exposure"] = 2
    del frame.header.attributes["gone"]
    write_frame(tmp_path / "b.exr", frame)
    kinds = {a.name: a.type for a in read_exr(tmp_path / "b.exr").header.native}
    assert kinds["exposure"] == "float"
    assert "gone" not in kinds
    assert read_exr(tmp_path / "b.exr").header.attributes["exposure"] == 2.0


def test_a_whole_number_too_big_for_exr_is_not_lost(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", BLACK, attributes={"bytes": 2**40})
    assert read_exr(tmp_path / "a.exr").header.attributes["bytes"] == str(2**40)


def test_chromaticities_name_the_colour_space(tmp_path: Path) -> None:
    for name, values in CHROMATICITIES.items():
        write_exr(tmp_path / "x.exr", BLACK, attributes={"chromaticities": values})
        assert colour_tag(read_exr(tmp_path / "x.exr").header.attributes) == name
    assert colour_tag({}) is None
    assert colour_tag({"acesImageContainerFlag": 1}) == "lin_ap0_scene"
    assert str(colour_tag({"chromaticities": (0.6,) * 8})).startswith("chromaticities:0.6,")


def test_the_first_part_with_colour_is_read_and_named(tmp_path: Path) -> None:
    depth = OpenEXR.Part({"name": "depth", "type": OpenEXR.scanlineimage}, {"Z": np.zeros((4, 6), np.float32)})
    beauty = OpenEXR.Part({"name": "beauty", "type": OpenEXR.scanlineimage}, {c: np.ones((4, 6), np.float16) for c in "RGB"})
    with OpenEXR.File([depth, beauty]) as file:
        file.write(str(tmp_path / "x.exr"))
    frame = read_exr(tmp_path / "x.exr")
    assert frame.header.part == "beauty"
    assert frame.rgb().min() == 1.0


def test_a_layer_that_is_not_at_the_top_is_found(tmp_path: Path) -> None:
    planes = {f"beauty.{c}": np.full((4, 6), i, np.float16) for i, c in enumerate("RGBA")}
    write_exr(tmp_path / "x.exr", planes | {"Z": np.zeros((4, 6), np.float32)})
    frame = read_exr(tmp_path / "x.exr")
    assert frame.rgb()[0, 0].tolist() == [0, 1, 2]
    alpha = frame.alpha()
    assert alpha is not None
    assert alpha[0, 0] == 3


def test_luminance_and_chroma_come_back_with_their_colour(footage: Path, tmp_path: Path) -> None:
    plate = read_exr(footage / "grade" / "exr_photos" / "Flowers.exr")
    colours = plate.rgb().astype(np.float32)
    assert plate.header.storage == "half"
    assert (colours.max(axis=-1) - colours.min(axis=-1)).mean() > 0.1 * colours.mean()  # flowers, not a grey picture
    (tmp_path / "a.exr").write_bytes(encode_exr(plate))
    again = read_exr(tmp_path / "a.exr")
    assert np.array_equal(again.rgb(), plate.rgb())


@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 47)])
def test_smooth_colours_stored_as_luminance_and_chroma_come_back(width: int, height: int) -> None:
    v, u = np.mgrid[0:height, 0:width] / 64
    rgb = np.stack([0.2 + 0.5 * u, 0.4 + 0.2 * v, 0.9 - 0.5 * u * v], -1)
    luma = rgb @ [0.2126, 0.7152, 0.0722]
    stored = {
        "BY": ((rgb[..., 2] - luma) / luma)[::2, ::2].astype(np.float16),
        "RY": ((rgb[..., 0] - luma) / luma)[::2, ::2].astype(np.float16),
        "Y": luma.astype(np.float16),
    }
    planes = to_rgb(stored, None)
    assert list(planes) == ["B", "G", "R"]
    back = np.stack([planes[name] for name in "RGB"], -1).astype(np.float64)
    assert np.abs(back - rgb)[:-2, :-2].max() < 0.002
    assert np.abs(back - rgb).max() < 0.02


def test_a_data_window_beside_the_display_window_shows_black(tmp_path: Path) -> None:
    write_exr(
        tmp_path / "x.exr", {c: np.ones((4, 6), np.float16) for c in "RGB"}, display_window=(0, 0, 8, 8), data_window=(9, 9, 15, 13)
    )
    frame = read_exr(tmp_path / "x.exr")
    assert frame.rgb().max() == 0
    everywhere = frame.with_rgb(np.full((8, 8, 3), 5, np.float16), np.ones((8, 8), bool))
    assert all(np.array_equal(everywhere.planes[c], frame.planes[c]) for c in "RGB")


@pytest.mark.parametrize("kind", ["exr", "dpx", "tiff", "png"])
def test_the_same_frame_gives_the_same_bytes_at_another_time(tmp_path: Path, kind: Any) -> None:
    dtype = np.float16 if kind == "exr" else np.uint16
    header = FrameHeader(
        6, 4, file_format=kind, storage="half" if kind == "exr" else "uint16", timecode="01:00:00:00", rate=Fraction(24)
    )
    frame = SourceFrame({c: np.full((4, 6), 3, dtype) for c in "RGB"}, header)
    (tmp_path / "elsewhere").mkdir()
    write_frame(tmp_path / f"x.{kind}", frame)
    time.sleep(1.05)
    write_frame(tmp_path / "elsewhere" / f"x.{kind}", frame)
    assert (tmp_path / f"x.{kind}").read_bytes() == (tmp_path / "elsewhere" / f"x.{kind}").read_bytes()


def test_dpx_fields_that_the_library_drops_are_put_back(tmp_path: Path) -> None:
    write_frame(tmp_path / "a.dpx", SourceFrame({c: np.zeros((4, 6), np.uint16) for c in "RGB"},
                FrameHeader(6, 4, file_format="dpx", storage="uint10", timecode="01:02:03:04", rate=Fraction(24))))  # fmt: skip
    data = bytearray((tmp_path / "a.dpx").read_bytes())
    data[160:164], data[1408 + 148 : 1408 + 152], data[1664 + 16 : 1664 + 20] = b"CAM7", b"SN42", b"FILM"
    (tmp_path / "a.dpx").write_bytes(data)
    plate = read_still(tmp_path / "a.dpx")
    write_frame(tmp_path / "b.dpx", plate)
    back = (tmp_path / "b.dpx").read_bytes()
    assert back[160:164] == b"CAM7"
    assert back[1408:2048] == bytes(data[1408:2048])


def test_a_png_profile_is_kept(tmp_path: Path, footage: Path) -> None:
    photo = read_still(footage / "coverage" / "lund_29views" / "images" / "01.jpg")
    assert "ICCProfile" in photo.header.attributes
    write_frame(tmp_path / "x.png", photo)
    assert read_still(tmp_path / "x.png").header.attributes["ICCProfile"] == photo.header.attributes["ICCProfile"]


def test_half_float_tiff_stays_half(tmp_path: Path) -> None:
    frame = SourceFrame({c: np.full((4, 6), 1.5, np.float16) for c in "RGB"}, FrameHeader(6, 4, file_format="tiff", storage="half"))
    write_frame(tmp_path / "x.tif", frame)
    assert read_still(tmp_path / "x.tif").planes["R"].dtype == np.float16


@pytest.mark.parametrize("layout", ["gbrp10le", "gbrp10be", "gbrp12le", "gbrp12be", "rgb48le", "rgb48be", "rgb24"])
def test_another_makers_dpx_comes_back_with_its_codes_byte_order_and_header(tmp_path: Path, layout: str) -> None:
    noise = np.random.default_rng(5).integers(0, 65536, (20, 24, 3), dtype=np.uint16)
    with av.open(str(tmp_path / "a_%02d.dpx"), "w", format="image2") as container:
        stream = container.add_stream("dpx", rate=24)
        stream.width, stream.height, stream.pix_fmt = 24, 20, layout
        frame = av.VideoFrame.from_ndarray(noise, format="rgb48le").reformat(format=layout)
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (plate,) = tmp_path.glob("a_*.dpx")
    write_frame(tmp_path / "b.dpx", read_still(plate))

    def decoded(path: Path) -> list[bytes]:
        with av.open(str(path), format="dpx_pipe") as container:
            picture = next(container.decode(video=0))
        return [picture.format.name.encode(), *(bytes(plane) for plane in picture.reformat(format="gbrp16le").planes)]

    assert decoded(tmp_path / "b.dpx") == decoded(plate)
    before, after = plate.read_bytes(), (tmp_path / "b.dpx").read_bytes()
    # FFmpeg's header ends at 1664, where its pixels begin; none of them may turn into film header fields.
    assert (after[:4], after[160:660], after[1408:1664]) == (before[:4], before[160:660], before[1408:1664])
    assert before[1664:1700] not in after[:2048]
    assert read_still(plate).header.timecode is None


@pytest.mark.parametrize("compression", ["none", "zip", "piz", "dwaa", "dwab", "htj2k32", "zstd"])
def test_a_written_compression_is_the_one_that_was_asked_for(tmp_path: Path, compression: str) -> None:
    wave = np.sin(np.arange(64 * 48) / 50).reshape(48, 64).astype(np.float16) + np.float16(1.5)
    write_exr(tmp_path / "a.exr", {"R": wave, "G": wave, "B": wave}, compression=compression)
    opened = oiio.ImageInput.open(str(tmp_path / "a.exr"))
    assert opened.spec()["compression"].split(":")[0] == compression
    apart = np.abs(opened.read_image("float")[..., 1] - wave.astype(np.float32)).max()
    assert 0 < apart < 0.15 if compression.startswith("dwa") else apart == 0


def test_a_compression_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="EXR has no compression 'best'"):
        write_exr(tmp_path / "a.exr", {"Y": np.zeros((4, 4), np.float16)}, compression="best")


def test_a_lossy_plate_is_still_written_without_loss(tmp_path: Path) -> None:
    wave = np.random.default_rng(0).random((48, 64)).astype(np.float16)
    write_exr(tmp_path / "a.exr", {"R": wave, "G": wave, "B": wave}, compression="dwab")
    plate = read_exr(tmp_path / "a.exr")
    write_frame(tmp_path / "b.exr", plate)
    again = read_exr(tmp_path / "b.exr")
    assert again.header.compression == "zip" and np.array_equal(again.planes["G"], plate.planes["G"])
