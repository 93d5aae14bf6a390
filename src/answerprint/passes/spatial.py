"""The spatial pass: a camera for every frame of every tracked clip, and the stage's report with drawings and plans."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from answerprint.ingest.lights.record import LightRecord
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.optics.lens import Lens
from answerprint.optics.track import CameraTrack
from answerprint.passes.footage import located, plate_of, require
from answerprint.production import BadInput, FaultFound, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Shot
from answerprint.spatial.planner import LIMIT_DEG


class SpatialSettings(BaseModel):
    """What a person may choose for the spatial pass."""

    model_config = ConfigDict(extra="forbid")

    limit_deg: float = Field(
        default=LIMIT_DEG, gt=0, lt=90, description="degrees between a new angle and the nearest real camera, at the subject"
    )
    subject: str = Field(default="", description="x,y,z in metres; without it where the cameras of a setup aim")
    distance_m: float = Field(
        default=0.0, ge=0, description="metres from the subject to the planned cameras; 0 is as the real ones stand"
    )


def submit_spatial(production: Production, shots: list[Shot], settings: SpatialSettings, requested_by: str) -> list[str]:
    """One job for the production: its tracked clips, then the stage. Shots do not limit it: a stage is one whole.

    Raises BadInput where nothing was tracked and nothing scanned.
    """
    with production.reading() as session:
        clips = [c for c in session.scalars(select(Clip).order_by(Clip.id)) if c.asset.details.get("tracking")]
        scanned = session.scalar(select(Asset.id).where(Asset.kind == "lidar"))
        chunks = [ChunkOrder({"part": "clip", "clip": c.id}, weight=max(1, c.frame_count)) for c in clips]
    if not chunks and scanned is None:
        raise BadInput("spatial", "no clip has tracking and nothing was scanned", "ingest the trackers' files or a scan")
    chunks.append(ChunkOrder({"part": "stage"}, weight=24, stage=1))
    return [submit(production, "spatial", "cameras and stage", settings.model_dump(), chunks, requested_by=requested_by)]


def work_on_spatial(order: WorkOrder) -> dict[str, Any]:
    """One clip's cameras, or the stage's report. FaultFound where a registration is over its limit; all is written before."""
    production = Production.open(order.production_dir)
    if order.chunk_order["part"] == "clip":
        return _clip(production, order)
    report = _stage(production, order)
    if report["faults"]:
        raise FaultFound(report["faults"][0])
    return {"report": "spatial/report.json", "plans": {n: p["allowed"] for n, p in report["plans"].items()}}


def cameras_file(production: Production, clip: str) -> Path:
    """Where the cameras of a clip lie."""
    return production.path("spatial") / "cameras" / f"{clip}.json"


def _clip(production: Production, order: WorkOrder) -> dict[str, Any]:
    from answerprint.spatial.capture import Recording, capture

    with production.reading() as session:
        clip = session.get(Clip, order.chunk_order["clip"])
        assert clip is not None
        track = _samples(production, session, clip, "tracking", clip.rate)
        table = _samples(production, session, clip, "lens_frames", clip.rate)
        lens, readout = _lens_of(session, clip)
        plate = plate_of(production, clip, purpose="index")
        start = Timecode.parse(clip.start_timecode, clip.rate) if clip.start_timecode else None
        shutter = float(clip.asset.details.get("shutter_angle") or 180.0)
        recording = Recording(
            clip.name, Fraction(clip.rate), start, clip.frame_count, (clip.width, clip.height), clip.camera_label, shutter,
            readout,
        )  # fmt: skip
    assert track is not None

    def read(index: int) -> Any:
        order.check_cancelled()
        order.report(index, plate.count, f"frame {index}")
        return plate.read(index)

    found = capture(recording, track, table, lens, read)
    found.write(cameras_file(production, clip.name))
    with production.session() as session:
        held = session.get(Clip, clip.id)
        assert held is not None
        place = cameras_file(production, clip.name).relative_to(production.root).as_posix()
        held.asset.details = {**held.asset.details, "cameras": found.facts() | {"path": place}}
    return {"clip": clip.name, "posed": found.posed, "latency_frames": found.latency["used_frames"]}


def _samples(production: Production, session: Any, clip: Clip, what: str, rate: str) -> CameraTrack | None:
    """The samples that ingest joined to the clip, read again from their file."""
    joined = clip.asset.details.get(what) or []
    if not joined:
        return None
    asset = session.scalar(select(Asset).where(Asset.sha256 == joined[0]["digest"]))
    if asset is None:
        raise BadInput(joined[0]["name"], "is no longer in the catalogue", "ingest it again")
    require(asset, "index")
    path = located(production, asset)
    if what == "lens_frames":
        from answerprint.ingest.lens_frames import read_lens_frames

        return read_lens_frames(path, rate)
    from answerprint.ingest.tracking.read import read_track

    return read_track(path, rate if path.suffix.lower() == ".chan" else None)


def _lens_of(session: Any, clip: Clip) -> tuple[Lens | None, float | None]:
    """The lens file of the clip's lens, the one of its name, else the only one there is; and the seconds that the camera takes to read its
    rows, as the clip says or a profile that was measured with that lens."""
    lenses = [a for a in session.scalars(select(Asset).where(Asset.kind == "lens").order_by(Asset.id)) if a.details.get("lens")]
    named = str(clip.asset.details.get("lens", "")).casefold()
    read = [(Lens.model_validate(a.details["lens"]), (a.details.get("sensor") or {}).get("readout_time")) for a in lenses]
    same = [one for one in read if one[0].model and one[0].model.casefold() in named]
    lens, measured = same[0] if same else read[0] if len(read) == 1 and not named else (None, None)
    readout = clip.asset.details.get("readout_time") or measured
    return lens, float(readout) if readout else None


def _stage(production: Production, order: WorkOrder) -> dict[str, Any]:
    from answerprint.spatial.capture import read_clip_cameras
    from answerprint.spatial.stage_report import Material, Wishes, write_stage_report

    clips, lights = [], []
    setups: dict[str, list[str]] = {}
    scans: dict[str, Any] = {}
    surveys: dict[str, dict[str, list[float]]] = {}
    with production.reading() as session:
        for clip in session.scalars(select(Clip).order_by(Clip.name)):
            if clip.asset.details.get("cameras") and cameras_file(production, clip.name).is_file():
                clips.append(read_clip_cameras(cameras_file(production, clip.name)))
                setups.setdefault(f"{clip.scene}{clip.setup} take {clip.take}" if clip.scene else clip.name, []).append(clip.name)
        for asset in session.scalars(select(Asset).where(Asset.origin != "made").order_by(Asset.path)):
            lights += [LightRecord.model_validate(light) for light in asset.details.get("lights", []) if isinstance(light, dict)]
            if asset.details.get("survey"):
                surveys[Path(asset.path).stem] = asset.details["survey"]
            if asset.kind == "lidar":
                require(asset, "index")
                scans |= scanned(located(production, asset))
    settings = SpatialSettings.model_validate(order.job_order)
    wishes = Wishes(settings.limit_deg, place(settings.subject), settings.distance_m or None)
    material = Material(production.name, clips, setups, (), scans, surveys, lights)
    return write_stage_report(material, production.path("spatial"), wishes)


def scanned(path: Path) -> dict[str, Any]:
    """The points of a scan file by station, thinned to what a plan and an alignment need."""
    from answerprint.ingest.lidar.open import open_scan

    if path.suffix.lower() == ".e57":
        from answerprint.ingest.lidar.e57 import stations

        found = stations(path)
        if len(found) > 1:
            return {f"{path.stem} {name}": points.xyz for name, points in found.items()}
    return {path.stem: open_scan(path).thinned(2_000_000).xyz}


def place(text: str) -> tuple[float, float, float] | None:
    """``x,y,z`` in metres. Raises BadInput for anything else that is not empty."""
    if not text.strip():
        return None
    try:
        x, y, z = (float(part) for part in text.strip("[]() ").split(","))
    except ValueError:
        raise BadInput("subject", f"{text!r} is no place", "give it as x,y,z in metres") from None
    return x, y, z
