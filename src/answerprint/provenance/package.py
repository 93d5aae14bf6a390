"""Closing a folder we made: every file listed and signed, its ledgers named, its hash list written last.

The layout is documented in docs/provenance.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from answerprint.production import BadInput, FaultFound
from answerprint.provenance.canonical import canonical_bytes
from answerprint.provenance.chain import SUFFIX, Reading, read_ledger
from answerprint.provenance.digests import file_digest, file_digests
from answerprint.provenance.keys import Signer
from answerprint.provenance.merkle import leaf_hash, merkle_root
from answerprint.provenance.mhl import FOLDER as HASH_LISTS
from answerprint.provenance.mhl import write_generation
from answerprint.provenance.rows import Digest, InsidePath
from answerprint.provenance.signed import SIGNATURE_SUFFIX, write_signed

MANIFEST = "answerprint-package.json"
MANIFEST_PURPOSE = "package"
MANIFEST_FORMAT: Literal["answerprint-package/1"] = "answerprint-package/1"
HASH_LIST_RECORD = "answerprint-mhl.json"
HASH_LIST_PURPOSE = "mhl"
WORKING_FOLDER = ".answerprint-cache"
"""What a run keeps to go on from; no part of what is delivered, and not signed for."""

_OURS = frozenset({MANIFEST, MANIFEST + SIGNATURE_SUFFIX, HASH_LIST_RECORD, HASH_LIST_RECORD + SIGNATURE_SUFFIX})


class PackagedFile(BaseModel):
    """One file of a package; the last three are given for frames that a ledger speaks of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: InsidePath
    sha256: Digest
    xxh128: str = Field(pattern="^[0-9a-f]{32}$")
    size: int = Field(ge=0)
    pixel_digest: Digest | None = None
    job: str | None = None
    frame: int | None = None

    def record(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class PackagedLedger(BaseModel):
    """One ledger of a package, and the seal it ended with when the package was closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: InsidePath
    job: str
    first: Digest = Field(description="digest of the opening row: which ledger this is")
    size: int
    root: Digest
    frames_root: Digest


class Package(BaseModel):
    """The manifest of a closed folder. ``root`` is the Merkle root over the canonical records of ``files``."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["answerprint-package/1"] = MANIFEST_FORMAT
    kind: Literal["delivery", "apply", "pass"]
    production: str = ""
    receiver: str = ""
    created: datetime
    signer: dict[str, str]
    files: tuple[PackagedFile, ...]
    ledgers: tuple[PackagedLedger, ...] = ()
    root: Digest

    def computed_root(self) -> str:
        return files_root(self.files)


def files_root(files: Sequence[PackagedFile]) -> str:
    return merkle_root([leaf_hash(canonical_bytes(file.record())) for file in files])


def close_folder(
    folder: Path,
    *,
    kind: Literal["delivery", "apply", "pass"],
    signer: Signer,
    production: str = "",
    receiver: str = "",
    pictures: Mapping[str, tuple[str, int]] | None = None,
    hash_list: bool = True,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Package:
    """Sign a folder as it stands: manifest over every file, then an ASC MHL generation over manifest and files.

    Ledgers are the ``*.ledger.jsonl`` files in the folder; each must end with a seal. A frame file is joined
    to the ledger row whose ``output`` is its path; where a delivery renamed it, ``pictures`` says which row
    is meant: path in the folder -> (pixel digest, frame). Nothing may be written to the folder afterwards.
    Closing again replaces what the first closing wrote. Raises FaultFound for an unsealed or broken ledger,
    BadInput for a link in the folder.
    """
    _forget_closing(folder)
    listed = listed_files(folder)
    readings = {path: _sealed(folder / path) for path in listed if path.endswith(SUFFIX)}
    known = _known_pictures(readings, set(listed), pictures or {})
    files = []
    for path in listed:
        digests = file_digests(folder / path)
        job, digest, frame = known.get(path, (None, None, None))
        files.append(
            PackagedFile(
                path=path,
                sha256=digests.sha256,
                xxh128=digests.xxh128,
                size=digests.size,
                pixel_digest=digest,
                job=job,
                frame=frame,
            )
        )
    ledgers = tuple(
        PackagedLedger(
            path=path,
            job=reading.job,
            first=reading.lines[0].digest,
            size=reading.seals[-1].size,
            root=reading.seals[-1].root,
            frames_root=reading.seals[-1].frames_root,
        )
        for path, reading in readings.items()
    )
    package = Package(
        kind=kind,
        production=production,
        receiver=receiver,
        created=now(),
        signer=signer.identity.record(),
        files=tuple(files),
        ledgers=ledgers,
        root=files_root(files),
    )
    document = package.model_dump(mode="json", exclude={"files"})
    write_signed(folder / MANIFEST, {**document, "files": [file.record() for file in files]}, MANIFEST_PURPOSE, signer)
    if hash_list:
        write_generation(folder, author=signer.name, ignore=(f"/{HASH_LIST_RECORD}*", f"/{WORKING_FOLDER}/"))
        lists = {file.name: file_digest(file) for file in sorted((folder / HASH_LISTS).iterdir())}
        write_signed(folder / HASH_LIST_RECORD, {"files": lists, "root": package.root}, HASH_LIST_PURPOSE, signer)
    return package


def listed_files(folder: Path, *, links: bool = True) -> list[str]:
    """The files a manifest of ``folder`` lists, by path in byte order: all but its own and the hash lists.

    Raises BadInput for a symbolic link, since what it points to could change after signing; ``links=False``
    passes over them.
    """
    return sorted((path for path, file in _walk(folder) if (links or not file.is_symlink()) and _plain(file)), key=str.encode)


def stray_links(folder: Path) -> list[str]:
    """Symbolic links in a folder, by path."""
    return sorted(path for path, file in _walk(folder) if file.is_symlink())


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for root, folders, names in os.walk(folder):
        place = Path(root)
        linked = [name for name in folders if (place / name).is_symlink()]
        if place == folder:
            folders[:] = [name for name in folders if name not in (HASH_LISTS, WORKING_FOLDER)]
            names = [name for name in names if name not in _OURS]
        for name in [*names, *linked]:
            yield (place / name).relative_to(folder).as_posix(), place / name


def _plain(file: Path) -> bool:
    if file.is_symlink():
        raise BadInput(file, "is a symbolic link, which cannot be signed for", "put the file itself into the folder")
    return file.is_file()


def _forget_closing(folder: Path) -> None:
    """Take away what an earlier closing wrote; a hash list that others wrote is kept and added to."""
    if (folder / HASH_LIST_RECORD).exists():
        shutil.rmtree(folder / HASH_LISTS, ignore_errors=True)
    for name in sorted(_OURS):
        (folder / name).unlink(missing_ok=True)


def _sealed(path: Path) -> Reading:
    reading = read_ledger(path)
    if not reading.sealed:
        why = reading.broken_why or ("its last row is torn" if reading.torn else "its last row is not a seal")
        raise FaultFound(f"{path}: the ledger cannot be signed for: {why}; open it, seal it and close the folder again.")
    return reading


def _known_pictures(
    readings: Mapping[str, Reading], listed: set[str], renamed: Mapping[str, tuple[str, int]]
) -> dict[str, tuple[str, str, int]]:
    """Path in the folder -> (job, pixel digest, frame), from the rows in force and the renamed frames."""
    known: dict[str, tuple[str, str, int]] = {}
    jobs: dict[tuple[str, int], str] = {}
    for path, reading in readings.items():
        for body in (line.body for line in reading.lines if line.kind == "frame"):
            jobs[body["output_digest"], body["frame"]] = reading.job
            known[output_place(path, body["output"], listed)] = (reading.job, body["output_digest"], body["frame"])
    for path, (digest, frame) in renamed.items():
        if (digest, frame) not in jobs:
            raise FaultFound(f"{path}: no ledger in the folder has a row for frame {frame} with this picture; add its ledger.")
        known[path] = (jobs[digest, frame], digest, frame)
    return known


def output_place(ledger: str, output: str, listed: set[str]) -> str:
    """Where a row's output lies in a folder: beside its ledger, or counted from the folder itself."""
    base = ledger.rpartition("/")[0]
    beside = f"{base}/{output}" if base else output
    return beside if beside in listed else output
