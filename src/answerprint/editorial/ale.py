"""Avid Log Exchange: the log of a bin, read and written with every column in its order, in the encoding it came in.

Sections Heading, Column and Data, tab delimited; End is exclusive. The encoding is not declared: UTF-8, UTF-16, Windows-1252 and
MacRoman are told apart by their text. A log has no record side: its clips are laid one behind the other from 01:00:00:00.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.editorial.asc_cdl import decimal, sop_text, with_saturation, with_sop
from answerprint.editorial.channels import channels
from answerprint.editorial.edl import timecode_of
from answerprint.editorial.encodings import decoded, lines_of, read_bytes
from answerprint.editorial.events import AscCdl, Cut, Event, Lost, gathered
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import write_atomically

CARRIED = (
    "Name",
    "Tape",
    "Tracks",
    "Start",
    "End",
    "Duration",
    "Source File",
    "Source Path",
    "ASC_SOP",
    "ASC_SAT",
    "UMID",
    "Digest",
)
"""Columns an event says in its own fields, in the order a new log has them."""
_REEL = ("Tape", "Reel Name", "Reel", "TapeID", "Tape ID", "Tape Name")
_FORMAT_RATES = {"NTSC": Fraction(30000, 1001), "PAL": Fraction(25)}
_MOST_COLUMNS = 4096


@dataclass
class Ale:
    """A log as its file says it: heading entries, column names and rows of cells, in order.

    ``newline`` and ``encoding`` are how the file was written, and how it is written again.
    """

    heading: list[tuple[str, str]]
    columns: list[str]
    rows: list[list[str]]
    encoding: str = "utf-8"
    newline: str = "\r\n"
    warnings: list[str] = field(default_factory=list)

    def said(self, name: str) -> str:
        """A heading entry by name, or empty."""
        return next((value.strip() for key, value in self.heading if key.strip().upper() == name.upper()), "")


def read_ale(path: Path) -> Ale:
    """Read a log. Raises BadInput for what is no ALE, with the line where there is one."""
    raw = read_bytes(path)
    text, encoding = decoded(raw, path, "an ALE (Avid Log Exchange)")
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    ale = Ale([], [], [], encoding, newline)
    section = ""
    for number, line in enumerate(lines_of(text, path), start=1):
        name = line.strip().upper()
        if name in ("HEADING", "COLUMN", "DATA") and "\t" not in line.strip() and section != "DATA":
            section = name
        elif section == "HEADING" and name:
            key, _, value = line.partition("\t")
            ale.heading.append((key, value))
        elif section == "COLUMN" and name and not ale.columns:
            ale.columns = line.split("\t")
            if len(ale.columns) > _MOST_COLUMNS:
                raise BadInput(f"{path}, line {number}", f"has {len(ale.columns)} columns", "export the log again")
        elif section == "DATA" and line.strip():
            ale.rows.append(line.split("\t"))
        elif name:
            raise BadInput(
                f"{path}, line {number}", f"{line.strip()[:60]!r} stands in no section of an ALE", "export the log again"
            )
    if not section or not any(column.strip() for column in ale.columns):
        raise BadInput(path, "has no Heading, Column and Data sections", "export the bin as an Avid Log Exchange file")
    if ale.said("FIELD_DELIM").upper() not in ("", "TABS"):
        raise BadInput(path, f"is delimited by {ale.said('FIELD_DELIM')}, not by tabs", "export the log with tabs")
    _look(ale)
    return ale


def _look(ale: Ale) -> None:
    """Say what systems are known to stumble over."""
    video, fps = ale.said("VIDEO_FORMAT").upper(), ale.said("FPS")
    if encoding := {"mac_roman": "MacRoman", "cp1252": "Windows-1252"}.get(ale.encoding):
        ale.warnings.append(f"the log does not say its encoding: read as {encoding}")
    if video == "CUSTOM":
        ale.warnings.append("VIDEO_FORMAT is CUSTOM: a project of a named format may refuse the import")
    try:
        if video in _FORMAT_RATES and fps and frame_rate(fps) != _FORMAT_RATES[video]:
            ale.warnings.append(f"VIDEO_FORMAT {video} does not run at FPS {fps}: some systems refuse the import")
    except BadInput:
        pass
    long = sum(any(cell.strip() for cell in row[len(ale.columns) :]) for row in ale.rows)
    if long:
        ale.warnings.append(f"{long} rows have more cells than there are columns")
    if len({c.strip() for c in ale.columns if c.strip()}) < sum(bool(c.strip()) for c in ale.columns):
        ale.warnings.append("two columns have the same name")


def write_ale(path: Path, ale: Ale) -> None:
    """Write a log. A character its encoding does not have makes the file UTF-8."""
    lines = ["Heading", *("\t".join(_cell(part) for part in entry) for entry in ale.heading), "", "Column"]
    lines += ["\t".join(_cell(c) for c in ale.columns), "", "Data", *("\t".join(_cell(c) for c in row) for row in ale.rows)]
    text = ale.newline.join(lines) + ale.newline
    try:
        content = text.encode(ale.encoding)
    except UnicodeEncodeError:
        content = text.encode("utf-8")
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    write_atomically(path, marks.get(ale.encoding, b"") + content)


def _cell(text: str) -> str:
    return (
        " ".join(text.replace("\t", " ").splitlines())
        if any(c in text for c in "\t\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
        else text
    )


def rate_of(ale: Ale, path: Path, rate: Fraction | str | float | None) -> tuple[Fraction, list[str]]:
    """The rate a log counts in: its heading's, else the one given. Raises BadInput where nothing says it."""
    said = ale.said("FPS")
    if not said:
        if rate:
            return frame_rate(rate), []
        video = ale.said("VIDEO_FORMAT").upper()
        if video in _FORMAT_RATES:
            return _FORMAT_RATES[video], [f"the log says no FPS: taken from VIDEO_FORMAT {video}"]
        raise BadInput(path, "does not say its FPS", "give the frame rate with --fps")
    try:
        exact = frame_rate(said)
    except BadInput as error:
        raise BadInput(path, f"FPS in the heading: {error.reason}", "correct the heading") from None
    if rate and frame_rate(rate) != exact:
        return exact, [f"it counts {float(exact):g} frames per second, {float(frame_rate(rate)):g} was given: its own rate counts"]
    return exact, []


