"""An artist's frames come back: a version with its parent, delivered again and again, whatever is run after it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from answerprint.cli.main import main
from answerprint.dataset.of_production import lock_production
from answerprint.deliver.naming import DEFAULT_TEMPLATE, name_pattern, parse_template
from answerprint.deliver.package import Naming
from answerprint.editorial.timeline import read_timeline
from answerprint.ingest.into_catalogue import ingest
from answerprint.media.exr import read_exr, write_exr
from answerprint.passes.catalogue import dispatch
from answerprint.passes.delivered import deliver, delivered_names
from answerprint.passes.delivery_job import packages, submit_delivery
from answerprint.passes.delivery_settings import DeliverySettings
from answerprint.passes.returned import returned_under, take_back
from answerprint.passes.review import decide
from answerprint.passes.shots import ensure_shots
from answerprint.production.catalogue import Production
from answerprint.production.tables import Version
from answerprint.provenance.audit import audit_frame, ledgers_for
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.verify import verify
from tests.passes.test_main_job import AP1, COUNT, _cleaned, _silent, _worked, material

__all__ = ["material"]


def _deliver(production: Production, out: Path) -> dict:
    return deliver(production, "nuke", out, _silent, Naming(), movie=False)


def _paint(
    out: Path, name: str, into: Path, called: str, value: float = 0.5, frames: range = range(COUNT), tag: bool = True
) -> Path:
    """An artist's render: the delivered frames with a square painted in a corner nothing was done in."""
    into.mkdir(parents=True, exist_ok=True)
    for number in frames:
        frame = read_exr(out / "frames" / name / f"{name}.{1001 + number}.exr")
        planes = {channel: plane.copy() for channel, plane in frame.planes.items()}
        for plane in planes.values():
            plane[2:12, 2:12] = np.float16(value)
        write_exr(into / f"{called}.{1001 + number}.exr", planes, attributes={"chromaticities": AP1} if tag else {}, timecode=frame.header.timecode, rate=24)  # fmt: skip
    return into


def _versions(production: Production) -> list[Version]:
    with production.session() as session:
        return list(session.scalars(select(Version).order_by(Version.number)))


@pytest.fixture(scope="module")
def first_delivery(material: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a production, its clean-up approved, and the package of it for Nuke; and the name of its one shot."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSWERPRINT_HOME", str(folder / "home"))
        with Production.create(folder / "production", "Pier", 24) as made:
            ingest(made, [material], hash_list=False)
            ensure_shots(made)
            decide(made, _cleaned(made).id, "Ada", "approved")
            return folder, _deliver(made, folder / "nuke")["shots"]["7A_0010"]


@pytest.fixture
def delivered(first_delivery: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Production, Path, str]]:
    """A copy of it, to work on."""
    shutil.copytree(first_delivery[0], tmp_path / "own")
    with Production.open(tmp_path / "own" / "production") as production:
        yield production, tmp_path / "own" / "nuke", first_delivery[1]


