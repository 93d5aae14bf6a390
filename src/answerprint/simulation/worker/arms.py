"""Hands beside the body or in the lap, never in it: arms are raised until what hangs from them is clear of hips and thighs. Only numpy."""

from __future__ import annotations

import body
import hems
import numpy as np

_NEAR = ("pelvis", "spine_01", "thigh_l", "thigh_r")
_CLOTH = 0.03
"""Metres of cloth and air over hips and thighs."""
_BESIDE = 0.12
"""Metres from a hand within which a place of the body is one that it may touch."""
_ROUNDS, _EXACT = 6, 1e-3
"""Corrections at most, and metres that a hand may be short of clear."""
_EVERY = 4
"""One of so many of the body's vertices is looked at: they are a centimetre apart."""


class Arms:
    """Hands of one body, and what of it they hang beside."""

    def __init__(self, rest: np.ndarray, heads: np.ndarray) -> None:
        data = body.base()
        self.heads, names = heads, data["names"]
        skin, points = data["skin"][: body.BODY], rest[: body.BODY]
        legs = np.flatnonzero(skin[:, [names.index(name) for name in _NEAR]].sum(axis=1) > 0.6)[::_EVERY]
        self.legs = points[legs], hems.normals(points, data["quads"])[legs], skin[legs]
        self.hands = {}
        for side in "lr":
            own = np.flatnonzero(skin[:, sorted(_below(data, f"hand_{side}"))].sum(axis=1) > 0.9)[::_EVERY]
            self.hands[side] = points[own], skin[own]

    def clear(self, joints: dict, seated: bool) -> dict:
        """The joints with arms raised as far as it takes: standing the upper arm to the side, seated the forearm up from the thigh."""
        bone = "lowerarm" if seated else "upperarm"
        tail = "middle_01" if seated else "lowerarm"
        for _ in range(_ROUNDS):
            lacking = self.lacking(body.pose(self.heads, joints))
            if max(lacking.values()) < _EXACT:
                break
            for side, metres in lacking.items():
                first, last = (self.heads[body.base()["names"].index(f"{name}_{side}")] for name in (bone, tail))
                raised, aside = joints.get(f"{bone}_{side}", body.HANGING)
                joints = {**joints, f"{bone}_{side}": (raised + float(np.degrees(metres / np.linalg.norm(last - first))), aside)}
        return joints

    def lacking(self, matrices: np.ndarray) -> dict[str, float]:
        """By how many metres each hand is short of clear of the legs and what they wear; 0 for one that is clear."""
        points, normals, skin = self.legs
        blend = np.tensordot(skin, matrices, axes=(1, 0))
        places = np.einsum("nij,nj->ni", blend[:, :, :3], points) + blend[:, :, 3]
        out = np.einsum("nij,nj->ni", blend[:, :, :3], normals)
        found = {}
        for side, hand in self.hands.items():
            at = body.skinned(*hand, matrices)
            apart = (at**2).sum(axis=1)[:, None] - 2 * at @ places.T + (places**2).sum(axis=1)
            nearest = apart.argmin(axis=1)
            beside = apart[np.arange(len(at)), nearest] < _BESIDE**2
            off = ((at - places[nearest]) * out[nearest]).sum(axis=1)[beside]
            found[side] = max(0.0, _CLOTH - float(off.min())) if len(off) else 0.0
        return found


def _below(data: dict, root: str) -> set[int]:
    """Numbers of a bone and of all that hang from it."""
    found = {data["names"].index(root)}
    for index, parent in enumerate(data["parents"]):
        if parent in found:
            found.add(index)
    return found
