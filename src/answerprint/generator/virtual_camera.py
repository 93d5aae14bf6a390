"""The virtual camera of a reframing: for each pixel of the new frame its place in the plate, exactly.

From the new frame inwards: the rectangle of the framing (a share of the plate's width, turned about its centre), the
lens (made perfect, put on, or only its focal length changed), then the frame's own stabilising map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.interpolate import PchipInterpolator

from answerprint.graph.geometry import Places
from answerprint.optics.camera import Camera
from answerprint.optics.stmap import grid

Real = npt.NDArray[np.float64]
LensWork = Literal["keep", "undistort", "redistort"]


class Framing(BaseModel):
    """What of the plate is framed at one moment; the aspect ratio stays that of the plate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame: int = Field(default=0, ge=0, description="frame of the clip, from 0")
    centre_x: float = Field(default=0.5, ge=-1, le=2, description="middle of the framing, share of the plate's width from its left")
    centre_y: float = Field(default=0.5, ge=-1, le=2, description="middle of the framing, share of the plate's height from its top")
    width: float = Field(default=1.0, ge=0.05, le=4, description="width of the framing, share of the plate's width")
    rotate: float = Field(default=0.0, ge=-180, le=180, description="degrees by which the picture turns clockwise")


def framing_at(keys: tuple[Framing, ...], frame: int) -> Framing:
    """The framing at a frame: monotone cubic between keys, held before the first and after the last."""
    ordered = sorted(keys, key=lambda key: key.frame)
    if len(ordered) == 1 or frame <= ordered[0].frame:
        return ordered[0]
    if frame >= ordered[-1].frame:
        return ordered[-1]
    when = [key.frame for key in ordered]
    names = ("centre_x", "centre_y", "width", "rotate")
    values = PchipInterpolator(when, [[getattr(key, name) for name in names] for key in ordered])(frame)
    return Framing(frame=frame, **{name: float(v) for name, v in zip(names, values, strict=True)})


@dataclass(frozen=True)
class VirtualCamera:
    """Everything that decides where a pixel is fetched, but for the frame's own stabilising map."""

    width: int
    height: int
    keys: tuple[Framing, ...]
    work: LensWork = "keep"
    focal: float = 1.0
    lens: Camera | None = None
    zoom: float = 1.0

    def places(self, frame: int, steadied: Real | None = None) -> Places:
        """Places (h, w, 2) in the plate for every pixel; NaN where the lens shows nothing. May lie outside the plate."""
        return self.through(grid(self.width, self.height), frame, steadied)

    def through(self, points: npt.NDArray[np.floating], frame: int, steadied: Real | None = None) -> Real:
        """The same for points (..., 2) of the new frame. ``steadied`` (3, 3) takes the steady picture to the frame."""
        framing = framing_at(self.keys, frame)
        middle = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        centre = np.array([framing.centre_x * self.width - 0.5, framing.centre_y * self.height - 0.5])
        turn = np.radians(framing.rotate)
        offset = (np.asarray(points, np.float64) - middle) * (framing.width / self.zoom)
        if framing.rotate:
            offset = offset @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        found = self._lens(offset + centre)
        return found if steadied is None else projected(steadied, found)

    def _lens(self, points: Real) -> Real:
        lens = self.lens
        if lens is None:
            middle = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
            return points if self.focal == 1 else middle + (points - middle) / self.focal
        axis = lens.matrix[:2, 2]
        if self.work == "redistort" or (self.work == "keep" and self.focal != 1):
            points = lens.undistort(points)
        if self.focal != 1:
            points = axis + (points - axis) / self.focal
        if self.work == "undistort" or (self.work == "keep" and self.focal != 1):
            points = lens.distort(points)
        return points


def projected(matrix: Real, points: npt.NDArray[np.floating]) -> Real:
    """Points (..., 2) through a homography (3, 3)."""
    x, y = points[..., 0], points[..., 1]
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return np.asarray(
        np.stack(
            [
                (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w,
                (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w,
            ],
            axis=-1,
        )
    )


def lens_at(camera: Camera, width: int, height: int) -> Camera:
    """The same lens on a picture of another size that shows the same field."""
    return Camera(**(camera.model_dump() | {"active_sensor_resolution": (width, height)}))


def border(width: int, height: int) -> Real:
    """Points (n, 2) round the frame, on its outermost pixel centres."""
    x, y = np.linspace(0, width - 1, 33), np.linspace(0, height - 1, 33)
    return np.concatenate(
        [
            np.stack([x, np.zeros_like(x)], 1),
            np.stack([x, np.full_like(x, height - 1)], 1),
            np.stack([np.zeros_like(y), y], 1),
            np.stack([np.full_like(y, width - 1), y], 1),
        ]
    )


def inside(places: npt.NDArray[np.floating], width: int, height: int, slack: float = 1e-6) -> npt.NDArray[np.bool_]:
    """Which places (..., 2) lie on the plate: between its outermost pixel centres."""
    x, y = places[..., 0], places[..., 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= -slack) & (y >= -slack) & (x <= width - 1 + slack) & (y <= height - 1 + slack))
