"""A stage camera at a moment: its OpenTrackIO record, and what the renderer needs to stand there."""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.optics.camera import Camera
from answerprint.optics.table import LensState
from answerprint.optics.track import axes_from_angles
from answerprint.simulation.pieces import Vector
from answerprint.simulation.stage import CameraKey, StageCamera

NEAREST_FOCUS = 0.05
"""Metres: nothing nearer is focused on, and what is behind the camera neither."""
_ANIMATED = ("translation", "rotation", "pinhole_focal_length", "focus_distance", "t_stop")


def at_frame(camera: StageCamera, frame: float) -> StageCamera:
    """The camera as it stands at a frame (a fraction lies between frames), without keys and without a point to look at."""
    state: dict[str, Any] = {name: _between(camera, name, frame) for name in _ANIMATED}
    target = _between(camera, "look_at", frame)
    if target is not None:
        state["rotation"] = look_at(state["translation"], target, state["rotation"][2])
    return camera.model_copy(update={**state, "look_at": None, "keys": ()})


def look_at(translation: Vector, target: Vector, roll: float = 0.0) -> Vector:
    """Pan and tilt in degrees from one point to another."""
    x, y, z = np.subtract(target, translation)
    return float(np.degrees(np.arctan2(-x, y))), float(np.degrees(np.arctan2(z, np.hypot(x, y)))), roll


def record(camera: StageCamera, scale: float = 1.0) -> Camera:
    """The camera of ``at_frame`` as the rooms of geometry know it, in the pixels that are rendered."""
    width, height = size(camera, scale)
    return Camera(
        label=camera.label,
        active_sensor_resolution=(width, height),
        active_sensor_physical_dimensions=camera.active_sensor_physical_dimensions,
        pinhole_focal_length=camera.pinhole_focal_length,
        projection_offset=camera.projection_offset,
        distortion=camera.distortion,
        translation=camera.translation,
        rotation=camera.rotation,
    )


def size(camera: StageCamera, scale: float) -> tuple[int, int]:
    """Width and height in pixels of what is rendered."""
    width, height = camera.active_sensor_resolution
    return max(8, round(width * scale)), max(8, round(height * scale))


def focus_distance(camera: StageCamera, eyes: dict[str, Vector]) -> float | None:
    """Metres along the optical axis to what is kept sharp; None when the whole depth is."""
    if camera.focus_on and camera.focus_on in eyes:
        ahead = axes_from_angles(np.array(camera.rotation))[:, 1]
        return max(NEAREST_FOCUS, float(np.dot(np.subtract(eyes[camera.focus_on], camera.translation), ahead)))
    return camera.focus_distance


def focus_of_channel(camera: StageCamera, focus_m: float | None, shift_mm: float) -> float | None:
    """What is sharp in a channel whose light comes to its focus ``shift_mm`` behind the sensor, metres from the pupil.

    Where ``thin_lens.Focus.confusion`` is nothing: 1/z = 1/s - d / (F (F - d)) with the pinhole focal length F.
    """
    if focus_m is None or shift_mm == 0:
        return focus_m
    image = camera.pinhole_focal_length
    nearness = 1 / (focus_m * 1000) - shift_mm / (image * (image - shift_mm))
    return 1 / nearness / 1000 if nearness > 1e-9 else 1e6


def f_stop(camera: StageCamera) -> float:
    """The aperture's geometry; a T-stop without an f-stop is taken to lose 12 % of the light in the glass."""
    return camera.f_stop if camera.f_stop is not None else camera.t_stop * 0.94


def lens_setting(camera: StageCamera, focus_m: float | None) -> LensState:
    """The setting of the rings at a camera's state. The lens's scale counts from the image plane, the stage's from the pupil."""
    far = LensState(focal_length=camera.pinhole_focal_length, f_number=f_stop(camera))
    if focus_m is None:
        return far
    near = far.model_copy(update={"focus_distance": focus_m})
    offset = camera.lens.pupil_offset(near) if camera.lens else None
    return far.model_copy(update={"focus_distance": focus_m + (offset or camera.pinhole_focal_length / 1000)})


