"""Matching loose clips to a hero: a grade for each, a report, and graded frames only when they are asked for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.amf import amf_for
from answerprint.colour.amf_read import read_amf
from answerprint.colour.amf_write import write_amf
from answerprint.colour.cdl import CDL
from answerprint.colour.spaces import default_space, resolve_space
from answerprint.graph.layers import WORKING_ATTRIBUTES
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_exr
from answerprint.optics.camera import Camera
from answerprint.optics.qualisys import read_qca
from answerprint.passes.grade import match_plates
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.provenance.digests import footage_digest

Tell = Callable[[int, int, str], None]
REPORT = "match.json"
_KNOWN = ("input_space", "calibration")


def match_clips(
    hero: Path, clips: Sequence[Path], out: Path, settings: Mapping[str, str], plates: bool, tell: Tell
) -> dict[str, Any]:
    """Match ``clips`` to ``hero``; write a ``.cdl`` and an ``.amf`` for each, one ``.ccc`` for all, and the report. Returns the ``match`` document.

    ``settings``: ``input_space`` names the colour space of files that do not say; ``calibration`` a Qualisys file whose cameras
    are told apart by the clips' names. With ``plates`` each clip is also written graded, as half EXR in ACEScg.
    Raises BadInput for clips that cannot be read, share a name, or hold nothing to measure.
    """
    if unknown := sorted(set(settings) - set(_KNOWN)):
        raise BadInput(f"--set {unknown[0]}", "is no setting of match", f"use one of {', '.join(_KNOWN)}")
    paths = [hero, *(clip for clip in clips if clip.absolute() != hero.absolute())]
    if len(paths) < 2:
        raise BadInput(hero, "there is no other clip to match to it", "give one or more clips beside the hero")
    names = [path.stem if path.is_file() else path.name for path in paths]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(twice, "two of the clips have this name", "rename one of them")
    cameras = _cameras(settings.get("calibration"))
    readers = {name: _reader(path, name, settings.get("input_space"), cameras) for path, name in zip(paths, names, strict=True)}
    found = match_plates(readers, names[0], tell)
    document = {"hero": names[0], "clips": [_entry(name, found[name]) for name in names[1:]]}
    out.mkdir(parents=True, exist_ok=True)
    solved = {name: CDL.model_validate(found[name]["cdl"]) for name in names[1:]}
    for name, cdl in solved.items():
        grades.write(out / f"{name}.cdl", cdl)
        _write_amf(out / f"{name}.amf", readers[name], cdl)
    grades.write(out / f"{names[0]}_match.ccc", list(solved.values()))
    write_atomically(out / REPORT, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if plates:
        for name, cdl in solved.items():
            _write_graded(readers[name], cdl, out / name, tell)
    return document


def _reader(path: Path, name: str, space: str | None, cameras: Mapping[str, Camera]) -> PlateReader:
    sequence = open_sequence(path)
    chosen = resolve_space(space) if space else default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    camera = next((one for label, one in sorted(cameras.items()) if label.casefold() in name.casefold()), None)
    return PlateReader(sequence, chosen, footage_digest(path), name, _of_this_size(camera, sequence.width, sequence.height))


def _of_this_size(camera: Camera | None, width: int, height: int) -> Camera | None:
    """The calibration for a picture of this size, None where it is of another picture.

    Coders fill the last block of 16 pixels, and what fills it lies at the right and at the bottom: a calibration
    made on the filled picture is cut there.
    """
    if camera is None or (camera.width, camera.height) == (width, height):
        return camera
    filled = 0 <= camera.width - width < 16 and 0 <= camera.height - height < 16
    return camera.cropped(0, 0, width, height) if filled else None


def _cameras(calibration: str | None) -> dict[str, Camera]:
    return read_qca(Path(calibration)) if calibration else {}


def _entry(name: str, grade: dict[str, Any]) -> dict[str, Any]:
    told = ("exposure_stops", "cct_kelvin", "delta_e_before", "delta_e_after", "confidence", "why", "method")
    cdl = {part: grade["cdl"][part] for part in ("slope", "offset", "power", "saturation", "working_space")}
    return {"clip": name, **cdl, **{part: grade[part] for part in told}}


def _write_amf(path: Path, plate: PlateReader, cdl: CDL) -> None:
    """The clip's ACES Metadata File. One that already says the same keeps its date, so that a second run changes nothing."""
    said = json.dumps([plate.digest, plate.space, cdl.model_dump(mode="json")], sort_keys=True)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = plate.sequence.path.name
    amf = amf_for(plate.clip, plate.space, cdl, "sdr", now, str(uuid.uuid5(uuid.NAMESPACE_URL, said)), name)
    with suppress(BadInput):
        if path.exists() and read_amf(path).uuid == amf.uuid:
            return
    write_amf(path, amf)


def _write_graded(plate: PlateReader, cdl: CDL, folder: Path, tell: Tell) -> None:
    folder.mkdir(exist_ok=True)
    for index in range(plate.count):
        tell(index, plate.count, f"graded frames of {plate.clip}")
        target = folder / f"{plate.clip}.{plate.sequence.number(index):06d}.exr"
        if not target.exists():
            graded = grades.apply(cdl, plate.read(index)).astype(np.float16)
            said = {**WORKING_ATTRIBUTES, "answerprint:grade": json.dumps(cdl.model_dump(mode="json"), sort_keys=True)}
            planes = {channel: np.ascontiguousarray(graded[..., number]) for number, channel in enumerate("RGB")}
            write_exr(target, planes, attributes=said, timecode=plate.sequence.timecode(index), rate=plate.sequence.rate)
    tell(plate.count, plate.count, f"graded frames of {plate.clip}")
