"""A new cut in a production that is being worked on: names, versions and approvals follow the events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.cli.main import main
from answerprint.dataset.of_production import lock_in_force, lock_production
from answerprint.editorial.timeline import convert
from answerprint.ingest.into_catalogue import ingest
from answerprint.media.exr import write_exr
from answerprint.passes.delivery import approved_version, delivery_of
from answerprint.passes.shots import current_cut, ensure_shots, last_changes
from answerprint.production import Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot, Version
from tests.passes.test_main_job import AP1

FRAMES = 100
CUT = [("A001", 20, 30), ("B001", 40, 50), ("A001", 60, 72)]


def _edl(file: Path, events: list[tuple[str, int, int]], extra: dict[int, str] | None = None) -> Path:
    lines, at = ["TITLE: Pier", "FCM: NON-DROP FRAME", ""], 0

    def label(frame: int) -> str:
        return f"01:00:{frame // 24:02d}:{frame % 24:02d}"

    for number, (reel, start, end) in enumerate(events, 1):
        lines.append(f"{number:03d}  {reel}  V  C  {label(start)} {label(end)} {label(at)} {label(at + end - start)}")
        lines += [(extra or {}).get(number, "* COMMENT: cut")]
        at += end - start
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shot")
    for name in ("A001C001_7A_T1", "B001C001_7B_T1"):
        (folder / name).mkdir()
        for number in range(FRAMES):
            planes = {channel: np.full((8, 12), number / FRAMES, np.float16) for channel in "RGB"}
            label = f"01:00:{number // 24:02d}:{number % 24:02d}"
            write_exr(
                folder / name / f"{name}.{number:04d}.exr",
                planes,
                attributes={"chromaticities": AP1},
                timecode=label,
                rate=Fraction(24),
            )
    rows = [f"{reel}C001_7{reel[0]}_T1,{reel},{reel[0]},7,{reel[0]},1,01:00:00:00,24" for reel in ("A001", "B001")]
    (folder / "report.csv").write_text("Clip,Reel,Camera,Scene,Setup,Take,Start TC,FPS\n" + "\n".join(rows) + "\n")
    _edl(folder / "pier_v1.edl", CUT)
    return folder


@pytest.fixture
def production(tmp_path: Path, material: Path) -> Iterator[Production]:
    """Three shots, each with an approved version; the dataset is locked."""
    with Production.create(tmp_path / "production", "Pier", 24) as made:
        ingest(made, [material], hash_list=False)
        ensure_shots(made)
        with made.session() as session:
            for shot in session.scalars(select(Shot)):
                shot.status = "approved"
                session.add(
                    Version(shot_id=shot.id, number=1, operation="cleanup", path=f"versions/{shot.name}/v001", status="approved")
                )
        lock_production(made, "Ada")
        yield made


def _shots(production: Production) -> dict[str, Shot]:
    with production.session() as session:
        found = {shot.name: shot for shot in session.scalars(select(Shot).order_by(Shot.event))}
        for shot in found.values():
            _ = [version.approvals for version in shot.versions]
        return found


def _recut(
    production: Production, events: list[tuple[str, int, int]], name: str = "pier_v2.edl", extra: dict[int, str] | None = None
) -> dict[str, dict[str, Any]]:
    ingest(production, [_edl(production.root.parent / "cuts" / name, events, extra)])
    assert ensure_shots(production, "Ada") == []
    assert lock_in_force(production), "a new cut changes nothing that is locked"
    return {one["shot"]: one for one in (last_changes(production) or {"shots": []})["shots"]}


def test_an_event_put_in_front_moves_the_others_and_takes_no_approval(production: Production) -> None:
    told = _recut(production, [("B001", 5, 12), *CUT])
    assert [told[name]["kind"] for name in ("7A_0010", "7B_0020", "7A_0030")] == ["moved"] * 3
    assert {told[name]["approval"] for name in ("7A_0010", "7B_0020", "7A_0030")} == {"survives"}
    shots = _shots(production)
    assert [(name, shot.event, shot.status) for name, shot in shots.items()] == [
        ("7B_0005", 1, "waiting"), ("7A_0010", 2, "approved"), ("7B_0020", 3, "approved"), ("7A_0030", 4, "approved"),
    ]  # fmt: skip
    assert [shot.event.number for shot in delivery_of(production).shots] == [1, 2, 3, 4]


def test_a_shot_the_cut_drops_keeps_its_work_and_is_back_under_its_name(production: Production) -> None:
    told = _recut(production, [CUT[0], CUT[2]])
    assert told["7B_0020"]["kind"] == "removed" and _shots(production)["7B_0020"].event is None
    assert [shot.name for shot in delivery_of(production).shots] == ["7A_0010", "7A_0030"]
    again = _recut(production, CUT, "pier_v3.edl")
    assert (again["7B_0020"]["kind"], again["7B_0020"]["approval"]) == ("back", "survives")
    assert [shot.name for shot in delivery_of(production).shots] == ["7A_0010", "7B_0020", "7A_0030"]


def test_frames_within_the_handles_ask_for_another_look_and_no_other_frames(production: Production) -> None:
    told = _recut(production, [("A001", 20, 34), *CUT[1:]])["7A_0010"]
    assert (told["kind"], told["pull"], told["approval"]) == ("extended", False, "lapsed")
    shot = _shots(production)["7A_0010"]
    assert (shot.start, shot.end, shot.cut_out, shot.status, shot.versions[0].status) == (12, 38, 34, "to review", "to review")
    assert "lapsed with the cut pier_v2.edl" in shot.versions[0].approvals[-1].note


def test_frames_beyond_what_was_worked_on_grow_the_shot_and_hold_the_old_version_back(production: Production) -> None:
    told = _recut(production, [CUT[0], ("B001", 20, 50), CUT[2]])["7B_0020"]
    assert (told["pull"], told["approval"]) == (True, "lapsed")
    shot = _shots(production)["7B_0020"]
    version = shot.versions[0]
    assert (shot.start, shot.end, shot.status) == (12, 58, "waiting") and version.first == 32
    with production.session() as session:
        session.get_one(Version, version.id).status = "approved"
    with production.session() as session:
        assert approved_version(session.get_one(Shot, shot.id)) is None, "it lacks frames that the cut shows"


def test_a_new_grade_in_the_cut_lets_that_approval_alone_lapse(production: Production) -> None:
    told = _recut(production, CUT, extra={2: "*ASC_SOP (1.1 1 1)(0 0 0)(1 1 1)\n*ASC_SAT 1.0"})
    assert {name: one["approval"] for name, one in told.items()} == {
        "7A_0010": "survives",
        "7B_0020": "lapsed",
        "7A_0030": "survives",
    }


def test_of_an_event_cut_in_two_the_longer_part_keeps_the_name(production: Production) -> None:
    told = _recut(production, [CUT[0], ("B001", 40, 43), ("A001", 60, 72), ("B001", 43, 50)])
    assert told["7B_0020"]["event"] == 4 and told["7B_0020"]["kind"] == "shortened"
    (other,) = [one for one in told.values() if one["kind"] == "new"]
    assert other["why"] == "was part of 7B_0020" and other["event"] == 2


def test_the_same_cut_in_another_format_changes_nothing(production: Production) -> None:
    convert(_edl(production.root.parent / "cuts" / "x.edl", CUT), production.root.parent / "cuts" / "pier_v2.otio", "24")
    ingest(production, [production.root.parent / "cuts" / "pier_v2.otio"])
    ensure_shots(production)
    cut = current_cut(production)
    assert cut is not None and cut.path.endswith("pier_v2.otio")
    assert {one["kind"] for one in last_changes(production)["shots"]} == {"same"}  # type: ignore[index]


def test_asking_again_changes_nothing(production: Production) -> None:
    _recut(production, [("B001", 5, 12), *CUT])
    before = [(shot.name, shot.event, shot.cut_in) for shot in _shots(production).values()]
    ensure_shots(production)
    delivery_of(production)
    assert [(shot.name, shot.event, shot.cut_in) for shot in _shots(production).values()] == before
    assert len(list((production.root / "reports" / "changes").glob("*.json"))) == 1


def test_the_command_prints_what_became_of_each_shot(production: Production, capsys: pytest.CaptureFixture[str]) -> None:
    cut = _edl(production.root.parent / "cuts" / "pier_v2.edl", [("A001", 20, 34), *CUT[1:]])
    assert main(["ingest", str(production.root), str(cut), "--json", "--quiet", "--no-proxies"]) == 0
    told = json.loads(capsys.readouterr().out)["changes"]
    said = "7A_0010: extended, event 1, approval lapsed (0 frames more before, 4 after: inside the handles of 8"
    assert told[0]["said"].startswith(said), told[0]
    assert main(["status", str(production.root)]) == 0
    assert "cut     pier_v2.edl: 1 extended, 2 moved; 0 to pull again, 1 approval lapsed" in capsys.readouterr().out


def test_a_locked_production_takes_a_new_cut_and_nothing_else(production: Production, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    _edl(tmp_path / "more" / "pier_v2.edl", CUT)
    (tmp_path / "more" / "notes.csv").write_text("Scene,Setup\n7,A\n")
    with pytest.raises(Refused, match="nothing but a new cut"):
        ingest(production, [tmp_path / "more"])
    (tmp_path / "lens.xml").write_text("<lensdatabase/>")
    with pytest.raises(Refused, match="nothing but a new cut"):
        ingest(production, [tmp_path / "lens.xml"])
    cut = current_cut(production)
    assert cut is not None
    with pytest.raises(Refused, match="file of its own"):
        ingest(production, [Path(cut.path)])
