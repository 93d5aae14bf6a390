"""A vendor's movie comes back: a version of its shot in the codes it was sent in, measured against the original past its coding."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.colour.spaces import to_working
from answerprint.deliver.package import Naming
from answerprint.media.movie import write_dnxhr, write_prores, write_proxy
from answerprint.media.sequence import MovieSequence, open_sequence
from answerprint.passes.delivered import deliver
from answerprint.passes.returned import returned_under, take_back
from answerprint.passes.returned_movie import recoded
from answerprint.passes.review import decide
from answerprint.production import Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Version
from answerprint.provenance.verify import verify
from tests.passes.test_main_job import COUNT, _silent, _worked, material
from tests.passes.test_returned import first_delivery

__all__ = ["first_delivery", "material"]
BASE = "Pier_7A_0010_cleanup_AP"
PAINTED = np.s_[10:40, 10:40]


@pytest.fixture
def cut(first_delivery: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Production, Path]]:
    """A production of which Premiere got an ungraded ProRes of its shot, and that movie."""
    shutil.copytree(first_delivery[0], tmp_path / "own")
    with Production.open(tmp_path / "own" / "production") as production:
        deliver(production, "premiere", tmp_path / "premiere", _silent, Naming(), movie=False)
        (movie,) = (tmp_path / "premiere" / "movies").glob("*.mov")
        yield production, movie


def painted(movie: Path, into: Path, lead: int = 0, leave: int = 0, **told: Any) -> Path:
    """The vendor's render of a movie: a square painted; ``lead`` frames of slate before it, the last ``leave`` left out."""
    sequence = MovieSequence(movie, None)
    pictures = []
    for index in range(sequence.count):
        codes = sequence.read(index).rgb().astype(np.float32) / 65535
        codes[PAINTED] = 0.5
        pictures.append(codes)
    assert sequence.start_timecode and sequence.rate
    start = str(Timecode.parse(sequence.start_timecode, sequence.rate) + -lead)
    into.parent.mkdir(parents=True, exist_ok=True)
    pictures = [np.zeros_like(pictures[0])] * lead + pictures[: len(pictures) - leave]
    write_prores(into, pictures, sequence.rate, start, **told)
    return into


def taken(production: Production, movie: Path) -> tuple[list[Version], list[str]]:
    found = returned_under(production, [movie.parent]).get(movie.parent, [])
    done = take_back(production, found, "Ada")
    _worked(production, done.jobs)
    with production.session() as session:
        return [v for v in session.scalars(select(Version).order_by(Version.number)) if v.number > 1], done.problems


@pytest.mark.parametrize(
    "called", [f"{BASE}_v002", f"{BASE}_v002_graded", BASE, f"{BASE}_final", "7A_0010", "7A_0010_comp", "Pier_7A_0010"]
)
def test_a_movie_is_known_by_its_shot_with_or_without_a_version(cut: tuple[Production, Path], tmp_path: Path, called: str) -> None:
    production, _ = cut
    movie = tmp_path / "back" / f"{called}.mov"
    movie.parent.mkdir()
    movie.write_bytes(b"")
    ((one,),) = returned_under(production, [tmp_path / "back"]).values()
    assert (one.shot, one.movie, one.said) == ("7A_0010", movie, 2 if "v002" in called else 0)


@pytest.mark.parametrize("called", ["7A_0020", "Pier_7B_0010_cleanup_AP", "A001C002_7A_T2", "Pier_7A_0010_cleanup_AP_a_b"])
def test_other_movies_are_material(cut: tuple[Production, Path], tmp_path: Path, called: str) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / f"{called}.mov").write_bytes(b"")
    assert returned_under(cut[0], [tmp_path / "back"]) == {}


def test_a_prores_becomes_a_version_whose_paint_is_found_and_nothing_else(cut: tuple[Production, Path], tmp_path: Path) -> None:
    production, sent = cut
    movie = painted(sent, tmp_path / "back" / f"{BASE}.mov", tags="untagged", profile="hq")
    (version,), problems = taken(production, movie)
    assert problems == [] and version.status == "to review" and version.figures["parent"] == 1
    assert version.figures["space"] == "ACEScct", "as the movie was sent"
    record = version.figures["frames"][4]
    assert 900 < record["changed"] < 2600, "thirty by thirty were painted, and the wire before it was taken out"
    out = production.root / version.path
    assert len(list(out.glob("*.tif"))) == COUNT and (out / "returned" / movie.name).read_bytes() == movie.read_bytes()
    frames = open_sequence(out)
    assert frames.read(0).header.timecode == MovieSequence(sent, None).timecode(0)
    decide(production, version.id, "Ada", "approved")
    told = deliver(production, "nuke", tmp_path / "nuke", _silent, Naming(), movie=False)
    name = told["shots"]["7A_0010"]
    shown = open_sequence(tmp_path / "nuke" / "frames" / name).read(4).rgb()
    assert np.array_equal(shown, MovieSequence(movie, None).read(4).rgb())
    assert "colorspace ACEScct" in next((tmp_path / "nuke").rglob("*.nk")).read_text().replace('"', "")
    assert verify(tmp_path / "nuke").intact


