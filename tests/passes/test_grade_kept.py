"""Grades are kept, put back, left alone where a person or a paper says so, and held to the reference still."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from answerprint.cli.main import main
from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.view import display
from answerprint.ingest.into_catalogue import ingest
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.exr import write_exr
from answerprint.passes.catalogue import dispatch
from answerprint.passes.delivery import delivery_of
from answerprint.passes.shots import ensure_shots
from answerprint.passes.work import perform
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip
from tests.made_footage import edl

AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
OFF = CDL(slope=(1.15, 1.0, 0.88), offset=(0.02, 0.0, -0.02))
LOOK = CDL(slope=(1.05, 1.0, 0.95), power=(1.1, 1.1, 1.1), saturation=0.9, id="B001C001_7A_T1")
NAMES = ("A001C001_7A_T1", "B001C001_7A_T1")


def _wall(seed: int = 3) -> np.ndarray:
    patches = np.random.default_rng(seed).uniform(0.03, 0.6, (8, 12, 3))
    return np.kron(patches, np.ones((12, 12, 1))).astype(np.float32)


def _shoot(folder: Path, name: str, picture: np.ndarray) -> None:
    (folder / name).mkdir(parents=True)
    for index in range(3):
        planes = {c: picture[..., n].astype(np.float16) for n, c in enumerate("RGB")}
        write_exr(folder / name / f"{name}.{1001 + index}.exr", planes, attributes={"chromaticities": AP1, "reelName": name[:4]}, timecode=f"10:00:00:{index:02d}", rate=24)  # fmt: skip


def _still(path: Path, picture: np.ndarray) -> None:
    codes = np.round(display(np.ascontiguousarray(picture)) * 255).astype(np.uint8)
    cv2.imwrite(str(path), codes[..., ::-1])


def _made(folder: Path, note: str = "", still: CDL | None = LOOK) -> Production:
    material = folder / "m"
    other = grades.apply(OFF, _wall())
    _shoot(material, NAMES[0], _wall())
    _shoot(material, NAMES[1], other)
    (material / "report.csv").write_text(
        "Clip,Reel,Camera,Scene,Setup,Take,FPS\n" + "".join(f"{n},{n[:4]},{n[0]},7,A,1,24\n" for n in NAMES)
    )
    (material / "log.csv").write_text(f"Scene,Setup,Take,Notes\n7,A,1,{note}\n")
    grades.write(material / "set.ccc", [LOOK])
    if still is not None:
        _still(material / f"{NAMES[1]}_ref.png", grades.apply(still, other))
    edl(material / "cut.edl", ("B001", "10:00:00:00", "10:00:00:03", "01:00:00:00", "01:00:00:03"))
    production = Production.create(folder / "p", "Pier", 24)
    ingest(production, [material], hash_list=False)
    ensure_shots(production)
    return production


def _grade(production: Production, **settings: object) -> dict:
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=dispatch(production, "grade", [], settings, "Ada"))
    with production.session() as session:
        return session.scalars(select(Clip).where(Clip.name == NAMES[1])).one().grade


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Production:
    return _made(tmp_path_factory.mktemp("grade"))


def test_a_grade_is_put_back_brought_back_and_left_alone_until_it_is_asked_for(production) -> None:
    first = _grade(production)
    assert first["cdl"]["slope"] != [1.0, 1.0, 1.0] and first["layer"] == "technical"
    back = _grade(production, revert=True)
    assert "cdl" not in back and back["held"] and back["reverted_by"] == "Ada"
    assert "cdl" not in _grade(production), "a pass that is run again does not take it up"
    assert _grade(production, revert=True)["cdl"] == first["cdl"]
    _grade(production, revert=True)
    assert _grade(production, anew=True)["cdl"] == first["cdl"] and not _grade(production).get("held")


def test_the_same_grade_again_adds_nothing_to_what_is_kept(production) -> None:
    kept = len(_grade(production)["history"])
    assert len(_grade(production)["history"]) == kept


def test_the_grade_from_the_set_makes_its_still_and_is_never_written(production) -> None:
    before = (production.root.parent / "m" / "set.ccc").read_bytes()
    intent = _grade(production)["intent"]
    assert intent["creative"] and intent["flag"] == "" and intent["delta_e_on_set"] < 1.5
    assert intent["delta_e_ours"] > intent["delta_e_on_set"], "the technical grade moves the clip towards its hero"
    assert (production.root.parent / "m" / "set.ccc").read_bytes() == before


def test_a_clip_whose_cdl_does_not_make_its_still_is_flagged(tmp_path, capsys) -> None:
    intent = _grade(_made(tmp_path, still=CDL(slope=(0.92, 1.0, 1.06), saturation=1.3)))["intent"]
    assert "does not make its reference still" in intent["flag"] and intent["delta_e_on_set"] > 4
    assert main(["status", str(tmp_path / "p")]) == 0 and "flag    B001C001_7A_T1: its CDL does not make" in capsys.readouterr().out


def test_a_still_of_another_picture_is_not_compared(tmp_path) -> None:
    production = _made(tmp_path, still=None)
    _still(tmp_path / f"{NAMES[1]}_ref.png", _wall(9))
    ingest(production, [tmp_path / f"{NAMES[1]}_ref.png"], hash_list=False)
    intent = _grade(production)["intent"]
    assert intent["flag"] == "" and "not compared" in intent["why"] and "delta_e_on_set" not in intent


def test_a_clip_the_papers_want_left_alone_is_left_alone_with_the_reason(tmp_path) -> None:
    grade = _grade(_made(tmp_path, note="Day for night", still=None))
    assert "cdl" not in grade and grade["why"] == "left alone: the papers say 'Day for night'"
    assert delivery_of(Production.open(tmp_path / "p")).shots[0].grade is None
