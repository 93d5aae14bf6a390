"""People found, followed and matted: on drawn bodies for the rules, on real footage for the networks."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from answerprint.perception import performer
from answerprint.perception.belief import _message, _Step
from answerprint.perception.models import ModelCard, find_model
from answerprint.perception.people import Track, follow_people
from answerprint.perception.performer import PerformerMaps, _firm, performer_matte, study_performers, working_size
from answerprint.perception.pose import DETECTOR, LANDMARKS, Pose, Region, find_poses
from answerprint.perception.seeds import Mark, Performer, Seeds
from answerprint.production import BadInput

WIDTH, HEIGHT, COUNT = 160, 240, 12


def test_a_missing_network_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match="make models"):
        find_model(DETECTOR)


def test_a_network_that_is_not_the_one_on_the_card_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / DETECTOR.file).write_bytes(b"another network")
    with pytest.raises(BadInput, match="SHA-256"):
        find_model(DETECTOR)


def test_every_card_says_hash_licence_training_data_and_what_it_may_say() -> None:
    for card in (DETECTOR, LANDMARKS):
        identity = card.identity()
        assert isinstance(card, ModelCard)
        assert len(identity["sha256"]) == 64
        assert identity["kind"] == "analysis-only"
        assert all(identity[key] for key in ("licence", "training_data", "says", "origin"))


def drawn_pose(left: float, firm: np.ndarray | None = None) -> Pose:
    """A pose as the network would give it for a body 40 px wide whose left edge is at ``left``."""
    region = Region(left + 20, 120, 240, 0.0)
    points = np.stack([np.linspace(left + 2, left + 38, 33), np.linspace(32, 208, 33)], axis=1)
    likely = np.zeros((256, 256), np.float32)
    likely[32:224, 107:149] = 0.97
    return Pose(points, np.full(33, 0.95), 0.99, region, likely if firm is None else firm, region)


def drawn_clip(arm: bool = False) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A red body walks right past a still green one in front of a wall; with ``arm`` it holds out an arm the pose misses."""
    wall = cv2.GaussianBlur(np.random.default_rng(1).integers(60, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8), (0, 0), 3)
    frames, truth = [], []
    for at in range(COUNT):
        frame, body = wall.copy(), np.zeros((HEIGHT, WIDTH), bool)
        frame[30:210, 110:150] = (40, 170, 60)
        left = 10 + 3 * at
        body[30:210, left : left + 40] = True
        if arm and at == 6:
            body[60:70, left + 40 : left + 58] = True
        frame[body] = (200, 50, 40)
        frames.append(frame)
        truth.append(body)
    return frames, truth


def study(frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, seeds: Seeds | None = None) -> PerformerMaps:
    walker = Track(0, {at: drawn_pose(10 + 3 * at) for at in range(COUNT)})
    still = Track(1, {at: drawn_pose(110) for at in range(COUNT)})
    monkeypatch.setattr(performer, "follow_people", lambda *_, **__: [walker, still])
    return study_performers(lambda at: frames[at], COUNT, WIDTH, HEIGHT, seeds)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


RED = Performer(name="red", marks=[Mark(frame=0, points=[(30, 120)], radius=5)])


def test_each_body_gets_its_own_pixels_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = drawn_clip()
    maps = study(frames, monkeypatch, Seeds(performers=[RED]))
    assert maps.names == ["red", "person-1"]
    for at in (0, 5, 11):
        assert overlap(maps.of("red", at) > 0.5, truth[at]) > 0.93
        assert maps.of("person-1", at)[truth[at]].mean() < 0.05