def with_lens(camera: StageCamera, focus_m: float | None) -> StageCamera:
    """The camera as its lens record has it at this focus and zoom; without a record as it is.

    The iris is rated at infinity focus: its hole does not change when the lens breathes, so its f-number does.
    """
    lens = camera.lens
    if lens is None:
        return camera
    setting = lens_setting(camera, focus_m)
    focal = lens.focal_length(setting)
    far = lens.focal_length(setting.model_copy(update={"focus_distance": float("inf")}))
    centre = lens.centre(setting) if lens.projection_offset is not None else camera.projection_offset
    own = {
        "pinhole_focal_length": focal,
        "projection_offset": centre,
        "distortion": lens.distortion_at(setting),
        "anamorphic_squeeze": lens.squeeze,
        "iris_blades": lens.iris.blades or camera.iris_blades,
        "f_stop": f_stop(camera) * focal / far,
    }
    return camera.model_copy(update=own)


def overscanned(camera: StageCamera, scale: float, pad: tuple[int, int]) -> StageCamera:
    """The camera with ``pad`` rendered pixels more on each side, across and down, of the same size."""
    (w, h), (mm_w, mm_h) = size(camera, scale), camera.active_sensor_physical_dimensions
    wider = (mm_w * (w + 2 * pad[0]) / w, mm_h * (h + 2 * pad[1]) / h)
    return camera.model_copy(update={"active_sensor_physical_dimensions": wider})


def renderer_state(camera: StageCamera, focus_m: float | None) -> dict[str, Any]:
    """One camera state of an order: matrix with columns right, up, backwards; lens in mm; focus 0 f-stop means all sharp."""
    right, forward, up = axes_from_angles(np.array(camera.rotation)).T
    matrix = np.stack([right, up, -forward, np.array(camera.translation)], axis=1)
    width, height = camera.active_sensor_physical_dimensions
    x, y = camera.projection_offset
    blades = camera.iris_blades if camera.iris_blades >= 3 else 0
    # The f-number tells the area of the hole; the renderer's polygons have their corners on the circle of that area.
    corner = np.sqrt(2 * np.pi / blades / np.sin(2 * np.pi / blades)) if blades else 1.0
    return {
        "matrix": matrix.tolist(),
        "focal_mm": camera.pinhole_focal_length,
        "sensor_mm": [width, height],
        "shift": [-x / width, -y / width],
        "focus_m": focus_m or 10.0,
        "f_stop": f_stop(camera) if focus_m is not None else 0.0,
        "corner": float(corner),
        "blades": blades,
        # The renderer has the middle of an edge to the right, a lens record counts from a corner.
        "blade_turn": (np.pi / blades if blades else 0.0) + float(np.radians(camera.lens.iris.rotation if camera.lens else 0.0)),
        "squeeze": camera.anamorphic_squeeze,
    }


def pixel_aspect(camera: StageCamera) -> float:
    """Width of a pixel against its height on the sensor."""
    (w, h), (mm_w, mm_h) = camera.active_sensor_resolution, camera.active_sensor_physical_dimensions
    return (mm_w / w) / (mm_h / h)


def _between(camera: StageCamera, name: str, frame: float) -> Any:
    """A value between the keys that give it; before the first and after the last it stands still."""
    keys = sorted((k for k in camera.keys if getattr(k, name) is not None), key=lambda k: k.frame)
    if not keys:
        return getattr(camera, name)
    after = next((i for i, k in enumerate(keys) if k.frame >= frame), len(keys))
    if after == 0 or after == len(keys):
        return getattr(keys[min(after, len(keys) - 1)], name)
    a, b = keys[after - 1], keys[after]
    share = (frame - a.frame) / (b.frame - a.frame)
    if camera.ease == "smooth":
        share = share * share * (3 - 2 * share)
    return _mixed(getattr(a, name), getattr(b, name), share)


def _mixed(a: Any, b: Any, share: float) -> Any:
    if isinstance(a, tuple):
        return tuple(float(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return float(a + (b - a) * share)


__all__ = [
    "CameraKey", "at_frame", "f_stop", "focus_distance", "focus_of_channel", "lens_setting", "look_at", "overscanned", "pixel_aspect", "record",
    "renderer_state", "size", "with_lens",
]  # fmt: skip
