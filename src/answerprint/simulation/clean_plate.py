"""What the crew's things changed in a picture: under their own matte, and beyond it as shadow, reflection and bounced light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from answerprint.simulation.defocus import Defocus
from answerprint.simulation.denoise import SURFACE, smooth_by_features
from answerprint.simulation.nooks import NOOK
from answerprint.simulation.passes import Picture, Rendered

THRESHOLD = 0.01
"""A pixel is changed when a channel moves by more than this share of its own value (or of a thousandth of the picture's white)."""

_SAME_ALBEDO = 1e-4
"""Difference of two sums of the same colours in another order, many times over."""


def changed(beauty: Picture, clean: Picture) -> NDArray[np.bool_]:
    """Where (height, width) the two differ by more than ``THRESHOLD``."""
    level = np.maximum(np.abs(clean), 1e-3 * float(np.percentile(np.abs(clean), 99)) + 1e-9)
    return np.asarray((np.abs(beauty - clean) > THRESHOLD * level).any(axis=-1))


def spill(beauty: Picture, clean: Picture, matte: Picture, most: int = 20) -> dict[str, Any]:
    """What is changed in all, and what outside ``matte`` (height, width, 1): how much, where, by how much.

    ``spill`` has all of it: ``pixels``, ``box`` ``[x0, y0, x1, y1]`` half-open (None where there is none) and ``mean_change``, the light that
    came or went there as a share of the clean plate's. ``regions`` has the same of each connected region, largest first;
    ``regions_left_out`` and ``pixels_left_out`` are those beyond ``most``.
    """
    moved = changed(beauty, clean)
    outside = moved & (matte[..., 0] <= 0)
    labels, count = ndimage.label(outside, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    order = np.argsort(-sizes, kind="stable")
    regions = [_told(beauty, clean, labels == i + 1, boxes[i]) for i in order[:most]]
    whole = ndimage.find_objects(outside.astype(np.int8))
    return {
        "changed_share": float(moved.mean()),
        "outside_matte_share": float(outside.mean()),
        "spill": _told(beauty, clean, outside, whole[0] if whole else None),
        "regions": regions,
        "regions_left_out": max(0, count - most),
        "pixels_left_out": int(sizes[order[most:]].sum()),
    }


def smooth_pair(rendered: Rendered, clean: Rendered, things: Sequence[str], defocus: Defocus | None = None) -> None:
    """Filter a picture and its clean plate in place, so that outside the mattes of ``things`` nothing of those things gets in.

    The filter takes a little of its neighbours: beside a wire, of the wire. There the picture is filtered as it would be with the
    clean plate's pixels under the matte; what light does beyond the matte stays. Both parts are linear in light, so groups still add up.
    Where the two see another surface though nothing covers it, two that touch were told apart by a ray's last bit: there the plate counts.
    """
    mattes = [rendered.mattes[name] for name in things if name in rendered.mattes]
    if not mattes:
        smooth_by_features(rendered, defocus)
        smooth_by_features(clean, defocus)
        return
    under = np.sum(mattes, axis=0) > 0
    plates = under | _another_surface(rendered, clean)
    alike = plates | _same_light(rendered, clean)
    beside = replace(
        rendered,
        beauty=np.where(plates, clean.beauty, rendered.beauty),
        groups={name: np.where(plates, clean.groups[name], picture) for name, picture in rendered.groups.items()},
        data={name: np.where(alike, clean.data[name], rendered.data[name]) for name in SURFACE if name in rendered.data}
        # Nooks reach as far as what closes them stands: those beside a thing are its own.
        | {name: clean.data[name] for name in (NOOK,) if name in clean.data},
    )
    for picture in (rendered, beside, clean):
        smooth_by_features(picture, defocus)
    rendered.beauty = np.where(under, rendered.beauty, beside.beauty)
    rendered.groups = {name: np.where(under, picture, beside.groups[name]) for name, picture in rendered.groups.items()}


def _another_surface(rendered: Rendered, clean: Rendered) -> NDArray[np.bool_]:
    """Where (height, width, 1) the two see things of another colour: shadow and reflection change light, and no albedo."""
    one, other = rendered.data["albedo"], clean.data["albedo"]
    return np.asarray((np.abs(one - other) > _SAME_ALBEDO).any(axis=-1, keepdims=True))


def _same_light(rendered: Rendered, clean: Rendered) -> NDArray[np.bool_]:
    """Where (height, width, 1) no light differs to the last bit: guides that differ there were decided by a ray's last bit, and mean nothing."""
    pairs = [(rendered.beauty, clean.beauty), *((picture, clean.groups[name]) for name, picture in rendered.groups.items())]
    return np.logical_and.reduce([(one == other).all(axis=-1, keepdims=True) for one, other in pairs])


def _told(beauty: Picture, clean: Picture, where: NDArray[np.bool_], box: tuple[slice, ...] | None) -> dict[str, Any]:
    if box is None:
        return {"pixels": 0, "box": None, "mean_change": 0.0}
    inside = where[box]
    was, now = (float(picture[box][inside].sum(dtype=np.float64)) for picture in (clean, beauty))
    return {
        "pixels": int(inside.sum()),
        "box": [box[1].start, box[0].start, box[1].stop, box[0].stop],
        "mean_change": (now - was) / max(was, 1e-9),
    }
