"""Delivery checks: what a receiving house would send back, found before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.media.frames import SourceFrame
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput, Timecode

Severity = Literal["fail", "warn", "info"]
Tell = Callable[[int, int, str], None]
FRAME_SUFFIXES = frozenset({".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"})
MOVIE_SUFFIXES = frozenset({".mov", ".mp4", ".mxf", ".m4v"})
_HALF_LIMIT = 65504.0
"""The largest finite half-float number: a picture that reaches it was cut off there."""
_BLACK = 1e-4
"""Mean of a frame, as a share of full scale, below which nothing can be seen on it."""
_CLIPPED = 0.05
"""Share of a frame's values at the top code that is worth a look (a lamp is smaller, a cut-off sky is larger)."""
_FROZEN = 3
"""Equal pictures in a row that are no longer a held frame of the camera."""
_NO_PLATES = ("layers", "report", "ascmhl", "colour")


@dataclass(frozen=True)
class Finding:
    """One thing found. ``frame`` is 0-based within ``where``; ``figure`` is the number measured, in the message's unit."""

    code: str
    severity: Severity
    message: str
    where: str = ""
    frame: int | None = None
    figure: float | None = None

    def document(self) -> dict[str, Any]:
        """The finding as the ``qc`` command prints it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "frame": self.frame,
            "figure": self.figure,
            "message": self.message,
            "path": self.where,
        }


def check_delivery(path: Path, rate: str | None, tell: Tell) -> dict[str, Any]:
    """Check a movie, a frame folder, or every movie and frame folder of a package; returns the ``qc`` document.

    Raises BadInput for a path that is none of these, or whose first frame cannot be opened.
    """
    found: list[Finding] = []
    checked = []
    for sequence in _sequences(path, rate, found):
        checked.append(str(sequence.path))
        found += check_sequence(sequence, tell)
        sequence.close()
    if not checked and not found:
        raise BadInput(path, "holds no movie and no frames", "give a movie, a frame folder or a package")
    return {"checked": checked, "findings": [finding.document() for finding in found]}


def check_sequence(sequence: FrameSequence, tell: Tell) -> list[Finding]:
    """Check one movie or frame folder: its labels, its tags, and every picture."""
    where = sequence.path.name
    found = list(_labels(sequence))
    labels: list[str | None] = []
    before: NDArray[Any] | None = None
    frozen = 0
    for index in range(sequence.count):
        tell(index, sequence.count, where)
        try:
            frame = sequence.read(index)
        except BadInput as error:
            found.append(Finding("unreadable", "fail", f"{sequence.names[index]}: {error.reason}", where, index))
            before = None
            continue
        labels.append(frame.header.timecode)
        found += _picture(frame, where, index)
        picture = frame.rgb()
        frozen = frozen + 1 if before is not None and np.array_equal(before, picture, equal_nan=picture.dtype.kind == "f") else 0
        if frozen == _FROZEN - 1:
            found.append(Finding("frozen", "warn", f"{_FROZEN} equal pictures in a row", where, index - frozen, float(_FROZEN)))
        before = picture
    tell(sequence.count, sequence.count, where)
    return found + list(_continuity(sequence, labels))


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


def _holds_frames(folder: Path) -> bool:
    return folder.is_dir() and any(file.suffix.lower() in FRAME_SUFFIXES for file in folder.iterdir() if file.is_file())


def _labels(sequence: FrameSequence) -> Iterator[Finding]:
    """What should be said once about a sequence and is not."""
    where = sequence.path.name
    if sequence.missing:
        shown = ", ".join(map(str, sequence.missing[:6])) + (" ..." if len(sequence.missing) > 6 else "")
        yield Finding("missing-frames", "fail", f"the numbering leaves out {shown}", where, None, float(len(sequence.missing)))
    if sequence.rate is None:
        yield Finding("no-rate", "warn", "no frame rate is recorded", where)
    if sequence.start_timecode is None:
        yield Finding("no-timecode", "warn", "no start timecode is recorded", where)
    if not sequence.reel:
        yield Finding("no-reel", "info", "no reel name is recorded", where)
    if sequence.colour_tag is None:
        yield Finding("no-colour-tag", "warn", "nothing says which colour space the values are in", where)
    if sequence.file_format == "movie" and (sequence.width % 2 or sequence.height % 2):
        yield Finding("odd-size", "warn", f"{sequence.width}x{sequence.height}: players expect even sizes", where)


def _picture(frame: SourceFrame, where: str, index: int) -> Iterator[Finding]:
    for name, plane in frame.planes.items():
        if plane.dtype.kind == "f":
            bad = int(np.size(plane) - np.count_nonzero(np.isfinite(plane)))
            if bad:
                yield Finding(
                    "not-finite", "fail", f"channel {name} holds {bad} values that are no numbers", where, index, float(bad)
                )
            elif plane.dtype == np.float16 and float(np.abs(plane).max(initial=0.0)) >= _HALF_LIMIT:
                yield Finding(
                    "half-limit", "warn", f"channel {name} reaches the largest half-float number", where, index, _HALF_LIMIT
                )
    picture = frame.rgb()
    if picture.dtype.kind == "f":
        finite = np.where(np.isfinite(picture), picture, 0).astype(np.float32)
        negative = float((finite < 0).any(axis=-1).mean())
        if negative > _CLIPPED:
            yield Finding("negative", "warn", f"{negative:.1%} of the picture has a negative value", where, index, negative)
        mean = float(finite.mean())
    else:
        top = float(np.iinfo(picture.dtype).max)
        clipped = float((picture >= top).all(axis=-1).mean())
        if clipped > _CLIPPED:
            yield Finding(
                "clipped", "warn", f"{clipped:.1%} of the picture is at the top code in every channel", where, index, clipped
            )
        mean = float(picture.mean()) / top
    if mean < _BLACK:
        yield Finding("black", "warn", "nothing can be seen on it", where, index, mean)


def _continuity(sequence: FrameSequence, labels: list[str | None]) -> Iterator[Finding]:
    """Timecode that jumps between frames of a folder; a movie counts by itself."""
    if sequence.file_format == "movie" or sequence.rate is None or sequence.missing:
        return
    said = [label for label in labels if label]
    if said and len(said) != len(labels):
        lacking = labels.index(None)
        yield Finding("timecode-gap", "fail", "some frames carry timecode and some do not", sequence.path.name, lacking)
        return
    for index, (first, second) in enumerate(pairwise(said), 1):
        try:
            step = Timecode.parse(second, sequence.rate).frame - Timecode.parse(first, sequence.rate).frame
        except BadInput as error:
            yield Finding("timecode", "fail", error.reason, sequence.path.name, index)
            return
        if step != 1:
            yield Finding(
                "timecode-jump", "fail", f"timecode goes from {first} to {second}", sequence.path.name, index, float(step)
            )
