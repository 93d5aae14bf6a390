"""Keyed mattes: a few drawn frames become all, a key stays as drawn, and more keys do not make it worse."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generator.made_clips import Clip, same_bytes, texture

from answerprint.generator.keyed_carry import overlap
from answerprint.generator.roto import Roto
from answerprint.graph.compositor import full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.production import BadInput, FrameRange

H, W, COUNT = 96, 160, 9


@pytest.fixture(scope="module")
def walk():
    """A textured disc that crosses a textured set, and its exact mattes."""
    set_, skin, frames, mattes = texture(H, W, 1), texture(H, W, 2)[:, ::-1] * np.float32([1.5, 0.6, 0.4]), [], []
    y, x = np.mgrid[:H, :W].astype(np.float32)
    for at in range(COUNT):
        centre = 40 + 8 * at
        matte = np.clip(22.5 - np.hypot(x - centre, y - 48), 0, 1).astype(np.float32)
        own = np.roll(skin, 8 * at, axis=1)
        frames.append((set_ * (1 - matte[..., None]) + own * matte[..., None]).astype(np.float32))
        mattes.append(matte)
    return frames, mattes


def made(frames, mattes, keyed, order=range(COUNT), **settings):
    drawn = [m if at in keyed else np.zeros_like(m) for at, m in enumerate(mattes)]
    inputs = {"plate": Clip(frames), "matte": Clip(drawn, "keys")}
    operation = Roto()
    parameters = operation.Parameters.model_validate(settings)
    analysis = operation.analyse(inputs, parameters, SeededContext(1))
    return analysis, {
        at: next(operation.render(Chunk(FrameRange(at, at + 1), inputs), analysis, parameters, SeededContext(1))) for at in order
    }


def whole(result):
    return np.asarray(full_frame(result.matte, result, W, H))


def test_two_keys_give_every_frame_between_them(walk):
    frames, mattes = walk
    _, results = made(frames, mattes, {0, 8})
    assert min(overlap(whole(results[at]), mattes[at]) for at in range(COUNT)) > 0.85


def test_a_key_stays_as_it_was_drawn_whatever_is_added(walk):
    frames, mattes = walk
    for keys in ({4}, {0, 4, 8}):
        _, results = made(frames, mattes, keys)
        assert all(np.array_equal(whole(results[at]), mattes[at]) for at in keys)


def test_a_new_key_changes_carried_mattes_only_up_to_the_keys_on_either_side(walk):
    frames, mattes = walk
    few = made(frames, mattes, {0, 4}, way="carry")[1]
    more = made(frames, mattes, {0, 4, 8}, way="carry")[1]
    assert all(np.array_equal(whole(few[at]), whole(more[at])) for at in range(5))


def test_the_way_taken_foretells_left_out_keys_best_and_a_single_way_only_when_clearly_so(walk):
    frames, mattes = walk
    analysis, _ = made(frames, mattes, {0, 4, 8}, order=[])
    scores, way = analysis.facts["left_out_j"], analysis.facts["way"]
    mixed = max(scores["mean"], scores["blend"])
    best = max(scores.values())
    assert scores[way] == (best if best > mixed + 0.02 else mixed)


def test_a_limb_too_fast_for_optical_flow_is_found_by_its_look():
    set_, skin = texture(H, W, 1), texture(H, W, 2) * np.float32([1.5, 0.6, 0.4])
    y, x = np.mgrid[:H, :W].astype(np.float32)
    mattes = [np.clip(8.5 - np.abs(x - (40 + 16 * at)), 0, 1) * (np.abs(y - 48) < 30) for at in range(4)]
    mattes = [m.astype(np.float32) for m in mattes]
    frames = [set_ * (1 - m[..., None]) + np.roll(skin, 16 * at, axis=1) * m[..., None] for at, m in enumerate(mattes)]
    carried = made(frames, mattes, {0, 3}, order=range(4), way="carry")[1]
    alike = made(frames, mattes, {0, 3}, order=range(4), way="alike")[1]
    score = [np.mean([overlap(whole(found[at]), mattes[at]) for at in (1, 2)]) for found in (carried, alike)]
    assert score[0] < 0.1 and score[1] > 0.85


def test_the_next_frame_to_key_is_not_one_that_is_keyed(walk):
    frames, mattes = walk
    analysis, _ = made(frames, mattes, {0, 8}, order=[])
    assert analysis.facts["key_next"] and not set(analysis.facts["key_next"]) & {0, 8}


def test_the_next_frame_to_key_and_the_score_of_every_way_are_told(walk):
    frames, mattes = walk
    analysis, _ = made(frames, mattes, {0, 4, 8}, order=[])
    data, lines = Roto().told(analysis.facts, Roto.Parameters())
    assert set(data["left_out_j"]) == {"carry", "cut", "alike", "model", "mean", "blend"} and all(
        f"{name} " in lines[1] for name in data["left_out_j"]
    )
    assert lines[2].startswith(f"key next: frame {data['key_next'][0]}")


def test_a_single_key_has_no_score_to_tell(walk):
    analysis, _ = made(*walk, {4}, order=[])
    assert "unknown with a single key" in Roto().told(analysis.facts, Roto.Parameters())[1][1]


def test_the_same_keys_give_the_same_bytes_in_any_order(walk):
    frames, mattes = walk
    one = made(frames, mattes, {0, 8}, way="model")[1]
    other = made(frames, mattes, {0, 8}, order=range(COUNT - 1, -1, -1), way="model")[1]
    assert all(same_bytes(one[at], other[at]) for at in range(COUNT))


def test_black_mattes_are_no_keys(walk):
    frames, mattes = walk
    with pytest.raises(BadInput, match="black"):
        made(frames, mattes, set())


def test_a_key_beyond_the_clip_is_bad_input(walk):
    frames, mattes = walk
    with pytest.raises(BadInput, match="frame 90"):
        made(frames, mattes, {0}, keys="0, 90")


CLICKS = "+30,48 50,48 @0; -8,8 150,8 150,90 8,90 8,8 @0; -72,30 72,66 @0"


def test_strokes_alone_make_a_key_and_from_it_every_frame(walk):
    frames, mattes = walk
    analysis, results = stroked(frames, CLICKS)
    assert analysis.facts["keys"] == [0] and analysis.facts["drawn"] == []
    assert overlap(whole(results[0]), mattes[0]) > 0.8 and overlap(whole(results[2]), mattes[2]) > 0.7


def test_a_stroke_takes_what_it_marks_out_of_the_carried_matte_and_the_rest_stays(walk):
    frames, mattes = walk
    wrong = [m.copy() for m in mattes]
    wrong[0][10:30, 100:140] = 1.0
    before = made(frames, wrong, {0}, order=[0])[1][0]
    after = made(frames, wrong, {0}, order=[0], strokes="-105,20 135,20 @0")[1][0]
    assert whole(after)[14:26, 104:136].max() < 0.05
    assert np.array_equal(whole(after)[40:], whole(before)[40:])


def test_a_stroke_on_another_frame_leaves_the_keys_marked_before_as_they_are(walk):
    frames, _ = walk
    one, more = (stroked(frames, text, order=[0])[1][0] for text in (CLICKS, CLICKS + "; +100,48 @8; -40,48 @8"))
    assert np.array_equal(whole(one), whole(more))


def test_every_stroke_holds_whatever_is_marked_after_it(walk):
    frames, _ = walk
    found = whole(stroked(frames, CLICKS + "; +40,20 @0; -40,72 @0", order=[0])[1][0])
    assert found[20, 40] > 0.5 > found[72, 40] and found[48, 40] > 0.5 and found[8, 80] < 0.5


def test_strokes_that_say_only_what_is_not_meant_are_bad_input(walk):
    with pytest.raises(BadInput, match="no key"):
        stroked(walk[0], "-8,8 @0")


def test_a_stroke_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match="not a stroke"):
        Roto.Parameters.model_validate({"strokes": "40,20 @0"})


def stroked(frames, text, order=(0, 2)):
    inputs, operation = {"plate": Clip(frames)}, Roto()
    parameters = operation.Parameters.model_validate({"strokes": text})
    analysis = operation.analyse(inputs, parameters, SeededContext(1))
    return analysis, {
        at: next(operation.render(Chunk(FrameRange(at, at + 1), inputs), analysis, parameters, SeededContext(1))) for at in order
    }


def test_a_solved_edge_changes_no_key(walk):
    frames, mattes = walk
    _, carried = made(frames, mattes, {0, 8}, order=(0, 4))
    _, solved = made(frames, mattes, {0, 8}, order=(0, 4), edge="solved")
    assert np.array_equal(whole(solved[0]), mattes[0])
    assert not np.array_equal(whole(solved[4]), whole(carried[4]))
