"""A graph on a shot as a job: analyse, render the frames in chunks, then seal the ledger and file the version."""

from __future__ import annotations

import shutil
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from answerprint.dataset.of_production import locked_root
from answerprint.generator.registry import operations
from answerprint.graph.cache import Cache
from answerprint.graph.contract import SocketType
from answerprint.graph.document import Graph
from answerprint.graph.runner import Binding, GraphRun, SeededContext
from answerprint.graph.sources import PlateReader
from answerprint.jobs.queue import ChunkOrder, retry, submit
from answerprint.jobs.work import WorkOrder
from answerprint.media.part import PartOfSequence
from answerprint.media.sequence import open_sequence
from answerprint.passes.footage import matte_of, plate_of
from answerprint.passes.frame_ledger import frame_rows, keep_ledger, summary
from answerprint.passes.operation_sources import resolved
from answerprint.passes.performance_policy import ASKED, Records, records_for_shot, somebody_found, touching
from answerprint.passes.picture_check import checked
from answerprint.passes.review_copies import write_review_copies
from answerprint.production import BadInput, FrameRange, Refused
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, JobEvent, Shot, Version
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.keys import own_signer
from answerprint.provenance.rows import EventRow
from answerprint.provenance.work_certificate import certificate, write_certificate
from answerprint.quality.performance_class import PixelInspector
from answerprint.rights.policy import SignOff, policy_of

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
            "sign_offs": [],
            **bound,
        }
        order["subject"] = record_digest({"graph": order["graph"], "clip": shot.clip_id, "shot": shot.id, "bound": bound})
        frames = frames_made(graph, shot)
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


def frames_made(graph: Graph, shot: Shot) -> FrameRange:
    """The frames that come of a shot, numbered as in the clip: its own, or as many as a new timing makes, counted from its first."""
    node = graph.node(graph.result)
    operation = operations()[node.operation]
    if not operation.retimes:
        return FrameRange(shot.start, shot.end)
    count = operation().frame_count(operation.Parameters(**node.parameters), shot.end - shot.start)
    return FrameRange(shot.start, shot.start + count)


def sign_off(production: Production, job_id: str, who: str) -> None:
    """Keep ``who``'s word for exactly this job's work, and try a job again that waited for it.

    Raises BadInput for a job without work on a shot, Refused for the word of who asked for it.
    """
    with production.session() as session:
        job = session.get(Job, job_id)
        if job is None or "subject" not in job.order:
            raise BadInput(job_id, "there is no work here that could be signed off", "choose a job on a shot")
        if not who.strip() or who.strip() == job.requested_by:
            raise Refused(job.title, f"{who.strip() or 'nobody'} asked for it, and class D is signed off by another person", "let somebody else sign it off")  # fmt: skip
        word = SignOff(who=who.strip(), subject=job.order["subject"])
        job.order = {**job.order, "sign_offs": [*job.order["sign_offs"], word.model_dump()]}
        session.add(JobEvent(job_id=job_id, kind="sign-off", body={"who": word.who}))
    retry(production, job_id)


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
        first, done = _first_frame(production, order, run), []
        for number, record in enumerate(run.render(FrameRange(frames.start - first, frames.end - first), out, context), start=1):
            _ask_policy(production, order, run, record, out)
            context.progress(number, len(frames), f"frame {first + record['frame']}")
            done.append(first + record["frame"])
        return {"frames": done}
    return _finish(production, order, run, out, context)


def _first_frame(production: Production, order: WorkOrder, run: GraphRun) -> int:
    """What a result's frame 0 is called: a new timing has numbers of its own, counted from the shot's first frame."""
    if not operations()[run.graph.node(run.graph.result).operation].retimes:
        return 0
    with production.reading() as session:
        shot = session.get(Shot, order.job_order["shot"])
        assert shot is not None
        return shot.start


def _ask_policy(production: Production, order: WorkOrder, run: GraphRun, record: dict[str, Any], out: Path) -> None:
    """Raise Refused for a frame that alters a performer without the records it needs; nothing of the version is kept then."""
    operation = run.graph.node(run.graph.result).operation
    if operation not in ASKED or record["refused"]:
        return
    try:
        _records(production, order).require(
            operation, record["class"], order.job_order["subject"], _title(production, order), partial(somebody_found, run, record)
        )
    except Refused:
        shutil.rmtree(out, ignore_errors=True)
        raise


def _records(production: Production, order: WorkOrder) -> Records:
    with production.reading() as session:
        clip = session.get(Clip, order.job_order["clip"])
        assert clip is not None
    words = [SignOff.model_validate(word) for word in order.job_order.get("sign_offs", [])]
    return records_for_shot(production, clip, _requested_by(production, order), words)


