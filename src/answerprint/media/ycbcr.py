"""Between the Y'CbCr samples of a movie and R'G'B' codes, with the matrix and the chroma positions that the movie names.

Formulae: ITU-R BT.709-6 item 3, BT.601-7, BT.2020-2 for the luma weights; quantisation after ITU-T H.273 (8.3). Chroma is brought
to luma positions by the two-tap linear filter in whole numbers and the matrix is applied in float32, one operation at a time, so
that the same samples give the same codes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.unsignedinteger[Any]]
Codes = NDArray[np.uint16]
Siting = Literal["left", "top_left", "centre"]

# Luma weights of red and blue, by the matrix number of ITU-T H.273 table 4.
LUMA_WEIGHTS: dict[int, tuple[float, float]] = {
    1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593),
}  # fmt: skip
_STRIPE = 64  # rows worked on at once: their intermediate values stay in the processor's cache


@dataclass(frozen=True)
class Encoding:
    """How a movie stores colour: H.273 matrix number, samples' bits, full or limited range, where chroma samples sit."""

    matrix: int = 1
    bits: int = 8
    full_range: bool = False
    siting: Siting = "left"


def to_rgb16(y: Samples, cb: Samples, cr: Samples, encoding: Encoding) -> tuple[Codes, Codes, Codes]:
    """R'G'B' as 16-bit codes (0 black, 65535 white) from luma and chroma planes of 4:4:4, 4:2:2 or 4:2:0.

    Codes outside black to white are clipped: 16-bit output has no room for super-whites.
    """
    height, width = y.shape
    across, down = round(width / cb.shape[1]), round(height / cb.shape[0])
    u, scale_u = _upsampled(cb, across, down, (height, width), encoding.siting)
    v, _ = _upsampled(cr, across, down, (height, width), encoding.siting)
    red, blue = LUMA_WEIGHTS.get(encoding.matrix, LUMA_WEIGHTS[1])
    green = 1.0 - red - blue
    unit = 1 << (encoding.bits - 8)
    peak = (1 << encoding.bits) - 1
    y_zero, y_span, c_span = (0.0, float(peak), float(peak)) if encoding.full_range else (16.0 * unit, 219.0 * unit, 224.0 * unit)
    gain = np.float32(65535.0 / y_span)
    base = np.float32(y_zero)
    middle = np.float32(128 * unit * scale_u)
    per_chroma = 65535.0 / (c_span * scale_u)
    to_red = np.float32(2 * (1 - red) * per_chroma)
    to_blue = np.float32(2 * (1 - blue) * per_chroma)
    green_u = np.float32(-2 * (1 - blue) * blue / green * per_chroma)
    green_v = np.float32(-2 * (1 - red) * red / green * per_chroma)
    out = tuple(np.empty((height, width), np.uint16) for _ in range(3))
    for top in range(0, height, _STRIPE):
        rows = slice(top, min(top + _STRIPE, height))
        luma = (y[rows].astype(np.float32) - base) * gain
        us = u[rows].astype(np.float32)
        us -= middle
        vs = v[rows].astype(np.float32)
        vs -= middle
        _store(out[0][rows], luma + vs * to_red)
        _store(out[2][rows], luma + us * to_blue)
        us *= green_u
        us += luma
        vs *= green_v
        us += vs
        _store(out[1][rows], us)
    return out[0], out[1], out[2]


def _store(out: Codes, values: NDArray[np.float32]) -> None:
    np.rint(values, out=values)
    np.clip(values, 0.0, 65535.0, out=values)
    out[...] = values


