"""A production on disk: made, opened, refused in one clear line."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from answerprint.production import BadInput, catalogue
from answerprint.production.atomic import exclusive, replacing, sweep, write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.home import cache_folder, home_folder
from answerprint.production.tables import Asset, Performer, Permission, Table


def test_a_production_is_found_again_as_it_was_made(tmp_path: Path) -> None:
    Production.create(tmp_path / "p", "Night Train", "23.976").close()
    with Production.open(tmp_path / "p") as production:
        assert (production.name, production.rate) == ("Night Train", Fraction(24000, 1001))


def test_names_in_any_script_work(tmp_path: Path) -> None:
    folder = tmp_path / "Büro 東京 — ночь"
    Production.create(folder, "Ænigma 東京", 24).close()
    assert Production.open(folder).name == "Ænigma 東京"


def test_models_and_migrations_agree(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production, production.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Table.metadata) == []


def test_the_newest_migration_is_the_head_of_the_chain() -> None:
    assert ScriptDirectory(str(catalogue.MIGRATIONS)).get_current_head() == catalogue.newest_migration()


def test_opening_runs_migrations_that_are_due(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production, production.engine.begin() as connection:
        for table in reversed(Table.metadata.sorted_tables):
            table.drop(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    with Production.open(tmp_path) as production, production.session() as session:
        assert session.scalars(select(Asset)).all() == []


def test_a_catalogue_of_a_newer_answerprint_is_refused(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production, production.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadInput, match="newer Answerprint"):
        Production.open(tmp_path)


def test_the_catalogue_keeps_its_own_rules(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production, production.reading() as session:
        pragma = {name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "busy_timeout")}
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_failed_unit_of_work_leaves_nothing(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production:
        with pytest.raises(ZeroDivisionError), production.session() as session:
            session.add(Performer(name="Ada"))
            session.flush()
            raise ZeroDivisionError
        with production.session() as session:
            assert session.scalars(select(Performer)).all() == []


def test_a_session_inside_a_session_is_the_same_one(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production, production.session() as outer:
        asset = Asset(path="a", kind="camera")
        outer.add(asset)
        with production.session() as inner:
            inner.add(Permission(asset=asset, purpose="train", allowed=False))
        assert inner is outer
    with production.session() as session:
        assert session.scalars(select(Permission)).one().asset.path == "a"


def test_writers_that_read_first_wait_for_each_other(tmp_path: Path) -> None:
    with Production.create(tmp_path, "x", 24) as production:
        with production.session() as session:
            session.add(Asset(path="a", kind="camera", size=0))

        def add_one() -> None:
            for _ in range(10):
                with production.session() as session:
                    asset = session.scalars(select(Asset)).one()
                    asset.size += 1

        threads = [threading.Thread(target=add_one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with production.reading() as session:
            assert session.scalars(select(Asset)).one().size == 40


def test_a_new_production_wants_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(BadInput, match="not empty"):
        Production.create(tmp_path, "x", 24)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_production_is_not_made_twice(tmp_path: Path) -> None:
    Production.create(tmp_path, "x", 24).close()
    with pytest.raises(BadInput, match="already"):
        Production.create(tmp_path, "y", 25)
    assert Production.open(tmp_path).name == "x"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "answerprint-production/1", "id": 3, "name": "x", "rate": "24"}'])
def test_a_damaged_marker_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / catalogue.MARKER).write_text(content)
    with pytest.raises(BadInput, match=r"answerprint\.json: is damaged"):
        Production.open(tmp_path)


def test_a_folder_without_marker_is_no_production(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a production"):
        Production.open(tmp_path)


def test_a_damaged_catalogue_is_named(tmp_path: Path) -> None:
    Production.create(tmp_path, "x", 24).close()
    for left in tmp_path.glob(catalogue.DATABASE + "*"):
        left.unlink()
    with pytest.raises(BadInput, match="catalogue is missing"):
        Production.open(tmp_path)
    (tmp_path / catalogue.DATABASE).write_bytes(b"no database" * 1000)
    with pytest.raises(BadInput, match="catalogue cannot be used"):
        Production.open(tmp_path)


def _make_as_nobody(folder: str, answers: multiprocessing.Queue[str]) -> None:
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        Production.create(folder, "x", 24)
        answers.put("made")
    except BadInput as error:
        answers.put(str(error))


def test_a_read_only_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    for place in [tmp_path, *tmp_path.parents[:3]]:
        place.chmod(place.stat().st_mode | 0o055)
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_make_as_nobody, args=(str(folder), answers))
    process.start()
    assert "cannot be written; choose a folder you may write to" in answers.get(timeout=30)
    process.join()
    assert list(folder.iterdir()) == []


def test_a_wrong_rate_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="frame rate"):
        Production.create(tmp_path / "p", "x", "fast")
    assert not (tmp_path / "p").exists()


def test_an_unfinished_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "notes.json"
    write_atomically(target, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="disk is full"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.json"]


def test_what_a_killed_process_left_unfinished_is_swept_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys; from pathlib import Path; from answerprint.production.atomic import replacing\n"
            "with replacing(Path(sys.argv[1]) / 'frames' / 'a.exr') as part: part.write_bytes(b'half'); os.kill(os.getpid(), 9)",
            str(tmp_path),
        ]
    )
    assert killed.returncode == -9
    assert len(list((tmp_path / "frames").iterdir())) == 1
    with replacing(tmp_path / "frames" / "b.exr") as part:
        assert sweep(tmp_path) == 1
        assert list((tmp_path / "frames").iterdir()) == [part]


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock") as first, exclusive(tmp_path / "lock", wait=False) as second:
        assert (first, second) == (True, False)
    with exclusive(tmp_path / "lock", wait=False) as third:
        assert third


def test_home_and_cache_are_where_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    assert (home_folder(), cache_folder()) == (tmp_path / "home", tmp_path / "cache")
    assert home_folder().stat().st_mode & 0o077 == 0


def test_a_database_that_is_not_postgresql_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_DATABASE", "mysql://somewhere/x")
    with pytest.raises(BadInput, match="ANSWERPRINT_DATABASE"):
        Production.create(tmp_path / "p", "x", 24)


def test_the_marker_says_name_and_rate_plainly(tmp_path: Path) -> None:
    Production.create(tmp_path, "東京", "23.976").close()
    written = (tmp_path / catalogue.MARKER).read_text(encoding="utf-8")
    assert "東京" in written
    assert json.loads(written)["rate"] == "24000/1001"
