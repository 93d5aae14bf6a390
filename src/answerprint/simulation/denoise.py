"""Less noise without a learned weight: neighbours on the same surface are averaged, with the same weights for every light group.

A cross-bilateral filter after H. Dammertz and others, "Edge-avoiding A-Trous wavelet transform for fast global illumination
filtering", HPG 2010, but without gaps, which turn a bright speck into a grid. Its weights come from normal, depth and albedo alone and never
from the light. So it is linear: light groups still add up to the beauty, and a change of one lamp leaves the others as they
were. Its price: fine shadow edges soften.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.passes import Picture, Rendered

_KERNEL = (1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16)


def smooth_by_features(rendered: Rendered, passes: int = 4) -> None:
    """Filter beauty and light groups in place. Needs the passes normal, depth and albedo; each of the ``passes`` reaches 2 pixels."""
    albedo = rendered.data["albedo"] + np.float32(0.02)
    pictures = [rendered.beauty, *rendered.groups.values()]
    stack = np.concatenate([picture / albedo for picture in pictures], axis=-1)
    for number in range(passes):
        stack = _pass(stack, rendered, number == 0)
    for number, name in enumerate(["", *rendered.groups]):
        smooth = stack[..., 3 * number : 3 * number + 3] * albedo
        if number:
            rendered.groups[name] = smooth
        else:
            rendered.beauty = smooth


def _pass(stack: Picture, rendered: Rendered, first: bool) -> Picture:
    normal, depth, albedo = rendered.data["normal"], rendered.data["depth"], rendered.data["albedo"]
    normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), np.float32(1e-6))
    near = np.where(np.isfinite(depth), depth, np.float32(1e6))
    total, weights = np.zeros_like(stack), np.zeros_like(depth)
    for i, ky in enumerate(_KERNEL):
        for j, kx in enumerate(_KERNEL):
            dy, dx = i - 2, j - 2
            same = np.clip((normal * _shifted(normal, dy, dx)).sum(axis=-1, keepdims=True), 0, 1) ** 10
            apart = np.abs(near - _shifted(near, dy, dx)) / (0.02 * near * (abs(dx) + abs(dy) + 1e-3) + 1e-6)
            other = ((albedo - _shifted(albedo, dy, dx)) ** 2).sum(axis=-1, keepdims=True) / 0.06
            weight = (ky * kx * same * np.exp(-np.minimum(apart, 30) - np.minimum(other, 30))).astype(np.float32)
            if first:
                # Pixels on an edge are like nobody: a little of their next neighbours keeps them from staying noisy.
                weight = np.maximum(weight, np.float32(0.12 * ky * kx))
            if dy == dx == 0:
                weight = np.full_like(depth, np.float32(ky * kx))
            total += weight * _shifted(stack, dy, dx)
            weights += weight
    return np.asarray(total / weights, dtype=np.float32)


def _shifted(picture: NDArray[np.float32], dy: int, dx: int) -> NDArray[np.float32]:
    """The picture moved by whole pixels, its edge repeated."""
    h, w = picture.shape[:2]
    rows, columns = np.clip(np.arange(h) + dy, 0, h - 1), np.clip(np.arange(w) + dx, 0, w - 1)
    return picture[rows][:, columns]
