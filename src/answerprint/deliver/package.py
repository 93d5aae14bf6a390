"""A delivery package: frames, layers, grades, edit and movies for one receiver, with the proof of each beside it.

The package is built in a hidden folder and takes its name only when it is whole. What differs between receivers is declared in
``deliver.receivers``, one module each.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerprint.colour.config import archive
from answerprint.deliver.academy import write_academy
from answerprint.deliver.delivery import Delivery, DeliveryShot
from answerprint.deliver.edit import write_edits
from answerprint.deliver.frames import Proof, lay_shot
from answerprint.deliver.grades import write_grades
from answerprint.deliver.laid import Laid
from answerprint.deliver.manifest import pictures_digest, plate_digest, write_manifest
from answerprint.deliver.movies import plain, reference_movie, shot_movie
from answerprint.deliver.naming import DEFAULT_TEMPLATE, is_legal, legal, named, parse_template, unlike
from answerprint.deliver.pages import write_audit_report
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.deliver.receivers.registry import receiver_named
from answerprint.deliver.redelivery import ASIDE, Earlier, earlier_package, keep_theirs, put_in_place
from answerprint.production import BadInput
from answerprint.provenance.certificates import write_anchor
from answerprint.provenance.credentials import ANCHOR, sign_movie, sign_sidecars
from answerprint.provenance.keys import Signer
from answerprint.provenance.package import close_folder

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Naming:
    """How the shots of a package are named; ``show`` is the production's name where it is empty."""

    template: str = DEFAULT_TEMPLATE
    show: str = ""
    episode: str = ""
    vendor: str = "AP"


