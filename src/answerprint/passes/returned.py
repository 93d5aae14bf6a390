"""Finished comps come back: frames and movies under a name we delivered become a version of their shot, with the version they were made from.

An artist's frames are an input with a digest: they are copied with every file compared by its hash, measured against the original, written
into a ledger, and never taken away by a pass that is run again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from answerprint.colour.spaces import WORKING, default_space, resolve_space
from answerprint.deliver.naming import DEFAULT_TEMPLATE, FIRST_FRAME, name_pattern, parse_template
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.media.movie_reader import SUFFIXES as MOVIES
from answerprint.media.sequence import FrameSequence
from answerprint.passes.delivered import delivered_names, own_files
from answerprint.passes.returned_movie import base, checked_movie, movie_space
from answerprint.production import BadInput, FrameRange, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot, Version
from answerprint.provenance.canonical import record_digest
from answerprint.provenance.digests import file_digests

_PICTURES = {".exr", ".dpx", ".tif", ".tiff", ".png"}
_NUMBER = re.compile(r"^(?P<name>.+?)[._](?P<number>\d{3,8})$")


@dataclass(frozen=True)
class Returned:
    """Frames or a movie of one shot that came back. ``files`` are in the order of their numbers; ``said`` is the version in the name, 0
    for none."""

    name: str
    shot_id: int
    shot: str
    task: str
    said: int
    first: int
    files: tuple[Path, ...]

    @property
    def movie(self) -> Path | None:
        """The movie, where it is one."""
        return self.files[0] if self.files[0].suffix.lower() in MOVIES else None


@dataclass
class TakenBack:
    """What was done with them: a job for each new version, and a line for each that is no new one."""

    jobs: list[str] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def returned_under(production: Production, paths: Iterable[Path]) -> dict[Path, list[Returned]]:
    """Frames and movies under each path whose names are our shots'. What a package of ours holds unchanged is not looked at.

    A movie may leave out the version, where it has the name that was delivered or the shot's own; a clip of the catalogue is none.
    """
    with production.reading() as session:
        shots = [(s.id, s.name, f"{s.clip.scene}{s.clip.setup}") for s in session.scalars(select(Shot).order_by(Shot.id))]
        clips = {clip.name.casefold() for clip in session.scalars(select(Clip))}
    templates = {DEFAULT_TEMPLATE, *(one["template"] for one in delivered_names(production).values())}
    patterns = [
        (name_pattern(parse_template(template), scene, name.removeprefix(f"{scene}_") if scene else name), shot_id, name)
        for template in sorted(templates)
        for shot_id, name, scene in shots
    ]
    called: list[tuple[re.Pattern[str], int, str]] = []
    found: dict[Path, list[Returned]] = {}
    for path in paths:
        for name, numbered in sorted(_runs(path)):
            known = next(((m, shot_id, shot) for pattern, shot_id, shot in patterns if (m := pattern.fullmatch(name))), None)
            if numbered[0][1].suffix.lower() in MOVIES:
                if name.casefold() in clips:
                    continue
                called = called or _called(production, shots)
                known = known or next(((m, shot_id, shot) for one, shot_id, shot in called if (m := one.fullmatch(name))), None)
            if known is not None:
                match, shot_id, shot = known
                groups = match.groupdict()
                task = groups.get("rest") or groups.get("task") or "comp"
                files = tuple(file for _, file in numbered)
                found.setdefault(path, []).append(
                    Returned(name, shot_id, shot, task, int(groups.get("version") or 0), numbered[0][0], files)
                )
    return found


def _called(production: Production, shots: list[tuple[int, str, str]]) -> list[tuple[re.Pattern[str], int, str]]:
    """What a movie without a version may be called: a delivered name without its own, that up to the shot, or the shot's; one word may stand
    behind."""
    ids = {name: shot_id for shot_id, name, _ in shots}
    names = {(name, name) for name in ids} | {(base(known), e["shot"]) for known, e in delivered_names(production).items()}
    names |= {(known[: known.index(low) + len(low)], shot) for known, shot in names if (low := shot.casefold()) in known}
    return [
        (re.compile(re.escape(called) + r"(?:[_.-](?P<rest>[A-Za-z0-9]+))?", re.IGNORECASE), ids[shot], shot)
        for called, shot in sorted(names, key=lambda pair: (-len(pair[0]), pair))
        if shot in ids
    ]


def take_back(production: Production, returned: Iterable[Returned], requested_by: str) -> TakenBack:
    """Open a version for each and queue its copy and measure. What cannot be a version of its shot is a line, and the others go on."""
    done = TakenBack()
    returned = list(returned)
    frames = {(one.shot_id, one.name.casefold()) for one in returned if one.movie is None}
    for one in returned:
        try:
            if one.movie is not None and (one.shot_id, one.name.casefold()) in frames:
                raise BadInput(
                    one.movie, "came with frames of the same name, which are taken", "rename it where it is another version"
                )
            _take(production, one, requested_by, done)
        except BadInput as error:
            done.problems.append(str(error))
    return done


def _take(production: Production, one: Returned, requested_by: str, done: TakenBack) -> None:
    sequence = None if one.movie is not None else _opened(one)
    with production.session() as session:
        shot = session.get_one(Shot, one.shot_id)
        frames = FrameRange(shot.start, shot.end)
        first = 0
        if sequence is not None:
            _check(one, sequence, shot)
            space, guessed = _space(sequence)
        else:
            movie, first = checked_movie(one.files[0], shot)
            space, guessed = movie_space(production, one.name, shot, movie, first), False
        digest = record_digest([[file.name, file_digests(file).sha256] for file in one.files])
        same = next((v for v in shot.versions if v.figures.get("returned", {}).get("digest") == digest), None)
        if same is not None:
            done.problems.append(f"{one.name} is here already, as v{same.number:03d} of {shot.name}")
            return
        parent = _parent(production, shot, one)
        newest = session.scalar(select(func.max(Version.number)).where(Version.shot_id == shot.id)) or 0
        number = one.said if one.said > newest else newest + 1
        if guessed:
            done.problems.append(f"{one.name} does not say its colour space; it is taken as {space}, as our scripts write it")
        kept = {"name": one.name, "from": str(one.files[0].parent), "said": one.said, "digest": digest, "by": requested_by}
        order = {
            "shot": shot.id,
            "clip": shot.clip_id,
            "version": number,
            "parent": parent.number if parent else None,
            "space": space,
            "files": [str(file) for file in one.files],
            "movie_first": None if one.movie is None else first,
            "returned": kept,
            "seed": 0,
        }
        title = f"{one.task} {shot.name} v{number:03d}, from {one.name}"
        job = submit(
            production, "return", title, order, [ChunkOrder({}, weight=len(frames))], shot_id=shot.id, requested_by=requested_by
        )
        session.add(
            Version(
                shot_id=shot.id,
                job_id=job,
                number=number,
                operation=one.task,
                status="working",
                path=f"versions/{shot.name}/v{number:03d}",
                figures={"returned": kept, "parent": parent.number if parent else None, "space": space},
            )
        )
        shot.status = "working"
        done.jobs.append(job)
        done.versions.append(
            {
                "shot": shot.name,
                "version": number,
                "parent": parent.number if parent else None,
                "name": one.name,
                "digest": digest,
                "frames": len(frames),
            }
        )


def _runs(path: Path) -> Iterator[tuple[str, list[tuple[int, Path]]]]:
    """Numbered pictures and movies below a path by their name without the number, in the order of the numbers; our own files left out."""
    below = [path] if path.is_file() else [p for p in sorted(path.rglob("*")) if not p.name.startswith(".") and p.is_file()]
    files = [file for file in below if file.suffix.lower() in _PICTURES]
    ours = own_files(path)
    for file in below:
        if file.suffix.lower() in MOVIES and (file not in ours or ours[file] != file_digests(file).sha256):
            yield file.stem, [(FIRST_FRAME, file)]
    runs: dict[tuple[Path, str, str], list[tuple[int, Path]]] = {}
    for file in files:
        split = _NUMBER.match(file.stem)
        if split is not None:
            runs.setdefault((file.parent, split["name"], file.suffix.lower()), []).append((int(split["number"]), file))
    for (_, name, _), numbered in runs.items():
        if not all(ours.get(file) == file_digests(file).sha256 for _, file in numbered):
            yield name, sorted(numbered)


def _opened(one: Returned) -> FrameSequence:
    """The frames as a sequence; other files may lie beside them."""
    from answerprint.media.sequence import FolderSequence

    numbers = [one.first + place for place in range(len(one.files))]
    for number, file in zip(numbers, one.files, strict=True):
        found = _NUMBER.match(file.stem)
        if found is None or int(found["number"]) != number:
            raise BadInput(one.name, f"frame {number} is missing", "render the whole range again")
    return FolderSequence(one.files[0].parent, list(one.files), None)


def _check(one: Returned, sequence: FrameSequence, shot: Shot) -> None:
    """Raise BadInput where the frames are not the shot's: other numbers, another size, another timecode."""
    last = FIRST_FRAME + shot.end - shot.start - 1
    if (one.first, len(one.files)) != (FIRST_FRAME, shot.end - shot.start):
        raise BadInput(
            one.name,
            f"has frames {one.first} to {one.first + len(one.files) - 1}; {shot.name} was delivered as {FIRST_FRAME} to {last}",
            f"render {FIRST_FRAME} to {last}, handles included",
        )
    if (sequence.width, sequence.height) != (shot.clip.width, shot.clip.height):
        raise BadInput(
            one.name,
            f"is {sequence.width}x{sequence.height} pixels, {shot.name} {shot.clip.width}x{shot.clip.height}",
            "render at the size of the plate",
        )
    if sequence.start_timecode and shot.clip.start_timecode:
        expected = Timecode.parse(shot.clip.start_timecode, shot.clip.rate) + shot.start
        if Timecode.parse(sequence.start_timecode, shot.clip.rate).frame != expected.frame:
            raise BadInput(one.name, f"starts at {sequence.start_timecode}, {shot.name} at {expected}", "keep the plate's timecode")