def test_an_arm_the_pose_missed_is_found_by_the_empty_set(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = drawn_clip(arm=True)
    maps = study(frames, monkeypatch, Seeds(performers=[RED]))
    arm = truth[6].copy()
    arm[:, : 10 + 18 + 42] = False
    assert arm.sum() > 100
    assert (maps.of("red", 6)[arm] > 0.5).mean() > 0.8


def test_a_stroke_on_nobody_takes_pixels_away(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = drawn_clip()
    mark = Mark(frame=5, points=[(40, 60), (50, 60)], radius=8)
    maps = study(frames, monkeypatch, Seeds(performers=[RED], nobody=[mark]))
    assert maps.of("red", 5)[58:62, 42:48].mean() < 0.3
    assert maps.of("red", 5)[100:140, 42:48].mean() > 0.9


def test_a_shimmer_of_doubt_is_exactly_nothing() -> None:
    sure = np.full((60, 60), 40, np.uint8)
    sure[20:50, 20:40] = 255
    sure[5, 5] = 255
    firm = _firm(sure)
    assert firm[35, 30] == 255
    assert firm[35, 18] == 40  # the soft edge beside the body stays
    assert not firm[:15].any()
    assert not firm[:, 50:].any()


def test_a_person_leaves_no_trace_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = drawn_clip()
    maps = study(frames, monkeypatch, Seeds(performers=[RED]))
    apart = cv2.erode(truth[0].astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert not maps.of("person-1", 0)[apart].any()


def test_a_mark_beyond_the_clip_is_refused() -> None:
    late = Seeds(nobody=[Mark(frame=COUNT, points=[(1, 1)])])
    with pytest.raises(BadInput, match="frame 12"):
        study_performers(lambda _: np.zeros((HEIGHT, WIDTH, 3), np.uint8), COUNT, WIDTH, HEIGHT, late)


def test_a_neighbour_that_looks_different_has_no_say() -> None:
    rng = np.random.default_rng(2)
    guide = cv2.GaussianBlur(rng.integers(0, 256, (64, 64, 3)).astype(np.uint8), (0, 0), 2)
    other = guide.copy()
    other[20:40, 20:40] = (255, 0, 0)
    steps = [_Step(np.zeros(0), np.zeros(0), cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), one) for one in (guide, other)]
    said = _message(np.full((1, 64, 64), -4.0, np.float32), steps[0], steps[1])[0]
    assert said[:15].mean() < -2.5  # 0.7 of it where the two agree
    assert said[24:36, 24:36].mean() > -1.0


def test_a_study_survives_being_kept_as_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = drawn_clip()
    maps = study(frames, monkeypatch)
    back = PerformerMaps.from_arrays(maps.arrays(), maps.size, maps.count, maps.names)
    assert all(np.array_equal(back.of(name, at), maps.of(name, at)) for name in maps.names for at in range(COUNT))


def test_the_matte_grows_by_what_was_asked() -> None:
    sure = np.zeros((120, 80), np.float32)
    sure[30:90, 20:60] = 1.0
    frame = np.full((240, 160, 3), 0.2, np.float32)
    frame[60:180, 40:120] = 0.8
    areas = {}
    for dilate in (0.0, 4.0):
        (x0, y0, x1, y1), alpha = performer_matte(
            lambda box: frame[box[1] : box[3], box[0] : box[2]], (frame.shape[1], frame.shape[0]), sure, dilate=dilate, soften=0.0
        )
        assert alpha.shape == (y1 - y0, x1 - x0)
        areas[dilate] = int((alpha > 0.5).sum())
    assert areas[0.0] == pytest.approx(120 * 80, rel=0.03)
    assert areas[4.0] == pytest.approx(128 * 88, rel=0.03)


def test_nobody_gives_an_empty_box() -> None:
    box, alpha = performer_matte(lambda box: np.zeros((40, 30, 3), np.float32), (30, 40), np.zeros((20, 15), np.float32))
    assert box == (0, 0, 0, 0)
    assert alpha.size == 0


def test_a_stand_with_a_soft_outline_is_no_person() -> None:
    soft = np.full((256, 256), 0.4, np.float32)
    soft[100:110, 100:110] = 0.9
    assert not Track(0, {at: drawn_pose(10, soft) for at in range(5)}).plausible()
    assert Track(0, {at: drawn_pose(10) for at in range(5)}).plausible()


def clip(path: Path, count: int) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        frames = []
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            frames.append(cv2.resize(picture, working_size(picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA))
            if len(frames) == count:
                break
    return frames


def test_the_man_with_the_ball_is_found_whole(footage: Path, networks: list[Path]) -> None:
    frame = clip(footage / "removal/sam2_gallery/05_default_juggle.mp4", 1)[0]
    poses = find_poses(frame)
    best = max(poses, key=lambda pose: pose.score)
    nose, ankles = best.points[0], best.points[[27, 28]].mean(axis=0)
    assert best.score > 0.9
    assert ankles[1] - nose[1] > 0.3 * frame.shape[0]  # a full shot: head above feet by a good part of the picture


def test_a_person_keeps_one_track_and_the_same_bytes(footage: Path, networks: list[Path]) -> None:
    frames = clip(footage / "removal/sam2_gallery/05_default_juggle.mp4", 10)
    first, second = (follow_people(lambda at: frames[at], len(frames)) for _ in range(2))
    whole = [track for track in first if track.plausible() and len(track.poses) == len(frames)]
    assert len(whole) >= 1
    assert all(np.array_equal(a.poses[at].points, b.poses[at].points) for a, b in zip(first, second, strict=True) for at in a.poses)
