"""Thin things (wires, rods, at most 12 px at HD width) taken off one frame: candidates, choice, and the performers' lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.exemplar import smooth_fill
from answerprint.generator.frame_noise import FrameNoise
from answerprint.generator.removal_choice import Candidate, choose, error_beside, mean_square
from answerprint.generator.removal_flow import Motion, brought, free_along, sight
from answerprint.generator.removal_spatial import led_across, smoothest
from answerprint.generator.stops import STOPS

__all__ = ["DOUBT", "Fill", "Look", "Offer", "fill_thin", "regrained", "restore_performer"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]

_THIRD = np.full(3, 1 / 3, np.float32)
_TILE = 128
_MARGIN = 24
_BESIDE = 3.0
"""Radius (Gaussian sigma, pixels) within which a candidate is judged: about the width of a wire."""
_LEAST_PIECE = 40
"""Pixels a restored piece must have."""
_SLIVER = 7
"""Unseen pixels within three of a seen one are made from it."""
_UNTRIED = np.float32(0.01)
"""Squared error taken for a single-frame fill that could not be tried beside the hole: 0.1 rms, nearly two stops."""
DOUBT = 2.0
"""A fill made from the frame itself, or led by flow (which must guess inside the hole), errs more in the hole than beside it;
what a locked plate or the camera's own movement brings does not. Measured on the tuning clips, flat from 2 to 4."""
RESTORED_ERROR = 0.02
"""Largest rms ACEScct difference beside the wire (a third of a stop) at which a performer's own pixels are trusted."""
RESTORED_ROUND_TRIP = 0.75
"""Largest round-trip error of the flow, pixels, at which they are trusted."""


@dataclass(frozen=True)
class Look:
    """One frame as the fill sees it.

    ``log`` (h, w, 3) ACEScct with a first fill in the pixels ``hidden`` (h, w) by what is removed, so that flow does not
    follow the wire and sampling beside it does not ring; ``smooth`` and ``led`` (n, 3) the two single-frame fills of those
    pixels, in row order; ``sight`` the grey picture for flow and registration.
    """

    log: Picture
    hidden: Mask
    smooth: Picture
    led: Picture
    sight: npt.NDArray[np.uint8]

    @classmethod
    def at(cls, log: Picture, hidden: Mask, wide: Mask | None = None, longest_sight: int = 960) -> Look:
        """Look at a frame given as ACEScct; what it shows in ``hidden`` is not used. ``wide`` is the part of it that is too
        large for thin methods: it is closed smoothly, only so that there is something to look at."""
        gap = hidden
        if wide is not None and wide.any():
            log = smooth_fill(log, wide)
            gap = hidden & ~wide
        filled = log.copy()
        filled[gap] = smoothest(log, gap)
        smooth = filled[hidden]
        led_gap = led_across(filled, gap)
        led = smooth.copy()
        led[gap[hidden]] = led_gap
        filled[hidden] = 0.5 * (smooth + led)
        return cls(filled, hidden, smooth, led, sight(filled, longest_sight))


@dataclass(frozen=True)
class Offer:
    """Another picture that may know the hidden pixels: where each pixel of this frame is in it.

    ``offset`` in frames (0: a plate); ``doubt`` what its error beside the hole is multiplied by, since some ways are surer
    inside it than others; ``support`` how many frames the picture is made of, a number or its own (h, w) map.
    """

    look: Look
    flow: Picture
    offset: int
    doubt: float = 1.0
    support: int | npt.NDArray[np.integer] = 1


@dataclass(frozen=True)
class Fill:
    """``rgb`` (h, w, 3) ACEScct, equal to the source outside the hole; ``support`` uint16 frames that saw the surface;
    ``error`` expected squared ACEScct error; ``grain`` 0..1 the share of grain that blending took away."""

    rgb: Picture
    support: npt.NDArray[np.uint16]
    error: Plane
    grain: Plane


def fill_thin(look: Look, offers: Sequence[Offer], where: Mask) -> Fill:
    """Fill the hidden pixels of ``look`` that are in ``where`` from what is offered and from the frame itself."""
    height, width = look.hidden.shape
    fill = Fill(
        look.log.copy(),
        np.zeros((height, width), np.uint16),
        np.zeros((height, width), np.float32),
        np.zeros((height, width), np.float32),
    )
    hole = look.hidden & where
    if not hole.any():
        return fill
    made = _own_candidates(look, hole)
    for inner, outer in _tiles(hole):
        _fill_tile(look, offers, made, hole, inner, outer, fill)
    _close_gaps(hole, fill)
    return fill