def _title(production: Production, order: WorkOrder) -> str:
    return f"{_shot_name(production, order)} v{order.job_order['version']:03d}"


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
    production = Production.open(production_dir)
    with production.session() as session:
        job = session.get(Job, job_id)
        assert job is not None
        order = job.order
        clip = session.get(Clip, order["clip"])
        assert clip is not None
        plate = plate_of(production, clip)
        held = session.get(Shot, order["shot"])
        bound = Graph.model_validate_json(graph)
        if held is not None and operations()[bound.node(bound.result).operation].retimes:
            # A new timing is counted from the shot's first frame to its last, not the clip's.
            part = PartOfSequence(plate.sequence, held.start, held.end)
            plate = PlateReader(part, plate.space, record_digest([plate.digest, held.start, held.end]), plate.clip, plate.camera)
        sources: dict[str, Any] = {}
        for index, witness in enumerate(order["witnesses"]):
            other = session.get(Clip, witness)
            assert other is not None
            sources[f"@witness{index}"] = plate_of(production, other)
        if order["matte"] is not None:
            matte = session.get(Asset, order["matte"])
            assert matte is not None
            sources["@matte"] = matte_of(production, matte, plate)
        sources |= resolved(production, session, plate, order.get("sources", {}))
    binding = Binding(plate, sources, order["seed"], order["policy"], order["crossing"], order.get("output", "plate"))
    return GraphRun(Graph.model_validate_json(graph), binding, operations(), Cache(production.path("cache")), PixelInspector())


def _finish(production: Production, order: WorkOrder, run: GraphRun, out: Path, context: JobContext) -> dict[str, Any]:
    """Write the job's ledger from the frames' records, seal it, make review copies, file the version."""
    with production.session() as session:
        shot = session.get(Shot, order.job_order["shot"])
        version = session.scalar(select(Version).where(Version.job_id == order.job_id))
        assert shot is not None and version is not None
        frames, requested_by, number = (
            frames_made(run.graph, shot),
            version.job_id and _requested_by(production, order),
            version.number,
        )
    first = _first_frame(production, order, run)
    records = list(run.render(FrameRange(frames.start - first, frames.end - first), out, context))
    rows = frame_rows(
        run,
        records,
        order.job_id,
        str(requested_by),
        order.job_order["policy"],
        out.relative_to(production.root).as_posix(),
        order.job_order["dataset"],
    )
    seal = keep_ledger(
        production.path("ledger") / f"{order.job_id}.ledger.jsonl",
        order.job_id,
        rows,
        records,
        str(requested_by),
        _word(production, order, run, records),
    )
    figures = summary(records) | {"ledger_root": seal, "key": run.key}
    asked = {r["frame"] for r in touching(_records(production, order), run, records)}
    shown = [r | {"frame": first + r["frame"]} | ({"asked_as": "D"} if r["frame"] in asked else {}) for r in records]
    document = _certificate(production, order, run, shown, seal)
    figures["certificate"] = document["said"]
    write_certificate(production.path("ledger") / f"{order.job_id}.certificate.json", document, own_signer())
    write_review_copies(run.binding.plate, out, records, context)
    figures["quality"] = _checked(run, out, frames, context)
    with production.session() as session:
        version = session.scalar(select(Version).where(Version.job_id == order.job_id, Version.number == number))
        assert version is not None
        version.figures, version.status = figures | {"frames": shown}, "to review"
        version.shot.status = "to review"
    return figures


def _checked(run: GraphRun, out: Path, frames: FrameRange, context: JobContext) -> list[dict[str, Any]]:
    """What the delivery checks find on the frames made; a matte is no picture."""
    operation, plate = operations()[run.graph.node(run.graph.result).operation], run.binding.plate.sequence
    if operation.output is SocketType.MATTE:
        return []
    if not operation.retimes:
        plate = PartOfSequence(plate, frames.start, frames.end)
    return checked(open_sequence(out, plate.rate), plate, context.progress)


def _certificate(
    production: Production, order: WorkOrder, run: GraphRun, records: list[dict[str, Any]], seal: str
) -> dict[str, Any]:
    """What the job did, in a form a person reads and a program checks."""
    held = _records(production, order)
    rights = held if touching(held, run, records) else None
    return certificate(
        job=order.job_id,
        title=_title(production, order),
        operation=run.graph.node(run.graph.result).operation,
        requested_by=_requested_by(production, order),
        records=records,
        ledger_root=seal,
        consents=rights.agreed() if rights else [],
        signed_off_by=rights.sign_offs[0].who if rights and rights.sign_offs else "",
    )


def _word(production: Production, order: WorkOrder, run: GraphRun, records: list[dict[str, Any]]) -> EventRow | None:
    rights = _records(production, order)
    altered = touching(rights, run, records)
    if not altered or not order.job_order.get("sign_offs"):
        return None
    return rights.event((r["frame"] for r in altered), (r["pixel_digest"] for r in altered))


def _requested_by(production: Production, order: WorkOrder) -> str:
    with production.session() as session:
        job = session.get(Job, order.job_id)
        return job.requested_by if job is not None else ""
