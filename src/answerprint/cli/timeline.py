"""Commands on timelines: convert, conform."""

from __future__ import annotations

import argparse

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="edl, ale, otio, FCP7 xml or aaf")
    parser.add_argument("out", metavar="OUT", help="the file to write; its ending says the format")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")


def _convert(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("convert")


def _conform_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="the cut")
    parser.add_argument("--media", required=True, action="append", metavar="DIR", help="where originals lie; as often as needed")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the plates and the report go")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")
    parser.add_argument("--handles", type=int, default=8, metavar="N", help="frames kept on either side of each event (default 8)")


def _conform(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("conform")


COMMANDS = (
    Command("convert", "between edl, ale, otio, FCP7 xml and aaf; what is lost is listed", _convert_arguments, _convert),
    Command("conform", "match events to originals, pull plates, report each unmatched event", _conform_arguments, _conform),
)
