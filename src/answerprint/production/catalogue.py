"""A production on disk: its folder, its marker file and its catalogue database."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from answerprint.production.atomic import exclusive, write_atomically
from answerprint.production.errors import BadInput
from answerprint.production.timecode import frame_rate

MARKER = "answerprint.json"
DATABASE = "catalogue.sqlite"
MIGRATIONS = Path(__file__).with_name("migrations")
_FORMAT = "answerprint-production/1"
_PATIENCE_MS = 30_000
"""How long a writer waits for another before it gives up."""

Folder = Literal[
    "cache", "proxies", "thumbnails", "ledger", "lock", "versions", "logs", "jobs", "material", "spatial", "editorial", "deliveries"
]


class Production:
    """An open production. ``root`` is its folder; ``name`` and ``rate`` are as they were given to ``new``.

    One object serves all threads of a process; every process opens its own.
    """

    def __init__(self, root: Path, name: str, rate: Fraction, identity: str, engine: Engine) -> None:
        self.root = root
        self.name = name
        self.rate = rate
        self.identity = identity
        self.engine = engine
        self._open: ContextVar[tuple[int, Session] | None] = ContextVar("session", default=None)

    @classmethod
    def create(cls, folder: str | Path, name: str, rate: str | float | Fraction) -> Production:
        """Make an empty production in ``folder``, which must be new or empty.

        Raises BadInput when the folder holds something already, cannot be written, or the rate is none.
        """
        root = Path(folder).expanduser().absolute()
        exact = frame_rate(rate)
        if not name.strip() or not name.isprintable():
            raise BadInput(root, f"{name!r} is not a name for a production", "give --name with one or more letters")
        if (root / MARKER).exists():
            raise BadInput(root, "is a production already", "choose another folder, or use the one that is there")
        with _said_plainly(root):
            root.mkdir(parents=True, exist_ok=True)
            foreign = [
                entry.name for entry in root.iterdir() if not entry.name.startswith((DATABASE, f".{MARKER}", ".answerprint"))
            ]
            if foreign:
                raise BadInput(root, f"is not empty (it holds {sorted(foreign)[0]!r})", "choose a new or empty folder")
            identity = uuid.uuid4().hex
            engine = _engine(root, identity)
            _migrate(root, engine)
            # The marker comes last: a folder is a production only once everything else is there.
            marker = {"format": _FORMAT, "id": identity, "name": name, "rate": str(exact)}
            write_atomically(root / MARKER, json.dumps(marker, ensure_ascii=False, indent=2) + "\n")
        return cls(root, name, exact, identity, engine)

    @classmethod
    def open(cls, folder: str | Path) -> Production:
        """Open the production in ``folder`` and bring its catalogue up to date.

        Raises BadInput when there is none, its marker or catalogue is damaged, it comes from a newer
        Answerprint, or it cannot be written.
        """
        root = Path(folder).expanduser().absolute()
        marker = _marker(root)
        engine = _engine(root, marker["id"])
        with _said_plainly(root):
            if engine.dialect.name == "sqlite" and not (root / DATABASE).is_file():
                raise BadInput(root / DATABASE, "the catalogue is missing", "restore it from a backup")
            _migrate(root, engine)
        return cls(root, marker["name"], frame_rate(marker["rate"]), marker["id"], engine)

    def path(self, kind: Folder) -> Path:
        """The production's folder of this kind, made if missing."""
        if kind not in get_args(Folder):
            raise ValueError(f"a production has no folder {kind!r}")
        folder = self.root / kind
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A unit of work: committed when the body ends, rolled back when it raises.

        It takes the catalogue's one write turn at once (others wait), so keep the body short and do no
        picture work in it. Opened again inside itself, it is the same session. Objects stay readable after.
        """
        held = self._open.get()
        if held is not None and held[0] == threading.get_ident():
            yield held[1]
            return
        with Session(self.engine, expire_on_commit=False) as session:
            self._open.set((threading.get_ident(), session))
            try:
                with session.begin():
                    yield session
            finally:
                self._open.set(None)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view of the catalogue that never waits for writers. Nothing is saved."""
        with Session(self.engine.execution_options(answerprint_reading=True), expire_on_commit=False, autoflush=False) as session:
            yield session

    def close(self) -> None:
        """Let go of the database connections."""
        self.engine.dispose()

    def __enter__(self) -> Production:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_production(folder: str | Path) -> bool:
    """Whether ``folder`` carries a production's marker."""
    return (Path(folder) / MARKER).is_file()


