"""Large regions behind a locked camera: what was seen is brought back, what was not is invented once and said to be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.generator.exemplar import exemplar_fill
from answerprint.generator.frame_noise import measure_noise
from answerprint.generator.large_region import fill_large, prepare_large
from answerprint.generator.seam import membrane
from answerprint.generator.stops import to_light, to_log
from answerprint.optics.camera import Camera
from answerprint.optics.camera import Plane as Level

H, W = 120, 160


class Told:
    def progress(self, done, total, what):
        pass

    def check_cancelled(self):
        pass

    def generator(self, *key):
        return np.random.default_rng(7)


class Clip:
    camera = None
    clip, digest = "clip", "0"

    def __init__(self, frames):
        self.frames, self.count = frames, len(frames)
        self.height, self.width = frames[0].shape[:2]

    def read(self, index):
        return self.frames[index].copy()


def a_set(seed=1, width=W):
    """Stripes and blots in linear light, 0.05 to 0.8."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((H // 8, width // 8, 3)).repeat(8, 0).repeat(8, 1)
    stripes = 0.5 + 0.3 * np.sin(np.arange(width) / 3.0)[None, :, None]
    return np.asarray(0.05 + 0.5 * coarse * stripes, np.float32)


def walking(background, count=10, stays=False, gain=None, noise=0.0):
    """A red block that crosses the set (or stays), its mattes, and the frames."""
    frames, mattes = [], []
    rng = np.random.default_rng(3)
    for at in range(count):
        x = 60 if stays else 40 + 6 * at
        picture = background * (1.0 if gain is None else gain[at])
        picture = to_light(to_log(picture) + noise * rng.standard_normal(picture.shape).astype(np.float32))
        matte = np.zeros((H, W), np.float32)
        matte[40:90, x : x + 22] = 1
        picture[matte > 0] = (0.9, 0.05, 0.05)
        frames.append(picture.astype(np.float32))
        mattes.append(matte)
    return Clip(frames), Clip(mattes)


def filled(clip, mattes, frame, arrays, facts, seed=5):
    return fill_large(clip.read(frame), mattes.read(frame), (0, 0, W, H), arrays, facts, np.random.default_rng(seed))


def off(made, wanted, matte):
    return float(np.abs(to_log(made) - to_log(wanted))[matte > 0].mean())


def test_what_another_frame_saw_comes_back():
    background = a_set()
    clip, mattes = walking(background)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    fill, support = filled(clip, mattes, 5, arrays, facts)
    assert facts["static"]
    # In stops.
    assert off(fill, background, mattes.read(5)) < 0.01
    assert support[mattes.read(5) > 0].min() >= 2


def test_the_fill_follows_the_frames_exposure():
    background = a_set()
    gain = np.linspace(0.7, 1.4, 10)
    clip, mattes = walking(background, gain=gain)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    for frame in (1, 8):
        fill, _ = filled(clip, mattes, frame, arrays, facts)
        assert off(fill, background * gain[frame], mattes.read(frame)) < 0.02


def test_what_nobody_saw_is_invented_and_said_to_be():
    background = a_set()
    clip, mattes = walking(background, stays=True)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    fill, support = filled(clip, mattes, 0, arrays, facts)
    hole = mattes.read(0) > 0
    assert (support[hole] == 0).all()
    assert facts["invented_px"] >= hole.sum()
    assert not np.allclose(fill[hole], (0.9, 0.05, 0.05), atol=0.1)


def test_the_invented_part_stands_still():
    clip, mattes = walking(a_set(), stays=True)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    first, _ = filled(clip, mattes, 0, arrays, facts)
    last, _ = filled(clip, mattes, 9, arrays, facts)
    np.testing.assert_allclose(first, last, atol=1e-5)


