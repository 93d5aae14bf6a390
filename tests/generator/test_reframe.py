"""Reframe: the virtual camera is exact, stays inside what was seen, and moves the frame as a whole or not at all."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from tests.generator.made_clips import Clip, rendered, same_bytes, texture

from answerprint.generator.reframe import Reframe
from answerprint.generator.virtual_camera import Framing, VirtualCamera, framing_at, projected
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.framing import Framing as FdlFraming
from answerprint.media.framing import write_fdl
from answerprint.media.sequence import open_sequence
from answerprint.media.write import write_frame
from answerprint.optics.camera import Camera
from answerprint.optics.stmap import from_stmap, grid
from answerprint.optics.warp import warp
from answerprint.passes.framing import reframing
from answerprint.passes.loose import LooseOrder, apply_operation
from answerprint.production import BadInput
from answerprint.quality.performance_class import PixelInspector

P = Reframe.Parameters
H, W = 90, 160
BARREL = Camera.from_opencv(
    np.array([[150.0, 0, 79.5], [0, 150.0, 44.5], [0, 0, 1]]), (W, H), coefficients=(-0.12, 0.02, 0.001, 0.0005)
)


def framed(frames, parameters, camera=None, order=None, chunk=1):
    return rendered(Reframe(), {"plate": Clip(frames, camera=camera)}, parameters, order or range(0, len(frames), chunk), chunk)


def test_settings_that_change_nothing_touch_nothing():
    assert not framed([texture(H, W, 1)], P())[0].matte.any()
    assert not framed([texture(H, W, 1)], P(keys=[Framing(frame=0), Framing(frame=5)]))[0].matte.any()


def test_a_pan_by_whole_pixels_brings_the_very_pixels():
    frame = texture(H, W, 2)
    frame[40, 90] = (70.0, -0.3, 2.0)
    made = framed([frame], P(centre_x=0.5 + 16 / W, centre_y=0.5 - 9 / H, edges="mark"))[0]
    assert made.fill[9:, : W - 16].tobytes() == np.ascontiguousarray(frame[: H - 9, 16:]).tobytes()
    assert not made.support[:9].any()
    assert not made.fill[:9].any()


def test_a_quarter_turn_clockwise_puts_the_top_on_the_right():
    frame = np.full((81, 81, 3), 0.2, np.float32)
    frame[:10] = 1.0
    made = framed([frame], P(rotate=90))[0].fill
    assert made[40, 76, 0] == pytest.approx(1.0, abs=1e-5)
    assert made[40, 4, 0] == pytest.approx(0.2, abs=1e-5)


def test_a_crop_shows_the_middle_larger():
    places = VirtualCamera(W, H, (Framing(width=0.5),)).places(0)
    assert np.allclose(places[0, 0], [W / 4 - 0.25, H / 4 - 0.25])
    assert np.allclose(places[0, 1] - places[0, 0], [0.5, 0])


def test_a_pan_and_scan_passes_through_its_keys_and_holds_at_the_ends():
    keys = (Framing(frame=10, centre_x=0.4, width=0.5), Framing(frame=20, centre_x=0.6, width=0.7))
    assert framing_at(keys, 0).centre_x == 0.4
    assert framing_at(keys, 20).width == 0.7
    assert 0.4 < framing_at(keys, 15).centre_x < 0.6


def test_taking_the_lens_off_and_putting_it_on_again_meets_within_a_twentieth_of_a_pixel():
    off, on = (VirtualCamera(W, H, (Framing(),), work, lens=BARREL) for work in ("undistort", "redistort"))
    points = grid(W, H)[10:-10, 10:-10]
    assert np.abs(off.through(on.through(points, 0), 0) - points).max() < 0.05


def test_an_undistorted_picture_redistorted_is_the_picture_again():
    frame = texture(H, W, 3, 2.5)
    off = framed([frame], P(lens="undistort"), BARREL)[0].fill
    back = framed([off], P(lens="redistort", edges="mark"), BARREL)[0]
    inner = (back.support > 0) & (cv2.erode(back.support.astype(np.uint8), np.ones((9, 9))) > 0)
    inner[:12], inner[-12:], inner[:, :12], inner[:, -12:] = False, False, False, False
    assert -10 * np.log10(((back.fill - frame)[inner] ** 2).mean()) > 45


def test_an_undistorted_straight_line_is_straight():
    y = np.full(41, 20.0)
    bent = BARREL.distort(np.stack([np.linspace(20, 140, 41), y], axis=1))
    camera = VirtualCamera(W, H, (Framing(),), "undistort", lens=BARREL)
    there = camera.through(np.stack([np.linspace(20, 140, 41), y], axis=1), 0)
    assert np.abs(there - bent).max() < 1e-6


def test_a_longer_focal_length_keeps_the_distortion_of_the_lens():
    camera = VirtualCamera(W, H, (Framing(),), "keep", 1.5, BARREL)
    points = np.array([[20.0, 10.0], [100.0, 80.0]])
    pinhole = BARREL.undistort(points)
    axis = BARREL.matrix[:2, 2]
    assert np.allclose(camera.through(points, 0), BARREL.distort(axis + (pinhole - axis) / 1.5))


def test_lens_work_without_a_lens_is_refused():
    with pytest.raises(BadInput, match="without a lens"):
        framed([texture(H, W, 1)], P(lens="undistort"))


def test_a_framing_beyond_the_plate_is_refused_when_it_must_not_be():
    with pytest.raises(BadInput, match="beyond what the camera saw"):
        framed([texture(H, W, 1)], P(width=1.2, edges="refuse"))


def test_levelling_zooms_in_just_enough():
    made = framed([texture(H, W, 1)], P(rotate=3))[0]
    assert (made.support == 1).all()
    assert 1.05 < made.figures["zoom"] < 1.12  # cos 3 + 16/9 sin 3 = 1.092


@pytest.fixture(scope="module")
def shaken():
    """A set filmed by a hand-held camera: frames and the true places of their corners in the set."""
    big = texture(H + 60, W + 60, 5, 2.0)
    rng = np.random.default_rng(6)
    frames, truth = [], []
    for t in range(14):
        angle, dx, dy = rng.normal(0, 0.006), 30 + 0.8 * t + rng.normal(0, 1.2), 30 + rng.normal(0, 1.2)
        m = np.array([[np.cos(angle), -np.sin(angle), dx], [np.sin(angle), np.cos(angle), dy], [0, 0, 1]])
        places = projected(m, grid(W, H)).astype(np.float32)
        frames.append(cv2.remap(big, places[..., 0], places[..., 1], cv2.INTER_CUBIC))
        truth.append(m)
    return frames, truth


def centres(analysis_maps, truth):
    """Where the middle of each steady frame lies in the set."""
    return np.array([projected(m @ s, np.array([W / 2, H / 2])) for s, m in zip(analysis_maps, truth, strict=True)])


def test_a_tripod_holds_the_picture_still_to_a_quarter_of_a_pixel(shaken):
    frames, truth = shaken
    operation, parameters = Reframe(), P(stabilise=1, smooth=0)
    from answerprint.graph.runner import SeededContext

    analysis = operation.analyse({"plate": Clip(frames)}, parameters, SeededContext(0))
    path = centres(analysis.arrays["steady"], truth)
    assert np.abs(path - path.mean(axis=0)).max() < 0.25


def test_a_smooth_path_shakes_less_and_still_travels(shaken):
    frames, truth = shaken
    from answerprint.graph.runner import SeededContext

    analysis = Reframe().analyse({"plate": Clip(frames)}, P(stabilise=1, smooth=4), SeededContext(0))
    shake = lambda path: np.abs(np.diff(path, 2, axis=0)).mean()  # noqa: E731
    before, after = centres([np.eye(3)] * len(frames), truth), centres(analysis.arrays["steady"], truth)
    assert shake(after) < 0.15 * shake(before)
    assert after[-1, 0] - after[0, 0] > 4


def test_a_locked_camera_is_left_to_the_last_bit():
    rng = np.random.default_rng(3)
    still = texture(H, W, 5, 2.0)
    frames = [(still + rng.normal(0, 0.004, still.shape)).astype(np.float32) for _ in range(4)]
    assert not any(r.matte.any() for r in framed(frames, P(stabilise=1, motion="perspective")).values())


def test_margins_come_from_the_frames_that_saw_them(shaken):
    frames, _ = shaken
    made = framed(frames, P(stabilise=1, smooth=0, edges="fill"), order=[7])[7]
    plain = framed(frames, P(stabilise=1, smooth=0, edges="mark"), order=[7])[7]
    brought = (plain.support == 0) & (made.support > 0)
    assert brought.sum() > 50
    assert made.figures["from_near_px"] == brought.sum()
    assert not made.fill[made.support == 0].any()


def test_a_filled_margin_is_what_stands_there(shaken):
    frames, truth = shaken
    big = texture(H + 60, W + 60, 5, 2.0)
    made = framed(frames, P(width=1.04, edges="fill"), order=[7])[7]
    places = projected(truth[7], VirtualCamera(W, H, (Framing(width=1.04),)).places(7)).astype(np.float32)
    wanted = cv2.remap(big, places[..., 0], places[..., 1], cv2.INTER_CUBIC)
    brought = np.isnan(made.layers["stmap"][..., 0]) | (made.layers["stmap"][..., 0] < 0)
    brought &= made.support > 0
    assert brought.sum() > 200
    assert np.abs(made.fill - wanted)[brought].mean() < 0.04


def test_bytes_do_not_depend_on_order_or_chunk_size(shaken):
    frames, _ = shaken
    parameters = P(stabilise=1, smooth=3, edges="fill", width=0.99, reach=4)
    many = framed(frames, parameters, chunk=5)
    for at in (9, 0, 13, 4):
        assert same_bytes(framed(frames, parameters, order=[at])[at], many[at])


def test_a_whole_frame_move_is_class_c_and_a_slimmer_face_is_class_d():
    frame = texture(H, W, 8, 2.0) / 2
    performer = np.zeros((H, W), np.float32)
    performer[20:70, 60:100] = 1
    places = VirtualCamera(W, H, (Framing(width=0.8, rotate=2),)).places(0)
    x, y = (places[..., i].astype(np.float32) for i in (0, 1))
    made = cv2.remap(frame, x, y, cv2.INTER_CUBIC)
    inspector = PixelInspector()
    assert inspector.classify_moved(frame, made, places, performer) == "C"
    slim = places.copy()
    slim[..., 0] += 3 * np.exp(-(((grid(W, H)[..., 0] - 80) / 12) ** 2) - ((grid(W, H)[..., 1] - 45) / 15) ** 2)
    assert (
        inspector.classify_moved(frame, cv2.remap(frame, slim[..., 0].astype(np.float32), y, cv2.INTER_CUBIC), slim, performer)
        == "D"
    )
    painted = made.copy()
    painted[40:50, 70:90] = 0.9
    assert inspector.classify_moved(frame, painted, places, performer) == "D"


def test_a_reframed_plate_keeps_its_format_and_its_matte_channel_goes_along(tmp_path):
    (tmp_path / "plate").mkdir()
    frame, alpha = texture(H, W, 9).astype(np.float16), np.zeros((H, W), np.float16)
    alpha[:, 40:60] = 1
    planes = {c: np.ascontiguousarray(frame[..., i]) for i, c in enumerate("RGB")} | {"A": alpha}
    header = FrameHeader(W, H, storage="half", file_format="exr", compression="zip")
    write_frame(tmp_path / "plate" / "p.0001.exr", SourceFrame(planes, header))
    told = apply_operation(
        LooseOrder("reframe", tmp_path / "plate", tmp_path / "out", settings={"centre_x": "0.55", "edges": "mark"}, workers=1),
        lambda *_: None,
    )
    made = open_sequence(tmp_path / "out").read(0)
    assert np.array_equal(made.planes["A"][:, 32:52], np.ones((H, 20), np.float16))
    assert np.array_equal(made.rgb()[:, : W - 8], frame[:, 8:])
    assert told["class"]["C"] == 1
    assert 0.9 < told["support_share"] < 1


def test_a_camera_and_a_pan_and_scan_come_from_the_command_line(tmp_path):
    (tmp_path / "plate").mkdir()
    write_frame(
        tmp_path / "plate" / "p.0001.png",
        SourceFrame(
            {c: (texture(H, W, 9)[..., 0] * 150).astype(np.uint8) for c in "RGB"},
            FrameHeader(W, H, storage="uint8", file_format="png"),
        ),
    )
    (tmp_path / "lens.json").write_text(json.dumps({"fl_x": 150, "cx": 80, "cy": 45, "w": W, "h": H, "k1": -0.1}))
    order = LooseOrder(
        "reframe", tmp_path / "plate", tmp_path / "out", workers=1, camera=tmp_path / "lens.json",
        settings={"lens": "undistort", "keys": '[{"frame": 0, "width": 0.9}]'},
    )  # fmt: skip
    assert apply_operation(order, lambda *_: None)["class"]["C"] == 1
    (tmp_path / "lens.json").write_text("{}")
    with pytest.raises(BadInput, match="field required"):
        apply_operation(order, lambda *_: None)


def fdl(path, *framings):
    write_fdl(path, framings, "test", "00000000-0000-4000-8000-000000000001")
    return path


def test_a_framing_decision_is_shown_whole_and_black_round_it(tmp_path):
    """A canvas of twice the plate's size, framed 2:1 a little right of and above the middle."""
    plate = tmp_path / "A001C001.exr"
    frame = texture(H, W, 3) + np.float32(0.1)
    planes = dict(zip("RGB", np.moveaxis(frame, -1, 0), strict=True))
    write_frame(plate, SourceFrame(planes, FrameHeader(W, H, storage="float", file_format="exr", compression="zip")))
    decision = FdlFraming("A001C001", (2 * W, 2 * H), (2, 1), (60.0, 10.0, 240.0, 120.0), "2.00")
    other = FdlFraming("A001C001", (2 * W, 2 * H), (16, 9), (0.0, 0.0, 320.0, 180.0), "1.78")
    paper = fdl(tmp_path / "show.fdl", decision, other)
    order = LooseOrder(
        "reframe",
        plate,
        tmp_path / "out",
        scene=paper,
        settings={"framing": "2.00", "output": "acescg", "input_space": "ACEScg"},
        workers=1,
    )
    assert apply_operation(order, lambda *_: None)["frames"] == 1
    made = open_sequence(tmp_path / "out", None).read(0).rgb()
    shown = made.shape[1] / 2  # rows of a picture of 2:1
    bars = int((H - shown) / 2)
    assert not made[:bars].any()
    assert not made[-bars:].any()
    assert made[bars : H - bars].min() > 0
    # The corners of the decision, in plate pixels, stand in the corners of what is shown.
    places = VirtualCamera(W, H, (Framing(centre_x=180 / 320, centre_y=70 / 180, width=0.75),)).places(0)
    assert places[bars, 0] == pytest.approx([30 - 0.125, 5 - 0.125 + 0.0], abs=0.6)
    truth = warp(frame, places, "lanczos", edge="hold")
    assert np.abs(made[bars + 1 : H - bars - 1] - truth[bars + 1 : H - bars - 1]).max() < 2e-3


