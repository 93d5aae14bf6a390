"""Commands on timelines: convert, conform."""

from __future__ import annotations

import argparse
from pathlib import Path

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command
from answerprint.cli.progress import Reporter


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="edl, ale, otio, FCP7 xml or aaf")
    parser.add_argument("out", metavar="OUT", help="the file to write; its ending says the format")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")


def _convert(options: argparse.Namespace) -> Answer:
    from answerprint.editorial.timeline import convert

    document = convert(Path(options.timeline), Path(options.out), options.fps)
    lines = [f"{options.out}: {document['events']} events at {document['rate']} frames per second, from {document['start']}"]
    lines += [f"lost: {lost['what']} ({lost['where']}, {lost['count']} times)" for lost in document["lost"]]
    lines += [f"attention: {warning}" for warning in document["warnings"]]
    return Answer(document, lines)


def _conform_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="the cut")
    parser.add_argument("--media", required=True, action="append", metavar="DIR", help="where originals lie; as often as needed")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the plates and the report go")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")
    parser.add_argument("--handles", type=int, default=8, metavar="N", help="frames kept on either side of each event (default 8)")


def _conform(options: argparse.Namespace) -> Answer:
    from answerprint.passes.pull import conform_folder

    reporter = Reporter(options.quiet)
    folders = [Path(folder) for folder in options.media]
    document = conform_folder(Path(options.timeline), folders, Path(options.out), options.fps, options.handles, reporter.step)
    reporter.finish()
    lines = [
        f"{event['number']:03d} {event['reel']:10} {event['status']:12} {event['plates'] or event['reason']}"
        for event in document["events"]
    ]
    lines += [f"attention: {warning}" for warning in document["warnings"]]
    lines.append(f"{document['matched']} of {len(document['events'])} events matched; frames and report in {options.out}")
    return Answer(document, lines, exit_code=3 if document["missing"] else 0)


COMMANDS = (
    Command("convert", "between edl, ale, otio, FCP7 xml and aaf; what is lost is listed", _convert_arguments, _convert),
    Command("conform", "match events to originals, pull plates, report each unmatched event", _conform_arguments, _conform),
)
