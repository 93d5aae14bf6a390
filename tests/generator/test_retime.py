"""Retime: time is where it was asked to be, whole frames are copies, and an altered performance is never silent."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import decibels, texture

from answerprint.generator.in_between import in_between
from answerprint.generator.retime import Retime
from answerprint.graph.cache import Cache
from answerprint.graph.document import Graph, Node
from answerprint.graph.runner import Binding, GraphRun, SeededContext
from answerprint.graph.sources import PlateReader
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.production import BadInput, FrameRange
from answerprint.quality.performance_class import PixelInspector

P = Retime.Parameters
H, W, COUNT = 72, 128, 5
SPEED = 6


def scene(moment, hole=False):
    """A set that pans by 6 pixels a frame behind a square that goes the other way."""
    big = texture(H, W + 200, 4, 2.0) / 2
    x = np.arange(W, dtype=np.float32)[None] + 40 + SPEED * moment + np.zeros((H, 1), np.float32)
    y = np.arange(H, dtype=np.float32)[:, None] + np.zeros((1, W), np.float32)
    frame = cv2.remap(big, x, y, cv2.INTER_CUBIC)
    left = 50 + 4 * moment
    cover = np.clip(np.minimum(x - x[0, 0] - left + 1, left + 24 - (x - x[0, 0])), 0, 1) * ((y > 25) & (y < 50))
    return frame * (1 - cover[..., None]) + np.array([0.9, 0.3, 0.1], np.float32) * cover[..., None]


def test_a_frame_between_stands_where_things_were_at_that_moment():
    made, support = in_between(scene(1.0), scene(2.0), 0.5)
    truth, mixed = scene(1.5), (scene(1.0) + scene(2.0)) / 2
    assert decibels(made, truth) > decibels(mixed, truth) + 2.5  # half the pixels are near a hidden edge
    assert (support > 0).mean() > 0.97


def test_what_only_one_frame_shows_comes_from_that_frame():
    made, _ = in_between(scene(1.0), scene(2.0), 0.5)
    beside = np.s_[30:45, 46:51]  # uncovered between the two frames, left of the square
    assert np.abs(made[beside] - scene(1.5)[beside]).mean() < 0.08


def run_of(folder, parameters, performers=None, cache="cache"):
    """A graph run on a plate of 16-bit frames with timecode, in a folder."""
    plate = folder / "plate"
    if not plate.exists():
        plate.mkdir()
        for number in range(COUNT):
            codes = np.clip(scene(number) * 40000, 0, 65535).astype(np.uint16)
            header = FrameHeader(W, H, storage="uint16", file_format="dpx", timecode=f"01:00:00:{number + 10:02d}", rate=24)
            planes = {c: np.ascontiguousarray(codes[..., i]) for i, c in enumerate("RGB")}
            write_frame(plate / f"shot.{1001 + number}.dpx", SourceFrame(planes, header))
    reader = PlateReader(open_sequence(plate, 24), "ACEScg", "0" * 64, "plate")
    sources = {"@performers": performers} if performers is not None else {}
    graph = Graph(
        nodes=[Node(id="result", operation="retime", parameters=parameters, inputs={"plate": "@plate"})],
        result="result",
        performers="@performers" if performers is not None else None,
    )
    return GraphRun(graph, Binding(reader, sources), {"retime": Retime}, Cache(folder / cache), PixelInspector())


class Someone:
    """A performer's matte on every frame."""

    digest, count, width, height = "someone", COUNT, W, H

    def read(self, index):
        assert 0 <= index < COUNT
        matte = np.zeros((H, W), np.float32)
        matte[20:50, 40:60] = 1
        return matte


def made(run, out, chunk=3):
    run.analyse(SeededContext(0))
    return [r for piece in FrameRange(0, run.count).chunks(chunk) for r in run.render(piece, out, SeededContext(0))]


def test_half_speed_is_twice_as_many_frames_that_count_on_from_the_first(tmp_path):
    records = made(run_of(tmp_path, {"speed": 0.5}), tmp_path / "out")
    assert [r["output"] for r in records] == [f"shot.{1001 + i}.dpx" for i in range(9)]
    assert records[8]["timecode"] == "01:00:00:18"


def test_frames_that_fall_on_a_frame_are_that_frame(tmp_path):
    made(run_of(tmp_path, {"speed": 0.5}), tmp_path / "out")
    out, plate = open_sequence(tmp_path / "out"), open_sequence(tmp_path / "plate")
    assert all(np.array_equal(out.read(2 * i).rgb(), plate.read(i).rgb()) for i in range(COUNT))


def test_double_speed_leaves_every_other_frame_out(tmp_path):
    records = made(run_of(tmp_path, {"speed": 2.0}), tmp_path / "out")
    plate = open_sequence(tmp_path / "plate")
    assert len(records) == 3
    assert np.array_equal(open_sequence(tmp_path / "out").read(2).rgb(), plate.read(4).rgb())
    assert [s["frame"] for s in records[2]["sources"]] == [4]


def test_a_curve_is_followed(tmp_path):
    keys = [{"frame": 0, "shows": 1.0}, {"frame": 4, "shows": 3.0}]
    records = made(run_of(tmp_path, {"keys": keys}), tmp_path / "out")
    assert [sorted({s["frame"] for s in r["sources"]}) for r in records] == [[1], [1, 2], [2], [2, 3], [3]]


def test_a_retimed_performer_is_class_d_even_where_the_frame_is_a_copy(tmp_path):
    records = made(run_of(tmp_path, {"speed": 2.0}, Someone()), tmp_path / "out")
    assert [r["class"] for r in records] == ["A", "D", "D"]


def test_an_empty_set_may_be_retimed(tmp_path):
    assert {r["class"] for r in made(run_of(tmp_path, {"speed": 0.5}), tmp_path / "out")} == {"A"}


def test_the_speed_it_was_filmed_at_changes_nothing(tmp_path):
    records = made(run_of(tmp_path, {"speed": 1.0}, Someone()), tmp_path / "out")
    assert all(r["changed"] == 0 and r["class"] == "A" for r in records)


def test_bytes_do_not_depend_on_chunk_size(tmp_path):
    first = made(run_of(tmp_path, {"speed": 0.4}, cache="one"), tmp_path / "one_out", chunk=1)
    second = made(run_of(tmp_path, {"speed": 0.4}, cache="two"), tmp_path / "two_out", chunk=5)
    assert [r["pixel_digest"] for r in first] == [r["pixel_digest"] for r in second]


@pytest.mark.parametrize("keys", [[{"frame": 1, "shows": 0}], [{"frame": 0, "shows": 0}, {"frame": 0, "shows": 2}]])
def test_a_curve_that_does_not_rise_from_the_start_is_refused(keys):
    with pytest.raises(ValueError, match="start at frame 0 and rise"):
        P(keys=keys)


def test_a_curve_beyond_the_plate_is_refused(tmp_path):
    with pytest.raises(BadInput, match="shows frame 9 of 5"):
        made(run_of(tmp_path, {"keys": [{"frame": 0, "shows": 9}]}), tmp_path / "out")
