"""The queue: jobs are handed in, ordered, stopped, tried again and looked at here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from answerprint.jobs.work import cancel_file, report_file
from answerprint.production.catalogue import Production
from answerprint.production.errors import BadInput
from answerprint.production.tables import Job, JobChunk, JobEvent

STATES = ("done", "running", "waiting", "failed", "cancelled")
_RECENT = 12
"""Chunks the moving average looks back on."""


@dataclass(frozen=True)
class ChunkOrder:
    """A part of a job. ``weight`` is the frames it stands for; a stage starts when the one before is done."""

    order: dict[str, Any] = field(default_factory=dict)
    weight: int = 1
    stage: int = 0


def submit(
    production: Production,
    kind: str,
    title: str,
    order: dict[str, Any],
    chunks: Sequence[ChunkOrder],
    *,
    shot_id: int | None = None,
    requested_by: str = "",
    priority: int = 50,
) -> str:
    """Put a job in the queue and return its id. Higher ``priority`` goes first; equals go in order of arrival."""
    if not chunks:
        raise ValueError("a job has at least one chunk")
    job = Job(
        id=uuid.uuid4().hex,
        kind=kind,
        title=title,
        order=order,
        shot_id=shot_id,
        requested_by=requested_by,
        priority=priority,
        total=sum(chunk.weight for chunk in chunks),
        chunks=[
            JobChunk(number=number, stage=chunk.stage, order=chunk.order, weight=chunk.weight)
            for number, chunk in enumerate(chunks)
        ],
    )
    with production.session() as session:
        session.add(job)
        session.flush()
        note(session, job, "submitted")
    return job.id


def cancel(production: Production, job_id: str) -> None:
    """Stop a job: nothing more of it starts, and what runs ends at its next frame. What is done is kept."""
    with production.session() as session:
        job = _job(session, job_id)
        if job.state not in ("waiting", "running"):
            return
        # The file comes first: were the commit lost, a stopped worker is merely run again.
        production.path("jobs")
        cancel_file(production.root, job_id).touch()
        session.execute(update(JobChunk).where(JobChunk.job_id == job_id, JobChunk.state == "waiting").values(state="cancelled"))
        job.state = "cancelled"
        job.finished = datetime.now(UTC)
        note(session, job, "cancelled")


def retry(production: Production, job_id: str) -> None:
    """Do what failed or was stopped again; what is done stays done. Nothing happens to a job without faults."""
    with production.session() as session:
        job = _job(session, job_id)
        if job.state not in ("failed", "cancelled"):
            return
        cancel_file(production.root, job_id).unlink(missing_ok=True)
        session.execute(
            update(JobChunk)
            .where(JobChunk.job_id == job_id, JobChunk.state.in_(("failed", "cancelled")))
            .values(state="waiting", attempts=0, error="")
        )
        job.state, job.error, job.result, job.finished = "waiting", "", {}, None
        note(session, job, "retried")


def set_priority(production: Production, job_id: str, priority: int) -> None:
    """Move a job in the queue; chunks that run already are not interrupted."""
    with production.session() as session:
        job = _job(session, job_id)
        job.priority = priority
        note(session, job, "priority")


def counts(production: Production) -> dict[str, int]:
    """How many jobs are in each state, every state named."""
    with production.reading() as session:
        found = {row[0]: row[1] for row in session.execute(select(Job.state, func.count()).group_by(Job.state))}
    return {state: found.get(state, 0) for state in STATES}


def job_view(production: Production, job_id: str) -> dict[str, Any]:
    """A job as a page shows it; see ``job_views``."""
    with production.reading() as session:
        return _view(production, _job(session, job_id))


def job_views(
    production: Production, job_ids: Sequence[str] | None = None, states: Sequence[str] | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """Jobs as a page shows them, next to run first, then the newest.

    ``done`` and ``total`` count frames; ``chunks`` counts chunks by state; ``eta_seconds`` and ``fps`` are None
    until a chunk has been done; ``x_realtime`` is None until the job is, and for jobs that make no frames; ``progress`` is 0 to 1 and includes what running chunks have reported.
    """
    with production.reading() as session:
        query = select(Job).options(selectinload(Job.chunks)).limit(limit)
        if job_ids is not None:
            query = query.where(Job.id.in_(job_ids))
        if states is not None:
            query = query.where(Job.state.in_(states))
        jobs = session.scalars(query.order_by(Job.created.desc())).all()
        views = [_view(production, job) for job in jobs]
    waiting = [view for view in views if view["state"] in ("waiting", "running")]
    waiting.sort(key=lambda view: (view["state"] != "running", -view["priority"], view["created"], view["id"]))
    return waiting + [view for view in views if view["state"] not in ("waiting", "running")]


def events_after(production: Production, last: int = 0, limit: int = 500) -> list[dict[str, Any]]:
    """What happened after event number ``last``, oldest first, so that a reader can catch up without a gap."""
    with production.reading() as session:
        found = session.scalars(select(JobEvent).where(JobEvent.id > last).order_by(JobEvent.id).limit(limit)).all()
        return [{"id": row.id, "job_id": row.job_id, "kind": row.kind, "when": _iso(row.when), **row.body} for row in found]


def last_event(production: Production) -> int:
    """The number of the newest event, 0 when there is none."""
    with production.reading() as session:
        return session.scalar(select(func.max(JobEvent.id))) or 0


def note(session: Session, job: Job, kind: str, **facts: Any) -> None:
    """Append an event about a job; it becomes visible with the change it speaks of."""
    body = {"state": job.state, "done": job.done, "total": job.total, "title": job.title, **facts}
    session.add(JobEvent(job_id=job.id, kind=kind, body=body))


def _job(session: Session, job_id: str) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise BadInput("job", f"{job_id!r} is not in the queue", "take an id from the list of jobs")
    return job


def _view(production: Production, job: Job) -> dict[str, Any]:
    by_state = {state: sum(chunk.state == state for chunk in job.chunks) for state in STATES}
    reached, what = float(job.done), ""
    for chunk in job.chunks:
        if chunk.state == "running":
            with suppress(OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
                report = json.loads(report_file(production.root, job.id, chunk.number).read_text(encoding="utf-8"))
                reached += chunk.weight * min(1.0, report["done"] / report["total"])
                what = str(report["what"])
    fps, eta = _estimate(job, by_state["running"], reached - job.done)
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "priority": job.priority,
        "requested_by": job.requested_by,
        "shot_id": job.shot_id,
        "order": job.order,
        "done": job.done,
        "total": job.total,
        "progress": reached / job.total if job.total else 0.0,
        "what": what,
        "chunks": by_state,
        "fps": fps,
        "eta_seconds": eta,
        "x_realtime": job.result.get("x_realtime"),
        "error": job.error,
        "result": job.result,
        "created": _iso(job.created),
        "started": _iso(job.started),
        "finished": _iso(job.finished),
    }


def _estimate(job: Job, running: int, under_way: float) -> tuple[float | None, float | None]:
    """Frames per second and seconds left, from a moving average over the newest chunks of each stage.

    A stage nothing is known of yet is taken to go as the others did. None when nothing is known, or nothing runs.
    """
    finished = [chunk for chunk in job.chunks if chunk.state == "done"]
    left: dict[int, int] = {}
    for chunk in job.chunks:
        if chunk.state in ("waiting", "running"):
            left[chunk.stage] = left.get(chunk.stage, 0) + chunk.weight
    overall = _seconds_per_frame(finished)
    if overall is None or not left or job.state not in ("waiting", "running"):
        return None, None
    seconds = 0.0
    for stage, frames in left.items():
        pace = _seconds_per_frame([chunk for chunk in finished if chunk.stage == stage])
        seconds += frames * (overall if pace is None else pace)
    side_by_side = max(1, running)
    now = _seconds_per_frame([chunk for chunk in finished if chunk.stage == min(left)]) or overall
    return side_by_side / max(now, 1e-6), max(0.0, seconds - under_way * now) / side_by_side


def _seconds_per_frame(chunks: list[JobChunk]) -> float | None:
    recent = chunks[-_RECENT:]
    frames = sum(chunk.weight for chunk in recent)
    return sum(chunk.seconds for chunk in recent) / frames if frames else None


def _iso(when: datetime | None) -> str | None:
    if when is None:
        return None
    # SQLite forgets the zone; everything is kept in UTC.
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()
