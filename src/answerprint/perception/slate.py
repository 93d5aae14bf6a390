"""The slate held before the camera: scene, take and roll as they stand on the board, in the first or last seconds of a clip.

A slate is where the words SCENE and TAKE stand in one picture, each with a value beside or below it.
A board held upside down is a tail slate: the clip ends with it. What is read is an estimate, never a record.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from answerprint.perception.text import CARDS, Word, read_words

__all__ = ["Slate", "find_slate", "frames_to_look_at", "slate_in"]

_LABELS = {"scene": "SCENE", "take": "TAKE", "roll": "ROLL"}
"""SLATE is not among them: where it stands, its value is a running number and no scene."""
_VALUES = {
    "scene": re.compile(r"(?P<scene>\d{1,4})[-/.]?(?P<setup>[A-Z]{0,2})"),
    "take": re.compile(r"T?(?P<take>\d{1,3})"),
    "roll": re.compile(r"(?P<roll>[A-Z]{0,2}\d{1,4})"),
}
_LABEL = re.compile(rf"({'|'.join(_LABELS.values())})[:.#]?(.*)")
_SECONDS, _STEP_S = 3, Fraction(1, 2)
_ENOUGH = 3
"""Pictures that agree before looking stops."""
_LEAST = 0.6
"""Below this chance a word is not believed: on boards drawn for the tests right words came out at 0.8 and more."""


@dataclass(frozen=True)
class Slate:
    """What a slate says. ``confidence`` 0..1 is that of the least sure of the words, times the share of pictures that agree.

    ``frame`` counts from 0 at the clip's first; ``tail`` says that the board was held upside down.
    """

    scene: str
    setup: str
    take: str
    roll: str
    confidence: float
    frame: int = 0
    tail: bool = False

    def document(self) -> dict[str, Any]:
        """As ingest keeps it: an estimate, with the networks that read it."""
        models = [{"name": card.name, "sha256": card.sha256, "kind": "analysis"} for card in CARDS]
        return asdict(self) | {"confidence": round(self.confidence, 3), "source": "estimated", "models": models}


def frames_to_look_at(count: int, rate: Fraction) -> list[int]:
    """Two frames of each second in the first and the last three seconds, in order."""
    steps = [int(number * _STEP_S * rate) for number in range(int(_SECONDS / _STEP_S) + 1)]
    return sorted({at for step in steps for at in (step, count - 1 - step) if 0 <= at < count})


def find_slate(read: Callable[[int], np.ndarray], count: int, rate: Fraction) -> Slate | None:
    """The slate in a clip of ``count`` frames; ``read`` gives one as display RGB uint8 (h, w, 3). None where none is seen.

    Raises BadInput where the networks are not there.
    """
    found: list[Slate] = []
    for at in frames_to_look_at(count, rate):
        if seen := slate_in(read(at)):
            found.append(Slate(seen.scene, seen.setup, seen.take, seen.roll, seen.confidence, at, seen.tail))
            if max(Counter(_said(one) for one in found).values()) == _ENOUGH:
                break
    if not found:
        return None
    said, times = max(Counter(_said(one) for one in found).items(), key=lambda item: item[1])
    best = max((one for one in found if _said(one) == said), key=lambda one: (bool(one.roll), one.confidence, -one.frame))
    return Slate(*said, best.roll, best.confidence * times / len(found), best.frame, best.tail)


def slate_in(frame: np.ndarray) -> Slate | None:
    """The slate in one picture (display RGB uint8), upright or held upside down; None where none is seen."""
    words = read_words(frame)
    if len(words) < 2:
        return None
    upright = _slate_of(words)
    if upright is not None and upright.confidence > 0.9:
        return upright
    turned = _slate_of(read_words(np.ascontiguousarray(frame[::-1, ::-1])), tail=True)
    return max((one for one in (upright, turned) if one), key=lambda one: one.confidence, default=None)


def _said(slate: Slate) -> tuple[str, str, str]:
    return slate.scene, slate.setup, slate.take


def _slate_of(words: list[Word], tail: bool = False) -> Slate | None:
    sure = [word for word in words if word.confidence >= _LEAST]
    said: dict[str, str] = {}
    confidence = 1.0
    for what in _LABELS:
        value = _value(what, sure)
        if value is None:
            if what == "roll":
                continue
            return None
        fields, chance = value
        said |= fields
        confidence = min(confidence, chance) if what != "roll" else confidence
    return Slate(said["scene"], said["setup"], said["take"].lstrip("0") or "0", said.get("roll", ""), confidence, tail=tail)


def _value(what: str, words: list[Word]) -> tuple[dict[str, str], float] | None:
    """The value of the first such label that has one, and its chance: within the label's own word, else the nearest that fits."""
    for label in words:
        match = _LABEL.fullmatch(label.text.upper())
        if match is None or match[1] != _LABELS[what]:
            continue
        if match[2]:
            if inside := _VALUES[what].fullmatch(match[2]):
                return inside.groupdict(), label.confidence
            continue
        near = [
            (distance, fits.groupdict(), min(label.confidence, word.confidence))
            for word in words
            if (fits := _VALUES[what].fullmatch(word.text.upper())) and (distance := _distance(label, word)) is not None
        ]
        if near:
            _, fields, chance = min(near, key=lambda one: one[0])
            return fields, chance
    return None


def _distance(label: Word, value: Word) -> float | None:
    """How far a value stands from its label, in pixels along the label's tilt; None where it is neither beside nor below it."""
    c, s = math.cos(label.angle), math.sin(label.angle)
    dx, dy = value.x - label.x, value.y - label.y
    along, down = c * dx + s * dy, c * dy - s * dx
    high = max(label.height, value.height)
    beside = along - (label.width + value.width) / 2
    if abs(down) < 0.6 * high and -0.5 * high < beside < 4 * high:
        return max(0.0, beside)
    below = down - (label.height + value.height) / 2
    if abs(along) < 0.6 * (label.width + value.width) and -0.5 * high < below < 2 * high:
        return max(0.0, below) + 0.5 * abs(along)
    return None
