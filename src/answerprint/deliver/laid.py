"""What lies in a package, as a receiver's own files speak of it: runs of numbered frames with their layers, shot by shot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from answerprint.deliver.delivery import DeliveryShot
from answerprint.editorial.events import Event, Lost


@dataclass(frozen=True)
class Run:
    """Numbered frames in one folder of the package: ``FOLDER/STEM.NNNN.SUFFIX``, without gaps. ``join`` stands before the number, which
    has at least ``digits`` digits.

    ``folder`` is relative to the package, forward slashes; ``suffix`` has its full stop; ``space`` names the colour space of the
    values ("data" for mattes and counts).
    """

    folder: str
    stem: str
    suffix: str
    first: int
    count: int
    space: str
    join: str = "."
    digits: int = 4

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def file(self, number: int) -> str:
        """The path of one frame in the package."""
        return f"{self.folder}/{self.prefix}{number:0{self.digits}d}{self.suffix}"

    @property
    def prefix(self) -> str:
        """What stands before the number."""
        return f"{self.stem}{self.join}"

    def named_as(self, name: str) -> Run:
        """The same frames under the name their first file has, where that ends in its number."""
        found = re.fullmatch(r"(.*?)([._-]?)(\d+)", Path(name).stem)
        if found is None or int(found[3]) != self.first:
            return self
        return replace(self, stem=found[1], join=found[2], digits=len(found[3]), suffix=Path(name).suffix)

    @property
    def hashes(self) -> str:
        """``FOLDER/STEM.####.SUFFIX``, as Nuke writes it."""
        return f"{self.folder}/{self.prefix}{'#' * self.digits}{self.suffix}"

    @property
    def printf(self) -> str:
        """``FOLDER/STEM.%04d.SUFFIX``."""
        return f"{self.folder}/{self.prefix}%0{self.digits}d{self.suffix}"

    @property
    def bracket(self) -> str:
        """``STEM.[1001-1048].SUFFIX``, as Resolve and the delivery specifications write it; without its folder."""
        return f"{self.prefix}[{self.first:0{self.digits}d}-{self.last:0{self.digits}d}]{self.suffix}"


@dataclass
class LaidShot:
    """One shot as it lies in the package. ``frames`` is None where the receiver takes movies alone."""

    shot: DeliveryShot
    name: str
    width: int = 0
    height: int = 0
    first: int = 1001
    frames: Run | None = None
    plate: Run | None = None
    layers: dict[str, Run] = field(default_factory=dict)
    movie: str = ""
    movie_space: str = ""
    movie_codec: str = ""
    plate_version: int = 1

    def number(self, clip_frame: int) -> int:
        """The delivered number of a clip frame."""
        return self.first + clip_frame - self.shot.frames.start

    @property
    def last(self) -> int:
        return self.first + len(self.shot.frames) - 1


@dataclass
class Laid:
    """A package while it is built. ``attention`` is what the receiver should know; it goes into the manifest."""

    folder: Path
    title: str
    production: str
    rate: Fraction
    shots: list[LaidShot]
    missing: list[tuple[Event, str]]
    config: str = ""
    edits: list[str] = field(default_factory=list)
    grades: list[str] = field(default_factory=list)
    editorial: list[str] = field(default_factory=list)
    lost: dict[str, list[Lost]] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """Every event of the cut, in its order."""
        return sorted([s.shot.event for s in self.shots] + [event for event, _ in self.missing], key=lambda e: e.number)
