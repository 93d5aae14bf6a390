"""The frames round the one that is filled: looked at once, with the motion between them, and kept while they are near."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_flow import Motion, motion_between
from answerprint.generator.removal_follow import Hop, as_camera, behind
from answerprint.generator.removal_lanes import Lanes, hidden_under
from answerprint.generator.removal_look import Look
from answerprint.generator.removal_register import corners, registration
from answerprint.graph.contract import Box, FrameReader, MatteReader

__all__ = ["Memory", "Window"]

Made = TypeVar("Made")


class Memory:
    """What was made, by key, the most recently used ``most`` of each kind. It saves work and never changes a result."""

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[Hashable, Any]] = {}

    def get(self, kind: str, key: Hashable, make: Callable[[], Made], most: int) -> Made:
        """The thing under ``key``, made now if it is not kept."""
        kept = self._kept.setdefault(kind, OrderedDict())
        if key not in kept:
            kept[key] = make()
        kept.move_to_end(key)
        found: Made = kept[key]
        while len(kept) > most:
            kept.popitem(last=False)
        return found


class Window:
    """Frames of a clip inside ``box`` as the fill sees them; ``large`` says whether any matte of the clip holds more than wires.

    The camera's movement between two frames is always told from the earlier to the later, so that it does not matter which of
    the two asks first."""

    def __init__(
        self, plate: FrameReader, matte: MatteReader, edge_px: float, box: Box, farthest: int, memory: Memory, large: bool
    ) -> None:
        self._plate, self._matte, self._edge_px, self.box, self._memory, self._large = plate, matte, edge_px, box, memory, large
        self.width, self.height = box[2] - box[0], box[3] - box[1]
        self._most = 2 * farthest + 2
        self._clip = plate.digest, matte.digest, edge_px, box, large

    def look(self, frame: int) -> Look:
        """Frame ``frame`` inside the box."""

        def make() -> Look:
            x0, y0, x1, y1 = self.box
            matte = self._matte.read(frame)
            hidden = hidden_under(matte, self._edge_px)
            wide = None
            if self._large:
                large = Lanes.on(matte, None).large
                wide = (hidden_under(large.astype(np.float32), self._edge_px) if large.any() else large)[y0:y1, x0:x1]
            return Look.at(self._plate.read(frame)[y0:y1, x0:x1], np.ascontiguousarray(hidden[y0:y1, x0:x1]), wide)

        return self._memory.get("look", (*self._clip, frame), make, self._most)

    def motion(self, frame: int, other: int, where: Box, there_and_back: bool = False) -> Motion:
        """The optical flow from one frame to another over ``where``, a rectangle of the box."""
        size = (self.width, self.height)
        return motion_between(self.look(frame).glance, self.look(other).glance, size, where, there_and_back)

    def camera(self, frame: int, other: int) -> npt.NDArray[np.float64] | None:
        """The homography of the camera's own movement from one frame to another, None when it cannot be told."""
        first, second = min(frame, other), max(frame, other)

        def make() -> npt.NDArray[np.float64] | None:
            one = self.look(first)
            start = self._memory.get("corners", (*self._clip, first), lambda: corners(one.sight, one.hidden), self._most)
            return registration(one.sight, self.look(second).sight, start, (self.width, self.height))

        matrix = self._memory.get("camera", (*self._clip, first, second), make, 6 * self._most)
        return matrix if matrix is None or frame == first else np.asarray(np.linalg.inv(matrix))

    def behind(self, frame: int, other: int) -> Hop:
        """How pixels go from a frame to the next or the one before, behind its holes too."""

        def make() -> Hop:
            return behind(self.look(frame), self.look(other), self.camera(frame, other), (self.width, self.height))

        return self._memory.get("behind", (*self._clip, frame, other), make, 2 * self._most)

    def laid(self, frame: int, other: int) -> Hop:
        """How pixels go from one frame to another when the camera alone moves."""
        return as_camera(self.camera(frame, other))
