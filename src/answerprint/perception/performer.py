"""Soft mattes of performers through a clip: who covers which pixel, from pose, motion and a few marks.

The study of a clip (people followed, evidence fused along time) is done once at a working size; a frame's matte at full
size is then made from that frame and its study alone, so mattes come out the same in any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from answerprint.perception.belief import Box, ColourTable, Evidence, colour_table, display_lab, fuse
from answerprint.perception.edges import follow_edges
from answerprint.perception.flow import one_thread
from answerprint.perception.people import Track, follow_people
from answerprint.perception.plate import BackgroundPlate, background_plate
from answerprint.perception.pose import Pose, Region
from answerprint.perception.seeds import Mark, Seeds, painted
from answerprint.production import BadInput

__all__ = ["PerformerMaps", "performer_matte", "performer_mattes", "study_performers", "working_size"]

WORKING_SIDE = 544
"""Shorter side of the working picture: fingers of a full figure are still 3 px wide there."""

_SAMPLES = 25
_MEMORY = 200 * 2**20
"""Bytes of working pictures that a study keeps; beyond that frames are read again."""
_STRANGE = 15.0
"""Lab difference from the empty set beyond which it is no shadow: shadows on the stage floor measured 4 to 12."""


def working_size(width: int, height: int) -> tuple[int, int]:
    """The size a clip is studied at: the shorter side at most 544 px."""
    scale = min(1.0, WORKING_SIDE / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass
class PerformerMaps:
    """The study of a clip: for each name and frame a map of how surely a pixel is that person's, kept as PNG bytes.

    ``size`` is the working (width, height), ``names`` the persons in order, ``maps[name][frame]`` the packed map.
    """

    size: tuple[int, int]
    count: int
    names: list[str]
    maps: dict[str, list[bytes]] = field(default_factory=dict)

    def of(self, name: str, frame: int) -> np.ndarray:
        """(h, w) float32 0..1 at the working size."""
        packed = np.frombuffer(self.maps[name][frame], np.uint8)
        return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255

    def arrays(self) -> dict[str, np.ndarray]:
        """As plain arrays to keep: the bytes of all maps and where each begins."""
        flat = [one for name in self.names for one in self.maps[name]]
        ends = np.cumsum([0, *(len(one) for one in flat)], dtype=np.int64)
        return {"maps": np.frombuffer(b"".join(flat), np.uint8).copy(), "ends": ends}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], size: tuple[int, int], count: int, names: list[str]) -> PerformerMaps:
        """The study back from ``arrays``."""
        data, ends = arrays["maps"].tobytes(), arrays["ends"]
        flat = [data[int(ends[at]) : int(ends[at + 1])] for at in range(len(ends) - 1)]
        return cls(size, count, names, {name: flat[at * count : (at + 1) * count] for at, name in enumerate(names)})


def study_performers(
    read: Callable[[int], np.ndarray],
    count: int,
    width: int,
    height: int,
    seeds: Seeds | None = None,
    step: Callable[[int, int], None] | None = None,
) -> PerformerMaps:
    """Who covers what on each of ``count`` frames.

    ``read(i)`` gives frame i as uint8 display RGB at ``working_size(width, height)``, where width and height are the full
    frame's, in whose pixels ``seeds`` are given. Marked persons get their names; the others found are called
    ``person-1``, ``person-2`` and so on, left to right on the frame where they are first seen. Raises BadInput for a mark on
    a frame the clip does not have, and when the pose networks are not there.
    """
    seeds = seeds or Seeds()
    for mark in (mark for marks in (*(one.marks for one in seeds.performers), seeds.nobody) for mark in marks):
        if mark.frame >= count:
            raise BadInput("seeds", f"a mark lies on frame {mark.frame}, the clip has {count}", "give marks for this clip")
    size = working_size(width, height)
    scale = size[0] / width
    told = step or (lambda done, total: None)
    read = _keeping(read, max(1, _MEMORY // (size[0] * size[1] * 3)))
    with one_thread():
        tracks = _without_covered(
            [t for t in follow_people(read, count, progress=lambda d, n: told(d, 2 * n)) if t.plausible()], size
        )
        cast = _cast(tracks, seeds, scale, size)
        names = list(cast)
        maps = PerformerMaps(size, count, names, {name: [] for name in names})
        if names:
            _fill(maps, cast, read, seeds, scale, lambda frame: told(count + frame + 1, 2 * count))
    return maps


def _keeping(read: Callable[[int], np.ndarray], most: int) -> Callable[[int], np.ndarray]:
    """``read`` that remembers the first ``most`` frames asked for: every frame is wanted two or three times, in order."""
    kept: dict[int, np.ndarray] = {}

    def recalled(frame: int) -> np.ndarray:
        found = kept.get(frame)
        if found is None:
            found = read(frame)
            if len(kept) < most:
                kept[frame] = found
        return found

    return recalled


def _cast(tracks: list[Track], seeds: Seeds, scale: float, size: tuple[int, int]) -> dict[str, list[Track]]:
    """The tracks of each name: a track belongs to the person whose clicks lie on it most. Strokes only paint."""
    cast: dict[str, list[Track]] = {one.name: [] for one in seeds.performers}
    rest: list[Track] = []
    for track in tracks:
        hits = {one.name: sum(_hit(track, mark, scale, size) for mark in one.marks if mark.is_click) for one in seeds.performers}
        best = max(hits, key=lambda name: hits[name], default=None)
        if best is not None and hits[best] > 0:
            cast[best].append(track)
        else:
            rest.append(track)
    rest.sort(key=lambda track: (track.first, float(track.poses[track.first].points[:, 0].mean())))
    cast.update({f"person-{at + 1}": [track] for at, track in enumerate(rest)})
    return cast


def _hit(track: Track, mark: Mark, scale: float, size: tuple[int, int]) -> float:
    """How surely a mark lies on a track: mean chance under it, less half; 0 when the person is not seen near that frame."""
    near = min(track.poses, key=lambda frame: (abs(frame - mark.frame), frame))
    if abs(near - mark.frame) > 3:
        return 0.0
    drawn = painted(mark, scale, *size)
    return max(0.0, float(track.poses[near].likely_over((0, 0, *size))[drawn].mean()) - 0.5) if drawn.any() else 0.0


def _without_covered(tracks: list[Track], size: tuple[int, int], most: float = 0.7) -> list[Track]:
    """Drop tracks that only see again what longer tracks see: more than ``most`` of their pixels, over their frames."""
    kept: list[Track] = []
    for track in sorted(tracks, key=lambda one: (-len(one.poses), one.number)):
        share = []
        for frame in sorted(track.poses)[:: max(1, len(track.poses) // 8)]:
            own = _quarter(track.poses[frame], size) > 0.5
            others = [_quarter(other.poses[frame], size) > 0.5 for other in kept if frame in other.poses]
            share.append(float((own & np.any(others, axis=0)).sum() / max(1, own.sum())) if others else 0.0)
        if np.mean(share) <= most:
            kept.append(track)
    return sorted(kept, key=lambda one: one.number)


def _quarter(pose: Pose, size: tuple[int, int]) -> np.ndarray:
    small = replace(pose, region=Region(pose.region.x / 4, pose.region.y / 4, pose.region.size / 4, pose.region.angle))
    return small.likely_over((0, 0, math.ceil(size[0] / 4), math.ceil(size[1] / 4)))


def _claim(tracks: Sequence[Track], frame: int, box: Box) -> np.ndarray | None:
    """The chance 0..1 over ``box`` that the person of these tracks covers a pixel; None when not seen on this frame."""
    seen = [track.poses[frame].likely_over(box) for track in tracks if frame in track.poses]
    return None if not seen else np.max(seen, axis=0)


def _whereabouts(tracks: Sequence[Track], frame: int) -> tuple[float, float, float, float] | None:
    """The box in which a person not seen on ``frame`` must be: around the poses seen last before and first after it."""
    if any(frame in track.poses for track in tracks):
        return None
    seen = sorted((at, pose.box()) for track in tracks for at, pose in track.poses.items())
    near = [box for at, box in seen if at < frame][-1:] + [box for at, box in seen if at > frame][:1]
    if not near:
        return None
    boxes = np.array(near)
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _reach(cast: dict[str, list[Track]], seeds: Seeds, scale: float, size: tuple[int, int]) -> Box:
    """The box that holds everyone on every frame, and all marks, with room for an arm the pose missed; the frame if nobody."""
    corners = [pose.box(0.12) for tracks in cast.values() for track in tracks for pose in track.poses.values()]
    for person in seeds.performers:
        for mark in person.marks:
            xs, ys = np.array(mark.points).T * scale
            corners.append((float(xs.min()) - 32, float(ys.min()) - 32, float(xs.max()) + 32, float(ys.max()) + 32))
    if not corners:
        return 0, 0, *size
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    return max(0, int(low[0])), max(0, int(low[1])), min(size[0], int(high[2]) + 1), min(size[1], int(high[3]) + 1)


def _fill(
    maps: PerformerMaps,
    cast: dict[str, list[Track]],
    read: Callable[[int], np.ndarray],
    seeds: Seeds,
    scale: float,
    step: Callable[[int], None],
) -> None:
    box = _reach(cast, seeds, scale, maps.size)
    left, top, right, bottom = box
    people = list(cast.values())

    def picture(frame: int) -> np.ndarray:
        return np.ascontiguousarray(read(frame)[top:bottom, left:right])

    def marks(frame: int) -> list[tuple[int, np.ndarray]]:
        drawn = [(at, mark) for at, person in enumerate(seeds.performers) for mark in person.marks if mark.frame == frame]
        drawn += [(len(people), mark) for mark in seeds.nobody if mark.frame == frame]
        return [(label, painted(mark, scale, *maps.size)[top:bottom, left:right]) for label, mark in drawn]

    def claims(frame: int) -> list[np.ndarray | None]:
        return [_claim(tracks, frame, box) for tracks in people]

    def unseen(frame: int) -> np.ndarray:
        hidden = np.zeros((bottom - top, right - left), bool)
        for x0, y0, x1, y1 in (one for tracks in people if (one := _whereabouts(tracks, frame)) is not None):
            hidden[max(0, int(y0) - top) : max(0, int(y1) + 1 - top), max(0, int(x0) - left) : max(0, int(x1) + 1 - left)] = True
        return hidden

    colours, plate = _learn(picture, claims, marks, unseen, len(people), maps.count)
    evidence = Evidence(len(people), picture, claims, marks, colours, plate, display_lab(plate.colour))
    for frame, shot, result in fuse(evidence, maps.count, step):
        loose = (
            (result[len(people)] < 80) & (result[: len(people)].max(axis=0) < 128) & plate.seen & (evidence.away(shot) > _STRANGE)
        )
        seen = claims(frame)
        own = _without_strays(_with_loose(result[: len(people)], loose), seen)
        for at, (name, claim) in enumerate(zip(maps.names, seen, strict=True)):
            full = np.zeros((maps.size[1], maps.size[0]), np.uint8)
            unsure = 0 if claim is None else result[-1] * (claim > 0.5)
            full[top:bottom, left:right] = _firm(np.minimum(255, own[at].astype(np.int32) + unsure).astype(np.uint8))
            maps.maps[name].append(cv2.imencode(".png", full)[1].tobytes())


def _firm(sure: np.ndarray, least: int = 8, share: float = 1 / 2000) -> np.ndarray:
    """``sure`` (uint8) without what is doubt only: 0 wherever no solid piece of the person is within 2 pixels.

    A compositor takes any trace of a matte for the person, so a shimmer of belief elsewhere must be exactly 0. A piece is
    solid from ``least`` pixels and ``share`` of the largest on.
    """
    number, pieces, figures, _ = cv2.connectedComponentsWithStats((sure > 127).astype(np.uint8), connectivity=8)
    if number < 2:
        return np.zeros_like(sure)
    areas = figures[:, cv2.CC_STAT_AREA]
    solid = areas >= max(least, share * int(areas[1:].max()))
    solid[0] = False
    near = cv2.dilate(solid[pieces].astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(np.where(near > 0, sure, 0), np.uint8)


def _with_loose(own: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """``own`` (people, h, w) with each loose piece (a blurred hand, a sleeve) given to the person it hangs on most.

    Pieces larger than an eighth of that person, or touching nobody, are left out: they are props, not limbs.
    """
    given = own.copy()
    number, pieces, figures, _ = cv2.connectedComponentsWithStats(loose.astype(np.uint8), connectivity=8)
    if number < 2:
        return given
    bodies = [cv2.dilate((one > 127).astype(np.uint8), np.ones((7, 7), np.uint8)) for one in own]
    touch = np.stack([np.bincount(pieces[body > 0], minlength=number) for body in bodies])
    sizes = [int((one > 127).sum()) for one in own]
    for piece in range(1, number):
        at = int(touch[:, piece].argmax())
        if touch[at, piece] and 6 <= figures[piece, cv2.CC_STAT_AREA] <= sizes[at] / 8:
            given[at][pieces == piece] = 255
    return given


def _without_strays(own: np.ndarray, claims: Sequence[np.ndarray | None]) -> np.ndarray:
    """Small pieces that hang on another person's body and not on their own go to that person.

    A piece is small below a twenty-fifth of the body. It stays where the pose network sees its own person there more
    surely than the other, and when its own person is not seen on this frame (then it may be a part behind the other).
    """
    given = own.copy()
    labelled = [cv2.connectedComponentsWithStats((one > 127).astype(np.uint8), connectivity=8) for one in own]
    bodies = []
    for number, pieces, figures, _ in labelled:
        largest = 1 + int(figures[1:, cv2.CC_STAT_AREA].argmax()) if number > 1 else -1
        bodies.append(cv2.dilate((pieces == largest).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    for at, (number, pieces, figures, _) in enumerate(labelled):
        claim = claims[at]
        if claim is None or number < 3:
            continue
        largest = int(figures[1:, cv2.CC_STAT_AREA].max())
        for piece in range(1, number):
            here = pieces == piece
            if figures[piece, cv2.CC_STAT_AREA] > largest / 25 or (here & bodies[at]).any():
                continue
            for other, theirs in enumerate(claims):
                if other == at or theirs is None or not (here & bodies[other]).any():
                    continue
                if claim[here].mean() <= theirs[here].mean() + 0.2:
                    given[other][here] = np.maximum(given[other][here], own[at][here])
                    given[at][cv2.dilate(here.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 0
                    break
    return given


def _learn(
    picture: Callable[[int], np.ndarray],
    claims: Callable[[int], Sequence[np.ndarray | None]],
    marks: Callable[[int], Sequence[tuple[int, np.ndarray]]],
    unseen: Callable[[int], np.ndarray],
    people: int,
    count: int,
) -> tuple[ColourTable, BackgroundPlate]:
    """Colours of each person and of what is near them, and the empty set, from frames spread over the clip."""
    counts = np.zeros((people + 1, 32, 32, 32), np.int64)
    frames, covered = [], []
    wide, tight = np.ones((31, 31), np.uint8), np.ones((5, 5), np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    for frame in np.unique(np.linspace(0, count - 1, min(count, _SAMPLES)).round().astype(int)):
        shot = picture(int(frame))
        nothing = np.zeros(shot.shape[:2], np.float32)
        seen = [nothing if claim is None else claim for claim in claims(int(frame))]
        anyone = np.max(seen, axis=0)
        code = shot >> 3
        for at, claim in enumerate(seen):
            others = np.max([nothing, *(one for other, one in enumerate(seen) if other != at)], axis=0)
            sure = (cv2.erode((claim > 0.95).astype(np.uint8), tight) > 0) & (others < 0.2)
            np.add.at(counts[at], tuple(code[sure].T), 1)
        near = (cv2.dilate((anyone > 0.3).astype(np.uint8), wide) > 0) & (anyone < 0.05)
        np.add.at(counts[people], tuple(code[near].T), 1)
        for label, drawn in marks(int(frame)):
            np.add.at(counts[label], tuple(code[drawn].T), 1)
        frames.append(shot)
        covered.append((cv2.dilate((anyone > 0.06).astype(np.uint8), disc) > 0) | unseen(int(frame)))
    return colour_table(counts), background_plate(frames, covered, least=min(4, len(frames)))


def performer_matte(
    cut: Callable[[Box], np.ndarray], size: tuple[int, int], sure: np.ndarray, dilate: float = 4.0, soften: float = 1.5
) -> tuple[Box, np.ndarray]:
    """The matte of one person on one frame at full size: a box and (bh, bw) float32 0..1 inside it; 0 outside.

    ``cut(box)`` gives that part of the full frame of ``size`` (width, height) as display RGB (bh, bw, 3), float 0..1 or
    uint8: only what the person stands in is asked for. ``sure`` is the person's map at any smaller size.
    The edge is moved outward by ``dilate`` pixels and softened with ``soften`` pixels of blur. No person: an empty box.
    """
    width, height = size
    reach = np.argwhere(sure > 0.02)
    if not len(reach):
        return (0, 0, 0, 0), np.zeros((0, 0), np.float32)
    fx, fy = width / sure.shape[1], height / sure.shape[0]
    room = 6 + math.ceil((dilate + 3 * soften) / min(fx, fy))
    y0, x0 = np.maximum(reach.min(axis=0) - room, 0)
    y1, x1 = np.minimum(reach.max(axis=0) + 1 + room, sure.shape)
    box = (round(x0 * fx), round(y0 * fy), min(width, round(x1 * fx)), min(height, round(y1 * fy)))
    part = cut(box)
    large = part.astype(np.float32) / 255 if part.dtype == np.uint8 else np.clip(part, 0, 1).astype(np.float32)
    small = cv2.resize(large, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_AREA)
    with one_thread():
        alpha = np.clip(follow_edges(small, sure[y0:y1, x0:x1], 2, 1e-4, large), 0, 1)
        alpha = np.clip((alpha - 0.15) / 0.7, 0, 1)
        if dilate > 0:
            side = 2 * math.ceil(dilate) + 1
            alpha = cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        if soften > 0:
            alpha = cv2.GaussianBlur(alpha, (0, 0), soften)
    return box, np.asarray(alpha, np.float32)


def performer_mattes(
    frames: Callable[[int], np.ndarray], count: int, seeds: Seeds | None, name: str, dilate: float = 4.0, soften: float = 1.5
) -> Iterator[np.ndarray]:
    """The matte of the person called ``name`` on each frame, (h, w) float32; ``frames(i)`` gives uint8 display RGB."""
    height, width = frames(0).shape[:2]
    size = working_size(width, height)
    maps = study_performers(lambda i: cv2.resize(frames(i), size, interpolation=cv2.INTER_AREA), count, width, height, seeds)
    for index in range(count):
        plane = np.zeros((height, width), np.float32)
        if name in maps.maps:
            shot = frames(index)
            (x0, y0, x1, y1), alpha = performer_matte(
                lambda box, shot=shot: shot[box[1] : box[3], box[0] : box[2]],  # type: ignore[misc]
                (width, height),
                maps.of(name, index),
                dilate,
                soften,
            )
            plane[y0:y1, x0:x1] = alpha
        yield plane
