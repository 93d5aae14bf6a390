"""How hair lies: combed along the head, hanging beside the neck, led past the shoulders, cut at one height. Only numpy."""

from __future__ import annotations

import numpy as np
from locks import nearest

LENGTHS = {"crop": 0.016, "short": 0.046, "receding": 0.02, "curls": 0.068, "tied": 0.3, "bob": 0.32, "waves": 0.42, "long": 0.5}
"""Metres of hair, by style, before it is cut."""
_STEPS = {"crop": 5, "short": 7, "receding": 5}
_CUT = {"bob": 0.11, "waves": 0.27, "long": 0.34}
"""Metres below the eyes at which hanging hair is cut."""
_RAGGED = 0.012
"""By how much locks are cut higher or lower than each other, metres."""
_NAPE = 0.03
"""Metres that a bob is shorter at the nape."""
_HANGING = ("bob", "long", "waves")
_ASTRAY = {"crop": 0.1, "curls": 0.1, "short": 0.12, "bob": 0.05, "long": 0.05, "waves": 0.07}
"""How far a lock goes its own way, as a tangent; 0.16 in styles that are not named."""
_THICK = {"crop": 0.009, "short": 0.016, "receding": 0.007, "curls": 0.014, "bob": 0.022, "waves": 0.026, "long": 0.018}
"""Metres by which the highest locks lie above the lowest."""
_ABOVE = {"short": 0.012, "bob": 0.008, "waves": 0.008, "long": 0.008}
"""Metres that a strand may rise above where its lock lies."""
_BACK = {"short": (0, -0.85, 0.15), "bob": (0, -0.55, -0.6)}
"""Which way hair in front of the ears goes beside aside: back over them; (0, -0.85, -0.45) in styles that are not named."""
_PARTING = 0.018
"""Metres from the middle of the head."""
_EAR = 0.016
"""Metres that an ear stands off the head where hair lies on it."""
_CELL, _CELLS, _LEFT, _LOW = 0.0125, (56, 56), -0.35, 0.7
"""Of the shoulders' slopes: size of a cell, how many across and up, where they begin across, and below the eyes; metres."""
_CLEAR = 0.026
"""Metres between hair and skin, where clothes are."""
_PILED = 0.012
"""Metres that hair on the shoulders is thick."""
_STEEP = 0.8
"""Metres that hair goes forward or back in one of height, at most, to clear the shoulders."""
_UNEVEN = {"bob": (0.9, 1.04), "long": (0.86, 1.04), "waves": (0.8, 1.04)}
"""Lengths of the strands of one lock, as shares."""
_AT_LINE = {"crop": 0.3, "short": 0.25, "receding": 0.3, "curls": 0.3}
"""How long hair is at its line, as a share, in styles that are cut shorter towards it."""


def walk(root, normal, inside, lock, centre, torso, eye, style: str, random) -> np.ndarray:
    """Each strand step by step: up from the skin, along the head as it is combed, hanging below the ears."""
    count, locks = len(root), lock.max() + 1
    steps = _STEPS.get(style, 12)
    each = _lengths(inside, lock, style, random) / (steps - 1)
    depth = _THICK[style] * (0.15 + random.beta(1.6, 1.6, (locks, 1))[lock] * 0.85) + random.uniform(0, 0.003, (count, 1))
    astray = random.normal(size=(locks, 3))[lock]
    comb = _comb(style, root, centre, astray)
    flat = np.ones((count, 1))
    if style in (*_HANGING, "short"):
        # Thin at its line and at the parting, where thick hair would be a hood's rim and a step.
        flat = np.clip(inside / 0.035, 0.15, 1)[:, None] * (1 - 0.5 * np.exp(-(((root[:, :1] - _PARTING) / 0.016) ** 2)))
    depth = depth * flat
    # By how much the smooth form of the head is wrong at the root; long hair soon leaves that.
    bone, reach = skull(_bare(torso, eye) - centre), np.linalg.norm(root - centre, axis=1)
    own = 0.0 if style in _HANGING else reach - bone((root - centre) / reach[:, None])
    points = [root - 0.002 * normal]
    for k in range(1, steps):
        here = points[-1]
        out = here - centre
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        along = _along(here, out, comb, eye, style)
        # It leaves the skin upright and lies down within 12 mm; a step of long hair goes further than that, so here is the step's mean.
        lift = np.exp(-(k - 1) * each / 0.012) * -np.expm1(-each / 0.012) * 0.012 / each
        way = 0.9 * flat * lift * normal + along + _ASTRAY.get(style, 0.16) * astray + 0.05 * random.normal(size=(count, 3))
        step = here + way / np.linalg.norm(way, axis=1, keepdims=True) * each
        far = np.linalg.norm(step - centre, axis=1, keepdims=True)
        least = np.clip(own + bone((step - centre) / far), 0.06, 0.14)[:, None] + 0.002 + depth * min(1.0, 0.35 + 2.0 * k / steps)
        if style == "bob":
            least = least + _over_the_ears(step - eye)
        held = np.where(step[:, 2:] > eye[2] - 0.1, np.maximum(far, least), far)
        held = np.where(step[:, 2:] > eye[2], np.minimum(held, least + _ABOVE.get(style, np.inf)), held)
        points.append(centre + (step - centre) / far * held)
    return np.stack(points, axis=1)


