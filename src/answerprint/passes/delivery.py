"""What goes into a delivery: the cut's shots with their approved versions, else the originals, and every ledger behind them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from answerprint.colour.cdl import CDL
from answerprint.deliver.delivery import Delivery, DeliveryShot
from answerprint.editorial.events import Event
from answerprint.passes.editorial import editorial_index
from answerprint.passes.footage import allowed, located, require
from answerprint.passes.models import model_cards
from answerprint.passes.shots import current_cut, shots_from_cut
from answerprint.production import BadInput, FrameRange, Timecode, frame_rate
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Shot, Version


def delivery_of(production: Production) -> Delivery:
    """The current cut as a delivery. Raises BadInput without a cut, Refused where an original may not be delivered."""
    cut = current_cut(production)
    if cut is None:
        raise BadInput(production.root, "there is no cut to deliver", "ingest an EDL or OTIO first")
    shots, result = shots_from_cut(production, cut)
    events = {event.number: event.event for event in result.events}
    missing = [(event.event, event.reason) for event in result.events if event.status != "matched"]
    chosen = [_shot(production, shot.id, events[shot.event or 0]) for shot in shots]
    return Delivery(
        production.name,
        production.name,
        production.rate,
        chosen,
        missing,
        models=model_cards() if any(s.folder for s in chosen) else [],
        editorial=_editorial(production),
        lock=sorted(f for f in production.path("lock").glob("*") if f.is_file()),
    )


def _editorial(production: Production) -> dict[str, Path]:
    """What the editorial pass wrote. Its coverage map holds the script, and stays where that may not be delivered."""
    if not editorial_index(production):
        return {}
    with production.reading() as session:
        scripts = list(session.scalars(select(Asset).where(Asset.kind == "script")))
        told = all(allowed(script, "deliver") for script in scripts)
    folder = production.root / "editorial"
    files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {place: file for place, file in files.items() if told or "/" in place}


def approved_version(shot: Shot) -> Version | None:
    """The newest version of a shot that a person approved."""
    approved = [v for v in shot.versions if v.status == "approved"]
    return approved[-1] if approved else None


def _shot(production: Production, shot_id: int, event: Event) -> DeliveryShot:
    with production.session() as session:
        shot = session.scalars(select(Shot).where(Shot.id == shot_id)).one()
        clip = shot.clip
        require(clip.asset, "deliver")
        version = approved_version(shot)
        approvals = [a for a in version.approvals if a.decision == "approved"] if version else []
        rate = frame_rate(clip.rate)
        return DeliveryShot(
            name=shot.name,
            event=event,
            clip=clip.name,
            original=located(production, clip.asset),
            digest=clip.asset.sha256,
            rate=rate,
            start=Timecode.parse(clip.start_timecode, rate),
            frames=FrameRange(shot.start, shot.end),
            cut=FrameRange(shot.cut_in, shot.cut_out),
            space=clip.input_space,
            grade=CDL.model_validate(clip.grade["cdl"]) if clip.grade.get("cdl") else None,
            folder=production.root / version.path if version else None,
            ledger=production.path("ledger") / f"{version.job_id}.ledger.jsonl" if version else None,
            version=f"v{version.number:03d}" if version else "",
            approved_by=approvals[-1].who if approvals else "",
            records=version.figures.get("frames", []) if version else [],
            scene=f"{clip.scene}{clip.setup}",
            task=version.operation if version else "plate",
            number=version.number if version else 1,
        )
