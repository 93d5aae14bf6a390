"""Files that are either wholly there or not there at all, and locks that die with their process."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from answerprint.production.errors import BadInput

_NUMBERS = count()
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PREFIX = f".part-{zlib.crc32(socket.gethostname().encode()):08x}-"
"""Unfinished files begin with this: they are hidden, and the machine that may judge whether their writer lives is known."""


@contextmanager
def replacing(path: Path, mode: int = 0o644, replace: bool = True) -> Iterator[Path]:
    """A temporary path in the folder of ``path`` to write to; flushed and renamed to ``path`` when the block ends well.

    The folder is made if missing. Raises BadInput for a full disk and a folder that cannot be written; FileExistsError when
    ``replace`` is False and the name is taken, by whomever. Whatever goes wrong, no half-written file is left.
    """
    unfinished = path.with_name(f"{_PREFIX}{os.getpid()}-{next(_NUMBERS)}-{path.name[-80:]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        yield unfinished
        _flush(unfinished)
        if replace:
            unfinished.replace(path)
        else:
            # link() fails if the name exists, which rename() does not: the first writer wins.
            os.link(unfinished, path)
        sync_folder(path.parent)
    except FileExistsError:
        if not replace and path.parent.is_dir():
            raise
        raise write_failure(path, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))) from None
    except OSError as error:
        raise write_failure(path, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | bytearray | memoryview | str, *, mode: int = 0o644, replace: bool = True) -> bool:
    """Put ``content`` (text as UTF-8) at ``path`` so that a crash or a full disk leaves the old file or none.

    ``replace=False`` keeps a file that is already there, even when two processes race for it, and answers False.
    Raises BadInput when the folder cannot be written to or the disk is full.
    """
    try:
        with replacing(path, mode, replace) as unfinished, unfinished.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except FileExistsError:
        return False
    return True


def write_failure(path: Path, error: OSError) -> BadInput:
    """The one line a person needs when ``path`` could not be written."""
    if error.errno in _FULL:
        return BadInput(path, "the disk is full", "free some space and run again; what was finished is kept")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return BadInput(path, "its folder is a file", "choose another output folder")
    reason = "its folder cannot be written" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else "cannot be written"
    return BadInput(path, f"{reason} ({error.strerror or error})", "choose a folder you may write to, or change its permissions")


def sweep(folder: Path) -> int:
    """Remove, in ``folder`` and below, what processes of this machine that are no more left unfinished. Returns how many."""
    swept = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if not name.startswith(_PREFIX):
                continue
            writer = name.removeprefix(_PREFIX).partition("-")[0]
            if writer.isdigit() and not _alive(int(writer)):
                with suppress(OSError):
                    (Path(place) / name).unlink()
                    swept += 1
    return swept


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` survive a power cut, where the file system can."""
    with suppress(OSError):
        _flush(folder)


@contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file ``path`` for the body; yields whether it is ours.

    The system drops the lock when the process ends, however it ends, so a killed process never leaves one
    behind. With ``wait=False`` the body runs at once and is told ``False`` when another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
