"""Continuity, what holds a delivery, and the words that let work go: overrides, sign-offs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from answerprint.server.doors import InProduction, ToChange

router = APIRouter(prefix="/api")


class Override(BaseModel):
    """Which faults may go, by digest, and why."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=4000)
    faults: list[str] = Field(min_length=1, max_length=1000)


@router.get("/continuity")
def continuity(here: InProduction) -> dict[str, Any]:
    """The newest report, or none where the pass never ran."""
    from answerprint.passes.continuity import report_of

    return {"report": report_of(here.production)}


@router.get("/gates")
def gates(here: InProduction) -> dict[str, Any]:
    """What holds the delivery, and what was let go by whom."""
    from answerprint.passes.gates import faults_of

    faults = faults_of(here.production)
    return {"faults": [fault.document() for fault in faults], "held": sum(not fault.overridden_by for fault in faults)}


@router.post("/gates/override")
def let_go(word: Override, here: ToChange) -> dict[str, Any]:
    """Let faults go in the name of who is signed in; the ledger keeps name and reason."""
    from answerprint.passes.gates import override

    return {"overridden": [fault.document() for fault in override(here.production, here.person, word.why, word.faults)]}


@router.post("/jobs/{job_id}/sign-off")
def sign_off_job(job_id: str, here: ToChange) -> dict[str, Any]:
    """Sign class D work off in the name of who is signed in, who is not who asked for it; a job that waited for it is tried again."""
    from answerprint.passes.picture_job import sign_off

    sign_off(here.production, job_id, here.person)
    return {"signed_off_by": here.person}
