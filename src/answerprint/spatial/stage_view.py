"""The stage as a drawing: from above and from a corner, with cameras and their paths, scan, lights and marks, to scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.ingest.lights.record import LightRecord
from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

Real = NDArray[np.float64]
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

_PAPER, _GRID, _AXIS, _INK, _FAINT = (24, 24, 27), (44, 44, 50), (84, 84, 94), (228, 228, 232), (150, 150, 160)
_CAMERAS: tuple[Colour, ...] = ((167, 139, 250), (94, 234, 212), (251, 146, 60), (96, 165, 250), (244, 114, 182), (163, 230, 53))
_LIGHT, _MARK, _PLANNED = (250, 204, 21), (248, 113, 113), (120, 113, 170)
_OVERSAMPLED = 2
"""Drawn at twice the size and averaged down: OpenCV's lines and letters come out even."""
_CONE_M = 0.55
_AZIMUTH, _ELEVATION = np.radians(-38.0), np.radians(27.0)


@dataclass(frozen=True, eq=False)
class Stage:
    """What is drawn, in stage metres. ``view_deg`` is how wide a camera's cone is drawn where its focal length is unknown."""

    tracks: Sequence[CameraTrack] = ()
    scan: Real | None = None
    """(n, 3); a few hundred thousand points draw in a second"""
    lights: Sequence[LightRecord] = ()
    marks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    planned: Sequence[tuple[Sequence[float], bool]] = ()
    """Positions of planned angles, and whether each is allowed"""
    title: str = "Stage"
    view_deg: float = 40.0


@dataclass(frozen=True)
class _Pane:
    """One drawing on the sheet: where it lies, and how stage metres become its pixels."""

    left: int
    top: int
    width: int
    height: int
    scale: float
    flat: Callable[[Real], Real]
    middle: Real

    def pixels(self, xyz: NDArray[np.floating]) -> Real:
        offset = (self.flat(np.atleast_2d(np.asarray(xyz, dtype=np.float64))) - self.middle) * self.scale
        return np.asarray(offset + np.array([self.left + self.width / 2, self.top + self.height / 2]))


def draw(stage: Stage, width: int = 1600, height: int = 900) -> Picture:
    """The sheet, (height, width, 3) RGB of 8 bits: a drawing, not a picture of the production. Raises BadInput for nothing to draw."""
    low, high = _extent(stage)
    big = np.full((height * _OVERSAMPLED, width * _OVERSAMPLED, 3), _PAPER, dtype=np.uint8)
    u = big.shape[0] / 900
    head = round(54 * u)
    half = big.shape[1] // 2
    boxes = [(round(16 * u), head, half - round(24 * u)), (half + round(8 * u), head, half - round(24 * u))]
    panes = [
        _pane(*box, big.shape[0] - head - round(46 * u), low, high, flat)
        for box, flat in zip(boxes, (_above, _corner), strict=True)
    ]
    for pane, name in zip(panes, ("from above", "from the corner"), strict=True):
        piece = big.copy()
        _paint(piece, pane, stage, low, high, u)
        inside = (slice(pane.top, pane.top + pane.height), slice(pane.left, pane.left + pane.width))
        big[inside] = piece[inside]
        cv2.rectangle(big, (pane.left, pane.top), (pane.left + pane.width, pane.top + pane.height), _AXIS, max(1, round(u)))
        _say(big, name, (pane.left + 10 * u, pane.top + 24 * u), 0.55 * u, _FAINT)
    _say(big, stage.title, (18 * u, 36 * u), 0.85 * u, _INK)
    _legend(big, stage, u)
    _ruler(big, panes[0], u)
    return np.asarray(cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def write_stage_view(path: Path, stage: Stage, width: int = 1600, height: int = 900) -> Path:
    """The drawing as PNG."""
    _, data = cv2.imencode(".png", draw(stage, width, height)[..., ::-1])
    write_atomically(path, data.tobytes())
    return path


def _paint(big: Picture, pane: _Pane, stage: Stage, low: Real, high: Real, u: float) -> None:
    """Everything in one pane, what lies below first."""
    _floor(big, pane, low, high, u)
    if stage.scan is not None and len(stage.scan):
        _dots(big, pane, stage.scan)
    for place, allowed in stage.planned:
        x, y = pane.pixels(np.asarray(place))[0]
        cv2.circle(
            big,
            (round(x), round(y)),
            round(4 * u),
            _PLANNED if allowed else _AXIS,
            -1 if allowed else max(1, round(u)),
            cv2.LINE_AA,
        )
    for light in stage.lights:
        _lamp(big, pane, light, u)
    for name, place in stage.marks.items():
        x, y = pane.pixels(np.asarray(place))[0]
        for d in ((1, 1), (1, -1)):
            r = 5 * u
            cv2.line(
                big,
                (round(x - r * d[0]), round(y - r * d[1])),
                (round(x + r * d[0]), round(y + r * d[1])),
                _MARK,
                round(1.6 * u),
                cv2.LINE_AA,
            )
        _say(big, name, (x + 8 * u, y - 6 * u), 0.42 * u, _MARK)
    taken: list[tuple[float, float, float]] = []
    for index, track in enumerate(stage.tracks):
        _camera(big, pane, track, _CAMERAS[index % len(_CAMERAS)], stage.view_deg, u, taken)


def _floor(big: Picture, pane: _Pane, low: Real, high: Real, u: float) -> None:
    """Metre lines on the floor, the two through the origin stronger."""
    step = next(s for s in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0) if max(high[:2] - low[:2]) / s <= 24 or s == 1000.0)
    a, b = np.floor(low[:2] / step) * step, np.ceil(high[:2] / step) * step
    for axis in (0, 1):
        for at in np.arange(a[axis], b[axis] + step / 2, step):
            ends = np.zeros((2, 3))
            ends[:, axis], ends[:, 1 - axis] = at, (a[1 - axis], b[1 - axis])
            (x0, y0), (x1, y1) = pane.pixels(ends)
            cv2.line(
                big,
                (round(x0), round(y0)),
                (round(x1), round(y1)),
                _AXIS if abs(at) < 1e-9 else _GRID,
                max(1, round(u)),
                cv2.LINE_AA,
            )
    for name, tip in (("X", (0.9, 0, 0)), ("Y", (0, 0.9, 0))):
        if np.all(low[:2] <= 0.9) and np.all(high[:2] >= 0):
            x, y = pane.pixels(np.array(tip))[0]
            _say(big, name, (x, y), 0.42 * u, _FAINT)


