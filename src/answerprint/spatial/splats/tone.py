"""Light as the eye weighs it: what pictures are compared in while a scene is fitted.

A logarithm that runs straight into black, value = ln(1 + x / m) / ln(1 + 1 / m): near a display's encoding up to white
(0.18 is 0.50), and without end above it. Negative light mirrors positive.
"""

from __future__ import annotations

import numpy as np

from answerprint.spatial.splats.cloud import Float

KNEE = 0.05
"""m: below it the curve is nearly straight. 1.8 stops under grey."""
SPAN = float(np.log1p(1 / KNEE))


def toned(light: Float) -> Float:
    """Any shape, scene-linear to tone; 1 stays 1."""
    return np.asarray(np.sign(light) * np.log1p(np.abs(light) / KNEE) / SPAN, dtype=np.float32)


def untoned(tone: Float) -> Float:
    """Any shape, tone to scene-linear."""
    return np.asarray(np.sign(tone) * KNEE * np.expm1(np.abs(tone) * SPAN), dtype=np.float32)
