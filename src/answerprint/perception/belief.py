"""Which person each pixel belongs to through a clip: evidence from pose, colour and the empty set, carried along the flow.

Per pixel a log belief is kept for each person, for the background and for "something else" (a shadow, a prop). The
evidence of a frame is fused with what the frames before and after say, carried along the optical flow: the
forward-backward recursion of a hidden Markov chain, with forgetting, and smoothed along the picture's edges at each step
(cost-volume filtering, Hosni et al., TPAMI 2013, in place of a graph cut).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from answerprint.perception.edges import follow_edges
from answerprint.perception.flow import carry, dense_flow
from answerprint.perception.plate import BackgroundPlate

__all__ = ["Box", "ColourTable", "Evidence", "colour_table", "fuse"]

Box = tuple[int, int, int, int]

_MEMORY = 0.7
"""Share of a neighbour frame's log belief that is kept: about three frames' worth of evidence on each side."""
_UNLIKE = 24.0
"""8-bit levels of difference after carrying at which a neighbour's word counts 1/e."""
_FLOOR = -8.0
_POSE_FOR, _POSE_AGAINST = 3.5, -2.0
"""How much the pose network's word counts: what it draws is nearly always there, but it leaves out blurred hands."""
_COLOUR_WEIGHT = 0.6
_MARK = 30.0
_BLOCK, _AHEAD = 48, 12
"""Frames smoothed together, and how far the backward pass looks beyond them (0.7 ** 12 is 1.4 %)."""


@dataclass(frozen=True)
class ColourTable:
    """Log likelihood of a colour under each person and the background: (labels, 32768), 5 bits per channel of display RGB."""

    log: np.ndarray

    def of(self, picture: np.ndarray) -> np.ndarray:
        """(labels, h, w), relative to the mean over the labels, limited to 2.5 either way."""
        code = picture.astype(np.int32) >> 3
        return np.take(self.log, (code[..., 0] << 10) | (code[..., 1] << 5) | code[..., 2], axis=1)


def colour_table(counts: np.ndarray) -> ColourTable:
    """The table from ``counts`` (labels, 32, 32, 32) of pixels that surely belong to each label."""
    smoothed = np.stack([gaussian_filter(one.astype(np.float32), 1.0) for one in counts])
    share = smoothed / np.maximum(smoothed.sum(axis=(1, 2, 3), keepdims=True), 1e-9)
    log = np.log(share + 1e-6)
    log -= np.log(np.exp(log).mean(axis=0))
    return ColourTable(np.ascontiguousarray(np.clip(log, -2.5, 2.5).reshape(len(counts), -1).astype(np.float32)))


