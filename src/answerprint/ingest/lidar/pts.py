"""PTS and XYZ: points as lines of text, with or without a count above them, intensity and colour behind them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.lidar.scan import Points, Scan, truncated
from answerprint.production import BadInput

_COUNT_DIGITS = 15
"""Digits of a count of points; what is longer is none, and Python would refuse to read it as a number."""


def open_pts(path: Path) -> Scan:
    """The points. A PTS says its count above each block; an XYZ is counted. Raises BadInput for lines that are no points."""
    with path.open("rb") as file:
        head = [line.split() for line in islice(file, 2)]
    counted = bool(head) and len(head[0]) == 1 and head[0][0].isdigit() and len(head[0][0]) <= _COUNT_DIGITS
    first = head[1:] if counted else head[:1]
    if not first or not 3 <= len(first[0]) <= 10 or not _numbers(first[0]):
        raise BadInput(path, "its first line is no point", "export lines of x y z, with intensity and r g b behind them")
    width, comma = len(first[0]), b"," in b"".join(first[0])
    if comma:
        raise BadInput(path, "separates its numbers by commas", "export it with blanks")
    count = _promised(path) if counted else _lines(path)

    def chunks(most: int) -> Iterator[Points]:
        found = 0
        for rows in _blocks(path, counted, width, most):
            found += len(rows)
            yield _points(rows, width)
        if found < count:
            raise truncated(path, found, count)

    fields = {4: ("intensity",), 6: ("colour",), 7: ("intensity", "colour")}.get(width, ())
    return Scan(path, "PTS" if counted else "XYZ", count, "", fields, chunks)


def _blocks(path: Path, counted: bool, width: int, most: int) -> Iterator[Any]:
    """Rows of numbers, at most ``most`` at once; a line that breaks off ends them."""
    with path.open("rb") as file:
        left = None if not counted else int(file.readline())
        while left is None or left > 0:
            lines = list(islice(file, most if left is None else min(most, left)))
            lines = [line for line in lines if line.strip()]
            if not lines:
                return
            try:
                rows = np.loadtxt(lines, ndmin=2)
            except ValueError as error:
                raise BadInput(path, f"holds a line that is no point ({error})", "copy or export the scan again") from None
            if rows.shape[1] != width:
                raise BadInput(
                    path, f"holds {rows.shape[1]} numbers in a line where the first has {width}", "copy or export the scan again"
                )
            yield rows
            if left is not None:
                left -= len(lines)
                if left == 0:
                    following = file.readline().strip()
                    left = int(following) if following.isdigit() and len(following) <= _COUNT_DIGITS else 0


def _promised(path: Path) -> int:
    """The sum of the counts above the blocks."""
    total = 0
    with path.open("rb") as file:
        while (line := file.readline().strip()).isdigit() and len(line) <= _COUNT_DIGITS:
            total += int(line)
            for _ in range(int(line)):
                if not file.readline():
                    return total
    return total


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _numbers(cells: list[bytes]) -> bool:
    try:
        return all(np.isfinite(float(c)) for c in cells)
    except ValueError:
        return False


def _points(rows: Any, width: int) -> Points:
    colour = (rows[:, -3:] / 255.0).astype(np.float32) if width in (6, 7) else None
    intensity = rows[:, 3].astype(np.float32) if width in (4, 7) else None
    return Points(rows[:, :3].astype(np.float64), colour, intensity)
