"""Key frames of a Technodolly crane move (the ``.move`` file its computer writes).

Seen in such files: a root ``TECHNODOLLY-move``, key frames with target time and dwell in seconds, x, y, z and track in
metres, pan, tilt, roll in degrees, zoom, focus, iris between 0 and 1. The maker publishes no description: that z is up and
that pan turns to the left are read as OpenTrackIO has them, and a move is checked against its stage before it is believed. Key frames say where the crane was told to be; how
it travels between them is the crane's own interpolation, so what is read is a plan of the move at its keys.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe_xml
import numpy as np
from defusedxml import DefusedXmlException

from answerprint.ingest.tracking.units import number
from answerprint.optics.track import CameraTrack, Link
from answerprint.production import BadInput

ROOT = "TECHNODOLLY-move"
_POSE = ("x", "y", "z", "pan", "tilt", "roll")


def read_move(path: Path) -> CameraTrack:
    """A sample at each key frame, and one more where the crane waits there. Raises BadInput for what is no such move.

    A turn beyond 180 degrees between keys stays what the crane wrote.
    """
    try:
        root = safe_xml.parse(str(path)).getroot()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BadInput(path, f"is no crane move ({error})", "export the move again") from None
    if root.tag != ROOT:
        raise BadInput(path, f"is <{root.tag}> where <{ROOT}> belongs", "export the move again")
    keys = []
    for index, node in enumerate(root.findall("keyframe")):
        try:
            keys.append(_key(node))
        except ValueError as error:
            raise BadInput(path, f"key frame {index}: {error}", "export the move again") from None
    if not keys:
        raise BadInput(path, "holds no key frame", "export the move again")
    times, rows = [], []
    for time, dwell, row in keys:
        times.append(time)
        rows.append(row)
        if dwell > 0:
            times.append(time + dwell)
            rows.append(row)
    table = np.array(rows)
    still = np.zeros((len(table), 3))
    chain = (Link("track", np.column_stack([table[:, 9], still[:, :2]]), still),)
    return CameraTrack.of(
        times, table[:, :3], table[:, 3:6], encoders=table[:, 6:9], device="Technodolly", source="recorded",
        clock="from the start of the move", chain=chain,
        extra={"key_frames": len(keys), "geometry_mm": _geometry(root)},
        problems=("axes and the sign of pan are not published for this format: check the move against its stage", "key frames of a planned move: between them the crane interpolates by its own rule",),
    )  # fmt: skip


def _key(node: Element) -> tuple[Fraction, Fraction, list[float]]:
    said = {child.tag: child.text for child in node}
    missing = [name for name in ("target-time", *_POSE) if not (said.get(name) or "").strip()]
    if missing:
        raise ValueError(f"says no {', '.join(missing)}")
    numbers = [number(said.get(name)) for name in (*_POSE, "focus", "iris", "zoom", "track")]
    return Fraction((said["target-time"] or "").strip()), Fraction((said.get("dwell") or "0").strip()), numbers


def _geometry(root: Element) -> dict[str, float]:
    settings = root.find("geometry-settings")
    return {c.tag: number(c.text) for c in settings if c.tag.startswith("L")} if settings is not None else {}
