"""What a pixel on an edge mixes, made anew from the pixels around it: a first-order fit to the guides, which mix as the light does.

A pixel on an edge holds shares of two or more things. Its guides (albedo, normal, depth) are means over the very same rays, so they hold
the same shares, and around an edge the light is nearly a linear function of them. The fit over a window gives that function, and its value
at the pixel's own guides is the pixel with the noise of all the window's rays and the sharpness of one (the idea of B. Moon and others,
"Adaptive rendering based on weighted local regression", ACM Transactions on Graphics 33, 2014, and of B. Bitterli and others, "Nonlinearly
weighted first-order regression for denoising Monte Carlo renderings", Eurographics Symposium on Rendering 2016). The weights of a fit know
the guides alone, never the light.

Where light changes in ways that no guide tells (a glint, a row of bottles), a wide window draws it out like water. So there are two windows,
and each light group takes, channel by channel, the one whose expected error is smaller by C. Stein, "Estimation of the mean of a multivariate
normal distribution", Annals of Statistics 9, 1981: for a linear mean it follows from what the mean leaves over and from the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from answerprint.simulation.lines import means_along
from answerprint.simulation.passes import Picture

_REACH = 3
"""Pixels from the middle of the window to its side."""
_SIZE = 2 * _REACH + 1
_MIDDLE = _SIZE**2 // 2
_SIGMAS = (0.7, 1.5)
"""Standard deviations of the weights of the narrow and the wide window, pixels."""
_ABOUT, _BLEND = 1.5, 0.7
"""Standard deviations, pixels, of the means over errors and over the choice between the windows."""
_DOUBT = np.float32(0.8)
"""By how much less a pixel counts in a fit whose light still has its noise."""
_RIDGE = 0.004
"""What holds the slopes to zero, as variance of a guide in units of its own scale: smaller differences are taken for noise."""
_ALBEDO, _NORMAL, _DEPTH = np.float32(0.2), np.float32(1.0), np.float32(0.16)
"""Large differences of the guides: of albedo, of a unit normal, of depth as a share of the window's largest."""


@dataclass(frozen=True)
class Edges:
    """The pixels on edges, and of each the weights of its windows."""

    where: tuple[NDArray[np.intp], NDArray[np.intp]]
    noisy: Picture
    """(pixels, 1): 1 where the light still has its noise, 0 where it is a mean already"""
    narrow: Picture
    wide: Picture
    """(pixels, window) of the fits, summing to one for each pixel; some are below zero"""
    along: sparse.csr_array
    """(pixels, height * width) of the mean along the edge, summing to one"""

    @classmethod
    def of(cls, guides: Mapping[str, Picture], where: NDArray[np.bool_], noisy: NDArray[np.bool_] | None = None) -> Edges:
        """``guides`` are albedo, normal and ``shares`` (metres, the sky 0), (height, width, n) each; ``where`` (height, width) the pixels on edges.

        ``noisy`` (height, width) are those whose light still has its noise; without it all have.
        """
        rows, columns = np.nonzero(where)
        looks = np.concatenate([guides["albedo"] / _ALBEDO, guides["normal"] / _NORMAL], axis=-1)
        far = _windows(guides["shares"], rows, columns)
        far = far / (_DEPTH * np.maximum(far.max(axis=1, keepdims=True), np.float32(1e-6)))
        around = np.concatenate([_windows(looks, rows, columns), far], axis=-1)
        apart = around - around[:, _MIDDLE, None]
        terms = np.concatenate([np.ones_like(apart[..., :1]), apart], axis=-1)
        raw = (where if noisy is None else noisy).astype(np.float32)
        own = raw[rows, columns]
        trusted = 1 - _DOUBT * _windows(raw[..., None], rows, columns)
        narrow, wide = (_fit(terms, trusted * _near(sigma)[None, :, None]) for sigma in _SIGMAS)
        far = guides["shares"] / (
            _DEPTH * np.maximum(ndimage.maximum_filter(guides["shares"], (_SIZE, _SIZE, 1)), np.float32(1e-6))
        )
        along = means_along(np.concatenate([looks, far], axis=-1), (rows, columns))
        return cls((rows, columns), own[:, None], narrow, wide, along)

    def fitted(self, light: Picture) -> Picture:
        """``light`` (height, width, 3) with the pixels on edges made from their windows."""
        if not len(self.where[0]):
            return light
        out = light.copy()
        around = _windows(light, *self.where)
        narrow, wide = (np.einsum("pq,pqc->pc", weights, around) for weights in (self.narrow, self.wide))
        close = self._narrow_is_better(around[:, _MIDDLE], narrow, wide, light.shape[:2])
        beside = around.reshape(-1, _SIZE, _SIZE, light.shape[2])[:, _REACH - 1 : _REACH + 2, _REACH - 1 : _REACH + 2]
        # A fit can run past what is there, most of all beside a lamp.
        low, high = beside.min(axis=(1, 2)), beside.max(axis=(1, 2))
        out[self.where] = close * np.clip(narrow, low, high) + (1 - close) * np.clip(wide, low, high)
        out[self.where] = self.along @ out.reshape(-1, light.shape[2])
        return out

    def _narrow_is_better(self, light: Picture, narrow: Picture, wide: Picture, size: tuple[int, int]) -> Picture:
        """How much of the narrow fit to take, 0 to 1; all are (pixels, channels), ``size`` is the picture's."""
        left, left_wide = (self._about((made - light) ** 2, size) for made in (narrow, wide))
        own, own_wide = self.narrow[:, _MIDDLE, None], self.wide[:, _MIDDLE, None]
        # What a linear mean with no error of its own leaves over of noise alone.
        noise = left / self._about(1 - 2 * own + (self.narrow**2).sum(axis=1, keepdims=True), size)
        better = left + 2 * noise * own < left_wide + 2 * noise * own_wide
        count = _blurred(np.ones_like(self.noisy), self.where, size, _BLEND)
        return np.asarray(_blurred(np.asarray(better, dtype=np.float32), self.where, size, _BLEND) / count, dtype=np.float32)

    def _about(self, values: Picture, size: tuple[int, int]) -> Picture:
        """Means of (pixels, n) over those pixels around each that still have their noise."""
        count = _blurred(self.noisy, self.where, size, _ABOUT)
        total = _blurred(values * self.noisy, self.where, size, _ABOUT)
        return np.asarray(total / np.maximum(count, np.float32(1e-6)), dtype=np.float32)


