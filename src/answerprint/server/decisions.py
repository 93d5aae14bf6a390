"""A person's word on a version: approved, rejected with a reason, or a note on some frames."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from answerprint.passes.review import decide
from answerprint.production.tables import JobEvent, Version
from answerprint.server.doors import HereToChange, ToChange
from answerprint.server.shots import decision, frame_records

router = APIRouter(prefix="/api/versions/{version_id}")


class Word(BaseModel):
    """What a person says. ``frames`` are numbered as in the clip; none means the whole version."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=4000)
    frames: list[int] = Field(default_factory=list, max_length=100_000)


@router.post("/approve")
def approve(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Approve a whole version. ``frames`` names the restored frames that were looked at: none may be missing."""
    return _say(here, version_id, "approved", word.note, [], word.frames)


@router.post("/reject")
def reject(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Reject a version; the note says what has to change, and ``frames`` where."""
    return _say(here, version_id, "rejected", word.note, word.frames)


@router.post("/note")
def note(version_id: int, word: Word, here: ToChange) -> dict[str, Any]:
    """Leave a note that decides nothing."""
    if not word.note.strip():
        raise HTTPException(422, "The note is empty.")
    return _say(here, version_id, "note", word.note, word.frames)


def _say(
    here: HereToChange,
    version_id: int,
    verdict: Literal["approved", "rejected", "note"],
    note: str,
    frames: list[int],
    looked_at: list[int] | None = None,
) -> dict[str, Any]:
    with here.production.reading() as session:
        version = session.get(Version, version_id)
        if version is None:
            raise HTTPException(404, "There is no such version.")
        known = {record["frame"] for record in frame_records(version)}
    if not known:
        raise HTTPException(409, "This version is not finished yet.")
    unknown = sorted({*frames, *(looked_at or [])} - known)
    if unknown:
        raise HTTPException(422, f"This version has no frame {unknown[0]}.")
    decide(here.production, version_id, here.person, verdict, note.strip(), sorted(set(frames)), looked_at)
    with here.production.session() as session:
        version = session.get(Version, version_id)
        assert version is not None
        # Other people's pages hear of it through the stream of events.
        session.add(JobEvent(job_id=version.job_id, kind="decision", body={"version": version_id, "decision": verdict}))
        return decision(max(version.approvals, key=lambda one: one.id))
