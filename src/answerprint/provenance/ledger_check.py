"""Checking ledgers: the chain, the seals, the witness, and the pictures their rows speak of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from answerprint.production import BadInput
from answerprint.provenance.chain import Reading, read_ledger
from answerprint.provenance.faults import Fault, Verification
from answerprint.provenance.keys import Identity, TrustStore
from answerprint.provenance.package import listed_files, output_place
from answerprint.provenance.pictures import is_still, picture_digest
from answerprint.provenance.witness import Seen, rollback

Told = Callable[[int, int], None]


def check_ledgers(folder: Path, ledgers: list[Path], store: TrustStore, seen: list[Seen], told: Told | None) -> Verification:
    """A folder whose work was never closed: rows and seals first, then every picture the rows speak of, decoded again."""
    answer = Verification(kind="ledger", notes=["The folder has no signed manifest: files that no row names are not covered."])
    signers: list[Identity | None] = []
    readings = {}
    for file in ledgers:
        name = file.relative_to(folder).as_posix()
        reading = readings[name] = read_ledger(file)
        answer.rows += len(reading.lines)
        faults, notes = ledger_faults(name, reading, seen)
        answer.faults += faults
        answer.notes += notes
        signers.append(reading.seals[-1].signer if reading.sealed else None)
    answer.faults += _picture_faults(folder, readings, answer, told)
    answer.checked = answer.rows + answer.files
    answer.intact = not answer.faults
    judge_signers(answer, signers, store)
    return answer


def ledger_faults(name: str, reading: Reading, seen: list[Seen]) -> tuple[list[Fault], list[str]]:
    """What is wrong with one ledger, and what must be said about it even when nothing is."""
    faults, notes = [], []
    if reading.broken_line is not None:
        faults.append(
            Fault(path=name, frame=reading.broken_frame, kind="row", detail=f"row {reading.broken_line}: {reading.broken_why}")
        )
    elif reading.torn:
        faults.append(
            Fault(
                path=name,
                kind="torn",
                detail=f"the last row is cut off after {reading.torn} bytes, as by a killed process; "
                f"the {len(reading.lines)} rows before it hold",
            )
        )
    against, confirmed = rollback(reading, seen)
    if against:
        faults.append(Fault(path=name, kind="rollback", detail=against))
    if not faults and not reading.sealed:
        notes.append(
            f"{name}: the rows hold together but the last {_unsealed(reading)} are not sealed: anyone could have written them."
        )
    elif reading.sealed:
        known = (
            f"root {confirmed.root[:16]} ({confirmed.size} rows)"
            if confirmed
            else "any root: the witness knows none of this ledger"
        )
        notes.append(f"{name}: rollback cannot be excluded after {known}.")
    return faults, notes


def judge_signers(answer: Verification, signers: list[Identity | None], store: TrustStore) -> None:
    """Set who signed and whether all of them are trusted; say so where a known name comes with another key."""
    named = [signer for signer in signers if signer is not None]
    if named:
        answer.signer, answer.signer_name = named[0].fingerprint, named[0].name
    answer.trusted = len(named) == len(signers) > 0 and all(store.trusts(signer) for signer in named)
    for signer in dict.fromkeys(named):
        if store.trusts(signer):
            continue
        other = store.other_key_of(signer)
        answer.notes.append(
            f"The signer {signer.name!r} ({signer.fingerprint}) is not in the trust store"
            + (f": that name is known with another key ({other})." if other else ".")
        )


def _picture_faults(folder: Path, readings: dict[str, Reading], answer: Verification, told: Told | None) -> list[Fault]:
    listed = set(listed_files(folder, links=False))
    work = []
    for name, reading in readings.items():
        rows = [(output_place(name, body["output"], listed), body) for body in reading.frames]
        # A node that kept no frame in this folder worked on the way; one that kept some must have kept all.
        kept = {body["node"] for path, body in rows if path in listed}
        elsewhere = sum(path not in listed and body["node"] not in kept for path, body in rows)
        if elsewhere:
            answer.notes.append(
                f"{name}: {elsewhere} of {len(rows)} frames lie elsewhere or were never kept; only their rows were checked."
            )
        work += [(path, body) for path, body in rows if body["node"] in kept and is_still(path)]
    faults = []
    for done, (path, body) in enumerate(sorted(work, key=lambda item: item[0])):
        if path not in listed:
            faults.append(Fault(path=path, frame=body["frame"], kind="missing", detail="a ledger row names it, it is not on disk"))
            continue
        answer.files += 1
        fault = picture_fault(folder, path, body["output_digest"], body["frame"])
        faults += [fault] if fault else []
        if told:
            told(done + 1, len(work))
    return faults


def picture_fault(folder: Path, path: str, digest: str, frame: int | None) -> Fault | None:
    """Decode a frame file and compare its picture with the digest it was signed with."""
    try:
        found = picture_digest(folder / path)
    except BadInput as error:
        return Fault(path=path, frame=frame, kind="altered", detail=error.reason)
    if found == digest:
        return None
    return Fault(path=path, frame=frame, kind="picture", detail=f"the picture's digest is {found}, the ledger says {digest}")


def _unsealed(reading: Reading) -> str:
    after = len(reading.lines) - (reading.seals[-1].size + 1 if reading.seals else 0)
    return f"{after} row" if after == 1 else f"{after} rows"
