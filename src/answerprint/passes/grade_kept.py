"""Grades as the catalogue keeps them: the one in force, those before it, and what a person put back, which no pass takes up again.

Two layers stay apart. ``technical`` is ours: it brings one camera to another. ``creative`` is theirs: the CDL that came from the set or with
the cut. It is read, shown and delivered in the edit list it came in, and never written.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from answerprint.colour import cdl as grades
from answerprint.colour.cdl import CDL
from answerprint.passes.footage import allowed, located
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip

_MOST_KEPT = 20
_LEAVE = re.compile(
    r"\b(no grade|do not grade|don't grade|not to be graded|leave (?:the )?colou?r|leave ungraded|day for night|day-for-night|dfn)\b",
    re.IGNORECASE,
)
"""What papers say of a clip whose colour is meant to differ."""


def regraded(clip: Clip, found: dict[str, Any], who: str, anew: bool) -> dict[str, Any]:
    """The grade to keep after a match: the one found, or what is there where a person or a paper says to leave the clip alone."""
    before = dict(clip.grade)
    if before.get("held") and not anew:
        return before | ({"intent": found["intent"]} if found.get("intent") else {})
    said = left_alone(clip)
    if said and found.get("cdl"):
        found = {key: value for key, value in found.items() if key != "cdl"}
        found |= {
            "exposure_stops": 0.0,
            "delta_e_after": found.get("delta_e_before"),
            "confidence": 0.0,
            "why": f"left alone: {said}",
        }
    if _plain(before) == _plain(found):
        return before
    return found | {"by": who, "when": _now(), "history": _history(before)}


def revert(clip: Clip, who: str) -> dict[str, Any]:
    """Put back the grade before this one (as shot, where there was none); asked again, it brings this one back. Returns it without history.

    A grade put back is held: a later pass leaves the clip alone until it is told to grade anew.
    """
    before = dict(clip.grade)
    kept = list(before.get("history", []))
    as_shot = {key: before[key] for key in ("hero", "is_hero") if key in before} | {"why": "as shot"}
    back = kept[-1] if kept else as_shot
    now = {key: value for key, value in back.items() if key not in ("held", "reverted_by")}
    clip.grade = now | {
        "held": True,
        "reverted_by": who,
        "when": _now(),
        "history": [*kept[:-1], {key: value for key, value in before.items() if key != "history"}],
    }
    return {key: value for key, value in clip.grade.items() if key not in ("history", "cdl")}


def left_alone(clip: Clip) -> str:
    """Why the papers want a clip's colour left as it is; empty where they do not."""
    notes = [*clip.asset.details.get("continuity", []), str(clip.asset.details.get("notes", ""))]
    found = next((match for note in notes if (match := _LEAVE.search(str(note)))), None)
    return f"the papers say {found[0]!r}" if found else ""


def on_set_grades(production: Production) -> dict[str, CDL]:
    """The grades that came from the set, by clip name: CDL files among the material whose identifier or own name is a clip's."""
    with production.reading() as session:
        looks = [a for a in session.scalars(select(Asset).where(Asset.kind == "look").order_by(Asset.id)) if allowed(a, "index")]
        names = {name.casefold(): name for name in session.scalars(select(Clip.name))}
    found: dict[str, CDL] = {}
    for look in looks:
        path = located(production, look)
        if path.suffix.lower() not in (".cdl", ".cc", ".ccc"):
            continue
        try:
            on_disk = path.stat()
            cdls = _read_once(path, on_disk.st_mtime_ns, on_disk.st_size)
        except (OSError, BadInput):
            continue
        for cdl in cdls:
            name = names.get(cdl.id.casefold()) or (names.get(path.stem.casefold()) if len(cdls) == 1 else None)
            if name is not None:
                found[name] = cdl
    return found


@lru_cache(maxsize=4096)
def _read_once(path: Path, _changed: int, _size: int) -> tuple[CDL, ...]:
    """The grades in a file as it stands: the page asks again with every burst of news."""
    return tuple(grades.read(path))


def still_of(production: Production, clip: str) -> Path | None:
    """The reference still of a clip: a picture among the material that has the clip's name in its own."""
    with production.reading() as session:
        stills = [a for a in session.scalars(select(Asset).where(Asset.kind == "still").order_by(Asset.id)) if allowed(a, "index")]
    named = [located(production, still) for still in stills if clip.casefold() in Path(still.path).stem.casefold()]
    return named[0] if named else None


def _history(before: dict[str, Any]) -> list[dict[str, Any]]:
    kept = list(before.get("history", []))
    old = {key: value for key, value in before.items() if key != "history"}
    return [*kept, old][-_MOST_KEPT:] if old else kept


def _plain(grade: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in grade.items() if key not in ("by", "when", "history", "held", "reverted_by")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
