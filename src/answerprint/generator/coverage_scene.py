"""What a new camera position is made from: posed pictures of a set, when each was taken, who is in it, and scanned points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.optics.stmap import grid
from answerprint.optics.warp import scaled, warp
from answerprint.production import BadInput
from answerprint.provenance.canonical import record_digest
from answerprint.spatial.reproject import Source
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth

Float = NDArray[np.float32]
Real = NDArray[np.float64]
_PERFORMER_MARGIN = 0.012
"""Share of the picture's width by which a performer's matte is grown: what moves with a body is wider than its matte."""
_STILL_M, _STILL_DEG = 0.004, 0.06
"""Frames of one camera that stood nearer together than this are one view; a tracker's noise is a tenth of it."""
_PRIOR_REACH = 4
_PRIOR_JUMP = 1.08


@dataclass(frozen=True, eq=False)
class Sighting:
    """One posed picture. ``moment`` is the plate's frame it was taken with; None where time does not matter (a still set)."""

    name: str
    clip: str
    frame: int
    """of the clip, for the record of sources"""
    digest: str
    camera: Camera
    """of the picture's own size, lens included"""
    picture: Callable[[], Float]
    """(h, w, 3) ACEScg"""
    moment: int | None = None
    matte: Callable[[], Float] | None = None
    """(h, w) 0 to 1, where performers are; None where nobody said"""
    depth: Callable[[], Float] | None = None
    """(h, w) metres along the axis, NaN for unknown; None where nobody measured"""


