"""A real room out of its laser scan: floor, ceiling and walls as planes, and what stands in it as plain blocks.

Level planes are the lowest and highest heights at which many points lie. Upright planes are found by drawing pairs of points and keeping
the line from above on which most lie (M. Fischler, R. Bolles, "Random sample consensus", Communications of the ACM 24(6), 1981), then
fitted by least squares; a wall is one with hardly a point behind it. Everything else becomes cubes of one size, joined into things.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.production import BadInput
from answerprint.simulation.pieces import Item, Material, Part

Real = NDArray[np.float64]

_NEAR = 0.015
"""Points within so many metres of a plane belong to it: several times a scanner's noise, less than a skirting board's depth."""
_LEVEL_SHARE, _WALL_SHARE = 0.02, 0.01
"""Smallest share of all points that makes a level plane, and an upright one."""
_BEHIND = 0.02
"""Share of all points that may lie behind a wall: what was seen through its doors and windows."""
_RECESS = 0.15
"""How far a window or a door may lie behind its wall, metres."""
_HUNG = 0.4
_CORNER = 0.5
"""Metres that a wall may end before its corner with another, hidden there by a curtain or a cupboard, and is still taken to go on to it."""
_SQUARE = 0.5
"""Sine of the angle between two walls from which they are taken to make a corner."""
_DRAWS = 600
_ENOUGH = 2000


@dataclass(frozen=True)
class Plane:
    """A flat surface: ``normal`` points into the room, ``offset`` is normal . p on it; ``rms`` metres of the points around it."""

    kind: str
    normal: tuple[float, float, float]
    offset: float
    rms: float
    points: int
    corners: tuple[tuple[float, float, float], ...]
    """Four, in order round the surface, metres."""

    def distance(self, xyz: NDArray[np.floating]) -> Real:
        """Metres in front of the plane, for points (..., 3)."""
        return np.asarray(np.asarray(xyz, dtype=np.float64) @ np.array(self.normal) - self.offset)


@dataclass(frozen=True)
class ScannedRoom:
    """What a scan was understood as: planes, and blocks (n, 3) whose middles are ``block`` metres apart, each with its thing's number."""

    planes: tuple[Plane, ...]
    blocks: Real
    means: Real
    """(n, 3) means of the points in each block: where in it the surface is"""
    things: NDArray[np.int64]
    colours: Real
    """(things, 3) linear Rec.709; grey where the scan has no colour."""
    block: float

    def items(self) -> tuple[tuple[Item, ...], dict[str, Material]]:
        """As things of a set with their materials."""
        materials = {
            "floor": Material(kind="paint", colour=(0.25, 0.22, 0.2)),
            "ceiling": Material(kind="paint", colour=(0.7, 0.7, 0.68)),
            "wall": Material(kind="paint", colour=(0.5, 0.49, 0.46)),
        }
        items = []
        for number, plane in enumerate(self.planes):
            faces = [[0, 1, 2, 3]]
            figures = {"vertices": plane.corners, "faces": faces}
            items.append(
                Item(name=f"scanned {plane.kind} {number + 1}", parts=(Part(shape="mesh", material=plane.kind, figures=figures),))
            )
        for number in range(len(self.colours)):
            own = self.things == number
            vertices, quads = _skin(self.blocks[own], self.means[own], self.block)
            name = f"scanned thing {number + 1}"
            r, g, b = (float(c) for c in self.colours[number])
            materials[name] = Material(kind="plastic", colour=(r, g, b), roughness=0.8)
            figures = {"vertices": vertices.round(4).tolist(), "faces": quads}
            items.append(Item(name=name, parts=(Part(shape="mesh", material=name, figures=figures),)))
        return tuple(items), materials


