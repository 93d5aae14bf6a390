"""Checks of what a sequence says of itself: rate, timecode, reel, colour, names, and the attributes of EXR headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from answerprint.media.exr import CHROMATICITIES
from answerprint.media.frames import FrameHeader
from answerprint.media.sequence import FrameSequence
from answerprint.production import BadInput, Timecode
from answerprint.quality.finding import Finding
from answerprint.quality.view import FrameView

_LEGAL = re.compile(r"[A-Za-z0-9._-]+")
"""Characters that every receiving system takes in a name."""
_NUMBER = re.compile(r"(\d+)(?=\.[A-Za-z0-9]+$)")
_LOSSY = frozenset({"b44", "b44a", "dwaa", "dwab", "lj2k", "pxr24"})
_YOUNG = {"htj2k32": "3.4", "htj2k256": "3.4", "zstd": "3.5", "lj2k": "3.5"}
"""Compressions that need a recent OpenEXR in the receiver's host, with the version."""
_REQUIRED = ("chromaticities", "colorInteropID")
_NEAR = 5e-4


def labels(sequence: FrameSequence) -> Iterator[Finding]:
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
    yield from _names(sequence)


def _names(sequence: FrameSequence) -> Iterator[Finding]:
    where = sequence.path.name
    names = [where] if sequence.file_format == "movie" else [where, *sequence.names]
    odd = [name for name in names if not _LEGAL.fullmatch(name)]
    if odd:
        wrong = "".join(sorted(set("".join(odd)) - set("-._") - {c for c in "".join(odd) if c.isascii() and c.isalnum()}))
        message = f"{odd[0]!r}{f' and {len(odd) - 1} more' if len(odd) > 1 else ''}: {wrong!r} is not taken everywhere"
        yield Finding("name", "warn", message, where, None, float(len(odd)))
    if sequence.file_format == "movie":
        return
    double = [name for name, count in Counter(name.lower() for name in sequence.names).items() if count > 1]
    if double:
        message = (
            f"{double[0]} and {len(double) - 1} more differ in case alone"
            if len(double) > 1
            else f"{double[0]} is there twice but for its case"
        )
        yield Finding("name", "fail", message, where, None, float(len(double)))
    numbers = [found[1] for name in sequence.names if (found := _NUMBER.search(name))]
    widths = {len(number) for number in numbers}
    if len(widths) > 1 and any(number.startswith("0") for number in numbers):
        yield Finding(
            "padding", "warn", f"frame numbers are {min(widths)} to {max(widths)} digits long", where, None, float(len(widths))
        )


class Headers:
    """EXR attributes on every frame: the ones a conform and a colourist need, what contradicts itself, what changes on the way."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._first: FrameHeader | None = None
        self._channels: list[str] = []
        self._changed: set[str] = set()

    def see(self, view: FrameView) -> Iterator[Finding]:
        header = view.frame.header
        if header.file_format != "exr":
            return
        channels = list(view.frame.planes)
        if self._first is None:
            self._first, self._channels = header, channels
            yield from self._once(header, view.index)
            return
        now = {
            "channels": (channels, self._channels),
            "compression": (header.compression, self._first.compression),
            "pixel type": (header.storage, self._first.storage),
            "pixel aspect": (header.pixel_aspect, self._first.pixel_aspect),
            "rate": (header.rate, self._first.rate),
            **{name: (header.attributes.get(name), self._first.attributes.get(name)) for name in (*_REQUIRED, "reelName")},
        }
        for name, (value, before) in now.items():
            if value != before and name not in self._changed:
                self._changed.add(name)
                yield Finding("exr-change", "fail", f"{name} changes from {before} to {value}", self._where, view.index)

    def _once(self, header: FrameHeader, index: int) -> Iterator[Finding]:
        attributes = header.attributes
        missing = [name for name in _REQUIRED if attributes.get(name) in (None, "", "unknown")]
        missing += ["framesPerSecond"] * (header.rate is None) + ["timeCode"] * (header.timecode is None)
        if missing:
            yield Finding(
                "exr-attribute", "warn", f"the header lacks {', '.join(missing)}", self._where, index, float(len(missing))
            )
        interop, primaries = attributes.get("colorInteropID"), attributes.get("chromaticities")
        known = CHROMATICITIES.get(str(interop))
        if known and isinstance(primaries, tuple) and any(abs(a - b) > _NEAR for a, b in zip(known, primaries, strict=False)):
            message = f"colorInteropID says {interop} and the chromaticities say other primaries"
            yield Finding("exr-colour", "fail", message, self._where, index)
        if header.compression in _LOSSY:
            yield Finding(
                "exr-compression",
                "warn",
                f"{header.compression} is lossy; finals are asked for as none, ZIP or PIZ",
                self._where,
                index,
            )
        elif header.compression in _YOUNG:
            message = f"{header.compression} needs OpenEXR {_YOUNG[header.compression]} or newer in the receiver's host"
            yield Finding("exr-compression", "warn", message, self._where, index)

    def finish(self) -> Iterator[Finding]:
        return iter(())


class Labels:
    """Timecode of frame after frame in a folder; a movie counts by itself."""

    def __init__(self, sequence: FrameSequence) -> None:
        self._sequence = sequence
        self._labels: list[str | None] = []

    def see(self, view: FrameView) -> Iterator[Finding]:
        self._labels.append(view.frame.header.timecode)
        return iter(())

    def finish(self) -> Iterator[Finding]:
        sequence, where = self._sequence, self._sequence.path.name
        if sequence.file_format == "movie" or sequence.rate is None or sequence.missing:
            return
        said = [label for label in self._labels if label]
        if said and len(said) != len(self._labels):
            lacking = self._labels.index(None)
            yield Finding("timecode-gap", "fail", "some frames carry timecode and some do not", where, lacking)
            return
        for index, (first, second) in enumerate(pairwise(said), 1):
            try:
                step = Timecode.parse(second, sequence.rate).frame - Timecode.parse(first, sequence.rate).frame
            except BadInput as error:
                yield Finding("timecode", "fail", error.reason, where, index)
                return
            if step != 1:
                yield Finding("timecode-jump", "fail", f"timecode goes from {first} to {second}", where, index, float(step))


def illegal_name(path: Path) -> bool:
    """Whether a file's own name holds a character that some receiver refuses."""
    return _LEGAL.fullmatch(path.name) is None