def test_a_framing_is_named_where_there_are_several():
    one = FdlFraming("A001C001", (320, 180), (2, 1), (60.0, 10.0, 240.0, 120.0), "2.00")
    two = FdlFraming("A001C001", (320, 180), (16, 9), (0.0, 0.0, 320.0, 180.0), "1.78")
    with pytest.raises(BadInput, match=r"which of its framings is meant.*name one of: 2\.00, 1\.78"):
        reframing([one, two], "A001C001", (W, H))
    with pytest.raises(BadInput, match=r"no framing is called 2\.39"):
        reframing([one, two], "A001C001", (W, H), "2.39")
    assert reframing([one, two], "A001C001", (W, H), "1.78")["width"] == 1
    assert reframing([one], "B002C001", (W, H))["width"] == pytest.approx(0.75)


def test_a_framing_on_a_canvas_of_another_shape_is_refused():
    one = FdlFraming("A001C001", (4096, 2160), (2, 1), (60.0, 10.0, 240.0, 120.0), "2.00")
    with pytest.raises(BadInput, match="canvas 4096x2160, another shape"):
        reframing([one], "A001C001", (W, H))


def test_black_round_a_framing_is_not_a_missing_picture():
    made = framed([texture(H, W, 4)], P(aspect=2.0))[0]
    assert not made.fill[:4].any()
    assert made.support.min() >= 1
    assert made.figures["never_seen_px"] == 0


def test_black_round_a_framing_leaves_the_frame_moved_as_a_whole():
    frame = texture(H, W, 5)
    made = framed([frame], P(width=0.8, aspect=2.1))[0]
    performer = np.zeros((H, W), np.float32)
    performer[20:, 60:90] = 1.0
    assert PixelInspector().classify_moved(frame, made.fill, from_stmap(made.layers["stmap"], W, H), performer) == "C"
