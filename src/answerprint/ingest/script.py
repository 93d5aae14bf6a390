"""Screenplays: Fountain and Final Draft read into scenes with their numbers, speakers and page places.

Fountain syntax as published at fountain.io/syntax (version 1.1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from answerprint.ingest.material import IngestedFile
from answerprint.ingest.text import read_text
from answerprint.production import BadInput

_HEADING = re.compile(r"^(?:INT\.?/EXT|I\.?/E|INT|EXT|EST)[. ]", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\s)\s*#([\w.\-]+)#\s*$")
_TITLE_KEY = re.compile(r"^([A-Za-z][\w ]*):\s*(.*)$")
_LINES_PER_PAGE = 55
_MARK = re.compile(r"\x01(\d+)\x01")


@dataclass
class ScriptScene:
    """A scene: its number, heading, the people who speak in it, its notes, and where it stands in eighths of a page.

    ``lines`` are its speeches and paragraphs of action in the order of the page, ``{"kind", "character", "text"}``: what a script
    supervisor numbers and rules off take by take.
    """

    number: str
    heading: str
    characters: list[str] = field(default_factory=list)
    dialogue: list[dict[str, Any]] = field(default_factory=list)
    action: list[str] = field(default_factory=list)
    transitions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    eighths: int = 0
    lines: list[dict[str, str]] = field(default_factory=list)

    def say(self, kind: str, text: str, character: str = "", goes_on: bool = False) -> None:
        """Add to ``lines``; with ``goes_on`` to the last of them, where that is of the same kind and speaker."""
        last = self.lines[-1] if self.lines else {}
        if goes_on and (last.get("kind"), last.get("character")) == (kind, character):
            last["text"] += f" {text}"
        else:
            self.lines.append({"kind": kind, "character": character, "text": text})

    @property
    def interior(self) -> str:
        """INT, EXT or INT/EXT as the heading says."""
        return re.split(r"[. ]", self.heading.upper(), maxsplit=1)[0]


@dataclass
class Screenplay:
    """A script: its title page and its scenes in order."""

    title: dict[str, str]
    scenes: list[ScriptScene]


def read_script(path: Path) -> IngestedFile:
    """A script as ingest keeps it."""
    screenplay = read_fdx(path) if path.suffix.lower() == ".fdx" else parse_fountain(read_text(path))
    problems = [] if screenplay.scenes else ["no scene heading was found"]
    numbers = Counter(s.number for s in screenplay.scenes if s.number)
    problems += [f"scene number {number} is used twice" for number, times in sorted(numbers.items()) if times > 1]
    scenes = [asdict(s) | {"interior": s.interior} for s in screenplay.scenes]
    return IngestedFile(path, "script", metadata={"title": screenplay.title, "scenes": scenes}, problems=problems)


def parse_fountain(text: str) -> Screenplay:
    """Parse Fountain text: headings with #numbers#, action, dialogue (dual too), transitions, notes; boneyard is left out."""
    found_notes: list[str] = []

    def kept(note: str) -> str:
        found_notes.append(" ".join(note.split()))
        return f"\x01{len(found_notes) - 1}\x01"  # a note may run over lines; its place is where it begins

    whole = _without(text.replace("\r\n", "\n").replace("\r", "\n"), "/*", "*/")
    lines = _without(whole, "[[", "]]", kept).split("\n")
    title, start = _title_page(lines)
    scenes: list[ScriptScene] = []
    speaker, dual, fresh, index = "", False, True, start
    while index < len(lines):
        raw = lines[index]
        line = raw.strip()
        before = index == 0 or not lines[index - 1].strip()
        after = index + 1 < len(lines) and bool(lines[index + 1].strip())
        index += 1
        if not line:
            speaker = ""
            continue
        heading = (
            line[1:].strip()
            if line.startswith(".") and not line.startswith("..")
            else line
            if _HEADING.match(line) and before
            else ""
        )
        if heading:
            found = _NUMBER.search(heading)
            scenes.append(ScriptScene(found[1] if found else "", _NUMBER.sub("", heading)))
            speaker = ""
            continue
        if not scenes or line.startswith(("#", "=")):
            continue
        scene = scenes[-1]
        scene.eighths += 1
        scene.notes += [found_notes[int(place)] for place in _MARK.findall(line)]
        line = re.sub(r"(?<!\s)\s*" + _MARK.pattern, "", line).strip()
        if not line:
            continue
        if speaker:
            spoken: dict[str, Any] = {"character": speaker, "line": line.lstrip("~")}
            if line.startswith("("):
                spoken["parenthetical"] = True
            if dual:
                spoken["dual"] = True
            scene.dialogue.append(spoken)
            scene.say("dialogue", line.lstrip("~"), speaker, goes_on=not fresh)
            fresh = False
        elif before and after and _is_cue(line):
            speaker, dual, fresh = _cue(line), line.endswith("^"), True
            if speaker not in scene.characters:
                scene.characters.append(speaker)
        elif before and (
            (line.startswith(">") and not line.endswith("<")) or (line.isupper() and not after and raw.endswith("TO:"))
        ):
            scene.transitions.append(line.lstrip("> "))
        else:
            scene.action.append(_plain(line))
            scene.say("action", _plain(line), goes_on=not before)
    for scene in scenes:
        scene.eighths = max(1, round(scene.eighths * 8 / _LINES_PER_PAGE))
    return Screenplay(title, scenes)


