"""How bright a picture of a place, and a face in it, come out before it is taken: the operator's stop and the gaffer's key.

A grid of rays through the frame meets the walls, floor and ceiling of the place as an empty box; there each lamp's illuminance is added up as a
meter would read it (inverse square, cosine, the lamp's own beam; nothing stands in its way), and beside it what the walls throw back on average: flux
over area times r / (1 - r), the integrating sphere's formula. What a family's colours and glowing things add to that was measured. Out of doors by
day the rays meet what stands there, in the sun or in shade. A face is metered from the key's side: every lamp, and what the walls or the sky return;
dark skin gets more light and fair skin less than a grey card would, by half of what they differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation import shade
from answerprint.simulation.light import exposure, lux_at_aim
from answerprint.simulation.lighting import angles, pattern, space_for_lamps
from answerprint.simulation.pieces import Vector
from answerprint.simulation.place import Place
from answerprint.simulation.stage import OUTDOORS, Family, Light, SetPlan, StageCamera

Real = NDArray[np.float64]
_BRIGHTER: dict[Family, float] = {
    "living-room": 0.1, "kitchen": 1.0, "office": 0.7, "hospital-corridor": 1.5, "bar": -1.45, "workshop": 0.0, "bedroom": 0.15,
    "interview-room": 0.3, "street": -0.2, "garden": 0.0,
}  # fmt: skip
"""Stops by which pictures of a family (mean of scene light, at most 1) are above what is metered here: their colours and what
glows in view. From 30 rendered frames, over which the rest scattered by 0.2 stops in rooms and 0.5 outdoors, and set again on 40 others."""
_DAY, _NIGHT = (0.35, 1.0), (0.3, 0.8)
"""Between which stops against 18 % grey a picture's mean is left as it is. Frames of real clips have means within these, about."""
_FACE_DAY, _FACE_NIGHT = (-0.5, 0.7), (-1.5, 0.3)
"""Between which stops against the metered card the lit side of a face is kept: over it pale skin and white cloth lose their form."""
_KEY_STEPS = tuple(sorted(np.arange(-2.5, 1.01, 0.25).tolist(), key=abs))
"""Stops by which a key may be set lower or higher for it, the smallest first."""
_KEY_ALONE = -1.0
"""Stops that key and fill alone have to give: less would no longer shape the face, nor could it be read where the room's lamps miss it."""
_DARKER = 0.25
"""Stops by which a picture may be darker than pictures are for a face that the place's own lamps alone make brighter."""
_WHITE = 1.7
"""Stops that no face may have, whatever becomes of the picture: white cloth of 0.8 beside it comes out at display code 220 of 255."""
_FORM = 0.95
"""Scene light up to which fair skin keeps its form."""
_SUNLIT = 1.5
"""Stops that the sun alone may have: with sky and key beside it up to 2.4, and white cloth in it at display code 230 of 255."""
_RETURNED = 0.4
"""Share of light that an average wall throws back."""
_ACROSS, _DOWN = 9, 5
_VEILED = 2.5
"""Stops that thin cloud may take from the sun: with more its shadows are gone."""
_SKIN = 0.2
"""Reflectance of the skin that is lit as a grey card says: between the darkest (0.04) and the lightest (0.4)."""
_READS = 0.4
"""Stops above the least of a lit face that a second key brings to a face that the first one's does not reach."""


@dataclass(frozen=True)
class Face:
    """A face to be lit: where its eyes are, metres, and how much light its skin throws back."""

    eyes: Vector
    reflectance: float = _SKIN


def set_exposure(camera: StageCamera, place: Place, lights: tuple[Light, ...], plan: SetPlan) -> StageCamera:
    """The camera opened or stopped down where its picture of the place would come out darker or brighter than pictures are."""
    return camera if plan.family not in _BRIGHTER else _exposed(camera, place, lights, plan, _sight(camera, place, plan))


def veil(camera: StageCamera, place: Place, plan: SetPlan) -> float:
    """Stops of thin cloud before the sun without which a camera that sees hardly any of it would be stopped down for it into darkness."""
    sight = _sight(camera, place, plan)
    if sight is None:
        return 0.0
    level = _sight_level(_exposed(camera, place, (), plan, sight), sight)
    return float(np.clip(_DAY[0] - level, 0.0, _VEILED))


