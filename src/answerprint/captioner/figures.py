"""How people stand in the picture: how many, how much of the nearest one is seen, how the shot is framed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from answerprint.captioner.glance import Glance
from answerprint.perception.pose import LANDMARKS, Pose, find_poses
from answerprint.production.values import Measured

__all__ = ["SIZES", "Figures", "is_person", "people_fields", "shot_size_of", "without_furniture"]

SIZES = ("ECU", "CU", "MCU", "MS", "MWS", "FS", "WS", "EWS")
"""Shot sizes from near to far, in the terms of XMP Dynamic Media, with the full shot (whole figure, frame filled) beside them."""

_FULL, _WIDE = 0.35, 0.12
"""Least height of a whole figure, as a share of the picture's, in a full and in a wide shot. Fitted by eye on seven clips."""
_FRAMINGS = {1: "Single", 2: "2 shot", 3: "3 shot"}
_WHO = LANDMARKS.name


@dataclass(frozen=True)
class Figures:
    """The people of one frame, the largest first."""

    glance: Glance
    poses: list[Pose]

    @classmethod
    def of(cls, one: Glance) -> Figures:
        """Look for people. Raises BadInput when the networks are not there."""
        found = [pose for pose in find_poses(one.display) if is_person(pose, one.size)]
        return cls(one, sorted(found, key=lambda pose: (-_height(pose), float(pose.points[0, 0]))))


def is_person(pose: Pose, size: tuple[int, int]) -> bool:
    """Whether a pose is a person and not a stand or a hand: sure, firmly outlined, with head or shoulders in the picture."""
    inside = _inside(pose, size)
    if pose.score < 0.9 or inside.sum() < 8 or _height(pose) < 0.04 * size[1]:
        return False
    head = bool((inside & (pose.visibility > 0.6))[[0, 2, 5, 7, 8]].sum() >= 2)
    shoulders = bool((inside & (pose.visibility > 0.6))[[11, 12]].any())
    return head and shoulders and float(pose.visibility[inside].mean()) > 0.75 and _softness(pose) < 0.32


def without_furniture(figures: list[Figures]) -> list[Figures]:
    """The same frames without what only looks like a person: outlined softly, and as still as the wall behind it.

    The living breathe and sway: of a person three quarters of the pixels never stay within four codes for long.
    """
    if len(figures) < 3:
        return figures
    greys = np.stack([one.glance.grey for one in figures]).astype(np.int16)
    kept = []
    for at, one in enumerate(figures):
        change = np.median(np.abs(np.delete(greys, at, axis=0) - greys[at]), axis=0)
        width, height = one.glance.size
        kept.append(Figures(one.glance, [pose for pose in one.poses if not _is_thing(pose, change, (0, 0, width, height))]))
    return kept


def _is_thing(pose: Pose, change: np.ndarray, frame: tuple[int, int, int, int]) -> bool:
    covered = pose.likely_over(frame) > 0.5
    return bool(covered.any()) and _softness(pose) > 0.15 and float(np.percentile(change[covered], 75)) < 4


def _softness(pose: Pose) -> float:
    """How much of the outline is undecided, over the area that is decided."""
    return float(((pose.likely > 0.1) & (pose.likely < 0.9)).sum() / max(1, int((pose.likely > 0.5).sum())))


def shot_size_of(pose: Pose, size: tuple[int, int]) -> str:
    """The shot size that the lowest visible part of a figure gives (chin CU, chest MCU, waist MS, knee MWS, ankle FS)."""
    height = size[1]
    eyes, mouth, shoulders, hips, ankles = (
        float(pose.points[list(at), 1].mean()) for at in ((2, 5), (9, 10), (11, 12), (23, 24), (27, 28))
    )
    if 3.0 * (mouth - eyes) > 0.9 * height:
        return "ECU"
    if ankles <= height and pose.visibility[[27, 28]].max() > 0.5:
        share = _height(pose) / height
        return "FS" if share >= _FULL else "WS" if share >= _WIDE else "EWS"
    trunk = max(hips - shoulders, 1e-6)
    cut = (height - shoulders) / trunk
    return "CU" if cut < 0.2 else "MCU" if cut < 0.75 else "MS" if cut < 1.3 else "MWS"


def people_fields(figures: list[Figures] | None, fault: str = "") -> dict[str, Measured]:
    """``people`` (how many), ``shot_size`` and ``framing``; all unknown, with ``fault`` as the reason, without figures."""
    if figures is None:
        return {name: Measured(confidence=0.0, who=fault) for name in ("shot_size", "framing", "people")}
    counts = np.array([len(one.poses) for one in figures])
    number = int(np.sort(counts)[len(counts) // 2])
    same = float((counts == number).mean())
    span = (float(np.percentile(counts, 5)), float(np.percentile(counts, 95)))
    # hands, backs and legs alone are not found: that nobody is there is said with less certainty
    sure = (0.5 if number else 0.25) + 0.4 * same
    people = Measured(value=number, interval=span, confidence=round(sure, 2), who=_WHO)
    if number == 0:
        nobody = f"{_WHO}: nobody to measure by"
        return {
            "shot_size": Measured(confidence=0.1, who=nobody),
            "framing": Measured(confidence=0.1, applicable=False, who=nobody),
            "people": people,
        }
    sizes = [SIZES.index(shot_size_of(one.poses[0], one.glance.size)) for one in figures if one.poses]
    middle = int(np.sort(sizes)[len(sizes) // 2])
    sure = 0.35 + 0.4 * float(np.mean(np.array(sizes) == middle))
    return {
        "shot_size": Measured(value=SIZES[middle], confidence=round(sure, 2), who=_WHO),
        "framing": Measured(value=_FRAMINGS.get(number, "Group"), confidence=round(0.4 + 0.4 * same, 2), who=_WHO),
        "people": people,
    }


def _inside(pose: Pose, size: tuple[int, int]) -> np.ndarray:
    x, y = pose.points.T
    return np.asarray((x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1]))


def _height(pose: Pose) -> float:
    """From the highest landmark to the lowest, and as much again above as the crown is over the eyes, pixels."""
    low, high = float(pose.points[:, 1].min()), float(pose.points[:, 1].max())
    return (high - low) * 1.08
