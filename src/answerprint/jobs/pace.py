"""How fast a job was, measured against the length of the picture it made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.production.tables import Clip, Job, JobChunk, JobEvent
from answerprint.production.timecode import frame_rate

__all__ = ["x_realtime"]


def x_realtime(session: Session, job: Job, chunks: Sequence[JobChunk]) -> float | None:
    """Seconds of picture made in a second of wall time: frames / rate / (finished - started). Above 1 is faster than it plays.

    Frames are those its chunks name, or a clip's whole length done in one piece. Other jobs side by side make it slower. None for a
    job that failed, made no counted frames of a clip, or was tried again: the time between is no work.
    """
    clip = session.get(Clip, job.order["clip"]) if isinstance(job.order.get("clip"), int) else None
    if clip is None or job.state != "done" or job.started is None or job.finished is None:
        return None
    frames = sum(chunk.weight for chunk in chunks if "frames" in chunk.order)
    if not frames and len(chunks) == 1 and chunks[0].weight == clip.frame_count:
        frames = clip.frame_count
    again = select(JobEvent.id).where(JobEvent.job_id == job.id, JobEvent.kind == "retried").limit(1)
    # SQLite forgets the zone; everything is kept in UTC.
    seconds = (job.finished.replace(tzinfo=UTC) - job.started.replace(tzinfo=UTC)).total_seconds()
    if not frames or seconds <= 0 or session.scalar(again) is not None:
        return None
    return float(f"{float(frames / frame_rate(clip.rate)) / seconds:.3g}")
