"""Hair: strands that grow in locks from a scalp of their own colour, combed, curled, tied back or thinning. Only numpy.

A lock is what the eye sees at a film frame's distance: strands of one lock share their length, lift, shade and the way they lie, and close
up towards its tip. Each point also says which way the lock faces (``over``), so that hair is lit as a volume.
"""

from __future__ import annotations

import numpy as np

LENGTHS = {"crop": 0.024, "short": 0.055, "receding": 0.026, "curls": 0.075, "tied": 0.3, "bob": 0.21, "waves": 0.34, "long": 0.38}
"""Metres of hair, by style."""
_HANGING = ("bob", "long", "waves")
_PER_LOCK = {"crop": 9, "short": 16, "receding": 9, "curls": 12, "bob": 14, "waves": 16, "long": 14}
_CLOSED = {"crop": 0.15, "receding": 0.15, "short": 0.45, "curls": 0.8, "tied": 0.3, "bob": 0.3, "long": 0.2, "waves": 0.4}
"""How far the strands of a lock close up at its tip: long hair that closed more would end in rat-tails."""
_ASTRAY = {"bob": 0.05, "long": 0.05, "waves": 0.07}
_OWN_WAY, _ROUNDED = 0.4, 0.3
"""How far a lock, and a strand in it, may turn from the way the head faces there; tangents."""
_THICK = {
    "crop": 0.012,
    "short": 0.02,
    "receding": 0.008,
    "curls": 0.014,
    "bob": 0.022,
    "waves": 0.026,
    "long": 0.018,
}


_STREAKS = 40
"""Lighter and darker parts of a head of hair."""
_POINTED = {"crop": 0.5, "receding": 0.5, "short": 0.7, "curls": 0.7}
"""How much thinner than at its root a strand is at its tip, as a share; short hair that were finer would let the scalp be seen."""
_PARTING = 0.018
"""Metres from the middle of the head."""
_THIN = {"crop": 0.022, "short": 0.018, "receding": 0.022, "tied": 0.004}
"""Metres inside the hairline within which hair grows thinner."""
_UNEVEN = {"bob": (0.74, 1.04), "long": (0.7, 1.04), "waves": (0.7, 1.04)}
"""Lengths of the strands of one lock, as shares."""
_BELOW_LINE = 0.002
"""Metres below the hairline that hair may come on the forehead."""
_CLIPPED = ("crop", "short", "receding")
"""Styles whose hairline is seen."""
_AT_LINE = {"crop": 0.25, "short": 0.25, "receding": 0.25, "curls": 0.45}
"""How long hair is at its line, as a share, in styles that are cut shorter towards it."""


