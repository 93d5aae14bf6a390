"""Captions of made clips, whose moves, cuts and light are known, and of real ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from answerprint.captioner.caption import caption_clip
from answerprint.captioner.words import describe
from answerprint.colour.spaces import default_space, to_working
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.perception import models
from answerprint.perception.pose import DETECTOR, LANDMARKS
from answerprint.production import BadInput

RATE = Fraction(24)
WIDTH, HEIGHT = 320, 180
FRAMES = 24


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No analysis network is installed."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    monkeypatch.setattr(models, "_loaded", threading.local())


def scene(seed: int = 0) -> np.ndarray:
    """A wall with detail at every size, 960 x 540, scene light around middle grey."""
    random = np.random.default_rng(seed)
    wall = sum(cv2.GaussianBlur(random.normal(size=(540, 960, 3)), (0, 0), s) * s for s in (1.5, 4, 12))
    return (0.18 * 2 ** np.clip(wall, -3, 3)).astype(np.float32)


def clip(shift: tuple[float, float] = (0, 0), growth: float = 0, turn: float = 0, seed: int = 0) -> list[np.ndarray]:
    """A window of the scene that goes right, down, in and clockwise: pixels, shares and degrees per frame."""
    wall, frames = scene(seed), []
    for at in np.arange(FRAMES) - FRAMES / 2:
        scale, angle = (1 + growth) ** -at, np.radians(turn * at)
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        x, y = 480 + shift[0] * at, 270 + shift[1] * at
        to_wall = np.array([[c, -s, x - c * WIDTH / 2 + s * HEIGHT / 2], [s, c, y - s * WIDTH / 2 - c * HEIGHT / 2]])
        frames.append(cv2.warpAffine(wall, to_wall, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))
    return frames


def caption(frames: list[np.ndarray], camera: Camera | None = None, start_tc: str | None = None) -> dict[str, Any]:
    return caption_clip(frames.__getitem__, len(frames), RATE, camera, start_tc)


def calibrated(tilt: float = 0.0, roll: float = 0.0) -> Camera:
    return Camera(
        active_sensor_resolution=(WIDTH, HEIGHT),
        active_sensor_physical_dimensions=(24.0, 13.5),
        pinhole_focal_length=32.0,
        rotation=(0.0, tilt, roll),
    )


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    ("move", "how"),
    [
        ("pan_right", {"shift": (2.0, 0)}),
        ("pan_left", {"shift": (-2.0, 0)}),
        ("tilt_down", {"shift": (0, 1.5)}),
        ("tilt_up", {"shift": (0, -1.5)}),
        ("zoom_in", {"growth": 0.006}),
        ("zoom_out", {"growth": -0.006}),
        ("roll_cw", {"turn": 0.3}),
        ("roll_ccw", {"turn": -0.3}),
        ("static", {}),
    ],
)
def test_a_move_is_named_and_nothing_else_is(move: str, how: dict[str, Any]) -> None:
    (shot,) = caption(clip(**how))["shots"]
    assert [(one["move"], one["frames"]) for one in shot["moves"]] == [(move, [0, FRAMES])]


@pytest.mark.usefixtures("blind")
def test_a_pan_is_told_in_per_cent_of_the_picture_where_the_lens_is_unknown() -> None:
    (move,) = caption(clip(shift=(2.0, 0)))["shots"][0]["moves"]
    assert move["unit"] == "%/s"
    assert move["rate"] == pytest.approx(100 * 2.0 * 24 / WIDTH, rel=0.03)


@pytest.mark.usefixtures("blind")
def test_a_pan_is_told_in_degrees_where_the_lens_is_known() -> None:
    (move,) = caption(clip(shift=(2.0, 0)), calibrated())["shots"][0]["moves"]
    focal = 32.0 / 24.0 * WIDTH
    # within 6 %: the made clip slides, a turning camera's picture also bows by that much
    assert (move["unit"], move["rate"]) == ("degree/s", pytest.approx(np.degrees(2.0 * 24 / focal), rel=0.06))


@pytest.mark.usefixtures("blind")
def test_something_large_that_crosses_a_standing_camera_is_no_move() -> None:
    frames, crossing = clip(), scene(5)
    for at, frame in enumerate(frames):
        left = 10 + 6 * at
        frame[40:, left : left + 130] = crossing[40:HEIGHT, :130]
    assert [one["move"] for one in caption(frames)["shots"][0]["moves"]] == ["static"]


@pytest.mark.usefixtures("blind")
def test_shake_without_direction_is_handheld() -> None:
    wall = scene()
    at = np.arange(FRAMES)
    x, y = 300 + 3 * np.sin(1.3 * at), 150 + 3 * np.cos(1.7 * at)
    moved = [np.array([[1, 0, -a], [0, 1, -b]]) for a, b in zip(x, y, strict=True)]
    frames = [cv2.warpAffine(wall, one, (WIDTH, HEIGHT)) for one in moved]
    assert [one["move"] for one in caption(frames)["shots"][0]["moves"]] == ["handheld"]


@pytest.mark.usefixtures("blind")
def test_a_cut_is_found_on_its_frame_also_between_sampled_frames() -> None:
    frames = [*clip(shift=(0.5, 0)), *clip(shift=(0.5, 0))[::-1], *clip(seed=9)[:17], *clip(seed=9)[:14]]
    assert len(frames) > 48  # so that not every frame is looked at
    assert [one["frames"] for one in caption(frames)["shots"]] == [[0, 48], [48, 79]]


@pytest.mark.usefixtures("blind")
def test_a_flash_is_no_cut() -> None:
    frames = clip()
    frames[12] = frames[12] * 40 + 20
    assert [one["frames"] for one in caption(frames)["shots"]] == [[0, FRAMES]]


@pytest.mark.usefixtures("blind")
def test_one_stop_less_light_reads_one_stop_lower() -> None:
    frame = scene()[:HEIGHT, :WIDTH]
    bright, dark = (caption([f])["shots"][0]["fields"]["exposure"] for f in (frame, frame / 2))
    assert bright["value"] - dark["value"] == pytest.approx(1.0, abs=0.02)
    assert bright["unit"] == "stop"


@pytest.mark.usefixtures("blind")
def test_middle_grey_is_exposure_zero_and_6500_kelvin() -> None:
    fields = caption([np.full((HEIGHT, WIDTH, 3), 0.18, np.float32)])["shots"][0]["fields"]
    assert fields["exposure"]["value"] == pytest.approx(0.0, abs=0.01)
    assert fields["cct"]["value"] is None or fields["cct"]["value"] == pytest.approx(6500, abs=100)


@pytest.mark.usefixtures("blind")
def test_a_still_has_no_camera_move() -> None:
    (shot,) = caption(clip()[:1])["shots"]
    assert (shot["frames"], shot["moves"]) == ([0, 1], [])


@pytest.mark.usefixtures("blind")
def test_without_the_networks_people_are_unknown_and_the_reason_is_given() -> None:
    fields = caption(clip()[:3])["shots"][0]["fields"]
    for name in ("people", "shot_size", "framing"):
        assert fields[name]["value"] is None
        assert "not looked for" in fields[name]["who"]


@pytest.mark.usefixtures("blind")
def test_the_lens_is_recorded_where_calibrated_and_unknown_otherwise() -> None:
    known, unknown = (caption(clip()[:1], c)["shots"][0]["fields"] for c in (calibrated(), None))
    assert (known["focal_length"]["value"], known["focal_length"]["source"]) == (32.0, "recorded")
    assert known["hfov"]["value"] == pytest.approx(2 * np.degrees(np.arctan(12 / 32)), abs=0.01)
    assert known["focal_length_35mm"]["value"] == pytest.approx(32 * np.hypot(36, 24) / np.hypot(24, 13.5), abs=0.01)
    assert [unknown[name]["value"] for name in ("focal_length", "hfov", "t_stop", "focus_distance")] == [None] * 4


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    ("tilt", "roll", "name"),
    [(0, 0, "Eye Level"), (-20, 0, "High Angle"), (25, 0, "Low Angle"), (-80, 0, "Overhead Shot"), (2, 20, "Dutch Angle")],
)
def test_the_angle_follows_from_the_calibrated_tilt_and_roll(tilt: float, roll: float, name: str) -> None:
    angle = caption(clip()[:1], calibrated(tilt, roll))["shots"][0]["fields"]["angle"]
    assert (angle["value"], angle["source"]) == (name, "solved")


@pytest.mark.usefixtures("blind")
def test_without_a_face_the_key_light_does_not_apply() -> None:
    fields = caption(clip()[:1])["shots"][0]["fields"]
    assert [fields[name]["applicable"] for name in ("key_fill_ratio", "key_azimuth", "key_elevation")] == [False] * 3


@pytest.mark.usefixtures("blind")
def test_the_same_frames_give_the_same_bytes_and_plain_json() -> None:
    frames = clip(shift=(1.0, 0.4), growth=0.002)
    first, again = (json.dumps(caption(frames, calibrated(), "01:00:00:00"), allow_nan=False) for _ in range(2))
    assert first == again
    assert json.loads(first)["shots"][0]["timecode"] == "01:00:00:00"


@pytest.mark.usefixtures("blind")
def test_pixels_that_are_not_numbers_do_not_spoil_the_caption() -> None:
    frames = clip(shift=(2.0, 0))
    for frame in frames:
        frame[:5, :5], frame[5:9, :5] = np.nan, np.inf
    (shot,) = caption(frames)["shots"]
    assert [one["move"] for one in shot["moves"]] == ["pan_right"]
    json.dumps(shot, allow_nan=False)


@pytest.mark.usefixtures("blind")
def test_the_words_follow_the_record() -> None:
    (shot,) = caption(clip(shift=(2.0, 0)), calibrated(-30))["shots"]
    assert shot["text"] == describe(shot)
    assert "high angle" in shot["text"].lower() and "pan right" in shot["text"]
    shot["moves"][0]["move"] = "tilt_up"
    shot["fields"]["angle"]["confidence"] = 0.1
    assert "tilt up" in describe(shot) and "high angle" not in describe(shot).lower()


def test_a_clip_without_frames_is_refused() -> None:
    with pytest.raises(BadInput, match="no frames"):
        caption([])


@pytest.mark.usefixtures("blind")
def test_frames_of_two_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="another size"):
        caption([*clip()[:2], np.zeros((90, 160, 3), np.float32)])


@pytest.mark.parametrize(("name", "people"), [("05_default_juggle", 1), ("01_dog", 1), ("03_blocks", 0)])
def test_people_and_shot_size_of_labelled_clips(footage: Path, name: str, people: int) -> None:
    for card in (DETECTOR, LANDMARKS):
        try:
            models.find_model(card)
        except BadInput as missing:
            pytest.skip(str(missing))
    sequence = open_sequence(footage / "removal/sam2_gallery" / f"{name}.mp4")
    space = default_space(sequence.storage, "movie", sequence.colour_tag)
    read: Callable[[int], Any] = lambda index: to_working(sequence.read(index).rgb(), space)  # noqa: E731
    (shot,) = caption_clip(read, 4, Fraction(30), None)["shots"]
    assert shot["fields"]["people"]["value"] == people
    assert shot["fields"]["shot_size"]["value"] == ("FS" if people else None)
