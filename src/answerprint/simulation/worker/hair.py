"""Hair: strands that grow in locks from a scalp of their own colour, combed, curled, tied back or thinning. Only numpy.

A lock is what the eye sees at a film frame's distance: strands of one lock share their length, lift, shade and the way they lie, and close
up towards its tip. Each point also says which way the lock faces (``over``), so that hair is lit as a volume.
"""

from __future__ import annotations

import numpy as np

LENGTHS = {"crop": 0.024, "short": 0.055, "receding": 0.026, "curls": 0.075, "tied": 0.3, "bob": 0.21, "waves": 0.34, "long": 0.38}
"""Metres of hair, by style."""
_HANGING = ("bob", "long", "waves")
_PER_LOCK = {"crop": 9, "short": 16, "receding": 9, "curls": 12, "tied": 16, "bob": 14, "waves": 16, "long": 14}
_CLOSED = {"crop": 0.35, "receding": 0.35, "short": 0.6, "curls": 0.8, "tied": 0.3}
"""How far the strands of a lock close up at its tip."""
_ASTRAY = {"tied": 0.06, "bob": 0.05, "long": 0.05, "waves": 0.07}
_THICK = {
    "crop": 0.012,
    "short": 0.02,
    "receding": 0.008,
    "curls": 0.014,
    "tied": 0.013,
    "bob": 0.022,
    "waves": 0.026,
    "long": 0.018,
}


