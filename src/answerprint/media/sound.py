"""What a production sound file says of itself: Broadcast Wave (EBU Tech 3285) and iXML."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from wavinfo import WavInfoReader

from answerprint.production import BadInput, Timecode, frame_rate


@dataclass(frozen=True)
class SoundHeader:
    """A sound file's format and slate.

    ``sample_rate`` in hertz; ``time_reference`` is the first sample's count since midnight at that rate (None without a bext
    chunk); ``timecode_rate`` the recorder's frame rate where iXML tells; ``tracks`` are (place in the file from 1, name).
    """

    sample_rate: int
    channels: int
    bits: int
    sample_count: int
    time_reference: int | None = None
    scene: str | None = None
    take: str | None = None
    tape: str | None = None
    timecode_rate: Fraction | None = None
    drop: bool = False
    description: str | None = None
    originator: str | None = None
    origination: str | None = None
    tracks: tuple[tuple[int, str], ...] = field(default=())

    @property
    def seconds(self) -> Fraction:
        """Duration as an exact fraction of a second."""
        return Fraction(self.sample_count, self.sample_rate)

    def timecode(self, rate: Fraction | None = None) -> Timecode | None:
        """The label of the frame in which the first sample falls, at ``rate`` or the recorder's own; None when unknown."""
        exact = rate or self.timecode_rate
        if self.time_reference is None or exact is None:
            return None
        drop = self.drop and exact == self.timecode_rate
        return Timecode(int(Fraction(self.time_reference, self.sample_rate) * exact), exact, drop)


def read_sound_header(path: str | Path) -> SoundHeader:
    """Read the header of a WAV file. Raises BadInput for what is not one."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(path, "does not exist", "check the path")
    try:
        wave = WavInfoReader(str(path))
        form, bext, ixml = wave.fmt, wave.bext, wave.ixml
        if form is None or wave.data is None or not form.block_align or not form.sample_rate:
            raise ValueError("it has no format or no sound")
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(path, f"is not a WAV file that can be read ({reason})", "copy it again from the recorder") from None
    try:
        return _header(wave, form, bext, ixml)
    except (AssertionError, AttributeError, ValueError, TypeError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise BadInput(path, f"its iXML or bext cannot be read ({reason})", "copy it again from the recorder") from None


def _header(wave: Any, form: Any, bext: Any, ixml: Any) -> SoundHeader:
    rate, drop = _speed(ixml)
    return SoundHeader(
        sample_rate=int(form.sample_rate),
        channels=int(form.channel_count),
        bits=int(form.bits_per_sample),
        sample_count=int(wave.data.byte_count) // int(form.block_align),
        time_reference=int(bext.time_reference) if bext is not None else None,
        scene=_text(ixml and ixml.scene),
        take=_text(ixml and ixml.take),
        tape=_text(ixml and ixml.tape),
        timecode_rate=rate,
        drop=drop,
        description=_text(bext and bext.description),
        originator=_text(bext and bext.originator),
        origination=_text(bext and f"{bext.originator_date} {bext.originator_time}"),
        tracks=_tracks(ixml),
    )


def _speed(ixml: Any) -> tuple[Fraction | None, bool]:
    """Frame rate and drop flag from the iXML SPEED block."""
    if ixml is None:
        return None, False
    said, flag = ixml.raw_xml.findtext("SPEED/TIMECODE_RATE"), ixml.raw_xml.findtext("SPEED/TIMECODE_FLAG")
    try:
        rate = frame_rate(said) if said else None
    except BadInput:
        return None, False
    return rate, flag == "DF"


def _tracks(ixml: Any) -> tuple[tuple[int, str], ...]:
    """Place in the file (from 1) and name of each track; the order of a poly file is told nowhere else."""
    if ixml is None or ixml.raw_xml.find("TRACK_LIST") is None:
        return ()
    places = [(t.interleave_index or t.channel_index, str(t.name)) for t in ixml.track_list]
    return tuple((int(place), name) for place, name in places if str(place).isdecimal())


def _text(value: Any) -> str | None:
    text = str(value).strip("\0 \r\n") if value else ""
    return text or None
