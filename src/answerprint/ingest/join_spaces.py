"""Which colour space a clip was recorded in, where its file does not know: its ACES Metadata File says, or the camera report.

A log picture in a ProRes file is often tagged BT.709, or not at all; who wrote an AMF or a report for it knew better.
"""

from __future__ import annotations

from typing import Any

from answerprint.colour.spaces import resolve_space
from answerprint.ingest.material import IngestedFile
from answerprint.production import BadInput

_COLUMNS = ("colour space", "color space", "input space", "gamma", "gamma space", "colour encoding", "color encoding", "log curve")
"""What reports call it, in the order in which they are asked."""


def join_spaces(files: list[IngestedFile], clips: list[IngestedFile]) -> list[str]:
    """Put the named space and who named it into each clip it is named for; what cannot be understood is returned.

    An AMF wins over a report, either over a tag of the file's own.
    """
    by_name = {_plain(str(clip.metadata["clip"])): clip for clip in clips}
    problems: list[str] = []
    for report in files:
        if report.metadata.get("paper") == "camera report":
            for row in report.metadata.get("rows", []):
                said = _said(row)
                if said and (clip := by_name.get(_plain(row.get("clip", "")))) is not None:
                    problems += _put(clip, said, f"the camera report {report.path.name}")
    for look in files:
        space = look.metadata.get("input_space") if look.kind == "look" else ""
        if space and (clip := by_name.get(_plain(str(look.metadata.get("clip", "")))) or by_name.get(_plain(look.path.stem))):
            problems += _put(clip, str(space), f"the AMF {look.path.name}")
    return problems


def _said(row: dict[str, Any]) -> str:
    """ "S-Log3" and "S-Gamut3.Cine" in two columns are one space where the configuration knows them together."""
    cells = [str(row[name]).strip() for name in _COLUMNS if str(row.get(name) or "").strip()]
    for text in (" ".join(cells[::-1]), " ".join(cells), *cells):
        try:
            return resolve_space(text) if text else ""
        except BadInput:
            continue
    return cells[0] if cells else ""


def _put(clip: IngestedFile, said: str, by: str) -> list[str]:
    try:
        space = resolve_space(said)
    except BadInput as error:
        return [f"{by} says that {clip.metadata['clip']} is in {said!r}, which {error.reason}"]
    clip.metadata["input_space"], clip.metadata["input_space_from"] = space, by
    return []


def _plain(name: str) -> str:
    """A clip's name without folder, ending and case."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, ending = last.rpartition(".")
    return (stem if dot and ending.casefold() in ("mov", "mp4", "mxf", "exr", "dpx", "ari", "r3d", "braw") else last).casefold()
