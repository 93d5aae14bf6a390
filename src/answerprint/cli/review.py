"""The review page: answerprint review."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="one or more productions")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8770, metavar="P", help="port to listen on (default 8770; 0 takes a free one)")
    parser.add_argument("--new-token", action="store_true", help="print a further access token")
    parser.add_argument("--look-only", action="store_true", help="show the queue without working through it")


def _review(options: argparse.Namespace) -> Answer:
    from answerprint.server.serve import serve

    # The address and the token are for the person at the terminal, whatever standard output carries.
    with suppress(KeyboardInterrupt):  # how a person ends it
        serve(
            options.dirs,
            host=options.host,
            port=options.port,
            fresh_token=options.new_token,
            work=not options.look_only,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    return Answer({"productions": options.dirs, "stopped": True})


COMMANDS = (Command("review", "the web page and API", _review_arguments, _review),)
