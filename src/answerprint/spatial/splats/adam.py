"""Adam's steps for the splats that were in the picture (D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015)."""

from __future__ import annotations

import numpy as np

from answerprint.spatial.splats.cloud import Float
from answerprint.spatial.splats.projection import compiled

FIRST, SECOND = 0.9, 0.999
"""How long the means of gradients and of their squares are kept."""
_NONE = 1e-15


@compiled
def step_range(
    first: int, last: int, seen: Float, values: Float, gradients: Float, means: Float, squares: Float, rate: np.float32
) -> None:  # fmt: skip
    """Move rows ``first`` to ``last`` of ``values`` (n, k) where ``seen`` (n,) is above 0.

    ``rate`` is the learning rate, already corrected for how young the means are.
    """
    keep, keep2, one = np.float32(FIRST), np.float32(SECOND), np.float32(1)
    for n in range(first, last):
        if not seen[n] > 0:
            continue
        for k in range(values.shape[1]):
            g = gradients[n, k]
            m = keep * means[n, k] + (one - keep) * g
            s = keep2 * squares[n, k] + (one - keep2) * g * g
            means[n, k], squares[n, k] = m, s
            values[n, k] -= rate * m / (np.sqrt(s) + np.float32(_NONE))
