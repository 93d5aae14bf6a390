"""Denoising by cosine coefficients of small blocks through time: what stands out of the noise stays, the rest goes.

Each 8 by 8 block of the frame is taken together with the same block of its neighbours, laid over it along the motion. In
the 3-D cosine transform a surface that all frames show is a few large coefficients, and noise is small in all of them;
where a neighbour does not fit, its difference stands out too and is kept, so nothing smears (the residual gate).
G. Yu, G. Sapiro, "DCT image denoising: a simple and effective image denoising algorithm", IPOL 1, 2011, taken to three
dimensions; shrinkage after L. Breiman's garrote (Technometrics 37(4), 1995). A second pass weighs each coefficient by what the first
one found (Wiener's filter, as in K. Dabov et al., "Image denoising by sparse 3-D transform-domain collaborative filtering",
IEEE TIP 16(8), 2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from answerprint.optics.compiled import njit

Plane = npt.NDArray[np.float32]
Real = npt.NDArray[np.float64]
BLOCK = 8


def shrink(stack: Plane, centre: int, deviation: Real, threshold: float, step: int) -> Plane:
    """The frame ``centre`` of ``stack`` (t, h, w) without its noise, (h, w) float32.

    ``deviation`` (8, 8) is that of the noise's cosine coefficients, ``threshold`` is in such deviations, and blocks stand
    ``step`` pixels apart.
    """
    return _run(stack, stack[:0], centre, 1, deviation * threshold, step)[0]


def shrink_twice(stack: Plane, centre: int, deviation: Real, strength: float, threshold: float, step: int) -> Plane:
    """The same in two passes: the first looks for what there is in all frames, the second weighs with it."""
    pilot = _run(stack, stack[:0], 0, len(stack), deviation * threshold * strength, step)
    return _run(stack, pilot, centre, 1, deviation * strength, step)[0]


def _run(stack: Plane, pilot: Plane, first: int, made: int, limit: Real, step: int) -> Plane:
    pad = BLOCK
    around = ((0, 0), (pad, pad + step), (pad, pad + step))
    padded, guide = (np.ascontiguousarray(np.pad(s, around, mode="symmetric")) for s in (stack, pilot))
    through_time = dct(np.eye(len(stack)), axis=0, norm="ortho").astype(np.float32)
    across = dct(np.eye(BLOCK), axis=0, norm="ortho").astype(np.float32)
    total = _shrunk(padded, guide, first, made, limit.astype(np.float32), across, through_time, step)
    height, width = stack.shape[1:]
    return np.ascontiguousarray(total[:, pad : pad + height, pad : pad + width])


@njit(cache=True, nogil=True)
def _forward(stack: Plane, top: int, left: int, across: Plane, held: Plane, cube: Plane) -> None:
    """The cosine transform in the plane of the block at (top, left) in every frame."""
    for t in range(len(stack)):
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


@njit(cache=True, nogil=True)
def _weigh(cube: Plane, guide: Plane, guided: bool, limit: Plane, through_time: Plane, first: int, made: int, back: Plane) -> float:
    """Coefficients weighed, and back in time for the frames that are made; returns the energy that was kept of noise."""
    count = len(cube)
    kept = 1.0
    for i in range(BLOCK):
        for j in range(BLOCK):
            bound = limit[i, j] * limit[i, j]
            for m in range(made):
                back[m, i, j] = 0.0
            for u in range(count):
                value = np.float32(0.0)
                for t in range(count):
                    value += through_time[u, t] * cube[t, i, j]
                if guided:
                    known = np.float32(0.0)
                    for t in range(count):
                        known += through_time[u, t] * guide[t, i, j]
                    gain = known * known / (known * known + bound)
                elif value * value > bound:
                    gain = np.float32(1.0) - bound / (value * value)
                else:
                    gain = np.float32(0.0)
                if u == 0 and i == 0 and j == 0:
                    gain = np.float32(1.0)
                kept += gain * gain
                value *= gain
                for m in range(made):
                    back[m, i, j] += through_time[u, first + m] * value
    return kept


@njit(cache=True, nogil=True)
def _shrunk(
    stack: Plane, pilot: Plane, first: int, made: int, limit: Plane, across: Plane, through_time: Plane, step: int
) -> Plane:
    count, height, width = stack.shape
    guided = len(pilot) > 0
    total, weights = np.zeros((made, height, width), np.float32), np.zeros((height, width), np.float32)
    cube, guide = np.empty((count, BLOCK, BLOCK), np.float32), np.empty((count, BLOCK, BLOCK), np.float32)
    held, back = np.empty((BLOCK, BLOCK), np.float32), np.empty((made, BLOCK, BLOCK), np.float32)
    for top in range(0, height - BLOCK + 1, step):
        for left in range(0, width - BLOCK + 1, step):
            _forward(stack, top, left, across, held, cube)
            if guided:
                _forward(pilot, top, left, across, held, guide)
            weight = np.float32(1.0 / _weigh(cube, guide, guided, limit, through_time, first, made, back))
            for m in range(made):
                for i in range(BLOCK):
                    for j in range(BLOCK):
                        held[i, j] = 0.0
                    for k in range(BLOCK):
                        value = back[m, i, k]
                        for j in range(BLOCK):
                            held[i, j] += value * across[k, j]
                for i in range(BLOCK):
                    for k in range(BLOCK):
                        factor = weight * across[k, i]
                        for j in range(BLOCK):
                            total[m, top + i, left + j] += factor * held[k, j]
            for i in range(BLOCK):
                for j in range(BLOCK):
                    weights[top + i, left + j] += weight
    for m in range(made):
        for i in range(height):
            for j in range(width):
                total[m, i, j] /= max(weights[i, j], np.float32(1e-12))
    return total
