"""What a performer's body does at a moment: stand, walk, turn, sit, reach, gesture as joint angles over time.

The gait is a first harmonic fit to the joint curves of normal walking in D. A. Winter, "Biomechanics and Motor Control of
Human Movement", 4th ed. 2009, chapter 3: hip -10 to 30 degrees, knee 5 to 60, ankle -20 to 10.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.production import BadInput
from answerprint.simulation.performers import Action, Performer
from answerprint.simulation.pieces import Vector

Marks = dict[str, tuple[float, float, float]]
"""Marks of a set: x, y in metres and heading in degrees."""

_STRIDE = 0.79
"""Length of a stride (two steps) in body heights, walking at ease (Winter, chapter 2)."""


def pose_at(performer: Performer, frame: float, rate: float, marks: Marks) -> dict[str, Any]:
    """Joint angles, place and heading of a performer at a frame (fractions lie between frames).

    Raises BadInput for a mark that the set does not have.
    """
    x, y, heading = _start(performer, marks)
    joints = _standing(performer, frame / rate)
    seat: float | None = None
    reach: Vector | None = None
    for action in sorted(performer.actions, key=lambda a: (a.start, a.end)):
        if frame < action.start:
            break
        done = _ease((frame - action.start) / max(1e-9, action.end - action.start))
        if action.do == "walk":
            x, y, heading, joints = _walk(performer, action, frame, rate, (x, y, heading), marks, joints)
            seat = None
        elif action.do == "turn":
            target = heading if action.heading is None else action.heading
            heading += done * ((target - heading + 180) % 360 - 180)
        elif action.do == "sit":
            joints = _mixed(joints, _sitting(performer, frame / rate), done)
            seat = performer.floor + performer.seat if done > 0.85 else None
        elif action.do == "stand":
            joints, seat = _mixed(joints, _standing(performer, frame / rate), done), None
        elif action.do == "gesture":
            joints = _gesture(joints, (frame - action.start) / rate, _fade(frame, action))
        else:
            reach = action.target
            joints = _mixed(joints, {**joints, **_reaching(performer, (x, y, heading), reach, action.hand)}, done)
    return {"at": [x, y], "heading": heading, "floor": performer.floor, "seat": seat, "joints": joints}


def eyes_at(performer: Performer, frame: float, rate: float, marks: Marks) -> Vector:
    """Where a performer's eyes are at a frame, metres, before a renderer has measured them.

    Fitted to 25 bodies of 1.25 to 1.9 m as the renderer measures them: standing within 13 mm of height and 40 mm ahead, seated within 45
    and 60 mm; how someone holds their head is up to 40 mm sideways. Raises BadInput as ``pose_at`` does.
    """
    pose, height = pose_at(performer, frame, rate, marks), performer.build.height
    seat, heading = pose["seat"], np.radians(pose["heading"])
    if seat is None:
        up, ahead = pose["floor"] + 0.945 * height, 0.083 * height
    else:
        up, ahead = seat + 0.27 + 0.285 * height, 0.134 * height
    x, y = pose["at"]
    return float(x - ahead * np.sin(heading)), float(y + ahead * np.cos(heading)), float(up)


def _start(performer: Performer, marks: Marks) -> tuple[float, float, float]:
    place = _place(performer, performer.mark, marks)
    heading = performer.heading
    if heading is None:
        heading = marks[performer.mark][2] if isinstance(performer.mark, str) else 180.0
    return *place, heading


def _place(performer: Performer, mark: str | tuple[float, float], marks: Marks) -> tuple[float, float]:
    if not isinstance(mark, str):
        return mark
    if mark not in marks:
        known = ", ".join(sorted(marks)) or "none"
        raise BadInput(
            f"performer {performer.name}", f"there is no mark {mark!r} on this set", f"use one of: {known}; or give x and y"
        )
    return marks[mark][:2]


def _seeded(performer: Performer) -> np.random.Generator:
    """Everybody's own way of holding themselves: by name and height, as two of one name are two people."""
    return np.random.default_rng([*(ord(c) for c in performer.name), round(performer.build.height * 1000)])


