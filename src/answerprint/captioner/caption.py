"""A clip captioned: its shots, how each was framed and lit, and what the camera did, as measured values with their origin."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.captioner.cuts import first_frame_after_cut, is_cut
from answerprint.captioner.figures import Figures, people_fields, without_furniture
from answerprint.captioner.glance import Glance, glance
from answerprint.captioner.lens import angle_fields, hfov_of, lens_fields
from answerprint.captioner.light import exposure_and_temperature, face_light
from answerprint.captioner.motion import Pair, global_motion
from answerprint.captioner.moves import find_moves, still_pixels
from answerprint.captioner.words import describe
from answerprint.optics.camera import Camera
from answerprint.perception.flow import one_thread
from answerprint.production import BadInput, Timecode
from answerprint.production.values import Measured

__all__ = ["caption_clip"]

Read = Callable[[int], NDArray[np.float32]]

_SAMPLES = 48
"""Frames looked at in a short clip; in a long one every 1/6 s, so that moves stay measurable."""
_SLOWEST_SAMPLING = 6
_BASELINE = 0.12
"""Seconds between the two frames movement is measured on: far enough for slow moves, near enough for fast ones."""
_KEPT = 48
_POSED = 12
_FLASH = 0.2


@dataclass
class _Shot:
    first: int
    last: int
    kept: list[Glance] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)


def caption_clip(
    read: Read, count: int, rate: Fraction, camera: Camera | None = None, start_tc: str | None = None
) -> dict[str, Any]:
    """The caption of a clip of ``count`` frames: ``{"shots": [{"frames", "fields", "moves", "text"}]}``, plain JSON.

    ``read(i)`` gives frame ``i`` as scene-linear ACEScg (h, w, 3), mostly in order. Frame ranges are half-open, counted
    from 0. Same frames, same bytes: one thread, seeded, nothing of the clock. Without the analysis networks people,
    shot size and framing are unknown, and say why. Raises BadInput for a clip without frames.
    """
    if count < 1:
        raise BadInput("clip", "has no frames", "give a clip with at least one frame")
    with one_thread():
        shots = _shots(read, count, rate)
        return {"shots": [_caption(shot, count, rate, camera, start_tc) for shot in shots]}


def _shots(read: Read, count: int, rate: Fraction) -> list[_Shot]:
    """The clip looked through once: shots between cuts, each with its movement and some frames kept."""
    stride = max(1, min(-(-count // _SAMPLES), int(rate / _SLOWEST_SAMPLING)))
    apart = max(1, round(_BASELINE * float(rate) / stride))
    recent: deque[Glance] = deque(maxlen=apart)
    shots = [_Shot(0, count)]

    def look(index: int) -> Glance:
        return glance(index, read(index))

    for index in [*range(0, count - 1, stride), count - 1]:
        here = look(index)
        if recent and recent[-1].size != here.size:
            raise BadInput(f"frame {index}", "has another size than the frames before it", "give frames of one size")
        if recent and is_cut(recent[-1], here):
            at = first_frame_after_cut(recent[-1], here, look)
            shots[-1].last = at
            shots.append(_Shot(at, count))
            recent.clear()
        shot = shots[-1]
        if recent:
            before = recent[0]
            still = still_pixels(here.size, (index - before.index) / float(rate))
            shot.pairs.append(global_motion(before.grey, here.grey, before.index, index, still))
        recent.append(here)
        shot.kept.append(here)
        if len(shot.kept) > _KEPT:
            shot.kept = shot.kept[::2]
    return _without_flashes(shots, rate)


def _without_flashes(shots: list[_Shot], rate: Fraction) -> list[_Shot]:
    """A blink of a few frames between two that look alike is a flash, not a shot."""
    kept: list[_Shot] = []
    at = 0
    while at < len(shots):
        shot = shots[at]
        if kept and at + 1 < len(shots) and (shot.last - shot.first) <= _FLASH * rate:
            after = shots[at + 1]
            if kept[-1].kept and after.kept and not is_cut(kept[-1].kept[-1], after.kept[0]):
                before = kept.pop()
                kept.append(_Shot(before.first, after.last, before.kept + after.kept, before.pairs + after.pairs))
                at += 2
                continue
        kept.append(shot)
        at += 1
    return kept


def _caption(shot: _Shot, count: int, rate: Fraction, camera: Camera | None, start_tc: str | None) -> dict[str, Any]:
    share = max(2, round(_POSED * (shot.last - shot.first) / count))
    picked = sorted({round(at) for at in np.linspace(0, len(shot.kept) - 1, min(share, len(shot.kept)))})
    figures, fault = _figures([shot.kept[at] for at in picked])
    fields: dict[str, Measured] = {
        **people_fields(figures, fault),
        **angle_fields(camera),
        **exposure_and_temperature(shot.kept),
        **lens_fields(camera),
        **face_light([(one.glance, pose) for one in figures or [] for pose in one.poses[:1]]),
    }
    hfov = hfov_of(camera) if camera else None
    moves = find_moves(shot.pairs, (shot.first, shot.last), rate, shot.kept[0].size, hfov)
    caption: dict[str, Any] = {
        "frames": [shot.first, shot.last],
        "fields": {name: one.model_dump(mode="json") for name, one in fields.items()},
        "moves": [move.record() for move in moves],
    }
    if start_tc:
        caption["timecode"] = str(Timecode.parse(start_tc, rate) + shot.first)
    return {**caption, "text": describe(caption)}


def _figures(glances: list[Glance]) -> tuple[list[Figures] | None, str]:
    try:
        return without_furniture([Figures.of(one) for one in glances]), ""
    except BadInput as fault:
        return None, f"not looked for: {fault.reason}"
