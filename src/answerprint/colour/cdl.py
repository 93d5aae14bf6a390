"""ASC Color Decision Lists: the grade a colourist can open, change and hand on.

A CDL is ten numbers. What they mean depends on the space they are applied in, which the file formats do not carry;
ours are made in ACEScct and say so in the ``InputDescription`` of every file. Whether the working values are held
within 0 and 1 (as ASC CDL 1.2 has it) or go through is not carried either: ours go through, and a CDL that clamps says so.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.colour.config import config
from answerprint.colour.primaries import is_by_primaries
from answerprint.colour.spaces import GRADING, WORKING, resolve_space
from answerprint.colour.transform import Picture, cpu_of, run
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

Triple = tuple[float, float, float]

Style = Literal["no-clamp", "asc-1.2"]

_SPACE_NOTE = "Working space: "
_STYLE_NOTE = "; clamped to 0..1 (ASC CDL 1.2)"
_NUMBER = r"([-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?)"
_TRIPLE = rf"\(\s*{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s*\)"
_SOP = re.compile(rf"\*?\s*ASC[_ ]SOP\s*:?\s*{_TRIPLE}\s*{_TRIPLE}\s*{_TRIPLE}", re.IGNORECASE)
_SAT = re.compile(rf"\*?\s*ASC[_ ]SAT\s*:?\s*{_NUMBER}", re.IGNORECASE)


class CDL(BaseModel):
    """Slope, offset and power per channel, then saturation about Rec.709 luma (ASC CDL 1.2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slope: Triple = Field(default=(1.0, 1.0, 1.0), description="gain per channel, 0 or more")
    offset: Triple = Field(default=(0.0, 0.0, 0.0), description="lift per channel, in working-space code values")
    power: Triple = Field(default=(1.0, 1.0, 1.0), description="exponent per channel, above 0")
    saturation: float = Field(default=1.0, description="0 is grey, 1 unchanged")
    id: str = Field(default="", description="identifier of the correction, often scene, slate and take")
    working_space: str = Field(default=GRADING, description="colour space the numbers act in")
    style: Style = Field(default="no-clamp", description="asc-1.2 holds the working values within 0 and 1 as the standard has it")
    description: str = Field(default="", description="why the grade is what it is, for the colourist")

    def checked(self) -> CDL:
        """This CDL, or BadInput if ASC CDL 1.2 does not allow its numbers."""
        bad = [f"slope {v:g}" for v in self.slope if not v >= 0]
        bad += [f"power {v:g}" for v in self.power if not v > 0]
        bad += [f"saturation {self.saturation:g}"] if not self.saturation >= 0 else []
        bad += [f"offset {v:g}" for v in self.offset if not np.isfinite(v)]
        if bad:
            raise BadInput(
                f"CDL {self.id or 'without id'}",
                f"has {bad[0]}, which the ASC CDL does not allow",
                "use slope and saturation of 0 or more, power above 0",
            )
        return self


def apply(cdl: CDL, acescg: NDArray[np.floating]) -> Picture:
    """``acescg`` (..., 3) graded: into the CDL's working space, slope-offset-power-saturation, and back.

    The no-clamp style: values above 1.0 and below 0.0 of the working space go through, and power leaves negative
    values alone, so highlights survive. The style ``asc-1.2`` holds them within 0 and 1 after the power and after the
    saturation (ASC CDL 1.2), as hosts do that follow the standard to the letter.
    """
    return run(processor(cdl), acescg)


def processor(cdl: CDL) -> ocio.CPUProcessor:
    """The grade from ACEScg to ACEScg as one exact processor. Raises BadInput for numbers the standard does not allow."""
    one = cdl.checked()
    if is_by_primaries(one.working_space):
        raise BadInput(f"CDL {one.id or 'without id'}", "acts in a space without a name", "name the space its numbers were made in")
    return _processor(one.slope, one.offset, one.power, one.saturation, resolve_space(one.working_space), one.style)


def read(path: Path) -> list[CDL]:
    """Every correction of a .cc, .ccc or .cdl file, in file order. Raises BadInput for a file that is none of them."""
    ocio.ClearAllCaches()  # it remembers files by name and would answer with yesterday's numbers
    try:
        group = ocio.CDLTransform.CreateGroupFromFile(str(path))
        return [_from_transform(transform) for transform in group]
    except (ocio.Exception, ocio.ExceptionMissingFile, UnicodeDecodeError) as fault:
        first = str(fault).strip().splitlines()[0] if str(fault).strip() else "unreadable"
        raise BadInput(path, f"is not an ASC colour decision ({first})", "give a .cc, .ccc or .cdl file") from None


def write(path: Path, cdls: CDL | Sequence[CDL]) -> None:
    """Write by file ending: .cc holds one correction, .ccc and .cdl any number. Atomic; same numbers, same bytes."""
    many = [cdls] if isinstance(cdls, CDL) else list(cdls)
    kinds = {".cc": "ColorCorrection", ".ccc": "ColorCorrectionCollection", ".cdl": "ColorDecisionList"}
    kind = kinds.get(path.suffix.lower())
    if kind is None or not many or (path.suffix.lower() == ".cc" and len(many) != 1):
        raise BadInput(path, f"cannot hold {len(many)} corrections", "use .cc for one, .ccc or .cdl for one or more")
    group = ocio.GroupTransform()
    for cdl in many:
        group.appendTransform(_to_transform(cdl.checked()))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "grade.xml"
        group.write(kind, str(part), config())
        # The library escapes text twice: what it wrote as &amp;lt; must read &lt;.
        write_atomically(path, re.sub(rb"&amp;(amp|lt|gt|quot|apos);", rb"&\1;", part.read_bytes()))


def edl_lines(cdl: CDL) -> list[str]:
    """The two comment lines that carry a grade in a CMX 3600 EDL.

    >>> edl_lines(CDL(slope=(1.1, 1, 0.9), saturation=0.95))
    ['* ASC_SOP (1.1000 1.0000 0.9000)(0.0000 0.0000 0.0000)(1.0000 1.0000 1.0000)', '* ASC_SAT 0.9500']
    """
    sop = "".join("(" + " ".join(f"{v:.4f}" for v in part) + ")" for part in (cdl.slope, cdl.offset, cdl.power))
    return [f"* ASC_SOP {sop}", f"* ASC_SAT {cdl.saturation:.4f}"]


def parse_edl_lines(lines: Iterable[str], working_space: str = GRADING) -> CDL | None:
    """The grade in an event's comment lines, or None where there is none.

    Spacing, colons, a missing star and decimal commas are taken as they come. A line that names ASC_SOP or ASC_SAT
    and cannot be read raises BadInput. EDLs do not say which space the numbers act in: ``working_space`` does.
    """
    slope, offset, power = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    saturation, found = 1.0, False
    for line in lines:
        named = re.match(r"\s*\*?\s*ASC[_ ](SOP|SAT)\b", line, re.IGNORECASE)
        if not named:
            continue
        values = (_SOP if named[1].upper() == "SOP" else _SAT).search(line)
        if not values:
            raise BadInput(
                "EDL comment", f"{line.strip()!r} does not read as a grade", "write * ASC_SOP (s s s)(o o o)(p p p) and * ASC_SAT s"
            )
        numbers = [float(v.replace(",", ".")) for v in values.groups()]
        found = True
        if named[1].upper() == "SOP":
            slope, offset, power = ((n[0], n[1], n[2]) for n in (numbers[:3], numbers[3:6], numbers[6:]))
        else:
            saturation = numbers[0]
    return CDL(slope=slope, offset=offset, power=power, saturation=saturation, working_space=working_space) if found else None


@lru_cache(maxsize=64)
def _processor(slope: Triple, offset: Triple, power: Triple, saturation: float, space: str, style: Style) -> ocio.CPUProcessor:
    numbers = ocio.CDLTransform(slope=list(slope), offset=list(offset), power=list(power), sat=saturation)
    numbers.setStyle(ocio.CDL_ASC if style == "asc-1.2" else ocio.CDL_NO_CLAMP)
    group = ocio.GroupTransform()
    group.appendTransform(ocio.ColorSpaceTransform(WORKING, space))
    group.appendTransform(numbers)
    group.appendTransform(ocio.ColorSpaceTransform(space, WORKING))
    return cpu_of(group)


def _to_transform(cdl: CDL) -> ocio.CDLTransform:
    transform = ocio.CDLTransform(slope=list(cdl.slope), offset=list(cdl.offset), power=list(cdl.power), sat=cdl.saturation)
    transform.setID(cdl.id)
    notes = transform.getFormatMetadata()
    clamped = _STYLE_NOTE if cdl.style == "asc-1.2" else ""
    notes.addChildElement("InputDescription", f"{_SPACE_NOTE}{cdl.working_space}{clamped}")
    for line in cdl.description.splitlines():
        notes.addChildElement("SOPDescription", line)
    return transform


def _from_transform(transform: ocio.CDLTransform) -> CDL:
    notes = [(str(n.getElementName()), str(n.getElementValue())) for n in transform.getFormatMetadata().getChildElements()]
    space = next((v.removeprefix(_SPACE_NOTE) for k, v in notes if k == "InputDescription" and v.startswith(_SPACE_NOTE)), GRADING)
    said = [v for k, v in notes if k in ("Description", "SOPDescription")]
    return CDL(
        slope=_triple(transform.getSlope()),
        offset=_triple(transform.getOffset()),
        power=_triple(transform.getPower()),
        saturation=float(transform.getSat()),
        id=str(transform.getID()),
        working_space=space.removesuffix(_STYLE_NOTE),
        style="asc-1.2" if space.endswith(_STYLE_NOTE) else "no-clamp",
        description="\n".join(said),
    )


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = (float(v) for v in values)
    return red, green, blue
