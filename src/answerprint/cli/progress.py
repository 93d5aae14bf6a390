"""How far the work is, on standard error: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from answerprint.jobs.dispatcher import Progress

_LINE_EVERY_S = 10.0
_DRAW_EVERY_S = 0.1


class Reporter:
    """Shows progress of one activity after another. ``quiet`` shows nothing.

    ``step`` is for work counted here; ``follow`` is handed to a dispatcher.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._bar = not quiet and self._stream.isatty()
        self._shown = 0.0
        self._started = time.monotonic()
        self._title = ""
        self._last = ""
        self._dirty = False

    def step(self, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` steps of the activity ``what`` are over; the estimate is from the pace so far."""
        now = time.monotonic()
        if what != self._title:
            self.finish()
            self._title, self._started, self._shown = what, now, 0.0
        gone = now - self._started
        eta = gone / done * (total - done) if 0 < done < total and gone > 1.0 else None
        self._show(done / total if total else 1.0, f"{what} {done} of {total}", eta, final=done >= total)

    def follow(self, progress: Progress) -> None:
        """What a dispatcher tells."""
        share = progress.reached / progress.total if progress.total else 1.0
        parts = [progress.title or "jobs", f"{progress.jobs_done} of {progress.jobs} jobs"]
        if progress.what:
            parts.append(progress.what)
        if progress.fps:
            parts.append(f"{progress.fps:.1f} fps")
        self._show(share, ", ".join(parts), progress.eta_seconds, final=progress.jobs_done == progress.jobs)

    def say(self, line: str) -> None:
        """A plain line between activities."""
        self.finish()
        if not self._quiet:
            print(line, file=self._stream, flush=True)

    def finish(self) -> None:
        """End the bar, so that what follows starts on a line of its own."""
        if self._dirty:
            self._stream.write("\n")
            self._stream.flush()
            self._dirty = False

    def _show(self, share: float, text: str, eta: float | None, final: bool) -> None:
        now = time.monotonic()
        wait = _DRAW_EVERY_S if self._bar else _LINE_EVERY_S
        if self._quiet or (now - self._shown < wait and not final):
            return
        self._shown = now
        percent = f"{100 * min(1.0, share):3.0f} %"
        left = f", {duration(eta)} left" if eta is not None and not final else ""
        if self._bar:
            columns = shutil.get_terminal_size().columns
            width = max(10, min(30, columns - len(text) - 30))
            filled = round(min(1.0, share) * width)
            line = f"{'█' * filled}{'·' * (width - filled)} {percent}  {text}{left}"[: columns - 1]
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()
            self._dirty = True
            if final:
                self.finish()
        elif (line := f"{percent}  {text}{left}") != self._last:
            self._last = line
            print(line, file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """``75`` seconds as ``1 min 15 s``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
