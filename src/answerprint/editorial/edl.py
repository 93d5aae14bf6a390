"""CMX3600 edit decision lists: read with everything they say, written so that a conform finds its originals.

Source out is exclusive. Reels longer than eight characters are written whole and read whole; M2 speed is in source frames per
second of record time and signed; ASC CDL lines follow the ASC CDL specification 1.2, section on EDLs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from answerprint.editorial.events import AscCdl, Cut, Event, Lost
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import write_atomically

_TC = r"\d{2}:\d{2}:\d{2}[:;.]\d{2,3}"
_EVENT = re.compile(rf"^(\d+)\s+(.+?)\s+(\S+)\s+(C|D|W\d*|K\s?B?|KO?)(?:\s+(\d+))?\s+({_TC})\s+({_TC})\s+({_TC})\s+({_TC})\s*$")
_M2 = re.compile(rf"^M2\s+(.*?)\s+(-?\d+(?:\.\d+)?)\s+({_TC})?\s*$")
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_SOP = re.compile(r"\(\s*" + r"\s*\)\s*\(\s*".join([r"\s+".join([f"({_NUMBER})"] * 3)] * 3) + r"\s*\)")
_SAT = re.compile(rf"({_NUMBER})\s*$")


def read_edl(path: Path, rate: Fraction | str | float) -> Cut:
    """Read an EDL at ``rate`` frames per second. Raises BadInput, with the line, for what is no EDL or does not fit the rate."""
    exact = frame_rate(rate)
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    reading = _Reading(path, exact)
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        reading.line(number, line.rstrip())
    return reading.cut()


@dataclass
class _Reading:
    path: Path
    rate: Fraction
    title: str = ""
    drop: bool = False
    events: list[Event] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def line(self, number: int, text: str) -> None:
        if not text.strip():
            return
        if text.upper().startswith("TITLE:"):
            self.title = text[6:].strip()
        elif text.upper().startswith("FCM:"):
            self.drop = "NON" not in text.upper()
        elif text.startswith("M2"):
            self._retime(number, text)
        elif found := _EVENT.match(text.strip()):
            self._event(number, found)
        elif text.lstrip().startswith(("*", ">")) or text.upper().startswith(("SPLIT", "FINAL CUT", "FROM CLIP", "BLEND")):
            self._comment(text.lstrip("*> ").strip())
        elif text[:3].strip().isdigit():
            raise BadInput(
                f"{self.path}, line {number}", f"{text.strip()[:60]!r} is not an event", "export the EDL again as CMX3600"
            )
        else:
            self.lost.append(Lost("line not understood", f"line {number}: {text.strip()[:60]}"))

    def _event(self, number: int, found: re.Match[str]) -> None:
        try:
            times = [Timecode.parse(found[i], self.rate) for i in (6, 7, 8, 9)]
        except BadInput as error:
            raise BadInput(f"{self.path}, line {number}", error.reason, "give the cut's frame rate with --fps") from None
        source_in, source_out, record_in, record_out = times
        if record_out.frame < record_in.frame or source_out.frame < source_in.frame:
            raise BadInput(f"{self.path}, line {number}", "an event ends before it starts", "export the EDL again")
        self.events.append(
            Event(
                int(found[1]),
                found[2].strip(),
                source_in,
                source_out,
                record_in,
                record_out,
                found[3],
                found[4].replace(" ", ""),
                int(found[5] or 0),
            )
        )

    def _retime(self, number: int, text: str) -> None:
        found = _M2.match(text)
        if not found or not self.events:
            self.lost.append(Lost("retime not understood", f"line {number}: {text.strip()[:60]}"))
            return
        self.events[-1] = replace(self.events[-1], speed=float(found[2]) / float(self.rate))

    def _comment(self, text: str) -> None:
        if not self.events:
            return
        event, upper = self.events[-1], text.upper()
        if upper.startswith("FROM CLIP NAME:"):
            event = replace(event, clip_name=event.clip_name or text[15:].strip())
        elif upper.startswith("TO CLIP NAME:"):
            event = replace(event, clip_name=text[13:].strip())
        elif upper.startswith("SOURCE FILE:"):
            event = replace(event, source_file=text[12:].strip())
        elif upper.startswith("ASC_SOP"):
            event = self._graded(event, _SOP.search(text))
        elif upper.startswith("ASC_SAT"):
            found = _SAT.search(text)
            if found:
                event = replace(event, cdl=replace(event.cdl or AscCdl(), saturation=float(found[1])))
        else:
            event = replace(event, comments=(*event.comments, text))
        self.events[-1] = event

    def _graded(self, event: Event, found: re.Match[str] | None) -> Event:
        if not found:
            self.warnings.append(f"event {event.number}: an ASC_SOP line that cannot be read")
            return event
        v = [float(x) for x in found.groups()]
        base = event.cdl or AscCdl()
        return replace(event, cdl=replace(base, slope=(v[0], v[1], v[2]), offset=(v[3], v[4], v[5]), power=(v[6], v[7], v[8])))

    def cut(self) -> Cut:
        if not self.events:
            raise BadInput(self.path, "holds no event", "export it as a CMX3600 EDL")
        for event in self.events:
            source = event.source_out.frame - event.source_in.frame
            if event.speed == 1.0 and source != event.frames and not event.transition_frames:
                self.warnings.append(
                    f"event {event.number}: {source} source frames for {event.frames} record frames and no M2 line"
                )
        return Cut(self.title, self.rate, self.events, self.drop, self.lost, self.warnings)


def write_edl(path: Path, cut: Cut) -> list[Lost]:
    """Write a CMX3600 EDL; returns what it could not carry."""
    lost: list[Lost] = []
    lines = [f"TITLE: {cut.title}", f"FCM: {'DROP FRAME' if cut.drop else 'NON-DROP FRAME'}", ""]
    for event in cut.events:
        length = f"{event.transition_frames:03d}" if event.transition_frames else "   "
        lines.append(
            f"{event.number:03d}  {event.reel:<8} {event.track:<5} {event.transition:<4} {length} "
            f"{event.source_in} {event.source_out} {event.record_in} {event.record_out}"
        )
        if event.speed != 1.0:
            lines.append(f"M2   {event.reel:<8}       {event.speed * float(cut.rate):05.1f}                {event.source_in}")
        if event.clip_name:
            lines.append(f"* FROM CLIP NAME: {event.clip_name}")
        if event.source_file:
            lines.append(f"* SOURCE FILE: {event.source_file}")
        if event.cdl:
            triples = " ".join(
                "(" + " ".join(f"{x:.6g}" for x in t) + ")" for t in (event.cdl.slope, event.cdl.offset, event.cdl.power)
            )
            lines += [f"* ASC_SOP {triples}", f"* ASC_SAT {event.cdl.saturation:.6g}"]
        lines += [f"* {comment}" for comment in event.comments]
        if len(event.reel) > 8:
            lost.append(Lost("strict CMX3600 readers cut reels to 8 characters", f"event {event.number}: {event.reel}"))
    write_atomically(path, "\r\n".join(lines) + "\r\n")
    return lost
