"""LAS, LAZ and COPC scans (ASPRS LAS 1.2 to 1.4), by laspy; units from the file's own coordinate system."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.lidar.scan import Points, Scan, truncated
from answerprint.production import BadInput

_EPSG_UNITS = {9001: ("metre", 1.0), 9002: ("foot", 0.3048), 9003: ("US survey foot", 1200 / 3937)}
_DEGREES = "has coordinates in degrees: it has no place on a stage"
_HORIZONTAL, _VERTICAL, _MODEL = 3076, 4099, 1024
"""GeoTIFF keys: ProjLinearUnits, VerticalUnits, GTModelType (2 is geographic, in degrees)."""


def open_las(path: Path) -> Scan:
    """The scan. Raises BadInput for what is no LAS, for one that breaks off and for coordinates in degrees."""
    try:
        import laspy  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise BadInput(path, "LAS and LAZ need the extra 'spatial'", "pip install 'answerprint[spatial]'") from None
    try:
        with laspy.open(path) as reader:
            header = reader.header
            count, offset, size = int(header.point_count), int(header.offset_to_point_data), int(header.point_format.size)
            names = list(header.point_format.dimension_names)
            packed = bool(header.are_points_compressed)
            unit, scale = _unit(header)
            bounds = (np.array(header.mins) * scale, np.array(header.maxs) * scale)
    except Exception as error:  # laspy and lazrs raise what their own files raise
        raise BadInput(path, f"is no LAS scan ({error})", "copy or export the scan again") from None
    _whole(path, packed, offset, size, count)

    def chunks(most: int) -> Iterator[Points]:
        if unit == "degree":
            raise BadInput(path, _DEGREES, "export it in a projected or local coordinate system in metres")
        found = 0
        try:
            with laspy.open(path) as again:
                for part in again.chunk_iterator(most):
                    found += len(part)
                    yield _points(part, names, scale)
        except Exception as error:
            raise BadInput(path, f"breaks off after {found} of {count} points ({error})", "copy or export the scan again") from None
        if found < count:
            raise truncated(path, found, count)

    fields = [n for n, theirs in (("colour", "red"), ("intensity", "intensity")) if theirs in names]
    return Scan(
        path, "LAZ" if packed else "LAS", count, unit, tuple(fields), chunks, bounds, (_DEGREES,) if unit == "degree" else ()
    )


def _whole(path: Path, packed: bool, offset: int, size: int, count: int) -> None:
    """Refuse what is shorter than its header promises without reading its points."""
    there = path.stat().st_size
    if not packed:
        if there < offset + size * count:
            raise truncated(path, max(0, there - offset) // size, count)
        return
    with path.open("rb") as file:
        file.seek(offset)
        head = file.read(8)
    table = struct.unpack("<q", head)[0] if len(head) == 8 else there
    if table >= there:
        raise BadInput(path, f"breaks off: its chunk table should be at byte {table} of {there}", "copy or export the scan again")


def _points(part: Any, names: list[str], scale: np.ndarray) -> Points:
    xyz = np.column_stack([np.asarray(part.x), np.asarray(part.y), np.asarray(part.z)]) * scale
    colour = None
    if {"red", "green", "blue"} <= set(names):
        raw = np.column_stack([np.asarray(part[c]) for c in ("red", "green", "blue")]).astype(np.float32)
        # The standard says 16 bits; many writers leave 8-bit values as they are.
        colour = raw / np.float32(65535.0 if raw.max(initial=0) > 255 else 255.0)
    return Points(xyz, colour, np.asarray(part.intensity).astype(np.float32))


def _unit(header: Any) -> tuple[str, Any]:
    """The unit's name and metres in one of it for x, y, z."""
    for vlr in header.vlrs:
        if getattr(vlr, "record_id", 0) == 2112 and hasattr(vlr, "string"):
            return _wkt_unit(vlr.string)
    keys = {
        int(key.id): int(key.value_offset) for vlr in header.vlrs if getattr(vlr, "record_id", 0) == 34735
        for key in getattr(vlr, "geo_keys", ())
    }  # fmt: skip
    if keys.get(_MODEL) == 2:
        return "degree", np.ones(3)
    name, flat = _EPSG_UNITS.get(keys.get(_HORIZONTAL, 0), ("", 1.0))
    _, high = _EPSG_UNITS.get(keys.get(_VERTICAL, keys.get(_HORIZONTAL, 0)), ("", flat))
    if not name and keys.get(_MODEL) == 1:
        # A projected system by its EPSG number alone is in that system's unit, metres for nearly all.
        return "", np.ones(3)
    return name, np.array([flat, flat, high])


def _wkt_unit(text: str) -> tuple[str, Any]:
    if not re.search(r"PROJCS|PROJCRS|LOCAL_CS|ENGCRS|ENGINEERINGCRS", text):
        return "degree", np.ones(3)
    found = [
        (n, float(f)) for n, f in re.findall(r'(?:LENGTH)?UNIT\["([^"]+)",\s*([\d.eE+-]+)', text) if "degree" not in n.casefold()
    ]
    if not found:
        return "", np.ones(3)
    up = re.search(r'VERT_CS.*?UNIT\["[^"]+",\s*([\d.eE+-]+)', text, re.DOTALL)
    name, flat = found[0]
    return name, np.array([flat, flat, float(up[1]) if up else flat])
