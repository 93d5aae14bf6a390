"""nerfstudio's ``transforms.json``: posed pictures with OpenGL camera axes, as reconstruction tools exchange them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.text import read_text
from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack, angles_from_axes, axes_from_opengl
from answerprint.production import BadInput

_MODELS = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "")
_COEFFICIENTS = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")


def is_transforms(document: Any) -> bool:
    """Whether parsed JSON is a transforms.json."""
    frames = document.get("frames") if isinstance(document, dict) else None
    return isinstance(frames, list) and bool(frames) and isinstance(frames[0], dict) and "transform_matrix" in frames[0]


def read_transforms(path: Path) -> CameraTrack:
    """The pictures' poses in file order, as far apart in time as their places in the list. Raises BadInput for no such file."""
    document = _document(path)
    frames = document["frames"]
    matrices = np.array([_matrix(path, i, f) for i, f in enumerate(frames)])
    problems = ["a transforms.json has no clock: samples are counted in file order, one second apart"]
    return CameraTrack.of(
        (Fraction(i) for i in range(len(frames))), matrices[:, :3, 3], angles_from_axes(axes_from_opengl(matrices[:, :3, :3])),
        device="nerfstudio transforms", source="solved", clock="place in the file",
        extra={"pictures": [str(f.get("file_path", "")) for f in frames]}, problems=tuple(problems),
    )  # fmt: skip


@dataclass(frozen=True)
class PosedPicture:
    """One picture of a transforms.json: its camera, and all that the file says of it (its own keys over the common ones)."""

    camera: Camera
    said: dict[str, Any]


def read_cameras(path: Path) -> dict[str, Camera]:
    """Each picture's camera by its file path. Raises BadInput for lens models other than OpenCV's and the pinhole."""
    return {picture.camera.label: picture.camera for picture in read_pictures(path)}


def read_pictures(path: Path) -> list[PosedPicture]:
    """The pictures in file order. Raises BadInput for lens models other than OpenCV's and the pinhole."""
    document = _document(path)
    return [_picture(path, document, index, frame) for index, frame in enumerate(document["frames"])]


def _picture(path: Path, document: dict[str, Any], index: int, frame: dict[str, Any]) -> PosedPicture:
    said = {**{k: v for k, v in document.items() if k != "frames"}, **frame}
    model = str(said.get("camera_model", "")).upper()
    if model not in _MODELS:
        raise BadInput(path, f"has lens model {model}", "undistort the pictures, or solve with the OPENCV model")
    try:
        width, height, fx = int(said["w"]), int(said["h"]), float(said["fl_x"])
        # Their pixel (0.5, 0.5) is the centre of the first; ours is (0, 0).
        matrix = np.array(
            [[fx, 0, float(said.get("cx", width / 2)) - 0.5],
             [0, float(said.get("fl_y", fx)), float(said.get("cy", height / 2)) - 0.5], [0, 0, 1]]
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(path, f"picture {index} says no {error}", "write w, h and fl_x for all or for each picture") from None
    pose = _matrix(path, index, frame)
    turn = pose[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    name = str(frame.get("file_path", index))
    coefficients = [float(said.get(k, 0.0)) for k in _COEFFICIENTS]
    return PosedPicture(Camera.from_opencv(matrix, (width, height), turn.T, pose[:3, 3], coefficients, label=name), said)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise BadInput(path, f"is no JSON ({error})", "export it again") from None
    if not is_transforms(document):
        raise BadInput(path, "holds no frames with a transform_matrix", "export it again")
    return dict(document)


def _matrix(path: Path, index: int, frame: dict[str, Any]) -> Any:
    try:
        matrix = np.array(frame["transform_matrix"], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        matrix = np.zeros(0)
    if matrix.shape not in ((4, 4), (3, 4)) or not np.isfinite(matrix).all():
        raise BadInput(path, f"picture {index} has no 4x4 transform_matrix", "export it again")
    turn = matrix[:3, :3]
    if not np.allclose(turn.T @ turn, np.eye(3), atol=1e-3) or np.linalg.det(turn) < 0:
        raise BadInput(path, f"picture {index}: its transform_matrix is no rotation and place", "export it without scale or mirror")
    return matrix
