"""Taking an artist's frames in, as a job: copied, measured against the original, written into a ledger, shown for review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from answerprint.colour.config import config_digest
from answerprint.colour.spaces import to_working
from answerprint.colour.view import ViewLUT
from answerprint.generator.registry import operations
from answerprint.graph.cache import Cache
from answerprint.graph.compositor import full_frame
from answerprint.graph.document import Graph, Node
from answerprint.graph.layers import read_layers
from answerprint.graph.runner import Binding, GraphRun
from answerprint.graph.sources import PlateReader
from answerprint.jobs.work import WorkOrder
from answerprint.media.movie import proxy_sized, write_proxy
from answerprint.media.part import PartOfSequence
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.passes.footage import plate_of
from answerprint.passes.frame_ledger import keep_ledger, summary
from answerprint.passes.picture_check import checked
from answerprint.passes.picture_job import JobContext
from answerprint.passes.returned import copied, differing
from answerprint.passes.returned_movie import decoded, recoded
from answerprint.passes.review_copies import MATTE, PICTURE, layers_box
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Job, Shot, Version
from answerprint.provenance.digests import frame_digest
from answerprint.provenance.rows import FrameRow, SourceUse
from answerprint.quality.performance_class import PixelInspector

BY_HAND = "by hand, outside the operation's matte"
UNMEASURED = f"{BY_HAND}: who is in it could not be measured"
Performers = Callable[[int], Any] | None


def work_on_return(order: WorkOrder) -> dict[str, Any]:
    """Copy the frames into the version's folder, compare each with the original and the parent, write ledger and review copies.

    A frame that differs from the original only where its parent was treated keeps the parent's class. Elsewhere performers are looked for
    and the class is measured; where they cannot be looked for, the frame is D.
    """
    told, production = order.job_order, Production.open(order.production_dir)
    with production.reading() as session:
        shot = session.get_one(Shot, told["shot"])
        version = session.scalars(select(Version).where(Version.job_id == order.job_id)).one()
        parent = next((v for v in shot.versions if v.number == told["parent"]), None)
        plate = plate_of(production, shot.clip)
        job = session.get_one(Job, order.job_id)
        start, requested_by, out, name = shot.start, job.requested_by, production.root / version.path, shot.name
        count = shot.end - shot.start
    lossy = told.get("movie_first") is not None
    members = copied([Path(file) for file in told["files"]], out / "returned" if lossy else out)
    if lossy:
        called = told["returned"]["name"]
        movie = out / "returned" / members[0]["name"]
        decoded(movie, told["movie_first"], count, called, out, lambda done: order.report(done, count, f"frame {done} of {called}"))
    made = open_sequence(out, plate.sequence.rate)
    performers = _performers(production, plate, order)
    records = []
    for index in range(made.count):
        order.check_cancelled()
        order.report(index, made.count, f"frame {start + index} of {name}")
        records.append(_record(made, index, plate, start + index, told["space"], lossy, production, parent, performers))
    rows = _rows(records, order, version, parent, plate, requested_by)
    seal = keep_ledger(production.path("ledger") / f"{order.job_id}.ledger.jsonl", order.job_id, rows, records, requested_by)
    _review(out, made, records, plate, start, told["space"])
    figures = summary(records) | {
        "ledger_root": seal,
        "returned": told["returned"] | {"members": members},
        "parent": told["parent"],
        "space": told["space"],
        "quality": checked(made, PartOfSequence(plate.sequence, start, start + count), order.report),
    }
    with production.session() as session:
        held = session.get_one(Version, version.id)
        held.figures, held.status = figures | {"frames": [_plain(r) for r in records]}, "to review"
        held.shot.status = "to review"
    return figures


def _record(
    made: FrameSequence,
    index: int,
    plate: PlateReader,
    frame: int,
    space: str,
    lossy: bool,
    production: Production,
    parent: Version | None,
    performers: Performers,
) -> dict[str, Any]:
    source, theirs = plate.sequence.read(frame), made.read(index)
    first, second = to_working(source.rgb(), plate.space), to_working(theirs.rgb(), space)
    changed = recoded(theirs.rgb(), first, space) if lossy else differing(second, first)
    before = _of_parent(parent, frame)
    inside = _treated(production, parent, before, plate) if before else np.zeros_like(changed)
    outside = changed & ~inside
    kept = before is not None and changed.any() and not before.get("refused")
    letter = str(before["class"]) if before and kept else "A"
    if outside.any():
        nobody = np.zeros_like(outside)
        seen = performers and PixelInspector().classify(first, second, outside, performers(frame), nobody)
        letter = max(letter, seen or "D", key="ABCRD".index)
    pixels = changed.size
    return {
        "frame": frame,
        "output": made.file(index).name,
        "timecode": plate.sequence.timecode(frame),
        "pixel_digest": frame_digest(theirs),
        "source_digest": frame_digest(source),
        "parent_digest": str(before["pixel_digest"]) if before else "",
        "changed": int(changed.sum()),
        "changed_share": round(float(changed.sum()) / pixels, 6),
        "outside_share": round(float(outside.sum()) / pixels, 6),
        "support_share": 0.0 if changed.any() else 1.0,
        "class": letter,
        "reason": (BY_HAND if performers is not None else UNMEASURED) if outside.any() else "",
        "refused": False,
        "restored": 0,
        "unreached": 0,
        "sources": [],
        "layers": "",
        "_changed": changed,
    }


def _performers(production: Production, plate: PlateReader, order: WorkOrder) -> Performers:
    """The performers' mattes of the original, by clip frame; None where the model that finds people is not here."""
    node = Node(id="performers", operation="matte", parameters={"subject": "everyone"}, inputs={"plate": "@plate"})
    try:
        run = GraphRun(
            Graph(nodes=[node], result=node.id), Binding(plate), operations(), Cache(production.path("cache")), PixelInspector()
        )
        run.analyse(JobContext(order), node.id)
    except BadInput:
        return None
    mattes = run.mattes(node.id)

    def read(frame: int) -> Any:
        return mattes.read(frame)

    return read


