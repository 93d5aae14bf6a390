"""Synced bins and the string-out of circled takes: clips with their sound married to them, as timelines and logs an editor opens.

A bin's timeline has its takes one behind the other: the cameras of a take above each other, each at its own timecode, the sound under them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from answerprint.editorial.ale import Ale, ale_of
from answerprint.editorial.events import AscCdl, Cut, Event, Lost, Marker
from answerprint.production import Timecode

_FROM = "01:00:00:00"


@dataclass(frozen=True)
class BinSound:
    """The recording that goes with a clip. ``offset_s``: its first sample after the clip's first frame, in seconds; negative: before."""

    name: str
    path: str
    tape: str
    start_s: Fraction
    """Seconds since midnight of its first sample, 0 where it does not say."""
    seconds: Fraction
    offset_s: float
    tracks: tuple[str, ...] = ()
    how: str = ""

    def label(self, frame: int, first: Timecode) -> tuple[Timecode, float]:
        """The recording's own label at a frame of a clip that starts at ``first``, and the rest in seconds, below half a frame.

        A positive rest says that the sound shown there is that much ahead of the picture.
        """
        exact = float(self.start_s * first.rate) + frame - self.offset_s * float(first.rate)
        whole = round(exact)
        return Timecode(whole, first.rate, first.drop), (whole - exact) / float(first.rate)


@dataclass(frozen=True)
class BinClip:
    """A clip as a bin has it. ``grade`` is the technical CDL in ACEScct; ``date`` the day it was shot, where that is known."""

    name: str
    reel: str
    path: str
    scene: str
    setup: str
    take: str
    camera: str
    start: Timecode
    frames: int
    circled: bool = False
    grade: AscCdl | None = None
    sound: BinSound | None = None
    date: str = ""
    notes: str = ""
    digest: str = ""
    size: tuple[int, int] | None = None
    clap: int | None = None
    """the frame in which the sticks are heard to close"""
    clap_said: str = "the sticks are heard to close"

    @property
    def slate(self) -> tuple[str, str, str]:
        return self.scene, self.setup, self.take


def synced_bin(title: str, rate: Fraction, clips: Sequence[BinClip]) -> Cut:
    """The clips as a timeline, take by take in the order given. Clips of another rate are left out and listed as lost."""
    at, events = Timecode.parse(_FROM, rate), list[Event]()
    lost = [Lost(f"clip at {float(c.start.rate):g} frames per second", c.name) for c in clips if c.start.rate != rate]
    takes: dict[tuple[str, ...], list[BinClip]] = {}
    for clip in clips:
        if clip.start.rate == rate:
            takes.setdefault(clip.slate if clip.scene else ("", "", clip.name), []).append(clip)
    for members in takes.values():
        together = _groups(members)
        for group in together:
            first = min(clip.start.frame for clip in group)
            for number, clip in enumerate(group, start=1):
                track = "V" if number == 1 else f"V{number}"
                events.append(_picture(len(events) + 1, clip, at + (clip.start.frame - first), track))
            heard = next((clip for clip in group if clip.sound is not None), None)
            if heard is not None:
                events += _sound(len(events) + 1, heard, at + (heard.start.frame - first))
            at = at + max(clip.start.frame + clip.frames - first for clip in group)
    return Cut(title, rate, events, lost=lost, size=_size(clips))


def string_out(title: str, rate: Fraction, clips: Sequence[BinClip]) -> Cut:
    """The clips one behind the other in the order given, each with its sound: one picture track, as an edit list can say it."""
    at, events = Timecode.parse(_FROM, rate), list[Event]()
    lost = [Lost(f"clip at {float(c.start.rate):g} frames per second", c.name) for c in clips if c.start.rate != rate]
    for clip in (clip for clip in clips if clip.start.rate == rate):
        events.append(_picture(len(events) + 1, clip, at, "V"))
        if clip.sound is not None:
            events += _sound(len(events) + 1, clip, at)
        at = at + clip.frames
    return Cut(title, rate, events, lost=lost, size=_size(clips))


