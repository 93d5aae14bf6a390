"""Camera raw that only its maker's own tool can develop (ARRIRAW, R3D, Blackmagic RAW, Canon RAW, ProRes RAW): run it, read what it wrote.

No maker's library is part of Answerprint. The studio names its tools in ``camera-raw.json`` in Answerprint's home folder, or in the
file that ``ANSWERPRINT_CAMERA_RAW`` names::

    {"r3d": {"command": ["REDline", "--i", "{input}", "--outDir", "{output}", "--format", "2"], "space": "ACES2065-1"}}

Keys are the clips' endings; ProRes RAW, which is a MOV like any other outside, has the key ``prores-raw``. The tool writes one folder of EXR, DPX or TIFF frames; they are kept in the cache and read like any other frames.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from answerprint.production import BadInput
from answerprint.production.atomic import exclusive
from answerprint.production.home import cache_folder, home_folder

KINDS = {
    ".ari": "ARRIRAW", ".arx": "ARRIRAW", ".r3d": "R3D", ".nev": "N-RAW", ".braw": "Blackmagic RAW", ".crm": "Canon RAW",
}  # fmt: skip
PRORES_RAW = "prores-raw"
_SETTING = "ANSWERPRINT_CAMERA_RAW"
_LIMIT_S = 6 * 3600
_DONE = ".developed"


class CameraRawReader(Protocol):
    """Something that turns a camera raw clip into a folder of frames."""

    @property
    def space(self) -> str:
        """The colour space of the frames it makes; empty where they say themselves."""

    def develop(self, clip: Path) -> Path:
        """The folder of developed frames, made if it is not there yet. Raises BadInput when that fails."""


@dataclass(frozen=True)
class VendorTool:
    """The maker's command line tool: ``{input}`` and ``{output}`` in its arguments stand for the clip and the folder to fill."""

    command: tuple[str, ...]
    space: str = ""

    def develop(self, clip: Path) -> Path:
        """Run the tool once for each state of the clip; a run that fails leaves nothing behind."""
        told = clip.stat()
        key = f"{clip.absolute()}\0{told.st_size}\0{told.st_mtime_ns}\0" + "\0".join(self.command)
        folder = cache_folder() / "camera-raw" / hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(folder.with_suffix(".lock")):
            if not (folder / _DONE).exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                try:
                    self._run(clip, folder)
                except BaseException:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
                (folder / _DONE).touch()
        return folder

    def _run(self, clip: Path, folder: Path) -> None:
        places = {"input": str(clip.absolute()), "output": str(folder)}
        words = [_filled(word, places) for word in self.command]
        try:
            ended = subprocess.run(words, capture_output=True, timeout=_LIMIT_S, check=False, stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise BadInput(clip, f"the tool {words[0]} is not there", f"correct {_file()}") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(clip, f"the tool {words[0]} did not finish ({type(error).__name__})", "try it by hand") from None
        if ended.returncode:
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
            raise BadInput(clip, f"{Path(words[0]).name} failed with {ended.returncode} ({said[-1][:160]})", "try it by hand")
        if not any(file.is_file() and not file.name.startswith(".") for file in folder.iterdir()):
            raise BadInput(clip, f"{Path(words[0]).name} wrote no frame", f"check its arguments in {_file()}")


def reader_for(clip: Path, kind: str = "") -> CameraRawReader:
    """The studio's tool for a clip, by ``kind`` or its ending. Raises BadInput, in one line that says what to do, where there is none."""
    called = "ProRes RAW" if kind == PRORES_RAW else KINDS.get(clip.suffix.lower(), "camera raw")
    kind = kind or clip.suffix.lower().lstrip(".")
    tools = _tools()
    if kind not in tools:
        raise BadInput(
            clip,
            f"is {called}, which only its maker's tool can develop",
            f"name the tool for {kind!r} in {_file()}, or transcode to EXR or ProRes 4444",
        )
    return tools[kind]


def _tools() -> dict[str, VendorTool]:
    place = _file()
    if not place.is_file():
        return {}
    try:
        told = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(place, f"is no JSON ({' '.join(str(error).split())[:80]})", "correct it") from None
    tools = {}
    for kind, tool in told.items() if isinstance(told, dict) else ():
        command = tool.get("command") if isinstance(tool, dict) else None
        words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else []
        if not all(any(f"{{{name}}}" in word for word in words) for name in ("input", "output")):
            raise BadInput(place, f"the command for {kind!r} is no list with {{input}} and {{output}} in it", "see docs/dailies.md")
        tools[str(kind).lower().lstrip(".")] = VendorTool(tuple(words), str(tool.get("space", "")))
    return tools


def _file() -> Path:
    named = os.environ.get(_SETTING)
    return Path(named) if named else home_folder() / "camera-raw.json"


def _filled(word: str, places: Mapping[str, str]) -> str:
    for name, place in places.items():
        word = word.replace(f"{{{name}}}", place)
    return word
