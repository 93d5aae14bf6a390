"""PLY point clouds, text and binary of either byte order (G. Turk, "The PLY Polygon File Format", 1994)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from answerprint.ingest.lidar.scan import Points, Scan, truncated
from answerprint.production import BadInput

_TYPES = {"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
          "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4", "double": "f8", "float64": "f8"}  # fmt: skip
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}
_LONGEST_HEADER = 1 << 16


def open_ply(path: Path) -> Scan:
    """The points of a PLY; faces are left out. Raises BadInput for what is no PLY and for one that breaks off."""
    order, elements, start = _header(path)
    lists = [name for name, _, properties in elements if any(t is None for _, t in properties)]
    before = 0
    for name, count, properties in elements:
        if name == "vertex":
            break
        if name in lists or not order:
            raise BadInput(path, f"has {name} before its points", "export points alone")
        before += count * np.dtype([(p, order + str(t)) for p, t in properties]).itemsize
    else:
        raise BadInput(path, "holds no points", "export it with vertices")
    if any(t is None for _, t in properties) or not {"x", "y", "z"} <= {p for p, _ in properties}:
        raise BadInput(path, "its points have no x, y, z", "export it with vertices")
    try:
        row = np.dtype([(p, (order or "<") + str(t)) for p, t in properties])
    except (TypeError, ValueError) as error:
        raise BadInput(path, f"its header cannot be read ({error})", "export it again") from None
    if order and path.stat().st_size < start + before + count * row.itemsize:
        raise truncated(path, max(0, path.stat().st_size - start - before) // row.itemsize, count)

    def chunks(most: int) -> Iterator[Points]:
        with path.open("rb") as file:
            file.seek(start + before)
            for at in range(0, count, most):
                wanted = min(most, count - at)
                rows = np.fromfile(file, row, wanted) if order else _text_rows(path, file, row, wanted, at, count)
                if len(rows) < wanted:
                    raise truncated(path, at + len(rows), count)
                yield _points(rows)

    names = {p for p, _ in properties}
    fields = [n for n, mark in (("colour", "red"), ("normals", "nx"), ("intensity", "intensity")) if mark in names]
    return Scan(path, "PLY", count, "", tuple(fields), chunks)


def _header(path: Path) -> tuple[str, list[tuple[str, int, list[tuple[str, str | None]]]], int]:
    with path.open("rb") as file:
        head = file.read(_LONGEST_HEADER)
    end = head.find(b"end_header")
    if not head.startswith(b"ply") or end < 0:
        raise BadInput(path, "is no PLY, or its header breaks off", "export it again")
    start = head.index(b"\n", end) + 1 if b"\n" in head[end:] else end + len(b"end_header\r")
    order: str | None = None
    elements: list[tuple[str, int, list[tuple[str, str | None]]]] = []
    try:
        for line in head[:end].decode("ascii", "replace").splitlines():
            words = line.split()
            if words[:1] == ["format"]:
                order = _ORDERS[words[1]]
            elif words[:1] == ["element"]:
                elements.append((words[1], int(words[2]), []))
            elif words[:2] == ["property", "list"]:
                elements[-1][2].append((words[4], None))
            elif words[:1] == ["property"]:
                elements[-1][2].append((words[2], _TYPES[words[1]]))
    except (IndexError, KeyError, ValueError) as error:
        raise BadInput(path, f"its header cannot be read ({error!r})", "export it again") from None
    if order is None or any(count < 0 for _, count, _ in elements):
        raise BadInput(path, "its header names no format", "export it again")
    return order, elements, start


def _text_rows(path: Path, file: BinaryIO, row: Any, wanted: int, at: int, count: int) -> Any:
    rows = np.zeros(wanted, row)
    for index in range(wanted):
        cells = file.readline().split()
        if len(cells) < len(row.names):
            raise truncated(path, at + index, count)
        try:
            rows[index] = tuple(float(c) for c in cells[: len(row.names)])
        except (OverflowError, TypeError, ValueError) as error:
            raise BadInput(path, f"point {at + index}: {error}", "export it again") from None
    return rows


def _points(rows: Any) -> Points:
    names = rows.dtype.names

    def columns(wanted: tuple[str, ...]) -> Any:
        return np.column_stack([rows[n] for n in wanted]).astype(np.float32) if set(wanted) <= set(names) else None

    colour = columns(("red", "green", "blue"))
    if colour is not None and rows.dtype["red"].kind in "iu":
        colour = colour / np.float32(np.iinfo(rows.dtype["red"]).max)
    intensity = rows["intensity"].astype(np.float32) if "intensity" in names else None
    return Points(np.column_stack([rows[a].astype(np.float64) for a in "xyz"]), colour, intensity, columns(("nx", "ny", "nz")))
