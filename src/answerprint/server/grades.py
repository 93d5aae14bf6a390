"""The grade of a shot's clip, and putting back the one before it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from answerprint.production.tables import Clip, JobEvent, Shot
from answerprint.server.doors import ToChange

router = APIRouter(prefix="/api")


@router.post("/shots/{shot_id}/revert-grade")
def revert_grade(shot_id: int, here: ToChange) -> dict[str, Any]:
    """Put back the clip's grade before this one; asked again, it brings this one back."""
    from answerprint.passes.grade_kept import revert

    with here.production.session() as session:
        shot = session.get(Shot, shot_id)
        if shot is None:
            raise HTTPException(404, "There is no such shot.")
        if not shot.clip.grade:
            raise HTTPException(409, "This clip has no grade.")
        revert(shot.clip, here.person)
        session.add(JobEvent(job_id=None, kind="grade", body={"shot": shot_id}))
        return grade_summary(shot.clip) or {}


def grade_summary(clip: Clip) -> dict[str, Any] | None:
    """A clip's grade as the page shows it; None where it was never graded."""
    grade = clip.grade
    if not grade:
        return None
    told = (
        "is_hero",
        "hero",
        "why",
        "confidence",
        "method",
        "delta_e_before",
        "delta_e_after",
        "cdl",
        "held",
        "reverted_by",
        "by",
        "when",
    )
    return {key: grade.get(key) for key in told} | {"intent": grade.get("intent"), "before": len(grade.get("history", []))}
