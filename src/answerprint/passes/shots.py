"""Shots from the cut: each event that finds its original becomes a shot with handles; the others are reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from answerprint.editorial.conform import ConformedEvent, ConformResult, MediaItem, conform
from answerprint.editorial.events import Cut
from answerprint.editorial.timeline import read_timeline
from answerprint.passes.footage import allowed, located
from answerprint.passes.new_angles import share_version, what_to_make
from answerprint.passes.recut import Recut, catch_up, follow, frames_of, take_up
from answerprint.passes.review import decide
from answerprint.production import BadInput, FrameRange, Timecode, frame_rate
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, Shot
from answerprint.provenance.digests import file_digests

HANDLES = 8
"""Frames kept on either side of an event."""
_CUTS_SEEN = "cuts_seen"
"""In a shot's details: the newest cut there was when the shot was put in its place."""


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
    """The newest cut: of those that came together the EDL, because it carries reels and timecode alone."""
    with production.session() as session:
        edits = session.scalars(select(Asset).where(Asset.kind == "edit").order_by(Asset.id))
        # A log lists what there is, not what was chosen of it.
        cuts = [edit for edit in edits if not edit.path.lower().endswith(".ale")]
        followed = [
            (shot.details or {}).get(_CUTS_SEEN, 0) for shot in session.scalars(select(Shot).where(Shot.event.is_not(None)))
        ]
        kept = {(shot.details or {}).get("cut") for shot in session.scalars(select(Shot).where(Shot.event.is_not(None)))}
    came = [cut for cut in cuts if followed and cut.id > max(followed)] if max(followed, default=0) else []
    same = [cut for cut in cuts if cut.path in kept] if max(followed, default=0) and not came else []
    chosen = came or same or cuts
    edls = [c for c in chosen if c.path.lower().endswith(".edl")]
    return (edls or chosen or [None])[-1]  # type: ignore[list-item]


def shots_from_cut(production: Production, cut: Asset, handles: int = HANDLES, who: str = "") -> tuple[list[Shot], ConformResult]:
    """Make (or find again) one shot for each matched event of ``cut``; where it is a new cut, each shot follows its event into it."""
    timeline = read_timeline(located(production, cut), production.rate)
    result = conform(timeline, media_of(production), handles=handles)
    with production.session() as session:
        by_path = {str(located(production, c.asset)): c for c in session.scalars(select(Clip))}
        found = [(e, by_path[str(e.media)]) for e in result.events if e.status == "matched" and e.media is not None]
        result = _with_what_to_make(session, result)
        known = list(session.scalars(select(Shot).where(Shot.event.is_not(None)).order_by(Shot.event)))
        told: list[Recut] = []
        if known and any(_is_of_another(shot, cut) for shot in known):
            lacking = {e.number: e.reason for e in result.events if e.status != "matched"}
            held, told = follow(session, _cut_before(production, known), known, timeline, found, handles, lacking)
        else:
            held = _first_shots(session, found, handles)
        newest = session.scalar(select(func.max(Asset.id)).where(Asset.kind == "edit"))
        waiting = {shot.event: shot for shot in known if shot.event is not None and (shot.details or {}).get("lacks")}
        for event in result.events:
            shot = held.get(event.number) or waiting.get(event.number)
            if shot is None:
                continue
            said = {"record_in": str(event.record_in), "record_out": str(event.record_out), "cut": cut.path}
            shot.details = {**(shot.details or {}), **said, "cut_digest": cut.sha256, _CUTS_SEEN: newest}
        shots = [held[event.number] for event, _ in found]
        session.flush()
        for shot in shots:
            _ = shot.clip.asset.details  # readable after the session ends
    if told:
        _report(production, cut, told, who)
    return shots, result


