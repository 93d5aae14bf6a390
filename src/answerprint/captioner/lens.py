"""What the calibration says of the lens and of how the camera looked at the scene."""

from __future__ import annotations

import numpy as np

from answerprint.optics.camera import Camera
from answerprint.production.values import Measured

__all__ = ["angle_fields", "hfov_of", "lens_fields"]

_STILL_DIAGONAL = float(np.hypot(36, 24))
_WHO = "camera calibration"


def hfov_of(camera: Camera) -> float:
    """Horizontal field of view in degrees of the pinhole, its axis where the calibration has it."""
    focal, centre = camera.matrix[0, 0], camera.matrix[0, 2]
    return float(np.degrees(np.arctan((centre + 0.5) / focal) + np.arctan((camera.width - 0.5 - centre) / focal)))


def lens_fields(camera: Camera | None) -> dict[str, Measured]:
    """Focal length, its 35 mm equivalent (by the diagonal, as CIPA DCG-001 has it), field of view; stop and focus unknown."""
    units = {"focal_length": "mm", "focal_length_35mm": "mm", "hfov": "degree", "t_stop": "", "focus_distance": "m"}
    fields = {name: Measured(unit=unit, confidence=0.1, who="nothing recorded") for name, unit in units.items()}
    if camera is None:
        return fields
    focal = camera.pinhole_focal_length
    values = {
        "focal_length": focal,
        "focal_length_35mm": focal * _STILL_DIAGONAL / float(np.hypot(*camera.active_sensor_physical_dimensions)),
        "hfov": hfov_of(camera),
    }
    for name, value in values.items():
        fields[name] = Measured(value=round(value, 2), unit=units[name], confidence=0.98, source="recorded", who=_WHO)
    return fields


def angle_fields(camera: Camera | None) -> dict[str, Measured]:
    """``angle`` in the terms of XMP Dynamic Media, with ``tilt`` and ``roll`` in degrees and ``camera_height`` in metres."""
    unknown = Measured(unit="degree", confidence=0.1, who="nothing recorded")
    if camera is None:
        # most shots are level: of 4035 labelled film clips one in ten was low (CameraBench, 2025)
        guess = Measured(value="Eye Level", confidence=0.3, who="what most shots are; nothing recorded")
        return {"angle": guess, "tilt": unknown, "roll": unknown, "camera_height": unknown.model_copy(update={"unit": "m"})}
    _, tilt, roll = camera.rotation
    if tilt < -60:
        name = "Overhead Shot"
    elif abs(tilt) > 10:
        name = "High Angle" if tilt < 0 else "Low Angle"
    else:
        name = "Dutch Angle" if abs(roll) > 10 else "Eye Level"
    edge = min(abs(abs(tilt) - 10), abs(tilt + 60))
    return {
        "angle": Measured(value=name, confidence=0.95 if edge > 3 else 0.7, source="solved", who=_WHO),
        "tilt": Measured(value=round(tilt, 2), unit="degree", confidence=0.95, source="solved", who=_WHO),
        "roll": Measured(value=round(roll, 2), unit="degree", confidence=0.95, source="solved", who=_WHO),
        "camera_height": Measured(value=round(camera.translation[2], 3), unit="m", confidence=0.9, source="solved", who=_WHO),
    }
