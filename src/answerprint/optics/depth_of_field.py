"""Depth of field on a sharp picture with depth: every point spread over its own disc, what stands in front covering it.

Each pixel gathers from all whose disc reaches it, with the disc's exact size, so there are no layers and no bands. What is
nearer than the pixel lies over it with the share of light it covers; what is farther is seen only as far as the pixel's
own surface lets it past (after J. Jimenez, "Next Generation Post Processing in Call of Duty", SIGGRAPH 2014 courses, with
the discs of one pixel-exact pupil in place of sampled rings). What stands hidden behind a blurred edge is not in the
picture; it is taken from what is seen beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.compiled import njit
from answerprint.optics.pupil import Pupil
from answerprint.production import BadInput

Frame = NDArray[np.float32]
Real = NDArray[np.float64]

_TILE = 16
_FAINT = 0.01
"""Weight of what is only guessed to continue behind a blurred edge: it counts where nothing better is known."""
WIDEST = 200
"""Largest radius of a disc in pixels: the work grows with its square."""


def defocus(frame: Frame, radius: NDArray[np.floating], pupil: Pupil, centre: tuple[float, float], focal: float) -> Frame:
    """The picture (h, w, c) float32, out of focus.

    ``radius`` (h, w) or (h, w, c) is the radius of each pixel's disc in pixels (of its height, for an oval one): positive
    behind what is sharp, negative in front. ``centre`` (x, y) is the optical axis and ``focal`` the focal length, both in
    pixels; they place the cat's eyes. Discs of less than half a pixel leave the pixel as it is, bit for bit.
    Raises BadInput for shapes that do not fit and for discs over ``WIDEST``.
    """
    if radius.shape[:2] != frame.shape[:2] or (radius.ndim == 3 and radius.shape != frame.shape):
        raise BadInput("depth of field", f"got discs {radius.shape} for a picture {frame.shape}", "give one radius for each pixel")
    signed = np.nan_to_num(np.asarray(radius, dtype=np.float32))
    widest = float(np.abs(signed).max(initial=0.0))
    if widest > WIDEST:
        raise BadInput(
            "depth of field",
            f"a disc of {widest:.0f} pixels radius is wider than the {WIDEST} that can be made",
            "stop down, move the nearest thing away, or work at a smaller size",
        )
    if widest <= 0.5:
        return frame.copy()
    if signed.ndim == 2 or np.ptp(signed, axis=2).max() == 0:
        return _one(frame, signed if signed.ndim == 2 else signed[..., 0], pupil, centre, focal)
    channels = [_one(frame[..., c : c + 1], signed[..., c], pupil, centre, focal) for c in range(frame.shape[2])]
    return np.concatenate(channels, axis=2)


def _one(frame: Frame, signed: NDArray[np.float32], pupil: Pupil, centre: tuple[float, float], focal: float) -> Frame:
    reach = int(np.ceil(float(np.abs(signed).max()) * float(pupil.outline.max()) + 0.5))
    touching, slope = pupil.edge(reach)
    steps = np.arange(0, reach + 1.25, 0.125)
    area = np.array([np.clip(0.5 + (r - touching) * slope, 0, 1).sum() for r in steps])
    size = np.abs(signed)
    y, x = np.indices(signed.shape, dtype=np.float64)
    tangent = np.hypot(x - centre[0], y - centre[1]) / focal
    # Below a pixel a cat's eye cannot be drawn; the disc is whole there.
    opened = np.where(size > 1, np.maximum(pupil.open_share(tangent), 1e-3), 1.0)
    rim = pupil.rim or (0.0, 0.0)
    return _gather(
        np.ascontiguousarray(frame, dtype=np.float32),
        np.ascontiguousarray(signed),
        _tile_reach(size, float(pupil.outline.max())),
        (touching, slope, area),
        opened,
        1 / (np.interp(size, steps, area) * opened),
        (rim[0], rim[1] / focal, centre[0], centre[1], pupil.squeeze),
    )


def _tile_reach(size: NDArray[np.float32], corner: float) -> NDArray[np.int64]:
    """For each tile of pixels, how far away the farthest pixel may be whose disc still reaches into it."""
    high, wide = (-(-n // _TILE) for n in size.shape)
    padded = np.zeros((high * _TILE, wide * _TILE), dtype=np.float32)
    padded[: size.shape[0], : size.shape[1]] = size
    largest = np.ceil(padded.reshape(high, _TILE, wide, _TILE).max(axis=(1, 3)) * corner + 0.5)
    out = largest.copy()
    for y in range(high):
        for x in range(wide):
            r = largest[y, x]
            n = int(r // _TILE) + 1
            view = out[max(y - n, 0) : y + n + 1, max(x - n, 0) : x + n + 1]
            np.maximum(view, r, out=view)
    return out.astype(np.int64)


_FAST = {"contract", "reassoc", "arcp", "nsz"}
"""What the compiler may rearrange; infinities and NaN of a plate keep their meaning."""
_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
_Shape = tuple[Real, Real, Real]
_Eye = tuple[float, float, float, float, float]


@_compiled
def _let_past(rim: float, i: float, j: float, size: float) -> float:
    """The part of an offset (i, j) from the rim's middle, in radii of a disc of ``size`` pixels, that the rim leaves open."""
    return min(max(0.5 + (rim - np.sqrt(i * i + j * j)) * size, 0.0), 1.0)