def test_a_comp_comes_back_survives_a_re_run_and_is_delivered_again(delivered, capsys) -> None:
    production, out, name = delivered
    lock_production(production, "Ada")
    before = [(e.number, e.reel, e.record_in) for e in read_timeline(out / "edit" / "Pier.edl", 24).events]
    theirs = _paint(out, name, out / "artist" / "7A_0010", name.replace("v001", "v002"))

    assert main(["ingest", str(production.root), str(out), "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(v["shot"], v["version"], v["parent"], v["frames"]) for v in said["versions"]] == [("7A_0010", 2, 1, COUNT)]
    version = _versions(production)[1]
    assert version.status == "to review" and version.figures["returned"]["digest"] == said["versions"][0]["digest"]
    assert (production.root / version.path / "review" / "picture.mp4").is_file()
    rows = read_ledger(production.path("ledger") / f"{version.job_id}.ledger.jsonl")
    assert rows.sealed and {source["role"] for source in rows.frames[0]["sources"]} == {"plate", "parent"}

    decide(production, version.id, "Ada", "approved")
    _worked(production, dispatch(production, "cleanup", [], {"preset": "gentle"}, "Ada"))
    again = _versions(production)[2]
    decide(production, again.id, "Ada", "approved")
    told = _deliver(production, out)
    assert told["shots"]["7A_0010"] == "Pier_7A_0010_cleanup_AP_v002"
    assert any("the artist's v002 is delivered" in line for line in told["attention"])
    shown = read_exr(out / "frames" / told["shots"]["7A_0010"] / f"{told['shots']['7A_0010']}.1005.exr")
    assert all((plane[2:12, 2:12] == np.float16(0.5)).all() for plane in shown.planes.values())
    assert len(list(theirs.glob("*_v002.*.exr"))) == COUNT and len(told["kept"]) == COUNT
    assert (out / "layers" / told["shots"]["7A_0010"] / "fill").is_dir()
    assert [(e.number, e.reel, e.record_in) for e in read_timeline(out / "edit" / "Pier.edl", 24).events] == before
    assert verify(out).intact
    place = out / "frames" / told["shots"]["7A_0010"] / f"{told['shots']['7A_0010']}.1005.exr"
    history = audit_frame(ledgers_for(place), place)
    assert history["approvals"][0]["who"] == "Ada" and history["class"] == "A", "a set with nobody in it"
    assert _deliver(production, out)["shots"] == told["shots"]

    decide(production, version.id, "Ada", "rejected", "ours after all")
    assert _deliver(production, out)["shots"]["7A_0010"] == "Pier_7A_0010_cleanup_AP_v003"


def test_what_only_touches_the_treated_part_keeps_the_class_of_its_parent(delivered, tmp_path) -> None:
    production, out, name = delivered
    folder = tmp_path / "back"
    folder.mkdir()
    for file in (out / "frames" / name).glob("*.exr"):
        (folder / file.name.replace("v001", "v002")).write_bytes(file.read_bytes())
    _worked(production, take_back(production, returned_under(production, [folder])[folder], "Ada").jobs)
    version = _versions(production)[1]
    assert version.figures["class"] == _versions(production)[0].figures["class"] and version.figures["parent"] == 1


def test_the_same_frames_twice_are_one_version_and_a_package_alone_is_none(delivered) -> None:
    production, out, name = delivered
    assert returned_under(production, [out]) == {}
    _paint(out, name, out / "artist" / "7A_0010", f"{name}_comp", tag=False)
    found = returned_under(production, [out])[out]
    first = take_back(production, found, "Ada")
    assert [v["version"] for v in first.versions] == [2] and "ACEScg" in first.problems[0]
    second = take_back(production, found, "Ada")
    assert not second.jobs and "already, as v002" in second.problems[0]
    assert found[0].task == "comp"


@pytest.mark.parametrize(("frames", "said"), [(range(4, 12), "frames 1005 to 1012"), ([0, 1, 3], "frame 1003 is missing")])
def test_frames_that_are_not_all_there_are_refused_by_name(delivered, tmp_path, frames, said) -> None:
    production, out, name = delivered
    folder = _paint(out, name, tmp_path / "back", name.replace("v001", "v002"), frames=frames)
    done = take_back(production, returned_under(production, [folder])[folder], "Ada")
    assert not done.jobs and said in done.problems[0] and len(_versions(production)) == 1


def test_names_are_known_by_their_shot_whatever_vendor_task_and_episode_they_say() -> None:
    pattern = name_pattern(parse_template(DEFAULT_TEMPLATE), "7A", "0010")
    for name in ("Pier_7A_0010_cleanup_AP_v001", "pier_101_7a_0010_paint_XY_v012", "Pier_7A_0010_comp_v03", "Pier_7A_0010_cleanup_AP_v001_comp"):  # fmt: skip
        assert pattern.fullmatch(name), name
    for name in ("Pier_7A_0020_cleanup_AP_v001", "Pier_7A_0010_cleanup_AP", "7B_0010_v001", "Pier_7A_0010_v001_a_b"):
        assert not pattern.fullmatch(name), name


def test_a_package_the_page_asks_for_is_written_by_the_queue_and_remembered(delivered) -> None:
    production, _, _ = delivered
    _worked(production, [submit_delivery(production, DeliverySettings(receiver="archive", vendor="XY", movie=False), "Ines")])
    (made,) = packages(production)
    assert made["receiver"] == "archive" and verify(production.root / "deliveries" / "archive").intact
    assert delivered_names(production)["Pier_7A_0010_cleanup_XY_v001"]["version"] == 1