def scalp(points: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """How far inside the hairline each point of the head is, metres; negative outside. ``eye`` is the middle between the eyes."""
    x, y, z = (points - eye).T
    set_back = 0.018 if style in _CLIPPED else 0.012
    temples = set_back * np.clip((np.abs(x) - 0.03) / 0.03, 0, 1) * np.clip((y + 0.05) / 0.03, 0, 1)
    uneven = 0.0025 * np.sin(150 * x + 1.0) + 0.0018 * np.sin(390 * x + 260 * y)
    if style in _CLIPPED:
        uneven = 1.2 * uneven + 0.002 * np.sin(870 * x - 310 * y + 2.0)
    line = np.maximum(0.057 + 0.72 * y + temples + uneven, -0.07)
    if style in _CLIPPED:
        # Down before the ears, which curls would hide.
        line = line - 0.034 * np.exp(-(((y + 0.064) / 0.012) ** 2)) * np.clip((np.abs(x) - 0.045) / 0.012, 0, 1)
    if style == "receding":
        line += (0.022 + 0.016 * np.clip((np.abs(x) - 0.015) / 0.03, 0, 1)) * np.clip((0.072 - np.abs(x)) / 0.02, 0, 1)
    return np.minimum.reduce([z - line, 0.083 - np.abs(x), z + 0.08])


def widths(style: str, steps: int) -> np.ndarray:
    """How thick a strand is along its ``steps`` points, as shares of its root: pointed at the end, curls all along or they would shade each other."""
    return 1 - _POINTED.get(style, 0.93) * np.linspace(0, 1, steps) ** (1 if style == "curls" else 3)


def grow(rest: np.ndarray, faces: np.ndarray, eye: np.ndarray, style: str, seed: int, grey: float = 0.0) -> dict:
    """``points`` (n, steps, 3), ``over`` of the same shape, ``shade`` (n,): strands of a style on the quads of a body.

    ``grey`` (0 to 1) is how much white hair grows among the dark: locks and strands of it differ more in shade.
    """
    random = np.random.default_rng(seed)
    torso = rest[np.unique(faces)]
    inside = scalp(rest[faces].mean(axis=1), eye, style)
    faces, inside = faces[inside > 0.001], inside[inside > 0.001]
    corners = rest[faces]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    area = np.linalg.norm(normal, axis=1)
    normal /= area[:, None]
    centre = np.array([0.0, eye[1] - 0.085, eye[2] + 0.03])
    normal[((corners.mean(axis=1) - centre) * normal).sum(axis=1) < 0] *= -1
    count = 8000
    thick = area * np.clip(inside / _THIN.get(style, 0.01), 0.1 if style in _CLIPPED else 0.3, 1)
    chosen = random.choice(len(faces), count, p=thick / thick.sum())
    u, v = random.random((2, count, 1))
    quad = corners[chosen]
    root = (1 - u) * ((1 - v) * quad[:, 0] + v * quad[:, 1]) + u * ((1 - v) * quad[:, 3] + v * quad[:, 2])
    if style == "tied":
        lock = _meridians(root, eye, random)
        points = _pulled_back(root, normal[chosen], inside[chosen], lock, centre, eye, random)
    else:
        lock = _locks(root, count // _PER_LOCK[style], random)
        bone = _skull(_bare(torso, eye) - centre)
        points = _walk(root, normal[chosen], inside[chosen], lock, centre, bone, eye, style, random)
    points = _gathered(points, lock, _CLOSED.get(style, 0.5))
    points = _curled(points, lock, style, random)
    if style in _HANGING:
        points = _beside_shoulders(points, torso, eye, random)
    # Streaks 2 to 3 cm wide are what is left of locks where a head is 20 pixels high.
    # In short grey hair white hairs stand among the dark; whole white locks would be patches.
    streak, of_lock, of_hair = (0.05, -0.01, 0.24) if style in _CLIPPED else (0.2, 0.12, 0.06)
    streaks = random.normal(0, 0.26 + streak * grey, _STREAKS)[_locks(root, _STREAKS, random)]
    shade = random.normal(0, 0.28 + of_lock * grey, lock.max() + 1)[lock] + streaks + random.normal(0, 0.1 + of_hair * grey, count)
    over = _facing(points, lock, centre, eye, random)
    if style == "tied":
        knot, facing = _knot(eye, points.shape[1], random)
        loose = _wisps(root, normal[chosen], inside[chosen], centre, eye, points.shape[1], random)
        aside = np.broadcast_to(loose[:, :1] - centre, loose.shape) / np.linalg.norm(loose[:, :1] - centre, axis=2, keepdims=True)
        points, over = np.concatenate([points, knot, loose]), np.concatenate([over, facing, aside])
        shade = np.concatenate([shade, random.normal(0, 0.3, len(knot) + len(loose))])
    own = _clear_of_the_face(points, eye, style)
    points, over, shade = points[own], over[own], shade[own]
    return {"points": points, "over": over, "shade": np.exp(np.clip(shade, -0.8 - 0.4 * grey, 0.7 + 0.3 * grey))}


def _locks(root: np.ndarray, count: int, random) -> np.ndarray:
    """The lock that each root belongs to: the nearest of some roots."""
    middle = root.mean(axis=0)
    heads = (root[random.choice(len(root), count, replace=False)] - middle).astype(np.float32)
    # Of the squared distance only what depends on the head decides.
    return ((heads**2).sum(axis=1) - 2 * (root - middle).astype(np.float32) @ heads.T).argmin(axis=1)


def _clear_of_the_face(points: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """Which strand stands in each one's place: its own, or the nearest other where it would lie across the forehead below the hairline."""
    before = (points[..., 1] > eye[1] - 0.045) & (np.abs(points[..., 0]) < 0.05)
    under = np.zeros(before.shape, dtype=bool)
    under[before] = scalp(points[before], eye, style) < -_BELOW_LINE
    own, low = np.arange(len(points)), under.any(axis=1)
    kept = np.flatnonzero(~low)
    for strand in np.flatnonzero(low):
        own[strand] = kept[((points[kept, 0] - points[strand, 0]) ** 2).sum(axis=1).argmin()]
    return own


def _bare(body: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The points of the head that hair lies on or beside: without nose, mouth, chin and ears."""
    near = (body[:, 2] > eye[2] - 0.1) & (np.abs(body[:, 0]) < 0.08)
    return body[near & ((body[:, 2] > eye[2] + 0.02) | (body[:, 1] < eye[1] - 0.05))]


def _walk(root, normal, inside, lock, centre, bone, eye, style: str, random) -> np.ndarray:
    """Each strand step by step: up from the skin, along the head as it is combed, hanging below the ears."""
    count, locks = len(root), lock.max() + 1
    steps = {"crop": 5, "short": 7, "receding": 5}.get(style, 12)
    length = (
        LENGTHS[style]
        * random.uniform(0.72, 1.08, (locks, 1))[lock]
        * random.uniform(*_UNEVEN.get(style, (0.88, 1.05)), (count, 1))
    )
    if style in _AT_LINE:
        length = length * np.clip(_AT_LINE[style] + inside / 0.047, 0, 1)[:, None]
    each = length / (steps - 1)
    depth = _THICK[style] * (0.15 + random.beta(1.6, 1.6, (locks, 1))[lock] * 0.85) + random.uniform(0, 0.003, (count, 1))
    astray = random.normal(size=(locks, 3))[lock]
    comb = _comb(style, root, centre, astray)
    flat = np.ones((count, 1))
    if style in (*_HANGING, "short"):
        # Thin at its line and at the parting, where thick hair would be a hood's rim and a step.
        flat = np.clip(inside / 0.035, 0.15, 1)[:, None] * (1 - 0.5 * np.exp(-(((root[:, :1] - _PARTING) / 0.016) ** 2)))
    depth = depth * flat
    # By how much the smooth form of the head is wrong at the root; long hair soon leaves that.
    reach = np.linalg.norm(root - centre, axis=1)
    own = 0.0 if style in _HANGING else reach - bone((root - centre) / reach[:, None])
    points = [root - 0.002 * normal]
    for k in range(1, steps):
        here = points[-1]
        out = here - centre
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        # Combed along the head, not away from it; below the ears it simply hangs.
        inward = 0 if style in ("crop", "receding") else -9
        along = comb - np.maximum((comb * out).sum(axis=1, keepdims=True), inward) * out
        if style in _HANGING:
            hangs = np.clip((eye[2] - 0.01 - here[:, 2:]) / 0.05, 0, 1)
            along = (1 - hangs) * along + hangs * np.array([0.0, -0.05, -1.6])
        # In front of the ears it goes aside and back, so that the face stays free.
        front = np.clip((here[:, 1:2] - (eye[1] - 0.08)) / 0.03, 0, 1) * (style in (*_HANGING, "short"))
        along = (1 - front) * along + front * (0.7 * _aside(here) + np.array([0, -0.85, 0.15 if style == "short" else -0.45]))
        # And it lies on the head there: aside alone would lead it off into wings.
        along = along - front * np.maximum((along * out).sum(axis=1, keepdims=True), 0) * out
        # It leaves the skin upright and lies down within 12 mm; a step of long hair goes further than that, so here is the step's mean.
        lift = np.exp(-(k - 1) * each / 0.012) * -np.expm1(-each / 0.012) * 0.012 / each
        way = 0.9 * flat * lift * normal + along + _ASTRAY.get(style, 0.16) * astray + 0.05 * random.normal(size=(count, 3))
        step = here + way / np.linalg.norm(way, axis=1, keepdims=True) * each
        far = np.linalg.norm(step - centre, axis=1, keepdims=True)
        least = np.clip(own + bone((step - centre) / far), 0.06, 0.14)[:, None] + 0.002 + depth * min(1.0, 0.35 + 2.0 * k / steps)
        most = least + (0.008 if style in _HANGING else np.inf)
        held = np.where(step[:, 2:] > eye[2] - 0.1, np.maximum(far, least), far)
        held = np.where(step[:, 2:] > eye[2], np.minimum(held, most), held)
        points.append(centre + (step - centre) / far * held)
    return np.stack(points, axis=1)


def _meridians(root: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """The lock of each root of tied hair: of those that go back to the knot side by side, some above the others."""
    x, _, z = (root - _knot_place(eye)).T
    edges = np.sort(random.uniform(-np.pi, np.pi, 64))
    return 3 * np.searchsorted(edges, np.arctan2(x, z)) + random.integers(0, 3, len(root))


def _pulled_back(root, normal, inside, lock, centre, eye, random) -> np.ndarray:
    """Each strand from its root over the head to the knot: aside from a parting first, flat at the hairline, lock beside lock in ridges."""
    count, locks, steps = len(root), lock.max() + 1, 14
    start, end = root - centre, _knot_place(eye) - centre
    radius = _skull(start)
    start, end = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (start, end))
    parting = float(random.choice([-0.022, 0.0, 0.022]))
    from_parting = root[:, :1] - parting
    before = np.clip((root[:, 1:2] - centre[1] + 0.02) / 0.05, 0, 1) * np.exp(-((from_parting / 0.05) ** 2))
    aside = 0.8 * before * np.sign(from_parting) * np.array([[1.0, 0, 0]]) + 0.16 * random.normal(size=(locks, 3))[lock]
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


def _skull(start: np.ndarray):
    """How far the scalp is from the middle of the head in any direction, metres: a smooth form through the roots ``start``."""

    def terms(way: np.ndarray) -> np.ndarray:
        x, y, z = way.T
        return np.stack([x**a * y**b * z**c for a in range(5) for b in range(5 - a) for c in range(5 - a - b)], axis=1)

    reach = np.linalg.norm(start, axis=1)
    form = np.linalg.lstsq(terms(start / reach[:, None]), reach, rcond=None)[0]
    return lambda way: terms(way) @ form


def _wisps(root, normal, inside, centre, eye, steps: int, random) -> np.ndarray:
    """What does not stay tied: short hairs along the hairline, and some loose strands at temples and nape."""
    rim = np.flatnonzero(inside < 0.01)
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


def _aside(points: np.ndarray) -> np.ndarray:
    """Away from the parting, less beside it: hair parted sharply there would leave a strip of bare scalp, and a seam in the light."""
    return np.tanh((points[:, :1] - _PARTING) / 0.02) * np.array([[1.0, 0.0, 0.0]])


def _comb(style: str, root: np.ndarray, centre: np.ndarray, astray: np.ndarray) -> np.ndarray:
    """Which way each strand is combed."""
    side = _aside(root + 0.006 * astray)
    if style in ("crop", "receding"):
        comb = (root - centre) * 5 + np.array([0, 0.25, 0.1]) + 0.35 * astray
    elif style == "curls":
        # Over the brow they stand up and back, out of the eyes.
        brow = np.clip((root[:, 1:2] - centre[1] - 0.03) / 0.03, 0, 1)
        comb = (root - centre) * 14 + 0.4 * astray + brow * np.array([0, -1.2, 0.9])
    elif style == "short":
        comb = 0.8 * side + np.array([0, -0.6, -0.3]) + 0.3 * astray
    else:
        comb = 0.6 * side + np.array([0, -0.25, -1.0]) + 0.15 * astray
    return comb / np.linalg.norm(comb, axis=1, keepdims=True)


def _beside_shoulders(points: np.ndarray, torso: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """Hanging hair led past the shoulders, each lock before or behind them, instead of into them."""
    cell, clear, size = 0.025, 0.026, (28, 24)
    corner = np.array([-0.35, eye[2] - 0.7])

    def cells(places: np.ndarray) -> tuple:
        index = np.floor((places[..., [0, 2]] - corner) / cell).astype(int)
        return tuple(np.clip(index, 0, np.array(size) - 1)[..., k] for k in (0, 1))

    # Not the arms, which reach forward at rest.
    low = torso[(torso[:, 2] < eye[2] - 0.15) & (np.abs(torso[:, 0]) < 0.17)]
    chest, back = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(chest, cells(low), low[:, 1])
    np.minimum.at(back, cells(low), low[:, 1])
    near = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    chest = np.max([np.roll(chest, n, axis=(0, 1)) for n in near], axis=0) + clear
    back = np.min([np.roll(back, n, axis=(0, 1)) for n in near], axis=0) - clear
    here, low_enough = cells(points), points[..., 2] < eye[2] - 0.12
    inside = low_enough & (points[..., 1] < chest[here]) & (points[..., 1] > back[here])
    forward, backward = (np.where(inside, np.abs(side[here] - points[..., 1]), 0.0) for side in (chest, back))
    # The shorter way, all hair of one part of the head the same one: locks that go alone are rat-tails. Before the throat it would hang in the face.
    part = _locks(points[:, 0], 14, random)
    further = np.bincount(part, forward.max(axis=1) - backward.max(axis=1)) / np.bincount(part)
    ahead = (further + random.normal(0.02, 0.01, len(further)) < 0)[part][:, None] & (np.abs(points[..., 0]) > 0.06)
    need = np.where(ahead, forward, -backward)
    most = np.abs(need).argmax(axis=1)[:, None]
    start, end = eye[2] - 0.02, np.take_along_axis(points[..., 2], most, axis=1)
    ramp = np.clip((start - points[..., 2]) / np.maximum(start - end, 0.1), 0, 1)
    out = points.copy()
    out[..., 1] += ramp * ramp * (3 - 2 * ramp) * np.take_along_axis(need, most, axis=1)
    here = cells(out)
    still = low_enough & (out[..., 1] < chest[here]) & (out[..., 1] > back[here])
    push = np.where(still, np.where(ahead, chest[here], back[here]) - out[..., 1], 0.0)
    # A strand bends towards what it lies on; moved point by point it would have a kink at every cell.
    before, after = np.roll(push, 1, axis=1), np.roll(push, -1, axis=1)
    before[:, 0], after[:, -1] = 0.0, push[:, -1]
    out[..., 1] += np.where(still, push, 0.5 * np.where(np.abs(before) > np.abs(after), before, after))
    return out


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
    """Outward from the head, below it outward from the neck, each lock turned a little its own way and rounded across.

    Both together stay within 45 degrees: a lock that faced away from its neighbours would be a hole in the light.
    """
    axis = np.broadcast_to(centre, points.shape).copy()
    axis[..., 2] = np.minimum(points[..., 2], centre[2])
    out = points - axis
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    count = np.bincount(lock)[:, None, None]
    mean = np.zeros((len(count), *points.shape[1:]))
    np.add.at(mean, lock, points)
    round_ = (points - (mean / np.maximum(count, 1))[lock]) / 0.006
    ahead = np.gradient(points, axis=1)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=2, keepdims=True), 1e-9)
    round_ -= (round_ * ahead).sum(axis=2, keepdims=True) * ahead
    own = _bounded(random.normal(size=(lock.max() + 1, 3)) / 2.5, _OWN_WAY)[lock]
    over = out + own[:, None] + _bounded(0.4 * round_, _ROUNDED)
    return over / np.linalg.norm(over, axis=2, keepdims=True)


def _bounded(vectors: np.ndarray, most: float) -> np.ndarray:
    """The ``vectors`` (..., 3), those longer than ``most`` shortened to it."""
    return vectors * np.minimum(1.0, most / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


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
