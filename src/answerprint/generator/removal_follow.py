"""Hidden pixels followed from frame to frame, forward and backward, until a frame shows what they hide.

Between two frames motion inside the hole is not seen: it is the camera's own, and beside things that move by themselves what
they add to it, carried inward from the hole's border as smoothly as can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_flow import ends, free_along
from answerprint.generator.removal_look import Look
from answerprint.generator.removal_register import laid_over, step_of
from answerprint.generator.seam import membrane
from answerprint.graph.contract import Box
from answerprint.perception.flow import dense_flow

__all__ = ["Followed", "Hop", "as_camera", "behind", "follow", "level_beside"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Real = npt.NDArray[np.float64]
Hop = Callable[[Picture, Box], Picture]
"""Where the pixels of a rectangle of one frame, moved by a flow (h, w, 2), go on to in the next: the step (h, w, 2) they take."""

_UNSURE_PX = 8
"""Flow this near to a hole leans on what was drawn into it and is not believed: 8 beat 4 and 2 on the tuning clips."""
_STILL_PX = np.float32(0.3)
"""What moves less than this against the camera's own movement stands: over many frames such slips would add up."""
_AROUND_PX = 20
"""How far round a hole unsure flow is replaced."""
_FEWEST = 50
"""Pixels that must be seen beside the hole before the light of two frames is compared."""


@dataclass(frozen=True)
class Followed:
    """What one way through the clip shows: ``colour`` (h, w, 3) ACEScct where ``seen`` (h, w), how many frames away (``age``), and
    by how many pixels the steps there missed on their way back, in all (``slip``)."""

    colour: Picture
    seen: Mask
    age: Plane
    slip: Plane


def behind(here: Look, there: Look, matrix: Real | None, size: tuple[int, int]) -> Hop:
    """The motion from one frame to the next, behind its holes too. ``matrix`` is the camera's own, in pixels of a picture of
    ``size`` (width, height); None when it cannot be told."""
    one, other = here.glance, there.glance
    height, width = one.shape
    scale = np.array([size[0] / width, size[1] / height], np.float32)
    camera = np.zeros((height, width, 2), np.float32)
    if matrix is not None:
        grow = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1.0]])
        camera = laid_over(np.linalg.inv(grow) @ matrix @ grow, 0, 0, width, height)
    flow = dense_flow(one, other)
    own = flow - camera
    far = cv2.GaussianBlur(np.hypot(own[..., 0], own[..., 1]), (0, 0), 2.0)[..., None]
    own *= np.clip(far / _STILL_PX - 1, 0, 1)
    own = _carried_inward(own, _unsure(_small(here.hidden, one.shape), _small(there.hidden, one.shape), flow))
    motion = np.asarray((camera + own) * scale, np.float32)

    def hop(moved: Picture, box: Box) -> Picture:
        x, y = ends(moved, box[0], box[1])
        if (scale != 1).any():
            half = np.float32(0.5)
            x, y = (x + half) / scale[0] - half, (y + half) / scale[1] - half
        return np.asarray(cv2.remap(motion, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    return hop


def as_camera(matrix: Real | None) -> Hop:
    """The motion of a picture that only the camera moves: none where its movement cannot be told."""

    def hop(moved: Picture, box: Box) -> Picture:
        if matrix is None:
            return np.zeros_like(moved)
        x, y = ends(moved, box[0], box[1])
        return step_of(matrix, x.astype(np.float64), y.astype(np.float64))

    return hop


def _small(hidden: Mask, shape: tuple[int, ...]) -> Mask:
    if hidden.shape == shape:
        return hidden
    return np.asarray(cv2.resize(hidden.view(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_AREA) > 0)


def _unsure(here: Mask, there: Mask, flow: Picture) -> Mask:
    """Where flow cannot be believed: in and beside the hole, and where it leads into the other frame's."""
    near = cv2.dilate(here.astype(np.uint8), np.ones((2 * _UNSURE_PX + 1, 2 * _UNSURE_PX + 1), np.uint8)) > 0
    veil = cv2.dilate(there.view(np.uint8) * np.uint8(255), np.ones((5, 5), np.uint8))
    around = cv2.dilate(here.astype(np.uint8), np.ones((2 * _AROUND_PX + 1, 2 * _AROUND_PX + 1), np.uint8)) > 0
    return np.asarray((near | ~free_along(veil, flow)) & around)


def _carried_inward(own: Picture, unsure: Mask) -> Picture:
    """Motion that things have of their own, harmonic over the pixels ``unsure``."""
    if not unsure.any():
        return own
    border = (cv2.dilate(unsure.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~unsure
    drawn = membrane(np.dstack([own, np.zeros_like(own[..., :1])]), border, unsure)
    return np.where(unsure[..., None], drawn[..., :2], own)


def follow(
    box: Box, start: Look, looks: Callable[[int], Look], hops: Callable[[int], tuple[Hop, Hop | None]], steps: range
) -> Followed:
    """Every pixel of ``box`` that ``start`` hides, followed over the frames ``steps`` until one shows it.

    ``looks(frame)`` gives a frame, ``hops(frame)`` how one comes to it from the frame before in ``steps``, and back if that is to be
    checked. A frame's light is brought to that of ``start`` by what both show beside the hole.
    """
    x0, y0, x1, y1 = box
    colour, hidden = start.log(box), start.hidden[y0:y1, x0:x1]
    real = colour.copy()
    flow = np.zeros((*hidden.shape, 2), np.float32)
    age, slip, slipped = (np.zeros(hidden.shape, np.float32) for _ in range(3))
    alive, wanted = np.ones(hidden.shape, bool), hidden.copy()
    for number, frame in enumerate(steps, 1):
        look = looks(frame)
        there, back = hops(frame)
        step = there(flow, box)
        flow += step
        if back is not None:
            home = step + back(flow, box)
            slipped += np.hypot(home[..., 0], home[..., 1])
        # What left the picture is not followed back into it.
        alive &= _inside(flow, box, look.hidden.shape)
        shown = alive & free_along(look.veil, flow, x0, y0)
        take = wanted & shown
        if take.any():
            found = look.along(flow, x0, y0)
            found -= level_beside(found, real, shown & ~hidden)
            colour[take], age[take], slip[take] = found[take], number, slipped[take]
        wanted &= alive & ~take
        if not wanted.any():
            break
    return Followed(colour, age > 0, age, slip)


def _inside(flow: Picture, box: Box, shape: tuple[int, ...]) -> Mask:
    x, y = ends(flow, box[0], box[1])
    return np.asarray((x >= 0) & (y >= 0) & (x <= shape[1] - 1) & (y <= shape[0] - 1))


def level_beside(picture: Picture, real: Picture, known: Mask) -> npt.NDArray[np.float32]:
    """By how much ``picture`` is lighter than the real one, per channel: the median over the ``known`` pixels beside the hole."""
    if int(known.sum()) < _FEWEST:
        return np.zeros(3, np.float32)
    return np.asarray(np.median((picture - real)[known], axis=0), np.float32)
