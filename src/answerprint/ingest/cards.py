"""Camera cards and shuttle drives: which are there, which are complete, and whether what is on them is what was recorded.

A card is a folder in the place that is watched. It counts as complete when a hash list or a copy program's mark says so, no
unfinished file lies in it, every listed file is there, and nothing in it has changed for a while.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from answerprint.ingest.hash_list import read_hash_list
from answerprint.production import BadInput
from answerprint.provenance.digests import file_digests
from answerprint.provenance.mhl import Hashed, check_hash_list, has_hash_list, listed_kinds

State = Literal["copying", "ready"]

MARKS = (".copy-complete", "copy-complete", "copy-complete.txt", "copy_complete.txt", ".copycomplete")
"""Empty files that copy scripts leave last; compared without regard to case."""
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".copying")
_MHL_1_KINDS = {"xxhash64be": "xxh64", "xxh64": "xxh64", "xxh128": "xxh128", "sha256": "sha256", "md5": "md5", "sha1": "sha1"}


@dataclass(frozen=True)
class Card:
    """A card as it lies there now. ``signature`` changes when a file comes, goes, grows or is written anew."""

    path: Path
    state: State
    why: str
    files: int
    size: int
    signature: str
    marked: bool = False
    hash_lists: tuple[Path, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.path.name


def cards_in(place: Path, settle_s: float = 10.0, now: float | None = None) -> list[Card]:
    """The cards in ``place`` in name order: each folder in it, or the place itself where it carries a hash list or a mark.

    Raises BadInput for a place that is not a folder; a card that goes away while it is looked at is left out.
    """
    if not place.is_dir():
        raise BadInput(place, "is not a folder", "give the folder in which cards are mounted or copied to")
    if _said_complete(place, _files_of(place))[0]:
        folders = [place]
    else:
        folders = sorted(entry for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    cards = []
    for folder in folders:
        try:
            cards.append(_card(folder, settle_s, time.time() if now is None else now))
        except OSError:
            continue
    return cards


def verify(card: Card, hashed: Hashed | None = None) -> tuple[int, list[str]]:
    """Compare every file with the card's own hash lists; how many were compared, and each fault in one line.

    ``hashed`` answers for files whose hash of a kind is known; the others are read. A card that only a mark calls complete has nothing
    to be compared with: 0 and no fault.
    """
    if has_hash_list(card.path):
        faults, count = check_hash_list(card.path, hashed)
        # Copy programs leave their logs and marks behind the hash list; what is listed is what was recorded.
        return count, [f"{fault.path}: {fault.detail}" for fault in faults if fault.kind != "added"]
    count, wrong = 0, []
    for place in card.hash_lists:
        for file, entry, kind in _entries(place):
            if not file.resolve().is_relative_to(card.path.resolve()):
                wrong.append(f"{entry['path']}: lies outside the card")
            elif not file.is_file():
                wrong.append(f"{entry['path']}: listed by {place.name}, not on the card")
            elif kind is None:
                wrong.append(f"{entry['path']}: {place.name} has no hash of it that we know")
            else:
                count += 1
                found = (hashed(file, _MHL_1_KINDS[kind]) if hashed else None) or _hash(file, _MHL_1_KINDS[kind])
                if found != entry["hashes"][kind].lower():
                    wrong.append(f"{entry['path']}: {kind} is {found}, {place.name} says {entry['hashes'][kind]}")
    return count, wrong


def kinds_to_compare(card: Card) -> dict[Path, str]:
    """By which kind of hash ``verify`` will compare each listed file."""
    if has_hash_list(card.path):
        return listed_kinds(card.path)
    return {file: _MHL_1_KINDS[kind] for place in card.hash_lists for file, _, kind in _entries(place) if kind}


def _entries(place: Path) -> Iterator[tuple[Path, dict[str, Any], str | None]]:
    """Each file of an older hash list, what the list says of it, and the kind of hash to compare it by."""
    for entry in read_hash_list(place).metadata["entries"]:
        yield place.parent / entry["path"], entry, next((name for name in entry["hashes"] if name in _MHL_1_KINDS), None)


def _card(folder: Path, settle_s: float, now: float) -> Card:
    files = _files_of(folder)
    facts = [(file.relative_to(folder).as_posix(), file.stat()) for file in files]
    sign = hashlib.sha256()
    for name, told in facts:
        sign.update(f"{name}\0{told.st_size}\0{told.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    said, why = _said_complete(folder, files)
    newest = max((told.st_mtime for _, told in facts), default=now)
    unfinished = next((name for name, _ in facts if name.lower().endswith(_UNFINISHED)), None)
    missing = _missing(folder)
    state: State = "copying"
    if unfinished:
        why = f"{unfinished} is unfinished"
    elif said and missing:
        why = f"{len(missing)} listed files are not there yet, {missing[0]} is the first"
    elif said and now - newest < settle_s:
        why = "something was written a moment ago"
    elif said:
        state = "ready"
    lists = tuple(file for file in files if file.suffix.lower() == ".mhl" and file.parent.name != "ascmhl")
    marked = any(file.name.lower() in MARKS for file in files)
    return Card(folder, state, why, len(facts), sum(told.st_size for _, told in facts), sign.hexdigest(), marked, lists)


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _said_complete(folder: Path, files: list[Path]) -> tuple[bool, str]:
    """Whether anything in the folder says that the copy is whole, and what."""
    if has_hash_list(folder):
        return True, "an ASC MHL is there"
    top = [file for file in files if file.parent == folder]
    if any(file.suffix.lower() == ".mhl" for file in top):
        return True, "a hash list is there"
    if any(file.name.lower() in MARKS for file in top):
        return True, "its copy is marked complete"
    return False, "no hash list and no mark says that its copy is complete"


def _missing(folder: Path) -> list[str]:
    """Files that the folder's hash lists name and that are not there."""
    absent = []
    for place in [*sorted((folder / "ascmhl").glob("*.mhl")), *sorted(folder.glob("*.mhl"))]:
        root = folder if place.parent.name == "ascmhl" else place.parent
        try:
            entries = read_hash_list(place).metadata["entries"]
        except BadInput:
            return [f"{place.name} (half written or damaged)"]
        absent += [entry["path"] for entry in entries if entry["path"] and not (root / entry["path"]).exists()]
    return list(dict.fromkeys(absent))


def _hash(file: Path, kind: str) -> str:
    if kind in ("sha256", "xxh128"):
        told = file_digests(file)
        return told.sha256 if kind == "sha256" else told.xxh128
    import xxhash

    digest = xxhash.xxh64() if kind == "xxh64" else hashlib.new(kind, usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
