"""A slate drawn for tests: sticks, labels and values on a white board, held into a grainy picture at a tilt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.perception.models import find_model
from answerprint.perception.text import CARDS
from answerprint.production import BadInput


def need_text_networks() -> None:
    """Skip, with the reason, where the networks that read text are not in the cache."""
    try:
        for card in CARDS:
            find_model(card)
    except BadInput as fault:
        pytest.skip(str(fault))


def board(scene: str = "21A", take: str = "3", roll: str = "A007") -> np.ndarray:
    """The board, (420, 600, 3) uint8."""
    drawn = np.full((420, 600, 3), 235, np.uint8)
    for left in range(0, 600, 80):
        cv2.fillPoly(drawn, [np.array([[left, 0], [left + 40, 0], [left + 20, 60], [left - 20, 60]])], (20, 20, 20))
    for number, (label, value) in enumerate((("ROLL", roll), ("SCENE", scene), ("TAKE", take))):
        place = 20 + number * 200
        cv2.putText(drawn, label, (place, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
        cv2.putText(drawn, value, (place, 210), cv2.FONT_HERSHEY_DUPLEX, 2.2, (30, 30, 60), 4, cv2.LINE_AA)
    for text, down in (("DIRECTOR  R. Vogel", 310), ("DATE 14.03.26  DAY INT", 380)):
        cv2.putText(drawn, text, (20, down), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 2, cv2.LINE_AA)
    return drawn


def held(drawn: np.ndarray | None, tilt: float = 0.0, light: float = 1.0, size: float = 0.9, grain: float = 3.0) -> np.ndarray:
    """A 1280 x 720 uint8 picture with the board in it, turned by ``tilt`` degrees, in ``light`` of full; without, an empty room."""
    random = np.random.default_rng(1)
    room = cv2.GaussianBlur(random.normal(70, 6, (720, 1280, 3)), (0, 0), 3)
    if drawn is not None:
        turn = cv2.getRotationMatrix2D((300, 210), tilt, size)
        turn[:, 2] += (340, 150)
        there = cv2.warpAffine(np.ones(drawn.shape[:2], np.float32), turn, (1280, 720))[..., None]
        room = room * (1 - there) + cv2.warpAffine(drawn.astype(np.float32), turn, (1280, 720)) * there
    return np.clip(room * light + random.normal(0, grain, room.shape), 0, 255).astype(np.uint8)
