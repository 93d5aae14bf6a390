"""The last roots this machine has seen, so that a ledger cut back to an older state is found out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from answerprint.production import BadInput
from answerprint.provenance.canonical import canonical_bytes
from answerprint.provenance.chain import Reading, Seal
from answerprint.provenance.keys import home
from answerprint.provenance.merkle import merkle_root


@dataclass(frozen=True)
class Seen:
    """A root that was seen over the first ``size`` rows of the ledger that begins with row ``first``."""

    first: str
    job: str
    size: int
    root: str


def witness_file() -> Path:
    """The user's own witness, ``witness.jsonl`` at home."""
    return home() / "witness.jsonl"


def remember(first: str, seal: Seal, file: Path | None = None) -> None:
    """Add a seal's root to a witness file (one appended line, synced)."""
    place = file or witness_file()
    line = canonical_bytes({"first": first, "job": seal.job, "root": seal.root, "size": seal.size}) + b"\n"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise BadInput(place, f"cannot be written: {error.strerror or error}", "make the folder writable") from error


def seen_roots(file: Path | None = None) -> list[Seen]:
    """Every root a witness file holds; a missing own witness is empty. Raises BadInput for a named file that cannot be read."""
    place = file or witness_file()
    if file is None and not place.exists():
        return []
    found = []
    try:
        for text in place.read_bytes().split(b"\n"):
            if not text:
                continue
            try:
                record = json.loads(text)
                found.append(Seen(record["first"], record["job"], int(record["size"]), record["root"]))
            except (ValueError, KeyError, TypeError):
                continue  # a torn line witnesses nothing, and takes nothing from the others
    except OSError as error:
        raise BadInput(place, f"cannot be read: {error.strerror or error}", "give a witness file") from error
    return found


def rollback(reading: Reading, seen: list[Seen]) -> tuple[str | None, Seen | None]:
    """What a witness has against a ledger, and the longest root it confirms.

    Answers (fault, confirmed): the fault in words or None, and None where no root is known.
    """
    if not reading.lines:
        return None, None
    ours = sorted((root for root in seen if root.first == reading.lines[0].digest), key=lambda root: root.size)
    confirmed = None
    leaves = [line.digest for line in reading.lines]
    for root in ours:
        if len(leaves) < root.size:
            return f"the ledger has {len(leaves)} rows where {root.size} were sealed before: it was cut back", confirmed
        if merkle_root(leaves[: root.size]) != root.root:
            return f"the first {root.size} rows are not those that were sealed before: the ledger was written anew", confirmed
        confirmed = root
    return None, confirmed
