"""Lens files for Unreal's camera calibration (``.ulens``), written and read back.

There is no published description of the format: this follows what two public exporters agree on. Files from here read
back into the same values with our own reader, but they have never been loaded into Unreal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.optics.distortion import Distortion
from answerprint.optics.distortion_table import DistortionTable, Setting
from answerprint.optics.lens import Lens
from answerprint.optics.sensor import Sensor
from answerprint.optics.table import LensState, Row, Table
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

_FAR_CM = 1e6
"""Unreal's focus is in centimetres and knows no infinity: ten kilometres stand for it."""


def write_ulens(path: Path, lens: Lens, sensor: Sensor, focus: list[float], zoom: list[float], stops: list[float]) -> None:
    """The lens at every given focus (metres) and zoom (mm), for one sensor. ``stops`` are the f-numbers of the iris ring.

    Raises BadInput for a lens whose distortion is not Brown-Conrady with up to k3: the format carries no other.
    """
    settings = [LensState(focus_distance=metres, focal_length=mm) for metres in focus for mm in zoom]
    models = [lens.distortion_at(state) for state in settings]
    if not all(isinstance(m, Distortion) and len(m.radial) <= 3 for m in models):
        raise BadInput(path, "this lens has a distortion model that .ulens does not carry", "export STMaps instead")
    keys = [(_centimetres(state.focus_distance), state.focal_length) for state in settings]
    wide, high = sensor.dimensions[0] * lens.squeeze, sensor.dimensions[1]
    focal = [(f / wide, f / high) for f in (lens.focal_length(state) for state in settings)]
    centre = [(0.5 + right / wide, 0.5 - up / high) for right, up in (lens.centre(state) for state in settings)]
    pupils = [(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 100 * (lens.pupil_offset(state) or 0.0)) for state in settings]
    k1k2p1p2k3 = [model.numbers()[[0, 1, 4, 2, 3]] for model in models]
    document: dict[str, Any] = {
        "metadata": {
            "type": "LensFile",
            "version": "0.0.0",
            "lensInfo": {"serialNumber": lens.serial_number, "modelName": lens.model, "distortionModel": "SphericalLensModel"},
            "name": f"{lens.make} {lens.model}".strip(),
            "nodalOffsetCoordinateSystem": "OpenCV",
            "fxFyUnits": "Normalized",
            "cxCyUnits": "Normalized",
            "userMetadata": [{"name": "attribution", "value": lens.attribution}] if lens.attribution else [],
        },
        "sensorDimensions": {"width": wide, "height": high, "units": "Millimeters"},
        "imageDimensions": {"width": sensor.resolution[0], "height": sensor.resolution[1]},
        "cameraParameterTables": [
            _table("FocalLengthTable", "FocusEncoder, ZoomEncoder, Fx, Fy", keys, focal),
            _table("ImageCenterTable", "FocusEncoder, ZoomEncoder, Cx, Cy", keys, centre),
            _table("NodalOffsetTable", "FocusEncoder, ZoomEncoder, Qx, Qy, Qz, Qw, Tx, Ty, Tz", keys, pupils),
            _table("DistortionTable", "FocusEncoder, ZoomEncoder, K1, K2, K3, P1, P2", keys, k1k2p1p2k3),
        ],
        "encoderTables": [
            {
                "parameterName": "Focus",
                "header": "FocusEncoder, FocusCM",
                "data": _data([(c, c) for c in sorted({k[0] for k in keys})]),
            },
            {"parameterName": "Iris", "header": "IrisEncoder, IrisFstop", "data": _data([(n, n) for n in sorted(stops)])},
        ],
    }
    write_atomically(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def read_ulens(path: Path) -> tuple[Lens, Sensor]:
    """The lens and sensor of a ``.ulens`` file with encoder values in centimetres of focus and millimetres of zoom.

    Raises BadInput for what is not such a file, or is in other units.
    """
    try:
        document = json.loads(path.read_bytes())
        return _lens(document)
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise BadInput(path, f"is not a .ulens lens file ({fault})", "export it again") from None


def _lens(document: dict[str, Any]) -> tuple[Lens, Sensor]:
    about, size, pixels = document["metadata"], document["sensorDimensions"], document["imageDimensions"]
    if about["fxFyUnits"] != "Normalized":
        raise ValueError(f"focal lengths are in {about['fxFyUnits']}, not Normalized")
    sensor = Sensor(
        resolution=(int(pixels["width"]), int(pixels["height"])), dimensions=(float(size["width"]), float(size["height"]))
    )
    tables = {table["parameterName"]: _rows(table["data"]) for table in document["cameraParameterTables"]}
    focal: dict[tuple[float, ...], tuple[float]] = {
        _key(row): (float(row[2]) * sensor.dimensions[0],) for row in tables["FocalLengthTable"]
    }
    bent = [Setting(at=_key(row), model=_brown_conrady(row[2:])) for row in tables.get("DistortionTable", [])]
    wide, high = sensor.dimensions
    centre = [
        Row(at=_key(row), values=((float(row[2]) - 0.5) * wide, (0.5 - float(row[3])) * high))
        for row in tables.get("ImageCenterTable", [])
    ]
    pupil = [Row(at=_key(row), values=(float(row[8]) / 100,)) for row in tables.get("NodalOffsetTable", [])]
    info = about["lensInfo"]
    notes = {note["name"]: note["value"] for note in about.get("userMetadata", [])}
    lens = Lens(
        model=str(info.get("modelName", "")),
        serial_number=str(info.get("serialNumber", "")),
        pinhole_focal_length=Table.over(("focus_distance", "focal_length"), focal, "logarithmic"),
        projection_offset=Table(axes=("focus_distance", "focal_length"), rows=tuple(centre)) if centre else None,
        distortion=DistortionTable(axes=("focus_distance", "focal_length"), settings=tuple(bent)) if bent else None,
        entrance_pupil_offset=Table(axes=("focus_distance", "focal_length"), rows=tuple(pupil)) if pupil else None,
        attribution=str(notes.get("attribution", "")),
        source="recorded",
    )
    return lens, sensor


def _brown_conrady(row: Any) -> Distortion:
    k1, k2, k3, p1, p2 = (float(v) for v in row)
    return Distortion.from_opencv([k1, k2, p1, p2, k3])


def _key(row: Any) -> tuple[float, float]:
    return (float("inf") if row[0] >= _FAR_CM else float(row[0]) / 100, float(row[1]))


def _centimetres(metres: float) -> float:
    return min(metres * 100, _FAR_CM)


def _table(name: str, header: str, keys: list[tuple[float, float]], values: Any) -> dict[str, str]:
    rows = [(*key, *(float(v) for v in value)) for key, value in zip(keys, values, strict=True)]
    return {"parameterName": name, "header": header, "data": _data(rows)}


def _data(rows: Any) -> str:
    return "; ".join(", ".join(f"{value:.12g}" for value in row) for row in rows)


def _rows(data: str) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    return [np.array([float(value) for value in row.split(",")]) for row in data.split(";") if row.strip()]
