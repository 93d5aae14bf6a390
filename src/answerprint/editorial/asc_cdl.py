"""ASC CDL as edit lists write it: ``(s s s)(o o o)(p p p)`` and a saturation, spaced and punctuated in many ways."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from answerprint.editorial.events import AscCdl

_NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,3})?"
_SOP = re.compile(r"\(\s*" + r"\s*\)\s*\(\s*".join([r"\s+".join([f"({_NUMBER})"] * 3)] * 3) + r"\s*\)")
_ONE = re.compile(_NUMBER)


def with_sop(base: AscCdl | None, text: str) -> AscCdl | None:
    """``base`` with the slope, offset and power in ``text`` (decimal points or commas), or None where it holds none."""
    found = _SOP.search(text[:600]) or _SOP.search(text[:600].replace(",", " "))
    if not found:
        return None
    v = [float(x.replace(",", ".")) for x in found.groups()]
    if not all(math.isfinite(x) for x in v):
        return None
    return replace(base or AscCdl(), slope=(v[0], v[1], v[2]), offset=(v[3], v[4], v[5]), power=(v[6], v[7], v[8]))


def with_saturation(base: AscCdl | None, text: str) -> AscCdl | None:
    """``base`` with the saturation that ``text`` ends in, or None where it holds none."""
    words = text[-200:].replace(":", " ").split()
    if not words or not _ONE.fullmatch(words[-1]):
        return None
    value = float(words[-1].replace(",", "."))
    return replace(base or AscCdl(), saturation=value) if math.isfinite(value) else None


def sop_text(cdl: AscCdl, joint: str = " ") -> str:
    """``(s s s) (o o o) (p p p)``; ``joint`` stands between the groups."""
    return joint.join("(" + " ".join(decimal(x) for x in t) + ")" for t in (cdl.slope, cdl.offset, cdl.power))


def decimal(value: float) -> str:
    """Four decimals as everybody writes them; more where the number needs them to come back the same."""
    return f"{value:.4f}" if float(f"{value:.4f}") == value else repr(float(value))
