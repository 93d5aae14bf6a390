"""A new camera's picture out of real ones: each pixel fetched from the cameras that saw that very surface, the nearest first.

Every source's depth is laid into the new view as a surface; of the depths on offer a pixel takes the one that most sources
agree on and none sees through. Then each source that sees the point unhidden gives its colour, the more the nearer its angle
(C. Buehler et al., "Unstructured Lumigraph Rendering", SIGGRAPH 2001). How many saw it is the support; what none saw stays open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.compiled import njit
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth, coded

Float = NDArray[np.float32]
Real = NDArray[np.float64]
TOLERANCE = 0.015
"""Share of a distance by which two measurements of one surface may differ."""
_TEAR = 0.06
"""Neighbouring pixels further apart than this share of their distance lie on two surfaces."""
_BLENDED = 4
_BAND_PIXELS = 131_072
_HALF_ANGLE_DEG = 1.5
"""A source this much farther off in angle than the nearest counts half."""
_TRUSTED_DEG = 8.0
"""A source this much farther off in angle than the nearest has half its word about distances."""
_FEATHER_PX = 6.0
_GHOST = 0.12
"""Coded difference from the nearest source at which another counts a third: beyond it something else is seen there."""


@dataclass(frozen=True, eq=False)
class Source:
    """A real picture that a new view may fetch from. ``view`` is it without its lens; ``picture`` and ``camera`` as it was shot."""

    view: View
    depth: Depth
    picture: Float
    camera: Camera
    name: str = ""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the real cameras saw of a new view, planes of its size.

    ``colour`` (h, w, 3) ACEScg; ``depth`` metres, NaN where nothing is known; ``support`` how many sources saw the pixel, 0 is
    never seen; ``spread`` coded difference between the sources, the measure of how far they may be believed (NaN for one
    source); ``given`` for each source the share of the picture's light it gave.
    """

    colour: Float
    depth: Float
    support: NDArray[np.uint16]
    spread: Float
    given: tuple[float, ...]
    grain: Float | None = None
    """Share (h, w) of one source's noise, as variance, that is left in ``colour``: averages have less, 0 is none"""


def seen_by(target: Camera, sources: Sequence[Source], extra_depths: Sequence[Float] = ()) -> Seen:
    """The picture of ``target``, its lens distortion included, from ``sources``. ``extra_depths`` (h, w) are further depths on offer.

    A pixel that nobody saw is black with support 0.
    """
    offers = [laid(target, s.view.camera, s.depth.metres) for s in sources] + [np.asarray(d, np.float32) for d in extra_depths]
    if not offers:
        nothing = np.zeros((target.height, target.width), np.float32)
        return Seen(np.zeros((*nothing.shape, 3), np.float32), nothing * np.nan, nothing.astype(np.uint16), nothing * np.nan, ())
    return _blended(_chosen(_rays(target), offers, sources, target), sources, target)


def depth_of(target: Camera, sources: Sequence[Source], where: NDArray[np.bool_]) -> Float:
    """The depth (h, w) most sources agree on at the pixels ``where``; NaN elsewhere and where nobody knows."""
    offers = [np.where(where, laid(target, s.view.camera, s.depth.metres), np.float32(np.nan)) for s in sources]
    if not offers or not any(np.isfinite(o).any() for o in offers):
        return np.full(where.shape, np.nan, np.float32)
    return np.where(where, _chosen(_rays(target), offers, sources, target), np.float32(np.nan))


def laid(target: Camera, camera: Camera, metres: Float, torn: float = _TEAR) -> Float:
    """A depth (h, w) of ``camera`` as ``target`` sees it: its surface, torn where it jumps; NaN where it shows nothing."""
    points = unprojected(camera, metres)
    places, away = target.project(points), target.depth(points)
    out = np.full((target.height, target.width), np.inf, dtype=np.float32)
    known = np.isfinite(metres) & np.isfinite(places).all(axis=2) & (away > 0.01)
    _raster(
        places[..., 0].astype(np.float32), places[..., 1].astype(np.float32), away.astype(np.float32), np.asarray(metres, np.float32),
        known, np.float32(1 + torn), out,
    )  # fmt: skip
    out[~np.isfinite(out)] = np.nan
    return out


