"""The graph runner: makes each frame of a shot once, holds it to the compositor law, and says what happened.

Provenance comes from here and never from the operations: for each frame a record of its sources, steps, class
and digests, kept in the cache beside the layers it speaks of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from answerprint.colour.config import config_digest
from answerprint.colour.spaces import from_working, to_working
from answerprint.graph.cache import Cache, key_of
from answerprint.graph.compositor import Admitted, admit, full_frame
from answerprint.graph.contract import Analysis, Chunk, Context, FrameResult, Operation, Plane, SocketType
from answerprint.graph.document import Graph, Node, Registry
from answerprint.graph.geometry import carry_channels, places_of
from answerprint.graph.layers import read_layers, write_layers
from answerprint.graph.made_frames import matte_frame, working_frame
from answerprint.graph.new_view import blank, class_of
from answerprint.graph.sources import NodeMattes, PlateReader, Windowed
from answerprint.graph.timing import Timing
from answerprint.media.frames import FileFormat, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import as_format, write_frame
from answerprint.production import FrameRange
from answerprint.provenance.digests import frame_digest

Crossing = Literal["refuse", "subtract"]
"""What to do with a frame whose fill would enter a performer: keep the whole frame as source, or only those pixels."""

Output = Literal["plate", "acescg"]
"""The plate's own format and code values, or half-float ACEScg EXR."""

_LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "opencolorio", "av", "OpenImageIO", "OpenEXR")


class FrameInspector(Protocol):
    """Says from the pixels what was done to performers. Implemented in ``quality``."""

    def classify(self, before: Plane, after: Plane, changed: Plane, performer: Plane | None, restored: Plane) -> str:
        """The performance class A, B, R or D of one frame; before and after are code values ``(h, w, 3)``."""
        ...

    def classify_moved(self, before: Plane, after: Plane, places: Plane, performer: Plane | None) -> str:
        """C or D for a frame that was moved as a whole; ``places`` ``(h, w, 2)`` is where its pixels were fetched from."""
        ...


@dataclass
class Binding:
    """What a graph runs on: the plate, other readers by ``@name``, and the facts every key must hold."""

    plate: PlateReader
    sources: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    policy_digest: str = ""
    crossing: Crossing = "refuse"
    output: Output = "plate"


