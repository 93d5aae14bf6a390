"""The coverage pass: a new angle of a take from the production's own cameras, filed as one more camera of that take.

Its clip has a unit letter of its own, the take's slate and the timecode of the clip it stands beside, and GEN in its name: bins, logs
and conform find it like any other.
"""

from __future__ import annotations

import shutil
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.dataset.of_production import locked_root
from answerprint.generator.coverage_scene import CoverageScene, Sighting
from answerprint.generator.registry import operations
from answerprint.graph.cache import Cache
from answerprint.graph.document import Graph, Node
from answerprint.graph.runner import Binding, GraphRun
from answerprint.graph.sources import PlateReader
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.optics.camera import Camera
from answerprint.passes.coverage_review import copies, put_to_review
from answerprint.passes.footage import allowed, located, plate_of
from answerprint.passes.frame_ledger import frame_rows, keep_ledger, summary
from answerprint.passes.new_angles import is_new_angle
from answerprint.passes.performance_policy import Records, records_for_shot, somebody_found, touching
from answerprint.passes.picture_job import FRAMES_PER_CHUNK, JobContext
from answerprint.passes.spatial import cameras_file, scanned
from answerprint.production import BadInput, FrameRange, Refused, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, Permission, Shot
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import file_digests
from answerprint.provenance.keys import own_signer
from answerprint.provenance.work_certificate import certificate, write_certificate
from answerprint.quality.performance_class import PixelInspector
from answerprint.rights.policy import SignOff, policy_of
from answerprint.spatial.capture import ClipCameras, read_clip_cameras
from answerprint.spatial.planner import LIMIT_DEG

_FRAMES_OF_OTHERS = 6
"""Frames that a clip of another take lends to the set."""
_PURPOSES = ("index", "retrieve", "deliver")
"""What a generated clip may be used for, as far as every clip behind it may; never training."""


class CoverageSettings(BaseModel):
    """What a person may choose for a new angle."""

    model_config = ConfigDict(extra="forbid")

    camera: str = Field(description="file of the new camera: one that stands, or one for each frame of the take's first clip")
    unit: str = Field(default="V", pattern="^[A-Z]{1,2}$", description="unit letter of the new camera in reel and clip name")
    height: int | None = Field(default=None, ge=32, le=8640, description="lines of the picture; without it the new camera's own")
    time_budget: float | None = Field(default=None, gt=0, description="CPU seconds for studying the scene")
    splats: bool = Field(default=True, description="fit the set as splats too: better outlines and angles farther off")
    performers: Literal["plates", "background"] = Field(
        default="plates", description="real pixels of the nearest camera, or the set alone"
    )
    limit_deg: float = Field(default=LIMIT_DEG, gt=0, lt=90, description="largest angle to the real camera, at the performers")
    grain: float = Field(default=1.0, ge=0, le=4, description="of the clips' own grain, where averaging took it; 0 is none")
    t_stop: float | None = Field(default=None, gt=0.5, le=64, description="with focus: defocus by distance")
    focus: float | None = Field(default=None, gt=0, description="metres from the new camera")


def submit_coverage(production: Production, shots: list[Shot], settings: CoverageSettings, requested_by: str) -> list[str]:
    """Queue a new angle for the take of each shot, each take once. Raises BadInput where a clip has no cameras yet."""
    from answerprint.passes.coverage_inputs import read_path

    path = read_path(Path(settings.camera).expanduser())
    jobs, done = [], set()
    for clip in _beside(production, shots):
        slate = (clip.scene, clip.setup, clip.take)
        if slate in done:
            continue
        done.add(slate)
        if not (clip.asset.details or {}).get("cameras"):
            raise BadInput(clip.name, "has no camera for its frames yet", "run the spatial pass first")
        frames = len(path) if len(path) > 1 else clip.frame_count
        parameters = settings.model_dump(exclude={"camera", "unit"}, exclude_none=True)
        order = {
            "clip": clip.id, "unit": settings.unit, "seed": 0, "sign_offs": [], "policy": policy_of(production.root).digest,
            "dataset": locked_root(production) or "",
            "parameters": {**parameters, "cameras": [c.model_dump(mode="json") for c in path], "frames": frames},
        }  # fmt: skip
        order["subject"] = record_digest(order)
        pieces = FrameRange(0, frames).chunks(FRAMES_PER_CHUNK)
        chunks = [ChunkOrder({"part": "study"}, weight=frames)]
        chunks += [ChunkOrder({"part": "frames", "frames": [p.start, p.end]}, weight=len(p), stage=1) for p in pieces]
        chunks += [ChunkOrder({"part": "file"}, stage=2)]
        title = f"coverage {virtual_name(clip, settings.unit)}"
        jobs.append(submit(production, "coverage", title, order, chunks, requested_by=requested_by))
    return jobs