def unprojected(camera: Camera, metres: NDArray[np.floating]) -> Real:
    """World points (h, w, 3) of a depth along the optical axis (h, w)."""
    origin, along = _rays(camera)
    return np.asarray(origin + along * np.asarray(metres, dtype=np.float64)[..., None])


def _rays(camera: Camera) -> tuple[Real, Real]:
    """The position and, for every pixel, the way that light comes for each metre along the axis."""
    origin, directions = camera.rays(grid(camera.width, camera.height))
    return origin, directions / (directions @ camera.world_to_camera[2])[..., None]


def _chosen(rays: tuple[Real, Real], offers: Sequence[Float], sources: Sequence[Source], target: Camera) -> Float:
    """Of the depths on offer the one most sources agree on; equal ones: the nearest."""
    origin, along = rays
    shape = offers[0].shape
    best, score = np.full(shape, np.nan, np.float32), np.full(shape, -np.inf, np.float32)
    worth = _worth(target, sources, offers)
    for offer in offers:
        known = np.isfinite(offer)
        if not known.any():
            continue
        points = origin + along[known] * offer[known].astype(np.float64)[:, None]
        votes = np.zeros(len(points), np.float32)
        for source, weight in zip(sources, worth, strict=True):
            agrees, through, sure = _compared(source, points)
            votes += weight * (np.where(agrees, 0.3 + sure, 0) - np.where(through, 0.5 * sure, 0))
        # Nearest wins among equals: a thousandth for each share of the distance.
        votes -= 1e-3 * offer[known]
        better = votes > score[known]
        places = np.flatnonzero(known.ravel())[better]
        best.ravel()[places], score.ravel()[places] = offer[known][better], votes[better]
    return _unspeckled(best)


def _worth(target: Camera, sources: Sequence[Source], offers: Sequence[Float]) -> list[float]:
    """What each source's word counts: the farther off its angle, the more an error of its pose or depth shows."""
    known = np.concatenate([o[np.isfinite(o)][::97] for o in offers])
    middle = target.position + (float(np.median(known)) if len(known) else 1.0) * target.world_to_camera[2]
    eye = _unit(target.position - middle)
    away = [float(np.degrees(np.arccos(np.clip(eye @ _unit(s.camera.position - middle), -1, 1)))) for s in sources]
    return [1 / (1 + ((a - min(away)) / _TRUSTED_DEG) ** 2) for a in away]


def _compared(source: Source, points: Real) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Float]:
    """Whether a source measured these points (n, 3), whether it saw through them, and how sure it is."""
    camera, metres = source.view.camera, source.depth.metres
    pixels, away = camera.project(points), camera.depth(points)
    inside = camera.inside(pixels, -0.49) & (away > 0.01)
    column = np.where(inside, np.round(np.nan_to_num(pixels[:, 0])), 0).astype(np.int64).clip(0, camera.width - 1)
    row = np.where(inside, np.round(np.nan_to_num(pixels[:, 1])), 0).astype(np.int64).clip(0, camera.height - 1)
    there = metres[row, column]
    known = inside & np.isfinite(there)
    with np.errstate(invalid="ignore"):
        agrees = known & (np.abs(there - away) <= TOLERANCE * away)
        through = known & (there > away * (1 + 2 * TOLERANCE))
    return agrees, through, np.asarray(source.depth.sure[row, column])


