"""CMX3600 edit decision lists: read with everything they say, written so that a conform finds its originals.

Source out is exclusive. Reels longer than eight characters are written whole and read whole; M2 speed is in source frames per
second of record time and signed; ASC CDL lines follow the ASC CDL specification 1.2, section on EDLs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePath

from answerprint.editorial.events import AscCdl, Cut, Event, Lost
from answerprint.production import BadInput, Timecode, frame_rate
from answerprint.production.atomic import write_atomically

_TC = r"\d{2}[:;.]\d{2}[:;.]\d{2}[:;.]\d{2,3}"
_EVENT = re.compile(
    rf"^(\d+)\s+(.+?)\s+(\S+)\s+(C|D|W\d*|K\s?B?|KO?)(?:\s+(\d+))?\s+({_TC})\s+({_TC})\s+({_TC})\s+({_TC})\s*$", re.IGNORECASE
)
_M2 = re.compile(rf"^M2\s+(.*?)\s+([-+]?\d+(?:[.,]\d+)?)(?:\s+({_TC}))?\s*$", re.IGNORECASE)
_NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_SOP = re.compile(r"\(\s*" + r"\s*\)\s*\(\s*".join([r"\s+".join([f"({_NUMBER})"] * 3)] * 3) + r"\s*\)")
_SAT = re.compile(rf"ASC_SAT\s*:?\s*({_NUMBER})\s*$", re.IGNORECASE)


def read_edl(path: Path, rate: Fraction | str | float) -> Cut:
    """Read an EDL at ``rate`` frames per second. Raises BadInput, with the line, for what is no EDL or does not fit the rate."""
    exact = frame_rate(rate)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(path, error.strerror or "cannot be read", "check the path and its permissions") from None
    text = _decoded(raw, path)
    reading = _Reading(path, exact)
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        reading.line(number, line.rstrip())
    return reading.cut()


def _decoded(raw: bytes, path: Path) -> str:
    """UTF-8 with or without mark, UTF-16 with mark, else Windows-1252."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise BadInput(path, "is not a text file", "export it again as a CMX3600 EDL")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


@dataclass
class _Reading:
    path: Path
    rate: Fraction
    title: str = ""
    drop: bool = False
    events: list[Event] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)

    def line(self, number: int, text: str) -> None:
        if not text.strip():
            return
        if text.upper().startswith("TITLE:"):
            self.title = text[6:].strip()
        elif text.upper().startswith("FCM:"):
            self._counting(text.upper())
        elif text.lstrip().upper().startswith("M2"):
            self._retime(number, text.strip())
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

    def _counting(self, text: str) -> None:
        wanted = "NON" not in text
        self.drop = wanted and self.rate.denominator == 1001 and round(self.rate) % 30 == 0
        if wanted and not self.drop:
            self.warnings.append(
                f"FCM says drop-frame, which {float(self.rate):g} frames per second does not have: read as non-drop"
            )

    def _timecode(self, label: str) -> Timecode:
        """A label under the FCM line in force: many systems say drop-frame there and still write colons."""
        hours, minutes, seconds, frames = re.split("[:;.]", label)
        mark = ";" if self.drop or ";" in label or label[8] == "." else ":"
        return Timecode.parse(f"{hours}:{minutes}:{seconds}{mark}{frames}", self.rate)

    def _event(self, number: int, found: re.Match[str]) -> None:
        try:
            times = [self._timecode(found[i]) for i in (6, 7, 8, 9)]
        except BadInput as error:
            raise BadInput(f"{self.path}, line {number}", error.reason, "give the cut's frame rate with --fps") from None
        source_in, source_out, record_in, record_out = times
        if record_out.frame < record_in.frame:
            raise BadInput(f"{self.path}, line {number}", "an event ends before it starts", "export the EDL again")
        self.events.append(
            Event(
                int(found[1]),
                found[2].strip(),
                source_in,
                source_out,
                record_in,
                record_out,
                found[3].upper(),
                found[4].replace(" ", "").upper(),
                int(found[5] or 0),
            )
        )

    def _retime(self, number: int, text: str) -> None:
        found = _M2.match(text)
        if not found or not self.events:
            self.lost.append(Lost("retime not understood", f"line {number}: {text.strip()[:60]}"))
            return
        self.events[-1] = replace(self.events[-1], speed=float(found[2].replace(",", ".")) / round(self.rate))

    def _comment(self, text: str) -> None:
        if not self.events:
            self.heading.append(text)
            return
        event, upper = self.events[-1], text.upper()
        if upper.startswith("FROM CLIP NAME:"):
            event = replace(event, clip_name=event.clip_name or text[15:].strip())
        elif upper.startswith("TO CLIP NAME:"):
            event = replace(event, outgoing_name=event.clip_name, clip_name=text[13:].strip())
        elif upper.startswith("SOURCE FILE:"):
            event = replace(event, source_file=text[12:].strip())
        elif upper.startswith("ASC_SOP"):
            event = self._graded(event, _SOP.search(text))
        elif upper.startswith("ASC_SAT"):
            found = _SAT.search(text)
            if found:
                event = replace(event, cdl=replace(event.cdl or AscCdl(), saturation=float(found[1].replace(",", "."))))
            else:
                self.warnings.append(f"event {event.number}: an ASC_SAT line that cannot be read")
        else:
            event = replace(event, comments=(*event.comments, text))
        self.events[-1] = event

    def _graded(self, event: Event, found: re.Match[str] | None) -> Event:
        if not found:
            self.warnings.append(f"event {event.number}: an ASC_SOP line that cannot be read")
            return event
        v = [float(x.replace(",", ".")) for x in found.groups()]
        base = event.cdl or AscCdl()
        return replace(event, cdl=replace(base, slope=(v[0], v[1], v[2]), offset=(v[3], v[4], v[5]), power=(v[6], v[7], v[8])))

    def cut(self) -> Cut:
        if not self.events:
            raise BadInput(self.path, "holds no event", "export it as a CMX3600 EDL")
        for event in self.events:
            source = event.source_out.frame - event.source_in.frame
            if source < 0 and event.speed >= 0:
                raise BadInput(self.path, f"event {event.number}: its source ends before it starts", "export the EDL again")
            if event.speed == 1.0 and source != event.frames and not event.transition_frames:
                self.warnings.append(
                    f"event {event.number}: {source} source frames for {event.frames} record frames and no M2 line"
                )
        drop = self.drop or any(e.record_in.drop for e in self.events)
        return Cut(self.title, self.rate, self.events, drop, self.lost, self.warnings, tuple(self.heading))


