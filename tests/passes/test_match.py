"""Matching loose clips: a grade for each, nothing baked unless it is asked for."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.colour import cdl as grades
from answerprint.colour.amf_read import read_amf
from answerprint.colour.cdl import CDL
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.passes.match import match_clips
from answerprint.production import BadInput

OFF = CDL(slope=(1.12, 1.0, 0.9), offset=(0.02, 0.0, -0.02))


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


def _wall(folder: Path, cdl: CDL | None = None) -> Path:
    """A wall of coloured patches that stands still, in ACEScg."""
    folder.mkdir(parents=True)
    patches = np.random.default_rng(3).uniform(0.03, 0.6, (8, 12, 3))
    picture = np.kron(patches, np.ones((12, 12, 1))).astype(np.float32)
    picture = grades.apply(cdl, picture) if cdl else picture
    header = FrameHeader(
        144,
        96,
        storage="half",
        compression="zip",
        attributes={"colorInteropID": "lin_ap1_scene"},
        timecode="01:00:00:00",
        rate=Fraction(24),
    )
    for index in range(3):
        write_frame(
            folder / f"f.{index:04d}.exr", SourceFrame({c: picture[..., n].astype(np.float16) for n, c in enumerate("RGB")}, header)
        )
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    return _wall(tmp_path / "A Kamera"), _wall(tmp_path / "B Kamera", OFF)


def test_a_clip_is_brought_nearer_to_the_hero(clips: tuple[Path, Path], tmp_path: Path) -> None:
    document = match_clips(clips[0], [clips[1]], tmp_path / "out", {}, False, quiet)
    clip = document["clips"][0]
    assert (document["hero"], clip["clip"], clip["working_space"]) == ("A Kamera", "B Kamera", "ACEScct")
    assert clip["delta_e_after"] < clip["delta_e_before"] / 2
    assert grades.read(tmp_path / "out" / "B Kamera.cdl")[0].slope == pytest.approx(tuple(clip["slope"]), abs=1e-5)
    assert len(grades.read(tmp_path / "out" / "A Kamera_match.ccc")) == 1
    (amf,) = (read_amf(place) for place in (tmp_path / "out").glob("*.amf"))
    (grade,) = grades.read(next((tmp_path / "out").glob("*.cdl")))
    assert amf.looks[0].cdl is not None
    assert (amf.looks[0].cdl.slope, amf.looks[0].cdl.working_space) == (grade.slope, grade.working_space)
    assert json.loads((tmp_path / "out" / "match.json").read_text()) == document
    assert not list((tmp_path / "out").rglob("*.exr"))


def test_graded_frames_are_written_when_asked_for(clips: tuple[Path, Path], tmp_path: Path) -> None:
    match_clips(clips[0], [clips[1]], tmp_path / "out", {}, True, quiet)
    graded, hero, source = (
        open_sequence(path).read(0).rgb().astype(np.float64) for path in (tmp_path / "out" / "B Kamera", *clips)
    )
    assert np.abs(graded - hero).mean() < np.abs(source - hero).mean() / 2


def test_a_hero_alone_two_of_one_name_and_unknown_settings_are_bad_input(clips: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no other clip"):
        match_clips(clips[0], [clips[0]], tmp_path / "out", {}, False, quiet)
    other = _wall(tmp_path / "more" / "B Kamera")
    with pytest.raises(BadInput, match="two of the clips have this name"):
        match_clips(clips[0], [clips[1], other], tmp_path / "out", {}, False, quiet)
    with pytest.raises(BadInput, match="no setting of match"):
        match_clips(clips[0], [clips[1]], tmp_path / "out", {"strength": "1"}, False, quiet)
    assert not (tmp_path / "out").exists()
