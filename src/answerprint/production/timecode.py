"""Timecode and frame ranges, held as whole frames at a rational rate and never as seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from answerprint.production.errors import BadInput

_LABEL = re.compile(r"^(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})$")

_NTSC = {
    24: Fraction(24000, 1001),
    30: Fraction(30000, 1001),
    48: Fraction(48000, 1001),
    60: Fraction(60000, 1001),
    120: Fraction(120000, 1001),
}


def frame_rate(value: str | float | int | Fraction) -> Fraction:
    """A frame rate as an exact fraction of frames per second.

    ``23.976``, ``23.98``, ``29.97``, ``47.95``, ``59.94`` and ``119.88`` mean their NTSC fractions
    (SMPTE ST 12-1: 24000/1001 and so on); ``24000/1001`` is taken as written.

    >>> frame_rate("23.976")
    Fraction(24000, 1001)
    >>> frame_rate(60)
    Fraction(60, 1)
    """
    try:
        rate = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise BadInput("frame rate", f"{value!r} is not a number", "give frames per second, for example 24 or 23.976") from None
    if not 1 <= rate <= 1000:
        raise BadInput("frame rate", f"{value} is outside 1 to 1000", "give frames per second, for example 24 or 23.976")
    if rate.denominator not in (1, 1001):
        for nominal, exact in _NTSC.items():
            if abs(rate - exact) < Fraction(1, 100) and rate != nominal:
                return exact
    return rate


@dataclass(frozen=True, order=True)
class Timecode:
    """A frame counted from midnight at a rate, shown as SMPTE ST 12-1 time address.

    ``frame`` is 0-based; ``rate`` is frames per real second; ``drop`` names the label scheme.
    A label counts ``round(rate)`` frames to the second: 23.976 counts 24.
    """

    frame: int
    rate: Fraction
    drop: bool = False

    @property
    def nominal(self) -> int:
        """Frames one labelled second holds."""
        return round(self.rate)

    @classmethod
    def parse(cls, label: str, rate: Fraction | int | str) -> Timecode:
        """Read ``HH:MM:SS:FF`` (``;`` or ``.`` before the frames means drop-frame).

        Raises BadInput for a malformed label, a frame number the rate does not have, and a
        drop-frame label that does not exist (00 and 01 of each minute not divisible by ten).

        >>> Timecode.parse("01:00:00:00", 60).frame
        216000
        """
        exact = frame_rate(rate)
        found = _LABEL.match(label.strip())
        if not found:
            raise BadInput("timecode", f"{label!r} is not HH:MM:SS:FF", "write it as 01:00:00:00")
        hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
        drop = found[4] != ":"
        nominal = round(exact)
        if minutes > 59 or seconds > 59 or hours > 23 or frames >= nominal:
            raise BadInput(
                "timecode", f"{label!r} does not exist at {float(exact):g} frames per second", "check the label and the frame rate"
            )
        count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
        if drop:
            if exact.denominator != 1001 or nominal % 30:
                raise BadInput(
                    "timecode",
                    f"{label!r} is drop-frame, which exists at 29.97 and 59.94 only",
                    "use ':' before the frames or give the right rate",
                )
            dropped = nominal // 15
            if seconds == 0 and frames < dropped and minutes % 10:
                raise BadInput(
                    "timecode",
                    f"{label!r} is a label that drop-frame counting leaves out",
                    f"the next label that exists ends in ;{dropped:02d}",
                )
            whole = hours * 60 + minutes
            count -= dropped * (whole - whole // 10)
        return cls(count, exact, drop)

    def __str__(self) -> str:
        nominal, count = self.nominal, self.frame
        if self.drop:
            dropped = nominal // 15
            per_minute = nominal * 60 - dropped
            per_ten = nominal * 600 - dropped * 9
            tens, rest = divmod(count, per_ten)
            count += dropped * 9 * tens
            if rest >= nominal * 60:
                count += dropped * (1 + (rest - nominal * 60) // per_minute)
        seconds, frames = divmod(count, nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        width = 3 if nominal > 100 else 2
        return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{';' if self.drop else ':'}{frames:0{width}d}"

    def __add__(self, frames: int) -> Timecode:
        return Timecode(self.frame + frames, self.rate, self.drop)

    def __sub__(self, frames: int) -> Timecode:
        return Timecode(self.frame - frames, self.rate, self.drop)


@dataclass(frozen=True, order=True)
class FrameRange:
    """Whole frames from ``start`` up to but not including ``end``, 0-based within their clip."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise BadInput("frame range", f"ends at {self.end} before it starts at {self.start}", "swap the two ends")

    def __len__(self) -> int:
        return self.end - self.start

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(range(self.start, self.end))

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.end

    def grown(self, frames: int, within: FrameRange) -> FrameRange:
        """This range with ``frames`` more on each side, cut at the ends of ``within``."""
        return FrameRange(max(within.start, self.start - frames), min(within.end, self.end + frames))

    def chunks(self, size: int) -> list[FrameRange]:
        """The range cut into consecutive pieces of at most ``size`` frames."""
        return [FrameRange(at, min(at + size, self.end)) for at in range(self.start, self.end, size)]
