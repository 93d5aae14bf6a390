"""Sorting what is to be removed: thin things, large regions, and what lies over a performer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.graph.compositor import PROTECT_MARGIN_PX_AT_HD, THIN_PX_AT_HD, grown, scaled_to_hd, thin_part
from answerprint.graph.contract import Box, Context, FrameReader, MatteReader, Plane

__all__ = ["Lanes", "Overview", "QuadMatte", "enclosing", "hidden_under", "opacity", "overview", "scaled_box"]

Mask = npt.NDArray[np.bool_]

MARGIN_PX_AT_HD = 64
"""How much picture round the mattes is looked at: flow needs context, and no more."""
_CRUMB = 0.15
"""Beside a person, a loose thin piece shorter than this share of the picture's longer side is a lock or a hand, not a wire."""
_LEAST_PX = 6.0
"""The thin methods serve any hole this wide, however small the picture; whether a performer may be restored is not decided here."""
_BLURRED = 1.5
"""A long thing is a wire up to so many times the width of one: where it swings while the shutter is open, it is broader for that."""
_CORE = 0.5
"""Matte value from which a pixel counts to the width of a thing: its soft edges do not make a wire a beam."""
_FULL_FROM = 0.03
"""Matte value from which the fill replaces the source wholly: an edge pixel that is a twentieth wire still draws a line."""


_QUAD_KEEP = 191.0 / 255.0
"""Halfway between 127 (affected) and 255 (keep): lossy mattes waver about their levels."""


class QuadMatte:
    """A four-level matte read as a plain one: 0 is to be removed, 63 lies over what is affected, 127 is affected (a shadow, a
    reflection), 255 stays. The first three are inside: all of them show something that goes."""

    def __init__(self, matte: MatteReader) -> None:
        self._matte = matte
        self.count, self.width, self.height, self.digest = matte.count, matte.width, matte.height, f"quad:{matte.digest}"

    def read(self, index: int) -> Plane:
        """The matte of frame ``index``: 1 inside, 0 where the source stays."""
        return (np.asarray(self._matte.read(index), np.float32) < _QUAD_KEEP).astype(np.float32)


@dataclass(frozen=True)
class Lanes:
    """One frame's matte (h, w) 0..1 and its parts (bool): ``thin`` and ``large`` divide it; ``guarded`` is where performers are."""

    wanted: Plane
    thin: Mask
    large: Mask
    guarded: Mask

    @classmethod
    def on(cls, wanted: Plane, protect: Plane | None) -> Lanes:
        """Sort a matte; thin means at most 12 px wide at HD width (or 6 px, in small pictures), away from anything larger; half as
        much again in what is long and nowhere broader."""
        height, width = wanted.shape
        widest = max(_LEAST_PX, scaled_to_hd(THIN_PX_AT_HD, width, height))
        inside = wanted > 0
        core = wanted > _CORE
        thick = core & ~thin_part(core, widest)
        if thick.any():
            thick &= ~_wires(inside, core & ~thin_part(core, _BLURRED * widest))
        large = inside & grown(thick.astype(np.float32), widest) if thick.any() else thick
        if large.any():
            large |= _fringe(inside, large)
        margin = scaled_to_hd(PROTECT_MARGIN_PX_AT_HD, width, height)
        guarded = np.zeros_like(inside) if protect is None else grown(protect, margin)
        return cls(wanted, inside & ~large, large, guarded)

    def all_as_thin(self) -> Lanes:
        """The large part handed to the frame-by-frame lane, where no clean plate can be had."""
        return replace(self, thin=self.large, large=np.zeros_like(self.large))


def _wires(inside: Mask, stout: Mask) -> Mask:
    """The pieces of a matte that are long and hold nothing ``stout``."""
    pieces, total, longest = _pieces(inside)
    wire = (np.bincount(pieces[stout], minlength=len(total)) == 0) & (longest >= _CRUMB * max(inside.shape))
    return np.asarray(wire[pieces] & inside)


