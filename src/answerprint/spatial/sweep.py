"""How far away every pixel of a picture is, from the other pictures that see the same: a plane sweep, made smooth by SGM.

Planes at equal steps of inverse distance are swept through the view; on each the neighbours are laid over it, and where they agree
with it, there the surface is (R. Collins, "A space-sweep approach to true multi-image matching", CVPR 1996). Agreement is
normalised correlation and colour; the smoothing is semi-global (H. Hirschmüller, IEEE PAMI 30(2), 2008). A scan, where there is one,
says where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.compiled import njit
from answerprint.production import BadInput
from answerprint.spatial.splats.view import View

Float = NDArray[np.float32]
Real = NDArray[np.float64]
_MOST_PLANES = 96
_STEP_PX = 0.75
"""Between two planes a neighbour's picture moves by no more, unless there would be too many planes."""
_WINDOW = 5
_TRUNCATED = 0.5
"""A disagreement counts no more than this: beyond it is another surface, and how other says nothing."""
_COLOUR_SHARE = 0.4
_P1, _P2 = 0.03, 0.25
_PRIOR_WEIGHT = 0.5
_SNAP_PLANES = 2.5
_SCANNED = np.float32(0.8)
"""How sure a scanned distance is that the pictures do not contradict."""
_PRIOR_PLANES = 3.0
"""Planes on either side of the scan's distance before it has its full weight."""


@dataclass(frozen=True, eq=False)
class Depth:
    """Distances (h, w) along the optical axis in metres, NaN where the view itself may not be believed, and how sure (0 to 1)."""

    metres: Float
    sure: Float


def sweep(
    view: View, neighbours: Sequence[View], near: float, far: float, prior: Float | None = None, most_planes: int = _MOST_PLANES
) -> Depth:
    """The depth of ``view`` from up to a handful of ``neighbours`` between ``near`` and ``far`` metres.

    ``prior`` (h, w) is a scan's distance, NaN where it says nothing. Without neighbours the prior alone is given back.
    Raises BadInput where there is neither, and for a range that is none.
    """
    if not 0 < near < far:
        raise BadInput("plane sweep", f"from {near:g} to {far:g} m", "give a near distance smaller than the far one")
    shape = view.picture.shape[:2]
    if not neighbours:
        if prior is None:
            raise BadInput(
                "plane sweep", f"nobody else sees what {view.name or view.camera.label} sees", "give a scan or more views"
            )
        return Depth(np.array(prior, dtype=np.float32), np.where(np.isfinite(prior), 0.5, 0).astype(np.float32))
    inverse = _planes(view.camera, [n.camera for n in neighbours], near, far, most_planes)
    cost = _costs(view, neighbours, inverse)
    if prior is not None:
        _lean(cost, inverse, prior)
    guide = _grey(view.picture)
    smooth = semi_global(cost, np.ascontiguousarray(guide), np.float32(_P1), np.float32(_P2))
    best, at, margin = _winner(smooth, inverse)
    fits = np.take_along_axis(cost, at[None], axis=0)[0] / _TRUNCATED
    sure = np.clip(1 - fits, 0, 1) * np.clip(margin / (4 * _P1), 0.25, 1)
    metres = (1 / best).astype(np.float32)
    if prior is not None:
        metres, sure = _measured(metres, sure, inverse, prior)
    if view.weight is not None:
        metres[view.weight <= 0] = np.nan
    return Depth(metres.reshape(shape), sure.astype(np.float32))


def coded(picture: NDArray[np.floating]) -> Float:
    """Light as the eye tells it apart: a root, for comparing pictures in; only analysis sees these."""
    return np.asarray(np.sqrt(np.clip(picture, 0, 4)), dtype=np.float32)


def _grey(picture: NDArray[np.floating]) -> Float:
    return np.asarray(coded(picture).mean(axis=2), dtype=np.float32)


def _planes(camera: Camera, others: Sequence[Camera], near: float, far: float, most: int) -> Real:
    """Inverse distances from far to near, so close that no neighbour's picture jumps."""
    corners = np.array([[x, y] for x in (0, camera.width - 1, camera.width / 2) for y in (0, camera.height - 1, camera.height / 2)])
    _, rays = camera.rays(corners)
    along = rays @ camera.world_to_camera[2]
    places = [camera.position + rays / along[:, None] * z for z in (near, far)]
    longest = 1.0
    for other in others:
        moved = np.linalg.norm(other.project(places[0]) - other.project(places[1]), axis=1)
        if np.isfinite(moved).any():
            longest = max(longest, float(np.nanmax(moved)))
    return np.asarray(np.linspace(1 / far, 1 / near, int(np.clip(np.ceil(longest / _STEP_PX), 16, most))))


