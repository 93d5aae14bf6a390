"""Checking a closed folder against its signed manifest, file by file and row by row."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from answerprint.production import BadInput
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.credentials import ANCHOR, credential_fault
from answerprint.provenance.digests import FileDigests, file_digest, file_digests
from answerprint.provenance.faults import Fault, Verification
from answerprint.provenance.keys import Identity, TrustStore
from answerprint.provenance.ledger_check import Told, judge_signers, ledger_faults, picture_fault
from answerprint.provenance.mhl import FOLDER as HASH_LISTS
from answerprint.provenance.mhl import check_hash_list, hashed_as
from answerprint.provenance.package import (
    HASH_LIST_PURPOSE,
    HASH_LIST_RECORD,
    MANIFEST,
    MANIFEST_PURPOSE,
    Package,
    PackagedFile,
    PackagedLedger,
    listed_files,
    stray_links,
)
from answerprint.provenance.pictures import is_still
from answerprint.provenance.signed import read_signed
from answerprint.provenance.witness import Seen


def check_package(
    folder: Path, store: TrustStore, seen: list[Seen], deep: bool, told: Told | None = None, *, only: str | None = None
) -> Verification:
    """Verify a closed folder; with ``only`` just that file, beside the signature, the manifest and the ledgers."""
    return _PackageCheck(folder, store, seen, deep, told).run(only)


class _PackageCheck:
    """One verification under way: what was found so far and what later steps need of it."""

    def __init__(self, folder: Path, store: TrustStore, seen: list[Seen], deep: bool, told: Told | None) -> None:
        self.folder, self.store, self.seen, self.deep, self.told = folder, store, seen, deep, told
        self.answer = Verification(kind="package")
        self.signers: list[Identity | None] = []
        self.hashed: dict[str, FileDigests] = {}
        self.rows: set[tuple[object, object, object]] = set()
        self.broken: set[str] = set()

    def run(self, only: str | None = None) -> Verification:
        package = self._manifest()
        if package:
            for ledger in package.ledgers:
                self._ledger(ledger)
            files = [file for file in package.files if only in (None, file.path)]
            if only and not files:
                self._fault(only, "added", "the manifest does not list it")
            for done, file in enumerate(files):
                self._file(file)
                if self.told:
                    self.told(done + 1, len(files))
            self._credentials(files)
            if only is None:
                self._added(package)
                self._hash_lists(package)
        self.answer.checked = self.answer.files + self.answer.rows
        self.answer.intact = not self.answer.faults
        judge_signers(self.answer, self.signers, self.store)
        if not self.deep:
            self.answer.notes.append("Pictures were not decoded again: the files are those that were signed.")
        return self.answer

    def _manifest(self) -> Package | None:
        reading = read_signed(self.folder / MANIFEST, MANIFEST_PURPOSE)
        self.signers.append(reading.signer)
        self.answer.faults += reading.faults
        if reading.document is None:
            return None
        try:
            package = Package.model_validate(reading.document)
            if package.computed_root() != package.root:
                self._fault(MANIFEST, "altered", "the root is not that of the files listed")
        except (ValidationError, BadInput) as error:
            self._fault(MANIFEST, "malformed", str(error).splitlines()[0])
            return None
        if reading.signer and package.signer != reading.signer.record():
            self._fault(MANIFEST, "signature", "the manifest names another signer than its signature")
        self.answer.root = package.root
        return package

    def _ledger(self, ledger: PackagedLedger) -> None:
        file = self.folder / ledger.path
        if not file.is_file():
            return  # its entry among the files says so
        reading = read_ledger(file)
        self.rows |= {
            (reading.job, line.body["output_digest"], line.body["frame"]) for line in reading.lines if line.kind == "frame"
        }
        self.answer.rows += len(reading.lines)
        faults, notes = ledger_faults(ledger.path, reading, self.seen)
        self.answer.faults += faults
        self.answer.notes += notes
        self.broken |= {ledger.job} if faults else set()
        self.signers.append(reading.seals[-1].signer if reading.sealed else None)
        last = reading.seals[-1] if reading.seals else None
        if not faults and (
            last is None
            or (last.root, last.size, reading.job, reading.lines[0].digest) != (ledger.root, ledger.size, ledger.job, ledger.first)
        ):
            self._fault(ledger.path, "seal", "the ledger's last seal is not the one the manifest was signed with")

    def _file(self, file: PackagedFile) -> None:
        place = self.folder / file.path
        self.answer.files += 1
        if not place.is_file() or place.is_symlink():
            self._fault(file.path, "missing", "the manifest lists it, it is not there as a file", file.frame)
            return
        digests = self.hashed[file.path] = file_digests(place)
        if (digests.sha256, digests.xxh128, digests.size) != (file.sha256, file.xxh128, file.size):
            self._fault(
                file.path,
                "altered",
                f"SHA-256 is {digests.sha256} ({digests.size} bytes), signed was {file.sha256} ({file.size} bytes)",
                file.frame,
            )
            return
        if file.pixel_digest:
            self._row_of(file)
            if self.deep and is_still(file.path):
                fault = picture_fault(self.folder, file.path, file.pixel_digest, file.frame)
                self.answer.faults += [fault] if fault else []

    def _row_of(self, file: PackagedFile) -> None:
        # Where the ledger itself is broken its rows are not all known: that fault is named, not its consequences.
        if file.job not in self.broken and (file.job, file.pixel_digest, file.frame) not in self.rows:
            self._fault(file.path, "row-missing", "no ledger row made this picture", file.frame)

    def _credentials(self, files: list[PackagedFile]) -> None:
        """Content credentials come after every file's bytes: a changed frame is named before the sidecar that disowns it."""
        changed = {fault.path for fault in self.answer.faults}
        if ANCHOR in changed:
            return
        for file in files:
            against = None if file.path in changed else credential_fault(self.folder, file.path)
            if against:
                self._fault(file.path, "credentials", against, file.frame)

    def _added(self, package: Package) -> None:
        listed = {file.path for file in package.files}
        for path in stray_links(self.folder):
            self._fault(path, "added", "is a symbolic link that was not signed for")
        for path in listed_files(self.folder, links=False):
            if path not in listed:
                self._fault(path, "added", "the manifest does not list it")

    def _hash_lists(self, package: Package) -> None:
        lists = self.folder / HASH_LISTS
        if not (self.folder / HASH_LIST_RECORD).exists():
            if lists.exists():
                self._fault(HASH_LIST_RECORD, "missing", "the record of the ASC MHL's own digests is gone")
            return
        reading = read_signed(self.folder / HASH_LIST_RECORD, HASH_LIST_PURPOSE)
        self.signers.append(reading.signer)
        self.answer.faults += reading.faults
        if reading.document is None or reading.faults:
            return
        if reading.document.get("root") != package.root:
            self._fault(HASH_LIST_RECORD, "altered", "it was signed for another manifest")
        known = reading.document.get("files", {})
        grown = lists.is_dir() and len(list(lists.glob("*.mhl"))) > sum(name.endswith(".mhl") for name in known)
        for name, digest in sorted(known.items()):
            file = lists / name
            if not file.is_file():
                self._fault(f"{HASH_LISTS}/{name}", "missing", "the hash list is gone")
            elif file_digest(file) != digest and not (grown and not name.endswith(".mhl")):
                self._fault(f"{HASH_LISTS}/{name}", "altered", "the hash list is not the one that was signed")
        faults, _ = check_hash_list(self.folder, hashed_as({self.folder / path: known for path, known in self.hashed.items()}))
        told = {fault.path for fault in self.answer.faults}
        self.answer.faults += [fault for fault in faults if fault.path not in told]
        if grown:
            self.answer.notes.append("A receiver added generations to the ASC MHL; they are checked but not ours.")

    def _fault(self, path: str, kind: str, detail: str, frame: int | None = None) -> None:
        self.answer.faults.append(Fault.model_validate({"path": path, "kind": kind, "detail": detail, "frame": frame}))
