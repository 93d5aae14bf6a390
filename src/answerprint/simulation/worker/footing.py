"""How a performer stands on the floor: both soles down, or the thighs on a seat and the feet on the floor before it, the hands clear of both.

Only numpy.
"""

from __future__ import annotations

import body
import numpy as np
from arms import Arms

_ROUNDS, _EXACT = 4, 1e-4
"""Corrections at most, and metres within which a sole is where it is to be: the pelvis leans, which the sum over the leg leaves out."""


class Footing:
    """Soles and seat of one body: what of it touches floor and furniture."""

    def __init__(self, rest: np.ndarray, heads: np.ndarray, feet: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """``feet`` are vertices and skin weights of the left and the right shoe."""
        data = body.base()
        self.heads, self.feet, self.arms = heads, feet, Arms(rest, heads)
        bones = [data["names"].index(name) for name in ("pelvis", "thigh_l", "thigh_r")]
        hips = np.flatnonzero(data["skin"][: body.BODY, bones].sum(axis=1) > 0.6)
        self.hips = rest[hips], data["skin"][hips]

    def matrices(self, pose: dict) -> np.ndarray:
        """Bone matrices (53, 3, 4) of a pose at the origin facing +Y, at its height over the stage: grounded on the soles, or seated.

        As far as the pose is ``planted`` (0 to 1), legs are bent until neither foot floats or sinks.
        """
        joints, floor = dict(pose["joints"]), pose.get("floor", 0.0)
        matrices, seat = body.pose(self.heads, joints), pose.get("seat")
        for _ in range(_ROUNDS if joints.get("planted") else 0):
            soles = self._soles(matrices)
            lacking = (soles.max() if seat is None else floor - self._seated(matrices, seat)) - soles
            if np.abs(lacking).max() < _EXACT:
                break
            for side, metres in zip("lr", joints["planted"] * lacking, strict=True):
                joints |= self._raised(joints, side, metres, seat is not None)
            matrices = body.pose(self.heads, joints)
        matrices = body.pose(self.heads, self.arms.clear(joints, seat is not None))
        matrices[:, 2, 3] += floor - self._soles(matrices).min() if seat is None else self._seated(matrices, seat)
        return matrices

    def _soles(self, matrices: np.ndarray) -> np.ndarray:
        """Height of the left and the right sole's lowest point, metres."""
        return np.array([body.skinned(*foot, matrices)[:, 2].min() for foot in self.feet])

    def _seated(self, matrices: np.ndarray, seat: float) -> float:
        """By how much a pose is to be lifted for its thighs to lie on a seat, metres."""
        low = body.skinned(*self.hips, matrices)
        return float(seat - low[low[:, 1] < np.median(low[:, 1])][:, 2].min())

    def _raised(self, joints: dict, side: str, metres: float, seated: bool) -> dict:
        """Hip and knee bent so that the foot is so much higher: standing it stays below the hip, seated the shin keeps its slope.

        With a thigh of length a at an angle f from hanging and a shin of length b at s, the foot hangs a cos f + b cos s below the hip.
        """
        at = {name: self.heads[body.base()["names"].index(f"{name}_{side}")] for name in ("thigh", "calf", "foot")}
        a, b = np.linalg.norm(at["calf"] - at["thigh"]), np.linalg.norm(at["foot"] - at["calf"])
        forward, outward = joints[f"thigh_{side}"]
        knee = joints[f"knee_{side}"]
        f, s = np.radians(forward), np.radians(forward - knee)
        if seated:
            bend = np.arccos(np.clip(np.cos(f) - metres / a, -1, 1)) - f
        else:
            # Both turn by as much, the one forward and the other back: a cos(f + d) + b cos(s - d) is one cosine.
            down, ahead = a * np.cos(f) + b * np.cos(s), b * np.sin(s) - a * np.sin(f)
            start = np.arctan2(ahead, down)
            bend = start + np.arccos(np.clip((down - metres) / np.hypot(ahead, down), -1, 1))
        bend = float(np.degrees(bend))
        return {f"thigh_{side}": (forward + bend, outward), f"knee_{side}": knee + bend * (1 if seated else 2)}
