"""A camera where it stood, with the lens it had: from the world to the picture and back.

Names and units follow SMPTE OpenTrackIO: metres, degrees, millimetres; Z up, right-handed; with pan, tilt and roll at
zero the camera looks along +Y and +X is camera right. Rotation is intrinsic about Z, X, Y (pan, tilt, roll).
Pixels: (0, 0) is the centre of the top left pixel, x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from answerprint.optics.distortion import Distortion
from answerprint.optics.lens_model import AnyDistortion
from answerprint.production import BadInput

Real = NDArray[np.float64]

# OpenCV's camera axes (x right, y down, z forward) seen from OpenTrackIO's (x right, y forward, z up).
_TO_OPENCV = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True)
class Plane:
    """The points ``normal . xyz = distance`` of the world; ``normal`` of length 1, ``distance`` in metres."""

    normal: tuple[float, float, float]
    distance: float

    @classmethod
    def horizontal(cls, height: float) -> Plane:
        """The level plane at a height in metres, its normal up."""
        return cls((0.0, 0.0, 1.0), height)


class Camera(BaseModel):
    """One camera of a setup at one moment."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    label: str = Field(default="", description="the camera's letter or name")
    active_sensor_resolution: tuple[int, int] = Field(description="width and height of the picture in pixels")
    active_sensor_physical_dimensions: tuple[float, float] = Field(description="width and height of that picture on the sensor, mm")
    pinhole_focal_length: float = Field(gt=0, description="distance from pinhole to image plane, mm")
    projection_offset: tuple[float, float] = Field(
        default=(0.0, 0.0), description="where the optical axis meets the picture, from its centre, mm, right and up"
    )
    distortion: AnyDistortion = Distortion()
    translation: tuple[float, float, float] = Field(default=(0.0, 0.0, 0.0), description="x, y, z in metres")
    rotation: tuple[float, float, float] = Field(default=(0.0, 0.0, 0.0), description="pan, tilt, roll in degrees")

    @classmethod
    def from_opencv(
        cls,
        matrix: NDArray[np.floating],
        size: tuple[int, int],
        world_to_camera: NDArray[np.floating] | None = None,
        position: NDArray[np.floating] | tuple[float, float, float] = (0.0, 0.0, 0.0),
        coefficients: NDArray[np.floating] | list[float] | tuple[float, ...] = (),
        label: str = "",
        focal_length_mm: float | None = None,
    ) -> Camera:
        """From a 3x3 pixel matrix (no skew), a 3x3 rotation from world to OpenCV axes and a position in metres.

        Without ``focal_length_mm`` the sensor is taken to be 36 mm wide, as the 35 mm equivalent has it.
        """
        k = np.asarray(matrix, dtype=np.float64)
        width, height = size
        focal = focal_length_mm or k[0, 0] * 36.0 / width
        pitch_x, pitch_y = focal / k[0, 0], focal / k[1, 1]
        axes = np.eye(3) if world_to_camera is None else (_TO_OPENCV.T @ np.asarray(world_to_camera, dtype=np.float64)).T
        x, y, z = (float(v) for v in position)
        return cls(
            label=label,
            active_sensor_resolution=(width, height),
            active_sensor_physical_dimensions=(width * pitch_x, height * pitch_y),
            pinhole_focal_length=focal,
            projection_offset=((k[0, 2] - (width - 1) / 2) * pitch_x, ((height - 1) / 2 - k[1, 2]) * pitch_y),
            distortion=Distortion.from_opencv(coefficients),
            translation=(x, y, z),
            rotation=_angles(axes),
        )

    @property
    def width(self) -> int:
        return self.active_sensor_resolution[0]

    @property
    def height(self) -> int:
        return self.active_sensor_resolution[1]

    @cached_property
    def matrix(self) -> Real:
        """The 3x3 pinhole matrix in pixels."""
        pitch_x = self.active_sensor_physical_dimensions[0] / self.width
        pitch_y = self.active_sensor_physical_dimensions[1] / self.height
        x = (self.width - 1) / 2 + self.projection_offset[0] / pitch_x
        y = (self.height - 1) / 2 - self.projection_offset[1] / pitch_y
        return np.array(
            [[self.pinhole_focal_length / pitch_x, 0, x], [0, self.pinhole_focal_length / pitch_y, y], [0, 0, 1]], dtype=np.float64
        )

    @cached_property
    def world_to_camera(self) -> Real:
        """The 3x3 rotation from world axes to OpenCV camera axes (x right, y down, z forward)."""
        return _TO_OPENCV @ _axes(self.rotation).T

    @property
    def position(self) -> Real:
        """Where the entrance pupil is, metres (3,)."""
        return np.array(self.translation)

    def project(self, xyz: NDArray[np.floating]) -> Real:
        """World points (..., 3) in metres as pixels (..., 2); NaN behind the camera or beyond what the lens model covers."""
        local = (np.asarray(xyz, dtype=np.float64) - self.position) @ self.world_to_camera.T
        depth = local[..., 2:]
        with np.errstate(divide="ignore", invalid="ignore"):
            flat = np.where(depth > 1e-9, local[..., :2] / depth, np.nan)
        return self._pixels(self.distortion.distort(flat))

    def depth(self, xyz: NDArray[np.floating]) -> Real:
        """Distance of world points (..., 3) along the optical axis, metres; negative behind the camera."""
        return np.asarray((np.asarray(xyz, dtype=np.float64) - self.position) @ self.world_to_camera[2])

    def rays(self, pixels: NDArray[np.floating]) -> tuple[Real, Real]:
        """The position (3,) and the unit world directions (..., 3) of the light that reached ``pixels`` (..., 2)."""
        flat = self.distortion.undistort(self._normalised(pixels))
        local = np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)
        directions = local @ self.world_to_camera
        return self.position, directions / np.linalg.norm(directions, axis=-1, keepdims=True)

    def undistort(self, pixels: NDArray[np.floating]) -> Real:
        """Pixels (..., 2) where a perfect lens of the same focal length would have put them."""
        return self._pixels(self.distortion.undistort(self._normalised(pixels)))

    def distort(self, pixels: NDArray[np.floating]) -> Real:
        """Pixels (..., 2) of a perfect lens where this lens puts them."""
        return self._pixels(self.distortion.distort(self._normalised(pixels)))

    def on_plane(self, pixels: NDArray[np.floating], plane: Plane) -> Real:
        """World points (..., 3) where the light of ``pixels`` (..., 2) left ``plane``; NaN where it did not."""
        origin, directions = self.rays(pixels)
        normal = np.array(plane.normal)
        with np.errstate(divide="ignore", invalid="ignore"):
            along = (plane.distance - origin @ normal) / (directions @ normal)
        return np.asarray(origin + np.where(along > 0, along, np.nan)[..., None] * directions)

    def transfer(self, pixels: NDArray[np.floating], plane: Plane, to: Camera) -> Real:
        """Pixels (..., 2) of this camera as pixels of ``to``, for what lies on ``plane``."""
        return to.project(self.on_plane(pixels, plane))

    def plane_homography(self, plane: Plane, to: Camera) -> Real:
        """The 3x3 homography that ``transfer`` is between undistorted pixels, scaled to 1 in the last element.

        Both cameras must be off the plane. H = K2 (R - t n' / d) K1^-1 (R. Hartley, A. Zisserman, "Multiple View
        Geometry", 2nd ed., equation 13.2), with n and d of the plane in this camera's axes.
        """
        turn = to.world_to_camera @ self.world_to_camera.T
        shift = to.world_to_camera @ (self.position - to.position)
        normal = self.world_to_camera @ np.array(plane.normal)
        distance = plane.distance - float(np.array(plane.normal) @ self.position)
        h = to.matrix @ (turn + np.outer(shift, normal) / distance) @ np.linalg.inv(self.matrix)
        return np.asarray(h / h[2, 2])

    def resized(self, width: int, height: int) -> Camera:
        """The same view in a picture of another size; the whole frame scaled."""
        x, y = width / self.width, height / self.height
        return self.remapped((x, y), ((x - 1) / 2, (y - 1) / 2), (width, height))

    def cropped(self, x: int, y: int, width: int, height: int) -> Camera:
        """The same camera with its picture cut to ``width`` by ``height`` from (x, y); negative starts pad."""
        return self.remapped((1.0, 1.0), (-x, -y), (width, height))

    def fitted(self, width: int, height: int) -> Camera:
        """The same view scaled to fit into a frame of another shape and centred there, with bars on two sides."""
        scale = min(width / self.width, height / self.height)
        x = (width - scale * self.width) / 2 + (scale - 1) / 2
        y = (height - scale * self.height) / 2 + (scale - 1) / 2
        return self.remapped((scale, scale), (x, y), (width, height))

    def remapped(self, scale: tuple[float, float], shift: tuple[float, float], size: tuple[int, int]) -> Camera:
        """The same camera when the pixel (x, y) of its picture is at ``scale * (x, y) + shift`` of one of ``size``."""
        width, height = size
        if width < 1 or height < 1 or not min(scale) > 0:
            raise BadInput(f"camera {self.label}", f"has no picture of {width}x{height}", "give a size of at least 1x1")
        pitch_x = self.active_sensor_physical_dimensions[0] / self.width / scale[0]
        pitch_y = self.active_sensor_physical_dimensions[1] / self.height / scale[1]
        centre_x = self.matrix[0, 2] * scale[0] + shift[0]
        centre_y = self.matrix[1, 2] * scale[1] + shift[1]
        return Camera(
            label=self.label,
            active_sensor_resolution=(width, height),
            active_sensor_physical_dimensions=(width * pitch_x, height * pitch_y),
            pinhole_focal_length=self.pinhole_focal_length,
            projection_offset=((centre_x - (width - 1) / 2) * pitch_x, ((height - 1) / 2 - centre_y) * pitch_y),
            distortion=self.distortion,
            translation=self.translation,
            rotation=self.rotation,
        )

    def inside(self, pixels: NDArray[np.floating], margin: float = 0.0) -> NDArray[np.bool_]:
        """Whether pixels (..., 2) lie in the picture, at least ``margin`` pixels from its edge."""
        x, y = pixels[..., 0], pixels[..., 1]
        with np.errstate(invalid="ignore"):
            within = (x >= margin) & (x <= self.width - 1 - margin) & (y >= margin) & (y <= self.height - 1 - margin)
        return np.asarray(within)

    def _normalised(self, pixels: NDArray[np.floating]) -> Real:
        k = self.matrix
        return np.asarray((np.asarray(pixels, dtype=np.float64) - k[:2, 2]) / [k[0, 0], k[1, 1]])

    def _pixels(self, flat: Real) -> Real:
        k = self.matrix
        return np.asarray(flat * [k[0, 0], k[1, 1]] + k[:2, 2])


def _axes(rotation: tuple[float, float, float]) -> Real:
    """Columns: the camera's right, forward and up in the world, for pan, tilt and roll in degrees."""
    pan, tilt, roll = np.radians(rotation)
    cp, sp, ct, st, cr, sr = np.cos(pan), np.sin(pan), np.cos(tilt), np.sin(tilt), np.cos(roll), np.sin(roll)
    about_z = np.array([[cp, -sp, 0], [sp, cp, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
    about_y = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return np.asarray(about_z @ about_x @ about_y)


def _angles(axes: Real) -> tuple[float, float, float]:
    """Pan, tilt and roll in degrees of a rotation matrix; straight up or down, roll is given as 0."""
    tilt = np.arcsin(np.clip(axes[2, 1], -1, 1))
    if abs(axes[2, 1]) > 1 - 1e-12:
        return float(np.degrees(np.arctan2(axes[1, 0], axes[0, 0]))), float(np.degrees(tilt)), 0.0
    pan = np.arctan2(-axes[0, 1], axes[1, 1])
    roll = np.arctan2(-axes[2, 0], axes[2, 2])
    return float(np.degrees(pan)), float(np.degrees(tilt)), float(np.degrees(roll))
