"""Where an AAF clip comes from: its master mob's name, the file behind it, and the tape with its timecode behind that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from answerprint.production import Timecode, frame_rate

_LONGEST_CHAIN = 16
_REEL_COMMENTS = ("Tape", "TapeID", "Reel", "Reel Name", "Reel #")


@dataclass(frozen=True)
class Source:
    """A clip's origin. ``at`` is its first frame in the deepest timecode there is; ``start`` and ``frames`` what the medium holds.

    ``markers`` are (frame after the clip's first, name, colour, comment). ``columns`` are the bin's comments on the clip.
    """

    name: str
    reel: str
    at: Timecode
    start: Timecode
    frames: int
    media: str
    umid: str
    markers: tuple[tuple[int, str, str, str], ...]
    columns: tuple[tuple[str, str], ...]
    lost: tuple[str, ...]


def source_of(clip: Any, edit_rate: Fraction, rate: Fraction) -> Source:
    """Follow a source clip through its mobs. Offsets are converted where a mob counts at another rate than the one before it."""
    offset, current, step, count = Fraction(int(clip.start or 0)), edit_rate, clip, rate
    name = reel = media = umid = ""
    frames, drop, columns, markers, lost = (
        0,
        False,
        tuple[tuple[str, str], ...](),
        tuple[tuple[int, str, str, str], ...](),
        list[str](),
    )
    found: Fraction | None = None
    head = offset
    for _ in range(_LONGEST_CHAIN):
        mob, slot = step.mob, step.slot
        if mob is None or slot is None:
            break
        own = frame_rate(Fraction(number_of(slot.edit_rate)).limit_denominator(1001)) if number_of(slot.edit_rate) >= 1 else current
        if own != current and own < 1000:
            offset, current = offset * own / current, own
        kind = type(mob).__name__
        if kind == "MasterMob":
            name, columns = str(mob.name or name), tuple((str(k), str(v)) for k, v in mob.comments.items())
            markers = tuple((p - int(clip.start or 0), *rest) for p, *rest in markers_of(mob))  # type: ignore[misc]
            frames, umid = int(slot.segment.length or 0), umid or str(mob.mob_id.urn)
        elif kind == "SourceMob":
            media = media or _locator(mob)
            label = _timecode(mob, offset, current)
            if label is not None:
                found, drop = label
            if type(mob.descriptor).__name__ == "TapeDescriptor":
                reel = str(mob.name or "")
        inner = _source_clip(slot.segment)
        if inner is None:
            if type(slot.segment).__name__ not in ("SourceClip", "Filler", "Sequence"):
                lost.append(f"{type(slot.segment).__name__} behind a clip")
            break
        offset, step = offset + int(inner.start or 0), inner
    said = dict(columns)
    reel = reel or next((said[key] for key in _REEL_COMMENTS if said.get(key)), "")
    media = media or said.get("UNC Path", "")
    at = Timecode(
        max(0, round(found if found is not None else offset)), count, drop and rate.denominator == 1001 and not round(rate) % 30
    )
    start = at - min(at.frame, round(head))
    return Source(name, reel, at, start, frames, media, umid, markers, columns, tuple(lost))


def _timecode(mob: Any, offset: Fraction, rate: Fraction) -> tuple[Fraction, bool] | None:
    """The frame that a mob's timecode track says at an offset, and whether it counts drop-frame."""
    best = None
    for slot in mob.slots:
        segment = slot.segment
        if type(segment).__name__ == "Sequence" and len(segment.components):
            segment = segment.components[0]
        if type(segment).__name__ == "Timecode":
            exact = int(segment.fps) == round(rate)
            if best is None or exact:
                scale = Fraction(int(segment.fps), round(rate))
                best = (int(segment.start) / scale + offset, bool(segment.drop))
                if exact:
                    break
    return best


def _source_clip(segment: Any) -> Any:
    """The source clip inside a mob's segment, through the wrappers that stand around one."""
    for _ in range(_LONGEST_CHAIN):
        kind = type(segment).__name__
        if kind == "SourceClip":
            return segment
        if kind == "Sequence":
            clips = [part for part in segment.components if type(part).__name__ not in ("Filler", "Transition")]
            if len(clips) != 1:
                return None
            segment = clips[0]
        elif kind == "OperationGroup" and segment.get("InputSegments") is not None and len(segment.segments):
            segment = segment.segments[0]
        elif kind == "Selector":
            segment = segment["Selected"].value
        elif kind == "EssenceGroup":
            segment = next(iter(segment["Choices"].value), None)
        elif kind == "Pulldown" and segment.get("InputSegment") is not None:
            segment = segment["InputSegment"].value
        else:
            return None
    return None


def _locator(mob: Any) -> str:
    found = mob.descriptor.get("Locator") if mob.descriptor is not None else None
    for locator in list(found.value) if found is not None else []:
        url = locator.get("URLString")
        if url is not None and url.value:
            return str(url.value)
    return ""


def markers_of(mob: Any) -> Iterator[tuple[int, str, str, str]]:
    """A mob's markers: position, name, colour name in capitals, comment."""
    for slot in mob.slots:
        if type(slot).__name__ != "EventMobSlot":
            continue
        parts = list(slot.segment.components) if type(slot.segment).__name__ == "Sequence" else [slot.segment]
        for part in parts:
            if type(part).__name__ not in ("DescriptiveMarker", "CommentMarker"):
                continue
            tags = part.get("CommentMarkerAttributeList")
            said = {str(tag.name): tag.value for tag in tags.value} if tags is not None else {}
            comment = part.get("Comment")
            text = str(said.get("_ATN_CRM_COM") or (comment.value if comment is not None else "") or "")
            position = part.get("Position")
            yield int(position.value) if position is not None else 0, text, str(said.get("_ATN_CRM_COLOR") or "").upper(), ""


def number_of(value: Any) -> Fraction:
    """An AAF rational or number as a fraction; a rational over zero is 0."""
    top, bottom = getattr(value, "numerator", None), getattr(value, "denominator", None)
    if top is not None and bottom is not None:
        return Fraction(int(top), int(bottom)) if int(bottom) else Fraction(0)
    return Fraction(str(value))