def _costs(view: View, neighbours: Sequence[View], inverse: Real) -> Float:
    """(planes, h, w): how badly the neighbours agree with the view on each plane, 0 to ``_TRUNCATED``; the better half counts."""
    colour = coded(view.picture)
    height, width = colour.shape[:2]
    own = _products(np.concatenate([colour, colour[..., :1] * 0], axis=2), _means(colour))
    own = cv2.boxFilter(own, -1, (_WINDOW, _WINDOW))
    mean, deviation = own[..., 0], np.sqrt(np.maximum(own[..., 1] - own[..., 0] ** 2, 0) + np.float32(1e-5))
    sides = [
        (np.dstack([coded(n.picture), _believed(n)]), *_homography_parts(view.camera, n.camera)) for n in neighbours
    ]  # fmt: skip
    kept = max(1, (len(sides) + 1) // 2)
    out = np.empty((len(inverse), height, width), dtype=np.float32)
    costs = np.empty((len(sides), height, width), dtype=np.float32)
    grey = _means(colour)
    for index, level in enumerate(inverse):
        for number, (picture, turn, shift) in enumerate(sides):
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            warped = cv2.warpPerspective(picture, turn + level * shift, (width, height), flags=flags)
            sums = cv2.boxFilter(_products(warped, grey), -1, (_WINDOW, _WINDOW))
            _disagreement(colour, mean, deviation, warped, sums, costs[number])
        out[index] = costs[0] if len(sides) == 1 else np.partition(costs, kept - 1, axis=0)[:kept].mean(axis=0)
    return out


def _means(colour: Float) -> Float:
    return np.ascontiguousarray(colour.mean(axis=2), dtype=np.float32)


@njit(cache=True, nogil=True)
def _products(warped: Float, grey: Float) -> Float:
    """(h, w, 3): the other picture's grey, its square, and its product with the view's, to be summed over windows."""
    height, width = grey.shape
    out = np.empty((height, width, 3), dtype=np.float32)
    for y in range(height):
        for x in range(width):
            other = (warped[y, x, 0] + warped[y, x, 1] + warped[y, x, 2]) / np.float32(3)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = other, other * other, other * grey[y, x]
    return out


@njit(cache=True, nogil=True)
def _disagreement(colour: Float, mean: Float, deviation: Float, warped: Float, sums: Float, out: Float) -> None:
    """How badly a warped picture (its fourth channel says how far to believe it) agrees, into ``out``."""
    height, width = mean.shape
    for y in range(height):
        for x in range(width):
            known = warped[y, x, 3]
            if known <= np.float32(0):
                out[y, x] = np.float32(_TRUNCATED)
                continue
            spread = np.sqrt(max(sums[y, x, 1] - sums[y, x, 0] * sums[y, x, 0], np.float32(0)) + np.float32(1e-5))
            alike = (sums[y, x, 2] - mean[y, x] * sums[y, x, 0]) / (deviation[y, x] * spread)
            # Where nothing can be told apart, correlation is noise, and colour alone speaks.
            texture = min(deviation[y, x] * np.float32(40), np.float32(1))
            off = np.float32(0)
            for c in range(3):
                off = max(off, abs(colour[y, x, c] - warped[y, x, c]))
            cost = np.float32(1 - _COLOUR_SHARE) * texture * (np.float32(1) - alike) / np.float32(2)
            cost = min(cost + np.float32(_COLOUR_SHARE) * min(off * np.float32(5), np.float32(1)), np.float32(_TRUNCATED))
            out[y, x] = cost * known + np.float32(_TRUNCATED) * (np.float32(1) - known)


def _believed(view: View) -> Float:
    return np.ones(view.picture.shape[:2], np.float32) if view.weight is None else np.asarray(view.weight, np.float32)


def _homography_parts(camera: Camera, other: Camera) -> tuple[Real, Real]:
    """``turn + shift / z`` takes pixels of a plane z metres before ``camera``, square to its axis, to ``other``'s."""
    turn = other.world_to_camera @ camera.world_to_camera.T
    shift = other.world_to_camera @ (camera.position - other.position)
    back = np.linalg.inv(camera.matrix)
    return other.matrix @ turn @ back, other.matrix @ np.outer(shift, [0, 0, 1]) @ back


def _lean(cost: Float, inverse: Real, prior: Float) -> None:
    """Let a scan's distances weigh in the costs, in place."""
    step = inverse[1] - inverse[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        place = ((1 / np.asarray(prior, dtype=np.float64) - inverse[0]) / step).astype(np.float32)
    known = np.isfinite(place)
    place = np.where(known, place, 0)
    weight = np.where(known, np.float32(_PRIOR_WEIGHT), np.float32(0))
    for index in range(len(inverse)):
        away = np.minimum(np.abs(place - np.float32(index)) / np.float32(_PRIOR_PLANES), 1)
        cost[index] += weight * away


def _measured(metres: Float, sure: Float, inverse: Real, prior: Float) -> tuple[Float, Float]:
    """Where the pictures agree with the scan as far as they can tell, its distance: a scanner measures better than a picture does."""
    step = float(inverse[1] - inverse[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        agrees = np.abs(1 / prior - 1 / metres) <= _SNAP_PLANES * step
    return np.where(agrees, prior, metres), np.where(agrees, np.maximum(sure, _SCANNED), sure)


def _winner(cost: Float, inverse: Real) -> tuple[Real, NDArray[np.int64], Float]:
    """The best inverse distance, between planes by a parabola; its plane; and how much better it is than two planes away."""
    at = cost.argmin(axis=0)
    inner = np.clip(at, 1, len(inverse) - 2)
    below, here, above = (np.take_along_axis(cost, (inner + d)[None], axis=0)[0] for d in (-1, 0, 1))
    bend = below - 2 * here + above
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(bend > 1e-6, np.clip((below - above) / (2 * bend), -0.5, 0.5), 0)
    part = np.where(at == inner, part, 0)
    margin = np.minimum(below, above) - here
    step = inverse[1] - inverse[0]
    return inverse[at] + part * step, at, np.asarray(margin, dtype=np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def semi_global(cost: Float, guide: Float, p1: np.float32, p2: np.float32) -> Float:
    """The costs (planes, h, w) gathered along eight directions: a step of one plane costs ``p1``, a jump ``p2``, less at an edge of the guide."""
    planes, height, width = cost.shape
    total = np.zeros((height, width, planes), dtype=np.float32)
    own = np.ascontiguousarray(cost.transpose(1, 2, 0))
    for direction in range(8):
        dy = (0, 0, 1, -1, 1, 1, -1, -1)[direction]
        dx = (1, -1, 0, 0, 1, -1, 1, -1)[direction]
        before = np.zeros((width, planes), dtype=np.float32)
        now = np.zeros((width, planes), dtype=np.float32)
        for row in range(height):
            y = row if dy >= 0 else height - 1 - row
            for column in range(width):
                x = column if (dx > 0 or (dy != 0 and dx >= 0)) else width - 1 - column
                py, px = y - dy, x - dx
                if py < 0 or py >= height or px < 0 or px >= width:
                    for k in range(planes):
                        now[x, k] = own[y, x, k]
                        total[y, x, k] += now[x, k]
                    continue
                least = np.float32(1e9)
                for k in range(planes):
                    v = now[px, k] if dy == 0 else before[px, k]
                    if v < least:
                        least = v
                jump = p2 / (np.float32(1) + np.float32(30) * abs(guide[y, x] - guide[py, px]))
                if jump < p1 * np.float32(1.2):
                    jump = p1 * np.float32(1.2)
                for k in range(planes):
                    v = now[px, k] if dy == 0 else before[px, k]
                    if k > 0:
                        w = (now[px, k - 1] if dy == 0 else before[px, k - 1]) + p1
                        if w < v:
                            v = w
                    if k < planes - 1:
                        w = (now[px, k + 1] if dy == 0 else before[px, k + 1]) + p1
                        if w < v:
                            v = w
                    if least + jump < v:
                        v = least + jump
                    value = own[y, x, k] + v - least
                    now[x, k] = value
                    total[y, x, k] += value
            if dy != 0:
                swap = before
                before = now
                now = swap
    return np.ascontiguousarray(total.transpose(2, 0, 1)) / np.float32(8)
