"""CMX3600 edit decision lists, written so that a conform finds its originals, with the list of what they cannot carry."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path, PurePath

from answerprint.editorial.asc_cdl import decimal, sop_text
from answerprint.editorial.channels import channels
from answerprint.editorial.edl import MARKER_COLOURS
from answerprint.editorial.events import Cut, Event, Lost, Marker, gathered, lost_columns
from answerprint.production.atomic import write_atomically

CARRIED = ("Name", "Tape", "Tracks", "Start", "End", "Duration", "Source File", "ASC_SOP", "ASC_SAT", "UMID", "Digest")
"""Log columns (ALE) that an event line or a comment says."""


def write_edl(path: Path, cut: Cut) -> list[Lost]:
    """Write a CMX3600 EDL; returns what it could not carry."""
    writing = _Writing(cut)
    write_atomically(path, "\r\n".join(writing.text()) + "\r\n")
    return gathered([*writing.lost, *lost_columns(cut.events, CARRIED)])


class _Writing:
    def __init__(self, cut: Cut) -> None:
        self.cut = cut
        self.lost: list[Lost] = []
        self.lines: list[str] = []
        self.source_drop = cut.drop
        self.latest: dict[str, Event] = {}
        self.held: list[str] = []

    def text(self) -> list[str]:
        cut = self.cut
        self.lines = [f"TITLE: {_line(cut.title)}", f"FCM: {_mode(cut.drop)}", *(f"* {_line(line)}" for line in cut.heading)]
        events, loose = _with_markers(cut)
        self.lines += [self._marker(marker, "the cut") for marker in loose]
        self.lines.append("")
        if cut.start.frame < min((e.record_in.frame for e in events), default=cut.start.frame):
            self.lost.append(Lost("black before the first event", f"from {cut.start}"))
        for before, event, after in zip([None, *events], events, [*events[1:], None], strict=False):
            self._event(self._with_reel(event), before, after)
        return self.lines

    def _event(self, event: Event, before: Event | None, after: Event | None) -> None:
        """An event's lines. A transition's two event lines stand together, so the M2 line of the first waits for the second."""
        paired = before is not None and not before.frames and before.number == event.number
        leads = not event.frames and after is not None and after.number == event.number
        if event.source_in.drop != self.source_drop:
            self.source_drop = event.source_in.drop
            self.lines.append(f"FCM: {_mode(self.source_drop)}")
        if event.transition[:1] in ("D", "W") and event.transition_frames and not paired:
            self._outgoing(event)
        self._line(event, event.source_in, event.source_out, event.record_in, event.record_out, _code(event))
        if event.speed != 1.0:
            (self.held if leads else self.lines).append(self._retime(event))
        if not leads:
            self.lines += self.held
            self.held = []
        self._said(event)
        if event.frames:
            self.latest[event.track] = event
        self._unsaid(event)

    def _line(self, event: Event, *rest: object) -> None:
        *times, code = rest
        length = f"{event.transition_frames:03d}" if event.transition_frames and code != "C" else "   "
        self.lines.append(
            f"{event.number:03d}  {_line(event.reel):<8} {event.track:<5} {code:<4} {length} " + " ".join(str(t) for t in times)
        )

    def _outgoing(self, event: Event) -> None:
        """The first of a transition's two lines: the source it leaves, with no length; black where nothing is left."""
        near = self.latest.get(event.track)
        if near is None or near.record_out.frame != event.record_in.frame:
            leaving = replace(event, reel="BL", source_in=replace(event.source_in, frame=0), speed=1.0)
        else:
            at = near.source_out if near.speed > 0 else near.source_in
            leaving = replace(event, reel=near.reel, source_in=at, speed=near.speed)
        self._line(leaving, leaving.source_in, leaving.source_in, event.record_in, event.record_in, "C")
        if leaving.speed != 1.0:
            self.held.append(self._retime(leaving))

    def _retime(self, event: Event) -> str:
        return f"M2   {_line(event.reel):<8}       {_speed(event.speed, self.cut.rate)}                {event.source_in}"

    def _said(self, event: Event) -> None:
        where = f"event {event.number}"
        if event.outgoing_name:
            self.lines += [f"* FROM CLIP NAME: {_line(event.outgoing_name)}", f"* TO CLIP NAME: {_line(event.clip_name)}"]
        elif event.clip_name:
            self.lines.append(f"* FROM CLIP NAME: {_line(event.clip_name)}")
        if event.source_file:
            self.lines.append(f"* SOURCE FILE: {_line(event.source_file)}")
        if event.umid:
            self.lines.append(f"* FILE UMID: {_line(event.umid)}")
        if event.digest:
            self.lines.append(f"* FILE DIGEST: {_line(event.digest)}")
        if event.cdl:
            self.lines += [f"* ASC_SOP {sop_text(event.cdl)}", f"* ASC_SAT {decimal(event.cdl.saturation)}"]
        for marker in event.markers:
            self.lines.append(self._marker(marker, where, event))
        self.lines += [f"* {_line(comment)}" for comment in event.comments]
        self.lines += [_line(line, strip=False) for line in event.lines]

    def _marker(self, marker: Marker, where: str, event: Event | None = None) -> str:
        name = marker.name
        if marker.comment:
            if name:
                self.lost.append(Lost("a marker's name and comment are written as one", where))
            name = f"{name} {marker.comment}".strip()
        if event is not None and marker.frames and marker.at == event.record_in and "|" not in name + marker.colour:
            return f" |C:{_line(marker.colour)} |M:{_line(name)} |D:{marker.frames}"
        if marker.frames > 1:
            self.lost.append(Lost("a marker's length", where))
        colour = re.sub(r"^ResolveColor", "", marker.colour).upper()
        if colour not in MARKER_COLOURS:
            if colour:
                self.lost.append(Lost(f"marker colour {marker.colour} (written as white)", where))
            colour = "WHITE"
        return f"* LOC: {marker.at} {colour:<7} {_line(name)}".rstrip()

    def _with_reel(self, event: Event) -> Event:
        """A list cannot leave the reel out: its file's or clip's name stands in, and that is said."""
        if event.reel.strip():
            return event
        name = PurePath(event.source_file or event.clip_name).stem.replace(" ", "_") or "AX"
        self.lost.append(Lost(f"no reel is known: {name} is written", f"event {event.number}"))
        return replace(event, reel=name)

    def _unsaid(self, event: Event) -> None:
        where = f"event {event.number}"
        if len(event.reel) > 8:
            self.lost.append(Lost("strict CMX3600 readers cut reels to 8 characters", f"{where}: {event.reel}"))
        if event.number > 999:
            self.lost.append(Lost("strict CMX3600 readers stop at 999 events", "events above 999"))
        if any(track[0] == "V" and track != "V" for track in channels(event.track)):
            self.lost.append(Lost("strict CMX3600 readers know one picture track", f"track {event.track}"))
        if event.reposition is not None:
            self.lost.append(Lost("reposition", where))
        if event.media and PurePath(event.media).name != event.source_file:
            self.lost.append(Lost("where the original lies", where))
        written = float(_speed(event.speed, self.cut.rate)) / round(self.cut.rate)
        if abs(event.speed - written) * event.frames > 0.5:
            self.lost.append(Lost("a speed finer than M2 can say", where))


