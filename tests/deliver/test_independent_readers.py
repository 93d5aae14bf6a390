"""What is written, opened again by a program that did not write it: the list is in docs/deliveries.md."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import opentimelineio as otio
import pytest
import xxhash
from defusedxml import ElementTree  # type: ignore[import-untyped]
from pymediainfo import MediaInfo

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.movie import write_prores, write_proxy
from answerprint.media.write import write_frame
from answerprint.provenance.mhl import write_generation

V, U = np.mgrid[0:144, 0:256].astype(np.float32)
PICTURE = np.stack([U / 255, V / 143, np.full_like(U, 0.25)], -1)
EDL = """TITLE: Pier
FCM: NON-DROP FRAME

001  A001C003 V     C        01:00:00:08 01:00:01:12 01:00:00:00 01:00:01:04
* FROM CLIP NAME: A001C003_7A_T2
*ASC_SOP (1.1 1 0.9)(0.01 0 -0.01)(1 1 1)
*ASC_SAT 0.9
002  B002C001 V     C        02:00:00:00 02:00:02:00 01:00:01:04 01:00:03:04
* FROM CLIP NAME: B002C001_7B_T1
"""


def _tracks(path: Path) -> dict[str, Any]:
    return {one.track_type: one for one in MediaInfo.parse(str(path)).tracks}


def test_the_stock_reader_finds_reels_sources_and_grades_of_a_cut(tmp_path: Path) -> None:
    (tmp_path / "in.edl").write_text(EDL)
    write_timeline(tmp_path / "out.edl", read_timeline(tmp_path / "in.edl", 24))
    clips = list(otio.adapters.read_from_file(str(tmp_path / "out.edl"), adapter_name="cmx_3600", rate=24).find_clips())
    assert [clip.metadata["cmx_3600"]["reel"] for clip in clips] == ["A001C003", "B002C001"]
    assert [clip.source_range.start_time.to_timecode() for clip in clips] == ["01:00:00:08", "02:00:00:00"]
    assert [clip.source_range.duration.to_frames() for clip in clips] == [28, 48]
    assert clips[0].metadata["cdl"]["asc_sat"] == 0.9 and list(clips[0].metadata["cdl"]["asc_sop"]["slope"]) == [1.1, 1, 0.9]


@pytest.mark.parametrize("rate", ["24", "24000/1001"])
def test_mediainfo_calls_it_prores_4444_with_its_timecode_and_colour(tmp_path: Path, rate: str) -> None:
    write_prores(tmp_path / "a.mov", [PICTURE] * 3, Fraction(rate), "01:02:03:04", "A001C003")
    found = _tracks(tmp_path / "a.mov")
    assert (found["Video"].format, found["Video"].format_profile) == ("ProRes", "4444")
    assert float(found["Video"].frame_rate) == pytest.approx(float(Fraction(rate)), abs=0.001)
    assert (found["Video"].color_primaries, found["Video"].matrix_coefficients) == ("BT.709", "BT.709")
    assert found["Other"].time_code_of_first_frame == "01:02:03:04"


def test_mediainfo_finds_a_proxy_of_key_frames_with_its_timecode(tmp_path: Path) -> None:
    write_proxy(tmp_path / "a.mp4", [PICTURE] * 6, 25, "10:00:00:00")
    found = _tracks(tmp_path / "a.mp4")
    assert found["Video"].format == "AVC" and int(found["Video"].frame_count) == 6
    assert (found["Video"].format_settings__gop or "N=1") == "N=1" and found["Video"].color_range == "Limited"
    assert found["Other"].time_code_of_first_frame == "10:00:00:00"


@pytest.mark.parametrize(("ending", "storage"), [("tif", "uint16"), ("png", "uint16"), ("png", "uint8")])
def test_opencv_reads_the_same_codes_from_a_still(tmp_path: Path, ending: str, storage: Any) -> None:
    codes = (PICTURE * np.iinfo(storage).max).astype(storage)
    planes = {channel: np.ascontiguousarray(codes[..., index]) for index, channel in enumerate("RGB")}
    kind: Any = "tiff" if ending == "tif" else ending
    write_frame(tmp_path / f"a.{ending}", SourceFrame(planes, FrameHeader(256, 144, storage=storage, file_format=kind)))
    back = cv2.imread(str(tmp_path / f"a.{ending}"), cv2.IMREAD_UNCHANGED)
    assert back is not None and np.array_equal(back[..., ::-1], codes)


@pytest.mark.parametrize("depth", [10, 16])
def test_ffmpeg_reads_the_same_codes_from_a_dpx(tmp_path: Path, depth: int) -> None:
    storage: Any = f"uint{depth}"
    codes = (PICTURE * (2**depth - 1)).astype(np.uint16)
    wide = codes if depth == 16 else codes << 6 | codes >> 4  # ten bits spread over sixteen, as every plane of ours holds them
    planes = {channel: np.ascontiguousarray(wide[..., index]) for index, channel in enumerate("RGB")}
    write_frame(tmp_path / "a.dpx", SourceFrame(planes, FrameHeader(256, 144, storage=storage, file_format="dpx")))
    with av.open(str(tmp_path / "a.dpx")) as container:
        frame = next(container.decode(video=0))
        assert frame.format.components[0].bits == depth
        back = frame.to_ndarray(format="gbrp10le" if depth == 10 else "rgb48le")
    assert np.array_equal(back, codes)


def test_a_grade_is_plain_in_the_xml_of_every_form(tmp_path: Path) -> None:
    grade = CDL(id="A001C003", slope=(1.1, 1.0, 0.9), offset=(0.01, 0.0, -0.01), power=(1.0, 1.05, 1.0), saturation=0.9)
    for ending in ("cc", "ccc", "cdl"):
        grades.write(tmp_path / f"a.{ending}", grade)
        root = ElementTree.parse(tmp_path / f"a.{ending}").getroot()
        one = (
            root
            if root.tag.endswith("ColorCorrection")
            else next(e for e in root.iter() if e.tag.endswith("}ColorCorrection") or e.tag == "ColorCorrection")
        )
        said = {
            e.tag.rpartition("}")[2]: [float(v) for v in (e.text or "").split()]
            for e in one.iter()
            if e.tag.rpartition("}")[2] in ("Slope", "Offset", "Power", "Saturation")
        }
        assert one.get("id") == "A001C003" and said["Slope"] == [1.1, 1.0, 0.9] and said["Saturation"] == [0.9]
        assert said["Offset"] == [0.01, 0, -0.01] and said["Power"] == [1, 1.05, 1]


def test_the_hashes_of_a_hash_list_are_those_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    for number in range(3):
        (tmp_path / "card" / f"A001C00{number}.mov").write_bytes(bytes([number]) * 5000)
    listing = write_generation(tmp_path / "card", comment="a test")
    hashes = [one for one in ElementTree.parse(listing).getroot().iter() if one.tag.rpartition("}")[2] == "hash"]
    said = {}
    for one in hashes:
        parts = {child.tag.rpartition("}")[2]: (child.text or "") for child in one}
        said[parts["path"]] = parts["xxh128"]
    assert said == {file.name: xxhash.xxh3_128_hexdigest(file.read_bytes()) for file in (tmp_path / "card").glob("*.mov")}
