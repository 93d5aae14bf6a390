"""Sensor noise: the shot noise of counted light, and the noise of reading it out.

Electrons are Poisson counts plus a normal read noise (European Machine Vision Association, EMVA Standard 1288, section 2):
variance grows with light, and twice the ISO is half the electrons for the same grey. Each frame draws from a stream of its
own, so that any frame can be made again alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.sensor import MIDDLE_GREY, Gain

Frame = NDArray[np.float32]

_MANY = 1e6
"""From this many electrons on, a normal draw is the same as a counted one to a thousandth of its width."""


def add_noise(frame: Frame, gain: Gain, seed: int, number: int = 0, to_camera: NDArray[np.floating] | None = None) -> Frame:
    """The picture (h, w, c) as that sensor would record it; mean unchanged, nothing clamped at either end.

    Values are scene-linear, 0.18 for a grey card. Below black no light is counted, only the read noise is there.
    ``to_camera`` (3, 3) takes the frame's colours to the sensor's own, in which light is counted, and back; without it the
    frame's own channels are counted. The same ``seed`` and frame ``number`` give the same bits.
    """
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, number])))
    light = frame.astype(np.float64)
    if to_camera is not None:
        light = light @ np.asarray(to_camera, dtype=np.float64).T
    known = np.isfinite(light)
    electrons = np.where(known, light, 0.0) * (gain.electrons_at_grey / MIDDLE_GREY)
    counted = np.clip(electrons, 0, None)
    few = draw.poisson(np.minimum(counted, _MANY)).astype(np.float64)
    normal = draw.standard_normal(light.shape)
    counts = np.where(counted < _MANY, few, counted + np.sqrt(counted) * normal)
    noise = counts - counted + gain.read_noise * draw.standard_normal(light.shape)
    noisy = np.where(known, light + noise * (MIDDLE_GREY / gain.electrons_at_grey), light)
    if to_camera is not None:
        noisy = noisy @ np.linalg.inv(np.asarray(to_camera, dtype=np.float64)).T
    return noisy.astype(np.float32)


def expected_deviation(level: NDArray[np.floating] | float, gain: Gain) -> NDArray[np.float64]:
    """The standard deviation of the noise at scene-linear levels."""
    electrons = np.clip(np.asarray(level, dtype=np.float64), 0, None) * (gain.electrons_at_grey / MIDDLE_GREY)
    return np.asarray(np.sqrt(electrons + gain.read_noise**2) * (MIDDLE_GREY / gain.electrons_at_grey))
