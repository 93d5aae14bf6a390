"""What the papers of a production say, joined to its clips: scenes of the script, planned setups, takes, and clips with their sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from answerprint.editorial.bins import BinClip, BinSound
from answerprint.editorial.coverage import PlannedSetup, SceneLines, ScriptLine, Take, take_order
from answerprint.editorial.events import AscCdl
from answerprint.ingest.paperwork import is_true
from answerprint.passes.footage import allowed, located
from answerprint.production import BadInput, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip


@dataclass(frozen=True)
class Papers:
    """Script, shot list and takes in order; ``clips`` are the names of the clips that may be used."""

    scenes: list[SceneLines]
    planned: list[PlannedSetup]
    takes: list[Take]
    clips: list[str]


def papers_of(production: Production) -> Papers:
    """Read from the catalogue what the papers said when they were ingested. Clips that may not be retrieved are left out."""
    with production.reading() as session:
        assets = list(session.scalars(select(Asset).where(Asset.kind.in_(("script", "notes"))).order_by(Asset.id)))
        every = list(session.scalars(select(Clip).order_by(Clip.camera_label, Clip.name)))
        clips = [clip for clip in every if _usable(clip)]
    # A take kept for evaluation was shot and is not to be cut: neither covered nor missing.
    kept = {_slate(clip) for clip in every} - {_slate(clip) for clip in clips}
    logged = [row for row in _rows(assets, "continuity log") if _slate_of_row(row) not in kept]
    planned = [
        PlannedSetup(r.get("scene", ""), r.get("setup", "").upper(), r.get("size", ""), r.get("description", ""))
        for r in _rows(assets, "shot list")
    ]
    scenes = [
        _scene(scene, number)
        for asset in assets
        if asset.kind == "script"
        for number, scene in enumerate(asset.details.get("scenes", []), start=1)
    ]
    return Papers(scenes, planned, _takes(logged, clips), [clip.name for clip in clips])


def bin_clips(production: Production, papers: Papers) -> list[BinClip]:
    """The clips as bins have them: take by take in the order of ``papers``, cameras by letter, each with the sound found for it."""
    notes = {(take.scene, take.setup, take.take): take.notes for take in papers.takes}
    with production.reading() as session:
        clips = {c.name: c for c in session.scalars(select(Clip).where(Clip.name.in_(papers.clips)))}
        sounds = {a.path: a for a in session.scalars(select(Asset).where(Asset.kind == "sound"))}
        order = [name for take in papers.takes for name in take.clips]
        order += [name for name in papers.clips if name not in set(order)]
        found = []
        for name in order:
            clip = clips[name]
            first = _start(clip)
            sound = _sound(production, clip, sounds)
            synced = clip.asset.details.get("sync") or {}
            found.append(
                BinClip(
                    clip.name,
                    clip.reel,
                    str(located(production, clip.asset)),
                    clip.scene,
                    clip.setup,
                    clip.take,
                    clip.camera_label,
                    first,
                    clip.frame_count,
                    clip.circled,
                    _grade(clip),
                    sound,
                    _date(clip, sounds),
                    notes.get((clip.scene, clip.setup, clip.take), ""),
                    clip.asset.sha256,
                    (clip.width, clip.height),
                    synced.get("clap_frame"),
                    _clap_said(synced),
                )
            )
    return found


def _clap_said(synced: dict[str, Any]) -> str:
    """What the marker of the clap says: heard, and whether the picture agrees."""
    seen = synced.get("clap_seen") or {}
    if seen.get("verdict") == "confirmed":
        return f"the sticks are heard and seen to close (confidence {seen['confidence']:.2f})"
    if seen.get("verdict") == "contested":
        return f"the sticks are heard to close here, and seen to close in frame {seen['frame']} of the clip"
    return "the sticks are heard to close"


def _usable(clip: Clip) -> bool:
    return clip.asset.role == "material" and allowed(clip.asset, "retrieve")


def _rows(assets: Iterable[Asset], paper: str) -> list[dict[str, str]]:
    return [row for asset in assets if asset.details.get("paper") == paper for row in asset.details.get("rows", [])]


def _scene(scene: dict[str, Any], place: int) -> SceneLines:
    """A scene as ingest kept it; a script without scene numbers is counted."""
    said = scene.get("lines") or [
        {"kind": "dialogue", "character": one.get("character", ""), "text": one.get("line", "")}
        for one in scene.get("dialogue", [])
        if not str(one.get("line", "")).startswith("(")
    ]
    lines = (one for one in said if one["kind"] in ("dialogue", "action"))
    numbered = tuple(ScriptLine(n, one["kind"], one["character"], one["text"]) for n, one in enumerate(lines, start=1))
    return SceneLines(str(scene.get("number") or place), str(scene.get("heading", "")), numbered)


def _takes(logged: list[dict[str, str]], clips: list[Clip]) -> list[Take]:
    """One record for each take in the log or on a card; a take is circled where the log or the report of one of its cameras says so."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in logged:
        rows.setdefault(_slate_of_row(row), row)
    cameras: dict[tuple[str, str, str], list[Clip]] = {}
    for clip in clips:
        if clip.scene:
            cameras.setdefault(_slate(clip), []).append(clip)
    found = []
    for slate in dict.fromkeys([*rows, *cameras]):
        row, own = rows.get(slate, {}), cameras.get(slate, [])
        circled = is_true(row.get("circled", "")) or any(clip.circled for clip in own)
        performers = tuple(name.strip() for name in row.get("performers", "").replace(",", ";").split(";") if name.strip())
        scene, setup, take = (own[0].scene, own[0].setup, own[0].take) if own else slate
        names = tuple(clip.name for clip in own)
        found.append(Take(scene, setup, take, names, circled, performers, row.get("lines", ""), row.get("notes", "")))
    return sorted(found, key=take_order)


