"""Depth as operations see it: metres along the optical axis for each pixel of the plate's frames."""

from __future__ import annotations

import numpy as np

from answerprint.graph.contract import Plane
from answerprint.graph.sources import PlateReader
from answerprint.media.sequence import FrameSequence
from answerprint.production import BadInput

_NAMES = ("Z", "depth.Z", "Depth.Z", "Y", "V")


class DepthFiles:
    """Depth from float EXR: one channel, as many frames as the plate, or one for all. Infinite or 0 is not known."""

    def __init__(self, sequence: FrameSequence, digest: str, plate: PlateReader) -> None:
        if (sequence.width, sequence.height) != (plate.width, plate.height):
            raise BadInput(
                sequence.path,
                f"the depth is {sequence.width}x{sequence.height}, the plate {plate.width}x{plate.height}",
                "give depth of the plate's size",
            )
        if sequence.count not in (1, plate.count):
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
        return np.asarray(planes[name], np.float32)
