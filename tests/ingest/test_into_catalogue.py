"""Ingest as a whole: what lands in the catalogue, what is refused, what is listed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from answerprint.ingest.into_catalogue import ingest
from answerprint.ingest.proxies import proxy_file, submit_proxies, thumbnail_file, work_on_proxy
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.media.sequence import open_sequence
from answerprint.production import BadInput, FaultFound, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Performer
from answerprint.provenance.mhl import check_hash_list
from tests.made_footage import document, exr_folder, movie

REPORT = "Clip,Reel,Camera,Scene,Setup,Take,Start TC,FPS,Circled\n"


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    with Production.create(tmp_path / "production", "Nachtzug", 24) as made:
        yield made


@pytest.fixture
def material(tmp_path: Path) -> Path:
    folder = tmp_path / "Material ü"
    exr_folder(folder / "A001C001_12A_T1")
    movie(folder / "B001C001_12A_T1.mp4")
    (folder / "report.csv").write_text(
        REPORT + "A001C001_12A_T1,A001,A,12,A,1,01:00:00:00,24,yes\nB001C001_12A_T1,B001,B,12,A,1,01:00:00:00,24,no\n"
    )
    return folder


def clips(production: Production) -> dict[str, Clip]:
    with production.reading() as session:
        return {clip.name: clip for clip in session.scalars(select(Clip))}


def assets(production: Production) -> dict[str, Asset]:
    with production.reading() as session:
        found = {Path(asset.path).name: asset for asset in session.scalars(select(Asset))}
        for asset in found.values():
            _ = asset.permissions
        return found


def allowed(asset: Asset) -> set[str]:
    return {permission.purpose for permission in asset.permissions if permission.allowed}


def test_clips_are_kept_with_what_file_and_paper_say(production: Production, material: Path) -> None:
    ingest(production, [material])
    a, b = clips(production)["A001C001_12A_T1"], clips(production)["B001C001_12A_T1"]
    assert (a.reel, a.scene, a.setup, a.take, a.camera_label, a.circled) == ("A001", "12", "A", "1", "A", True)
    assert (a.frame_count, a.width, a.height, a.rate, a.start_timecode, a.input_space) == (
        4,
        24,
        16,
        "24",
        "01:00:00:00",
        "Linear Rec.709 (sRGB)",
    )
    assert (b.reel, b.camera_label, b.start_timecode, b.circled) == ("B001", "B", "01:00:00:00", False)


def test_every_file_is_hashed_in_place(production: Production, material: Path) -> None:
    report = ingest(production, [material])
    kept = assets(production)["B001C001_12A_T1.mp4"]
    assert kept.sha256 == hashlib.sha256((material / "B001C001_12A_T1.mp4").read_bytes()).hexdigest()
    assert len(kept.xxh128) == 32
    assert kept.path == str(material / "B001C001_12A_T1.mp4")
    assert check_hash_list(material) == ([], 6)
    assert [path.parent.parent for path in report.hash_lists] == [material]


def test_a_folder_that_no_longer_agrees_with_its_hash_list_is_a_fault(production: Production, material: Path) -> None:
    ingest(production, [material])
    (material / "report.csv").write_text(REPORT)
    with pytest.raises(FaultFound, match=r"report\.csv"):
        ingest(production, [material])


def test_copies_are_verified_and_the_originals_left_alone(production: Production, material: Path) -> None:
    before = sorted(path.relative_to(material) for path in material.rglob("*"))
    ingest(production, [material], copy=True)
    copied = production.root / "material" / material.name
    assert assets(production)["B001C001_12A_T1.mp4"].path == f"material/{material.name}/B001C001_12A_T1.mp4"
    assert assets(production)["B001C001_12A_T1.mp4"].origin == "copied"
    assert all((copied / path).read_bytes() == (material / path).read_bytes() for path in before if (material / path).is_file())
    assert sorted(path.relative_to(material) for path in material.rglob("*")) == before


def test_a_second_copy_under_the_same_name_with_other_bytes_is_refused(production: Production, material: Path) -> None:
    ingest(production, [material], copy=True)
    (material / "report.csv").write_text(REPORT)
    with pytest.raises(BadInput, match="with other content"):
        ingest(production, [material], copy=True)


def test_two_clips_of_one_name_are_refused_and_nothing_is_kept(production: Production, tmp_path: Path) -> None:
    exr_folder(tmp_path / "card 1" / "A001C001", seed=1)
    exr_folder(tmp_path / "card 2" / "A001C001", seed=2)
    with pytest.raises(BadInput, match="has the clip name A001C001, and so has"):
        ingest(production, [tmp_path / "card 1", tmp_path / "card 2"])
    assert assets(production) == {}
    assert not list(tmp_path.rglob("ascmhl"))


def test_the_same_bytes_twice_are_one_clip(production: Production, tmp_path: Path) -> None:
    exr_folder(tmp_path / "card 1" / "A001C001")
    exr_folder(tmp_path / "card 2" / "A001C001")
    report = ingest(production, [tmp_path / "card 1", tmp_path / "card 2"])
    assert len(report.files) == 2
    assert "the same bytes as" in report.files[1].problems[0]
    assert len(clips(production)) == 1


def test_paper_that_comes_later_is_joined_to_what_is_there(production: Production, tmp_path: Path) -> None:
    exr_folder(tmp_path / "card" / "Plate", reel="")
    ingest(production, [tmp_path / "card"])
    assert clips(production)["Plate"].reel == ""
    (tmp_path / "report.csv").write_text(REPORT + "Plate,C007,C,3,B,2,01:00:00:00,24,yes\n")
    ingest(production, [tmp_path / "report.csv"])
    clip = clips(production)["Plate"]
    assert (clip.reel, clip.scene, clip.setup, clip.take, clip.circled) == ("C007", "3", "B", "2", True)


def test_ingesting_again_changes_nothing(production: Production, material: Path) -> None:
    first = ingest(production, [material])
    before = {name: (asset.id, asset.sha256, asset.details) for name, asset in assets(production).items()}
    second = ingest(production, [material])
    assert {name: (asset.id, asset.sha256, asset.details) for name, asset in assets(production).items()} == before
    assert second.problems == first.problems


def test_an_unreadable_film_is_named_and_the_rest_is_kept(production: Production, material: Path) -> None:
    whole = (material / "B001C001_12A_T1.mp4").read_bytes()
    (material / "broken.mov").write_bytes(whole[: len(whole) // 3])
    report = ingest(production, [material])
    assert [file.path.name for file in report.unreadable] == ["broken.mov"]
    assert any(problem.startswith("broken.mov: ") for problem in report.problems)
    assert len(clips(production)) == 2


def test_what_contradicts_itself_is_listed(production: Production, tmp_path: Path) -> None:
    movie(tmp_path / "m" / "A001C001_12A_T1.mp4", rate=30)
    (tmp_path / "m" / "report.csv").write_text(REPORT + "A001C001_12A_T1,A001,A,12,A,1,,25,yes\n")
    problems = "\n".join(ingest(production, [tmp_path / "m"]).problems)
    assert "the report says 25 frames per second, the file 30" in problems
    assert "runs at 30 frames per second, the production at 24" in problems
    assert "has no timecode" in problems
    assert "there is no rights record" in problems


def test_the_rights_sheet_says_what_an_asset_may_be_used_for(production: Production, material: Path) -> None:
    lines = [{"asset": "A001C001_12A_T1", "deny": ["train", "deliver"], "why": "stunt"}]
    document(material / "rights.json", document="rights", lines=lines, reference=["B001C001_12A_T1.mp4"])
    ingest(production, [material])
    found = assets(production)
    assert allowed(found["A001C001_12A_T1"]) == {"index", "retrieve", "generate_from"}
    assert next(one.why for one in found["A001C001_12A_T1"].permissions if one.purpose == "train") == "stunt"
    assert found["B001C001_12A_T1.mp4"].role == "reference"
    assert allowed(found["report.csv"]) == {"index", "retrieve"}


def test_consents_are_kept_by_performer(production: Production, material: Path) -> None:
    record = {"performer": "Zoë", "classes": ["B"], "scenes": ["12"], "agreed": "2026-01-02"}
    paper = document(material / "consent.json", document="consent", records=[record, {"performer": "Nobody"}])
    report = ingest(production, [material])
    with production.reading() as session:
        kept = session.scalars(select(Performer)).one()
    assert (kept.name, kept.consent["records"][0]["document"]) == ("Zoë", hashlib.sha256(paper.read_bytes()).hexdigest())
    assert any(problem.startswith("consent.json, entry 2: classes") for problem in report.problems)


def test_a_policy_among_the_papers_becomes_the_productions_own(production: Production, material: Path) -> None:
    document(material / "policy.json", document="policy", name="strict", class_d="refused")
    ingest(production, [material])
    assert "strict" in (production.root / "policy.json").read_text()


def test_a_policy_with_a_misspelt_rule_is_refused(production: Production, material: Path) -> None:
    document(material / "policy.json", document="policy", class_dd="refused")
    with pytest.raises(BadInput, match="class_dd"):
        ingest(production, [material])
    assert not (production.root / "policy.json").exists()


def test_nothing_is_added_to_a_locked_dataset(production: Production, material: Path) -> None:
    (production.path("lock") / "dataset.lock.json").write_text("{}")
    with pytest.raises(Refused, match="locked"):
        ingest(production, [material])


def test_a_path_that_is_not_there_is_bad_input(production: Production, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file or folder"):
        ingest(production, [tmp_path / "nowhere"])


def test_a_proxy_has_the_clips_frames_and_timecode(production: Production, material: Path) -> None:
    ingest(production, [material])
    assert len(submit_proxies(production, "ada")) == 2
    Dispatcher(production, work_on_proxy, InlineExecutor()).run_until_idle()
    clip = clips(production)["A001C001_12A_T1"]
    proxy = open_sequence(proxy_file(production, clip))
    assert (proxy.count, str(proxy.rate), proxy.start_timecode) == (4, "24", "01:00:00:00")
    assert thumbnail_file(production, clip).read_bytes()[:2] == b"\xff\xd8"
    assert assets(production)["A001C001_12A_T1"].details["proxy"] == "proxies/A001C001_12A_T1.mp4"
    assert submit_proxies(production, "ada") == []
