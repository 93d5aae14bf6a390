"""In which primaries a clip's noise was made, and where its light was cut off; there noise is taken out.

A codec's noise, and what was added to display codes, belongs to each of the display's own channels; brought to the working primaries it
mixes, bends, and no longer averages to the picture. And where codes end, noise can only go one way: the mean of what is left lies
above black by up to 0.4 of its deviation, and below white as much. That mean is known (of a normal number that is cut off), so it is
turned back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from answerprint.colour.primaries import to_acescg
from answerprint.generator.noise_model import NoiseModel, measure_noise_model
from answerprint.graph.contract import Context, FrameReader, Picture

__all__ = ["NoiseDomain", "measure_noise_domain"]

Real = npt.NDArray[np.float64]
_TO_REC_709: Real = np.asarray(np.linalg.inv(to_acescg("chromaticities:0.64,0.33,0.3,0.6,0.15,0.06,0.3127,0.329")), np.float64)
_CLEARLY = 0.05
"""How much less the channels' noise must differ in the display's primaries for it to be taken as made there."""
_CUT = 0.005
"""Share of a channel's pixels that lie at its end from which it counts as cut off."""
_NEAR = 1e-4


@dataclass(frozen=True)
class NoiseDomain:
    """``model`` of the noise, measured on light times ``matrix`` (3, 3, from ACEScg); ``ends`` (2, 3), the light at which each channel
    was cut off, below and above, NaN where it was not."""

    model: NoiseModel
    matrix: Real
    ends: Real

    def steady(self, picture: Picture) -> Picture:
        """ACEScg light (h, w, 3) in units of its own noise."""
        return self.model.steady(self._turned(picture, self.matrix))

    def light(self, steady: Picture) -> Picture:
        """The ACEScg light that ``steady``, freed of noise, came from."""
        found = steady.copy()
        for channel, table in enumerate(self._means):
            if table is not None:
                found[..., channel] = np.interp(steady[..., channel], table[1], table[0])
        return self._turned(self.model.light(found), np.asarray(np.linalg.inv(self.matrix), np.float64))

    def arrays(self) -> dict[str, Real]:
        """As plain arrays to keep."""
        return self.model.arrays() | {"noise_matrix": self.matrix, "noise_ends": self.ends}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.float64]]) -> NoiseDomain:
        """Back from ``arrays``."""
        return cls(NoiseModel.from_arrays(arrays), np.asarray(arrays["noise_matrix"]), np.asarray(arrays["noise_ends"]))

    @cached_property
    def _means(self) -> list[tuple[Real, Real] | None]:
        """For each channel that was cut off, steady values and the mean that noise of deviation 1 about them leaves."""
        out: list[tuple[Real, Real] | None] = []
        limits = self.model.steady(np.nan_to_num(self.ends, nan=0.0)[None].astype(np.float32))[0]
        for channel in range(3):
            below, above = np.isfinite(self.ends[:, channel])
            low, high = float(limits[0, channel]), float(limits[1, channel])
            if not below and not above:
                out.append(None)
                continue
            first = low if below else high - 60.0
            last = high if above else low + 60.0
            value = np.linspace(first, last, 1024)
            mean = value.copy()
            if below:
                mean += _raised(value - low)
            if above:
                mean -= _raised(high - value)
            if not above:
                value, mean = np.append(value, last + 1e6), np.append(mean, last + 1e6)
            if not below:
                value, mean = np.insert(value, 0, first - 1e6), np.insert(mean, 0, first - 1e6)
            out.append((value, np.maximum.accumulate(mean)))
        return out

    @staticmethod
    def _turned(picture: Picture, matrix: Real) -> Picture:
        return picture if np.array_equal(matrix, np.eye(3)) else np.asarray(picture @ matrix.T.astype(np.float32), np.float32)


def measure_noise_domain(plate: FrameReader, context: Context) -> NoiseDomain:
    """The noise of a clip in the primaries in which its channels differ least, and where they were cut off."""
    working = NoiseDomain(measure_noise_model(plate, context), np.eye(3), np.full((2, 3), np.nan))
    turned = _Turned(plate, _TO_REC_709)
    display = measure_noise_model(turned, context)
    if _mixed(display) > _mixed(working.model) - _CLEARLY:
        return working
    return NoiseDomain(display, _TO_REC_709, _ends(turned))


class _Turned:
    """A clip in other primaries."""

    def __init__(self, plate: FrameReader, matrix: Real) -> None:
        self._plate, self._matrix = plate, matrix.T.astype(np.float32)
        self.count, self.width, self.height = plate.count, plate.width, plate.height
        self.clip, self.digest, self.camera = plate.clip, plate.digest, plate.camera

    def read(self, index: int) -> Picture:
        return np.asarray(self._plate.read(index) @ self._matrix, np.float32)


def _mixed(model: NoiseModel) -> float:
    """How unlike the noise of brightness and of the colour differences is: 0 where red, green and blue have noise of their own."""
    strength = np.sqrt((model.spectrum**2).mean(axis=(1, 2)))
    return float(np.log(strength).std())


def _ends(plate: FrameReader) -> Real:
    """(2, 3) the light at which each channel is cut off: 0, and the clip's highest where many pixels have just that."""
    frames = [plate.read(at) for at in sorted({round(i * (plate.count - 1) / 2) for i in range(3)})]
    values = np.nan_to_num(np.stack(frames).reshape(-1, 3), nan=0.0, posinf=0.0, neginf=0.0)
    highest = values.max(axis=0)
    ends = np.full((2, 3), np.nan)
    ends[0, (np.abs(values) <= _NEAR).mean(axis=0) >= _CUT] = 0.0
    above = (values >= highest * (1 - 10 * _NEAR)).mean(axis=0) >= _CUT
    ends[1, above] = highest[above]
    return ends


def _raised(distance: Real) -> Real:
    """How far the mean of a normal number of deviation 1 lies above its centre when it is cut off ``distance`` below that."""
    return np.asarray(np.exp(-0.5 * distance**2) / np.sqrt(2 * np.pi) - distance * ndtr(-distance))
