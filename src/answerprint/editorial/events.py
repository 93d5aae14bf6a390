"""An edit as a list of events: what every edit list format says, in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from answerprint.production import Timecode


@dataclass(frozen=True)
class AscCdl:
    """The ASC CDL that came with an event: ten numbers, working space not carried by the format."""

    slope: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    power: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0


@dataclass(frozen=True)
class Event:
    """One event of a cut. Ends are exclusive, as in CMX3600.

    ``speed`` is source frames per record frame (1.0 plain, 0.0 freeze, negative reverse). A reverse event may name its ends in
    play order (out before in) or in the medium's; ``conform.source_span`` reads both. ``outgoing_name`` is the clip a transition leaves.
    ``transition`` is C, D or W with a code; ``transition_frames`` its length.
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

    @property
    def is_picture(self) -> bool:
        """Whether the event is on a picture track; the others are sound alone."""
        return "V" in self.track or self.track in ("B", "NONE")

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
    """An edit: its title, rate, events in record order, and what reading it lost or found odd."""

    title: str
    rate: Fraction
    events: list[Event]
    drop: bool = False
    lost: list[Lost] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    heading: tuple[str, ...] = ()

    @property
    def start(self) -> Timecode:
        """The record timecode of the first frame."""
        return min((e.record_in for e in self.events), default=Timecode(0, self.rate, self.drop))
