"""The sensor behind the lens: its pixels, its light budget at each ISO, and how it is read out."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator

MIDDLE_GREY = 0.18
"""Scene-linear value of an 18 % grey card under correct exposure, the anchor of every ACES working space."""


class Gain(BaseModel):
    """The light budget at one ISO setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iso: float = Field(gt=0)
    electrons_at_grey: float = Field(gt=0, description="mean electrons per pixel of an 18 % grey card, correctly exposed")
    read_noise: float = Field(ge=0, description="standard deviation with the cap on, electrons")


class Sensor(BaseModel):
    """One sensor mode."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    resolution: tuple[int, int] = Field(description="width and height in pixels, as recorded (anamorphic: still squeezed)")
    dimensions: tuple[float, float] = Field(description="width and height of that area, mm")
    gains: tuple[Gain, ...] = Field(default=(), description="over ISO; none is a sensor without noise")
    readout_time: float = Field(default=0.0, ge=0, description="seconds from the first row to the last; 0 is a global shutter")

    @model_validator(mode="after")
    def _is_whole(self) -> Sensor:
        if min(self.resolution) < 1 or not min(self.dimensions) > 0:
            raise ValueError("a sensor needs a resolution of at least 1x1 and dimensions greater than 0")
        if len({gain.iso for gain in self.gains}) != len(self.gains):
            raise ValueError("a sensor has two gains for one ISO")
        return self

    @property
    def pixels_per_mm(self) -> tuple[float, float]:
        return self.resolution[0] / self.dimensions[0], self.resolution[1] / self.dimensions[1]

    def at(self, iso: float) -> Gain | None:
        """The budget at an ISO, straight in log-log between and beyond the measured ones; None for no noise.

        Beyond, electrons fall in proportion to ISO: twice the ISO is half the light for the same grey.
        """
        known = sorted(self.gains, key=lambda gain: gain.iso)
        if not known:
            return None
        nearest = min(known, key=lambda gain: abs(math.log(gain.iso / iso)))
        below = [gain for gain in known if gain.iso <= iso]
        above = [gain for gain in known if gain.iso >= iso]
        if not below or not above:
            return Gain(iso=iso, electrons_at_grey=nearest.electrons_at_grey * nearest.iso / iso, read_noise=nearest.read_noise)
        low, high = below[-1], above[0]
        share = 0.0 if low.iso == high.iso else math.log(iso / low.iso) / math.log(high.iso / low.iso)
        electrons = low.electrons_at_grey ** (1 - share) * high.electrons_at_grey**share
        return Gain(iso=iso, electrons_at_grey=electrons, read_noise=low.read_noise * (1 - share) + high.read_noise * share)
