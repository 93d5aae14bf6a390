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

from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput

_COLUMNS: dict[str, tuple[str, ...]] = {
    "clip": ("clip", "clip name", "clipname", "file", "file name", "filename"),
    "reel": ("reel", "roll", "tape", "camera roll", "reel name", "card"),
    "camera": ("camera", "cam", "camera label"),
    "scene": ("scene", "sc"),
    "setup": ("setup", "shot", "slate setup", "set-up"),
    "take": ("take", "tk"),
    "timecode": ("start tc", "tc start", "start timecode", "timecode", "tc in", "start"),
    "fps": ("fps", "frame rate", "project fps", "sensor fps", "rate"),
    "lens": ("lens", "focal length", "focal length mm", "lens mm"),
    "t_stop": ("t-stop", "t stop", "stop", "iris", "tstop"),
    "iso": ("iso", "ei", "asa", "exposure index"),
    "white_balance": ("wb", "white balance", "kelvin", "color temp", "colour temperature"),
    "circled": ("circled", "circle", "circle take", "print", "good"),
    "size": ("size", "shot size", "framing"),
    "movement": ("movement", "camera movement", "move"),
    "description": ("description", "action", "subject"),
    "notes": ("notes", "note", "comments", "comment", "continuity", "remarks"),
    "performers": ("performers", "cast", "characters"),
}
_TRUE = {"1", "y", "yes", "x", "true", "circled", "ok", "*", "good"}


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV by canonical column name; columns nobody knows keep their own. Raises BadInput for no table."""
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadInput(path, "is in an encoding we cannot tell", "save it as UTF-8")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise BadInput(path, "holds no rows", "export the table with its header line")
    names = [_canonical(cell) for cell in rows[0]]
    return [{name: cell.strip() for name, cell in zip(names, row, strict=False)} for row in rows[1:]]


def read_csv(path: Path) -> IngestedFile:
    """A CSV taken for what its columns say: camera report, shot list or continuity log."""
    rows = read_table(path)
    have = set(rows[0])
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
    """A JSON taken for what it declares itself to be: consent, rights, policy, strokes."""
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is no JSON ({error})", "export it again") from None
    paper = str(document.get("document", "")) if isinstance(document, dict) else ""
    if paper in ("consent", "rights", "policy"):
        return IngestedFile(path, "notes", metadata={"paper": paper, **document})
    if paper == "strokes":
        return IngestedFile(path, "notes", metadata=document | {"paper": paper})
    return IngestedFile(path, "unknown", problems=["a JSON document that does not say what it is"])


def is_true(text: str) -> bool:
    """Whether a cell means yes."""
    return text.strip().lower() in _TRUE


def _canonical(name: str) -> str:
    plain = re.sub(r"[\s_]+", " ", name.strip().lower())
    return next((known for known, names in _COLUMNS.items() if plain in names), plain)


def _twice(rows: list[dict[str, Any]], column: str) -> list[str]:
    values = [r.get(column, "") for r in rows]
    return sorted({v for v in values if v and values.count(v) > 1})
