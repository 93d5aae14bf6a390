"""Render the stage production into the cache: ``python -m answerprint.sample.stage_production``."""

from __future__ import annotations

import sys
import time

from answerprint.production import AnswerprintError
from answerprint.sample.stage_production.build import build_production


def _told() -> object:
    started = time.monotonic()

    def tell(done: int, total: int, what: str) -> None:
        seconds = time.monotonic() - started
        print(f"\r{what}: {done} of {total}, {seconds:.0f} s\033[K", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return tell


try:
    print(build_production(_told()))  # type: ignore[arg-type]
except AnswerprintError as error:
    print(f"answerprint: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
