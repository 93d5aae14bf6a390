"""A new angle stands on the review page like any other result: a shot of its own, a version, and copies to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.graph.contract import Context
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.passes.new_angles import add_version
from answerprint.passes.review_copies import PICTURE, write_review_copies
from answerprint.production.tables import Clip, Shot, Version

SPACE = "ACEScg"


def copies(out: Path, name: str, rate: str, records: list[dict[str, Any]], context: Context) -> None:
    """Movies of a new angle's picture, matte and support beside its frames."""
    write_review_copies(PlateReader(open_sequence(out, rate), SPACE, "", name), out, records, context)


def put_to_review(
    session: Session, made: Clip, job: str, place: str, records: list[dict[str, Any]], figures: dict[str, Any]
) -> Version:
    """A version of the new angle's shot, the shot made where there is none; of every other shot that the cut made of it as well.

    The same job files the same version again.
    """
    made.asset.details = {**made.asset.details, "proxy": f"{place}/{PICTURE}"}
    session.flush()
    shot = session.scalar(select(Shot).where(Shot.name == made.name))
    if shot is None:
        shot = Shot(name=made.name, clip_id=made.id, event=None, details={}, start=0, end=0, cut_in=0, cut_out=0)
        session.add(shot)
    shot.start, shot.end = 0, made.frame_count
    if shot.event is None:
        shot.cut_in, shot.cut_out = 0, made.frame_count
    altered = set(figures.get("asked_as_d", []))
    shown = [r | ({"asked_as": "D"} if r["pixel_digest"] in altered else {}) for r in records]
    session.flush()
    kept = figures | {"frames": shown, "space": SPACE}
    for other in session.scalars(select(Shot).where(Shot.clip_id == made.id, Shot.id != shot.id).order_by(Shot.id)):
        other.start, other.end = 0, made.frame_count
        add_version(session, other, job, place, kept)
    return add_version(session, shot, job, place, kept)
