"""Delivery checks: what a receiving house would send back, found before it is sent.

One pass over the frames; every check keeps a few pictures at most, so that a long movie takes no more memory than a short one.
docs/qc.md lists the codes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput
from answerprint.quality.documents import check_documents, holds_documents
from answerprint.quality.finding import Finding
from answerprint.quality.imf.package import ASSET_MAP, check_imf
from answerprint.quality.labels import Headers, Labels, illegal_name, labels
from answerprint.quality.light_level import LightLevel, is_pq
from answerprint.quality.loudness import loudness
from answerprint.quality.motion import Motion
from answerprint.quality.sensor import BadPixels, EdgeLines
from answerprint.quality.signal_levels import signal_levels
from answerprint.quality.treated import check_treated, treated_shots
from answerprint.quality.values import Values
from answerprint.quality.view import FrameView, Watch

Tell = Callable[[int, int, str], None]
FRAME_SUFFIXES = frozenset({".exr", ".dng", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"})
MOVIE_SUFFIXES = frozenset({".mov", ".mp4", ".mxf", ".m4v", ".mkv", ".avi"})
_NO_PLATES = ("layers", "report", "ascmhl", "colour", "artist", "redelivered")


def check_delivery(path: Path, rate: str | None, tell: Tell, ignore: Collection[str] = ()) -> dict[str, Any]:
    """Check a movie, a frame folder, or every movie and frame folder of a package; returns the ``qc`` document.

    A folder with an ASSETMAP.xml is checked as an Interoperable Master Format package. ``ignore`` names codes that are left out.
    Raises BadInput for a path that is none of these, or whose first frame cannot be opened.
    """
    found: list[Finding] = []
    checked = []
    if path.is_dir() and (path / ASSET_MAP).is_file():
        checked.append(str(path))
        found += check_imf(path, tell)
    else:
        for sequence in _sequences(path, rate, found):
            checked.append(str(sequence.path))
            found += check_sequence(sequence, tell)
            sequence.close()
        if path.is_dir():
            for shot in treated_shots(path):
                found += check_treated(shot, tell)
            found += _names_in(path)
            found += check_documents(path)
            if not checked and holds_documents(path):
                checked.append(str(path))
    if not checked and not found:
        raise BadInput(path, "holds no movie and no frames", "give a movie, a frame folder or a package")
    return {"checked": checked, "findings": [finding.document() for finding in found if finding.code not in ignore]}


def check_sequence(sequence: FrameSequence, tell: Tell) -> list[Finding]:
    """Check one movie or frame folder: its labels, its tags, every picture, its sound."""
    where = sequence.path.name
    found = list(labels(sequence))
    is_movie = sequence.file_format == "movie"
    watches: list[Watch] = [
        Values(where, sequence.rate),
        Motion(where, sequence.rate),
        BadPixels(where),
        EdgeLines(where),
        Headers(where),
        Labels(sequence),
    ]
    if is_pq(sequence.colour_tag):
        watches.append(LightLevel(where, sequence.path if is_movie else None))
    for index in range(sequence.count):
        tell(index, sequence.count, where)
        try:
            frame = sequence.read(index)
        except BadInput as error:
            found.append(Finding("unreadable", "fail", f"{sequence.names[index]}: {error.reason}", where, index))
            continue
        view = FrameView(index, sequence.count, frame)
        for watch in watches:
            found += watch.see(view)
    tell(sequence.count, sequence.count, where)
    for watch in watches:
        found += watch.finish()
    if is_movie:
        found += signal_levels(sequence.path)
        found += loudness(sequence.path)
    return found


def _sequences(path: Path, rate: str | None, found: list[Finding]) -> Iterator[FrameSequence]:
    if path.is_file() or _holds_frames(path):
        yield open_sequence(path, rate)
        return
    if not path.exists():
        raise BadInput(path, "there is no such file or folder", "check the path")
    for inner in sorted(path.rglob("*")):
        if set(inner.relative_to(path).parts) & set(_NO_PLATES):
            continue
        if (inner.is_dir() and _holds_frames(inner)) or (inner.is_file() and inner.suffix.lower() in MOVIE_SUFFIXES):
            try:
                yield open_sequence(inner, rate)
            except BadInput as error:
                found.append(Finding("unreadable", "fail", str(error), inner.relative_to(path).as_posix()))


def _names_in(path: Path) -> Iterator[Finding]:
    """Names of files that are no frames: edit lists, grades, movies of a package."""
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.suffix.lower() not in FRAME_SUFFIXES | MOVIE_SUFFIXES and illegal_name(file):
            message = f"{file.relative_to(path).as_posix()!r} has a character that is not taken everywhere"
            yield Finding("name", "warn", message, path.name)


def _holds_frames(folder: Path) -> bool:
    return folder.is_dir() and any(file.suffix.lower() in FRAME_SUFFIXES for file in folder.iterdir() if file.is_file())