def understand(
    xyz: NDArray[np.floating], colours: NDArray[np.floating] | None = None, block: float = 0.08, seed: int = 1
) -> ScannedRoom:
    """The room in a scan: ``xyz`` (n, 3) metres on the stage with Z up, ``colours`` (n, 3) display values 0 to 1 if it has any.

    Raises BadInput for a scan of too few points and for one without a floor.
    """
    points = np.asarray(xyz, dtype=np.float64)
    if len(points) < _ENOUGH:
        raise BadInput("scan", f"has {len(points)} points", f"give at least {_ENOUGH}")
    planes = _levels(points)
    free = np.ones(len(points), dtype=bool)
    for plane in planes:
        free &= np.abs(plane.distance(points)) > 2 * _NEAR
    walls = _walls(points, free, np.random.default_rng(seed), planes)
    for plane in walls:
        free &= np.abs(plane.distance(points)) > 2 * _NEAR
    blocks, means, things, owner = _blocks(points[free], block)
    shades = np.full((int(things.max(initial=-1)) + 1, 3), 0.35)
    if colours is not None and len(shades):
        linear = np.clip(np.asarray(colours, dtype=np.float64)[free], 0, 1) ** 2.2
        shades = np.array([np.median(linear[owner == n], axis=0) for n in range(len(shades))])
    return ScannedRoom((*planes, *walls), blocks, means, things, np.clip(shades, 0.02, 0.9), block)


def _levels(points: Real) -> list[Plane]:
    """Floor and, where there is one, ceiling: the lowest and the highest height that holds enough points."""
    z = points[:, 2]
    counts, edges = np.histogram(z, bins=np.arange(z.min() - 0.02, z.max() + 0.04, 0.02))
    strong = np.flatnonzero(counts > _LEVEL_SHARE * len(points))
    if not len(strong):
        raise BadInput("scan", "has no level surface", "give a scan with its floor, Z up")
    found = []
    # The first strong bin may hold but the flank of the peak: the best of its neighbourhood is taken.
    low = strong[0] + int(np.argmax(counts[strong[0] : strong[0] + 3]))
    found.append(_level(points, "floor", (edges[low] + edges[low + 1]) / 2, 1.0))
    high = strong[-1] - int(np.argmax(counts[strong[-1] - 2 : strong[-1] + 1][::-1])) if strong[-1] >= 2 else strong[-1]
    if edges[high] - edges[low] > 1.8:
        found.append(_level(points, "ceiling", (edges[high] + edges[high + 1]) / 2, -1.0))
    return found


def _level(points: Real, kind: str, height: float, up: float) -> Plane:
    """A level plane near a height. It is taken as level, and of several close layers the outermost: a rug lies on the floor."""
    z = points[np.abs(points[:, 2] - height) < 3 * _NEAR, 2]
    counts, edges = np.histogram(z, bins=np.arange(height - 3 * _NEAR, height + 3 * _NEAR, 0.001))
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), 2.5)
    peaks = np.flatnonzero((smooth[1:-1] >= smooth[:-2]) & (smooth[1:-1] > smooth[2:]) & (smooth[1:-1] > 0.25 * smooth.max())) + 1
    peak = int((peaks[0] if up > 0 else peaks[-1]) if len(peaks) else np.argmax(smooth))
    near = z[np.abs(z - edges[peak] - 0.0005) < 0.006]
    height = float(np.median(near))
    low, high = np.percentile(points[:, :2], [0.05, 99.95], axis=0)
    ring = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    corners = tuple((float(x), float(y), height) for x, y in ring)
    rms = float(np.sqrt(np.mean((near - height) ** 2)))
    return Plane(kind, (0.0, 0.0, up), up * height, rms, len(near), corners if up > 0 else corners[::-1])