def cut_of(ale: Ale, path: Path, rate: Fraction | str | float | None = None) -> Cut:
    """The clips of a log as a cut, one behind the other; ``path`` names the file in errors and titles it."""
    exact, warnings = rate_of(ale, path, rate)
    events, lost = list[Event](), list[Lost]()
    drop = any(";" in cell for row in ale.rows for name, cell in zip(ale.columns, row, strict=False) if name.strip() == "Start")
    drop = drop and exact.denominator == 1001 and not round(exact) % 30
    at = Timecode.parse(f"01:00:00{';' if drop else ':'}00", exact)
    for number, row in enumerate(ale.rows, start=1):
        cells = dict(reversed([(name.strip(), value.strip()) for name, value in zip(ale.columns, row, strict=False)]))
        try:
            first, last = _span(cells, exact)
        except BadInput as error:
            warnings.append(f"row {number} ({cells.get('Name', '')}): {error.reason}")
            lost.append(Lost("clip whose timecode cannot be read", f"row {number}: {cells.get('Name', '')}"))
            continue
        events.append(_event(len(events) + 1, cells, first, last, at, tuple(zip(ale.columns, row, strict=False))))
        at = events[-1].record_out
    if not events:
        raise BadInput(path, "holds no clip with a timecode", "export the bin with Name, Tape, Start and End")
    if "Start" not in {column.strip() for column in ale.columns}:
        warnings.append("the log has no Start column: its clips are taken to start at 00:00:00:00")
    return Cut(path.stem, exact, events, drop, lost, [*ale.warnings, *warnings])


def _span(cells: dict[str, str], rate: Fraction) -> tuple[Timecode, Timecode]:
    first = timecode_of(cells.get("Start") or "00:00:00:00", rate)
    if cells.get("End"):
        last = timecode_of(cells["End"], rate)
    elif cells.get("Duration"):
        last = first + timecode_of(cells["Duration"], rate, drop=False).frame
    else:
        raise BadInput("row", "has neither End nor Duration", "export the bin with its timecodes")
    if last.frame < first.frame:  # the camera rolled over midnight
        last = last + Timecode.parse("23:59:59:00", rate).frame + first.nominal
    if last.frame == first.frame:
        raise BadInput("row", "lasts no frame", "export the bin again")
    return first, last


def _event(
    number: int, cells: dict[str, str], first: Timecode, last: Timecode, at: Timecode, columns: tuple[tuple[str, str], ...]
) -> Event:
    grade: AscCdl | None = None
    if cells.get("ASC_SOP"):
        grade = with_sop(grade, cells["ASC_SOP"])
    if cells.get("ASC_SAT"):
        grade = with_saturation(grade, cells["ASC_SAT"]) or grade
    return Event(
        number,
        next((cells[name] for name in _REEL if cells.get(name)), ""),
        first,
        last,
        at,
        at + (last.frame - first.frame),
        cells.get("Tracks") or "V",
        clip_name=cells.get("Name", ""),
        source_file=cells.get("Source File", ""),
        media=_place(cells),
        cdl=grade,
        umid=cells.get("UMID", ""),
        digest=cells.get("Digest", ""),
        columns=columns,
    )


