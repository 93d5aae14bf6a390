"""Spatial data as numbers that a model can read and write: field, value, unit, validity; never words.

Each field has one unit and one step; a value becomes a whole number of steps (its code), so that nearby values have nearby
codes, and decodes to within half a step. Positions, angles and focal lengths step evenly; stops and focus distances step
in equal ratios, as lenses are marked. "Unknown" is a validity of its own and has no code: it is never 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.track import CameraTrack
from answerprint.production import BadInput

Validity = Literal["known", "unknown", "infinite"]
_VALIDITIES: tuple[Validity, ...] = ("known", "unknown", "infinite")

UNITS = {
    "m": ("length", 1.0), "cm": ("length", 0.01), "mm": ("length", 0.001), "ft": ("length", 0.3048), "in": ("length", 0.0254),
    "degree": ("angle", 1.0), "rad": ("angle", math.degrees(1.0)), "stop number": ("stop", 1.0), "s": ("time", 1.0), "ms": ("time", 0.001),
    "share": ("share", 1.0), "percent": ("share", 0.01),
}  # fmt: skip
"""Every unit a value may come in: what it measures, and how many of our own unit it is (m, degree, s; mm is length too)."""


@dataclass(frozen=True)
class Field:
    """How one field is counted: ``unit`` values in come out in, ``step`` in that unit or, ``by_ratio``, in octaves."""

    name: str
    unit: str
    step: float
    least: float
    most: float
    by_ratio: bool = False
    turns: bool = False
    """An angle that comes round: -180 and 180 are one"""

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return self.count(self.most) + (0 if self.turns else 1)

    def count(self, value: float) -> int:
        """Steps from the least value."""
        span = math.log2(value / self.least) if self.by_ratio else value - self.least
        return round(span / self.step)

    def value(self, code: int) -> float:
        """The value a code stands for, exact to rounding."""
        return self.least * 2.0 ** (code * self.step) if self.by_ratio else self.least + code * self.step


# Steps are half of what a round trip may lose or less: 1 mm, 0.01 degree, 0.01 mm, 1/100 stop, 0.1 %, 1 ms.
_STOP = 2 / 200 / 2
"""1/200 stop, in octaves of the stop number: one stop is half an octave (a factor of the square root of two)."""
FIELDS: dict[str, Field] = {
    f.name: f
    for f in (
        *(Field(f"translation.{axis}", "m", 0.0005, -1000.0, 1000.0) for axis in "xyz"),
        *(Field(f"rotation.{angle}", "degree", 0.005, -180.0, 180.0, turns=True) for angle in ("pan", "tilt", "roll")),
        Field("lens.focal_length", "mm", 0.005, 1.0, 3000.0),
        Field("lens.focus_distance", "m", 0.0005, 0.01, 10000.0, by_ratio=True),
        Field("lens.t_stop", "stop number", _STOP / 2, 0.5, 128.0, by_ratio=True),
        Field("lens.f_stop", "stop number", _STOP / 2, 0.5, 128.0, by_ratio=True),
        Field("lens.entrance_pupil_offset", "m", 0.0001, -2.0, 2.0),
        *(Field(f"lens.encoders.{ring}", "share", 1 / 65535, 0.0, 1.0) for ring in ("focus", "iris", "zoom")),
        Field("time", "s", 0.0005, -86400.0, 86400.0),
    )
}
_COLUMNS = {"focal_length_mm": "focal_length", "focus_distance_m": "focus_distance", "t_stop": "t_stop", "f_stop": "f_stop",
            "entrance_pupil_offset_m": "entrance_pupil_offset"}  # fmt: skip
_LEVELS = 12
_BETWEEN = 8.0
"""Each wavelength of the embedding is this much shorter than the one before."""
WIDTH = len(_VALIDITIES) + 2 * _LEVELS


@dataclass(frozen=True, order=True)
class Token:
    """One number: which field, its code (steps from the field's least value, None unless known), and whether it is known."""

    field: str
    code: int | None
    validity: Validity = "known"

    @property
    def unit(self) -> str:
        return FIELDS[self.field].unit

    @property
    def value(self) -> float:
        """In the field's own unit: NaN for unknown, infinity for infinite."""
        if self.code is None:
            return math.inf if self.validity == "infinite" else math.nan
        return FIELDS[self.field].value(self.code)

    @property
    def digits(self) -> tuple[int, ...]:
        """The code in base 10, the largest first, always as many as the field's largest code has; empty when not known."""
        if self.code is None:
            return ()
        return tuple(int(d) for d in str(self.code).zfill(len(str(FIELDS[self.field].codes - 1))))


def token(field: str, value: float | None, unit: str | None = None) -> Token:
    """The token of a value in any unit of its kind; None and NaN are unknown, infinity is infinite for focus distance.

    Raises BadInput for a field or unit nobody knows, for a unit of another kind (feet for an angle) and for values beyond
    the field's range: what cannot be said is not said nearly.
    """
    known = _field(field)
    factor = _factor(known, unit or known.unit)
    if value is None or math.isnan(value):
        return Token(field, None, "unknown")
    if math.isinf(value) and value > 0 and field == "lens.focus_distance":
        return Token(field, None, "infinite")
    ours = value * factor
    if known.turns:
        ours = math.remainder(ours, 360.0)
    slack = 1e-9 * max(1.0, abs(ours))
    if not known.least - slack <= ours <= known.most + slack:
        span = f"{known.least:g} to {known.most:g} {known.unit}"
        raise BadInput(field, f"{value:g} {unit or known.unit} is beyond {span}", "check the unit and where zero is")
    code = known.count(min(max(ours, known.least), known.most))
    return Token(field, code % known.codes if known.turns else code)


def from_digits(field: str, digits: Iterable[int]) -> Token:
    """The token that ``digits`` spell; raises BadInput for a code that the field does not have."""
    code = int("".join(str(int(d)) for d in digits) or "-1")
    if not 0 <= code < _field(field).codes:
        raise BadInput(field, f"{code} is no code of it", f"codes are 0 to {_field(field).codes - 1}")
    return Token(field, code)


def encode(values: Mapping[str, float | tuple[float | None, str] | None]) -> tuple[Token, ...]:
    """Tokens of many values, each plain in its field's unit or as (value, unit); sorted by field, so that order says nothing."""
    tokens = []
    for name, said in values.items():
        value, unit = said if isinstance(said, tuple) else (said, None)
        tokens.append(token(name, value, unit))
    return tuple(sorted(tokens, key=lambda t: t.field))


def decode(tokens: Iterable[Token]) -> dict[str, float]:
    """Values by field, each in its field's unit; NaN where unknown."""
    return {t.field: t.value for t in tokens}


def of_sample(track: CameraTrack, index: int) -> tuple[Token, ...]:
    """Everything one sample of a track says, time from the track's first sample; what it does not say is unknown."""
    values: dict[str, float | tuple[float | None, str] | None] = {"time": float(track.times[index] - track.times[0])}
    values |= {f"translation.{axis}": float(v) for axis, v in zip("xyz", track.translation[index], strict=True)}
    values |= {f"rotation.{a}": float(v) for a, v in zip(("pan", "tilt", "roll"), track.rotation[index], strict=True)}
    values |= {f"lens.{ours}": float(getattr(track, theirs)[index]) for theirs, ours in _COLUMNS.items()}
    values |= {f"lens.encoders.{r}": float(v) for r, v in zip(("focus", "iris", "zoom"), track.encoders[index], strict=True)}
    return encode(values)


def embed(tokens: Iterable[Token]) -> NDArray[np.float32]:
    """One row for each field there is, in fixed order, (fields, WIDTH): validity, then the code as waves.

    The longest wave spans the field four times over and each is an eighth of the one before, with an eighth of its weight:
    the distance between two rows grows with the distance between their values, and the shortest waves keep the last step.
    A field that is not among ``tokens`` is unknown.
    """
    rows = np.zeros((len(FIELDS), WIDTH), dtype=np.float32)
    rows[:, _VALIDITIES.index("unknown")] = 1.0
    places = {name: i for i, name in enumerate(FIELDS)}
    for t in tokens:
        row = rows[places[_field(t.field).name]]
        row[: len(_VALIDITIES)] = [t.validity == v for v in _VALIDITIES]
        if t.code is not None:
            waves, weights = _waves(FIELDS[t.field])
            phase = 2 * np.pi * np.remainder(t.code / waves, 1.0)
            row[len(_VALIDITIES) :] = np.concatenate([np.cos(phase) * weights, np.sin(phase) * weights])
    return rows


def read_embedding(rows: NDArray[np.floating]) -> tuple[Token, ...]:
    """The tokens of an embedding, by field: the longest wave says roughly where, each shorter one more exactly."""
    tokens = []
    for row, field in zip(np.asarray(rows, dtype=np.float64), FIELDS.values(), strict=True):
        validity = _VALIDITIES[int(np.argmax(row[: len(_VALIDITIES)]))]
        if validity != "known":
            tokens.append(Token(field.name, None, validity))
            continue
        waves, _ = _waves(field)
        phases = np.remainder(np.arctan2(row[-_LEVELS:], row[len(_VALIDITIES) : -_LEVELS]) / (2 * np.pi), 1.0)
        code = float(phases[0] * waves[0])
        for wave, phase in zip(waves[1:], phases[1:], strict=True):
            code = (round(code / wave - phase) + phase) * wave
            if wave <= 16:
                break
        steps = round(code) % field.codes if field.turns else min(max(round(code), 0), field.codes - 1)
        tokens.append(Token(field.name, steps))
    return tuple(sorted(tokens, key=lambda t: t.field))


def _waves(field: Field) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wavelengths in steps, and weights. An angle's longest wave is one turn, so that it comes round without a seam."""
    longest = float(field.codes) if field.turns else 4.0 * field.codes
    share = _BETWEEN ** -np.arange(_LEVELS)
    # An angle's waves must divide the turn, or -180 and 180 would differ.
    waves = field.codes / np.round(_BETWEEN ** np.arange(_LEVELS)) if field.turns else longest * share
    return np.asarray(waves, dtype=np.float64), np.asarray(share, dtype=np.float64)


def _field(name: str) -> Field:
    if name not in FIELDS:
        raise BadInput(name, "is no field", f"fields: {', '.join(FIELDS)}")
    return FIELDS[name]


def _factor(field: Field, unit: str) -> float:
    """What a value in ``unit`` is multiplied with to be in the field's own unit."""
    if unit not in UNITS:
        raise BadInput(field.name, f"{unit!r} is no unit", f"use one of {', '.join(UNITS)}")
    kind, size = UNITS[unit]
    own_kind, own = UNITS[field.unit]
    if kind != own_kind:
        raise BadInput(field.name, f"{unit} measures {kind}, and this is {own_kind}", f"give it in {field.unit}")
    return size / own
