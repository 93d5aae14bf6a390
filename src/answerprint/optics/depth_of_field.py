"""Depth of field on a sharp picture with depth: every point spread over its own disc, what stands in front covering it.

Each pixel gathers from all whose disc reaches it, with the disc's exact size, so there are no layers and no bands. What is
nearer than the pixel lies over it with the share of light it covers; what is farther is seen only as far as the pixel's
own surface lets it past (after J. Jimenez, "Next Generation Post Processing in Call of Duty", SIGGRAPH 2014 courses, with
the discs of one pixel-exact pupil in place of sampled rings). What stands hidden behind a blurred edge is not in the
picture; it is taken from what is seen beside it.
"""

from __future__ import annotations

import numba  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

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
    rim = pupil.rim or (0.0, 0.0)
    height, width = frame.shape[:2]
    far = float(np.hypot(max(abs(centre[0]), abs(width - centre[0])), max(abs(centre[1]), abs(height - centre[1])))) / focal
    shares = pupil.open_share(np.linspace(0, far, 512)) if pupil.rim else np.ones(512)
    return _gather(
        np.ascontiguousarray(frame, dtype=np.float32),
        np.ascontiguousarray(signed),
        _tile_reach(np.abs(signed), float(pupil.outline.max())),
        touching,
        slope,
        area,
        np.array([rim[0], rim[1] / focal, centre[0], centre[1], 511 / (far * focal), pupil.squeeze]),
        np.maximum(shares, 1e-3),
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


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)  # type: ignore[untyped-decorator]
def _let_past(rim: float, i: float, j: float, size: float) -> float:
    """The part of an offset (i, j) from the rim's middle, in radii of a disc of ``size`` pixels, that the rim leaves open."""
    return min(max(0.5 + (rim - np.sqrt(i * i + j * j)) * size, 0.0), 1.0)


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)  # type: ignore[untyped-decorator]
def _gather(
    frame: Frame,
    signed: NDArray[np.float32],
    tiles: NDArray[np.int64],
    touching: Real,
    slope: Real,
    area: Real,
    eye: Real,
    shares: Real,
) -> Frame:
    height, width, channels = frame.shape
    middle, rim = touching.shape[0] // 2, eye[0]
    out = np.empty_like(frame)
    near, same, behind, calm = np.empty(channels), np.empty(channels), np.empty(channels), np.empty(channels)
    for y in range(height):
        for x in range(width):
            here = signed[y, x]
            own = abs(here)
            reach = tiles[y // _TILE, x // _TILE]
            if reach <= 1 and own <= 0.5:
                for c in range(channels):
                    out[y, x, c] = frame[y, x, c]
                continue
            near[:], same[:], behind[:], calm[:] = 0.0, 0.0, 0.0, 0.0
            near_sum, same_sum, behind_sum, calm_sum = 0.0, 0.0, 0.0, 0.0
            for v in range(max(y - reach, 0), min(y + reach + 1, height)):
                for u in range(max(x - reach, 0), min(x + reach + 1, width)):
                    there = signed[v, u]
                    ahead = here - there
                    size = abs(there)
                    # The pupil is seen upright in what lies behind the focus and turned round in what lies before it.
                    turned = -1 if there < 0 else 1
                    j, i = middle + turned * (y - v), middle + turned * (x - u)
                    guessed = False
                    if ahead < 0 and here < 0:
                        # Sharp things behind a blurred edge never reach under it; they are spread as wide as the edge itself.
                        if size < own and size <= touching[j, i]:
                            size, guessed = own, True
                    elif ahead < 0 and own < size:
                        slack = 0.25 * size + 0.5
                        hidden = min(max((-ahead - slack) / slack, 0.0), 1.0)
                        size = size + hidden * (own - size)
                    share = min(0.5 + (size - touching[j, i]) * slope[j, i], 1.0)
                    if share <= 0:
                        continue
                    k = int(size * 8.0)
                    full = area[k] + (size * 8.0 - k) * (area[k + 1] - area[k])
                    if rim > 0 and size > 1.0:
                        tx, ty = u - eye[2], v - eye[3]
                        px, py = turned * (x - u) * eye[5] / size + tx * eye[1], turned * (y - v) / size + ty * eye[1]
                        share = min(share, _let_past(rim, px, py, size))
                        full *= shares[min(int(np.sqrt(tx * tx + ty * ty) * eye[4] + 0.5), 511)]
                    weight = share / full
                    over = min(max(ahead, 0.0), 1.0)
                    under = min(max(-ahead, 0.0), 1.0) if here < 0 else 0.0
                    if under > 0 or (here >= 0 and over < 1):
                        # What nobody saw is made of what is seen, bright points held down: a lamp is not there twice.
                        level = 0.0
                        for c in range(channels):
                            level = max(level, frame[v, u, c])
                        quiet = weight * (under if here < 0 else 1.0 - over) / (1.0 + level) * (_FAINT if guessed else 1.0)
                        calm_sum += quiet
                        for c in range(channels):
                            calm[c] += quiet * frame[v, u, c]
                    if guessed:
                        weight *= 1.0 - under
                    near_sum += weight * over
                    behind_sum += weight * under
                    same_sum += weight * (1.0 - over - under)
                    for c in range(channels):
                        light = weight * frame[v, u, c]
                        near[c] += light * over
                        behind[c] += light * under
                        same[c] += light * (1.0 - over - under)
            if near_sum + same_sum + behind_sum <= 0:
                # No light comes through the rim at this angle; how dark that is, is for the vignetting to say.
                for c in range(channels):
                    out[y, x, c] = frame[y, x, c]
                continue
            for c in range(channels):
                unseen = calm[c] / calm_sum if calm_sum > 0 else 0.0
                back = behind[c] / behind_sum if behind_sum > 1 else behind[c] + (1.0 - behind_sum) * unseen
                if here >= 0 or calm_sum == 0:
                    back = unseen
                mine = same[c] / same_sum if same_sum > 1 or (calm_sum == 0 and same_sum > 0) else same[c] + (1.0 - same_sum) * back
                out[y, x, c] = near[c] / near_sum if near_sum > 1 else near[c] + (1.0 - near_sum) * mine
    return out
