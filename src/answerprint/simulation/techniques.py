"""Camera technique as parameters: each makes the keys of a camera, frame by frame, from what an operator would be told.

Frames count from ``first``; a technique of ``count`` frames gives exactly that many keys, so nothing is left to interpolation. A subject
is a point, or a place for each frame (count, 3) of one who moves: the camera's way is made for where it is at first, aim and zoom follow it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.track import axes_from_angles
from answerprint.production import BadInput
from answerprint.simulation.cameras import look_at
from answerprint.simulation.pieces import Vector
from answerprint.simulation.stage import CameraKey, StageCamera

Real = NDArray[np.float64]
Places = Vector | Real
"""A point in metres, or one for each frame."""

_NEAREST = 0.2
"""Metres that a camera keeps from its subject."""


def dolly_zoom(camera: StageCamera, subject: Places, metres: float, first: int, count: int) -> tuple[CameraKey, ...]:
    """Dolly ``metres`` towards the subject (below zero away) while the zoom keeps it the same size.

    Focal length over distance stays constant: f(t) = f0 d(t) / d0.
    """
    start, targets = np.array(camera.translation), _places(subject, count)
    way = targets[0] - start
    whole = float(np.linalg.norm(way))
    _stop_before("dolly zoom", metres, whole)
    keys = []
    for (share, frame), target in zip(_shares(first, count), targets, strict=True):
        position = start + way / whole * metres * share
        distance = float(np.linalg.norm(target - position))
        _stop_before("dolly zoom", 0.0, distance)
        keys.append(
            CameraKey(
                frame=frame,
                translation=_vector(position),
                look_at=_vector(target),
                focus_distance=distance,
                pinhole_focal_length=camera.pinhole_focal_length * distance / whole,
            )
        )
    return tuple(keys)


def rack_focus(camera: StageCamera, near_m: float, far_m: float, first: int, count: int, hold: int = 0) -> tuple[CameraKey, ...]:
    """Pull focus from one distance to another, straight in dioptres as a lens ring turns; ``hold`` frames still at both ends."""
    moving = count - 2 * hold
    if moving < 2 or min(near_m, far_m) <= 0:
        raise BadInput("rack focus", "has no frames to move in or no distances", "give distances above 0 and fewer frames of hold")
    keys = []
    for frame in range(first, first + count):
        share = _ease(np.clip((frame - first - hold) / (moving - 1), 0, 1))
        keys.append(CameraKey(frame=frame, focus_distance=1 / ((1 - share) / near_m + share / far_m)))
    return tuple(keys)


def push_in(camera: StageCamera, subject: Places, metres: float, rise_m: float, first: int, count: int) -> tuple[CameraKey, ...]:
    """Push in (and up by ``rise_m``) with a counter-tilt that keeps the subject at its height in the picture."""
    start, targets = np.array(camera.translation), _places(subject, count)
    ahead = _over_the_floor("push in", start, targets[0], metres)
    keys = []
    for (share, frame), target in zip(_shares(first, count), targets, strict=True):
        position = start + ahead * metres * share + np.array([0, 0, rise_m * share])
        keys.append(CameraKey(frame=frame, translation=_vector(position), look_at=_vector(target)))
    return tuple(keys)


def crane_over(camera: StageCamera, subject: Places, rise_m: float, over_m: float, first: int, count: int) -> tuple[CameraKey, ...]:
    """Crane up by ``rise_m`` and over the subject by ``over_m``, looking at it all the way: the arm swings on a quarter circle."""
    start, targets = np.array(camera.translation), _places(subject, count)
    ahead = _over_the_floor("crane", start, targets[0], over_m)
    keys = []
    for (share, frame), target in zip(_shares(first, count), targets, strict=True):
        angle = share * np.pi / 2
        position = start + ahead * over_m * (1 - np.cos(angle)) + np.array([0, 0, rise_m * np.sin(angle)])
        keys.append(CameraKey(frame=frame, translation=_vector(position), look_at=_vector(target)))
    return tuple(keys)


def whip_pan(camera: StageCamera, degrees: float, first: int, count: int, move: int = 8) -> tuple[CameraKey, ...]:
    """A pan of ``degrees`` within ``move`` frames in the middle of the shot, with the small overshoot of a hand on the pan bar."""
    if not 2 <= move <= count:
        raise BadInput("whip pan", f"takes {move} frames of {count}", "give it between 2 frames and all of them")
    pan, tilt, roll = _angles(camera)
    start = first + (count - move) // 2
    keys = []
    for frame in range(first, first + count):
        time = (frame - start) / move
        share = float(_ease(np.clip(time, 0, 1)))
        after = max(0.0, time - 1.0)
        ring = 0.035 * math.exp(-3.0 * after) * math.sin(6.0 * after) if after > 0 else 0.0
        keys.append(CameraKey(frame=frame, rotation=(pan + degrees * (share + ring), tilt, roll)))
    return tuple(keys)


def handheld(camera: StageCamera, first: int, count: int, rate: float, seed: int, amount: float = 1.0) -> tuple[CameraKey, ...]:
    """Breathing, swaying and small corrections of an operator who stands: a few slow waves, the same for the same seed.

    About 6 mm and 0.35 degrees (standard deviations) at ``amount`` 1, mostly below 2 Hz.
    """
    random = np.random.default_rng([seed, 77])
    pan, tilt, roll = _angles(camera)
    times = np.arange(count) / rate
    shift = np.stack([_waves(random, times) for _ in range(3)], axis=1) * 0.006 * amount
    turn = np.stack([_waves(random, times) for _ in range(3)], axis=1) * np.array([0.35, 0.3, 0.22]) * amount
    start = np.array(camera.translation)
    return tuple(
        CameraKey(
            frame=first + i,
            translation=_vector(start + shift[i]),
            rotation=(pan + float(turn[i, 0]), tilt + float(turn[i, 1]), roll + float(turn[i, 2])),
        )
        for i in range(count)
    )


def with_keys(camera: StageCamera, keys: tuple[CameraKey, ...]) -> StageCamera:
    """The camera doing this; a fixed point it looked at gives way to what the keys say."""
    fixed = all(key.rotation is not None for key in keys)
    return camera.model_copy(update={"keys": keys, "look_at": None if fixed else camera.look_at})


def framed(camera: StageCamera, keys: tuple[CameraKey, ...], subject: Vector) -> tuple[CameraKey, ...]:
    """The same keys, but what they look at stays where the camera, at rest, has ``subject`` in its picture: an operator keeps the framing.

    Zoom and focus of the keys are for a subject on the axis; they come out for this place. A subject that is not in the picture comes to
    its middle, as the keys have it.
    """
    pan, tilt, roll = _angles(camera)
    right, ahead, up = np.subtract(subject, camera.translation) @ axes_from_angles(np.array([pan, tilt, 0.0]))
    width, height = camera.active_sensor_physical_dimensions
    beside, above = right / ahead * camera.pinhole_focal_length, up / ahead * camera.pinhole_focal_length
    if ahead <= 0 or abs(beside) > width / 2 or abs(above) > height / 2:
        return keys
    rest, off = camera.pinhole_focal_length, beside**2 + above**2
    turned, last = [], pan
    for key in keys:
        focal = rest
        update: dict[str, Any] = {"look_at": None}
        if key.pinhole_focal_length is not None:
            # Off the axis a thing is sqrt(f2 + r2) / d large, r millimetres from the middle of the picture.
            focal = math.sqrt(max((rest**2 + off) * (key.pinhole_focal_length / rest) ** 2 - off, key.pinhole_focal_length**2 / 4))
            update["pinhole_focal_length"] = focal
        if key.focus_distance is not None:
            update["focus_distance"] = key.focus_distance / math.sqrt(1 + off / focal**2)
        place, target = np.array(key.translation or camera.translation), np.array(key.look_at)
        new_pan, new_tilt = _angles_that_show(target - place, beside / focal, above / focal)
        # A pan that goes on past half a turn goes on: between its keys nothing turns back.
        last += (new_pan - last + 180) % 360 - 180
        turned.append(key.model_copy(update=update | {"rotation": (last, new_tilt, roll)}))
    return tuple(turned)


def _angles_that_show(way: Real, beside: float, above: float) -> tuple[float, float]:
    """Pan and tilt in degrees that have a direction ``beside`` and ``above`` the axis, as tangents, before any roll."""
    x, y, z = way / np.linalg.norm(way)
    u, v, w = np.array([beside, 1.0, above]) / np.sqrt(1 + beside**2 + above**2)
    tilt = np.arcsin(np.clip(z / np.hypot(v, w), -1, 1)) - np.arctan2(w, v)
    pan = np.arctan2(-x, y) - np.arctan2(-u, v * np.cos(tilt) - w * np.sin(tilt))
    return float(np.degrees(pan)), float(np.degrees(tilt))


def _places(subject: Places, count: int) -> Real:
    return np.broadcast_to(np.asarray(subject, dtype=np.float64), (count, 3))


def _stop_before(what: str, metres: float, distance: float) -> None:
    if metres >= distance - _NEAREST or distance < _NEAREST:
        raise BadInput(
            what, f"moves {metres:g} m towards a subject {distance:.2f} m away", f"stop at least {_NEAREST:g} m before it"
        )


def _over_the_floor(what: str, start: Real, target: Real, metres: float) -> Real:
    """The level direction to a subject; it is not reached."""
    flat = (target - start) * [1, 1, 0]
    distance = float(np.linalg.norm(flat))
    _stop_before(what, metres, distance)
    return np.asarray(flat / distance)


def _waves(random: np.random.Generator, times: Real) -> Real:
    """Six sines between 0.2 and 4 Hz with amplitudes falling as 1/f, scaled to a standard deviation of 1 over time."""
    frequencies = np.array([0.2, 0.45, 0.8, 1.3, 2.2, 3.7]) * random.uniform(0.85, 1.15, 6)
    weights = random.uniform(0.6, 1.4, 6) / frequencies
    phases = random.uniform(0, 2 * np.pi, 6)
    total = (weights[:, None] * np.sin(2 * np.pi * frequencies[:, None] * times[None] + phases[:, None])).sum(axis=0)
    return np.asarray(total / np.sqrt((weights**2).sum() / 2))


def _angles(camera: StageCamera) -> Vector:
    if camera.look_at is None:
        return camera.rotation
    return look_at(camera.translation, camera.look_at, camera.rotation[2])


def _shares(first: int, count: int) -> list[tuple[float, int]]:
    if count < 2:
        raise BadInput("camera move", "has fewer than 2 frames", "give it at least 2")
    return [(_ease(i / (count - 1)), first + i) for i in range(count)]


def _ease(share: float | np.floating) -> float:
    """Starts and stops softly: a fifth-degree step without jumps in speed or acceleration."""
    s = float(share)
    return s**3 * (s * (6 * s - 15) + 10)


def _vector(xyz: Real) -> Vector:
    return float(xyz[0]), float(xyz[1]), float(xyz[2])
