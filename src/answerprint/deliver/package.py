"""A delivery package: frames, layers, grades, edit and reference movie, with the proof of each beside it.

The package is built in a hidden folder and takes its name only when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.config import archive
from answerprint.colour.spaces import to_working
from answerprint.colour.view import display
from answerprint.deliver.delivery import Delivery
from answerprint.deliver.edit import write_edit
from answerprint.deliver.pages import write_audit_report
from answerprint.deliver.pulls import pull_original
from answerprint.media.movie import write_prores
from answerprint.production import BadInput
from answerprint.provenance.certificates import write_anchor
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.credentials import ANCHOR, sign_movie, sign_sidecars
from answerprint.provenance.keys import Signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.package import close_folder
from answerprint.provenance.rows import FrameRow

Tell = Callable[[int, int, str], None]
RECEIVERS = ("generic",)
"""The receivers a package can be made for. Hosts with habits of their own come with their own layer."""


def write_package(delivery: Delivery, receiver: str, out: Path, signer: Signer, tell: Tell) -> dict[str, Any]:
    """Write the package at ``out`` and return the `deliver` document. Raises BadInput for an unknown receiver or a full folder."""
    if receiver not in RECEIVERS:
        raise BadInput(receiver, "packages for this receiver come with a later layer", f"use --to {RECEIVERS[0]}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(out, "is not a new or empty folder", "choose a new folder for the package")
    if not delivery.shots:
        raise BadInput(delivery.title, "no event of the cut found its original", "ingest the originals first")
    building = out.with_name(f".{out.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    (building / "ledger").mkdir(parents=True)
    pictures, rows = _frames_and_layers(delivery, building, signer, tell)
    _grades(delivery, building)
    media = {s.event.number: f"../frames/{s.name}" for s in delivery.shots}
    events = sorted([s.event for s in delivery.shots] + [e for e, _ in delivery.missing], key=lambda e: e.number)
    write_edit(
        building / "edit",
        delivery.title,
        delivery.rate,
        events,
        {s.event.number: s.grade for s in delivery.shots if s.grade},
        media,
    )
    movie = _reference_movie(delivery, building, tell)
    for ledger in sorted(set(delivery.extra_ledgers)):
        shutil.copyfile(ledger, building / "ledger" / ledger.name)
    tell(0, 1, "content credentials")
    sign_movie(
        movie,
        signer,
        rows=[r for _, r in sorted(rows.items())],
        ingredients=sorted({s.original for s in delivery.shots if s.original.is_file()}),
        frames={path: digest for path, (digest, _) in pictures.items()},
    )
    sign_sidecars({path: row for path, row in rows.items() if path.suffix == ".exr"}, signer)
    (building / "colour").mkdir()
    archive(building / "colour")
    write_anchor(building / ANCHOR, signer)
    write_audit_report(delivery, building, tell)
    tell(0, 1, "signing the package")
    closed = close_folder(
        building, kind="delivery", signer=signer, production=delivery.production, receiver=receiver, pictures=pictures
    )
    if out.exists():
        out.rmdir()
    building.replace(out)
    return {
        "package": str(out),
        "receiver": receiver,
        "files": len(closed.files),
        "root": closed.root,
        "movie": str(out / movie.relative_to(building)),
        "report": str(out / "report" / "index.html"),
    }


def _frames_and_layers(
    delivery: Delivery, building: Path, signer: Signer, tell: Tell
) -> tuple[dict[str, tuple[str, int]], dict[Path, FrameRow]]:
    """Bring in every shot's frames, layers and ledger.

    Returns package path to (pixel digest, frame), and frame file to the ledger row that made it.
    """
    pictures: dict[str, tuple[str, int]] = {}
    rows: dict[Path, FrameRow] = {}
    for number, shot in enumerate(delivery.shots, start=1):
        tell(number, len(delivery.shots), f"frames and layers of {shot.name}")
        folder = building / "frames" / shot.name
        folder.mkdir(parents=True)
        if shot.folder is None:
            ledger = building / "ledger" / f"pull-{shot.name}.ledger.jsonl"
            with Ledger.create(ledger, f"pull-{shot.name}") as book:
                book.append_many(pull_original(shot.sequence(), shot.clip, shot.digest, shot.frames, folder, f"pull-{shot.name}"))
                book.seal(signer)
        else:
            assert shot.ledger is not None
            ledger = building / "ledger" / shot.ledger.name
            shutil.copyfile(shot.ledger, ledger)
            _copy_version(shot.folder, folder, building / "layers" / shot.name)
        for body in read_ledger(ledger).frames:
            row = FrameRow.model_validate(body)
            place = folder / Path(row.output).name
            if place.exists():
                pictures[place.relative_to(building).as_posix()] = (row.output_digest, row.frame)
                rows[place] = row
    return pictures, rows


def _copy_version(version: Path, frames: Path, layers: Path) -> None:
    for source in sorted(f for f in version.iterdir() if f.is_file()):
        shutil.copyfile(source, frames / source.name)
    if (version / "layers").is_dir():
        layers.mkdir(parents=True)
        for source in sorted((version / "layers").iterdir()):
            shutil.copyfile(source, layers / source.name)


def _grades(delivery: Delivery, building: Path) -> None:
    found = {s.grade.id or s.clip: s.grade for s in delivery.shots if s.grade is not None}
    if found:
        (building / "grades").mkdir()
        grades.write(building / "grades" / f"{plain(delivery.title)}.ccc", list(found.values()))


def _reference_movie(delivery: Delivery, building: Path, tell: Tell) -> Path:
    """The cut as a viewer would see it: graded, through the analytic view, with record timecode. For looking, not for finishing."""
    movie = building / "movies" / f"{plain(delivery.title)}_reference.mov"
    movie.parent.mkdir()
    shots = sorted(delivery.shots, key=lambda s: s.event.record_in.frame)
    opened = [s.sequence() for s in shots]
    size = max(((s.width, s.height) for s in opened), key=lambda wh: wh[0] * wh[1])
    total = sum(len(s.cut) for s in shots)

    def pictures() -> Iterator[np.ndarray]:
        done = 0
        for shot, sequence in zip(shots, opened, strict=True):
            for frame in shot.cut:
                linear = to_working(sequence.read(shot.index(frame)).rgb(), shot.space)
                if shot.grade is not None:
                    linear = grades.apply(shot.grade, linear)
                done += 1
                tell(done, total, "reference movie")
                yield _padded(display(linear), size)

    write_prores(
        movie,
        pictures(),
        delivery.rate,
        str(shots[0].event.record_in),
        reel=plain(delivery.title)[:32],
        metadata={"com.answerprint.production": delivery.production},
    )
    return movie


def _padded(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture centred on black at ``size`` (width, height): cameras of one take may differ by some columns."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.pad(picture, [(top, size[1] - height - top), (left, size[0] - width - left), (0, 0)])


def plain(title: str) -> str:
    """A title as a file name: letters of every script stay, the rest becomes a hyphen."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in title).strip("-") or "delivery"
