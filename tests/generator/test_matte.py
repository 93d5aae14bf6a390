"""Person mattes as an operation: the same bytes however the clip is cut, and performers told apart by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from answerprint.colour.spaces import to_working
from answerprint.generator.matte import PersonMatte
from answerprint.graph.contract import Analysis, Chunk
from answerprint.perception.models import find_model
from answerprint.perception.pose import DETECTOR, LANDMARKS
from answerprint.production import BadInput, FrameRange

COUNT = 7


class Clip:
    """Seven frames of a man with a ball, scene-linear, 640 pixels wide."""

    count, digest, clip, camera = COUNT, "seven frames", "juggle", None

    def __init__(self, path: Path) -> None:
        self._frames = []
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                small = cv2.resize(frame.to_ndarray(format="rgb24"), (640, 360), interpolation=cv2.INTER_AREA)
                self._frames.append(np.asarray(to_working(small, "sRGB Encoded Rec.709 (sRGB)"), np.float32))
                if len(self._frames) == COUNT:
                    break
        self.height, self.width = self._frames[0].shape[:2]

    def read(self, index: int) -> np.ndarray:
        return self._frames[index].copy()


class Alone:
    """A context without a runner."""

    def progress(self, done: int, total: int, what: str) -> None: ...

    def check_cancelled(self) -> None: ...

    def generator(self, *key: int | str) -> np.random.Generator:
        raise AssertionError("a matte needs no chance")


@pytest.fixture(scope="module")
def clip(footage: Path) -> Clip:
    try:
        find_model(DETECTOR)
        find_model(LANDMARKS)
    except BadInput as fault:
        pytest.skip(str(fault))
    return Clip(footage / "removal/sam2_gallery/05_default_juggle.mp4")


@pytest.fixture(scope="module")
def studied(clip: Clip) -> Analysis:
    return PersonMatte().analyse({"plate": clip}, PersonMatte.Parameters(), Alone())


def rendered(clip: Clip, studied: Analysis, frames: FrameRange, **parameters: Any) -> list[tuple[Any, bytes]]:
    results = PersonMatte().render(Chunk(frames, {"plate": clip}), studied, PersonMatte.Parameters(**parameters), Alone())
    return [(result.box, result.matte.tobytes()) for result in results]


def test_matte_bytes_do_not_depend_on_the_chunks_or_their_order(clip: Clip, studied: Analysis) -> None:
    whole = rendered(clip, studied, FrameRange(0, COUNT))
    late, early = rendered(clip, studied, FrameRange(4, COUNT)), rendered(clip, studied, FrameRange(0, 4))
    assert early + late == whole
    assert any(box[2] - box[0] > 20 for box, _ in whole)


def test_a_second_study_gives_the_same_bytes(clip: Clip, studied: Analysis) -> None:
    again = PersonMatte().analyse({"plate": clip}, PersonMatte.Parameters(), Alone())
    assert again.facts == studied.facts
    assert all(np.array_equal(again.arrays[name], studied.arrays[name]) for name in studied.arrays)


def test_everyone_is_the_marked_person_and_the_others_together(clip: Clip, studied: Analysis) -> None:
    named = Analysis(studied.arrays, {**studied.facts, "marked": [studied.facts["names"][0]]}, studied.sources)

    def area(subject: str) -> np.ndarray:
        result = next(
            iter(
                PersonMatte().render(
                    Chunk(FrameRange(3, 4), {"plate": clip}), named, PersonMatte.Parameters(subject=subject), Alone()
                )
            )
        )
        plane = np.zeros((clip.height, clip.width), np.float32)
        x0, y0, x1, y1 = result.box
        plane[y0:y1, x0:x1] = result.matte
        return plane

    assert np.array_equal(area("everyone"), np.maximum(area("seeded"), area("others")))
    assert area("seeded").max() > 0.9


def test_the_study_is_shared_by_all_that_differ_only_in_whom_they_mean() -> None:
    operation = PersonMatte()
    one, other = PersonMatte.Parameters(subject="seeded", dilate=9), PersonMatte.Parameters(subject="others")
    assert operation.analysis_parameters(one) == operation.analysis_parameters(other)
