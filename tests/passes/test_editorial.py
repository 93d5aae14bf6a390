"""The editorial pass on a small production: two cameras, sound, a log, a shot list and a script go in; what an editor opens comes out."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from sqlalchemy import select

from answerprint.dataset.of_production import lock_production
from answerprint.editorial.conform import conform
from answerprint.editorial.timeline import read_timeline
from answerprint.ingest.into_catalogue import ingest
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.bwf import Slate, write_bwf
from answerprint.passes.catalogue import dispatch
from answerprint.passes.delivery import _editorial
from answerprint.passes.shots import media_of
from answerprint.passes.work import perform
from answerprint.production import Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Permission
from tests.made_footage import exr_folder

REPORT = """Clip,Reel,Camera,Scene,Setup,Take,Start TC,Date,FPS,Circled
A001C001_7A_T1,A001,A,7,A,1,10:00:00:00,2026-11-20,24,no
A001C002_7A_T2,A001,A,7,A,2,10:05:00:00,2026-11-20,24,yes
B001C002_7A_T2,B001,B,7,A,2,10:05:00:02,2026-11-20,24,yes
A002C001_7B_T1,A002,A,7,B,1,11:00:00:00,2026-11-21,24,no
"""
LOG = """Scene,Setup,Take,Circled,Performers,Lines,Notes
7,A,1,no,Ada,2-3,Boom in shot
7,A,2,yes,Ada,2-3,Good
7,B,1,no,Bo,1,Wind
"""
SCRIPT = """INT. PIER - DAY #7#

The rope goes tight.

ADA
Is it high water?

BO
It is.

EXT. SEA - NIGHT #8#

Waves.
"""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Production:
    folder = tmp_path_factory.mktemp("pier")
    material = folder / "material"
    clips = [("A001C001_7A_T1", "10:00:00:00"), ("A001C002_7A_T2", "10:05:00:00"), ("B001C002_7A_T2", "10:05:00:02"), ("A002C001_7B_T1", "11:00:00:00")]  # fmt: skip
    for seed, (name, start) in enumerate(clips):
        exr_folder(material / name, 6, start, reel=name[:4], seed=seed)
    second = Timecode.parse("10:04:59:12", 24).frame * 2000
    slate = Slate(scene="7A", take="2", tape="SR001", time_reference=second, tracks=("Boom", "Ada"))
    write_bwf(material / "7A-T02.wav", [np.zeros((48000, 2), np.float32)], 48000, slate)
    for name, text in (("report.csv", REPORT), ("log.csv", LOG), ("pier.fountain", SCRIPT), ("plan.csv", "Scene,Setup,Size,Description\n7,A,WS,all\n7,D,ECU,the rope\n")):  # fmt: skip
        (material / name).write_text(text)
    production = Production.create(folder / "production", "Pier", 24)
    ingest(production, [material], hash_list=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSWERPRINT_HOME", str(folder / "home"))
        lock_production(production, "Ada")
        _run(production)
    return production


def _run(production: Production, **settings: object) -> None:
    Dispatcher(production, perform, InlineExecutor()).run_until_idle(jobs=dispatch(production, "editorial", [], settings, "Ada"))


def _index(production: Production) -> dict[str, object]:
    return json.loads((production.root / "editorial" / "editorial.json").read_text())


def test_there_is_a_bin_for_the_scene_and_for_each_day_as_timeline_and_log(worked):
    bins = _index(worked)["bins"]
    assert [(one["title"], one["clips"], one["with_sound"], one["circled"]) for one in bins] == [
        ("Scene 7", 4, 2, 2),
        ("Day 2026-11-20", 3, 2, 2),
        ("Day 2026-11-21", 1, 0, 0),
    ]
    assert all((worked.root / "editorial" / file).is_file() for one in bins for file in one["files"])


def test_the_bin_names_each_frame_file_so_that_another_reader_finds_it(worked):
    timeline = otio.adapters.read_from_file(str(worked.root / "editorial" / "bins" / "scene-7.otio"))
    pictures = [clip.media_reference for track in timeline.video_tracks() for clip in track.find_clips()]
    assert all(Path(one.target_url_for_image_number(5)).is_file() for one in pictures) and len(pictures) == 4
    sound = timeline.audio_tracks()[0].find_clips()[0]
    assert sound.source_range.start_time.to_timecode(24) == "10:05:00:00" and Path(sound.media_reference.target_url).is_file()


def test_the_string_out_is_the_circled_takes_in_the_order_of_the_script_and_conforms(worked):
    strung = _index(worked)["string_out"]
    cut = read_timeline(worked.root / "editorial" / strung["files"][1], 24)
    pictures = [event.clip_name for event in cut.events if event.is_picture]
    # Setup B covers line 1 and nobody circled it: its last take stands in, and before setup A, which begins with line 2.
    assert pictures == ["A002C001_7B_T1", "A001C002_7A_T2", "B001C002_7A_T2"]
    assert strung["stand_ins"] == ["7B take 1 is not circled; it is the last of its setup"]
    result = conform(cut, media_of(worked))
    assert [event.status for event in result.events] == ["matched"] * 3
    assert cut.rate == Fraction(24)


def test_what_the_pass_finds_out_leaves_the_lock_in_force(worked):
    with worked.reading() as session:
        married = [a.details["sync"]["clap_frame"] for a in session.scalars(select(Asset)) if a.details.get("sync")]
    assert len(married) == 2
    _run(worked)


def test_setups_without_a_circle_may_be_left_out(worked):
    _run(worked, without_circles="leave out")
    assert _index(worked)["string_out"]["clips"] == 2
    _run(worked)


def test_what_was_never_shot_is_listed(worked):
    missing = json.loads((worked.root / "editorial" / "coverage.json").read_text())["missing"]
    assert [(gap["gap"], gap["scene"] + gap["setup"], gap["line"]) for gap in missing] == [
        ("setup not shot", "7D", None),
        ("line not circled", "7", 1),
        ("setup not circled", "7B", None),
        ("scene not shot", "8", None),
    ]


def test_a_second_pass_leaves_nothing_of_the_first(worked):
    (worked.root / "editorial" / "bins" / "scene-old.otio").write_text("{}")
    _run(worked)
    assert not (worked.root / "editorial" / "bins" / "scene-old.otio").exists()


def test_the_map_holds_the_script_and_is_delivered_only_where_that_may_be(worked):
    assert "coverage.txt" not in _editorial(worked) and "bins/scene-7.otio" in _editorial(worked)
    with worked.session() as session:
        for grant in session.scalars(select(Permission).join(Asset).where(Asset.kind == "script", Permission.purpose == "deliver")):
            grant.allowed = True
    assert "coverage.txt" in _editorial(worked)
