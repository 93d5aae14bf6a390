"""Lens and camera calibrations, read into OpenTrackIO-named records by camera."""

from __future__ import annotations

from pathlib import Path

from answerprint.ingest.material import IngestedFile
from answerprint.optics.qualisys import read_qca


def read_calibration(path: Path) -> IngestedFile:
    """A Qualisys calibration: one camera record for each camera it names."""
    cameras = read_qca(path)
    return IngestedFile(
        path, "lens", metadata={"cameras": {name: camera.model_dump(mode="json") for name, camera in cameras.items()}}
    )
