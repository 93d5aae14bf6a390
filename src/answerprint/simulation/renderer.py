"""The renderer as another process: started, spoken to in JSON lines, and contained when it crashes, hangs or fills the memory.

Blender (GPL) lives in an environment of its own, made by ``make simulation``; nothing of it enters this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from answerprint.production import AnswerprintError, BadInput
from answerprint.production.home import cache_folder

BPY = "5.0.1"
_BUILD_LIMIT_S = 600.0
_REMEDY = (
    "run 'make simulation' in Answerprint's folder (about 1.1 GB), or set ANSWERPRINT_SIMULATION to an environment that has it"
)


def environment() -> Path:
    """The folder of the renderer's environment: ANSWERPRINT_SIMULATION, else in the user's cache."""
    named = os.environ.get("ANSWERPRINT_SIMULATION")
    return Path(named).expanduser().absolute() if named else cache_folder() / f"simulation-{BPY}"


def interpreter() -> Path:
    """The renderer's Python. Raises BadInput with the remedy where it is missing or was found not to start."""
    python = environment() / "bin" / "python"
    if not python.is_file():
        raise BadInput(environment(), "the simulation environment is not installed", _REMEDY)
    if (environment() / ".does-not-start").exists():
        raise BadInput(environment(), "Blender did not start from it", "run 'make simulation' again; it says what is missing")
    return python


class RendererFault(AnswerprintError):
    """The renderer's process failed; one line says how."""


class RendererCrashed(RendererFault):
    """The renderer's process is gone; a new one may succeed."""


class Renderer:
    """One renderer process that builds a stage and renders many frames of it. Use it in a ``with`` block."""

    def __init__(self, memory_mib: int | None = None) -> None:
        """``memory_mib`` limits what the process may allocate; without it the system's own limits hold.

        Raises BadInput where the environment is missing.
        """
        self._memory_mib = memory_mib
        self._kept = False
        self._built: dict[str, Any] = {}
        self._start()

    def _start(self) -> None:
        worker = Path(str(files("answerprint.simulation"))) / "worker" / "serve.py"
        own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BLENDER_"))}
        own |= {"PYTHONDONTWRITEBYTECODE": "1", "ANSWERPRINT_SIMULATION_MEMORY_MIB": str(self._memory_mib or 0)}
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        # -I: what lies in the person's own site-packages or in the current folder must not change a render.
        self._process = subprocess.Popen(
            [str(interpreter()), "-I", "-u", "-c", _START, str(worker.parent)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8", env=own,
        )  # fmt: skip
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(self._process, self._lines), daemon=True).start()
        try:
            self.about = self._event("ready", 180.0)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def build(self, order: dict[str, Any]) -> float:
        """Build a stage, unless it stands already; returns the processor's seconds.

        Where nothing but light differs from the stage that stands, that alone is changed: a lamp's size, place, level, colour, beam and
        group, and how bright the sky is.
        """
        order = json.loads(json.dumps(order))
        if order == self._built:
            return 0.0
        relit = bool(self._built) and _without_light(order) == _without_light(self._built)
        seconds = float(self.ask({**order, "do": "relight"} if relit else order, _BUILD_LIMIT_S)["cpu_seconds"])
        self._built = order
        return seconds

    def ask(self, order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send an order and wait for its event. Raises RendererFault for a crash, a time-out, full memory or an error inside."""
        if order["do"] != "frame":
            self._built = {}
            if order["do"] == "build" and self._kept:
                self.restart()
            self._kept = bool(order.get("keep"))
        text = json.dumps(order, allow_nan=False) + "\n"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise self._ended() from None
        return self._event("frame" if order["do"] == "frame" else "built", timeout_s)

    def restart(self) -> None:
        """A fresh process in place of one that crashed; what was built is to be built again."""
        self.close()
        self._kept, self._built = False, {}
        self._start()

    def close(self) -> None:
        """End the process, kindly and then not."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    def _event(self, wanted: str, timeout_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self._process.kill()
            raise RendererFault(
                f"the renderer did not answer within {timeout_s:.0f} s and was ended; use fewer samples or a smaller picture"
            ) from None
        if line is None:
            raise self._ended()
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "fault":
            more = (
                "; use a smaller picture, fewer workers or fewer passes" if event.get("kind") == "memory" else f" ({self._tail()})"
            )
            raise RendererFault(f"the renderer failed: {event['what']}{more}")
        if event["event"] != wanted:
            raise RendererFault(f"the renderer answered {event['event']!r} where {wanted!r} was due")
        return event

    def _ended(self) -> RendererCrashed:
        code = self._process.wait()
        if code == -9:
            return RendererCrashed(
                "the renderer was ended by the system, most likely for want of memory; use a smaller picture or fewer workers"
            )
        how = f"crashed (signal {-code})" if code < 0 else f"ended by itself (code {code})"
        return RendererCrashed(f"the renderer {how}: {self._tail()}")

    def _tail(self) -> str:
        """The last thing the renderer said."""
        try:
            # pread: the process writes at the file's one position, which must stay where it is.
            end = os.fstat(self._log.fileno()).st_size
            text = os.pread(self._log.fileno(), 20_000, max(0, end - 20_000))
            said = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        except (OSError, ValueError):
            said = []
        return said[-1].strip()[:200] if said else "it said nothing"


def _without_light(order: dict[str, Any]) -> dict[str, Any]:
    """What of a build order takes a new build when it differs.

    Of lamps and the sky that is which there are, of what kind, and whether they shine at all: the renderer numbers those that do.
    """
    lamps = [(lamp["name"], lamp["type"], lamp["power"] > 0) for lamp in order["lights"]]
    sky = order["sky"] and {**order["sky"], "radiance": order["sky"]["radiance"] > 0}
    return {**order, "lights": lamps, "sky": sky}


_START = "import sys, runpy; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[1] + '/serve.py', run_name='__main__')"