def _with_markers(cut: Cut) -> tuple[list[Event], list[Marker]]:
    """The events with the cut's own markers on the picture event each falls in, and the markers that fall in none."""
    events, loose = list(cut.events), list[Marker]()
    for marker in cut.markers:
        for at, event in enumerate(events):
            if event.is_picture and event.record_in.frame <= marker.at.frame < event.record_out.frame:
                events[at] = replace(event, markers=(*event.markers, marker))
                break
        else:
            loose.append(marker)
    return events, loose


def _line(text: str, strip: bool = True) -> str:
    """One line's worth of text: a line end inside it would begin another entry."""
    flat = re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+", " ", text)
    return flat.strip() if strip else flat


def _mode(drop: bool) -> str:
    return "DROP FRAME" if drop else "NON-DROP FRAME"


def _code(event: Event) -> str:
    return {"KB": "K B", "KO": "K O"}.get(event.transition, event.transition)


def _speed(speed: float, rate: Fraction) -> str:
    """M2's signed frames per labelled second: three digits, one decimal, more where the number needs them."""
    value = round(speed * round(rate), 6)
    whole, _, decimals = f"{abs(value):.6f}".partition(".")
    return f"{'-' if value < 0 else ''}{whole.zfill(3)}.{decimals.rstrip('0') or '0'}"