def _close_gaps(hole: Mask, fill: Fill) -> None:
    """Make what nobody saw again, now from the seen pixels close by: a sliver of one pixel is easier than a whole wire."""
    seen = hole & (fill.support > 0)
    gap = hole & ~seen
    near = gap & (cv2.dilate(seen.astype(np.uint8), np.ones((_SLIVER, _SLIVER), np.uint8)) > 0)
    if not near.any():
        return
    trial = fill.rgb.copy()
    trial[gap] = smoothest(fill.rgb, gap)
    fill.rgb[near] = 0.5 * (trial[near] + led_across(trial, gap, only=near))


def _tiles(hole: Mask) -> list[tuple[Box, Box]]:
    """Tiles of a fixed grid that hold hole pixels: the tile, and the tile with its margin."""
    height, width = hole.shape
    found = []
    for y in range(0, height, _TILE):
        for x in range(0, width, _TILE):
            inner = x, y, min(x + _TILE, width), min(y + _TILE, height)
            if hole[inner[1] : inner[3], inner[0] : inner[2]].any():
                outer = max(0, x - _MARGIN), max(0, y - _MARGIN), min(width, inner[2] + _MARGIN), min(height, inner[3] + _MARGIN)
                found.append((inner, outer))
    return found


def _fill_tile(look: Look, offers: Sequence[Offer], made: list[Candidate], hole: Mask, inner: Box, outer: Box, fill: Fill) -> None:
    x0, y0, x1, y1 = outer
    cut = np.s_[y0:y1, x0:x1]
    real, hidden = look.log[cut], look.hidden[cut]
    candidates = [Candidate(c.colour[cut], np.float32(DOUBT) * c.error[cut], c.valid[cut], 0) for c in made]
    for offer in offers:
        flow = offer.flow[cut]
        colour = brought(offer.look.log, flow, x0, y0)
        valid = free_along(offer.look.hidden, flow, x0, y0)
        support = offer.support if isinstance(offer.support, int) else _at(offer.support, flow, x0, y0)
        candidates.append(
            Candidate(colour, np.float32(offer.doubt) * error_beside(colour, real, valid & ~hidden, _BESIDE), valid, support)
        )
    chosen = choose(candidates)
    here = np.zeros(hole.shape, bool)
    here[inner[1] : inner[3], inner[0] : inner[2]] = hole[inner[1] : inner[3], inner[0] : inner[2]]
    local = here[cut]
    fill.rgb[here] = chosen.colour[local]
    fill.support[here] = chosen.support[local]
    fill.error[here] = chosen.error[local]
    fill.grain[here] = chosen.grain[local]


def _at(plane: npt.NDArray[np.integer], flow: Picture, x0: int, y0: int) -> npt.NDArray[np.integer]:
    height, width = flow.shape[:2]
    x = np.clip(np.rint(flow[..., 0] + np.arange(x0, x0 + width)), 0, plane.shape[1] - 1).astype(np.intp)
    y = np.clip(np.rint(flow[..., 1] + np.arange(y0, y0 + height)[:, None]), 0, plane.shape[0] - 1).astype(np.intp)
    return np.asarray(plane[y, x])


def _own_candidates(look: Look, hole: Mask) -> list[Candidate]:
    """The single-frame fills, with errors measured by making known pixels on both sides of the wire in the same way."""
    smooth, led = look.log.copy(), look.log.copy()
    smooth[look.hidden], led[look.hidden] = look.smooth, look.led
    errors = [np.zeros(hole.shape, np.float32), np.zeros(hole.shape, np.float32)]
    count = np.zeros(hole.shape, np.float32)
    some = (np.arange(hole.shape[0])[:, None] + 2 * np.arange(hole.shape[1])) % 5 == 0
    for shifted in _beside(look.hidden):
        trial = look.log.copy()
        trial[shifted] = smoothest(look.log, shifted)
        known = shifted & ~look.hidden & some
        led_known = led_across(trial, shifted, only=known)
        count += known
        for error, made in zip(errors, (trial[known], led_known), strict=True):
            error[known] += mean_square(made, look.log[known])
    share = np.maximum(cv2.GaussianBlur(count, (0, 0), 5.0), np.float32(1e-4))
    return [
        Candidate(colour, np.where(share > 0.002, cv2.GaussianBlur(error, (0, 0), 5.0) / share, _UNTRIED), look.hidden, 0)
        for colour, error in zip((smooth, led), errors, strict=True)
    ]


