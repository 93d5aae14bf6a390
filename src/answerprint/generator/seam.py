"""Making two pictures meet without a visible edge: what differs along the border fades into the hole (in stops).

The gradient-domain way (P. Perez et al., "Poisson Image Editing", SIGGRAPH 2003) in its membrane form: the correction
is the harmonic function of the border's difference. With ``reach`` it also dies away with distance (screened Poisson),
so that a fill known to be right is not bent by its border.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from answerprint.generator.stops import Log
from answerprint.graph.contract import Plane

MOST_UNKNOWNS = 12_000
"""Cells of the coarse grid the membrane is solved on; it is smooth, so a coarse grid carries it."""


def membrane(difference: Log, border: Plane, hole: Plane, reach: float | None = None) -> Log:
    """The correction (h, w, 3) for ``hole`` that meets ``difference`` on ``border`` (bool, where it can be trusted).

    Along the rest of the hole's edge the correction ends flat. ``reach`` in pixels: after so far it has fallen to 1/e.
    Outside hole and border the answer is 0.
    """
    if not border.any() or not hole.any():
        return np.zeros_like(difference)
    step = max(1, int(np.ceil(np.sqrt(hole.sum() / MOST_UNKNOWNS))))
    height, width = hole.shape
    size = ((width + step - 1) // step, (height + step - 1) // step)
    padded = [(0, size[1] * step - height), (0, size[0] * step - width)]

    def cells(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        full = np.pad(plane, padded + [(0, 0)] * (plane.ndim - 2))
        return np.asarray(full.reshape(size[1], step, size[0], step, *plane.shape[2:]).mean(axis=(1, 3)), np.float32)

    weight = cells(border.astype(np.float32))
    known = weight > 0
    value = cells(np.where(border[..., None], difference, np.float32(0))) / np.maximum(weight, 1e-9)[..., None]
    inside = known | (cells(hole.astype(np.float32)) > 0)
    solved = _solve(np.asarray(value, np.float32), known, inside, 0.0 if reach is None else (step / reach) ** 2)
    grown = _spread(solved, inside)
    fine = cv2.resize(grown, (size[0] * step, size[1] * step), interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.where((hole | border)[..., None], fine, np.float32(0))


def border_of(hole: Plane, known: Plane) -> Plane:
    """The ``known`` pixels along the hole's edge, three deep."""
    return np.asarray((cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~hole & known)


def joined(fill: Log, picture: Log, hole: Plane, known: Plane) -> Log:
    """``fill`` in the hole, bent so that its low frequencies meet ``picture`` where ``known`` along the border.

    A difference of more than half a stop is another thing, not another light, and is left as it is.
    """
    border = border_of(hole, known)
    difference = smoothed(picture - fill, border, 3.0)
    border &= np.abs(difference).max(axis=2) < 0.5
    correction = membrane(difference, border, hole)
    return np.where(hole[..., None], fill + correction, picture).astype(np.float32)


def smoothed(picture: Log, where: Plane, sigma: float) -> Log:
    """The Gaussian mean over the pixels ``where`` only."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur(np.where(where[..., None], picture, np.float32(0)), (0, 0), sigma)
    return np.asarray(total / np.maximum(weight, 1e-6)[..., None], np.float32)


def _solve(value: Log, known: Plane, inside: Plane, screen: float) -> Log:
    """Harmonic (screened) values of the cells ``inside``, ``value`` where ``known``; edges without a value are flat."""
    index = np.full(inside.shape, -1, np.int64)
    index[inside] = np.arange(int(inside.sum()))
    count = int(inside.sum())
    diagonal = np.full(count, screen + 1e-7)
    rows, columns = [], []
    for axis in (0, 1):
        a = index[:-1] if axis == 0 else index[:, :-1]
        b = index[1:] if axis == 0 else index[:, 1:]
        both = (a >= 0) & (b >= 0)
        rows += [a[both], b[both]]
        columns += [b[both], a[both]]
    row, column = np.concatenate(rows), np.concatenate(columns)
    np.add.at(diagonal, row, 1.0)
    fixed = known[inside]
    free = ~fixed[row]
    row, column = row[free], column[free]
    diagonal[fixed] = 1.0
    entries = np.concatenate([-np.ones(len(row)), diagonal])
    where = (np.concatenate([row, np.arange(count)]), np.concatenate([column, np.arange(count)]))
    matrix = coo_matrix((entries, where), shape=(count, count)).tocsc()
    right = np.where(fixed[:, None], value[inside], 0.0).astype(np.float64)
    out = np.zeros((*inside.shape, 3), np.float32)
    out[inside] = spsolve(matrix, right)
    return out


def _spread(solved: Log, inside: Plane) -> Log:
    """Each cell just outside takes the mean of its neighbours inside, so that enlarging does not pull edges to 0."""
    weight = cv2.blur(inside.astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
    mean = cv2.blur(np.where(inside[..., None], solved, np.float32(0)), (3, 3), borderType=cv2.BORDER_CONSTANT)
    near = ~inside & (weight > 0)
    return np.where(near[..., None], mean / np.maximum(weight, 1e-9)[..., None], solved).astype(np.float32)


def frame_gain(difference: Log, trusted: Plane, shape_order: int = 1) -> tuple[Log, NDArray[np.float64]]:
    """The low-order gain of a frame over the plate: ``difference`` (h, w, 3, stops) fitted where ``trusted``, and the coefficients.

    1, x, y per channel by iterated weighting (Tukey's biweight), so that people in the way do not count. Too few pixels:
    a constant, or nothing.
    """
    height, width = trusted.shape
    spots = np.argwhere(trusted)
    spots = spots[:: max(1, len(spots) // 8000)]
    order = shape_order if len(spots) >= 400 else 0
    terms = _terms(spots, trusted.shape, order)
    fit = np.zeros((terms.shape[1], 3))
    if len(spots) >= 20:
        values = difference[tuple(spots.T)].astype(np.float64)
        for channel in range(3):
            fit[:, channel] = _tukey(terms, values[:, channel])
    rows, columns = np.arange(height), np.arange(width)
    grid = fit[0] * np.ones((height, width, 1))
    if order:
        grid = grid + (columns / width - 0.5)[None, :, None] * fit[1] + (rows / height - 0.5)[:, None, None] * fit[2]
    return grid.astype(np.float32), fit


def _terms(spots: NDArray[np.intp], shape: tuple[int, ...], order: int) -> NDArray[np.float64]:
    one = np.ones(len(spots))
    return np.stack([one, spots[:, 1] / shape[1] - 0.5, spots[:, 0] / shape[0] - 0.5][: 1 + 2 * order], axis=1)


def _tukey(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    fit = np.zeros(terms.shape[1])
    fit[0] = np.median(values)
    for _ in range(8):
        off = values - terms @ fit
        width = max(4.685 * 1.4826 * float(np.median(np.abs(off))), 1e-3)
        weight = np.clip(1 - (off / width) ** 2, 0, None) ** 2
        normal = terms.T @ (terms * weight[:, None]) + 1e-3 * np.diag([0.0] + [1.0] * (terms.shape[1] - 1)) * weight.sum()
        fit = np.linalg.solve(normal + 1e-9 * np.eye(len(fit)), terms.T @ (weight * values))
    return np.asarray(fit)
