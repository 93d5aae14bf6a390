"""The paper of a production: camera reports, shot lists, continuity logs, consent records, strokes and rights sheets.

Tables are CSV in any usual encoding and delimiter; columns are found by the names people give them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from answerprint.ingest.camera_metadata import is_per_frame, read_per_frame
from answerprint.ingest.lens import is_lens_document, read_lens_document
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.ingested import as_file
from answerprint.ingest.tracking.kuka_arm import is_arm
from answerprint.ingest.tracking.nerfstudio import is_transforms, read_transforms
from answerprint.ingest.tracking.opentrackio import is_opentrackio, read_tracking
from answerprint.production import BadInput

_COLUMNS: dict[str, tuple[str, ...]] = {
    "clip": ("clip", "clip name", "clipname", "file", "file name", "filename", "camera clip name"),
    "reel": ("reel", "roll", "tape", "camera roll", "reel name", "card", "tape name"),
    "camera": ("camera", "cam", "camera label", "camera index"),
    "scene": ("scene", "sc"),
    "setup": ("setup", "shot", "slate setup", "set-up"),
    "take": ("take", "tk"),
    "timecode": ("start tc", "tc start", "start timecode", "timecode", "tc in", "start", "master tc"),
    "fps": ("fps", "frame rate", "project fps", "sensor fps", "rate"),
    "lens": ("lens", "focal length", "focal length mm", "lens mm", "lens model"),
    "t_stop": ("t-stop", "t stop", "stop", "iris", "tstop", "lens iris"),
    "iso": ("iso", "ei", "asa", "exposure index", "exposure index asa"),
    "white_balance": ("wb", "white balance", "kelvin", "color temp", "colour temperature"),
    "circled": ("circled", "circle", "circle take", "print", "good"),
    "size": ("size", "shot size", "framing"),
    "movement": ("movement", "camera movement", "move"),
    "description": ("description", "action", "subject"),
    "notes": ("notes", "note", "comments", "comment", "continuity", "remarks"),
    "lines": ("lines", "script lines", "lines covered", "covers"),
    "date": ("date", "shoot date", "shooting date", "day", "shoot day", "shooting day"),
    "performers": ("performers", "cast", "characters"),
}
_TRUE = {"1", "y", "yes", "x", "true", "circled", "ok", "*", "good"}


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV by canonical column name; columns nobody knows keep their own. Raises BadInput for no table."""
    text = read_text(path)
    delimiter = max(",;\t|", key=text[:20000].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BadInput(path, f"is no table ({error})", "export it again as CSV") from None
    start = _header_line(rows)
    if len(rows) < start + 2:
        raise BadInput(path, "holds no rows", "export the table with its header line")
    names = [_canonical(cell) for cell in rows[start]]
    table = []
    for row in rows[start + 1 :]:
        cells: dict[str, str] = {}
        for name, cell in zip(names, row, strict=False):
            if not cells.get(name):  # of two columns that mean the same, the first that says something counts
                cells[name] = cell.strip()
        table.append(cells)
    return table


def _header_line(rows: list[list[str]]) -> int:
    """Where the column names stand: recorders write a block about the roll above them."""
    for index, row in enumerate(rows[:20]):
        if sum(_canonical(cell) in _COLUMNS for cell in row) >= 2:
            return index
    return 0


def read_csv(path: Path) -> IngestedFile:
    """A CSV taken for what its columns say: camera report, shot list or continuity log."""
    rows = read_table(path)
    have = set(rows[0])
    if is_per_frame(rows):
        return read_per_frame(path, rows)
    if {"clip", "sample rate"} <= have:
        return IngestedFile(path, "report", metadata={"paper": "sound report", "rows": rows})
    if {"clip", "reel"} <= have or {"clip", "timecode"} <= have:
        twice = _twice(rows, "clip")
        return IngestedFile(
            path, "report", metadata={"paper": "camera report", "rows": rows}, problems=[f"clip {c} is listed twice" for c in twice]
        )
    if {"scene", "take"} <= have:
        return IngestedFile(path, "notes", metadata={"paper": "continuity log", "rows": rows})
    if {"scene", "setup"} <= have:
        return IngestedFile(path, "notes", metadata={"paper": "shot list", "rows": rows})
    return IngestedFile(path, "unknown", metadata={"columns": sorted(have)}, problems=["a table whose columns we do not know"])


def read_json(path: Path) -> IngestedFile:
    """A JSON taken for what it declares itself to be: consent, rights, policy, strokes, light passes."""
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise BadInput(path, f"is no JSON ({error})", "export it again") from None
    if is_opentrackio(document):
        return read_tracking(path, document)
    if is_arm(document):
        return IngestedFile(
            path, "tracking", metadata={"robot": str(document.get("name", path.stem)), "joints": len(document["joints"])}
        )
    if is_transforms(document):
        return as_file(path, read_transforms(path))
    if is_lens_document(document):
        return read_lens_document(path, document)
    paper = str(document.get("document", "")) if isinstance(document, dict) else ""
    if paper in ("consent", "rights", "policy"):
        return IngestedFile(path, "notes", metadata={"paper": paper, **document})
    if isinstance(document, dict) and is_light_list(document):
        return IngestedFile(path, "notes", metadata={"paper": "lights", "plate": str(document.get("plate", ""))})
    if paper == "strokes":
        return IngestedFile(path, "notes", metadata=document | {"paper": paper})
    return IngestedFile(path, "unknown", problems=["a JSON document that does not say what it is"])


def is_light_list(document: dict[str, Any]) -> bool:
    """Whether a JSON lists a shot's lamps and the pass each was filmed on."""
    lights = document.get("lights")
    return isinstance(lights, list) and bool(lights) and all(isinstance(one, dict) and {"id", "pass"} <= set(one) for one in lights)


def is_true(text: str) -> bool:
    """Whether a cell means yes."""
    return text.strip().lower() in _TRUE


def _canonical(name: str) -> str:
    plain = re.sub(r"[\s_]+", " ", name.strip().lower())
    return next((known for known, names in _COLUMNS.items() if plain in names), plain)


def _twice(rows: list[dict[str, Any]], column: str) -> list[str]:
    values = [r.get(column, "") for r in rows]
    return sorted({v for v in values if v and values.count(v) > 1})
