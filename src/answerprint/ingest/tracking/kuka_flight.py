"""A KUKA program flown by an arm's forward kinematics: where its camera is, frame by frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from answerprint.ingest.tracking.kuka_arm import Arm, read_arm
from answerprint.ingest.tracking.kuka_program import Frame, Motion, Program, read_program
from answerprint.optics.track import CameraTrack, angles_from_axes
from answerprint.production import BadInput, frame_rate

Real = NDArray[np.float64]

# A camera on the flange looks along the tool's +Z, its top towards the tool's -X: columns right, forward, up.
MOUNT = np.column_stack([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
_PTP_SECONDS = 1.0
"""How long a joint motion is taken to last where the arm's joint speeds are not described."""
_LONGEST_SECONDS = 3600


def frame_pose(frame: Frame) -> Real:
    """A KRL frame as 4x4 metres: R = Rz(A) Ry(B) Rx(C)."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("ZYX", [frame.get(k, 0.0) for k in "ABC"], degrees=True).as_matrix()
    pose[:3, 3] = [frame.get(k, 0.0) / 1000.0 for k in "XYZ"]
    return pose


def read_krl(path: Path, arm: Arm | Path | None = None, rate: Fraction | int | str = 24, mount: Real = MOUNT) -> CameraTrack:
    """The camera's way through a program. An arm is needed where the program moves by joint angles.

    Raises BadInput for a program that does what is not followed here, with its line.
    """
    return fly(read_program(path), read_arm(arm) if isinstance(arm, Path) else arm, rate, mount, path)


def targets(program: Program, arm: Arm | None = None) -> list[Real]:
    """The tool's 4x4 pose in the robot's root, metres, at the end of each motion."""
    poses: list[Real] = []
    for motion in program.motions:
        pose = poses[-1] if motion.kind == "WAIT" and poses else _target(motion, arm, poses[-1] if poses else None)
        if not np.isfinite(pose).all():
            raise BadInput(f"line {motion.line}", "leads to no place in space", "check its numbers, and those of $TOOL and $BASE")
        poses.append(pose)
    return poses


def fly(
    program: Program,
    arm: Arm | None = None,
    rate: Fraction | int | str = 24,
    mount: Real = MOUNT,
    subject: str | Path = "KRL program",
) -> CameraTrack:
    """One sample a frame. LIN runs straight at its path speed and turns evenly; PTP turns the joints evenly between joint
    targets, and otherwise is taken as LIN over one second. Accelerating and corner rounding are left out, and listed.
    """
    broken = [(line, why) for line, why in program.refused if "approximated" not in why]
    if broken:
        line, why = broken[0]
        raise BadInput(subject, f"line {line}: {why}", "export the move as PTP and LIN points")
    if not program.motions:
        raise BadInput(subject, "commands no motion", "give a program that moves the robot")
    exact = frame_rate(rate)
    poses, problems = targets(program, arm), ["times follow from the commanded speeds, without acceleration"]
    problems += [f"line {line}: {why}" for line, why in program.refused]
    lasts = [0.0] + [_seconds(m, poses[i], poses[i + 1], arm, program.motions[i]) for i, m in enumerate(program.motions[1:])]
    if any(m.kind == "PTP" for m in program.motions[1:]) and not (arm and arm.speeds_deg_s):
        problems.append(f"joint motions are taken to last {_PTP_SECONDS:g} s: the arm's joint speeds are not known")
    ends = np.cumsum(lasts)
    if not ends[-1] <= _LONGEST_SECONDS:
        raise BadInput(
            subject, f"lasts {ends[-1]:.3g} s", f"give a move of at most {_LONGEST_SECONDS} s, and check its speeds and waits"
        )
    moments = np.arange(int(np.floor(ends[-1] * float(exact) + 1e-9)) + 1) / float(exact)
    flown = [_at(program, arm, poses, ends, float(t)) for t in moments]
    return CameraTrack.of(
        [Fraction(i) / exact for i in range(len(moments))], np.array([p[:3, 3] for p in flown]),
        angles_from_axes(np.array([p[:3, :3] @ mount for p in flown])),
        device=f"KUKA program {program.name}", source="recorded", clock="from the first point", rate=exact, problems=tuple(problems),
    )  # fmt: skip


def _target(motion: Motion, arm: Arm | None, before: Real | None) -> Real:
    if motion.by_joints:
        if arm is None:
            raise BadInput(f"line {motion.line}", "moves by joint angles", "give the robot's description")
        if motion.relative:
            raise BadInput(f"line {motion.line}", "moves joints relatively, which is not followed", "export absolute points")
        missing = next((f"A{i + 1}" for i in range(len(arm.axes)) if f"A{i + 1}" not in motion.target), None)
        if missing:
            raise BadInput(f"line {motion.line}", f"leaves out {missing}", "export every joint of each point")
        return arm.flange([motion.target[f"A{i + 1}"] for i in range(len(arm.axes))]) @ frame_pose(motion.tool)
    if motion.relative:
        if before is None:
            raise BadInput(f"line {motion.line}", "moves relatively from nowhere", "begin the program with an absolute point")
        base = frame_pose(motion.base)
        shifted = np.linalg.inv(base) @ before
        step = frame_pose(motion.target)
        shifted[:3, 3] += step[:3, 3]
        shifted[:3, :3] = step[:3, :3] @ shifted[:3, :3]
        return np.asarray(base @ shifted)
    return np.asarray(frame_pose(motion.base) @ frame_pose(motion.target))


def _seconds(motion: Motion, begin: Real, end: Real, arm: Arm | None, before: Motion) -> float:
    if motion.kind == "WAIT":
        return motion.seconds
    if not motion.speed > 0:
        raise BadInput(f"line {motion.line}", "moves at no speed", "set $VEL.CP above 0 m/s")
    if motion.kind == "LIN":
        return float(np.linalg.norm(end[:3, 3] - begin[:3, 3])) / motion.speed
    if arm and arm.speeds_deg_s and motion.by_joints and before.by_joints:
        turned = [abs(motion.target[f"A{i + 1}"] - before.target[f"A{i + 1}"]) / s for i, s in enumerate(arm.speeds_deg_s)]
        return max(turned) / (motion.speed / 100.0)
    return _PTP_SECONDS


def _at(program: Program, arm: Arm | None, poses: list[Real], ends: Real, moment: float) -> Real:
    index = min(int(np.searchsorted(ends, moment - 1e-9)), len(ends) - 1)
    if index == 0:
        return poses[0]
    begin, lasts = ends[index - 1], ends[index] - ends[index - 1]
    share = min(1.0, (moment - begin) / lasts) if lasts > 0 else 1.0
    motion, before = program.motions[index], program.motions[index - 1]
    if motion.kind == "PTP" and motion.by_joints and before.by_joints and arm is not None:
        count = range(1, len(arm.axes) + 1)
        joints = [before.target[f"A{i}"] + share * (motion.target[f"A{i}"] - before.target[f"A{i}"]) for i in count]
        return arm.flange(joints) @ frame_pose(motion.tool)
    pose = np.eye(4)
    pose[:3, 3] = poses[index - 1][:3, 3] * (1 - share) + poses[index][:3, 3] * share
    turns = Rotation.from_matrix(np.array([poses[index - 1][:3, :3], poses[index][:3, :3]]))
    pose[:3, :3] = Slerp([0.0, 1.0], turns)(share).as_matrix()
    return pose
