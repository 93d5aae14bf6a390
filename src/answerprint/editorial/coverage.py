"""What of the script was shot: each line of each scene against the takes that cover it, and what is missing.

Lines are numbered as they stand in the scene, speeches and paragraphs of action alike. Which of them a take covers is recorded by the
script supervisor, or else, where nobody wrote it down, taken from who was in front of the camera and marked as estimated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Source = Literal["recorded", "estimated"]
Gap = Literal[
    "setup not shot", "scene not shot", "line not covered", "line not circled", "setup not circled", "take without a clip"
]
_RUN = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)|(\d+)", re.IGNORECASE)
_WHOLE = {"all", "whole scene", "scene", "master"}


@dataclass(frozen=True)
class ScriptLine:
    """A speech or a paragraph of action, with its place in the scene from 1."""

    number: int
    kind: str
    character: str
    text: str


@dataclass(frozen=True)
class SceneLines:
    """A scene of the script as a script supervisor numbers it."""

    number: str
    heading: str
    lines: tuple[ScriptLine, ...]


@dataclass(frozen=True)
class Take:
    """A take as the papers and the clips have it. ``lines`` is what the log says it covers, word for word; ``clips`` are its cameras."""

    scene: str
    setup: str
    take: str
    clips: tuple[str, ...] = ()
    circled: bool = False
    performers: tuple[str, ...] = ()
    lines: str = ""
    notes: str = ""

    @property
    def slate(self) -> str:
        """Setup and take, as the map heads its columns."""
        return f"{self.setup}{self.take}"

    @property
    def name(self) -> str:
        """Scene, setup and take in words."""
        return f"{self.scene}{self.setup} take {self.take}"


@dataclass(frozen=True)
class PlannedSetup:
    """A setup of the shot list."""

    scene: str
    setup: str
    size: str = ""
    description: str = ""


@dataclass(frozen=True)
class Covered:
    """That a take covers a line, and who says so."""

    take: Take
    source: Source


@dataclass(frozen=True)
class Missing:
    """Something that is not there: what kind of gap, where, in words, and whether it stops the scene from being cut."""

    gap: Gap
    scene: str
    setup: str
    line: int | None
    what: str
    grave: bool


@dataclass
class SceneCoverage:
    """One scene: its lines, its takes in order, and for each line the takes that cover it."""

    scene: SceneLines
    takes: list[Take]
    covered: dict[int, list[Covered]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The part of the lines that some take covers."""
        return sum(bool(self.covered.get(line.number)) for line in self.scene.lines) / max(1, len(self.scene.lines))


@dataclass
class Coverage:
    """Every scene of the script, the gaps, and what in the papers could not be understood."""

    scenes: list[SceneCoverage]
    missing: list[Missing]
    attention: list[str]

    def document(self) -> dict[str, Any]:
        """As JSON: ``{"scenes": [{"lines": [{"covered": [...]}], "takes": [...]}], "missing": [...], "attention": [...]}``."""
        return {
            "scenes": [_scene_document(one) for one in self.scenes],
            "missing": [asdict(one) for one in self.missing],
            "attention": self.attention,
        }


def coverage(scenes: Sequence[SceneLines], planned: Sequence[PlannedSetup], takes: Sequence[Take]) -> Coverage:
    """Set takes against script and shot list. A take with no clip covers nothing; its absence is listed."""
    ordered = sorted(takes, key=take_order)
    attention: list[str] = []
    found = []
    for scene in scenes:
        own = [take for take in ordered if take.scene == scene.number]
        one = SceneCoverage(scene, own)
        for take in own:
            if take.clips:
                _lay(one, take, attention)
        found.append(one)
    known = {scene.number for scene in scenes}
    for number in sorted({take.scene for take in ordered} - known):
        own = [take for take in ordered if take.scene == number]
        found.append(SceneCoverage(SceneLines(number, "not in the script", ()), own))
        if scenes:
            attention.append(f"scene {number} was shot and is not in the script")
    listed = {(one.scene, one.setup) for one in planned}
    if planned:
        shot = sorted({(take.scene, take.setup) for take in ordered if take.clips} - listed)
        attention += [f"setup {scene}{setup} was shot and is not on the shot list" for scene, setup in shot]
    return Coverage(found, _missing(found, planned), attention)


def take_order(take: Take) -> tuple[Any, ...]:
    """Setups in the order of their letters (B before AA), takes by number."""
    return take.scene, len(take.setup), take.setup, int(re.sub(r"\D", "", take.take) or 0), take.take