def _walls(points: Real, free: NDArray[np.bool_], draw: np.random.Generator, levels: list[Plane]) -> list[Plane]:
    """Upright planes with hardly a point behind them, the largest first."""
    inside = np.median(points[:, :2], axis=0)
    bottom = levels[0].offset
    top = -levels[1].offset if len(levels) > 1 else float(np.percentile(points[:, 2], 99.5))
    rest = points[free & (points[:, 2] > bottom + 0.1) & (points[:, 2] < top - 0.05)]
    found: list[Plane] = []
    for _ in range(24):
        if len(rest) < _WALL_SHARE * len(points):
            break
        normal2, offset = _best_line(rest[:, :2], draw)
        near = np.abs(rest[:, :2] @ normal2 - offset) < _NEAR
        if near.sum() < _WALL_SHARE * len(points):
            break
        belongs, rest = rest[near], rest[~near]
        if normal2 @ inside < offset:
            normal2 = -normal2
        normal, at, rms = _fitted(belongs, np.array([*normal2, 0.0]))
        behind = (points @ normal - at < -_RECESS).mean()
        # A curtain hangs before its wall, and is none.
        hung = any(np.dot(normal, wall.normal) > 0.98 and abs(at - wall.offset) < _HUNG for wall in found)
        if behind < _BEHIND and not hung and np.ptp(belongs[:, 2]) > 0.6 * (top - bottom):
            found.append(_wall(belongs, normal, at, rms, bottom, top))
    return [_up_to_corners(wall, found) for wall in found]


def _best_line(flat: Real, draw: np.random.Generator) -> tuple[Real, float]:
    """Normal (2) and offset of the line on which most points (n, 2) lie, of many drawn through two of them."""
    few = flat[draw.choice(len(flat), min(len(flat), 4000), replace=False)]
    a, b = few[draw.integers(len(few), size=_DRAWS)], few[draw.integers(len(few), size=_DRAWS)]
    way = b - a
    length = np.linalg.norm(way, axis=1)
    kept = length > 0.4
    normals = np.stack([-way[kept, 1], way[kept, 0]], axis=1) / length[kept, None]
    offsets = (normals * a[kept]).sum(axis=1)
    votes = (np.abs(few @ normals.T - offsets) < _NEAR).sum(axis=0)
    best = int(np.argmax(votes))
    return normals[best], float(offsets[best])