class GraphRun:
    """A graph bound to footage. ``analyse`` once, then ``render`` any frames, in any order, in any process."""

    def __init__(self, graph: Graph, binding: Binding, registry: Registry, cache: Cache, inspector: FrameInspector) -> None:
        self.binding, self.cache, self.inspector = binding, cache, inspector
        self._sources = {"@plate": binding.plate, **binding.sources}
        self.graph = graph.checked(registry, set(self._sources))
        self._operations: dict[str, Operation] = {n.id: registry[n.operation]() for n in graph.nodes}
        self._parameters = {n.id: registry[n.operation].Parameters(**n.parameters) for n in graph.nodes}
        self._analyses: dict[str, Analysis] = {}
        self._readers: dict[str, Any] = dict(self._sources)
        self.keys: dict[str, str] = {}
        for node in graph.order():
            self.keys[node.id] = self._node_key(node)
            if self._operations[node.id].output is SocketType.MATTE:
                self._readers[node.id] = NodeMattes(self.keys[node.id], binding.plate, lambda i, n=node.id: self._matte(n, i))  # type: ignore[misc]
        self._makes_mattes = self._operations[graph.result].output is SocketType.MATTE
        self._moves_frame = self._operations[graph.result].moves_frame
        protect = self._readers[graph.protect] if graph.protect else None
        self._performers = self._readers[graph.performers] if graph.performers else protect
        final = self._operations[graph.result]
        self._protect = None if self._moves_frame or final.retimes or final.new_view else protect
        self._timing = Timing(final, self._parameters[graph.result], binding.plate)
        self._new_view = final.new_view
        self._size = final.canvas(self._parameters[graph.result], binding.plate.width, binding.plate.height)

    # keys -----------------------------------------------------------------------------------------------------
    def _node_key(self, node: Node, part: str = "frames") -> str:
        """The key of a node's frames, or of its analysis, which may depend on fewer parameters."""
        operation, parameters = self._operations[node.id], self._parameters[node.id]
        inputs = {
            name: [self._readers[r].digest for r in ([ref] if isinstance(ref, str) else ref)]
            for name, ref in sorted(node.inputs.items())
        }
        return key_of(
            part=part,
            operation=operation.name,
            version=operation.version,
            parameters=parameters.model_dump(mode="json") if part == "frames" else operation.analysis_parameters(parameters),
            inputs=inputs,
            models=operation.models(parameters),
            colour=config_digest(),
            policy=self.binding.policy_digest,
            seed=self.binding.seed,
            space=self.binding.plate.space,
            libraries={name: installed(name) for name in _LIBRARIES},
        )

    def _frame_key(self, node: str, frame: int) -> str:
        return key_of(node=self.keys[node], frame=frame)

    @property
    def key(self) -> str:
        """The digest of everything that decides the result's bytes."""
        protect = "" if self._protect is None else self._protect.digest
        return key_of(
            result=self.keys[self.graph.result], protect=protect, crossing=self.binding.crossing, output=self.binding.output
        )

    @property
    def count(self) -> int:
        """How many frames the result has."""
        return self._timing.count

    # analysis -------------------------------------------------------------------------------------------------
    def analyse(self, context: Context, only: str | None = None) -> None:
        """Run every node's analysis that is not in the cache yet, in order; or that of the node ``only``."""
        for node in self.graph.order():
            if only in (None, node.id):
                self._analysis(node, context)

    def _analysis(self, node: Node, context: Context) -> Analysis:
        if node.id not in self._analyses:
            key = self._node_key(node, "analysis")
            found = self.cache.analysis(key)
            if found is None:
                found = self._operations[node.id].analyse(self._inputs(node, None), self._parameters[node.id], context)
                self.cache.keep_analysis(key, found)
            self._analyses[node.id] = found
        return self._analyses[node.id]

    def told(self, context: Context) -> tuple[dict[str, Any], list[str]]:
        """What the result's analysis found for a person: as data, and as lines."""
        node = self.graph.node(self.graph.result)
        return self._operations[node.id].told(self._analysis(node, context).facts, self._parameters[node.id])

    def _inputs(self, node: Node, window: FrameRange | None) -> dict[str, Any]:
        def reader(ref: str) -> Any:
            found = self._readers[ref]
            return found if window is None else Windowed(found, window)

        return {name: reader(ref) if isinstance(ref, str) else [reader(r) for r in ref] for name, ref in node.inputs.items()}

    def mattes(self, node: str) -> Any:
        """The mattes of a node, to be read frame by frame."""
        return self._readers[node]

    # rendering ------------------------------------------------------------------------------------------------
    def _results(self, node: Node, frames: FrameRange, context: Context) -> Iterator[FrameResult]:
        operation, parameters = self._operations[node.id], self._parameters[node.id]
        analysis = self._analysis(node, context)
        timing = self._timing if node.id == self.graph.result else Timing(operation, parameters, self.binding.plate)
        window = timing.window(frames, operation.halo(parameters))
        yield from operation.render(Chunk(frames, self._inputs(node, window)), analysis, parameters, context)

    def _matte(self, name: str, frame: int) -> Plane:
        node = self.graph.node(name)
        key = self._frame_key(name, frame)
        record = self.cache.record(key)
        width, height = self.binding.plate.width, self.binding.plate.height
        if record is None:
            result = next(self._results(node, FrameRange(frame, frame + 1), SeededContext(self.binding.seed)))
            matte = full_frame(np.asarray(result.matte, np.float32), result, width, height)
            write_layers(self.cache.layers_path(key), result, width, height)
            self.cache.keep_record(key, {"box": list(result.box)})
            return matte
        result = read_layers(self.cache.layers_path(key), frame, record)
        return full_frame(result.matte, result, width, height)

    def _refused_before_work(self, frame: int, protect: Plane | None) -> FrameResult | None:
        """The bare request, when it is plain from the mattes that it enters a performer and such frames are refused."""
        ref = self.graph.node(self.graph.result).inputs.get("matte")
        if protect is None or self.binding.crossing != "refuse" or not isinstance(ref, str):
            return None
        plate = self.binding.plate
        wanted = FrameResult(frame, (0, 0, plate.width, plate.height), self._readers[ref].read(frame))
        return wanted if admit(wanted, protect, plate.width, plate.height).crossing.any() else None

    def _result(self, frame: int, context: Context) -> FrameResult:
        """The result node's layers for a frame: from the cache, else rendered and kept."""
        key = self._frame_key(self.graph.result, frame)
        path = self.cache.layers_path(key)
        record = self.cache.record(key)
        if record is None or not path.exists():
            node = self.graph.node(self.graph.result)
            result = next(self._results(node, FrameRange(frame, frame + 1), context))
            write_layers(path, result, *self._size)
            record = {
                "box": list(result.box),
                "figures": result.figures,
                "sources": [{"socket": u.socket, "frame": u.frame, "item": u.item} for u in sorted(set(result.sources))],
            }
            self.cache.keep_record(key, record)
        return read_layers(path, frame, record)

    def render(self, frames: FrameRange, out: Path, context: Context) -> Iterator[dict[str, Any]]:
        """Make the frames into ``out`` (picture beside ``layers/``) and yield each frame's record.

        A frame whose record and picture are both there is not made again.
        """
        for frame in frames:
            context.check_cancelled()
            yield self.render_frame(frame, out, context)

    def render_frame(self, frame: int, out: Path, context: Context) -> dict[str, Any]:
        """Make one frame and return its record (plain JSON, no wall-clock time, the same for the same key)."""
        plate = self.binding.plate
        name, file_format = self._output_name(frame)
        key = key_of(run=self.key, frame=frame)
        record = self.cache.record(key)
        if record is not None and (out / name).exists():
            return record
        protect = None if self._protect is None else self._protect.read(frame)
        result = self._refused_before_work(frame, protect) or self._result(frame, context)
        admitted = admit(result, protect, *self._size)
        refused = bool(admitted.crossing.any()) and self.binding.crossing == "refuse"
        source = self._timing.source(frame)
        if self._new_view:
            source = blank(source, *self._size)
        made, changed = source, np.zeros(self._size[::-1], bool)
        if not refused and not self._makes_mattes:
            made, changed = self._compose(source, result, admitted)
        places = places_of(result, plate.width, plate.height) if self._moves_frame else None
        if places is not None:
            made = carry_channels(made, places)
        if self._new_view:
            changed[:] = True
            grade = class_of(result)
        else:
            grade = "D" if refused else self._classify(frame, source, made, changed, admitted, places)
        if self._makes_mattes:
            made = matte_frame(source, result, plate.width, plate.height)
        else:
            made = as_format(made, file_format) if self.binding.output == "plate" else working_frame(made, plate.space)
        out.mkdir(parents=True, exist_ok=True)
        write_frame(out / name, made)
        layers = f"layers/{Path(name).stem}.exr"
        write_layers(out / layers, result, *self._size, source.header.timecode)
        record = self._record(frame, name, layers, source, made, result, admitted, changed, grade, refused)
        self.cache.keep_record(key, record)
        return record

    def _output_name(self, frame: int) -> tuple[str, FileFormat]:
        name, file_format = self._timing.name_and_format(frame)
        own = self.binding.output == "plate" and not self._makes_mattes
        return (name, file_format) if own else (f"{Path(name).stem}.exr", "exr")

    def _compose(self, source: SourceFrame, result: FrameResult, admitted: Admitted) -> tuple[SourceFrame, Plane]:
        """Blend the fill in scene-linear light inside the box; code values outside the matte are the source's own."""
        assert result.fill is not None, "the result node makes no picture"
        x0, y0, x1, y1 = result.box
        codes = source.rgb()
        matte = admitted.matte[y0:y1, x0:x1, None]
        if not (matte > 0).any():
            return source, np.zeros(codes.shape[:2], bool)
        under = to_working(codes[y0:y1, x0:x1], self.binding.plate.space)
        blended = np.where(matte >= 1.0, result.fill, under * (1 - matte) + result.fill * matte)
        new = codes.copy()
        new[y0:y1, x0:x1] = from_working(np.ascontiguousarray(blended, np.float32), self.binding.plate.space, codes.dtype)
        where = admitted.matte > 0
        made = source.with_rgb(new, where)
        changed = np.zeros(codes.shape[:2], bool)
        changed[y0:y1, x0:x1] = (new[y0:y1, x0:x1] != codes[y0:y1, x0:x1]).any(axis=2) & where[y0:y1, x0:x1]
        return made, changed

    def _classify(
        self, frame: int, source: SourceFrame, made: SourceFrame, changed: Plane, admitted: Admitted, places: Plane | None
    ) -> str:
        moved = self._timing.moved(frame)
        if not changed.any() and not moved:
            return "A"
        performers = None if self._performers is None else self._performers.read(self._timing.under(frame))
        if moved:
            return "D" if performers is not None and bool((performers > 0.5).any()) else "A"
        if places is not None:
            return self.inspector.classify_moved(source.rgb(), made.rgb(), places, performers)
        return self.inspector.classify(source.rgb(), made.rgb(), changed, performers, admitted.restored)

    def _record(
        self,
        frame: int,
        name: str,
        layers: str,
        source: SourceFrame,
        made: SourceFrame,
        result: FrameResult,
        admitted: Admitted,
        changed: Plane,
        grade: str,
        refused: bool,
    ) -> dict[str, Any]:
        total = changed.size
        support = None if result.support is None else full_frame(np.asarray(result.support), result, *self._size)
        touched = int(changed.sum())
        seen = touched if support is None else int((changed & (support > 0)).sum())
        return {
            "frame": frame,
            "timecode": source.header.timecode or "",
            "output": name,
            "layers": layers,
            "pixel_digest": frame_digest(made),
            "source_digest": frame_digest(self._timing.source(frame)),
            "sources": self._sources_of(frame, result),
            "class": grade,
            "refused": refused,
            "reason": "the fill would enter a performer" if refused else "",
            "changed": touched,
            "changed_share": round(touched / total, 6),
            "support_share": round(seen / touched, 6) if touched else 1.0,
            "restored": int((admitted.restored & changed).sum()),
            "unreached": int(admitted.unreached.sum()),
            "crossing": int(admitted.crossing.sum()),
            "outside_digest": hashlib.sha256(np.ascontiguousarray(source.rgb()[~changed]).tobytes()).hexdigest(),
            "figures": {k: round(float(v), 6) for k, v in sorted(result.figures.items())},
        }

    def _sources_of(self, frame: int, result: FrameResult) -> list[dict[str, Any]]:
        """The source frames that gave pixels: the plate's own, and those the operation and its analyses name."""
        node = self.graph.node(self.graph.result)
        uses = {("plate", self._timing.under(frame), 0)} | {(u.socket, u.frame, u.item) for u in result.sources}
        if result.fill is not None and not result.sources:
            uses |= {(u.socket, u.frame, u.item) for u in self._analyses[node.id].sources} if node.id in self._analyses else set()
        found = []
        for socket, index, item in sorted(uses):
            ref = node.inputs.get(socket, "@plate")
            reader = self._readers[ref if isinstance(ref, str) else ref[item]]
            reader = reader.part(item) if hasattr(reader, "part") else reader
            found.append({"clip": getattr(reader, "clip", socket), "digest": reader.digest, "frame": index})
        return found

    def steps(self) -> list[dict[str, Any]]:
        """The nodes in order, as the ledger records them: operation, version, parameters, key, models."""
        return [
            {
                "node": n.id,
                "operation": n.operation,
                "version": self._operations[n.id].version,
                "parameters": self._parameters[n.id].model_dump(mode="json"),
                "key": self.keys[n.id],
                "models": self._operations[n.id].models(self._parameters[n.id]),
            }
            for n in self.graph.order()
        ]


class SeededContext:
    """A context without a progress display: seeded, never cancelled. Runners in jobs extend it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def progress(self, done: int, total: int, what: str) -> None:
        """Nobody is watching."""

    def check_cancelled(self) -> None:
        """Nobody can cancel."""

    def generator(self, *key: int | str) -> np.random.Generator:
        """A generator for (seed, key): the same whoever asks, whenever."""
        digest = hashlib.sha256("/".join(map(str, (self.seed, *key))).encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def open_plate(path: Path, digest: str, clip: str, space: str, camera: Any = None, rate: Any = None) -> PlateReader:
    """Footage at ``path`` as a plate."""
    return PlateReader(open_sequence(path, rate), space, digest, clip, camera)
