"""What another camera of the same take saw of the set behind the subject, carried over by planes.

The other camera's clean plate is laid on level and upright planes of the room. Which planes there are is found where
both cameras see the set (the ring round the hole); inside the hole a pixel is believed only where two other cameras
agree on it, or where one sees it and the plane is plainly the one all around.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.static_plate import StaticPlate
from answerprint.generator.stops import Log
from answerprint.graph.contract import Box
from answerprint.graph.contract import Plane as Pixels
from answerprint.optics.camera import Camera, Plane

SWEEP_STEP = 8
"""Planes are looked for at up to an eighth of the size."""
REACH_PX = 48
"""How far, in a picture 1920 pixels long, a thing may lie from where the calibrations put it; they differ by up to 8 cm."""
FEWEST = 16
"""Patches that must obey one homography."""
BEYOND_PX = 48
"""How far beyond the corners found on it a plane is believed to go on."""
MOST_PLANES = 1
LIKE = 0.72
"""Normalised correlation of a 9x9 window above which two cameras see the same surface."""
TEXTURE_STOPS = 0.08
"""Spread within a window from which on there is something to compare."""
BELIEVED = 0.25
"""Share of the texture both see that must look alike before a camera is heard on a plane; a wrong plane reached 0.06."""
AGREE_STOPS = 0.35
"""How far two other cameras may differ on a pixel and still be believed; glossy floors differ by 0.2."""
PLAIN = 0.75
"""Share of the ring's nearby evidence a plane needs for a single other camera to be believed."""
_FAINT = 0.04
"""Spread, in stops, that is enough to align by."""
_WINDOW = 9


@dataclass(frozen=True)
class Witness:
    """Another camera, its clean plate over its whole frame, and where nothing of it may be used (h, w) bool."""

    camera: Camera
    plate: StaticPlate
    barred: Pixels


@dataclass(frozen=True)
class Testimony:
    """``colour`` (h, w, 3) in stops and ``count`` (h, w) uint16, how many cameras agreed (0: none); the planes used."""

    colour: Log
    count: Pixels
    planes: tuple[Plane, ...]


@dataclass
class _Laid:
    """One witness laid on one plane, in the pixels of this camera's box."""

    colour: Log
    valid: Pixels
    like: NDArray[np.float32]
    score: float = 0.0


def testimony(
    camera: Camera, box: Box, plate: Log, hole: Pixels, known: Pixels, witnesses: list[Witness], check: Callable[[], None]
) -> Testimony:
    """What ``witnesses`` say of ``hole`` in ``box`` of ``camera``'s picture; ``plate`` is right where ``known``."""
    nothing = Testimony(np.zeros_like(plate), np.zeros(hole.shape, np.uint16), ())
    if not hole.any() or not witnesses:
        return nothing
    planes = find_planes(camera, box, plate, known, witnesses, check)
    if not planes:
        return nothing
    laid = []
    for plane in planes:
        check()
        laid.append([_fitted(_lay(camera, box, plane, witness, plate, known), plate, known) for witness in witnesses])
    return _judge(planes, laid, hole, known)


