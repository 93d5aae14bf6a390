"""The wire plate: two thin safety lines drawn over real frames, so that what stood behind them is known exactly.

One line hangs clear of the actor, the other crosses him. They are drawn in scene-linear light, anti-aliased, with a little sway.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from answerprint.colour.spaces import to_working
from answerprint.graph.layers import WORKING_ATTRIBUTES
from answerprint.media.exr import write_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.media.write import write_frame
from answerprint.production import FrameRange, Timecode, frame_rate
from answerprint.production.home import cache_folder
from answerprint.sample.footage import extract

WIRE_CLIP, WIRE_START = "E001C001_12B_T1", "01:10:00:00"
WIRE_FRAMES = FrameRange(20, 68)
"""Frames of the reference take's camera C that lie under the wires."""
_MEMBER = "Pose2Sim/Demo_SinglePerson/videos/cam03.mp4"
_SPACE = "Camera Rec.709"
_RATE = frame_rate(60)
_MATTE_MARGIN_PX = 1.5


@dataclass(frozen=True)
class Wire:
    """A line between two points with a sag, both ends swaying. Lengths in pixels of 1088x1920; ``colour`` is ACEScg."""

    start: tuple[float, float]
    end: tuple[float, float]
    sag: float
    width: float
    colour: tuple[float, float, float]
    sway: float
    period: float
    drift: float

    def distance(self, frame: int, width: int, height: int) -> np.ndarray:
        """Distance of every pixel to the line at a frame, in pixels, ``(height, width)`` float32."""
        shift = self.sway * np.sin(2 * np.pi * frame / self.period) + self.drift * frame
        a, b = np.array(self.start) + np.array([shift, 0.0]), np.array(self.end) + np.array([shift * 1.6, 0.0])
        t = np.linspace(0, 1, 65)[:, None]
        points = a + (b - a) * t + np.array([1.0, 0.0]) * self.sag * 4 * t * (1 - t)
        nearest = np.full((height, width), np.float32(1e6))
        for p, q in itertools.pairwise(points):
            rows = slice(max(0, int(min(p[1], q[1])) - 12), max(0, int(max(p[1], q[1])) + 13))
            columns = slice(max(0, int(min(p[0], q[0])) - 12), max(0, int(max(p[0], q[0])) + 13))
            part = nearest[rows, columns]
            y, x = np.mgrid[rows.start : rows.start + part.shape[0], columns.start : columns.start + part.shape[1]].astype(
                np.float32
            )
            d = q - p
            along = np.clip(((x - p[0]) * d[0] + (y - p[1]) * d[1]) / float(d @ d), 0, 1)
            nearest[rows, columns] = np.minimum(part, np.hypot(x - p[0] - along * d[0], y - p[1] - along * d[1]))
        return nearest


WIRES = (
    Wire((985.0, -4.0), (1003.0, 1250.0), 10.0, 4.4, (0.035, 0.033, 0.032), 3.0, 37.0, 0.05),
    Wire((660.0, -4.0), (560.0, 1330.0), -18.0, 3.6, (0.30, 0.30, 0.29), 4.0, 29.0, -0.12),
)
"""The first hangs clear of the actor, the second crosses him."""


def wire_source(archive: Path) -> FrameSequence:
    """The clean frames under the wires: the truth, kept in the user's cache and never part of a production."""
    return open_sequence(extract(archive, _MEMBER, cache_folder() / "sample" / "cam03_reference.mp4"))


def coverage(wire: Wire, frame: int, width: int, height: int, margin: float = 0.0) -> np.ndarray:
    """How much of each pixel the wire covers, 0 to 1, ``margin`` pixels wider on each side."""
    return np.clip(wire.width / 2 + margin + 0.5 - wire.distance(frame, width, height), 0.0, 1.0).astype(np.float32)


def draw_wire_plate(archive: Path, folder: Path, tell: Callable[[int, int, str], None]) -> None:
    """Write the plate as half-float ACEScg EXR and its matte as 8-bit PNG, 48 frames each; finished frames are kept."""
    plates, mattes = folder / WIRE_CLIP, folder / f"{WIRE_CLIP}_matte"
    wanted = [
        (plates / f"{WIRE_CLIP}.{1001 + n}.exr", mattes / f"{WIRE_CLIP}_matte.{1001 + n}.png") for n in range(len(WIRE_FRAMES))
    ]
    if all(p.exists() and m.exists() for p, m in wanted):
        return
    plates.mkdir(parents=True, exist_ok=True)
    mattes.mkdir(parents=True, exist_ok=True)
    source, start = wire_source(archive), Timecode.parse(WIRE_START, _RATE)
    for number, (plate, matte) in enumerate(wanted):
        tell(number + 1, len(wanted), "drawing the wire plate")
        picture = to_working(source.read(WIRE_FRAMES.start + number).rgb(), _SPACE)
        height, width = picture.shape[:2]
        over = np.zeros((height, width), np.float32)
        for wire in WIRES:
            alpha = coverage(wire, number, width, height)[..., None]
            picture = picture * (1 - alpha) + np.array(wire.colour, np.float32) * alpha
            over = np.maximum(over, coverage(wire, number, width, height, _MATTE_MARGIN_PX))
        half = picture.astype(np.float16)
        write_exr(
            plate,
            {c: np.ascontiguousarray(half[..., i]) for i, c in enumerate("RGB")},
            compression="zip",
            timecode=str(start + number),
            rate=_RATE,
            attributes=dict(WORKING_ATTRIBUTES) | {"reelName": "E001"},
        )
        grey = np.round(over * 255).astype(np.uint8)
        write_frame(matte, SourceFrame({"Y": grey}, FrameHeader(width, height, storage="uint8", file_format="png")))
