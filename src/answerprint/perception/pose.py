"""Where people stand and how they hold themselves: MediaPipe's BlazePose detector and full landmark network.

Says where 33 landmarks of a person are and which pixels are likely that person's. Says nothing of who it is.
Coordinates are pixels of the frame given, x right, y down, pixel centres at half-integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from answerprint.perception.models import ModelCard, network

__all__ = ["DETECTOR", "LANDMARKS", "LANDMARK_NAMES", "Pose", "Region", "detect_people", "find_poses", "pose_in"]

_WHEEL = "PyPI mediapipe 0.10.21 (Google), file taken as data"

DETECTOR = ModelCard(
    name="BlazePose person detector",
    file="pose_detection.tflite",
    sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    licence="Apache-2.0",
    training_data="images of people with consent, gathered by Google (as its model card states; not published)",
    origin=_WHEEL,
    says="where a person is: hip centre, shoulder centre, size and lean",
)
LANDMARKS = ModelCard(
    name="BlazePose GHUM full landmarks",
    file="pose_landmark_full.tflite",
    sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    licence="Apache-2.0",
    training_data="images of people with consent, gathered by Google (as its model card states; not published)",
    origin=_WHEEL,
    says="where 33 landmarks of a person are, and which pixels are likely that person's",
)

LANDMARK_NAMES = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer", "left_ear",
    "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot_index",
    "right_foot_index",
)  # fmt: skip

_DETECT_SIZE = 224
_LANDMARK_SIZE = 256
_ROI_SCALE = 1.25
"""MediaPipe's pose_detection_to_roi and pose_landmarks_to_roi enlarge the body circle by this much."""


@dataclass(frozen=True)
class Region:
    """A square turned by ``angle`` radians (clockwise on screen) around (``x``, ``y``), with side ``size`` in pixels."""

    x: float
    y: float
    size: float
    angle: float

    def to_frame(self, side: int = _LANDMARK_SIZE) -> np.ndarray:
        """The 2x3 affine map from a ``side`` x ``side`` crop's pixels to the frame's."""
        scale = self.size / side
        c, s = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        half = side / 2
        return np.array([[c, -s, self.x - c * half + s * half], [s, c, self.y - s * half - c * half]])


@dataclass(frozen=True)
class Pose:
    """One person in one frame.

    ``points`` is (33, 2) pixels, ``visibility`` (33,) the chance 0..1 that each is in the picture and not hidden,
    ``score`` the chance 0..1 that there is a person, ``likely`` (256, 256) float32 the chance that a pixel of
    ``region`` is this person's, ``follow`` the region to look in on the next frame.
    """

    points: np.ndarray
    visibility: np.ndarray
    score: float
    region: Region
    likely: np.ndarray
    follow: Region

    def box(self, margin: float = 0.15) -> tuple[float, float, float, float]:
        """Left, top, right, bottom around the landmarks, grown by ``margin`` of the longer side."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        grow = margin * float((high - low).max())
        return float(low[0] - grow), float(low[1] - grow), float(high[0] + grow), float(high[1] + grow)

    def likely_over(self, box: tuple[int, int, int, int]) -> np.ndarray:
        """``likely`` resampled over the frame's pixels left, top, right, bottom; float32, 0 outside the region."""
        left, top, right, bottom = box
        # cv2 counts pixel centres from 0: shift by half a pixel on both sides
        to_frame = np.vstack([self.region.to_frame(), [0, 0, 1]])
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        unshift = np.array([[1, 0, -0.5 - left], [0, 1, -0.5 - top], [0, 0, 1]])
        full = unshift @ to_frame @ half
        return cv2.warpAffine(self.likely, full[:2], (right - left, bottom - top), flags=cv2.INTER_LINEAR)


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """The detector's 2254 anchor centres (n, 2), 0..1: strides 8, 16 and three times 32, two anchors each."""
    centres = []
    for stride, repeats in ((8, 2), (16, 2), (32, 6)):
        cells = _DETECT_SIZE // stride
        y, x = np.mgrid[0:cells, 0:cells]
        grid = np.stack([(x.ravel() + 0.5) / cells, (y.ravel() + 0.5) / cells], axis=1)
        centres.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _chance(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))


