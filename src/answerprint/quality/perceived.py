"""How much of a difference an eye sees when two pictures are flipped back and forth: FLIP, where the package is installed.

P. Andersson et al., "FLIP: A Difference Evaluator for Alternating Images", HPG 2020 (flip-evaluator, extra ``[scores]``).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["flip"]

Plane = npt.NDArray[Any]


def flip(made: Plane, truth: Plane, where: Plane | None = None) -> float | None:
    """Mean of FLIP's error map, 0 (no difference is seen) to 1, over ``where`` (h, w) bool when given; None without the package.

    Pictures are (h, w, 3) display-encoded 0..1, seen as the method's authors see them: 67 pixels a degree.
    """
    try:
        package = importlib.import_module("flip_evaluator")
    except ImportError:
        return None
    one, other = (np.ascontiguousarray(np.clip(p, 0, 1), np.float32) for p in (truth, made))
    errors = np.asarray(package.evaluate(one, other, "LDR", applyMagma=False)[0])[..., 0]
    chosen = errors if where is None else errors[where]
    return round(float(chosen.mean()), 5) if chosen.size else 0.0
