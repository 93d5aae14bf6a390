"""Frames out: each in its plate's own format, depth, windows and header, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from answerprint.media.exr import encode_exr, write_exr
from answerprint.media.frames import FileFormat, SourceFrame
from answerprint.media.sequence import FrameSequence
from answerprint.media.stills import SUFFIXES, write_still
from answerprint.production.atomic import write_atomically


def write_frame(path: Path, frame: SourceFrame) -> None:
    """Write ``frame`` at ``path`` in the format its extension names, flushed to disk before it takes its name.

    Raises BadInput where the folder cannot be written or the disk is full. A frame of a movie or a JPEG is written as PNG or TIFF.
    The same frame gives the same bytes.
    """
    path = Path(path)
    if path.suffix.lower() == ".exr":
        write_atomically(path, encode_exr(frame))
        return
    if SUFFIXES.get(path.suffix.lower()) == "jpeg":
        raise ValueError(f"{path.name}: JPEG would change pixels nobody touched; see output_name_and_format")
    write_still(path, frame)


def output_name_and_format(sequence: FrameSequence, index: int = 0) -> tuple[str, FileFormat]:
    """The file name and format of one output frame: the plate's own, unless that would change untouched pixels.

    A movie gives 16-bit TIFF (ZIP) named ``STEM.FRAME.tif``; a JPEG gives 8-bit PNG of the same stem, a DNG float EXR.
    """
    name = Path(sequence.names[index])
    kind = sequence.file_format
    if kind == "movie":
        return f"{name.stem}.tif", "tiff"
    if kind == "jpeg":
        return f"{name.stem}.png", "png"
    if kind == "dng":
        return f"{name.stem}.exr", "exr"
    return name.name, kind


def as_format(frame: SourceFrame, file_format: FileFormat) -> SourceFrame:
    """A frame made ready for another format of the same codes: the header's native forms are left behind."""
    if frame.header.file_format == file_format:
        return frame
    compression = "zip" if file_format in ("tiff", "exr") else None
    header = replace(frame.header, file_format=file_format, compression=compression, native=())
    planes = {name: np.ascontiguousarray(plane) for name, plane in frame.planes.items()}
    return SourceFrame(planes, header)


__all__ = ["as_format", "output_name_and_format", "write_exr", "write_frame"]
