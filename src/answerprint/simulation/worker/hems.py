"""Edges of clothes: cut along a smooth line, laid on the skin and turned in, so that nobody looks between cloth and body. Only numpy.

A cloth is points, faces and skin weights. Where an edge lies close, its points take place and weights from the skin below them, so that it
stays there in every pose; the turned-in lip behind it ends under the skin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

_NEAREST = 4
_AROUND = 0.08
"""Metres around a cloth's points within which there is skin."""
_SNAP = 0.003
"""Metres from the line of a cut within which a point of the cloth is taken to lie on it: slivers would make dents."""
_EVENED, _KEPT = 3, 0.8
"""How often the line of an edge is smoothed, and the share of its way off the skin that stays to it."""
_UNDER = 0.007
"""Metres below the skin at which a lip ends."""
_CLEAR, _EASING = 0.01, 0.06
"""Metres between a cloth and another that it is worn over, and over which it comes to that above the other's edge."""
_SLICE = 0.02
"""Metres of height for which a cloth that is worn below tells how far out it lies."""


@dataclass(frozen=True)
class Edge:
    """One edge of a garment: ``inside`` is how far within it each vertex of the base mesh lies, metres."""

    inside: np.ndarray
    off: float
    """How far off the skin the cloth is there, metres."""
    reach: float = 0.0
    """Metres over which the cloth comes down to that; 0 for an edge that hangs as the cloth does."""
    closed: bool = True
    """The lip goes under the skin; else it is turned in by 3 cm and open, as a skirt is."""
    plane: np.ndarray | None = None
    """Unit normal and distance (4) of the plane that the edge lies in, pointing into the cloth; None for one that bends."""

    def of(self, vertices: np.ndarray) -> Edge:
        """The same edge for some of the vertices."""
        return replace(self, inside=self.inside[vertices])

    def at(self, points: np.ndarray) -> tuple[np.ndarray, Edge]:
        """The cloth's points, those beside the line of a cut moved onto it, and the edge where the cloth has come to.

        A line measured before the cloth was laid, or bent to points beside it, would come out torn.
        """
        if self.plane is None:
            return points, self
        inside = points @ self.plane[:3] + self.plane[3]
        beside = np.where(np.abs(inside) < _SNAP, inside, 0.0)
        return points - beside[:, None] * self.plane[:3], replace(self, inside=inside - beside)


def within(edges: list[Edge]) -> np.ndarray:
    """How far inside all edges each vertex lies, metres."""
    return np.minimum.reduce([edge.inside for edge in edges])


