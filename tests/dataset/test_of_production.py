"""Locking a production: what is signed, and what is refused by name afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from answerprint.dataset.of_production import lock_assets, lock_in_force, lock_production, locked_root, manifest_of, require_locked
from answerprint.ingest.into_catalogue import ingest
from answerprint.passes.catalogue import dispatch
from answerprint.production import BadInput, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip
from answerprint.provenance.verify import verify
from tests.made_footage import exr_folder, movie


@pytest.fixture
def material(tmp_path: Path) -> Path:
    exr_folder(tmp_path / "m" / "A001C001_12A_T1")
    movie(tmp_path / "m" / "B001C001_12A_T1.mp4")
    (tmp_path / "m" / "shopping list.txt").write_text("bread")
    return tmp_path / "m"


@pytest.fixture
def production(tmp_path: Path, material: Path) -> Iterator[Production]:
    with Production.create(tmp_path / "production", "x", 24) as made:
        ingest(made, [material], hash_list=False)
        yield made


def test_every_frame_and_file_is_signed_for(production: Production) -> None:
    made = lock_production(production, "ada")
    assert len(made.snapshot.assets) == 5
    assert [entry["path"].rsplit("/", 1)[-1] for entry in made.snapshot.excluded] == ["shopping list.txt"]
    assert locked_root(production) == made.snapshot.root == require_locked(production)
    assert verify(production.root).intact


def test_locking_again_what_is_unchanged_gives_the_same_root(production: Production) -> None:
    first = lock_production(production, "ada").snapshot
    assert lock_production(production, "ada").snapshot.root == first.root


def test_what_answerprint_makes_or_finds_out_does_not_touch_the_lock(production: Production) -> None:
    lock_production(production, "ada")
    with production.session() as session:
        clip = session.scalars(select(Clip)).first()
        assert clip is not None
        clip.caption, clip.grade = {"shots": []}, {"cdl": {}}
        clip.asset.details = {**clip.asset.details, "proxy": "proxies/x.mp4", "proxy_of": "0"}
        session.add(Asset(path="versions/x", kind="matte", origin="made"))
    require_locked(production)


def test_a_changed_byte_is_refused_by_name(production: Production, material: Path) -> None:
    lock_production(production, "ada")
    frame = next((material / "A001C001_12A_T1").iterdir())
    data = bytearray(frame.read_bytes())
    data[-1] ^= 1
    frame.write_bytes(data)
    with pytest.raises(Refused, match=rf"{frame.name}: refused: the locked dataset was changed: altered"):
        require_locked(production)


def test_a_dropped_permission_is_refused_by_name(production: Production) -> None:
    lock_production(production, "ada")
    with production.session() as session:
        asset = session.scalars(select(Asset).where(Asset.path.like("%B001%"))).one()
        next(one for one in asset.permissions if one.purpose == "train").allowed = False
    with pytest.raises(Refused, match=r"B001C001_12A_T1\.mp4.*no longer allowed to train"):
        require_locked(production)


def test_changed_metadata_is_refused_by_name(production: Production) -> None:
    lock_production(production, "ada")
    with production.session() as session:
        asset = session.scalars(select(Asset).where(Asset.path.like("%B001%"))).one()
        asset.details = {**asset.details, "take": "7"}
    with pytest.raises(Refused, match=r"B001C001_12A_T1\.mp4.*metadata"):
        require_locked(production)


def test_an_added_asset_is_refused_by_name(production: Production) -> None:
    lock_production(production, "ada")
    with production.session() as session:
        session.add(Asset(path="/elsewhere/new.mov", kind="camera", sha256="0" * 64))
    with pytest.raises(Refused, match=r"new\.mov.*added"):
        require_locked(production)


def test_work_stands_on_the_lock_and_on_nothing_while_there_is_none(production: Production) -> None:
    assert lock_in_force(production) == ""
    made = lock_production(production, "ada")
    assert lock_in_force(production) == made.snapshot.root


def test_no_pass_starts_once_a_locked_byte_is_changed_even_if_its_time_is_set_back(production: Production, material: Path) -> None:
    lock_production(production, "ada")
    frame = sorted((material / "A001C001_12A_T1").iterdir())[1]
    times = (frame.stat().st_atime_ns, frame.stat().st_mtime_ns)
    data = bytearray(frame.read_bytes())
    data[-5] ^= 1
    frame.write_bytes(bytes(data))
    os.utime(frame, ns=times)
    with pytest.raises(Refused, match=rf"{frame.name}: refused: the locked dataset was changed: altered"):
        dispatch(production, "caption", [], {}, "ada")


def test_no_pass_starts_once_a_permission_was_taken_away_or_a_file_added(production: Production, material: Path) -> None:
    lock_production(production, "ada")
    with production.session() as session:
        asset = session.scalars(select(Asset).where(Asset.kind == "camera").order_by(Asset.path)).first()
        assert asset is not None
        asset.permissions[0].allowed = False
    with pytest.raises(Refused, match="the locked dataset was changed"):
        dispatch(production, "caption", [], {}, "ada")
    with production.session() as session:
        session.get_one(Asset, asset.id).permissions[0].allowed = True
    assert lock_in_force(production)
    movie(material / "C001C001_12A_T1.mp4")
    with production.session() as session:
        session.add(Asset(path=str(material / "C001C001_12A_T1.mp4"), kind="camera", origin="in place", sha256="0" * 64))
    with pytest.raises(Refused, match=r"C001C001_12A_T1.mp4: refused: .* added"):
        dispatch(production, "caption", [], {}, "ada")


def test_a_file_that_changed_since_ingest_cannot_be_locked(production: Production, material: Path) -> None:
    (material / "B001C001_12A_T1.mp4").write_bytes(b"other")
    with pytest.raises(Refused, match="other bytes than when it was ingested"):
        lock_production(production, "ada")
    assert locked_root(production) is None


def test_locking_anew_needs_a_reason_and_keeps_the_earlier_lock(production: Production) -> None:
    first = lock_production(production, "ada").snapshot
    with production.session() as session:
        asset = session.scalars(select(Asset).where(Asset.path.like("%B001%"))).one()
        next(one for one in asset.permissions if one.purpose == "train").allowed = False
    with pytest.raises(Refused, match="--anew"):
        lock_production(production, "ada")
    second = lock_production(production, "ada", why="consent for training was withdrawn").snapshot
    assert second.root != first.root
    assert (manifest_of(production).parent / f"dataset.{first.root[:16]}.json").exists()


def test_an_empty_production_cannot_be_locked(tmp_path: Path) -> None:
    with Production.create(tmp_path / "empty", "x", 24) as production:
        assert lock_assets(production) == []
        with pytest.raises(BadInput, match="nothing to lock"):
            lock_production(production, "ada")