def bin_log(cut: Cut, clips: Sequence[BinClip]) -> tuple[Ale, list[Lost]]:
    """The bin as a log: an editor's columns for each clip, its sound among them."""
    pictures = [event for event in cut.events if event.is_picture]
    table, lost = ale_of(Cut(cut.title, cut.rate, pictures, size=cut.size))
    by_name = {clip.name: clip for clip in clips}
    table.columns += list(_COLUMNS)
    tracks = table.columns.index("Tracks")
    for event, row in zip(pictures, table.rows, strict=True):
        clip = by_name[event.clip_name]
        row += _cells(clip)
        row[tracks] = "V" + "".join(f"A{n}" for n, _ in enumerate(clip.sound.tracks or ("",), start=1)) if clip.sound else "V"
    return table, [item for item in lost if not item.what.startswith(("record timecodes", "comment", "marker"))]


_COLUMNS = (
    "Scene", "Setup", "Take", "Camera", "Circled", "Shoot Date", "Soundroll", "Sound File", "Sound TC", "Sync Offset", "Sync", "CDL Space",
    "Comments",
)  # fmt: skip


def _cells(clip: BinClip) -> list[str]:
    sound, late = clip.sound, 0.0
    at = ""
    if sound is not None:
        label, late = sound.label(0, clip.start)
        at = str(label) if label.frame >= 0 else ""
    return [
        clip.scene,
        clip.setup,
        clip.take,
        clip.camera,
        "yes" if clip.circled else "no",
        clip.date,
        sound.tape if sound else "",
        sound.name if sound else "",
        at,
        f"{late * 1000:+.1f} ms" if sound else "",
        sound.how if sound else "",
        "ACEScct" if clip.grade else "",
        clip.notes,
    ]


def _size(clips: Sequence[BinClip]) -> tuple[int, int] | None:
    """The size most of the clips have."""
    sizes = [clip.size for clip in clips if clip.size is not None]
    return max(sizes, key=sizes.count) if sizes else None


def _groups(members: Sequence[BinClip]) -> list[list[BinClip]]:
    """Cameras of a take that ran together; a camera whose timecode meets no other's stands on its own."""
    groups: list[list[BinClip]] = []
    for clip in members:
        for group in groups:
            if any(clip.start.frame < o.start.frame + o.frames and o.start.frame < clip.start.frame + clip.frames for o in group):
                group.append(clip)
                break
        else:
            groups.append([clip])
    return groups


def _picture(number: int, clip: BinClip, at: Timecode, track: str) -> Event:
    markers = [Marker(at, "circled", "GREEN", f"{clip.scene}{clip.setup} take {clip.take}")] if clip.circled else []
    if clip.clap is not None:
        markers.append(Marker(at + clip.clap, "clap", "YELLOW", clip.clap_said))
    return Event(
        number,
        clip.reel,
        clip.start,
        clip.start + clip.frames,
        at,
        at + clip.frames,
        track,
        clip_name=clip.name,
        source_file=clip.path.rsplit("/", 1)[-1],
        media=clip.path,
        media_start=clip.start,
        media_frames=clip.frames,
        cdl=clip.grade,
        comments=tuple(part for part in (_told(clip), clip.notes) if part),
        markers=tuple(markers),
        digest=clip.digest,
    )


def _told(clip: BinClip) -> str:
    if not clip.scene:
        return ""
    camera = f", camera {clip.camera}" if clip.camera else ""
    return f"scene {clip.scene}{clip.setup} take {clip.take}{camera}{', circled' if clip.circled else ''}"


def _sound(number: int, clip: BinClip, at: Timecode) -> list[Event]:
    """The recording under a clip, cut to it; nothing where the two do not meet."""
    sound, rate = clip.sound, at.rate
    assert sound is not None
    begins = max(0, round(sound.offset_s * float(rate)))
    ends = min(clip.frames, int((sound.offset_s + float(sound.seconds)) * float(rate)))
    label, late = sound.label(begins, clip.start)
    if ends <= begins or label.frame < 0:
        return []
    held = int(sound.seconds * rate)
    return [
        Event(
            number,
            sound.tape or sound.name.rsplit(".", 1)[0],
            label,
            label + (ends - begins),
            at + begins,
            at + ends,
            "A",
            clip_name=sound.name.rsplit(".", 1)[0],
            source_file=sound.name,
            media=sound.path,
            media_start=Timecode(round(sound.start_s * rate), rate, clip.start.drop),
            media_frames=held,
            comments=(
                f"sound of {clip.name}, {late * 1000:+.1f} ms from the frame; tracks {', '.join(sound.tracks) or 'unnamed'}",
            ),
        )
    ]
