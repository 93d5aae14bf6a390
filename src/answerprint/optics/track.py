"""Where a camera was and how its lens stood, sample by sample: the one record that every tracker, crane, robot and solve becomes.

Names, units and axes are SMPTE OpenTrackIO's: metres, degrees, millimetres, seconds; Z up, right-handed; at pan, tilt and
roll zero the camera looks along +Y with +X to its right; rotation is intrinsic about Z, X, Y. What a device did not say is
NaN, never 0. The record stands in this room because the readers of `ingest` make it and every room above reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from answerprint.production import BadInput, Timecode
from answerprint.production.values import Source

Real = NDArray[np.float64]

LENS_FIELDS = {
    "focal_length_mm": "mm",
    "focus_distance_m": "m",
    "t_stop": "stop number",
    "f_stop": "stop number",
    "entrance_pupil_offset_m": "m",
}
"""Columns of one number a sample, with their units."""

# What turns columns of OpenGL axes (right, up, back) and OpenCV axes (right, down, forward) into right, forward, up.
_FROM_OPENGL = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
_FROM_OPENCV = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def axes_from_angles(rotation: NDArray[np.floating]) -> Real:
    """Columns right, forward, up in the stage (..., 3, 3) for pan, tilt, roll in degrees (..., 3); NaN stays NaN."""
    angles = np.asarray(rotation, dtype=np.float64)
    flat = angles.reshape(-1, 3)
    known = np.isfinite(flat).all(axis=1)
    axes = np.full((len(flat), 3, 3), np.nan)
    if known.any():
        axes[known] = Rotation.from_euler("ZXY", flat[known], degrees=True).as_matrix()
    return axes.reshape(*angles.shape[:-1], 3, 3)


def angles_from_axes(axes: NDArray[np.floating]) -> Real:
    """Pan, tilt, roll in degrees (..., 3) of rotation matrices (..., 3, 3); straight up or down, roll is given as 0."""
    m = np.asarray(axes, dtype=np.float64)
    steep = np.abs(m[..., 2, 1]) > 1 - 1e-12
    pan = np.where(steep, np.arctan2(m[..., 1, 0], m[..., 0, 0]), np.arctan2(-m[..., 0, 1], m[..., 1, 1]))
    tilt = np.arctan2(m[..., 2, 1], np.hypot(m[..., 0, 1], m[..., 1, 1]))
    roll = np.where(steep, 0.0, np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    return np.asarray(np.degrees(np.stack([pan, tilt, roll], axis=-1)) + np.where(np.isnan(m[..., :1, 0]), np.nan, 0.0))


def axes_from_opengl(camera_to_world: NDArray[np.floating]) -> Real:
    """Camera axes (..., 3, 3) from rotations whose columns are OpenGL's right, up and backwards."""
    return np.asarray(np.asarray(camera_to_world, dtype=np.float64) @ _FROM_OPENGL)


def axes_from_opencv(camera_to_world: NDArray[np.floating]) -> Real:
    """Camera axes (..., 3, 3) from rotations whose columns are OpenCV's right, down and forward."""
    return np.asarray(np.asarray(camera_to_world, dtype=np.float64) @ _FROM_OPENCV)


@dataclass(frozen=True, eq=False)
class Link:
    """One joint of the rig that carries the camera: its pose in the joint before it, (n, 3) metres and (n, 3) degrees."""

    name: str
    translation: Real
    rotation: Real