def test_a_movie_with_a_slate_is_taken_from_its_timecode_on(cut: tuple[Production, Path], tmp_path: Path) -> None:
    production, sent = cut
    movie = painted(sent, tmp_path / "back" / f"{BASE}_v004.mov", lead=2, tags="untagged")
    (version,), problems = taken(production, movie)
    assert problems == [] and version.number == 4
    one = open_sequence(production.root / version.path).read(0).rgb()
    assert np.array_equal(one, MovieSequence(movie, None).read(2).rgb())


@pytest.mark.parametrize("codec", ["prores", "dnxhr"])
def test_coding_is_no_change_and_a_thin_wire_taken_out_is(codec: str, tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:180, 0:320].astype(np.float32)
    grain = np.random.default_rng(3).normal(0, 0.01, (180, 320, 3)).astype(np.float32)
    codes = np.clip(0.4 + 0.2 * np.sin(columns / 9)[..., None] * np.cos(rows / 5)[..., None] + grain, 0, 1).astype(np.float32)
    original = to_working(codes, "ACEScct")
    codes[60:120, 100:102] += 0.08
    movie = tmp_path / "back.mov"
    if codec == "prores":
        write_prores(movie, [codes], 24, profile="hq", tags="untagged")
    else:
        write_dnxhr(movie, [codes], 24, tags="untagged")
    found = recoded(MovieSequence(movie, None).read(0).rgb(), original, "ACEScct")
    assert found[60:120, 101].all()
    found[55:125, 94:108] = False
    assert not found.any()


def test_what_is_not_the_shot_s_picture_is_refused_by_name(cut: tuple[Production, Path], tmp_path: Path) -> None:
    production, sent = cut
    short = painted(sent, tmp_path / "a" / f"{BASE}_v002.mov", leave=3, tags="untagged")
    assert "was delivered as 20 frames" in taken(production, short)[1][0]
    rate = tmp_path / "b" / f"{BASE}_v002.mov"
    rate.parent.mkdir()
    write_prores(rate, [np.zeros((120, 160, 3), np.float32)] * COUNT, 25, None, tags="untagged")
    assert "25 frames a second" in taken(production, rate)[1][0]
    look = tmp_path / "c" / f"{BASE}_v002.mp4"
    look.parent.mkdir()
    write_proxy(look, [np.zeros((120, 160, 3), np.float32)] * COUNT, 24, None)
    versions, problems = taken(production, look)
    assert "is a movie for looking (h264)" in problems[0] and not versions


def test_a_movie_made_from_the_graded_one_is_refused(first_delivery: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(first_delivery[0], tmp_path / "own")
    with Production.open(tmp_path / "own" / "production") as production:
        deliver(production, "avid", tmp_path / "avid", _silent, Naming(), movie=False)
        (sent,) = (tmp_path / "avid" / "movies").glob("*.mov")
        movie = painted(sent, tmp_path / "back" / f"{BASE}_v002.mov")
        versions, problems = taken(production, movie)
        assert not versions and "would be graded twice" in problems[0]
        deliver(production, "premiere", tmp_path / "premiere", _silent, Naming(), movie=False)
        assert "would be graded twice" in taken(production, movie)[1][0], "whatever else was sent under the name"
        (plain,) = (tmp_path / "premiere" / "movies").glob("*.mov")
        deliver(production, "nuke", tmp_path / "later", _silent, Naming(), movie=False)
        (version,), _ = taken(production, painted(plain, tmp_path / "plain" / f"{BASE}_v002.mov", tags="bt709"))
        assert version.figures["space"] == "ACEScct", "whatever its tag says"


def test_a_movie_beside_frames_of_its_name_is_left_to_look_at(cut: tuple[Production, Path], tmp_path: Path) -> None:
    production, sent = cut
    movie = painted(sent, tmp_path / "back" / f"{BASE}_v002.mov", tags="untagged")
    package = tmp_path / "own" / "nuke" / "frames"
    for file in package.rglob(f"{BASE}_v001.*.exr"):
        shutil.copyfile(file, movie.parent / file.name.replace("v001", "v002"))
    versions, problems = taken(production, movie)
    assert len(versions) == 1 and "frames of the same name" in problems[0]
