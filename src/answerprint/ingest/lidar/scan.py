"""A scan as every reader gives it: what its header promises, and its points in metres, a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput

Real = NDArray[np.float64]
CHUNK = 1_000_000
"""Points read at once. Measured on a LAS of ten million: 170 MiB more than before, whatever the size of the scan."""
_STAGE = 1000.0
"""Metres; a stage is smaller, so that larger coordinates without a unit may be millimetres."""


@dataclass(frozen=True, eq=False)
class Points:
    """n points: ``xyz`` (n, 3) metres, NaN where the scanner had no return; ``colour`` (n, 3) display values 0 to 1, ``intensity`` (n,) and ``normals`` where known."""

    xyz: Real
    colour: NDArray[np.float32] | None = None
    intensity: NDArray[np.float32] | None = None
    normals: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.xyz)

    def returned(self) -> Points:
        """Without the points that came back from nothing."""
        there = np.isfinite(self.xyz).all(axis=1)
        if there.all():
            return self
        return Points(self.xyz[there], *(None if c is None else c[there] for c in (self.colour, self.intensity, self.normals)))


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan file. ``chunks(n)`` streams it from the start, n points at a time, each time it is called."""

    path: Path
    form: str
    count: int
    unit: str
    """The unit that the file names; empty where it names none and metres are assumed"""
    fields: tuple[str, ...]
    chunks: Callable[[int], Iterator[Points]]
    bounds: tuple[Real, Real] | None = None
    """Least and most x, y, z in metres, where the header says them"""
    problems: tuple[str, ...] = ()

    def points(self, most: int = 20_000_000) -> Points:
        """Every point that came back from something, at once. Raises BadInput for more than ``most``: use ``thinned``, or read in chunks."""
        if self.count > most:
            raise BadInput(self.path, f"has {self.count} points, more than {most}", "read it in chunks or thin it")
        return _joined(list(self.chunks(CHUNK))).returned()

    def thinned(self, keep: int) -> Points:
        """About ``keep`` points, every k-th in file order, without those that came back from nothing: the same ones every time."""
        step = max(1, -(-self.count // max(1, keep)))
        parts, at = [], 0
        for part in self.chunks(CHUNK):
            chosen = slice((-at) % step, None, step)
            at += len(part)
            parts.append(
                Points(part.xyz[chosen], *(None if c is None else c[chosen] for c in (part.colour, part.intensity, part.normals)))
            )
        return _joined(parts).returned()

    def measured(self) -> tuple[int, Real, Real]:
        """Count (points without return are counted) and bounds found by reading all of it. Raises BadInput where fewer points are there than promised."""
        least, most, found = np.full(3, np.inf), np.full(3, -np.inf), 0
        for part in self.chunks(CHUNK):
            found += len(part)
            if len(part):
                least, most = np.fmin(least, np.fmin.reduce(part.xyz)), np.fmax(most, np.fmax.reduce(part.xyz))
        if found < self.count:
            raise truncated(self.path, found, self.count)
        return found, least, most

    def document(self) -> dict[str, Any]:
        """What the scan holds, as plain JSON. Reads the whole file where the header says no bounds."""
        least, most = self.bounds or self.measured()[1:]
        kept = "degree" if self.unit == "degree" else "m"
        return {
            "format": self.form,
            "points": self.count,
            "unit": {"said": self.unit, "kept": kept},
            "bounds": {"unit": kept, "least": [round(float(v), 6) for v in least], "most": [round(float(v), 6) for v in most]},
            "fields": list(self.fields),
        }

    def notes(self) -> list[str]:
        """What a person should know of this scan."""
        notes = list(self.problems)
        if not self.unit:
            notes.append("names no unit: taken as metres")
            if self.bounds and float(np.max(self.bounds[1] - self.bounds[0])) > _STAGE:
                notes.append(f"is larger than {_STAGE:g} m: its unit may be millimetres")
        return notes


def truncated(path: Path, found: int, promised: int, what: str = "points") -> BadInput:
    """The refusal of a file that holds less than its header promises."""
    return BadInput(path, f"breaks off: {found} of {promised} {what} are there", "copy or export the scan again")


def _joined(parts: list[Points]) -> Points:
    if not parts:
        return Points(np.zeros((0, 3)))

    def column(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        return None if any(v is None for v in values) else np.concatenate(values)

    return Points(np.concatenate([p.xyz for p in parts]), column("colour"), column("intensity"), column("normals"))
