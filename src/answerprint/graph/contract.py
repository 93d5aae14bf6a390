"""What a picture operation is: one class with typed sockets, validated parameters, an analysis and a render.

The web form, the command-line help, the JSON schema and the node in the graph editor are generated from this one class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from answerprint.optics.camera import Camera
from answerprint.production import FrameRange

Picture = npt.NDArray[np.float32]
"""Scene-linear ACEScg, ``(height, width, 3)``, display-window coordinates, no clamp."""
Plane = npt.NDArray[Any]
"""One value per pixel, ``(height, width)``."""
Box = tuple[int, int, int, int]
"""``(x0, y0, x1, y1)`` in display-window pixels, half-open."""


class SocketType(StrEnum):
    """What may flow along a wire of the graph."""

    FRAME_SEQUENCE = "FrameSequence"
    MATTE = "Matte"
    DEPTH_SEQUENCE = "DepthSequence"
    CAMERA_TRACK = "CameraTrack"
    SCENE = "Scene"
    TIMELINE = "Timeline"
    GRADE = "Grade"
    CAPTIONS = "Captions"
    TABLE = "Table"


@dataclass(frozen=True)
class Socket:
    """A named, typed place to plug something in. ``many`` takes a list."""

    name: str
    type: SocketType
    description: str
    required: bool = True
    many: bool = False


class FrameReader(Protocol):
    """Frames as an operation sees them: random access, scene-linear ACEScg float32.

    ``digest`` names the content (it is part of the cache key); ``clip`` is what a person calls it;
    ``camera`` is the calibrated camera when one is recorded.
    """

    count: int
    width: int
    height: int
    digest: str
    clip: str
    camera: Camera | None

    def read(self, index: int) -> Picture:
        """Frame ``index`` (0-based), ``(height, width, 3)``. The array is the caller's to change."""
        ...


class MatteReader(Protocol):
    """Mattes: float32 ``(height, width)`` in 0 to 1, white is inside."""

    count: int
    width: int
    height: int
    digest: str

    def read(self, index: int) -> Plane:
        """The matte of frame ``index``."""
        ...


Inputs = Mapping[str, Any]
"""Socket name to FrameReader, MatteReader, a list of them (``many``), or absent when not required."""


class OperationParameters(BaseModel):
    """Base of every operation's parameters: unknown names are refused, values do not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    presets: ClassVar[dict[str, dict[str, Any]]] = {}


@dataclass
class Analysis:
    """What the analysis found, kept as its own cached node: plain arrays and plain facts, no objects."""

    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    sources: list[SourceUse] = field(default_factory=list)


@dataclass(frozen=True, order=True)
class SourceUse:
    """One source frame that gave pixels or was looked at: the input socket, which one of many, and the frame."""

    socket: str
    frame: int
    item: int = 0


@dataclass
class Chunk:
    """The frames to render. Inputs may be read up to the declared halo beyond either end, and no further."""

    frames: FrameRange
    inputs: Inputs


@dataclass
class FrameResult:
    """What an operation made of one frame, limited to ``box``; outside it nothing changes.

    ``fill``       ``(bh, bw, 3)`` ACEScg, the new picture (None for an operation that only makes a matte)
    ``matte``      ``(bh, bw)`` 0 to 1: how much of the fill is wanted where
    ``support``    ``(bh, bw)`` uint16: how many source frames saw this surface; 0 is invented
    ``restored``   ``(bh, bw)`` int8: for pixels inside a performer that are that performer's own pixels from a near
                   frame, the frame offset (-3 to 3); 0 where nothing was restored
    ``layers``     further layers for the finishing artist, each ``(bh, bw)`` or ``(bh, bw, 3)`` float32
    ``sources``    the source frames that gave pixels to this frame
    ``figures``    plain numbers worth recording
    """

    frame: int
    box: Box
    matte: Plane
    fill: Picture | None = None
    support: Plane | None = None
    restored: Plane | None = None
    layers: dict[str, Plane] = field(default_factory=dict)
    sources: Sequence[SourceUse] = ()
    figures: dict[str, float] = field(default_factory=dict)


def untouched(frame: int) -> FrameResult:
    """The result for a frame in which there is nothing to do."""
    nothing = np.zeros((1, 1), np.float32)
    return FrameResult(frame, (0, 0, 1, 1), nothing, np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.uint16))


class Context(Protocol):
    """What the runner offers an operation. Nothing about databases, HTTP or users."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Say how far the work is."""
        ...

    def check_cancelled(self) -> None:
        """Raise Cancelled when a person stopped the work. Call it once a frame."""
        ...

    def generator(self, *key: int | str) -> np.random.Generator:
        """A seeded random generator that depends on the job's seed and ``key`` only, never on order."""
        ...


class Operation(ABC):
    """An operation on a shot. Output bytes must not depend on chunk size, worker count or order."""

    name: ClassVar[str]
    version: ClassVar[str]
    summary: ClassVar[str]
    inputs: ClassVar[tuple[Socket, ...]]
    output: ClassVar[SocketType] = SocketType.FRAME_SEQUENCE
    moves_frame: ClassVar[bool] = False
    """Whether it moves the whole frame as a camera would (class C). Its results have a layer ``stmap``; performers go with the
    frame, so their mattes are not subtracted."""
    retimes: ClassVar[bool] = False
    """Whether its frames stand elsewhere in time than the plate's. That alters a performance (class D) wherever one is seen."""
    new_view: ClassVar[bool] = False
    """Whether its frames are another camera's than the plate's: of ``canvas`` size, with a layer ``performers`` by which the class is
    known, and as many and at such times as ``frame_count`` and ``source_place`` say."""
    Parameters: ClassVar[type[OperationParameters]]

    def canvas(self, parameters: Any, width: int, height: int) -> tuple[int, int]:
        """The size of its frames on a plate of ``width`` by ``height``."""
        return width, height

    def halo(self, parameters: Any) -> int:
        """How many frames beyond a chunk ``render`` may read on either side."""
        return 0

    def frame_count(self, parameters: Any, count: int) -> int:
        """How many frames come of a plate of ``count`` frames."""
        return count

    def source_place(self, frame: int, parameters: Any) -> float:
        """Where in the plate's time a frame of the result stands, in frames; read between there and the declared halo."""
        return float(frame)

    def models(self, parameters: Any) -> list[dict[str, Any]]:
        """The analysis-only models this operation consults: name, sha256, licence, training data."""
        return []

    def analysis_parameters(self, parameters: Any) -> dict[str, Any]:
        """The parameters that the analysis depends on. Nodes that agree in them share one analysis."""
        return dict(parameters.model_dump(mode="json"))

    def told(self, facts: dict[str, Any], parameters: Any) -> tuple[dict[str, Any], list[str]]:
        """What its analysis found that a person acts on: the part of its ``facts`` that is handed on, and the same as lines to print."""
        return {}, []

    @abstractmethod
    def analyse(self, inputs: Inputs, parameters: Any, context: Context) -> Analysis:
        """Look at the whole clip once. The result is cached and handed to every chunk."""

    @abstractmethod
    def render(self, chunk: Chunk, analysis: Analysis, parameters: Any, context: Context) -> Iterator[FrameResult]:
        """Make each frame of the chunk, in order."""