@_compiled
def _size_towards(here: float, there: float, touching: float) -> float:
    """The radius of the disc that reaches from a pixel to this one; negative where it is only a guess behind a blurred edge."""
    size, own = abs(there), abs(here)
    if there <= here or (own >= size and here >= 0):
        return size
    if here < 0:
        # Sharp things behind a blurred edge never reach under it; they are spread as wide as the edge itself.
        return -own if size < own and size <= touching else size
    slack = 0.25 * size + 0.5
    return size + min(max((there - here - slack) / slack, 0.0), 1.0) * (own - size)


@_compiled
def _weight(
    size: float, v: int, u: int, j: int, i: int, shape: _Shape, opened: Real, norm: Real, natural: bool, eye: _Eye
) -> float:
    """The part of the light of the pixel (v, u), in a disc of ``size``, that falls at the offset (j, i)."""
    touching, slope, area = shape
    middle = touching.shape[0] // 2
    share = min(0.5 + (size - touching[middle + j, middle + i]) * slope[middle + j, middle + i], 1.0)
    if share <= 0:
        return 0.0
    if eye[0] > 0 and size > 1:
        a, b = i * eye[4] / size + (u - eye[2]) * eye[1], j / size + (v - eye[3]) * eye[1]
        share = min(share, _let_past(eye[0], a, b, size))
    if natural:
        return share * norm[v, u]
    k = int(size * 8.0)
    return share / ((area[k] + (size * 8.0 - k) * (area[k + 1] - area[k])) * opened[v, u])


@_compiled
def _gather(
    frame: Frame, signed: NDArray[np.float32], tiles: NDArray[np.int64], shape: _Shape, opened: Real, norm: Real, eye: _Eye
) -> Frame:
    height, width, channels = frame.shape
    touching = shape[0]
    middle = touching.shape[0] // 2
    out = np.empty_like(frame)
    near, same, behind, calm = np.empty(channels), np.empty(channels), np.empty(channels), np.empty(channels)
    for y in range(height):
        for x in range(width):
            here = signed[y, x]
            reach = tiles[y // _TILE, x // _TILE]
            if reach <= 1 and abs(here) <= 0.5:
                out[y, x] = frame[y, x]
                continue
            near[:], same[:], behind[:] = 0.0, 0.0, 0.0
            near_sum, same_sum, behind_sum = 0.0, 0.0, 0.0
            for v in range(max(y - reach, 0), min(y + reach + 1, height)):
                span = int(np.sqrt(reach * reach - (y - v) * (y - v))) + 1
                for u in range(max(x - span, 0), min(x + span + 1, width)):
                    there = signed[v, u]
                    # The pupil is seen upright in what lies behind the focus and turned round in what lies before it.
                    j, i = (v - y, u - x) if there < 0 else (y - v, x - u)
                    at = touching[middle + j, middle + i]
                    size = _size_towards(here, there, at)
                    if size + 1 <= at:
                        continue
                    weight = _weight(size, v, u, j, i, shape, opened, norm, size == abs(there), eye)
                    over = min(max(here - there, 0.0), 1.0)
                    under = min(max(there - here, 0.0), 1.0) if here < 0 else 0.0
                    if over + under == 0:  # by far the most common, and the sum that costs least
                        same_sum += weight
                        for c in range(channels):
                            same[c] += weight * frame[v, u, c]
                        continue
                    near_sum += weight * over
                    behind_sum += weight * under
                    same_sum += weight * (1.0 - over - under)
                    for c in range(channels):
                        light = weight * frame[v, u, c]
                        near[c] += light * over
                        behind[c] += light * under
                        same[c] += light * (1.0 - over - under)
            missing = min(same_sum, 1.0) + behind_sum < 0.999 and near_sum < 1
            known = _unseen(frame, signed, y, x, reach, shape, opened, norm, eye, calm) if missing else 0.0
            for c in range(channels):
                light, total = same[c] + behind[c], same_sum + behind_sum
                if same_sum >= 1 or total <= 0:
                    light, total = (same[c], same_sum) if same_sum > 0 else (frame[y, x, c], 1.0)
                elif total > 1:
                    light, total = same[c] + (1 - same_sum) * behind[c] / behind_sum, 1.0
                mine = light + (1 - total) * calm[c] / known if known > 0 and total < 1 else light / total
                out[y, x, c] = near[c] / near_sum if near_sum > 1 else near[c] + (1 - near_sum) * mine
    return out


@_compiled
def _unseen(
    frame: Frame,
    signed: NDArray[np.float32],
    y: int,
    x: int,
    reach: int,
    shape: _Shape,
    opened: Real,
    norm: Real,
    eye: _Eye,
    calm: Real,
) -> float:
    """Into ``calm``: what to put where nobody saw, from what is seen, with bright points held down (a lamp is not there twice).

    Returns the weight it stands for; 0 where nothing is known.
    """
    height, width, channels = frame.shape
    touching = shape[0]
    middle = touching.shape[0] // 2
    here = signed[y, x]
    calm[:] = 0.0
    total = 0.0
    for v in range(max(y - reach, 0), min(y + reach + 1, height)):
        for u in range(max(x - reach, 0), min(x + reach + 1, width)):
            there = signed[v, u]
            j, i = (v - y, u - x) if there < 0 else (y - v, x - u)
            size = _size_towards(here, there, touching[middle + j, middle + i])
            share = min(max(there - here, 0.0), 1.0) if here < 0 else 1.0 - min(max(here - there, 0.0), 1.0)
            if share <= 0:
                continue
            weight = share * _weight(abs(size), v, u, j, i, shape, opened, norm, False, eye)
            if size < 0:
                weight *= _FAINT
            brightest = 0.0
            for c in range(channels):
                brightest = max(brightest, frame[v, u, c])
            weight /= 1.0 + brightest
            total += weight
            for c in range(channels):
                calm[c] += weight * frame[v, u, c]
    return total
