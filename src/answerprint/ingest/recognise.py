"""What a file is, told by what is in it: one place that knows which reader takes what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from answerprint.editorial.edl import read_edl
from answerprint.editorial.events import Cut
from answerprint.editorial.timeline import read_timeline
from answerprint.ingest.camera import read_footage
from answerprint.ingest.camera_metadata import is_clip_listing, read_clip_listing
from answerprint.ingest.capture import read_capture, read_capture_table
from answerprint.ingest.cards import MARKS
from answerprint.ingest.hash_list import read_hash_list
from answerprint.ingest.looks import ENDINGS as LOOKS
from answerprint.ingest.looks import read_framing, read_look
from answerprint.ingest.material import IngestedFile
from answerprint.ingest.paperwork import read_csv, read_json
from answerprint.ingest.script import read_script
from answerprint.ingest.text import read_text
from answerprint.media.camera_raw import KINDS as RAW
from answerprint.production import BadInput

MOVIES = {".mp4", ".mov", ".mxf", ".m4v", ".avi", ".mkv", ".webm", *RAW}
FRAMES = {".exr", ".dng", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"}
_EDITS = {".edl", ".otio", ".aaf", ".ale", ".fcpxml"}
_EDIT_LIST = re.compile(rb"^\s*\d{1,6}\s+\S+.*\s[CDW]\d*\s.*(?:\d\d[:;]){3}\d\d(?:\s+(?:\d\d[:;]){3}\d\d){3}", re.MULTILINE)


def recognise(path: Path, rate: object = None) -> IngestedFile:
    """Read what a file (or frame folder) says of itself. A file nobody can read is ``unknown`` with the reason, never an exception."""
    try:
        return _reader(path, rate)
    except BadInput as error:
        return IngestedFile(path, "unknown", problems=[f"{error.reason}; {error.remedy}"])
    except (OSError, ValueError) as error:
        return IngestedFile(path, "unknown", problems=[f"cannot be read: {error}"])


def _reader(path: Path, rate: object) -> IngestedFile:
    suffix = path.suffix.lower()
    if path.name.lower() in MARKS:
        return IngestedFile(path, "report", metadata={"paper": "copy mark"})
    if path.is_dir() or suffix in MOVIES:
        return read_footage(path, rate)
    if suffix in FRAMES:
        return read_footage(path, rate, still=True)
    if suffix in (".fountain", ".fdx"):
        return read_script(path)
    if suffix in (".csv", ".tsv"):
        return read_capture_table(path, rate) or read_csv(path)
    if suffix == ".json":
        return read_json(path)
    if suffix in _EDITS:
        return _edit(path, read_timeline(path, rate))  # type: ignore[arg-type]
    if suffix == ".wav":
        from answerprint.ingest.sound import read_sound

        return read_sound(path)
    if suffix == ".mhl":
        return read_hash_list(path)
    if suffix in LOOKS:
        return read_look(path)
    if suffix == ".fdl":
        return read_framing(path)
    if captured := read_capture(path, rate):
        return captured
    if suffix == ".ulens":
        from answerprint.ingest.lens import read_unreal_lens

        return read_unreal_lens(path)
    head = path.read_bytes()[:4096]
    if b"<calibration" in head and b"<cameras" in head:
        from answerprint.ingest.lens import read_calibration

        return read_calibration(path)
    if b"<lensdatabase" in head:
        from answerprint.ingest.lens import read_lens_database

        return read_lens_database(path)
    if suffix == ".xml" and b"<xmeml" in head:
        return _edit(path, read_timeline(path, rate))  # type: ignore[arg-type]
    return _by_content(path, head, rate) or IngestedFile(path, "unknown", problems=["no reader takes this file"])


def _by_content(path: Path, head: bytes, rate: object) -> IngestedFile | None:
    """What a file is whose name does not say: an edit list or a camera's listing under a plain ending."""
    if b"\0" in head:
        return None
    if _EDIT_LIST.search(head):
        return _edit(path, read_edl(path, rate or 24))  # type: ignore[arg-type]
    text = read_text(path) if b"Clip Metadata" in head[:80] else ""
    return read_clip_listing(path, text) if is_clip_listing(text) else None


def _edit(path: Path, cut: Cut) -> IngestedFile:
    return IngestedFile(
        path,
        "edit",
        timecode=str(cut.start),
        problems=list(cut.warnings),
        metadata={
            "title": cut.title,
            "events": len(cut.events),
            "rate": str(cut.rate),
            "lost": [vars(item) for item in cut.lost],
        },
    )


def material_under(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file under ``paths`` in name order, frame folders as one; hidden files and hash-list folders are left out.

    A folder counts as frames when it holds two or more pictures of one format and nothing else.
    """
    for path in paths:
        if not path.exists():
            raise BadInput(path, "there is no such file or folder", "check the path")
        if path.is_file():
            yield path
            continue
        children = sorted(c for c in path.iterdir() if not c.name.startswith("."))
        pictures = [c for c in children if c.is_file() and c.suffix.lower() in FRAMES]
        if len(pictures) >= 2 and len(pictures) == len([c for c in children if c.is_file()]) and _numbered(pictures):
            yield path
            children = [c for c in children if c.is_dir()]
        yield from material_under(c for c in children if c.name != "ascmhl")


def _numbered(pictures: list[Path]) -> bool:
    """Whether the names end in a number and differ in nothing else: frames of one clip, not a folder of stills."""
    stems = {re.sub(r"\d+$", "", p.stem) for p in pictures}
    return all(p.stem[-1:].isdigit() for p in pictures) and len(stems) == 1 and len({p.suffix.lower() for p in pictures}) == 1