@dataclass
class Evidence:
    """All that speaks for or against each label on one clip. Pictures are uint8 display RGB at the working size.

    ``picture(i)`` frame i within the box; ``claims(i)`` one map (h, w) 0..1 per person or None where not seen;
    ``marks(i)`` label number and bool map of what a person drew there.
    """

    people: int
    picture: Callable[[int], np.ndarray]
    claims: Callable[[int], Sequence[np.ndarray | None]]
    marks: Callable[[int], Sequence[tuple[int, np.ndarray]]]
    colours: ColourTable
    plate: BackgroundPlate
    plate_lab: np.ndarray

    def away(self, picture: np.ndarray) -> np.ndarray:
        """How far each pixel is from the empty set, CIE Lab 1976 difference over 3 x 3 pixels; (h, w) float32."""
        return np.asarray(cv2.blur(np.linalg.norm(display_lab(picture) - self.plate_lab, axis=-1).astype(np.float32), (3, 3)))

    def logs(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(people + 2, h, w) log evidence of frame ``index`` (people, background, something else), and the picture."""
        picture = self.picture(index)
        height, width = picture.shape[:2]
        logs = np.zeros((self.people + 2, height, width), np.float32)
        colours = _COLOUR_WEIGHT * self.colours.of(picture)
        for at, claim in enumerate(self.claims(index)):
            if claim is not None:
                logs[at] = np.clip(np.log((claim + 0.02) / (1.02 - claim)), _POSE_AGAINST, _POSE_FOR)
            logs[at] += colours[at]
        away = self.away(picture)
        same = np.clip(2.5 - 0.5 * (away / 4.0) ** 2, -6.0, 2.5)
        logs[self.people] = np.where(self.plate.seen, same, colours[self.people])
        logs[self.people + 1] = -2.0
        for label, drawn in self.marks(index):
            logs[:, drawn] = -_MARK
            logs[label, drawn] = 0.0
        return logs, picture


def display_lab(picture: np.ndarray) -> np.ndarray:
    """CIE Lab of uint8 display RGB, taken as sRGB, D65: (h, w, 3) float32."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


@dataclass
class _Step:
    evidence: np.ndarray
    belief: np.ndarray
    grey: np.ndarray
    guide: np.ndarray


def _level(logs: np.ndarray) -> np.ndarray:
    return np.maximum(logs - logs.max(axis=0), _FLOOR)


def _packed(logs: np.ndarray) -> np.ndarray:
    return np.asarray((_level(logs) * (255 / _FLOOR)).round(), np.uint8)


def _unpacked(packed: np.ndarray) -> np.ndarray:
    return packed.astype(np.float32) * np.float32(_FLOOR / 255)


def _smoothed(guide: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Along the edges: coefficients at half the working size, applied at the working size."""
    size = (max(8, guide.shape[1] // 2), max(8, guide.shape[0] // 2))
    large = guide.astype(np.float32) / 255
    small = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    return follow_edges(small, np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in logs]), 2, 1e-3, large)


def _message(logs: np.ndarray, here: _Step, there: _Step) -> np.ndarray:
    """``logs`` of the step ``there`` brought to ``here`` and discounted; the flow is found at half the working size.

    Where the carried picture does not look like this one (a blurred hand, an uncovered wall) the neighbour has no say.
    """
    height, width = here.grey.shape
    size = (max(16, width // 2), max(16, height // 2))
    small = [cv2.resize(one.grey, size, interpolation=cv2.INTER_AREA) for one in (here, there)]
    flow = dense_flow(small[0], small[1], "fast") * np.array([width / size[0], height / size[1]], np.float32)
    flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    unlike = np.abs(carry(there.guide, flow).astype(np.float32) - here.guide).max(axis=-1)
    trust = _MEMORY * np.exp(-((cv2.blur(unlike, (3, 3)) / _UNLIKE) ** 2))
    return np.stack([carry(one, flow) * trust for one in logs])


def fuse(evidence: Evidence, count: int, step: Callable[[int], None]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Frame number, picture and (people + 2, h, w) uint8 posterior 0..255 for each frame, in order; ``step`` is told each frame done."""
    before: _Step | None = None
    start = 0
    while start < count:
        end = count if count - start <= _BLOCK + _AHEAD else start + _BLOCK
        chain = _forward(evidence, range(start, min(end + _AHEAD, count)), before, step)
        results = _backward(chain, end - start)
        before = chain[end - start - 1]
        yield from ((start + at, chain[at].guide, result) for at, result in enumerate(results))
        start = end


def _forward(evidence: Evidence, frames: range, before: _Step | None, step: Callable[[int], None]) -> list[_Step]:
    chain: list[_Step] = []
    for index in frames:
        logs, picture = evidence.logs(index)
        smoothed = _smoothed(picture, logs)
        here = _Step(_packed(smoothed), _packed(smoothed), cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), picture)
        if before is not None:
            message = _message(_unpacked(before.belief), here, before)
            here = replace(here, belief=_packed(_smoothed(picture, logs + message)))
        before = here
        chain.append(here)
        step(index)
    return chain


def _backward(chain: list[_Step], wanted: int) -> list[np.ndarray]:
    results: list[np.ndarray] = []
    later: np.ndarray | None = None
    for at in range(len(chain) - 1, -1, -1):
        here = chain[at]
        message: np.ndarray | float = 0.0
        if later is not None:
            message = _message(later, here, chain[at + 1])
        if at < wanted:
            total = np.exp(_level(_unpacked(here.belief) + message))
            total /= total.sum(axis=0)
            results.append((total * 255).round().astype(np.uint8))
        later = _level(_smoothed(here.guide, _unpacked(here.evidence) + message) if at else _unpacked(here.evidence))
    return results[::-1]
