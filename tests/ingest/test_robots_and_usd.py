"""A KUKA program flown by its arm, and a camera out of USD: known poses, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from answerprint.ingest.recognise import recognise
from answerprint.ingest.tracking import kuka_arm, kuka_program
from answerprint.ingest.tracking.kuka_flight import MOUNT, fly, frame_pose, read_krl, targets
from answerprint.ingest.tracking.read import read_track
from answerprint.production import BadInput

# KR 6 R900: joint offsets and axes as the maker's drawing and the ROS-Industrial description have them.
KR6 = {
    "name": "KR 6 R900",
    "joints": [
        {"xyz_m": [0, 0, 0.400], "axis": [0, 0, -1], "speed_deg_s": 360},
        {"xyz_m": [0.025, 0, 0], "axis": [0, 1, 0], "speed_deg_s": 300},
        {"xyz_m": [0.455, 0, 0], "axis": [0, 1, 0], "speed_deg_s": 360},
        {"xyz_m": [0, 0, 0.035], "axis": [-1, 0, 0], "speed_deg_s": 381},
        {"xyz_m": [0.420, 0, 0], "axis": [0, 1, 0], "speed_deg_s": 388},
        {"xyz_m": [0.080, 0, 0], "axis": [-1, 0, 0], "speed_deg_s": 615},
    ],
    "flange": {"rpy_rad": [0, math.pi / 2, 0]},
}
ARM = kuka_arm.arm(KR6)

SOURCE = """&ACCESS RVP
&REL 1
DEF CraneMove ( )
;FOLD INI
BAS (#INITMOV,0 )
;ENDFOLD (INI)
$TOOL={X 0.0,Y 0.0,Z 100.0,A 0.0,B 0.0,C 0.0} ; the lens
$BASE=BASE_DATA[1]
$VEL.CP=0.5
PTP {A1 0,A2 -90,A3 90,A4 0,A5 90,A6 0}
LIN XP1
LIN {X 400, Z 900} C_DIS
WAIT SEC 1.0
LIN_REL {Y 250}
END
"""
DATA = """DEFDAT CraneMove PUBLIC
DECL FRAME BASE_DATA[1]={X 100.0,Y 0.0,Z 0.0,A 90.0,B 0.0,C 0.0}
DECL E6POS XP1={X 0.0,Y -500.0,Z 900.0,A 0.0,B 90.0,C 0.0,S 2,T 35,E1 0.0,E2 0.0}
ENDDAT
"""


@pytest.mark.parametrize(
    ("joints", "place"),
    [([0, 0, 0, 0, 0, 0], [0.980, 0, 0.435]), ([0, -90, 90, 0, 0, 0], [0.525, 0, 0.890]), ([90, -90, 90, 0, 0, 0], [0, -0.525, 0.890]),
     ([0, -90, 90, 0, 90, 0], [0.445, 0, 0.810]), ([-45, -90, 90, 0, 90, 123], [0.445 / math.sqrt(2), 0.445 / math.sqrt(2), 0.810])],
)  # fmt: skip
def test_the_arm_reaches_the_places_of_its_drawing_within_a_tenth_of_a_millimetre(joints, place):
    assert np.linalg.norm(ARM.flange(joints)[:3, 3] - place) < 1e-4


def test_denavit_hartenberg_rows_and_urdf_joints_describe_the_same_arm():
    rows = [
        (25, -90, 400, 0, -1),
        (455, 0, 0, 0, 1),
        (35, -90, 0, -90, 1),
        (0, 90, 420, 0, -1),
        (0, -90, 0, 0, 1),
        (0, 0, 80, 0, -1),
    ]
    keys = ("a_mm", "alpha_deg", "d_mm", "theta_deg", "sense")
    dh = kuka_arm.arm({"joints": [dict(zip(keys, row, strict=True)) for row in rows]})
    for joints in ([0, 0, 0, 0, 0, 0], [30, -80, 70, 20, 40, -50], [-100, -30, 20, 90, -60, 10]):
        assert np.linalg.norm(dh.flange(joints)[:3, 3] - ARM.flange(joints)[:3, 3]) < 1e-9


def test_a_program_drives_the_arm_to_known_poses_within_a_tenth_of_a_millimetre():
    home, xp1, corner, wait, slid = targets(kuka_program.parse(SOURCE, DATA), ARM)
    assert np.linalg.norm(home[:3, 3] - [0.445, 0, 0.710]) < 1e-4, "the tool hangs 100 mm below the flange"
    # The base is turned 90 degrees about Z and stands at x 100: its (0, -500, 900) is (600, 0, 900) of the robot.
    assert np.linalg.norm(xp1[:3, 3] - [0.600, 0, 0.900]) < 1e-4
    assert np.linalg.norm(corner[:3, 3] - [0.600, 0.400, 0.900]) < 1e-4, "what a target leaves out stays as it was"
    assert np.array_equal(wait, corner) and np.linalg.norm(slid[:3, 3] - [0.350, 0.400, 0.900]) < 1e-4


def test_the_camera_looks_along_the_tool():
    pose = targets(kuka_program.parse(SOURCE, DATA), ARM)[0]
    assert np.allclose((pose[:3, :3] @ MOUNT)[:, 1], [0, 0, -1], atol=1e-9) and np.linalg.det(MOUNT) == pytest.approx(1)


def test_times_follow_from_the_speeds_that_were_commanded():
    track = fly(kuka_program.parse(SOURCE, DATA), ARM, 25)
    first, second, slide = math.dist([0.445, 0, 0.710], [0.6, 0, 0.9]) / 0.5, 0.4 / 0.5, 0.25 / 0.5
    assert float(track.times[-1]) == pytest.approx(first + second + 1 + slide, abs=1 / 25) and track.rate == 25
    assert any("C_DIS" in p for p in track.problems) and any("without acceleration" in p for p in track.problems)
    speed = np.linalg.norm(np.diff(track.translation, axis=0), axis=1) * 25
    assert speed.max() == pytest.approx(0.5, rel=1e-6) and (speed < 1e-9).sum() >= 24


def test_krl_frames_turn_about_z_then_y_then_x():
    pose = frame_pose({"X": 1000, "A": 90, "B": 90, "C": 0})
    assert np.allclose(pose[:3, 0], [0, 0, -1]) and np.allclose(pose[:3, 1], [-1, 0, 0]) and pose[0, 3] == 1.0


@pytest.mark.parametrize(
    ("line", "why"), [("CIRC XP1,XP1", "CIRC is not followed"), ("FOR I=1 TO 3", "FOR is not followed"), ("$BASE=MYFUNC(1)", "computed"),
                      ("BAS(#TOOL,7)", "computed"), ("SPL XP1", "SPL is not followed")],
)  # fmt: skip
def test_what_would_change_the_path_is_refused_by_its_line(line, why):
    program = kuka_program.parse(SOURCE.replace("LIN XP1", f"{line}\nLIN XP1"), DATA)
    assert why in program.refused[0][1] and program.refused[0][0] == 11
    with pytest.raises(BadInput, match=f"line 11: .*{why}"):
        fly(program, ARM)


def test_a_point_that_nobody_declared_is_refused():
    with pytest.raises(BadInput, match="line 11: XP1 is no point"):
        kuka_program.parse(SOURCE, "DECL FRAME BASE_DATA[1]={X 0,Y 0,Z 0,A 0,B 0,C 0}")


def test_an_inline_form_takes_base_and_tool_from_its_frame_data():
    data = DATA.replace(
        "ENDDAT",
        'DECL FRAME TOOL_DATA[3]={X 5,Y 0,Z 0,A 0,B 0,C 0}\nDECL FDAT FP1={TOOL_NO 3,BASE_NO 1,IPO_FRAME #BASE,POINT2[] " "}',
    )
    motion = kuka_program.parse("DEF a()\nFDAT_ACT=FP1\nBAS(#CP_PARAMS,0.25)\nLIN XP1\nEND", data).motions[0]
    assert (motion.base["X"], motion.tool["X"], motion.speed) == (100.0, 5.0, 0.25)


def test_home_bases_and_tools_come_from_the_controllers_own_list(tmp_path):
    (tmp_path / "m.src").write_text("DEF m()\nBAS(#TOOL,2)\nPTP HOME VEL=100 % DEFAULT\nPTP HOME\nEND\n")
    (tmp_path / "$config.dat").write_text(
        "DEFDAT $CONFIG PUBLIC\nDECL FRAME TOOL_DATA[16]\nTOOL_DATA[2]={X 0.0,Y 0.0,Z 250.0,A 0.0,B 0.0,C 0.0}\n"
        "DECL GLOBAL E6AXIS XHOME={A1 0.0,A2 -90.0,A3 90.0,A4 0.0,A5 90.0,A6 0.0,E1 0.0}\nENDDAT\n"
    )
    home = targets(kuka_program.read_program(tmp_path / "m.src"), ARM)[0]
    assert np.linalg.norm(home[:3, 3] - [0.445, 0, 0.810 - 0.250]) < 1e-4
    assert recognise(tmp_path / "$config.dat").kind == "tracking"


def test_a_program_and_its_points_are_tracking(tmp_path):
    (tmp_path / "m.src").write_text(SOURCE)
    (tmp_path / "m.dat").write_text(DATA)
    assert "robot's description" in recognise(tmp_path / "m.src").problems[0] and recognise(tmp_path / "m.dat").kind == "tracking"
    (tmp_path / "kr6.json").write_text(json.dumps(KR6))
    assert recognise(tmp_path / "kr6.json").metadata == {"robot": "KR 6 R900", "joints": 6}
    assert recognise(tmp_path / "m.src", 24).metadata["track"]["posed"] > 50, "the arm described beside it flies the program"
    assert read_krl(tmp_path / "m.src", tmp_path / "kr6.json").posed.all()


def usd_stage(path, up="Y", unit=0.01):
    from pxr import Gf, Usd, UsdGeom

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, up)
    UsdGeom.SetStageMetersPerUnit(stage, unit)
    stage.SetTimeCodesPerSecond(24)
    dolly = UsdGeom.Xform.Define(stage, "/dolly")
    move = dolly.AddTranslateOp()
    for t in (1001, 1002, 1003):
        move.Set(Gf.Vec3d((t - 1001) * 10, 0, 0), t)
    camera = UsdGeom.Camera.Define(stage, "/dolly/A")
    camera.AddTranslateOp().Set(Gf.Vec3d(0, 150, 500))
    camera.AddRotateYOp().Set(90.0)
    camera.GetFocalLengthAttr().Set(0.035 / unit * 10)  # 35 mm in tenths of a unit
    camera.GetFocusDistanceAttr().Set(4.0 / unit)
    camera.GetHorizontalApertureAttr().Set(0.036 / unit * 10)
    camera.GetVerticalApertureAttr().Set(0.024 / unit * 10)
    stage.GetRootLayer().Save()
    return path


def test_a_usd_camera_is_in_metres_and_millimetres_and_z_up(tmp_path):
    track = read_track(usd_stage(tmp_path / "a.usda"))
    assert np.allclose(track.translation, [[0, -5, 1.5], [0.1, -5, 1.5], [0.2, -5, 1.5]]) and np.allclose(
        track.rotation, [[90, 0, 0]] * 3
    )
    assert (round(track.focal_length_mm[0], 4), track.focus_distance_m[0]) == (35.0, pytest.approx(4.0))
    assert math.isnan(track.f_stop[0]), "no fStop is unknown, not open"
    assert track.sensor_mm == pytest.approx((36, 24)) and float(track.times[1] - track.times[0]) == pytest.approx(1 / 24)
    assert recognise(tmp_path / "a.usda").kind == "tracking"


def test_a_file_that_is_no_usd_is_refused(tmp_path):
    (tmp_path / "a.usda").write_text("#usda 1.0\n( broken")
    with pytest.raises(BadInput, match=r"a\.usda: is no USD stage"):
        read_track(tmp_path / "a.usda")


def test_real_trajectory_logs_hold_their_published_poses(footage):
    track = read_track(footage / "spatial/rgbd_redwood/trajectory.log")
    assert len(track) == 5 and np.allclose(track.translation[0], [-0.31057997, 0.57301224, 2.12648002])
    assert np.allclose(track.axes[0, :, 1], [-0.96149377, -0.02268733, 0.27388870], atol=1e-8)
    assert recognise(footage / "spatial/rgbd_redwood/odometry.log").kind == "tracking"