def _crop(frame: np.ndarray, region: Region, side: int) -> np.ndarray:
    """``region`` of ``frame`` as (side, side, 3) float32 0..1, black outside the frame."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    full = (back @ np.vstack([region.to_frame(side), [0, 0, 1]]) @ half)[:2]
    scale = region.size / side
    if scale > 2:  # area-average first, so that small people do not alias away
        x0, y0 = max(0, int(region.x - region.size)), max(0, int(region.y - region.size))
        x1, y1 = min(frame.shape[1], int(region.x + region.size) + 1), min(frame.shape[0], int(region.y + region.size) + 1)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return np.zeros((side, side, 3), np.float32)
        factor = 1.5 / scale
        width, height = max(1, round((x1 - x0) * factor)), max(1, round((y1 - y0) * factor))
        frame = cv2.resize(frame[y0:y1, x0:x1], (width, height), interpolation=cv2.INTER_AREA)
        fx, fy = width / (x1 - x0), height / (y1 - y0)
        full = np.array([[fx, 0, (0.5 - x0) * fx - 0.5], [0, fy, (0.5 - y0) * fy - 0.5]]) @ np.vstack([full, [0, 0, 1]])
    patch = cv2.warpAffine(frame, full, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return patch.astype(np.float32) / (255.0 if frame.dtype == np.uint8 else 1.0)


def _windows(width: int, height: int, scales: Sequence[float]) -> list[Region]:
    """Square windows that cover the frame: the whole of it, then tiles of ``scale`` times its shorter side, half overlapping."""
    found = [Region(width / 2, height / 2, float(max(width, height)), 0.0)]
    for scale in scales:
        side = min(width, height) * scale
        columns = max(1, int(np.ceil((width - side) / (side * 0.5))) + 1) if width > side else 1
        rows = max(1, int(np.ceil((height - side) / (side * 0.5))) + 1) if height > side else 1
        for y in np.linspace(side / 2, height - side / 2, rows) if rows > 1 else [height / 2]:
            for x in np.linspace(side / 2, width - side / 2, columns) if columns > 1 else [width / 2]:
                found.append(Region(float(x), float(y), float(side), 0.0))
    return found


def detect_people(frame: np.ndarray, threshold: float = 0.5, scales: Sequence[float] = (1.0, 0.6)) -> list[tuple[Region, float]]:
    """The people in ``frame`` (h, w, 3) display RGB, uint8 or float 0..1: the region of each and its score, best first.

    The detector looks at the whole frame and at overlapping tiles; what it sees twice is kept once (circles whose
    centres are nearer than 0.35 of the smaller size).
    """
    height, width = frame.shape[:2]
    found: list[tuple[Region, float]] = []
    for window in _windows(width, height, scales):
        boxes, scores = network(DETECTOR)(_crop(frame, window, _DETECT_SIZE)[None] * 2 - 1)
        chance = _chance(scores[0, :, 0])
        for at in np.flatnonzero(chance >= threshold):
            hip, top = boxes[0, at, 4:6] / _DETECT_SIZE + _anchors()[at], boxes[0, at, 6:8] / _DETECT_SIZE + _anchors()[at]
            corner = np.array([window.x, window.y]) - window.size / 2
            centre, edge = corner + hip * window.size, corner + top * window.size
            found.append((_body_circle(centre, edge), float(chance[at])))
    found.sort(key=lambda one: (-one[1], one[0].x, one[0].y))
    kept: list[tuple[Region, float]] = []
    for region, score in found:
        if all(np.hypot(region.x - k.x, region.y - k.y) > 0.35 * min(region.size, k.size) / _ROI_SCALE for k, _ in kept):
            kept.append((region, score))
    return kept


def _body_circle(centre: np.ndarray, edge: np.ndarray) -> Region:
    """The square region around the body circle with this centre and a point above the head on its rim."""
    dx, dy = float(edge[0] - centre[0]), float(edge[1] - centre[1])
    angle = np.pi / 2 - np.arctan2(-dy, dx)
    angle -= 2 * np.pi * np.floor((angle + np.pi) / (2 * np.pi))
    return Region(float(centre[0]), float(centre[1]), 2 * float(np.hypot(dx, dy)) * _ROI_SCALE, float(angle))


def pose_in(frame: np.ndarray, region: Region) -> Pose:
    """The landmarks of the person in ``region`` of ``frame`` (display RGB, uint8 or float 0..1)."""
    landmarks, flag, mask, _, _ = network(LANDMARKS)(_crop(frame, region, _LANDMARK_SIZE)[None])
    raw = landmarks.reshape(39, 5)
    to_frame = region.to_frame()
    points = raw[:, :2].astype(np.float64) @ to_frame[:, :2].T + to_frame[:, 2]
    visibility = _chance(raw[:33, 3])
    likely = _chance(mask[0, :, :, 0])
    follow = _body_circle(points[33], points[34])
    return Pose(points[:33], visibility, float(flag.ravel()[0]), region, likely.astype(np.float32), follow)


def find_poses(frame: np.ndarray, threshold: float = 0.5) -> list[Pose]:
    """Every person in ``frame``: detected, refined twice, the same body kept once."""
    poses: list[Pose] = []
    for region, _ in detect_people(frame):
        pose = pose_in(frame, region)
        if pose.score < threshold:
            continue
        pose = pose_in(frame, pose.follow)
        if pose.score >= threshold and not any(_same_body(pose, other) for other in poses):
            poses.append(pose)
    return poses


def _same_body(one: Pose, other: Pose) -> bool:
    size = min(one.follow.size, other.follow.size)
    return bool(np.median(np.hypot(*(one.points - other.points).T)) < 0.08 * size)
