"""The edit of a delivery: the cut again, pointing at what was delivered, with grades and with what is missing left as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from answerprint.colour.cdl import CDL
from answerprint.deliver.laid import Laid, LaidShot
from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.editorial.otio_frames import NumberedFrames, point_at_frames
from answerprint.editorial.timeline import write_timeline
from answerprint.production import BadInput


def write_edits(laid: Laid, suffixes: tuple[str, ...], title: str) -> None:
    """Write ``edit/TITLE`` in each format and record in ``laid`` what was written and what each could not carry.

    An event whose original was not found keeps its place, with no media behind it. A cut that AAF cannot hold is left out with the
    reason: the other formats carry it.
    """
    by_number = {s.shot.event.number: s for s in laid.shots}
    events = [_pointed(e, by_number[e.number]) if e.number in by_number else e for e in laid.events]
    (laid.folder / "edit").mkdir(exist_ok=True)
    for suffix in suffixes:
        name = f"edit/{title}{suffix}"
        try:
            lost = write_timeline(laid.folder / name, Cut(laid.title, laid.rate, events))
        except BadInput as refused:
            laid.attention.append(f"{name} was not written: {refused.reason}.")
            continue
        if suffix == ".otio":
            _as_sequences(laid.folder / name, {e.number: by_number[e.number] for e in events if e.number in by_number}, laid)
        laid.edits.append(name)
        if lost:
            laid.lost[name] = lost


def _pointed(event: Event, laid: LaidShot) -> Event:
    """The event with the delivered medium behind it."""
    shot = laid.shot
    media, file = "", ""
    if laid.movie:
        media, file = f"../{laid.movie}", Path(laid.movie).name
    elif laid.frames is not None:
        media, file = f"../{laid.frames.file(laid.first)}", laid.frames.bracket
    start = shot.start + shot.frames.start
    same = start.rate == event.source_in.rate
    return replace(
        event,
        # What came with the cut is the creative layer, and theirs; ours lies in grades/ and is named here only where there is none.
        cdl=event.cdl or (_asc(shot.grade) if shot.grade else None),
        source_file=file or event.source_file,
        media=media or event.media,
        media_start=start if same and media else event.media_start,
        media_frames=len(shot.frames) if same and media else event.media_frames,
        columns=(),
    )


def _as_sequences(path: Path, by_number: dict[int, LaidShot], laid: Laid) -> None:
    """Say in the OTIO file that the media are numbered frames."""
    runs = {s.frames.file(s.first): s.frames for s in by_number.values() if s.frames is not None and not s.movie}
    numbered = {
        f"../{file}": NumberedFrames(f"../{run.folder}/", run.prefix, run.suffix, run.first, run.digits)
        for file, run in runs.items()
    }
    point_at_frames(path, numbered, laid.rate)


def _asc(cdl: CDL) -> AscCdl:
    return AscCdl(cdl.slope, cdl.offset, cdl.power, cdl.saturation)
