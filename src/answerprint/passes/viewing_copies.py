"""Dailies as people look at them: each clip graded, through the view, with its sound under it.

The page's own proxies stay without a grade, so that an original and what was made of it are compared alike; these are for the people who
watch rushes. A grade that changes makes a new copy, never a new original.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from answerprint.colour.cdl import CDL
from answerprint.ingest.proxies import write_seen
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.media.movie_sound import add_sound
from answerprint.media.samples import has_sound, read_samples
from answerprint.media.sequence import open_sequence
from answerprint.passes.footage import located
from answerprint.passes.grade_kept import on_set_grades
from answerprint.production.atomic import write_atomically
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot
from answerprint.provenance.canonical import record_digest

_FOLDER = "dailies"
Look = Literal["both", "technical", "creative", "none"]


class DailiesSettings(BaseModel):
    """What dailies carry."""

    model_config = ConfigDict(extra="forbid")

    look: Look = Field(
        default="both", description="grades under the view: the technical one, then the one from the set, or one of them, or none"
    )
    sound: bool = Field(default=True, description="the recording married to the clip, else the camera's own")
    clips: Literal["all", "cut"] = Field(
        default="all", description="every clip of the production, or the clips of the shots chosen"
    )


def submit_dailies(production: Production, shots: list[Shot], settings: DailiesSettings, requested_by: str) -> list[str]:
    """Queue a copy for each clip whose copy is not up to date."""
    chosen = {shot.clip_id for shot in shots} if settings.clips == "cut" else None
    return submit_copies(production, settings, requested_by, chosen)


def submit_copies(
    production: Production, settings: DailiesSettings, requested_by: str, clip_ids: Sequence[int] | set[int] | None = None
) -> list[str]:
    """Queue a copy for each of the clips, or for all, that has none which is up to date. Returns the job ids."""
    theirs = on_set_grades(production)
    with production.reading() as session:
        clips = [clip for clip in session.scalars(select(Clip).order_by(Clip.name)) if clip_ids is None or clip.id in clip_ids]
        stale = [clip for clip in clips if _kept(production, clip) != _made_of(clip, theirs, settings)]
        orders = [(clip.id, clip.name, clip.frame_count) for clip in stale]
    return [
        submit(
            production,
            "dailies",
            f"dailies {name}",
            {"clip": number, "settings": settings.model_dump()},
            [ChunkOrder({}, weight=count)],
            requested_by=requested_by,
        )
        for number, name, count in orders
    ]


def copy_file(production: Production, clip: Clip) -> Path:
    """Where a clip's viewing copy lies."""
    return production.path("proxies") / _FOLDER / f"{clip.name}.mp4"


class FreshCopy(NamedTuple):
    """A viewing copy that shows its clip as it is graded now."""

    file: Path
    grades: list[str]
    """Which it carries: ``technical``, ``creative``, or both."""
    digest: str
    """Of what it was made of: another one is another movie."""


def fresh_copy(production: Production, clip: Clip) -> FreshCopy | None:
    """The clip's copy where it carries a grade and still shows what it was asked to show; None otherwise, also while it is made.

    The sound is no part of that: a recording that was matched since leaves the picture as it is.
    """
    kept = _kept(production, clip)
    if kept is None:
        return None
    look = _look_asked_for(production, clip)
    now = _made_of(clip, on_set_grades(production), DailiesSettings(look=look, sound=False))
    layers = [name for name in ("technical", "creative") if now[name]]
    if not layers or any(kept.get(name) != value for name, value in now.items() if name != "sound"):
        return None
    return FreshCopy(copy_file(production, clip), layers, record_digest(kept))


