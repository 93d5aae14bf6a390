"""What goes into a delivery: the cut's shots with their approved versions, else the originals, and every ledger behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from answerprint.colour.cdl import CDL
from answerprint.deliver.package import Delivery, DeliveryShot
from answerprint.passes.footage import located, require
from answerprint.passes.shots import current_cut, shots_from_cut
from answerprint.perception.models import bill
from answerprint.production import BadInput, FrameRange, Timecode, frame_rate
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot, Version


def delivery_of(production: Production) -> Delivery:
    """The current cut as a delivery. Raises BadInput without a cut, Refused where an original may not be delivered."""
    cut = current_cut(production)
    if cut is None:
        raise BadInput(production.root, "there is no cut to deliver", "ingest an EDL or OTIO first")
    shots, result = shots_from_cut(production, cut)
    missing = [event.document() for event in result.events if event.status != "matched"]
    chosen = [_shot(production, shot.id) for shot in shots]
    ledgers = [s.ledger for s in chosen if s.ledger is not None]
    events = production.path("ledger") / "production.ledger.jsonl"
    models = bill() if any(s.folder is not None for s in chosen) else []
    return Delivery(production.name, production.name, production.rate, chosen, missing,
                    [events] if events.exists() and events not in ledgers else [], models)


def approved_version(shot: Shot) -> Version | None:
    """The newest version of a shot that a person approved."""
    approved = [v for v in shot.versions if v.status == "approved"]
    return approved[-1] if approved else None


def _shot(production: Production, shot_id: int) -> DeliveryShot:
    with production.session() as session:
        shot = session.scalars(select(Shot).where(Shot.id == shot_id)).one()
        clip = shot.clip
        require(clip.asset, "deliver")
        version = approved_version(shot)
        records: list[dict[str, Any]] = version.figures.get("frames", []) if version else []
        approvals = [a for a in version.approvals if a.decision == "approved"] if version else []
        rate = frame_rate(clip.rate)
        return DeliveryShot(
            name=shot.name, event=shot.event or 0, clip=clip.name, reel=clip.reel, original=located(production, clip.asset), rate=rate,
            start=Timecode.parse(clip.start_timecode, rate), frames=FrameRange(shot.start, shot.end), cut=FrameRange(shot.cut_in, shot.cut_out),
            record_in=Timecode.parse(shot.details.get("record_in", "00:00:00:00"), production.rate), space=clip.input_space,
            grade=CDL.model_validate(clip.grade["cdl"]) if clip.grade.get("cdl") else None,
            folder=production.root / version.path if version else None,
            ledger=_ledger(production, version) if version else None, version=f"v{version.number:03d}" if version else "",
            approved_by=approvals[-1].who if approvals else "", digests={r["frame"]: r["pixel_digest"] for r in records}, records=records)


def _ledger(production: Production, version: Version) -> Path:
    return production.path("ledger") / f"{version.job_id}.ledger.jsonl"