def set_key(
    camera: StageCamera, place: Place, lights: tuple[Light, ...], plan: SetPlan, face: Face | None = None
) -> tuple[StageCamera, tuple[Light, ...]]:
    """The camera's stop and the lamps (key first, the others in stops of it), so that picture and face both come out as pictures have them.

    The key changes as little as will do, and the stop with it: a camera that is opened for a dark room finds a lower key, so that the room comes up
    beside the face. Where the place's own lamps are too bright on the face by themselves, the camera is stopped down.
    """
    if plan.family not in _BRIGHTER:
        return camera, lights
    low, high = _face_range(plan, _SKIN if face is None else face.reflectance)
    sight, sky = _sight(camera, place, plan), _skylight(place, plan, lights[0].aim, _lit_side(lights))

    def tried(stops: float) -> tuple[float, float, StageCamera, tuple[Light, ...]]:
        lamps = _keyed(lights, stops)
        opened = _exposed(camera, place, lamps, plan, sight)
        level, alone = face_level(opened, place, lamps, sky), face_level(opened, replace(place, lights=[]), lamps)
        wrong = max(low - level, level - high, 0.0) + max(_KEY_ALONE - alone, 0.0)
        return wrong, level, opened, lamps

    _, level, opened, lamps = min((tried(stops) for stops in _KEY_STEPS), key=lambda made: made[0])
    white = min(_WHITE, float(np.log2(_FORM / (_SKIN if face is None else face.reflectance))))
    return _opened(opened, -max(float(np.clip(level - high, 0.0, _DARKER)), level - white)), lamps


def second_key(
    camera: StageCamera, place: Place, lights: tuple[Light, ...], plan: SetPlan, face: Face, number: int
) -> tuple[Light, ...]:
    """The lamps, with one more of the key's light group where they leave another performer's face darker than a face may be.

    It stands to that face as a key does, on the first one's side, and has its colour; its stops are told against the key.
    """
    if plan.family not in _BRIGHTER:
        return lights
    side: Literal["left", "right"] = "right" if angles(lights[0], camera.translation)[0] > 0 else "left"
    lamp, *_ = pattern("loop", face.eyes, camera.translation, 1.0, side, inside=space_for_lamps(plan, place))
    towards = np.subtract(lamp.translation, face.eyes) * (1.0, 1.0, 0.5)
    towards /= np.linalg.norm(towards)
    level = _level_at(camera, place, lights, face.eyes, towards, _skylight(place, plan, face.eyes, towards))
    low, _ = _face_range(plan, face.reflectance)
    if level >= low:
        return lights
    lacking = (2.0 ** (low + _READS) - 2.0**level) / 2.0 ** _stops(camera, 1.0)
    stops = float(np.log2(lacking / max(lux_at_aim(lights[0], lights), 1e-6)))
    key = lamp.model_copy(
        update={"name": f"key-{number}", "group": lights[0].group or lights[0].name, "illuminance_lux": None, "stops": stops,
                "kelvin": lights[0].kelvin, "beam": 60.0}
    )  # fmt: skip
    return (*lights, key)


def picture_level(camera: StageCamera, place: Place, lights: tuple[Light, ...]) -> float:
    """Mean illuminance of what the camera sees, in stops against the illuminance that it is exposed for."""
    direct, returned = _light(place, lights, *_seen(camera, place))
    return _stops(camera, float(direct.mean()) + returned)


def face_level(camera: StageCamera, place: Place, lights: tuple[Light, ...], sky: float = 0.0) -> float:
    """Illuminance of the lit side of a face where the key (the first lamp) is aimed, in stops against what the camera is exposed for.

    Without the sun: a house or a tree stands before it as often as not; ``sky`` lux of the sky are added.
    """
    return _level_at(camera, place, lights, lights[0].aim, _lit_side(lights), sky)


def _level_at(camera: StageCamera, place: Place, lights: tuple[Light, ...], eyes: Vector, towards: Real, sky: float) -> float:
    shaded = replace(place, lights=[lamp for lamp in place.lights if lamp.kind != "sun"])
    direct, returned = _light(shaded, lights, np.array([eyes]), towards[None])
    return _stops(camera, float(direct[0]) + returned + sky)