def _dots(big: Picture, pane: _Pane, scan: Real) -> None:
    """Scanned points, brighter where they are denser."""
    pixels = np.round(pane.pixels(scan)).astype(np.int64)
    inside = (pixels[:, 0] >= pane.left) & (pixels[:, 0] < pane.left + pane.width) & (pixels[:, 1] >= pane.top) & (pixels[:, 1] < pane.top + pane.height)  # fmt: skip
    count = np.zeros(big.shape[:2], dtype=np.float32)
    np.add.at(count, (pixels[inside, 1], pixels[inside, 0]), 1.0)
    count = cv2.dilate(count, np.ones((2, 2), np.uint8))
    shade = (1 - np.exp(-count))[..., None] * 0.42
    big[:] = np.round(big * (1 - shade) + np.array(_INK) * shade)


def _camera(
    big: Picture,
    pane: _Pane,
    track: CameraTrack,
    colour: Colour,
    view_deg: float,
    u: float,
    taken: list[tuple[float, float, float]],
) -> None:
    kept = np.flatnonzero(track.posed)
    if not len(kept):
        return
    path = np.round(pane.pixels(track.translation[kept]) * 8).astype(np.int32)
    cv2.polylines(big, [path.reshape(-1, 1, 2)], False, colour, round(2.2 * u), cv2.LINE_AA, 3)
    moves = float(np.ptp(track.translation[kept], axis=0).max()) > 0.05
    for at in sorted({kept[0], kept[len(kept) // 2], kept[-1]} if moves else {kept[0]}):
        _cone(big, pane, track, int(at), colour, view_deg, u)
    x, y = pane.pixels(track.translation[kept[0]])[0]
    cv2.circle(big, (round(x), round(y)), round(5 * u), colour, -1, cv2.LINE_AA)
    name = track.label or track.device
    across = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, 0.55 * u, 1)[0][0]
    left, down = x + 9 * u, y + 5 * u
    # Names of cameras that stand together are written below one another.
    while any(abs(down - row) < 18 * u and left < end and begin < left + across for begin, end, row in taken):
        down += 18 * u
    taken.append((left, left + across, down))
    _say(big, name, (left, down), 0.55 * u, colour)


def _cone(big: Picture, pane: _Pane, track: CameraTrack, at: int, colour: Colour, view_deg: float, u: float) -> None:
    """The four edges of a camera's view, its upper side marked."""
    wide, high = np.tan(np.radians(view_deg) / 2), np.tan(np.radians(view_deg) / 2) * 9 / 16
    if track.sensor_mm and np.isfinite(track.focal_length_mm[at]):
        wide, high = (side / 2 / track.focal_length_mm[at] for side in track.sensor_mm)
    corners = np.array([[-wide, 1, high], [wide, 1, high], [wide, 1, -high], [-wide, 1, -high]]) * _CONE_M
    tip = track.translation[at]
    ends = pane.pixels(tip + corners @ track.axes[at].T)
    (x, y) = pane.pixels(tip)[0]
    for ex, ey in ends:
        cv2.line(big, (round(x), round(y)), (round(ex), round(ey)), colour, max(1, round(1.3 * u)), cv2.LINE_AA)
    cv2.polylines(big, [np.round(ends).astype(np.int32).reshape(-1, 1, 2)], True, colour, max(1, round(1.3 * u)), cv2.LINE_AA)


def _lamp(big: Picture, pane: _Pane, light: LightRecord, u: float) -> None:
    if light.position is None:
        return
    place = np.array(light.position)
    x, y = pane.pixels(place)[0]
    cv2.circle(big, (round(x), round(y)), round(6 * u), _LIGHT, round(1.8 * u), cv2.LINE_AA)
    if light.direction is not None:
        tx, ty = pane.pixels(place + np.array(light.direction) * 0.8)[0]
        if np.hypot(tx - x, ty - y) > 4 * u:
            cv2.arrowedLine(
                big, (round(x), round(y)), (round(tx), round(ty)), _LIGHT, max(1, round(1.3 * u)), cv2.LINE_AA, tipLength=0.25
            )
    _say(big, light.name or light.id, (x + 9 * u, y - 7 * u), 0.42 * u, _LIGHT)


def _legend(big: Picture, stage: Stage, u: float) -> None:
    x, y = 18 * u, big.shape[0] - 16 * u
    words: list[tuple[str, Colour]] = [
        (f"{t.label or t.device}: {_counted(int(t.posed.sum()), 'pose')}, {t.source}", _CAMERAS[i % len(_CAMERAS)])
        for i, t in enumerate(stage.tracks)
    ]
    words += [(f"scan: {len(stage.scan)} points", _INK)] if stage.scan is not None else []
    words += [(_counted(len(stage.lights), "light"), _LIGHT)] if stage.lights else []
    words += [(_counted(len(stage.marks), "mark"), _MARK)] if stage.marks else []
    words += [(f"{sum(ok for _, ok in stage.planned)} of {len(stage.planned)} angles allowed", _PLANNED)] if stage.planned else []
    size, gap = 0.48 * u, 26 * u
    wide = sum(cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] + gap for word, _ in words)
    size *= min(1.0, (big.shape[1] - 36 * u) / wide)
    for word, colour in words:
        _say(big, word, (x, y), size, colour)
        x += cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] + gap * size / (0.48 * u)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _ruler(big: Picture, pane: _Pane, u: float) -> None:
    """A length to measure by, in whole metres."""
    metres = next(m for m in (100, 50, 20, 10, 5, 2, 1) if m * pane.scale < 0.3 * pane.width or m == 1)
    x, y = pane.left + pane.width - 16 * u - metres * pane.scale, pane.top + pane.height - 16 * u
    cv2.line(big, (round(x), round(y)), (round(x + metres * pane.scale), round(y)), _INK, round(2 * u), cv2.LINE_AA)
    _say(big, f"{metres} m", (x, y - 8 * u), 0.48 * u, _INK)