def test_the_same_bytes_each_time():
    clip, mattes = walking(a_set(), stays=True, noise=0.03)
    once, facts = prepare_large(clip, mattes, None, [], Told())
    again, _ = prepare_large(clip, mattes, None, [], Told())
    assert all(once[name].tobytes() == again[name].tobytes() for name in once)
    assert filled(clip, mattes, 4, once, facts)[0].tobytes() == filled(clip, mattes, 4, again, facts)[0].tobytes()


def test_a_panning_camera_has_a_plate_in_which_every_frame_finds_its_place():
    wide = a_set(width=W + 64)
    frames = [np.ascontiguousarray(wide[:, at * 6 : at * 6 + W]) for at in range(10)]
    mattes = [np.zeros((H, W), np.float32) for _ in range(10)]
    for matte in mattes:
        matte[50:60, 70:90] = 1
    holed = [np.where(m[..., None] > 0, np.float32(3.0), f) for f, m in zip(frames, mattes, strict=True)]
    arrays, facts = prepare_large(Clip(holed), Clip(mattes), None, [], Told())
    assert facts["plated"] and not facts["static"]
    spot = arrays["to_plate"][2] @ np.array([80.0, 55.0, 1.0])
    x, y = np.rint(spot[:2] / spot[2]).astype(int)
    assert arrays["support"][y, x] > 0
    there = to_light(arrays["plate"][y - 3 : y + 4, x - 6 : x + 7])
    assert np.abs(there - frames[2][52:59, 74:87]).mean() < 0.03


