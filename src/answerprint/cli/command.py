"""One command of the command line: its name, its help, its arguments and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from answerprint.cli.answer import Answer


@dataclass(frozen=True)
class Command:
    """``arguments`` declares them; ``handler`` does the work and may take its time to import what it needs."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    handler: Callable[[argparse.Namespace], Answer]
    description: str = ""
    help_action: type[argparse.Action] | None = None
    """for a command whose help depends on what is asked about"""


def settings(pairs: Sequence[str] | None) -> dict[str, str]:
    """``--set key=value`` pairs as a dictionary; the values are read by whoever knows their type. ``key=@FILE`` takes the file's text."""
    found: dict[str, str] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            from answerprint.production.errors import BadInput

            raise BadInput("--set", f"{pair!r} is not KEY=VALUE", "write it as --set strength=0.5")
        value = value.strip()
        found[key.strip()] = _text(value[1:]) if value.startswith("@") else value
    return found


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as fault:
        from answerprint.production.errors import BadInput

        raise BadInput(name, getattr(fault, "strerror", "") or "is not text", "write --set KEY=@FILE with a text file") from None


def takes_settings(parser: argparse.ArgumentParser) -> None:
    """Declare ``--set``."""
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="a setting, as often as needed; KEY=@FILE reads a file")
