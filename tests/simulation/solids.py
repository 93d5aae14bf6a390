"""Places as convex solids: how deep one thing goes into another, and what stands on what.

Every part of an item is cut into convex pieces as the renderer draws it: a turned thing into its rings, a bar into its lengths. How deep two
pieces are in each other is the shortest way that parts them, along the normals of their faces and, for boxes, across their edges.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from answerprint.simulation.pieces import Item, Part

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """A convex solid on the stage, metres: corners (n, 3), and its faces' outward unit normals (m, 3) with their distances (m,)."""

    item: str
    part: int
    material: str
    corners: Real
    normals: Real
    reach: Real

    @property
    def low(self) -> Real:
        return np.asarray(self.corners.min(axis=0))

    @property
    def high(self) -> Real:
        return np.asarray(self.corners.max(axis=0))

    def depth_of(self, points: Real) -> Real:
        """How deep points (n, 3) are inside, metres; what is outside has less than 0."""
        return np.asarray((self.reach - points @ self.normals.T).min(axis=1))


@dataclass(frozen=True)
class Contact:
    """Two pieces of two items and how deep they are in each other, metres."""

    one: Piece
    other: Piece
    depth: float


def pieces(item: Item) -> list[Piece]:
    """The convex pieces of an item where it stands; ground and leaves are no solids and have none."""
    found = []
    turn = _about(item.turn[2])
    for number, part in enumerate(item.parts):
        for corners in _cut(part):
            corners = corners @ turn.T + item.at
            hull = ConvexHull(corners, qhull_options="QJ Pp") if len(corners) > 8 else ConvexHull(corners)
            planes = np.unique(hull.equations.round(9), axis=0)
            found.append(Piece(item.name, number, part.material, corners[hull.vertices], planes[:, :3], -planes[:, 3]))
    return found


def leaves(item: Item) -> Real:
    """Corners (n, 3) of an item's leaves where they grow; none of most things."""
    grown = [np.asarray(_shapes().of(_ordered(part))[0]) for part in item.parts if part.shape == "leaves"]
    return np.concatenate([*grown, np.zeros((0, 3))]) @ _about(item.turn[2]).T + item.at


def contacts(solids: Sequence[Piece], deeper: float = 1e-3) -> list[Contact]:
    """Every two pieces of different items that are more than ``deeper`` metres in each other."""
    found = []
    for one, other in _near(solids, -deeper):
        depth = overlap(one, other)
        if depth > deeper and _shared(one, other) > 1e-4:
            found.append(Contact(one, other, depth))
    return found


def unheld(solids: Sequence[Piece], ground: Iterable[str], gap: float = 0.006) -> list[Piece]:
    """Pieces that touch nothing (within ``gap`` metres) through which they would come to the ``ground``: what floats."""
    at = {id(piece): number for number, piece in enumerate(solids)}
    beside: list[list[int]] = [[] for _ in solids]
    for one, other in _near(solids, gap, same=True):
        if (one.item == other.item and one.part == other.part) or overlap(one, other) > -gap:
            beside[at[id(one)]].append(at[id(other)])
            beside[at[id(other)]].append(at[id(one)])
    grounds = tuple(ground)
    held = {number for number, piece in enumerate(solids) if piece.item.startswith(grounds)}
    waiting = list(held)
    while waiting:
        more = [number for number in beside[waiting.pop()] if number not in held]
        held.update(more)
        waiting += more
    return [piece for number, piece in enumerate(solids) if number not in held]


def overlap(one: Piece, other: Piece) -> float:
    """The shortest way that would part two pieces, metres; below 0 about the gap between them."""
    ways = [one.normals, other.normals]
    if max(len(one.normals), len(other.normals)) <= 6:
        across = np.cross(one.normals[:, None], other.normals[None]).reshape(-1, 3)
        long = np.linalg.norm(across, axis=1)
        ways.append(across[long > 1e-6] / long[long > 1e-6, None])
    along = np.concatenate(ways)
    a, b = one.corners @ along.T, other.corners @ along.T
    return float(np.minimum(a.max(axis=0) - b.min(axis=0), b.max(axis=0) - a.min(axis=0)).min())


def _shared(one: Piece, other: Piece) -> float:
    """Radius of the largest ball that lies in both pieces, metres; 0 where nothing is shared."""
    normals, reach = np.concatenate([one.normals, other.normals]), np.concatenate([one.reach, other.reach])
    middle = 0.5 * (np.maximum(one.low, other.low) + np.minimum(one.high, other.high))
    table = np.hstack([normals, np.ones((len(normals), 1))])
    best = linprog([0, 0, 0, -1], A_ub=table, b_ub=reach - normals @ middle, bounds=[(None, None)] * 3 + [(0, None)])
    return float(best.x[3]) if best.success else 0.0


def _near(solids: Sequence[Piece], gap: float, same: bool = False) -> Iterator[tuple[Piece, Piece]]:
    """Every two pieces whose boxes come within ``gap`` metres; two of one item only if ``same``."""
    low, high = np.array([piece.low for piece in solids]), np.array([piece.high for piece in solids])
    order = np.argsort(low[:, 0])
    for place, number in enumerate(order):
        later = order[place + 1 :]
        later = later[: np.searchsorted(low[later, 0], high[number, 0] + gap, side="right")]
        close = ((low[later] <= high[number] + gap) & (high[later] >= low[number] - gap)).all(axis=1)
        for other in later[close]:
            if same or solids[number].item != solids[other].item:
                yield solids[number], solids[other]


def _cut(part: Part) -> Iterator[Real]:
    """Corners of the convex pieces of a part, in its item."""
    if part.shape in ("leaves", "ground"):
        return
    made = np.asarray(_shapes().of(_ordered(part))[0], dtype=np.float64)
    if part.shape == "lathe":
        rings = made.reshape(len(part.figures["profile"]), -1, 3)
    elif part.shape == "tube":
        rings = made.reshape(len(part.figures["points"]), -1, 3)
    else:
        yield made
        return
    for ring, following in itertools.pairwise(rings):
        if np.linalg.norm(following.mean(axis=0) - ring.mean(axis=0)) > 1e-4:
            yield np.concatenate([ring, following])


def _ordered(part: Part) -> dict[str, object]:
    return {"shape": part.shape, "at": part.at, "turn": part.turn, **part.figures}


def _about(degrees: float) -> Real:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@cache
def _shapes() -> Any:
    """The renderer's own solids: plain numpy."""
    spec = spec_from_file_location("shapes", str(files("answerprint.simulation").joinpath("worker", "shapes.py")))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
