"""Where performers are in a scene's pictures, for those of which nobody said: so that the set is built without them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.spaces import from_working
from answerprint.generator.coverage_scene import CoverageScene, Sighting
from answerprint.generator.matte import without_strays
from answerprint.graph.contract import Context
from answerprint.perception.performer import performer_matte, study_performers, working_size

Matte = NDArray[np.uint8]
_DISPLAY = "sRGB Encoded Rec.709 (sRGB)"
_CLOSE = 4
"""Frames between two pictures of a person who is followed from one to the next."""
_PARTS = (1.1, 0.7)
"""Widths of the parts of a picture that are looked at by themselves, in heights: with the first, who was missed in the crane shot is found; with
the second, in the two-shot's second camera."""
_MOST_SINGLE = 60
"""Pictures of no clip in which people are looked for one by one; more are a survey of a set, and nobody stands in it."""


def people_in(scene: CoverageScene, context: Context) -> dict[int, Matte]:
    """Mattes (h, w) 0 to 255 by the sighting's number, for sightings without one of their own in which people were found.

    Frames of one clip that lie close in time are followed; others are looked at alone.
    """
    clips: dict[str, list[int]] = defaultdict(list)
    single: list[int] = []
    for number, sighting in enumerate(scene.sightings):
        if sighting.matte is None:
            clips[sighting.clip].append(number)
    runs = []
    for members in clips.values():
        run = sorted(members, key=lambda i: scene.sightings[i].frame)
        if _is_clip([scene.sightings[i] for i in run]):
            runs.append(run)
        else:
            single += run
    runs += [[number] for number in single] if len(single) <= _MOST_SINGLE else []
    found: dict[int, Matte] = {}
    for at, run in enumerate(runs):
        context.check_cancelled()
        context.progress(at, len(runs), "looking for people")
        for number, matte in zip(run, _looked_twice([scene.sightings[i] for i in run]), strict=True):
            if matte is not None:
                found[number] = matte
    return found


def _is_clip(run: Sequence[Sighting]) -> bool:
    frames = [s.frame for s in run]
    return len(set(frames)) == len(run) > 2 and max(b - a for a, b in pairwise(frames)) <= _CLOSE


def _looked_twice(run: Sequence[Sighting]) -> list[Matte | None]:
    """Everyone whom the pose network finds in the whole picture or in a part of it; None where nobody is.

    Who stands in profile is missed in a wide picture and found in a narrower one: in the rendered production's crane shot, one of two.
    """
    found = _mattes(run)
    height, width = run[0].picture().shape[:2]
    parts = []
    for side in (round(share * height) for share in _PARTS):
        if width >= 1.2 * side:
            parts += [slice(start, start + side) for start in (0, (width - side) // 2, width - side)]
    for part in parts:
        for number, matte in enumerate(_mattes([replace(one, picture=_part(one, part)) for one in run])):
            if matte is None:
                continue
            whole = np.zeros((height, width), np.uint8) if found[number] is None else found[number]
            assert whole is not None
            whole[:, part] = np.maximum(whole[:, part], matte)
            found[number] = whole
    return found


def _part(sighting: Sighting, columns: slice) -> Callable[[], NDArray[np.float32]]:
    return lambda: np.ascontiguousarray(sighting.picture()[:, columns])


def _mattes(run: Sequence[Sighting]) -> list[Matte | None]:
    """The union of everyone in each picture of a run; None where nobody is."""
    pictures: dict[int, NDArray[np.uint8]] = {}

    def shown(index: int) -> NDArray[np.uint8]:
        if index not in pictures:
            if len(pictures) > 40:
                pictures.clear()
            pictures[index] = np.asarray(from_working(np.ascontiguousarray(run[index].picture()), _DISPLAY, np.uint8))
        return pictures[index]

    height, width = shown(0).shape[:2]
    size = working_size(width, height)
    maps = study_performers(lambda i: cv2.resize(shown(i), size, interpolation=cv2.INTER_AREA), len(run), width, height)
    scale = max(width, height) / 1920.0
    made: list[Matte | None] = []
    for index in range(len(run)):
        whole = np.zeros((height, width), np.float32)
        for name in maps.names:
            sure = without_strays(maps.of(name, index))
            if (sure > 0.02).any():
                box, plane = performer_matte(_cutter(shown(index)), (width, height), sure, 2.0 * scale, 1.5 * scale)
                x0, y0, x1, y1 = box
                whole[y0:y1, x0:x1] = np.maximum(whole[y0:y1, x0:x1], plane)
        made.append(np.round(whole * 255).astype(np.uint8) if whole.any() else None)
    return made


def _cutter(picture: NDArray[np.uint8]) -> Callable[[tuple[int, int, int, int]], NDArray[np.uint8]]:
    return lambda box: picture[box[1] : box[3], box[0] : box[2]]
