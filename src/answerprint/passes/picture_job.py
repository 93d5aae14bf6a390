"""A graph on a shot as a job: analyse, render the frames in chunks, then seal the ledger and file the version."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from answerprint.colour.config import config_digest
from answerprint.dataset.of_production import locked_root
from answerprint.generator.registry import operations
from answerprint.graph.cache import Cache
from answerprint.graph.document import Graph
from answerprint.graph.runner import Binding, GraphRun, SeededContext
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.passes.footage import matte_of, plate_of
from answerprint.passes.review_copies import write_review_copies
from answerprint.production import FrameRange
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Shot, Version
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import EventRow, FrameRow, ModelUse, SourceUse
from answerprint.quality.performance_class import PixelInspector
from answerprint.rights.policy import policy_of

FRAMES_PER_CHUNK = 16


def submit_graph(
    production: Production, shot: Shot, graph: Graph, bound: dict[str, Any], operation: str, requested_by: str, priority: int = 50
) -> str:
    """Queue a graph on a shot and open its version. Returns the job id."""
    with production.session() as session:
        newest = session.scalar(select(func.max(Version.number)).where(Version.shot_id == shot.id)) or 0
        number = newest + 1
        order = {
            "graph": graph.model_dump(),
            "clip": shot.clip_id,
            "shot": shot.id,
            "version": number,
            "seed": 0,
            "policy": policy_of(production.root).digest,
            "dataset": locked_root(production) or "",
            **bound,
        }
        frames = FrameRange(shot.start, shot.end)
        # One chunk for each study: what a kill costs is one of them, and each ends with its memory given back.
        studies = graph.order()
        chunks = [
            ChunkOrder({"part": "analyse", "node": node.id}, weight=max(1, len(frames) // 4), stage=stage)
            for stage, node in enumerate(studies)
        ]
        chunks += [
            ChunkOrder({"part": "frames", "frames": [c.start, c.end]}, weight=len(c), stage=len(studies))
            for c in frames.chunks(FRAMES_PER_CHUNK)
        ]
        chunks += [ChunkOrder({"part": "finish"}, weight=max(1, len(frames) // 4), stage=len(studies) + 1)]
        job = submit(
            production,
            "frames",
            f"{operation} {shot.name} v{number:03d}",
            order,
            chunks,
            shot_id=shot.id,
            requested_by=requested_by,
            priority=priority,
        )
        session.add(
            Version(
                shot_id=shot.id,
                job_id=job,
                number=number,
                operation=operation,
                status="working",
                path=f"versions/{shot.name}/v{number:03d}",
            )
        )
        held = session.get(Shot, shot.id)
        if held is not None:
            held.status = "working"
    return job


class JobContext(SeededContext):
    """A job's context: progress and cancellation go through the work order."""

    def __init__(self, order: WorkOrder) -> None:
        super().__init__(int(order.job_order["seed"]))
        self._order = order

    def progress(self, done: int, total: int, what: str) -> None:
        """Shown by the progress bar and the page."""
        self._order.report(done, total, what)

    def check_cancelled(self) -> None:
        """Raises Cancelled when a person stopped the job."""
        self._order.check_cancelled()


def work_on_frames(order: WorkOrder) -> dict[str, Any]:
    """One chunk: the analysis, some frames, or the finish."""
    run = _run(order.production_dir, order.job_id, _frozen(order))
    context = JobContext(order)
    part = order.chunk_order["part"]
    if part == "analyse":
        run.analyse(context, order.chunk_order["node"])
        return {}
    production = Production.open(order.production_dir)
    out = production.root / "versions" / _shot_name(production, order) / f"v{order.job_order['version']:03d}"
    if part == "frames":
        frames = FrameRange(*order.chunk_order["frames"])
        done = []
        for number, record in enumerate(run.render(frames, out, context), start=1):
            context.progress(number, len(frames), f"frame {record['frame']}")
            done.append(record["frame"])
        return {"frames": done}
    return _finish(production, order, run, out, context)


def _frozen(order: WorkOrder) -> str:
    return Graph.model_validate(order.job_order["graph"]).model_dump_json()


def _shot_name(production: Production, order: WorkOrder) -> str:
    with production.session() as session:
        shot = session.get(Shot, order.job_order["shot"])
        assert shot is not None
        return shot.name


@lru_cache(maxsize=1)
def _run(production_dir: str, job_id: str, graph: str) -> GraphRun:
    """The bound graph of a job, kept between the chunks one process does."""
    from answerprint.production.tables import Job

    production = Production.open(production_dir)
    with production.session() as session:
        job = session.get(Job, job_id)
        assert job is not None
        order = job.order
        clip = session.get(Clip, order["clip"])
        assert clip is not None
        plate = plate_of(production, clip)
        sources: dict[str, Any] = {}
        for index, witness in enumerate(order["witnesses"]):
            other = session.get(Clip, witness)
            assert other is not None
            sources[f"@witness{index}"] = plate_of(production, other)
        if order["matte"] is not None:
            matte = session.get(Asset, order["matte"])
            assert matte is not None
            sources["@matte"] = matte_of(production, matte, plate)
    binding = Binding(plate, sources, order["seed"], order["policy"], order["crossing"])
    return GraphRun(Graph.model_validate_json(graph), binding, operations(), Cache(production.path("cache")), PixelInspector())


