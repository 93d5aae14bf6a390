"""A clip's cameras: the planted lag found and followed, what is unknown left unknown, and a report with its faults."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from answerprint.colour.spaces import default_space, to_working
from answerprint.ingest.lens_frames import read_lens_frames
from answerprint.ingest.tracking.read import read_track
from answerprint.media.sequence import open_sequence
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput, Timecode
from answerprint.spatial.capture import ClipCameras, Recording, capture, moves, read_clip_cameras
from answerprint.spatial.stage_report import Material, aimed_at, write_stage_report

STAGE = Path(__file__).parents[2] / "examples" / "stage"
CRANE = "A002C001_21B_T1"


@pytest.fixture(scope="module")
def crane() -> ClipCameras:
    sequence = open_sequence(STAGE / "material" / "camera" / "21B" / f"{CRANE}.mp4", 24)
    space = default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    start = Timecode.parse(sequence.start_timecode or "", 24)
    recording = Recording(CRANE, Fraction(24), start, sequence.count, (sequence.width, sequence.height), "A")
    track = read_track(STAGE / "material" / "tracking" / f"{CRANE}.opentrackio.json")
    table = read_lens_frames(STAGE / "material" / "lens" / f"{CRANE}_lens.csv")
    return capture(recording, track, table, None, lambda i: to_working(sequence.read(i).rgb(), space))


def test_the_planted_lag_of_seven_frames_is_found_within_a_quarter_frame(crane):
    solved = crane.latency["solved"]
    assert abs(solved["frames"] - 7) < 0.25 and solved["source"] == "solved" and crane.latency["used"] == "solved"


def test_poses_follow_the_solved_lag_to_the_truth(crane):
    truth = json.loads((STAGE / "reference" / "truth.json").read_text())["clips"][CRANE]["frames"]
    off = [np.abs(np.array(c.translation) - t["translation"]).max() for c, t in zip(crane.cameras, truth, strict=True) if c]
    assert len(off) == 24 and max(off) < 0.012  # a twentieth of a frame of a move of 0.2 m a frame, and the tracker's noise


def test_focus_comes_from_the_lens_table_frame_by_frame(crane):
    assert crane.focus_distance_m[0] == pytest.approx(2.95) and crane.focus_distance_m[-1] == pytest.approx(2.05)


def test_the_document_comes_back_as_it_was_written(crane, tmp_path):
    crane.write(tmp_path / "c.json")
    again = read_clip_cameras(tmp_path / "c.json")
    assert again.cameras == crane.cameras and again.latency == crane.latency and np.allclose(again.t_stop, crane.t_stop)


def standing(n: int = 20, **lens: float) -> CameraTrack:
    return CameraTrack.of([Fraction(i, 24) for i in range(n)], np.tile([0, 0, 1.5], (n, 1)), np.zeros((n, 3)), **lens)


def test_a_camera_that_stands_still_is_not_asked_of_the_picture():
    def read(_: int):
        raise AssertionError("the picture was opened")

    made = capture(Recording("x", Fraction(24), None, 10, (64, 36)), standing(focal_length_mm=35.0), read=read, recorded_s=0.04)
    assert made.posed == 10 and made.latency["solved"] is None and made.latency["used"] == "recorded"
    assert not moves(standing())


def test_without_a_focal_length_there_is_no_camera_and_that_is_said():
    with pytest.raises(BadInput, match="nobody says its focal length"):
        capture(Recording("x", Fraction(24), None, 10, (64, 36)), standing())


def test_frames_beyond_the_track_have_no_camera():
    made = capture(Recording("x", Fraction(24), None, 30, (64, 36)), standing(focal_length_mm=35.0))
    assert made.posed < 30 and made.cameras[-1] is None and any("have no pose" in p for p in made.problems)


def test_cameras_aim_at_the_point_their_axes_pass():
    lens = {"active_sensor_resolution": (64, 36), "active_sensor_physical_dimensions": (36, 20.25), "pinhole_focal_length": 35}
    pair = [Camera(translation=(0, -4, 1), **lens), Camera(translation=(-4, 0, 1), rotation=(-90, 0, 0), **lens)]
    assert np.allclose(aimed_at(pair), (0, 0, 1)) and aimed_at(pair[:1]) is None


def marks(shift: float) -> dict[str, list[float]]:
    return {"M1": [0, 0, 0], "M2": [4, 0, 0], "M3": [0, 3, 0], "M4": [0, 0, 2 + shift]}


def test_marks_over_ten_millimetres_apart_are_a_fault_and_the_report_is_written(tmp_path):
    report = write_stage_report(Material("Stage", surveys={"station": marks(0), "tracker": marks(0.08)}), tmp_path)
    assert "over 10 mm" in report["faults"][0] and (tmp_path / "stage.png").is_file()
    assert "FAULT" in (tmp_path / "report.md").read_text()


def test_marks_that_agree_are_no_fault(tmp_path):
    assert write_stage_report(Material("Stage", surveys={"station": marks(0), "tracker": marks(0.004)}), tmp_path)["faults"] == []


def test_a_setup_s_plan_allows_angles_beside_its_camera_and_none_behind_the_subject(tmp_path, crane):
    still = [c.model_copy(update={"translation": crane.cameras[0].translation}) for c in crane.cameras if c]
    fixed = ClipCameras(
        "A", crane.rate, "", (still[0],) * 24, crane.focus_distance_m, crane.t_stop, "recorded", "x", crane.latency
    )  # fmt: skip
    plan = write_stage_report(Material("Stage", [fixed], {"21B": ["A"]}), tmp_path)["plans"]["21B"]
    assert 0 < plan["allowed"] < 30 and (tmp_path / "plan-21B.png").is_file()
