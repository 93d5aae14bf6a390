"""The compositor law: where the operation matte is zero the source is copied, never multiplied.

An operation proposes a fill; what of it enters the picture is decided here, with the performers' mattes in hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.graph.contract import FrameResult, Plane

THIN_PX_AT_HD = 12
"""Widest occluder, in pixels at HD width, that counts as thin: performers' own pixels may be restored under it."""
PROTECT_MARGIN_PX_AT_HD = 6
"""How far a performer's matte is grown before it is subtracted."""
SMALLEST_CROSSING_PX_AT_HD = 10
"""Side of the smallest square of overlap that counts as a crossing."""
RESTORE_REACH = 3
"""Frames before or after, from the same camera, that restored pixels may come from."""
_INSIDE = 1.0 / 255.0


@dataclass(frozen=True)
class Admitted:
    """What of a proposed fill may enter the frame. All planes are full-frame ``(height, width)``.

    ``matte`` float32 0..1 to blend with; ``restored`` bool, pixels of a performer brought back from a near frame;
    ``unreached`` bool, thin pixels over a performer that could not be restored and stay source;
    ``crossing`` bool, wanted pixels that lie on a performer and are not thin: never altered.
    """

    matte: Plane
    restored: Plane
    unreached: Plane
    crossing: Plane


def scaled_to_hd(pixels_at_hd: float, width: int, height: int) -> float:
    """A length given at HD width (1920 on the long side), at this picture's size."""
    return pixels_at_hd * max(width, height) / 1920.0


def grown(matte: Plane, radius: float) -> Plane:
    """A matte's inside (bool) grown by ``radius`` pixels."""
    inside = (matte > _INSIDE).astype(np.uint8)
    size = 2 * round(radius) + 1
    return np.asarray(cv2.dilate(inside, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0)


def thin_part(inside: Plane, widest: float) -> Plane:
    """The part of a region that is nowhere wider than ``widest`` pixels (bool): what an opening takes away."""
    size = max(3, round(widest) + 1) | 1
    within = (int(size * 0.7) - 1) | 1
    # No disc fits where not even a square inside it does, and squares are quickly tried.
    if not cv2.erode(inside.astype(np.uint8), np.ones((within, within), np.uint8)).any():
        return np.asarray(inside)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    thick = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, disc)
    thick = cv2.dilate(thick, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    return np.asarray(inside & (thick == 0))


def full_frame(plane: Plane, result: FrameResult, width: int, height: int) -> Plane:
    """A plane of the result's box placed in a full frame of zeros."""
    x0, y0, x1, y1 = result.box
    shape = (height, width, *plane.shape[2:])
    out = np.zeros(shape, plane.dtype)
    out[y0:y1, x0:x1] = plane
    return out


def admit(result: FrameResult, protect: Plane | None, width: int, height: int) -> Admitted:
    """Subtract the grown performers from the wanted matte, and let restored thin pixels through.

    ``protect`` is the union of the performers' mattes, full frame, 0..1, without the subject that is removed.
    """
    wanted = full_frame(np.asarray(result.matte, np.float32), result, width, height)
    nothing = np.zeros((height, width), bool)
    if protect is None:
        return Admitted(wanted, nothing, nothing, nothing)
    guarded = grown(protect, scaled_to_hd(PROTECT_MARGIN_PX_AT_HD, width, height))
    inside = wanted > _INSIDE
    over = inside & guarded
    # A crossing is the subject's body on the performer's; where only their margins touch, the performer's side is left as it is.
    crossing = (wanted > 0.5) & (protect > 0.5)
    if not over.any():
        return Admitted(wanted, nothing, nothing, nothing)
    thin = thin_part(inside, scaled_to_hd(THIN_PX_AT_HD, width, height)) & over
    restored = nothing
    if result.restored is not None:
        offset = full_frame(np.asarray(result.restored, np.int8), result, width, height)
        restored = thin & (offset != 0) & (np.abs(offset) <= RESTORE_REACH)
    matte = np.where(guarded & ~restored, np.float32(0.0), wanted)
    return Admitted(
        matte, restored, thin & ~restored, _solid(crossing & ~thin, scaled_to_hd(SMALLEST_CROSSING_PX_AT_HD, width, height))
    )


def _solid(region: Plane, side: float) -> Plane:
    """The pieces of a region that are at least as large as a square of this side: less is noise between two mattes."""
    number, labels, figures, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    kept = np.zeros(number, bool)
    kept[1:] = figures[1:, cv2.CC_STAT_AREA] >= max(1.0, side * side)
    return np.asarray(kept[labels])