def _over_the_ears(place: np.ndarray) -> np.ndarray:
    """How much further off the head hair lies on an ear, metres, (n, 1), at ``place`` seen from between the eyes."""
    ahead, up = (place[:, 1:2] + 0.09) / 0.03, (place[:, 2:] + 0.025) / 0.04
    return _EAR * np.exp(-(ahead**2) - up**2) * np.clip((np.abs(place[:, :1]) - 0.05) / 0.02, 0, 1)


def finished(points: np.ndarray, torso: np.ndarray, eye: np.ndarray, style: str, random) -> np.ndarray:
    """Hanging hair cut at one height and, but for a bob, which ends above them, led past the shoulders; other hair as it is."""
    if style not in _HANGING:
        return points
    part = nearest(points[:, 0], len(points) // 60, random)
    # A bob is shorter at the nape, or it would lie up on the neck.
    low = eye[2] - _CUT[style] + (_NAPE * np.clip((eye[1] - 0.11 - points[:, -1, 1]) / 0.06, 0, 1) if style == "bob" else 0.0)
    low = low + random.normal(0, _RAGGED, part.max() + 1)[part] + random.normal(0, 0.4 * _RAGGED, len(part))
    points = _cut(points, low)
    return points if style == "bob" else _beside_shoulders(points, torso, eye, random)


def _cut(points: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Strands cut off where they first come below the height ``low`` (n,), as many points spread over what is left."""
    steps = points.shape[1]
    under = points[..., 2] < low[:, None]
    after = np.where(under.any(axis=1), under.argmax(axis=1), steps - 1)
    strand = np.arange(len(points))
    above, below = points[strand, after - 1, 2], points[strand, after, 2]
    share = np.clip((above - low) / np.maximum(above - below, 1e-6), 0, 1)
    end = np.where(under.any(axis=1), after - 1 + share, steps - 1)
    at = end[:, None] * np.linspace(0, 1, steps)
    first = np.minimum(at.astype(int), steps - 2)
    part = (at - first)[..., None]
    return (1 - part) * points[strand[:, None], first] + part * points[strand[:, None], first + 1]


def _lengths(inside: np.ndarray, lock: np.ndarray, style: str, random) -> np.ndarray:
    """How long each strand is, metres, (n, 1): alike within a lock, shorter towards the line where hair is cut so."""
    of_lock = random.uniform(0.72, 1.08, (lock.max() + 1, 1))[lock]
    length = LENGTHS[style] * of_lock * random.uniform(*_UNEVEN.get(style, (0.88, 1.05)), (len(inside), 1))
    if style in _AT_LINE:
        length = length * np.clip(_AT_LINE[style] + inside / 0.047, 0, 1)[:, None]
    return length


def _along(here: np.ndarray, out: np.ndarray, comb: np.ndarray, eye: np.ndarray, style: str) -> np.ndarray:
    """Where strands that have come ``here`` go next: combed along the head, not away from it; below the ears long hair simply hangs."""
    inward = 0 if style in ("crop", "receding") else -9
    along = comb - np.maximum((comb * out).sum(axis=1, keepdims=True), inward) * out
    if style in _HANGING:
        hangs = np.clip((eye[2] - 0.01 - here[:, 2:]) / 0.05, 0, 1)
        along = (1 - hangs) * along + hangs * np.array([0.0, -0.05, -1.6])
    # In front of the ears it goes aside and back, so that the face stays free.
    front = np.clip((here[:, 1:2] - (eye[1] - 0.1)) / 0.06, 0, 1) * (style in (*_HANGING, "short"))
    along = (1 - front) * along + front * (0.55 * _aside(here) + np.array(_BACK.get(style, (0, -0.85, -0.45))))
    # And it lies on the head there: aside alone would lead it off into wings.
    return along - front * np.maximum((along * out).sum(axis=1, keepdims=True), 0) * out


def _aside(points: np.ndarray) -> np.ndarray:
    """Away from the parting, less beside it: hair parted sharply there would leave a strip of bare scalp, and a seam in the light."""
    return np.tanh((points[:, :1] - _PARTING) / 0.03) * np.array([[1.0, 0.0, 0.0]])


def _comb(style: str, root: np.ndarray, centre: np.ndarray, astray: np.ndarray) -> np.ndarray:
    """Which way each strand is combed."""
    side = _aside(root + 0.006 * astray)
    if style in ("crop", "receding"):
        comb = (root - centre) * 5 + np.array([0, 0.25, 0.1]) + 0.35 * astray
    elif style == "curls":
        # Over the brow some locks fall forward and some stand up: a straight edge would be a cap's.
        brow = np.clip((root[:, 1:2] - centre[1] - 0.03) / 0.03, 0, 1)
        comb = (root - centre) * 14 + 0.4 * astray + brow * (np.array([0, -0.1, -0.25]) + np.array([0, 0.0, 0.45]) * astray)
    elif style == "short":
        comb = 0.8 * side + np.array([0, -0.6, -0.3]) + 0.3 * astray
    else:
        comb = 0.6 * side + np.array([0, -0.25, -1.0]) + 0.15 * astray
    return comb / np.linalg.norm(comb, axis=1, keepdims=True)


def skull(start: np.ndarray):
    """How far the scalp is from the middle of the head in any direction, metres: a smooth form through the roots ``start``."""

    def terms(way: np.ndarray) -> np.ndarray:
        x, y, z = way.T
        return np.stack([x**a * y**b * z**c for a in range(5) for b in range(5 - a) for c in range(5 - a - b)], axis=1)

    reach = np.linalg.norm(start, axis=1)
    form = np.linalg.lstsq(terms(start / reach[:, None]), reach, rcond=None)[0]
    return lambda way: terms(way) @ form


def _bare(body: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The points of the head that hair lies on or beside: without nose, mouth, chin and ears."""
    near = (body[:, 2] > eye[2] - 0.1) & (np.abs(body[:, 0]) < 0.08)
    return body[near & ((body[:, 2] > eye[2] + 0.02) | (body[:, 1] < eye[1] - 0.05))]


def _beside_shoulders(points: np.ndarray, torso: np.ndarray, eye: np.ndarray, random) -> np.ndarray:
    """Hanging hair led past the shoulders, all hair of one part of the head before or behind them, instead of into them.

    It slides down on one slope for all: strands that each took a way of their own would leave holes between them.
    """
    chest, back = _slopes(torso, eye)
    here = _cells(points, eye)
    forward, backward = (np.maximum(side, 0) for side in (chest[here] - points[..., 1], points[..., 1] - back[here]))
    inside = (points[..., 2] < eye[2] - 0.05) & (forward > 0) & (backward > 0)
    forward, backward = (np.where(inside, way, 0.0) for way in (forward, backward))
    # The shorter way. Before the throat it would hang in the face.
    part = nearest(points[:, 0], 14, random)
    further = np.bincount(part, forward.max(axis=1) - backward.max(axis=1)) / np.bincount(part)
    ahead = (further + random.normal(0.02, 0.01, len(further)) < 0)[part][:, None] & (np.abs(points[..., 0]) > 0.06)
    out = points.copy()
    off = _PILED * random.random((len(points), 1))
    out[..., 1] += np.where(inside, np.where(ahead, forward + off, -backward - off), 0.0)
    return out


def _cells(places: np.ndarray, eye: np.ndarray) -> tuple:
    """The cell of the shoulders' slopes that each place is in."""
    index = np.floor((places[..., [0, 2]] - (_LEFT, eye[2] - _LOW)) / _CELL).astype(int)
    return tuple(np.clip(index[..., k], 0, most - 1) for k, most in enumerate(_CELLS))


def _slopes(torso: np.ndarray, eye: np.ndarray) -> tuple:
    """How far forward of the chest, and back of the back, hair must be to slide down past the shoulders, by cells of width and height."""
    # Not the arms, which reach forward at rest.
    low = torso[(torso[:, 2] < eye[2] - 0.13) & (np.abs(torso[:, 0]) < 0.17)]
    sides = []
    for sign in (1, -1):
        side = np.full(_CELLS, -np.inf)
        np.maximum.at(side, _cells(low, eye), sign * low[:, 1])
        near = [(a, b) for a in (-2, -1, 0, 1, 2) for b in (-2, -1, 0, 1, 2)]
        side = np.max([np.roll(side, n, axis=(0, 1)) for n in near], axis=0) + _CLEAR
        for k in range(1, _CELLS[1]):
            side[:, k] = np.maximum(side[:, k], side[:, k - 1] - _STEEP * _CELL)
        sides.append(sign * side)
    return tuple(sides)