def _fringe(inside: Mask, large: Mask) -> Mask:
    """Thin parts that belong to a large thing: its fingers and locks, where they are less than half of it, and crumbs of a
    matte. A wire that hangs on a person, or stands alone, is none."""
    pieces, total, longest = _pieces(inside)
    big = np.bincount(pieces[large], minlength=len(total))
    belongs = np.where(big > 0, total < 1.5 * big, longest < _CRUMB * max(inside.shape))
    belongs[0] = False
    return np.asarray(belongs[pieces])


def _pieces(inside: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The number of the piece each pixel is in (0: none), and by number the pieces' pixels and the longer sides of their boxes."""
    _, pieces, figures, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    longest = np.maximum(figures[:, cv2.CC_STAT_WIDTH], figures[:, cv2.CC_STAT_HEIGHT])
    return np.asarray(pieces, np.int32), np.asarray(figures[:, cv2.CC_STAT_AREA], np.int32), np.asarray(longest, np.int32)


def opacity(wanted: Plane) -> Plane:
    """How much of the fill is wanted: nearly all of it wherever there is any matte, and nothing where the matte is 0."""
    return np.minimum(np.asarray(wanted, np.float32) / np.float32(_FULL_FROM), np.float32(1.0))


def hidden_under(wanted: Plane, edge_px: float) -> Mask:
    """The pixels that show, or may show, what is removed: the matte and ``edge_px`` (at HD width) round it."""
    height, width = wanted.shape
    inside = wanted > 0
    radius = round(scaled_to_hd(edge_px, width, height))
    if radius == 0:
        return inside
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(inside.astype(np.uint8), disc) > 0)


def enclosing(inside: Mask, margin: int = 0) -> Box | None:
    """The smallest box that holds all of ``inside``, grown by ``margin`` and cut at the picture; None when there is nothing."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return None
    height, width = inside.shape
    return (
        max(0, int(columns[0]) - margin),
        max(0, int(rows[0]) - margin),
        min(width, int(columns[-1]) + 1 + margin),
        min(height, int(rows[-1]) + 1 + margin),
    )


def scaled_box(box: Box, scale: tuple[float, float], size: tuple[int, int], room: int) -> Box:
    """A rectangle of a full picture on one that is ``scale`` times smaller (x, y) and of ``size``, rounded outward, with
    ``room`` pixels round it, at least 16 pixels a side."""
    width, height = size
    x0, x1 = _span(box[0] / scale[0], box[2] / scale[0], room, width)
    y0, y1 = _span(box[1] / scale[1], box[3] / scale[1], room, height)
    return x0, y0, x1, y1


def _span(low: float, high: float, room: int, most: int) -> tuple[int, int]:
    first, last = max(0, int(low) - room), min(most, int(high) + 1 + room)
    if last - first < 16:
        first = max(0, min(first, most - 16))
        last = min(most, first + 16)
    return first, last


@dataclass(frozen=True)
class Overview:
    """What the mattes of a clip hold: a box round all of them with room, and whether anything thin or large is in them."""

    box: Box | None
    thin: bool
    large: bool


def overview(plate: FrameReader, matte: MatteReader, context: Context) -> Overview:
    """Look at every frame's matte once."""
    ever = np.zeros((plate.height, plate.width), bool)
    thin = large = False
    for frame in range(plate.count):
        context.check_cancelled()
        context.progress(frame, plate.count, "mattes")
        wanted = matte.read(frame)
        inside = wanted > 0
        if not inside.any():
            continue
        ever |= inside
        if not (thin and large):
            lanes = Lanes.on(wanted, None)
            thin, large = thin or bool(lanes.thin.any()), large or bool(lanes.large.any())
    return Overview(enclosing(ever, round(scaled_to_hd(MARGIN_PX_AT_HD, plate.width, plate.height))), thin, large)
