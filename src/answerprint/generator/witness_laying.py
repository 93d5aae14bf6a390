"""Laying what another camera saw on a plane of the room, and setting it right by what both cameras see there."""

from __future__ import annotations

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
LIKE = 0.72
"""Normalised correlation of a 9x9 window above which two cameras see the same surface."""
TEXTURE_STOPS = 0.08
"""Spread within a window from which on there is something to compare."""
_FAINT = 0.04
"""Spread, in stops, that is enough to align by."""
WINDOW = 9


@dataclass(frozen=True)
class Witness:
    """Another camera, its clean plate over its whole frame, and where nothing of it may be used (h, w) bool."""

    camera: Camera
    plate: StaticPlate
    barred: Pixels


@dataclass
class Laid:
    """One witness laid on one plane, in the pixels of this camera's box."""

    colour: Log
    valid: Pixels
    like: NDArray[np.float32]
    score: float = 0.0


def shrunk(witness: Witness, step: int) -> Witness:
    height, width = witness.plate.colour.shape[:2]
    size = (width // step, height // step)
    area = (slice(0, size[1] * step), slice(0, size[0] * step))
    colour = cv2.resize(witness.plate.colour[area], size, interpolation=cv2.INTER_AREA)
    bad = (witness.barred | (witness.plate.seen == 0))[area].astype(np.float32)
    barred = cv2.resize(bad, size, interpolation=cv2.INTER_AREA) > 0.2
    camera = witness.camera.cropped(0, 0, size[0] * step, size[1] * step).resized(*size)
    return Witness(camera, StaticPlate(colour, (~barred).astype(np.uint16), witness.plate.samples, (0, 0, *size), (), ()), barred)


def warp(camera: Camera, box: Box, plane: Plane, witness: Witness, bend: NDArray[np.float64] | None = None) -> tuple[Log, Pixels]:
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


def lay(camera: Camera, box: Box, plane: Plane, witness: Witness, plate: Log, known: Pixels) -> Laid:
    """The witness on the plane, set right by the corners both cameras see on it: calibrations differ by centimetres.

    Found at a coarse size with a wide search, then finer with a narrow one.
    """
    grey = flat(plate.mean(axis=2))
    nothing = Laid(np.zeros_like(plate), np.zeros(known.shape, bool), np.zeros_like(grey))
    start = _coarse(camera, box, plane, witness, grey, known)
    if start is None:
        return nothing
    plane, bend = start
    spots = np.zeros((0, 2))
    for step, reach in ((4, 4), (2, 5), (1, 4)) if min(plate.shape[:2]) >= 480 else ((1, 4), (1, 3)):
        colour, valid = warp(camera, box, plane, witness, bend)
        size = (plate.shape[1] // step, plate.shape[0] // step)
        small = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (grey, flat(colour.mean(axis=2)))]
        where = cv2.resize((known & valid).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        fit = _fit(small[0], small[1], where, 5 if min(plate.shape[:2]) < 480 else (7 if step > 2 else 12), reach, 1.2)
        if fit is None:
            return nothing
        full = np.array([[1, 0, (step - 1) / 2], [0, 1, (step - 1) / 2], [0, 0, 1]]) @ np.diag([step, step, 1.0])
        bend = bend @ full @ fit.bend @ np.linalg.inv(full)
        spots = fit.spots * step + (step - 1) / 2
    colour, valid = warp(camera, box, plane, witness, bend)
    like = np.where(valid & known, _likeness(grey, flat(colour.mean(axis=2)), WINDOW), np.float32(0))
    hull = cv2.fillConvexPoly(np.zeros(known.shape, np.uint8), cv2.convexHull(spots.astype(np.int32)), 1)
    textured = valid & known & (hull > 0) & (_spread(grey, WINDOW) > TEXTURE_STOPS)
    valid &= cv2.dilate(hull, np.ones((2 * BEYOND_PX + 1, 2 * BEYOND_PX + 1), np.uint8)) > 0
    return Laid(colour, valid, like, float((like > LIKE)[textured].mean()) if textured.sum() > 500 else 0.0)


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
        lower = camera.cropped(box[0], box[1], size[0] * step, size[1] * step).resized(*size)
        other = shrunk(witness, step)
        first = np.isinf(best[0])
        middle, shift = best[1], best[2]
        best = (-np.inf, middle, shift)
        for up in np.arange(-0.08, 0.081, 0.02) if first else (0.0, -0.01, 0.01):
            level = Plane(middle.normal, middle.distance + float(up))
            move = np.array([[1, 0, shift[0] / step], [0, 1, shift[1] / step], [0, 0, 1.0]])
            laid, valid = warp(lower, (0, 0, *size), level, other, move)
            if (valid & here).sum() < 100:
                continue
            score, (dx, dy), alike, _ = best_shift(
                small, flat(laid.mean(axis=2)), here, valid, max(2, round(reach_of(camera) / step)) if first else 2
            )
            if score > best[0]:
                best = (score, level, (shift[0] + dx * step, shift[1] + dy * step))
                found = int(alike.sum())
        if np.isinf(best[0]) or found * step * step < 2500 * (min(grey.shape) / 1000) ** 2:
            return None
    return best[1], np.array([[1, 0, best[2][0]], [0, 1, best[2][1]], [0, 0, 1.0]])


def best_shift(
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
            number = int(np.count_nonzero(busy))
            score = float(ratio[busy].sum(dtype=np.float64) - 0.3 * number) / float(np.sqrt(number + 300.0))
            if score > best[0]:
                alike = busy & (ratio > LIKE)
                best = (score, (dx, dy), alike, float(np.count_nonzero(alike)) / max(float(number), 1.0))
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


def reach_of(camera: Camera) -> float:
    return REACH_PX * max(camera.width, camera.height) / 1920


def flat(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Detail only: the large bright and dark of two cameras differ by shine and shadow."""
    return np.asarray(np.clip(grey - cv2.GaussianBlur(grey, (0, 0), 8), -1, 1), np.float32)


def _spread(grey: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    mean = cv2.blur(grey, (window, window))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(grey * grey, (window, window)) - mean * mean, 0)), np.float32)


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Normalised correlation of the windows round each pixel, less where there is hardly any texture (0.03 stops)."""
    box = (window, window)
    mean_a, mean_b = cv2.blur(a, box), cv2.blur(b, box)
    both = cv2.blur(a * b, box) - mean_a * mean_b
    return np.asarray(both / (_spread(a, window) * _spread(b, window) + np.float32(0.03**2)), np.float32)