class Skin:
    """The surface that clothes lie on: vertices with outward normals and weights."""

    def __init__(self, points: np.ndarray, faces: np.ndarray, weights: np.ndarray) -> None:
        self.points, self.weights = points, weights
        self.normals = normals(points, faces)

    def below(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Place, outward normal and weights of the skin nearest to each point, from the four nearest vertices."""
        low, high = points.min(axis=0) - _AROUND, points.max(axis=0) + _AROUND
        some = np.flatnonzero(((self.points > low) & (self.points < high)).all(axis=1))
        around = self.points[some]
        apart = ((points**2).sum(axis=1)[:, None] - 2 * points @ around.T) + (around**2).sum(axis=1)
        near = np.argpartition(apart, _NEAREST, axis=1)[:, :_NEAREST]
        share = 1 / (np.maximum(np.take_along_axis(apart, near, axis=1), 0) + 1e-6)
        near = some[near]
        share /= share.sum(axis=1, keepdims=True)
        normal = np.einsum("nk,nki->ni", share, self.normals[near])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        off = np.einsum("nk,nki,ni->n", share, points[:, None] - self.points[near], normal)
        return points - off[:, None] * normal, normal, np.einsum("nk,nkb->nb", share, self.weights[near])


def laid(points: np.ndarray, weights: np.ndarray, edges: list[Edge], skin: Skin) -> tuple[np.ndarray, np.ndarray]:
    """The cloth brought down to the skin towards those of its edges that lie close; ``edges`` are of these points."""
    points, weights = points.copy(), weights.copy()
    for edge in edges:
        if not edge.reach:
            continue
        near = np.flatnonzero(np.abs(edge.inside) < edge.reach)
        share = 1 - np.clip(edge.inside[near] / edge.reach, 0, 1)
        share = (share * share * (3 - 2 * share))[:, None]
        place, normal, own = skin.below(points[near])
        points[near] += share * (place + edge.off * normal - points[near])
        weights[near] += share * (own - weights[near])
    return points, weights


def clear(points: np.ndarray, weights: np.ndarray, inside: np.ndarray, under: Skin) -> tuple[np.ndarray, np.ndarray]:
    """The cloth led over another, ``under``: it hangs clear of that, over its hollows, and moves with it where both lie.

    ``inside`` is how far within both each point is.
    """
    points, weights = points.copy(), weights.copy()
    near = np.flatnonzero(inside > -_EASING)
    share = np.clip(1 + inside[near] / _EASING, 0, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    middle = under.points[:, :2].mean(axis=0)
    out = points[near, :2] - middle
    radius = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    least = _hull(under.points[:, :2] - middle, under.points[:, 2], out / radius, points[near, 2])
    points[near, :2] += share * np.maximum(least / radius - 1, 0) * out
    _, _, own = under.below(points[near])
    weights[near] += share * (own - weights[near])
    return points, weights


def _hull(around: np.ndarray, height: np.ndarray, ways: np.ndarray, at: np.ndarray) -> np.ndarray:
    """How far out (n, 1) the convex hull of the points ``around``, and the air to it, reach in directions ``ways`` at heights ``at``, metres.

    With the support function h(u) of a height's points, the hull's boundary in a direction v is the least h(u) / (u . v).
    """
    turn = np.linspace(-np.pi, np.pi, 72, endpoint=False)
    sides = np.stack([np.cos(turn), np.sin(turn)])
    levels = np.arange(at.min(), at.max() + _SLICE, _SLICE)
    reach = around @ sides
    far = np.stack([reach[np.abs(height - z) < 2 * _SLICE].max(axis=0, initial=0.0) for z in levels])
    place = (at - levels[0]) / _SLICE
    low = place.astype(int)
    far = far[low] + (place - low)[:, None] * (far[np.minimum(low + 1, len(levels) - 1)] - far[low])
    cosine = ways @ sides
    least = np.where(cosine > 0.1, (far + _CLEAR) / np.maximum(cosine, 0.1), np.inf).min(axis=1)
    # Above the other there is nothing to be clear of.
    return np.where(far.max(axis=1) > 0, least, 0.0)[:, None]


def cut(points: np.ndarray, weights: np.ndarray, faces: list, inside: np.ndarray):
    """What lies ``inside`` (at least 0) of a cloth: points, weights, faces, and for each point the two it lies between and its share."""
    level = np.where(np.abs(inside) < _SNAP, 0.0, inside)
    made: dict[tuple[int, int], int] = {}
    between = [(v, v, 0.0) for v in range(len(points))]

    def crossing(a: int, b: int) -> int:
        kept, left = (a, b) if level[a] >= 0 else (b, a)
        if level[kept] == 0:
            return kept
        if (kept, left) not in made:
            made[kept, left] = len(between)
            between.append((kept, left, level[kept] / (level[kept] - level[left])))
        return made[kept, left]

    trimmed = []
    for face in faces:
        ring = []
        for a, b in zip(face, [*face[1:], face[0]], strict=True):
            if level[a] >= 0:
                ring.append(a)
            if (level[a] >= 0) != (level[b] >= 0):
                ring.append(crossing(a, b))
        ring = list(dict.fromkeys(ring))
        if len(ring) > 2:
            trimmed.append(ring)
    used = np.unique([v for ring in trimmed for v in ring])
    place = np.full(len(between), -1)
    place[used] = np.arange(len(used))
    first, second = (np.array([between[v][k] for v in used]) for k in (0, 1))
    share = np.array([between[v][2] for v in used])[:, None]

    def mixed(values: np.ndarray) -> np.ndarray:
        flat = values.reshape(len(values), -1)
        return ((1 - share) * flat[first] + share * flat[second]).reshape(len(used), *values.shape[1:])

    return mixed(points), mixed(weights), [[int(place[v]) for v in ring] for ring in trimmed], mixed


def evened(points: np.ndarray, faces: list, edges: list[Edge], skin: Skin) -> np.ndarray:
    """The cloth with its edges that lie in a plane smoothed along themselves, within it: the skin's facets would show as steps.

    How far off the skin it lies stays within ``_KEPT`` of what it was laid at.
    """
    points = points.copy()
    for loop in loops(faces):
        edge = edges[np.argmin([np.abs(edge.inside[loop]).max() for edge in edges])]
        if edge.plane is None:
            continue
        for _ in range(_EVENED):
            points[loop] = 0.5 * points[loop] + 0.25 * (np.roll(points[loop], 1, axis=0) + np.roll(points[loop], -1, axis=0))
            place, normal, _ = skin.below(points[loop])
            off = ((points[loop] - place) * normal).sum(axis=1, keepdims=True)
            points[loop] += (np.clip(off, _KEPT * edge.off, edge.off / _KEPT) - off) * normal
    return points


def turned_in(points: np.ndarray, weights: np.ndarray, faces: list, edges: list[Edge], skin: Skin):
    """Points, faces and weights of the cloth with a lip behind each of its edges; ``edges`` are of these points."""
    points, weights, faces = [points], [weights], list(faces)
    nearest = np.argmin([np.abs(edge.inside) for edge in edges], axis=0)
    for loop in loops(faces):
        edge = edges[np.bincount(nearest[loop]).argmax()]
        for row, (place, own) in enumerate(_lip(points[0][loop], weights[0][loop], edge, skin)):
            start = sum(map(len, points))
            before = loop if row == 0 else list(range(start - len(loop), start))
            faces += [[before[k - 1], start + (k - 1) % len(loop), start + k, before[k]] for k in range(len(loop))]
            points.append(place)
            weights.append(own)
    return np.concatenate(points), faces, np.concatenate(weights)


def _lip(points: np.ndarray, weights: np.ndarray, edge: Edge, skin: Skin) -> list:
    """The rows of points behind an edge, outermost first."""
    place, normal, own = skin.below(points)
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    away = np.cross(along, normal)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    if edge.closed:
        return [
            (points - 0.0015 * normal + 0.0015 * away, weights),
            (place - _UNDER * normal - 0.004 * away, own),
        ]
    return [(points - 0.003 * normal + 0.001 * away, weights), (points - 0.006 * normal - 0.03 * away, weights)]


def loops(faces: list) -> list[list[int]]:
    """The open edges of a cloth as rings of points, with the cloth on the left of the way round."""
    sides = {(a, b): None for face in faces for a, b in zip(face, [*face[1:], face[0]], strict=True)}
    ahead = {a: b for a, b in sides if (b, a) not in sides}
    found = []
    while ahead:
        ring = [next(iter(ahead))]
        while (after := ahead.pop(ring[-1], None)) is not None and after != ring[0]:
            ring.append(after)
        if len(ring) > 2:
            found.append(ring)
    return found


def normals(points: np.ndarray, faces) -> np.ndarray:
    """Outward unit normals of the vertices of a mesh of quads (or of faces with more corners)."""
    corners = faces if isinstance(faces, np.ndarray) else np.array([[f[0], f[1], f[2], f[-1]] for f in faces])
    a, b, c, d = (points[corners[:, k]] for k in range(4))
    face = np.cross(c - a, d - b)
    out = np.zeros_like(points)
    for k in range(4):
        np.add.at(out, corners[:, k], face)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