def _unspeckled(depth: Float) -> Float:
    """Single pixels that agree with none of their neighbours take the middle of them."""
    filled = np.where(np.isfinite(depth), depth, 0).astype(np.float32)
    middle = cv2.medianBlur(filled, 3)
    with np.errstate(invalid="ignore"):
        odd = (np.abs(depth - middle) > 0.04 * depth) & (middle > 0)
    cracks = ~np.isfinite(depth) & (middle > 0)
    return np.where(odd | cracks, middle, depth).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What each of n sources shows at the points of a depth: weight and angle (n, h, w), light (n, h, w, c), support (h, w)."""

    weight: Float
    """0 where the source does not see the point, falling to 0 at the edge of its picture"""
    angle: Float
    """degrees at the point between the source and the target; 360 where the source does not see it"""
    light: Float
    support: NDArray[np.uint16]


def in_bands(target: Camera, depth: Float) -> Iterator[tuple[slice, tuple[Real, Real]]]:
    """The picture in bands of rows, with the position and the rays of each: n sources of a large picture are large."""
    origin, along = _rays(target)
    rows = max(16, _BAND_PIXELS // depth.shape[1])
    for top in range(0, depth.shape[0], rows):
        band = slice(top, min(top + rows, depth.shape[0]))
        yield band, (origin, along[band])


def gathered(rays: tuple[Real, Real], depth: Float, sources: Sequence[Source], target: Camera) -> Gathered:
    """Fetch the points of a depth (h, w; NaN where unknown) from every source that sees them."""
    origin, along = rays
    known = np.isfinite(depth)
    points = origin + along * np.where(known, depth, 1.0).astype(np.float64)[..., None]
    to_target = _unit(target.position - points)
    weights, angles, lights = [], [], []
    support = np.zeros(depth.shape, np.uint16)
    for source in sources:
        visible = known & _visible(source, points)
        angle = np.degrees(np.arccos(np.clip((to_target * _unit(source.camera.position - points)).sum(axis=2), -1, 1)))
        places = source.camera.project(points)
        edge = _feather(source.camera, places)
        visible &= edge > 0
        support += visible
        weights.append(np.where(visible, edge, 0).astype(np.float32))
        angles.append(np.where(visible, angle, 360.0).astype(np.float32))
        places[~visible] = np.nan
        lights.append(warp(source.picture, places, "lanczos", edge="hold"))
    return Gathered(np.stack(weights), np.stack(angles), np.stack(lights), support)


def spread_of(found: Gathered, light: Float, colour: Float) -> Float:
    """Mean coded difference (h, w) of the sources' light (n, h, w, 3) from the picture made of them; NaN for fewer than two."""
    off = np.abs(coded(light) - coded(colour)[None]).max(axis=3)
    total = (off * (found.weight > 0)).sum(axis=0) / np.maximum(found.support, 1)
    return np.asarray(np.where(found.support > 1, total, np.nan), dtype=np.float32)


def _blended(depth: Float, sources: Sequence[Source], target: Camera) -> Seen:
    known = np.isfinite(depth)
    colour, spread = np.zeros((*depth.shape, 3), np.float32), np.empty(depth.shape, np.float32)
    support, given = np.zeros(depth.shape, np.uint16), np.zeros(len(sources))
    grain = np.zeros(depth.shape, np.float32)
    for band, rays in in_bands(target, depth):
        found = gathered(rays, depth[band], sources, target)
        weight = found.weight * np.exp2(-(found.angle - found.angle.min(axis=0)) / _HALF_ANGLE_DEG)
        weight = _without_ghosts(weight, found.angle, found.light)
        total = np.maximum(weight.sum(axis=0), 1e-9)
        colour[band] = (weight[..., None] * found.light).sum(axis=0) / total[..., None]
        support[band], spread[band] = found.support, spread_of(found, found.light, colour[band])
        grain[band] = ((weight / total) ** 2).sum(axis=0)
        given += (weight / total).sum(axis=(1, 2)) / depth.size
    depth = np.where(known, depth, np.nan).astype(np.float32)
    return Seen(colour, depth, support, spread, tuple(float(g) for g in given), grain)


