"""Pixels of near frames brought to this one along optical flow, measured only where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_lanes import scaled_box
from answerprint.graph.contract import Box
from answerprint.perception.flow import dense_flow, round_trip_error

__all__ = ["Motion", "brought", "ends", "free_along", "luma", "motion_between", "shrunk", "sight"]

Picture = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Sight = npt.NDArray[np.uint8]
Kind = TypeVar("Kind", bound=np.generic)

FLOW_PRESET = "medium"
"""The fast preset costs 0.1 to 0.4 dB on the tuning clips; what is measured is kept small instead."""
_ROOM = 40
"""Pixels of the sight picture round what is asked for: flow needs context."""


@dataclass(frozen=True)
class Motion:
    """Where pixels of one frame are in another, measured over ``box`` of the sight picture at ``scale`` (x, y: full over sight).

    ``flow`` (h, w, 2) sight pixels; ``error`` (h, w) of the round trip, sight pixels, None when it was not asked for.
    """

    flow: Picture
    error: Plane | None
    box: Box
    scale: tuple[float, float]

    def over(self, box: Box) -> Picture:
        """The flow (h, w, 2) in full pixels over a rectangle of the full picture."""
        return np.asarray(self._enlarged(self.flow, box) * np.array(self.scale, np.float32), np.float32)

    def error_over(self, box: Box) -> Plane:
        """The round trip's error in full pixels over a rectangle of the full picture."""
        assert self.error is not None
        return np.asarray(self._enlarged(self.error, box) * np.float32(self.scale[0]), np.float32)

    def _enlarged(self, plane: Picture, box: Box) -> Picture:
        x0, y0, x1, y1 = box
        sx, sy = self.scale
        if sx == 1 and sy == 1:
            return np.asarray(plane[y0 - self.box[1] : y1 - self.box[1], x0 - self.box[0] : x1 - self.box[0]])
        matrix = np.array(
            [[1 / sx, 0, (x0 + 0.5) / sx - 0.5 - self.box[0]], [0, 1 / sy, (y0 + 0.5) / sy - 0.5 - self.box[1]]], np.float64
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(plane, matrix, (x1 - x0, y1 - y0), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def luma(log: Picture) -> Plane:
    """The grey (h, w) of a picture in ACEScct."""
    return np.asarray(cv2.transform(log, np.array([[0.27, 0.67, 0.06]], np.float32)), np.float32)


def sight(grey: Plane, longest: int) -> Sight:
    """The 8-bit picture that flow is measured on, from ACEScct ``luma``: at most ``longest`` pixels on its long side."""
    return np.asarray(np.clip(shrunk(grey, longest) * np.float32(380) - np.float32(10), 0, 255), np.uint8)


def shrunk(picture: npt.NDArray[Kind], longest: int) -> npt.NDArray[Kind]:
    """A picture brought to at most ``longest`` pixels on its long side, at least 16 on either; the same where it is that small."""
    height, width = picture.shape[:2]
    scale = min(1.0, longest / max(height, width))
    if scale == 1:
        return picture
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), picture.dtype)


def motion_between(here: Sight, there: Sight, size: tuple[int, int], where: Box, there_and_back: bool = False) -> Motion:
    """The motion from ``here`` to ``there`` (sight pictures of pictures of ``size``, width and height) over ``where``, a
    rectangle of the full picture."""
    height, width = here.shape
    scale = (size[0] / width, size[1] / height)
    box = scaled_box(where, scale, (width, height), _ROOM)
    cut = np.s_[box[1] : box[3], box[0] : box[2]]
    forward = dense_flow(here[cut], there[cut], FLOW_PRESET)
    error = round_trip_error(forward, dense_flow(there[cut], here[cut], FLOW_PRESET)) if there_and_back else None
    return Motion(forward, error, box, scale)


def brought(picture: Picture, flow: Picture, x0: int = 0, y0: int = 0) -> Picture:
    """``picture`` sampled along ``flow``, which covers the rectangle at (x0, y0); cubic, so that grain keeps its bite."""
    x, y = ends(flow, x0, y0)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def free_along(veil: npt.NDArray[np.uint8], flow: Picture, x0: int = 0, y0: int = 0) -> Mask:
    """Where sampling along ``flow`` meets no pixel of a hole and stays in the picture; ``veil`` is 255 in the hole, else 0."""
    x, y = ends(flow, x0, y0)
    return np.asarray(cv2.remap(veil, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255.0) < 3)


def ends(flow: Picture, x0: int = 0, y0: int = 0) -> tuple[Plane, Plane]:
    """Where ``flow`` over the rectangle at (x0, y0) leads: x and y, pixels."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(x0, x0 + width, dtype=np.float32)
    y = flow[..., 1] + np.arange(y0, y0 + height, dtype=np.float32)[:, None]
    return x, y
