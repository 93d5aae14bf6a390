"""A lens solved from frames of a chart: focal length, centre and distortion, with every frame's error and every figure's doubt.

The reprojection error of all corners is brought to its least by Levenberg and Marquardt (Z. Zhang, "A flexible new
technique for camera calibration", IEEE PAMI 22(11), 2000), started from homographies. Corners far beyond the others' spread
are left out and counted. One standard deviation of each figure comes from the normal equations at the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from answerprint.optics.anamorphic import TERMS, Anamorphic
from answerprint.optics.camera import Camera
from answerprint.optics.chart import View
from answerprint.optics.distortion import Distortion
from answerprint.optics.fisheye import Fisheye
from answerprint.optics.lens_model import AnyDistortion
from answerprint.optics.radial_decentred import RadialDecentred
from answerprint.production import BadInput

Real = NDArray[np.float64]
Kind = Literal["brown-conrady", "rational", "fisheye", "3de4-radial", "3de4-anamorphic"]

COEFFICIENTS: dict[Kind, tuple[str, ...]] = {
    "brown-conrady": ("k1", "k2", "p1", "p2", "k3"),
    "rational": ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "fisheye": ("k1", "k2", "k3", "k4"),
    "3de4-radial": ("degree 2", "degree 4", "u2", "u4", "v2", "v4"),
    "3de4-anamorphic": (*(f"Cx{t}" for t in TERMS), *(f"Cy{t}" for t in TERMS), "rotation"),
}
FEWEST_VIEWS = 3


@dataclass(frozen=True)
class ViewResult:
    """One frame in the solution."""

    name: str
    rms: float
    """Root mean square distance, pixels, of the corners kept."""
    residuals: Real
    """Found less foretold, pixels (n, 2), of all corners; in the order of the view."""
    kept: NDArray[np.bool_]
    rotation: tuple[float, float, float]
    """Chart to camera, Rodrigues vector, OpenCV axes."""
    translation: tuple[float, float, float]
    """Metres."""


@dataclass(frozen=True)
class Calibration:
    """A solved lens."""

    camera: Camera
    kind: Kind
    rms: float
    """Root mean square distance, pixels, over all corners kept."""
    views: tuple[ViewResult, ...]
    deviations: dict[str, float]
    """One standard deviation of focal lengths and centre (pixels) and of each coefficient."""
    left_out: int
    """Corners judged false."""

    def at(self, view: int) -> Camera:
        """The camera of one view in the chart's own coordinates: x right, y down, z away along the chart."""
        turn, _ = cv2.Rodrigues(np.array(self.views[view].rotation))
        place = -turn.T @ np.array(self.views[view].translation)
        return _posed(self.camera, turn, place)


def calibrate(
    views: Sequence[View],
    kind: Kind = "brown-conrady",
    sensor_width_mm: float = 36.0,
    pixel_aspect: float = 1.0,
    reject: float = 0.0,
    square: bool = False,
) -> Calibration:
    """Solve one lens setting from three views or more of a flat chart, tilted in several directions.

    ``reject`` leaves out corners farther off than that many robust deviations (6 is careful; 0 keeps all). ``square``
    holds both focal lengths equal. ``pixel_aspect`` is the shown width of a pixel over its height. Raises BadInput for too
    few views, views of unlike size, or a solution that is no camera.
    """
    if len(views) < FEWEST_VIEWS:
        raise BadInput(
            "calibration", f"has {len(views)} usable views of {FEWEST_VIEWS}", "film the chart from more sides, wholly in frame"
        )
    if len({view.size for view in views}) != 1:
        raise BadInput("calibration", "frames are of different sizes", "calibrate each size by itself")
    problem = _Problem(views, kind, pixel_aspect, square)
    kept = [np.ones(len(view.points), dtype=bool) for view in views]
    solution = problem.solve(problem.start(), kept)
    for _ in range(3 if reject else 0):
        errors = np.concatenate([np.linalg.norm(r, axis=1) for r in problem.residuals(solution)])
        # the median of a distance is 1.18 of its one-axis deviation, if that is normal
        limit = reject * float(np.median(errors)) / 1.1774
        now = [np.linalg.norm(r, axis=1) <= limit for r in problem.residuals(solution)]
        if all(np.array_equal(a, b) for a, b in zip(now, kept, strict=True)):
            break
        kept = now
        solution = problem.solve(solution, kept)
    return problem.result(solution, kept, sensor_width_mm)


