"""The review page: answerprint review."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command


def takes_an_address(parser: argparse.ArgumentParser) -> None:
    """Declare where the page listens."""
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8770, metavar="P", help="port to listen on (default 8770; 0 takes a free one)")


def serve_until_stopped(
    productions: Sequence[str], host: str, port: int, *, new_token: bool = False, look_only: bool = False
) -> None:
    """Serve the page until a person interrupts it. Address and token go to standard error: they are for the person there."""
    from answerprint.server.serve import serve

    with suppress(KeyboardInterrupt):
        serve(
            productions,
            host=host,
            port=port,
            fresh_token=new_token,
            work=not look_only,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="one or more productions")
    takes_an_address(parser)
    parser.add_argument("--new-token", action="store_true", help="print a further access token")
    parser.add_argument("--look-only", action="store_true", help="show the queue without working through it")


def _review(options: argparse.Namespace) -> Answer:
    serve_until_stopped(options.dirs, options.host, options.port, new_token=options.new_token, look_only=options.look_only)
    return Answer({"productions": options.dirs, "stopped": True})


COMMANDS = (Command("review", "the web page and API", _review_arguments, _review),)