def _marker(root: Path) -> dict[str, str]:
    try:
        marker = json.loads((root / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput(root, f"is not a production (no {MARKER})", "give a folder made by 'answerprint new'") from None
    except OSError as error:
        raise BadInput(root / MARKER, f"cannot be read ({error.strerror})", "check its permissions") from None
    except ValueError:
        marker = None
    if not isinstance(marker, dict) or not all(isinstance(marker.get(key), str) for key in ("format", "id", "name", "rate")):
        raise BadInput(root / MARKER, "is damaged", "restore it from a backup")
    if marker["format"] != _FORMAT:
        raise BadInput(root / MARKER, f"has the format {marker['format']!r}", "open it with the Answerprint that made it")
    return marker


def _engine(root: Path, identity: str) -> Engine:
    """SQLite beside the marker, or the facility's PostgreSQL with one schema for each production."""
    named = os.environ.get("ANSWERPRINT_DATABASE")
    if not named:
        engine = create_engine(URL.create("sqlite", database=str(root / DATABASE)), connect_args={"timeout": _PATIENCE_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        url = make_url(named)
        engine = create_engine(url, pool_pre_ping=True, connect_args={"options": f"-csearch_path=answerprint_{identity}"})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise BadInput(
            "ANSWERPRINT_DATABASE",
            f"cannot be used ({str(error).splitlines()[0]})",
            "give a PostgreSQL URL and install its driver, or unset it to use SQLite",
        ) from None
    if url.get_backend_name() != "postgresql":
        raise BadInput(
            "ANSWERPRINT_DATABASE", f"names {url.get_backend_name()!r}", "give a PostgreSQL URL, or unset it to use SQLite"
        )
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Answerprint says BEGIN itself (below); Python's own transaction handling would begin too late.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_PATIENCE_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between, without
    # waiting. Taking the write turn at the start makes it wait its turn instead.
    reading = connection.get_execution_options().get("answerprint_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def newest_migration() -> str:
    """The name of the last migration this Answerprint knows."""
    return max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(root: Path, engine: Engine) -> None:
    """Run the migrations that are due, one process at a time; cheap when there are none."""
    newest = newest_migration()
    if _migration(engine) == newest:
        return
    with exclusive(root / ".answerprint-migrating"):
        present = _migration(engine)
        if present == newest:
            return
        if present is not None and present > newest:
            raise BadInput(
                root, f"was used with a newer Answerprint (catalogue {present}, this one knows {newest})", "update Answerprint"
            )
        upgrade(engine)


def upgrade(engine: Engine) -> None:
    """Run every pending migration in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{connection.scalar(text("SHOW search_path"))}"'))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _migration(engine: Engine) -> str | None:
    with engine.execution_options(answerprint_reading=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: Any = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found if found is None else str(found)


@contextmanager
def _said_plainly(root: Path) -> Iterator[None]:
    """Turn what the system says about folders and databases into one clear line."""
    try:
        yield
    except (OperationalError, DatabaseError) as error:
        said = str(error.orig)
        if "readonly" in said or "unable to open" in said:
            raise BadInput(root, "cannot be written", "choose a folder you may write to") from None
        if "full" in said:
            raise BadInput(root, "the disk is full", "free some space and run it again") from None
        if "locked" in said:
            raise BadInput(root, "the catalogue is held by another process", "wait for it to finish, then run it again") from None
        raise BadInput(
            root,
            f"the catalogue cannot be used ({said.splitlines()[0]})",
            "restore it from a backup, or check ANSWERPRINT_DATABASE",
        ) from None
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise BadInput(root, "cannot be written", "choose a folder you may write to") from None
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BadInput(root, "the disk is full", "free some space and run it again") from None
        raise BadInput(root, f"cannot be used as a folder ({error.strerror})", "choose another folder") from None
