"""Flicker of a moving picture: what changes between two frames once their motion is taken out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from answerprint.perception.flow import carry, dense_flow, round_trip_error

__all__ = ["warp_error"]

Codes = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def warp_error(frame: Codes, neighbour: Codes, where: Mask | None = None, guide: tuple[Codes, Codes] | None = None) -> float:
    """Root mean square difference of a frame and its neighbour in time brought to it along the flow, display codes 0 to 1.

    Only pixels whose flow comes home within a pixel count, limited to ``where`` (h, w) when given. The flow is measured on
    ``guide``, the same two frames of the truth, when there is one. DIS flow, medium preset: figures are comparable among
    themselves only. NaN when no pixel counts.
    """
    here, there = (_grey(picture) for picture in (guide or (frame, neighbour)))
    forward, backward = dense_flow(here, there), dense_flow(there, here)
    counts = (round_trip_error(forward, backward) < 1.0) & (carry(np.ones(here.shape, np.float32), forward) > 0.999)
    if where is not None:
        counts &= where
    if not counts.any():
        return float("nan")
    difference = (carry(neighbour, forward) - frame)[counts].astype(np.float64)
    return float(np.sqrt((difference**2).mean()))


def _grey(codes: Codes) -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(codes.mean(axis=2), 0, 1) * 255), np.uint8)