def _standing(performer: Performer, seconds: float) -> dict[str, Any]:
    """At ease: weight on one leg, arms hanging slightly bent, breathing; each performer in their own way."""
    own = _seeded(performer)
    side = 1.0 if own.random() < 0.5 else -1.0
    sway = np.sin(seconds * 0.9 + own.uniform(0, 6)) * 0.8
    lean = side * own.uniform(1.0, 3.0) + sway
    free = own.uniform(4, 10)
    # The hip above the leg that carries is the higher one; the other leg bends.
    left, right = (1.0, free) if side > 0 else (free, 1.0)
    return {
        "pelvis": (0.0, lean * 0.6, side * own.uniform(-6, 6)),
        "spine": (own.uniform(-1, 4), -lean, own.uniform(-5, 5)),
        "head": (own.uniform(-2, 6), own.uniform(-4, 4), own.uniform(-10, 10)),
        "thigh_l": (left * 0.9, own.uniform(2, 5)), "knee_l": left * 1.6, "foot_l": 0.0,
        "thigh_r": (right * 0.9, own.uniform(2, 5)), "knee_r": right * 1.6, "foot_r": 0.0,
        "upperarm_l": (own.uniform(9, 14), own.uniform(70, 95)), "lowerarm_l": (own.uniform(12, 28), own.uniform(5, 30)),
        "upperarm_r": (own.uniform(9, 14), own.uniform(70, 95)), "lowerarm_r": (own.uniform(12, 28), own.uniform(5, 30)),
        "fingers_l": own.uniform(16, 30), "fingers_r": own.uniform(16, 30), "toes_out": own.uniform(4, 14),
        "planted": 1.0,
    }  # fmt: skip


def _sitting(performer: Performer, seconds: float) -> dict[str, Any]:
    own = _seeded(performer)
    # The knee is about 0.285 body heights above the ground (Winter, chapter 4): a lower seat raises the knees above the hips.
    drop = np.degrees(
        np.arcsin(np.clip((performer.seat + 0.06 - 0.285 * performer.build.height) / (0.245 * performer.build.height), -0.6, 0.6))
    )
    thigh = 90 - float(drop)
    return {
        **_standing(performer, seconds),
        "pelvis": (4.0, 0.0, own.uniform(-4, 4)),
        "spine": (own.uniform(2, 12), own.uniform(-2, 2), own.uniform(-6, 6)),
        "thigh_l": (thigh, own.uniform(5, 10)), "knee_l": thigh + own.uniform(-4, 10), "foot_l": 0.0,
        "thigh_r": (thigh, own.uniform(5, 10)), "knee_r": thigh + own.uniform(-4, 10), "foot_r": 0.0,
        "upperarm_l": (22.0, 55.0), "lowerarm_l": (76.0, -22.0), "upperarm_r": (22.0, 55.0), "lowerarm_r": (76.0, -22.0),
    }  # fmt: skip


def _walk(
    performer: Performer,
    action: Action,
    frame: float,
    rate: float,
    start: tuple[float, float, float],
    marks: Marks,
    rest: dict[str, Any],
) -> tuple[float, float, float, dict[str, Any]]:
    if action.to is None:
        raise BadInput(f"performer {performer.name}", "walks nowhere", "give 'to': a mark's name or x and y")
    end = _place(performer, action.to, marks)
    way = np.subtract(end, start[:2])
    length = float(np.hypot(*way))
    if length < 1e-6:
        return *start, rest
    share = float(np.clip((frame - action.start) / max(1e-9, action.end - action.start), 0, 1))
    heading = float(np.degrees(np.arctan2(-way[0], way[1])))
    place = np.add(start[:2], way * share)
    if frame >= action.end:
        return float(place[0]), float(place[1]), heading, rest
    phase = 2 * np.pi * share * max(1.0, round(length / (_STRIDE * performer.build.height)))
    pace = length / max(1e-9, (action.end - action.start) / rate) / (1.35 * performer.build.height / 1.75)
    much = float(np.clip(pace, 0.3, 1.3)) * min(1.0, 4 * share, 4 * (1 - share))
    return float(place[0]), float(place[1]), heading, _mixed(rest, _gait(phase, rest), much)


