"""The dispatcher: gives the queue's chunks to an executor, and after any crash simply does what is not done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from answerprint.jobs.executor import Executor, WorkerLost
from answerprint.jobs.pace import x_realtime
from answerprint.jobs.queue import job_views, note
from answerprint.jobs.work import Outcome, Work, WorkOrder, cancel_file
from answerprint.production.atomic import exclusive, sweep
from answerprint.production.catalogue import Production
from answerprint.production.tables import Job, JobChunk

ATTEMPTS = 2
"""How often a chunk is tried before it counts as failed."""
_LOSSES = 3
"""How often a chunk may lose its process while running alone before it counts as failed."""
_AHEAD = 2
"""How many jobs a process are begun before the first of them is finished."""
_GLANCE = 0.2
"""Seconds between looks at the queue while work runs: new jobs, stops, priorities."""


@dataclass(frozen=True)
class Progress:
    """How far the followed jobs are. ``done`` and ``total`` are frames; ``reached`` includes chunks under way."""

    done: int
    total: int
    reached: float
    jobs_done: int
    jobs: int
    fps: float | None
    eta_seconds: float | None
    title: str
    what: str


ProgressCallback = Callable[[Progress], None]


class Dispatcher:
    """Works through a production's queue. Any number may be made; a lock lets one at a time do the work.

    A dispatcher that finds the lock taken follows what the other does, and takes over when that one ends,
    however it ends.
    """

    def __init__(self, production: Production, work: Work, executor: Executor) -> None:
        self.production = production
        self.work = work
        self.executor = executor
        self._running: dict[Future[Outcome], int] = {}
        self._suspects: list[int] = []
        self._losses: dict[int, int] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._followed: dict[str, None] = {}
        self._told = 0.0

    def run_until_idle(self, progress: ProgressCallback | None = None, jobs: Sequence[str] | None = None) -> None:
        """Work until ``jobs`` (default: everything waiting now or added meanwhile) are done, failed or cancelled."""
        self._stopping.clear()
        self._followed = dict.fromkeys(jobs or ())
        while not self._stopping.is_set():
            with exclusive(self._lock_file(), wait=False) as mine:
                if mine:
                    self._lead(progress, jobs)
                if mine or not self._pending(jobs):
                    break
            self._tell(progress, jobs)
            time.sleep(_GLANCE)
        self._tell(progress, jobs, last=True)

    def start(self) -> None:
        """Work in the background until ``stop``, waiting for jobs when there are none."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop working at once; chunks under way go back to the queue."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with exclusive(self._lock_file(), wait=False) as mine:
                if mine:
                    self._lead(None, None, stay=True)
                    return
            self._stopping.wait(_GLANCE * 5)

    def _lock_file(self) -> Path:
        return self.production.path("jobs") / "dispatcher.lock"

    def _lead(self, progress: ProgressCallback | None, jobs: Sequence[str] | None, stay: bool = False) -> None:
        """The loop of the one dispatcher that holds the lock."""
        self._give_back_running()
        sweep(self.production.root)
        try:
            while not self._stopping.is_set():
                if not stay and jobs is not None and not self._pending(jobs):
                    return
                self._fill()
                self._tell(progress, jobs)
                if not self._running:
                    if not stay and not self._pending(jobs):
                        return
                    self._stopping.wait(_GLANCE)
                    continue
                finished, _ = wait(self._running, timeout=_GLANCE, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._settle(future)
        finally:
            if self._running:
                self.executor.close()
                self._running.clear()
                self._give_back_running()
            # A worker of a killed dispatcher may have lived on past the sweep above and ended within a write.
            sweep(self.production.root)

    def _give_back_running(self) -> None:
        """Chunks marked running belong to a dispatcher that is gone: they wait again, and it counts as no attempt."""
        with self.production.session() as session:
            for chunk in session.scalars(select(JobChunk).where(JobChunk.state == "running")):
                chunk.state = "cancelled" if chunk.job.state == "cancelled" else "waiting"
                chunk.attempts = max(0, chunk.attempts - 1)
            # A dispatcher that died between a chunk's record and its job's leaves the job to be concluded here.
            for job in session.scalars(select(Job).where(Job.state == "running")):
                _conclude(session, job)
                if job.state == "running":
                    job.state = "waiting"

    def _fill(self) -> None:
        """Claim chunks for the free slots, in order of priority, and hand them out."""
        if self._suspects and self._running:
            return
        free = (1 if self._suspects else self.executor.slots) - len(self._running)
        if free <= 0 or not self._anything_waiting():
            return
        with self.production.session() as session:
            claimed = [self._claim(session, chunk) for chunk in self._next(session, free)]
        for chunk_id, order in claimed:
            self._running[self.executor.submit(self.work, order)] = chunk_id

    def _anything_waiting(self) -> bool:
        with self.production.reading() as session:
            query = select(JobChunk.id).join(Job).where(JobChunk.state == "waiting", Job.state.in_(("waiting", "running")))
            return session.scalar(query.limit(1)) is not None

    def _next(self, session: Session, free: int) -> Sequence[JobChunk]:
        unfinished = aliased(JobChunk)
        stage = (
            select(func.min(unfinished.stage))
            .where(unfinished.job_id == Job.id, unfinished.state != "done")
            .correlate(Job)
            .scalar_subquery()
        )
        active = Job.state.in_(("waiting", "running"))
        ready = (
            select(JobChunk)
            .join(Job)
            .where(JobChunk.state == "waiting", active, JobChunk.stage == stage)
            .order_by(Job.priority.desc(), self._spreads(session), Job.created, Job.id, JobChunk.number)
        )
        if self._suspects:
            alone = session.scalars(ready.where(JobChunk.id.in_(self._suspects)).limit(1)).all()
            if alone:
                return alone
            self._suspects.clear()
        return session.scalars(ready.limit(free)).all()

    def _spreads(self, session: Session) -> ColumnElement[int]:
        """0 for a chunk that stands alone in its stage, in one of the jobs that are next; 1 for the rest.

        What stands alone (a study, a finish) keeps one process busy and holds up all that follows; frames fill any gap. Only so
        many jobs are begun that way, that a long queue still ends job by job.
        """
        order = (Job.priority.desc(), Job.created, Job.id)
        unfinished = select(Job.id).where(Job.state.in_(("waiting", "running"))).order_by(*order)
        begun = session.scalars(unfinished.limit(_AHEAD * self.executor.slots + 1)).all()
        sibling = aliased(JobChunk)
        siblings = (
            select(func.count(sibling.id))
            .where(sibling.job_id == JobChunk.job_id, sibling.stage == JobChunk.stage)
            .correlate(JobChunk)
            .scalar_subquery()
        )
        return case((and_(Job.id.in_(begun), siblings == 1), 0), else_=1)

    def _claim(self, session: Session, chunk: JobChunk) -> tuple[int, WorkOrder]:
        job = chunk.job
        chunk.state = "running"
        chunk.attempts += 1
        if job.state == "waiting":
            job.state = "running"
            job.started = job.started or datetime.now(UTC)
            note(session, job, "started")
        return chunk.id, WorkOrder(
            str(self.production.root), job.id, job.kind, job.order, chunk.order, chunk.stage, chunk.number, chunk.attempts
        )

    def _settle(self, future: Future[Outcome]) -> None:
        """Record what became of a chunk, and of its job when that was the last."""
        chunk_id = self._running.pop(future)
        try:
            outcome = future.result()
        except WorkerLost as loss:
            outcome = self._after_loss(chunk_id, str(loss))
        except Exception as error:
            outcome = Outcome("failed", 0.0, error=f"{type(error).__name__}: {error}".splitlines()[0], lasting=True)
        else:
            with suppress(ValueError):
                self._suspects.remove(chunk_id)
        with self.production.session() as session:
            chunk = session.get_one(JobChunk, chunk_id)
            job = chunk.job
            chunk.seconds, chunk.error = outcome.seconds, outcome.error
            if outcome.state == "done":
                chunk.state, chunk.result = "done", outcome.result
                job.done += chunk.weight
            elif job.state == "cancelled":
                chunk.state = "cancelled"
            elif outcome.state == "cancelled":
                # Stopped and asked for again while it was ending, or a stop that was never recorded.
                cancel_file(self.production.root, job.id).unlink(missing_ok=True)
                chunk.state = "waiting"
                chunk.attempts -= 1
            else:
                final = outcome.lasting or chunk.attempts >= ATTEMPTS
                chunk.state = "failed" if final else "waiting"
                chunk.result = {"exit_code": outcome.exit_code or 1}
            note(
                session,
                job,
                "chunk",
                number=chunk.number,
                chunk_state=chunk.state,
                seconds=round(outcome.seconds, 3),
                weight=chunk.weight,
                error=outcome.error,
            )
            _conclude(session, job)
        if outcome.trace:
            self._log(job.id, chunk.number, outcome.trace)

    def _after_loss(self, chunk_id: int, why: str) -> Outcome:
        """A lost process takes the chunks beside it along, so each suspect is tried again alone before it is blamed."""
        if chunk_id in self._suspects:
            self._losses[chunk_id] = self._losses.get(chunk_id, 0) + 1
        else:
            self._suspects.append(chunk_id)
        lasting = self._losses.get(chunk_id, 0) >= _LOSSES
        if lasting:
            self._suspects.remove(chunk_id)
        else:
            with self.production.session() as session:
                session.get_one(JobChunk, chunk_id).attempts -= 1
        return Outcome("failed", 0.0, error=why, lasting=lasting)

    def _log(self, job_id: str, number: int, trace: str) -> None:
        with suppress(OSError), (self.production.path("logs") / f"job-{job_id}.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()} chunk {number}\n{trace}\n")

    def _pending(self, jobs: Sequence[str] | None) -> bool:
        with self.production.reading() as session:
            query = select(Job.id).where(Job.state.in_(("waiting", "running")))
            return session.scalar((query if jobs is None else query.where(Job.id.in_(jobs))).limit(1)) is not None

    def _tell(self, progress: ProgressCallback | None, jobs: Sequence[str] | None, last: bool = False) -> None:
        now = time.monotonic()
        if progress is None or (now - self._told < _GLANCE and not last):
            return
        self._told = now
        if jobs is None:
            self._followed.update(dict.fromkeys(view["id"] for view in job_views(self.production, states=("waiting", "running"))))
        progress(measure(self.production, list(self._followed)))


def measure(production: Production, jobs: Sequence[str]) -> Progress:
    """How far ``jobs`` are."""
    views = job_views(production, jobs, limit=max(1, len(jobs)))
    active = [view for view in views if view["state"] in ("waiting", "running")]
    paces = [view["fps"] for view in active if view["fps"] and view["state"] == "running"]
    fps = sum(paces) if paces else None
    known = [view["eta_seconds"] for view in active if view["eta_seconds"] is not None]
    untold = sum(view["total"] for view in active if view["eta_seconds"] is None)
    eta = sum(known) + untold / fps if known and fps else None
    current = next((view for view in active if view["state"] == "running"), None)
    return Progress(
        done=sum(view["done"] for view in views),
        total=sum(view["total"] for view in views),
        reached=sum(view["progress"] * view["total"] for view in views),
        jobs_done=len(views) - len(active),
        jobs=len(views),
        fps=fps,
        eta_seconds=eta,
        title=current["title"] if current else "",
        what=current["what"] if current else "",
    )


def _conclude(session: Session, job: Job) -> None:
    """Close the job when nothing of it can run any more."""
    session.flush()
    chunks = session.scalars(select(JobChunk).where(JobChunk.job_id == job.id).order_by(JobChunk.number)).all()
    failed = [chunk for chunk in chunks if chunk.state == "failed"]
    if any(chunk.state == "running" for chunk in chunks) or job.state not in ("waiting", "running"):
        return
    if all(chunk.state == "done" for chunk in chunks):
        job.state = "done"
        last = max(chunk.stage for chunk in chunks)
        job.result = {key: value for chunk in chunks if chunk.stage == last for key, value in chunk.result.items()}
    elif failed and not any(chunk.state == "waiting" and chunk.stage <= min(bad.stage for bad in failed) for chunk in chunks):
        job.state = "failed"
        job.error, job.result = failed[0].error, failed[0].result
    else:
        return
    job.finished = datetime.now(UTC)
    speed = x_realtime(session, job, chunks)
    if speed is not None:
        job.result = {"x_realtime": speed, **job.result}
    note(session, job, job.state, error=job.error)
