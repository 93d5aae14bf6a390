"""Footage and mattes as operations see them: scene-linear frames by number, with the digest of what they hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from answerprint.colour.spaces import to_working
from answerprint.graph.contract import Picture, Plane
from answerprint.media.frames import SourceFrame
from answerprint.media.sequence import FrameSequence
from answerprint.optics.camera import Camera
from answerprint.optics.warp import scaled
from answerprint.production import BadInput, FrameRange

_KEPT_FRAMES, _KEPT_MATTES = 2, 6


class PlateReader:
    """A clip's frames in ACEScg, and their source code values untouched.

    ``digest`` is the SHA-256 of the clip's files; ``space`` the colour space its code values are in.
    """

    def __init__(self, sequence: FrameSequence, space: str, digest: str, clip: str, camera: Camera | None = None) -> None:
        self.sequence, self.space, self.digest, self.clip, self.camera = sequence, space, digest, clip, camera
        self.count, self.width, self.height = sequence.count, sequence.width, sequence.height
        self._kept: OrderedDict[int, SourceFrame] = OrderedDict()

    def source(self, index: int) -> SourceFrame:
        """Frame ``index`` as decoded: code values, windows, header."""
        if index not in self._kept:
            self._kept[index] = self.sequence.read(index)
            while len(self._kept) > _KEPT_FRAMES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]

    def read(self, index: int) -> Picture:
        """Frame ``index`` in ACEScg, ``(height, width, 3)`` float32."""
        return np.asarray(to_working(self.source(index).rgb(), self.space), np.float32)


class BesideReader(PlateReader):
    """Footage that goes with a plate frame for frame (a light pass, another setup): of its size and length, or one still for all."""

    def __init__(self, sequence: FrameSequence, space: str, digest: str, clip: str, plate: PlateReader) -> None:
        super().__init__(sequence, space, digest, clip)
        if (sequence.width, sequence.height) != (plate.width, plate.height):
            raise BadInput(
                sequence.path,
                f"is {sequence.width}x{sequence.height}, the plate {plate.width}x{plate.height}",
                "give frames of the plate's size",
            )
        if sequence.count not in (1, plate.count):
            raise BadInput(
                sequence.path,
                f"has {sequence.count} frames, the plate {plate.count}",
                "give one frame for each of the plate's, or a single one for all",
            )
        self._single, self.count = sequence.count == 1, plate.count

    def source(self, index: int) -> SourceFrame:
        """The frame that goes with the plate's frame ``index``."""
        return super().source(0 if self._single else index)


class CoveringReader(PlateReader):
    """Footage of any size that covers a plate: scaled until it does, its middle taken; one still for all, or long enough."""

    def __init__(self, sequence: FrameSequence, space: str, digest: str, clip: str, plate: PlateReader) -> None:
        super().__init__(sequence, space, digest, clip)
        if sequence.count != 1 and sequence.count < plate.count:
            raise BadInput(
                sequence.path,
                f"has {sequence.count} frames, the plate {plate.count}",
                "give a still, or a clip as long as the plate",
            )
        self._single, self.count = sequence.count == 1, plate.count
        self.width, self.height = plate.width, plate.height

    def read(self, index: int) -> Picture:
        """What covers the plate's frame ``index``."""
        own = super().read(0 if self._single else index)
        height, width = own.shape[:2]
        if (width, height) == (self.width, self.height):
            return own
        scale = max(self.width / width, self.height / height)
        size = (max(self.width, round(width * scale)), max(self.height, round(height * scale)))
        covering = scaled(own, *size)
        left, top = (size[0] - self.width) // 2, (size[1] - self.height) // 2
        return np.ascontiguousarray(covering[top : top + self.height, left : left + self.width])


class MatteFiles:
    """Mattes from files: one channel, white (1.0) is inside, as many frames as the plate (or one for all)."""

    def __init__(self, sequence: FrameSequence, digest: str, plate: PlateReader, offset: int = 0) -> None:
        if (sequence.width, sequence.height) != (plate.width, plate.height):
            raise BadInput(
                sequence.path,
                f"the matte is {sequence.width}x{sequence.height}, the plate {plate.width}x{plate.height}",
                "give a matte of the plate's size",
            )
        if sequence.count not in (1, plate.count):
            raise BadInput(
                sequence.path,
                f"the matte has {sequence.count} frames, the plate {plate.count}",
                "give one matte for each frame, or a single one for all",
            )
        self.sequence, self.digest, self._single, self._offset = sequence, digest, sequence.count == 1, offset
        self.count, self.width, self.height = plate.count, plate.width, plate.height

    def read(self, index: int) -> Plane:
        """The matte of frame ``index``, float32 0 to 1."""
        codes = self.sequence.read(0 if self._single else index).rgb()[..., 0]
        scale = float(np.iinfo(codes.dtype).max) if np.issubdtype(codes.dtype, np.integer) else 1.0
        return np.asarray(np.clip(codes.astype(np.float32) / np.float32(scale), 0.0, 1.0))


class Windowed:
    """A reader that gives only the frames of a chunk and its halo, so that no operation depends on more."""

    def __init__(self, reader: Any, allowed: FrameRange) -> None:
        self._reader, self._allowed = reader, allowed
        self.used: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def read(self, index: int) -> Any:
        """Frame ``index``; outside the declared halo it is a fault of the operation."""
        if index not in self._allowed:
            raise RuntimeError(f"frame {index} lies outside the declared halo {self._allowed.start}..{self._allowed.end - 1}")
        self.used.add(index)
        return self._reader.read(index)


class NodeMattes:
    """The mattes another node of the graph makes, rendered when first asked for."""

    def __init__(self, digest: str, plate: PlateReader, render: Callable[[int], Plane]) -> None:
        self.digest, self._render = digest, render
        self.count, self.width, self.height = plate.count, plate.width, plate.height
        self._kept: OrderedDict[int, Plane] = OrderedDict()

    def read(self, index: int) -> Plane:
        """The matte of frame ``index``, float32 0 to 1."""
        if index not in self._kept:
            self._kept[index] = self._render(index)
            while len(self._kept) > _KEPT_MATTES:
                self._kept.popitem(last=False)
        return self._kept[index].copy()


class Union:
    """Several mattes as one: the largest value wins."""

    def __init__(self, mattes: list[Any]) -> None:
        self.mattes, self.digest = mattes, "+".join(m.digest for m in mattes)
        self.count, self.width, self.height = mattes[0].count, mattes[0].width, mattes[0].height

    def read(self, index: int) -> Plane:
        """The union at frame ``index``."""
        return np.asarray(np.maximum.reduce([m.read(index) for m in self.mattes]))
