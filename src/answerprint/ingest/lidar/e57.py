"""E57 scans (ASTM E2807), by pye57: every scan of the file, each with its own pose applied; E57 is in metres by definition."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.ingest.lidar.scan import Points, Scan, truncated
from answerprint.production import BadInput

_CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
_SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
_COLOUR = ("colorRed", "colorGreen", "colorBlue")


def open_e57(path: Path) -> Scan:
    """The scan. Raises BadInput for what is no E57 and for one shorter than its header says."""
    _whole(path)
    try:
        import pye57  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise BadInput(path, "E57 needs the extra 'spatial'", "pip install 'answerprint[spatial]'") from None
    try:
        file = pye57.E57(str(path))
        headers = [file.get_header(i) for i in range(file.scan_count)]
        counts = [int(h.point_count) for h in headers]
        fields = [set(h.point_fields) for h in headers]
        file.close()
    except Exception as error:  # libE57Format raises its own kinds for every broken part
        raise BadInput(path, f"is no E57 scan ({str(error).splitlines()[0]})", "copy or export the scan again") from None
    odd = [i for i, f in enumerate(fields) if not (set(_CARTESIAN) <= f or set(_SPHERICAL) <= f)]
    if odd:
        raise BadInput(path, f"scan {odd[0]} has no coordinates", "export it with cartesian points")

    def chunks(most: int) -> Iterator[Points]:
        found = 0
        try:
            again = pye57.E57(str(path))
            for index in range(len(counts)):
                for part, read in _scan_chunks(again, index, most):
                    found += read
                    yield part
            again.close()
        except BadInput:
            raise
        except Exception as error:
            said = str(error).splitlines()[0]
            raise BadInput(
                path, f"breaks off after {found} of {sum(counts)} points ({said})", "copy or export the scan again"
            ) from None
        if found < sum(counts):
            raise truncated(path, found, sum(counts))

    known = [n for n, mark in (("colour", "colorRed"), ("intensity", "intensity")) if all(mark in f for f in fields)]
    problems = (f"holds {len(counts)} scans, each put where its own pose says",) if len(counts) > 1 else ()
    return Scan(path, "E57", sum(counts), "metre", tuple(known), chunks, None, problems)


def _whole(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(48)
    if len(head) < 48 or head[:8] != b"ASTM-E57":
        raise BadInput(path, "is no E57 scan", "copy or export the scan again")
    promised, there = struct.unpack_from("<Q", head, 16)[0], path.stat().st_size
    if there < promised:
        raise truncated(path, there, promised, "bytes")


def _scan_chunks(file: Any, index: int, most: int) -> Iterator[tuple[Points, int]]:
    """Points of one scan on the stage, and how many records they took; points marked invalid are NaN."""
    header = file.get_header(index)
    there = set(header.point_fields)
    form = _CARTESIAN if set(_CARTESIAN) <= there else _SPHERICAL
    wanted = [*form, *(f for f in (*_COLOUR, "intensity", "cartesianInvalidState", "sphericalInvalidState") if f in there)]
    data, buffers = file.make_buffers(wanted, min(most, max(1, int(header.point_count))))
    reader = header.points.reader(buffers)
    turn = np.array(header.rotation_matrix) if header.has_pose() else np.eye(3)
    shift = np.array(header.translation) if header.has_pose() else np.zeros(3)
    while (read := reader.read()) > 0:
        kept = np.ones(read, dtype=bool)
        for mark in ("cartesianInvalidState", "sphericalInvalidState"):
            if mark in wanted:
                kept &= data[mark][:read] == 0
        columns = [np.array(data[name][:read], dtype=np.float64) for name in form]
        xyz = np.column_stack(columns if form is _CARTESIAN else _from_sphere(*columns))
        xyz[~kept] = np.nan
        colour = None
        if set(_COLOUR) <= set(wanted):
            raw = np.column_stack([np.array(data[c][:read], dtype=np.float32) for c in _COLOUR])
            colour = raw / np.float32(_colour_limit(header, raw))
        intensity = np.array(data["intensity"][:read], dtype=np.float32) if "intensity" in wanted else None
        yield Points(xyz @ turn.T + shift, colour, intensity), read
    reader.close()


def _from_sphere(distance: Any, azimuth: Any, elevation: Any) -> list[Any]:
    flat = distance * np.cos(elevation)
    return [flat * np.cos(azimuth), flat * np.sin(azimuth), distance * np.sin(elevation)]


def _colour_limit(header: Any, raw: Any) -> float:
    try:
        return float(header["colorLimits"]["colorRedMaximum"].value())
    except Exception:
        return 65535.0 if raw.max(initial=0) > 255 else 255.0


def stations(path: Path) -> dict[str, Points]:
    """The points of each scan in the file by its name, each where its own pose puts it on the stage, metres."""
    if open_e57(path).count == 0:
        return {}
    import pye57

    file, found = pye57.E57(str(path)), {}
    for index in range(file.scan_count):
        header = file.get_header(index)
        name = str(header["name"].value()) if "name" in header.scan_fields else ""
        parts = [part.xyz for part, _ in _scan_chunks(file, index, 1_000_000)]
        points = Points(np.concatenate(parts)).returned()
        found[name if name and name not in found else f"scan {index + 1}"] = points
    file.close()
    return found
