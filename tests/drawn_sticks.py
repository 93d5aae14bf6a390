"""A slate drawn for tests whose sticks close: held by an unsteady hand, in grain, before a room through which somebody walks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 360, 640
Picture = NDArray[np.float32]


def closing_sticks(seed: int, count: int = 18, closes: int = 8, shake: float = 1.0, opens: bool = True) -> list[NDArray[np.uint8]]:
    """Grey frames (360, 640); the sticks are first closed in frame ``closes``. Without ``opens`` they are closed all the time.

    A shutter of 180 degrees; the slate is 0.12 to 0.5 of the picture wide, the sticks open 20 to 40 degrees and close in 2 to 4 frames.
    """
    random = np.random.default_rng(seed)
    room = cv2.GaussianBlur(random.normal(0, 1, (HEIGHT + 80, WIDTH + 80)), (0, 0), 6)
    room = 0.35 + 0.25 * room / np.abs(room).max() + 0.08 * cv2.GaussianBlur(random.normal(0, 1, room.shape), (0, 0), 1.2)
    long = random.uniform(0.12, 0.5) * WIDTH
    hinge = np.array([random.uniform(60, WIDTH - 60 - long), random.uniform(80, HEIGHT - 90)])
    tilt, widest, takes = np.deg2rad(random.uniform(-15, 15)), random.uniform(20, 40), random.integers(2, 5)
    hand = np.cumsum(random.normal(0, shake, (count + 2, 2)), 0)
    walker, pace, light = random.uniform(0, WIDTH), random.uniform(-6, 6), random.uniform(0.5, 1)
    frames = []
    for frame in range(count):
        seen = np.zeros((HEIGHT, WIDTH), np.float32)
        for part in np.linspace(0, 0.5, 6):
            at = frame + part
            moved = hand[frame] * (1 - part) + hand[frame + 1] * part
            way = np.clip((at - (closes - takes)) / takes, 0, 1) if opens else 1.0
            picture = cv2.warpAffine(
                room.astype(np.float32), np.array([[1, 0, -moved[0] - 40], [0, 1, -moved[1] - 40]]), (WIDTH, HEIGHT)
            )
            cv2.ellipse(picture, (int(walker + pace * at), int(HEIGHT * 0.6)), (30, 110), 0, 0, 360, 0.2, -1, cv2.LINE_AA)
            _slate(picture, hinge - moved, long, tilt, np.deg2rad(widest) * (1 - way**1.7))
            seen += picture / 6
        frames.append((np.clip(seen * light + random.normal(0, 0.015, seen.shape), 0, 1) * 255).astype(np.uint8))
    return frames


def _slate(picture: Picture, hinge: NDArray[np.float64], long: float, tilt: float, angle: float) -> None:
    """The board, the stick fixed to it, and the other one open by ``angle``."""
    thick = 0.09 * long
    along, down = np.array([np.cos(tilt), np.sin(tilt)]), np.array([-np.sin(tilt), np.cos(tilt)])
    _fill(picture, [hinge, hinge + along * long, hinge + along * long + down * long * 0.6, hinge + down * long * 0.6], 0.85)
    for turned in (0.0, angle):
        along, up = (
            np.array([np.cos(tilt - turned), np.sin(tilt - turned)]),
            np.array([np.sin(tilt - turned), -np.cos(tilt - turned)]),
        )
        begin = hinge if turned is not angle else hinge + up * thick
        _fill(picture, [begin, begin + along * long, begin + along * long + up * thick, begin + up * thick], 0.9)
        for stripe in range(0, 10, 2):
            one, two = along * long * stripe / 10, along * long * (stripe + 1) / 10
            _fill(picture, [begin + one, begin + two, begin + two + up * thick, begin + one + up * thick], 0.08)


def _fill(picture: Picture, corners: list[NDArray[np.float64]], value: float) -> None:
    cv2.fillPoly(picture, [np.asarray(np.round(np.array(corners) * 16), np.int32)], value, cv2.LINE_AA, 4)
