"""The book of a job: one line for every frame and every event, appended and never changed, then sealed."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from answerprint.production import BadInput, FaultFound
from answerprint.production.atomic import write_atomically
from answerprint.provenance.canonical import canonical_bytes
from answerprint.provenance.chain import BEFORE_FIRST, FORMAT, Line, Reading, Seal, read_ledger, read_line, write_line
from answerprint.provenance.keys import Signer
from answerprint.provenance.rows import EventRow, FrameRow
from answerprint.provenance.witness import remember

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """One job's ledger, open for appending.

    Appending is one write to a file opened for append, under a file lock, so that processes may share a
    ledger. Rows survive a killed process at once and a power cut after `sync` (or any event or seal).
    """

    def __init__(self, reading: Reading, clock: Clock = _now) -> None:
        self.path = reading.path
        self.job = reading.job
        self._lines = reading.lines
        self._size = reading.whole_bytes
        self._clock = clock
        self._threads = threading.Lock()
        self._current: dict[tuple[str, str, int], Line] = {}
        for line in self._lines:
            self._note(line)
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise BadInput(self.path, f"cannot be written: {error.strerror or error}", "make the ledger writable") from error

    @classmethod
    def create(cls, path: Path, job: str, *, clock: Clock = _now) -> Ledger:
        """A new ledger with its opening row. Raises BadInput when the file is already there."""
        body = {"format": FORMAT, "job": job, "when": clock().isoformat()}
        text, _ = write_line(0, "open", body, BEFORE_FIRST)
        if not write_atomically(path, text + b"\n", replace=False):
            raise BadInput(path, "is already there", "open it, or choose another job name")
        return cls(read_ledger(path), clock)

    @classmethod
    def open(cls, path: Path, *, clock: Clock = _now) -> Ledger:
        """An existing ledger. A last line torn by a killed process is cut off, and an event row says so.

        Raises BadInput when it cannot be read, FaultFound when a row before the last was altered.
        """
        reading = read_ledger(path)
        if reading.broken_line is not None:
            raise FaultFound(f"{path}: row {reading.broken_line}: {reading.broken_why}; restore the ledger before more is added.")
        torn, reading.torn = reading.torn, 0
        if torn:
            with path.open("r+b") as stream:
                stream.truncate(reading.whole_bytes)
                os.fsync(stream.fileno())
        ledger = cls(reading, clock)
        if torn:
            ledger.append_event(
                EventRow(
                    event="recovered",
                    who="answerprint",
                    when=clock(),
                    note=f"{torn} bytes of a last row that was never finished were cut off",
                )
            )
        return ledger

    @classmethod
    def at(cls, path: Path, job: str, *, clock: Clock = _now) -> Ledger:
        """The ledger at ``path``, opened if it is there and created if not. Raises BadInput if it is another job's."""
        if not path.exists() or path.stat().st_size == 0:
            path.unlink(missing_ok=True)
            return cls.create(path, job, clock=clock)
        ledger = cls.open(path, clock=clock)
        if ledger.job != job:
            ledger.close()
            raise BadInput(path, f"is the ledger of job {ledger.job!r}, not of {job!r}", "choose another folder")
        return ledger

    def append(self, row: FrameRow) -> str:
        """Add a frame row and answer its digest. A row that is already in force is not added twice."""
        return self.append_many([row])[0]

    def append_many(self, rows: Iterable[FrameRow]) -> list[str]:
        """Add frame rows in one write, all or none; answers their digests in order.

        Raises BadInput for a row of another job.
        """
        rows = list(rows)
        for row in rows:
            if row.job != self.job:
                raise BadInput(
                    self.path,
                    f"a frame row of job {row.job!r} was given to the ledger of {self.job!r}",
                    "append it to its own ledger",
                )
        return [line.digest for line in self._write([("frame", row.body()) for row in rows], sync=False)]

    def append_event(self, event: EventRow) -> str:
        """Add an event row, synced to disk, and answer its digest."""
        return self._write([("event", event.body())], sync=True)[0].digest

    def recorded(self, node: str, output: str, frame: int) -> dict[str, Any] | None:
        """The frame row in force for one output frame, or None: what a restarted job need not do again."""
        line = self._current.get((node, output, frame))
        return line.body if line else None

    def seal(self, signer: Signer, *, witness: Path | None = None) -> Seal:
        """Sign the Merkle root over all rows so far, append the seal, and let the witness remember the root.

        A ledger whose last row is this signer's seal is left as it is. More rows may follow, and another seal.
        """
        with self._held():
            if self._lines[-1].kind == "seal":
                last = Seal.from_body(self._lines[-1].body)
                if last.signer == signer.identity:
                    return last
            seal = Seal.make(self.job, self._lines, signer)
            self._put([("seal", seal.body())], sync=True)
        remember(self._lines[0].digest, seal, witness)
        return seal

    def sync(self) -> None:
        """Make every row so far survive a power cut."""
        os.fsync(self._handle)

    @property
    def lines(self) -> list[Line]:
        """Every row so far, in order."""
        return list(self._lines)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _write(self, entries: list[tuple[str, dict[str, Any]]], *, sync: bool) -> list[Line]:
        with self._held():
            return self._put(entries, sync=sync)

    def _put(self, entries: list[tuple[str, dict[str, Any]]], *, sync: bool) -> list[Line]:
        answered, fresh, text = [], [], b""
        previous, number = self._lines[-1].digest, len(self._lines)
        batch: dict[tuple[str, str, int], Line] = {}
        for kind, body in entries:
            key = (body["node"], body["output"], body["frame"]) if kind == "frame" else None
            known = batch.get(key) or self._current.get(key) if key else None
            if known is not None and canonical_bytes(known.body) == canonical_bytes(body):
                answered.append(known)
                continue
            written, line = write_line(number, kind, body, previous)
            text += written + b"\n"
            previous, number = line.digest, number + 1
            fresh.append(line)
            answered.append(line)
            if key:
                batch[key] = line
        self._store(text, sync)
        for line in fresh:
            self._lines.append(line)
            self._note(line)
        return answered

    def _store(self, text: bytes, sync: bool) -> None:
        try:
            written = os.write(self._handle, text) if text else 0
            if written != len(text):
                raise OSError(28, "no space left on device")
            if sync:
                os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, self._size)
            raise BadInput(self.path, f"cannot be written: {error.strerror or error}", "free some space and run again") from error
        self._size += len(text)

    def _catch_up(self) -> None:
        """Take in rows that another process appended since we last looked."""
        size = os.fstat(self._handle).st_size
        if size == self._size:
            return
        added = os.pread(self._handle, size - self._size, self._size) if size > self._size else b""
        if not added.endswith(b"\n"):
            raise FaultFound(f"{self.path}: the ledger was cut or torn while it was open; close it and open it again.")
        for text in added.split(b"\n")[:-1]:
            try:
                line = read_line(text, len(self._lines), self._lines[-1].digest)
            except ValueError as error:
                raise FaultFound(
                    f"{self.path}: row {len(self._lines)}: {error}; restore the ledger before more is added."
                ) from error
            self._lines.append(line)
            self._note(line)
        self._size = size

    def _note(self, line: Line) -> None:
        if line.kind == "frame":
            self._current[line.body["node"], line.body["output"], line.body["frame"]] = line

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The ledger for this thread of this process alone, with every row that others wrote taken in."""
        with self._threads:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                self._catch_up()
                yield
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