def _beside(production: Production, shots: list[Shot]) -> list[Clip]:
    """The clips that new angles stand beside: those of the shots, and for a shot of a new angle, which is made again, the one it stands beside."""
    filmed = [shot.clip for shot in shots if shot.clip.asset.origin != "made"]
    names = [shot.clip.asset.details.get("beside") for shot in shots if is_new_angle(shot.clip)]
    with production.reading() as session:
        again = list(session.scalars(select(Clip).where(Clip.name.in_(names)).order_by(Clip.id)))
        _ = [clip.asset.details for clip in again]  # readable after the session ends
    return filmed + again


def virtual_name(clip: Clip, unit: str) -> str:
    """What a new angle beside ``clip`` is called: the clip's name with another unit letter, marked GEN."""
    name = clip.name
    own = clip.camera_label
    named = f"{unit}{name[len(own) :]}" if own and name.startswith(own) else f"{unit}_{name}"
    return f"{named}_GEN"


def work_on_coverage(order: WorkOrder) -> dict[str, Any]:
    """The study of the scene, some frames, or the filing."""
    production = Production.open(order.production_dir)
    run = _run(order.production_dir, order.job_id)
    context, out = JobContext(order), _folder(production, order)
    part = order.chunk_order["part"]
    if part == "study":
        run.analyse(context)
        return {}
    if part == "frames":
        frames = FrameRange(*order.chunk_order["frames"])
        for number, record in enumerate(run.render(frames, out, context), start=1):
            _ask(production, order, run, record, out)
            context.progress(number, len(frames), f"frame {record['frame']}")
        return {"frames": [frames.start, frames.end]}
    return _file(production, order, run, out, context)


def _ask(production: Production, order: WorkOrder, run: GraphRun, record: dict[str, Any], out: Path) -> None:
    """Refused for a performer from a new angle without consent and sign-off; nothing that was made is kept then."""
    clip, records = _rights(production, order)
    what = virtual_name(clip, order.job_order["unit"])
    try:
        records.require("coverage", record["class"], order.job_order["subject"], what, partial(somebody_found, run, record))
    except Refused:
        shutil.rmtree(out, ignore_errors=True)
        raise


def _rights(production: Production, order: WorkOrder) -> tuple[Clip, Records]:
    """The clip a job's new angle stands beside, and the records about who is in it."""
    with production.reading() as session:
        clip, job = session.get(Clip, order.job_order["clip"]), session.get(Job, order.job_id)
        assert clip is not None and job is not None
        words = [SignOff.model_validate(word) for word in job.order.get("sign_offs", [])]
    return clip, records_for_shot(production, clip, job.requested_by, words)


def _folder(production: Production, order: WorkOrder) -> Path:
    with production.reading() as session:
        clip = session.get(Clip, order.job_order["clip"])
        assert clip is not None
        return production.path("spatial") / "coverage" / virtual_name(clip, order.job_order["unit"])


