"""Splat clouds as PLY, in the layout that the first implementation of 3D Gaussian splatting wrote and all viewers read.

Positions stay metres in stage axes (Z up). By default colours are display values (`exchange`); ``light=True`` keeps them
scene-linear ACEScg, bit for bit, with how many cameras saw each splat, and says so in a comment.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.exchange import from_harmonics, to_harmonics

_LIGHT = "comment answerprint colour scene-linear ACEScg"
_TYPES = {"float": "<f4", "float32": "<f4", "double": "<f8", "uchar": "u1", "uint8": "u1", "int": "<i4", "int32": "<i4"}
_LONGEST_HEADER = 1 << 16
_NEEDED = [
    "x",
    "y",
    "z",
    "f_dc_0",
    "f_dc_1",
    "f_dc_2",
    "opacity",
    *(f"scale_{i}" for i in range(3)),
    *(f"rot_{i}" for i in range(4)),
]


def write_ply(path: Path, cloud: SplatCloud, light: bool = False) -> None:
    """Write a cloud. Raises BadInput where it cannot be written."""
    base, rest = to_harmonics(cloud.colours, cloud.slopes, display=not light)
    columns: list[tuple[str, NDArray[np.generic]]] = [(name, cloud.means[:, i]) for i, name in enumerate("xyz")]
    columns += [(name, np.zeros(len(cloud), dtype=np.float32)) for name in ("nx", "ny", "nz")]
    columns += [(f"f_dc_{c}", base[:, c]) for c in range(3)]
    # Channel by channel, the coefficients of each.
    columns += [(f"f_rest_{3 * c + k}", rest[:, k, c]) for c in range(3) for k in range(3) if len(rest)]
    columns += [("opacity", cloud.opacity_logits)]
    columns += [(f"scale_{i}", cloud.log_scales[:, i]) for i in range(3)]
    columns += [(f"rot_{i}", cloud.quaternions[:, i]) for i in range(4)]
    if light and len(cloud.seen_by):
        columns.append(("seen_by", cloud.seen_by))
    rows = np.empty(len(cloud), dtype=[(name, "<i4" if name == "seen_by" else "<f4") for name, _ in columns])
    for name, column in columns:
        rows[name] = column
    head = [
        "ply",
        "format binary_little_endian 1.0",
        "comment metres, Z up",
        *([_LIGHT] if light else []),
        f"element vertex {len(cloud)}",
    ]
    head += [f"property {'int' if name == 'seen_by' else 'float'} {name}" for name, _ in columns]
    write_atomically(path, ("\n".join([*head, "end_header"]) + "\n").encode("ascii") + rows.tobytes())


def read_ply(path: Path) -> tuple[SplatCloud, tuple[str, ...]]:
    """A cloud, and what of the file was left out. Raises BadInput for what is no splat PLY and for one that breaks off."""
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST_HEADER)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "name a PLY of splats") from None
    end = head.find(b"end_header\n")
    if not head.startswith(b"ply") or end < 0:
        raise BadInput(path, "is no PLY, or its header breaks off", "export it again")
    lines = head[:end].decode("ascii", "replace").splitlines()
    row, count = _row(path, lines)
    missing = [name for name in _NEEDED if name not in (row.names or ())]
    if missing:
        raise BadInput(path, f"has no {', '.join(missing[:3])}", "export it as splats; a scan is read as LiDAR")
    start = end + len(b"end_header\n")
    if path.stat().st_size < start + count * row.itemsize:
        there = max(0, path.stat().st_size - start) // row.itemsize
        raise BadInput(path, f"breaks off after {there} of {count} splats", "copy or export it again")
    rows = np.fromfile(path, row, count, offset=start)
    return _cloud(rows, _LIGHT in lines)


def _row(path: Path, lines: list[str]) -> tuple[np.dtype[np.void], int]:
    """The type of a row and how many there are."""
    if "format binary_little_endian 1.0" not in lines:
        raise BadInput(path, "is not binary little-endian", "export it as binary PLY")
    elements = [line.split() for line in lines if line.startswith("element ")]
    if not elements or elements[0][1] != "vertex":
        raise BadInput(path, "holds no splats first", "export splats alone")
    count, fields, inside = int(elements[0][2]), [], False
    for line in lines:
        words = line.split()
        if words[:1] == ["element"]:
            inside = words[1] == "vertex"
        elif words[:1] == ["property"] and inside:
            if words[1] not in _TYPES:
                raise BadInput(path, f"has a property of type {words[1]}", "export it again as floats")
            fields.append((words[2], _TYPES[words[1]]))
    return np.dtype(fields), count


def _cloud(rows: NDArray[np.void], light: bool) -> tuple[SplatCloud, tuple[str, ...]]:
    names = rows.dtype.names or ()

    def table(*columns: str) -> NDArray[np.float32]:
        return np.stack([rows[c].astype(np.float32) for c in columns], axis=1)

    each = sum(name.startswith("f_rest_") for name in names) // 3
    rest = np.zeros((0, 3, 3), dtype=np.float32)
    if each >= 3:
        rest = np.stack([table(*(f"f_rest_{each * c + k}" for k in range(3))) for c in range(3)], axis=2)
    colours, slopes = from_harmonics(table("f_dc_0", "f_dc_1", "f_dc_2"), rest, display=not light)
    seen = rows["seen_by"].astype(np.int32) if "seen_by" in names else np.zeros(0, dtype=np.int32)
    cloud = SplatCloud(
        table("x", "y", "z"), table("scale_0", "scale_1", "scale_2"), table("rot_0", "rot_1", "rot_2", "rot_3"),
        rows["opacity"].astype(np.float32), colours, slopes, seen,
    )  # fmt: skip
    lost = (f"spherical harmonics above degree 1: {each - 3} coefficients a channel",) if each > 3 else ()
    return cloud, lost
