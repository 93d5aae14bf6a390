"""The edit of a delivery: the cut again, pointing at what was delivered, with grades and with what is missing left as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from answerprint.colour.cdl import CDL
from answerprint.editorial.events import AscCdl, Cut, Event, Lost
from answerprint.editorial.timeline import write_timeline


def write_edit(
    folder: Path, title: str, rate: Fraction, events: Sequence[Event], grades: Mapping[int, CDL], media: Mapping[int, str]
) -> list[Lost]:
    """Write ``TITLE.edl`` and ``TITLE.otio``; returns what the edit list could not carry.

    ``grades`` and ``media`` are by event number; media is relative to the OTIO file. An event whose original was not found keeps its place,
    with no media behind it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graded = [replace(e, cdl=_asc(grades[e.number])) if e.number in grades else e for e in events]
    cut = Cut(title, rate, graded)
    write_timeline(folder / "cut.otio", cut, dict(media))
    return write_timeline(folder / "cut.edl", cut)


def _asc(cdl: CDL) -> AscCdl:
    return AscCdl(cdl.slope, cdl.offset, cdl.power, cdl.saturation)