def _gait(phase: float, rest: dict[str, Any]) -> dict[str, Any]:
    joints = {**rest, "planted": 0.0}
    joints["pelvis"], joints["spine"] = (2.0, 1.5 * np.sin(phase), 4 * np.sin(phase)), (3.0, 0.0, -9 * np.sin(phase))
    for side, shift in (("l", 0.0), ("r", np.pi)):
        p = phase + shift
        knee = 8 + 50 * max(0.0, np.sin(p - 0.35)) ** 2 * (np.cos(p - 0.9) > -0.2) + 6 * max(0.0, -np.sin(p))
        joints[f"thigh_{side}"] = (10 + 21 * np.sin(p + 0.35), 2.0)
        joints[f"knee_{side}"] = knee
        joints[f"foot_{side}"] = 14 * max(0.0, np.sin(p + 0.9)) - 26 * max(0.0, -np.sin(p + 0.35)) ** 2
        swing = -np.sin(p + 0.35)
        joints[f"upperarm_{side}"] = (abs(20 * swing) + 6, 25.0 if swing > 0 else 155.0)
        joints[f"lowerarm_{side}"] = (24 + 22 * max(0.0, swing), 15.0)
    return joints


def _gesture(joints: dict[str, Any], seconds: float, much: float) -> dict[str, Any]:
    """Talking with the hands: forearms up, beating about twice a second."""
    beat = np.sin(seconds * 2 * np.pi * 0.9), np.sin(seconds * 2 * np.pi * 0.7 + 1.1)
    spoken = {
        "upperarm_r": (26 + 7 * beat[0], 45.0), "lowerarm_r": (88 + 16 * beat[1], 14.0 - 12 * beat[0]), "fingers_r": 10 + 8 * beat[1],
        "upperarm_l": (22 + 4 * beat[1], 52.0), "lowerarm_l": (76 + 9 * beat[0], 8.0), "fingers_l": 14 + 6 * beat[0],
        "head": (2 + 3 * beat[1], 2 * beat[0], joints["head"][2] + 3 * beat[0]),
    }  # fmt: skip
    return _mixed(joints, {**joints, **spoken}, much)


def _reaching(performer: Performer, place: tuple[float, float, float], target: Vector | None, hand: str) -> dict[str, Any]:
    """An arm straight towards a point; far and low points bend the back as well. The left arm does what the right one would in a mirror."""
    if target is None:
        raise BadInput(f"performer {performer.name}", "reaches for nothing", "give 'target': x, y, z in metres")
    height = performer.build.height
    turn = np.radians(-place[2])
    flat = np.subtract(target[:2], place[:2])
    side, mirror = ("l", -1.0) if hand == "left" else ("r", 1.0)
    right = mirror * (flat[0] * np.cos(turn) - flat[1] * np.sin(turn))
    ahead = flat[0] * np.sin(turn) + flat[1] * np.cos(turn)
    up = target[2] - performer.floor - 0.81 * height
    raised = float(np.degrees(np.arctan2(np.hypot(right - 0.1, ahead), -up)))
    aside = float(np.degrees(np.arctan2(right - 0.1, ahead)))
    far = float(np.clip((np.hypot(ahead, up) - 0.42 * height) / 0.3, 0, 1))
    return {
        "spine": (22.0 * far, 0.0, 10.0 * mirror),
        f"upperarm_{side}": (max(0.0, raised - 6), aside + 6), f"lowerarm_{side}": (raised, aside), f"fingers_{side}": 8.0,
        "head": (float(np.clip(-up * 18, -15, 25)), 0.0, mirror * float(np.clip(-aside * 0.5, -35, 35))),
    }  # fmt: skip


def _fade(frame: float, action: Action) -> float:
    reach = max(1.0, min(12.0, (action.end - action.start) / 3))
    return _ease(min((frame - action.start) / reach, (action.end - frame) / reach))


def _ease(share: float) -> float:
    share = float(np.clip(share, 0, 1))
    return share * share * (3 - 2 * share)


def _mixed(a: dict[str, Any], b: dict[str, Any], share: float) -> dict[str, Any]:
    return {name: _mix(a.get(name, value), value, share) for name, value in b.items()}


def _mix(a: Any, b: Any, share: float) -> Any:
    if isinstance(b, tuple):
        return tuple(float(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return float(a + (b - a) * share)
