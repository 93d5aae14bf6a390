"""Pulls: an original's frames as they are, in their own format, for an event that nothing was done to, or as the plate beside a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from answerprint.media.sequence import FrameSequence
from answerprint.media.write import as_format, output_name_and_format, write_frame
from answerprint.production import FrameRange
from answerprint.provenance.digests import frame_digest
from answerprint.provenance.rows import FrameRow, SourceUse


def pull_original(
    sequence: FrameSequence,
    clip: str,
    digest: str,
    frames: FrameRange,
    folder: Path | None,
    job: str,
    named: Callable[[int, str], str] | None = None,
) -> list[FrameRow]:
    """Write the frames of a clip into ``folder`` and return a ledger row for each. Code values are not changed.

    ``digest`` is the SHA-256 of the original; ``named`` gives the file name for a clip frame and the name it would have had. Without a
    folder nothing is written, and the rows say what the pictures were that a movie was made from.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for frame in frames:
        source = sequence.read(frame)
        name, file_format = output_name_and_format(sequence, frame)
        name = named(frame, name) if named else name
        made = as_format(source, file_format)
        if folder is not None:
            write_frame(folder / name, made)
        rows.append(
            FrameRow(
                job=job,
                node="pull",
                operation="pull",
                operation_version="1",
                frame=frame,
                timecode=source.header.timecode,
                output=name,
                output_digest=frame_digest(made),
                performance_class="A",
                sources=(SourceUse(digest=digest, of="file", clip=clip, frame=frame),),
            )
        )
    return rows
