"""What each lamp of a rig gives to each surface a camera sees: from depth, soft lamps, and shadows as far as the depth shows them.

Shading of a lamp is the mean over points of its face of  max(n.d, 0) max(-d.f, 0) / r^2  where nothing seen stands between
(d to the lamp, f where it faces, r metres): Lambert at the surface and at the lamp; a beam sends evenly up to its edge instead.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import nnls

from answerprint.optics.camera import Camera

Real = NDArray[np.float64]
Plane = NDArray[np.float32]
Triple = tuple[float, float, float]

WORK_WIDTH = 192
"""Light is computed at this width: it varies slowly, and only its slow part is used."""
_FACE = 3
_HOLD_KNOWN, _HOLD_UNKNOWN, _HOLD_METERED = 0.25, 0.03, 4.0
"""How strongly strengths are held to where they begin, against a relative error of 1 of every pixel: a lamp with a reading beside
lamps without one, a lamp without, and every lamp where all have one: a meter knows what a picture of one lighting does not tell."""
_BEAM_EDGE = 0.15
"""Share of a beam, in cosine, over which it falls off to nothing."""
_BOUNCE = 0.6
"""Light from the room over direct light, on average; 0.4 to 0.8 on rendered living rooms with grey walls."""
_STEPS, _REACH, _THICK = 28, 1.2, 0.35
"""Shadow rays: steps, metres they go, and how thick what the depth shows is taken to be."""


class RigLight(BaseModel):
    """One lamp as it stood, in the frame of the camera's pose, metres; and what it shall do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    position: Triple = Field(description="metres")
    aim: Triple = Field(description="the point it faces, metres")
    size: float = Field(default=0.4, gt=0, le=10, description="side of its face, metres")
    beam: float = Field(default=180.0, gt=1, le=180, description="full angle of its beam, degrees; 180 is a bare face")
    lux: float = Field(default=0.0, ge=0, description="illuminance measured at the aim, lux; 0 is not known")
    gain_stops: float = Field(default=0.0, ge=-20, le=20, description="stops more or less than filmed")
    enabled: bool = True

    def placed(self, azimuth: float, elevation: float, about: Real, camera: Camera) -> RigLight:
        """The lamp as far from ``about`` as it is, at an azimuth and elevation (degrees) seen from the camera's side."""
        distance = float(np.linalg.norm(np.array(self.position) - about))
        a, e = np.radians([azimuth, elevation])
        right, forward = camera.world_to_camera[0], camera.world_to_camera[2]
        back = -np.array([forward[0], forward[1], 0.0])
        back /= max(float(np.linalg.norm(back)), 1e-9)
        side = np.array([right[0], right[1], 0.0])
        side /= max(float(np.linalg.norm(side)), 1e-9)
        way = np.cos(e) * (np.cos(a) * back + np.sin(a) * side) + np.sin(e) * np.array([0.0, 0.0, 1.0])
        place = about + distance * way
        return self.model_copy(
            update={"position": (float(place[0]), float(place[1]), float(place[2])), "aim": tuple(float(v) for v in about)}
        )


def direction_of(light: RigLight, about: Real, camera: Camera) -> tuple[float, float]:
    """Azimuth and elevation of a lamp from ``about``, degrees: 0 is the camera's side, azimuth positive to the picture's right."""
    away = np.array(light.position) - about
    right, forward = camera.world_to_camera[0], camera.world_to_camera[2]
    across, back = float(away[:2] @ right[:2]), float(-away[:2] @ forward[:2])
    return float(np.degrees(np.arctan2(across, back))), float(np.degrees(np.arctan2(away[2], np.hypot(away[0], away[1]))))