def scalp(points: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """How far inside the hairline each point of the head is, metres; negative outside. ``eye`` is the middle between the eyes."""
    x, y, z = (points - eye).T
    temples = 0.012 * np.clip((np.abs(x) - 0.03) / 0.03, 0, 1) * np.clip((y + 0.05) / 0.03, 0, 1)
    line = np.maximum(0.057 + 0.72 * y + temples, -0.07)
    if style == "receding":
        line += (0.022 + 0.016 * np.clip((np.abs(x) - 0.015) / 0.03, 0, 1)) * np.clip((0.072 - np.abs(x)) / 0.02, 0, 1)
    return np.minimum.reduce([z - line, 0.083 - np.abs(x), z + 0.08])


def grow(rest: np.ndarray, faces: np.ndarray, eye: np.ndarray, style: str, seed: int) -> dict:
    """``points`` (n, steps, 3), ``over`` of the same shape, ``shade`` (n,): strands of a style on the quads of a body."""
    random = np.random.default_rng(seed)
    inside = scalp(rest[faces].mean(axis=1), eye, style)
    faces, inside = faces[inside > 0.001], inside[inside > 0.001]
    corners = rest[faces]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    area = np.linalg.norm(normal, axis=1)
    normal /= area[:, None]
    centre = np.array([0.0, eye[1] - 0.085, eye[2] + 0.03])
    normal[((corners.mean(axis=1) - centre) * normal).sum(axis=1) < 0] *= -1
    count = 8000
    chosen = random.choice(len(faces), count, p=area / area.sum())
    u, v = random.random((2, count, 1))
    quad = corners[chosen]
    root = (1 - u) * ((1 - v) * quad[:, 0] + v * quad[:, 1]) + u * ((1 - v) * quad[:, 3] + v * quad[:, 2])
    lock = _locks(root, count // _PER_LOCK[style], random)
    points = _walk(root, normal[chosen], lock, centre, eye, style, random)
    points = _gathered(points, lock, _CLOSED.get(style, 0.5))
    points = _curled(points, lock, style, random)
    shade = random.normal(0, 0.26, lock.max() + 1)[lock] + random.normal(0, 0.1, count)
    over = _facing(points, lock, centre, eye, random)
    if style == "tied":
        knot, facing = _knot(eye, points.shape[1], random)
        points, over = np.concatenate([points, knot]), np.concatenate([over, facing])
        shade = np.concatenate([shade, random.normal(0, 0.3, len(knot))])
    return {"points": points, "over": over, "shade": np.exp(np.clip(shade, -0.8, 0.7))}


def brows(rest: np.ndarray, faces: np.ndarray, eyes: list) -> np.ndarray:
    """Strands (n, 4, 3) of both eyebrows; ``eyes`` are centre and radius of each eyeball."""
    random = np.random.default_rng(5)
    middle = rest[faces].mean(axis=1)
    out = []
    for centre, radius in eyes:
        sign = np.sign(centre[0])
        inner = sign * (middle[:, 0] - centre[0])
        arch = centre[2] + radius * (1.62 - 9.0 * (inner - 0.004) ** 2 / 0.01)
        near = (np.abs(middle[:, 2] - arch) < 0.0042) & (inner > -0.02) & (inner < 0.028) & (middle[:, 1] > centre[1] - 0.01)
        if not near.any():
            continue
        picked = random.choice(np.flatnonzero(near), 170)
        share = random.dirichlet((1, 1, 1, 1), 170)
        root = np.einsum("nk,nki->ni", share, rest[faces[picked]]) + np.array([0, 0.0004, 0])
        along = np.stack([np.full(170, sign), np.full(170, 0.15), random.normal(0.35, 0.2, 170)], axis=1)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        out.append(root[:, None] + along[:, None] * np.linspace(0, 0.0062, 4)[None, :, None])
    return np.concatenate(out) if out else np.zeros((0, 4, 3))


def _locks(root: np.ndarray, count: int, random) -> np.ndarray:
    """The lock that each root belongs to: the nearest of some roots."""
    heads = root[random.choice(len(root), count, replace=False)].astype(np.float32)
    out = np.zeros(len(root), dtype=np.int64)
    for start in range(0, len(root), 1000):
        part = root[start : start + 1000].astype(np.float32)
        out[start : start + 1000] = ((part[:, None] - heads) ** 2).sum(axis=2).argmin(axis=1)
    return out


def _walk(root, normal, lock, centre, eye, style: str, random) -> np.ndarray:
    """Each strand step by step: up from the skin, along the head as it is combed, hanging below the ears."""
    count, locks = len(root), lock.max() + 1
    steps = {"crop": 5, "short": 7, "receding": 5}.get(style, 12)
    length = LENGTHS[style] * random.uniform(0.72, 1.08, (locks, 1))[lock] * random.uniform(0.88, 1.05, (count, 1))
    if style == "tied":
        length = 1.12 * np.linalg.norm(root - _knot_place(eye), axis=1, keepdims=True) + 0.02
    each = length / (steps - 1)
    depth = _THICK[style] * (0.15 + random.beta(1.6, 1.6, (locks, 1))[lock] * 0.85) + random.uniform(0, 0.003, (count, 1))
    reach = np.linalg.norm(root - centre, axis=1, keepdims=True)
    astray = random.normal(size=(locks, 3))[lock]
    comb = _comb(style, root, centre, astray)
    points = [root - 0.002 * normal]
    for k in range(1, steps):
        here = points[-1]
        out = here - centre
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        if style == "tied":
            comb = _knot_place(eye) - here
            comb /= np.maximum(np.linalg.norm(comb, axis=1, keepdims=True), 0.01)
        # Combed along the head, not away from it; below the ears it simply hangs.
        inward = 0 if style in ("crop", "receding") else -9
        along = comb if style == "tied" else comb - np.maximum((comb * out).sum(axis=1, keepdims=True), inward) * out
        if style in _HANGING:
            hangs = np.clip((eye[2] - 0.01 - here[:, 2:]) / 0.05, 0, 1)
            along = (1 - hangs) * along + hangs * np.array([0.0, -0.05, -1.6])
        # In front of the ears it goes aside and back, so that the face stays free.
        front = np.clip((here[:, 1:2] - (eye[1] - 0.08)) / 0.03, 0, 1) * (style in (*_HANGING, "short"))
        side = np.where(here[:, :1] > 0.018, 1.0, -1.0) * np.array([[0.7, 0, 0]])
        along = (1 - front) * along + front * (side + np.array([0, -0.85, 0.15 if style == "short" else -0.45]))
        lift = np.exp(-(k - 1) * each / 0.012)
        way = (
            (0.2 if style == "tied" else 0.9) * lift * normal
            + along
            + _ASTRAY.get(style, 0.16) * astray
            + 0.05 * random.normal(size=(count, 3))
        )
        step = here + way / np.linalg.norm(way, axis=1, keepdims=True) * each
        far = np.linalg.norm(step - centre, axis=1, keepdims=True)
        least = reach + 0.002 + depth * min(1.0, 0.35 + 2.0 * k / steps)
        held = (far < least) & (step[:, 2:] > eye[2] - 0.1)
        points.append(np.where(held, centre + (step - centre) / far * least, step))
    return np.stack(points, axis=1)


def _comb(style: str, root: np.ndarray, centre: np.ndarray, astray: np.ndarray) -> np.ndarray:
    """Which way each strand is combed."""
    side = np.where(root[:, :1] > 0.018, 1.0, -1.0) * np.array([[1.0, 0, 0]])
    if style in ("crop", "receding"):
        comb = (root - centre) * 5 + np.array([0, 0.25, 0.1]) + 0.35 * astray
    elif style == "curls":
        comb = (root - centre) * 14 + 0.4 * astray
    elif style == "short":
        comb = 0.8 * side + np.array([0, -0.6, -0.3]) + 0.3 * astray
    else:
        comb = 0.6 * side + np.array([0, -0.25, -1.0]) + 0.15 * astray
    return comb / np.linalg.norm(comb, axis=1, keepdims=True)


def _gathered(points: np.ndarray, lock: np.ndarray, much: float) -> np.ndarray:
    """Strands of one lock drawn together towards its tip."""
    count = np.bincount(lock)[:, None, None]
    mean = np.zeros((len(count), *points.shape[1:]))
    np.add.at(mean, lock, points)
    share = much * np.linspace(0, 1, points.shape[1])[None, :, None] ** 0.7
    return points + share * ((mean / np.maximum(count, 1))[lock] - points)


def _curled(points: np.ndarray, lock: np.ndarray, style: str, random) -> np.ndarray:
    """Waves or curls across each lock, the same for its strands."""
    wide, turns = {"curls": (0.0075, 3.2), "waves": (0.009, 3.0), "long": (0.004, 1.3), "bob": (0.004, 1.0)}.get(style, (0.0, 0.0))
    if not wide:
        return points
    locks = lock.max() + 1
    share = np.linspace(0, 1, points.shape[1])
    phase = (random.uniform(0, 6.28, locks)[lock][:, None]) + 6.28 * turns * random.uniform(0.8, 1.2, locks)[lock][:, None] * share
    ahead = np.gradient(points, axis=1)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=2, keepdims=True), 1e-9)
    across = np.cross(ahead, random.normal(size=(locks, 3))[lock][:, None])
    across /= np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    wide = wide * np.minimum(1, 4 * share)[None, :, None]
    return points + wide * (np.cos(phase)[..., None] * across + np.sin(phase)[..., None] * np.cross(ahead, across))


