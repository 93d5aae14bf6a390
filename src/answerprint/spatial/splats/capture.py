"""Posed pictures from a folder: nerfstudio's ``transforms.json`` with the files it names, as views to fit a scene to.

Pictures are EXR frames in scene-linear ACEScg; ``depth_file_path`` names an EXR with the channel Z, metres along the optical
axis; ``ply_file_path`` a scan; ``test_filenames`` the pictures that are not for fitting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.text import read_text
from answerprint.ingest.tracking.nerfstudio import read_cameras
from answerprint.media.exr import read_exr
from answerprint.production import BadInput
from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.view import View


@dataclass(frozen=True, eq=False)
class Capture:
    """What a capture holds."""

    views: list[View]
    """For fitting"""
    tests: list[View]
    """Held out: what the scene is judged by"""
    points: NDArray[np.float64] | None
    """(n, 3) metres, of the scan"""


def read_capture(transforms: Path) -> Capture:
    """The views a ``transforms.json`` names, with all the depth they have. Raises BadInput for what is missing or is no EXR."""
    cameras = read_cameras(transforms)
    document = json.loads(read_text(transforms))
    folder, held = transforms.parent, set(document.get("test_filenames", ()))
    views: list[View] = []
    tests: list[View] = []
    for frame in document["frames"]:
        name = str(frame["file_path"])
        depth = folder / str(frame["depth_file_path"]) if "depth_file_path" in frame else None
        view = View(_rgb(folder / name), cameras[name], depth=None if depth is None else _depth(depth), name=name)
        (tests if name in held else views).append(view)
    scan = document.get("ply_file_path")
    points = None if scan is None else open_scan(folder / str(scan)).points().xyz
    return Capture(views, tests, points)


def _rgb(path: Path) -> Float:
    planes = _exr(path)
    if not {"R", "G", "B"} <= set(planes):
        raise BadInput(path, "has no channels R, G and B", "give scene-linear ACEScg frames")
    return np.stack([planes[c].astype(np.float32) for c in "RGB"], axis=-1)


def _depth(path: Path) -> Float:
    planes = _exr(path)
    if "Z" not in planes:
        raise BadInput(path, "has no channel Z", "give depth in metres in the channel Z")
    return np.where(np.isfinite(planes["Z"]), planes["Z"], np.nan).astype(np.float32)


def _exr(path: Path) -> dict[str, NDArray[np.floating]]:
    if path.suffix.lower() != ".exr":
        raise BadInput(path, "is no EXR frame", "convert it to scene-linear ACEScg EXR first")
    return dict(read_exr(path).planes)
