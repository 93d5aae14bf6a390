"""Thin things (wires, rods, at most 12 px at HD width) taken off one frame: candidates and choice, dear ones only where needed.

What is cheap is tried first: a clean plate, near frames in the same place or as the camera's movement lays them. Only where
none of them agrees with what stands beside the wire is optical flow measured, and the fill made from the frame itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import Candidate, apart_beside, beside, choose
from answerprint.generator.removal_flow import free_along
from answerprint.generator.removal_look import BESIDE, Fill, Look, Offer, tiles
from answerprint.generator.removal_spatial import led_across, smoothest
from answerprint.generator.removal_trial import LED_REACH, Made, made_from_itself
from answerprint.graph.contract import Box

__all__ = ["DOUBT", "fill_thin"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_SLIVER = 7
"""Unseen pixels within three of a seen one are made from it."""
_CELL = 320
"""Single-frame fills are made in squares of so many pixels (whole tiles), so that a slanted wire's box is not the whole picture."""
_MADE_BEYOND = 4.0
"""The frame's own fill is made where what was seen differs by this many times what is good: below, it takes little part."""
_ENOUGH = 4
"""Frames that agree well with what stands beside a pixel, from which on no more are asked: a fifth would add 0.2 dB."""
DOUBT = 2.0
"""A fill made from the frame itself, or led by flow (which must guess inside the hole), errs more in the hole than beside it;
what a locked plate or the camera's own movement brings does not. Measured on the tuning clips, flat from 2 to 4."""


@dataclass
class _Tile:
    """One tile's hole pixels (n) and what was offered for them. ``least`` is the smallest squared error so far, ``agree`` how many
    frames were good, ``steady`` where the picture beside a pixel does not move."""

    look: Look
    inner: Box
    outer: Box
    here: Mask
    real: Picture
    least: Plane
    agree: npt.NDArray[np.int32]
    steady: Mask
    offered: list[Candidate] = field(default_factory=list)

    @classmethod
    def on(cls, look: Look, hole: Mask, inner: Box, outer: Box) -> _Tile:
        here = np.zeros((outer[3] - outer[1], outer[2] - outer[0]), bool)
        within = np.s_[inner[1] - outer[1] : inner[3] - outer[1], inner[0] - outer[0] : inner[2] - outer[0]]
        here[within] = hole[inner[1] : inner[3], inner[0] : inner[2]]
        count = int(here.sum())
        least, agree = np.full(count, np.inf, np.float32), np.zeros(count, np.int32)
        return cls(look, inner, outer, here, look.log(outer), least, agree, np.zeros(count, bool))

    def take(self, offer: Offer, good: float) -> None:
        """Judge one offer beside the hole and keep what it says of the hole."""
        x0, y0, x1, y1 = self.outer
        cut = np.s_[y0:y1, x0:x1]
        flow = None if offer.flow is None else offer.flow(self.outer)
        free = ~offer.look.hidden[cut] if flow is None else free_along(offer.look.veil, flow, x0, y0)
        valid = free[self.here]
        if not valid.any() and (flow is not None or self.steady.all()):
            return
        colour = offer.look.log(self.outer) if flow is None else offer.look.along(flow, x0, y0)
        known = free & ~self.look.hidden[cut]
        apart, level = apart_beside(colour, self.real, known, BESIDE, self.here)
        error = np.float32(offer.doubt) * apart
        if offer.spread is not None:
            error = np.maximum(error, beside(offer.spread[cut], known, BESIDE)[self.here])
        support = offer.support if isinstance(offer.support, int) else _at(offer.support, flow, self.outer)[self.here]
        self.offered.append(Candidate(colour[self.here] - level, error, valid, support))
        well = valid & (error <= good)
        self.least = np.where(valid, np.minimum(self.least, error), self.least)
        self.agree += np.where(well, np.minimum(support, _ENOUGH), 0).astype(np.int32)
        if flow is None and offer.offset:
            self.steady |= error <= good

    def take_made(self, made: Made) -> None:
        """What the frame itself says of the hole."""
        rows, columns = np.nonzero(self.here)
        at = rows + self.outer[1] - made.top, columns + self.outer[0] - made.left
        error = np.float32(DOUBT) * made.error[at]
        self.offered.append(Candidate(made.colour[at], error, np.ones(len(error), bool), 0))

    def need(self, good: float) -> Mask:
        """The hole pixels (n) that nothing offered so far knows well."""
        return np.asarray(self.least > good)

    def settle(self, fill: Fill) -> None:
        chosen = choose(self.offered)
        x0, y0, x1, y1 = self.outer
        cut = np.s_[y0:y1, x0:x1]
        for plane, value in (
            (fill.rgb, chosen.colour),
            (fill.support, chosen.support),
            (fill.error, chosen.error),
            (fill.grain, chosen.grain),
        ):
            plane[cut][self.here] = value


