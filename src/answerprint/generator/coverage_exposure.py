"""What exposure, colour and falloff the pictures of a scene have against one another, found where they show the same surface.

Cameras and takes differ by stop, filter and white balance: in scene-linear light each is a gain for each channel. A lens darkens towards
the corners, by a power of the cosine of the field angle: a surface in the middle of one picture and at the edge of another tells
the power. Both are solved from all pairs of pictures that show enough of the same surfaces, and are taken out before pictures are mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp
from answerprint.spatial.reproject import unprojected
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth

Float = NDArray[np.float32]
Real = NDArray[np.float64]
_ALIKE = 0.02
"""Gains within this of 1 are none: what glints and shines differs by as much from one side to the other."""
_SLACK = 0.02
_DARK, _BRIGHT = 0.01, 1.5
_ENOUGH = 400
"""Pixels that two pictures must share."""
_PAIRS, _FAR_PAIRS = 3, 24
"""Pairs of pictures that two clips are compared by, the nearest first; and pairs in all, spread over the scene, for the falloff."""
_BINS = 8
_LEAST_POWER, _MOST_POWER = 0.7, 6.0
"""The cosine's power: 4 is natural, most lenses for large sensors have less; a small one is not told from light that turns."""
_LEAST_BASE = 0.01
"""Deviation of the logarithm of 1 + tan² between pictures, below which they do not tell a falloff."""


@dataclass(frozen=True)
class SceneLight:
    """What takes each picture's light to that of the scene: gains (3) by clip, and the falloff's cosine power."""

    gains: dict[str, list[float]] = field(default_factory=dict)
    power: float = 0.0

    def of(self, picture: Float, camera: Camera, clip: str) -> Float:
        """A picture (h, w, 3) by ``camera`` as the scene's light, without falloff."""
        if not self.power and clip not in self.gains:
            return picture
        light = picture * np.asarray(self.gains.get(clip, (1, 1, 1)), np.float32)
        return np.asarray(light / self._falloff(camera) if self.power else light, dtype=np.float32)

    def seen(self, picture: Float, camera: Camera) -> Float:
        """The scene's light as ``camera`` records it, corners darker."""
        return np.asarray(picture * self._falloff(camera), dtype=np.float32) if self.power else picture

    def _falloff(self, camera: Camera) -> Float:
        return np.exp(-0.5 * self.power * field_angle(camera))[..., None].astype(np.float32)


def field_angle(camera: Camera) -> Real:
    """(h, w) logarithm of 1 + tan² of the angle off the axis: falloff by a cosine's power p is exp(-p / 2) of it."""
    _, rays = camera.rays(grid(camera.width, camera.height))
    return np.asarray(-2 * np.log(np.clip(rays @ camera.world_to_camera[2], 1e-3, 1)))


def scene_light(clips: Sequence[str], views: Sequence[View], depths: Sequence[Depth]) -> SceneLight:
    """Gains and falloff of pictures, the first clip's exposure and colour being the scene's. Clips that differ by no more than glints do have none."""
    names = list(dict.fromkeys(clips))
    rows, values, says = [], [], []
    for one, other in _pairs(clips, views):
        for ratio, angle, pixels in _shared(views[one], depths[one], views[other], depths[other]):
            row = np.zeros(len(names) + 1)
            row[names.index(clips[one])] -= 1
            row[names.index(clips[other])] += 1
            row[-1] = -0.5 * angle
            rows.append(row)
            values.append(ratio)
            says.append(np.sqrt(pixels))
    if not rows:
        return SceneLight()
    known, weight = np.array(rows), np.array(says)[:, None]
    power = _power(known, np.array(values), weight)
    left = np.array(values) - (known[:, -1] * power)[:, None]
    # The first clip is the measure: its logarithm is 0.
    solved, *_ = np.linalg.lstsq(known[:, 1:-1] * weight, left * weight, rcond=None)
    found = {name: np.exp(-log) for name, log in zip(names[1:], solved, strict=True) if np.abs(np.exp(-log) - 1).max() > _ALIKE}
    return SceneLight({name: [round(float(v), 5) for v in gain] for name, gain in found.items()}, round(power, 4))


def _power(rows: Real, values: Real, weight: Real) -> float:
    """The falloff's power; 0 where the pictures do not tell one."""
    if float(np.average(rows[:, -1] ** 2, weights=weight[:, 0] ** 2)) ** 0.5 < _LEAST_BASE:
        return 0.0
    solved, *_ = np.linalg.lstsq(rows[:, 1:] * weight, values * weight, rcond=None)
    power = float(np.clip(solved[-1].mean(), 0, _MOST_POWER))
    return power if power >= _LEAST_POWER else 0.0


def _pairs(clips: Sequence[str], views: Sequence[View]) -> list[tuple[int, int]]:
    """Pairs of pictures: of each two clips those that look from nearest to each other; and some of the rest, spread over all."""
    every = list(combinations(range(len(views)), 2))
    apart = {p: float(np.linalg.norm(views[p[0]].camera.position - views[p[1]].camera.position)) for p in every}
    chosen: dict[tuple[int, int], None] = {}
    for one, other in combinations(list(dict.fromkeys(clips)), 2):
        between = [p for p in every if {clips[p[0]], clips[p[1]]} == {one, other}]
        chosen |= dict.fromkeys(sorted(between, key=lambda p: apart[p])[:_PAIRS])
        if len(chosen) > 4 * _FAR_PAIRS:
            break
    rest = [p for p in every if p not in chosen]
    return [*chosen, *rest[:: max(1, len(rest) // _FAR_PAIRS)]]


def _shared(view: View, depth: Depth, other: View, its: Depth) -> list[tuple[Real, float, int]]:
    """By how much (3) the other's light is more, as a logarithm, with how much farther off the axis, and by how many pixels.

    Medians over pixels of like difference in field angle; none where the two share too little.
    """
    metres = depth.metres
    known = np.isfinite(metres)
    points = unprojected(view.camera, np.where(known, metres, 1.0))
    places = np.where(known[..., None], other.camera.project(points), np.nan)
    weight = np.ones(its.metres.shape, np.float32) if other.weight is None else other.weight
    fetched = warp(np.dstack([other.picture, weight]), places, "cubic", edge="black")
    planes = np.dstack([np.where(np.isfinite(its.metres), its.metres, 0), field_angle(other.camera)]).astype(np.float32)
    there = warp(planes, places, "nearest", edge="black")
    away = other.camera.depth(points)
    good = (fetched[..., 3] > 0.99) & (np.abs(there[..., 0] - away) < _SLACK * away) & (depth.sure > 0.3)
    if view.weight is not None:
        good &= view.weight > 0.5
    a, b = view.picture[good].astype(np.float64), fetched[..., :3][good].astype(np.float64)
    angle = (there[..., 1] - field_angle(view.camera))[good]
    lit = ((a > _DARK) & (a < _BRIGHT) & (b > _DARK) & (b < _BRIGHT)).all(axis=1)
    if lit.sum() < _ENOUGH:
        return []
    ratio, angle = np.log(b[lit] / a[lit]), angle[lit]
    parts = np.array_split(np.argsort(angle, kind="stable"), _BINS)
    return [(np.median(ratio[part], axis=0), float(np.median(angle[part])), len(part)) for part in parts]
