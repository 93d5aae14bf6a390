"""A delivery package: frames, layers, grades, edit and reference movie, with the proof of each beside it.

The package is built in a hidden folder and takes its name only when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.colour.config import archive
from answerprint.colour.spaces import to_working
from answerprint.colour.view import display
from answerprint.deliver.edit import write_edit
from answerprint.media.movie import write_prores
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput, FrameRange, Timecode
from answerprint.provenance.credentials import sign_movie, sign_sidecars
from answerprint.provenance.keys import Signer
from answerprint.provenance.package import close_folder
from answerprint.provenance.report import ShotPictures, write_report

Tell = Callable[[int, int, str], None]
RECEIVERS = ("generic",)
"""The receivers a package can be made for. Hosts with habits of their own come with their own layer."""


@dataclass(frozen=True)
class DeliveryShot:
    """One event of the cut with what was chosen for it.

    ``frames`` are clip frames, half-open, handles included; ``cut`` the part the event uses. ``folder`` holds the chosen version's
    frames (None: the original is pulled); ``layers`` its layer files; ``digests`` maps frame to pixel digest as the ledger has it.
    """

    name: str
    event: int
    clip: str
    reel: str
    original: Path
    rate: Fraction
    start: Timecode
    frames: FrameRange
    cut: FrameRange
    record_in: Timecode
    space: str
    grade: CDL | None = None
    folder: Path | None = None
    ledger: Path | None = None
    version: str = ""
    approved_by: str = ""
    digests: dict[int, str] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Delivery:
    """Everything that goes into a package."""

    title: str
    production: str
    rate: Fraction
    shots: list[DeliveryShot]
    missing: list[dict[str, Any]]
    """events that found no original, as conform reported them"""
    extra_ledgers: list[Path] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)


def write_package(delivery: Delivery, receiver: str, out: Path, signer: Signer, tell: Tell) -> dict[str, Any]:
    """Write the package at ``out`` and return ``{"package", "receiver", "files", "root"}``."""
    if receiver not in RECEIVERS:
        raise BadInput(receiver, "packages for this receiver come with a later layer", f"use --to {RECEIVERS[0]}")
    if out.exists() and any(out.iterdir()):
        raise BadInput(out, "is not empty", "choose a new folder for the package")
    building = out.with_name(f".{out.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    pictures = _frames_and_layers(delivery, building, tell)
    _grades(delivery, building)
    write_edit(delivery.title, delivery.rate, delivery.shots, delivery.missing, building / "edit")
    movie = building / "movies" / f"{_plain(delivery.title)}_reference.mov"
    _reference_movie(delivery, building, movie, tell)
    _ledgers(delivery, building)
    tell(0, 1, "content credentials")
    sign_movie(movie, signer, ingredients=[s.original for s in delivery.shots], frames={k: v[0] for k, v in pictures.items()})
    sign_sidecars(sorted(building.glob("frames/*/*.exr")), signer)
    archive(building / "colour")
    tell(0, 1, "audit report")
    write_report(building / "report", _report_shots(delivery, building), title=delivery.title, production=delivery.production, signer=signer, models=delivery.models)
    tell(0, 1, "signing")
    closed = close_folder(building, kind="delivery", signer=signer, production=delivery.production, receiver=receiver, pictures=pictures)
    if out.exists():
        out.rmdir()
    building.replace(out)
    return {"package": str(out), "receiver": receiver, "files": len(closed.files), "root": closed.root, "movie": str(out / movie.relative_to(building))}


def chosen_frames(shot: DeliveryShot) -> FrameSequence:
    """The version's frames, or the original's."""
    return open_sequence(shot.folder if shot.folder is not None else shot.original, shot.rate)


def _frames_and_layers(delivery: Delivery, building: Path, tell: Tell) -> dict[str, tuple[str, int]]:
    """Copy the versions' frames and layers; returns package path to (pixel digest, frame)."""
    pictures: dict[str, tuple[str, int]] = {}
    total, done = sum(len(s.frames) for s in delivery.shots), 0
    for shot in delivery.shots:
        folder = building / "frames" / shot.name
        folder.mkdir(parents=True)
        sequence = chosen_frames(shot)
        for frame in shot.frames:
            done += 1
            tell(done, total, "frames and layers")
            if shot.folder is None:
                continue
            source = sequence.file(frame - shot.frames.start)
            shutil.copyfile(source, folder / source.name)
            pictures[f"frames/{shot.name}/{source.name}"] = (shot.digests[frame], frame)
            layer = shot.folder / "layers" / f"{source.stem}.exr"
            if layer.exists():
                (building / "layers" / shot.name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(layer, building / "layers" / shot.name / layer.name)
    return pictures


def _grades(delivery: Delivery, building: Path) -> None:
    found = {s.grade.id: s.grade for s in delivery.shots if s.grade is not None}
    if found:
        (building / "grades").mkdir()
        grades.write(building / "grades" / f"{_plain(delivery.title)}.ccc", list(found.values()))


def _ledgers(delivery: Delivery, building: Path) -> None:
    (building / "ledger").mkdir()
    for ledger in sorted({s.ledger for s in delivery.shots if s.ledger is not None} | set(delivery.extra_ledgers)):
        shutil.copyfile(ledger, building / "ledger" / ledger.name)


def _reference_movie(delivery: Delivery, building: Path, movie: Path, tell: Tell) -> None:
    """The cut as a viewer would see it: graded, through the analytic view, with record timecode. For looking, not for finishing."""
    movie.parent.mkdir()
    size = max(((s.width, s.height) for s in map(chosen_frames, delivery.shots)), key=lambda wh: wh[0] * wh[1])
    shots = sorted(delivery.shots, key=lambda s: s.record_in.frame)
    total = sum(len(s.cut) for s in shots)

    def pictures() -> Iterator[np.ndarray]:
        done = 0
        for shot in shots:
            sequence = chosen_frames(shot)
            first = shot.frames.start if shot.folder is not None else 0
            for frame in shot.cut:
                linear = to_working(sequence.read(frame - first).rgb(), shot.space)
                if shot.grade is not None:
                    linear = grades.apply(shot.grade, linear)
                done += 1
                tell(done, total, "reference movie")
                yield _padded(display(linear), size)

    write_prores(movie, pictures(), delivery.rate, str(shots[0].record_in), reel=_plain(delivery.title)[:32],
                 metadata={"com.answerprint.production": delivery.production})


def _padded(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture centred on black at ``size`` (width, height): cameras of one take may differ by some columns."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.pad(picture, [(top, size[1] - height - top), (left, size[0] - width - left), (0, 0)])


def _report_shots(delivery: Delivery, building: Path) -> list[ShotPictures]:
    raise NotImplementedError


def _plain(title: str) -> str:
    """A title as a file name: letters of every script stay, the rest becomes a hyphen."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in title).strip("-") or "delivery"
