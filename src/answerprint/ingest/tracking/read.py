"""Any file of camera tracking as one track: which reader takes which file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint.ingest.material import IngestedFile
from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.ingested import as_file
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

USD = {".usd", ".usda", ".usdc", ".usdz"}
ENDINGS = USD | {".chan", ".f4", ".freed", ".d1", ".otrk", ".cbor", ".move", ".src"}
"""Endings that say by themselves that a file is tracking."""


def read_track(path: Path, rate: Any = None, **settings: Any) -> CameraTrack:
    """The track in ``path``, by its ending and what it begins with. ``rate`` is frames or packets in a second for formats
    that do not say; other ``settings`` go to the reader (``profile`` for tables, ``arm`` for robots, ``camera`` for USD).

    Raises BadInput for a file that no reader takes and for what the readers refuse.
    """
    if not path.exists():
        raise BadInput(path, "there is no such file", "check the path")
    if rate is not None:
        settings["rate"] = rate
    ending = path.suffix.lower()
    if path.is_dir():
        from answerprint.ingest.tracking.colmap import read_solve

        return read_solve(path)
    if ending in USD:
        from answerprint.ingest.tracking.usd_camera import read_usd

        return read_usd(path, settings.get("camera"))
    if ending in (".csv", ".tsv", ".txt"):
        from answerprint.ingest.tracking.tables import read_poses

        return read_poses(path, **settings)
    return _named(path, ending, settings)


def _named(path: Path, ending: str, settings: dict[str, Any]) -> CameraTrack:
    from answerprint.ingest.tracking import (
        chan,
        freed,
        kuka_flight,
        mosys_f4,
        opentrackio,
        opentrackio_datagram,
        redwood,
        technodolly,
    )

    if ending == ".json":
        return _json(path)
    if ending == ".chan":
        return chan.read_chan(path, **settings)
    if ending == ".src":
        return kuka_flight.read_krl(path, **settings)
    with path.open("rb") as file:
        head = file.read(256)
    if head.startswith(b"OTrk"):
        return opentrackio_datagram.read_capture(path)
    if ending == ".cbor":
        return opentrackio.read_cbor(path)
    if technodolly.ROOT.encode() in head or ending == ".move":
        return technodolly.read_move(path)
    if ending == ".f4" or (head[:1] == b"\xf4" and ending not in ENDINGS):
        return mosys_f4.read_f4(path, settings.get("rate"))
    if redwood.is_log(head):
        return redwood.read_log(path)
    if ending in (".freed", ".d1") or head[:1] == b"\xd1":
        return freed.read_freed(path, **settings)
    raise BadInput(path, "no reader of camera tracking takes this file", "export it as OpenTrackIO, .chan or a table of poses")


def _json(path: Path) -> CameraTrack:
    from answerprint.ingest.tracking import nerfstudio, opentrackio

    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError):
        return opentrackio.read_json(path)
    return nerfstudio.read_transforms(path) if nerfstudio.is_transforms(document) else opentrackio.read_json(path)


def is_tracking(path: Path, head: bytes) -> bool:
    """Whether a file is tracking by its ending, or by how it begins."""
    from answerprint.ingest.tracking.redwood import is_log

    known = head.startswith(b"OTrk") or b"<TECHNODOLLY-move" in head
    return known or path.suffix.lower() in ENDINGS or (path.suffix.lower() == ".log" and is_log(head))


def track_file(path: Path, rate: Any = None) -> IngestedFile:
    """The file as `ingest` reports it. What needs an answer first (a robot's description, a rate) is tracking with that problem."""
    if path.suffix.lower() == ".src":
        return _program_file(path, rate)
    # A packet stream is sent at its own rate, which is not the picture's.
    return as_file(path, read_track(path, rate if path.suffix.lower() == ".chan" else None))


def _program_file(path: Path, rate: Any) -> IngestedFile:
    """A robot's program, flown by the one arm that is described beside it; without one it is kept and says what it needs."""
    from answerprint.ingest.tracking.kuka_arm import described_beside

    arms = described_beside(path)
    try:
        return as_file(path, read_track(path, rate, **({"arm": arms[0]} if len(arms) == 1 else {})))
    except BadInput as error:
        if "robot's description" not in error.remedy:
            raise
        which = f"; {len(arms)} robots are described beside it" if arms else ""
        return IngestedFile(path, "tracking", problems=[f"{error.reason}{which}; {error.remedy}"])
