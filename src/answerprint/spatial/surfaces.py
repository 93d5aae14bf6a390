"""Colours of the same surfaces as different calibrated cameras saw them: what shot matching is fitted on.

A level world grid is swept through the heights of the set. At each height every camera's plate is laid flat onto the
grid, so that cameras facing each other see the same drawing of floor, platform or table top; where the patterns of two
plates agree, both see one surface. A height at which several pairs of cameras agree is a plane of the set, and on it
the plain patches near agreeing ones are taken as well, for they carry the cleanest colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.camera import Camera
from answerprint.production import BadInput

Real = NDArray[np.float64]
Plate = NDArray[np.float32]
Mask = NDArray[np.bool_]
Grid = tuple[Real, Real]
Pair = tuple[str, str]

_LUMA = np.array([0.27222872, 0.67408177, 0.05368952], dtype=np.float32)
"""Luminance of ACEScg (AP1 primaries, ACES white)."""
_DARK = 0.004
"""Linear light added before taking stops, so that sensor noise in the shadows is not read as pattern."""


class Sweep(BaseModel):
    """How finely and where shared surfaces are looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spacing: float = Field(default=0.02, gt=0, description="distance between grid points, metres")
    compared: float = Field(default=0.21, gt=0, description="side of the patch whose pattern is compared, metres")
    averaged: float = Field(default=0.10, gt=0, description="side of the patch at its centre whose colour is taken, metres")
    stride: float = Field(default=0.06, gt=0, description="distance between patches that are reported, metres")
    height_from: float = Field(default=-0.6, description="lowest height searched, metres")
    height_to: float = Field(default=0.9, description="highest height searched, metres")
    height_step: float = Field(default=0.02, gt=0, description="between heights, metres")
    slack: float = Field(default=0.10, ge=0, description="how far two calibrations may disagree about a place, metres")
    extent: tuple[float, float, float, float] | None = Field(
        default=None, description="x0, y0, x1, y1 of the grid in metres; None: where at least two cameras look"
    )
    pattern_stops: float = Field(default=0.10, description="a patch has pattern above this standard deviation, stops")
    plain_stops: float = Field(default=0.20, description="a patch is plain below this standard deviation, stops")
    agreement: float = Field(default=0.75, description="lowest correlation of two views of one patterned patch")
    support: float = Field(default=0.10, gt=0, description="area in square metres that must agree for a pair to speak for a plane")
    pairs: int = Field(default=3, ge=1, description="pairs of cameras that must speak for a plane, or all there are if fewer")
    reach: float = Field(default=0.3, description="how far from an agreeing patch a plain one may lie, metres")


@dataclass(frozen=True)
class SharedPatches:
    """What two cameras both saw: n patches, in the grid's order."""

    positions: Real
    """(n, 3) metres."""
    first: Real
    """(n, 3) mean ACEScg in the first camera."""
    second: Real
    """(n, 3) mean ACEScg of the same patches in the second."""
    agreement: Real
    """(n,) correlation of the patterns, or 0 for plain patches."""
    incidence: Real
    """(n, 2) cosine of the angle between the surface's normal and the direction to each camera."""

    def __len__(self) -> int:
        return len(self.positions)

    def where(self, keep: Mask) -> SharedPatches:
        """Some of the patches."""
        return SharedPatches(self.positions[keep], self.first[keep], self.second[keep], self.agreement[keep], self.incidence[keep])

    def turned(self) -> SharedPatches:
        """The same patches with the second camera first."""
        return SharedPatches(self.positions, self.second, self.first, self.agreement, self.incidence[:, ::-1])

    def comparable(self, incidence: float = 0.06, chroma_stops: float = 0.5, light_stops: float = 0.7) -> SharedPatches:
        """The patches whose colours may be compared: seen at like angles, and not of two different materials.

        Paint, vinyl and varnish shine more the flatter one looks along them, so a floor is brighter at its far end for
        either camera; where both look equally steeply the shine is alike (cosines within ``incidence``). A pair whose
        chroma or light lies far from what is usual between these two cameras (median of all pairs) is an occlusion or
        a reflection. No fitted grade enters, so patches kept this way may test one.
        """
        alike = self.where(np.abs(self.incidence[:, 0] - self.incidence[:, 1]) <= incidence)
        if not len(alike):
            return alike
        stops = np.log2(np.maximum(alike.second, 1e-4)) - np.log2(np.maximum(alike.first, 1e-4))
        chroma = stops[:, [0, 2]] - stops[:, [1]]
        light = np.log2(alike.second @ _LUMA) - np.log2(alike.first @ _LUMA)
        usual = np.abs(chroma - np.median(chroma, axis=0)).max(axis=1) <= chroma_stops
        return alike.where(usual & (np.abs(light - np.median(light)) <= light_stops))


