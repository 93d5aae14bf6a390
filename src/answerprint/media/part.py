"""Some frames of a sequence as a sequence of its own, with names, numbers and timecode kept."""

from __future__ import annotations

from pathlib import Path

from answerprint.media.frames import SourceFrame
from answerprint.media.sequence import FrameSequence


class PartOfSequence(FrameSequence):
    """Frames ``start`` up to ``end`` (half-open) of ``whole``."""

    def __init__(self, whole: FrameSequence, start: int, end: int) -> None:
        if not 0 <= start < end <= whole.count:
            raise ValueError(f"frames {start} to {end} of {whole.count}")
        self._whole, self._start = whole, start
        self.path, self.count, self.rate = whole.path, end - start, whole.rate
        self.width, self.height, self.pixel_aspect = whole.width, whole.height, whole.pixel_aspect
        self.channels, self.names = whole.channels, whole.names[start:end]
        self.start_timecode, self.reel = whole.timecode(start) or whole.start_timecode, whole.reel
        self.colour_tag, self.storage, self.file_format = whole.colour_tag, whole.storage, whole.file_format
        first, last = whole.number(start), whole.number(end - 1)
        self.missing = [number for number in whole.missing if first < number < last]

    def read(self, index: int) -> SourceFrame:
        if not 0 <= index < self.count:
            raise IndexError(f"frame {index} of {self.count}")
        return self._whole.read(self._start + index)

    def file(self, index: int) -> Path:
        return self._whole.file(self._start + index)

    def number(self, index: int) -> int:
        return self._whole.number(self._start + index)

    def close(self) -> None:
        self._whole.close()
