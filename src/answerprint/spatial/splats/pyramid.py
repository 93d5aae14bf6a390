"""A view at its own size and at half of it, ready to be compared; each is made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.loss import Target
from answerprint.spatial.splats.view import View

_SMALLEST = 48
"""Lines below which a view is not halved."""


@dataclass(frozen=True, eq=False)
class Level:
    """A view at one size."""

    camera: Camera
    target: Target


class Pyramid:
    """The sizes of one view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._levels: dict[int, Level] = {}

    def level(self, halvings: int) -> Level:
        """The view at its own size (0) or at half of it (1), where it is large enough for that."""
        wanted = halvings if self.view.camera.height >= 2 * _SMALLEST else 0
        if wanted not in self._levels:
            self._levels[wanted] = _whole(self.view) if wanted == 0 else _half(self.view)
        return self._levels[wanted]


def _whole(view: View) -> Level:
    return Level(view.camera, Target.of(view.picture, view.weight, view.depth))


def _half(view: View) -> Level:
    """Pairs of pixels as one, in light; an odd last row or column is left out."""
    height, width = view.camera.height // 2 * 2, view.camera.width // 2 * 2
    known: NDArray[np.bool_] = np.asarray(np.isfinite(view.picture).all(axis=2))
    weight = np.where(known, 1 if view.weight is None else view.weight, 0)
    cut = np.asarray(weight, dtype=np.float32)[:height, :width]
    total = _sums(cut)
    light = (
        _sums(np.where(known[..., None], view.picture, 0)[:height, :width] * cut[..., None]) / np.maximum(total, 1e-6)[..., None]
    )
    depth = None
    if view.depth is not None:
        there: Float = np.asarray(np.isfinite(view.depth[:height, :width]), dtype=np.float32)
        # The mean of inverse depths, and only where the four lie on one surface.
        inverse = np.where(there > 0, 1 / np.maximum(np.nan_to_num(view.depth[:height, :width], nan=1), 1e-6), 0)
        count = _sums(there)
        mean = _sums(inverse) / np.maximum(count, 1)
        spread = _sums(np.abs(inverse - np.repeat(np.repeat(mean, 2, 0), 2, 1)) * there) / np.maximum(count, 1)
        depth = np.where((count > 0) & (spread < 0.02 * mean), 1 / np.maximum(mean, 1e-9), np.nan).astype(np.float32)
    camera = view.camera.cropped(0, 0, width, height).resized(width // 2, height // 2)
    return Level(camera, Target.of(light.astype(np.float32), (total / 4).astype(np.float32), depth))


def _sums(plane: Float) -> Float:
    """Sums of 2x2 pixels; planes (h, w) or pictures (h, w, c)."""
    rows = plane[0::2] + plane[1::2]
    return np.asarray(rows[:, 0::2] + rows[:, 1::2])
