"""How different two pictures look: CIEDE2000 between scene-linear colours.

The viewing assumption, the same for both pictures: an observer adapted to ACES white (about D60) for whom the perfect
diffuser is scene-linear 1.0 (``white``), so 18 % grey is L* 49.5. That is the working space's own definition of white,
so no adaptation, tone scale or display enters, and a difference in the highlights counts although a display view
would hide it. Colours above white go on along the same cube root. Published chart data that assume D50 or D65 are
compared by Lab directly, with ``delta_e_2000``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

# AP1 to CIE XYZ, ACES white (AMPAS S-2014-004, Annex A); rows sum to the XYZ of ACES white.
AP1_TO_XYZ = np.array(
    [
        [0.6624541811085053, 0.1340042064563747, 0.1561876870484304],
        [0.2722287168085920, 0.6740817658111484, 0.0536895174102596],
        [-0.0055746494905543, 0.0040607335069810, 1.0103391003129971],
    ]
)
ACES_WHITE_XYZ = AP1_TO_XYZ.sum(axis=1)


def ciede2000(acescg_a: NDArray[np.floating], acescg_b: NDArray[np.floating], white: float = 1.0) -> Real:
    """ΔE00 of each pair of scene-linear ACEScg colours (..., 3), under the assumption at the head of this file."""
    return delta_e_2000(lab(acescg_a, white), lab(acescg_b, white))


def lab(acescg: NDArray[np.floating], white: float = 1.0) -> Real:
    """CIE 1976 L*a*b* (CIE 15:2018, 8.2.1) of scene-linear ACEScg (..., 3), relative to ACES white at ``white``.

    >>> lab(np.array([0.18, 0.18, 0.18])).round(1).tolist()
    [49.5, 0.0, 0.0]
    """
    xyz = np.asarray(acescg, dtype=np.float64) @ AP1_TO_XYZ.T / (ACES_WHITE_XYZ * white)
    low = 6.0 / 29.0
    f = np.where(xyz > low**3, np.cbrt(xyz), xyz / (3.0 * low**2) + 4.0 / 29.0)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def delta_e_2000(lab_a: NDArray[np.floating], lab_b: NDArray[np.floating]) -> Real:
    """ΔE00 of L*a*b* pairs (..., 3), kL = kC = kH = 1.

    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research & Application 30(1), 2005;
    their equation numbers stand beside the lines.
    """
    first, second = np.asarray(lab_a, dtype=np.float64), np.asarray(lab_b, dtype=np.float64)
    l1, a1, b1 = first[..., 0], first[..., 1], first[..., 2]
    l2, a2, b2 = second[..., 0], second[..., 1], second[..., 2]
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2  # (2), (3)
    g = 0.5 * (1 - np.sqrt(_to_seventh(mean_chroma)))  # (4)
    a1, a2 = a1 * (1 + g), a2 * (1 + g)  # (5)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)  # (6)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360  # (7)

    grey = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))  # (10)
    turn = np.where(grey, 0.0, turn)
    d_light, d_chroma = l2 - l1, c2 - c1  # (8), (9)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)  # (11)

    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2  # (12), (13)
    around = h1 + h2
    hue = np.where(np.abs(h1 - h2) <= 180, around / 2, np.where(around < 360, (around + 360) / 2, (around - 360) / 2))
    hue = np.where(grey, around, hue)  # (14)
    t = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)  # (15)
    tilt = 30 * np.exp(-(((hue - 275) / 25) ** 2))  # (16)
    rc = 2 * np.sqrt(_to_seventh(chroma))  # (17)
    lift = (light - 50) ** 2
    sl = 1 + 0.015 * lift / np.sqrt(20 + lift)  # (18)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t  # (19), (20)
    rt = -np.sin(np.radians(2 * tilt)) * rc  # (21)
    squares = (d_light / sl) ** 2 + (d_chroma / sc) ** 2 + (d_hue / sh) ** 2 + rt * (d_chroma / sc) * (d_hue / sh)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))  # (22)


def _to_seventh(chroma: Real) -> Real:
    """C^7 / (C^7 + 25^7), written so that a very large chroma does not overflow."""
    ratio = np.asarray((25.0 / np.maximum(chroma, 1e-12)) ** 7)
    return np.asarray(1.0 / (1.0 + ratio))


def _cos(degrees: Real) -> Real:
    return np.asarray(np.cos(np.radians(degrees)))