def write_edl(path: Path, cut: Cut) -> list[Lost]:
    """Write a CMX3600 EDL; returns what it could not carry."""
    lost: list[Lost] = []
    lines = [
        f"TITLE: {cut.title}",
        f"FCM: {'DROP FRAME' if cut.drop else 'NON-DROP FRAME'}",
        *(f"* {line}" for line in cut.heading),
        "",
    ]
    events = [_with_reel(event, lost) for event in cut.events]
    for before, event in zip([None, *events], events, strict=False):
        if event.transition[:1] in ("D", "W") and (before is None or before.frames or before.number != event.number):
            lines.append(_outgoing(event, before))
        length = f"{event.transition_frames:03d}" if event.transition_frames else "   "
        lines.append(
            f"{event.number:03d}  {event.reel:<8} {event.track:<5} {event.transition:<4} {length} "
            f"{event.source_in} {event.source_out} {event.record_in} {event.record_out}"
        )
        if event.speed != 1.0:
            lines.append(f"M2   {event.reel:<8}       {_speed(event.speed, cut.rate)}                {event.source_in}")
        if event.outgoing_name:
            lines += [f"* FROM CLIP NAME: {event.outgoing_name}", f"* TO CLIP NAME: {event.clip_name}"]
        elif event.clip_name:
            lines.append(f"* FROM CLIP NAME: {event.clip_name}")
        if event.source_file:
            lines.append(f"* SOURCE FILE: {event.source_file}")
        if event.cdl:
            triples = " ".join(
                "(" + " ".join(_decimal(x) for x in t) + ")" for t in (event.cdl.slope, event.cdl.offset, event.cdl.power)
            )
            lines += [f"* ASC_SOP {triples}", f"* ASC_SAT {_decimal(event.cdl.saturation)}"]
        lines += [f"* {comment}" for comment in event.comments]
        if len(event.reel) > 8:
            lost.append(Lost("strict CMX3600 readers cut reels to 8 characters", f"event {event.number}: {event.reel}"))
    write_atomically(path, "\r\n".join(lines) + "\r\n")
    return lost


def _with_reel(event: Event, lost: list[Lost]) -> Event:
    """A list cannot leave the reel out: its file's or clip's name stands in, and that is said."""
    if event.reel.strip():
        return event
    name = PurePath(event.source_file or event.clip_name).stem.replace(" ", "_") or "AX"
    lost.append(Lost(f"no reel is known: {name} is written", f"event {event.number}"))
    return replace(event, reel=name)


def _outgoing(event: Event, before: Event | None) -> str:
    """The first of a transition's two lines: the source it leaves, with no length; black where nothing is left."""
    near = before if before is not None and before.frames and before.record_out == event.record_in else None
    reel, at = ("BL", replace(event.source_in, frame=0)) if near is None else (near.reel, near.source_out)
    return f"{event.number:03d}  {reel:<8} {event.track:<5} C        {at} {at} {event.record_in} {event.record_in}"


def _speed(speed: float, rate: Fraction) -> str:
    """M2's signed frames per labelled second: three digits, one decimal, more where the number needs them."""
    value = round(speed * round(rate), 4)
    whole, _, decimals = f"{abs(value):.4f}".partition(".")
    return f"{'-' if value < 0 else ''}{whole.zfill(3)}.{decimals.rstrip('0') or '0'}"


def _decimal(value: float) -> str:
    """Four decimals as everybody writes them; more where the number needs them to come back the same."""
    return f"{value:.4f}" if float(f"{value:.4f}") == value else repr(float(value))
