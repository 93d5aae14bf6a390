"""ACES Metadata Files: read, changed in one place, written; and our own, read by rule."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.colour.amf import AmfLook, AmfTransform, amf_for
from answerprint.colour.amf_ids import output_of, space_of, to_aces, view_of
from answerprint.colour.amf_read import read_amf
from answerprint.colour.amf_write import write_amf
from answerprint.colour.cdl import CDL
from answerprint.production import BadInput

GRADE = CDL(slope=(1.1, 1.0, 0.93), offset=(0.01, 0.0, -0.02), power=(1.0, 1.05, 0.95), saturation=0.9)
WHEN, UUID = "2026-05-01T10:00:00Z", "948e6925-2b2b-4825-8540-368304288a06"

V2 = """<?xml version="1.0" encoding="UTF-8"?>
<aces:acesMetadataFile xmlns:aces="urn:ampas:aces:amf:v2.0" xmlns:cdl="urn:ASC:CDL:v1.01" xmlns:x="urn:someone:else" version="2.0">
  <!-- kept -->
  <aces:amfInfo>
    <aces:dateTime>
      <aces:creationDateTime>2026-01-01T08:00:00Z</aces:creationDateTime>
      <aces:modificationDateTime>2026-01-01T08:00:00Z</aces:modificationDateTime>
    </aces:dateTime>
    <aces:uuid>urn:uuid:948e6925-2b2b-4825-8540-368304288a06</aces:uuid>
  </aces:amfInfo>
  <aces:pipeline>
    <aces:pipelineInfo>
      <aces:dateTime>
        <aces:creationDateTime>2026-01-01T08:00:00Z</aces:creationDateTime>
        <aces:modificationDateTime>2026-01-01T08:00:00Z</aces:modificationDateTime>
      </aces:dateTime>
      <aces:systemVersion>
        <aces:majorVersion>2</aces:majorVersion><aces:minorVersion>0</aces:minorVersion><aces:patchVersion>0</aces:patchVersion>
      </aces:systemVersion>
    </aces:pipelineInfo>
    <aces:workingLocation/>
    <aces:lookTransform applied="false">
      <aces:description>show look</aces:description>
      <aces:hash algorithm="http://www.w3.org/2001/04/xmlenc#sha256">c81af4fb</aces:hash>
      <aces:file>show.clf</aces:file>
    </aces:lookTransform>
    <x:note colour="blue">from the set</x:note>
  </aces:pipeline>
