"""The soft edge of a keyed matte solved from the picture: between what is surely inside and surely outside, cover follows colour.

A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", TPAMI 30(2), 2008: in every window of 3 x 3 pixels
cover is taken to be a linear function of colour, and the smoothest cover that keeps what is known is the solution of one sparse system.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, eye_array
from scipy.sparse.linalg import spsolve

from answerprint.generator.removal_lanes import enclosing

__all__ = ["solved_edge"]

Plane = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]
Marks = npt.NDArray[np.bool_]

_SURE = 0.05
_ROOM = 4
"""How far within what is all or nothing the edge may still lie, pixels of the study: 2 does as well, 1 and 6 do worse."""
_NOISE = 1e-7
"""Variance of colour (display codes as 0..1) below which a window is of one colour."""
_GIVEN = 0.02
"""How much the matte as given weighs beside colour: where a limb has no pixel that is surely inside, colour alone would let it go."""
_WINDOW = 9


def solved_edge(picture: Codes, matte: Plane) -> Plane:
    """The matte (h, w) 0..1 with its edge as the colours of ``picture`` (h, w, 3 display RGB) have it; elsewhere it is as given, cut
    to all or nothing. Where there is no inside or no outside to start from, the matte comes back as it is."""
    inside, outside = _eroded(matte > 1 - _SURE), _eroded(matte < _SURE)
    box = enclosing(~(inside | outside), 2)
    if box is None or not inside.any() or not outside.any():
        return matte
    x0, y0, x1, y1 = box
    part = np.s_[y0:y1, x0:x1]
    open_ = ~(inside | outside)[part]
    out = np.where(inside, np.float32(1), np.where(outside, np.float32(0), matte))
    out[part][open_] = _cover(picture[part].astype(np.float64) / 255, open_, inside[part], matte[part][open_])
    return np.asarray(out, np.float32)


def _eroded(where: Marks) -> Marks:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _ROOM + 1, 2 * _ROOM + 1))
    return np.asarray(cv2.erode(where.astype(np.uint8), disc, borderValue=1) > 0)


def _cover(colour: npt.NDArray[np.float64], open_: Marks, inside: Marks, given: Plane) -> Plane:
    """The cover (n,) of the open pixels, of which ``given`` (n,) is known so far."""
    height, width = open_.shape
    touched = cv2.dilate(open_.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    number = np.arange(height * width).reshape(height, width)
    pixels = np.lib.stride_tricks.sliding_window_view(number, (3, 3))[touched].reshape(-1, _WINDOW)
    window = colour.reshape(-1, 3)[pixels]
    window = window - window.mean(axis=1, keepdims=True)
    spread = window.transpose(0, 2, 1) @ window / _WINDOW + np.eye(3) * (_NOISE / _WINDOW)
    likeness = np.eye(_WINDOW) - (1 + window @ np.linalg.solve(spread, window.transpose(0, 2, 1))) / _WINDOW
    rows = np.repeat(pixels, _WINDOW, axis=1).ravel()
    columns = np.tile(pixels, (1, _WINDOW)).ravel()
    smooth = coo_matrix((likeness.ravel(), (rows, columns)), (number.size, number.size)).tocsr()[number[open_]]
    known = ~open_.ravel()
    held = smooth[:, ~known] + _GIVEN * eye_array(len(given))
    wanted = _GIVEN * given - smooth[:, known] @ inside.ravel()[known].astype(np.float64)
    return np.asarray(np.clip(spsolve(held.tocsc(), wanted), 0, 1), np.float32)
