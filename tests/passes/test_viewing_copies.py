"""Dailies as people watch them: graded, seen, with their sound, and made again where one of these changed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy import select

from answerprint.cli.production import run_jobs
from answerprint.cli.progress import Reporter
from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.spaces import to_working
from answerprint.colour.view import display
from answerprint.ingest.into_catalogue import ingest
from answerprint.media.bwf import Slate, write_bwf
from answerprint.media.samples import read_samples
from answerprint.media.sequence import open_sequence
from answerprint.passes.catalogue import dispatch
from answerprint.passes.grade_kept import revert
from answerprint.passes.viewing_copies import copy_file, laid
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip
from tests.made_footage import exr_folder

NAME = "A001C001_12A_T1"
OURS = CDL(id=NAME, slope=(1.1, 1.0, 0.92), offset=(0.02, 0.0, -0.02), power=(1.0, 1.0, 1.0), saturation=1.0)
RATE = 48_000


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Production]:
    monkeypatch.setenv("ANSWERPRINT_WORKERS", "1")
    exr_folder(tmp_path / "material" / NAME)
    with Production.create(tmp_path / "p", "Muster", "24") as made:
        ingest(made, [tmp_path / "material"], hash_list=False)
        yield made


def copies(production: Production, **settings: str) -> list[dict[str, object]]:
    jobs = dispatch(production, "dailies", [], settings, "Ada")
    views = run_jobs(production, jobs, Reporter(True)) if jobs else []
    assert all(view["state"] == "done" for view in views), views
    return [view["result"] for view in views]


def graded(production: Production, cdl: CDL | None = OURS) -> None:
    with production.session() as session:
        clip = session.scalars(select(Clip)).one()
        clip.grade = {"cdl": cdl.model_dump(mode="json"), "why": "test"} if cdl else {}


def seen(production: Production) -> np.ndarray:
    with production.reading() as session:
        return open_sequence(copy_file(production, session.scalars(select(Clip)).one())).read(1).rgb().astype(np.float64) / 65535


def wanted(production: Production, *layers: CDL) -> np.ndarray:
    with production.reading() as session:
        clip = session.scalars(select(Clip)).one()
        light = to_working(open_sequence(production.root / clip.asset.path).read(1).rgb(), clip.input_space)
    for layer in layers:
        light = grades.apply(layer, light)
    return np.asarray(display(light), np.float64)


def test_a_copy_is_the_clip_under_our_grade_and_theirs(production: Production, tmp_path: Path) -> None:
    graded(production)
    theirs = OURS.model_copy(update={"slope": (0.9, 0.95, 1.05), "offset": (0.0, 0.0, 0.0), "saturation": 0.9})
    look = tmp_path / "looks" / f"{NAME}.cc"
    look.parent.mkdir()
    grades.write(look, theirs)
    ingest(production, [look.parent], hash_list=False)
    (told,) = copies(production)
    assert (told["technical"], told["creative"], told["frames"]) == (True, True, 4)
    off = np.abs(seen(production).mean((0, 1)) - wanted(production, OURS, theirs).mean((0, 1)))
    assert off.max() < 0.01, "8 bits and 4:2:0"
    assert np.abs(wanted(production, OURS, theirs).mean((0, 1)) - wanted(production).mean((0, 1))).max() > 0.03


def test_only_what_changed_is_made_again(production: Production) -> None:
    graded(production)
    assert len(copies(production)) == 1
    assert copies(production) == []
    graded(production, OURS.model_copy(update={"saturation": 0.8}))
    assert len(copies(production)) == 1
    with production.session() as session:
        revert(session.scalars(select(Clip)).one(), "Ada")
    (told,) = copies(production)
    assert told["technical"] is False, "as shot before the first grade"
    assert len(copies(production, look="none")) == 0, "the same pictures"


def test_the_sound_lies_under_the_frame_it_belongs_to_and_the_timecode_stays(production: Production, tmp_path: Path) -> None:
    samples = np.zeros((RATE, 1), np.float32)
    samples[24_000:24_400, 0] = 0.8  # half a second into the recording
    sound = tmp_path / "material" / "12A-T1.wav"
    write_bwf(sound, [samples], RATE, Slate())
    with production.session() as session:
        clip = session.scalars(select(Clip)).one()
        sync = {"sound": sound.name, "asset": str(sound), "offset_s": -0.4}
        clip.asset.details = {**clip.asset.details, "sync": sync}
        start = clip.start_timecode
    (told,) = copies(production)
    assert told["sound"] == sound.name
    with production.reading() as session:
        place = copy_file(production, session.scalars(select(Clip)).one())
    heard, rate = read_samples(place)
    first = int(np.argmax(np.abs(heard[:, 0]) > 0.4)) / rate
    assert first == pytest.approx(0.1, abs=0.004), "half a second less the four tenths that the recorder ran before"
    movie = open_sequence(place)
    assert (movie.count, movie.start_timecode) == (4, start)
    with av.open(str(place)) as container:
        assert all(packet.is_keyframe for packet in container.demux(container.streams.video[0]) if packet.size)


def test_a_recording_is_silence_where_it_does_not_reach() -> None:
    mono = np.ones(10, np.float32)
    assert laid(mono, 10, 0.5, Fraction(2)).tolist() == [0] * 5 + [1] * 10 + [0] * 5
    assert laid(mono, 10, -0.5, Fraction(1)).tolist() == [1] * 5 + [0] * 5
    assert laid(mono, 10, 3.0, Fraction(1)).tolist() == [0] * 10
    assert laid(mono, 10, -3.0, Fraction(1)).tolist() == [0] * 10
