"""The continuity pass: every cut of a scene compared, what does not hold ranked, and for each a job that would mend it.

It runs nothing of what it proposes. Findings lie in ``editorial/continuity.json``; those that are faults hold a delivery until a named
person says that they are meant (``passes.gates``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from answerprint.colour.cdl import CDL, apply
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.media.sequence import open_sequence
from answerprint.passes.footage import plate_of
from answerprint.passes.spatial import cameras_file
from answerprint.production import BadInput, FrameRange, Timecode
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.tables import JobChunk, Shot
from answerprint.quality.continuity import Comparison, Side, compare_cut
from answerprint.quality.continuity_place import Station

FRAMES = 6
"""Frames looked at on either side of a cut."""
REPORT = "continuity.json"


class ContinuitySettings(BaseModel):
    """What a person may choose for the continuity pass."""

    model_config = ConfigDict(extra="forbid")

    graded: bool = Field(default=True, description="compare as graded (the clips' CDL), not as shot")
    blocking: dict[str, tuple[float, float, float]] = Field(
        default_factory=dict, description="where people stand: name to x, y, z in metres, in the trackers' frame"
    )


def submit_continuity(production: Production, shots: list[Shot], settings: ContinuitySettings, requested_by: str) -> list[str]:
    """One job for the cuts between these shots. Raises BadInput where no two of them follow each other in a scene."""
    cuts = cuts_between(shots)
    if not cuts:
        raise BadInput(
            "continuity", "no two of these shots follow each other in one scene", "ingest a cut, or choose neighbouring shots"
        )
    chunks = [ChunkOrder({"part": "cut", "first": a.id, "second": b.id}, weight=2 * FRAMES) for a, b in cuts]
    chunks.append(ChunkOrder({"part": "report"}, weight=1, stage=1))
    order = settings.model_dump(mode="json")
    return [submit(production, "continuity", f"continuity of {len(cuts)} cuts", order, chunks, requested_by=requested_by)]


def cuts_between(shots: Iterable[Shot]) -> list[tuple[Shot, Shot]]:
    """Pairs that follow each other in the cut without a gap, of one scene."""
    ordered = sorted((s for s in shots if s.event is not None), key=lambda s: (_record(s, "record_in"), s.event or 0))
    return [
        (a, b) for a, b in pairwise(ordered)
        if a.clip.scene == b.clip.scene and _record(a, "record_out") == _record(b, "record_in") and not _through(a, b)
    ]  # fmt: skip


def _record(shot: Shot, side: str) -> int:
    said = (shot.details or {}).get(side)
    return Timecode.parse(said, shot.clip.rate).frame if said else shot.event or 0


def _through(first: Shot, second: Shot) -> bool:
    """Whether the picture runs on over the edit: no cut is seen."""
    return first.clip_id == second.clip_id and first.cut_out == second.cut_in


def work_on_continuity(order: WorkOrder) -> dict[str, Any]:
    """One cut, or the report over all of the job's."""
    production = Production.open(order.production_dir)
    if order.chunk_order["part"] == "report":
        return _report(production, order)
    settings = ContinuitySettings.model_validate(order.job_order)
    with production.reading() as session:
        shots = [session.get(Shot, order.chunk_order[side]) for side in ("first", "second")]
        assert shots[0] is not None and shots[1] is not None
        first, second = shots[0], shots[1]
        frames = (
            FrameRange(max(first.cut_in, first.cut_out - FRAMES), first.cut_out),
            FrameRange(second.cut_in, min(second.cut_out, second.cut_in + FRAMES)),
        )
        sides = [_side(production, shot, part, settings.graded, order) for shot, part in zip((first, second), frames, strict=True)]
        stations = [_station(production, shot, at) for shot, at in ((first, frames[0].end - 1), (second, frames[1].start))]
        named = {"first": first.name, "second": second.name, "first_id": first.id, "second_id": second.id}
        shown = {"first_frame": frames[0].end - 1, "second_frame": frames[1].start, "scene": second.clip.scene}
    both = (stations[0], stations[1]) if stations[0] is not None and stations[1] is not None else None
    blocking = {name: np.array(place) for name, place in settings.blocking.items()}
    found = compare_cut(sides[0], sides[1], both, blocking)
    return named | shown | document_of(found)