def _slate(clip: Clip) -> tuple[str, str, str]:
    return clip.scene, clip.setup.upper(), _plain(clip.take)


def _slate_of_row(row: dict[str, str]) -> tuple[str, str, str]:
    return row.get("scene", ""), row.get("setup", "").upper(), _plain(row.get("take", ""))


def _plain(take: str) -> str:
    return take.strip().lstrip("0") or take.strip()


def _start(clip: Clip) -> Timecode:
    rate = Fraction(clip.rate)
    try:
        return Timecode.parse(clip.start_timecode, rate)
    except BadInput:
        return Timecode(0, rate)


def _grade(clip: Clip) -> AscCdl | None:
    told = clip.grade.get("cdl")
    if not told:
        return None
    return AscCdl(tuple(told["slope"]), tuple(told["offset"]), tuple(told["power"]), told["saturation"])


def _sound_asset(clip: Clip, sounds: dict[str, Asset]) -> Asset | None:
    found = clip.asset.details.get("sync") or {}
    named = [asset for path, asset in sounds.items() if path.rsplit("/", 1)[-1] == found.get("sound")]
    return sounds.get(found.get("asset", "")) or (named[0] if len(named) == 1 else None)


def _sound(production: Production, clip: Clip, sounds: dict[str, Asset]) -> BinSound | None:
    asset = _sound_asset(clip, sounds)
    if asset is None or not allowed(asset, "retrieve"):
        return None
    found, facts = clip.asset.details["sync"], asset.details
    start = Fraction(int(facts["time_reference"]), int(facts["sample_rate"])) if facts.get("time_reference") else Fraction(0)
    tracks = tuple(str(one.get("name", "")) for one in facts.get("tracks", []))
    path = located(production, asset)
    seconds = Fraction(str(facts.get("seconds", 0)))
    return BinSound(
        path.name, str(path), str(facts.get("tape", "")), start, seconds, float(found["offset_s"]), tracks, str(found["method"])
    )


def _date(clip: Clip, sounds: dict[str, Asset]) -> str:
    """The day it was shot: as the camera report says, else as the recorder of its sound does."""
    said = str(clip.asset.details.get("shoot_date", ""))
    asset = _sound_asset(clip, sounds)
    heard = str(asset.details.get("recorded", "")) if asset is not None else ""
    return said or ("" if heard.startswith("0000") else heard)
