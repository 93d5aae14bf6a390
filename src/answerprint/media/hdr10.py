"""What an HDR picture says of the monitor it was graded on (SMPTE ST 2086) and of its own light (CTA-861.3), in stream and container.

FFmpeg's muxer is given no way to write the container's ``mdcv`` and ``clli`` boxes; they are put into the video's sample entry
when the file is whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

_CONTAINERS = {b"trak", b"mdia", b"minf", b"stbl"}
_VIDEO_ENTRY = 78
"""Bytes of a video sample entry before the boxes within it (ISO/IEC 14496-12, 12.1.3)."""


@dataclass(frozen=True)
class Hdr10:
    """Mastering display (CIE xy, nits) and content light level (nits). The default is a P3-D65 monitor of 1000 nits.

    ``max_cll`` is the brightest pixel's largest component, ``max_fall`` the brightest frame's average; 0 where not known.
    """

    red: Point = (0.680, 0.320)
    green: Point = (0.265, 0.690)
    blue: Point = (0.150, 0.060)
    white: Point = (0.3127, 0.3290)
    brightest: float = 1000.0
    darkest: float = 0.0001
    max_cll: int = 0
    max_fall: int = 0

    def x265(self) -> str:
        """The encoder's parameters, which become SEI messages in the stream."""
        points = "".join(
            f"{name}({round(x * 50000)},{round(y * 50000)})"
            for name, (x, y) in (("G", self.green), ("B", self.blue), ("R", self.red), ("WP", self.white))
        )
        light = f"L({round(self.brightest * 10000)},{round(self.darkest * 10000)})"
        return f"hdr10=1:repeat-headers=1:master-display={points}{light}:max-cll={self.max_cll},{self.max_fall}"

    def boxes(self) -> bytes:
        """The ``mdcv`` and ``clli`` boxes (ISO/IEC 23001-17 and 14496-12): units 0.00002 and 0.0001 nits."""
        units = [round(value * 50000) for point in (self.green, self.blue, self.red, self.white) for value in point]
        display = struct.pack(">8H2I", *units, round(self.brightest * 10000), round(self.darkest * 10000))
        level = struct.pack(">2H", min(self.max_cll, 65535), min(self.max_fall, 65535))
        return struct.pack(">I4s", 32, b"mdcv") + display + struct.pack(">I4s", 12, b"clli") + level


def light_levels(frames: Iterable[NDArray[np.floating[Any]]]) -> tuple[int, int]:
    """MaxCLL and MaxFALL (nits, rounded up) of PQ pictures (height, width, 3), 0 to 1, by SMPTE ST 2084, equation 4."""
    brightest = fullest = 0.0
    for frame in frames:
        power = np.clip(frame.max(axis=-1).astype(np.float64), 0, 1) ** (1 / 78.84375)
        nits = 10000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        brightest, fullest = max(brightest, float(nits.max())), max(fullest, float(nits.mean()))
    return int(np.ceil(brightest - 1e-6)), int(np.ceil(fullest - 1e-6))


def add_boxes(path: Path, hdr: Hdr10) -> None:
    """Put the boxes into the first video sample entry of a MOV or MP4 whose index comes last; sizes above it grow with it.

    The index must lie behind the pictures, so that no chunk moves. Raises ValueError for a file where it does not.
    """
    with path.open("r+b") as file:
        place, size = _top(file, b"moov")
        if file.seek(0, 2) != place + size:
            raise ValueError(f"{path.name}: its index is not at the end")
        file.seek(place)
        index = bytearray(file.read(size))
        parents = _video_entry(index, 8, len(index), [0])
        if parents is None:
            raise ValueError(f"{path.name}: has no video sample entry")
        entry = parents[-1]
        end = entry + struct.unpack_from(">I", index, entry)[0]
        boxes = hdr.boxes()
        index[end:end] = boxes
        for parent in parents:
            struct.pack_into(">I", index, parent, struct.unpack_from(">I", index, parent)[0] + len(boxes))
        file.seek(place)
        file.write(index)


def _top(file: BinaryIO, wanted: bytes) -> tuple[int, int]:
    place = 0
    while True:
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            raise ValueError("the file has no index")
        size, kind = struct.unpack(">I4s", head[:8])
        size = struct.unpack(">Q", head[8:16])[0] if size == 1 else size
        if kind == wanted:
            return place, size
        if size < 8:
            raise ValueError("the file has no index")
        place += size


def _video_entry(index: bytearray, start: int, end: int, parents: list[int]) -> list[int] | None:
    """Offsets of every box from the index down to the first video sample entry."""
    place = start
    while place + 8 <= end:
        size, kind = struct.unpack_from(">I4s", index, place)
        if size < 8 or place + size > end:
            return None
        if kind in _CONTAINERS:
            found = _video_entry(index, place + 8, place + size, [*parents, place])
            if found is not None:
                return found
        elif kind == b"stsd" and b"vmhd" in index[parents[-2] : parents[-2] + struct.unpack_from(">I", index, parents[-2])[0]]:
            return [*parents, place, place + 16]
        place += size
    return None
