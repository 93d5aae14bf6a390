"""The runner holds every operation to the compositor law, whatever the format and however the work is cut up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerprint.colour.spaces import default_space
from answerprint.graph.cache import Cache
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    FrameResult,
    Operation,
    OperationParameters,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.graph.document import Graph, Node
from answerprint.graph.runner import Binding, GraphRun, SeededContext
from answerprint.graph.sources import PlateReader
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.production import BadInput, FrameRange
from answerprint.quality.performance_class import PixelInspector

WIDTH, HEIGHT, COUNT = 40, 30, 5


class Smear(Operation):
    """Fills the matte with the mean of the neighbouring frames plus seeded grain: enough to depend on halo, seed and analysis."""

    name, version, summary = "smear", "1", "for tests"
    inputs = (Socket("plate", SocketType.FRAME_SEQUENCE, "footage"), Socket("matte", SocketType.MATTE, "where"))

    class Parameters(OperationParameters):
        strength: float = 1.0

    def halo(self, parameters: Any) -> int:
        return 1

    def analyse(self, inputs, parameters, context) -> Analysis:
        plate = inputs["plate"]
        return Analysis({"mean": np.mean([np.nan_to_num(plate.read(i), posinf=1, neginf=0) for i in range(plate.count)], axis=0)})

    def render(self, chunk: Chunk, analysis: Analysis, parameters, context) -> Iterator[FrameResult]:
        plate = chunk.inputs["plate"]
        for frame in chunk.frames:
            matte = chunk.inputs["matte"].read(frame)
            if not matte.any():
                yield untouched(frame)
                continue
            near = [i for i in (frame - 1, frame, frame + 1) if 0 <= i < plate.count]
            fill = (
                np.mean([np.nan_to_num(plate.read(i), posinf=1, neginf=0) for i in near], axis=0) * 0.5
                + analysis.arrays["mean"] * 0.5
            )
            fill += context.generator("grain", frame).normal(0, 0.01, fill.shape)
            y, x = np.nonzero(matte)
            box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
            part = np.s_[box[1] : box[3], box[0] : box[2]]
            yield FrameResult(
                frame,
                box,
                matte[part],
                fill[part].astype(np.float32),
                np.full(matte[part].shape, 3, np.uint16),
                sources=[SourceUse("plate", i) for i in near],
            )


class Boxes:
    """A matte with a soft-edged box, empty in frame 3."""

    digest, count, width, height = "boxes", COUNT, WIDTH, HEIGHT

    def read(self, index: int) -> np.ndarray:
        matte = np.zeros((HEIGHT, WIDTH), np.float32)
        if index != 3:
            matte[5 + index : 20, 10:25] = 1.0
            matte[4 + index, 10:25] = 0.4
        return matte


FORMATS = {
    "png8": (".png", "uint8", "png", "uint8"),
    "dpx10": (".dpx", "uint16", "dpx", "uint10"),
    "half_ap0": (".exr", "float16", "exr", "half"),
    "float_ap1": (".exr", "float32", "exr", "float"),
}
AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)


def _plate(folder: Path, kind: str, seed: int) -> Path:
    suffix, dtype, file_format, storage = FORMATS[kind]
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(COUNT):
        if dtype.startswith("uint"):
            codes = rng.integers(0, 1024 if storage == "uint10" else 256, (HEIGHT, WIDTH, 3))
            codes = (codes << 6 | codes >> 4).astype(np.uint16) if storage == "uint10" else codes.astype(np.uint8)
            attributes: dict[str, Any] = {}
        else:
            codes = rng.normal(0.5, 2.0, (HEIGHT, WIDTH, 3)).astype(dtype)
            codes[0, 0] = np.nan
            codes[0, 1] = (np.inf, -np.inf, 60000)
            codes[12, 12] = np.nan
            attributes = {"chromaticities": AP0 if kind == "half_ap0" else AP1}
        header = FrameHeader(
            WIDTH,
            HEIGHT,
            storage=storage,
            file_format=file_format,
            attributes=attributes,
            compression="zip" if file_format == "exr" else None,
        )
        write_frame(
            folder / f"plate.{number:04d}{suffix}",
            SourceFrame({c: np.ascontiguousarray(codes[..., i]) for i, c in enumerate("RGB")}, header),
        )
    return folder


def _run(plate: Path, cache: Path, **binding: Any) -> GraphRun:
    sequence = open_sequence(plate, 24)
    space = default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    reader = PlateReader(sequence, space, "0" * 64, "plate")
    graph = Graph(
        nodes=[Node(id="result", operation="smear", inputs={"plate": "@plate", "matte": "@matte"})],
        result="result",
        protect="@protect" if "protect" in binding else None,
    )
    sources = {"@matte": Boxes()} | ({"@protect": binding.pop("protect")} if "protect" in binding else {})
    return GraphRun(graph, Binding(reader, sources, **binding), {"smear": Smear}, Cache(cache), PixelInspector())


def _digests(run: GraphRun, out: Path, chunk: int) -> list[str]:
    context = SeededContext(0)
    pieces = FrameRange(0, COUNT).chunks(chunk)
    records = [r for piece in reversed(pieces) for r in run.render(piece, out, context)]
    return [r["pixel_digest"] for r in sorted(records, key=lambda r: r["frame"])]


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), chunk=st.integers(1, COUNT))
def test_pixels_outside_the_matte_are_the_plates_own_bits(tmp_path_factory, kind, seed, chunk):
    folder = tmp_path_factory.mktemp("law")
    plate = _plate(folder / "plate", kind, seed)
    run = _run(plate, folder / "cache")
    list(run.render(FrameRange(0, COUNT), folder / "out", SeededContext(0)))
    before, after = open_sequence(plate, 24), open_sequence(folder / "out", 24)
    assert after.names == before.names
    for number in range(COUNT):
        outside = Boxes().read(number) == 0
        first, second = before.read(number), after.read(number)
        for name, plane in first.planes.items():
            assert plane[outside].tobytes() == second.planes[name][outside].tobytes()
            if number != 3:
                assert (plane[~outside] != second.planes[name][~outside]).any()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunk=st.integers(1, COUNT))
def test_output_bytes_do_not_depend_on_how_the_frames_are_cut_up_or_in_which_order(tmp_path_factory, chunk):
    folder = tmp_path_factory.mktemp("chunks")
    plate = _plate(folder / "plate", "half_ap0", 1)
    whole = _digests(_run(plate, folder / "cache1"), folder / "out1", COUNT)
    pieces = _digests(_run(plate, folder / "cache2"), folder / "out2", chunk)
    assert whole == pieces
    for name in sorted(f.name for f in (folder / "out1").glob("*.exr")):
        assert (folder / "out1" / name).read_bytes() == (folder / "out2" / name).read_bytes()


def test_a_finished_frame_is_not_made_again(tmp_path):
    plate = _plate(tmp_path / "plate", "png8", 2)
    first = _digests(_run(plate, tmp_path / "cache"), tmp_path / "out", 2)

    class Never(Smear):
        def render(self, *args: Any) -> Any:
            raise AssertionError("rendered again")

    run = _run(plate, tmp_path / "cache")
    run._operations["result"] = Never()
    assert _digests(run, tmp_path / "out", 3) == first
    assert _digests(run, tmp_path / "elsewhere", 3) == first, "the layers in the cache are enough to compose it elsewhere"


class Person:
    digest, count, width, height = "person", COUNT, WIDTH, HEIGHT

    def __init__(self, columns: slice) -> None:
        self.columns = columns

    def read(self, index: int) -> np.ndarray:
        matte = np.zeros((HEIGHT, WIDTH), np.float32)
        matte[:, self.columns] = 1.0
        return matte


def test_a_frame_whose_fill_would_enter_a_performer_is_refused_and_stays_source(tmp_path):
    plate = _plate(tmp_path / "plate", "png8", 3)
    run = _run(plate, tmp_path / "cache", protect=Person(slice(20, 30)))
    records = list(run.render(FrameRange(0, COUNT), tmp_path / "out", SeededContext(0)))
    assert [r["refused"] for r in records] == [True, True, True, False, True]
    assert records[0]["class"] == "D" and records[0]["pixel_digest"] == records[0]["source_digest"]


def test_subtracting_the_performer_leaves_every_performer_pixel_alone(tmp_path):
    plate = _plate(tmp_path / "plate", "png8", 3)
    person = Person(slice(20, 30))
    run = _run(plate, tmp_path / "cache", protect=person, crossing="subtract")
    records = list(run.render(FrameRange(0, COUNT), tmp_path / "out", SeededContext(0)))
    assert {r["class"] for r in records} == {"A"} and records[0]["changed"] > 0
    before, after = open_sequence(plate, 24), open_sequence(tmp_path / "out", 24)
    assert (before.read(0).rgb()[:, 20:30] == after.read(0).rgb()[:, 20:30]).all()


def test_reading_beyond_the_halo_is_a_fault(tmp_path):
    class Greedy(Smear):
        def halo(self, parameters: Any) -> int:
            return 0

    plate = _plate(tmp_path / "plate", "png8", 4)
    run = _run(plate, tmp_path / "cache")
    run._operations["result"] = Greedy()
    with pytest.raises(RuntimeError, match="halo"):
        run.render_frame(2, tmp_path / "out", SeededContext(0))


def test_a_circle_in_the_graph_is_refused():
    node = Node(id="a", operation="smear", inputs={"plate": "@plate", "matte": "b"})
    other = Node(id="b", operation="smear", inputs={"plate": "@plate", "matte": "a"})
    with pytest.raises(BadInput, match="circle"):
        Graph(nodes=[node, other], result="a").checked({"smear": Smear}, {"@plate"})


def test_working_output_is_half_float_acescg(tmp_path):
    plate = _plate(tmp_path / "plate", "dpx10", 5)
    run = _run(plate, tmp_path / "cache", output="acescg")
    list(run.render(FrameRange(0, 1), tmp_path / "out", SeededContext(0)))
    made = open_sequence(tmp_path / "out", 24)
    assert made.storage == "half" and made.colour_tag is not None
