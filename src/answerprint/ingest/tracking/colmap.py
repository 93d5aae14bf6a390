"""COLMAP's solved cameras, text and binary (``cameras`` and ``images`` beside each other; colmap.github.io/format.html).

An image holds the rotation and translation from the world to OpenCV camera axes. The world of a solve has no unit and no
up until it is registered to the stage, and the track says so.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from answerprint.optics.camera import Camera
from answerprint.optics.track import CameraTrack, angles_from_axes, axes_from_opencv
from answerprint.production import BadInput

_MODELS = {0: ("SIMPLE_PINHOLE", 3), 1: ("PINHOLE", 4), 2: ("SIMPLE_RADIAL", 4), 3: ("RADIAL", 5), 4: ("OPENCV", 8),
           5: ("OPENCV_FISHEYE", 8), 6: ("FULL_OPENCV", 12)}  # fmt: skip


@dataclass(frozen=True)
class _Lens:
    model: str
    width: int
    height: int
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class _Image:
    name: str
    camera: int
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    @property
    def position(self) -> NDArray[np.float64]:
        return -self.rotation.T @ self.translation


def read_solve(folder: Path) -> CameraTrack:
    """The images of a solve by name, as far apart in time as their places in that order. Raises BadInput for no solve."""
    _, images = _solve(folder)
    problems = (
        "a solve has neither unit nor up before it is registered to the stage",
        "images have no clock: samples are counted by name, one second apart",
    )
    return CameraTrack.of(
        (Fraction(i) for i in range(len(images))), np.array([i.position for i in images]),
        angles_from_axes(axes_from_opencv(np.array([i.rotation.T for i in images]))),
        device="COLMAP", source="solved", clock="place by name", extra={"pictures": [i.name for i in images]}, problems=problems,
    )  # fmt: skip


def read_cameras(folder: Path) -> dict[str, Camera]:
    """Each image's camera by its name. Raises BadInput for lens models that are not OpenCV's."""
    lenses, images = _solve(folder)
    return {image.name: _camera(folder, lenses[image.camera], image) for image in images}


def _camera(folder: Path, lens: _Lens, image: _Image) -> Camera:
    n = lens.numbers
    if lens.model in ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL"):
        fx, fy, cx, cy, coefficients = n[0], n[0], n[1], n[2], [*n[3:], *[0.0] * 4][:4]
        coefficients[2:] = [0.0, 0.0]
    elif lens.model in ("PINHOLE", "OPENCV", "FULL_OPENCV"):
        fx, fy, cx, cy = n[:4]
        coefficients = list(n[4:])
    else:
        raise BadInput(folder, f"has lens model {lens.model}", "undistort the pictures, or solve with the OPENCV model")
    # Their pixel (0.5, 0.5) is the centre of the first; ours is (0, 0).
    matrix = np.array([[fx, 0, cx - 0.5], [0, fy, cy - 0.5], [0, 0, 1]])
    return Camera.from_opencv(matrix, (lens.width, lens.height), image.rotation, image.position, coefficients, label=image.name)


def _solve(folder: Path) -> tuple[dict[int, _Lens], list[_Image]]:
    binary = (folder / "cameras.bin").is_file()
    ending = "bin" if binary else "txt"
    paths = [folder / f"{name}.{ending}" for name in ("cameras", "images")]
    for path in paths:
        if not path.is_file():
            raise BadInput(folder, f"holds no {path.name}", "give the folder that holds cameras and images of one solve")
    try:
        lenses, images = (
            (_lenses_bin(paths[0]), _images_bin(paths[1])) if binary else (_lenses_txt(paths[0]), _images_txt(paths[1]))
        )
    except struct.error as error:
        raise BadInput(folder, f"its binary files break off ({error})", "export the solve again") from None
    except (IndexError, KeyError, ValueError) as error:
        raise BadInput(folder, f"is no COLMAP solve ({error})", "export the solve again") from None
    strange = [i.name for i in images if i.camera not in lenses]
    if strange or not images:
        raise BadInput(folder, f"images without a camera: {strange[:3]}" if strange else "holds no image", "export the solve again")
    return lenses, sorted(images, key=lambda i: i.name)


def _lenses_txt(path: Path) -> dict[int, _Lens]:
    rows = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {int(r[0]): _Lens(r[1], int(r[2]), int(r[3]), tuple(float(v) for v in r[4:])) for r in rows}


def _images_txt(path: Path) -> list[_Image]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    images = []
    for line in lines[::2]:
        if not line.strip():
            continue
        cells = line.split(maxsplit=9)
        images.append(_image([float(v) for v in cells[1:8]], int(cells[8]), cells[9].strip()))
    return images


def _lenses_bin(path: Path) -> dict[int, _Lens]:
    data, at, lenses = path.read_bytes(), 8, {}
    for _ in range(struct.unpack_from("<Q", data)[0]):
        number, model, width, height = struct.unpack_from("<iiQQ", data, at)
        name, count = _MODELS[model]
        lenses[number] = _Lens(name, width, height, struct.unpack_from(f"<{count}d", data, at + 24))
        at += 24 + 8 * count
    return lenses


def _images_bin(path: Path) -> list[_Image]:
    data, at, images = path.read_bytes(), 8, []
    for _ in range(struct.unpack_from("<Q", data)[0]):
        numbers = struct.unpack_from("<i7di", data, at)
        end = data.index(b"\0", at + 64)
        images.append(_image(list(numbers[1:8]), numbers[8], data[at + 64 : end].decode()))
        (points,) = struct.unpack_from("<Q", data, end + 1)
        at = end + 9 + 24 * points
        if at > len(data):
            raise struct.error(f"image {images[-1].name} has {points} points")
    return images


def _image(numbers: list[float], camera: int, name: str) -> _Image:
    w, x, y, z = numbers[:4]
    return _Image(name, camera, Rotation.from_quat([x, y, z, w]).as_matrix(), np.array(numbers[4:7]))
