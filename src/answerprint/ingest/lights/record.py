"""One lamp of a lighting plot, whoever wrote it down."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LightRecord(BaseModel):
    """A light where it hangs. None is unknown. Metres, degrees, kelvin; Z up, right-handed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(description="the number or name on the plot")
    name: str = ""
    fixture: str = Field(default="", description="maker's type")
    position: tuple[float, float, float] | None = Field(default=None, description="x, y, z in metres")
    direction: tuple[float, float, float] | None = Field(
        default=None, description="unit vector along the beam, without its head's own pan and tilt"
    )
    universe: int | None = Field(default=None, description="DMX universe from 1")
    address: int | None = Field(default=None, ge=1, le=512, description="DMX address")
    channel: str = ""
    intensity: float | None = Field(default=None, ge=0, le=1, description="level, 1 is full")
    cct_kelvin: float | None = Field(default=None, gt=0)
    gel: str = ""
    beam_degree: float | None = Field(default=None, description="full angle to half the intensity")
    field_degree: float | None = Field(default=None, description="full angle to a tenth of the intensity")
    luminous_flux_lm: float | None = None
    power_w: float | None = None
    note: str = ""
