"""A scene and a new camera from loose files: nerfstudio's transforms.json beside its pictures, masks, depths and points."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import ValidationError

from answerprint.colour.spaces import default_space, resolve_space, to_working
from answerprint.generator.coverage_scene import CoverageScene, Sighting
from answerprint.ingest.lidar.open import open_scan
from answerprint.ingest.tracking.nerfstudio import PosedPicture, is_transforms, read_pictures
from answerprint.media.exr import read_exr
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.optics.camera import Camera
from answerprint.production import BadInput, first_fault
from answerprint.provenance.digests import file_digest, footage_digest
from answerprint.spatial.capture import read_clip_cameras

_MOST_POINTS = 3_000_000


def read_scene(path: Path, space: str = "") -> CoverageScene:
    """The scene of a ``transforms.json``, or of a folder that holds one.

    A picture's ``frame`` is the plate's frame that it was taken with (performers are taken from such pictures alone),
    ``camera`` the name of its camera, ``mask_path`` black where performers are, ``depth_file_path`` metres (EXR, NPY) or
    millimetres (16-bit PNG). Where there is a list ``train_filenames``, only those are used. ``file_path`` may be a movie or frame folder, ``clip_frame`` the frame in it. Raises BadInput for a picture that is not
    there, for one of another size than its camera, and for what `read_pictures` refuses.
    """
    file = path / "transforms.json" if path.is_dir() else path
    if not file.is_file():
        raise BadInput(file, "there is no such scene", "give a transforms.json, or the folder that holds it")
    document = json.loads(file.read_bytes()) if file.stat().st_size else {}
    pictures = read_pictures(file)
    if chosen := document.get("train_filenames"):
        # A capture that holds pictures back says so: what is to be judged by them must not be made from them.
        pictures = [p for p in pictures if p.said.get("file_path") in set(chosen)]
    times = sorted({float(p.said["time"]) for p in pictures if "time" in p.said})
    named = resolve_space(space) if space else ""
    sightings = [_sighting(file.parent, picture, times, named) for picture in pictures]
    ply = document.get("ply_file_path") if isinstance(document, dict) else None
    if not ply:
        return CoverageScene(sightings)
    place = file.parent / str(ply)
    return CoverageScene(sightings, open_scan(place).thinned(_MOST_POINTS).xyz, file_digest(place))


def read_path(path: Path) -> tuple[Camera, ...]:
    """A new camera: one that stands, or one for each frame. JSON with transforms.json's keys, OpenTrackIO's, or a clip's cameras."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as fault:
        raise BadInput(path, fault.strerror or "cannot be opened", "check the path") from None
    except ValueError as fault:
        raise BadInput(path, f"is no JSON ({fault})", "write the camera as JSON") from None
    if is_transforms(document):
        return _one_size(path, tuple(p.camera for p in read_pictures(path)))
    if isinstance(document, dict) and document.get("document") == "clip cameras":
        cameras = read_clip_cameras(path).cameras
        if any(c is None for c in cameras):
            raise BadInput(path, "has frames without a camera", "give a path that is whole")
        return tuple(c for c in cameras if c is not None)
    rows = document if isinstance(document, list) else [document]
    if rows and isinstance(rows[0], dict) and "transform_matrix" in rows[0]:
        raise BadInput(path, "has no frames", 'write it as {"w", "h", "fl_x", "frames": [{"transform_matrix"}]}')
    try:
        return _one_size(path, tuple(Camera.model_validate(row) for row in rows))
    except ValidationError as fault:
        raise BadInput(path, ": ".join(first_fault(fault)), "correct the field") from None


def _one_size(path: Path, cameras: tuple[Camera, ...]) -> tuple[Camera, ...]:
    if not cameras:
        raise BadInput(path, "holds no camera", "give one frame or many")
    if len({c.active_sensor_resolution for c in cameras}) > 1:
        raise BadInput(path, "its frames have different sizes", "give all frames one size")
    return cameras


def _sighting(home: Path, picture: PosedPicture, times: list[float], space: str) -> Sighting:
    said = picture.said
    place = home / str(said.get("file_path", ""))
    if not place.exists():
        found = [p for ending in (".png", ".jpg", ".exr") if (p := place.with_name(place.name + ending)).exists()]
        if not found:
            raise BadInput(place, "there is no such picture", "check file_path in the scene")
        place = found[0]
    camera, clip_frame = picture.camera, int(said.get("clip_frame", 0))
    sequence = _sequence(place)
    if clip_frame >= sequence.count:
        raise BadInput(place, f"has {sequence.count} frames, the scene asks for frame {clip_frame}", "check clip_frame")
    shape, size = sequence.width / sequence.height, camera.width / camera.height
    if abs(shape / size - 1) > 0.01:
        raise BadInput(place, f"is {sequence.width}x{sequence.height}, its camera {camera.width}x{camera.height}", "check w and h")
    moment = (
        int(said["frame"]) if "frame" in said else times.index(float(said["time"])) if "time" in said and len(times) > 1 else None
    )
    clip = str(said.get("camera") or (place.name if sequence.count > 1 or moment is None else place.parent.name))
    mask, depth = said.get("mask_path"), said.get("depth_file_path")
    own = camera.resized(sequence.width, sequence.height)
    frame = clip_frame if sequence.count > 1 or moment is None else moment
    return Sighting(
        str(said.get("file_path")), clip, frame, _digest(place), own, lambda: _light(place, clip_frame, space), moment,
        None if not mask else lambda: _mask(home / str(mask), own), None if not depth else lambda: _metres(home / str(depth), own),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _sequence(place: Path) -> FrameSequence:
    return open_sequence(place, 24)


@lru_cache(maxsize=4096)
def _digest(place: Path) -> str:
    return footage_digest(place)


def _light(place: Path, frame: int, space: str) -> Any:
    sequence = _sequence(place)
    own = space or default_space(sequence.storage, sequence.file_format, sequence.colour_tag)
    return np.asarray(to_working(sequence.read(frame).rgb(), own), np.float32)


def _mask(place: Path, camera: Camera) -> Any:
    """1 where performers are: the file is black there."""
    grey = cv2.imread(str(place), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise BadInput(place, "cannot be read as a mask", "give an 8-bit PNG")
    if grey.shape != (camera.height, camera.width):
        grey = cv2.resize(grey, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return 1 - grey.astype(np.float32) / 255


def _metres(place: Path, camera: Camera) -> Any:
    ending = place.suffix.lower()
    if ending == ".npy":
        depth = np.load(place, allow_pickle=False).astype(np.float32)
    elif ending == ".exr":
        planes = read_exr(place).planes
        depth = np.asarray(next(iter(planes.values())), np.float32)
    else:
        codes = cv2.imread(str(place), cv2.IMREAD_UNCHANGED)
        if codes is None or codes.dtype != np.uint16:
            raise BadInput(place, "is no depth", "give EXR or NPY in metres, or a 16-bit PNG in millimetres")
        depth = codes.astype(np.float32) / 1000
    depth = np.squeeze(depth)
    if depth.ndim != 2:
        raise BadInput(place, f"is {depth.shape}, not one value for each pixel", "give one channel")
    if depth.shape != (camera.height, camera.width):
        depth = cv2.resize(depth, (camera.width, camera.height), interpolation=cv2.INTER_NEAREST)
    return np.where(depth > 0, depth, np.nan).astype(np.float32)
