"""Denoising by cosine coefficients of small blocks through time: what stands out of the noise stays, the rest goes.

Each 8 by 8 block of the frame is taken together with the same block of its neighbours, laid over it along the motion. In
the 3-D cosine transform a surface that all frames show is a few large coefficients, and noise is small in all of them;
where a neighbour does not fit, its difference stands out too and is kept, so nothing smears (the residual gate).
G. Yu, G. Sapiro, "DCT image denoising: a simple and effective image denoising algorithm", IPOL 1, 2011, taken to three
dimensions; shrinkage after L. Breiman's garrote (Technometrics 37(4), 1995).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from answerprint.optics.compiled import numba

Plane = npt.NDArray[np.float32]
BLOCK = 8


def shrink(stack: Plane, centre: int, deviation: npt.NDArray[np.float64], threshold: float, step: int) -> Plane:
    """The frame ``centre`` of ``stack`` (t, h, w) without its noise, (h, w) float32.

    ``deviation`` (8, 8) is that of the noise's cosine coefficients, ``threshold`` is in such deviations, and blocks stand
    ``step`` pixels apart.
    """
    pad = BLOCK
    padded = np.pad(stack, ((0, 0), (pad, pad + step), (pad, pad + step)), mode="symmetric")
    through_time = dct(np.eye(len(stack)), axis=0, norm="ortho").astype(np.float32)
    across = dct(np.eye(BLOCK), axis=0, norm="ortho").astype(np.float32)
    total = _shrunk(np.ascontiguousarray(padded), centre, (deviation * threshold).astype(np.float32), across, through_time, step)
    height, width = stack.shape[1:]
    return np.ascontiguousarray(total[pad : pad + height, pad : pad + width])


@numba.njit(cache=True, nogil=True, fastmath=False)  # type: ignore[untyped-decorator]
def _shrunk(stack: Plane, centre: int, limit: Plane, across: Plane, through_time: Plane, step: int) -> Plane:
    count, height, width = stack.shape
    total, weights = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    cube = np.empty((count, BLOCK, BLOCK), np.float32)
    held = np.empty((BLOCK, BLOCK), np.float32)
    back = np.empty((BLOCK, BLOCK), np.float32)
    for top in range(0, height - BLOCK + 1, step):
        for left in range(0, width - BLOCK + 1, step):
            for t in range(count):
                for i in range(BLOCK):
                    for j in range(BLOCK):
                        held[i, j] = 0.0
                    for k in range(BLOCK):
                        value = stack[t, top + i, left + k]
                        for j in range(BLOCK):
                            held[i, j] += value * across[j, k]
                for i in range(BLOCK):
                    for j in range(BLOCK):
                        cube[t, i, j] = 0.0
                    for k in range(BLOCK):
                        factor = across[i, k]
                        for j in range(BLOCK):
                            cube[t, i, j] += factor * held[k, j]
            kept = np.float32(1.0)
            for i in range(BLOCK):
                for j in range(BLOCK):
                    bound = limit[i, j] * limit[i, j]
                    result = np.float32(0.0)
                    for u in range(count):
                        value = np.float32(0.0)
                        for t in range(count):
                            value += through_time[u, t] * cube[t, i, j]
                        square = value * value
                        if u == 0 and i == 0 and j == 0:
                            gain = np.float32(1.0)
                        elif square > bound:
                            gain = np.float32(1.0) - bound / square
                        else:
                            gain = np.float32(0.0)
                        kept += gain * gain
                        result += through_time[u, centre] * value * gain
                    back[i, j] = result
            for i in range(BLOCK):
                for j in range(BLOCK):
                    held[i, j] = 0.0
                for k in range(BLOCK):
                    value = back[i, k]
                    for j in range(BLOCK):
                        held[i, j] += value * across[k, j]
            weight = np.float32(1.0) / kept
            for i in range(BLOCK):
                for j in range(BLOCK):
                    value = np.float32(0.0)
                    for k in range(BLOCK):
                        value += across[k, i] * held[k, j]
                    total[top + i, left + j] += weight * value
                    weights[top + i, left + j] += weight
    for i in range(height):
        for j in range(width):
            total[i, j] /= max(weights[i, j], np.float32(1e-12))
    return total
