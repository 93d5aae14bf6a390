"""Hair that is tied: pulled back over the head to a knot, with what does not stay tied. Only numpy."""

from __future__ import annotations

import numpy as np
from combing import skull


def meridians(root: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """The lock of each root of tied hair: of those that go back to the knot side by side, some above the others."""
    x, _, z = (root - _knot_place(eye)).T
    edges = np.sort(random.uniform(-np.pi, np.pi, 64))
    return 3 * np.searchsorted(edges, np.arctan2(x, z)) + random.integers(0, 3, len(root))


def pulled_back(root, normal, inside, lock, centre, eye, random) -> np.ndarray:
    """Each strand from its root over the head to the knot: aside from a parting first, flat at the hairline, lock beside lock in ridges."""
    count, locks, steps = len(root), lock.max() + 1, 14
    start, end = root - centre, _knot_place(eye) - centre
    radius = skull(start)
    start, end = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (start, end))
    parting = float(random.choice([-0.022, 0.0, 0.022]))
    from_parting = root[:, :1] - parting
    before = np.clip((root[:, 1:2] - centre[1] + 0.02) / 0.05, 0, 1) * np.exp(-((from_parting / 0.05) ** 2))
    aside = 0.8 * before * np.tanh(from_parting / 0.02) * np.array([[1.0, 0, 0]]) + 0.16 * random.normal(size=(locks, 3))[lock]
    over = start + end + aside
    over /= np.linalg.norm(over, axis=1, keepdims=True)
    flat = np.clip(inside / 0.03, 0.08, 1) * (1 - 0.5 * before[:, 0] * np.exp(-((from_parting[:, 0] / 0.012) ** 2)))
    high = flat * random.uniform(0.001, 0.011, locks)[lock] + random.uniform(0, 0.002, count)
    points = [root - 0.002 * normal]
    for t in np.linspace(0, 1, steps)[1:]:
        way = (1 - t) ** 2 * start + 2 * t * (1 - t) * over + t * t * end
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        lift = 0.0035 + high * min(1.0, 4 * t) + random.normal(0, 0.0004, count)
        points.append(centre + way * (radius(way) + lift)[:, None])
    return np.stack(points, axis=1)


def _wisps(root, normal, inside, centre, eye, steps: int, random) -> np.ndarray:
    """What does not stay tied: short hairs along the hairline, and some loose strands at temples and nape."""
    rim = np.flatnonzero((inside > 0.003) & (inside < 0.014))
    hanging = rim[(np.abs(root[rim, 0]) > 0.04) & (root[rim, 2] < eye[2] + 0.05)]
    first = np.concatenate([random.choice(rim, 420), np.repeat(random.choice(hanging, 10), 5)])
    long_ = np.arange(len(first)) >= 420
    own = np.where(long_, np.arange(len(first)) // 5, np.arange(len(first)))
    turn = random.normal(size=(own.max() + 1, 3))[own]
    length = np.where(long_, random.uniform(0.02, 0.055, own.max() + 1)[own], random.uniform(0.005, 0.018, len(first)))[:, None]
    back = _knot_place(eye) - root[first]
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    out = normal[first]
    points = [root[first] + 0.002 * random.normal(size=(len(first), 3)) * long_[:, None] - 0.001 * out]
    for k in range(1, steps):
        s = k / (steps - 1)
        hang = np.where(long_, min(1.0, 0.35 + 1.2 * s), 0.0)[:, None]
        curl = 0.2 * np.sin(4 * s + 3 * turn)
        way = (1 - hang) * (back + 0.3 * out + 0.45 * turn) + hang * (np.array([0, 0, -1.0]) + 0.25 * (1 - s) * out + 0.5 * curl)
        points.append(points[-1] + way / np.linalg.norm(way, axis=1, keepdims=True) * length / (steps - 1))
    return np.stack(points, axis=1)


def _knot_place(eye: np.ndarray) -> np.ndarray:
    return np.array([0.0, eye[1] - 0.195, eye[2] + 0.045])


def _knot(eye: np.ndarray, steps: int, random) -> tuple:
    """Hair wound up behind the head."""
    count, centre = 900, _knot_place(eye) - np.array([0, 0.012, 0])
    start, tilt = random.uniform(0, 6.28, (count, 1)), random.normal(0, 0.75, (count, 1))
    turn = start + np.linspace(0, 2.2, steps)[None]
    radius = 0.034 * random.uniform(0.8, 1.0, (count, 1)) * np.cos(np.clip(tilt, -1.5, 1.5))
    deep = 0.03 * np.sin(np.clip(tilt, -1.5, 1.5)) * np.ones((1, steps))
    points = np.stack([radius * np.cos(turn), deep, radius * np.sin(turn)], axis=2)
    over = points / np.linalg.norm(points, axis=2, keepdims=True)
    return points + centre, over


def not_pulled_back(root, normal, inside, centre, eye, steps: int, random) -> tuple:
    """Strands of the knot and of what does not stay tied, and which way they face."""
    knot, facing = _knot(eye, steps, random)
    loose = _wisps(root, normal, inside, centre, eye, steps, random)
    aside = np.broadcast_to(loose[:, :1] - centre, loose.shape) / np.linalg.norm(loose[:, :1] - centre, axis=2, keepdims=True)
    return np.concatenate([knot, loose]), np.concatenate([facing, aside])
