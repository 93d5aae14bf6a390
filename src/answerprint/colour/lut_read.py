"""Reading look-up tables other people made: .cube, .3dl and CLF, every claim in them checked before it is believed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import defusedxml.ElementTree
import numpy as np
import PyOpenColorIO as ocio
from defusedxml import DefusedXmlException
from numpy.typing import NDArray

from answerprint.colour.config import config
from answerprint.colour.lut import LARGEST_CUBE, LARGEST_SHAPER, Lut, Triple
from answerprint.colour.transform import EXACT, Picture, run
from answerprint.production import BadInput

_LARGEST_FILE = 256 << 20
_KEYWORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class CommonLut:
    """A Common LUT Format file: its steps in order, and what its author says goes in and comes out."""

    path: Path
    title: str
    input_space: str
    output_space: str
    steps: tuple[str, ...]
    processor: ocio.CPUProcessor

    def apply(self, codes: NDArray[np.floating]) -> Picture:
        """Values (..., 3) through every step."""
        return run(self.processor, codes)


def read_lut(path: Path) -> Lut | CommonLut:
    """Read by file ending: .cube, .3dl, .clf. Raises BadInput for anything else and for a file that does not hold what it says."""
    kind = path.suffix.lower()
    if kind == ".cube":
        return read_cube(path)
    if kind == ".3dl":
        return read_3dl(path)
    if kind == ".clf":
        return read_clf(path)
    raise BadInput(path, "is no look-up table we read", "give a .cube, .3dl or .clf file")


def read_cube(path: Path) -> Lut:
    """A .cube of either flavour: a 1D table, a cube, or a 1D shaper and a cube behind it (Resolve).

    Keywords of one flavour win over the other's where both stand; unknown keywords are passed over. Raises BadInput for sizes out
    of range, more or fewer rows than the sizes say, and numbers that are not finite.
    """
    said: dict[str, list[str]] = {}
    rows: list[list[str]] = []
    title = ""
    for line in _lines(path):
        word = _KEYWORD.match(line)
        if word and word[0].upper() == "TITLE":
            title = line[5:].strip().strip('"')
        elif word and word[0].lower() not in ("nan", "inf", "infinity"):
            said[word[0].upper()] = line.split()[1:]
        else:
            rows.append(line.split())
    shaper_size, cube_size = _size(path, said, "LUT_1D_SIZE", LARGEST_SHAPER), _size(path, said, "LUT_3D_SIZE", LARGEST_CUBE)
    if not shaper_size and not cube_size:
        raise BadInput(path, "says neither LUT_1D_SIZE nor LUT_3D_SIZE", "export the table again")
    values = _table(path, rows, shaper_size + cube_size**3)
    domain = (_triple(path, said, "DOMAIN_MIN", 0.0), _triple(path, said, "DOMAIN_MAX", 1.0))
    shaper = values[:shaper_size] if shaper_size else None
    cube = values[shaper_size:].reshape(cube_size, cube_size, cube_size, 3).transpose(2, 1, 0, 3) if cube_size else None
    return Lut(
        cube=None if cube is None else np.ascontiguousarray(cube),
        shaper=shaper,
        cube_domain=_range(path, said, "LUT_3D_INPUT_RANGE", domain if not shaper_size else None),
        shaper_domain=_range(path, said, "LUT_1D_INPUT_RANGE", domain),
        title=title or _title(path),
    )


def read_3dl(path: Path) -> Lut:
    """A .3dl (Lustre's or Flame's) as a cube over 0 to 1; blue fastest.

    Where no ``Mesh`` line says how many bits the values have, the least of 10, 12 and 16 that holds the largest is taken.
    Raises BadInput for a mesh that is not even, and for another number of rows than the mesh asks for.
    """
    rows: list[list[str]] = []
    edge = bits = 0
    for line in _lines(path):
        words = line.split()
        if words[0].lower() == "mesh" and len(words) == 3 and re.fullmatch(r"[1-6] (8|10|12|14|16)", " ".join(words[1:])):
            edge, bits = 2 ** int(words[1]) + 1, int(words[2])
        elif words[0].upper() not in ("3DMESH", "LUT8", "GAMMA", "MESH"):
            rows.append(words)
    if not edge or len(rows) == edge**3 + 1:
        mesh = [_number(path, word) for word in rows.pop(0)[: LARGEST_CUBE + 1]] if rows else []
        edge = _edge(path, mesh)
    values = _table(path, rows, edge**3)
    top = float(values.max(initial=0))
    depth = bits or next((n for n in (10, 12, 16) if top <= 2**n - 1), 0)
    if not depth or top > 2**depth - 1 or values.min(initial=0) < 0:
        raise BadInput(path, f"holds the value {top:g}, beyond its {depth or 16} bits", "export the table again")
    return Lut((values / np.float32(2**depth - 1)).reshape(edge, edge, edge, 3))


def _edge(path: Path, mesh: list[float]) -> int:
    """How many points an even mesh has."""
    edge = len(mesh)
    if not 2 <= edge <= LARGEST_CUBE:
        raise BadInput(path, f"its first line of numbers has {edge} points", f"a mesh has 2 to {LARGEST_CUBE}")
    even = np.linspace(mesh[0], mesh[-1], edge)
    if not mesh[-1] > mesh[0] or np.abs(np.array(mesh) - even).max() > max(1.5, 0.002 * mesh[-1]):
        raise BadInput(path, "its mesh is not even", "export the look as a .cube with a shaper")
    return edge


def read_clf(path: Path) -> CommonLut:
    """A Common LUT Format file (version 2 or 3). Raises BadInput for a file that is not one or has a step the library refuses."""
    _text(path)
    try:
        root = defusedxml.ElementTree.parse(path).getroot()
    except (SyntaxError, ValueError, LookupError, RecursionError, DefusedXmlException) as error:
        raise BadInput(path, f"is no whole XML document ({' '.join(str(error).split())[:80]})", "export the look again") from None
    if root is None or _plain(root.tag) != "ProcessList":
        raise BadInput(path, "is XML of another kind", "give an Academy/ASC Common LUT Format file")
    notes = {_plain(child.tag): (child.text or "").strip() for child in reversed(list(root))}
    quiet = ("Description", "InputDescriptor", "OutputDescriptor", "Info")
    steps = tuple(_plain(child.tag) for child in root if _plain(child.tag) not in quiet)
    ocio.ClearAllCaches()  # it remembers files by name and would answer with yesterday's table
    try:
        processor = config().getProcessor(ocio.FileTransform(str(path.absolute()))).getOptimizedCPUProcessor(EXACT)
    except (ocio.Exception, ocio.ExceptionMissingFile, UnicodeDecodeError) as fault:
        reason = " ".join(str(fault).split())[:120] or "unreadable"
        raise BadInput(path, f"is not a Common LUT Format file ({reason})", "export the look again") from None
    return CommonLut(
        path, notes.get("Description", ""), notes.get("InputDescriptor", ""), notes.get("OutputDescriptor", ""), steps, processor
    )


def _plain(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]


def _lines(path: Path) -> list[str]:
    """The lines that say something: no blank ones, no comments."""
    lines = (line.partition("#")[0].strip() for line in _text(path).splitlines())
    return [line for line in lines if line]


def _title(path: Path) -> str:
    """The title where it stands in a comment."""
    found = re.search(r'^#\s*TITLE\s+"([^"\n]*)"', _text(path)[:4096], re.MULTILINE)
    return found[1] if found else ""


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadInput(path, "is larger than any look-up table", "check that it is one")
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "check the path") from None


def _size(path: Path, said: dict[str, list[str]], name: str, most: int) -> int:
    if name not in said:
        return 0
    text = " ".join(said[name])[:20]
    if not text.isdecimal() or not text.isascii() or not 2 <= int(text) <= most:
        raise BadInput(path, f"{name} is {text!r}", f"a table has 2 to {most} points")
    return int(text)


def _table(path: Path, rows: list[list[str]], expected: int) -> NDArray[np.float32]:
    if len(rows) != expected:
        raise BadInput(path, f"holds {len(rows)} rows where its sizes say {expected}", "export the table again; it may be cut off")
    if any(len(row) != 3 for row in rows):
        raise BadInput(path, "has a row that is not three numbers", "export the table again")
    try:
        values = np.array(rows, dtype=np.float64)
    except ValueError:
        raise BadInput(path, "has a row that is not three numbers", "export the table again") from None
    if not (np.abs(values) < 1e9).all():
        raise BadInput(path, "holds a value that is not finite", "export the table again")
    return values.astype(np.float32)


def _number(path: Path, text: str) -> float:
    try:
        value = float(text[:40])
    except ValueError:
        value = math.nan
    if not abs(value) < 1e9:
        raise BadInput(path, f"{text[:20]!r} is not a number", "export the table again")
    return value


def _triple(path: Path, said: dict[str, list[str]], name: str, default: float) -> Triple:
    words = said.get(name, [str(default)] * 3)
    if len(words) != 3:
        raise BadInput(path, f"{name} has {len(words)} numbers", "it needs three")
    red, green, blue = (_number(path, word) for word in words)
    return red, green, blue


def _range(path: Path, said: dict[str, list[str]], name: str, otherwise: tuple[Triple, Triple] | None) -> tuple[Triple, Triple]:
    domain = otherwise or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    if name in said:
        ends = [_number(path, word) for word in said[name]]
        if len(ends) != 2:
            raise BadInput(path, f"{name} has {len(ends)} numbers", "it needs two")
        domain = ((ends[0],) * 3, (ends[1],) * 3)
    if not all(low < high for low, high in zip(*domain, strict=True)):
        raise BadInput(path, "its input range ends before it begins", "export the table again")
    return domain
