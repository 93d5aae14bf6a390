"""A file appears whole or not at all: written beside its place under a hidden name, flushed to disk, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from answerprint.production import BadInput

_NUMBERS = count()
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of ``path`` to write to; renamed to ``path`` when the block ends well.

    The folder is made if missing. Raises BadInput for a full disk and a folder that cannot be written; whatever goes wrong, no
    half-written file is left.
    """
    temporary = path.parent / f".part-{os.getpid()}-{next(_NUMBERS)}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise write_failure(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes | bytearray | memoryview) -> None:
    """Put ``data`` at ``path``, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(data)


def write_failure(path: Path, error: OSError) -> BadInput:
    """The one line a person needs when ``path`` could not be written."""
    if error.errno in _FULL:
        return BadInput(path, "the disk is full", "free some space and run again; what was finished is kept")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return BadInput(path, "its folder is a file", "choose another output folder")
    reason = "its folder cannot be written" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else "cannot be written"
    return BadInput(path, f"{reason} ({error.strerror or error})", "choose a folder you may write to, or change its permissions")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
