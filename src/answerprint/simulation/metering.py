"""How bright a picture of a place comes out before it is taken, and the stop an operator sets for it.

A grid of rays through the frame meets the walls, floor and ceiling of the place as an empty box; there each lamp's illuminance is added up as a
meter would read it (inverse square, cosine, the lamp's own beam; nothing stands in its way), and beside it what the walls throw back on average: flux
over area times r / (1 - r), the integrating sphere's formula. What a family's colours and glowing things add to that was measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.light import exposure, lux_at_aim
from answerprint.simulation.place import Place
from answerprint.simulation.stage import Family, Light, SetPlan, StageCamera

Real = NDArray[np.float64]
_BRIGHTER: dict[Family, float] = {
    "living-room": 0.1, "kitchen": 0.8, "office": 0.7, "hospital-corridor": 1.5, "bar": -1.25, "workshop": 0.0, "bedroom": 0.15,
    "interview-room": 0.85, "street": -0.5, "garden": 0.0,
}  # fmt: skip
"""Stops by which pictures of a family (mean of scene light, at most 1) are above what is metered here: their colours and what
glows in view. From 30 rendered frames, over which the rest scattered by 0.2 stops in rooms and 0.5 outdoors, and set again on 40 others."""
_DAY, _NIGHT = (0.35, 1.0), (0.15, 0.8)
"""Between which stops against 18 % grey a picture's mean is left as it is. Frames of real clips have means within these, about."""
_RETURNED = 0.4
"""Share of light that an average wall throws back."""
_ACROSS, _DOWN = 9, 5


def set_exposure(camera: StageCamera, place: Place, lights: tuple[Light, ...], plan: SetPlan) -> StageCamera:
    """The camera opened or stopped down where its picture of the place would come out darker or brighter than pictures are."""
    if plan.family not in _BRIGHTER:
        return camera
    expected = picture_level(camera, place, lights) + _BRIGHTER[plan.family]
    low, high = _NIGHT if plan.time == "night" else _DAY
    shift = float(np.clip(expected, low, high)) - expected
    return camera.model_copy(update={"exposure_stops": camera.exposure_stops + shift})


def picture_level(camera: StageCamera, place: Place, lights: tuple[Light, ...]) -> float:
    """Mean illuminance of what the camera sees, in stops against the illuminance that it is exposed for."""
    points, normals = _seen(camera, place)
    every = (*place.lights, *lights)
    direct, flux = np.zeros(len(points)), 0.0
    for lamp in every:
        lux = lux_at_aim(lamp, every)
        direct += _illuminance(lamp, lux, points, normals)
        flux += _flux(lamp, lux)
    width, depth, height = place.size
    returned = flux / (2 * (width * depth + width * height + depth * height)) * _RETURNED / (1 - _RETURNED)
    # A diffuser that gets E lux comes out at E / pi times the film exposure; the metered card of 18 % at 0.18.
    metered = np.pi / exposure(camera, camera.t_stop, 24.0)
    return float(np.log2(max(direct.mean() + returned, 1e-6) / metered))


def _seen(camera: StageCamera, place: Place) -> tuple[Real, Real]:
    """Where a grid of the frame's rays meets the box of the place, and the inward normals there, (n, 3) each."""
    start = np.array(camera.translation)
    ahead = np.subtract(camera.look_at or (0.0, 0.0, 1.2), start)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    wide, high = (side / camera.pinhole_focal_length for side in camera.active_sensor_physical_dimensions)
    x, y = np.meshgrid(((np.arange(_ACROSS) + 0.5) / _ACROSS - 0.5) * wide, ((np.arange(_DOWN) + 0.5) / _DOWN - 0.5) * high)
    rays = ahead + x.reshape(-1, 1) * right + y.reshape(-1, 1) * up
    width, depth, height = place.size
    low, top = np.array([-width / 2, -depth / 2, 0.0]), np.array([width / 2, depth / 2, height])
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(rays > 0, (top - start) / rays, (low - start) / rays)
    far[~(far > 0.05)] = np.inf
    side = np.argmin(far, axis=1)
    row = np.arange(len(rays))
    normals = np.zeros_like(rays)
    normals[row, side] = -np.sign(rays[row, side])
    return start + rays * np.minimum(far[row, side], 1e4)[:, None], normals


def _illuminance(lamp: Light, lux: float, points: Real, normals: Real) -> Real:
    """Lux of a lamp on surfaces, nothing in the way."""
    aim = np.subtract(lamp.aim, lamp.translation).astype(np.float64)
    reach = float(np.linalg.norm(aim))
    aim /= max(reach, 1e-9)
    if lamp.kind == "sun":
        return np.asarray(lux * np.maximum(normals @ -aim, 0.0))
    way = np.subtract(lamp.translation, points)
    square = np.maximum((way**2).sum(axis=1), 0.1)
    way /= np.sqrt(square)[:, None]
    received = lux * reach**2 * np.maximum((normals * way).sum(axis=1), 0.0) / square
    if lamp.kind == "bulb":
        return np.asarray(received)
    along = np.clip(-(way @ aim), 0.0, 1.0)
    return np.asarray(received * along * (np.arccos(along) < np.radians(lamp.beam / 2 if lamp.beam else 90.0)))


def _flux(lamp: Light, lux: float) -> float:
    """About the lumens of a lamp; none of the sun's, which outdoors come back from nowhere."""
    if lamp.kind == "sun":
        return 0.0
    square = float(np.sum(np.subtract(lamp.aim, lamp.translation) ** 2))
    return float((4.0 if lamp.kind == "bulb" else 1.0) * np.pi * lux * square)
