"""One frame as the fill sees it, what may know its hidden pixels, and what becomes of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.log_light import encoded
from answerprint.generator.removal_flow import ends, luma, shrunk, sight
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_spatial import smoothest
from answerprint.graph.contract import Box

__all__ = ["BESIDE", "Fill", "Look", "Offer", "tiles"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

BESIDE = 3.0
"""Radius (Gaussian sigma, pixels) within which a candidate is judged: about the width of a wire."""
FLOW_SIDE = 640
"""Longer side of the picture that dense flow is measured on."""
_SIGHT_SIDE = 960
_CODES = np.float32(16000.0)
_LOWEST = np.float32(-2.5)
"""Frames are kept as 16-bit codes of ACEScct, at half the memory: from -2.5 (-0.24 in linear light) to 1.59 (above 65504), in steps
of 6e-5, a fiftieth of the least noise that counts."""
_BAND = 64
"""Rows that are encoded at once: few enough to stay in the processor's cache."""
_ROOM = 48
"""Pixels round a large hole that its rough closing is made from."""
_TILE = 40
_MARGIN = 12
"""Small tiles waste little beside a slanted wire; the margin is what the judgement beside the hole reaches."""


@dataclass(frozen=True)
class Look:
    """One frame as the fill sees it.

    ``codes`` (h, w, 3) keep ACEScct (``log`` gives it) with the smoothest fill in the pixels ``hidden`` (h, w) by what is removed,
    so that flow does not follow the wire and sampling beside it does not ring; ``sight`` the grey picture for registration.
    """

    codes: npt.NDArray[np.uint16]
    hidden: Mask
    sight: npt.NDArray[np.uint8]

    def log(self, box: Box | None = None) -> Picture:
        """The picture as ACEScct over a rectangle, or all of it."""
        return _unpacked(self.codes if box is None else self.codes[box[1] : box[3], box[0] : box[2]])

    def along(self, flow: Picture, x0: int, y0: int) -> Picture:
        """The picture sampled along ``flow``, which covers the rectangle at (x0, y0); cubic, so that grain keeps its bite."""
        x, y = ends(flow, x0, y0)
        found = cv2.remap(self.codes, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return _unpacked(found)

    @functools.cached_property
    def glance(self) -> npt.NDArray[np.uint8]:
        """The smaller grey picture that dense flow is measured on."""
        return shrunk(self.sight, FLOW_SIDE)

    @functools.cached_property
    def veil(self) -> npt.NDArray[np.uint8]:
        """What is hidden, as ``free_along`` reads it."""
        return self.hidden.view(np.uint8) * np.uint8(255)

    @classmethod
    def at(cls, light: Picture, hidden: Mask, wide: Mask | None = None) -> Look:
        """Look at a frame given as scene-linear light; what it shows in ``hidden`` is not used. The part ``wide`` of it, too large
        for thin methods, is closed smoothly, only so that there is something to look at."""
        codes = np.empty(light.shape, np.uint16)
        grey = np.empty(hidden.shape, np.float32)
        for row in range(0, len(light), _BAND):
            log = encoded(light[row : row + _BAND])
            codes[row : row + _BAND], grey[row : row + _BAND] = _packed(log), luma(log)
        room = None if wide is None else enclosing(wide, _ROOM)
        if wide is not None and room is not None:
            cut = np.s_[room[1] : room[3], room[0] : room[2]]
            codes[cut] = _packed(smooth_fill(_unpacked(codes[cut]), wide[cut]))
        gap = hidden if wide is None else hidden & ~wide
        if gap.any():
            codes[gap] = np.clip(np.rint(smoothest(codes, gap)), 0, 65535)  # bending knows no offset and no scale
        if hidden.any():
            grey[hidden] = luma(_unpacked(codes[hidden])[None])[0]
        return cls(codes, hidden, sight(grey, _SIGHT_SIDE))

    @classmethod
    def of_plate(cls, log: Picture, unseen: Mask) -> Look:
        """A clean plate, ACEScct, as a frame to take from."""
        return cls(_packed(log), unseen, np.zeros((0, 0), np.uint8))


def _packed(log: Picture) -> npt.NDArray[np.uint16]:
    scale = float(_CODES)
    return np.asarray(cv2.addWeighted(log, scale, log, 0.0, -scale * float(_LOWEST), dtype=cv2.CV_16U), np.uint16)


def _unpacked(codes: npt.NDArray[np.uint16]) -> Picture:
    log = codes * (1 / _CODES)
    log += _LOWEST
    return log


@dataclass(frozen=True)
class Offer:
    """Another picture that may know the hidden pixels.

    ``flow`` says over a rectangle where each pixel of this frame is in it, (h, w, 2); None: in the same place. ``offset`` in
    frames (0: a plate); ``doubt`` what its error beside the hole is multiplied by, since some ways are surer inside it than
    others; ``support`` how many frames the picture is made of, a number or its own (h, w) map; ``spread`` (h, w) how far those frames
    disagree, squared ACEScct; ``texture`` (h, w, 3) ACEScct what a smooth closing of its unseen part lacks.
    """

    look: Look
    flow: Callable[[Box], Picture] | None
    offset: int
    doubt: float = 1.0
    support: int | npt.NDArray[np.integer] = 1
    spread: Plane | None = None
    texture: Picture | None = None


@dataclass(frozen=True)
class Fill:
    """``rgb`` (h, w, 3) ACEScct; ``support`` uint16 frames that saw the surface; ``error`` expected squared ACEScct error; ``grain``
    0..1 the share of grain that blending took away. All 0 outside the hole, where memory is never touched."""

    rgb: Picture
    support: npt.NDArray[np.uint16]
    error: Plane
    grain: Plane

    @classmethod
    def of(cls, look: Look) -> Fill:
        """Nothing filled yet."""
        shape = look.hidden.shape
        return cls(
            np.zeros((*shape, 3), np.float32), np.zeros(shape, np.uint16), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        )

    def over(self, look: Look, where: Mask, box: Box) -> Picture:
        """The frame over a rectangle with the fill in the pixels ``where`` (of the whole window)."""
        cut = np.s_[box[1] : box[3], box[0] : box[2]]
        picture, here = look.log(box), where[cut]
        picture[here] = self.rgb[cut][here]
        return picture


def tiles(hole: Mask, size: int = _TILE, margin: int = _MARGIN) -> list[tuple[Box, Box]]:
    """Tiles of a fixed grid that hold hole pixels: the tile, and the tile with its margin."""
    height, width = hole.shape
    found = []
    for y in range(0, height, size):
        rows = hole[y : y + size]
        if not rows.any():
            continue
        columns = np.flatnonzero(rows.any(axis=0)) // size
        for x in (int(at) * size for at in np.unique(columns)):
            inner = x, y, min(x + size, width), min(y + size, height)
            outer = max(0, x - margin), max(0, y - margin), min(width, inner[2] + margin), min(height, inner[3] + margin)
            found.append((inner, outer))
    return found