def work_on_dailies(order: WorkOrder) -> dict[str, Any]:
    """Write one clip's viewing copy; says which grades and which sound it carries, and how fast it was made."""
    began, settings = time.monotonic(), DailiesSettings.model_validate(order.job_order["settings"])
    with Production.open(order.production_dir) as production:
        theirs = on_set_grades(production)
        with production.reading() as session:
            clip = session.get_one(Clip, order.job_order["clip"])
            source, made_of = located(production, clip.asset), _made_of(clip, theirs, settings)
            synced = dict(clip.asset.details.get("sync") or {})
        sequence, place = open_sequence(source, clip.rate), copy_file(production, clip)

        def tell(index: int) -> None:
            order.check_cancelled()
            order.report(index, sequence.count, f"frame {index}")

        place.parent.mkdir(parents=True, exist_ok=True)
        # What the page or a person asks for meanwhile is not taken for up to date.
        _record(place).unlink(missing_ok=True)
        frames = write_seen(sequence, clip, place, tell, _layers(clip, theirs, settings.look))
        heard = ""
        if settings.sound:
            heard = _sound_under(production, place, source, synced, Fraction(frames) / Fraction(clip.rate))
        write_atomically(_record(place), json.dumps({**made_of, "look": settings.look}, ensure_ascii=False, indent=1) + "\n")
    seconds = time.monotonic() - began
    shot = float(Fraction(frames) / Fraction(clip.rate))
    return {
        "frames": frames,
        "file": place.relative_to(production.root).as_posix(),
        "technical": bool(made_of["technical"]),
        "creative": bool(made_of["creative"]),
        "sound": heard,
        "seconds": round(seconds, 2),
        "x_realtime": round(shot / max(seconds, 1e-3), 2),
    }


def _layers(clip: Clip, theirs: dict[str, CDL], look: Look) -> list[CDL]:
    """The grades a copy is seen under, the technical one first."""
    layers = []
    if look in ("both", "technical") and clip.grade.get("cdl"):
        layers.append(CDL.model_validate(clip.grade["cdl"]))
    if look in ("both", "creative") and clip.name in theirs:
        layers.append(theirs[clip.name])
    return layers


def _made_of(clip: Clip, theirs: dict[str, CDL], settings: DailiesSettings) -> dict[str, Any]:
    """What a copy shows, by its digests: another of these is another copy."""
    technical = clip.grade.get("cdl") if settings.look in ("both", "technical") else None
    creative = theirs[clip.name].model_dump(mode="json") if settings.look in ("both", "creative") and clip.name in theirs else None
    synced = clip.asset.details.get("sync") or {}
    return {
        "of": clip.asset.sha256,
        "space": clip.input_space,
        "technical": record_digest(technical) if technical else "",
        "creative": record_digest(creative) if creative else "",
        "sound": [str(synced.get("asset", "")), synced.get("offset_s")] if settings.sound else None,
    }


def _kept(production: Production, clip: Clip) -> dict[str, Any] | None:
    """What the copy that lies there was made of; None where there is none."""
    told = _told(production, clip)
    # Two looks that come to the same grades are the same pictures.
    return {name: value for name, value in told.items() if name != "look"} if told else None


def _look_asked_for(production: Production, clip: Clip) -> Look:
    asked: Any = (_told(production, clip) or {}).get("look")
    return asked if asked in get_args(Look) else "both"


def _told(production: Production, clip: Clip) -> dict[str, Any] | None:
    place = copy_file(production, clip)
    try:
        told = json.loads(_record(place).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and place.is_file() else None


def _record(place: Path) -> Path:
    return place.with_suffix(".json")


def _sound_under(production: Production, movie: Path, source: Path, synced: dict[str, Any], seconds: Fraction) -> str:
    """Put the clip's recording, else the camera's sound, under its copy; returns what was, or nothing."""
    asset = Path(str(synced.get("asset", "")))
    recording = (asset if asset.is_absolute() else production.root / asset) if synced.get("asset") else None
    place, offset = (recording, float(synced["offset_s"])) if recording is not None and recording.is_file() else (source, 0.0)
    if not place.is_file() or not has_sound(place):
        return ""
    samples, rate = read_samples(place)
    add_sound(movie, laid(samples.mean(axis=1), rate, offset, seconds), rate)
    return place.name


def laid(mono: NDArray[np.float32], rate: int, offset_s: float, seconds: Fraction) -> NDArray[np.float32]:
    """Samples (n,) of exactly ``seconds`` from the picture's first frame on, silent where the recording does not reach.

    ``offset_s`` is the time of the first of ``mono`` after the first frame; negative where the recorder ran first.
    """
    out = np.zeros(int(seconds * rate), np.float32)
    at = round(offset_s * rate)
    part = mono[max(0, -at) : max(0, len(out) - at)]
    out[max(0, at) : max(0, at) + len(part)] = part
    return out
