"""One lens's distortion at every focus and zoom it was measured at, and between."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from answerprint.optics.lens_model import AnyDistortion
from answerprint.optics.table import Axis, LensState, Row, Table


class Setting(BaseModel):
    """The model that was solved at one setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    at: tuple[float, ...] = Field(default=(), description="one place on each axis of the table")
    model: AnyDistortion


class DistortionTable(BaseModel):
    """Models of one kind over focus (metres) and zoom (mm); coefficients are interpolated as ``Table`` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    axes: tuple[Axis, ...] = Field(default=(), max_length=2, description="slowest first")
    settings: tuple[Setting, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_one_kind(self) -> DistortionTable:
        if len({setting.model.model for setting in self.settings}) != 1:
            raise ValueError("a distortion table holds models of one kind only")
        self._numbers()
        return self

    def at(self, state: LensState) -> AnyDistortion:
        """The model at a setting; the nearest edge where it was not measured."""
        for setting in self.settings:
            # A measured setting gives back exactly what was measured.
            if setting.at == tuple(getattr(state, axis) for axis in self.axes):
                return setting.model
        return self.settings[0].model.with_numbers(self._numbers().at(state))

    def _numbers(self) -> Table:
        rows = tuple(Row(at=s.at, values=tuple(float(v) for v in s.model.numbers())) for s in self.settings)
        return Table(axes=self.axes, rows=rows)