def _without_ghosts(weight: Float, angle: Float, light: Float) -> Float:
    """Only the nearest few count, and of them those that look like the nearest."""
    order = np.argsort(angle, axis=0)
    nearest = np.take_along_axis(light, order[:1][..., None], axis=0)
    different = np.abs(coded(light) - coded(nearest)).max(axis=3)
    weight = weight * np.exp(-((different / _GHOST) ** 2))
    rank = np.argsort(order, axis=0)
    return np.asarray(np.where(rank < _BLENDED, weight, 0), dtype=np.float32)


def _visible(source: Source, points: Real) -> NDArray[np.bool_]:
    """Whether a source sees the points (h, w, 3): nothing stands before them, and it may be believed there."""
    flat = points.reshape(-1, 3)
    camera, metres = source.view.camera, source.depth.metres
    pixels, away = camera.project(flat), camera.depth(flat)
    inside = camera.inside(pixels, -0.49) & (away > 0.01)
    x = np.where(inside, pixels[:, 0], 0).astype(np.float32)
    y = np.where(inside, pixels[:, 1], 0).astype(np.float32)
    # The farthest of the four pixels around: at an edge either side may be meant.
    there = np.full(len(flat), -np.inf, np.float32)
    nothing = np.zeros(len(flat), bool)
    for dx in (0, 1):
        for dy in (0, 1):
            column = np.minimum(x.astype(np.int64) + dx, camera.width - 1).clip(0)
            row = np.minimum(y.astype(np.int64) + dy, camera.height - 1).clip(0)
            value = metres[row, column]
            nothing |= ~np.isfinite(value)
            there = np.fmax(there, value)
    clear = there >= away * (1 - 2 * TOLERANCE)
    return np.asarray((inside & clear & ~nothing).reshape(points.shape[:2]))


def _feather(camera: Camera, places: Real) -> Float:
    """1 inside the picture, falling to 0 at its edge."""
    x, y = places[..., 0], places[..., 1]
    with np.errstate(invalid="ignore"):
        room = np.minimum(np.minimum(x, camera.width - 1 - x), np.minimum(y, camera.height - 1 - y)) + 1
        return np.nan_to_num(np.clip(room / _FEATHER_PX, 0, 1)).astype(np.float32)


def _unit(vectors: Real) -> Real:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


@njit(cache=True, nogil=True)
def _raster(u: Float, v: Float, away: Float, own: Float, known: NDArray[np.bool_], torn: np.float32, out: Float) -> None:
    """Two triangles for each four pixels, nearest first; 1/z runs straight over a triangle."""
    height, width = own.shape
    rows, columns = out.shape
    for y in range(height - 1):
        for x in range(width - 1):
            for half in range(2):
                ay, ax = (y, x) if half == 0 else (y + 1, x + 1)
                by, bx, cy, cx = y, x + 1, y + 1, x
                if not (known[ay, ax] and known[by, bx] and known[cy, cx]):
                    continue
                high = max(own[ay, ax], own[by, bx], own[cy, cx])
                low = min(own[ay, ax], own[by, bx], own[cy, cx])
                if high > low * torn:
                    continue
                x0, y0, x1, y1, x2, y2 = u[ay, ax], v[ay, ax], u[by, bx], v[by, bx], u[cy, cx], v[cy, cx]
                area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
                if abs(area) < 1e-9:
                    continue
                left, right = max(0, int(np.ceil(min(x0, x1, x2)))), min(columns - 1, int(np.floor(max(x0, x1, x2))))
                top, bottom = max(0, int(np.ceil(min(y0, y1, y2)))), min(rows - 1, int(np.floor(max(y0, y1, y2))))
                if right - left > 64 or bottom - top > 64:
                    continue
                i0, i1, i2 = 1 / away[ay, ax], 1 / away[by, bx], 1 / away[cy, cx]
                for py in range(top, bottom + 1):
                    for px in range(left, right + 1):
                        b = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) / area
                        c = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) / area
                        a = 1 - b - c
                        if a < -1e-4 or b < -1e-4 or c < -1e-4:
                            continue
                        z = 1 / (a * i0 + b * i1 + c * i2)
                        if z < out[py, px]:
                            out[py, px] = z