def _first_shots(session: Session, found: Sequence[tuple[ConformedEvent, Clip]], handles: int) -> dict[int, Shot]:
    held: dict[int, Shot] = {}
    for event, clip in found:
        name = shot_name(clip, event.number)
        shot = (
            session.scalar(select(Shot).where(Shot.event == event.number))
            or session.scalar(select(Shot).where(Shot.name == name))
            or take_up(session, event, clip, handles)
        )
        if shot is not None:
            catch_up(shot, event, clip, handles)
        else:
            used = frames_of(event, clip)
            wide = used.grown(handles, FrameRange(0, clip.frame_count))
            shot = Shot(
                name=name, clip_id=clip.id, start=wide.start, end=wide.end, cut_in=used.start, cut_out=used.end, event=event.number,
                details={},
            )  # fmt: skip
            shot.clip = clip
            session.add(shot)
            share_version(session, shot)
        held[event.number] = shot
    return held


def _with_what_to_make(session: Session, result: ConformResult) -> ConformResult:
    """The result, with events that ask for more of a generated angle than there is told what to make."""
    return ConformResult([replace(event, reason=what_to_make(session, event) or event.reason) for event in result.events])


def _is_of_another(shot: Shot, cut: Asset) -> bool:
    said = shot.details or {}
    return said.get("cut") != cut.path or said.get("cut_digest", cut.sha256) != cut.sha256


def _cut_before(production: Production, shots: Sequence[Shot]) -> Cut | None:
    """The cut that shots were made from, None where its file is gone or is another by now."""
    said = shots[0].details or {}
    path = Path(str(said.get("cut", "")))
    file = path if path.is_absolute() else production.root / path
    try:
        if said.get("cut_digest") in (None, file_digests(file).sha256):
            return read_timeline(file, production.rate)
    except (OSError, BadInput):
        pass
    return None


def _report(production: Production, cut: Asset, told: Sequence[Recut], who: str) -> None:
    """Keep the change list beside the other reports, and say in each lapsed version's ledger why it lapsed."""
    place = production.root / "reports" / "changes"
    place.mkdir(parents=True, exist_ok=True)
    stem = f"{Path(cut.path).stem}-{cut.sha256[:8]}"
    document = {"cut": cut.path, "digest": cut.sha256, "who": who, "shots": [one.document() for one in told]}
    write_atomically(place / f"{stem}.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    write_atomically(place / f"{stem}.txt", f"{cut.path}\n\n" + "".join(f"{one.line()}\n" for one in told))
    for one in told:
        for version in one.lapsed:
            decide(
                production,
                version,
                who or "Answerprint",
                "note",
                f"The approval lapsed with the cut {Path(cut.path).name}: {one.why}",
            )


def last_changes(production: Production) -> dict[str, Any] | None:
    """The newest change list between two cuts of the production; None before there was a second cut."""
    kept = sorted((production.root / "reports" / "changes").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    return json.loads(kept[-1].read_text(encoding="utf-8")) if kept else None


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


def ensure_shots(production: Production, who: str = "") -> list[str]:
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
        _, result = shots_from_cut(production, cut, who=who)
    except BadInput as error:
        return [str(error)]
    with production.session() as session:
        # Whole clips stood in until there was a cut; those that no work was done on give way to it.
        # A shot the cut left out goes too, where nothing was made for it.
        worked_on = select(Job.shot_id).where(Job.shot_id.is_not(None))
        for shot in session.scalars(select(Shot).where(Shot.event.is_(None), ~Shot.versions.any(), Shot.id.not_in(worked_on))):
            session.delete(shot)
    return [f"event {event.number}: {event.reason}" for event in result.events if event.status != "matched"]


def named_shots(production: Production, names: list[str]) -> list[Shot]:
    """The shots called so; all shots when no name is given, without new angles that stand outside the cut: they are results."""
    with production.session() as session:
        shots = list(session.scalars(select(Shot).order_by(Shot.id)))
        known: dict[str, Any] = {s.name: s for s in shots}
        missing = [n for n in names if n not in known]
        if missing:
            raise BadInput(
                ", ".join(missing), "there is no such shot", f"use one of {', '.join(known) or 'none yet: ingest a cut first'}"
            )
        chosen = [known[n] for n in names] if names else [s for s in shots if s.event is not None or s.clip.asset.origin != "made"]
        for shot in chosen:
            _ = shot.clip.asset.details
    return chosen