def lines_said(text: str, scene: SceneLines) -> tuple[set[int], list[str]]:
    """The line numbers a log means (``1-9, 12``, ``all``, a character's name), and the parts of it nobody could understand."""
    every = {line.number for line in scene.lines}
    if text.strip().casefold() in _WHOLE:
        return every, []
    found, odd = set[int](), list[str]()
    for part in re.split(r"[,;/+]|\band\b", text):
        said = part.strip()
        if not said:
            continue
        run = _RUN.fullmatch(said)
        spoken = {line.number for line in scene.lines if line.character and line.character.casefold() == said.casefold()}
        if run is not None:
            first, last = (int(run[1]), int(run[2])) if run[1] else (int(run[3]), int(run[3]))
            # Compared as bounds, so that a slip of the pen (1-99999999) is an odd part and not a long list.
            found |= {number for number in every if first <= number <= last}
            if not every or last > max(every) or first > last or first < 1:
                odd.append(said)
        elif spoken:
            found |= spoken
        else:
            odd.append(said)
    return found, odd


def _lay(one: SceneCoverage, take: Take, attention: list[str]) -> None:
    if take.lines.strip():
        numbers, odd = lines_said(take.lines, one.scene)
        source: Source = "recorded"
        count = len(one.scene.lines)
        attention += [f"{take.name}: the log says it covers {part!r}; scene {take.scene} has lines 1 to {count}" for part in odd]
    else:
        numbers, source = _seen(take, one.scene), "estimated"
    for number in numbers:
        one.covered.setdefault(number, []).append(Covered(take, source))


def _seen(take: Take, scene: SceneLines) -> set[int]:
    """The speeches of those who were in front of the camera, and the action that names one of them."""
    names = {name.casefold() for name in take.performers if name}
    found = set()
    for line in scene.lines:
        if line.character.casefold() in names if line.character else _names(line.text, names):
            found.add(line.number)
    return found


def _names(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in names)


def _missing(scenes: Sequence[SceneCoverage], planned: Sequence[PlannedSetup]) -> list[Missing]:
    """Gaps by scene in the order of the script: what was planned, what was never shot, what nobody covers, what nobody circled."""
    found = []
    for one in scenes:
        number = one.scene.number
        shot = [take for take in one.takes if take.clips]
        if one.scene.lines and not shot:
            found.append(Missing("scene not shot", number, "", None, f"scene {number}, {one.scene.heading}: no take of it", True))
        for setup in planned:
            if setup.scene == number and not any(take.setup == setup.setup for take in shot):
                about = ", ".join(part for part in (setup.size, setup.description) if part) or "no description"
                found.append(Missing("setup not shot", number, setup.setup, None, f"setup {number}{setup.setup} ({about})", True))
        if shot:
            found += [gap for line in one.scene.lines if (gap := _line_gap(one, line)) is not None]
            for letter in dict.fromkeys(take.setup for take in shot):
                if not any(take.circled for take in shot if take.setup == letter):
                    found.append(
                        Missing(
                            "setup not circled", number, letter, None, f"setup {number}{letter}: no take of it is circled", False
                        )
                    )
        for take in one.takes:
            if not take.clips:
                found.append(
                    Missing("take without a clip", number, take.setup, None, f"{take.name} is in the log, and no clip of it", False)
                )
    scenes_known = {one.scene.number for one in scenes}
    for setup in planned:
        if setup.scene not in scenes_known:
            about = ", ".join(part for part in (setup.size, setup.description) if part) or "no description"
            found.append(
                Missing("setup not shot", setup.scene, setup.setup, None, f"setup {setup.scene}{setup.setup} ({about})", True)
            )
    return found


def _line_gap(one: SceneCoverage, line: ScriptLine) -> Missing | None:
    covered, number = one.covered.get(line.number, []), one.scene.number
    said = f"scene {number} line {line.number}, {line.character or 'action'}: {shortened(line.text)}"
    if not covered:
        return Missing("line not covered", number, "", line.number, said, bool(line.character))
    if not any(each.take.circled for each in covered):
        takes = ", ".join(each.take.slate for each in covered)
        return Missing("line not circled", number, "", line.number, f"{said} (only in {takes}, not circled)", False)
    return None


def shortened(text: str, length: int = 72) -> str:
    """The beginning of a line, whole words."""
    if len(text) <= length:
        return text
    return text[: text.rfind(" ", 0, length - 1) if " " in text[: length - 1] else length - 1] + " …"


def _scene_document(one: SceneCoverage) -> dict[str, Any]:
    return {
        "number": one.scene.number,
        "heading": one.scene.heading,
        "share": round(one.share, 4),
        "takes": [asdict(take) | {"slate": take.slate} for take in one.takes],
        "lines": [
            asdict(line)
            | {
                "covered": [
                    {"take": each.take.slate, "circled": each.take.circled, "source": each.source}
                    for each in one.covered.get(line.number, [])
                ]
            }
            for line in one.scene.lines
        ],
    }
