"""Light counted in stops, for everything that averages, compares or blends pixels of a large region.

The ACEScct curve stretched so that one unit is one stop: 0 light is 1.28, 18 % grey 7.25, a perfect diffuser 9.72.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.generator.log_light import decoded, encoded

STOPS = np.float32(17.52)
"""Stops over the unit range of ACEScct (Academy S-2016-001)."""

Log = NDArray[np.float32]
"""Light in stops, ``(..., 3)``."""


def to_log(light: NDArray[np.floating]) -> Log:
    """Scene-linear ACEScg in stops; NaN becomes that of no light, nothing else is clamped."""
    return encoded(np.asarray(light, np.float32)) * STOPS


def to_light(log: NDArray[np.floating]) -> NDArray[np.float32]:
    """The light ``to_log`` came from."""
    return decoded((np.asarray(log, np.float32) / STOPS).astype(np.float32))
