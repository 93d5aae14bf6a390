"""Depth as operations see it: metres along the optical axis for each pixel of the plate's frames."""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.graph.contract import Plane
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import FrameSequence
from answerprint.production import BadInput

_NAMES = ("Z", "depth.Z", "Depth.Z", "Y", "V")


class DepthFiles:
    """Depth from float EXR: one channel, as many frames as the plate, or one for all. Infinite or 0 is not known.

    With ``covering`` it is that of a picture that covers the plate, as `graph.sources.CoveringReader` lays it: of any size, and long enough.
    """

    def __init__(self, sequence: FrameSequence, digest: str, plate: PlateReader, covering: bool = False) -> None:
        if not covering and (sequence.width, sequence.height) != (plate.width, plate.height):
            raise BadInput(
                sequence.path,
                f"the depth is {sequence.width}x{sequence.height}, the plate {plate.width}x{plate.height}",
                "give depth of the plate's size",
            )
        if sequence.count not in (1, plate.count) and not (covering and sequence.count > plate.count):
            raise BadInput(
                sequence.path, f"has {sequence.count} frames, the plate {plate.count}", "give one for each frame, or one for all"
            )
        if sequence.storage not in ("half", "float"):
            raise BadInput(sequence.path, f"is {sequence.storage}", "give depth in metres as half or float EXR")
        self._sequence, self._single, self.digest = sequence, sequence.count == 1, digest
        self.count, self.width, self.height = plate.count, plate.width, plate.height

    def read(self, index: int) -> Plane:
        """Metres along the axis of frame ``index``, (h, w) float32."""
        planes = self._sequence.read(0 if self._single else index).planes
        name = next((n for n in _NAMES if n in planes), next(iter(planes)))
        return _covering(np.asarray(planes[name], np.float32), self.width, self.height)


def _covering(metres: Plane, width: int, height: int) -> Plane:
    """Scaled until it covers the frame, its middle taken. Distances are never mixed: between two surfaces there is none."""
    rows, columns = metres.shape
    if (columns, rows) == (width, height):
        return metres
    scale = max(width / columns, height / rows)
    size = (max(width, round(columns * scale)), max(height, round(rows * scale)))
    laid = cv2.resize(metres, size, interpolation=cv2.INTER_NEAREST_EXACT)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(laid[top : top + height, left : left + width])