def _say(big: Picture, text: str, at: tuple[float, float], size: float, colour: Colour) -> None:
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(
        big, plain, (round(at[0]), round(at[1])), cv2.FONT_HERSHEY_SIMPLEX, size, colour, max(1, round(size * 1.6)), cv2.LINE_AA
    )


def _above(xyz: Real) -> Real:
    return np.column_stack([xyz[:, 0], -xyz[:, 1]])


def _corner(xyz: Real) -> Real:
    """Seen along a slanted axis, without perspective: lengths along one direction stay comparable."""
    x = xyz[:, 0] * np.cos(_AZIMUTH) - xyz[:, 1] * np.sin(_AZIMUTH)
    away = xyz[:, 0] * np.sin(_AZIMUTH) + xyz[:, 1] * np.cos(_AZIMUTH)
    return np.column_stack([x, -(xyz[:, 2] * np.cos(_ELEVATION) + away * np.sin(_ELEVATION))])


def _pane(left: int, top: int, width: int, height: int, low: Real, high: Real, flat: Callable[[Real], Real]) -> _Pane:
    corners = np.array([[(low, high)[i][0], (low, high)[j][1], (low, high)[k][2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    there = flat(corners)
    size = np.maximum(np.ptp(there, axis=0), 0.5)
    return _Pane(
        left,
        top,
        width,
        height,
        float(min(width / size[0], height / size[1])) * 0.9,
        flat,
        (there.min(axis=0) + there.max(axis=0)) / 2,
    )


def _extent(stage: Stage) -> tuple[Real, Real]:
    """Least and most of everything, a metre around; a scan's stray points do not count."""
    places = [t.translation[t.posed] for t in stage.tracks]
    places += [np.array([light.position]) for light in stage.lights if light.position is not None]
    places += [np.array([list(p)], dtype=np.float64) for p in stage.marks.values()]
    places += [np.array([list(p)], dtype=np.float64) for p, _ in stage.planned]
    if stage.scan is not None and len(stage.scan):
        places.append(np.percentile(stage.scan, [0.5, 99.5], axis=0))
    known = [p for p in places if len(p)]
    if not known:
        raise BadInput("stage view", "has nothing to draw", "give a track, a scan, lights or marks")
    every = np.concatenate(known)
    return every.min(axis=0) - np.array([0.7, 0.7, 0.0]), every.max(axis=0) + np.array([0.7, 0.7, 0.2])
