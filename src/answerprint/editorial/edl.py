"""CMX3600 edit decision lists, read with everything they say.

Source out is exclusive. Reels longer than eight characters are read whole; M2 speed is in source frames per labelled second and
signed; ASC CDL lines follow the ASC CDL specification 1.2, section on EDLs. Every line that is neither understood nor empty is kept.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from answerprint.editorial.asc_cdl import with_saturation, with_sop
from answerprint.editorial.encodings import decoded, lines_of, read_bytes
from answerprint.editorial.events import Cut, Event, Lost, Marker
from answerprint.production import BadInput, Timecode, frame_rate

MARKER_COLOURS = frozenset(
    [
        "RED",
        "GREEN",
        "BLUE",
        "CYAN",
        "MAGENTA",
        "YELLOW",
        "BLACK",
        "WHITE",
        "PINK",
        "FOREST",
        "DENIM",
        "VIOLET",
        "PURPLE",
        "ORANGE",
        "GREY",
        "GRAY",
        "GOLD",
        "PLUM",
        "BROWN",
        "MINT",
    ]
)
_TC = re.compile(r"\d{2}[:;.]\d{2}[:;.]\d{2}[:;.]\d{2,3}")
_SEMICOLON = re.compile(r"\d{2}[:;.]\d{2}[:;.]\d{2};\d{2}")
_SPEED = re.compile(r"[-+]?\d{1,6}(?:[.,]\d{1,9})?")
_TRANSITION = re.compile(r"C|D|W\d{0,3}|K|KB|KO")
_RESOLVE_MARKER = re.compile(r"\|C:(?P<colour>[^|]*)\|M:(?P<name>[^|]*)\|D:(?P<frames>\d{1,7})\s*$")
_LINES = ("SPLIT", "FINAL CUT", "BLEND", "AUD", "EFFECTS NAME", "REM", ">>>")


def read_edl(path: Path, rate: Fraction | str | float) -> Cut:
    """Read an EDL at ``rate`` frames per second. Raises BadInput, with the line, for what is no EDL or does not fit the rate."""
    exact = frame_rate(rate)
    text, _ = decoded(read_bytes(path), path, "a CMX3600 EDL")
    reading = _Reading(path, exact, punctuated=bool(_SEMICOLON.search(text)))
    for number, line in enumerate(lines_of(text, path), start=1):
        reading.line(number, line.rstrip())
    return reading.cut()


def reel_matches(one: str, other: str) -> bool:
    """Whether two reels are the same, one perhaps cut to the eight characters a strict list has room for."""
    a, b = one.upper().strip(), other.upper().strip()
    return a == b or (len(b) == 8 and a[:8] == b) or (len(a) == 8 and b[:8] == a)


def timecode_of(label: str, rate: Fraction, drop: bool | None = None) -> Timecode:
    """A label with any of ``:;.`` between its numbers; whether it counts drop-frame is what its last mark says unless given.

    Raises BadInput for a label that does not exist.
    """
    parts = re.split("[:;.]", label.strip())
    if len(parts) != 4:
        raise BadInput("timecode", f"{label[:30]!r} is not HH:MM:SS:FF", "write it as 01:00:00:00")
    marked = label.strip()[-len(parts[3]) - 1] in ";." if drop is None else drop
    return Timecode.parse(f"{parts[0]}:{parts[1]}:{parts[2]}{';' if marked else ':'}{parts[3]}", rate)


@dataclass
class _Reading:
    path: Path
    rate: Fraction
    punctuated: bool
    title: str = ""
    drop: bool | None = None
    source_drop: bool = False
    events: list[Event] = field(default_factory=list)
    retimed: set[int] = field(default_factory=set)
    lost: list[Lost] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)

    def line(self, number: int, text: str) -> None:
        bare = text.strip()
        upper, words = bare.upper(), bare.split()
        if not bare:
            return
        if upper.startswith("TITLE:"):
            self.title = bare[6:].strip()
        elif upper.startswith("FCM:"):
            self._counting(number, upper)
        elif words[0].upper() == "M2":
            self._retime(number, words, bare)
        elif len(words) > 6 and words[0].isdecimal() and all(_TC.fullmatch(word) for word in words[-4:]):
            self._event(number, words)
        elif bare.startswith("|C:") and self.events and (found := _RESOLVE_MARKER.match(bare)):
            self._add_marker(
                Marker(self.events[-1].record_in, found["name"].strip(), found["colour"].strip(), "", int(found["frames"]))
            )
        elif bare.startswith("*") or upper.startswith(("FROM CLIP", "TO CLIP")):
            self._comment(bare.removeprefix("*").strip())
        elif upper.startswith(_LINES):
            self._kept_line(number, text, bare)
        elif words[0].isdecimal():
            raise BadInput(f"{self.path}, line {number}", f"{bare[:60]!r} is not an event", "export the EDL again as CMX3600")
        else:
            self._kept_line(number, text, bare)
            self.warnings.append(f"line {number} is not understood, and kept as it stands: {bare[:60]}")

    def _kept_line(self, number: int, text: str, bare: str) -> None:
        if not self.events:
            self.lost.append(Lost("line not understood", f"line {number}: {bare[:60]}"))
            return
        event = self.events[-1]
        if bare.upper().startswith("FINAL CUT PRO REEL:") and " REPLACED BY: " in bare.upper():
            at = bare.upper().index(" REPLACED BY: ")
            whole, short = bare[19:at].strip(), bare[at + 14 :].strip()
            if reel_matches(short, event.reel):
                event = replace(event, reel=whole)
        self.events[-1] = replace(event, lines=(*event.lines, text))

    def _counting(self, number: int, text: str) -> None:
        said = "NON" not in text
        drop = said and self.rate.denominator == 1001 and round(self.rate) % 30 == 0
        if said and not drop:
            self.warnings.append(
                f"FCM says drop-frame, which {float(self.rate):g} frames per second does not have: read as non-drop"
            )
        self.source_drop = drop
        if not self.events or self.drop is None:
            self.drop = drop
        elif drop != self.drop:
            self.warnings.append(
                f"line {number}: FCM changes to {'drop' if drop else 'non-drop'}: source labels from here on follow it, record labels do not"
            )

    def _times(self, first: str, second: str, drop: bool) -> tuple[Timecode, Timecode]:
        """Two labels that count alike. Many systems write colons throughout and say drop-frame in FCM alone."""
        marked = any(label[8] in ";." for label in (first, second))
        return timecode_of(first, self.rate, marked or (drop and not self.punctuated)), timecode_of(
            second, self.rate, marked or (drop and not self.punctuated)
        )

    def _event(self, number: int, words: list[str]) -> None:
        place = f"{self.path}, line {number}"
        name = " ".join(words)[:60]
        middle = words[1:-4]
        length = middle.pop() if len(middle) > 2 and middle[-1].isdecimal() else "0"
        code = middle.pop().upper()
        if code in ("B", "O") and len(middle) > 1 and middle[-1].upper() == "K":
            code = middle.pop().upper() + code
        if not middle or not _TRANSITION.fullmatch(code) or max(len(words[0]), len(length)) > 7:
            raise BadInput(place, f"{name!r} is not an event", "export the EDL again as CMX3600")
        track = middle.pop().upper()
        try:
            source_in, source_out = self._times(words[-4], words[-3], self.source_drop)
            record_in, record_out = self._times(words[-2], words[-1], bool(self.drop))
        except BadInput as error:
            raise BadInput(place, error.reason, "give the cut's frame rate with --fps") from None
        record_in = _onwards(record_in, self.events[-1].record_out if self.events else record_in)
        record_out = _onwards(record_out, record_in)
        if record_out.frame < record_in.frame:
            raise BadInput(place, "an event ends before it starts", "export the EDL again")
        if code[:1] in ("D", "W") and not int(length):
            self.warnings.append(f"event {int(words[0])}: a {'dissolve' if code == 'D' else 'wipe'} of no length")
        reel = " ".join(middle)
        if not reel:
            self.warnings.append(f"event {int(words[0])} names no reel")
        source_out = _onwards(source_out, source_in)
        self.events.append(Event(int(words[0]), reel, source_in, source_out, record_in, record_out, track, code, int(length)))

    def _retime(self, number: int, words: list[str], bare: str) -> None:
        entry = words.pop() if _TC.fullmatch(words[-1]) else ""
        if len(words) < 2 or not _SPEED.fullmatch(words[-1]) or not self.events:
            self.lost.append(Lost("retime not understood", f"line {number}: {bare[:60]}"))
            return
        speed = float(words.pop().replace(",", ".")) / round(self.rate)
        hits = self._retimed_events(" ".join(words[1:]), entry)
        if not hits:
            self.warnings.append(f"line {number}: an M2 line names a reel that its event does not; it is taken as that event's")
            hits = [len(self.events) - 1]
        for at in hits:
            self.events[at] = replace(self.events[at], speed=speed)
            self.retimed.add(at)

    def _retimed_events(self, reel: str, entry: str) -> list[int]:
        """The lines of the current event that an M2 line means: by its reel and entry, the incoming side of a transition first."""
        last = len(self.events) - 1
        group = [
            i
            for i in range(last, max(-1, last - 8), -1)
            if self.events[i].number == self.events[last].number and i not in self.retimed
        ]
        named = [i for i in group if reel_matches(self.events[i].reel, reel)] if reel else group
        digits = re.sub(r"\D", "", entry)
        entered = [i for i in named if digits and re.sub(r"\D", "", str(self.events[i].source_in)) == digits] or named[:1]
        return [i for i in entered if self.events[i].frames] or entered[:1]

    def _comment(self, text: str) -> None:
        upper = text.lstrip("*> ").upper()
        value = text.partition(":")[2].strip()
        if upper.startswith("LOC:") and self._located(value):
            return
        if not self.events:
            self.heading.append(text)
            return
        event = self.events[-1]
        if upper.startswith("FROM CLIP NAME:") and not event.clip_name:
            event = replace(event, clip_name=value)
        elif upper.startswith("TO CLIP NAME:") and not event.outgoing_name:
            event = replace(event, outgoing_name=event.clip_name, clip_name=value)
        elif upper.startswith("SOURCE FILE:") and not event.source_file:
            event = replace(event, source_file=value)
        elif upper.startswith("FILE UMID:") and not event.umid:
            event = replace(event, umid=value)
        elif upper.startswith("FILE DIGEST:") and not event.digest:
            event = replace(event, digest=value)
        elif upper.startswith(("ASC_SOP", "ASC_SAT")):
            grade = with_sop(event.cdl, text) if upper.startswith("ASC_SOP") else with_saturation(event.cdl, text)
            if grade is None:
                self.warnings.append(f"event {event.number}: an {upper[:7]} line that cannot be read")
                event = replace(event, comments=(*event.comments, text))
            else:
                event = replace(event, cdl=grade)
        else:
            event = replace(event, comments=(*event.comments, text))
        self.events[-1] = event

    def _located(self, text: str) -> bool:
        """Take a ``LOC:`` comment as a marker; False where its label does not exist."""
        label, _, rest = text.partition(" ")
        if not _TC.fullmatch(label):
            return False
        try:
            at, _ = self._times(label, label, bool(self.drop))
        except BadInput as error:
            self.warnings.append(f"a marker is kept as a comment: {error.reason}")
            return False
        colour, _, name = rest.strip().partition(" ")
        if colour.upper() not in MARKER_COLOURS:
            colour, name = "", rest
        self._add_marker(Marker(at, name.strip(), colour.upper()))
        return True

    def _add_marker(self, marker: Marker) -> None:
        if self.events:
            self.events[-1] = replace(self.events[-1], markers=(*self.events[-1].markers, marker))
        else:
            self.markers.append(marker)

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
            elif event.speed not in (0.0, 1.0) and event.frames:
                wanted = math.ceil(event.frames * abs(event.speed))
                if abs(abs(source) - wanted) > 2 + wanted // 20:
                    self.warnings.append(f"event {event.number}: {abs(source)} source frames, its M2 line needs {wanted}")
        drop = bool(self.drop) if not self.punctuated else any(e.record_in.drop for e in self.events)
        return Cut(self.title, self.rate, self.events, drop, self.lost, self.warnings, tuple(self.heading), tuple(self.markers))


def _onwards(label: Timecode, after: Timecode) -> Timecode:
    """The label a day later where the cut has passed midnight since ``after``: more than twelve hours back is not back."""
    day = Timecode.parse(f"23:59:59{';' if label.drop else ':'}00", label.rate).frame + label.nominal
    while after.frame - label.frame > day // 2:
        label = label + day
    return label
