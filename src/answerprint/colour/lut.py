"""Look-up tables as hosts take them: .cube (Resolve and Adobe), .3dl (Lustre, Flame) and Common LUT Format.

A .cube file comes in two flavours. Adobe's (formerly Iridas) holds one table, 1D or 3D, with a domain for each channel;
Resolve's may hold a 1D shaper and a cube in one file, each with one input range. Both list red fastest. Values outside
the domain take the nearest entry of the table, which is what hosts do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from answerprint.colour.config import config
from answerprint.colour.transform import Picture, cpu_of, run
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

Triple = tuple[float, float, float]
Flavour = Literal["resolve", "adobe"]

LARGEST_CUBE = 129
"""Points along an edge; the most OpenColorIO and hosts take."""
LARGEST_SHAPER = 65536


@dataclass(frozen=True)
class Lut:
    """A 1D table, a cube, or a 1D table with a cube behind it.

    ``shaper`` is (n, 3); ``cube`` is (n, n, n, 3), indexed red, green, blue. The domains are the inputs at the first and last
    entry, for each channel. Whatever the table's values mean is for whoever made it to say (``title``): no file carries it.
    """

    cube: NDArray[np.float32] | None = None
    shaper: NDArray[np.float32] | None = None
    cube_domain: tuple[Triple, Triple] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    shaper_domain: tuple[Triple, Triple] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    title: str = ""

    def __post_init__(self) -> None:
        if self.cube is None and self.shaper is None:
            raise ValueError("a look-up table needs a 1D table or a cube")

    @classmethod
    def baked(cls, look: Callable[[Picture], Picture], edge: int = 33, title: str = "") -> Lut:
        """A cube of ``edge`` points of any look from code values 0..1 to code values; the look is given (edge³, 3) at once."""
        steps = np.linspace(0.0, 1.0, edge, dtype=np.float32)
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
        return cls(np.asarray(look(grid), np.float32).reshape(edge, edge, edge, 3), title=title)

    def apply(self, codes: NDArray[np.floating]) -> Picture:
        """Code values (..., 3) through the table: linear in the shaper, tetrahedral in the cube."""
        return run(self._processor, codes)

    @cached_property
    def _processor(self) -> ocio.CPUProcessor:
        return cpu_of(self.transform())

    def transform(self) -> ocio.GroupTransform:
        """The table as the colour library holds it, to be written as CLF or put behind other transforms."""
        group = ocio.GroupTransform()
        if self.shaper is not None:
            group.appendTransform(_to_unit(self.shaper_domain))
            table = ocio.Lut1DTransform(len(self.shaper), False)
            table.setData(np.ascontiguousarray(self.shaper, np.float32).ravel())
            table.setInterpolation(ocio.INTERP_LINEAR)
            group.appendTransform(table)
        if self.cube is not None:
            group.appendTransform(_to_unit(self.cube_domain))
            cube = ocio.Lut3DTransform(len(self.cube))
            cube.setData(np.ascontiguousarray(self.cube, np.float32).ravel())  # blue fastest, as the library keeps it
            cube.setInterpolation(ocio.INTERP_TETRAHEDRAL)
            group.appendTransform(cube)
        return group


def write_cube(path: Path, lut: Lut, flavour: Flavour = "resolve") -> None:
    """Write a .cube file. Raises BadInput for what the flavour cannot hold.

    Adobe: one table. Resolve: a domain that is the same for the three channels.
    """
    # Readers of the Resolve flavour stop at a TITLE (OpenColorIO's does), so there it is a comment.
    lines = [f'{"# " if flavour == "resolve" else ""}TITLE "{_one_line(lut.title)}"'] if lut.title else []
    if flavour == "adobe":
        if lut.shaper is not None and lut.cube is not None:
            raise BadInput(path, "the Adobe flavour holds one table, not a shaper and a cube", "write the Resolve flavour")
        lines += _adobe_head(lut)
    else:
        for name, table, domain in (("1D", lut.shaper, lut.shaper_domain), ("3D", lut.cube, lut.cube_domain)):
            if table is None:
                continue
            low, high = set(domain[0]), set(domain[1])
            if len(low) > 1 or len(high) > 1:
                raise BadInput(path, "the Resolve flavour has one input range for all channels", "write the Adobe flavour")
            lines += [f"LUT_{name}_SIZE {len(table)}", f"LUT_{name}_INPUT_RANGE {_said(low.pop())} {_said(high.pop())}"]
    tables = [lut.shaper] if lut.shaper is not None else []
    if lut.cube is not None:
        tables.append(lut.cube.transpose(2, 1, 0, 3).reshape(-1, 3))
    rows = [" ".join(_said(v) for v in row) for table in tables for row in table.tolist()]
    write_atomically(path, "\n".join([*lines, "", *rows, ""]))


def write_3dl(path: Path, lut: Lut, bits: int = 12) -> None:
    """Write a cube as a .3dl with integer mesh and values (Lustre's form, which Flame reads too); blue fastest.

    The mesh has 10 bits, the values ``bits``; values are held within 0 and 1. Raises BadInput for a table without a cube, with a
    shaper or a domain other than 0 to 1, and for an edge that is not a power of two plus one: the format cannot say those.
    """
    edge = len(lut.cube) if lut.cube is not None else 0
    if lut.cube is None or lut.shaper is not None or lut.cube_domain != ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
        raise BadInput(path, "a .3dl holds one cube over 0 to 1", "bake the look into one cube first")
    if edge - 1 not in (2, 4, 8, 16, 32, 64) or bits not in (10, 12, 16):
        raise BadInput(path, f"a .3dl has 17, 33 or 65 points and 10, 12 or 16 bits, not {edge} and {bits}", "bake it anew")
    mesh = " ".join(str(min(1023, round(i * 1024 / (edge - 1)))) for i in range(edge))
    codes = np.rint(np.clip(np.nan_to_num(lut.cube), 0, 1) * (2**bits - 1)).astype(int).reshape(-1, 3)
    head = ["3DMESH", f"Mesh {(edge - 1).bit_length() - 1} {bits}", mesh]
    write_atomically(path, "\n".join([*head, *(" ".join(map(str, row)) for row in codes.tolist()), "", "LUT8", "gamma 1.0", ""]))


def write_clf(path: Path, look: Lut | ocio.Transform, title: str = "", describes: tuple[str, str] = ("", "")) -> None:
    """Write a look as an Academy/ASC Common LUT Format file, which carries ranges, matrices, logs, CDLs and tables exactly.

    ``describes`` names what goes in and what comes out (colour spaces). Raises BadInput for transforms CLF cannot carry.
    """
    group = ocio.GroupTransform()
    group.appendTransform(look.transform() if isinstance(look, Lut) else look)
    notes = group.getFormatMetadata()
    if title or (isinstance(look, Lut) and look.title):
        notes.addChildElement("Description", _one_line(title or getattr(look, "title", "")))
    for element, text in zip(("InputDescriptor", "OutputDescriptor"), describes, strict=True):
        if text:
            notes.addChildElement(element, _one_line(text))
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "look.clf"
        try:
            group.write("Academy/ASC Common LUT Format", str(part), config())
        except ocio.Exception as fault:
            raise BadInput(path, f"CLF cannot carry it ({str(fault).splitlines()[0]})", "bake the look into a cube first") from None
        write_atomically(path, part.read_bytes())


def _adobe_head(lut: Lut) -> list[str]:
    name, table, (low, high) = ("1D", lut.shaper, lut.shaper_domain) if lut.cube is None else ("3D", lut.cube, lut.cube_domain)
    assert table is not None
    lines = [f"LUT_{name}_SIZE {len(table)}"]
    for bound, values in (("MIN", low), ("MAX", high)):
        lines.append(f"DOMAIN_{bound} {' '.join(_said(v) for v in values)}")
    return lines


def _to_unit(domain: tuple[Triple, Triple]) -> ocio.MatrixTransform:
    """The matrix that brings a domain to 0..1; what lies outside stays outside, for the table to end at its ends."""
    low, high = np.array(domain[0]), np.array(domain[1])
    scale = 1 / (high - low)
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(scale)
    return ocio.MatrixTransform(matrix.ravel().tolist(), [*(-low * scale).tolist(), 0.0])


def _said(value: float) -> str:
    """A number short and exact enough for float32, never with an exponent some hosts do not read."""
    text = f"{float(value):.9f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _one_line(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
