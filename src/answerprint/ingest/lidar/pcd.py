"""PCD point clouds of the Point Cloud Library, version 0.7: text, binary and LZF-compressed binary."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.lidar.scan import Points, Scan, truncated
from answerprint.production import BadInput

_KINDS = {"F": "f", "I": "i", "U": "u"}
_LARGEST = 4 << 30
"""Bytes of one compressed cloud, unpacked: it cannot be read in parts, so that this bounds the memory."""


_LARGEST_POINT = 4096
"""Bytes; histograms of features are the widest there are."""


def open_pcd(path: Path) -> Scan:
    """The cloud. Raises BadInput for what is no PCD and for one that breaks off."""
    said, start = _header(path)
    try:
        names, counts = said["FIELDS"], [int(v) for v in said.get("COUNT", ["1"] * len(said["FIELDS"]))]
        types = [f"<{_KINDS[k]}{int(s)}" for k, s in zip(said["TYPE"], said["SIZE"], strict=True)]
        points, data = int(said["POINTS"][0]), said["DATA"][0]
        row = np.dtype(
            [(f"{n}{i}" if n == "_" else n, t, (c,)) for i, (n, t, c) in enumerate(zip(names, types, counts, strict=True))]
        )
        if points < 0 or min(counts) < 1 or row.itemsize > _LARGEST_POINT:
            raise ValueError(f"{points} points of {row.itemsize} bytes")
    except (IndexError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise BadInput(path, f"its header cannot be read ({error!r})", "export it again") from None
    if not {"x", "y", "z"} <= set(names):
        raise BadInput(path, "its points have no x, y, z", "export it with coordinates")
    if any(row[name].base.itemsize != 4 for name in ("rgb", "rgba") if name in names):
        raise BadInput(path, "its colour is not packed into four bytes", "export it again")
    there = path.stat().st_size - start
    if data == "binary" and there < points * row.itemsize:
        raise truncated(path, there // row.itemsize, points)

    def chunks(most: int) -> Iterator[Points]:
        if data == "binary_compressed":
            whole = _unpacked(path, start, row, points)
            for at in range(0, points, most):
                yield _points(whole[at : at + most])
            return
        with path.open("rb") as file:
            file.seek(start)
            for at in range(0, points, most):
                wanted = min(most, points - at)
                rows = np.fromfile(file, row, wanted) if data == "binary" else _text_rows(path, file, row, wanted, at, points)
                if len(rows) < wanted:
                    raise truncated(path, at + len(rows), points)
                yield _points(rows)

    if data not in ("ascii", "binary", "binary_compressed"):
        raise BadInput(path, f"holds data as {data!r}", "export it as binary")
    fields = [n for n, mark in (("colour", "rgb"), ("normals", "normal_x"), ("intensity", "intensity")) if mark in names]
    return Scan(path, f"PCD {data}", points, "", tuple(fields), chunks)


def _header(path: Path) -> tuple[dict[str, list[str]], int]:
    with path.open("rb") as file:
        said: dict[str, list[str]] = {}
        for _ in range(64):
            line = file.readline(4096)
            words = line.decode("ascii", "replace").split()
            if words and not words[0].startswith("#"):
                said[words[0].upper()] = words[1:]
            if "DATA" in said:
                return said, file.tell()
    raise BadInput(path, "is no PCD, or its header breaks off", "export it again")


def _text_rows(path: Path, file: Any, row: Any, wanted: int, at: int, points: int) -> Any:
    rows = np.zeros(wanted, row)
    flat = [(name, i) for name in row.names for i in range(row[name].shape[0])]
    for index in range(wanted):
        cells = file.readline().split()
        if len(cells) < len(flat):
            raise truncated(path, at + index, points)
        try:
            for (name, i), cell in zip(flat, cells, strict=False):
                rows[name][index, i] = float(cell)
        except (OverflowError, ValueError) as error:
            raise BadInput(path, f"point {at + index}: {error}", "export it again") from None
    return rows


def _points(rows: Any) -> Points:
    names = rows.dtype.names
    colour = None
    for name in ("rgb", "rgba"):
        if name in names:
            # PCL packs 0x00RRGGBB into whatever four bytes the field has, a float's most often.
            packed = np.ascontiguousarray(rows[name][:, 0]).view(np.uint32)
            colour = (np.column_stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255]) / 255.0).astype(np.float32)
    normals = None
    if "normal_x" in names:
        normals = np.column_stack([rows[f"normal_{a}"][:, 0] for a in "xyz"]).astype(np.float32)
    intensity = rows["intensity"][:, 0].astype(np.float32) if "intensity" in names else None
    return Points(np.column_stack([rows[a][:, 0].astype(np.float64) for a in "xyz"]), colour, intensity, normals)


def _unpacked(path: Path, start: int, row: Any, points: int) -> Any:
    """The rows of a compressed cloud, which PCL stores field by field."""
    data = path.read_bytes()[start:]
    if len(data) < 8:
        raise truncated(path, 0, points)
    packed, plain = struct.unpack_from("<II", data)
    if plain != points * row.itemsize or plain > _LARGEST:
        raise BadInput(path, f"unpacks to {plain} bytes where {points * row.itemsize} belong", "export it again")
    if len(data) < 8 + packed:
        raise truncated(path, len(data) - 8, packed, "bytes")
    flat = lzf(data[8 : 8 + packed], plain, path)
    rows, at = np.zeros(points, row), 0
    for name in row.names:
        width = row[name].itemsize * points
        rows[name] = np.frombuffer(flat[at : at + width], row[name].base).reshape(points, -1)
        at += width
    return rows


def lzf(data: bytes, size: int, subject: Any = "PCD") -> bytes:
    """LZF unpacked (M. Lehmann, liblzf): runs of literals, and copies from what was written before."""
    out, at = bytearray(), 0
    try:
        while at < len(data):
            control = data[at]
            at += 1
            if control < 32:
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[at]
                at += 1
            back = len(out) - ((control & 31) << 8 | data[at]) - 1
            at += 1
            if back < 0:
                raise IndexError
            for _ in range(length + 2):
                out.append(out[back])
                back += 1
    except IndexError:
        raise BadInput(subject, f"its packed points are broken at byte {at}", "export it again") from None
    if len(out) != size:
        raise BadInput(subject, f"unpacks to {len(out)} of {size} bytes", "export it again")
    return bytes(out)