def _lit_side(lights: tuple[Light, ...]) -> Real:
    """Where a cheek is turned that the key lights: a face stands upright, so that half of the key's height is left for it."""
    towards = np.subtract(lights[0].translation, lights[0].aim) * (1.0, 1.0, 0.5)
    return np.asarray(towards / np.linalg.norm(towards))


def _face_range(plan: SetPlan, reflectance: float) -> tuple[float, float]:
    """Between which stops the lit side of a face of such skin is kept."""
    low, high = _FACE_NIGHT if plan.time == "night" else _FACE_DAY
    more = float(np.clip(-0.5 * np.log2(reflectance / _SKIN), -0.5, 1.0))
    return low + more, min(high + more, _WHITE - 0.1)


def _sight(camera: StageCamera, place: Place, plan: SetPlan) -> Real | None:
    """Luminance of what the camera sees out of doors by day, cd/m2; None elsewhere."""
    if plan.family not in OUTDOORS or plan.time == "night":
        return None
    points, _ = _seen(camera, place)
    rays = points - np.array(camera.translation)
    return shade.seen(place, np.array(camera.translation), rays / np.linalg.norm(rays, axis=1)[:, None])[0]


def _skylight(place: Place, plan: SetPlan, eyes: Vector, towards: Real) -> float:
    """Lux of the sky on a face, out of doors by day."""
    if plan.family not in OUTDOORS or plan.time == "night":
        return 0.0
    return float(shade.skylight(place, np.array([eyes]), towards[None])[0])


def _sight_level(camera: StageCamera, sight: Real) -> float:
    """Mean of scene light, at most 1, in stops against 18 % grey."""
    return float(np.log2(np.minimum(sight * exposure(camera, camera.t_stop, 24.0), 1.0).mean() / 0.18))


def _exposed(camera: StageCamera, place: Place, lights: tuple[Light, ...], plan: SetPlan, sight: Real | None) -> StageCamera:
    low, high = _NIGHT if plan.time == "night" else _DAY
    sun = max((lamp.illuminance_lux or 0.0 for lamp in place.lights if lamp.kind == "sun"), default=0.0)
    # What is white stays white when the camera is opened: the rest has to come up for it.
    for _ in range(1 if sight is None else 4):
        expected = picture_level(camera, place, lights) + _BRIGHTER[plan.family] if sight is None else _sight_level(camera, sight)
        camera = _opened(camera, min(float(np.clip(expected, low, high)) - expected, _SUNLIT - _stops(camera, sun)))
    return camera


def _keyed(lights: tuple[Light, ...], stops: float) -> tuple[Light, ...]:
    """The lamps with another key; those that are given in stops of it follow."""
    lux = lux_at_aim(lights[0], lights) * 2.0**stops
    return (lights[0].model_copy(update={"illuminance_lux": lux}), *lights[1:])


def _opened(camera: StageCamera, stops: float) -> StageCamera:
    return camera.model_copy(update={"exposure_stops": camera.exposure_stops + stops})


def _stops(camera: StageCamera, lux: float) -> float:
    # A diffuser that gets E lux comes out at E / pi times the film exposure; the metered card of 18 % at 0.18.
    return float(np.log2(max(lux, 1e-6) * exposure(camera, camera.t_stop, 24.0) / np.pi))


def _light(place: Place, lights: tuple[Light, ...], points: Real, normals: Real) -> tuple[Real, float]:
    """Lux of all lamps on each of some surfaces, and what the walls throw back on all of them."""
    every = (*place.lights, *lights)
    levels = [(lamp, lux_at_aim(lamp, every)) for lamp in every]
    direct = np.sum([_illuminance(lamp, lux, points, normals) for lamp, lux in levels], axis=0) if levels else np.zeros(len(points))
    width, depth, height = place.size
    mean = sum(_flux(lamp, lux) for lamp, lux in levels) / (2 * (width * depth + width * height + depth * height))
    return direct, mean * _RETURNED / (1 - _RETURNED)


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
    # A lamp as large as it is far gives less than the inverse square would have it: as a disc of its area does on its axis.
    wide = lamp.size[0] * lamp.size[1] / np.pi
    received = lux * (reach**2 + wide) * np.maximum((normals * way).sum(axis=1), 0.0) / (square + wide)
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
