"""A robot arm from its description: where the flange is for given joint angles.

Two descriptions are read. Denavit-Hartenberg rows in the classic form (J. Denavit, R. Hartenberg, 1955): ``{"joints":
[{"a_mm", "alpha_deg", "d_mm", "theta_deg", "sense"}]}``. Or joints as URDF has them (wiki.ros.org/urdf/XML/joint):
``{"joints": [{"xyz_m", "rpy_rad", "axis"}], "flange": {"xyz_m", "rpy_rad"}}``.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from answerprint.production import BadInput

Real = NDArray[np.float64]
_LARGEST = 1 << 20
"""Bytes of a robot description; a larger JSON beside a program is something else."""


@dataclass(frozen=True, eq=False)
class Arm:
    """Joints from the floor up: each turns about ``axis`` after ``before`` and before ``after`` (4x4, metres)."""

    name: str
    before: tuple[Real, ...]
    axes: tuple[Real, ...]
    after: tuple[Real, ...]
    speeds_deg_s: tuple[float, ...] = ()

    def flange(self, joints_deg: NDArray[np.floating] | list[float]) -> Real:
        """The flange's 4x4 pose in the robot's root, metres, for one angle a joint in degrees."""
        angles = np.asarray(joints_deg, dtype=np.float64)
        if len(angles) < len(self.axes):
            raise BadInput(self.name, f"has {len(self.axes)} joints and was given {len(angles)} angles", "give one angle a joint")
        pose = np.eye(4)
        for before, axis, after, angle in zip(self.before, self.axes, self.after, angles, strict=False):
            turn = np.eye(4)
            turn[:3, :3] = Rotation.from_rotvec(axis * np.radians(angle)).as_matrix()
            pose = pose @ before @ turn @ after
        return pose


def is_arm(document: Any) -> bool:
    """Whether parsed JSON describes a robot."""
    joints = document.get("joints") if isinstance(document, dict) else None
    return bool(joints) and isinstance(joints, list) and all(isinstance(j, dict) and {"alpha_deg", "axis"} & set(j) for j in joints)


def described_beside(program: Path) -> list[Path]:
    """The robot descriptions in a program's folder, by name."""
    found = []
    for path in sorted(program.parent.glob("*.json")):
        with suppress(OSError, ValueError, RecursionError):
            if path.stat().st_size < _LARGEST and is_arm(json.loads(path.read_text())):
                found.append(path)
    return found


def read_arm(path: Path) -> Arm:
    """An arm from its JSON. Raises BadInput for a description that is none, naming what is missing."""
    try:
        return arm(json.loads(path.read_text()), path.stem)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise BadInput(path, f"is no robot description ({error!r})", "give Denavit-Hartenberg rows or URDF joints") from None


def arm(document: dict[str, Any], name: str = "robot") -> Arm:
    """An arm from a parsed description. Raises KeyError, TypeError or ValueError for what is none."""
    before, axes, after = [], [], []
    for joint in document["joints"]:
        if "alpha_deg" in joint:
            a, d = float(joint["a_mm"]) / 1000, float(joint["d_mm"]) / 1000
            before.append(_pose([0, 0, 0], Rotation.from_euler("z", float(joint.get("theta_deg", 0)), degrees=True)))
            axes.append(np.array([0.0, 0.0, float(joint.get("sense", 1))]))
            after.append(
                _pose([0, 0, d], Rotation.identity())
                @ _pose([a, 0, 0], Rotation.from_euler("x", float(joint["alpha_deg"]), degrees=True))
            )
        else:
            before.append(_pose(joint["xyz_m"], Rotation.from_euler("xyz", joint.get("rpy_rad", [0, 0, 0]))))
            axis = np.array(joint["axis"], dtype=np.float64)
            length = float(np.linalg.norm(axis))
            if axis.shape != (3,) or not 0 < length < np.inf:
                raise ValueError(f"axis {joint['axis']} has no direction")
            axes.append(axis / length)
            after.append(np.eye(4))
    if document.get("flange"):
        flange = document["flange"]
        after[-1] = after[-1] @ _pose(flange.get("xyz_m", [0, 0, 0]), Rotation.from_euler("xyz", flange.get("rpy_rad", [0, 0, 0])))
    speeds = tuple(float(joint["speed_deg_s"]) for joint in document["joints"] if "speed_deg_s" in joint)
    return Arm(
        str(document.get("name", name)), tuple(before), tuple(axes), tuple(after), speeds if len(speeds) == len(axes) else ()
    )


def _pose(xyz: Any, turn: Rotation) -> Real:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn.as_matrix(), np.asarray(xyz, dtype=np.float64)
    return pose