def _of_parent(parent: Version | None, frame: int) -> dict[str, Any] | None:
    records = parent.figures.get("frames", []) if parent is not None else []
    return next((record for record in records if record["frame"] == frame), None)


def _treated(production: Production, parent: Version | None, record: dict[str, Any], plate: PlateReader) -> np.ndarray:
    """Where the parent's operation worked, full size; nowhere for a frame it left as shot or whose layers are gone."""
    assert parent is not None
    path = production.root / parent.path / record["layers"] if record.get("layers") else None
    if path is None or not path.is_file() or record.get("refused"):
        return np.zeros((plate.height, plate.width), bool)
    result = read_layers(path, record["frame"], {"box": layers_box(path)})
    return np.asarray(full_frame(result.matte, result, plate.width, plate.height) > 0)


def _rows(
    records: list[dict[str, Any]], order: WorkOrder, version: Version, parent: Version | None, plate: PlateReader, requested_by: str
) -> list[FrameRow]:
    told = order.job_order
    parameters = {
        "returned": told["returned"],
        "parent": told["parent"],
        "space": told["space"],
        "steps": [{"node": "artist", "operation": version.operation, "version": "by hand", "parameters": {}, "key": ""}],
    }
    rows = []
    for r in records:
        sources = [SourceUse(digest=r["source_digest"], clip=plate.clip, frame=r["frame"])]
        if r["parent_digest"]:
            assert parent is not None
            sources.append(SourceUse(digest=r["parent_digest"], clip=f"v{parent.number:03d}", frame=r["frame"], role="parent"))
        rows.append(
            FrameRow(
                job=order.job_id,
                node="artist",
                operation=version.operation,
                operation_version="by hand",
                frame=r["frame"],
                timecode=r["timecode"],
                output=f"{version.path}/{r['output']}",
                output_digest=r["pixel_digest"],
                parameters=parameters,
                sources=tuple(sources),
                performance_class=r["class"],
                changed_share=r["changed_share"],
                support_share=r["support_share"],
                invented_share=round(1 - r["support_share"], 6),
                colour_config=config_digest(),
                requested_by=requested_by,
            )
        )
    return rows


def _review(out: Path, made: FrameSequence, records: list[dict[str, Any]], plate: PlateReader, start: int, space: str) -> None:
    """The picture, and where it differs from the original, as movies the page steps through."""
    (out / "review").mkdir(exist_ok=True)
    rate, label, lut = plate.sequence.rate or 24, records[0]["timecode"], ViewLUT.cached()

    def pictures() -> Iterator[np.ndarray]:
        for index in range(made.count):
            yield lut.apply(proxy_sized(to_working(made.read(index).rgb(), space)))

    def changes() -> Iterator[np.ndarray]:
        for record in records:
            yield np.repeat(proxy_sized(record["_changed"].astype(np.float32))[..., None], 3, axis=2)

    write_proxy(out / PICTURE, pictures(), rate, label)
    write_proxy(out / MATTE, changes(), rate, label)


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if not key.startswith("_")}
