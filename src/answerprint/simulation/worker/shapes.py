"""Plain solids as vertices and faces: the parts that everything on the stage is built of.

Each function returns ``(vertices (n, 3), faces)`` around the part's own origin, in metres.
"""

from __future__ import annotations

from functools import cache

import numpy as np


def of(part: dict):
    """The mesh of one part as the order describes it, turned and moved to its place in the item."""
    vertices, faces = _KINDS[part["shape"]](part)
    local = vertices.copy()
    turn = _turn(part.get("turn", (0, 0, 0)))
    return vertices @ turn.T + np.array(part.get("at", (0, 0, 0))), faces, local


def box(part: dict):
    """``size``; edges cut by ``bevel`` so that they catch light; the origin is the middle of the floor of the box."""
    half = np.array(part["size"], dtype=np.float64) / 2
    cut = float(min(part.get("bevel", 0.004), half.min() * 0.6))
    points = _box_points(half, cut)
    # A cut box is turned outward as any other; where nothing is cut the narrow faces have no side, and are left as they come out.
    faces = _cut_box() if cut > 0 else _box_faces(points)
    points[:, 2] += half[2]
    return points, faces


_CORNERS = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
"""Of a box; corner ``k`` has the points 3 k to 3 k + 2, one on each of its faces."""


def _box_points(half: np.ndarray, cut: float) -> np.ndarray:
    signs = np.array(_CORNERS)
    points = np.repeat(signs * (half - cut), 3, axis=0)
    for axis in range(3):
        points[axis::3, axis] = signs[:, axis] * half[axis]
    return points


@cache
def _cut_box() -> list:
    return _box_faces(_box_points(np.ones(3), 0.5))


