"""What the crew's things changed in a picture: under their own matte, and beyond it as shadow, reflection and bounced light."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from answerprint.simulation.passes import Picture

THRESHOLD = 0.01
"""A pixel is changed when a channel moves by more than this share of its own value (or of a thousandth of the picture's white)."""


def spill(beauty: Picture, clean: Picture, matte: Picture, most: int = 20) -> dict[str, Any]:
    """Shares of the picture changed in all and outside ``matte`` (height, width, 1), and the largest regions of that spill.

    Regions are ``[x0, y0, x1, y1, pixels]``, half-open, largest first; ``regions_left_out`` counts those beyond ``most``.
    """
    level = np.maximum(np.abs(clean), 1e-3 * float(np.percentile(np.abs(clean), 99)) + 1e-9)
    changed = (np.abs(beauty - clean) > THRESHOLD * level).any(axis=-1)
    outside = changed & (matte[..., 0] <= 0)
    labels, count = ndimage.label(outside, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    order = np.argsort(-sizes, kind="stable")[:most]
    regions = [[boxes[i][1].start, boxes[i][0].start, boxes[i][1].stop, boxes[i][0].stop, int(sizes[i])] for i in order]
    return {
        "changed_share": float(changed.mean()),
        "outside_matte_share": float(outside.mean()),
        "spill": regions,
        "regions_left_out": max(0, count - most),
    }