def _parent(production: Production, shot: Shot, one: Returned) -> Version | None:
    """The version it was made from: the one delivered under this name, else the newest that is older than the version it says."""
    stem = one.name.casefold()
    delivered = [
        entry for name, entry in delivered_names(production).items() if base(name) == base(stem) and entry["shot"] == shot.name
    ]
    exact = next((e for name, e in delivered_names(production).items() if stem.startswith(name.casefold())), None)
    by_number = {v.number: v for v in shot.versions}
    for entry in [exact, *reversed(delivered)]:
        if entry is not None and entry["shot"] == shot.name and entry["version"] in by_number:
            return by_number[entry["version"]]
    older = [v for v in shot.versions if v.status in ("approved", "to review") and (not one.said or v.number <= one.said)]
    return older[-1] if older else None


def _space(sequence: FrameSequence) -> tuple[str, bool]:
    """The colour space of the frames, and whether it had to be taken for granted."""
    untagged = sequence.file_format == "exr" and sequence.storage in ("half", "float") and not sequence.colour_tag
    if untagged:
        return WORKING, True
    return resolve_space(default_space(sequence.storage, sequence.file_format, sequence.colour_tag)), False


def copied(files: list[Path], folder: Path) -> list[dict[str, str]]:
    """Copy files into ``folder``, each compared by its hash before it gets its name; returns name and SHA-256 of each."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    for file in files:
        digest, place = file_digests(file).sha256, folder / file.name
        if not place.exists() or file_digests(place).sha256 != digest:
            unfinished = place.with_name(f".{place.name}.part")
            shutil.copyfile(file, unfinished)
            if file_digests(unfinished).sha256 != digest:
                unfinished.unlink(missing_ok=True)
                raise BadInput(file, "the copy is not the same as the original", "check the disk, then ingest again")
            unfinished.replace(place)
        kept.append({"name": file.name, "sha256": digest})
    return kept


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pixels (h, w) of two scene-linear pictures that differ by more than half-float coding does: 2e-4 and 0.2 %."""
    limit = 2e-4 + 2e-3 * np.abs(other)
    return np.asarray((np.abs(np.nan_to_num(one) - np.nan_to_num(other)) > limit).any(axis=2))
