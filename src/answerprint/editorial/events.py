"""An edit as a list of events: what every edit list format says, in one vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from answerprint.editorial.channels import carries_picture
from answerprint.production import Timecode


@dataclass(frozen=True)
class AscCdl:
    """The ASC CDL that came with an event: ten numbers, working space not carried by the format."""

    slope: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    power: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0


@dataclass(frozen=True)
class Marker:
    """A note on a moment: ``at`` is a record timecode, ``frames`` its length (0 is a point in time)."""

    at: Timecode
    name: str = ""
    colour: str = ""
    comment: str = ""
    frames: int = 0


@dataclass(frozen=True)
class Reposition:
    """How an event's picture is moved in its frame: ``x`` right and ``y`` up as shares of the frame's height, from the centre."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    x: float = 0.0
    y: float = 0.0
    rotation_degrees: float = 0.0


@dataclass(frozen=True)
class Event:
    """One event of a cut. Ends are exclusive, as in CMX3600.

    ``speed`` is source frames per record frame (1.0 plain, 0.0 freeze, negative reverse). A reverse event may name its ends in
    play order (out before in) or in the medium's; ``conform.source_span`` reads both. ``outgoing_name`` is the clip a transition leaves.
    ``transition`` is C, D, W with a code, or K with what is keyed; ``transition_frames`` its length, counted from ``record_in``.
    ``lines`` are an edit list's lines that are neither events nor comments, word for word. ``media`` names the original's file or URL,
    ``media_start`` and ``media_frames`` what it holds (0 is unknown); ``umid`` and ``digest`` identify it where the format does. ``columns`` are the cells of the log line (ALE) it came from.
    """

    number: int
    reel: str
    source_in: Timecode
    source_out: Timecode
    record_in: Timecode
    record_out: Timecode
    track: str = "V"
    transition: str = "C"
    transition_frames: int = 0
    speed: float = 1.0
    clip_name: str = ""
    source_file: str = ""
    cdl: AscCdl | None = None
    comments: tuple[str, ...] = ()
    outgoing_name: str = ""
    markers: tuple[Marker, ...] = ()
    reposition: Reposition | None = None
    lines: tuple[str, ...] = ()
    media: str = ""
    media_start: Timecode | None = None
    media_frames: int = 0
    umid: str = ""
    digest: str = ""
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether the event is on a picture track; the others are sound alone."""
        return carries_picture(self.track)

    @property
    def is_black(self) -> bool:
        """Whether the event is black or slug, which no original holds."""
        return self.reel.upper() in ("BL", "BLK", "BLACK")

    @property
    def frames(self) -> int:
        """Record duration in frames."""
        return self.record_out.frame - self.record_in.frame


@dataclass
class Lost:
    """Something a conversion could not carry."""

    what: str
    where: str
    count: int = 1


@dataclass
class Cut:
    """An edit: its title, rate, events in record order, and what reading it lost or found odd.

    ``markers`` are those of the whole cut, on no event. ``first`` is where the record begins when that is before the first event.
    ``size`` is the picture's width and height where the format says it.
    """

    title: str
    rate: Fraction
    events: list[Event]
    drop: bool = False
    lost: list[Lost] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    heading: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    first: Timecode | None = None
    size: tuple[int, int] | None = None

    @property
    def start(self) -> Timecode:
        """The record timecode of the first frame."""
        begin = min((e.record_in for e in self.events), default=Timecode(0, self.rate, self.drop), key=lambda t: t.frame)
        return min(self.first, begin, key=lambda t: t.frame) if self.first is not None else begin


def gathered(losses: Iterable[Lost]) -> list[Lost]:
    """The same losses with equal ones counted together, in the order they first came."""
    counts: dict[tuple[str, str], int] = {}
    for loss in losses:
        counts[loss.what, loss.where] = counts.get((loss.what, loss.where), 0) + loss.count
    return [Lost(what, where, count) for (what, where), count in counts.items()]


def lost_columns(events: Iterable[Event], carried: Iterable[str] = ()) -> list[Lost]:
    """The log columns (ALE) with something in them that a format without columns cannot carry; ``carried`` names those it can."""
    counts: dict[str, int] = {}
    for event in events:
        for name, value in event.columns:
            if value.strip() and name not in carried:
                counts[name] = counts.get(name, 0) + 1
    return [Lost("log column", name, count) for name, count in counts.items()]
