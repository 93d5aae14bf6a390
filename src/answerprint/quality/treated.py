"""Checks of treated shots in a package: nothing changed outside the matte, no flicker inside it, a matte whose edge holds still."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.media.exr import read_exr
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.production import BadInput
from answerprint.quality.finding import Finding
from answerprint.quality.view import FrameView

_RUN = re.compile(r"^(.*)\[(\d+)-(\d+)\](\.\w+)$")
_RING_PX = 24
"""Width of the ring around the matte that shows how much the picture itself changes from frame to frame."""
_FLICKER, _OVER_RING = 0.008, 3.0
"""Frame-to-frame swing of the treated area's mean, in display codes, that an eye catches; and how far above the ring's own."""
_JUMP, _ALONE = 0.02, 5.0
"""Swing of one frame, in display codes, that is a jump, and how far above the shot's usual swing."""
_SHIMMER_PX = 0.75
"""Mean wander of the matte's edge against the frames before and after, in pixels, after its own movement."""
_SUSTAINED = 0.1
"""Share of the treated frames in which the edge must wander before the matte is called restless."""
_FEWEST = 5


@dataclass(frozen=True)
class TreatedShot:
    """One treated shot of a package: result, plate where it was sent along, and the matte of each frame."""

    name: str
    frames: FrameSequence
    plate: FrameSequence | None
    matte: Callable[[int], NDArray[np.float32] | None]


def treated_shots(package: Path) -> Iterator[TreatedShot]:
    """The treated shots that a package's manifest names. Paths that lead out of the package are left alone."""
    try:
        document = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
        shots = document["shots"] if str(document["format"]).startswith("answerprint-delivery/") else []
    except (OSError, ValueError, KeyError, TypeError):
        return
    for shot in shots:
        frames, layers = _run(package, shot.get("frames")), shot.get("layers") or {}
        matte, layered = _run(package, layers.get("matte")), _run(package, layers.get("layered"))
        if frames is None or (matte is None and layered is None):
            continue
        files = matte or layered
        assert files is not None
        channel = "R" if matte is not None else "matte.Y"
        opened, plate = open_sequence(frames[0].parent), _run(package, shot.get("plate"))
        yield TreatedShot(
            str(shot.get("name", "")), opened, open_sequence(plate[0].parent) if plate else None, _mattes(files, channel)
        )


def check_treated(shot: TreatedShot, tell: Callable[[int, int, str], None]) -> Iterator[Finding]:
    """See every frame once; keeps three small copies and three mattes."""
    where, steady = shot.frames.path.name, _Steady(shot.frames.path.name)
    outside, first, touched = 0, None, 0
    for index in range(shot.frames.count):
        tell(index, shot.frames.count, f"{where} against its matte")
        matte = shot.matte(index)
        if matte is None:
            continue
        try:
            result = shot.frames.read(index)
            if shot.plate is not None and index < shot.plate.count:
                changed = _changed(result.rgb(), shot.plate.read(index).rgb())
                if changed is not None and changed.shape == matte.shape:
                    stray = int((changed & (matte == 0)).sum())
                    touched += bool(stray)
                    outside += stray
                    first = index if stray and first is None else first
        except BadInput:
            continue  # named where the pictures themselves are checked
        yield from steady.see(FrameView(index, shot.frames.count, result), matte)
    if outside:
        message = f"{outside} pixels differ from the plate outside the matte, in {touched} frames"
        yield Finding("outside-matte", "fail", message, where, first, float(outside))
    yield from steady.finish()


