"""Finished comps that come back as movies: which frames of them are the shot's, in which colour space, and what in them was changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.colour.camera_look import has_camera_look
from answerprint.colour.cdl import CDL, apply
from answerprint.colour.spaces import from_working, resolve_space
from answerprint.colour.view import display
from answerprint.deliver.movies import VIEWED
from answerprint.deliver.naming import FIRST_FRAME
from answerprint.media.sequence import MovieSequence
from answerprint.media.write import as_format, write_frame
from answerprint.passes.delivered import delivered_names
from answerprint.passes.footage import plate_of
from answerprint.production import BadInput, Timecode
from answerprint.production.catalogue import Production
from answerprint.production.tables import Shot

_FINISHING = {
    "prores",
    "dnxhd",
    "cfhd",
    "v210",
    "v410",
    "r210",
    "ffv1",
    "jpeg2000",
    "rawvideo",
    "qtrle",
    "png",
    "utvideo",
    "hq_hqa",
}
"""Codecs, as FFmpeg names them, that pictures are finished in. The others are for looking."""
_NEAR = 0.03
"""Median distance in codes within which two pictures are the same one: coding moves it by 0.003, another space by 0.05 and more."""
_LIGHT = (6 / 1023, 5)
_COLOUR = (16 / 1023, 7)
"""Mean over so many pixels square, in codes, by which coding does not move luma and R, G, B: on five pictures (four photographs in ACEScct,
one frame of a film) coded once as ProRes 422 HQ and as DNxHR HQX the largest were 5.8 and 22 of 1023, 99.9 % under 3.2 and 9.3."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def base(name: str) -> str:
    """A delivered name without its version and what stands behind it, for comparing."""
    return re.sub(r"[_.-]v\d{2,4}.*$", "", name.casefold())


def checked_movie(movie: Path, shot: Shot) -> tuple[MovieSequence, int]:
    """The movie, and which of its frames is the shot's first. Raises BadInput where it is not the shot's picture.

    A movie with timecode may hold more than was delivered (a slate, black); one without has to have the delivered frames and no other.
    """
    sequence = MovieSequence(movie, None)
    count = shot.end - shot.start
    if sequence.codec not in _FINISHING:
        raise BadInput(movie, f"is a movie for looking ({sequence.codec})", "send ProRes, DNxHR or frames")
    if (sequence.width, sequence.height) != (shot.clip.width, shot.clip.height):
        raise BadInput(
            movie,
            f"is {sequence.width}x{sequence.height} pixels, {shot.name} {shot.clip.width}x{shot.clip.height}",
            "render at the size of the plate",
        )
    expected = Timecode.parse(shot.clip.start_timecode, shot.clip.rate) + shot.start if shot.clip.start_timecode else None
    if expected is not None and sequence.rate is not None and sequence.rate != expected.rate:
        raise BadInput(movie, f"runs at {sequence.rate} frames a second, {shot.name} at {expected.rate}", "keep the plate's rate")
    first = 0
    if sequence.start_timecode and expected is not None:
        first = expected.frame - Timecode.parse(sequence.start_timecode, shot.clip.rate).frame
    elif sequence.count != count:
        first = -1
    if first < 0 or first + count > sequence.count:
        begins = sequence.start_timecode or "no timecode"
        asked = f"{count} frames from {expected}" if expected else f"{count} frames"
        raise BadInput(
            movie, f"has {sequence.count} frames ({begins}); {shot.name} was delivered as {asked}", "render handles and all"
        )
    return sequence, first


def movie_space(production: Production, name: str, shot: Shot, sequence: MovieSequence, first: int) -> str:
    """The colour space a returned movie is in: which of those that were sent its picture is nearest to.

    A movie's own tag says little (log pictures are tagged BT.709 by habit), and one name may have gone to several receivers, so a frame is
    compared with the plate's in each space that comes into question, and with the plate as it is viewed. Raises BadInput for a movie
    made from a graded, viewed one, and where nothing says what the codes mean.
    """
    plate = plate_of(production, shot.clip)
    sent = [entry for entry in delivered_names(production).values() if entry["shot"] == shot.name]
    told = [space for entry in reversed(sent) for space in entry.get("movie_spaces", {}).values()]
    spaces = [resolve_space(space) for space in dict.fromkeys(told) if space != VIEWED]
    if has_camera_look(plate.space) and plate.space not in spaces:
        spaces.append(plate.space)
    middle = (shot.end - shot.start) // 2
    codes = _codes(sequence.read(first + middle).rgb())
    linear = plate.read(shot.start + middle)
    off = {space: _off(codes, from_working(linear, space, np.float32)) for space in spaces}
    graded = apply(CDL.model_validate(shot.clip.grade["cdl"]), linear) if shot.clip.grade.get("cdl") else linear
    viewed = min(_off(codes, display(linear)), _off(codes, display(graded)))
    best = min(off, key=lambda space: off[space], default=None)
    if viewed < _NEAR and (best is None or viewed < 0.5 * off[best]):
        raise BadInput(
            sequence.path,
            "was made from a graded movie, as it was sent for cutting, and would be graded twice",
            "make it from the plates of a package for Premiere, Nuke, Flame or After Effects",
        )
    if best is None:
        raise BadInput(
            sequence.path,
            f"does not say its colour space, and {shot.name} was sent as linear frames",
            "send EXR, or deliver for Premiere and have the movie made from that one",
        )
    # A picture that was changed all over is near to nothing: then what was sent last counts.
    return best if off[best] < _NEAR else spaces[0]


def _codes(codes: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    codes = codes[..., :3]
    top = np.float32(np.iinfo(codes.dtype).max) if codes.dtype.kind == "u" else np.float32(1)
    return np.asarray(codes.astype(np.float32) / top, np.float32)


def _off(codes: npt.NDArray[np.float32], other: npt.NDArray[Any]) -> float:
    """Median distance of two pictures in codes, 0 to 1: what was changed in a part of them does not move it."""
    return float(np.median(np.abs(codes - np.clip(other[..., :3], 0, 1))))


def decoded(movie: Path, first: int, count: int, name: str, folder: Path, tell: Any) -> None:
    """Write a movie's frames as 16-bit TIFF of its own codes, numbered as they were delivered."""
    sequence = MovieSequence(movie, None)
    for index in range(count):
        tell(index)
        write_frame(folder / f"{name}.{FIRST_FRAME + index}.tif", as_format(sequence.read(first + index), "tiff"))
    sequence.close()


def recoded(theirs: npt.NDArray[Any], original: npt.NDArray[Any], space: str) -> npt.NDArray[np.bool_]:
    """Where decoded codes (h, w, 3) of a lossy movie differ from a scene-linear ACEScg original (h, w, 3) by more than coding does."""
    off = _codes(theirs) - np.clip(from_working(original, space, np.float32), 0, 1)
    (light, near), (colour, wide) = _LIGHT, _COLOUR
    changed = np.abs(cv2.blur(off @ _LUMA, (near, near))) > light
    changed |= (np.abs(cv2.blur(off, (wide, wide))) > colour).any(axis=2)
    # What was changed is as wide as the mean at least; what is narrower is coding.
    return np.asarray(cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)