@lru_cache(maxsize=1)
def _run(production_dir: str, job_id: str) -> GraphRun:
    production = Production.open(production_dir)
    with production.reading() as session:
        job = session.get(Job, job_id)
        assert job is not None
        clip = session.get(Clip, job.order["clip"])
        assert clip is not None
        plate, scene = plate_of(production, clip, "generate_from"), scene_of(production, session, clip)
        order = job.order
    node = Node(id="angle", operation="coverage", parameters=order["parameters"], inputs={"plate": "@plate", "scene": "@scene"})
    binding = Binding(plate, {"@scene": scene}, 0, order["policy"], output="acescg")
    return GraphRun(Graph(nodes=[node], result="angle"), binding, operations(), Cache(production.path("cache")), PixelInspector())


def scene_of(production: Production, session: Session, clip: Clip) -> CoverageScene:
    """What the production knows of the set of a clip: every camera of its scene that may be generated from, and the scans.

    Frames of the same moment as the clip's are its moments; of other takes a few frames each show the set.
    """
    sightings: list[Sighting] = []
    for other in session.scalars(select(Clip).where(Clip.scene == clip.scene).order_by(Clip.name)):
        usable = other.asset.role == "material" and other.asset.origin != "made" and allowed(other.asset, "generate_from")
        if usable and other.asset.details.get("cameras") and cameras_file(production, other.name).is_file():
            sightings += _sightings(
                plate_of(production, other, "generate_from"), read_clip_cameras(cameras_file(production, other.name)), other, clip
            )
    points, digests = [], []
    for asset in session.scalars(select(Asset).where(Asset.kind == "lidar", Asset.origin != "made").order_by(Asset.path)):
        if allowed(asset, "generate_from"):
            points += list(scanned(located(production, asset)).values())
            digests.append(asset.sha256)
    if not sightings:
        raise BadInput(
            clip.name,
            "no clip of its scene has cameras that may be generated from",
            "run the spatial pass, or ask for the permission",
        )
    return CoverageScene(sightings, np.concatenate(points) if points else None, record_digest(digests))


def _sightings(plate: PlateReader, cameras: ClipCameras, other: Clip, clip: Clip) -> list[Sighting]:
    same = (other.scene, other.setup, other.take) == (clip.scene, clip.setup, clip.take)
    shift = _frames_between(other, clip) if same else None
    known = [i for i, camera in enumerate(cameras.cameras) if camera is not None]
    if shift is None:
        known = [known[round(i)] for i in np.linspace(0, len(known) - 1, min(_FRAMES_OF_OTHERS, len(known)))] if known else []
    found = []
    for index in sorted(set(known)):
        camera = cameras.cameras[index]
        assert camera is not None
        moment = None if shift is None else index + shift
        inside = moment is not None and 0 <= moment < clip.frame_count
        found.append(_sighting(plate, camera, other.name, index, moment if inside else None))
    return found


def _sighting(plate: PlateReader, camera: Camera, clip: str, index: int, moment: int | None) -> Sighting:
    return Sighting(f"{clip}.{index}", clip, index, plate.digest, camera, lambda: plate.read(index), moment)


def _frames_between(other: Clip, clip: Clip) -> int | None:
    """Frames from the clip's first to the other's first; None where their times cannot be compared."""
    if not other.start_timecode or not clip.start_timecode or other.rate != clip.rate:
        return None
    return Timecode.parse(other.start_timecode, other.rate).frame - Timecode.parse(clip.start_timecode, clip.rate).frame


