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

from answerprint.generator.stops import Log
from answerprint.generator.witness_laying import (
    LIKE,
    SWEEP_STEP,
    WINDOW,
    Laid,
    Witness,
    best_shift,
    flat,
    lay,
    reach_of,
    shrunk,
    warp,
)
from answerprint.graph.contract import Box
from answerprint.graph.contract import Plane as Pixels
from answerprint.optics.camera import Camera, Plane

MOST_PLANES = 1
BELIEVED = 0.25
"""Share of the texture both see that must look alike before a camera is heard on a plane; a wrong plane reached 0.06."""
AGREE_STOPS = 0.35
"""How far two other cameras may differ on a pixel and still be believed; glossy floors differ by 0.2."""
PLAIN = 0.75
"""Share of the ring's nearby evidence a plane needs for a single other camera to be believed."""


@dataclass(frozen=True)
class Testimony:
    """``colour`` (h, w, 3) in stops and ``count`` (h, w) uint16, how many cameras agreed (0: none); the planes used."""

    colour: Log
    count: Pixels
    planes: tuple[Plane, ...]


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
        laid.append([_fitted(lay(camera, box, plane, witness, plate, known), plate, known) for witness in witnesses])
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
    small = flat(cv2.resize(plate[cut].mean(axis=2), size, interpolation=cv2.INTER_AREA))
    here = cv2.resize(known[cut].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    lower = camera.cropped(box[0], box[1], size[0] * step, size[1] * step).resized(*size)
    others = [shrunk(witness, step) for witness in witnesses]
    hits: list[tuple[Plane, NDArray[np.float64], NDArray[np.bool_]]] = []
    for plane in _candidates(lower):
        check()
        seen, scores = np.zeros((len(others), *small.shape), bool), np.zeros(len(others))
        for at, other in enumerate(others):
            laid, valid = warp(lower, (0, 0, *size), plane, other)
            if (valid & here).sum() > 200:
                _, _, seen[at], scores[at] = best_shift(
                    small, flat(laid.mean(axis=2)), here, valid, max(2, round(reach_of(camera) / step))
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


def _fitted(laid: Laid, plate: Log, ring: Pixels) -> Laid:
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


def _judge(planes: tuple[Plane, ...], laid: list[list[Laid]], hole: Pixels, ring: Pixels) -> Testimony:
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


def _agreement(witnesses: list[Laid], share: NDArray[np.float32]) -> tuple[NDArray[np.float32], Log, Pixels]:
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
            apart = cv2.blur(np.abs(a.colour - b.colour).max(axis=2), (WINDOW, WINDOW))
            both = a.valid & b.valid & (apart < AGREE_STOPS)
            least = np.where(both, np.minimum(least, apart), least)
            agreeing += both.astype(np.uint16)
            alone &= ~b.valid | both
        two = (agreeing > 0) & (number < 2)
        said[two], cost[two], number[two] = a.colour[two], least[two], agreeing[two] + 1
        one = alone & (number == 0)
        said[one], cost[one], number[one] = a.colour[one], np.float32(AGREE_STOPS), 1
    return cost, said, number


def _shares(laid: list[list[Laid]], ring: Pixels) -> NDArray[np.float32]:
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
