"""Another take: what this one never saw comes from where the same camera saw it, and only where both takes agree beside it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import Clip

from answerprint.generator.log_light import encoded
from answerprint.generator.removal import Removal
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.production import FrameRange

H, W, COUNT = 180, 320, 8
HOLE = np.s_[60:120, 120:200]


def the_set():
    rng = np.random.default_rng(4)
    grain = rng.random((2, H + 20, W + 20, 3)).astype(np.float32) - 0.5
    noise = cv2.GaussianBlur(grain[0], (0, 0), 2.2) + 6 * cv2.GaussianBlur(grain[1], (0, 0), 12)
    low, high = np.percentile(noise, (1, 99))
    return (0.04 + 0.7 * np.clip((noise - low) / (high - low), 0, 1) ** 2).astype(np.float32)


def filmed(seed, gain=1.0, shift=(0, 0), noise=0.004):
    rng = np.random.default_rng(seed)
    matrix = np.array([[1, 0, -10 + shift[0]], [0, 1, -10 + shift[1]]], np.float64)
    seen = cv2.warpAffine(the_set(), matrix, (W, H), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return [(gain * seen + rng.normal(0, noise, seen.shape)).astype(np.float32) for _ in range(COUNT)]


def hole():
    matte = np.zeros((H, W), np.float32)
    matte[HOLE] = 1
    return [matte] * COUNT


def removed(take, frame=3, mattes=None):
    """The picture in the hole, its support and its sources."""
    plate = filmed(1)
    mattes = mattes or hole()
    for picture, matte in zip(plate, mattes, strict=True):
        picture[matte > 0] = 0.9
    inputs = {
        "plate": Clip(plate, "plate"),
        "matte": Clip(mattes, "matte"),
        "takes": [] if take is None else [Clip(take, "take 2")],
    }
    operation, parameters, context = Removal(), Removal.Parameters(), SeededContext(1)
    analysis = operation.analyse(inputs, parameters, context)
    result = next(operation.render(Chunk(FrameRange(frame, frame + 1), inputs), analysis, parameters, context))
    where = mattes[frame] > 0
    return full_frame(result.fill, result, W, H)[where], full_frame(result.support, result, W, H)[where], result.sources


def decibels(made, mattes=None):
    truth = filmed(9, noise=0.0)[0][(mattes or hole())[3] > 0]
    return float(-10 * np.log10(((encoded(made[:, None]) - encoded(truth[:, None])) ** 2).mean()))


def test_another_take_fills_a_hole_to_the_noise():
    fill, support, sources = removed(filmed(2))
    assert decibels(fill) > 36
    assert (support > 0).all()
    assert {use.item for use in sources if use.socket == "takes"} == {0}
    assert decibels(removed(None)[0]) < 28


@pytest.mark.parametrize("gain, shift", [(1.4, (0, 0)), (0.7, (3, -2)), (1.0, (0.5, 0.25))])
def test_a_take_in_other_light_from_a_nudged_camera_is_brought_to_this_one(gain, shift):
    fill, support, _ = removed(filmed(2, gain, shift))
    assert (support > 0).mean() > 0.95
    assert decibels(fill) > 33


def test_a_take_of_another_set_is_not_believed():
    rng = np.random.default_rng(8)
    other = [cv2.GaussianBlur(rng.random((H, W, 3)).astype(np.float32), (0, 0), 1.8)] * COUNT
    _, support, sources = removed(other)
    assert not support.any()
    assert not [use for use in sources if use.socket == "takes"]


def test_who_walks_through_the_other_take_leaves_no_ghost():
    take = filmed(2)
    for at, frame in enumerate(take):
        cv2.rectangle(frame, (100 + 9 * at, 40), (140 + 9 * at, 179), (1.2, 0.1, 0.1), -1)
    fill, _, _ = removed(take)
    assert float((fill[:, 0] > 0.8).mean()) < 0.002


def test_a_prop_that_stands_in_the_other_take_only_is_not_brought_in():
    take = filmed(2)
    for frame in take:
        cv2.rectangle(frame, (100, 70), (150, 110), (1.2, 0.1, 0.1), -1)
    fill, _, _ = removed(take)
    assert float((fill[:, 0] > 0.8).mean()) < 0.02


def test_a_wire_that_never_moves_is_filled_from_another_take():
    mattes = [cv2.line(np.zeros((H, W), np.float32), (0, 50), (W - 1, 75), 1.0, 3)] * COUNT
    fill, support, _ = removed(filmed(2), mattes=mattes)
    assert (support > 0).mean() > 0.9
    assert decibels(fill, mattes) > decibels(removed(None, mattes=mattes)[0], mattes) + 4
