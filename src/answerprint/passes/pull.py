"""Conform on loose material: originals found in folders, matched to a cut, and the frames of each event pulled with handles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.editorial.conform import ConformedEvent, MediaItem, conform, source_span
from answerprint.editorial.timeline import read_timeline, write_timeline
from answerprint.ingest.join import join
from answerprint.ingest.recognise import material_under, recognise
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.media.write import as_format, output_name_and_format, write_frame
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import write_atomically

Tell = Callable[[int, int, str], None]
REPORT = "conform.json"


def conform_folder(timeline: Path, media: Sequence[Path], out: Path, rate: str | None, handles: int, tell: Tell) -> dict[str, Any]:
    """Match the cut's events to the originals under ``media``, pull them into ``out``, and return the ``conform`` document.

    Each matched event becomes a folder ``NNN_CLIP`` of frames in the plate's own format; movies come as 16-bit
    TIFF. The report is written beside them, and the cut as OTIO with every matched event linked to its frames.
    Raises BadInput for a timeline, folder or frame that cannot be read.
    """
    if handles < 0:
        raise BadInput("--handles", f"{handles} is less than none", "give 0 or more frames")
    cut = read_timeline(timeline, rate)
    found, problems = media_under(media, cut.rate, tell)
    result = conform(cut, found, handles)
    out.mkdir(parents=True, exist_ok=True)
    pulled = {event.number: pull(event, out, tell) for event in result.events if event.status == "matched"}
    document = result.document()
    for entry in document["events"]:
        entry["plates"] = pulled.get(entry["number"])
    document |= {"rate": str(cut.rate), "lost": [vars(lost) for lost in cut.lost], "warnings": cut.warnings + problems}
    write_timeline(out / f"{timeline.stem}.otio", cut, {number: name for number, name in pulled.items() if name})
    write_atomically(out / REPORT, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    return document


def media_under(folders: Sequence[Path], rate: Fraction, tell: Tell) -> tuple[list[MediaItem], list[str]]:
    """The originals in folders as conform looks for them, with what the camera reports among them add."""
    paths = list(material_under(folders))
    files = []
    for number, path in enumerate(paths):
        tell(number, len(paths), "originals")
        files.append(recognise(path, rate if path.suffix.lower() == ".edl" else None))
    joined = join(files)
    found, problems = [], []
    for file in joined.files:
        if file.kind != "camera":
            continue
        own = Fraction(file.metadata["rate"]) if file.metadata.get("rate") else rate
        try:
            start = Timecode.parse(file.timecode, own) if file.timecode else Timecode(0, own)
        except BadInput as error:
            problems.append(f"{file.path.name}: {error.reason}; it is left out")
            continue
        if not file.timecode:
            problems.append(f"{file.path.name} has no timecode; it is taken to start at {start}")
        found.append(
            MediaItem(
                str(file.metadata.get("reel", "")), str(file.metadata["clip"]), start, int(file.metadata["frames"]), own, file.path
            )
        )
    return found, problems


def pull(event: ConformedEvent, out: Path, tell: Tell) -> str:
    """Write an event's frames with the handles there are; what is there already and whole is kept. Returns the folder's name."""
    assert event.item is not None
    sequence = open_sequence(event.item.path, event.item.rate)
    first, end = source_span(event.event)
    first, end = first - event.item.start.frame - event.handle_in, end - event.item.start.frame + event.handle_out
    name = f"{event.number:03d}_{event.item.name}"
    (out / name).mkdir(exist_ok=True)
    for index in range(first, end):
        tell(index - first, end - first, name)
        _pull_frame(sequence, index, out / name, event.item)
    tell(end - first, end - first, name)
    return name


def _pull_frame(sequence: FrameSequence, index: int, folder: Path, item: MediaItem) -> None:
    name, kind = output_name_and_format(sequence, index)
    if (folder / name).exists():
        return
    frame, label = sequence.read(index), str(item.start + index)
    if frame.header.file_format == kind and frame.header.timecode == label:
        # Nothing has to be said that the original does not say: its own bytes are taken.
        write_atomically(folder / name, sequence.file(index).read_bytes())
        return
    frame = as_format(frame, kind)
    write_frame(folder / name, replace(frame, header=frame.header.with_timecode(label, frame_rate(item.rate))))
