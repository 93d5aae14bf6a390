"""Stray light: the veil round bright things, the streak of an anamorphic, and ghosts between the surfaces.

All of it is taken from the picture and given back elsewhere in the picture, so the light of a frame stays what it was
(up to what falls past its edges). Veil profiles follow the inverse-cube fall measured for camera lenses and eyes
(G. Spencer et al., "Physically-based glare effects for digital images", SIGGRAPH 1995).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2

from answerprint.optics.depth_of_field import WIDEST
from answerprint.optics.lens import Ghost, Glare
from answerprint.optics.pupil import Pupil
from answerprint.optics.stmap import grid
from answerprint.optics.warp import warp

Frame = NDArray[np.float32]
Real = NDArray[np.float64]


def veil(frame: Frame, glare: Glare, pixels_per_mm: float) -> Frame:
    """The picture (h, w, c) with its stray light spread by a veil and a streak; the same bits for no stray light."""
    if glare.share == 0 and glare.streak == 0:
        return frame
    height, width = frame.shape[:2]
    x = np.arange(-width + 1, width, dtype=np.float64)[None, :] / pixels_per_mm
    y = np.arange(-height + 1, height, dtype=np.float64)[:, None] / pixels_per_mm
    spread = np.zeros((2 * height - 1, 2 * width - 1))
    if glare.share:
        # half the height at the radius: (1 + (r / a)^2)^-1.5 = 1 / 2
        scale = glare.radius / np.sqrt(2 ** (2 / 3) - 1)
        kernel = (1 + (x * x + y * y) / scale**2) ** -1.5
        spread += glare.share * kernel / kernel.sum()
    if glare.streak:
        line = np.exp(-np.abs(x) / glare.streak_length) * np.exp(-0.5 * (y * pixels_per_mm / 0.7) ** 2)
        spread += glare.streak * line / line.sum()
    return ((1 - glare.share - glare.streak) * frame + _spread(frame, spread)).astype(np.float32)


def ghosts(
    frame: Frame,
    reflections: tuple[Ghost, ...],
    pupil: Pupil,
    centre: tuple[float, float],
    pixels_per_mm: float,
    linear: bool = False,
) -> Frame:
    """The picture (h, w, c) with a faint copy for each reflection, scaled about ``centre`` and shaped by the pupil.

    ``linear`` keeps the resampling's overshoot, so that the ghosts of light groups add up to those of the beauty.
    """
    if not reflections:
        return frame
    taken = np.sum([ghost.strength for ghost in reflections], axis=0)
    out = frame.astype(np.float64) * (1 - taken)
    middle = np.array(centre)
    for ghost in reflections:
        if ghost.scale == 0:
            continue
        # The copy is shrunk before it is softened, with its light kept: a smaller copy is a brighter one.
        small = cv2.GaussianBlur(frame, (0, 0), max(0.5 / abs(ghost.scale), 0.5)) if abs(ghost.scale) < 0.7 else frame
        small = small if small.ndim == 3 else small[..., None]
        copy = warp(small, middle + (grid(frame.shape[1], frame.shape[0]) - middle) / ghost.scale, ring=linear) / ghost.scale**2
        out += _softened(copy, ghost.blur * pixels_per_mm / 2, pupil) * np.array(ghost.strength)
    return out.astype(np.float32)


def _softened(frame: Frame, radius: float, pupil: Pupil) -> Frame:
    if radius < 0.75:
        return frame
    reach = int(np.ceil(min(radius, WIDEST) * float(pupil.outline.max()) + 0.5))
    touching, slope = pupil.edge(reach)
    disc = np.clip(0.5 + (min(radius, WIDEST) - touching) * slope, 0, 1)
    return _spread(frame, disc / disc.sum()).astype(np.float32)


def _spread(frame: Frame, kernel: Real) -> Real:
    """The convolution (h, w, c) of a picture with a kernel whose middle is its centre; what leaves the frame is gone."""
    height, width, channels = frame.shape
    high, wide = kernel.shape
    size = (next_fast_len(height + high - 1, real=True), next_fast_len(width + wide - 1, real=True))
    shape = rfft2(kernel, size)
    top, left = high // 2, wide // 2
    spread = [irfft2(rfft2(frame[..., c].astype(np.float64), size) * shape, size) for c in range(channels)]
    return np.stack([plane[top : top + height, left : left + width] for plane in spread], axis=-1)
