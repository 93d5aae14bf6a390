"""Shots and their versions, as the page shows them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from answerprint.production import BadInput, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Approval, Clip, Job, Shot, Version
from answerprint.provenance.chain import read_ledger
from answerprint.server.doors import InProduction
from answerprint.server.grades import grade_summary
from answerprint.server.material import certificate_address, clip_proxy, graded_copy, version_file

router = APIRouter(prefix="/api")


@router.get("/shots")
def shots(here: InProduction) -> dict[str, Any]:
    """Every shot, in the order of the cut; then those without an event, and last those that the newest cut left out."""
    with here.production.reading() as session:
        found = session.scalars(
            select(Shot).options(selectinload(Shot.clip), selectinload(Shot.versions)).order_by(Shot.event.nulls_last(), Shot.name)
        ).all()
        jobs = _newest_jobs(session)
        ordered = sorted(found, key=_left_out)
        return {"shots": [shot_summary(shot, jobs.get(shot.id)) for shot in ordered]}


@router.get("/shots/{shot_id}")
def shot(shot_id: int, here: InProduction) -> dict[str, Any]:
    """One shot with its versions, oldest first, and where its pictures are."""
    with here.production.reading() as session:
        found = session.get(Shot, shot_id)
        if found is None:
            raise HTTPException(404, "There is no such shot.")
        clip = found.clip
        plate = clip_proxy(here.production, clip)
        return {
            **shot_summary(found, _newest_jobs(session, shot_id).get(shot_id)),
            "clip_id": clip.id,
            "clip_frames": clip.frame_count,
            "input_space": clip.input_space,
            "grade": grade_summary(clip),
            "plate": {"url": f"/media/clip/{clip.id}/proxy.mp4", "first": 0} if plate else None,
            "graded": _graded(here.production, clip),
            "versions": [version_summary(here.production, version) for version in found.versions],
        }


@router.get("/versions/{version_id}")
def version(version_id: int, here: InProduction) -> dict[str, Any]:
    """One version, every frame of it, and the steps that made it."""
    with here.production.reading() as session:
        found = session.get(Version, version_id)
        if found is None:
            raise HTTPException(404, "There is no such version.")
        job = session.get(Job, found.job_id) if found.job_id else None
        return {
            **version_summary(here.production, found),
            "shot_id": found.shot_id,
            "requested_by": job.requested_by if job else "",
            "frames": [_frame(record) for record in frame_records(found)],
            "steps": _steps(here.production, found),
        }


def shot_summary(shot: Shot, job: Job | None) -> dict[str, Any]:
    """A shot as a card on the wall. ``timecode`` is the source's at the shot's first frame."""
    clip = shot.clip
    done = [version for version in shot.versions if frame_records(version)]
    latest = done[-1] if done else None
    return {
        "id": shot.id,
        "name": shot.name,
        "clip": clip.name,
        "camera": clip.camera_label,
        "scene": clip.scene,
        "take": clip.take,
        "rate": clip.rate,
        "timecode": _timecode(clip, shot.start),
        "start": shot.start,
        "end": shot.end,
        "cut_in": shot.cut_in,
        "cut_out": shot.cut_out,
        "width": clip.width,
        "height": clip.height,
        "status": shot.status,
        "left_out": _left_out(shot),
        "thumbnail": f"/media/shot/{shot.id}/thumb.jpg?of={latest.id if latest else 0}",
        "latest": latest
        and {
            "id": latest.id,
            "number": latest.number,
            "operation": latest.operation,
            "status": latest.status,
            "classes": _classes(latest),
        },
        "job": job and {"id": job.id, "state": job.state, "done": job.done, "total": job.total},
    }


def version_summary(production: Production, version: Version) -> dict[str, Any]:
    """A version without its frames. ``first`` is the clip's frame that its first picture shows."""

    def media(name: str) -> dict[str, Any] | None:
        if version_file(production, version, name) is None:
            return None
        return {"url": f"/media/version/{version.id}/{name}.mp4", "first": version.first}

    return {
        "id": version.id,
        "number": version.number,
        "operation": version.operation,
        "status": version.status,
        "created": version.created.isoformat(),
        "figures": {name: value for name, value in version.figures.items() if name != "frames"},
        "origin": _origin(version),
        "first": version.first,
        "count": len(frame_records(version)),
        "proxy": media("proxy"),
        "matte": media("matte"),
        "support": media("support"),
        "certificate": certificate_address(production, version.job_id),
        "decisions": [decision(approval) for approval in sorted(version.approvals, key=lambda one: one.id)],
    }


