"""What a worker is handed, and what it hands back: plain data that travels between processes."""

from __future__ import annotations

import errno
import json
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from answerprint.production.errors import AnswerprintError, BadInput, Cancelled, Refused

_BETWEEN_REPORTS = 0.4
"""Seconds: often enough for a progress bar, rare enough to cost nothing."""


@dataclass
class WorkOrder:
    """One chunk of one job. ``job_order`` and ``chunk_order`` are what the job was submitted with."""

    production_dir: str
    job_id: str
    kind: str
    job_order: dict[str, Any]
    chunk_order: dict[str, Any]
    stage: int
    number: int
    attempt: int = 1
    _reported: float = field(default=0.0, repr=False)

    def check_cancelled(self) -> None:
        """Raise Cancelled when a person stopped the job. Cheap: ask once a frame."""
        if cancel_file(self.production_dir, self.job_id).exists():
            raise Cancelled("stopped by a person")

    def report(self, done: int, total: int, what: str) -> None:
        """Say how far this chunk is; the page and the progress bar show it."""
        now = time.monotonic()
        if now - self._reported < _BETWEEN_REPORTS:
            return
        self._reported = now
        with suppress(OSError):
            target = report_file(self.production_dir, self.job_id, self.number)
            unfinished = target.with_suffix(".part")
            unfinished.write_text(json.dumps({"done": done, "total": total, "what": what}), encoding="utf-8")
            unfinished.replace(target)


Work = Callable[[WorkOrder], dict[str, Any]]
"""Does a chunk and answers with plain facts. A module-level function, so that it can be sent to a process."""


@dataclass(frozen=True)
class Outcome:
    """What became of a chunk. ``lasting`` faults (bad input, refusals) are not worth a second attempt."""

    state: Literal["done", "failed", "cancelled"]
    seconds: float
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    trace: str = ""
    lasting: bool = False
    exit_code: int = 0
    """of a fault, as the command line tells them apart: 1 ours, 2 bad input or full disk, 3 a check, 4 refused"""


def perform(work: Work, order: WorkOrder) -> Outcome:
    """Do the work and turn whatever happens into an Outcome; exceptions do not travel well between processes."""
    started = time.monotonic()
    try:
        order.check_cancelled()
        result = work(order)
        return Outcome("done", time.monotonic() - started, result=result)
    except Cancelled as error:
        return Outcome("cancelled", time.monotonic() - started, error=str(error))
    except AnswerprintError as error:
        lasting = isinstance(error, BadInput | Refused)
        return Outcome(
            "failed",
            time.monotonic() - started,
            error=str(error),
            trace=traceback.format_exc(),
            lasting=lasting,
            exit_code=error.exit_code,
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            line = f"{error.filename or 'the disk'}: no space is left on the disk; free some space, then retry."
            return Outcome("failed", time.monotonic() - started, error=line, lasting=True, exit_code=2)
        line = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        return Outcome("failed", time.monotonic() - started, error=line, trace=traceback.format_exc(), exit_code=1)
    finally:
        with suppress(OSError):
            report_file(order.production_dir, order.job_id, order.number).unlink(missing_ok=True)


def cancel_file(production_dir: str | Path, job_id: str) -> Path:
    """The file whose presence tells running workers that a job was stopped."""
    return Path(production_dir) / "jobs" / f"{job_id}.cancel"


def report_file(production_dir: str | Path, job_id: str, number: int) -> Path:
    """Where a running chunk says how far it is."""
    return Path(production_dir) / "jobs" / f"{job_id}-{number}.progress"