def _box_faces(points: np.ndarray) -> list:
    """Six faces, twelve edges and eight corners, seen from outside."""
    at = {(corner, axis): 3 * k + axis for k, corner in enumerate(_CORNERS) for axis in range(3)}
    faces = []
    for axis in range(3):
        a, b = [i for i in range(3) if i != axis]
        for sign in (-1, 1):
            faces.append([at[_corner(axis, sign, *pair), axis] for pair in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
        for pair in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            one, other = _corner(axis, -1, *pair), _corner(axis, 1, *pair)
            faces.append([at[one, a], at[other, a], at[other, b], at[one, b]])
    faces += [[at[corner, 0], at[corner, 1], at[corner, 2]] for corner in _CORNERS]
    places = points.tolist()
    return [_outward(places, face) for face in faces]


def _corner(axis: int, along: int, first: int, second: int) -> tuple:
    """The corner on the side ``along`` of an axis, on the ``first`` and ``second`` side of the two others."""
    signs = [first, second]
    signs.insert(axis, along)
    return tuple(signs)


def cylinder(part: dict):
    """``radius`` (bottom, and ``top`` where it differs) and ``height``, standing on its origin."""
    bottom, top = part["radius"], part.get("top", part["radius"])
    edge = min(part.get("bevel", 0.003), bottom * 0.4 or 0.003, part["height"] * 0.4)
    profile = [(max(bottom - edge, 0), 0), (bottom, edge), (top, part["height"] - edge), (max(top - edge, 0), part["height"])]
    return lathe({"profile": profile, "sides": part.get("sides", 24)})


def lathe(part: dict):
    """``profile`` of (radius, height) from bottom to top, turned about the vertical; open ends are closed."""
    profile, sides = part["profile"], int(part.get("sides", 28))
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    vertices = np.concatenate([np.stack([r * np.cos(angle), r * np.sin(angle), np.full(sides, z)], axis=1) for r, z in profile])
    faces = []
    for row in range(len(profile) - 1):
        for k in range(sides):
            j = (k + 1) % sides
            faces.append([row * sides + k, row * sides + j, (row + 1) * sides + j, (row + 1) * sides + k])
    if not part.get("open"):
        faces.append(list(range(sides))[::-1])
        faces.append([(len(profile) - 1) * sides + k for k in range(sides)])
    return vertices, faces


def sphere(part: dict):
    """``radius`` (or three in ``size``), the origin at the centre."""
    steps = int(part.get("steps", 14))
    size = part.get("size") or [2 * part["radius"]] * 3
    profile = [(np.sin(a) * 0.5, -np.cos(a) * 0.5) for a in np.linspace(0.02, np.pi - 0.02, steps)]
    vertices, faces = lathe({"profile": profile, "sides": steps * 2})
    return vertices * np.array(size), faces


def prism(part: dict):
    """``outline`` of (x, z), any order of turning, pushed ``depth`` along y, centred on y."""
    outline = np.array(part["outline"], dtype=np.float64)
    if np.sum((np.roll(outline[:, 0], -1) - outline[:, 0]) * (np.roll(outline[:, 1], -1) + outline[:, 1])) > 0:
        outline = outline[::-1]
    n, half = len(outline), part["depth"] / 2
    front = np.stack([outline[:, 0], np.full(n, -half), outline[:, 1]], axis=1)
    vertices = np.concatenate([front, front + np.array([0, 2 * half, 0])])
    faces = [list(range(n)), list(range(2 * n - 1, n - 1, -1))]
    faces += [[k, k + n, (k + 1) % n + n, (k + 1) % n] for k in range(n)]
    return vertices, faces


def tube(part: dict):
    """``points`` along a line in space and a ``radius``; ends are closed."""
    points, radius = np.array(part["points"], dtype=np.float64), part["radius"]
    sides = int(part.get("sides", 10))
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    up = np.array([0.0, 0.0, 1.0]) if abs(ahead[0, 2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    vertices = []
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    for point, along in zip(points, ahead, strict=True):
        side = np.cross(along, up)
        side /= np.linalg.norm(side)
        up = np.cross(side, along)
        vertices.append(point + radius * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up))
    n = len(points)
    faces = [
        [r * sides + k, r * sides + (k + 1) % sides, (r + 1) * sides + (k + 1) % sides, (r + 1) * sides + k]
        for r in range(n - 1)
        for k in range(sides)
    ]
    faces += [list(range(sides))[::-1], [(n - 1) * sides + k for k in range(sides)]]
    return np.concatenate(vertices), faces


def cloth(part: dict):
    """A hanging or lying sheet: ``size`` (width, depth of folds, height), ``folds`` waves across the width."""
    width, deep, height = part["size"]
    nx, nz = max(24, int(part.get("folds", 8)) * 8), 10
    random = np.random.default_rng(part.get("seed", 0))
    x = np.linspace(-0.5, 0.5, nx)
    phase = np.cumsum(random.uniform(0.6, 1.4, nx))
    phase = phase / phase[-1] * 2 * np.pi * part.get("folds", 8)
    vertices, faces = [], []
    for row in range(nz):
        share = row / (nz - 1)
        swell = 1.0 - 0.45 * share
        y = deep / 2 * np.sin(phase + 0.25 * np.sin(share * 3 + x * 5)) * swell
        vertices.append(np.stack([x * width * (1 - 0.02 * np.sin(share * 3)), y, np.full(nx, height * share)], axis=1))
    for row in range(nz - 1):
        for k in range(nx - 1):
            faces.append([row * nx + k, row * nx + k + 1, (row + 1) * nx + k + 1, (row + 1) * nx + k])
    return np.concatenate(vertices), faces


def ground(part: dict):
    """A piece of uneven ground: ``size`` (x, y) and the ``height`` of its waves, the origin in the middle; ``level`` metres around it are flat."""
    n = int(part.get("steps", 48))
    random = np.random.default_rng(part.get("seed", 0))
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, n) * part["size"][0], np.linspace(-0.5, 0.5, n) * part["size"][1])
    z = np.zeros_like(x)
    for _ in range(7):
        wave, turn, start = random.uniform(0.15, 1.2), random.uniform(0, 6.28), random.uniform(0, 6.28)
        z += np.sin((x * np.cos(turn) + y * np.sin(turn)) * wave + start) / (1 + 2 * wave)
    z *= part.get("height", 0.1) / 3
    if level := part.get("level", 0.0):
        z *= np.clip(np.hypot(x, y) / level - 1, 0, 1)
    vertices = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    faces = [[r * n + k, r * n + k + 1, (r + 1) * n + k + 1, (r + 1) * n + k] for r in range(n - 1) for k in range(n - 1)]
    return vertices, faces


def leaves(part: dict):
    """``count`` small leaves of ``leaf`` metres in an ellipsoid ``size``, mostly near its skin; ``clipped``: on the faces of a box."""
    random = np.random.default_rng(part.get("seed", 0))
    count, leaf = int(part["count"]), part.get("leaf", 0.08)
    size = np.array(part["size"], dtype=np.float64)
    if part.get("clipped"):
        centre, direction = _on_box(random, count, size)
    else:
        direction = random.normal(size=(count, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        centre = direction * size / 2 * random.uniform(0.45, 1.0, (count, 1)) ** 0.6
    a = np.cross(direction, random.normal(size=(count, 3)))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = np.cross(direction + 0.8 * random.normal(size=(count, 3)), a)
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    length = leaf * random.uniform(0.6, 1.3, (count, 1))
    corners = [centre - a * length * 0.5, centre + b * length * 0.28, centre + a * length * 0.5, centre - b * length * 0.28]
    vertices = np.stack(corners, axis=1).reshape(-1, 3)
    return vertices, np.arange(count * 4).reshape(-1, 4).tolist()


def _on_box(random: np.random.Generator, count: int, size: np.ndarray):
    """Points just under the faces of a box, as many on each as it is large, and the way out of it there."""
    at = random.uniform(-0.5, 0.5, (count, 3)) * size
    face = np.argmin(size / 2 - np.abs(at), axis=1)
    out = np.eye(3)[face] * np.sign(at)
    return np.where(out != 0, out * (size / 2 - random.uniform(0, 0.05, (count, 1))), at), out


def mesh(part: dict):
    """``vertices`` and ``faces`` as given."""
    return np.array(part["vertices"], dtype=np.float64), part["faces"]


_KINDS = {
    "box": box,
    "cylinder": cylinder,
    "lathe": lathe,
    "sphere": sphere,
    "prism": prism,
    "tube": tube,
    "cloth": cloth,
    "ground": ground,
    "leaves": leaves,
    "mesh": mesh,
}


def _outward(points: list, face: list) -> list:
    """A face whose corners run counter-clockwise seen from outside a body around the origin."""
    # In plain numbers: a place has some thousand faces, and numpy takes a hundred times as long for three.
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (points[v] for v in face[:3])
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    mx, my, mz = (sum(points[v][k] for v in face) for k in range(3))
    out = (uy * vz - uz * vy) * mx + (uz * vx - ux * vz) * my + (ux * vy - uy * vx) * mz
    return face if out > 0 else face[::-1]


def _turn(degrees) -> np.ndarray:
    """Rotation about x, then y, then z."""
    x, y, z = np.radians(degrees)
    rx = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return rz @ ry @ rx
