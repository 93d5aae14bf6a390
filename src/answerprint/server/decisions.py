"""A person's word on a version: written to the catalogue for the page, and to the job's ledger for the proof."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, JobEvent, Version
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow
from answerprint.server.doors import HereToChange, ToChange
from answerprint.server.shots import decision, frame_records

router = APIRouter(prefix="/api/versions/{version_id}")

Verdict = Literal["approved", "rejected", "note"]


class Word(BaseModel):
    """What a person says. ``frames`` are numbered as in the clip; none means the whole version."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=4000)
    frames: list[int] = Field(default_factory=list, max_length=100_000)


@router.post("/approve")
def approve(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Approve a version, or single frames of it. Frames of class R need their own approval before the version has it."""
    return _say(here, version_id, "approved", word)


@router.post("/reject")
def reject(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Reject a version; the note says what has to change."""
    if not word.note.strip():
        raise HTTPException(422, "A rejection needs a note: say what has to change.")
    return _say(here, version_id, "rejected", word)


@router.post("/note")
def note(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Leave a note that decides nothing."""
    if not word.note.strip():
        raise HTTPException(422, "The note is empty.")
    return _say(here, version_id, "note", word)


def restored_and_open(version: Version) -> list[int]:
    """Frames on which a performer was restored and that nobody has approved one by one."""
    approved = {frame for one in version.approvals if one.decision == "approved" for frame in one.frames}
    return [
        record["frame"]
        for record in frame_records(version)
        if record.get("class") == "R" and not record.get("refused") and record["frame"] not in approved
    ]


def _say(here: HereToChange, version_id: int, verdict: Verdict, word: Word) -> dict[str, Any]:
    with here.production.session() as session:
        version = session.get(Version, version_id)
        if version is None:
            raise HTTPException(404, "There is no such version.")
        records = {record["frame"]: record for record in frame_records(version)}
        if not records:
            raise HTTPException(409, "This version is not finished yet.")
        unknown = sorted(set(word.frames) - set(records))
        if unknown:
            raise HTTPException(422, f"This version has no frame {unknown[0]}.")
        whole = verdict != "note" and not word.frames
        waiting = restored_and_open(version) if verdict == "approved" and whole else []
        if waiting:
            raise HTTPException(
                409, f"A performer was restored on {len(waiting)} frames (first: {waiting[0]}). Approve each of them first."
            )
        said = Approval(
            version_id=version.id,
            who=here.person,
            decision=verdict,
            note=word.note.strip(),
            frames=sorted(set(word.frames)),
            when=datetime.now(UTC),
        )
        session.add(said)
        if whole or verdict == "rejected":
            version.status = verdict
            version.shot.status = verdict
        session.add(JobEvent(job_id=version.job_id, kind="decision", body={"version": version.id, "decision": verdict}))
        session.flush()
        # The ledger comes last: were it to fail, the catalogue's change is rolled back with it.
        _enter(here.production, version, said, records)
        return decision(said)


def _enter(production: Production, version: Version, said: Approval, records: dict[int, dict[str, Any]]) -> None:
    """Write the word into the ledger of the job that made the version, naming the frames' digests, and seal it."""
    path = production.root / "ledger" / f"{version.job_id}.jsonl"
    if version.job_id is None or not path.is_file():
        raise HTTPException(
            409, "The ledger of this version is missing, so nothing can be decided on it: restore it, or run the pass again."
        )
    frames = said.frames or sorted(records)
    with Ledger.at(path, version.job_id) as ledger:
        ledger.append_event(
            EventRow(
                event="note" if said.decision == "note" else "approval",
                who=said.who,
                when=said.when,
                subjects=tuple(records[frame]["pixel_digest"] for frame in frames),
                frames=tuple(frames),
                verdict="" if said.decision == "note" else said.decision,  # type: ignore[arg-type]
                note=said.note,
                detail={"version": version.number},
            )
        )
        ledger.seal(own_signer())
