"""Files that are either whole or not there, whenever the power goes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from answerprint.media.atomic import write_failure
from answerprint.production.atomic import sync_folder


def write_whole(path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True) -> bool:
    """Write ``data`` to ``path`` through a temporary name in the same folder, fsync and rename.

    ``replace=False`` keeps a file that is already there, even when two processes race for it, and
    answers False. Raises BadInput when the folder cannot be written to or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if replace:
                temporary.replace(path)
            else:
                # link() fails if the name exists, which rename() does not: the first writer wins.
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise write_failure(path, error) from error
    sync_folder(path.parent)
    return True