class _Problem:
    def __init__(self, views: Sequence[View], kind: Kind, pixel_aspect: float, square: bool) -> None:
        self.views, self.kind, self.aspect, self.square = views, kind, pixel_aspect, square
        self.size = views[0].size
        self.terms = len(COEFFICIENTS[kind])
        self.own = 4 + self.terms
        self.half_diagonal = float(np.hypot(self.size[0] * pixel_aspect, self.size[1])) / 2

    def start(self) -> Real:
        """Focal length from homographies, the centre of the frame, no distortion, and each view's pose."""
        shapes = [view.points.astype(np.float32) for view in self.views]
        seen = [view.corners.astype(np.float32)[:, None] for view in self.views]
        matrix = cv2.initCameraMatrix2D(shapes, seen, self.size, 0 if not self.square else 1 / self.aspect)
        if not np.isfinite(matrix).all() or matrix[0, 0] <= 0:
            matrix = np.array([[self.size[0], 0, self.size[0] / 2], [0, self.size[0] * self.aspect, self.size[1] / 2], [0, 0, 1.0]])
        first = np.array([matrix[0, 0], matrix[1, 1], (self.size[0] - 1) / 2, (self.size[1] - 1) / 2, *[0.0] * self.terms])
        poses = []
        for view in self.views:
            found, turn, shift = cv2.solvePnP(view.points, view.corners, matrix, None)
            if not found:
                raise BadInput(f"calibration frame {view.name}", "its corners are no flat chart", "leave the frame out")
            poses += [turn.ravel(), shift.ravel()]
        return np.concatenate([first, *poses])

    def lens(self, values: Real) -> tuple[Real, AnyDistortion]:
        """Focal lengths and centre in pixels, and the model."""
        c = [float(v) for v in values[4 : self.own]]
        focal = np.array([values[1] / self.aspect if self.square else values[0], values[1]])
        unit = self.half_diagonal / abs(float(values[1]))
        if self.kind == "fisheye":
            return np.concatenate([focal, values[2:4]]), Fisheye(k=(c[0], c[1], c[2], c[3]))
        if self.kind == "3de4-radial":
            model = RadialDecentred(degree_2=c[0], degree_4=c[1], u=(c[2], c[3]), v=(c[4], c[5]), half_diagonal=unit)
            return np.concatenate([focal, values[2:4]]), model
        if self.kind == "3de4-anamorphic":
            x, y = (c[0], c[1], c[2], c[3], c[4]), (c[5], c[6], c[7], c[8], c[9])
            bent = Anamorphic(x=x, y=y, rotation=c[10], pixel_aspect=self.aspect, half_diagonal=unit)
            return np.concatenate([focal, values[2:4]]), bent
        return np.concatenate([focal, values[2:4]]), Distortion.from_opencv(c)

    def residuals(self, values: Real) -> list[Real]:
        """Found less foretold for each view (n, 2), pixels."""
        lens, model = self.lens(values)
        flat = []
        for n, view in enumerate(self.views):
            pose = values[self.own + 6 * n : self.own + 6 * n + 6]
            turn, _ = cv2.Rodrigues(pose[:3])
            local = view.points @ turn.T + pose[3:]
            flat.append(local[:, :2] / np.maximum(local[:, 2:], 1e-6))
        bent = model.distort(np.concatenate(flat))
        # Beyond the fold there is no picture: such a step must look bad, not break the sum.
        pixels = np.nan_to_num(bent * lens[:2] + lens[2:], nan=1e4)
        ends = np.cumsum([len(view.points) for view in self.views])[:-1]
        return [view.corners - part for view, part in zip(self.views, np.split(pixels, ends), strict=True)]

    def solve(self, start: Real, kept: list[NDArray[np.bool_]]) -> Real:
        def misses(values: Real) -> Real:
            return np.concatenate([r[k].ravel() for r, k in zip(self.residuals(values), kept, strict=True)])

        fit = least_squares(
            misses,
            start,
            jac=lambda values: self._slopes(values, kept),
            x_scale="jac",
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
            max_nfev=300,
        )
        return np.asarray(fit.x)

    def _slopes(self, values: Real, kept: list[NDArray[np.bool_]]) -> Real:
        """Central differences; a view's pose moves only that view, so six steps serve all poses at once."""
        counts = [2 * int(k.sum()) for k in kept]
        starts = np.concatenate([[0], np.cumsum(counts)])
        out = np.zeros((starts[-1], len(values)))
        steps = 1e-6 * np.maximum(np.abs(values), 1e-2)
        for column in range(self.own + 6):
            move = np.zeros_like(values)
            columns = [column] if column < self.own else [column + 6 * n for n in range(len(self.views))]
            move[columns] = steps[columns]
            ahead, behind = self.residuals(values + move), self.residuals(values - move)
            for n, k in enumerate(kept):
                at = columns[n] if column >= self.own else column
                out[starts[n] : starts[n + 1], at] = (ahead[n][k] - behind[n][k]).ravel() / (2 * steps[at])
        return out

    def result(self, values: Real, kept: list[NDArray[np.bool_]], sensor_width_mm: float) -> Calibration:
        lens, model = self.lens(values)
        if not (lens[:2] > 0).all():
            raise BadInput(
                "calibration", "ended in a camera that does not exist", "film the chart nearer and tilted in more directions"
            )
        residuals = self.residuals(values)
        slopes = self._slopes(values, kept)
        misses = np.concatenate([r[k].ravel() for r, k in zip(residuals, kept, strict=True)])
        free = max(len(misses) - len(values), 1)
        spread = np.linalg.pinv(slopes.T @ slopes) * float(misses @ misses) / free
        doubt = np.sqrt(np.maximum(np.diag(spread), 0))[: self.own]
        if self.square:
            doubt[0] = doubt[1] / self.aspect
        names = ("focal x", "focal y", "centre x", "centre y", *COEFFICIENTS[self.kind])
        focal_mm = sensor_width_mm * lens[0] / self.size[0]
        matrix = np.array([[lens[0], 0, lens[2]], [0, lens[1], lens[3]], [0, 0, 1]])
        camera = Camera.from_opencv(matrix, self.size, focal_length_mm=float(focal_mm))
        camera = Camera.model_validate({**camera.model_dump(), "distortion": model.model_dump()})
        views = tuple(self._view(n, values, residuals[n], kept[n]) for n in range(len(self.views)))
        rms = float(np.sqrt(2 * np.mean(misses**2)))
        left_out = sum(int((~k).sum()) for k in kept)
        return Calibration(camera, self.kind, rms, views, dict(zip(names, map(float, doubt), strict=True)), left_out)

    def _view(self, n: int, values: Real, residuals: Real, kept: NDArray[np.bool_]) -> ViewResult:
        pose = [float(v) for v in values[self.own + 6 * n : self.own + 6 * n + 6]]
        rms = float(np.sqrt(np.mean((residuals[kept] ** 2).sum(axis=1)))) if kept.any() else float("nan")
        turn, shift = (pose[0], pose[1], pose[2]), (pose[3], pose[4], pose[5])
        return ViewResult(self.views[n].name, rms, residuals, kept, turn, shift)


def _posed(camera: Camera, turn: Real, place: Real) -> Camera:
    posed = Camera.from_opencv(
        camera.matrix, camera.active_sensor_resolution, turn, place, focal_length_mm=camera.pinhole_focal_length
    )
    return Camera.model_validate({**posed.model_dump(), "distortion": camera.distortion.model_dump()})
