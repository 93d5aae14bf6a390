"""The review page: answerprint review."""

from __future__ import annotations

import argparse

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="one or more productions")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8712, metavar="P", help="port to listen on (default 8712; 0 takes a free one)")


def _review(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("review")


COMMANDS = (Command("review", "the web page and API", _review_arguments, _review),)
