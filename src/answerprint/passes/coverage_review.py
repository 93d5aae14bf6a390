"""A new angle stands on the review page like any other result: a shot of its own, a version, and copies to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from answerprint.graph.contract import Context
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.passes.review_copies import PICTURE, write_review_copies
from answerprint.production.tables import Clip, Shot, Version

SPACE = "ACEScg"


def copies(out: Path, name: str, rate: str, records: list[dict[str, Any]], context: Context) -> None:
    """Movies of a new angle's picture, matte and support beside its frames."""
    write_review_copies(PlateReader(open_sequence(out, rate), SPACE, "", name), out, records, context)


def put_to_review(
    session: Session, made: Clip, job: str, place: str, records: list[dict[str, Any]], figures: dict[str, Any]
) -> Version:
    """A version of the new angle's shot, the shot made where there is none. The same job files the same version again."""
    made.asset.details = {**made.asset.details, "proxy": f"{place}/{PICTURE}"}
    session.flush()
    shot = session.scalar(select(Shot).where(Shot.name == made.name))
    if shot is None:
        shot = Shot(name=made.name, clip_id=made.id, event=None, details={}, start=0, end=0, cut_in=0, cut_out=0)
        session.add(shot)
    shot.end = shot.cut_out = made.frame_count
    session.flush()
    version = session.scalar(select(Version).where(Version.shot_id == shot.id, Version.job_id == job))
    if version is None:
        newest = session.scalar(select(func.max(Version.number)).where(Version.shot_id == shot.id)) or 0
        version = Version(shot_id=shot.id, job_id=job, number=newest + 1, operation="coverage", path=place)
        session.add(version)
    altered = set(figures.get("asked_as_d", []))
    shown = [r | ({"asked_as": "D"} if r["pixel_digest"] in altered else {}) for r in records]
    version.path, version.figures, version.status = place, figures | {"frames": shown, "space": SPACE}, "to review"
    shot.status = "to review"
    return version