def fill_thin(
    look: Look, offers: Sequence[Offer], where: Mask, further: Sequence[Callable[[Box], list[Offer]]], good: float
) -> Fill:
    """Fill the hidden pixels of ``look`` that are in ``where``.

    ``offers`` are asked in their order until enough agree; ``further`` makes dearer ones for a rectangle, a round at a time,
    while pixels remain whose best offer differs from what stands beside them by more than ``good`` (squared ACEScct).
    """
    fill = Fill.of(look)
    hole = look.hidden & where
    if not hole.any():
        return fill
    parts = [_Tile.on(look, hole, inner, outer) for inner, outer in tiles(hole)]
    for part in parts:
        for offer in offers:
            if part.agree.min() >= _ENOUGH:
                break
            part.take(offer, good)
    for make in further:
        wanting = [part for part in parts if (part.need(good) & ~part.steady).any()]
        if not wanting:
            break
        found = make(_around([part.outer for part in wanting]))
        for part in wanting:
            for offer in found:
                part.take(offer, good)
    _make_the_rest(look, hole, parts, good)
    for part in parts:
        part.settle(fill)
    _close_gaps(look, hole, fill)
    return fill


def _around(boxes: list[Box]) -> Box:
    lows, highs = np.min([b[:2] for b in boxes], axis=0), np.max([b[2:] for b in boxes], axis=0)
    return int(lows[0]), int(lows[1]), int(highs[0]), int(highs[1])


def _make_the_rest(look: Look, hole: Mask, parts: list[_Tile], good: float) -> None:
    """Single-frame fills for the tiles that hold a pixel nothing knows well."""
    wanting = [part for part in parts if part.need(_MADE_BEYOND * good).any()]
    if not wanting:
        return
    need = np.zeros_like(hole)
    for part in wanting:
        x0, y0, x1, y1 = part.inner
        need[y0:y1, x0:x1] = hole[y0:y1, x0:x1]
    cells = sorted({(part.inner[0] // _CELL, part.inner[1] // _CELL) for part in wanting})
    made = {(x, y): made_from_itself(look, need, (x * _CELL, y * _CELL, (x + 1) * _CELL, (y + 1) * _CELL)) for x, y in cells}
    for part in wanting:
        for one in made[part.inner[0] // _CELL, part.inner[1] // _CELL]:
            part.take_made(one)


def _close_gaps(look: Look, hole: Mask, fill: Fill) -> None:
    """Make what nobody saw again, now from the seen pixels close by: a sliver of one pixel is easier than a whole wire."""
    seen = hole & (fill.support > 0)
    gap = hole & ~seen
    near = gap & (cv2.dilate(seen.astype(np.uint8), np.ones((_SLIVER, _SLIVER), np.uint8)) > 0)
    for inner, outer in tiles(near, _CELL, LED_REACH):
        cut = np.s_[outer[1] : outer[3], outer[0] : outer[2]]
        own = np.zeros_like(near)
        own[inner[1] : inner[3], inner[0] : inner[2]] = near[inner[1] : inner[3], inner[0] : inner[2]]
        picture, open_, here = fill.over(look, hole, outer), gap[cut], own[cut]
        picture[open_] = smoothest(picture, open_)
        fill.rgb[own] = 0.5 * (picture[here] + led_across(picture, open_, only=here))


def _at(plane: npt.NDArray[np.integer], flow: Picture | None, box: Box) -> npt.NDArray[np.integer]:
    x0, y0, x1, y1 = box
    if flow is None:
        return np.asarray(plane[y0:y1, x0:x1])
    x = np.clip(np.rint(flow[..., 0] + np.arange(x0, x1)), 0, plane.shape[1] - 1).astype(np.intp)
    y = np.clip(np.rint(flow[..., 1] + np.arange(y0, y1)[:, None]), 0, plane.shape[0] - 1).astype(np.intp)
    return np.asarray(plane[y, x])