def _file(production: Production, order: WorkOrder, run: GraphRun, out: Path, context: JobContext) -> dict[str, Any]:
    """Seal the ledger and put the new camera's clip into the catalogue, or renew it."""
    records = list(run.render(FrameRange(0, run.count), out, context))
    with production.reading() as session:
        job = session.get(Job, order.job_id)
        assert job is not None
        asked_by = job.requested_by
    rows = frame_rows(
        run, records, order.job_id, asked_by, order.job_order["policy"], out.relative_to(production.root).as_posix(),
        order.job_order["dataset"],
    )  # fmt: skip
    beside, rights = _rights(production, order)
    altered = touching(rights, run, records)
    word = rights.event((r["frame"] for r in altered), (r["pixel_digest"] for r in altered)) if altered else None
    ledger = production.path("ledger")
    root = keep_ledger(ledger / f"{order.job_id}.ledger.jsonl", order.job_id, rows, records, asked_by, word)
    document = certificate(
        job=order.job_id, title=f"coverage {virtual_name(beside, order.job_order['unit'])}", operation="coverage", requested_by=asked_by,
        records=records, ledger_root=root, consents=rights.agreed() if altered else [], signed_off_by=word.who if word is not None else "",
    )  # fmt: skip
    write_certificate(ledger / f"{order.job_id}.certificate.json", document, own_signer())
    figures = summary(records) | {"ledger_root": root, "never_seen_share": _mean(records, "never_seen_share")}
    figures |= {"certificate": document["said"], "asked_as_d": [r["pixel_digest"] for r in altered]}
    copies(out, virtual_name(beside, order.job_order["unit"]), beside.rate, records, context)
    with production.session() as session:
        clip = session.get(Clip, order.job_order["clip"])
        assert clip is not None
        made = _camera_of_the_catalogue(session, production, clip, order, out, records, figures)
        put_to_review(session, made, order.job_id, out.relative_to(production.root).as_posix(), records, figures)
        return figures | {"clip": made.name}


def _camera_of_the_catalogue(
    session: Session, production: Production, beside: Clip, order: WorkOrder, out: Path, records: list[dict[str, Any]], figures: dict[str, Any]
) -> Clip:  # fmt: skip
    members = [(r["output"], file_digests(out / r["output"])) for r in records]
    place = out.relative_to(production.root).as_posix()
    asset = session.scalar(select(Asset).where(Asset.path == place)) or Asset(path=place)
    session.add(asset)
    asset.kind, asset.origin, asset.role = "camera", "made", "material"
    asset.sha256 = record_digest([[name, digest.sha256] for name, digest in members])
    asset.size = sum(digest.size for _, digest in members)
    unit, name = order.job_order["unit"], virtual_name(beside, order.job_order["unit"])
    asset.details = {
        "generated": True, "operation": "coverage", "beside": beside.name, "camera": unit, "job": order.job_id, "figures": figures,
        "clip": name, "sync": beside.asset.details.get("sync", {}), "parameters": order.job_order["parameters"],
    }  # fmt: skip
    behind = session.scalars(select(Clip).where(Clip.scene == beside.scene, Clip.id != (asset.clip.id if asset.clip else -1)))
    sources = [c.asset for c in behind if c.asset.origin != "made" and allowed(c.asset, "generate_from")]
    asset.permissions = []
    session.flush()  # made again: the old ones go before the new ones come
    asset.permissions = [
        Permission(purpose=p, allowed=all(allowed(s, p) for s in sources), why="as every clip it was made from") for p in _PURPOSES
    ]
    asset.permissions.append(
        Permission(purpose="train", allowed=False, why="made by Answerprint: not the production's own footage")
    )
    clip = asset.clip or Clip(asset=asset)
    session.add(clip)
    size = run_size(order.job_order["parameters"])
    clip.name, clip.reel = name, f"{unit}{beside.reel[len(beside.camera_label) :]}" if beside.reel else unit
    clip.scene, clip.setup, clip.take, clip.camera_label = beside.scene, beside.setup, beside.take, unit
    clip.rate, clip.start_timecode, clip.frame_count = beside.rate, beside.start_timecode, len(records)
    clip.width, clip.height, clip.input_space = size[0], size[1], "ACEScg"
    clip.camera, clip.circled = {}, False
    return clip


def run_size(parameters: dict[str, Any]) -> tuple[int, int]:
    """Width and height of a new angle's frames."""
    operation = operations()["coverage"]
    width, height = operation().canvas(operation.Parameters.model_validate(parameters), 0, 0)
    return width, height


def _mean(records: list[dict[str, Any]], name: str) -> float:
    return round(sum(r["figures"].get(name, 0.0) for r in records) / max(1, len(records)), 6)


__all__ = ["CoverageSettings", "scene_of", "submit_coverage", "virtual_name", "work_on_coverage"]
