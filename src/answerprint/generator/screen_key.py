"""Keying a green or blue screen, and taking out its light where it fell on the subject.

The key is the colour difference: how much more of the screen's channel there is than of the stronger of the other two,
against what the bare screen around has (P. Vlahos, US patent 3,595,987, 1971, long expired). Uneven screens are met by
the screen's own colour near each pixel.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.graph.contract import Picture, Plane

Screen = Literal["none", "green", "blue"]
_OFF, _DARKEST = 0.16, 0.3
"""How far from the background's colour a shadow on it may be, as a share of its light, and the least light left in it: darker is cloth."""
_OWN_COLOUR = 1.8
"""How many times the weaker channel a colour's second channel must be to count as its own rather than as spill (skin: 1.3 to 1.7)."""
_NEAR = 0.06
"""Of the picture's width: how far around the screen's own colour is averaged."""


def screen_excess(picture: Picture, screen: Screen) -> npt.NDArray[np.float32]:
    """How much more of the screen's channel than of the others there is, (h, w), scene-linear."""
    own = 1 if screen == "green" else 2
    others = [c for c in range(3) if c != own]
    return np.asarray(picture[..., own] - np.maximum(picture[..., others[0]], picture[..., others[1]]), np.float32)


def key(picture: Picture, screen: Screen, low: float, high: float) -> tuple[Plane, Picture]:
    """The subject's matte (h, w), 0 on bare screen, and the screen's colour behind each pixel (h, w, 3).

    ``low`` and ``high`` are the shares of the bare screen's excess below which a pixel is all subject, above which all screen.
    """
    clean = np.nan_to_num(picture, nan=0.0, posinf=65504.0, neginf=0.0)
    excess = screen_excess(clean, screen)
    strong = float(np.percentile(excess, 99))
    bare = excess > 0.6 * strong
    if strong <= 0 or not bare.any():
        return np.ones(picture.shape[:2], np.float32), np.zeros_like(picture)
    behind = around(clean, bare.astype(np.float32))
    full = np.maximum(screen_excess(behind, screen), 0.2 * strong)
    sure = (excess <= low * full).astype(np.float32)
    # A red sleeve has less than no excess: half of it over half of the screen is not half the screen's. What the subject
    # has near an edge is where the scale begins.
    begins = np.minimum(screen_excess(around(clean, sure, 0.015), screen), 0) if sure.any() else np.zeros_like(excess)
    share = (excess - begins) / (full - begins)
    alpha = 1 - np.clip((share - low) / np.maximum(high - low, 1e-3), 0, 1)
    return np.asarray(np.where(_inner(sure), 1, alpha), np.float32), behind


def without_spill(picture: Picture, screen: Screen, amount: float) -> Picture:
    """The picture with the screen's channel held to the mean of the other two; where the colour is its own (yellow and cyan cloth before
    green: the weaker of the two far below the screen's channel, which is not above the stronger), to the stronger of them."""
    if screen == "none" or amount == 0:
        return picture
    own = 1 if screen == "green" else 2
    one, other = (picture[..., c] for c in range(3) if c != own)
    stronger, weaker = np.maximum(one, other), np.minimum(one, other)
    coloured = np.clip(np.minimum(picture[..., own], stronger) / np.maximum(weaker, 1e-4) - _OWN_COLOUR, 0, 1)
    coloured = coloured * np.clip(11 - 10 * picture[..., own] / np.maximum(stronger, 1e-4), 0, 1)
    mean = (one + other) / 2
    limit = mean + (stronger - mean) * coloured
    over = np.maximum(picture[..., own] - limit, 0) * np.float32(amount)
    out = picture.copy()
    out[..., own] -= over
    return out


def thrown_shadow(picture: Picture, behind: Picture, blur: float) -> tuple[Plane, Plane]:
    """How much light is left where the subject throws its shadow on the old background, (h, w) 0..1 (1: no shadow), and how surely a
    pixel is nothing but that background, (h, w) 0..1.

    A shadow keeps the colour of what it falls on: there the picture is ``behind``, the old background's own light, times one number.
    The shadow is ``blur`` pixels soft, so that it carries no grain.
    """
    clean = np.nan_to_num(picture, nan=0.0, posinf=65504.0, neginf=0.0)
    soft = cv2.GaussianBlur(clean, (0, 0), max(0.7, blur / 4), borderType=cv2.BORDER_REFLECT)
    left = (soft * behind).sum(axis=2) / np.maximum((behind * behind).sum(axis=2), 1e-10)
    off = np.sqrt(((soft - left[..., None] * behind) ** 2).sum(axis=2)) / np.maximum(left * np.sqrt((behind**2).sum(axis=2)), 1e-6)
    bare = np.clip((_OFF - off) / (_OFF / 2), 0, 1) * np.clip((left - _DARKEST) / 0.1, 0, 1)
    bare = cv2.erode(bare.astype(np.float32), np.ones((3, 3), np.uint8))
    top, near = (cv2.GaussianBlur(p, (0, 0), blur, borderType=cv2.BORDER_REFLECT) for p in (left.astype(np.float32) * bare, bare))
    kept = np.where(near > 1e-2, top / np.maximum(near, 1e-6), 1.0)
    # An uneven screen is no shadow: a tenth does not count, two tenths do.
    kept += (1 - kept) * np.clip((kept - 0.8) / 0.1, 0, 1)
    return np.asarray(np.clip(kept, 0, 1), np.float32), np.asarray(bare, np.float32)


def _inner(sure: Plane) -> npt.NDArray[np.bool_]:
    """What is surely the subject, without its outermost pixels, which may be mixed."""
    return np.asarray(cv2.erode(sure, np.ones((5, 5), np.uint8), borderValue=1) > 0)


def around(picture: Picture, weight: Plane, near: float = _NEAR) -> Picture:
    """The mean of ``picture`` where ``weight`` (h, w) is, around each pixel; farther away where there is nothing near."""
    width = picture.shape[1]
    total = np.zeros_like(picture)
    share = np.full(picture.shape[:2], 1e-12, np.float32)
    small = (max(8, width // 4), max(8, picture.shape[0] // 4))
    values, weights = (cv2.resize(p, small, interpolation=cv2.INTER_AREA) for p in (picture * weight[..., None], weight))
    for spread, trust in ((near, 1.0), (4 * near, 1e-3), (1.0, 1e-6)):
        sigma = max(1.0, spread * small[0])
        blurred = [cv2.GaussianBlur(p, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for p in (values, weights)]
        size = (width, picture.shape[0])
        total += np.float32(trust) * cv2.resize(blurred[0], size, interpolation=cv2.INTER_LINEAR)
        share += np.float32(trust) * cv2.resize(blurred[1], size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(total / share[..., None], np.float32)
