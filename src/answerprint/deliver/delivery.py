"""What a delivery is made of: the shots of a cut with what was chosen for each, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.colour.cdl import CDL
from answerprint.editorial.events import Event
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import FrameRange, Timecode
from answerprint.provenance.bill import ModelCard


@dataclass(frozen=True)
class DeliveryShot:
    """One event of the cut with what was chosen for it.

    ``frames`` are clip frames, half-open, handles included; ``cut`` the part the event uses. ``folder`` holds the chosen version's
    frames (None: the original is pulled) and ``ledger`` its sealed ledger; ``records`` are the version's frame records.
    ``scene`` is scene and setup as the slate says them; ``task`` what was done; ``number`` counts the versions of the shot from 1.
    """

    name: str
    event: Event
    clip: str
    original: Path
    digest: str
    rate: Fraction
    start: Timecode
    frames: FrameRange
    cut: FrameRange
    space: str
    grade: CDL | None = None
    folder: Path | None = None
    ledger: Path | None = None
    version: str = ""
    approved_by: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    scene: str = ""
    task: str = "plate"
    number: int = 1
    plate_space: str = ""
    """the original's colour space, where the version's is another"""
    layers: Path | None = None
    """the version whose layers go along, where that is another than ``folder``: an artist's frames come without layers of ours"""

    def sequence(self) -> FrameSequence:
        """The version's frames, or the original's."""
        return open_sequence(self.folder if self.folder is not None else self.original, self.rate)

    def plate(self) -> FrameSequence:
        """The original's frames."""
        return open_sequence(self.original, self.rate)

    def index(self, frame: int) -> int:
        """Where a clip frame lies in ``sequence()``."""
        return frame - self.frames.start if self.folder is not None else frame

    @property
    def code(self) -> str:
        """The shot's name without its scene, which has a field of its own."""
        rest = self.name.removeprefix(f"{self.scene}_") if self.scene else self.name
        return rest or self.name

    @property
    def refused(self) -> list[int]:
        """Clip frames that were left as they were shot because of the performer in them."""
        return [r["frame"] for r in self.records if r.get("refused")]


@dataclass(frozen=True)
class Delivery:
    """Everything that goes into a package. ``missing`` are events that found no original, with the reason.

    ``lock`` are the files of the dataset lock, for the archive; ``editorial`` what the editorial pass wrote, by its place in ``editorial/``.
    """

    title: str
    production: str
    rate: Fraction
    shots: list[DeliveryShot]
    missing: list[tuple[Event, str]]
    extra_ledgers: list[Path] = field(default_factory=list)
    models: list[ModelCard] = field(default_factory=list)
    lock: list[Path] = field(default_factory=list)
    editorial: dict[str, Path] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)
