"""The audit report: one HTML file a lawyer can print, with pictures inside and no link to the outside."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from pydantic import BaseModel, ConfigDict, Field

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.provenance.bill import ModelBill, spans
from answerprint.provenance.chain import Reading, Seal
from answerprint.provenance.faults import Verification

_PICTURES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}

CLASSES = {
    "A": "no performer pixel touched",
    "B": "performer pixels changed in light and colour only",
    "C": "geometry of the whole frame",
    "R": "restored from the performer's own pixels nearby",
    "D": "new or moved performer pixels",
}


class ReportPicture(BaseModel):
    """A picture of a shot: before, after, matte ..."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    caption: str


class ReportShot(BaseModel):
    """One shot of the report: its name, its pictures and which outputs belong to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    job: str
    outputs: tuple[str, ...] = Field(default=(), description="output path prefixes; empty takes every frame of the job")
    pictures: tuple[ReportPicture, ...] = ()
    refusals: tuple[str, ...] = ()


def write_report(
    path: Path,
    *,
    title: str,
    production: str,
    shots: Sequence[ReportShot],
    readings: Iterable[Reading],
    bill: ModelBill | None = None,
    verification: Verification | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Write the report (atomic) and answer its path.

    The page holds no script and names no address; pictures are JPEG, PNG or WebP files put inside it. It says
    what the ledgers say and nothing else: the same ledgers and pictures give the same bytes.
    """
    books = {reading.job: reading for reading in readings}
    missing = [shot.job for shot in shots if shot.job not in books]
    if missing:
        raise BadInput(path, f"the report names job {missing[0]!r}, whose ledger was not given", "give its ledger")
    page = (
        _environment()
        .get_template("report.html")
        .render(
            title=title,
            production=production,
            shots=[_shot(shot, books[shot.job]) for shot in shots],
            seals=[_seal(reading) for _, reading in sorted(books.items())],
            bill=bill,
            verification=verification,
            notes=notes,
            classes=CLASSES,
        )
    )
    write_atomically(path, page.encode())
    return path


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(spans=spans, share=_share, short=lambda digest: str(digest)[:16], compact=_compact)
    return environment


def _shot(shot: ReportShot, reading: Reading) -> dict[str, Any]:
    rows = [body for body in reading.frames if not shot.outputs or body["output"].startswith(shot.outputs)]
    rows.sort(key=lambda body: (body["output"], body["frame"], body["node"]))
    tally = {letter: sorted({body["frame"] for body in rows if body["class"] == letter}) for letter in CLASSES}
    judged: dict[str, list[dict[str, Any]]] = {}
    for line in reading.lines:
        if line.kind == "event" and line.body["event"] in ("approval", "override", "refusal"):
            for subject in line.body["subjects"]:
                judged.setdefault(subject, []).append(line.body)
    return {
        "name": shot.name,
        "description": shot.description,
        "job": shot.job,
        "refusals": shot.refusals,
        "pictures": [{"caption": picture.caption, "data": _inside(picture.path)} for picture in shot.pictures],
        "rows": [{**body, "approvals": judged.get(body["output_digest"], [])} for body in rows],
        "settings": _settings(rows),
        "tally": {letter: frames for letter, frames in tally.items() if frames},
    }


def _settings(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each distinct set of parameters once, with the frames it was used for: a table of thousands repeats it otherwise."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for body in rows:
        key = (body["operation"], body["operation_version"], body["parameters_digest"])
        entry = found.setdefault(
            key, {"operation": key[0], "version": key[1], "digest": key[2], "parameters": body["parameters"], "frames": []}
        )
        entry["frames"].append(body["frame"])
    return list(found.values())


def _seal(reading: Reading) -> dict[str, Any]:
    seal: Seal | None = reading.seals[-1] if reading.seals else None
    return {
        "job": reading.job,
        "rows": len(reading.lines),
        "sealed": reading.sealed,
        "seal": seal,
        "events": [line.body for line in reading.lines if line.kind == "event"],
    }


def _inside(path: Path) -> str:
    kind = _PICTURES.get(path.suffix.lower())
    if kind is None:
        raise BadInput(path, "is not a picture a browser shows", "give a JPEG, PNG or WebP file")
    try:
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError as error:
        raise BadInput(path, f"cannot be read: {error.strerror or error}", "check the path") from error


def _share(value: float) -> str:
    """A share in percent with the digits that matter: never 0 % for something that is there."""
    if value == 0:
        return "0 %"
    percent = value * 100
    return f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
