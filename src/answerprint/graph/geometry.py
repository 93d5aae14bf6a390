"""Frames that move as a whole: where each pixel was fetched from, and the channels that go along with the colours.

An operation that declares ``moves_frame`` gives a layer ``stmap`` (red s, green t, as compositors read them; -1 where no
pixel of the plate's own frame stands behind the result). The class is computed from it and from the pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from answerprint.graph.contract import FrameResult, Plane
from answerprint.media.frames import SourceFrame
from answerprint.optics.stmap import from_stmap
from answerprint.optics.warp import warp

STMAP = "stmap"

Places = npt.NDArray[np.float64]
"""``(height, width, 2)``: x and y in the plate of what each pixel shows, pixel centres at whole numbers; NaN for none."""


def as_stmap(places: Places, width: int, height: int) -> npt.NDArray[np.float32]:
    """Places in a plate of ``width`` by ``height`` as an STMap layer, float32."""
    s, t = (places[..., 0] + 0.5) / width, 1 - (places[..., 1] + 0.5) / height
    out = np.stack([s, t, np.zeros_like(s)], axis=-1)
    out[~np.isfinite(s + t)] = (-1.0, -1.0, 0.0)
    return out.astype(np.float32)


def places_of(result: FrameResult, width: int, height: int) -> Places | None:
    """The places a result's pixels were fetched from; None for a result that moved nothing."""
    layer = result.layers.get(STMAP)
    return None if layer is None else from_stmap(layer, width, height)


def carry_channels(frame: SourceFrame, places: Places) -> SourceFrame:
    """``frame`` with every channel but the colours fetched from ``places``: alpha goes smoothly, identities whole.

    A frame whose data window is not its display window keeps those channels as they are: there is nothing to say where
    its overscan would go.
    """
    header = frame.header
    if header.data_size != (header.width, header.height) or header.data_window[:2] != header.display_origin:
        return frame
    colours = set(frame.colour_names)
    planes: dict[str, Plane] = dict(frame.planes)
    for name, plane in frame.planes.items():
        if name not in colours:
            planes[name] = _fetched(plane, places)
    return replace(frame, planes=planes)


def _fetched(plane: Plane, places: Places) -> Plane:
    if plane.dtype == np.uint32:
        x, y = np.nan_to_num(np.round(places[..., 0]), nan=-1.0), np.nan_to_num(np.round(places[..., 1]), nan=-1.0)
        inside = (x >= 0) & (y >= 0) & (x < plane.shape[1]) & (y < plane.shape[0])
        out = np.zeros(places.shape[:2], plane.dtype)
        out[inside] = plane[y[inside].astype(int), x[inside].astype(int)]
        return out
    moved: npt.NDArray[Any] = warp(np.ascontiguousarray(plane[..., None], np.float32), places)[..., 0]
    if plane.dtype.kind == "u":
        moved = np.clip(np.rint(moved), 0, np.iinfo(plane.dtype).max)
    return np.asarray(moved.astype(plane.dtype))