def document_of(found: Comparison) -> dict[str, Any]:
    """A comparison as the report keeps it."""
    return {
        "findings": [one.document() for one in found.findings],
        "compared": {kind: {"on": on, "figure": round(found.figures[kind][0], 4) if kind in found.figures else None}
                     for kind, on in sorted(found.compared.items())},
        "not_compared": dict(sorted(found.not_compared.items())),
    }  # fmt: skip


def _side(production: Production, shot: Shot, frames: FrameRange, graded: bool, order: WorkOrder) -> Side:
    """The frames as the audience will see them: the approved version where there is one, else the plate; graded."""
    plate = plate_of(production, shot.clip)
    approved = [v for v in shot.versions if v.status == "approved" and v.operation != "retime"]
    made = open_sequence(production.root / approved[-1].path, shot.clip.rate) if approved else None
    first = approved[-1].first if approved else 0
    told = shot.clip.grade.get("cdl") if graded else None
    grade = CDL.model_validate(told) if told else None
    pictures = []
    for frame in frames:
        order.check_cancelled()
        order.report(frame - frames.start, len(frames), f"{shot.name} frame {frame}")
        if made is not None and 0 <= frame - first < made.count:
            from answerprint.colour.spaces import to_working

            light = np.asarray(to_working(made.read(frame - first).rgb(), plate.space), np.float32)
        else:
            light = plate.read(frame)
        pictures.append(np.asarray(apply(grade, light), np.float32) if grade is not None else light)
    return Side(pictures, shot.name)


def _station(production: Production, shot: Shot, frame: int) -> Station | None:
    """The camera of a frame, where the spatial pass found it; a calibrated still camera else."""
    from answerprint.optics.camera import Camera
    from answerprint.spatial.capture import read_clip_cameras

    place = cameras_file(production, shot.clip.name)
    camera: Camera | None = None
    if shot.clip.asset.details.get("cameras") and place.is_file():
        camera = read_clip_cameras(place).cameras[frame]
    if camera is None:
        return None
    forward = camera.world_to_camera[2]
    sensor = camera.active_sensor_physical_dimensions[0]
    return Station(np.array(camera.translation), np.asarray(forward), camera.pinhole_focal_length, sensor)


def _report(production: Production, order: WorkOrder) -> dict[str, Any]:
    with production.reading() as session:
        chunks = session.scalars(select(JobChunk).where(JobChunk.job_id == order.job_id).order_by(JobChunk.number))
        cuts = [c.result for c in chunks if c.order["part"] == "cut" and c.result]
    ranked = sorted(
        (
            {"cut": f"{cut['first']} > {cut['second']}", "shot": cut["second"], **finding}
            for cut in cuts
            for finding in cut["findings"]
        ),
        key=lambda f: (f["severity"] != "fail", -f["strength"]),
    )
    document = {"document": "continuity", "job": order.job_id, "cuts": cuts, "ranked": ranked}
    write_atomically(report_file(production), json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return {"cuts": len(cuts), "findings": len(ranked), "faults": sum(f["severity"] == "fail" for f in ranked), "report": f"editorial/{REPORT}"}  # fmt: skip


def report_file(production: Production) -> Path:
    """Where the report of the newest continuity pass lies."""
    return production.path("editorial") / REPORT


def report_of(production: Production) -> dict[str, Any] | None:
    """The newest report, None where the pass never ran."""
    place = production.root / "editorial" / REPORT
    if not place.is_file():
        return None
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found


def lines_of(report: dict[str, Any]) -> list[str]:
    """The report in lines a person reads, gravest first."""
    lines = [
        f"{f['severity']:5} {f['cut']}: {f['kind']}, {f['message']} (on {f['seen_on']})"
        + (f"; {_asked(f)}" if f["proposal"] else "")
        for f in report["ranked"]
    ]
    lines += [f"{len(report['cuts'])} cuts, {len(report['ranked'])} findings"]
    return lines


def _asked(finding: dict[str, Any]) -> str:
    job = finding["proposal"]
    settings = " ".join(f"--set {k}={v}" for k, v in job["settings"].items())
    return f"would mend it: {job['pass']} {settings} on {finding['shot']}".rstrip()
