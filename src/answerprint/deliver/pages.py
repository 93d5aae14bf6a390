"""The audit report of a delivery: per shot a few pictures, what was refused and why, and every frame's row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.colour.spaces import to_working
from answerprint.colour.view import ViewLUT
from answerprint.deliver.delivery import Delivery, DeliveryShot
from answerprint.media.exr import read_exr
from answerprint.media.movie import write_thumbnail
from answerprint.media.sequence import open_sequence
from answerprint.provenance.bill import bill_of_models
from answerprint.provenance.chain import read_ledger
from answerprint.provenance.report import ReportPicture, ReportShot, write_report
from answerprint.provenance.rows import FrameRow

_WIDTH = 300


def write_audit_report(delivery: Delivery, building: Path, tell: Callable[[int, int, str], None]) -> Path:
    """Write ``report/index.html`` from the package's own ledgers and frames."""
    readings = [read_ledger(path) for path in sorted((building / "ledger").glob("*.ledger.jsonl"))]
    rows = [FrameRow.model_validate(body) for reading in readings for body in reading.frames]
    books = {reading.path.name: reading.job for reading in readings}
    (building / "report").mkdir(exist_ok=True)
    notes = [f"Event {event.number}, reel {event.reel}: not delivered. {reason}." for event, reason in delivery.missing]
    with tempfile.TemporaryDirectory() as scratch:
        shots = []
        for number, shot in enumerate(delivery.shots, start=1):
            tell(number, len(delivery.shots), "audit report")
            own = [f"{kind}-{shot.name}.ledger.jsonl" for kind in ("pull", "transcode")]
            book = shot.ledger.name if shot.ledger is not None else next((name for name in own if name in books), "")
            shots.append(
                ReportShot(
                    name=shot.name,
                    description=_description(shot),
                    job=books.get(book, ""),
                    refusals=_refusals(shot),
                    pictures=tuple(_pictures(shot, Path(scratch))),
                )
            )
        return write_report(
            building / "report" / "index.html",
            title=delivery.title,
            production=delivery.production,
            shots=shots,
            readings=readings,
            bill=bill_of_models(rows, delivery.models) if delivery.models else None,
            notes=notes,
        )


def _description(shot: DeliveryShot) -> str:
    made = f"{shot.version}, approved by {shot.approved_by}" if shot.version else "the original, as it was shot"
    return f"{shot.clip}, frames {shot.frames.start} to {shot.frames.end - 1}, event {shot.event.number}: {made}"


def _refusals(shot: DeliveryShot) -> tuple[str, ...]:
    refused = [r for r in shot.records if r["refused"]]
    if not refused:
        return ()
    numbers = ", ".join(str(r["frame"]) for r in refused)
    return (f"{len(refused)} frames left as they were (class D): {refused[0]['reason']}. Frames {numbers}.",)


def _pictures(shot: DeliveryShot, scratch: Path) -> list[ReportPicture]:
    """Before, after and matte of the frame that changed most, and one refused frame."""
    if shot.folder is None or not shot.records:
        return []
    lut = ViewLUT.cached()
    before, after = open_sequence(shot.original, shot.rate), shot.sequence()
    plate_space = shot.plate_space or shot.space
    most = max(shot.records, key=lambda r: r["changed"])
    found = [
        _thumbnail(
            scratch / f"{shot.name}-before.jpg",
            lut.apply(to_working(before.read(most["frame"]).rgb(), plate_space)),
            f"frame {most['frame']}, source",
        ),
        _thumbnail(
            scratch / f"{shot.name}-after.jpg",
            lut.apply(to_working(after.read(shot.index(most["frame"])).rgb(), shot.space)),
            f"frame {most['frame']}, class {most['class']}",
        ),
    ]
    if most.get("layers"):
        found.append(_thumbnail(scratch / f"{shot.name}-matte.jpg", _matte(shot.folder / most["layers"]), "matte"))
    refused = next((r for r in shot.records if r["refused"]), None)
    if refused is not None:
        picture = lut.apply(to_working(before.read(refused["frame"]).rgb(), plate_space))
        found.append(
            _thumbnail(scratch / f"{shot.name}-refused.jpg", picture, f"frame {refused['frame']}, refused: {refused['reason']}")
        )
    return found


def _matte(path: Path) -> Any:
    frame = read_exr(path)
    x0, y0, x1, y1 = frame.header.data_window
    plane = np.zeros((frame.header.height, frame.header.width, 3), np.float32)
    plane[y0:y1, x0:x1] = frame.planes["matte.Y"][..., None]
    return plane


def _thumbnail(path: Path, picture: Any, caption: str) -> ReportPicture:
    write_thumbnail(path, picture, _WIDTH)
    return ReportPicture(path=path, caption=caption)
