"""Timelines in and out: every format by its file's ending, always with the list of what was lost."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint.editorial.channels import channels
from answerprint.editorial.edl import read_edl
from answerprint.editorial.edl_write import write_edl
from answerprint.editorial.events import Cut, Lost, gathered
from answerprint.production import BadInput

READABLE = (".edl", ".ale", ".otio", ".xml", ".aaf", ".fcpxml")
WRITABLE = (".edl", ".ale", ".otio", ".xml", ".aaf")


def read_timeline(path: Path, rate: Fraction | str | float | None = None) -> Cut:
    """Read an EDL, ALE, OTIO, FCP7 XML, AAF or FCPXML file as a cut. ``rate`` is needed for an EDL, which does not say its own.

    Raises BadInput, naming the file and where it can the line or element, for anything that cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".fcpxmld":
        path, suffix = path / "Info.fcpxml", ".fcpxml"
    if not path.is_file():
        raise BadInput(path, "there is no such file", "check the path")
    if suffix == ".edl":
        cut = read_edl(path, rate or 24)
        if not rate:
            cut.warnings.insert(0, "an EDL does not say its frame rate and none was given: taken as 24")
        return cut
    if suffix == ".otio":
        from answerprint.editorial.otio_read import read_otio

        return read_otio(path, rate)
    if suffix == ".ale":
        from answerprint.editorial.ale import cut_of, read_ale

        return cut_of(read_ale(path), path, rate)
    if suffix == ".xml":
        from answerprint.editorial.fcp7 import read_fcp7

        return read_fcp7(path)
    if suffix == ".fcpxml":
        from answerprint.editorial.fcpxml import read_fcpxml

        return read_fcpxml(path)
    if suffix == ".aaf":
        from answerprint.editorial.aaf import read_aaf

        return read_aaf(path)
    raise BadInput(path, "is no timeline we know", f"give one of {', '.join(READABLE)}")


def write_timeline(path: Path, cut: Cut, media: Mapping[int, str] | None = None) -> list[Lost]:
    """Write a cut in the format of the name's suffix; returns what it could not carry.

    ``media`` maps event numbers to file URLs or relative paths (OTIO); without it each event keeps the medium it names.
    """
    suffix = path.suffix.lower()
    if suffix == ".edl":
        return write_edl(path, cut)
    if suffix == ".otio":
        from answerprint.editorial.otio_write import write_otio

        return write_otio(path, cut, media)
    if suffix == ".ale":
        from answerprint.editorial.ale import ale_of, write_ale

        table, lost = ale_of(cut)
        write_ale(path, table)
        return lost
    if suffix == ".xml":
        from answerprint.editorial.fcp7_write import write_fcp7

        return write_fcp7(path, cut)
    if suffix == ".aaf":
        from answerprint.editorial.aaf_write import write_aaf

        return write_aaf(path, cut)
    known = ", ".join(WRITABLE)
    if suffix == ".fcpxml":
        raise BadInput(
            path, "FCPXML is read and not written", f"name the output one of {known}; Final Cut reads FCP7 XML by a converter"
        )
    raise BadInput(path, f"{suffix or 'a name without suffix'} is no timeline format", f"name the output one of {known}")


def convert(source: Path, target: Path, rate: Fraction | str | float | None = None) -> dict[str, Any]:
    """Convert between formats; returns the `convert` document, with what was lost."""
    if target.suffix.lower() == ".ale" == source.suffix.lower():
        from answerprint.editorial.ale import copy_ale

        return copy_ale(source, target, rate)
    cut = read_timeline(source, rate)
    lost = gathered([*cut.lost, *write_timeline(target, cut)])
    return {
        "events": len(cut.events),
        "tracks": len({track for event in cut.events for track in channels(event.track, event.lines)}),
        "rate": str(cut.rate),
        "start": str(cut.start),
        "lost": [vars(item) for item in lost],
        "warnings": cut.warnings,
    }
