"""Finding wires: one stroke on one frame is enough for the whole shot, and without any the likeliest lines are offered."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generator.made_clips import Clip, same_bytes, texture, wire_matte

from answerprint.generator.wire_finder import WireFinder, read_stroke
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.production import BadInput, FrameRange

H, W, COUNT = 180, 320, 7
STROKE = {"frame": 3, "points": [[101.0, 10.0], [124.0, 90.0], [151.0, 170.0]]}


def shot(width=3.0, sway=6.0, opacity=1.0):
    """A dark wire that sways before a soft set, and its exact mattes."""
    set_ = texture(H, W, 5, sigma=5.0)
    mattes = [
        wire_matte((98 + sway * np.sin(0.7 * (at - 3)), -4), (156 + sway * np.sin(0.7 * (at - 3)), H + 4), width, H, W)
        for at in range(COUNT)
    ]
    return [(set_ * (1 - opacity * m[..., None]) + 0.02 * opacity * m[..., None]).astype(np.float32) for m in mattes], mattes


def found(frames, order=None, **settings):
    operation, inputs = WireFinder(), {"plate": Clip(frames)}
    parameters = operation.Parameters.model_validate(settings)
    analysis = operation.analyse(inputs, parameters, SeededContext(1))
    results = {}
    for at in order or range(COUNT):
        results[at] = next(operation.render(Chunk(FrameRange(at, at + 1), inputs), analysis, parameters, SeededContext(1)))
    return analysis, results


def whole(result):
    return np.asarray(full_frame(result.matte, result, W, H))


def test_one_stroke_follows_a_swaying_wire_through_the_shot():
    frames, mattes = shot()
    _, results = found(frames, stroke=[STROKE])
    for at, true in enumerate(mattes):
        ours = whole(results[at])
        assert ((ours > 0.03) & (true > 0.1)).sum() > 0.98 * (true > 0.1).sum()
        assert np.minimum(ours, true).sum() > 0.6 * np.maximum(ours, true).sum()


def test_a_sheer_wire_is_found_as_well():
    frames, mattes = shot(opacity=0.4)
    _, results = found(frames, stroke=[STROKE])
    assert min(((whole(results[at]) > 0.03) & (m > 0.1)).sum() / (m > 0.1).sum() for at, m in enumerate(mattes)) > 0.95


def test_without_a_stroke_the_wire_is_the_likeliest_line_and_listed():
    frames, mattes = shot()
    analysis, results = found(frames)
    assert analysis.facts["candidates"][0]["score"] > 0.3
    assert ((whole(results[3]) > 0.03) & (mattes[3] > 0.1)).sum() > 0.95 * (mattes[3] > 0.1).sum()


def test_candidate_0_only_lists_the_lines():
    frames, _ = shot()
    analysis, results = found(frames, candidate=0)
    assert analysis.facts["wires"] == 0 and analysis.facts["candidates"]
    assert whole(results[2]).max() == 0


def test_every_candidate_is_told_as_the_setting_that_chooses_it():
    frames, _ = shot()
    analysis, _ = found(frames, order=[3], candidate=1)
    data, lines = WireFinder().told(analysis.facts, WireFinder.Parameters(candidate=1))
    offered = [line for line in lines if line.startswith("--set candidate=")]
    assert data["candidates"] == analysis.facts["candidates"] and len(offered) == len(data["candidates"])
    assert offered[0].startswith("--set candidate=1 ") and [line.endswith("(followed)") for line in offered].index(True) == 0


def test_a_thicker_wire_is_measured_thicker():
    widths = [found(shot(width=w)[0], order=[3], stroke=[STROKE])[0].facts["width_px"][0] for w in (2.0, 4.0, 7.0)]
    assert widths == sorted(widths) and abs(widths[1] - 4.0) <= 1.0


def test_mattes_are_the_same_in_any_order():
    frames, _ = shot()
    _, forwards = found(frames, stroke=[STROKE])
    _, backwards = found(frames, order=range(COUNT - 1, -1, -1), stroke=[STROKE])
    assert all(same_bytes(forwards[at], backwards[at]) for at in range(COUNT))


def test_a_stroke_reads_as_text_and_as_json():
    assert read_stroke("10,20 30.5,40 @3") == read_stroke('{"frame": 3, "points": [[10, 20], [30.5, 40]]}')


def test_a_stroke_on_a_frame_that_is_not_there_is_bad_input():
    with pytest.raises(BadInput, match="frame 40"):
        found(shot()[0], stroke="1,1 50,50 @40")


def test_the_fill_of_a_found_wire_is_nearly_that_of_the_drawn_matte():
    from answerprint.generator.removal import Removal

    frames, mattes = shot()
    _, results = found(frames, stroke=[STROKE])
    errors = []
    for given in (mattes, [whole(results[at]) for at in range(COUNT)]):
        inputs = {"plate": Clip(frames), "matte": Clip(given, "matte")}
        operation, parameters, context = Removal(), Removal.Parameters(grain=0.0), SeededContext(1)
        analysis = operation.analyse(inputs, parameters, context)
        result = next(operation.render(Chunk(FrameRange(3, 4), inputs), analysis, parameters, context))
        m = full_frame(result.matte, result, W, H)[..., None]
        made = frames[3] * (1 - m) + full_frame(result.fill, result, W, H) * m
        errors.append(float(((made - texture(H, W, 5, sigma=5.0))[mattes[3] > 0] ** 2).mean()))
    assert errors[1] < 2.0 * errors[0] + 1e-5
