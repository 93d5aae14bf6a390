"""Copies off a card: each byte is read from the card once, hashed on the way, written, flushed, read back from the disk and compared.

Three hands work at once, so that the card never waits for a hash or a flush: one reads and hashes (XXH128), one writes, and one comes
behind, flushes, reads back what lies on the disk and hashes that twice: XXH128 has to agree with what came off the card, SHA-256 goes into
the catalogue. A file takes its name only when both agree.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, Protocol

import xxhash

from answerprint.production import BadInput
from answerprint.production.atomic import sync_folder, write_failure
from answerprint.provenance.digests import FileDigests

_BLOCK = 8 << 20
_BLOCKS = 12  # 96 MiB on the way from the card to the disk, however large the file
_BEHIND = 64 << 20  # bytes written before they are flushed and read back
_PATIENCE_S = 0.2


class Source(Protocol):
    """A file being read; ``open(path, "rb", buffering=0)`` is one."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def close(self) -> None: ...


def _opened(path: Path) -> Source:
    return path.open("rb", buffering=0)


@dataclass(eq=False)
class _File:
    source: Path
    place: Path
    handle: int = -1
    size: int = 0
    told: Any = field(default_factory=xxhash.xxh3_128)
    back: Any = field(default_factory=xxhash.xxh3_128)
    proof: Any = field(default_factory=hashlib.sha256)
    checked: int = 0

    @property
    def unfinished(self) -> Path:
        return self.place.with_name(f".{self.place.name}.part")


def copy_files(
    pairs: Iterable[tuple[Path, Path]],
    tell: Callable[[Path], None] = lambda source: None,
    opened: Callable[[Path], Source] = _opened,
) -> dict[Path, FileDigests]:
    """Copy each (source, place), and return what is at each place: its digests, as read back from there.

    Folders are made, a file that is there is replaced, the time of the last change is kept. ``tell`` hears of each source before it is
    read. Raises BadInput for a source that cannot be read to its end, a copy that reads back otherwise, a full disk; what was
    whole by then stays, nothing half written does.
    """
    line = _Line()
    try:
        for source, place in pairs:
            tell(source)
            line.send(_File(source, place), opened)
    finally:
        line.finish()
    return line.done


class _Line:
    """The two hands behind the reader, and what goes between them."""

    def __init__(self) -> None:
        self.done: dict[Path, FileDigests] = {}
        self._fault: BaseException | None = None
        self._free: Queue[bytearray] = Queue()
        self._written: Queue[tuple[_File, bytearray | None, int] | None] = Queue(_BLOCKS)
        self._checked: Queue[tuple[_File, int, bool] | None] = Queue()
        self._open: set[_File] = set()
        for _ in range(_BLOCKS):
            self._free.put(bytearray(_BLOCK))
        self._hands = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in (self._write, self._check)]
        for hand in self._hands:
            hand.start()

    def send(self, file: _File, opened: Callable[[Path], Source]) -> None:
        """Read a source to its end."""
        try:
            stream = opened(file.source)
        except OSError as error:
            raise _unreadable(file, error) from None
        try:
            self._open.add(file)
            while self._block(file, stream):
                pass
        finally:
            stream.close()
        self._put((file, None, 0))

    def finish(self) -> None:
        """Wait for what is on its way; raises what went wrong behind the reader. Nothing half written is left."""
        told = False
        while self._hands[0].is_alive() and not told:
            with suppress(Full):
                self._written.put(None, timeout=_PATIENCE_S)
                told = True
        for hand in self._hands:
            hand.join()
        for file in self._open:
            with suppress(OSError):
                if file.handle >= 0:
                    os.close(file.handle)
            with suppress(OSError):
                file.unfinished.unlink(missing_ok=True)
        if self._fault is not None:
            raise self._fault

    def _block(self, file: _File, stream: Source) -> int:
        buffer = self._take()
        view = memoryview(buffer)
        filled = 0
        try:
            while filled < _BLOCK and (count := stream.readinto(view[filled:])):
                filled += count
        except OSError as error:
            raise _unreadable(file, error) from None
        file.told.update(view[:filled])
        if filled:
            self._put((file, buffer, filled))
        else:
            self._free.put(buffer)
        return filled

    def _write(self) -> None:
        while (part := self._written.get()) is not None:
            file, buffer, count = part
            try:
                if file.handle < 0:
                    file.place.parent.mkdir(parents=True, exist_ok=True)
                    file.handle = os.open(file.unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
                if buffer is not None:
                    view = memoryview(buffer)[:count]
                    while view:
                        view = view[os.write(file.handle, view) :]
                    view.release()
            except OSError as error:
                raise write_failure(file.place, error) from None
            file.size += count
            if buffer is not None:
                self._free.put(buffer)
            if buffer is None or file.size // _BEHIND > (file.size - count) // _BEHIND:
                self._checked.put((file, file.size, buffer is None))
        self._checked.put(None)

    def _check(self) -> None:
        block = memoryview(bytearray(_BLOCK))
        while (part := self._checked.get()) is not None:
            file, upto, last = part
            try:
                os.fsync(file.handle)
                # What the system still holds is let go of, so that what is read back comes from the disk.
                os.posix_fadvise(file.handle, file.checked, upto - file.checked, os.POSIX_FADV_DONTNEED)
                while file.checked < upto and self._fault is None:
                    count = os.preadv(file.handle, [block[: min(_BLOCK, upto - file.checked)]], file.checked)
                    if count == 0:
                        raise _otherwise(file)
                    file.proof.update(block[:count])
                    file.back.update(block[:count])
                    file.checked += count
                if last and self._fault is None:
                    self._name(file)
            except OSError as error:
                raise write_failure(file.place, error) from None

    def _name(self, file: _File) -> None:
        if file.back.digest() != file.told.digest():
            raise _otherwise(file)
        stated = file.source.stat()
        if stated.st_size != file.size:
            raise BadInput(file.source, "changed while it was copied", "wait until it is whole, then ingest again")
        os.utime(file.handle, ns=(stated.st_atime_ns, stated.st_mtime_ns))
        os.close(file.handle)
        file.handle = -1
        file.unfinished.replace(file.place)
        sync_folder(file.place.parent)
        self.done[file.place] = FileDigests(file.proof.hexdigest(), file.back.hexdigest(), file.size)
        self._open.discard(file)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            self._fault = self._fault or fault
            self._checked.put(None)

    def _take(self) -> bytearray:
        while self._fault is None:
            with suppress(Empty):
                return self._free.get(timeout=_PATIENCE_S)
        raise _Stopped

    def _put(self, part: tuple[_File, bytearray | None, int] | None) -> None:
        while self._fault is None:
            with suppress(Full):
                return self._written.put(part, timeout=_PATIENCE_S)
        raise _Stopped


class _Stopped(Exception):
    """One of the hands behind has stopped; why is raised at the end."""


def _otherwise(file: _File) -> BadInput:
    return BadInput(file.source, "the copy is not the same as the original", "check the disk or the cable, then ingest again")


def _unreadable(file: _File, error: OSError) -> BadInput:
    return BadInput(file.source, f"cannot be read: {error.strerror or error}", "check the card or the cable, then ingest again")
