"""What goes into a delivery: the cut's shots with their approved versions, else the originals, and every ledger behind them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from answerprint.colour.cdl import CDL
from answerprint.deliver.delivery import Delivery, DeliveryShot
from answerprint.editorial.events import Event
from answerprint.passes.editorial import editorial_files
from answerprint.passes.footage import allowed, located, require
from answerprint.passes.models import model_cards
from answerprint.passes.new_angles import is_new_angle
from answerprint.passes.recut import holds_the_cut
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
    unapproved = _unapproved_angles(production, shots)
    missing += [(events[shot.event or 0], unapproved[shot.id]) for shot in shots if shot.id in unapproved]
    shots = [shot for shot in shots if shot.id not in unapproved]
    chosen = [_shot(production, shot.id, events[shot.event or 0]) for shot in shots]
    return Delivery(
        production.name,
        production.name,
        production.rate,
        chosen,
        missing,
        models=model_cards() if any(s.folder for s in chosen) else [],
        editorial=_editorial(production),
        attention=_kept_artists(production, shots),
        lock=sorted(f for f in production.path("lock").glob("*") if f.is_file()),
    )


def _unapproved_angles(production: Production, shots: list[Shot]) -> dict[int, str]:
    """Why shots of generated angles are not delivered: they are no originals, and go out as an approved version or not at all."""
    with production.reading() as session:
        held = session.scalars(select(Shot).where(Shot.id.in_([shot.id for shot in shots]))).all()
        return {
            shot.id: f"{shot.clip.name} is a generated angle and nobody approved it as the cut shows it: review {shot.name} first"
            for shot in held
            if is_new_angle(shot.clip) and approved_version(shot) is None
        }


def _editorial(production: Production) -> dict[str, Path]:
    """What the editorial pass wrote. Its coverage map holds the script, and stays where that may not be delivered."""
    with production.reading() as session:
        scripts = list(session.scalars(select(Asset).where(Asset.kind == "script")))
        told = all(allowed(script, "deliver") for script in scripts)
    files = editorial_files(production)
    return {place: file for place, file in files.items() if told or "/" in place}


def approved_version(shot: Shot) -> Version | None:
    """The version of a shot that is delivered: an artist's newest approved one, whatever was made since, else our newest approved one.

    What an artist finished stays until a person rejects it: a pass that is run again never takes its place by itself.
    """
    return newest(shot, made_here=False) or newest(shot, made_here=True)


def newest(shot: Shot, made_here: bool) -> Version | None:
    """The newest approved version that was made here, or that came back from an artist, and holds all that the cut shows."""
    held = (v for v in reversed(shot.versions) if v.status == "approved" and is_returned(v) != made_here and holds_the_cut(v))
    return next(held, None)


def is_returned(version: Version) -> bool:
    """Whether a version came back from an artist."""
    return bool(version.figures.get("returned"))


def _kept_artists(production: Production, shots: list[Shot]) -> list[str]:
    """What to say of shots that were worked on again after an artist had finished them."""
    said = []
    with production.reading() as session:
        for held in session.scalars(select(Shot).where(Shot.id.in_([shot.id for shot in shots])).order_by(Shot.event)):
            theirs, ours = newest(held, made_here=False), newest(held, made_here=True)
            if theirs is not None and ours is not None and ours.number > theirs.number:
                said.append(
                    f"{held.name}: the artist's v{theirs.number:03d} is delivered; our {ours.operation} v{ours.number:03d} is newer and "
                    f"goes along as layers. Reject v{theirs.number:03d} to deliver ours."
                )
    return said


def _shot(production: Production, shot_id: int, event: Event) -> DeliveryShot:
    with production.session() as session:
        shot = session.scalars(select(Shot).where(Shot.id == shot_id)).one()
        clip = shot.clip
        require(clip.asset, "deliver")
        version = approved_version(shot)
        machine = newest(shot, made_here=True)
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
            frames=FrameRange(*version.figures["span"])
            if version and "span" in version.figures
            else FrameRange(shot.start, shot.end),
            cut=FrameRange(shot.cut_in, shot.cut_out),
            space=(version.figures.get("space") if version else None) or clip.input_space,
            plate_space=clip.input_space,
            layers=production.root / machine.path
            if version and machine and is_returned(version) and machine.first == version.first
            else None,
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