@dataclass(frozen=True)
class Correspondences:
    """Shared patches of every pair of cameras, and the heights in metres they were found at, best supported first."""

    pairs: dict[Pair, SharedPatches]
    planes: tuple[float, ...]

    def pair(self, first: str, second: str) -> SharedPatches:
        """Patches that ``first`` and ``second`` share, in that order; empty when there are none."""
        if (first, second) in self.pairs:
            return self.pairs[first, second]
        if (second, first) in self.pairs:
            return self.pairs[second, first].turned()
        empty = np.zeros((0, 3))
        return SharedPatches(empty, empty, empty, np.zeros(0), np.zeros((0, 2)))


def shared_surfaces(
    cameras: Mapping[str, Camera], plates: Mapping[str, Plate], masks: Mapping[str, Mask] | None = None, sweep: Sweep | None = None
) -> Correspondences:
    """Patches that pairs of simultaneous calibrated cameras both see.

    ``plates`` are scene-linear ACEScg (h, w, 3), best the median over a take of a static set; ``masks`` are true where
    the plate may be used (no actor, nothing that moved). Raises BadInput for a plate whose size is not its camera's,
    and for fewer than two cameras.
    """
    if len(cameras) < 2:
        raise BadInput("shared surfaces", f"{len(cameras)} camera given", "give at least two calibrated cameras of one moment")
    for name, camera in cameras.items():
        if plates[name].shape[:2] != (camera.height, camera.width):
            raise BadInput(
                f"camera {name}",
                f"is calibrated for {camera.width}x{camera.height}, its plate is {plates[name].shape[1]}x{plates[name].shape[0]}",
                "scale the calibration to the plate first",
            )
    plan = sweep or Sweep()
    views = [_View(cameras[name], name, plates[name], None if masks is None else masks.get(name)) for name in cameras]
    grid = _grid(plan, cameras)
    votes = _votes(views, grid, plan)
    planes = _planes(votes, plan)
    pairs = {pair: _collected(pair, planes, votes, views, grid, plan) for pair in votes}
    return Correspondences({key: found for key, found in pairs.items() if len(found)}, tuple(planes))


