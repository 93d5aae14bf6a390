"""Where the frames of a result stand in the time of the plate: one for one, unless an operation retimes.

An operation that retimes says how many frames it makes and where each stands in the plate, in frames and parts of one.
Names, numbers and timecode of the result count on from the plate's first frame.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from answerprint.graph.contract import Operation
from answerprint.graph.sources import PlateReader
from answerprint.media.frames import FileFormat, SourceFrame
from answerprint.media.write import output_name_and_format
from answerprint.production import BadInput, FrameRange, Timecode

_NUMBERED = re.compile(r"^(.*?)(\d+)(\D*)$")


@dataclass(frozen=True)
class Timing:
    """The time of one operation's result."""

    operation: Operation
    parameters: Any
    plate: PlateReader

    @property
    def count(self) -> int:
        """Frames in the result."""
        return self.operation.frame_count(self.parameters, self.plate.count)

    @property
    def _own_time(self) -> bool:
        return self.operation.retimes or self.operation.new_view

    def under(self, frame: int) -> int:
        """The plate's frame nearest to where the result's frame stands: it is blended onto that one, and compared with it."""
        place = self.operation.source_place(frame, self.parameters)
        return min(max(math.floor(place + 0.5), 0), self.plate.count - 1)

    def moved(self, frame: int) -> bool:
        """Whether the frame stands elsewhere in the plate's time than its own number says."""
        return self.operation.retimes and self.operation.source_place(frame, self.parameters) != frame

    def window(self, frames: FrameRange, halo: int) -> FrameRange:
        """The plate's frames that a chunk may read."""
        everything = FrameRange(0, self.plate.count)
        if not self._own_time:
            return frames.grown(halo, everything)
        places = [self.operation.source_place(frame, self.parameters) for frame in frames]
        first, last = max(0, math.floor(min(places))), min(self.plate.count, math.ceil(max(places)) + 1)
        return FrameRange(min(first, last), last).grown(halo, everything)

    def source(self, frame: int) -> SourceFrame:
        """The plate's frame under the result's, labelled as the result's."""
        found = self.plate.source(self.under(frame))
        if not self._own_time:
            return found
        header, sequence = found.header, self.plate.sequence
        label = sequence.start_timecode
        if label is not None and sequence.rate is not None:
            try:
                label = str(Timecode.parse(label, sequence.rate) + frame)
            except BadInput:
                label = None
        return replace(found, header=header.with_timecode(label if header.timecode else None, header.rate))

    def name_and_format(self, frame: int) -> tuple[str, FileFormat]:
        """The file name and format of the result's frame."""
        if not self._own_time:
            return output_name_and_format(self.plate.sequence, frame)
        name, file_format = output_name_and_format(self.plate.sequence, 0)
        first = Path(name)
        numbered = _NUMBERED.match(first.stem)
        if numbered is None:
            return f"{first.stem}.{frame:06d}{first.suffix}", file_format
        digits = len(numbered[2])
        return f"{numbered[1]}{int(numbered[2]) + frame:0{digits}d}{numbered[3]}{first.suffix}", file_format
