"""A thing that changed its colour over a cut: a jumper, a mug, a door.

Two ways to know. Where both sides show the same part of the set, a colour that went from it and another that came, over about
the same area and near the same place, are one thing that changed (what only moved keeps its colour, what came in brings one and
takes none away). Where people are seen, the trunk of the same person should keep its colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import ciede2000
from answerprint.perception.flow import one_thread
from answerprint.perception.pose import Pose, find_poses
from answerprint.quality.continuity_side import Side
from answerprint.quality.continuity_view import Picture, Real, Shared, luminance

_BINS = 24
_REACH = 1.5
"""Log chroma (stops of red and of blue over green) from the first bin to the last, either side of grey."""
_SMALLEST = 0.003
_NEAR = 0.22
"""Of the picture's width: how far the place of the new colour may lie from that of the old."""
_PLAIN_DE = 11.0


@dataclass(frozen=True)
class ColourChange:
    """Mean colours before and after (ACEScg, of equal exposure), their CIEDE2000, the share of the picture and where it lies (0..1)."""

    before: Real
    after: Real
    difference: float
    share: float
    place: tuple[float, float]
    of: str


def changed_thing(view: Shared, first: Picture, gain: NDArray[np.float64]) -> ColourChange | None:
    """The largest thing that changed colour where both sides see; ``gain`` (3,) is how the second side differs as a whole."""
    one = cv2.GaussianBlur(first, (0, 0), 2.0)
    other = cv2.GaussianBlur(view.moved, (0, 0), 2.0) / gain.astype(np.float32)
    seen = cv2.erode(view.inside.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0) > 0
    if seen.mean() < 0.08:
        return None
    chroma = [_chroma(p) for p in (one, other)]
    lit = [seen & (luminance(p) > 0.008) for p in (one, other)]
    # A pixel whose colour is found within reach on the other side has gone nowhere.
    gone = lit[0] & ~_found(chroma[0], chroma[1], lit[1])
    come = lit[1] & ~_found(chroma[1], chroma[0], lit[0])
    best: ColourChange | None = None
    for before, area, centre in _things(gone, chroma[0]):
        for after, extent, place in _things(come, chroma[1]):
            near = float(np.hypot(*(np.array(centre) - place))) < _NEAR * first.shape[1]
            if not near or not 0.4 < area / extent < 2.5 or (before & after).sum() < 0.15 * min(area, extent):
                continue
            colours = [p[m].mean(axis=0).astype(np.float64) for p, m in ((one, before), (other, after))]
            difference = _apart(*colours)
            share = float(min(area, extent) / seen.size)
            if difference > _PLAIN_DE and (best is None or share > best.share):
                spot = (float(centre[0] / first.shape[1]), float(centre[1] / first.shape[0]))
                best = ColourChange(colours[0], colours[1], difference, share, spot, "thing")
    return best


def _chroma(light: Picture) -> NDArray[np.float32]:
    """Stops of red and blue over green, (h, w, 2), drawn to grey where there is hardly light."""
    safe = np.maximum(light, 0) + np.float32(0.004)
    return np.asarray(np.log2(safe[..., [0, 2]] / safe[..., 1:2]), np.float32)


