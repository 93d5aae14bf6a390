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
"""Planes are looked for at an eighth of the size, where a calibration off by 30 pixels still correlates."""
MOST_PLANES = 3
LIKE = 0.72
"""Normalised correlation of a 9x9 window above which two cameras see the same surface."""
TEXTURE_STOPS = 0.08
"""Spread within a window from which on there is something to compare."""
BELIEVED = 0.15
"""Share of the texture both see that must look alike before a camera is heard on a plane; a wrong plane reached 0.06."""
AGREE_STOPS = 0.35
"""How far two other cameras may differ on a pixel and still be believed; glossy floors differ by 0.2."""
PLAIN = 0.75
"""Share of the ring's nearby evidence a plane needs for a single other camera to be believed."""
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
    """The planes of the room on which the witnesses correlate best with what this camera knows, best first, well apart."""
    step = int(np.clip(min(plate.shape[:2]) // 100, 1, SWEEP_STEP))
    size = (plate.shape[1] // step, plate.shape[0] // step)
    cut = (slice(0, size[1] * step), slice(0, size[0] * step))
    small = cv2.resize(plate[cut], size, interpolation=cv2.INTER_AREA)
    here = cv2.resize(known[cut].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.9
    shrunk = camera.cropped(box[0], box[1], size[0] * step, size[1] * step).resized(*size)
    others = [_shrunk(witness, step) for witness in witnesses]
    scored: list[tuple[float, Plane]] = []
    if not here.any():
        return ()
    for plane in _candidates(shrunk, here):
        check()
        score = 0.0
        for other in others:
            laid, valid = _warp(shrunk, (0, 0, *size), plane, other)
            found = _bend(small, laid, here & valid, 1, 15)
            score += found[1] if found is not None else 0.0
        scored.append((score, plane))
    chosen: list[Plane] = []
    for score, plane in sorted(scored, key=lambda pair: -pair[0]):
        if score <= 0 or len(chosen) == MOST_PLANES:
            break
        if all(
            abs(float(np.dot(plane.normal, other.normal))) < 0.8 or abs(plane.distance - other.distance) > 0.35 for other in chosen
        ):
            chosen.append(plane)
    return tuple(chosen)


def _candidates(camera: Camera, where: Pixels) -> list[Plane]:
    """Level planes from 1.2 m below the floor to 1.4 m above, and upright ones in 6 directions at steps of 3/4 m:
    what is left is put right by the corners both cameras see."""
    planes = [Plane.horizontal(float(z)) for z in np.arange(-1.2, 1.41, 0.1) if z < camera.position[2] - 0.2]
    centre = np.argwhere(where).mean(axis=0)[::-1]
    _, ahead = camera.rays(centre)
    for angle in np.radians(np.arange(0, 180, 30)):
        normal = np.array([np.cos(angle), np.sin(angle), 0.0])
        if abs(normal @ ahead) < 0.25:
            continue
        for away in np.arange(2.0, 8.1, 0.75):
            planes.append(Plane((float(normal[0]), float(normal[1]), 0.0), float(normal @ (camera.position + away * ahead))))
    return planes


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
    """The witness on the plane, set right by what both cameras see of it: calibrations were seen to be 30 pixels off.

    From coarse to fine, each time over those parts only that already look alike: the rest is not on this plane.
    """
    colour, valid = _warp(camera, box, plane, witness)
    bend, where, grey = np.eye(3), known & valid, plate.mean(axis=2)
    for step in [one for one in (8, 8, 4, 2) if min(plate.shape[:2]) >= 80 * one] or [1]:
        more = _bend(plate, colour, where, step, 25)
        if more is None:
            break
        bend = bend @ more[0]
        colour, valid = _warp(camera, box, plane, witness, bend)
        alike = cv2.dilate((_likeness(grey, colour.mean(axis=2), 41) > 0.35).astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
        where = known & valid & alike
    like = np.where(valid & known, _likeness(grey, colour.mean(axis=2), _WINDOW), np.float32(0))
    textured = valid & known & (_spread(grey, _WINDOW) > TEXTURE_STOPS)
    return _Laid(colour, valid, like, float((like > LIKE)[textured].mean()) if textured.sum() > 500 else 0.0)


def _bend(plate: Log, laid: Log, where: Pixels, step: int, rounds: int) -> tuple[NDArray[np.float64], float] | None:
    """The homography (3, 3) from this camera's pixels to where ``laid`` shows the same, and how sure it is; None
    where they do not correlate.

    G. Evangelidis, E. Psarakis, "Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization", IEEE
    PAMI 30(10), 2008, at 1/``step`` of the size; what is not known is level grey, which speaks neither for nor against.
    """
    size = (plate.shape[1] // step, plate.shape[0] // step)
    weight = cv2.blur(cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA), (9, 9))
    weight = np.where(weight > 0.97, np.float32(1), np.float32(0))
    sides = []
    for one in (plate, laid):
        grey = cv2.resize(one.mean(axis=2), size, interpolation=cv2.INTER_AREA)
        sides.append(np.clip(grey - cv2.GaussianBlur(grey, (0, 0), 8), -0.6, 0.6) * weight)
    if weight.sum() < 0.04 * weight.size:
        return None
    ending = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, rounds, 1e-4)
    try:
        first = np.eye(2, 3, dtype=np.float32)
        _, first = cv2.findTransformECC(sides[0], sides[1], first, cv2.MOTION_AFFINE, ending, None, 5)
        fit = np.vstack([first, [0, 0, 1]]).astype(np.float32)
        sure, fit = cv2.findTransformECC(sides[0], sides[1], fit, cv2.MOTION_HOMOGRAPHY, ending, None, 3)
    except cv2.error:
        return None
    corners = np.array([[[0, 0], [size[0], 0], [0, size[1]], [size[0], size[1]]]], np.float32)
    moved = np.linalg.norm(cv2.perspectiveTransform(corners, fit) - corners, axis=2).max()
    if sure < 0.3 or not moved < 0.12 * max(size):
        return None
    full = np.array([[1, 0, (step - 1) / 2], [0, 1, (step - 1) / 2], [0, 0, 1]]) @ np.diag([step, step, 1.0])
    # laid(H x) = plate(x): the pixel x must ask the plane at H x.
    return np.asarray(full @ fit @ np.linalg.inv(full), np.float64), float(sure)


def _fitted(laid: _Laid, plate: Log, ring: Pixels) -> _Laid:
    """The witness's colours brought to this camera's by a gain and a contrast per channel, from ring pixels that look alike."""
    alike = ring & laid.valid & (laid.like > LIKE)
    near = cv2.dilate(alike.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    use = np.argwhere(near & ring & laid.valid)
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
