"""The editor's cut of the scene as OTIO and CMX3600, with the ASC CDL of the dailies, and a change of jumper that nobody noticed."""

from __future__ import annotations

from pathlib import Path

from answerprint.editorial.events import AscCdl, Cut, Event
from answerprint.editorial.timeline import write_timeline
from answerprint.production import Timecode
from answerprint.sample.stage_production.setups import RATE, TITLE, clip_named

EVENTS: tuple[tuple[str, int, int], ...] = (
    ("A001C001_21A_T1", 1, 11),
    ("B001C002_21A_T2", 1, 11),
    ("A002C001_21B_T1", 1, 23),
    ("A003C001_21C_T1", 1, 7),
    ("B001C001_21A_T1", 2, 11),
)
"""Clip, first frame and end. From the first event to the second Mara's jumper changes colour."""
LOOK = AscCdl((1.04, 1.0, 0.95), (0.0, 0.0, 0.003), (0.98, 0.98, 1.0), 1.06)


def cut() -> Cut:
    """The cut, from one hour on."""
    record = Timecode.parse("01:00:00:00", RATE)
    events = []
    for number, (name, first, end) in enumerate(EVENTS, start=1):
        clip = clip_named(name)
        events.append(
            Event(number, clip.reel, clip.start + first, clip.start + end, record, record + (end - first), clip_name=name, cdl=LOOK)
        )
        record = record + (end - first)
    return Cut(f"{TITLE} v1", RATE, events)


def write_cut(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("half_an_inch_v1.otio", "half_an_inch_v1.edl"):
        write_timeline(folder / name, cut())
