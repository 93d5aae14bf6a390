"""What the elements of FCP7 XML mean: rates, timecodes, time maps, transitions, colours, comments and grades."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from answerprint.editorial.asc_cdl import with_saturation, with_sop
from answerprint.editorial.events import AscCdl, Lost
from answerprint.editorial.safe_xml import number, text_of, whole
from answerprint.production import BadInput, Timecode, frame_rate

COLOURS = {
    "RED": (255, 0, 0),
    "GREEN": (0, 255, 0),
    "BLUE": (0, 0, 255),
    "CYAN": (0, 255, 255),
    "MAGENTA": (255, 0, 255),
    "YELLOW": (255, 255, 0),
    "BLACK": (0, 0, 0),
    "WHITE": (255, 255, 255),
    "ORANGE": (255, 128, 0),
    "PURPLE": (128, 0, 255),
    "PINK": (255, 128, 192),
}


def rate_of(element: Any, default: Fraction | None) -> Fraction:
    """``rate``: a whole timebase, slowed by 1000/1001 where ntsc is TRUE."""
    rate = element.find("rate") if element is not None else None
    if rate is None:
        if default is None:
            raise BadInput("sequence", "does not say its rate", "export it again")
        return default
    base = whole(text_of(rate, "timebase"), "timebase")
    return frame_rate(Fraction(base * 1000, 1001) if text_of(rate, "ntsc").upper() == "TRUE" else base)


def start_of(timecode: Any, rate: Fraction) -> tuple[Timecode, str, bool]:
    """First frame, reel and drop flag of a ``timecode`` element; frame 0 where there is none."""
    if timecode is None:
        return Timecode(0, rate), "", False
    own = rate_of(timecode, rate)
    drop = text_of(timecode, "displayformat").upper() == "DF" and own.denominator == 1001 and not round(own) % 30
    label = text_of(timecode, "string")
    if text_of(timecode, "frame"):
        frame = max(0, whole(text_of(timecode, "frame"), "timecode"))
    elif label:
        frame = Timecode.parse(label.replace(";", ":") if not drop else label[:8] + ";" + label[9:], own).frame
    else:
        frame = 0
    return Timecode(frame, rate, drop and rate == own), text_of(timecode, "reel/name"), drop


def ends_black(transition: Any) -> bool:
    return text_of(transition, "alignment").lower() == "end-black"


def effect_of(item: Any, wanted: str) -> Any:
    for effect in item.findall("filter/effect"):
        if text_of(effect, "effectid").lower() == wanted:
            return effect
    return None


def keyframes(graph: Any, name: str) -> list[tuple[float, float]]:
    if graph is None:
        return []
    keys = [(number(text_of(k, "when"), name, 0.0), number(text_of(k, "value"), name, 0.0)) for k in graph.findall("keyframe")]
    return sorted(dict(keys).items())


def along(keys: list[tuple[float, float]], when: float) -> float:
    """The source frame at a remapped frame, on straight lines between keys and beyond the outermost two."""
    at = next((i for i, key in enumerate(keys[1:-1], start=1) if when <= key[0]), len(keys) - 1)
    (x0, y0), (x1, y1) = keys[at - 1], keys[at]
    return y0 + (when - x0) * (y1 - y0) / (x1 - x0)


def transition_code(transition: Any, lost: list[Lost], label: str) -> str:
    effect = transition.find("effect")
    name, kind = text_of(effect, "name"), (text_of(effect, "effectid") + text_of(effect, "effectcategory")).lower()
    wipe = text_of(effect, "wipecode")
    if "wipe" in kind or (wipe.isdecimal() and 0 < int(wipe[:6]) < 1000):
        return f"W{int(wipe[:6] or 1) if wipe.isdecimal() else 1:03d}"
    if "dissolve" not in (kind + name).lower() and "fade" not in name.lower():
        lost.append(Lost(f"transition {name or 'unnamed'} (kept as a dissolve)", label))
    return "D"


def colour_name(element: Any) -> str:
    if element is None:
        return ""
    rgb = [min(255, max(0, whole(text_of(element, key), "marker colour", 0))) for key in ("red", "green", "blue")]
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], rgb, strict=True)))


def comments_of(item: Any) -> tuple[str, ...]:
    found = [c.text for c in item.findall("comments/*") if c.text and c.text.strip()]
    return tuple(line.strip() for text in found for line in text.splitlines() if line.strip())


def grade_of(item: Any) -> AscCdl | None:
    note = text_of(item, "logginginfo/lognote")
    if "ASC_SOP" not in note:
        return None
    sop, _, sat = note.partition("ASC_SAT")
    grade = with_sop(None, sop)
    return with_saturation(grade, sat) or grade if grade else None