def _fitted(points: Real, towards: Real) -> tuple[Real, float, float]:
    """The plane of least squares through points (n, 3): normal on the side of ``towards``, offset, root mean square distance.

    A rug or a picture's edge lies within reach of the plane and not on it: what stands out from the rest is left out and it is fitted again.
    """
    kept = points[:: max(1, len(points) // 20000)]
    for _ in range(6):
        middle = kept.mean(axis=0)
        normal = np.linalg.svd(kept - middle, full_matrices=False)[2][2]
        normal = normal if normal @ towards > 0 else -normal
        apart = (kept - middle) @ normal
        usual = 1.4826 * float(np.median(np.abs(apart - np.median(apart))))
        inside = np.abs(apart - np.median(apart)) < 2.5 * max(usual, 5e-4)
        if inside.all() or inside.sum() < 50:
            break
        kept = kept[inside]
    return normal, float(normal @ middle), float(np.sqrt(np.mean(apart**2)))


def _wall(points: Real, normal: Real, offset: float, rms: float, bottom: float, top: float) -> Plane:
    along = np.array([-normal[1], normal[0], 0.0])
    along /= np.linalg.norm(along)
    start, end = np.percentile(points @ along, [0.2, 99.8])
    foot = normal * offset
    ends = [foot + along * (s - foot @ along) for s in (start, end)]
    flat = [(float(p[0]), float(p[1])) for p in ends]
    corners = ((*flat[0], bottom), (*flat[0], top), (*flat[1], top), (*flat[1], bottom))
    return Plane("wall", _triple(normal), offset, rms, len(points), corners)


def _up_to_corners(wall: Plane, walls: list[Plane]) -> Plane:
    """The wall with each end where it meets another wall, if that is near: no scanner sees into the very corner."""
    foot, top, high, low = (np.array(corner) for corner in wall.corners)
    ends = [foot, low]
    for number, end in enumerate(ends):
        meets = []
        for other in walls:
            across = np.array([wall.normal[:2], other.normal[:2]])
            if abs(np.linalg.det(across)) > _SQUARE:
                meets.append(np.array([*np.linalg.solve(across, [wall.offset, other.offset]), end[2]]))
        nearest = min(meets, key=lambda p, end=end: float(np.linalg.norm(p - end)), default=None)  # type: ignore[misc]
        if nearest is not None and np.linalg.norm(nearest - end) < _CORNER:
            ends[number] = nearest
    rise = top[2] - foot[2]
    (x0, y0, z0), (x1, y1, z1) = (_triple(end) for end in ends)
    return replace(wall, corners=((x0, y0, z0), (x0, y0, z0 + rise), (x1, y1, z1 + high[2] - low[2]), (x1, y1, z1)))


def _blocks(points: Real, size: float) -> tuple[Real, Real, NDArray[np.int64], NDArray[np.int64]]:
    """Middles of the filled cubes, means of their points, the thing each is of (one touching cluster, largest first), and each point's thing."""
    if not len(points):
        return np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = points.min(axis=0)
    cell = np.floor((points - low) / size).astype(np.int64)
    shape = tuple(cell.max(axis=0) + 1)
    counts = np.zeros(shape, dtype=np.int64)
    sums = np.zeros((*shape, 3))
    np.add.at(counts, tuple(cell.T), 1)
    np.add.at(sums, tuple(cell.T), points)
    labels, count = ndimage.label(counts >= 2, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    # A thing of fewer than four cubes is a stray return.
    kept = [n for n in np.argsort(-sizes[1:], kind="stable") + 1 if sizes[n] >= 4]
    renamed = np.full(count + 1, -1, dtype=np.int64)
    renamed[kept] = np.arange(len(kept))
    named = renamed[labels]
    filled = np.argwhere(named >= 0)
    chosen = tuple(filled.T)
    return low + (filled + 0.5) * size, sums[chosen] / counts[chosen][:, None], named[chosen], named[tuple(cell.T)]


def _skin(middles: Real, means: Real, size: float) -> tuple[Real, list[list[int]]]:
    """The outside of cubes as quads: vertices (n, 3) and their numbers.

    Each cube shrinks to half its size about its points' mean, and where cubes touch their corners meet halfway: so a table ends where its
    points do, and not at the end of a cube (the idea of S. Gibson, "Constrained elastic surface nets", MICCAI 1998).
    """
    cells = np.round(middles / size - middles[0] / size).astype(int)
    filled = set(map(tuple, cells.tolist()))
    met: dict[tuple[int, ...], list[Real]] = {}
    for cell, mean in zip(cells, means, strict=True):
        for corner in _CORNERS:
            met.setdefault(tuple((cell + corner).tolist()), []).append(mean + (corner - 0.5) * _THICK * size)
    places: dict[tuple[int, ...], int] = {}
    quads = []
    for cell in sorted(filled):
        for side in _SIDES:
            if tuple(np.add(cell, side[0]).tolist()) not in filled:
                quads.append([places.setdefault(tuple(np.add(cell, corner).tolist()), len(places)) for corner in side[1]])
    return np.array([np.mean(met[place], axis=0) for place in places]), quads


_THICK = 0.5
"""Thickness of a lone cube's thing, as a share of the cube: a table's top is not as thick as the blocks it is told by."""
_CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
_SIDES: tuple[tuple[tuple[int, int, int], tuple[tuple[int, int, int], ...]], ...] = (
    ((-1, 0, 0), ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0))),
    ((1, 0, 0), ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1))),
    ((0, -1, 0), ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1))),
    ((0, 1, 0), ((0, 1, 0), (0, 1, 1), (1, 1, 1), (1, 1, 0))),
    ((0, 0, -1), ((0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0))),
    ((0, 0, 1), ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1))),
)


def _triple(v: Any) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in v)
    return x, y, z
