"""Running an OpenColorIO processor over a whole picture, in bands of rows on several threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from answerprint.colour.config import config
from answerprint.colour.primaries import is_by_primaries, to_acescg

Picture = NDArray[np.float32]

# No OPTIMIZATION_FAST_LOG_EXP_POW: the fast power function is off by more than one 16-bit code.
EXACT = ocio.OPTIMIZATION_LOSSLESS

# A fixed band height, so that what one call sees never depends on how many threads there are.
BAND_PIXELS = 1 << 16


def thread_count() -> int:
    """Threads one picture may use: ``ANSWERPRINT_THREADS``, else the processors this process may run on, at most 8."""
    asked = os.environ.get("ANSWERPRINT_THREADS", "")
    return max(1, int(asked)) if asked.isdigit() else max(1, min(8, len(os.sched_getaffinity(0))))


@cache
def cpu_between(source: str, target: str) -> ocio.CPUProcessor:
    """The exact processor from one colour space to another: canonical names of the configuration, or spaces by their primaries."""
    if not (is_by_primaries(source) or is_by_primaries(target)):
        return config().getProcessor(source, target).getOptimizedCPUProcessor(EXACT)
    group = ocio.GroupTransform()
    group.appendTransform(_primaries(source, False) if is_by_primaries(source) else ocio.ColorSpaceTransform(source, "ACEScg"))
    group.appendTransform(_primaries(target, True) if is_by_primaries(target) else ocio.ColorSpaceTransform("ACEScg", target))
    return cpu_of(group)


def _primaries(name: str, back: bool) -> ocio.MatrixTransform:
    whole = np.eye(4)
    whole[:3, :3] = np.linalg.inv(to_acescg(name)) if back else to_acescg(name)
    return ocio.MatrixTransform(whole.ravel().tolist())


def cpu_of(transform: ocio.Transform) -> ocio.CPUProcessor:
    """The exact processor of any transform."""
    return config().getProcessor(transform).getOptimizedCPUProcessor(EXACT)


def run(processor: ocio.CPUProcessor, rgb: NDArray[np.generic], threads: int | None = None) -> Picture:
    """``rgb`` (..., 3) through ``processor``, as a new float32 array of the same shape.

    The result does not depend on ``threads``: bands are of a fixed size and each pixel stands alone.
    """
    out = np.array(rgb, dtype=np.float32, order="C", copy=True)
    if out.size == 0:
        return out
    flat = out.reshape(-1, 3)

    def band(start: int) -> None:
        part = flat[start : start + BAND_PIXELS]
        processor.apply(ocio.PackedImageDesc(part, len(part), 1, 3))

    starts = range(0, len(flat), BAND_PIXELS)
    workers = min(threads or thread_count(), len(starts))
    if workers == 1:
        for start in starts:
            band(start)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(band, starts))
    return out
