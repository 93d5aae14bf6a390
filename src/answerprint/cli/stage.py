"""The command on a stage: survey."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command, settings, takes_settings
from answerprint.cli.progress import Reporter


def _survey_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="tracks, scans, marks, lighting plots, clips; files or folders")
    parser.add_argument("--out", required=True, metavar="DIR", help="where drawings, cameras and the report go")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")
    takes_settings(parser)


def _survey(options: argparse.Namespace) -> Answer:
    from answerprint.passes.loose_spatial import survey
    from answerprint.spatial.stage_report import report_lines

    reporter, out = Reporter(options.quiet), Path(options.out)
    report = survey([Path(path) for path in options.paths], out, settings(options.set), options.fps, reporter.step)
    reporter.finish()
    for fault in report["faults"]:
        print(f"answerprint: {fault}", file=sys.stderr)
    return Answer(report, [*report_lines(report)[2:], f"drawings and report in {out}"], exit_code=3 if report["faults"] else 0)


COMMANDS = (
    Command(
        "survey",
        "cameras, scans and marks of a stage: agreement, tracker lag, drawings, angles allowed",
        _survey_arguments,
        _survey,
        "Reads tracks, scans, marks, plots and clips; says how well they agree (over 10 mm is exit code 3), how late each tracker "
        "is, draws the stage from above and from a corner, and plans which extra angles its cameras allow. "
        "Settings: limit_deg, subject=x,y,z, distance_m.",
    ),
)
