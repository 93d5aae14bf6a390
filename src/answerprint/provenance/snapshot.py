"""The signed picture of a dataset at one moment: what a lock wrote, and whether the disk still says the same."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerprint.production import BadInput
from answerprint.provenance.canonical import canonical_bytes
from answerprint.provenance.digests import file_digests
from answerprint.provenance.faults import Fault, Verification
from answerprint.provenance.keys import Identity, Signer, TrustStore
from answerprint.provenance.ledger_check import Told, judge_signers
from answerprint.provenance.merkle import leaf_hash, merkle_root
from answerprint.provenance.rows import Digest
from answerprint.provenance.signed import read_signed, write_signed

LOCK_SUFFIX = ".lock.json"
LOCK_PURPOSE = "lock"


class LockedAsset(BaseModel):
    """One asset as it was locked: its bytes, what may be done with it, and what was known about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="absolute, or relative to the lock's base")
    sha256: Digest
    size: int = Field(ge=0)
    kind: str
    permissions: tuple[str, ...] = Field(description="the purposes that are allowed, sorted")
    metadata: Digest = Field(description="digest of the metadata record")

    def leaf(self) -> str:
        return leaf_hash(canonical_bytes(self))


class Snapshot(BaseModel):
    """A lock manifest. ``root`` is the Merkle root over the assets, which are in order of their paths."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["answerprint-lock/1"] = "answerprint-lock/1"
    production: str = ""
    created: datetime
    base: str = Field(default=".", description="folder that relative paths are counted from, itself relative to the manifest")
    signer: dict[str, str]
    assets: tuple[LockedAsset, ...]
    excluded: tuple[dict[str, str], ...] = ()
    root: Digest

    def computed_root(self) -> str:
        return merkle_root([asset.leaf() for asset in self.assets])


def write_snapshot(path: Path, snapshot: Snapshot, signer: Signer) -> None:
    """Write a lock manifest and its signature (atomic)."""
    write_signed(path, snapshot.model_dump(mode="json"), LOCK_PURPOSE, signer)


def read_snapshot(path: Path) -> tuple[Snapshot | None, Verification, Identity | None]:
    """A lock manifest, what its own bytes, signature and root say about it, and who signed; trust is not judged here."""
    reading = read_signed(path, LOCK_PURPOSE)
    answer = Verification(kind="lock", faults=reading.faults)
    snapshot = None
    if reading.document is not None:
        try:
            snapshot = Snapshot.model_validate(reading.document)
            answer.root = snapshot.root
            if reading.signer and snapshot.signer != reading.signer.record():
                answer.faults.append(
                    Fault(path=path.name, kind="signature", detail="the manifest names another signer than its signature")
                )
            if snapshot.computed_root() != snapshot.root:
                answer.faults.append(Fault(path=path.name, kind="altered", detail="the root is not that of the assets listed"))
        except (ValidationError, BadInput) as error:
            answer.faults.append(Fault(path=path.name, kind="malformed", detail=_first_line(error)))
    answer.intact = not answer.faults
    return snapshot, answer, reading.signer


def check_snapshot(path: Path, store: TrustStore, told: Told | None = None) -> Verification:
    """Verify a lock manifest and hash every asset it lists again, where it lies."""
    snapshot, answer, signer = read_snapshot(path)
    for done, asset in enumerate(snapshot.assets if snapshot else ()):
        file = asset_place(path, snapshot, asset) if snapshot else path
        answer.files += 1
        if not file.is_file():
            answer.faults.append(Fault(path=asset.path, kind="missing", detail="locked, not on disk"))
        elif file.stat().st_size != asset.size or file_digests(file).sha256 != asset.sha256:
            answer.faults.append(Fault(path=asset.path, kind="altered", detail="its bytes are not those that were locked"))
        if told:
            told(done + 1, len(snapshot.assets) if snapshot else 0)
    answer.checked = answer.files
    answer.intact = not answer.faults
    judge_signers(answer, [signer], store)
    answer.notes.append("Rollback to an older lock cannot be excluded: compare the root with the one you were given.")
    return answer


def asset_place(manifest: Path, snapshot: Snapshot, asset: LockedAsset) -> Path:
    """Where a locked asset lies on this machine."""
    return Path(os.path.normpath(manifest.parent / snapshot.base / asset.path))


def _first_line(error: Any) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
