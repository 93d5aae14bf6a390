"""A card into the production: each byte is read from it once, and what lies here afterwards is compared with the card's own hash lists."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from answerprint.ingest.cards import Card, kinds_to_compare, verify
from answerprint.ingest.copies import copy_under
from answerprint.provenance.digests import FileDigests, file_digests
from answerprint.provenance.mhl import Hashed, new_hash

Tell = Callable[[int, int, str], None]
_TAKEN_ANYWAY = ("sha256", "xxh128")


class _Listed:
    """The hash of a file by the kind that its list has."""

    def __init__(self, kind: str) -> None:
        self.kind, self._hash = kind, new_hash(kind) or hashlib.new(kind, usedforsecurity=False)
        self.heard = False

    def update(self, data: memoryview, /) -> None:
        self.heard = True
        self._hash.update(data)

    def text(self) -> str:
        told: Any = self._hash
        return str(told.string_digest() if hasattr(told, "string_digest") else told.hexdigest())


def copy_and_verify(card: Card, into: Path, tell: Tell, hashed: dict[Path, FileDigests]) -> tuple[Path, int, list[str]]:
    """Copy a card into the folder ``into`` and compare the copy with the lists that came along.

    Where it lies, how many files were compared, and each fault in one line; ``hashed`` is told the digests of the copies. With a fault
    nothing of what was copied is left. Raises BadInput as ``copy_files`` does.
    """
    lists = {file: _Listed(kind) for file, kind in kinds_to_compare(card).items() if kind not in _TAKEN_ANYWAY}
    place = into / card.path.name
    was_there = place.exists()
    copy_under(into, card.path, tell, hashed, also=lists)

    def known(path: Path, kind: str) -> str | None:
        listed = lists.get(card.path / path.relative_to(place))
        if listed is not None and listed.kind == kind and listed.heard:
            return listed.text()
        return getattr(hashed[path], kind) if kind in _TAKEN_ANYWAY and path in hashed else None

    here = replace(card, path=place, hash_lists=tuple(place / file.relative_to(card.path) for file in card.hash_lists))
    count, faults = verify(here, known)
    if faults:
        _remove(place, hashed, was_there)
    return place, count, faults


def hashing(hashed: dict[Path, FileDigests]) -> Hashed:
    """Hash each file once, for its list and for the catalogue; ``hashed`` is told what the catalogue keeps."""

    def known(path: Path, kind: str) -> str | None:
        if kind in _TAKEN_ANYWAY:
            hashed[path] = hashed.get(path) or file_digests(path)
            return str(getattr(hashed[path], kind))
        listed = _Listed(kind)
        hashed[path] = file_digests(path, listed)
        return listed.text()

    return known


def _remove(place: Path, copied: dict[Path, FileDigests], was_there: bool) -> None:
    """Take back what was copied; what lay there before stays."""
    if not was_there:
        shutil.rmtree(place, ignore_errors=True)
    for file in list(copied):
        with suppress(OSError):
            file.unlink(missing_ok=True)
        del copied[file]
