"""The history of one frame: from its picture back through every step to the material, with who asked and who approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from answerprint.production import BadInput, FaultFound
from answerprint.provenance.chain import SUFFIX, Line, Reading, read_ledger
from answerprint.provenance.digests import is_digest
from answerprint.provenance.merkle import inclusion_proof
from answerprint.provenance.package import MANIFEST
from answerprint.provenance.pictures import picture_digest

_JUDGING = frozenset({"approval", "override", "refusal"})


def audit_frame(ledgers: Iterable[Path | Reading], frame: Path | str, *, number: int | None = None) -> dict[str, Any]:
    """The history of a frame file or of a pixel digest, as ``audit`` prints it.

    ``steps`` run from the material to the frame; ``sources`` are the frames of the material they began with;
    ``approvals`` are the event rows that name the picture. ``number`` picks one frame where several have the
    same picture. ``proof`` leads from the row to the root its seal signed. Rows of a ledger that does not hold
    together are not used. Raises BadInput for a file that cannot be decoded, FaultFound where no row made the picture.
    """
    readings = [entry if isinstance(entry, Reading) else read_ledger(entry) for entry in ledgers]
    digest = str(frame) if is_digest(str(frame)) else picture_digest(Path(frame))
    made = _made(readings)
    found = [(reading, line) for reading, line in made.get(digest, []) if number in (None, line.body["frame"])]
    if not found:
        raise FaultFound(f"{frame}: no ledger row made this picture ({digest}); it was altered, or its ledger is elsewhere.")
    reading, line = found[-1]
    history = _history(made, line)
    pixels = [model for step in history for model in step.body["models"] if model["kind"] == "pixels"]
    return {
        "frame": line.body["frame"],
        "pixel_digest": digest,
        "path": line.body["output"],
        "timecode": line.body["timecode"],
        "sources": _material(made, history),
        "steps": [_step(step) for step in history],
        "model": pixels[-1]["name"] if pixels else None,
        "models": _distinct(model for step in history for model in step.body["models"]),
        "class": _worst(step.body["class"] for step in history),
        "approvals": _approvals(readings, digest, line),
        "requested_by": line.body["requested_by"],
        "support_share": line.body["support_share"],
        "changed_share": line.body["changed_share"],
        "invented_share": line.body["invented_share"],
        "restored": line.body["restored"],
        "unreached": line.body["unreached"],
        "job": reading.job,
        "row": line.n,
        "ledger": str(reading.path),
        **_sealing(reading, line),
    }


def ledgers_for(path: Path) -> list[Path]:
    """The ledgers that may speak of a frame or package: those of the closed folder around it, else those beside or above it."""
    start = path if path.is_dir() else path.parent
    for folder in [start.resolve(), *start.resolve().parents]:
        found = sorted(folder.rglob(f"*{SUFFIX}")) if (folder / MANIFEST).is_file() else sorted(folder.glob(f"*{SUFFIX}"))
        if found:
            return found
    raise BadInput(path, "has no ledger in its folder or above it", "give the package or the folder that apply wrote")


def _made(readings: Sequence[Reading]) -> dict[str, list[tuple[Reading, Line]]]:
    made: dict[str, list[tuple[Reading, Line]]] = {}
    for reading in readings:
        for line in reading.lines:
            if line.kind == "frame":
                made.setdefault(line.body["output_digest"], []).append((reading, line))
    return made


def _history(made: dict[str, list[tuple[Reading, Line]]], last: Line) -> list[Line]:
    """The rows that led to a row, sources before what was made of them; a row is taken once."""
    ordered: list[Line] = []
    open_rows = [(last, False)]
    seen = {last.digest}
    while open_rows:
        line, done = open_rows.pop()
        if done:
            ordered.append(line)
            continue
        open_rows.append((line, True))
        for source in reversed(line.body["sources"]):
            earlier = _maker(made, source, line)
            if earlier is not None and earlier.digest not in seen:
                seen.add(earlier.digest)
                open_rows.append((earlier, False))
    return ordered


def _maker(made: dict[str, list[tuple[Reading, Line]]], source: dict[str, Any], line: Line) -> Line | None:
    """The row that made a source of ``line``: the last one before it in its ledger, else any of another job.

    A step that changes nothing gives the picture it was given; "before" keeps a row from being its own source.
    """
    rows = [earlier for _, earlier in made.get(source["digest"], [])]
    same = [earlier for earlier in rows if earlier.body["job"] == line.body["job"]]
    before = [earlier for earlier in same if earlier.n < line.n]
    other = [earlier for earlier in rows if earlier.body["job"] != line.body["job"]]
    return before[-1] if before else other[-1] if other and not same else None


def _material(made: dict[str, list[tuple[Reading, Line]]], history: list[Line]) -> list[dict[str, Any]]:
    """The source frames that no row made: the material itself."""
    return _distinct(source for line in history for source in line.body["sources"] if _maker(made, source, line) is None)


def _step(line: Line) -> dict[str, Any]:
    kept = (
        "node",
        "operation",
        "operation_version",
        "frame",
        "output",
        "output_digest",
        "parameters",
        "parameters_digest",
        "models",
        "class",
        "changed_share",
        "support_share",
        "invented_share",
        "restored",
        "unreached",
        "layers",
        "colour_config",
        "policy",
        "requested_by",
        "sources",
        "job",
    )
    return {name: line.body[name] for name in kept}


def _approvals(readings: Sequence[Reading], digest: str, line: Line) -> list[dict[str, Any]]:
    """Event rows that name the picture by its digest, or the row itself by its own."""
    return [
        {**event.body, "job": reading.job}
        for reading in readings
        for event in reading.lines
        if event.kind == "event" and event.body["event"] in _JUDGING and {digest, line.digest} & set(event.body["subjects"])
    ]


def _sealing(reading: Reading, line: Line) -> dict[str, Any]:
    """The first seal over a row with the proof that it covers it, or nothing where the row is not sealed yet."""
    seal = next((seal for seal in reading.seals if seal.size > line.n), None)
    if seal is None:
        return {"root": None, "signer": None, "proof": None}
    leaves = [each.digest for each in reading.lines[: seal.size]]
    return {
        "root": seal.root,
        "signer": seal.signer.fingerprint,
        "signer_name": seal.signer.name,
        "proof": {"leaf": line.digest, "index": line.n, "size": seal.size, "path": inclusion_proof(leaves, line.n)},
    }


def _worst(letters: Iterable[str]) -> str:
    """The class a frame carries at the end: the gravest of its steps."""
    return max(letters, key="ABCRD".index)


def _distinct(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for record in records:
        if record not in kept:
            kept.append(record)
    return kept