def find_planes(
    camera: Camera, box: Box, plate: Log, known: Pixels, witnesses: list[Witness], check: Callable[[], None]
) -> tuple[Plane, ...]:
    """The planes of the room on which most corners that this camera knows are seen again by the witnesses, best first.

    A corner counts for one plane only, so that the second best is another surface and not the first one a little higher.
    """
    step = int(np.clip(min(plate.shape[:2]) // 110, 1, SWEEP_STEP))
    size = (plate.shape[1] // step, plate.shape[0] // step)
    cut = (slice(0, size[1] * step), slice(0, size[0] * step))
    small = _flat(cv2.resize(plate[cut].mean(axis=2), size, interpolation=cv2.INTER_AREA))
    here = cv2.resize(known[cut].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    shrunk = camera.cropped(box[0], box[1], size[0] * step, size[1] * step).resized(*size)
    others = [_shrunk(witness, step) for witness in witnesses]
    hits: list[tuple[Plane, NDArray[np.float64], NDArray[np.bool_]]] = []
    for plane in _candidates(shrunk):
        check()
        seen, scores = np.zeros((len(others), *small.shape), bool), np.zeros(len(others))
        for at, other in enumerate(others):
            laid, valid = _warp(shrunk, (0, 0, *size), plane, other)
            if (valid & here).sum() > 200:
                _, _, seen[at], scores[at] = _best_shift(
                    small, _flat(laid.mean(axis=2)), here, valid, max(2, round(_reach(camera) / step))
                )
        hits.append((plane, scores, seen))
    chosen: list[Plane] = []
    free = np.ones(small.shape, bool)

    def worth(hit: tuple[Plane, NDArray[np.float64], NDArray[np.bool_]]) -> float:
        return float((hit[1] * (hit[2] & free).sum(axis=(1, 2))).sum())

    while hits and len(chosen) < MOST_PLANES:
        plane, _, seen = max(hits, key=worth)
        if int((seen & free).sum(axis=(1, 2)).max()) < 0.002 * free.size:
            break
        chosen.append(plane)
        free &= ~(cv2.dilate(seen.any(axis=0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    return tuple(chosen)


def _candidates(camera: Camera) -> list[Plane]:
    """Level planes from 0.8 m below the floor to 1.2 m above; centimetres between are put right by what both cameras see."""
    return [Plane.horizontal(float(z)) for z in np.arange(-0.8, 1.21, 0.1) if z < camera.position[2] - 0.2]


def _reach(camera: Camera) -> float:
    return REACH_PX * max(camera.width, camera.height) / 1920


def _flat(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Detail only: the large bright and dark of two cameras differ by shine and shadow."""
    return np.asarray(np.clip(grey - cv2.GaussianBlur(grey, (0, 0), 8), -1, 1), np.float32)


def _best_shift(
    grey: NDArray[np.float32], laid: NDArray[np.float32], known: Pixels, valid: Pixels, reach: int
) -> tuple[float, tuple[int, int], Pixels, float]:
    """How well ``laid`` shows ``grey`` again, the shift (x, y) in pixels at which it does best, where it then does,
    and of what share of the pattern that either shows."""
    window = 7
    spread = _spread(grey, window)
    other_spread, whole = _spread(laid, window), cv2.erode(valid.astype(np.uint8), np.ones((window, window), np.uint8))
    mean, other_mean = cv2.blur(grey, (window, window)), cv2.blur(laid, (window, window))
    theirs = np.dstack([laid, other_mean, other_spread, whole.astype(np.float32)])
    best: tuple[float, tuple[int, int], Pixels, float] = (-np.inf, (0, 0), np.zeros(grey.shape, bool), 0.0)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            moved = cv2.warpAffine(
                theirs, np.array([[1, 0, -dx], [0, 1, -dy]], np.float32), grey.shape[::-1], flags=cv2.INTER_NEAREST
            )
            both = cv2.blur(grey * moved[..., 0], (window, window)) - mean * moved[..., 1]
            ratio = both / (np.maximum(spread, _FAINT) * np.maximum(moved[..., 2], _FAINT))
            usable = known & (moved[..., 3] > 0)
            busy = usable & (np.maximum(spread, moved[..., 2]) > TEXTURE_STOPS)
            # What one shows and the other does not speaks against: a long edge alone agrees at many places.
            score = float((ratio[busy] - 0.3).sum()) / float(np.sqrt(busy.sum() + 300.0))
            if score > best[0]:
                alike = busy & (ratio > LIKE)
                best = (score, (dx, dy), alike, float(alike.sum()) / max(float(busy.sum()), 1.0))
    return best


@dataclass(frozen=True)
class _Fit:
    """The bend (3, 3) from this camera's pixels to where the other shows the same; the spots (n, 2) that obey it."""

    bend: NDArray[np.float64]
    spots: NDArray[np.float64]
    share: float


def _fit(grey: NDArray[np.float32], laid: NDArray[np.float32], where: Pixels, half: int, reach: int, within: float) -> _Fit | None:
    """Where patches of ``grey`` are found again in ``laid``, and the homography near the identity that most obey.

    The strongest step of each cell is looked for ``reach`` pixels around; along a straight edge only the offset across
    it counts. Weighted by Tukey's biweight from wide to narrow.
    """
    spots, offsets, across = _matches(grey, laid, where, half, reach)
    if len(spots) < FEWEST:
        return None
    height, width = grey.shape
    scale = max(height, width) / 2
    x, y = (spots[:, 0] - width / 2) / scale, (spots[:, 1] - height / 2) / scale
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.stack(
        [np.stack([one, x, y, none, none, none, x * x, x * y], 1), np.stack([none, none, none, one, x, y, x * y, y * y], 1)], 1
    )
    rows, right = across @ rows, (across @ offsets[..., None])[..., 0]
    damp = np.diag([0, 1, 1, 0, 1, 1, 30, 30]) * 0.02 * len(x)
    model = np.zeros(8)
    model[[0, 3]] = np.median(offsets, axis=0)
    weight = np.ones(len(x))
    for width_px in (3 * within, 3 * within, 2 * within, 2 * within, within, within, within):
        off = np.linalg.norm(right - rows @ model, axis=1)
        weight = np.clip(1 - (off / (2 * width_px)) ** 2, 0, None) ** 2
        normal = np.einsum("n,nki,nkj->ij", weight, rows, rows) + damp + 1e-6 * np.eye(8)
        model = np.linalg.solve(normal, np.einsum("n,nki,nk->i", weight, rows, right))
    good = np.linalg.norm(right - rows @ model, axis=1) < within
    if good.sum() < FEWEST:
        return None
    a, b, c, d, e, f, g, h = model / scale
    centre = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]]) @ np.diag([scale, scale, 1.0])
    tiny = np.array([[1 + b, c, a], [e, 1 + f, d], [-g, -h, 1]])
    bend = centre @ tiny @ np.linalg.inv(centre)
    return _Fit(bend / bend[2, 2], spots[good], float(good.mean()))


def _matches(
    grey: NDArray[np.float32], laid: NDArray[np.float32], where: Pixels, half: int, reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Spots (n, 2), their offsets (n, 2), and for each the matrix (2, 2) that keeps what the patch can tell of the offset."""
    edge, side = half + reach, 2 * half + 1
    slopes = [cv2.Sobel(grey, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(grey, cv2.CV_32F, 0, 1) / 8]
    tensor = [cv2.blur(one, (side, side)) for one in (slopes[0] ** 2, slopes[0] * slopes[1], slopes[1] ** 2)]
    inside = cv2.erode(where.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    strength = np.where(inside & (_spread(grey, side) > _FAINT), tensor[0] + tensor[2], 0)
    strength[:edge], strength[-edge:], strength[:, :edge], strength[:, -edge:] = 0, 0, 0, 0
    spots, offsets, across = [], [], []
    cell = half + 1
    for top in range(0, grey.shape[0], cell):
        for left in range(0, grey.shape[1], cell):
            part = strength[top : top + cell, left : left + cell]
            row, column = np.unravel_index(int(np.argmax(part)), part.shape)
            if part[row, column] <= 0:
                continue
            y, x = top + int(row), left + int(column)
            match = cv2.matchTemplate(
                laid[y - edge : y + edge + 1, x - edge : x + edge + 1],
                grey[y - half : y + half + 1, x - half : x + half + 1],
                cv2.TM_CCOEFF_NORMED,
            )
            _, best, _, (dx, dy) = cv2.minMaxLoc(match)
            if best < LIKE or not (0 < dx < 2 * reach and 0 < dy < 2 * reach):
                continue
            spots.append((x, y))
            offsets.append((_peak(match[dy, dx - 1 : dx + 2]) + dx - reach, _peak(match[dy - 1 : dy + 2, dx]) + dy - reach))
            values, vectors = np.linalg.eigh([[tensor[0][y, x], tensor[1][y, x]], [tensor[1][y, x], tensor[2][y, x]]])
            told = np.clip(values / max(values[1], 1e-12) * 3, 0, 1)
            across.append((vectors * told) @ vectors.T)
    return np.array(spots, float).reshape(-1, 2), np.array(offsets, float).reshape(-1, 2), np.array(across).reshape(-1, 2, 2)


def _peak(three: NDArray[np.float32]) -> float:
    """Where between -0.5 and 0.5 a parabola through three values has its top."""
    left, middle, right = (float(value) for value in three.ravel())
    curve = left - 2 * middle + right
    return 0.0 if curve > -1e-9 else float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))


def _shrunk(witness: Witness, step: int) -> Witness:
    height, width = witness.plate.colour.shape[:2]
    size = (width // step, height // step)
    area = (slice(0, size[1] * step), slice(0, size[0] * step))
    colour = cv2.resize(witness.plate.colour[area], size, interpolation=cv2.INTER_AREA)
    bad = (witness.barred | (witness.plate.seen == 0))[area].astype(np.float32)
    barred = cv2.resize(bad, size, interpolation=cv2.INTER_AREA) > 0.2
    camera = witness.camera.cropped(0, 0, size[0] * step, size[1] * step).resized(*size)
    return Witness(camera, StaticPlate(colour, (~barred).astype(np.uint16), witness.plate.residual, (0, 0, *size), (), ()), barred)


def _warp(camera: Camera, box: Box, plane: Plane, witness: Witness, bend: NDArray[np.float64] | None = None) -> tuple[Log, Pixels]:
    """The witness's plate as ``camera`` would see it in ``box`` if all of it lay on ``plane``; and where it is valid.

    Where the pixels fall is computed on a grid of 8 and interpolated; ``bend`` (3, 3) moves the box's pixels first.
    """
    x0, y0, x1, y1 = box
    columns = np.arange(x0, x1 + 8, 8, dtype=np.float64) if x1 - x0 > 400 else np.arange(x0, x1, dtype=np.float64)
    rows = np.arange(y0, y1 + 8, 8, dtype=np.float64) if x1 - x0 > 400 else np.arange(y0, y1, dtype=np.float64)
    pixels = np.stack(np.meshgrid(columns, rows), axis=-1)
    if bend is not None:
        moved = np.concatenate([pixels - [x0, y0], np.ones_like(pixels[..., :1])], axis=-1) @ bend.T
        pixels = moved[..., :2] / moved[..., 2:] + [x0, y0]
    there = np.nan_to_num(camera.transfer(pixels, plane, witness.camera), nan=-1e4).clip(-1e4, 1e4).astype(np.float32)
    if len(columns) != x1 - x0:
        grid_x = np.broadcast_to((np.arange(x1 - x0, dtype=np.float32) / 8)[None], (y1 - y0, x1 - x0))
        grid_y = np.broadcast_to((np.arange(y1 - y0, dtype=np.float32) / 8)[:, None], (y1 - y0, x1 - x0))
        there = cv2.remap(
            there, np.ascontiguousarray(grid_x), np.ascontiguousarray(grid_y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    map_x, map_y = np.ascontiguousarray(there[..., 0]), np.ascontiguousarray(there[..., 1])
    colour = cv2.remap(witness.plate.colour, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    usable = ((witness.plate.seen > 0) & ~witness.barred).astype(np.float32)
    valid = cv2.remap(usable, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0) > 0.99
    return colour, valid


def _lay(camera: Camera, box: Box, plane: Plane, witness: Witness, plate: Log, known: Pixels) -> _Laid:
    """The witness on the plane, set right by the corners both cameras see on it: calibrations differ by centimetres.

    Found at a coarse size with a wide search, then finer with a narrow one.
    """
    grey = _flat(plate.mean(axis=2))
    nothing = _Laid(np.zeros_like(plate), np.zeros(known.shape, bool), np.zeros_like(grey))
    start = _coarse(camera, box, plane, witness, grey, known)
    if start is None:
        return nothing
    plane, bend = start
    spots = np.zeros((0, 2))
    for step, reach in ((4, 4), (2, 5), (1, 4)) if min(plate.shape[:2]) >= 480 else ((1, 4), (1, 3)):
        colour, valid = _warp(camera, box, plane, witness, bend)
        size = (plate.shape[1] // step, plate.shape[0] // step)
        small = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (grey, _flat(colour.mean(axis=2)))]
        where = cv2.resize((known & valid).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        fit = _fit(small[0], small[1], where, 5 if min(plate.shape[:2]) < 480 else (7 if step > 2 else 12), reach, 1.2)
        if fit is None:
            return nothing
        full = np.array([[1, 0, (step - 1) / 2], [0, 1, (step - 1) / 2], [0, 0, 1]]) @ np.diag([step, step, 1.0])
        bend = bend @ full @ fit.bend @ np.linalg.inv(full)
        spots = fit.spots * step + (step - 1) / 2
    colour, valid = _warp(camera, box, plane, witness, bend)
    like = np.where(valid & known, _likeness(grey, _flat(colour.mean(axis=2)), _WINDOW), np.float32(0))
    hull = cv2.fillConvexPoly(np.zeros(known.shape, np.uint8), cv2.convexHull(spots.astype(np.int32)), 1)
    textured = valid & known & (hull > 0) & (_spread(grey, _WINDOW) > TEXTURE_STOPS)
    valid &= cv2.dilate(hull, np.ones((2 * BEYOND_PX + 1, 2 * BEYOND_PX + 1), np.uint8)) > 0
    return _Laid(colour, valid, like, float((like > LIKE)[textured].mean()) if textured.sum() > 500 else 0.0)


def _coarse(
    camera: Camera, box: Box, plane: Plane, witness: Witness, grey: NDArray[np.float32], known: Pixels
) -> tuple[Plane, NDArray[np.float64]] | None:
    """The height near ``plane`` and the shift (as a bend (3, 3)) that make most of it look alike; None where hardly any does.

    Looked for with a wide reach at an eighth of the size, then at a quarter. Pairs of cameras put one surface at
    heights centimetres apart.
    """
    best: tuple[float, Plane, tuple[int, int]] = (-np.inf, plane, (0, 0))
    found = 0
    for step in (8, 4) if min(grey.shape) >= 480 else (max(1, min(SWEEP_STEP, min(grey.shape) // 110)),):
        size = (grey.shape[1] // step, grey.shape[0] // step)
        small = cv2.resize(grey[: size[1] * step, : size[0] * step], size, interpolation=cv2.INTER_AREA)
        here = cv2.resize(known[: size[1] * step, : size[0] * step].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        shrunk = camera.cropped(box[0], box[1], size[0] * step, size[1] * step).resized(*size)
        other = _shrunk(witness, step)
        first = np.isinf(best[0])
        middle, shift = best[1], best[2]
        best = (-np.inf, middle, shift)
        for up in np.arange(-0.08, 0.081, 0.02) if first else (0.0, -0.01, 0.01):
            level = Plane(middle.normal, middle.distance + float(up))
            move = np.array([[1, 0, shift[0] / step], [0, 1, shift[1] / step], [0, 0, 1.0]])
            laid, valid = _warp(shrunk, (0, 0, *size), level, other, move)
            if (valid & here).sum() < 100:
                continue
            score, (dx, dy), alike, _ = _best_shift(
                small, _flat(laid.mean(axis=2)), here, valid, max(2, round(_reach(camera) / step)) if first else 2
            )
            if score > best[0]:
                best = (score, level, (shift[0] + dx * step, shift[1] + dy * step))
                found = int(alike.sum())
        if np.isinf(best[0]) or found * step * step < 2500 * (min(grey.shape) / 1000) ** 2:
            return None
    return best[1], np.array([[1, 0, best[2][0]], [0, 1, best[2][1]], [0, 0, 1.0]])


def _fitted(laid: _Laid, plate: Log, ring: Pixels) -> _Laid:
    """The witness's colours brought to this camera's by a gain and a contrast per channel, from ring pixels that look alike."""
    alike = ring & laid.valid & (laid.like > LIKE)
    # The plain parts between the lines that agree are the same surface, and carry the cleanest colour.
    near = cv2.dilate(
        cv2.resize(alike.astype(np.uint8), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.ones((25, 25), np.uint8)
    )
    near = cv2.resize(near, alike.shape[::-1], interpolation=cv2.INTER_NEAREST)
    use = np.argwhere((near > 0) & ring & laid.valid)
    if len(use) < 200 or laid.score < BELIEVED:
        laid.valid = np.zeros_like(laid.valid)
        return laid
    use = use[:: max(1, len(use) // 20_000)]
    mine, theirs = plate[tuple(use.T)].astype(np.float64), laid.colour[tuple(use.T)].astype(np.float64)
    out = np.empty_like(laid.colour)
    for channel in range(3):
        middle = float(np.median(theirs[:, channel]))
        slope, offset = 1.0, float(np.median(mine[:, channel] - theirs[:, channel]))
        for _ in range(6):
            x = theirs[:, channel] - middle
            off = mine[:, channel] - (slope * x + middle + offset)
            width = max(3.0 * float(np.median(np.abs(off))), 0.02)
            weight = np.clip(1 - (off / width) ** 2, 0, None) ** 2
            normal = np.array(
                [[(weight * x * x).sum() + 0.02 * weight.sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]]
            )
            right = np.array(
                [
                    (weight * x * (mine[:, channel] - middle)).sum() + 0.02 * weight.sum(),
                    (weight * (mine[:, channel] - middle)).sum(),
                ]
            )
            slope, offset = np.linalg.solve(normal + 1e-9 * np.eye(2), right)
        slope = float(np.clip(slope, 0.7, 1.4))
        out[..., channel] = slope * (laid.colour[..., channel] - middle) + middle + offset
    laid.colour = out
    return laid


def _judge(planes: tuple[Plane, ...], laid: list[list[_Laid]], hole: Pixels, ring: Pixels) -> Testimony:
    """For each pixel of the hole the plane on which the witnesses agree best, and the colour they agree on."""
    share = _shares(laid, ring)
    best = np.full(hole.shape, np.inf, np.float32)
    colour = np.zeros((*hole.shape, 3), np.float32)
    count = np.zeros(hole.shape, np.uint16)
    for at, witnesses in enumerate(laid):
        order = sorted(range(len(witnesses)), key=lambda one: -witnesses[one].score)
        cost, said, number = _agreement([witnesses[one] for one in order], share[at])
        cost = cost + np.float32(0.12) * -np.log(np.maximum(share[at], 1e-3))
        better = hole & (number > 0) & (cost < best)
        best[better], colour[better], count[better] = cost[better], said[better], number[better]
    solid = cv2.morphologyEx((count > 0).astype(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)) > 0
    count[~solid] = 0
    return Testimony(colour, count, planes)


def _agreement(witnesses: list[_Laid], share: NDArray[np.float32]) -> tuple[NDArray[np.float32], Log, Pixels]:
    """Cost in stops (h, w), the colour said, and by how many: two that agree, else one where the plane is plain."""
    shape = share.shape
    cost = np.full(shape, np.inf, np.float32)
    said = np.zeros((*shape, 3), np.float32)
    number = np.zeros(shape, np.uint16)
    for first in range(len(witnesses)):
        a = witnesses[first]
        alone = a.valid & (share > PLAIN) & np.isinf(cost)
        agreeing = np.zeros(shape, np.uint16)
        least = np.full(shape, np.inf, np.float32)
        for second in range(len(witnesses)):
            if second == first:
                continue
            b = witnesses[second]
            apart = cv2.blur(np.abs(a.colour - b.colour).max(axis=2), (_WINDOW, _WINDOW))
            both = a.valid & b.valid & (apart < AGREE_STOPS)
            least = np.where(both, np.minimum(least, apart), least)
            agreeing += both.astype(np.uint16)
            alone &= ~b.valid | both
        two = (agreeing > 0) & (number < 2)
        said[two], cost[two], number[two] = a.colour[two], least[two], agreeing[two] + 1
        one = alone & (number == 0)
        said[one], cost[one], number[one] = a.colour[one], np.float32(AGREE_STOPS), 1
    return cost, said, number


def _shares(laid: list[list[_Laid]], ring: Pixels) -> NDArray[np.float32]:
    """How much of the evidence near each pixel speaks for each plane: (planes, h, w), adding to 1."""
    step = 8
    height, width = ring.shape
    size = ((width + step - 1) // step, (height + step - 1) // step)
    votes = np.stack([np.max([one.like > LIKE for one in witnesses], axis=0) & ring for witnesses in laid]).astype(np.float32)
    spread = []
    for vote in votes:
        small = cv2.resize(vote, size, interpolation=cv2.INTER_AREA)
        wide = cv2.GaussianBlur(small, (0, 0), 3.0) + 0.2 * cv2.GaussianBlur(small, (0, 0), 10.0)
        spread.append(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR))
    total = np.stack(spread) + np.float32(1e-5)
    return np.asarray(total / total.sum(axis=0), np.float32)


def _spread(grey: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    mean = cv2.blur(grey, (window, window))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(grey * grey, (window, window)) - mean * mean, 0)), np.float32)


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Normalised correlation of the windows round each pixel, less where there is hardly any texture (0.03 stops)."""
    box = (window, window)
    mean_a, mean_b = cv2.blur(a, box), cv2.blur(b, box)
    both = cv2.blur(a * b, box) - mean_a * mean_b
    return np.asarray(both / (_spread(a, window) * _spread(b, window) + np.float32(0.03**2)), np.float32)


def subject_in(camera: Camera, outline: Pixels, floor: float, witness: Camera, thickness: float = 0.35) -> Pixels:
    """Where the subject, standing on the level ``floor``, must hide the set from ``witness``: (h, w) bool, generous.

    The subject is taken for a card facing ``camera`` at the depth of the feet (the lowest part of ``outline``), as thick
    as ``thickness`` metres to either side.
    """
    rows, columns = np.nonzero(outline)
    out = np.zeros((witness.height, witness.width), np.uint8)
    if not len(rows):
        return out > 0
    low = rows >= np.percentile(rows, 99)
    feet = camera.on_plane(np.array([float(np.median(columns[low])), float(np.percentile(rows, 99))]), Plane.horizontal(floor))
    if not np.isfinite(feet).all():
        return out > 0
    ahead = camera.world_to_camera[2] * [1, 1, 0]
    ahead /= max(float(np.linalg.norm(ahead)), 1e-9)
    keep = slice(None, None, max(1, len(rows) // 4000))
    pixels = np.stack([columns[keep], rows[keep]], axis=1).astype(np.float64)
    for shift in np.linspace(-thickness, thickness, 5):
        card = Plane((float(ahead[0]), float(ahead[1]), 0.0), float(ahead @ (feet + shift * ahead)))
        there = witness.project(camera.on_plane(pixels, card))
        fine = np.isfinite(there).all(axis=1) & witness.inside(there)
        spots = np.rint(there[fine]).astype(int)
        out[spots[:, 1], spots[:, 0]] = 1
    size = 2 * round(0.02 * max(witness.width, witness.height)) + 1
    return np.asarray(cv2.dilate(out, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0)