def _facing(points: np.ndarray, lock: np.ndarray, centre: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """Outward from the head, below it outward from the neck, each lock turned a little its own way and rounded across."""
    axis = np.broadcast_to(centre, points.shape).copy()
    axis[..., 2] = np.minimum(points[..., 2], centre[2])
    out = points - axis
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    count = np.bincount(lock)[:, None, None]
    mean = np.zeros((len(count), *points.shape[1:]))
    np.add.at(mean, lock, points)
    round_ = (points - (mean / np.maximum(count, 1))[lock]) / 0.006
    over = out + 0.5 * random.normal(size=(lock.max() + 1, 3))[lock][:, None] + 0.5 * np.clip(round_, -1, 1)
    return over / np.maximum(np.linalg.norm(over, axis=2, keepdims=True), 1e-9)


def _knot_place(eye: np.ndarray) -> np.ndarray:
    return np.array([0.0, eye[1] - 0.195, eye[2] + 0.045])


def _knot(eye: np.ndarray, steps: int, random) -> tuple:
    """Hair wound up behind the head."""
    count, centre = 900, _knot_place(eye) - np.array([0, 0.012, 0])
    start, tilt = random.uniform(0, 6.28, (count, 1)), random.normal(0, 0.75, (count, 1))
    turn = start + np.linspace(0, 2.2, steps)[None]
    radius = 0.034 * random.uniform(0.8, 1.0, (count, 1)) * np.cos(np.clip(tilt, -1.2, 1.2))
    deep = 0.03 * np.sin(np.clip(tilt, -1.2, 1.2)) * np.ones((1, steps))
    points = np.stack([radius * np.cos(turn), deep, radius * np.sin(turn)], axis=2)
    over = points / np.linalg.norm(points, axis=2, keepdims=True)
    return points + centre, over