class _View:
    """One camera's plate, ready to be laid onto a level plane."""

    def __init__(self, camera: Camera, name: str, plate: Plate, mask: Mask | None) -> None:
        self.name, self.camera = name, camera
        usable: Mask = np.asarray(np.isfinite(plate).all(axis=2), dtype=bool)
        if mask is not None:
            usable = usable & mask
        # A grid point covers several pixels: average them first, or the pattern is noise.
        light = np.where(usable[..., None], plate, 0).astype(np.float32)
        weight = cv2.boxFilter(usable.astype(np.float32), -1, (5, 5))
        blurred = cv2.boxFilter(light, -1, (5, 5)) / np.maximum(weight, 1e-6)[..., None]
        self._layers = np.dstack([blurred, np.where(weight > 0.99, np.float32(1), np.float32(0))])

    def laid(self, grid: Grid, height: float) -> tuple[Plate, Mask]:
        """ACEScg (rows, columns, 3) of the level plane at ``height``, and where it is known."""
        x, y = grid
        pixels = self.camera.project(np.stack([x, y, np.full_like(x, height)], axis=-1))
        pixels = np.nan_to_num(pixels, nan=-1e4).clip(-1e4, 1e5).astype(np.float32)
        layers = cv2.remap(
            self._layers, pixels[..., 0], pixels[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        return layers[..., :3], layers[..., 3] > 0.999


def _grid(plan: Sweep, cameras: Mapping[str, Camera]) -> Grid:
    x0, y0, x1, y1 = plan.extent or _seen_by_two(plan, cameras)
    x, y = np.meshgrid(np.arange(x0, x1, plan.spacing), np.arange(y0, y1, plan.spacing))
    return x, y


def _seen_by_two(plan: Sweep, cameras: Mapping[str, Camera]) -> tuple[float, float, float, float]:
    """The rectangle of the level plane at half height that at least two cameras have in the picture."""
    places = np.array([camera.position[:2] for camera in cameras.values()])
    low, high = np.min(places, axis=0) - 6, np.max(places, axis=0) + 6
    x, y = np.meshgrid(np.arange(low[0], high[0], 0.1), np.arange(low[1], high[1], 0.1))
    middle = np.stack([x, y, np.full_like(x, (plan.height_from + plan.height_to) / 2)], axis=-1)
    count = np.zeros(x.shape, dtype=np.int64)
    for camera in cameras.values():
        count += camera.inside(camera.project(middle))
    rows, columns = np.nonzero(count >= 2)
    if not len(rows):
        raise BadInput("shared surfaces", "no two cameras look at the same place", "check the calibration's units and axes")
    return float(x[0, columns.min()]), float(y[rows.min(), 0]), float(x[0, columns.max()]), float(y[rows.max(), 0])


def _heights(plan: Sweep) -> list[float]:
    count = round((plan.height_to - plan.height_from) / plan.height_step) + 1
    return [round(plan.height_from + i * plan.height_step, 6) for i in range(count)]


def _side(metres: float, plan: Sweep) -> tuple[int, int]:
    side = max(3, round(metres / plan.spacing) | 1)
    return side, side


@dataclass
class _Laid:
    """One view of one plane: its light, its pattern in stops, and the pattern's mean and spread over a patch."""

    light: Plate
    stops: Plate
    mean: Plate
    spread: Plate
    known: Mask


def _laid(view: _View, grid: Grid, height: float, plan: Sweep) -> _Laid:
    light, known = view.laid(grid, height)
    stops = np.log2(np.maximum(light @ _LUMA, 0) + np.float32(_DARK)).astype(np.float32)
    window = _side(plan.compared, plan)
    mean = cv2.boxFilter(stops, -1, window)
    spread = np.sqrt(np.maximum(cv2.boxFilter(stops * stops, -1, window) - mean * mean, 0))
    whole = cv2.boxFilter(known.astype(np.float32), -1, window) > 0.999
    return _Laid(light, stops, mean, spread, np.asarray(whole))


def _agreement(one: _Laid, other: _Laid, plan: Sweep) -> Plate:
    """Normalised cross-correlation of the patches; -1 where either is unknown or has no pattern."""
    product = cv2.boxFilter(one.stops * other.stops, -1, _side(plan.compared, plan)) - one.mean * other.mean
    patterned = one.known & other.known & (np.minimum(one.spread, other.spread) > plan.pattern_stops)
    return np.where(patterned, product / np.maximum(one.spread * other.spread, 1e-9), np.float32(-1)).astype(np.float32)


def _votes(views: list[_View], grid: Grid, plan: Sweep) -> dict[Pair, NDArray[np.int8]]:
    """For each pair (heights, rows, columns): agreement in hundredths, 0 below the threshold."""
    heights = _heights(plan)
    votes = {(a.name, b.name): np.zeros((len(heights), *grid[0].shape), np.int8) for a, b in combinations(views, 2)}
    for level, height in enumerate(heights):
        laid = {view.name: _laid(view, grid, height, plan) for view in views}
        for (a, b), vote in votes.items():
            score = _agreement(laid[a], laid[b], plan)
            vote[level] = np.where(score >= plan.agreement, np.rint(score * 100), 0).astype(np.int8)
    return votes


def _planes(votes: Mapping[Pair, NDArray[np.int8]], plan: Sweep) -> dict[float, dict[Pair, int]]:
    """Heights that several pairs agree on, best supported first; for each pair the level it puts that plane at.

    A long edge agrees with itself at many wrong heights, but at a different one for each pair of cameras.
    """
    heights = np.array(_heights(plan))
    area = {pair: (vote > 0).sum(axis=(1, 2)) * plan.spacing**2 for pair, vote in votes.items()}

    def speakers(height: float) -> dict[Pair, int]:
        """The level within the slack of a height where each pair agrees most, if on enough."""
        near = np.nonzero(np.abs(heights - height) <= plan.slack + 1e-9)[0]
        best = {pair: int(near[np.argmax(sizes[near])]) for pair, sizes in area.items()}
        return {pair: level for pair, level in best.items() if area[pair][level] >= plan.support}

    needed = min(plan.pairs, len(votes))
    found = {height: speakers(height) for height in heights}
    strength = {height: sum(min(float(area[pair][at]), 1.0) for pair, at in own.items()) for height, own in found.items()}
    chosen: dict[float, dict[Pair, int]] = {}
    for height in sorted((h for h in heights if len(found[h]) >= needed), key=lambda h: (-strength[h], abs(h))):
        weight = [float(area[pair][at]) for pair, at in found[height].items()]
        middle = float(np.average([heights[at] for at in found[height].values()], weights=weight))
        own = speakers(middle)
        if len(own) < needed or any(abs(middle - other) <= 1.5 * plan.slack for other in chosen):
            continue
        # A pair with hardly any agreement has no say of its own: it looks where the others found the plane.
        common = int(np.argmin(np.abs(heights - middle)))
        chosen[round(middle, 3)] = {pair: own.get(pair, common) for pair in votes}
    return chosen


def _shifted(grid: Grid, shift: tuple[float, float]) -> Grid:
    return grid[0] + shift[0], grid[1] + shift[1]


@dataclass
class _Seen:
    """A plane as one pair sees it, the second view moved to where its pattern agrees best with the first."""

    height: float
    first: _Laid
    second: _Laid
    agreement: Plate
    """0 where the patterns do not agree."""


def _seen(one: _View, other: _View, grid: Grid, around: float, plan: Sweep) -> _Seen:
    """The plane near a height, with the small disagreement of the two calibrations taken out.

    Centimetres between calibrations are usual; only a height and a shift within the slack are tried, and the one is
    kept that makes the largest area agree.
    """
    reach = round(plan.slack / plan.spacing)
    steps = [plan.spacing * i for i in range(-reach, reach + 1)]
    heights = [around + plan.height_step * i for i in (-2, 0, 2)]
    best: tuple[int, float, float, float] = (-1, 0.0, 0.0, around)
    for height in heights:
        first, wide = _laid(one, grid, height, plan), _laid(other, grid, height, plan)
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                area = int((_agreement(first, _rolled(wide, dx, dy), plan) >= plan.agreement).sum())
                nearness = -abs(dx) - abs(dy)
                if (area, nearness) > (best[0], -abs(round(best[1] / plan.spacing)) - abs(round(best[2] / plan.spacing))):
                    best = (area, steps[dx + reach], steps[dy + reach], height)
    first = _laid(one, grid, best[3], plan)
    second = _laid(other, _shifted(grid, (best[1], best[2])), best[3], plan)
    score = _agreement(first, second, plan)
    return _Seen(best[3], first, second, np.where(score >= plan.agreement, score, np.float32(0)))


def _rolled(laid: _Laid, columns: int, rows: int) -> _Laid:
    """What the view shows ``columns`` and ``rows`` of the grid further on; unknown where that is off the grid."""
    turn = np.array([[1, 0, -columns], [0, 1, -rows]], np.float32)
    size = laid.stops.shape[::-1]
    moved = [cv2.warpAffine(plane, turn, size, flags=cv2.INTER_NEAREST) for plane in (laid.stops, laid.mean, laid.spread)]
    known = cv2.warpAffine(laid.known.astype(np.uint8), turn, size, flags=cv2.INTER_NEAREST) > 0
    return _Laid(laid.light, moved[0], moved[1], moved[2], np.asarray(known))


def _collected(
    pair: Pair,
    planes: dict[float, dict[Pair, int]],
    votes: Mapping[Pair, NDArray[np.int8]],
    views: list[_View],
    grid: Grid,
    plan: Sweep,
) -> SharedPatches:
    """The pair's patches on the coarser grid, each at the plane that speaks best for it."""
    one, other = (next(view for view in views if view.name == name) for name in pair)
    step = max(1, round(plan.stride / plan.spacing))
    cut = (slice(step // 2, None, step), slice(step // 2, None, step))
    shape = grid[0][cut].shape
    best, height_of, lights = np.zeros(shape), np.zeros(shape), np.zeros((*shape, 6))
    patterned = np.zeros(shape)
    for plane, levels in planes.items():
        seen = _seen(one, other, grid, _heights(plan)[levels[pair]], plan)
        a, b = seen.first, seen.second
        everyone = np.max([votes[p][level] > 0 for p, level in levels.items()], axis=0).astype(np.float32)
        around = cv2.boxFilter(everyone, -1, _side(2 * plan.reach, plan))
        plain = a.known & b.known & (np.maximum(a.spread, b.spread) < plan.plain_stops) & (around > 0.02)
        score = np.where(seen.agreement > 0, 1 + seen.agreement, np.where(plain, np.minimum(around, 1.0), 0))[cut]
        means = np.concatenate([cv2.boxFilter(laid.light, -1, _side(plan.averaged, plan))[cut] for laid in (a, b)], axis=2)
        better = (score > best) & (means > 0).all(axis=2)
        best[better], height_of[better], patterned[better] = score[better], plane, seen.agreement[cut][better]
        lights[better] = means[better]
    chosen = best > 0
    positions = np.stack([grid[0][cut][chosen], grid[1][cut][chosen], height_of[chosen]], axis=1)
    first, second = lights[chosen][:, :3], lights[chosen][:, 3:]
    steepness = np.stack([_steepness(view.camera, positions) for view in (one, other)], axis=1)
    return SharedPatches(positions, first, second, patterned[chosen], steepness)


def _steepness(camera: Camera, positions: Real) -> Real:
    """Cosine of the angle between up and the direction from each position to the camera."""
    towards = camera.position - positions
    return np.asarray(towards[:, 2] / np.linalg.norm(towards, axis=1))


def static_plate(frames: Iterable[Plate], tolerance_stops: float = 0.35, share: float = 0.7) -> tuple[Plate, Mask]:
    """The median of a take's frames (ACEScg, all one size) and where it is the set, not somebody standing there.

    A pixel is steady where at least ``share`` of the frames, averaged over 9x9 pixels so that coding noise does not
    count, lie within ``tolerance_stops`` of the median. A dozen frames spread over the take are enough.
    """
    stack = np.stack([np.asarray(frame, dtype=np.float16) for frame in frames])
    rows = 64  # the float copy of a band at a time, not of the take
    median = np.concatenate(
        [np.median(stack[:, top : top + rows].astype(np.float32), axis=0) for top in range(0, stack.shape[1], rows)]
    ).astype(np.float32)
    rest = _stops_of(cv2.boxFilter(median, -1, (9, 9)))
    steady = np.zeros(median.shape[:2], dtype=np.int32)
    for frame in stack:
        moved = np.abs(_stops_of(cv2.boxFilter(frame.astype(np.float32), -1, (9, 9))) - rest).max(axis=2)
        steady += moved < tolerance_stops
    return median, steady >= share * len(stack)


def _stops_of(light: Plate) -> Plate:
    return np.asarray(np.log2(np.maximum(light, 0) + np.float32(0.01)), dtype=np.float32)
