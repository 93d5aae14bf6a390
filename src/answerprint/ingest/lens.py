"""Lens and camera calibrations, read into OpenTrackIO-named records by camera, and lens files into lens records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.ingest.material import IngestedFile
from answerprint.optics.lens import Lens, read_lens
from answerprint.optics.lens_profile import is_profile, read_profile
from answerprint.optics.lensfun import ATTRIBUTION, lensfun_lenses
from answerprint.optics.qualisys import read_qca
from answerprint.optics.sensor import Sensor
from answerprint.optics.ulens import read_ulens


def read_calibration(path: Path) -> IngestedFile:
    """A Qualisys calibration: one camera record for each camera it names."""
    cameras = read_qca(path)
    return IngestedFile(
        path, "lens", metadata={"cameras": {name: camera.model_dump(mode="json") for name, camera in cameras.items()}}
    )


def is_lens_document(document: Any) -> bool:
    """Whether a JSON document is a lens file of ours or a measured lens profile."""
    return is_profile(document) or (isinstance(document, dict) and isinstance(document.get("pinhole_focal_length"), dict))


def read_lens_document(path: Path, document: Any) -> IngestedFile:
    """A lens file of ours, or a measured profile."""
    if is_profile(document):
        lens, sensor = read_profile(path)
        return _lens(path, lens, sensor, ["the profile does not give the sensor's width; focal lengths are as on a 36 mm wide one"])
    return _lens(path, read_lens(path), None, [])


def read_unreal_lens(path: Path) -> IngestedFile:
    """A ``.ulens`` file."""
    lens, sensor = read_ulens(path)
    return _lens(path, lens, sensor, [])


def read_lens_database(path: Path) -> IngestedFile:
    """A lensfun database file: the lenses it holds, and what must be named with everything made of it."""
    return IngestedFile(path, "lens", metadata={"lenses": lensfun_lenses(path), "attribution": ATTRIBUTION})


def _lens(path: Path, lens: Lens, sensor: Sensor | None, problems: list[str]) -> IngestedFile:
    metadata: dict[str, Any] = {"lens": lens.model_dump(mode="json", exclude_none=True)}
    if sensor is not None:
        metadata["sensor"] = sensor.model_dump(mode="json", exclude_none=True)
    return IngestedFile(path, "lens", metadata=metadata, problems=problems)
