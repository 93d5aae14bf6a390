"""Charts filmed for a lens: checkerboards and dot grids, found to a small part of a pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from answerprint.optics.camera import Camera

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """A flat chart: inner corners (or dots) across and down, and their distance in metres."""

    columns: int
    rows: int
    pitch: float
    kind: Literal["checkerboard", "dots"] = "checkerboard"

    @property
    def points(self) -> Real:
        """The places (columns * rows, 3) on the chart, metres, row by row."""
        y, x = np.mgrid[: self.rows, : self.columns]
        return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=-1) * self.pitch


@dataclass(frozen=True)
class View:
    """One frame in which the whole chart was found."""

    name: str
    size: tuple[int, int]
    """Width and height of the frame."""
    points: Real
    """On the chart, metres (n, 3)."""
    corners: Real
    """In the frame, pixels (n, 2)."""


def find_chart(grey: NDArray[np.integer] | NDArray[np.floating], chart: Chart, name: str = "") -> View | None:
    """The chart in a grey picture (h, w), integers or 0 to 1; None where it is not wholly seen."""
    picture = _eight_bits(grey)
    if chart.kind == "dots":
        found, places = cv2.findCirclesGrid(picture, (chart.columns, chart.rows), flags=cv2.CALIB_CB_SYMMETRIC_GRID)
    else:
        found, places = False, None
        # No one way of splitting light from dark finds every board; the first that does is as good as another.
        for flags in (cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE, cv2.CALIB_CB_ADAPTIVE_THRESH, 0):
            found, places = cv2.findChessboardCorners(picture, (chart.columns, chart.rows), flags=flags)
            if found:
                break
        if not found:
            found, places = cv2.findChessboardCornersSB(picture, (chart.columns, chart.rows))
        if found:
            half = max(2, min(11, int(_spacing(places.reshape(-1, 2)) / 2.5)))
            stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-4)
            places = cv2.cornerSubPix(picture, places, (half, half), (-1, -1), stop)
    if not found:
        return None
    return View(name, (picture.shape[1], picture.shape[0]), chart.points, np.asarray(places, dtype=np.float64).reshape(-1, 2))


def refine(grey: NDArray[np.integer] | NDArray[np.floating], view: View, camera: Camera, pitch: float) -> View:
    """The same view with every corner fitted as what it is: four squares that meet, soft by the lens.

    ``camera`` stands in the chart's own coordinates and need only be about right: it says how the squares lie, and the fit
    moves the crossing. On each patch a + (b + c u + d v) erf((u - u0) / s) erf((v - v0) / s) is fitted in the chart's plane,
    where the edges are straight and square whatever the perspective and the lens do. Corners whose fit fails stay.
    """
    picture = np.asarray(grey, dtype=np.float32)
    corners = view.corners.copy()
    steps = np.linspace(-0.38, 0.38, 15) * pitch
    du, dv = (plane.ravel() for plane in np.meshgrid(steps, steps))
    to_chart = camera.project(view.points)
    for n, point in enumerate(view.points):
        patch = point + np.stack([du, dv, np.zeros_like(du)], axis=-1)
        # The camera's own error is taken out: the patch is laid where the corner was found, not where it was foretold.
        places = (camera.project(patch) + (view.corners[n] - to_chart[n])).astype(np.float32)
        values = cv2.remap(picture, places[:, 0], places[:, 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).ravel()
        offset = _crossing(du / pitch, dv / pitch, values.astype(np.float64))
        if offset is not None:
            moved = camera.project(point + np.array([offset[0] * pitch, offset[1] * pitch, 0.0]))
            corners[n] += moved - to_chart[n]
    return replace(view, corners=corners)


def _crossing(u: Real, v: Real, values: Real) -> tuple[float, float] | None:
    """Where in a patch the edges cross, in squares from its middle; None where the fit does not settle inside a sixth."""
    x = y = 0.0
    width = 0.08
    for _ in range(12):
        a, b = (u - x) / width, (v - y) / width
        across, down = erf(a), erf(b)
        slope_a, slope_b = 2 / np.sqrt(np.pi) * np.exp(-a * a), 2 / np.sqrt(np.pi) * np.exp(-b * b)
        cross = across * down
        base = np.stack([np.ones_like(u), cross, cross * u, cross * v, u, v], axis=-1)
        light, *_ = np.linalg.lstsq(base, values, rcond=None)
        strength = light[1] + light[2] * u + light[3] * v
        moves = np.stack(
            [
                -strength * slope_a * down / width,
                -strength * slope_b * across / width,
                -strength * (slope_a * a * down + slope_b * b * across) / width,
            ],
            axis=-1,
        )
        step, *_ = np.linalg.lstsq(np.concatenate([base, moves], axis=1), values - base @ light, rcond=None)
        x, y, width = x + step[6], y + step[7], float(np.clip(width + step[8], 0.02, 0.3))
        if max(abs(x), abs(y)) > 1 / 6 or not np.isfinite(step).all():
            return None
        if max(abs(step[6]), abs(step[7])) < 1e-5:
            return float(x), float(y)
    return None


def _spacing(places: NDArray[np.floating]) -> float:
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(axis=1).min())


def _eight_bits(grey: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.uint8]:
    """For the search alone; corners are fitted on the values as they are."""
    if grey.dtype == np.uint8:
        return np.ascontiguousarray(grey, dtype=np.uint8)
    values = np.nan_to_num(np.asarray(grey, dtype=np.float32))
    low, high = np.percentile(values, (0.5, 99.5))
    shown = np.sqrt(np.clip((values - low) / max(high - low, 1e-12), 0, 1))
    return np.asarray(np.rint(255 * shown), dtype=np.uint8)
