"""Commands whose layer is not part of this version: they are listed, they have help, and they say what is missing."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command, takes_settings


def _missing(command: str, what: str, instead: str) -> Callable[[argparse.Namespace], Answer]:
    def handler(_: argparse.Namespace) -> Answer:
        from answerprint.production.errors import BadInput

        raise BadInput(command, f"{what}, which this version does not have yet", instead)

    return handler


def _train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production, locked")
    parser.add_argument(
        "--tier", choices=("ci", "cpu", "gpu", "studio"), default="cpu", help="how large a model the machine can carry"
    )
    takes_settings(parser)


def _find(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("text", nargs="?", metavar="TEXT", help="what to look for, in words")
    what.add_argument("--image", metavar="F", help="a picture to look for")


def _ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("text", metavar="TEXT", help="what is wanted, in words")
    parser.add_argument("--plan-only", action="store_true", help="show the plan, run nothing")


def _parse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what is wanted, in words")
    parser.add_argument("--context", metavar="F", help="a JSON file with what the words may refer to")


def _dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")


COMMANDS = (
    Command(
        "train",
        "train the production model from the locked dataset",
        _train,
        _missing(
            "train",
            "the production model belongs to the training layer",
            "the passes of this version need no trained model: use 'answerprint run'",
        ),
    ),
    Command(
        "find",
        "search across all material",
        _find,
        _missing("find", "search belongs to the index layer", "use 'answerprint status --json' for a list of the material"),
    ),
    Command(
        "ask",
        "words to a shown plan and a run",
        _ask,
        _missing("ask", "words belong to the language layer", "name the pass and the shots with 'answerprint run'"),
    ),
    Command(
        "parse",
        "words to the plan's JSON only",
        _parse,
        _missing("parse", "words belong to the language layer", "name the pass and the shots with 'answerprint run'"),
    ),
    Command(
        "worker",
        "execute jobs on this host",
        _dir,
        _missing("worker", "other hosts belong to the cluster layer", "use 'answerprint run' or 'answerprint review' on this host"),
    ),
    Command(
        "purge",
        "destroy what Answerprint made or copied, with a signed certificate",
        _dir,
        _missing(
            "purge",
            "certified destruction belongs to the custody layer",
            "until then delete the production's folder yourself; in-place originals lie outside it",
        ),
    ),
)
