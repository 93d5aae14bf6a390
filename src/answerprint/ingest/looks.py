"""Looks and framings that came with the material: what each says of itself, and whether it can be read at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.ingest.material import IngestedFile

TABLES = {".cube", ".3dl", ".clf"}
GRADES = {".cdl", ".cc", ".ccc"}
ENDINGS = {*TABLES, *GRADES, ".amf"}


def read_look(path: Path) -> IngestedFile:
    """A look-up table, a colour decision list or an ACES Metadata File. Raises BadInput for one that is none."""
    ending = path.suffix.lower()
    if ending == ".amf":
        return _amf(path)
    return IngestedFile(path, "look", metadata=_grades(path) if ending in GRADES else _table(path))


def read_framing(path: Path) -> IngestedFile:
    """An ASC framing decision list. Raises BadInput for one that the schema or its rules refuse."""
    from answerprint.media.framing import read_fdl

    told = [
        {"clip": one.clip, "file": one.file, "canvas": list(one.canvas), "frame": list(one.frame), "label": one.label}
        for one in read_fdl(path)
    ]
    return IngestedFile(path, "notes", metadata={"paper": "framing decisions", "framings": told})


def _amf(path: Path) -> IngestedFile:
    from answerprint.colour.amf_ids import space_of
    from answerprint.colour.amf_read import read_amf

    amf = read_amf(path)
    space = space_of(amf.input.transform_id) if amf.input is not None else None
    told: dict[str, Any] = {
        "look": "AMF",
        "version": amf.version,
        "clip": amf.clip_name or amf.clip_file,
        "input_space": space or "",
        "looks": [look.description or look.transform_id or look.file for look in amf.looks],
    }
    problems = list(amf.problems)
    if amf.input is not None and space is None and amf.input.transform_id:
        problems.append(f"its input transform {amf.input.transform_id} is none of our configuration's")
    return IngestedFile(path, "look", metadata=told, problems=problems)


def _grades(path: Path) -> dict[str, Any]:
    from answerprint.colour import cdl

    found = [one.checked() for one in cdl.read(path)]
    return {"look": "CDL", "corrections": [{"id": one.id, "working_space": one.working_space, "style": one.style} for one in found]}


def _table(path: Path) -> dict[str, Any]:
    from answerprint.colour.lut import Lut
    from answerprint.colour.lut_read import read_lut

    table = read_lut(path)
    if isinstance(table, Lut):
        points = len(table.cube) if table.cube is not None else 0
        return {
            "look": "table",
            "title": table.title,
            "cube": points,
            "shaper": len(table.shaper) if table.shaper is not None else 0,
        }
    return {"look": "CLF", "title": table.title, "from": table.input_space, "to": table.output_space, "steps": list(table.steps)}