def write_package(
    delivery: Delivery, receiver: str, out: Path, signer: Signer, tell: Tell, *, naming: Naming | None = None, movie: bool = True
) -> dict[str, Any]:
    """Write the package at ``out`` and return the `deliver` document.

    ``out`` may hold the same receiver's earlier package of the production: then names stay where pictures are the same, and files that
    somebody added or changed are kept. ``movie`` False leaves out the reference movie. Raises BadInput for an unknown receiver, a
    template no receiver takes, and a folder that holds something else.
    """
    chosen, naming = receiver_named(receiver), naming or Naming()
    parse_template(naming.template)
    if not delivery.shots:
        raise BadInput(delivery.title, "no event of the cut found its original", "ingest the originals first")
    earlier = earlier_package(out, delivery.production, chosen.name, tell)
    digests = {s.name: pictures_digest(_pictures(s)) for s in delivery.shots}
    numbers = {s.name: _version(s, digests[s.name], earlier) for s in delivery.shots}
    plates = {s.name: _plate_version(s, earlier) for s in delivery.shots}
    names = _names(delivery, chosen, naming, numbers)
    building = out.with_name(f".{out.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    (building / "ledger").mkdir(parents=True)
    proof = Proof()
    laid = Laid(
        building, delivery.title, delivery.production, delivery.rate, [], delivery.missing, attention=list(delivery.attention)
    )
    for done, shot in enumerate(delivery.shots, start=1):
        tell(done, len(delivery.shots), f"frames and layers of {shot.name}")
        base = named(parse_template("{show}_{episode}_{scene}_{shot}"), _fields(delivery, shot, naming, 1))
        laid.shots.append(
            lay_shot(shot, chosen, names[shot.name], base, numbers[shot.name], building, signer, proof, plates[shot.name])
        )
    document = _dress(delivery, chosen, naming, laid, proof, digests, numbers, earlier, signer, tell, movie)
    pictures = {path: told for path, told in proof.pictures.items() if earlier is None or path not in earlier.changed}
    moved = {f"{ASIDE}/{p}": t for p, t in proof.pictures.items() if p not in pictures and (building / ASIDE / p).exists()}
    tell(0, 1, "signing the package")
    closed = close_folder(
        building, kind="delivery", signer=signer, production=delivery.production, receiver=chosen.name, pictures=pictures | moved
    )
    put_in_place(building, out)
    reference = next((out / "movies").glob("*_reference.mov"), None) if (out / "movies").is_dir() else None
    return {
        "package": str(out),
        "receiver": chosen.name,
        "files": len(closed.files),
        "root": closed.root,
        "movie": str(reference) if reference else None,
        "report": str(out / "report" / "index.html"),
        "manifest": str(out / "MANIFEST.txt"),
        "shots": {s["shot"]: s["name"] for s in document["shots"]},
        "attention": document["attention"],
        "kept": document["kept"],
    }


def _dress(
    delivery: Delivery, chosen: Receiver, naming: Naming, laid: Laid, proof: Proof, digests: dict[str, str],
    numbers: dict[str, int], earlier: Earlier | None, signer: Signer, tell: Tell, movie: bool,
) -> dict[str, Any]:  # fmt: skip
    """Everything around the frames: movies, grades, edits, the receiver's own files, reports, the manifest."""
    building, title = laid.folder, plain(delivery.title)
    (building / "colour").mkdir()
    archive(building / "colour")
    laid.config = next(f"colour/{file.name}" for file in (building / "colour").iterdir())
    if chosen.movies != "none":
        for one in laid.shots:
            made = shot_movie(one, building, chosen.movies == "viewed", chosen.dnxhr, tell)
            rows = list(proof.made[one.shot.name].values())
            sign_movie(made, signer, rows=rows, ingredients=[one.shot.original] if one.shot.original.is_file() else [])
    write_grades(laid, chosen.grades, title)
    if chosen.academy:
        write_academy(laid)
    write_edits(laid, chosen.edits, "cut" if chosen.name == "generic" else title)
    for place, file in sorted(delivery.editorial.items() if chosen.editorial else ()):
        (building / "editorial" / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, building / "editorial" / place)
        laid.editorial.append(f"editorial/{place}")
    if chosen.own is not None:
        chosen.own(laid)
    if movie:
        shown = reference_movie(laid, tell)
        tell(0, 1, "content credentials")
        sign_movie(
            shown,
            signer,
            rows=[r for _, r in sorted(proof.rows.items())],
            ingredients=sorted({s.original for s in delivery.shots if s.original.is_file()}),
            frames={path: digest for path, (digest, _) in proof.pictures.items()},
        )
    for extra in sorted(set(delivery.extra_ledgers)):
        shutil.copyfile(extra, building / "ledger" / extra.name)
    if chosen.name == "archive":
        for file in delivery.lock:
            (building / "lock").mkdir(exist_ok=True)
            shutil.copyfile(file, building / "lock" / file.name)
    sign_sidecars({path: row for path, row in proof.rows.items() if path.suffix == ".exr"}, signer)
    write_anchor(building / ANCHOR, signer)
    write_audit_report(delivery, building, tell)
    kept = keep_theirs(earlier, building) if earlier is not None else []
    odd = sorted(str(p.relative_to(building)) for p in building.rglob("*") if not is_legal(p.name))
    if chosen.renames and odd:
        laid.attention.append(f"Names with characters some receivers refuse: {', '.join(odd[:5])}{' ...' if len(odd) > 5 else ''}")
    return write_manifest(laid, chosen, naming.template, digests, numbers, kept)


def _names(delivery: Delivery, chosen: Receiver, naming: Naming, numbers: dict[str, int]) -> dict[str, str]:
    if not chosen.renames:
        return {s.name: s.name for s in delivery.shots}
    template = parse_template(naming.template)
    names = {s.name: named(template, _fields(delivery, s, naming, numbers[s.name])) for s in delivery.shots}
    unlike(names)
    return names


def _fields(delivery: Delivery, shot: DeliveryShot, naming: Naming, version: int) -> dict[str, str | int]:
    return {
        "show": legal(naming.show or delivery.production),
        "episode": naming.episode,
        "scene": shot.scene,
        "shot": shot.code,
        "task": shot.task,
        "vendor": naming.vendor,
        "version": version,
    }


def _pictures(shot: DeliveryShot) -> list[str]:
    """What the shot's pictures are, in order: their pixel digests, or the original and the frames pulled from it."""
    if shot.folder is not None and shot.records:
        return [str(record["pixel_digest"]) for record in shot.records]
    return [plate_digest(shot)]


def _plate_version(shot: DeliveryShot, earlier: Earlier | None) -> int:
    """The version a plate is pulled as: one more than before where the original or the frames pulled from it are others."""
    before = earlier.shot(shot.name) if earlier is not None else {}
    known = int(before.get("plate_version", 1))
    return known + 1 if before and before.get("plate_digest") != plate_digest(shot) else known


def _version(shot: DeliveryShot, digest: str, earlier: Earlier | None) -> int:
    """The version a shot is delivered as: the earlier delivery's where every picture is the same, else a newer one."""
    before = earlier.shot(shot.name) if earlier is not None else {}
    if not before:
        return shot.number
    known = int(before.get("delivered_version", 1))
    return known if before.get("pictures_digest") == digest else max(shot.number, known + 1)
