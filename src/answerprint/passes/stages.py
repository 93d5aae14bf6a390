"""The virtual stage through the job queue: several renderers at once, and its pictures in a production's catalogue.

A job's chunk is a few frames of one stage. Frames lie finished on disk or not at all, so a run that was killed is simply asked for
again: the queue is made anew from what is missing. Which worker renders a frame changes nothing in it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from answerprint.ingest.into_catalogue import place_of
from answerprint.jobs.dispatcher import Dispatcher, Progress
from answerprint.jobs.executor import ProcessExecutor, default_workers
from answerprint.jobs.queue import ChunkOrder, cancel, job_view, job_views, submit
from answerprint.passes.work import perform
from answerprint.production import AnswerprintError, BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, JobChunk
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import file_digests
from answerprint.simulation.contact import contact_sheet
from answerprint.simulation.renderer import interpreter
from answerprint.simulation.run import simulate
from answerprint.simulation.shoot import Shot, Tell, claimed, document_digest, passes_of, unfinished
from answerprint.simulation.stage import Stage

_CHUNK = 4
"""Frames of a stage in a chunk: building a stage costs about as much as rendering a preview frame of it."""
_QUEUE = ".queue"
"""The queue of a run that belongs to no production, taken away when the run ends."""


def simulate_with_workers(
    spec: Path,
    out: Path,
    workers: int,
    production: Production | None = None,
    requested_by: str = "",
    tell: Tell = lambda *_: None,
) -> Shot:
    """Shoot a stage, sweep or plan with ``workers`` renderers at once, through the production's queue or one of its own.

    With a ``production`` the results are kept in its catalogue (``keep_in_catalogue``). Raises what ``simulate`` raises.
    """
    if workers < 1:
        raise BadInput("--workers", f"{workers} is no number of renderers", "give 1 or more")
    shot_folders: dict[Path, Stage] = {}

    def shoot_all(stages: list[Stage], folders: list[Path], whole: Path, told: Tell) -> Shot:
        interpreter()
        shot_folders.update(zip(folders, stages, strict=True))
        if production is not None:
            return _shoot_queued(production, stages, folders, whole, workers, requested_by, told)
        queue = whole / _QUEUE
        shutil.rmtree(queue, ignore_errors=True)
        whole.mkdir(parents=True, exist_ok=True)
        try:
            with Production.create(queue, "simulation", stages[0].rate) as own:
                return _shoot_queued(own, stages, folders, whole, workers, requested_by, told)
        finally:
            shutil.rmtree(queue, ignore_errors=True)

    shot = simulate(spec, out, tell, shoot_all)
    if production is not None:
        for folder, stage in shot_folders.items():
            keep_in_catalogue(production, stage, folder)
    return shot


def keep_in_catalogue(production: Production, stage: Stage, folder: Path) -> int:
    """The pictures of a stage as one asset of the production, of kind ``simulation`` and origin ``made``; returns its id.

    Made things are never part of what a lock takes for material; who wants simulated pictures in the dataset ingests their folder. The
    details say that they are generated, name document and provenance by digest, and list every file with its own.
    """
    folder = folder.absolute()
    provenance = folder / "provenance.json"
    if not provenance.is_file():
        raise BadInput(folder, "holds no finished frames with their provenance", "run answerprint simulate first")
    members: list[dict[str, Any]] = []
    for file in sorted(p for p in folder.rglob("*") if p.suffix in (".exr", ".json") and ".rendering-" not in str(p)):
        found = file_digests(file)
        members.append({"name": file.relative_to(folder).as_posix(), "sha256": found.sha256, "size": file.stat().st_size})
    place = place_of(production, folder)
    with production.session() as session:
        asset = session.scalar(select(Asset).where(Asset.path == place))
        if asset is None:
            asset = Asset(path=place, kind="simulation")
            session.add(asset)
        elif asset.origin != "made":
            raise BadInput(folder, "is material of this production", "render into another folder")
        asset.kind, asset.origin, asset.role = "simulation", "made", "generated"
        asset.sha256, asset.size = record_digest(members), sum(member["size"] for member in members)
        asset.details = {
            "source": "generated",
            "stage": stage.name,
            "scene": stage.scene,
            "take": stage.take,
            "document": document_digest(stage),
            "provenance": file_digests(provenance).sha256,
            "renderer": json.loads(provenance.read_text())["renderer"],
            "cameras": [camera.label for camera in stage.cameras],
            "frames": [stage.first_frame, stage.first_frame + stage.frame_count - 1],
            "passes": passes_of(stage),
            "members": members,
        }
        session.flush()
        return asset.id


def _shoot_queued(
    production: Production, stages: list[Stage], folders: list[Path], out: Path, workers: int, requested_by: str, tell: Tell
) -> Shot:
    started = time.monotonic()
    total = sum(stage.frame_count * len(stage.cameras) for stage in stages)
    with ExitStack() as held:
        chunks: list[ChunkOrder] = []
        for stage, folder in zip(stages, folders, strict=True):
            held.enter_context(claimed(stage, folder.absolute()))
            chunks += _chunks(stage, folder.absolute())
        rendered = sum(chunk.weight for chunk in chunks)
        tell(total - rendered, total, "rendering frames")
        cpu = (
            _run(production, out, chunks, workers, requested_by, partial(_follow, tell, total - rendered, total)) if chunks else 0.0
        )
        for stage, folder in zip(stages, folders, strict=True):
            contact_sheet(stage, folder)
    return Shot(total, passes_of(stages[0]), out, time.monotonic() - started, rendered, cpu)


def _chunks(stage: Stage, folder: Path) -> list[ChunkOrder]:
    todo = unfinished(stage, folder)
    frames = list(dict.fromkeys(frame for _, frame in todo))
    parts = [frames[i : i + _CHUNK] for i in range(0, len(frames), _CHUNK)]
    return [ChunkOrder({"folder": str(folder), "frames": part}, weight=sum(frame in part for _, frame in todo)) for part in parts]


def _run(
    production: Production, out: Path, chunks: list[ChunkOrder], workers: int, requested_by: str, follow: Callable[[Progress], None]
) -> float:
    threads = max(1, default_workers() // workers)
    order = {"out": str(out.absolute()), "threads": threads}
    for left in job_views(production, states=("waiting", "running")):
        # Of a run that was killed; its frames that are missing are in this one.
        if left["kind"] == "simulate" and left["order"]["out"] == order["out"]:
            cancel(production, left["id"])
    job = submit(production, "simulate", f"simulation {out.name}", order, chunks, requested_by=requested_by)
    executor = ProcessExecutor(workers, threads)
    try:
        Dispatcher(production, perform, executor).run_until_idle(follow, [job])
    finally:
        executor.close()
    view = job_view(production, job)
    if view["state"] != "done":
        fault = AnswerprintError(view["error"] or "the rendering was stopped; run the same command to go on.")
        fault.exit_code = view["result"].get("exit_code", 1)
        raise fault
    with production.reading() as session:
        results = session.scalars(select(JobChunk.result).where(JobChunk.job_id == job)).all()
    return float(sum(result.get("cpu_seconds", 0.0) for result in results))


def _follow(tell: Tell, before: int, total: int, progress: Progress) -> None:
    tell(before + progress.done, total, "rendering frames")
