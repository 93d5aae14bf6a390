"""Soft maps that follow the picture's own edges: the colour guided filter, at one size or from a small size to a large one.

He, Sun and Tang, "Guided Image Filtering", TPAMI 2013; He and Sun, "Fast Guided Filter", arXiv 1505.00996.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["follow_edges"]


def follow_edges(guide: np.ndarray, maps: np.ndarray, radius: int, smooth: float, large: np.ndarray | None = None) -> np.ndarray:
    """``maps`` (h, w) or (n, h, w) made to follow the edges of ``guide`` (h, w, 3), both float32.

    ``radius`` is the half window in pixels, ``smooth`` the variance of ``guide`` below which there is no edge (in
    ``guide`` units squared). With ``large`` (H, W, 3), the same picture at a larger size, the answer has its size.
    """
    box = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(plane, -1, box, borderType=cv2.BORDER_REFLECT)

    many = maps[None] if maps.ndim == 2 else maps
    centre = mean(guide)
    products = mean(np.stack([guide[..., 0] * guide[..., 0], guide[..., 0] * guide[..., 1], guide[..., 0] * guide[..., 2]], -1))
    rest = mean(np.stack([guide[..., 1] * guide[..., 1], guide[..., 1] * guide[..., 2], guide[..., 2] * guide[..., 2]], -1))
    rr = products[..., 0] - centre[..., 0] ** 2 + smooth
    rg = products[..., 1] - centre[..., 0] * centre[..., 1]
    rb = products[..., 2] - centre[..., 0] * centre[..., 2]
    gg = rest[..., 0] - centre[..., 1] ** 2 + smooth
    gb = rest[..., 1] - centre[..., 1] * centre[..., 2]
    bb = rest[..., 2] - centre[..., 2] ** 2 + smooth
    # inverse of the symmetric 3x3 covariance by cofactors
    i_rr, i_rg, i_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * i_rr + rg * i_rg + rb * i_rb
    results = []
    for plane in many:
        level = mean(plane)
        along = mean(guide * plane[..., None]) - centre * level[..., None]
        slope = np.stack(
            [
                i_rr * along[..., 0] + i_rg * along[..., 1] + i_rb * along[..., 2],
                i_rg * along[..., 0] + i_gg * along[..., 1] + i_gb * along[..., 2],
                i_rb * along[..., 0] + i_gb * along[..., 1] + i_bb * along[..., 2],
            ],
            -1,
        )
        slope /= determinant[..., None]
        offset = level - _dot(slope, centre)
        slope, offset = mean(slope), mean(offset)
        picture = guide
        if large is not None:
            size = (large.shape[1], large.shape[0])
            slope, offset = (
                cv2.resize(slope, size, interpolation=cv2.INTER_LINEAR),
                cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR),
            )
            picture = large
        results.append(_dot(slope, picture) + offset)
    return results[0] if maps.ndim == 2 else np.stack(results)


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    # numpy's sum over an axis of three is ten times slower than saying it.
    return np.asarray(one[..., 0] * other[..., 0] + one[..., 1] * other[..., 1] + one[..., 2] * other[..., 2])