def _fit(terms: Picture, near: Picture) -> Picture:
    """Weights (pixels, window) whose sum over a window is the value at its middle of a function linear in ``terms`` (pixels, window, n).

    ``near`` (pixels, window, 1) is how much each of the window's pixels counts.
    """
    near = near / near.sum(axis=1, keepdims=True)
    moments = np.einsum("pqi,pqj->pij", terms * near, terms, optimize=True).astype(np.float64)
    ridge = np.full(terms.shape[-1], _RIDGE)
    ridge[0] = 0.0
    moments += np.diag(ridge)
    first = np.zeros((*moments.shape[:2], 1))
    first[:, 0] = 1.0
    at_middle = np.linalg.solve(moments, first)[..., 0].astype(np.float32)
    return np.asarray(np.einsum("pqi,pi->pq", terms, at_middle) * near[..., 0], dtype=np.float32)


def _near(sigma: float) -> Picture:
    """Weights of the window's pixels by distance, summing to one."""
    steps = np.exp(-(np.arange(-_REACH, _REACH + 1, dtype=np.float32) ** 2) / np.float32(2 * sigma**2))
    weights = np.outer(steps, steps).ravel()
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def _blurred(values: Picture, where: tuple[NDArray[np.intp], NDArray[np.intp]], size: tuple[int, int], sigma: float) -> Picture:
    """(pixels, n) as a picture that is nothing elsewhere, blurred by ``sigma`` pixels and read at the same pixels."""
    picture = np.zeros((*size, values.shape[1]), dtype=np.float32)
    picture[where] = values
    return np.asarray(ndimage.gaussian_filter(picture, (sigma, sigma, 0), truncate=3)[where], dtype=np.float32)


def _windows(stack: Picture, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Picture:
    """(pixels, window, channels): each pixel's surroundings, the picture's edge repeated."""
    padded = np.pad(stack, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, (_SIZE, _SIZE), axis=(0, 1))
    found = views[rows, columns]  # pixels, channels, size, size
    return np.ascontiguousarray(found.reshape(len(rows), stack.shape[2], _SIZE**2).swapaxes(1, 2))
