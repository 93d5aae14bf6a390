"""Removal: wires come off with what stands behind them; performers keep their own pixels or keep the wire."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import Clip

from answerprint.generator.log_light import decoded, encoded
from answerprint.generator.removal import Removal
from answerprint.generator.removal_lanes import Lanes
from answerprint.generator.removal_look import Look, Offer
from answerprint.generator.removal_spatial import led_across, smoothest
from answerprint.generator.removal_thin import fill_thin
from answerprint.graph.compositor import admit, full_frame
from answerprint.graph.contract import Chunk
from answerprint.graph.runner import SeededContext
from answerprint.graph.sources import Windowed
from answerprint.production import FrameRange

H, W, COUNT = 120, 640, 9


def texture(height, width, seed):
    """A busy surface in linear light, 0.05 to 1.5, that bilinear sampling does not change much."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.random((height, width, 3)).astype(np.float32), (0, 0), 1.6)
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    return (0.05 + 1.45 * noise).astype(np.float32)


def wire(x=300, lean=0.2, width=3):
    """An upright wire's exact matte."""
    canvas = np.zeros((H * 8, W * 8), np.uint8)
    cv2.line(canvas, (int(x * 8), 0), (int((x + lean * H) * 8), H * 8), 255, width * 8)
    return cv2.resize(canvas, (W, H), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def strung(frames, mattes, light=0.02):
    return [(f * (1 - m[..., None]) + light * m[..., None]).astype(np.float32) for f, m in zip(frames, mattes, strict=True)]


def panned(seed=1, speed=4):
    big = texture(H, W + speed * COUNT, seed)
    return [np.ascontiguousarray(big[:, speed * t : speed * t + W]) for t in range(COUNT)]


def removed(frames, mattes, protect=None, parameters=None, order=None, operation=None):
    """The results by frame."""
    operation = operation or Removal()
    parameters = parameters or Removal.Parameters(grain=0.0)
    inputs = {"plate": Clip(frames, "plate"), "matte": Clip(mattes, "matte")}
    if protect is not None:
        inputs["protect"] = Clip(protect, "protect")
    context = SeededContext(5)
    analysis = operation.analyse(inputs, parameters, context)
    out = {}
    for at in order or [4]:
        window = FrameRange(at, at + 1).grown(operation.halo(parameters), FrameRange(0, len(frames)))
        limited = {name: Windowed(reader, window) for name, reader in inputs.items()}
        out[at] = next(operation.render(Chunk(FrameRange(at, at + 1), limited), analysis, parameters, context))
    return out


def composed(result, source, protect=None):
    matte = admit(result, protect, W, H).matte[..., None]
    return source * (1 - matte) + full_frame(result.fill, result, W, H) * matte


def decibels(made, truth, where):
    error = (np.clip(made, 0, 2) - np.clip(truth, 0, 2))[where]
    return -10 * np.log10((error**2).mean() + 1e-12)


def telea(source, matte):
    codes = np.clip(np.sqrt(source / 1.5) * 255, 0, 255).astype(np.uint8)
    return (cv2.inpaint(codes, (matte > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32) / 255) ** 2 * 1.5


def test_the_log_encoding_gives_back_highlights_and_negatives():
    light = np.array([[[-0.05, 0.0, 0.18], [1.0, 40.0, 1000.0]]], np.float32)
    assert np.allclose(decoded(encoded(light)), light, rtol=2e-4, atol=1e-6)


def test_the_smoothest_fill_carries_a_ramp_across_unbent():
    ramp = np.stack([np.add.outer(np.arange(40.0), 2 * np.arange(50.0)) / 100] * 3, axis=-1).astype(np.float32)
    hole = np.zeros((40, 50), bool)
    hole[5:35, 20:26] = True
    broken = np.where(hole[..., None], 9.0, ramp).astype(np.float32)
    assert np.abs(smoothest(broken, hole) - ramp[hole]).max() < 1e-3


def test_a_slanted_edge_is_led_across_sharper_than_the_smoothest_fill():
    y, x = np.mgrid[:60, :80]
    edge = np.stack([cv2.GaussianBlur((y > 0.6 * x + 5).astype(np.float32), (0, 0), 0.7)] * 3, axis=-1) * 0.5
    hole = np.zeros((60, 80), bool)
    hole[:, 36:42] = True
    base = edge.copy()
    base[hole] = smoothest(np.where(hole[..., None], 0, edge).astype(np.float32), hole)
    led = led_across(base, hole)
    assert ((led - edge[hole]) ** 2).mean() < 0.6 * ((base[hole] - edge[hole]) ** 2).mean()


def test_behind_a_wire_a_panning_camera_finds_the_set_again():
    frames, mattes = panned(), [wire()] * COUNT
    result = removed(strung(frames, mattes), mattes)[4]
    where = mattes[4] > 0
    made = composed(result, strung(frames, mattes)[4])
    assert decibels(made, frames[4], where) > decibels(telea(strung(frames, mattes)[4], mattes[4]), frames[4], where) + 6
    assert (full_frame(result.support, result, W, H)[where] > 0).mean() > 0.95


def test_a_swaying_wire_gives_way_to_the_plate_of_a_locked_camera():
    frames, mattes = [texture(H, W, 2)] * COUNT, [wire(270 + 6 * t) for t in range(COUNT)]
    plate = strung(frames, mattes)
    made = composed(removed(plate, mattes)[4], plate[4])
    assert decibels(made, frames[4], mattes[4] > 0) > 42  # less than a hundredth of the brightest light


def test_a_plate_of_what_moves_is_not_believed_under_the_wire_for_agreeing_beside_it():
    truth, hidden, noise = texture(H, 200, 4), wire(x=80)[:, :200] > 0, np.random.default_rng(3)
    wrong = np.where(hidden[..., None], texture(H, 200, 9), truth)
    looks = [
        Look.at(light, ~np.ones_like(hidden)) for light in (wrong, truth * noise.normal(1, 0.02, truth.shape).astype(np.float32))
    ]
    near = Offer(looks[1], None, 1)

    def off(frames_apart):
        plate = Offer(looks[0], None, 0, support=9, spread=np.full(hidden.shape, frames_apart, np.float32))
        fill = fill_thin(Look.at(truth, hidden), [plate, near], hidden, [], 4e-5)
        return decibels(decoded(fill.rgb), truth, hidden)

    assert off(0.0) < 20
    assert off(0.01) > 30


def test_near_frames_in_other_light_leave_no_line_along_the_wire():
    surface = texture(H, W, 4)
    mattes = [wire(x=300 + 2 * at) for at in range(COUNT)]
    frames = [surface * np.float32(1.02**at) for at in range(COUNT)]
    result = removed(strung(frames, mattes), mattes)[4]
    made = composed(result, strung(frames, mattes)[4])
    stops = np.log2(made / frames[4])[mattes[4] > 0]
    assert np.sqrt((stops**2).mean()) < 0.005


def test_what_was_never_seen_is_marked_invented():
    frames, mattes = [texture(H, W, 3)] * COUNT, [wire()] * COUNT
    result = removed(strung(frames, mattes), mattes)[4]
    assert result.support.max() == 0
    assert result.figures["invented_px"] == (mattes[4] > 0).sum()


def test_a_passing_foreground_is_not_dragged_into_the_hole():
    set_, mattes = texture(H, W, 4), [wire(lean=0.0, x=306)] * COUNT
    frames = []
    for t in range(COUNT):
        frame = set_.copy()
        frame[30:90, 270 + 9 * t : 294 + 9 * t] = (1.4, 0.1, 0.1)
        frames.append(frame)
    plate = strung(frames, mattes)
    result = removed(plate, mattes, order=[6])[6]
    where = mattes[6] > 0
    assert decibels(composed(result, plate[6]), frames[6], where) > decibels(telea(plate[6], mattes[6]), frames[6], where)


def test_the_fill_is_the_same_in_any_order_and_with_or_without_memory():
    frames, mattes = panned(5), [wire(280 + t) for t in range(COUNT)]
    plate, parameters = strung(frames, mattes), Removal.Parameters()
    forwards = removed(plate, mattes, parameters=parameters, order=list(range(COUNT)))
    for at in (7, 2, 5):
        alone = removed(plate, mattes, parameters=parameters, order=[at])[at]
        assert alone.box == forwards[at].box
        assert alone.fill.tobytes() == forwards[at].fill.tobytes()
        assert alone.support.tobytes() == forwards[at].support.tobytes()


def test_nothing_is_wanted_where_the_matte_is_black():
    frames, mattes = panned(6), [wire()] * COUNT
    result = removed(strung(frames, mattes), mattes)[4]
    x0, y0, x1, y1 = result.box
    assert ((result.matte > 0) == (mattes[4][y0:y1, x0:x1] > 0)).all()


def test_a_frame_without_a_matte_is_left_untouched():
    frames, mattes = panned(7), [wire()] * COUNT
    mattes[4] = np.zeros((H, W), np.float32)
    assert removed(strung(frames, mattes), mattes)[4].matte.max() == 0


def test_highlights_above_one_are_not_cut():
    frames = [f * 8 for f in panned(8)]
    mattes = [wire()] * COUNT
    result = removed(strung(frames, mattes), mattes)[4]
    assert result.fill.max() > 4


@pytest.fixture(scope="module")
def performer():
    """A performer who crosses a still set by 5 pixels a frame under a wire, the frames, the mattes of both."""
    body, frames, guards = texture(70, 60, 9) + np.float32(0.4), [], []
    for t in range(COUNT):
        frame, guard = np.full((H, W, 3), 0.2, np.float32), np.zeros((H, W), np.float32)
        frame[25:95, 240 + 5 * t : 300 + 5 * t] = body
        guard[25:95, 240 + 5 * t : 300 + 5 * t] = 1
        frames.append(frame)
        guards.append(guard)
    mattes = [wire(lean=0.0, x=292)] * COUNT
    return frames, mattes, guards


def test_a_performer_gets_back_own_pixels_of_near_frames(performer):
    frames, mattes, guards = performer
    plate = strung(frames, mattes)
    result = removed(plate, mattes, protect=guards)[4]
    found = admit(result, guards[4], W, H)
    over = (mattes[4] > 0) & (guards[4] > 0)
    offsets = full_frame(result.restored, result, W, H)
    assert np.abs(offsets).max() <= 3
    assert (found.restored & over).sum() > 0.8 * over.sum()
    assert np.abs(composed(result, plate[4], guards[4]) - frames[4])[found.restored & over].mean() < 0.03


def test_a_restored_pixel_comes_whole_from_the_one_frame_it_names(performer):
    frames, mattes, guards = performer
    marked = [f * np.float32(1 + 0.01 * (t - 4)) for t, f in enumerate(frames)]
    result = removed(strung(marked, mattes), mattes, protect=guards)[4]
    offsets = full_frame(result.restored, result, W, H)
    fill = full_frame(result.fill, result, W, H)
    inner = np.zeros((H, W), bool)
    inner[35:85, 275:308] = True
    for step in np.unique(offsets[(offsets != 0) & inner]):
        there = (offsets == step) & inner
        brightness = np.median(fill[there] / frames[4][there])
        assert abs(brightness - (1 + 0.01 * step)) < 0.004


def test_a_performer_who_stands_still_under_a_still_wire_keeps_it(performer):
    frames, mattes, guards = performer
    still = [frames[4]] * COUNT
    plate = strung(still, mattes)
    result = removed(plate, mattes, protect=[guards[4]] * COUNT)[4]
    found = admit(result, guards[4], W, H)
    over = (mattes[4] > 0) & (guards[4] > 0)
    assert not (found.restored & over).any()
    assert found.unreached[over].all()
    assert np.array_equal(composed(result, plate[4], guards[4])[over], plate[4][over])


def test_a_person_is_large_and_a_wire_is_thin():
    matte = wire()
    matte[20:100, 120:160] = 1
    lanes = Lanes.on(matte, None)
    assert lanes.large[25:95, 125:155].all()
    assert lanes.thin[wire() > 0].mean() > 0.9
    assert not (lanes.large & lanes.thin).any()


def test_a_wire_that_swings_while_the_shutter_is_open_is_no_beam():
    matte = wire(width=5)
    matte[50:70] = wire(width=8)[50:70]
    assert not Lanes.on(matte, None).large.any()
    matte[55:65, 295:330] = 1
    assert Lanes.on(matte, None).large.any()


def test_fingers_go_with_the_person_they_belong_to():
    matte = np.zeros((H, W), np.float32)
    matte[20:100, 120:160] = 1
    matte[50:53, 160:185] = 1
    lanes = Lanes.on(matte, None)
    assert lanes.large[51, 180]
    assert not lanes.thin.any()


def test_a_walking_figure_gives_way_to_the_set_other_frames_saw():
    set_, mattes = texture(H, W, 12), []
    for t in range(COUNT):
        matte = np.zeros((H, W), np.float32)
        matte[30:90, 200 + 30 * t : 224 + 30 * t] = 1
        mattes.append(matte)
    plate = strung([set_] * COUNT, mattes, light=1.2)
    result = removed(plate, mattes)[4]
    where = mattes[4] > 0
    assert decibels(composed(result, plate[4]), set_, where) > 35
    assert (full_frame(result.support, result, W, H)[where] > 0).all()
    assert {use.socket for use in result.sources} == {"plate"}


def test_a_figure_before_a_moving_camera_is_filled_from_frames_that_saw_past_it():
    frames, mattes = panned(13, speed=14), []
    for _ in range(COUNT):
        matte = np.zeros((H, W), np.float32)
        matte[30:90, 300:324] = 1
        mattes.append(matte)
    plate = strung(frames, mattes, light=1.2)
    result = removed(plate, mattes)[4]
    where = mattes[4] > 0
    assert decibels(composed(result, plate[4]), frames[4], where) > decibels(telea(plate[4], mattes[4]), frames[4], where) + 3


def test_half_strength_wants_half_the_fill():
    frames, mattes = panned(11), [wire()] * COUNT
    result = removed(strung(frames, mattes), mattes, parameters=Removal.Parameters(strength=0.5))[4]
    assert result.matte.max() == np.float32(0.5)


def test_every_preset_is_valid_and_they_look_ever_farther():
    reach = [Removal().halo(Removal.Parameters(**values)) for values in Removal.Parameters.presets.values()]
    assert len(reach) == 3
    assert reach == sorted(set(reach))