def _finish(production: Production, order: WorkOrder, run: GraphRun, out: Path, context: JobContext) -> dict[str, Any]:
    """Write the job's ledger from the frames' records, seal it, make review copies, file the version."""
    with production.session() as session:
        shot = session.get(Shot, order.job_order["shot"])
        version = session.scalar(select(Version).where(Version.job_id == order.job_id))
        assert shot is not None and version is not None
        frames, requested_by, number = (
            FrameRange(shot.start, shot.end),
            version.job_id and _requested_by(production, order),
            version.number,
        )
    records = list(run.render(frames, out, context))
    rows = frame_rows(
        run,
        records,
        order.job_id,
        str(requested_by),
        order.job_order["policy"],
        out.relative_to(production.root).as_posix(),
        order.job_order["dataset"],
    )
    seal = keep_ledger(production.path("ledger") / f"{order.job_id}.ledger.jsonl", order.job_id, rows, records, str(requested_by))
    figures = summary(records) | {"ledger_root": seal, "key": run.key}
    write_review_copies(run.binding.plate, out, records, context)
    with production.session() as session:
        version = session.scalar(select(Version).where(Version.job_id == order.job_id, Version.number == number))
        assert version is not None
        version.figures, version.status = figures | {"frames": records}, "to review"
        version.shot.status = "to review"
    return figures


def _requested_by(production: Production, order: WorkOrder) -> str:
    from answerprint.production.tables import Job

    with production.session() as session:
        job = session.get(Job, order.job_id)
        return job.requested_by if job is not None else ""


def frame_rows(
    run: GraphRun, records: list[dict[str, Any]], job: str, requested_by: str, policy: str, folder: str = "", dataset: str = ""
) -> list[FrameRow]:
    """Ledger rows of a run's frames, in frame order. ``folder`` is where the frames lie, counted from the ledger's root.

    ``dataset`` is the root of the lock the job was dispatched under.
    """
    steps = run.steps()
    final = next(s for s in steps if s["node"] == run.graph.result)
    models = {
        m["sha256"]: ModelUse(name=m["name"], digest=m["sha256"], kind=m.get("kind", "analysis"))
        for s in steps
        for m in s["models"]
    }
    parameters: dict[str, Any] = {
        "steps": [{k: s[k] for k in ("node", "operation", "version", "parameters", "key")} for s in steps],
        "crossing": run.binding.crossing,
    }
    if dataset:
        parameters["dataset_root"] = dataset
    return [
        FrameRow(
            job=job,
            node=final["node"],
            operation=final["operation"],
            operation_version=final["version"],
            frame=r["frame"],
            timecode=r["timecode"] or None,
            output=f"{folder}/{r['output']}" if folder else r["output"],
            output_digest=r["pixel_digest"],
            parameters=parameters,
            sources=(
                SourceUse(digest=r["source_digest"], clip=run.binding.plate.clip, frame=r["frame"]),
                *(
                    SourceUse(
                        digest=s["digest"],
                        of="file",
                        clip=s["clip"],
                        frame=s["frame"],
                        role="plate" if s["clip"] == run.binding.plate.clip else "candidate",
                    )
                    for s in r["sources"]
                ),
            ),
            models=tuple(models.values()),
            performance_class=_class_written(r),
            changed_share=r["changed_share"],
            support_share=r["support_share"],
            invented_share=round(1 - r["support_share"], 6),
            restored=r["restored"],
            unreached=r["unreached"],
            colour_config=config_digest(),
            policy=policy or None,
            requested_by=requested_by,
        )
        for r in records
    ]


def _class_written(record: dict[str, Any]) -> Any:
    # A refused frame leaves as it came: nothing was altered, so the frame itself is class A; the refusal is an event.
    return "A" if record["refused"] else record["class"]


def keep_ledger(path: Path, job: str, rows: list[FrameRow], records: list[dict[str, Any]], requested_by: str) -> str:
    """Write and seal a job's ledger; a sealed one is left alone. Returns the sealed root."""
    with Ledger.at(path, job) as ledger:
        ledger.append_many(rows)
        refused = [r for r in records if r["refused"]]
        said = any(line.kind == "event" and line.body.get("event") == "refusal" for line in ledger.lines)
        if refused and not said:
            ledger.append_event(
                EventRow(
                    event="refusal",
                    who=requested_by or "answerprint",
                    when=datetime.now(UTC),
                    frames=tuple(r["frame"] for r in refused),
                    subjects=tuple(r["source_digest"] for r in refused),
                    note="class D: the fill would replace pixels of a performer; consent and sign-off are needed",
                )
            )
        return str(ledger.seal(own_signer()).root)


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """A run in a few numbers, as the command line and the page show them."""
    classes = Counter("D" if r["refused"] else r["class"] for r in records)
    changed = [r for r in records if r["changed"]]
    return {
        "class": {letter: classes.get(letter, 0) for letter in "ABCRD"},
        "changed_share": round(sum(r["changed_share"] for r in records) / max(1, len(records)), 6),
        "support_share": round(
            sum(r["support_share"] * r["changed"] for r in changed) / max(1, sum(r["changed"] for r in changed)), 6
        )
        if changed
        else 1.0,
        "refused": [r["frame"] for r in records if r["refused"]],
        "restored": [{"frame": r["frame"], "pixels": r["restored"]} for r in records if r["restored"]],
        "unreached": [{"frame": r["frame"], "pixels": r["unreached"]} for r in records if r["unreached"]],
    }