def read_fdx(path: Path) -> Screenplay:
    """A Final Draft document. Raises BadInput when it is no well-formed XML."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise BadInput(path, f"is no Final Draft document ({error})", "export it again from Final Draft") from None
    scenes: list[ScriptScene] = []
    speaker, fresh = "", True
    for paragraph in root.iter("Paragraph"):
        kind = paragraph.get("Type", "")
        text = "".join(t.text or "" for t in paragraph.findall("Text")).strip()
        if kind == "Scene Heading":
            scenes.append(ScriptScene(paragraph.get("Number", ""), text))
        elif scenes and text:
            scene = scenes[-1]
            if kind == "Character":
                speaker, fresh = _cue(text), True
                if speaker not in scene.characters:
                    scene.characters.append(speaker)
            elif kind == "Dialogue":
                scene.dialogue.append({"character": speaker, "line": text})
                scene.say("dialogue", text, speaker, goes_on=not fresh)
                fresh = False
            elif kind == "Transition":
                scene.transitions.append(text)
            elif kind == "Parenthetical" and speaker:
                scene.action.append(text)
                scene.say("dialogue", text, speaker, goes_on=not fresh)
                fresh = False
            else:
                scene.action.append(text)
                scene.say("action", text)
    return Screenplay({}, scenes)


def _without(text: str, opening: str, closing: str, put: Callable[[str], str] = lambda inside: "") -> str:
    """The text without what stands between ``opening`` and the next ``closing``; ``put`` may leave something there."""
    parts, at = [], 0
    while (begin := text.find(opening, at)) >= 0 and (end := text.find(closing, begin + len(opening))) >= 0:
        parts += [text[at:begin], put(text[begin + len(opening) : end])]
        at = end + len(closing)
    return "".join([*parts, text[at:]])


def _title_page(lines: list[str]) -> tuple[dict[str, str], int]:
    title: dict[str, str] = {}
    key = ""
    for index, line in enumerate(lines):
        if not line.strip():
            return title, index + 1 if title else 0
        found = _TITLE_KEY.match(line)
        follows = index + 1 < len(lines) and lines[index + 1].startswith((" ", "\t"))
        if found and (found[2].strip() or follows) and not line.startswith((" ", "\t")):
            key = found[1].strip().lower()
            title[key] = found[2].strip()
        elif title and line.startswith((" ", "\t")):
            title[key] = f"{title[key]} {line.strip()}".strip()
        else:
            return title, index if title else 0
    return title, len(lines)


def _plain(line: str) -> str:
    """Action without the marks that say how it is set: forced, centred, sung."""
    if line.startswith(">") and line.endswith("<"):
        return line.strip("> <")
    return line.lstrip("!~").strip()


def _is_cue(line: str) -> bool:
    if line.startswith("@"):
        return True
    name = _without(line, "(", ")").strip("^ ")
    return (
        bool(name)
        and name == name.upper()
        and any(c.isalpha() for c in name)
        and not line.endswith("TO:")
        and not line.startswith(">")
    )


def _cue(line: str) -> str:
    return _without(line, "(", ")").strip("@^ ").strip()
