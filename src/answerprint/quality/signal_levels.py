"""Levels of a movie's own signal: luma and chroma outside the range that EBU R 103 (2020) tolerates, before any conversion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from answerprint.quality.finding import Finding

_TOLERANCE = 0.01
"""Share of the pixels of a frame that may lie outside, by EBU R 103."""
_LOW, _HIGH = 5 / 255, 246 / 255
"""EBU R 103 v3: 5 to 246 in 8 bits, 20 to 984 in 10."""
_FRAMES = 120
"""Frames looked at, spread over the movie."""


def signal_levels(movie: Path) -> Iterator[Finding]:
    """The worst frame, when more of it than EBU R 103 tolerates lies outside; nothing for full-range, RGB and untagged log movies."""
    worst, at, seen = 0.0, 0, 0
    try:
        with av.open(str(movie)) as container:
            if not container.streams.video:
                return
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            step = max(1, (stream.frames or 0) // _FRAMES)
            for index, frame in enumerate(container.decode(stream)):
                if index % step:
                    continue
                if frame.format.is_rgb or not frame.format.name.startswith("yuv") or frame.format.name.startswith("yuvj"):
                    return
                if str(frame.color_range) in ("2", "JPEG", "ColorRange.JPEG") or int(frame.color_trc or 2) == 2:
                    return
                depth = frame.format.components[0].bits
                plane = frame.planes[0]
                kind = np.dtype(np.uint8 if depth == 8 else np.uint16)
                luma = np.frombuffer(memoryview(plane), kind).reshape(plane.height, plane.line_size // kind.itemsize)[
                    :, : plane.width
                ]
                full = (1 << depth) - 1
                share = float(((luma < _LOW * full) | (luma > _HIGH * full)).mean())
                seen += 1
                if share > worst:
                    worst, at = share, index
    except (av.FFmpegError, OSError):
        return  # what cannot be decoded is named where the pictures are read
    if seen and worst > _TOLERANCE:
        message = f"{worst:.1%} of the luma lies outside 5 to 246 (8 bits); EBU R 103 tolerates 1 %"
        yield Finding("illegal-levels", "warn", message, movie.name, at, round(worst, 4))
