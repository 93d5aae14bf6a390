"""Measured lens profiles of the gyroflow project (CC0), among them cine lenses on cine cameras, read into our lens record.

A profile is an OpenCV fisheye calibration of one lens on one camera mode. It says nothing of millimetres, so the sensor's
width must be given; without it the picture counts as 36 mm wide.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.lens import Lens
from answerprint.optics.sensor import Sensor
from answerprint.optics.table import Table
from answerprint.production import BadInput


def is_profile(document: Any) -> bool:
    """Whether a JSON document is such a profile."""
    return isinstance(document, dict) and isinstance(document.get("fisheye_params"), dict) and "calib_dimension" in document


def read_profile(path: Path, sensor_width_mm: float = 36.0) -> tuple[Lens, Sensor]:
    """The lens and the sensor mode of one profile. Raises BadInput for what is none."""
    try:
        document = json.loads(path.read_bytes())
        if not is_profile(document):
            raise ValueError("no fisheye calibration in it")
        size, solved = document["calib_dimension"], document["fisheye_params"]
        matrix = solved["camera_matrix"]
        a, b, c, d = (float(k) for k in solved["distortion_coeffs"])
        width, height = int(size["w"]), int(size["h"])
        per_pixel = sensor_width_mm / width
        sensor = Sensor(
            name=f"{document.get('camera_brand', '')} {document.get('camera_model', '')}".strip(),
            resolution=(width, height),
            dimensions=(sensor_width_mm, height * per_pixel),
            readout_time=float(document.get("frame_readout_time") or 0) / 1000,
        )
        lens = Lens(
            model=str(document.get("lens_model", "")),
            squeeze=float(document.get("input_horizontal_stretch") or 1.0),
            pinhole_focal_length=Table.constant(float(matrix[1][1]) * per_pixel),
            projection_offset=Table.constant(
                (float(matrix[0][2]) - (width - 1) / 2) * per_pixel, ((height - 1) / 2 - float(matrix[1][2])) * per_pixel
            ),
            distortion=DistortionTable(settings=(Setting(model=Fisheye(k=(a, b, c, d))),)),
            source="recorded",
            attribution=f"gyroflow lens profiles, calibrated by {document.get('calibrated_by') or 'unknown'}, CC0 1.0",
        )
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise BadInput(path, f"is not a lens profile ({fault})", "export it again") from None
    return lens, sensor