def _beside(hidden: Mask) -> list[Mask]:
    """The hole moved to either side, across its longer direction, by its width and three pixels more."""
    rows, columns = np.nonzero(hidden)
    steep = np.ptp(rows) >= np.ptp(columns)
    width = len(rows) / max(1, len(np.unique(rows if steep else columns)))
    shift = max(4, round(width) + 3)
    found = []
    for by in (-shift, shift):
        moved = np.zeros_like(hidden)
        kept = max(0, (hidden.shape[1] if steep else hidden.shape[0]) - shift)
        target, origin = (slice(shift, shift + kept), slice(0, kept)) if by > 0 else (slice(0, kept), slice(shift, shift + kept))
        if steep:
            moved[:, target] = hidden[:, origin]
        else:
            moved[target] = hidden[origin]
        found.append(moved)
    return found


def regrained(fill: Fill, look: Look, where: Mask, noise: FrameNoise, amount: float, rng: np.random.Generator) -> Fill:
    """``fill`` with the shot's own grain put back in ``where`` as far as blending took it away, and never more of it than the
    picture beside it shows: a codec leaves less grain on what moves."""
    rgb = fill.rgb.copy()
    for inner, _ in _tiles(where):
        x0, y0, x1, y1 = inner
        cut = np.s_[y0:y1, x0:x1]
        grain = noise.grain(rgb[cut] * STOPS, rng) / STOPS
        beside = _busyness(look.log[cut], ~look.hidden[cut]) / np.maximum(_busyness(grain, None), np.float32(1e-6))
        share = np.where(where[cut], np.float32(amount) * fill.grain[cut] * np.minimum(beside, 1), np.float32(0))
        rgb[cut] += grain * share[..., None]
    return Fill(rgb, fill.support, fill.error, fill.grain)


def _busyness(picture: Picture, known: Mask | None) -> Plane:
    """Mean fine detail (finer than a pixel and a half) near each pixel, over the known ones."""
    detail = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 1.5)) @ _THIRD
    if known is None:
        return np.full(detail.shape, detail.mean(), np.float32)
    shown = known.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(detail * shown, (0, 0), 6.0) / (cv2.GaussianBlur(shown, (0, 0), 6.0) + np.float32(1e-6)))


def restore_performer(
    look: Look, near: Mapping[int, tuple[Look, Motion]], performer: Mask, where: Mask
) -> tuple[Picture, npt.NDArray[np.int8]]:
    """The performer's own pixels from near frames (offset to look and motion), never mixed and never made.

    Each pixel of ``where`` is taken whole from the one frame whose flow-aligned picture agrees best with this frame on the
    performer's pixels beside it; the offset is returned (int8, 0: none agreed well enough and the pixel stays source).
    """
    picture, offsets = look.log.copy(), np.zeros(look.hidden.shape, np.int8)
    hole = look.hidden & where
    for inner, outer in _tiles(hole) if near else []:
        x0, y0, x1, y1 = outer
        cut = np.s_[y0:y1, x0:x1]
        least = np.full((y1 - y0, x1 - x0), np.float32(RESTORED_ERROR**2))
        colour, offset = look.log[cut].copy(), np.zeros(least.shape, np.int8)
        for step in sorted(near, key=lambda k: (abs(k), k)):
            other, motion = near[step]
            flow = motion.flow[cut]
            offered = brought(other.log, flow, x0, y0)
            valid = free_along(other.hidden, flow, x0, y0)
            beside = valid & ~look.hidden[cut] & performer[cut]
            error = error_beside(offered, look.log[cut], beside, _BESIDE)
            better = valid & (error < least) & (motion.error[cut] < RESTORED_ROUND_TRIP)
            least[better], offset[better], colour[better] = error[better], step, offered[better]
        here = np.zeros(hole.shape, bool)
        here[inner[1] : inner[3], inner[0] : inner[2]] = hole[inner[1] : inner[3], inner[0] : inner[2]]
        local = here[cut]
        offsets[here] = offset[local]
        picture[here] = np.where(offset[local][:, None] != 0, colour[local], picture[here])
    offsets[_crumbs(offsets != 0)] = 0
    return picture, offsets


def _crumbs(found: Mask) -> Mask:
    """Pieces of what was found that are too small to be worth it: lone pixels amid a wire that stays only draw the eye."""
    _, labels, figures, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    small = figures[:, cv2.CC_STAT_AREA] < _LEAST_PIECE
    small[0] = False
    return np.asarray(small[labels])
