"""One frame as the fill sees it, what may know its hidden pixels, and what becomes of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.removal_flow import ends, sight
from answerprint.generator.removal_spatial import smoothest
from answerprint.graph.contract import Box

__all__ = ["BESIDE", "Fill", "Look", "Offer", "packed", "tiles"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

BESIDE = 3.0
"""Radius (Gaussian sigma, pixels) within which a candidate is judged: about the width of a wire."""
FLOW_SIDE = 640
"""Longer side of the picture that dense flow is measured on."""
_CODES = np.float32(16000.0)
_LOWEST = np.float32(-2.5)
"""Frames are kept as 16-bit codes of ACEScct, at half the memory: from -2.5 (-0.24 in linear light) to 1.59 (above 65504), in steps
of 6e-5, a fiftieth of the least noise that counts."""
_TILE = 40
_MARGIN = 12
"""Small tiles waste little beside a slanted wire; the margin is what the judgement beside the hole reaches."""


@dataclass(frozen=True)
class Look:
    """One frame as the fill sees it.

    ``codes`` (h, w, 3) keep ACEScct (``log`` gives it) with the smoothest fill in the pixels ``hidden`` (h, w) by what is removed,
    so that flow does not follow the wire and sampling beside it does not ring; ``wide`` the part of them that is too large for
    thin methods; ``sight`` the grey picture for registration.
    """

    codes: npt.NDArray[np.uint16]
    hidden: Mask
    wide: Mask
    sight: npt.NDArray[np.uint8]

    def log(self, box: Box | None = None) -> Picture:
        """The picture as ACEScct over a rectangle, or all of it."""
        codes = self.codes if box is None else self.codes[box[1] : box[3], box[0] : box[2]]
        return codes * (1 / _CODES) + _LOWEST

    def along(self, flow: Picture, x0: int, y0: int) -> Picture:
        """The picture sampled along ``flow``, which covers the rectangle at (x0, y0); cubic, so that grain keeps its bite."""
        x, y = ends(flow, x0, y0)
        found = cv2.remap(self.codes, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found * (1 / _CODES) + _LOWEST, np.float32)

    @functools.cached_property
    def glance(self) -> npt.NDArray[np.uint8]:
        """The smaller grey picture that dense flow is measured on."""
        height, width = self.sight.shape
        scale = min(1.0, FLOW_SIDE / max(height, width))
        if scale == 1:
            return self.sight
        return cv2.resize(self.sight, (max(16, round(width * scale)), max(16, round(height * scale))), interpolation=cv2.INTER_AREA)

    @functools.cached_property
    def veil(self) -> npt.NDArray[np.uint8]:
        """What is hidden, as ``free_along`` reads it."""
        return self.hidden.view(np.uint8) * np.uint8(255)

    @classmethod
    def at(cls, log: Picture, hidden: Mask, wide: Mask | None = None, longest_sight: int = 960) -> Look:
        """Look at a frame given as ACEScct; what it shows in ``hidden`` is not used. ``wide`` is closed smoothly, only so that
        there is something to look at. ``log`` is written to."""
        if wide is None:
            wide = np.zeros_like(hidden)
        if wide.any():
            log = smooth_fill(log, wide)
        gap = hidden & ~wide
        if gap.any():
            log[gap] = smoothest(log, gap)
        return cls(packed(log), hidden, wide, sight(log, longest_sight))


def packed(log: Picture) -> npt.NDArray[np.uint16]:
    """ACEScct as the codes that a ``Look`` keeps."""
    return np.asarray(np.clip((log - _LOWEST) * _CODES + np.float32(0.5), 0, 65535), np.uint16)


@dataclass(frozen=True)
class Offer:
    """Another picture that may know the hidden pixels.

    ``flow`` says over a rectangle where each pixel of this frame is in it, (h, w, 2); None: in the same place. ``offset`` in
    frames (0: a plate); ``doubt`` what its error beside the hole is multiplied by, since some ways are surer inside it than
    others; ``support`` how many frames the picture is made of, a number or its own (h, w) map; ``spread`` (h, w) how far those frames
    disagree, squared ACEScct.
    """

    look: Look
    flow: Callable[[Box], Picture] | None
    offset: int
    doubt: float = 1.0
    support: int | npt.NDArray[np.integer] = 1
    spread: Plane | None = None


@dataclass(frozen=True)
class Fill:
    """``rgb`` (h, w, 3) ACEScct, equal to the source outside the hole; ``support`` uint16 frames that saw the surface;
    ``error`` expected squared ACEScct error; ``grain`` 0..1 the share of grain that blending took away."""

    rgb: Picture
    support: npt.NDArray[np.uint16]
    error: Plane
    grain: Plane

    @classmethod
    def of(cls, look: Look) -> Fill:
        """Nothing filled yet."""
        height, width = look.hidden.shape
        nothing = np.zeros((height, width), np.float32)
        return cls(look.log(), np.zeros((height, width), np.uint16), nothing, nothing.copy())


def tiles(hole: Mask) -> list[tuple[Box, Box]]:
    """Tiles of a fixed grid that hold hole pixels: the tile, and the tile with its margin."""
    height, width = hole.shape
    found = []
    for y in range(0, height, _TILE):
        rows = hole[y : y + _TILE]
        if not rows.any():
            continue
        columns = np.flatnonzero(rows.any(axis=0)) // _TILE
        for x in (int(at) * _TILE for at in np.unique(columns)):
            inner = x, y, min(x + _TILE, width), min(y + _TILE, height)
            outer = max(0, x - _MARGIN), max(0, y - _MARGIN), min(width, inner[2] + _MARGIN), min(height, inner[3] + _MARGIN)
            found.append((inner, outer))
    return found
