"""Commands on timelines: convert, conform."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command
from answerprint.cli.progress import Reporter


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="edl, ale, otio, FCP7 xml, aaf or fcpxml")
    parser.add_argument("out", metavar="OUT", help="the file to write: .edl, .ale, .otio, .xml or .aaf")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")


def _convert(options: argparse.Namespace) -> Answer:
    from answerprint.editorial.timeline import convert

    document = convert(Path(options.timeline), Path(options.out), options.fps)
    lines = [f"{options.out}: {document['events']} events at {document['rate']} frames per second, from {document['start']}"]
    lines += [_lost_line(lost) for lost in document["lost"]]
    lines += [f"attention: {warning}" for warning in document["warnings"]]
    return Answer(document, lines)


def _lost_line(lost: dict[str, Any]) -> str:
    often = f", {lost['count']} times" if lost["count"] > 1 else ""
    return f"lost: {lost['what']} ({lost['where']}{often})"


def _conform_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("timeline", metavar="TIMELINE", help="the cut: edl, ale, otio, FCP7 xml, aaf or fcpxml")
    parser.add_argument("--media", required=True, action="append", metavar="DIR", help="where originals lie; as often as needed")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the plates and the report go")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the timeline does not say")
    parser.add_argument("--handles", type=int, default=8, metavar="N", help="frames kept on either side of each event (default 8)")
    parser.add_argument("--since", metavar="OLD", help="the cut before: lists what to pull again and which approvals survive")


def _conform(options: argparse.Namespace) -> Answer:
    from answerprint.passes.pull import conform_folder

    reporter = Reporter(options.quiet)
    folders = [Path(folder) for folder in options.media]
    document = conform_folder(Path(options.timeline), folders, Path(options.out), options.fps, options.handles, reporter.step)
    reporter.finish()
    changed = _changes(options) if options.since else []
    if options.since:
        document["changes"] = changed
    lines = [
        f"{event['number']:03d} {event['reel']:10} {event['status']:12} {event['plates'] or event['reason']}"
        for event in document["events"]
    ]
    lines += [f"attention: {warning}" for warning in document["warnings"]]
    lines += [
        f"{change['kind']:10} {change['number'] or change['before']:03d} {change['reel']:10} {_verdict(change)}"
        for change in changed
    ]
    lines.append(f"{document['matched']} of {len(document['events'])} events matched; frames and report in {options.out}")
    return Answer(document, lines, exit_code=3 if document["missing"] else 0)


def _changes(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The change list since the old cut, also written as ``changes.json`` beside the report."""
    import json

    from answerprint.editorial.changes import changes
    from answerprint.editorial.timeline import read_timeline
    from answerprint.production.atomic import write_atomically

    old, new = read_timeline(Path(options.since), options.fps), read_timeline(Path(options.timeline), options.fps)
    found = changes(old, new, options.handles).document()
    write_atomically(Path(options.out) / "changes.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    listed: list[dict[str, Any]] = found["changes"]
    return listed


def _verdict(change: dict[str, Any]) -> str:
    pull = "pull again" if change["pull"] else "nothing to pull"
    approval = (
        ""
        if change["kind"] in ("new", "removed")
        else ", approval survives"
        if change["approval_survives"]
        else ", approval lapses"
    )
    return f"{pull}{approval}" + (f" ({change['why']})" if change["why"] else "")


COMMANDS = (
    Command(
        "convert", "between edl, ale, otio, FCP7 xml and aaf, and from fcpxml; what is lost is listed", _convert_arguments, _convert
    ),
    Command("conform", "match events to originals, pull plates, report each unmatched event", _conform_arguments, _conform),
)