class _Steady:
    """Flicker inside the matte and wander of its edge."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._means: list[tuple[int, float, float]] = []
        self._mattes: list[NDArray[np.bool_]] = []
        self._wander: list[tuple[int, float]] = []

    def see(self, view: FrameView, matte: NDArray[np.float32]) -> Iterator[Finding]:
        inside = matte > 0.5
        if matte.shape == view.picture.shape[:2] and inside.sum() > 32:
            grey = view.coded(view.picture[..., 1])
            rows, columns = np.nonzero(inside)
            r0, r1 = max(0, rows.min() - _RING_PX), rows.max() + _RING_PX + 1
            c0, c1 = max(0, columns.min() - _RING_PX), columns.max() + _RING_PX + 1
            part, near = grey[r0:r1, c0:c1], inside[r0:r1, c0:c1]
            ring = cv2.dilate(near.astype(np.uint8), np.ones((2 * _RING_PX + 1,) * 2, np.uint8)).astype(bool)
            ring &= matte[r0:r1, c0:c1] == 0
            around = float(part[ring].mean()) if ring.any() else 0.0
            self._means.append((view.index, float(part[near].mean()), around))
        self._mattes = [*self._mattes[-2:], inside]
        if len(self._mattes) == 3 and all(m.shape == inside.shape and m.any() for m in self._mattes):
            self._wander.append((view.index - 1, _edge_wander(*self._mattes)))
        return iter(())

    def finish(self) -> Iterator[Finding]:
        swings = [
            (b[0], b[1] - (a[1] + c[1]) / 2, b[2] - (a[2] + c[2]) / 2)
            for a, b, c in zip(self._means, self._means[1:], self._means[2:], strict=False)
            if c[0] - a[0] == 2
        ]
        if len(swings) >= _FEWEST:
            yield from self._swings(swings)
        restless = [(index, px) for index, px in self._wander if px > _SHIMMER_PX]
        if len(self._wander) >= _FEWEST and len(restless) > _SUSTAINED * len(self._wander):
            index, worst_px = max(restless, key=lambda w: w[1])
            message = (
                f"the matte's edge wanders by up to {worst_px:.1f} px between frames, in {len(restless)} of {len(self._wander)}"
            )
            yield Finding("matte-shimmer", "warn", message, self._where, index, round(worst_px, 2))

    def _swings(self, swings: list[tuple[int, float, float]]) -> Iterator[Finding]:
        """``swings`` are (frame, inside the matte, around it): how far each mean lies off its two neighbours'."""
        usual = float(np.median([abs(inside) for _, inside, _ in swings]))
        limit = max(_JUMP, _ALONE * usual)
        jumps = [s for s in swings if abs(s[1]) > limit and abs(s[1]) > _OVER_RING * abs(s[2])]
        if 0 < len(jumps) <= max(2, len(swings) // 8):
            index, inside, _ = max(jumps, key=lambda s: abs(s[1]))
            message = f"the treated area jumps by {abs(inside) * 2:.1%} of full scale while what is around it does not"
            yield Finding("treated-jump", "warn", message, self._where, index, round(abs(inside) * 2, 4))
            swings = [s for s in swings if s not in jumps]
        inside, around = (float(np.sqrt(np.mean([s[n] ** 2 for s in swings]))) for n in (1, 2))
        if inside > _FLICKER and inside > _OVER_RING * around:
            worst = max(swings, key=lambda s: abs(s[1]))[0]
            message = (
                f"the treated area pulses by {inside:.1%} of full scale from frame to frame, what is around it by {around:.1%}"
            )
            yield Finding("treated-flicker", "warn", message, self._where, worst, round(inside, 4))


def _edge_wander(before: NDArray[np.bool_], here: NDArray[np.bool_], after: NDArray[np.bool_]) -> float:
    """How far, on average along its edge, a matte differs from both neighbours where these agree, moved onto it by their centres."""
    rows, columns = np.nonzero(before | here | after)
    pad = 8
    r0, r1 = max(0, rows.min() - pad), rows.max() + pad + 1
    c0, c1 = max(0, columns.min() - pad), columns.max() + pad + 1
    here = here[r0:r1, c0:c1]
    one, other = (_onto(m[r0:r1, c0:c1], here) for m in (before, after))
    shape = here.astype(np.uint8)
    edge = int((shape - cv2.erode(shape, np.ones((3, 3), np.uint8))).sum())
    return float(((one == other) & (one != here)).sum()) / max(1, edge)


def _onto(matte: NDArray[np.bool_], target: NDArray[np.bool_]) -> NDArray[np.bool_]:
    (ty, tx), (my, mx) = (np.argwhere(m).mean(axis=0) for m in (target, matte))
    move = np.array([[1, 0, round(tx - mx)], [0, 1, round(ty - my)]], np.float32)
    moved = cv2.warpAffine(matte.astype(np.uint8), move, matte.shape[::-1], flags=cv2.INTER_NEAREST)
    return np.asarray(moved > 0)


def _changed(result: NDArray[Any], plate: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where two pictures differ in any bit; None where they cannot be compared."""
    if result.shape != plate.shape or result.dtype != plate.dtype:
        return None
    if result.dtype.kind == "f":
        bits = {2: np.uint16, 4: np.uint32}[result.dtype.itemsize]
        return np.asarray((np.ascontiguousarray(result).view(bits) != np.ascontiguousarray(plate).view(bits)).any(axis=-1))
    return np.asarray((result != plate).any(axis=-1))


def _run(package: Path, said: Any) -> list[Path] | None:
    """The files of a run as the manifest writes it, None where it names none that are all inside the package."""
    found = _RUN.match(str(said["path"])) if isinstance(said, dict) and "path" in said else None
    if found is None or ".." in found[1].split("/") or found[1].startswith("/"):
        return None
    first, last = int(found[2]), int(found[3])
    files = [package / f"{found[1]}{number:0{len(found[2])}d}{found[4]}" for number in range(first, min(last, first + 10**7) + 1)]
    return files if files and files[0].is_file() else None


def _mattes(files: list[Path], channel: str) -> Callable[[int], NDArray[np.float32] | None]:
    def matte(index: int) -> NDArray[np.float32] | None:
        if index >= len(files):
            return None
        try:
            frame = read_exr(files[index])
        except BadInput:
            return None
        if channel not in frame.planes:
            return None
        header, plane = frame.header, frame.planes[channel]
        out = np.zeros((header.height, header.width), np.float32)
        left, top = header.display_origin
        x0, y0, x1, y1 = header.data_window
        x0, y0, x1, y1 = x0 - left, y0 - top, x1 - left, y1 - top
        u0, v0, u1, v1 = max(0, x0), max(0, y0), min(header.width, x1), min(header.height, y1)
        if u1 > u0 and v1 > v0:
            out[v0:v1, u0:u1] = plane[v0 - y0 : v1 - y0, u0 - x0 : u1 - x0]
        return out

    return matte