class SeenSurface:
    """The surfaces of one frame at ``WORK_WIDTH``: points and normals in the pose's frame, from depth (h, w) metres along the axis."""

    def __init__(self, depth: Plane, camera: Camera) -> None:
        height, width = depth.shape
        size = (min(WORK_WIDTH, width), max(2, round(height * min(WORK_WIDTH, width) / width)))
        clean = np.where(np.isfinite(depth) & (depth > 0), depth, 1e3).astype(np.float32)
        self.depth = np.asarray(cv2.resize(clean, size, interpolation=cv2.INTER_AREA), np.float64)
        # At an edge an average of near and far lies in the air: the nearest sample is a surface.
        self.depth = np.where(_rough(self.depth), cv2.resize(clean, size, interpolation=cv2.INTER_NEAREST), self.depth)
        self.camera = camera
        self._scale = np.array([camera.width / size[0], camera.height / size[1]])
        x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
        pixels = (np.stack([x, y], axis=-1) + 0.5) * self._scale - 0.5
        origin, rays = camera.rays(pixels)
        along = rays @ camera.world_to_camera[2]
        self.origin = np.asarray(origin, np.float64)
        self.points = self.origin + rays * (self.depth / along)[..., None]
        self.normals = _normals(self.points, self.origin, self.depth)
        self.background = clean.max() if clean.size else 0.0

    def shading(self, light: RigLight) -> Real:
        """What the lamp gives where nothing seen stands between, (h, w), per unit of its strength."""
        total = np.zeros(self.depth.shape)
        facing = np.array(light.aim) - np.array(light.position)
        facing /= max(float(np.linalg.norm(facing)), 1e-9)
        for place in _face(light, facing):
            away = place - self.points
            distance = np.linalg.norm(away, axis=-1)
            way = away / np.maximum(distance, 1e-6)[..., None]
            lambert = np.maximum((self.normals * way).sum(axis=-1), 0)
            given = _sent(-(way @ facing), light.beam) / np.maximum(distance, 0.1) ** 2
            total += lambert * given * self._visible(way, distance)
        # A room sends part of each lamp's light back from everywhere: what its surfaces got on average.
        direct = total / _FACE**2
        return direct + _BOUNCE * float(direct.mean()) * (0.75 + 0.25 * self.normals[..., 2])

    def at_aim(self, light: RigLight) -> float:
        """The same for a surface at the lamp's aim that faces it, nothing in between: what a light meter there reads."""
        distance = max(float(np.linalg.norm(np.array(light.aim) - np.array(light.position))), 0.1)
        return 1.0 / distance**2

    def _visible(self, way: Real, distance: Real) -> Real:
        """1 where no surface that the depth shows stands on the way to the lamp, 0 in its shadow."""
        clear = np.ones(self.depth.shape, bool)
        height, width = self.depth.shape
        for step in np.geomspace(0.03, _REACH, _STEPS):
            at = self.points + way * step + self.normals * 0.015
            pixels = self.camera.project(at) / self._scale
            z = self.camera.depth(at)
            with np.errstate(invalid="ignore"):
                column, row = np.floor(pixels[..., 0] + 0.5 / self._scale[0]), np.floor(pixels[..., 1] + 0.5 / self._scale[1])
                inside = np.isfinite(column) & np.isfinite(row) & (column >= 0) & (row >= 0) & (column < width) & (row < height)
            c, r = np.where(inside, column, 0).astype(int), np.where(inside, row, 0).astype(int)
            seen = self.depth[r, c]
            clear &= ~(inside & (step < distance) & (z > seen + 0.02) & (z < seen + _THICK))
        return clear.astype(np.float64)


def solve_strengths(light: Plane, shadings: list[Real], known: Real | None = None, rounds: int = 12) -> tuple[Real, Real]:
    """The strength of each lamp and of the light from everywhere, (lamps + 1, 3), and the surfaces' colour (h, w, 3).

    Surfaces of one colour (groups by chroma and place) have one albedo; strengths by non-negative least squares and albedos in turns.
    ``known`` (lamps,) are strengths in proportion from a gaffer's list, 0 where there is none; they are held to loosely. The scale
    between strengths and albedos is free and falls out of every ratio.
    """
    height, width = shadings[0].shape
    picture = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA), np.float64)
    picture = np.maximum(cv2.GaussianBlur(picture, (0, 0), 1.0), 1e-4)
    columns = np.stack([*(s.ravel() for s in shadings), np.full(height * width, float(np.mean(shadings)) + 1e-9)], axis=1)
    scale = np.maximum(columns.mean(axis=0), 1e-9)
    groups = _groups(picture)
    flat, start = picture.reshape(-1, 3), np.ones(columns.shape[1])
    hold = np.full(columns.shape[1], _HOLD_UNKNOWN)
    if known is not None and (known > 0).any():
        told = known * scale[:-1]
        start[:-1] = np.where(known > 0, told / told[known > 0].mean(), 1.0)
        hold[:-1] = np.where(known > 0, _HOLD_METERED if (known > 0).all() else _HOLD_KNOWN, _HOLD_UNKNOWN)
    strengths = np.repeat(start[:, None], 3, axis=1)
    prior = np.diag(hold / start) * np.sqrt(len(flat))
    albedo = np.ones_like(flat)
    for _ in range(rounds):
        for channel in range(3):
            model = (columns / scale) @ strengths[:, channel]
            albedo[:, channel] = _by_group(flat[:, channel], model, groups)
            wanted = np.ones(len(flat))
            left = (columns / scale) * (albedo[:, channel] / flat[:, channel])[:, None]
            # Relative error counts, whatever the surface's brightness; and no lamp is off without a reason.
            weight = 1 / np.sqrt(0.05 + np.abs(left @ strengths[:, channel] - 1))
            found, _ = nnls(np.vstack([left * weight[:, None], prior]), np.concatenate([wanted * weight, prior @ start]))
            strengths[:, channel] = np.maximum(found, 1e-4)
    return strengths / scale[:, None], albedo.reshape(height, width, 3)


