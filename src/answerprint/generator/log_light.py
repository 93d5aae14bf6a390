"""The logarithmic encoding in which fills are matched and blended: equal steps look equally large, highlights are kept.

ACEScct, Academy S-2016-001, equations 4 and 5, on ACEScg primaries. Written out here because only small pieces of a
frame are encoded and one pass of numpy over them is cheaper than a call into the colour engine for each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["decoded", "encoded"]

Picture = npt.NDArray[np.float32]

_CUT = np.float32(0.0078125)
_SLOPE = np.float32(10.5402377416545)
_OFFSET = np.float32(0.0729055341958355)
_CODE_CUT = np.float32(0.155251141552511)


def encoded(light: Picture) -> Picture:
    """Scene-linear light as ACEScct; NaN becomes 0, infinities the largest half-float; no other clamp."""
    clean = np.array(light, np.float32)
    if not np.isfinite(clean.sum(dtype=np.float64)):  # one pass: a NaN or an infinity anywhere shows in the sum
        clean = np.nan_to_num(clean, copy=False, nan=0.0, posinf=65504.0, neginf=-65504.0)
    dark = clean <= _CUT
    toe = _SLOPE * clean[dark] + _OFFSET
    np.maximum(clean, _CUT, out=clean)
    np.log2(clean, out=clean)
    clean += np.float32(9.72)
    clean /= np.float32(17.52)
    clean[dark] = toe
    return clean


def decoded(code: Picture) -> Picture:
    """ACEScct as scene-linear light."""
    light = np.exp2(code * np.float32(17.52) - np.float32(9.72))
    return np.where(code <= _CODE_CUT, (code - _OFFSET) / _SLOPE, light).astype(np.float32)