def test_a_cut_between_unlike_pictures_has_no_plate():
    frames = [a_set(seed=1 + at // 5) for at in range(10)]
    mattes = [np.zeros((H, W), np.float32) for _ in range(10)]
    for matte in mattes:
        matte[50:60, 70:90] = 1
    arrays, facts = prepare_large(Clip(frames), Clip(mattes), None, [], Told())
    assert not facts["plated"] and arrays == {}


def test_a_protected_performer_gives_no_pixels():
    background = a_set()
    clip, mattes = walking(background)
    people = []
    for at in range(clip.count):
        person = np.zeros((H, W), np.float32)
        person[40:90, 100:130] = 1 if at < 7 else 0
        clip.frames[at][person > 0] = (0.02, 0.9, 0.02)
        people.append(person)
    arrays, facts = prepare_large(clip, mattes, Clip(people), [], Told())
    x0, y0, _, _ = facts["box"]
    plate = to_light(arrays["plate"])
    seen = arrays["support"] > 0
    spot = plate[60 - y0, 125 - x0]
    assert seen[60 - y0, 125 - x0] and abs(spot[1] - background[60, 125, 1]) < 0.02


def test_light_above_one_is_kept():
    background = a_set()
    background[60:80, 60:100] = 4.0
    clip, mattes = walking(background)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    fill, _ = filled(clip, mattes, 5, arrays, facts)
    assert fill[70, 80].min() > 3.9


def test_grain_has_the_strength_and_size_of_the_clip():
    clip, mattes = walking(a_set(), count=14, noise=0.05)
    arrays, facts = prepare_large(clip, mattes, None, [], Told())
    a, _ = filled(clip, mattes, 5, arrays, facts, seed=1)
    b, _ = filled(clip, mattes, 5, arrays, facts, seed=2)
    spread = (to_log(a) - to_log(b))[mattes.read(5) > 0].std() / np.sqrt(2)
    assert spread == pytest.approx(0.05, rel=0.15)
    assert arrays["noise_blur"][0] < 0.4


def test_blotchy_noise_is_measured_as_blotchy():
    noise = np.random.default_rng(2).standard_normal((3, 100, 100, 3)).astype(np.float32) * 0.1
    noise = np.stack([cv2.GaussianBlur(one, (0, 0), 1.2) for one in noise])
    assert measure_noise(noise, np.full((100, 100, 3), 5.0, np.float32)).blur == pytest.approx(1.2, rel=0.15)


def test_an_exemplar_continues_a_repeating_pattern():
    rows, columns = np.mgrid[0:96, 0:96]
    pattern = np.where((columns // 6) % 2 == 0, 1.0, 3.0).astype(np.float32)
    picture = np.stack([pattern] * 3, -1)
    hole = (np.abs(rows - 48) < 14) & (np.abs(columns - 48) < 14)
    broken = picture.copy()
    broken[hole] = 0
    made = exemplar_fill(broken, hole, ~hole, np.random.default_rng(1))
    # Stripes step by 2; a fill that had lost their place would be off by about 1 on the mean.
    assert np.abs(made - picture)[hole].mean() < 0.25


def test_a_membrane_meets_its_border_and_is_flat_between():
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    border = np.zeros_like(hole)
    border[18:42, 18:42] = True
    border &= ~hole
    step = np.full((60, 60, 3), 0.4, np.float32)
    assert np.allclose(membrane(step, border, hole)[hole], 0.4, atol=1e-4)


def test_a_membrane_with_a_reach_dies_away():
    hole = np.zeros((120, 120), bool)
    hole[10:110, 10:110] = True
    border = np.zeros_like(hole)
    border[8:112, 8:112] = True
    border &= ~hole
    bent = membrane(np.full((120, 120, 3), 0.4, np.float32), border, hole, reach=8.0)
    assert bent[60, 60, 0] < 0.01 and bent[11, 60, 0] > 0.3


def looking_at_the_floor(position, away):
    """A camera at ``position`` that looks at a point of the floor, 480x360."""
    ahead = np.array(away, float) - position
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(ahead, right), ahead])
    return Camera.from_opencv(
        np.array([[450.0, 0, 239.5], [0, 450, 179.5], [0, 0, 1]]), (480, 360), axes, np.array(position, float)
    )


def floor_seen_by(camera, texture):
    """The floor z = 0 with a texture of 1 cm cells over 8 m, as a camera sees it."""
    pixels = np.stack(np.meshgrid(np.arange(480.0), np.arange(360.0)), -1)
    spot = camera.on_plane(pixels, Level.horizontal(0.0))[..., :2]
    at = ((np.nan_to_num(spot, nan=0.0) + 4.0) * 100).clip(0, 798).astype(np.float32)
    return cv2.remap(texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR)


def test_other_cameras_testify_to_the_floor_behind_the_subject():
    rng = np.random.default_rng(4)
    texture = cv2.GaussianBlur(rng.random((800, 800, 3)).astype(np.float32), (0, 0), 4.0)
    texture = np.asarray(0.1 + 0.8 * (texture - texture.min()) / np.ptp(texture), np.float32)
    places = [(0.0, -3.0, 2.0), (2.0, -2.5, 2.2), (-2.0, -2.5, 1.9)]
    cameras = [looking_at_the_floor(place, (0.0, 0.0, 0.0)) for place in places]
    views = [floor_seen_by(camera, texture) for camera in cameras]
    hole = np.zeros((360, 480), np.float32)
    hole[135:225, 210:270] = 1
    covered = views[0].copy()
    covered[hole > 0] = 0.9
    clips = [Clip([view] * 3) for view in (covered, *views[1:])]
    for at, (clip, camera) in enumerate(zip(clips, cameras, strict=True)):
        clip.camera, clip.digest, clip.clip = camera, str(at), f"camera {at}"
        clip.matte = Clip([np.zeros((360, 480), np.float32)] * 3)
    arrays, facts = prepare_large(clips[0], Clip([hole] * 3), None, clips[1:], Told())
    fill, support = fill_large(covered, hole, (210, 135, 270, 225), arrays, facts, np.random.default_rng(1))
    believed = support > 0
    assert believed.mean() > 0.6
    # Invented pixels of such a texture are off by its whole spread, 0.5 stops.
    assert np.abs(to_log(fill) - to_log(views[0][135:225, 210:270]))[believed].mean() < 0.12