def _upsampled(c: Samples, across: int, down: int, size: tuple[int, int], siting: Siting) -> tuple[Samples, int]:
    """Chroma at every luma position, as whole numbers ``scale`` times the samples, and that scale."""
    if (across, down) not in ((1, 1), (2, 1), (2, 2), (1, 2)):
        raise ValueError(f"chroma subsampling of {across} by {down}")
    scale = 1
    c = c.astype(np.uint32 if int(c.itemsize) > 1 and int(c.max(initial=0)) > 4095 else np.uint16, copy=False)
    if down == 2:
        c = _doubled_midway(c) if siting != "top_left" else _doubled_cosited(c)
        scale *= 4 if siting != "top_left" else 2
    if across == 2:
        midway = siting == "centre"
        c = _doubled_midway(c.T).T if midway else _doubled_cosited_across(c)
        scale *= 4 if midway else 2
    return c[: size[0], : size[1]], scale


def _doubled_midway(c: Samples) -> Samples:
    """Twice the rows; samples sit midway between two output rows: weights 3 and 1, sum 4."""
    out = np.empty((2 * c.shape[0], c.shape[1]), c.dtype)
    three = c * c.dtype.type(3)
    out[0], out[-1] = c[0] * 4, c[-1] * 4
    np.add(three[1:], c[:-1], out=out[2::2])
    np.add(three[:-1], c[1:], out=out[1:-1:2])
    return out


def _doubled_cosited(c: Samples) -> Samples:
    """Twice the rows; samples sit on the even output rows, odd rows lie between two: sum 2."""
    out = np.empty((2 * c.shape[0], c.shape[1]), c.dtype)
    np.multiply(c, c.dtype.type(2), out=out[0::2])
    np.add(c[:-1], c[1:], out=out[1:-1:2])
    out[-1] = c[-1] * 2
    return out


def _doubled_cosited_across(c: Samples) -> Samples:
    """Twice the columns; samples sit on the even output columns: sum 2."""
    out = np.empty((c.shape[0], 2 * c.shape[1]), c.dtype)
    np.multiply(c, c.dtype.type(2), out=out[:, 0::2])
    np.add(c[:, :-1], c[:, 1:], out=out[:, 1:-1:2])
    out[:, -1] = c[:, -1] * 2
    return out


def from_rgb(rgb: NDArray[np.floating[Any]], bits: int, matrix: int = 1) -> tuple[Codes, Codes, Codes]:
    """Limited-range Y'CbCr 4:4:4 samples of display-encoded R'G'B' in 0..1 (values beyond keep their foot- and headroom)."""
    red, blue = LUMA_WEIGHTS[matrix]
    r, g, b = (rgb[..., i].astype(np.float32) for i in range(3))
    y = r * np.float32(red) + g * np.float32(1.0 - red - blue) + b * np.float32(blue)
    unit = np.float32(1 << (bits - 8))
    cb = (b - y) * (np.float32(224 / (2 * (1 - blue))) * unit) + np.float32(128) * unit
    cr = (r - y) * (np.float32(224 / (2 * (1 - red))) * unit) + np.float32(128) * unit
    y = y * (np.float32(219) * unit) + np.float32(16) * unit
    # The lowest and highest codes of SDI are for synchronisation (BT.709-6, 4.2) and never carry picture.
    low, high = (1, 254) if bits == 8 else (4 << (bits - 10), (1020 << (bits - 10)) - 1)
    planes = []
    for plane in (y, cb, cr):
        plane = np.nan_to_num(plane, nan=0.0, posinf=float(high), neginf=float(low))
        planes.append(np.clip(np.rint(plane), low, high).astype(np.uint16))
    return planes[0], planes[1], planes[2]


def halved_left(c: NDArray[np.unsignedinteger[Any]]) -> Samples:
    """Chroma brought to 4:2:0 positions (even columns, midway between rows): weights 1 2 1 across, 1 1 down, rounded."""
    wide = np.pad(c.astype(np.uint32), ((0, c.shape[0] % 2), (1, 1 + c.shape[1] % 2)), mode="edge")
    across = wide[:, 0:-2:2] + 2 * wide[:, 1:-1:2] + wide[:, 2::2]
    return ((across[0::2] + across[1::2] + 4) >> 3).astype(np.uint16)
