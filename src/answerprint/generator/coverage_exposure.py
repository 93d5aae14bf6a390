"""What exposure and colour each clip of a scene has against the others: gains of light, found where they show the same surface.

Cameras and takes differ by stop, filter and white balance; in scene-linear light each is a gain for each channel. Every pair of clips
that shows enough of the same surfaces gives a ratio; all ratios together give each clip's gain against the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.warp import warp
from answerprint.spatial.reproject import unprojected
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth

Float = NDArray[np.float32]
_ALIKE = 0.02
"""Gains within this of 1 are none: what glints and shines differs by as much from one side to the other."""
_SLACK = 0.02
_DARK, _BRIGHT = 0.01, 1.5
_ENOUGH = 400
"""Pixels that two pictures must share."""
_PAIRS = 3
"""Pairs of pictures that two clips are compared by, the nearest first."""


def gains(clips: Sequence[str], views: Sequence[View], depths: Sequence[Depth]) -> dict[str, list[float]]:
    """For each clip whose light differs, the gain (3) that takes it to the first clip's; clips alike are left out."""
    names = list(dict.fromkeys(clips))
    rows, values, says = [], [], []
    for one, other in combinations(range(len(names)), 2):
        for ratio, pixels in _ratios(_nearest(names[one], names[other], clips, views), views, depths):
            row = np.zeros(len(names))
            row[one], row[other] = -1, 1
            rows.append(row)
            values.append(ratio)
            says.append(np.sqrt(pixels))
    if not rows:
        return {}
    weight = np.array(says)[:, None]
    # The first clip is the measure: its logarithm is 0.
    solved, *_ = np.linalg.lstsq(np.array(rows)[:, 1:] * weight, np.array(values) * weight, rcond=None)
    found = {name: np.exp(-log) for name, log in zip(names[1:], solved, strict=True)}
    joined = {names[i] for row in rows for i in np.flatnonzero(row)}
    return {n: [round(float(v), 5) for v in g] for n, g in found.items() if n in joined and np.abs(g - 1).max() > _ALIKE}


def _nearest(one: str, other: str, clips: Sequence[str], views: Sequence[View]) -> list[tuple[int, int]]:
    """Pairs of pictures of two clips, those that look from nearest to each other first."""
    pairs = [(i, j) for i, a in enumerate(clips) for j, b in enumerate(clips) if a == one and b == other]
    return sorted(pairs, key=lambda p: float(np.linalg.norm(views[p[0]].camera.position - views[p[1]].camera.position)))[:_PAIRS]


def _ratios(
    pairs: Sequence[tuple[int, int]], views: Sequence[View], depths: Sequence[Depth]
) -> list[tuple[NDArray[np.float64], int]]:
    """The logarithm (3) of the second picture's light over the first's, and by how many pixels, for each pair that shares enough."""
    found = []
    for first, second in pairs:
        view, other, metres = views[first], views[second], depths[first].metres
        points = unprojected(view.camera, np.where(np.isfinite(metres), metres, 1.0))
        places = np.where(np.isfinite(metres)[..., None], other.camera.project(points), np.nan)
        their = np.where(np.isfinite(depths[second].metres), depths[second].metres, 0).astype(np.float32)
        weight = np.ones(their.shape, np.float32) if other.weight is None else other.weight
        fetched = warp(np.dstack([other.picture, weight]), places, "cubic", edge="black")
        there = warp(np.ascontiguousarray(their[..., None]), places, "nearest", edge="black")[..., 0]
        away = other.camera.depth(points)
        good = (fetched[..., 3] > 0.99) & (np.abs(there - away) < _SLACK * away) & (depths[first].sure > 0.3)
        if view.weight is not None:
            good &= view.weight > 0.5
        a, b = view.picture[good], fetched[..., :3][good]
        lit = ((a > _DARK) & (a < _BRIGHT) & (b > _DARK) & (b < _BRIGHT)).all(axis=1)
        if lit.sum() >= _ENOUGH:
            found.append((np.median(np.log(b[lit].astype(np.float64)) - np.log(a[lit].astype(np.float64)), axis=0), int(lit.sum())))
    return found