</aces:acesMetadataFile>
"""


def test_a_published_file_of_version_1_is_understood(footage: Path) -> None:
    amf = read_amf(footage / "grade" / "amf" / "LogCEI800-Rec.709100nitsdim.amf")
    assert (amf.version, amf.aces_version) == ("1.0", (1, 2, 0))
    assert amf.input is not None and space_of(amf.input.transform_id) == "ARRI LogC3 (EI800)"
    assert amf.output is not None and amf.output.transform_id.endswith("ODT.Academy.Rec709_100nits_dim.a1.0.3")
    assert amf.rendering is not None and amf.rendering.transform_id.endswith("RRT.a1.0.3")


def test_a_cdl_in_a_published_file_comes_with_its_working_space(footage: Path) -> None:
    amf = read_amf(footage / "grade" / "amf" / "example2.amf")
    assert amf.looks[0].cdl == CDL(slope=(2, 2, 2), offset=(0.1, 0.1, 0.1), working_space="ACEScct")
    assert (amf.clip_name, amf.clip_frames) == ("A001C012", (1, 240))
    assert amf.looks[0].applied


def test_what_a_published_file_breaks_is_listed_and_not_fatal(footage: Path) -> None:
    amf = read_amf(footage / "grade" / "amf" / "amf_minimal.amf")
    assert any("RRT.a1.0.3 is no transform identifier" in line for line in amf.problems)


@pytest.mark.parametrize("name", ["example2", "amf_minimal", "LogCEI800-Rec.709100nitsdim", "S-Log3S-Gamut3-Rec.709100nitsdim"])
def test_a_file_nobody_changed_is_written_as_it_was(footage: Path, tmp_path: Path, name: str) -> None:
    from lxml import etree

    source = footage / "grade" / "amf" / f"{name}.amf"
    write_amf(tmp_path / "a.amf", read_amf(source))
    assert etree.tostring(etree.parse(tmp_path / "a.amf"), method="c14n") == etree.tostring(etree.parse(source), method="c14n")


def test_a_changed_file_keeps_unknown_nodes_comments_and_hashes(tmp_path: Path) -> None:
    (tmp_path / "in.amf").write_text(V2)
    amf = read_amf(tmp_path / "in.amf")
    assert amf.problems == ()
    graded = amf.model_copy(update={"looks": (*amf.looks, AmfLook(description="technical grade", cdl=GRADE)), "description": "v2"})
    write_amf(tmp_path / "out.amf", graded)
    text = (tmp_path / "out.amf").read_text()
    for kept in ("<!-- kept -->", '<x:note colour="blue">from the set</x:note>', "workingLocation", "c81af4fb"):
        assert kept in text
    back = read_amf(tmp_path / "out.amf")
    assert back.looks[1].cdl == GRADE
    assert (back.description, back.problems) == ("v2", ())


@pytest.mark.parametrize("space", ["ARRI LogC4", "S-Log3 S-Gamut3.Cine", "ACEScg", "Apple Log"])
def test_our_own_file_says_input_grade_and_view(tmp_path: Path, space: str) -> None:
    write_amf(tmp_path / "a.amf", amf_for("A001C002", space, GRADE, "sdr", WHEN, UUID, "A001C002.mov"))
    back = read_amf(tmp_path / "a.amf")
    assert back.problems == ()
    assert back.input is not None and space_of(back.input.transform_id) == space
    assert back.looks[0].cdl == GRADE and not back.looks[0].applied
    assert back.output is not None and view_of(back.output.transform_id) == "sdr"
    assert (back.clip_name, back.clip_file) == ("A001C002", "A001C002.mov")


def test_the_same_grade_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_amf(tmp_path / f"{name}.amf", amf_for("A", "ARRI LogC4", GRADE, "hdr", WHEN, UUID))
    assert (tmp_path / "a.amf").read_bytes() == (tmp_path / "b.amf").read_bytes()


def test_a_space_without_an_identifier_is_told_in_words(tmp_path: Path) -> None:
    write_amf(tmp_path / "a.amf", amf_for("A", "Camera Rec.709", GRADE, "sdr", WHEN, UUID))
    back = read_amf(tmp_path / "a.amf")
    assert back.input is None
    assert "Camera Rec.709" in back.description


def test_an_amf_of_version_1_is_written_with_identifiers_of_aces_1(tmp_path: Path) -> None:
    amf = amf_for("A", "ARRI LogC4", GRADE, "sdr", WHEN, UUID).model_copy(
        update={
            "version": "1.0",
            "aces_version": (1, 3, 0),
            "input": AmfTransform(transform_id=to_aces("ARRI LogC4", 1) or ""),
            "rendering": AmfTransform(transform_id="urn:ampas:aces:transformId:v1.5:RRT.a1.0.3"),
            "output": AmfTransform(transform_id="urn:ampas:aces:transformId:v1.5:ODT.Academy.Rec709_100nits_dim.a1.0.3"),
        }
    )
    write_amf(tmp_path / "a.amf", amf)
    text = (tmp_path / "a.amf").read_text()
    assert "IDT.ARRI.ARRI-LogC4.a1.v1" in text
    assert "ACEScsc.Academy.ACEScct_to_ACES.a1.0.3" in text
    assert read_amf(tmp_path / "a.amf").looks[0].cdl == GRADE


def test_a_file_that_would_break_a_rule_is_not_written(tmp_path: Path) -> None:
    broken = amf_for("A", "ARRI LogC4", GRADE, "sdr", "yesterday", UUID)
    with pytest.raises(BadInput, match="creationDateTime"):
        write_amf(tmp_path / "a.amf", broken)
    assert not list(tmp_path.iterdir())


def test_every_view_has_an_identifier_of_its_own() -> None:
    assert len({output_of(view) for view in ("sdr", "srgb", "p3", "hdr")}) == 4


def test_entities_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.amf").write_text(
        '<!DOCTYPE x [<!ENTITY a "b">]><acesMetadataFile xmlns="urn:ampas:aces:amf:v2.0">&a;</acesMetadataFile>'
    )
    with pytest.raises(BadInput, match="entities"):
        read_amf(tmp_path / "a.amf")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(V2)), st.binary(max_size=8)), max_size=4))
def test_no_mutated_amf_does_worse_than_be_refused(tmp_path_factory: pytest.TempPathFactory, edits: list) -> None:
    data = bytearray(V2.encode())
    for place, put in edits:
        data[place : place + len(put)] = put
    file = tmp_path_factory.mktemp("fuzz") / "a.amf"
    file.write_bytes(data)
    with contextlib.suppress(BadInput):
        write_amf(file.with_name("b.amf"), read_amf(file))
