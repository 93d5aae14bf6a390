"""Shots from the cut: each event that finds its original becomes a shot with handles; the others are reported."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from answerprint.editorial.conform import ConformResult, MediaItem, conform
from answerprint.editorial.timeline import read_timeline
from answerprint.passes.footage import allowed, located
from answerprint.production import BadInput, FrameRange, Timecode, frame_rate
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, Shot

HANDLES = 8
"""Frames kept on either side of an event."""


def media_of(production: Production) -> list[MediaItem]:
    """Every clip that may be retrieved, as conform looks for it."""
    with production.session() as session:
        clips = list(session.scalars(select(Clip).order_by(Clip.id)))
        return [
            MediaItem(
                reel=c.reel,
                name=c.name,
                start=Timecode.parse(c.start_timecode, c.rate),
                frames=c.frame_count,
                rate=frame_rate(c.rate),
                path=located(production, c.asset),
                digest=c.asset.sha256,
            )
            for c in clips
            if c.start_timecode and c.asset.role == "material" and allowed(c.asset, "retrieve")
        ]


def current_cut(production: Production) -> Asset | None:
    """The newest cut: the EDL when there is one, because it carries reels and timecode alone."""
    with production.session() as session:
        edits = session.scalars(select(Asset).where(Asset.kind == "edit").order_by(Asset.id))
        # A log lists what there is, not what was chosen of it.
        cuts = [edit for edit in edits if not edit.path.lower().endswith(".ale")]
    edls = [c for c in cuts if c.path.lower().endswith(".edl")]
    return (edls or cuts or [None])[-1]  # type: ignore[list-item]


def shots_from_cut(production: Production, cut: Asset, handles: int = HANDLES) -> tuple[list[Shot], ConformResult]:
    """Make (or find again) one shot for each matched event of ``cut``."""
    timeline = read_timeline(located(production, cut), production.rate)
    result = conform(timeline, media_of(production), handles=handles)
    shots: list[Shot] = []
    with production.session() as session:
        by_path = {str(located(production, c.asset)): c for c in session.scalars(select(Clip))}
        for event in result.events:
            if event.status != "matched" or event.media is None:
                continue
            clip = by_path[str(event.media)]
            start = Timecode.parse(clip.start_timecode, clip.rate).frame
            used = FrameRange(event.source_in.frame - start, event.source_out.frame - start)
            held = used.grown(handles, FrameRange(0, clip.frame_count))
            name = shot_name(clip, event.number)
            shot = session.scalar(select(Shot).where(Shot.name == name))
            if shot is None:
                shot = Shot(
                    name=name,
                    clip_id=clip.id,
                    start=held.start,
                    end=held.end,
                    cut_in=used.start,
                    cut_out=used.end,
                    event=event.number,
                )
                session.add(shot)
            shot.details = {
                **(shot.details or {}),
                "record_in": str(event.record_in),
                "record_out": str(event.record_out),
                "cut": cut.path,
            }
            shots.append(shot)
        session.flush()
        for shot in shots:
            _ = shot.clip.asset.details  # readable after the session ends
    return shots, result


def shot_name(clip: Clip, event: int) -> str:
    """A shot's name: scene, setup and the event's place in the cut in tens, as VFX numbers them."""
    return f"{clip.scene or 'X'}{clip.setup}_{event * 10:04d}".replace("/", "-")


def whole_clip_shot(production: Production, clip: Clip) -> Shot:
    """A shot that is all of a clip, for work outside any cut."""
    with production.session() as session:
        shot = session.scalar(select(Shot).where(Shot.name == clip.name))
        if shot is None:
            shot = Shot(
                name=clip.name,
                clip_id=clip.id,
                start=0,
                end=clip.frame_count,
                cut_in=0,
                cut_out=clip.frame_count,
                event=None,
                details={},
            )
            session.add(shot)
            session.flush()
    return shot


def ensure_shots(production: Production) -> list[str]:
    """Make the shots there can be: one for each event of the current cut, or without a cut one for each clip.

    Returns what stood in the way, one line for each event that found no original.
    """
    cut = current_cut(production)
    if cut is None:
        with production.reading() as session:
            clips = [
                c
                for c in session.scalars(select(Clip).order_by(Clip.name))
                if c.asset.role == "material" and allowed(c.asset, "retrieve")
            ]
        for clip in clips:
            whole_clip_shot(production, clip)
        return []
    try:
        _, result = shots_from_cut(production, cut)
    except BadInput as error:
        return [str(error)]
    with production.session() as session:
        # Whole clips stood in until there was a cut; those that no work was done on give way to it.
        worked_on = select(Job.shot_id).where(Job.shot_id.is_not(None))
        for shot in session.scalars(select(Shot).where(Shot.event.is_(None), ~Shot.versions.any(), Shot.id.not_in(worked_on))):
            session.delete(shot)
    return [f"event {event.number}: {event.reason}" for event in result.events if event.status != "matched"]


def named_shots(production: Production, names: list[str]) -> list[Shot]:
    """The shots called so; all shots when no name is given."""
    with production.session() as session:
        shots = list(session.scalars(select(Shot).order_by(Shot.id)))
        known: dict[str, Any] = {s.name: s for s in shots}
        missing = [n for n in names if n not in known]
        if missing:
            raise BadInput(
                ", ".join(missing), "there is no such shot", f"use one of {', '.join(known) or 'none yet: ingest a cut first'}"
            )
        chosen = [known[n] for n in names] if names else shots
        for shot in chosen:
            _ = shot.clip.asset.details
    return chosen
