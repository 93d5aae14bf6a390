"""Copies off a card: each byte is read from the card once, hashed on the way, written, flushed, read back from the disk and compared.

Four hands work at once, so that the card never waits for a hash or a flush: one reads and hashes (XXH128), one writes and has the system
begin to flush at once, one comes behind, flushes and reads back what lies on the disk, and one hashes that twice: XXH128 has to agree
with what came off the card, SHA-256 goes into the catalogue. A file takes its name only when both agree.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, Protocol, TypeVar

import xxhash

from answerprint.production import BadInput
from answerprint.production.atomic import sync_folder, write_failure
from answerprint.provenance.digests import FileDigests, Hash, file_digests

_BLOCK = 8 << 20
_BLOCKS = 12  # 96 MiB on the way from the card to the disk, however large the file
_BACK_BLOCKS = 4  # read back and not hashed yet
_BEHIND = 16 << 20  # bytes written before they are read back: less, and a spinning disk does nothing but seek
_PATIENCE_S = 0.2
_SYNC_FILE_RANGE: Any = getattr(ctypes.CDLL(None), "sync_file_range", None)  # Linux alone has it
_START_WRITING = 2  # SYNC_FILE_RANGE_WRITE of linux/fs.h
_Block = TypeVar("_Block", bytearray, mmap.mmap)


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
    also: Hash | None = None
    handle: int = -1
    size: int = 0
    told: Any = field(default_factory=xxhash.xxh3_128)
    back: Any = field(default_factory=xxhash.xxh3_128)
    proof: Any = field(default_factory=hashlib.sha256)
    read_back: int = 0

    @property
    def unfinished(self) -> Path:
        return self.place.with_name(f".{self.place.name}.part")

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
        self.handle = -1


def copy_files(
    pairs: Iterable[tuple[Path, Path]],
    tell: Callable[[Path], None] = lambda source: None,
    opened: Callable[[Path], Source] = _opened,
    also: Mapping[Path, Hash] | None = None,
) -> dict[Path, FileDigests]:
    """Copy each (source, place), and return what is at each place: its digests, as read back from there.

    Folders are made, a file that is there is replaced, the time of the last change is kept. ``tell`` hears of each source before it is
    read; ``also`` has further hashes by source, which are given what is read back. Raises BadInput for a source that cannot be read to its
    end, a copy that reads back otherwise, a full disk; what was whole by then stays, nothing half written does.
    """
    line = _Line()
    try:
        for source, place in pairs:
            tell(source)
            line.send(_File(source, place, (also or {}).get(source)), opened)
    finally:
        line.finish()
    return line.done


def copy_under(
    into: Path,
    root: Path,
    tell: Callable[[int, int, str], None],
    known: dict[Path, FileDigests],
    also: Mapping[Path, Hash] | None = None,
) -> Path:
    """Copy a file or a folder into the folder ``into`` under its own name, and return where it lies.

    ``known`` is told the digests of what was copied; what is there already with the same content stays as it is. Raises BadInput for a
    name that is taken by other content, and as ``copy_files`` does.
    """
    if not root.exists():
        raise BadInput(root, "there is no such file or folder", "check the path")
    files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
    target = into / root.name
    if target.exists() and any(_differs(file, target / file.relative_to(root)) for file in files):
        raise BadInput(
            root,
            f"{target.name} is in the production's material already, with other content",
            "rename the folder, then ingest again",
        )
    new = [(file, place) for file in files if not (place := target / file.relative_to(root)).exists()]
    numbers = {file: number for number, (file, _) in enumerate(new)}
    known.update(copy_files(new, lambda file: tell(numbers[file], len(new), "copies"), also=also))
    tell(len(new), len(new), "copies")
    return target


def _differs(file: Path, place: Path) -> bool:
    return place.exists() and (
        place.stat().st_size != file.stat().st_size or file_digests(place).sha256 != file_digests(file).sha256
    )


class _Line:
    """The three hands behind the reader, and what goes between them."""

    def __init__(self) -> None:
        self.done: dict[Path, FileDigests] = {}
        self._fault: BaseException | None = None
        self._free: Queue[bytearray] = Queue()
        self._written: Queue[tuple[_File, bytearray | None, int] | None] = Queue(_BLOCKS)
        self._flushing: Queue[tuple[_File, int, bool] | None] = Queue()
        self._back_free: Queue[mmap.mmap] = Queue()
        self._back: Queue[tuple[_File, mmap.mmap | None, int] | None] = Queue()
        self._open: set[_File] = set()
        for _ in range(_BLOCKS):
            self._free.put(bytearray(_BLOCK))
        for _ in range(_BACK_BLOCKS):
            self._back_free.put(mmap.mmap(-1, _BLOCK))
        works = (self._write, self._read_back, self._hash)
        self._hands = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in works]
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
                file.close()
            with suppress(OSError):
                file.unfinished.unlink(missing_ok=True)
        for folder in {place.parent for place in self.done}:
            sync_folder(folder)
        if self._fault is not None:
            raise self._fault

    def _block(self, file: _File, stream: Source) -> int:
        buffer = self._taken(self._free)
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
                    _make(file)
                if buffer is not None:
                    view = memoryview(buffer)[:count]
                    while view:
                        view = view[os.write(file.handle, view) :]
                    view.release()
                    _begin_flush(file.handle, file.size, count)
            except OSError as error:
                raise write_failure(file.place, error) from None
            file.size += count
            if buffer is not None:
                self._free.put(buffer)
            if buffer is None or file.size // _BEHIND > (file.size - count) // _BEHIND:
                self._flushing.put((file, file.size, buffer is None))
        self._flushing.put(None)

    def _read_back(self) -> None:
        while (part := self._flushing.get()) is not None:
            file, upto, last = part
            try:
                while file.read_back < upto:
                    block = self._taken(self._back_free)
                    count = _from_disk(file, block, upto)
                    if count == 0:
                        raise _otherwise(file)
                    file.read_back += count
                    self._back.put((file, block, count))
            except OSError as error:
                raise write_failure(file.place, error) from None
            if last:
                self._back.put((file, None, 0))
        self._back.put(None)

    def _hash(self) -> None:
        while (part := self._back.get()) is not None:
            file, block, count = part
            if block is None:
                self._name(file)
                continue
            with memoryview(block)[:count] as view:
                for hash_ in (file.back, file.proof, file.also):
                    if hash_ is not None:
                        hash_.update(view)
            self._back_free.put(block)

    def _name(self, file: _File) -> None:
        if file.back.digest() != file.told.digest():
            raise _otherwise(file)
        stated = file.source.stat()
        if stated.st_size != file.size:
            raise BadInput(file.source, "changed while it was copied", "wait until it is whole, then ingest again")
        try:
            os.utime(file.handle, ns=(stated.st_atime_ns, stated.st_mtime_ns))
            os.fsync(file.handle)
            # A card must not push everything else out of the machine's memory.
            os.posix_fadvise(file.handle, 0, 0, os.POSIX_FADV_DONTNEED)
            file.close()
            file.unfinished.replace(file.place)
        except OSError as error:
            raise write_failure(file.place, error) from None
        self.done[file.place] = FileDigests(file.proof.hexdigest(), file.back.hexdigest(), file.size)
        self._open.discard(file)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            self._fault = self._fault or fault
            self._flushing.put(None)
            self._back.put(None)

    def _taken(self, blocks: Queue[_Block]) -> _Block:
        while self._fault is None:
            with suppress(Empty):
                return blocks.get(timeout=_PATIENCE_S)
        raise _Stopped

    def _put(self, part: tuple[_File, bytearray | None, int] | None) -> None:
        while self._fault is None:
            with suppress(Full):
                return self._written.put(part, timeout=_PATIENCE_S)
        raise _Stopped


class _Stopped(Exception):
    """One of the hands behind has stopped; why is raised at the end."""


def _make(file: _File) -> None:
    """Open what is to be written, and read back."""
    file.place.parent.mkdir(parents=True, exist_ok=True)
    file.handle = os.open(file.unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)


def _begin_flush(handle: int, at: int, count: int) -> None:
    """Have the system write a range to the disk from now on, without waiting for it; where it cannot be told so it does when asked to read."""
    if _SYNC_FILE_RANGE is not None:
        _SYNC_FILE_RANGE(handle, ctypes.c_int64(at), ctypes.c_int64(count), _START_WRITING)


def _from_disk(file: _File, block: mmap.mmap, upto: int) -> int:
    """Read the next of the file back from the disk into ``block``; how many bytes.

    Flushed, then let go of by the system, so that it is the disk that answers. Reading past the system's memory (O_DIRECT) would be plainer
    and was slower: it waits for the writer's lock on the file.
    """
    at, want = file.read_back, min(_BLOCK, upto - file.read_back)
    os.fdatasync(file.handle)
    os.posix_fadvise(file.handle, at, want, os.POSIX_FADV_DONTNEED)
    with memoryview(block)[:want] as view:
        return os.preadv(file.handle, [view], at)


def _otherwise(file: _File) -> BadInput:
    return BadInput(file.source, "the copy is not the same as the original", "check the disk or the cable, then ingest again")


def _unreadable(file: _File, error: OSError) -> BadInput:
    return BadInput(file.source, f"cannot be read: {error.strerror or error}", "check the card or the cable, then ingest again")
