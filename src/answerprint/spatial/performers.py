"""A performer from a slightly other angle: the real pixels of one real camera, moved to where their distance says they belong.

Nothing of a performer is ever made. What the new camera would see round an edge that the real one did not is not there; that is
why the angle between the two is limited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp
from answerprint.spatial.reproject import laid, unprojected
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import sweep

Float = NDArray[np.float32]
_INSIDE = 0.02
_CORE = 0.6
_THICKNESS = 0.16
"""A body lies within this share of its distance from its middle; what is measured outside is of the set behind it."""
_SMALLEST = 0.0008
"""Share of the picture below which a piece of matte is no body of its own."""
_TORN = 0.25
"""A body is one surface; only what is this share farther is torn off (one person before another)."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Performers in a new view: ``colour`` (h, w, 3) ACEScg, ``alpha`` (h, w) 0 to 1, ``depth`` (h, w) metres, NaN where nobody is."""

    colour: Float
    alpha: Float
    depth: Float


def body_depth(
    view: View,
    matte: Float,
    others: Sequence[View],
    near: float,
    far: float,
    set_depth: Float | None = None,
    card_m: float | None = None,
) -> Float | None:
    """Distances (h, w) of the performers in ``matte`` (of the straight view), NaN elsewhere; None where nothing tells them.

    Measured against ``others``, which filmed the same moment. Without one a performer is a card: at ``card_m``, or where
    their lowest edge meets the set at ``set_depth``.
    """
    inside = (matte > _INSIDE).astype(np.uint8)
    if not inside.any():
        return np.full(matte.shape, np.nan, np.float32)
    whole = View(view.picture, view.camera, None, view.exposure, None, view.name)
    measured = (
        sweep(whole, [View(o.picture, o.camera, None, o.exposure, None, o.name) for o in others], near, far) if others else None
    )
    number, labels, figures, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    out = np.full(matte.shape, np.nan, np.float32)
    for piece in range(1, number):
        here = labels == piece
        if figures[piece, cv2.CC_STAT_AREA] < _SMALLEST * matte.size:
            continue
        core = here & (matte > _CORE)
        core = core if core.sum() > 20 else here
        if measured is not None:
            out[here] = _of_body(measured.metres, measured.sure, here, core)[here]
            continue
        away = card_m or _standing(here, set_depth)
        if away is None:
            return None
        out[here] = away
    return out


def placed(target: Camera, picture: Float, matte: Float, camera: Camera, view: View, depth: Float) -> Placed:
    """Performers of ``picture`` by ``camera`` (as it was shot, matte likewise) in the picture of ``target``.

    ``depth`` (h, w) is that of ``body_depth`` on ``view``, the straight picture.
    """
    shape = (target.height, target.width)
    there = laid(target, view.camera, _rimmed(depth), _TORN)
    known = np.isfinite(there)
    if not known.any():
        return Placed(np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32), np.full(shape, np.nan, np.float32))
    points = unprojected(target, np.where(known, there, 1.0))
    places = camera.project(points)
    places[~known] = np.nan
    stacked = np.dstack([picture, matte]).astype(np.float32)
    fetched = warp(stacked, places, "cubic", edge="hold")
    alpha = np.where(known, np.clip(fetched[..., 3], 0, 1), 0).astype(np.float32)
    return Placed(fetched[..., :3], alpha, np.where(alpha > _INSIDE, there, np.nan).astype(np.float32))


def over(placed_: Placed, colour: Float, depth: Float, slack: float = 0.03) -> tuple[Float, Float]:
    """Performers over a set (h, w, 3) with its depth, hidden where the set is nearer; and their alpha as it came in."""
    with np.errstate(invalid="ignore"):
        hidden = np.isfinite(depth) & np.isfinite(placed_.depth) & (depth < placed_.depth * (1 - slack))
    # A soft edge of hiding: a set's outline is as soft as a pixel.
    before = cv2.GaussianBlur((~hidden).astype(np.float32), (0, 0), 0.6)
    alpha = placed_.alpha * np.where(hidden, 0, np.minimum(1, before * 1.2))
    mixed = colour * (1 - alpha[..., None]) + placed_.colour * alpha[..., None]
    return mixed.astype(np.float32), alpha.astype(np.float32)


def straight_matte(matte: Float, camera: Camera) -> Float:
    """A matte without the lens's distortion."""
    return warp(np.ascontiguousarray(matte[..., None], np.float32), camera.distort(grid(camera.width, camera.height)), "cubic")[
        ..., 0
    ]


def _of_body(metres: Float, sure: Float, here: NDArray[np.bool_], core: NDArray[np.bool_]) -> Float:
    """A body's distances, smooth and without the set that was measured through its edges."""
    weight = np.where(core & np.isfinite(metres), sure + 0.02, 0).astype(np.float32)
    values = metres[weight > 0]
    order = np.argsort(values)
    heavy = np.cumsum(weight[weight > 0][order])
    middle = float(values[order][np.searchsorted(heavy, heavy[-1] / 2)])
    with np.errstate(invalid="ignore"):
        weight = weight * (np.abs(metres - middle) < _THICKNESS * middle)
    inverse = np.where(weight > 0, 1 / np.where(weight > 0, metres, 1), 0).astype(np.float32)
    extent = max(2.0, 0.02 * metres.shape[1])
    out = np.zeros(metres.shape, np.float32)
    total = np.zeros(metres.shape, np.float32)
    # Fine where it is measured, wider where it is not.
    for scale in (0.8, 2.0, 6.0):
        w = cv2.GaussianBlur(weight, (0, 0), extent * scale)
        v = cv2.GaussianBlur(inverse * weight, (0, 0), extent * scale)
        share = np.clip(w * 8, 0, 1) * (1 - total)
        out += share * v / np.maximum(w, 1e-9)
        total += share
    out += (1 - total) / middle
    return np.asarray(1 / np.maximum(out, 1e-6), dtype=np.float32)


def _standing(here: NDArray[np.bool_], set_depth: Float | None) -> float | None:
    """How far the set is where a performer's feet meet it; None where the picture's edge cuts them off."""
    if set_depth is None:
        return None
    rows = np.flatnonzero(here.any(axis=1))
    lowest = int(rows[-1])
    if lowest >= here.shape[0] - 3:
        return None
    columns = np.flatnonzero(here[max(lowest - 2, 0) : lowest + 1].any(axis=0))
    under = set_depth[lowest + 1 : lowest + 4, columns[0] : columns[-1] + 1]
    found = under[np.isfinite(under)]
    return float(np.median(found)) if len(found) else None


def _rimmed(depth: Float, pixels: int = 2) -> Float:
    """A depth grown outward by a few pixels, so that a soft edge has a surface to lie on."""
    out = depth.copy()
    for _ in range(pixels):
        known = np.isfinite(out)
        total = cv2.boxFilter(np.where(known, out, 0).astype(np.float32), -1, (3, 3), normalize=False)
        count = cv2.boxFilter(known.astype(np.float32), -1, (3, 3), normalize=False)
        out = np.where(known, out, np.where(count > 0, total / np.maximum(count, 1), np.nan)).astype(np.float32)
    return out