@dataclass(frozen=True, eq=False)
class CoverageScene:
    """Posed pictures and scanned points (n, 3) of a set; ``digest`` names them all."""

    sightings: Sequence[Sighting]
    points: Real | None = None
    points_digest: str = ""

    def __post_init__(self) -> None:
        if not self.sightings:
            raise BadInput("coverage", "the scene has no picture", "give posed pictures")

    @cached_property
    def digest(self) -> str:
        """Of every picture, its camera and its moment, and of the points."""
        rows = [[s.name, s.digest, s.frame, s.moment, s.camera.model_dump(mode="json")] for s in self.sightings]
        return record_digest([rows, self.points_digest])

    def part(self, item: int) -> Sighting:
        """The picture behind a recorded source."""
        return self.sightings[item]

    def with_mattes(self, found: Mapping[int, NDArray[np.uint8]]) -> CoverageScene:
        """The scene with mattes (h, w) of 0 to 255 for the sightings of these numbers that have none of their own."""
        seen = [replace(s, matte=_given(found[i])) if s.matte is None and i in found else s for i, s in enumerate(self.sightings)]
        return CoverageScene(seen, self.points, self.points_digest)

    @cached_property
    def moments(self) -> list[int]:
        """The moments at which somebody filmed, in order."""
        return sorted({s.moment for s in self.sightings if s.moment is not None})

    def at(self, moment: int) -> list[Sighting]:
        """What was filmed at a moment."""
        return [s for s in self.sightings if s.moment == moment]

    def places(self) -> list[list[Sighting]]:
        """Sightings by where they stand: frames of a camera that did not move are one place."""
        groups: list[list[Sighting]] = []
        for sighting in self.sightings:
            home = next((g for g in groups if g[0].clip == sighting.clip and _same_place(g[0].camera, sighting.camera)), None)
            if home is None:
                groups.append([sighting])
            else:
                home.append(sighting)
        return groups

    def distances(self) -> tuple[float, float]:
        """Near and far in metres for all views: from the scanned points where there are some, else from how far the cameras stand apart."""
        cameras = [s.camera for s in self.sightings]
        if self.points is not None and len(self.points):
            few, depths_of = self.points[::7], []
            for camera in cameras[:: max(1, len(cameras) // 24)]:
                away = camera.depth(few)
                depths_of.append(away[(away > 0.05) & camera.inside(camera.project(few))])
            depths = np.concatenate(depths_of)
            if len(depths) > 50:
                low, high = np.percentile(depths, [0.3, 99.7])
                return float(max(0.05, low * 0.8)), float(high * 1.25)
        places = np.array([c.position for c in cameras])
        apart = float(np.median(np.linalg.norm(places - places.mean(axis=0), axis=1))) or 1.0
        return 0.25 * apart, 8.0 * apart


def _given(matte: NDArray[np.uint8]) -> Callable[[], Float]:
    return lambda: np.asarray(matte.astype(np.float32) / 255)


def pinhole(camera: Camera) -> Camera:
    """The camera with a perfect lens."""
    return Camera(**{**camera.model_dump(), "distortion": Distortion()})


def straight(picture: Float, camera: Camera, kernel: str = "cubic") -> Float:
    """A picture (h, w, c) without its lens's distortion, of the same focal length; black where the lens did not reach."""
    if camera.distortion == Distortion():
        return picture
    return warp(
        picture, camera.distort(grid(camera.width, camera.height)), "nearest" if kernel == "nearest" else "cubic", edge="black"
    )


def resized(sighting: Sighting, height: int | None) -> tuple[Float, Float | None, Float | None, Camera]:
    """Picture, performers' matte, depth and camera of a sighting at a working height (never enlarged)."""
    picture = sighting.picture()
    matte = sighting.matte() if sighting.matte else None
    depth = sighting.depth() if sighting.depth else None
    high, wide = picture.shape[:2]
    camera = (
        sighting.camera if (sighting.camera.width, sighting.camera.height) == (wide, high) else sighting.camera.resized(wide, high)
    )
    if height is None or height >= high:
        return picture, matte, depth, camera
    size = (max(16, round(wide * height / high)), height)
    small = None if depth is None else cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST)
    less = None if matte is None else scaled(np.ascontiguousarray(matte[..., None], dtype=np.float32), *size)[..., 0]
    return scaled(np.ascontiguousarray(picture, dtype=np.float32), *size), less, small, camera.resized(*size)


def plate_of_place(group: Sequence[Sighting], height: int | None, most: int = 15) -> tuple[Float, Float, Float | None, Camera]:
    """One picture of a place without its performers: the middle of its frames where they are not. Picture, weight, depth, camera.

    ``weight`` (h, w) is 0 where a performer stood in every frame. Frames are taken evenly, ``most`` of them.
    """
    chosen = [group[round(i)] for i in np.linspace(0, len(group) - 1, min(most, len(group)))]
    pictures, free, depth, camera = [], [], None, None
    for sighting in chosen:
        picture, matte, own_depth, camera = resized(sighting, height)
        pictures.append(picture)
        free.append(np.ones(picture.shape[:2], bool) if matte is None else ~grown(matte))
        depth = own_depth if depth is None else depth
    assert camera is not None
    if len(pictures) == 1:
        return pictures[0], free[0].astype(np.float32), depth, camera
    light, there = np.stack(pictures), np.stack(free)
    seen = np.asarray(there.any(axis=0))
    middle = np.nanmedian(np.where((there | ~seen)[..., None], light, np.nan), axis=0)
    return np.where(seen[..., None], middle, light[0]).astype(np.float32), np.asarray(seen, dtype=np.float32), depth, camera


def grown(matte: Float) -> NDArray[np.bool_]:
    """Where a performer is, or what moves with them."""
    radius = max(1, round(_PERFORMER_MARGIN * matte.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate((matte > 0.02).astype(np.uint8), kernel) > 0)


def view_of(
    picture: Float, weight: Float, camera: Camera, name: str, depth: Float | None = None, exposure: str | None = None
) -> View:
    """The picture as sweeps and fits take it: straight, with what may be believed. Without an ``exposure`` it has its own."""
    inside = straight(np.ones((*picture.shape[:2], 1), np.float32), camera)[..., 0] > 0.99
    clear = straight(np.ascontiguousarray(weight[..., None]), camera)[..., 0] > 0.98
    flat = None if depth is None else straight(np.ascontiguousarray(depth[..., None]), camera, "nearest")[..., 0]
    weight = (inside & clear).astype(np.float32)
    return View(straight(picture, camera), pinhole(camera), weight, name if exposure is None else exposure, flat, name)


def scanned_depth(points: Real, camera: Camera) -> Float:
    """Distances (h, w) that scanned points give a perfect camera, NaN between and where a near and a far surface mix.

    Points that a nearer surface hides are left out: no farther than a little beyond the nearest within a few pixels.
    """
    reach = 2 * _PRIOR_REACH + 1
    away, places = camera.depth(points), camera.project(points)
    there = (away > 0.05) & camera.inside(places, -0.49)
    depth = np.full((camera.height, camera.width), np.inf, np.float32)
    rows = np.round(places[there]).astype(np.int64)
    np.minimum.at(depth, (rows[:, 1], rows[:, 0]), away[there].astype(np.float32))
    kept = np.isfinite(depth) & (depth <= minimum_filter(depth, reach) * (_PRIOR_JUMP - 0.02))
    low = minimum_filter(np.where(kept, depth, np.inf), reach)
    high = maximum_filter(np.where(kept, depth, -np.inf), reach)
    blur = _PRIOR_REACH / 2.0
    inverse = cv2.GaussianBlur(np.where(kept, 1 / np.where(kept, depth, 1), 0).astype(np.float32), (0, 0), blur)
    count = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), blur)
    out = np.where(count > 1e-3, count / np.maximum(inverse, 1e-9), np.nan)
    out[(high > low * _PRIOR_JUMP) | ~np.isfinite(low)] = np.nan
    return out.astype(np.float32)


def source_of(view: View, depth: Depth, picture: Float, camera: Camera) -> Source:
    """A view with its depth, ready to be fetched from."""
    return Source(view, depth, picture, camera, view.name)


def parallax_deg(a: Camera, b: Camera, subject: Real) -> float:
    """The angle between two cameras at a point (3,), degrees."""
    u, v = a.position - subject, b.position - subject
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)))


def _same_place(a: Camera, b: Camera) -> bool:
    if a.active_sensor_resolution != b.active_sensor_resolution or abs(a.pinhole_focal_length / b.pinhole_focal_length - 1) > 1e-3:
        return False
    turned = np.degrees(np.arccos(np.clip((np.trace(a.world_to_camera @ b.world_to_camera.T) - 1) / 2, -1, 1)))
    return float(np.linalg.norm(a.position - b.position)) < _STILL_M and float(turned) < _STILL_DEG
