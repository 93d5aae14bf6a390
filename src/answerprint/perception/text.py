"""Text in a picture: PaddleOCR's small PP-OCRv6 networks, one that finds lines of text and one that reads them.

Says where words are and what they say, nothing else. They run on OpenCV's own network engine, so nothing more is installed.
Coordinates are pixels of the frame given, x right, y down.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from answerprint.perception.models import ModelCard, find_model

__all__ = ["CARDS", "FINDER", "READER", "Word", "read_words"]

_WHEEL = "PyPI rapidocr 3.10.0 (converted from PaddleOCR's own), file taken as data"
_DATA = "not published with the weights"

FINDER = ModelCard(
    name="PP-OCRv6 small text finder",
    file="PP-OCRv6_det_small.onnx",
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    licence="Apache-2.0",
    training_data=_DATA,
    origin=_WHEEL,
    says="where lines of text are",
)
READER = ModelCard(
    name="PP-OCRv6 small text reader",
    file="PP-OCRv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    licence="Apache-2.0",
    training_data=_DATA,
    origin=_WHEEL,
    says="what a line of text says",
)
CARDS = (FINDER, READER)

_LONG_SIDE = 960
"""The finder sees the frame at this many pixels along its longer side: a slate that fills a fifth of it is still legible."""
_IS_TEXT, _IS_LINE, _UNCLIP = 0.3, 0.5, 1.6
"""PaddleOCR's settings for the finder: chance of a text pixel, mean chance of a line, growth of the shrunken outline."""
_LINE_HEIGHT = 48
_MOST_LINES = 60


@dataclass(frozen=True)
class Word:
    """A word: what it says, how sure the reader is (0..1), its middle, its width, and the height and tilt of its line.

    ``angle`` is that tilt in radians, clockwise on screen, between -pi/4 and pi/4.
    """

    text: str
    confidence: float
    x: float
    y: float
    width: float
    height: float
    angle: float


_loaded = threading.local()


def read_words(frame: np.ndarray) -> list[Word]:
    """The words in ``frame`` (h, w, 3) display RGB uint8, line by line from the top down; of 60 lines at most.

    The same pixels give the same answer on one machine. Raises BadInput where the networks are not there.
    """
    words = []
    for box in _boxes(frame):
        (x, y), (width, height), degrees = box
        angle = float(np.radians(degrees))
        for text, confidence, start, end in _read(_cut(frame, box)):
            along = ((start + end) / 2 - 0.5) * width
            place = x + along * np.cos(angle), y + along * np.sin(angle)
            words.append(Word(text, confidence, float(place[0]), float(place[1]), (end - start) * width, height, angle))
    return words


def _network(card: ModelCard) -> Any:
    """The loaded network of ``card``; one per thread, since it keeps its own buffers."""
    kept = _loaded.__dict__.setdefault("networks", {})
    if card.sha256 not in kept:
        kept[card.sha256] = cv2.dnn.readNetFromONNX(str(find_model(card)))
    return kept[card.sha256]


def _run(card: ModelCard, picture: np.ndarray) -> np.ndarray:
    """Both networks take blue, green, red from -1 to 1."""
    net = _network(card)
    batch = np.ascontiguousarray((picture[..., ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
    net.setInput(batch)
    return np.asarray(net.forward(), np.float32)


_Box = tuple[tuple[float, float], tuple[float, float], float]
"""Middle, width and height, tilt in degrees."""


def _boxes(frame: np.ndarray) -> list[_Box]:
    height, width = frame.shape[:2]
    scale = _LONG_SIDE / max(height, width)
    size = (max(1, round(width * scale / 32)) * 32, max(1, round(height * scale / 32)) * 32)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    chance = _run(FINDER, small)[0, 0]
    mask = cv2.dilate((chance > _IS_TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        left, top, wide, high = cv2.boundingRect(outline)
        inside = np.zeros((high, wide), np.uint8)
        cv2.fillPoly(inside, [outline - np.array([left, top])], 1)
        if cv2.mean(chance[top : top + high, left : left + wide], inside)[0] < _IS_LINE:
            continue
        middle, (w, h), angle = cv2.minAreaRect(outline)
        if min(w, h) < 3:
            continue
        grow = 2 * _UNCLIP * w * h / (2 * (w + h))  # a rectangle's outline pushed outwards by area * ratio / length
        x, y = middle[0] * width / size[0], middle[1] * height / size[1]
        w, h = (w + grow) * width / size[0], (h + grow) * height / size[1]
        while angle > 45:
            w, h, angle = h, w, angle - 90
        while angle < -45:
            w, h, angle = h, w, angle + 90
        found.append(((x, y), (w, h), angle))
    return sorted(found, key=lambda box: (box[0][1], box[0][0]))[:_MOST_LINES]


def _cut(frame: np.ndarray, box: _Box) -> np.ndarray:
    """The line laid flat, 48 pixels high."""
    (x, y), (width, height), angle = box
    wide = int(np.clip(round(_LINE_HEIGHT * width / height), 16, 1920))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    step_x, step_y = width / wide, height / _LINE_HEIGHT
    to_frame = np.array(
        [
            [c * step_x, -s * step_y, x - c * width / 2 + s * height / 2],
            [s * step_x, c * step_y, y - s * width / 2 - c * height / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(frame, to_frame, (wide, _LINE_HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _read(line: np.ndarray) -> list[tuple[str, float, float, float]]:
    """The words of a line: text, mean chance of its letters, and where it begins and ends along the line (0..1).

    Greedy reading of the network's classes, each for a step along the line: repeats and blanks (class 0) drop out.
    """
    padded = np.full((_LINE_HEIGHT, max(320, line.shape[1]), 3), 127, np.uint8)
    padded[:, : line.shape[1]] = line
    chances = _run(READER, padded)[0]
    best, letters = chances.argmax(axis=1), _alphabet()
    step = padded.shape[1] / len(best) / line.shape[1]
    words: list[list[int]] = [[]]
    for at in np.flatnonzero(best):
        if letters[best[at] - 1].isspace():
            words.append([])
        elif not at or best[at] != best[at - 1]:
            words[-1].append(int(at))
    return [
        (
            "".join(letters[best[at] - 1] for at in word),
            float(np.mean([chances[at, best[at]] for at in word])),
            min(1.0, word[0] * step),
            min(1.0, (word[-1] + 1) * step),
        )
        for word in words
        if word
    ]


@lru_cache(maxsize=1)
def _alphabet() -> list[str]:
    """The reader's letters, which its file carries as the property ``character``; the space comes last."""
    data = find_model(READER).read_bytes()
    for number, value in _fields(data):
        if number == 14:  # ModelProto.metadata_props of the ONNX format
            name, letters = (part.decode() for _, part in _fields(value))
            if name == "character":
                return [*letters.split("\n"), " "]
    raise ValueError(f"{READER.file} carries no letters")


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of one protocol-buffer message, in order: (number, content)."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 2:
            length = number()
            yield key >> 3, data[at : at + length]
            at += length
        elif key & 7 == 0:
            number()
        else:
            at += 4 if key & 7 == 5 else 8