@dataclass(frozen=True, eq=False)
class CameraTrack:
    """n samples of one camera, in time order. Every column is float64 with NaN for what is unknown.

    ``translation`` and ``rotation`` are the camera's pose on the stage; ``chain`` keeps the joints it was composed of,
    the one on the floor first. ``encoders`` are focus, iris, zoom between 0 and 1; ``raw_encoders`` their counts.
    ``valid`` is false where the device itself said that a sample is not to be trusted.
    """

    times: tuple[Fraction, ...]
    """Seconds, exact; ``clock`` says from when."""
    translation: Real
    """(n, 3) metres"""
    rotation: Real
    """(n, 3) pan, tilt, roll in degrees"""
    focal_length_mm: Real
    focus_distance_m: Real
    t_stop: Real
    f_stop: Real
    entrance_pupil_offset_m: Real
    """(n,) metres, positive towards the object, from the image plane"""
    encoders: Real
    raw_encoders: Real
    valid: NDArray[np.bool_]
    label: str = ""
    device: str = ""
    source: Source = "recorded"
    clock: str = "from the first sample"
    rate: Fraction | None = None
    """Samples in a second where they are regular"""
    start: Timecode | None = None
    sensor_mm: tuple[float, float] | None = None
    chain: tuple[Link, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    """What the file says beyond this record, in its own names"""
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        times: Iterable[Fraction],
        translation: Any = None,
        rotation: Any = None,
        *,
        encoders: Any = None,
        raw_encoders: Any = None,
        valid: Any = None,
        **known: Any,
    ) -> CameraTrack:
        """A track of what is known; every column that is not given is unknown.

        Lens columns (``focal_length_mm`` and so on) may be one number for all samples. Raises BadInput for columns of
        another length than ``times`` and for times that do not rise.
        """
        moments = tuple(times)
        n = len(moments)
        if any(later <= earlier for earlier, later in pairwise(moments)):
            raise BadInput("camera track", "its samples are not in time order", "sort the samples by time and remove repeats")
        columns: dict[str, Any] = {name: _column(known.pop(name, None), n, name) for name in LENS_FIELDS}
        return cls(
            times=moments,
            translation=_table(translation, n, "translation"),
            rotation=_table(rotation, n, "rotation"),
            encoders=_table(encoders, n, "encoders"),
            raw_encoders=_table(raw_encoders, n, "raw encoders"),
            valid=np.ones(n, dtype=bool) if valid is None else np.asarray(valid, dtype=bool),
            **columns,
            **known,
        )

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> Real:
        """The times as floats, (n,) seconds; their differences are good to a microsecond over any clock."""
        first = self.times[0] if self.times else Fraction(0)
        return np.array([float(t - first) for t in self.times]) + float(first)

    @property
    def axes(self) -> Real:
        """(n, 3, 3) camera axes: columns right, forward, up in the stage."""
        return axes_from_angles(self.rotation)

    @property
    def quaternions(self) -> Real:
        """(n, 4) unit quaternions x, y, z, w of the camera's rotation."""
        quaternions = np.full((len(self), 4), np.nan)
        known = np.isfinite(self.rotation).all(axis=1)
        if known.any():
            quaternions[known] = Rotation.from_euler("ZXY", self.rotation[known], degrees=True).as_quat()
        return quaternions

    @property
    def posed(self) -> NDArray[np.bool_]:
        """Which samples hold a whole pose that the device trusts."""
        return np.asarray(self.valid & np.isfinite(self.translation).all(axis=1) & np.isfinite(self.rotation).all(axis=1))

    def moved(self, **changes: Any) -> CameraTrack:
        """The same track with other columns."""
        return replace(self, **changes)

    def document(self) -> dict[str, Any]:
        """What the track holds, as plain JSON: counts, units, first pose and bounds; None where unknown."""
        bounds = _bounds(self.translation)
        return {
            "samples": len(self),
            "device": self.device,
            "label": self.label,
            "source": self.source,
            "clock": self.clock,
            "rate": str(self.rate) if self.rate else "",
            "start": str(self.start) if self.start else "",
            "duration": {"value": float(self.times[-1] - self.times[0]) if self.times else None, "unit": "s"},
            "posed": int(self.posed.sum()),
            "position": {"unit": "m", "first": _plain(self.translation), "least": bounds[0], "most": bounds[1]},
            "rotation": {"unit": "degree", "order": "pan, tilt, roll", "first": _plain(self.rotation)},
            "lens": {name: _span(getattr(self, name), unit) for name, unit in LENS_FIELDS.items()},
            "chain": [link.name for link in self.chain],
            **({"extra": self.extra} if self.extra else {}),
        }


def _column(values: Any, n: int, name: str) -> Real:
    if values is None:
        return np.full(n, np.nan)
    column = np.asarray(values, dtype=np.float64)
    if column.ndim == 0:
        return np.full(n, float(column))
    if column.shape != (n,):
        raise BadInput("camera track", f"{name} has {column.size} values for {n} samples", "give one value for each sample")
    return column


def _table(values: Any, n: int, name: str) -> Real:
    if values is None:
        return np.full((n, 3), np.nan)
    table = np.asarray(values, dtype=np.float64)
    if table.shape != (n, 3):
        raise BadInput("camera track", f"{name} is {table.shape} for {n} samples", "give three values for each sample")
    return table


def _plain(table: Real) -> list[float] | None:
    known = table[np.isfinite(table).all(axis=1)]
    return [round(float(v), 6) for v in known[0]] if len(known) else None


def _bounds(table: Real) -> tuple[Sequence[float] | None, Sequence[float] | None]:
    known = table[np.isfinite(table).all(axis=1)]
    if not len(known):
        return None, None
    return [round(float(v), 6) for v in known.min(axis=0)], [round(float(v), 6) for v in known.max(axis=0)]


def _span(column: Real, unit: str) -> dict[str, Any]:
    known = column[np.isfinite(column)]
    low, high = (round(float(known.min()), 6), round(float(known.max()), 6)) if len(known) else (None, None)
    return {"unit": unit, "least": low, "most": high, **({"infinite": True} if np.isinf(column).any() else {})}
