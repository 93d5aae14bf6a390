"""Frames into a package: copied, pulled or transcoded, numbered from 1001, each with the ledger row that made it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from answerprint.deliver.delivery import DeliveryShot
from answerprint.deliver.laid import LaidShot, Run
from answerprint.deliver.layers import lay_layered, lay_separate
from answerprint.deliver.naming import FIRST_FRAME
from answerprint.deliver.pulls import pull_original
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.deliver.transcode import transcode
from answerprint.media.sequence import FrameSequence
from answerprint.media.write import output_name_and_format
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.keys import Signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.rows import FrameRow


@dataclass
class Proof:
    """What ties the frame files of a package to ledger rows.

    ``pictures`` maps a package path to (pixel digest, frame); ``rows`` a frame file to the row that made it; ``made`` a shot's name to
    the rows of its pictures by clip frame, also where the package holds no frames.
    """

    pictures: dict[str, tuple[str, int]] = field(default_factory=dict)
    rows: dict[Path, FrameRow] = field(default_factory=dict)
    made: dict[str, dict[int, FrameRow]] = field(default_factory=dict)


def lay_shot(
    shot: DeliveryShot,
    receiver: Receiver,
    name: str,
    base: str,
    number: int,
    building: Path,
    signer: Signer,
    proof: Proof,
    plate_version: int = 1,
) -> LaidShot:
    """Bring one shot's frames, plate, layers and ledgers into the package. ``base`` is the name without task and version."""
    sequence = shot.sequence()
    first = FIRST_FRAME if receiver.renames else sequence.number(shot.index(shot.frames.start))
    laid = LaidShot(shot, name, sequence.width, sequence.height, first, plate_version=plate_version)
    told = {"name": name, "shot": shot.name, "base": base, "version": number, "width": laid.width, "height": laid.height}
    folder = receiver.folder.format(**told)
    wants = receiver.pictures != "none"
    rows = _version_rows(shot, building)
    if wants and receiver.pictures == "as made" and shot.folder is None:
        laid.frames, rows = _pulled(
            shot, sequence, laid, folder, name, f"pull-{shot.name}", receiver.renames, building, signer, proof
        )
    elif wants and receiver.pictures == "as made":
        laid.frames = _copied(shot, sequence, laid, folder, receiver.renames, building, rows, proof)
    elif wants:
        laid.frames = _transcoded(shot, sequence, laid, folder, receiver.pictures, building, signer, rows, proof)
    elif shot.folder is None:
        rows = {r.frame: r for r in pull_original(sequence, shot.clip, shot.digest, shot.frames, None, f"pull-{shot.name}")}
        _booked(building, f"pull-{shot.name}", list(rows.values()), signer)
    proof.made[shot.name] = rows
    if receiver.plates and shot.folder is not None:
        plate = shot.plate()
        stem = receiver.plate_name.format(**{**told, "version": plate_version})
        place = receiver.plate_folder.format(**{**told, "name": stem})
        if receiver.pictures in ("as made", "none"):
            laid.plate, _ = _pulled(_as_shot(shot), plate, laid, place, stem, f"plate-{shot.name}", True, building, signer, proof)
        else:
            bare = _as_shot(shot)
            laid.plate = _transcoded(bare, plate, laid, place, receiver.pictures, building, signer, {}, proof, stem, "plate")
        plate.close()
    if receiver.layers == "layered":
        lay_layered(laid, building, receiver.renames)
    elif receiver.layers == "separate":
        lay_separate(laid, building)
    sequence.close()
    return laid


def _as_shot(shot: DeliveryShot) -> DeliveryShot:
    from dataclasses import replace

    return replace(shot, folder=None, ledger=None, records=[], space=shot.plate_space or shot.space)


def _version_rows(shot: DeliveryShot, building: Path) -> dict[int, FrameRow]:
    """The version's rows by clip frame, its ledger copied into the package."""
    if shot.ledger is None:
        return {}
    ledger = building / "ledger" / shot.ledger.name
    shutil.copyfile(shot.ledger, ledger)
    rows = (FrameRow.model_validate(body) for body in read_ledger(ledger).frames)
    return {row.frame: row for row in rows if row.frame in shot.frames}


def _copied(
    shot: DeliveryShot, sequence: FrameSequence, laid: LaidShot, folder: str, renames: bool, building: Path,
    rows: dict[int, FrameRow], proof: Proof,
) -> Run:  # fmt: skip
    (building / folder).mkdir(parents=True)
    suffix = sequence.file(0).suffix.lower()
    run = Run(folder, laid.name, suffix, laid.first, sequence.count, shot.space)
    for index in range(sequence.count):
        source = sequence.file(index)
        place = building / (run.file(laid.first + index) if renames else f"{folder}/{source.name}")
        shutil.copyfile(source, place)
        row = rows.get(shot.frames.start + index)
        if row is not None:
            _tie(place, building, row, proof)
    return run if renames else run.named_as(sequence.file(0).name)


def _pulled(
    shot: DeliveryShot, sequence: FrameSequence, laid: LaidShot, folder: str, stem: str, job: str, renames: bool, building: Path,
    signer: Signer, proof: Proof,
) -> tuple[Run, dict[int, FrameRow]]:  # fmt: skip
    name, _ = output_name_and_format(sequence, shot.frames.start)
    run = Run(folder, stem, Path(name).suffix.lower(), laid.first, len(shot.frames), shot.space)

    def named(frame: int, own: str) -> str:
        return Path(run.file(laid.number(frame))).name if renames else own

    rows = pull_original(sequence, shot.clip, shot.digest, shot.frames, building / folder, job, named)
    _booked(building, job, rows, signer)
    for row in rows:
        _tie(building / folder / row.output, building, row, proof)
    return run if renames else run.named_as(rows[0].output), {row.frame: row for row in rows}


def _transcoded(
    shot: DeliveryShot, sequence: FrameSequence, laid: LaidShot, folder: str, space: str, building: Path, signer: Signer,
    rows: dict[int, FrameRow], proof: Proof, stem: str = "", what: str = "transcode",
) -> Run:  # fmt: skip
    run = Run(folder, stem or laid.name, ".exr", laid.first, len(shot.frames), space)
    job = f"{what}-{shot.name}"
    made = transcode(shot, sequence, rows, space, building / folder, job, lambda frame: Path(run.file(laid.number(frame))).name)
    _booked(building, job, made, signer)
    for row in made:
        _tie(building / folder / row.output, building, row, proof)
    return run


def _booked(building: Path, job: str, rows: list[FrameRow], signer: Signer) -> None:
    with Ledger.create(building / "ledger" / f"{job}.ledger.jsonl", job) as book:
        book.append_many(rows)
        book.seal(signer)


def _tie(place: Path, building: Path, row: FrameRow, proof: Proof) -> None:
    proof.pictures[place.relative_to(building).as_posix()] = (row.output_digest, row.frame)
    proof.rows[place] = row
