"""Interoperable Master Format packages: a real one is sound, and each seeded fault is named and alone."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from answerprint.quality.delivery import check_delivery

REEL = "b7078739-8e49-4c3b-b5f9-11544799ff54"


@pytest.fixture
def package(footage: Path, tmp_path: Path) -> Path:
    """A copy of the App 5 package that comes with Netflix Photon's tests."""
    source, copy = footage / "conform" / "imf_app5_aces" / "PhotonApp5Test", tmp_path / "package"
    copy.mkdir()
    for file in source.iterdir():
        shutil.copyfile(file, copy / file.name)
    return copy


def found(folder: Path, severity: str | None = "fail") -> list[str]:
    findings = check_delivery(folder, None, lambda *told: None)["findings"]
    return [f["code"] for f in findings if severity in (None, f["severity"])]


def only(folder: Path, prefix: str) -> Path:
    return next(folder.glob(f"{prefix}*"))


def packed_again(folder: Path) -> None:
    """Put size and hash of the composition into the packing list, as an author's tool would after a change."""
    cpl, pkl = only(folder, "CPL_"), only(folder, "PKL_")
    tree = etree.parse(pkl)
    for asset in tree.iter("{*}Asset"):
        if asset.findtext("{*}Id").removeprefix("urn:uuid:") in cpl.name:
            asset.find("{*}Hash").text = base64.b64encode(hashlib.sha1(cpl.read_bytes()).digest()).decode()
            asset.find("{*}Size").text = str(cpl.stat().st_size)
    tree.write(str(pkl), xml_declaration=True, encoding="UTF-8")


def test_a_real_package_is_sound_and_its_application_is_named(package: Path) -> None:
    findings = check_delivery(package, None, lambda *told: None)["findings"]
    assert [(f["code"], f["severity"]) for f in findings] == [("imf-application", "info")]
    assert "2067-50" in findings[0]["message"]


def altered(file: Path, change: Callable[[str], str]) -> None:
    text = file.read_text()
    new = change(text)
    assert new != text
    file.write_text(new)


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("imf-edit-unit", "<SourceDuration>16016</SourceDuration>", "<SourceDuration>16000</SourceDuration>"),
        ("imf-resource", "<SourceDuration>16016</SourceDuration>", "<SourceDuration>19000</SourceDuration>"),
        ("imf-resource", "<IntrinsicDuration>17524</IntrinsicDuration>", "<EntryPoint>2000</EntryPoint><IntrinsicDuration>17524</IntrinsicDuration>"),
        ("imf-descriptor", "<SourceEncoding>urn:uuid:753af4f9-332c-46c7-b336-f37cf5780c02", "<SourceEncoding>urn:uuid:00000000-332c-46c7-b336-f37cf5780c02"),
        ("imf-cpl", "<EditRate>24000 1001</EditRate>", "<EditRate>24000 0</EditRate>"),
        ("imf-cpl", "urn:uuid:59f24a8c-2105-402e-90bd-62210795c123", "urn:uuid:dd384a31-a992-43d3-b9ff-bf37e93aebed"),
        ("imf-track", "<TrackId>urn:uuid:bacb6d95-5416-46e0-9ea6-ec913fc40fa8", "<TrackId>urn:uuid:ed3eb89e-aa04-4c4e-8ad6-6909672c3310"),
        ("imf-cpl", "<Id>urn:uuid:cfad00b4-77b5-4d06-bd9d-48bc21c8fc0e</Id>", "<Id>urn:uuid:cfad00b4-77b5-4d06-bd9d-48bc21c8fc0f</Id>"),
        ("imf-descriptor", "<r1:StoredWidth>240</r1:StoredWidth>", "<r1:StoredWidth>480</r1:StoredWidth>"),
        ("imf-application", "FullFrame", "SeparateFields"),
    ],
)  # fmt: skip
def test_a_fault_in_the_composition_is_named(package: Path, code: str, old: str, new: str) -> None:
    altered(only(package, "CPL_"), lambda text: text.replace(old, new, 1 if code != "imf-application" else -1))
    packed_again(package)
    assert set(found(package)) >= {code} and "imf-hash" not in found(package)