def _found(here: NDArray[np.float32], there: NDArray[np.float32], lit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each pixel's colour covers enough of the other side, anywhere it may have moved to."""
    bins = [_bin(c) for c in (here, there)]
    height, width = lit.shape
    small = (max(8, width // 8), max(8, height // 8))
    out = np.zeros(lit.shape, bool)
    reach = max(1.0, 0.10 * small[0])
    own = np.bincount(bins[0].ravel(), minlength=_BINS * _BINS).astype(np.float64)
    for value in np.flatnonzero(own > 0.0005 * lit.size):
        x, y = divmod(int(value), _BINS)
        close = lit & (np.abs(bins[1] // _BINS - x) <= 1) & (np.abs(bins[1] % _BINS - y) <= 1)
        mine = bins[0] == value
        area = cv2.GaussianBlur(cv2.resize(close.astype(np.float32), small, interpolation=cv2.INTER_AREA), (0, 0), reach)
        asked = cv2.GaussianBlur(cv2.resize(mine.astype(np.float32), small, interpolation=cv2.INTER_AREA), (0, 0), reach)
        enough = cv2.resize((area > 0.3 * asked).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        out |= mine & enough
    rare = own[bins[0]] <= 0.0005 * lit.size
    return out | rare


def _bin(chroma: NDArray[np.float32]) -> NDArray[np.int64]:
    at = np.clip(np.floor((chroma + _REACH) / (2 * _REACH) * _BINS), 0, _BINS - 1).astype(np.int64)
    return np.asarray(at[..., 0] * _BINS + at[..., 1])


def _things(mask: NDArray[np.bool_], chroma: NDArray[np.float32]) -> list[tuple[NDArray[np.bool_], float, Real]]:
    """Connected pieces of one colour, large enough, largest first: mask, pixels, centre."""
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(solid)
    order = sorted(range(1, count), key=lambda i: -stats[i, cv2.CC_STAT_AREA])[:6]
    found = []
    for label in order:
        area = float(stats[label, cv2.CC_STAT_AREA])
        piece = labels == label
        if area >= _SMALLEST * mask.size and float(chroma[piece].std(axis=0).max()) < 0.6:
            found.append((piece, area, np.asarray(centres[label], np.float64)))
    return found


@dataclass(frozen=True)
class Person:
    """Someone on one side: where the head is (shares of the picture), the trunk's mean colour, and which way the face looks (-1..1)."""

    head: tuple[float, float]
    trunk: Real
    looks: float
    pixels: int
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """the trunk: left, top, right, bottom, shares of the picture"""


def people_on(side: Side) -> list[Person]:
    """Everyone whose trunk can be seen, left to right."""
    with one_thread():
        found = find_poses(side.display)
    height, width = side.display.shape[:2]
    people: list[Person] = []
    for pose in sorted(found, key=lambda p: -p.score):
        person = _person(pose, side.mean, width, height)
        # What sees one body twice draws two heads near each other, or one trunk over the other.
        if person is not None and all(_apart_from(person, other) for other in people):
            people.append(person)
    return sorted(people, key=lambda p: p.head[0])


def _apart_from(one: Person, other: Person) -> bool:
    (l1, t1, r1, b1), (l2, t2, r2, b2) = one.box, other.box
    common = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(b1, b2) - max(t1, t2))
    smaller = min((r1 - l1) * (b1 - t1), (r2 - l2) * (b2 - t2))
    return abs(one.head[0] - other.head[0]) > 0.05 and common < 0.2 * max(smaller, 1e-9)


def _person(pose: Pose, light: Picture, width: int, height: int) -> Person | None:
    shoulders, hips = pose.points[[11, 12]], pose.points[[23, 24]]
    head = pose.points[[0, 7, 8]].mean(axis=0)
    if pose.score < 0.6 or pose.visibility[[0, 11, 12]].min() < 0.5 or shoulders[:, 1].mean() > hips[:, 1].mean():
        return None
    if head[1] > shoulders[:, 1].mean() or not (0 <= head[0] < width and 0 <= head[1] < height):
        return None
    scale = light.shape[1] / width
    quad = np.array([shoulders[0], shoulders[1], hips[1], hips[0]])
    quad = (quad.mean(axis=0) + (quad - quad.mean(axis=0)) * 0.75) * scale
    mask = np.zeros(light.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    inside = mask > 0
    if inside.sum() < 40:
        return None
    ears, nose = pose.points[[7, 8]], pose.points[0]
    across = max(float(np.hypot(*(ears[0] - ears[1]))), 0.35 * float(np.hypot(*(nose - shoulders.mean(axis=0)))), 1e-3)
    looks = float(np.clip((nose[0] - ears[:, 0].mean()) / across, -1, 1))
    trunk = np.median(light[inside], axis=0).astype(np.float64)
    low, high = quad.min(axis=0) / light.shape[1::-1], quad.max(axis=0) / light.shape[1::-1]
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Person((float(head[0] / width), float(head[1] / height)), trunk, looks, int(inside.sum()), box)


def matched(
    first: list[Person], second: list[Person], gain: NDArray[np.float64], view: Shared | None = None
) -> list[tuple[Person, Person, float]]:
    """Each person of one side with the likeliest of the other, by trunk colour after ``gain``: pairs and their CIEDE2000, best first.

    With a shared ``view`` two are the same only where they stand at about the same place of the set.
    """
    every = sorted(
        ((a, b, _apart(a.trunk, b.trunk / gain)) for a in first for b in second if view is None or _same_place(a, b, view)),
        key=lambda pair: pair[2],
    )
    taken: list[tuple[Person, Person, float]] = []
    for a, b, difference in every:
        if all(a is not x and b is not y for x, y, _ in taken):
            taken.append((a, b, difference))
    return taken


def _same_place(a: Person, b: Person, view: Shared) -> bool:
    height, width = view.moved.shape[:2]
    there = np.array([[[b.head[0] * width, b.head[1] * height]]], np.float64)
    here = cv2.perspectiveTransform(there, view.matrix)[0, 0] / width
    return bool(np.hypot(here[0] - a.head[0], here[1] - a.head[1] * height / width) < 0.15)


def _apart(one: Real, other: Real) -> float:
    """CIEDE2000 between two colours brought to one luminance, a middle one: hue and chroma alone."""
    level = 0.25
    shown = [c * level / max(float(luminance(c.astype(np.float32))), 1e-5) for c in (one, other)]
    return float(np.ravel(ciede2000(shown[0][None], shown[1][None]))[0])
