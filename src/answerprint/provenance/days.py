"""The root of a day: one signature over everything a production sealed on it, small enough to send to a witness."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from answerprint.provenance.canonical import canonical_bytes
from answerprint.provenance.chain import Seal
from answerprint.provenance.faults import Fault
from answerprint.provenance.keys import Signer
from answerprint.provenance.merkle import inclusion_proof, leaf_hash, merkle_root, proves_inclusion
from answerprint.provenance.signed import read_signed, write_signed

DAY_PURPOSE = "day"


def seal_day(folder: Path, day: date, seals: Iterable[Seal], signer: Signer) -> Path:
    """Write ``DAY.roots.json`` with the last root of every job sealed on ``day``, signed. Sealing again replaces it."""
    jobs = _jobs(seals)
    place = folder / f"{day.isoformat()}.roots.json"
    write_signed(
        place,
        {
            "format": "answerprint-day/1",
            "day": day.isoformat(),
            "jobs": jobs,
            "root": merkle_root(_leaves(jobs)),
            "signer": signer.identity.record(),
        },
        DAY_PURPOSE,
        signer,
    )
    return place


def check_day(path: Path, seals: Iterable[Seal]) -> list[Fault]:
    """Compare a day's roots with the seals as they are now; names the first job that differs."""
    reading = read_signed(path, DAY_PURPOSE)
    faults = list(reading.faults)
    if reading.document is None:
        return faults
    known = {job["job"]: job for job in reading.document.get("jobs", [])}
    if merkle_root(_leaves(list(known.values()))) != reading.document.get("root"):
        faults.append(Fault(path=path.name, kind="altered", detail="the root of the day is not that of its jobs"))
    now: dict[str, list[dict[str, Any]]] = {}
    for seal in seals:
        now.setdefault(seal.job, []).append(_record(seal))
    for name in sorted(known):
        if name not in now:
            faults.append(Fault(path=path.name, kind="missing", detail=f"job {name!r} was sealed that day and is gone"))
        elif known[name] not in now[name]:
            faults.append(Fault(path=path.name, kind="rollback", detail=f"job {name!r} no longer has the root it was sealed with"))
    return faults


def day_proof(seals: Iterable[Seal], job: str) -> tuple[list[str], int, int]:
    """The proof that a job's root is under the day's root: (path, index, jobs in all). Raises KeyError for an unknown job."""
    jobs = _jobs(seals)
    index = {record["job"]: at for at, record in enumerate(jobs)}[job]
    return inclusion_proof(_leaves(jobs), index), index, len(jobs)


def proves_day(seal: Seal, proof: list[str], index: int, size: int, root: str) -> bool:
    """Whether ``proof`` puts this seal under the day's ``root``."""
    return proves_inclusion(leaf_hash(canonical_bytes(_record(seal))), index, size, proof, root)


def _jobs(seals: Iterable[Seal]) -> list[dict[str, Any]]:
    latest: dict[str, Seal] = {}
    for seal in seals:
        if seal.job not in latest or latest[seal.job].size <= seal.size:
            latest[seal.job] = seal
    return [_record(latest[job]) for job in sorted(latest)]


def _record(seal: Seal) -> dict[str, Any]:
    return {"job": seal.job, "size": seal.size, "root": seal.root}


def _leaves(jobs: list[dict[str, Any]]) -> list[str]:
    return [leaf_hash(canonical_bytes(job)) for job in jobs]
