"""Sound married to picture: for each clip the recording that goes with it, and where the two meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from answerprint.ingest.sync import Sync, find_clap, overlapping, synchronise
from answerprint.media.samples import read_samples
from answerprint.passes.clap import contest, seen_with
from answerprint.passes.footage import located
from answerprint.production import BadInput, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip

Tell = Callable[[int, int, str], None]


def marry(
    production: Production, names: Sequence[str], tell: Tell, anew: bool = True
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Find the recording of each clip, keep what was found in the catalogue, and return it by clip name with what went wrong.

    Without ``anew`` clips that have their sound already are left as they are.
    """
    with production.reading() as session:
        sounds = list(session.scalars(select(Asset).where(Asset.kind == "sound").order_by(Asset.path)))
        clips = list(session.scalars(select(Clip).where(Clip.name.in_(list(names))).order_by(Clip.name)))
        places = {clip.name: located(production, clip.asset) for clip in clips}
        known = {clip.name: clip.asset.details["sync"] for clip in clips if clip.asset.details.get("sync")}
    found: dict[str, dict[str, Any]] = {} if anew else dict(known)
    fresh, problems = dict[str, dict[str, Any]](), list[str]()
    for number, clip in enumerate(clips):
        if clip.name in found:
            continue
        tell(number, len(clips), "sound to picture")
        for sound in _candidates(clip, sounds):
            try:
                agreed = synchronise(places[clip.name], _start(clip), located(production, sound))
            except BadInput as error:
                problems.append(str(error))
                continue
            if agreed is not None:
                told = {"sound": Path(sound.path).name, "asset": sound.path, **agreed.document()}
                heard = _clap_frame(clip, located(production, sound), agreed)
                seen = seen_with(places[clip.name], clip.rate, heard) if heard is not None else None
                fresh[clip.name] = told | {"clap_frame": heard, "clap_seen": seen}
                if heard is not None and seen is not None and seen["verdict"] == "contested":
                    problems.append(contest(clip.name, heard, seen))
                break
    with production.session() as session:
        for clip in session.scalars(select(Clip).where(Clip.name.in_(list(fresh)))):
            clip.asset.details = {**clip.asset.details, "sync": fresh[clip.name]}
    return found | fresh, problems


def _clap_frame(clip: Clip, sound: Path, agreed: Sync) -> int | None:
    """The frame of the clip in which the slate's sticks are heard to close; None where no clap lies within it."""
    samples, rate = read_samples(sound)
    frames = Fraction(clip.rate)
    first = max(0, int(-agreed.offset_s * rate))
    part = samples[first : first + int(Fraction(clip.frame_count * rate) / frames)]
    heard = find_clap(part.mean(axis=1, dtype=np.float64), rate) if len(part) else None
    if heard is None:
        return None
    frame = int((heard + first / rate + agreed.offset_s) * float(frames) + 1e-6)
    return frame if 0 <= frame < clip.frame_count else None


def _start(clip: Clip) -> Timecode | None:
    try:
        return Timecode.parse(clip.start_timecode, Fraction(clip.rate)) if clip.start_timecode else None
    except BadInput:
        return None


def _candidates(clip: Clip, sounds: list[Asset]) -> list[Asset]:
    """Recordings that may go with a clip: those whose time meets it, then those of its slate, then, when few, any."""
    by_path = {sound.path: sound for sound in sounds}
    start, spans = _start(clip), []
    for sound in sounds:
        reference, rate = sound.details.get("time_reference"), sound.details.get("sample_rate")
        if reference is not None and rate:
            begin = Fraction(int(reference), int(rate))
            spans.append((sound.path, begin, begin + Fraction(str(sound.details.get("seconds", 0)))))
    chosen: list[str] = []
    if start is not None:
        begin = Fraction(start.frame) / start.rate
        chosen = overlapping((begin, begin + clip.frame_count / start.rate), spans)
    # Recorders write scene and setup as one word, or the scene alone.
    slates = {(said.casefold(), clip.take.lstrip("0")) for said in (clip.scene, clip.scene + clip.setup)}
    same = [
        sound.path
        for sound in sounds
        if clip.scene and (str(sound.details.get("scene", "")).casefold(), str(sound.details.get("take", "")).lstrip("0")) in slates
    ]
    # The same time of another day has another slate.
    return [by_path[path] for path in dict.fromkeys([path for path in chosen if path in same] + chosen + same)][:4]
