"""KUKA robot programs (.src with its .dat): the motions they command, in the order they are written.

The syntax is KUKA's published KRL (KUKA System Software, "Operating and Programming Instructions for System
Integrators"): PTP, LIN and their spline and relative forms; frames {X,Y,Z,A,B,C} in mm and degrees with R = Rz(A) Ry(B)
Rx(C); axes {A1..A6}; $BASE, $TOOL, $VEL.CP, BAS(#...). What would change the path and is not followed here is refused by
name: CIRC and splines of other shapes, loops and branches, a base or tool that is computed, motion about an external tool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from answerprint.ingest.text import read_text
from answerprint.production import BadInput

Frame = dict[str, float]

_STRUCT = re.compile(r"\{\s*(?:\w+\s*:)?\s*(?P<body>[^{}]*)\}")
_MOVE = re.compile(r"^(?P<kind>S?PTP|S?LIN|S?CIRC|SPL)(?P<relative>_REL)?\s+(?P<target>\{[^}]*\}|[A-Z_$][\w$]*)", re.IGNORECASE)
_DECLARED = re.compile(r"^(?:GLOBAL\s+)?(?:DECL\s+)?(?:GLOBAL\s+)?(?:E6POS|POS|FRAME|E6AXIS|AXIS|FDAT|PDAT|LDAT)?\s*(?P<name>[\w$\[\]]+)\s*=\s*(?P<value>\{.*\})$",
                       re.IGNORECASE)  # fmt: skip
_ASSIGNED = re.compile(r"^\$(?P<name>BASE|TOOL)\s*=\s*(?P<value>.+)$", re.IGNORECASE)
_SPEED = re.compile(r"^\$VEL\.CP\s*=\s*(?P<value>\d+(?:\.\d+)?|\.\d+)", re.IGNORECASE)
_BAS = re.compile(r"^BAS\s*\(\s*#(?P<what>\w+)\s*,\s*(?P<value>\w+(?:\.\d+)?|\.\d+)", re.IGNORECASE)
_ACTIVE = re.compile(r"^FDAT_ACT\s*=\s*(?P<name>\w+)", re.IGNORECASE)
_CONTROL = re.compile(r"^(?:IF|FOR|WHILE|LOOP|REPEAT|SWITCH|GOTO)\b", re.IGNORECASE)
_WAIT = re.compile(r"^WAIT\s+SEC\s+(?P<seconds>\d+(?:\.\d+)?|\.\d+)", re.IGNORECASE)
CONFIG = "$config.dat"
_NO_FRAME: Frame = dict.fromkeys("XYZABC", 0.0)
_DEFAULT_SPEED = 2.0
"""m/s: $VEL.CP after BAS(#INITMOV, 0), the ceiling KUKA sets."""


@dataclass(frozen=True)
class Motion:
    """One motion to one target, with the frames and speeds that hold there."""

    kind: Literal["PTP", "LIN", "WAIT"]
    line: int
    target: Frame = field(default_factory=dict)
    """X..C in mm and degrees, or A1..A6 in degrees"""
    relative: bool = False
    base: Frame = field(default_factory=lambda: dict(_NO_FRAME))
    tool: Frame = field(default_factory=lambda: dict(_NO_FRAME))
    speed: float = _DEFAULT_SPEED
    """Path speed in m/s for LIN, percent of the joints' own for PTP"""
    seconds: float = 0.0

    @property
    def by_joints(self) -> bool:
        return "A1" in self.target


@dataclass(frozen=True)
class Program:
    """The motions of one program, and what in it was refused: line and reason."""

    name: str
    motions: tuple[Motion, ...]
    refused: tuple[tuple[int, str], ...] = ()


def read_program(path: Path) -> Program:
    """A .src with the .dat beside it, and the controller's $config.dat (its home, bases and tools) where they are there.

    Raises BadInput for what is no program, and for unknown points.
    """
    beside = {p.name.casefold(): p for p in path.parent.iterdir() if p.suffix.casefold() == ".dat"}
    names = (CONFIG, path.with_suffix(".dat").name.casefold())
    return parse(read_text(path), "\n".join(read_text(beside[name]) for name in names if name in beside), path)


def parse(source: str, data: str = "", subject: Any = "KRL program") -> Program:
    """The program in ``source`` with the points declared in ``data``."""
    if not re.search(r"^\s*(?:GLOBAL\s+)?DEF\s+\w+", source, re.MULTILINE | re.IGNORECASE):
        raise BadInput(subject, "has no DEF line", "give the .src of a KUKA program")
    reader = _Reader(subject)
    for line in data.splitlines():
        reader.declare(_bare(line))
    for number, line in enumerate(source.splitlines(), start=1):
        try:
            reader.follow(number, _bare(line))
        except (OverflowError, ValueError) as error:
            raise BadInput(subject, f"line {number}: {error}", "export the program again") from None
    return Program(reader.name, tuple(reader.motions), tuple(reader.refused))


class _Reader:
    """What holds at the line being read: points, frames, speeds."""

    def __init__(self, subject: Any) -> None:
        self.subject, self.name = subject, ""
        self.known: dict[str, Frame] = {}
        self.base, self.tool = dict(_NO_FRAME), dict(_NO_FRAME)
        self.speed, self.joint_speed = _DEFAULT_SPEED, 100.0
        self.motions: list[Motion] = []
        self.refused: list[tuple[int, str]] = []

    def declare(self, line: str) -> bool:
        found = _DECLARED.match(line)
        if not found:
            return False
        name = found["name"].upper()
        frame = _frame(found["value"])
        if name.lstrip("$") in ("BASE", "TOOL") or frame is None:
            return False
        self.known[name] = frame
        return True

    def follow(self, number: int, line: str) -> None:
        if not line or line.startswith("&"):
            return
        if not self.name and (named := re.match(r"(?:GLOBAL\s+)?DEF\s+(\w+)", line, re.IGNORECASE)):
            self.name = named[1]
        elif move := _MOVE.match(line):
            self._move(number, line, move)
        elif assigned := _ASSIGNED.match(line):
            self._set(number, assigned["name"].upper(), assigned["value"].strip())
        elif speed := _SPEED.match(line):
            self.speed = float(speed["value"])
        elif bas := _BAS.match(line):
            self._bas(number, bas["what"].upper(), bas["value"])
        elif active := _ACTIVE.match(line):
            frames = self.known.get(active["name"].upper(), {})
            for what in ("BASE", "TOOL"):
                if f"{what}_NO" in frames:
                    self._bas(number, what, str(int(frames[f"{what}_NO"])))
        elif wait := _WAIT.match(line):
            self.motions.append(Motion("WAIT", number, seconds=float(wait["seconds"])))
        elif re.match(r"^\$IPO_MODE\s*=\s*#TCP", line, re.IGNORECASE):
            self.refused.append((number, "motion about an external tool is not followed"))
        elif _CONTROL.match(line):
            self.refused.append((number, f"{line.split()[0].upper()} is not followed: a program is read from top to bottom"))
        else:
            self.declare(line)

    def _move(self, number: int, line: str, move: re.Match[str]) -> None:
        kind = move["kind"].upper().removeprefix("S")
        if kind in ("CIRC", "PL"):
            self.refused.append((number, f"{move['kind'].upper()} is not followed: only PTP and LIN are"))
            return
        frame = self._point(number, move["target"], bool(move["relative"]))
        approximated = [w for w in ("C_DIS", "C_VEL", "C_ORI", "C_PTP", "C_SPL") if w in line.upper()]
        if approximated and not any("approximated" in reason for _, reason in self.refused):
            self.refused.append((number, f"{approximated[0]}: corners are approximated by the robot and sharp here"))
        self.motions.append(
            Motion(
                "PTP" if kind == "PTP" else "LIN", number, frame, bool(move["relative"]), self.base, self.tool,
                self.joint_speed if kind == "PTP" else self.speed,
            )
        )  # fmt: skip

    def _point(self, number: int, said: str, relative: bool) -> Frame:
        frame = _frame(said) if said.startswith("{") else self.known.get(said.upper(), self.known.get(f"X{said.upper()}"))
        if frame is None or not ({"X", "Y", "Z", "A", "B", "C"} & set(frame) or "A1" in frame):
            raise BadInput(self.subject, f"line {number}: {said} is no point", "give the .dat that belongs to the program")
        if "A1" not in frame and self.motions and not relative:
            # KRL keeps what a target leaves out as it was at the point before.
            before = next(
                (m.target for m in reversed(self.motions) if m.kind != "WAIT" and not m.by_joints and not m.relative), _NO_FRAME
            )
            frame = {**{k: before.get(k, 0.0) for k in "XYZABC"}, **frame}
        return frame

    def _set(self, number: int, name: str, value: str) -> None:
        frame = _frame(value) if value.startswith("{") else self.known.get(value.upper())
        if value.upper() == "$NULLFRAME":
            frame = dict(_NO_FRAME)
        if frame is None:
            self.refused.append((number, f"${name} = {value}: a frame that is computed is not followed"))
            return
        frame = {**_NO_FRAME, **{k: v for k, v in frame.items() if k in _NO_FRAME}}
        if name == "BASE":
            self.base = frame
        else:
            self.tool = frame

    def _bas(self, number: int, what: str, value: str) -> None:
        if what in ("BASE", "TOOL"):
            if value == "0":
                self._set(number, what, "$NULLFRAME")
            else:
                self._set(number, what, f"{what}_DATA[{value}]")
        elif what in ("VEL_CP", "CP_PARAMS"):
            self.speed = float(value)
        elif what in ("VEL_PTP", "PTP_PARAMS"):
            self.joint_speed = float(value)


def _bare(line: str) -> str:
    """A line without its comment."""
    return line.split(";", 1)[0].strip()


def _frame(value: str) -> Frame | None:
    found = _STRUCT.match(value.strip())
    if not found:
        return None
    parts = [part.split() for part in found["body"].split(",")]
    try:
        return {part[0].upper(): float(part[1]) for part in parts if len(part) == 2 and not part[1].startswith(('"', "#", "'"))}
    except ValueError:
        return None
