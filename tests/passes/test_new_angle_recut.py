"""A generated angle in the cut: shot, version and approval follow its event as a take's do; frames nobody made are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.ingest.into_catalogue import ingest
from answerprint.media.exr import write_exr
from answerprint.passes.coverage import CoverageSettings, _camera_of_the_catalogue, submit_coverage, virtual_name
from answerprint.passes.coverage_review import put_to_review
from answerprint.passes.delivery import approved_version, delivery_of
from answerprint.passes.review import decide
from answerprint.passes.shots import ensure_shots, last_changes, named_shots
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Job, Shot, Version
from tests.passes.test_main_job import AP1
from tests.passes.test_recut import _edl

FRAMES, MADE = 60, 40
BESIDE, ANGLE = "A001C001_7A_T1", "V001C001_7A_T1_GEN"
CUT = [("A001", 20, 30), ("V001", 10, 20)]


def _pictures(folder: Path, name: str, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        planes = {channel: np.full((8, 12), number / FRAMES, np.float16) for channel in "RGB"}
        label = f"01:00:{number // 24:02d}:{number % 24:02d}"
        write_exr(
            folder / f"{name}.{number:04d}.exr", planes, attributes={"chromaticities": AP1}, timecode=label, rate=Fraction(24)
        )


def _make(production: Production, frames: int, job: str) -> int:
    """File a new angle as the coverage pass does; returns its newest version."""
    out = production.path("spatial") / "coverage" / ANGLE
    _pictures(out, "frame", frames)
    records: list[dict[str, Any]] = [
        {"frame": n, "output": f"frame.{n:04d}.exr", "pixel_digest": f"{job}{n}", "class": "B", "refused": False, "figures": {}}
        for n in range(frames)
    ]
    camera = {"active_sensor_resolution": [12, 8], "active_sensor_physical_dimensions": [24, 16], "pinhole_focal_length": 35}
    order: Any = SimpleNamespace(
        job_id=job, job_order={"unit": "V", "parameters": {"cameras": [camera] * frames, "frames": frames}}
    )
    with production.session() as session:
        session.add(Job(id=job, kind="coverage", state="done"))
        session.flush()
        clip = session.query(Clip).filter(Clip.name == BESIDE).one()
        assert virtual_name(clip, "V") == ANGLE
        made = _camera_of_the_catalogue(session, production, clip, order, out, records, {})
        version = put_to_review(session, made, job, out.relative_to(production.root).as_posix(), records, {})
        session.flush()
        return version.id


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """One take, a new angle of its first forty frames, approved whole, and a cut of both."""
    _pictures(tmp_path / "shot" / BESIDE, BESIDE, FRAMES)
    (tmp_path / "shot" / "report.csv").write_text(
        f"Clip,Reel,Camera,Scene,Setup,Take,Start TC,FPS\n{BESIDE},A001,A,7,A,1,01:00:00:00,24\n"
    )
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        ingest(made, [tmp_path / "shot"], hash_list=False)
        decide(made, _make(made, MADE, "one"), "Ada", "approved")
        ingest(made, [_edl(tmp_path / "pier_v1.edl", CUT)])
        assert ensure_shots(made) == []
        yield made


def _angle(production: Production) -> Shot:
    with production.session() as session:
        shot = session.scalars(select(Shot).where(Shot.name == ANGLE)).one()
        _ = [version.approvals for version in shot.versions], shot.clip.asset.details
        return shot


def _recut(production: Production, events: list[tuple[str, int, int]], name: str = "pier_v2.edl") -> dict[str, dict[str, Any]]:
    ingest(production, [_edl(production.root.parent / "cuts" / name, events)])
    ensure_shots(production, "Ada")
    return {one["shot"]: one for one in (last_changes(production) or {"shots": []})["shots"]}


def test_the_first_cut_takes_up_the_angle_with_the_version_and_the_approval_it_has(production: Production) -> None:
    shot = _angle(production)
    assert (shot.event, shot.cut_in, shot.cut_out, shot.status) == (2, 10, 20, "approved")
    assert [(v.operation, v.status) for v in shot.versions] == [("coverage", "approved")]
    delivered = delivery_of(production).shots[1]
    assert (delivered.name, delivered.task, delivered.version, delivered.approved_by) == (ANGLE, "coverage", "v001", "Ada")
    assert delivered.frames.start == 0 and delivered.folder == production.root / "spatial" / "coverage" / ANGLE


def test_trimmed_and_moved_it_keeps_shot_version_and_approval(production: Production) -> None:
    told = _recut(production, [("V001", 12, 18), ("A001", 20, 30)])[ANGLE]
    assert (told["kind"], told["event"], told["pull"], told["approval"]) == ("shortened", 1, False, "survives")
    moved = _recut(production, [("A001", 20, 30), ("V001", 12, 18)], "pier_v3.edl")[ANGLE]
    assert (moved["kind"], moved["approval"]) == ("moved", "survives")
    shot = _angle(production)
    assert (shot.event, shot.cut_in, shot.cut_out, shot.status, len(shot.versions)) == (2, 12, 18, "approved", 1)


@pytest.mark.parametrize("end", [24, 39])
def test_extended_within_what_was_made_it_asks_for_another_look_alone(production: Production, end: int) -> None:
    told = _recut(production, [CUT[0], ("V001", 10, end)])[ANGLE]
    assert (told["kind"], told["pull"], told["approval"]) == ("extended", False, "lapsed")
    assert "beyond" not in told["why"]
    shot = _angle(production)
    assert (shot.start, shot.end, shot.cut_out, shot.status) == (0, MADE, end, "to review")
    held = delivery_of(production)
    assert [s.name for s in held.shots] == ["7A_0010"] and "nobody approved" in held.missing[0][1]
    decide(production, shot.versions[0].id, "Ada", "approved")
    assert [s.name for s in delivery_of(production).shots] == ["7A_0010", ANGLE]


def test_extended_beyond_what_was_made_it_waits_and_says_what_to_make(production: Production) -> None:
    told = _recut(production, [("V001", 10, 46), CUT[0]])
    assert told[ANGLE]["said"].startswith(f"{ANGLE}: extended, event 1, make again, approval lapsed")
    assert "make it again beside A001C001_7A_T1, unit=V, with a camera of 46 frames or more" in told[ANGLE]["why"]
    shot = _angle(production)
    assert (shot.event, shot.status, shot.versions[0].status) == (1, "waiting", "to review")
    assert told["7A_0010"]["event"] == 2 and told["7A_0010"]["kind"] == "moved"
    (line,) = ensure_shots(production)
    assert line.startswith("event 1: ") and "46 frames or more" in line
    held = delivery_of(production)
    assert [s.name for s in held.shots] == ["7A_0010"] and "46 frames or more" in held.missing[0][1]
    assert len(list((production.root / "reports" / "changes").glob("*.json"))) == 1


def test_made_again_it_fills_its_event_and_the_older_frames_are_no_version_any_more(production: Production) -> None:
    _recut(production, [CUT[0], ("V001", 10, 46)])
    newer = _make(production, FRAMES, "two")
    assert ensure_shots(production) == []
    shot = _angle(production)
    assert (shot.event, shot.cut_in, shot.cut_out, shot.end) == (2, 10, 46, FRAMES)
    assert [(v.number, v.status) for v in shot.versions] == [(1, "rejected"), (2, "to review")]
    with production.session() as session:
        session.get_one(Version, shot.versions[0].id).status = "approved"
    with production.session() as session:
        assert approved_version(session.get_one(Shot, shot.id)) is None, "its frames were written over"
    decide(production, newer, "Ada", "approved")
    assert delivery_of(production).shots[1].version == "v002"


def test_left_out_and_back_it_is_the_shot_it_was(production: Production) -> None:
    assert _recut(production, [CUT[0]])[ANGLE]["kind"] == "removed"
    back = _recut(production, CUT, "pier_v3.edl")[ANGLE]
    assert (back["kind"], back["approval"]) == ("back", "survives") and _angle(production).event == 2


def test_used_twice_the_second_shot_has_the_same_frames_and_waits_for_its_own_approval(production: Production) -> None:
    told = _recut(production, [*CUT, ("V001", 30, 36)])
    (other,) = [one for one in told.values() if one["kind"] == "new"]
    assert (other["event"], other["pull"]) == (3, False)
    with production.session() as session:
        shot = session.scalars(select(Shot).where(Shot.name == other["shot"])).one()
        (version,) = shot.versions
        assert (version.path, version.status, shot.status) == (f"spatial/coverage/{ANGLE}", "to review", "to review")
        number = version.id
    assert [s.name for s in delivery_of(production).shots] == ["7A_0010", ANGLE]
    decide(production, number, "Ada", "approved")
    assert [s.cut.start for s in delivery_of(production).shots] == [20, 10, 30]


def test_its_own_shot_makes_it_again_beside_the_clip_it_stood_by(production: Production, tmp_path: Path) -> None:
    (tmp_path / "target.json").write_text(
        '{"active_sensor_resolution": [12, 8], "active_sensor_physical_dimensions": [24, 16], "pinhole_focal_length": 35}'
    )
    with pytest.raises(BadInput, match=f"{BESIDE}.*no camera for its frames yet"):
        submit_coverage(production, named_shots(production, [ANGLE]), CoverageSettings(camera=str(tmp_path / "target.json")), "Kim")
