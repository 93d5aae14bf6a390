"""What a pixel on an edge mixes, made anew from the pixels around it: a first-order fit to the guides, which mix as the light does.

A pixel on an edge holds shares of two or more things. Its guides (albedo, normal, depth) are means over the very same rays, so they hold
the same shares, and around an edge the light is nearly a linear function of them. The fit over a window gives that function, and its value
at the pixel's own guides is the pixel with the noise of all the window's rays and the sharpness of one (the idea of B. Moon and others,
"Adaptive rendering based on weighted local regression", ACM Transactions on Graphics 33, 2014, and of B. Bitterli and others, "Nonlinearly
weighted first-order regression for denoising Monte Carlo renderings", Eurographics Symposium on Rendering 2016). Here the weights of the fit
know the guides alone, never the light: what comes out is one linear mean for every light group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from answerprint.simulation.passes import Picture

_REACH = 3
"""Pixels from the middle of the window to its side."""
_SIZE = 2 * _REACH + 1
_SIGMA = 1.5
"""Standard deviation of the window's weights, pixels."""
_LENGTH, _WIDTH = np.float32(1.6), np.float32(0.3)
"""Standard deviations of the mean along a straight edge and across it, pixels."""
_RIDGE = 0.004
"""What holds the slopes to zero, as variance of a guide in units of its own scale: smaller differences are taken for noise."""
_ALBEDO, _NORMAL, _DEPTH = np.float32(0.2), np.float32(1.0), np.float32(0.16)
"""Large differences of the guides: of albedo, of a unit normal, of depth as a share of the window's largest."""


@dataclass(frozen=True)
class Edges:
    """The pixels on edges, and of each the weights of its window."""

    where: tuple[NDArray[np.intp], NDArray[np.intp]]
    weights: Picture
    """(pixels, window) of the fit, summing to one for each pixel; some are below zero"""
    along: Picture
    """(pixels, window) of the mean along the edge, summing to one"""

    @classmethod
    def of(cls, guides: Mapping[str, Picture], where: NDArray[np.bool_]) -> Edges:
        """``guides`` are albedo, normal and ``shares`` (metres, the sky 0), (height, width, n) each; ``where`` (height, width) the pixels on edges."""
        rows, columns = np.nonzero(where)
        looks = np.concatenate([guides["albedo"] / _ALBEDO, guides["normal"] / _NORMAL], axis=-1)
        far = _windows(guides["shares"], rows, columns)
        far = far / (_DEPTH * np.maximum(far.max(axis=1, keepdims=True), np.float32(1e-6)))
        around = np.concatenate([_windows(looks, rows, columns), far], axis=-1)
        apart = around - around[:, around.shape[1] // 2, None]
        terms = np.concatenate([np.ones_like(apart[..., :1]), apart], axis=-1)
        near = _near()[None, :, None]
        moments = np.einsum("pqi,pqj->pij", terms * near, terms, optimize=True).astype(np.float64)
        ridge = np.full(terms.shape[-1], _RIDGE)
        ridge[0] = 0.0
        moments += np.diag(ridge)
        first = np.zeros((*moments.shape[:2], 1))
        first[:, 0] = 1.0
        at_middle = np.linalg.solve(moments, first)[..., 0].astype(np.float32)
        fit = np.einsum("pqi,pi->pq", terms, at_middle) * near[..., 0]
        return cls((rows, columns), fit, _along(around))

    def fitted(self, light: Picture) -> Picture:
        """``light`` (height, width, 3) with the pixels on edges made from their windows."""
        if not len(self.where[0]):
            return light
        out = light.copy()
        around = _windows(light, *self.where)
        beside = around.reshape(-1, _SIZE, _SIZE, light.shape[2])[:, _REACH - 1 : _REACH + 2, _REACH - 1 : _REACH + 2]
        # A fit can run past what is there, most of all beside a lamp.
        low, high = beside.min(axis=(1, 2)), beside.max(axis=(1, 2))
        out[self.where] = np.clip(np.einsum("pq,pqc->pc", self.weights, around), low, high)
        out[self.where] = np.einsum("pq,pqc->pc", self.along, _windows(out, *self.where))
        return out


def _along(around: Picture) -> Picture:
    """Weights that average along the one direction in which the guides of a window (pixels, window, n) change least.

    The share that a few rays give a pixel on a sharp edge is itself uncertain, which makes a straight edge ragged. Along it the shares change
    evenly, so a mean over both sides keeps them. Where the guides change in all directions (a corner, leaves) there is no mean.
    """
    y, x = np.mgrid[-_REACH : _REACH + 1, -_REACH : _REACH + 1].astype(np.float32)
    grid = around.reshape(len(around), _SIZE, _SIZE, around.shape[2])
    down = (grid[:, 2:, 1:-1] - grid[:, :-2, 1:-1]) / 2
    across = (grid[:, 1:-1, 2:] - grid[:, 1:-1, :-2]) / 2
    near = _near().reshape(_SIZE, _SIZE)[None, 1:-1, 1:-1, None]
    yy, xx, xy = ((near * a * b).sum(axis=(1, 2, 3)) for a, b in ((down, down), (across, across), (down, across)))
    # The direction of most change, and by how much it exceeds the one across it: 1 for a straight edge, 0 for none.
    turn = 0.5 * np.arctan2(2 * xy, xx - yy)
    straight = ((xx - yy) ** 2 + 4 * xy**2) / np.maximum((xx + yy) ** 2, np.float32(1e-12))
    over = x.ravel() * np.cos(turn)[:, None] + y.ravel() * np.sin(turn)[:, None]
    ahead = y.ravel() * np.cos(turn)[:, None] - x.ravel() * np.sin(turn)[:, None]
    length = np.float32(0.05) + _LENGTH * straight[:, None]
    weights = np.exp(-(over**2) / (2 * _WIDTH**2) - ahead**2 / (2 * length**2))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _near() -> Picture:
    """Weights of the window's pixels by distance, summing to one."""
    steps = np.exp(-(np.arange(-_REACH, _REACH + 1, dtype=np.float32) ** 2) / (2 * _SIGMA**2))
    weights = np.outer(steps, steps).ravel()
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def _windows(stack: Picture, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Picture:
    """(pixels, window, channels): each pixel's surroundings, the picture's edge repeated."""
    padded = np.pad(stack, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, (_SIZE, _SIZE), axis=(0, 1))
    found = views[rows, columns]  # pixels, channels, size, size
    return np.ascontiguousarray(found.reshape(len(rows), stack.shape[2], _SIZE**2).swapaxes(1, 2))
