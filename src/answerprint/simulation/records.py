"""What the crew would write down for each frame, exact because the stage knows it: camera, lens, lights, who is how large in the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.optics.camera import Camera
from answerprint.production import Timecode
from answerprint.simulation import cameras, light
from answerprint.simulation.lens import View, applied
from answerprint.simulation.order import Shoot
from answerprint.simulation.stage import StageCamera


def frame_record(shoot: Shoot, camera: StageCamera, frame: int, people: dict[str, Any]) -> dict[str, Any]:
    """The record of one frame of one camera; ``people`` is what the renderer measured of each performer."""
    stage = shoot.stage
    view = view_of(shoot, camera, frame, people)
    state, seen = view.camera, view.now
    focus = _focus(camera, frame, people)
    rate = float(stage.rate)
    asked = next(c.move for c in shoot.asked.cameras if c.label == camera.label)
    return {
        "frame": frame,
        "timecode": str(Timecode(frame, stage.rate)),
        "source": "generated",
        "camera": seen.model_dump(mode="json", by_alias=True),
        "lens": {
            "pinholeFocalLength": state.pinhole_focal_length,
            "focusDistance": focus,
            "tStop": state.t_stop,
            "fStop": view.setting.f_number,
            "horizontal_field_of_view": _field_of_view(state),
            "irisBlades": state.iris_blades,
            "anamorphicSqueeze": state.anamorphic_squeeze,
            "applied": applied(view),
        },
        "exposure": {
            "isoSpeed": state.iso_speed,
            "shutterAngle": state.shutter_angle,
            "exposureTime": state.shutter_angle / 360 / rate,
            "stops": state.exposure_stops,
            "whiteBalance": state.white_balance_kelvin,
            "scene_linear_per_lux": light.exposure(state, state.t_stop, rate) / np.pi,
        },
        "lights": [_lamp(shoot, lamp, frame) for lamp in shoot.lights],
        "light_groups": shoot.groups,
        "key_fill_stops": _ratio(shoot, frame),
        **({"move": asked.model_dump(mode="json")} if asked else {}),
        **({"lighting": shoot.asked.lighting.model_dump(mode="json")} if shoot.asked.lighting else {}),
        "performers": {name: _performer(seen, state, about) for name, about in people.items()},
        "set": {"family": stage.set.family, "seed": stage.set.seed, "time": stage.set.time},
    }


def view_of(shoot: Shoot, camera: StageCamera, frame: int, people: dict[str, Any]) -> View:
    """What the camera's lens makes of the frame; ``people`` as in ``frame_record``."""
    focus = _focus(camera, frame, people)
    stage = shoot.stage
    return View.of(camera, frame, focus, stage.render.resolution_scale, shoot.overscan(camera), float(stage.rate))


def _focus(camera: StageCamera, frame: int, people: dict[str, Any]) -> float | None:
    eyes = {name: tuple(about["eyes"]) for name, about in people.items()}
    return cameras.focus_distance(cameras.at_frame(camera, frame), eyes)


def shot_size(camera: Camera, joints: dict[str, list[float]], eyes: list[float], top: float, sole: float) -> str:
    """ECU, CU, MCU, MS, MWS, FS, WS or EWS by the lowest part of an upright figure that is in the picture.

    Chin gives a close-up, chest a medium close-up, waist a medium shot, knees a medium wide shot, feet a full shot or wider.
    Empty where the figure is not in the picture.
    """
    middle = np.array(eyes[:2])
    levels = {
        "eyes": eyes[2], "chin": eyes[2] - 0.42 * (eyes[2] - _height(joints, "upperarm")), "chest": _height(joints, "upperarm") - 0.10,
        "waist": 0.5 * (_height(joints, "thigh") + _height(joints, "upperarm")) - 0.04, "knees": _height(joints, "calf"), "feet": sole, "top": top,
    }  # fmt: skip
    rows = {name: float(camera.project(np.array([*middle, z]))[1]) for name, z in levels.items()}
    if not camera.inside(camera.project(np.array(eyes)), margin=0) or any(np.isnan(v) for v in rows.values()):
        return ""
    if rows["feet"] <= camera.height:
        share = (rows["feet"] - rows["top"]) / camera.height
        return "FS" if share >= 0.6 else "WS" if share >= 0.3 else "EWS"
    face = rows["chin"] - rows["eyes"]
    if 2.2 * face > 0.75 * camera.height:
        return "ECU"
    for name, label in (("knees", "MWS"), ("waist", "MS"), ("chest", "MCU")):
        if rows[name] <= camera.height:
            return label
    return "CU"


def _height(joints: dict[str, list[float]], name: str) -> float:
    return 0.5 * (joints[f"{name}_l"][2] + joints[f"{name}_r"][2])


def _performer(seen: Camera, state: StageCamera, about: dict[str, Any]) -> dict[str, Any]:
    eyes = about["eyes"]
    pixel = seen.project(np.array(eyes))
    return {
        "eyes": eyes,
        "low": about["low"],
        "high": about["high"],
        "eyes_pixel": None if np.isnan(pixel).any() else [float(v) for v in pixel],
        "distance": float(np.linalg.norm(np.subtract(eyes, state.translation))),
        "shot_size": shot_size(seen, about["joints"], eyes, about["high"][2], about["low"][2]) or None,
        "camera_height_to_eyes": float(state.translation[2] - eyes[2]),
    }


def _lamp(shoot: Shoot, lamp: Any, frame: int) -> dict[str, Any]:
    lamps = shoot.stage.lights if lamp in shoot.stage.lights else shoot.lights
    stops = light.key_stops(lamp.keys, frame)
    return {
        "name": lamp.name,
        "kind": lamp.kind,
        "group": lamp.group or lamp.name,
        "translation": list(lamp.translation),
        "aim": list(lamp.aim),
        "illuminance_lux": light.lux_at_aim(lamp, lamps) * 2.0**stops,
        "kelvin": lamp.kelvin,
        "tint": lamp.tint,
        "gel": lamp.gel,
        "size": list(lamp.size),
    }


def _ratio(shoot: Shoot, frame: int) -> float | None:
    """Stops between the lamps called key and fill, each at its aim; None where there is no such pair."""
    lamps = {lamp.name: lamp for lamp in shoot.stage.lights}
    if "key" not in lamps or "fill" not in lamps:
        return None
    key, fill = (
        light.lux_at_aim(lamps[n], shoot.stage.lights) * 2.0 ** light.key_stops(lamps[n].keys, frame) for n in ("key", "fill")
    )
    return float(np.log2((key + fill) / fill)) if fill > 0 and key > 0 else None


def _field_of_view(state: StageCamera) -> float:
    return float(np.degrees(2 * np.arctan(state.active_sensor_physical_dimensions[0] / 2 / state.pinhole_focal_length)))