def test_two_main_image_tracks_are_one_too_many(package: Path) -> None:
    altered(only(package, "CPL_"), lambda text: text.replace("MainAudioSequence", "MainImageSequence"))
    packed_again(package)
    assert "imf-track" in found(package)


def test_one_changed_byte_in_a_track_file_is_a_hash_that_differs(package: Path) -> None:
    data = bytearray((package / "reel2.mxf").read_bytes())
    data[-1000] ^= 1
    (package / "reel2.mxf").write_bytes(data)
    assert found(package) == ["imf-hash"]


def test_a_track_file_cut_short_is_named_by_its_size(package: Path) -> None:
    data = (package / "reel1.mxf").read_bytes()
    (package / "reel1.mxf").write_bytes(data[:-1])
    assert found(package) == ["imf-size", "imf-hash"]


def test_a_mapped_file_that_is_not_there_is_named(package: Path) -> None:
    (package / "reel1.mxf").unlink()
    assert found(package)[0] == "imf-file"


def test_a_track_file_that_is_no_mxf_is_named(package: Path) -> None:
    (package / "reel1.mxf").write_bytes(bytes((package / "reel1.mxf").stat().st_size))
    assert found(package) == ["imf-hash", "imf-mxf"]


def test_an_open_header_partition_is_named(package: Path) -> None:
    data = bytearray((package / "reel1.mxf").read_bytes())
    data[14] = 1
    (package / "reel1.mxf").write_bytes(data)
    assert found(package) == ["imf-hash", "imf-mxf"]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("imf-assetmap", lambda text: text.replace("<VolumeCount>1<", "<VolumeCount>2<")),
        ("imf-assetmap", lambda text: text.replace(f"urn:uuid:{REEL}", "urn:uuid:060fe563-18d5-48d4-9148-1bfba4262ae2")),
        ("imf-assetmap", lambda text: text.replace("<Path>reel1.mxf", "<Path>../../reel1.mxf")),
        ("imf-assetmap", lambda text: text.replace("<PackingList>true</PackingList>", "")),
        ("imf-assetmap", lambda text: text.replace("429-9/2007/AM", "429-9/2099/AM")),
        ("imf-assetmap", lambda text: text[:-30]),
        ("imf-pkl", lambda text: re.sub(rf"<Asset>\s*<Id>urn:uuid:{REEL}.*?</Asset>", "", text, count=1, flags=re.S)),
    ],
)
def test_a_fault_in_the_asset_map_is_named(package: Path, code: str, change: Callable[[str], str]) -> None:
    altered(package / "ASSETMAP.xml", change)
    assert code in found(package)


def test_a_missing_volume_index_is_named(package: Path) -> None:
    (package / "VOLINDEX.xml").unlink()
    assert found(package) == ["imf-volindex"]


def test_a_stray_file_is_told_and_no_fault(package: Path) -> None:
    (package / "notes.txt").write_text("call me")
    assert found(package) == [] and "imf-file" in found(package, "info")


def test_entities_are_refused_and_not_expanded(package: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    altered(
        package / "ASSETMAP.xml", lambda text: text.replace("<AssetMap", bomb + "<AssetMap", 1).replace("Photon App5 test", "&b;")
    )
    assert found(package) == ["imf-assetmap"]


def test_a_mutated_document_gives_findings_and_no_crash(package: Path) -> None:
    random = np.random.default_rng(17)
    for file in (package / "ASSETMAP.xml", only(package, "PKL_"), only(package, "CPL_")):
        sound = file.read_bytes()
        for _ in range(60):
            data = bytearray(sound)
            for _ in range(random.integers(1, 6)):
                at = int(random.integers(0, len(data)))
                kind = int(random.integers(0, 3))
                if kind == 0:
                    data[at] = int(random.integers(0, 256))
                elif kind == 1:
                    del data[at : at + int(random.integers(1, 40))]
                else:
                    data[at:at] = data[max(0, at - 60) : at]
            file.write_bytes(data)
            assert isinstance(found(package, None), list)
        file.write_bytes(sound)