def _left_out(shot: Shot) -> bool:
    """Whether an earlier cut had the shot and the newest has not."""
    return shot.event is None and bool((shot.details or {}).get("omitted"))


def _graded(production: Production, clip: Clip) -> dict[str, Any] | None:
    """The clip as people watch it, where its copy carries the grades that hold now; the address changes with them."""
    from answerprint.passes.viewing_copies import fresh_copy

    copy = fresh_copy(production, clip) if graded_copy(production, clip) else None
    return copy and {"url": f"/media/clip/{clip.id}/graded.mp4?of={copy.digest[:16]}", "first": 0, "grades": copy.grades}


def _origin(version: Version) -> dict[str, Any] | None:
    """Where a version came from that was not made here: its name, who took it in, and the version it was made from."""
    returned = version.figures.get("returned")
    if not returned:
        return None
    return {"name": returned["name"], "by": returned["by"], "digest": returned["digest"], "parent": version.figures.get("parent")}


def decision(approval: Approval) -> dict[str, Any]:
    """A person's word, as the page shows it."""
    return {
        "id": approval.id,
        "who": approval.who,
        "decision": approval.decision,
        "note": approval.note,
        "frames": approval.frames,
        "when": approval.when.isoformat(),
    }


def frame_records(version: Version) -> list[dict[str, Any]]:
    """What the runner recorded of each frame; empty until the version is made. Frames are numbered as in the clip."""
    records: list[dict[str, Any]] = version.figures.get("frames") or []
    return records


def _frame(record: dict[str, Any]) -> dict[str, Any]:
    refused = bool(record.get("refused"))
    return {
        "frame": record["frame"],
        "class": "D" if refused else record.get("class", "A"),
        "refused": refused,
        "reason": record.get("reason", ""),
        "changed_share": record.get("changed_share"),
        "support_share": record.get("support_share"),
        "restored": record.get("restored"),
        "pixel_digest": record.get("pixel_digest", ""),
        "source_digest": record.get("source_digest", ""),
        "output": record.get("output", ""),
        "sources": record.get("sources", []),
        "figures": record.get("figures", {}),
    }


def _classes(version: Version) -> dict[str, int]:
    return dict(Counter("D" if record.get("refused") else record.get("class", "A") for record in frame_records(version)))


def _steps(production: Production, version: Version) -> list[dict[str, Any]]:
    """The steps as the ledger recorded them; none where there is no ledger yet."""
    path = production.root / "ledger" / f"{version.job_id}.ledger.jsonl"
    if version.job_id is None or not path.is_file():
        return []
    rows = [line.body for line in read_ledger(path).lines if line.kind == "frame"]
    if not rows:
        return []
    models = rows[0].get("models", [])
    steps: list[dict[str, Any]] = rows[0].get("parameters", {}).get("steps", [])
    return [{**step, "models": models if index == 0 else []} for index, step in enumerate(steps)]


def _timecode(clip: Clip, frame: int) -> str:
    try:
        return str(Timecode.parse(clip.start_timecode, clip.rate) + frame)
    except BadInput:
        return ""


def _newest_jobs(session: Session, shot_id: int | None = None) -> dict[int, Job]:
    query = select(Job).where(Job.shot_id.is_not(None)).order_by(Job.created)
    if shot_id is not None:
        query = query.where(Job.shot_id == shot_id)
    return {job.shot_id: job for job in session.scalars(query) if job.shot_id is not None}
