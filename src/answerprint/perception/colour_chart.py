"""A colour chart of 24 patches held in front of the camera: where it is in the picture, and what its patches look like there.

Found by OpenCV's chart detector, which looks for the pattern of squares and tells the patches by their colours; what it finds counts only
where the patches have the colours and brightnesses that the chart's maker publishes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.colour.difference import ACES_WHITE_XYZ, AP1_TO_XYZ, ciede2000

Picture = NDArray[np.floating]
Real = NDArray[np.float64]
Mask = NDArray[np.bool_]

# CIE L*a*b* under D50, 2 degree observer, of the ColorChecker Classic in its maker's formulation since November 2014
# (X-Rite, "New color specifications for ColorChecker SG and Classic charts"), row by row from dark skin to black.
_LAB_D50 = np.array(
    [
        [37.54, 14.37, 14.92], [64.66, 19.27, 17.50], [49.32, -3.82, -22.54], [43.46, -12.74, 22.72], [54.94, 9.61, -24.79],
        [70.48, -32.26, -0.37], [62.73, 35.83, 56.50], [39.43, 10.75, -45.17], [50.57, 48.64, 16.67], [30.10, 22.54, -20.87],
        [71.77, -24.13, 58.19], [71.51, 18.24, 67.37], [28.37, 15.42, -49.80], [54.38, -39.72, 32.27], [42.43, 51.05, 28.62],
        [81.80, 2.67, 80.41], [50.63, 51.28, -14.12], [49.57, -29.71, -28.32], [95.19, -1.03, 2.93], [81.29, -0.57, 0.44],
        [66.89, -0.75, -0.06], [50.76, -0.13, 0.14], [35.63, -0.46, -0.48], [20.64, 0.07, -0.46],
    ]
)  # fmt: skip
_D50 = np.array([0.96422, 1.0, 0.82521])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
WHITE_PATCH = 18
_CANDIDATES = 3
_WORK = 720
"""Pixels of the longer side the chart is looked for at."""
_LIKE_PUBLISHED = 14.0
"""Mean ΔE00 to the published colours, white patch set equal, beyond which squares are not this chart: a camera's own colours are
measured 3 to 8 from them, other grids of squares 25 and more."""


@dataclass(frozen=True)
class ChartSeen:
    """A chart as a picture shows it: ``patches`` (24, 3) scene-linear ACEScg in the maker's order, ``corners`` (4, 2) in pixels.

    ``from_published`` is the mean ΔE00 to the published colours once the white patches are set equal.
    """

    patches: Real
    corners: Real
    from_published: float

    def beside(self, mask: Mask) -> Mask:
        """``mask`` (h, w) of the same picture without the chart and its frame."""
        held = np.zeros(mask.shape, np.uint8)
        middle = self.corners.mean(axis=0)
        cv2.fillConvexPoly(held, np.round(middle + 1.25 * (self.corners - middle)).astype(np.int32), 1)
        return np.asarray(mask & (held == 0), np.bool_)


def published() -> Real:
    """The chart's published colours (24, 3) as scene-linear ACEScg under ACES white (Bradford), a perfect diffuser at 1.0."""
    light = (_LAB_D50[:, 0] + 16) / 116
    cube = np.stack([light + _LAB_D50[:, 1] / 500, light, light - _LAB_D50[:, 2] / 200], axis=1)
    xyz = np.where(cube > 6 / 29, cube**3, 3 * (6 / 29) ** 2 * (cube - 4 / 29)) * _D50
    white = ACES_WHITE_XYZ / ACES_WHITE_XYZ[1]
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ white) / (_BRADFORD @ _D50)) @ _BRADFORD
    return np.asarray(xyz @ adapt.T @ np.linalg.inv(AP1_TO_XYZ).T)


def find_chart(picture: Picture) -> ChartSeen | None:
    """Look for a chart in a scene-linear ACEScg picture ``(h, w, 3)``, any exposure and white; None where there is none."""
    scale = min(1.0, _WORK / max(picture.shape[:2]))
    small = np.nan_to_num(np.asarray(picture, np.float32), nan=0.0, posinf=65504.0, neginf=0.0)
    if scale < 1:
        small = np.asarray(cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    # The detector tells patches by colour: each channel is stretched by itself, so that the light's colour does not count.
    top = np.maximum(np.percentile(small, 98, axis=(0, 1)), 1e-5)
    shown = np.round(np.clip(small / top, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    detector = cv2.mcc.CCheckerDetector_create()
    detector.setColorChartType(cv2.mcc.MCC24)  # OpenCV 5.0.0 leaves it unset
    detector.setUseDnnModel(False)
    if not detector.process(np.ascontiguousarray(shown[..., ::-1]), _CANDIDATES):
        return None
    seen = [found for checker in detector.getListColorChecker() if (found := _read(checker, small, scale)) is not None]
    return min(seen, key=lambda one: one.from_published, default=None)


def _read(checker: cv2.mcc.CChecker, small: Picture, scale: float) -> ChartSeen | None:
    squares = np.asarray(checker.getColorCharts(), np.float64).reshape(-1, 4, 2)
    if len(squares) != len(_LAB_D50):
        return None
    patches = np.array([_inside(small, square) for square in squares])
    if not np.isfinite(patches).all() or (patches[WHITE_PATCH] <= 1e-4).any():
        return None
    away = unlike_published(patches)
    if away > _LIKE_PUBLISHED:
        return None
    return ChartSeen(patches, np.asarray(checker.getBox(), np.float64) / scale, away)


def unlike_published(patches: Real) -> float:
    """Mean ΔE00 of a chart's colours to the published ones, the white patches set equal."""
    known = published()
    return float(ciede2000(known, np.maximum(patches, 0) * (known[WHITE_PATCH] / np.maximum(patches[WHITE_PATCH], 1e-6))).mean())


def _inside(picture: Picture, square: Real) -> Real:
    """The median colour of the inner part of a patch."""
    middle = square.mean(axis=0)
    inner = np.round(middle + 0.75 * (square - middle)).astype(np.int32)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, inner, 1)
    held = picture[mask > 0]
    return np.median(held, axis=0).astype(np.float64) if len(held) >= 4 else np.full(3, np.nan)