def _groups(picture: Real) -> NDArray[np.int64]:
    """Pixels of like chroma, at most 14 groups."""
    chroma = np.log2(np.stack([picture[..., 0], picture[..., 2]], axis=-1) / picture[..., 1:2]).reshape(-1, 2)
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-3)
    _, labels, _ = cv2.kmeans(chroma.astype(np.float32), 14, np.zeros(0, np.int32), criteria, 2, cv2.KMEANS_PP_CENTERS)
    return np.asarray(labels.ravel(), np.int64)


def _by_group(light: Real, model: Real, groups: NDArray[np.int64]) -> Real:
    """The albedo of each pixel's group: the median of light over model."""
    out = np.ones(len(light))
    for label in np.unique(groups):
        own = groups == label
        out[own] = float(np.median(light[own] / np.maximum(model[own], 1e-6)))
    return out


def _normals(points: Real, origin: Real, depth: Real) -> Real:
    """Unit normals towards the camera, from the flatter of the two neighbours on either axis."""

    def slope(axis: int) -> Real:
        forward = np.roll(points, -1, axis=axis) - points
        backward = points - np.roll(points, 1, axis=axis)
        jump = [np.abs(np.roll(depth, -1, axis=axis) - depth), np.abs(depth - np.roll(depth, 1, axis=axis))]
        return np.where((jump[0] < jump[1])[..., None], forward, backward)

    normal = np.cross(slope(1), slope(0))
    normal *= np.sign(((origin - points) * normal).sum(axis=-1))[..., None]
    near = np.abs(depth - cv2.medianBlur(depth.astype(np.float32), 5)) < 0.03
    smooth = cv2.GaussianBlur(
        (normal / np.maximum(np.linalg.norm(normal, axis=-1), 1e-12)[..., None]) * near[..., None], (0, 0), 1.2
    )
    return np.asarray(smooth / np.maximum(np.linalg.norm(smooth, axis=-1), 1e-9)[..., None])


def _rough(depth: Real) -> NDArray[np.bool_]:
    near = np.asarray(depth, np.float32)
    return np.asarray(cv2.dilate(near, np.ones((3, 3))) - cv2.erode(near, np.ones((3, 3))) > 0.15)


def _face(light: RigLight, facing: Real) -> list[Real]:
    """Points over the lamp's square face."""
    side = np.cross(facing, np.array([0.0, 0.0, 1.0]))
    side = side / np.linalg.norm(side) if np.linalg.norm(side) > 1e-6 else np.array([1.0, 0.0, 0.0])
    up = np.cross(side, facing)
    offsets = (np.arange(_FACE) - (_FACE - 1) / 2) / _FACE * light.size
    return [np.array(light.position) + a * side + b * up for a in offsets for b in offsets]


def _sent(along: Real, beam: float) -> Real:
    """What a lamp sends at a cosine from its axis: a bare face by Lambert, a beam evenly up to its edge."""
    if beam >= 180:
        return np.maximum(along, 0)
    edge = np.cos(np.radians(beam / 2))
    return np.clip((along - edge) / (_BEAM_EDGE * (1 - edge)), 0, 1)


def facts(lights: tuple[RigLight, ...], strengths: Any) -> dict[str, Any]:
    """The solved strengths by lamp, as plain facts."""
    return {light.id: [round(float(v), 5) for v in row] for light, row in zip(lights, strengths, strict=False)}
