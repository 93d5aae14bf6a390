"""What a lens does over focus, zoom and iris: measured rows, and any setting between them.

Between rows the curve is a monotone cubic (F. Fritsch, R. Carlson, SIAM J. Numer. Anal. 17(2), 1980): it passes through
every row and never overshoots one. Focus runs in dioptres (1 / metre), where lens scales are close to straight and
infinity is 0; focal length and f-number in logarithms, where rings and zooms are divided evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.interpolate import PchipInterpolator

Axis = Literal["focus_distance", "focal_length", "f_number"]
Real = NDArray[np.float64]


class LensState(BaseModel):
    """How the lens is set at one moment."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    focus_distance: float = Field(default=float("inf"), gt=0, description="metres from the image plane; infinity is allowed")
    focal_length: float = Field(default=50.0, gt=0, description="what the zoom ring says, mm")
    f_number: float = Field(default=8.0, gt=0, description="what the geometry of the iris says, not the T-stop")


class Row(BaseModel):
    """What was measured at one setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    at: tuple[float, ...] = Field(description="one place on each axis of the table")
    values: tuple[float, ...]


class Table(BaseModel):
    """Rows over up to three axes. Each step along an axis may have its own places along the next (a ragged grid)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    axes: tuple[Axis, ...] = Field(default=(), max_length=3, description="slowest first")
    rows: tuple[Row, ...] = Field(min_length=1)
    scale: Literal["plain", "logarithmic"] = Field(
        default="plain", description="logarithmic for values that are ratios, such as a zoom's focal length"
    )

    @model_validator(mode="after")
    def _is_a_grid(self) -> Table:
        widths = {len(row.values) for row in self.rows}
        places = [row.at for row in self.rows]
        if len(widths) != 1 or any(len(at) != len(self.axes) for at in places):
            raise ValueError("every row of a table needs one place for each axis and the same number of values")
        if len(set(places)) != len(places):
            raise ValueError("a table has two rows for one place")
        if any(not place > 0 for at in places for place in at):
            raise ValueError("places in a table must be greater than 0")
        if self.scale == "logarithmic" and not all(value > 0 for row in self.rows for value in row.values):
            raise ValueError("values of a logarithmic table must be greater than 0")
        return self

    @classmethod
    def constant(cls, *values: float) -> Table:
        """A table that says the same everywhere."""
        return cls(rows=(Row(at=(), values=values),))

    @classmethod
    def over(
        cls,
        axes: Sequence[Axis],
        rows: Mapping[tuple[float, ...], Sequence[float]],
        scale: Literal["plain", "logarithmic"] = "plain",
    ) -> Table:
        """From a mapping of places to values."""
        return cls(axes=tuple(axes), rows=tuple(Row(at=at, values=tuple(values)) for at, values in rows.items()), scale=scale)

    def at(self, state: LensState) -> Real:
        """The values (n,) at a setting. Outside the rows the nearest edge holds: a lens is not extrapolated."""
        wanted = [_place(axis, getattr(state, axis)) for axis in self.axes]
        points = [[_place(axis, v) for axis, v in zip(self.axes, row.at, strict=True)] for row in self.rows]
        values = np.array([row.values for row in self.rows])
        if self.scale == "logarithmic":
            values = np.log(values)
        found = _between(np.array(points).reshape(len(self.rows), -1), values, wanted)
        return np.exp(found) if self.scale == "logarithmic" else found

    def covers(self, state: LensState) -> bool:
        """Whether the setting lies within the rows on every axis, so that nothing was held at an edge."""
        for n, axis in enumerate(self.axes):
            places = [_place(axis, row.at[n]) for row in self.rows]
            if not min(places) - 1e-9 <= _place(axis, getattr(state, axis)) <= max(places) + 1e-9:
                return False
        return True


def _place(axis: str, value: float) -> float:
    return 1.0 / value if axis == "focus_distance" else float(np.log(value))


def _between(points: Real, values: Real, wanted: list[float]) -> Real:
    if not wanted:
        return np.asarray(values[0])
    steps = np.unique(points[:, 0])
    # Only the four steps around the wanted place shape the curve there; the rest need not be worked out.
    near = int(np.searchsorted(steps, wanted[0]))
    steps = steps[max(near - 3, 0) : near + 3]
    here = [points[:, 0] == step for step in steps]
    column = np.array([_between(points[rows, 1:], values[rows], wanted[1:]) for rows in here])
    if len(steps) == 1:
        return np.asarray(column[0])
    return np.asarray(PchipInterpolator(steps, column)(np.clip(wanted[0], steps[0], steps[-1])))
