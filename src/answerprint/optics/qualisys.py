"""Reading the calibration a Qualisys Track Manager project exports (``*.qca.txt``)."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe_xml
import numpy as np
from defusedxml import DefusedXmlException

from answerprint.optics.camera import Camera
from answerprint.production import BadInput

# Qualisys writes sensor coordinates in 64ths of a pixel.
_SUBPIXELS = 64.0


def read_qca(path: Path) -> dict[str, Camera]:
    """Every active camera of the file by its serial, in metres.

    ``r11 r12 r13`` and so on are the rows of the rotation from world to camera, whose axes are x right, y up and z
    backwards (seen by drawing the calibration scene's known points over its stills, which fall on them to a few
    pixels); x, y, z is the camera's position in millimetres. Raises BadInput for a file that is not such a
    calibration.
    """
    try:
        root = safe_xml.parse(str(path)).getroot()
        cameras = [_camera(node) for node in root.iter("camera") if node.get("active", "1") == "1"]
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except (ParseError, DefusedXmlException, LookupError, TypeError, ValueError, ArithmeticError) as fault:
        raise BadInput(path, f"is not a Qualisys calibration ({fault})", "export the .qca.txt again") from None
    if not cameras:
        raise BadInput(path, "holds no active camera", "export the calibration with its cameras switched on")
    return {camera.label: camera for camera in cameras}


def _camera(node: Element) -> Camera:
    lens, place, field = node.find("intrinsic"), node.find("transform"), node.find("fov_video")
    if lens is None or place is None:
        raise ValueError(f"camera {node.get('serial')} has no intrinsic or no transform")
    if float(lens.get("skew") or 0) != 0:
        raise ValueError(f"camera {node.get('serial')} has a skewed sensor")
    width = round((float(lens.attrib["sensorMaxU"]) - float(lens.attrib["sensorMinU"])) / _SUBPIXELS) + 1
    height = round((float(lens.attrib["sensorMaxV"]) - float(lens.attrib["sensorMinV"])) / _SUBPIXELS) + 1
    left, top = (float(field.get(side, 0)) if field is not None else 0.0 for side in ("left", "top"))
    matrix = np.eye(3)
    matrix[0, 0] = float(lens.attrib["focalLengthU"]) / _SUBPIXELS
    matrix[1, 1] = float(lens.attrib["focalLengthV"]) / _SUBPIXELS
    matrix[0, 2] = float(lens.attrib["centerPointU"]) / _SUBPIXELS - left
    matrix[1, 2] = float(lens.attrib["centerPointV"]) / _SUBPIXELS - top
    rows = np.array([[float(place.attrib[f"r{i}{j}"]) for j in (1, 2, 3)] for i in (1, 2, 3)])
    k1, k2, k3 = (float(lens.attrib[f"radialDistortion{n}"]) for n in (1, 2, 3))
    p1, p2 = (float(lens.attrib[f"tangentalDistortion{n}"]) for n in (1, 2))
    return Camera.from_opencv(
        matrix,
        (width, height),
        world_to_camera=np.diag([1.0, -1.0, -1.0]) @ rows,
        position=np.array([float(place.attrib[axis]) for axis in "xyz"]) / 1000.0,
        coefficients=(k1, k2, p1, p2, k3),
        label=node.attrib["serial"],
        focal_length_mm=float(lens.attrib["focallength"]),
    )