def _place(cells: dict[str, str]) -> str:
    """Where the log says the original lies: Source Path may name the folder alone."""
    folder, name = cells.get("Source Path", ""), cells.get("Source File", "")
    return folder + name if folder.endswith(("/", "\\")) and name else folder


def ale_of(cut: Cut) -> tuple[Ale, list[Lost]]:
    """A cut's sources as a log, in the cut's order, and what a log cannot say of it."""
    shown = [event for event in cut.events if event.frames and not event.is_black]
    known = list(dict.fromkeys(name for event in shown for name, _ in event.columns))
    needed = [name for name in CARRIED if name not in known and any(_said(event, name) for event in shown)]
    columns = [*known, *needed]
    width, height = cut.size or (1920, 1080)
    video = {(1920, 1080): "1080", (1280, 720): "720"}.get((width, height), "CUSTOM")
    heading = [("FIELD_DELIM", "TABS"), ("VIDEO_FORMAT", video), ("AUDIO_FORMAT", "48khz"), ("FPS", _fps(cut.rate))]
    rows, lost = [], list[Lost]()
    for event in shown:
        own = dict(reversed(event.columns))
        rows.append(
            [own[name] if _unchanged(event, name, own) else _said(event, name) if name in CARRIED else "" for name in columns]
        )
        lost += _unsaid(event)
    lost += [Lost("black", f"event {event.number}") for event in cut.events if event.is_black and event.frames]
    lost += [Lost("marker", "the cut", len(cut.markers))] * bool(cut.markers)
    if shown and not any(event.columns for event in shown):
        lost.insert(0, Lost("record timecodes: a log has no record side", "the cut", len(shown)))
    return Ale(heading, columns, rows), gathered(lost)


def _unchanged(event: Event, name: str, own: dict[str, str]) -> bool:
    """Whether a cell as it was read still says what the event says, so that it is written as it was."""
    if name not in own or name not in CARRIED:
        return name in own
    said, cell = _said(event, name), own[name].strip()
    if name in ("ASC_SOP", "ASC_SAT") and event.cdl is not None and cell:
        again = with_sop(event.cdl, cell) if name == "ASC_SOP" else with_saturation(event.cdl, cell)
        return again == event.cdl
    return (
        not said
        or said == cell
        or (name == "Source Path" and bool(cell) and said.startswith(cell))
        or name in ("Name", "Tracks", "Duration")
    )


def _said(event: Event, name: str) -> str:
    """What an event says in a column of its own fields."""
    first, last = event.source_in, event.source_out
    if last.frame < first.frame:
        first, last = last, first
    match name:
        case "Name":
            return event.clip_name or event.reel
        case "Tape":
            return event.reel
        case "Tracks":
            return "".join(f"{t}1" if t == "A" else t for t in channels(event.track, event.lines))
        case "Start":
            return str(first)
        case "End":
            return str(last)
        case "Duration":
            return str(Timecode(last.frame - first.frame, first.rate))
        case "Source File":
            return event.source_file
        case "Source Path":
            return event.media
        case "ASC_SOP":
            return sop_text(event.cdl, "") if event.cdl else ""
        case "ASC_SAT":
            return decimal(event.cdl.saturation) if event.cdl else ""
        case "UMID":
            return event.umid
    return event.digest


def _unsaid(event: Event) -> list[Lost]:
    where = f"event {event.number}"
    found = [
        Lost("retime", where) if event.speed != 1.0 else None,
        Lost("transition", where) if event.transition != "C" else None,
        Lost("marker", where, len(event.markers)) if event.markers else None,
        Lost("comment", where, len(event.comments)) if event.comments else None,
        Lost("line of an edit list", where, len(event.lines)) if event.lines else None,
        Lost("reposition", where) if event.reposition else None,
    ]
    return [item for item in found if item]


def _fps(rate: Fraction) -> str:
    named = {
        Fraction(24000, 1001): "23.976",
        Fraction(30000, 1001): "29.97",
        Fraction(48000, 1001): "47.952",
        Fraction(60000, 1001): "59.94",
    }
    return named.get(rate) or (str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}")


def copy_ale(source: Path, target: Path, rate: Fraction | str | float | None = None) -> dict[str, Any]:
    """Write a log again as it is, column for column; returns the `convert` document."""
    ale = read_ale(source)
    cut = cut_of(ale, source, rate)
    write_ale(target, ale)
    return {
        "events": len(cut.events),
        "tracks": len({track for event in cut.events for track in channels(event.track)}),
        "rate": str(cut.rate),
        "start": str(cut.start),
        "lost": [],
        "warnings": cut.warnings,
    }
